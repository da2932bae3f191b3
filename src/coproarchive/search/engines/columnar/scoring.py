"""Matching and scoring over arrays: BM25F, phrases, words on one leaf."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from functools import lru_cache, partial, reduce
from threading import Lock

import numpy as np

from coproarchive.search.cache import Cache
from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_BITS,
    FIELD_MASK,
    NO_DOCS,
    NO_NUMBERS,
    NO_POSTINGS,
    Mask,
    Numbers,
    Postings,
    PostingsSource,
    ScoredDocs,
    Scores,
    dis_max,
    distinct,
    intersect,
    intersect_scored,
    summed,
    union,
)
from coproarchive.search.engines.leaves import leaf_fields
from coproarchive.search.language.analysis import EXACT, FIELD_SHIFT, LEAF_BITS
from coproarchive.search.language.fields import LEAF_FIELDS, TEXT_FIELDS
from coproarchive.search.language.query_tree import (
    MAX_EXPANSIONS,
    And,
    AtLeast,
    Boosted,
    DisMax,
    MatchAll,
    Node,
    Not,
    Phrase,
    Prefix,
    SameLeaf,
    Term,
)
from coproarchive.search.language.ranking import Weights, idf, length_norm, saturate

CACHED_POSTINGS = 64 << 20
CACHED_RESULTS = 48 << 20
"""Bytes cached of joined postings, and of documents with their scores."""
CACHED_LEAVES = 32 << 20
"""Bytes cached of leaves that answer."""
_ENTRY_BYTES = 500
"""Of a cache's entry beside its arrays: key and objects."""


class Scorer:
    """Finds and scores the documents of one snapshot. Thread-safe.

    Args:
        source: of postings.
        lengths: words of each document in each text field, in the order of TEXT_FIELDS.
        weights: of the ranking.
    """

    def __init__(
        self, source: PostingsSource, lengths: Sequence[tuple[int, ...]], weights: Weights
    ):
        self._source = source
        self._weights = weights
        self.size = len(lengths)
        self._postings: Cache[Postings] = Cache(CACHED_POSTINGS, lambda p: p.nbytes + _ENTRY_BYTES)
        self._results: Cache[ScoredDocs] = Cache(CACHED_RESULTS, lambda r: r.nbytes + _ENTRY_BYTES)
        self._answering: Cache[Numbers] = Cache(CACHED_LEAVES, lambda n: n.nbytes + _ENTRY_BYTES)
        self._occurrence_weights = self._weigh(lengths)
        self._words: list[str] | None = None
        self._words_lock = Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held now."""
        caches = self._postings.nbytes + self._results.nbytes + self._answering.nbytes
        return self._occurrence_weights.nbytes + caches

    @property
    def words(self) -> list[str]:
        """Every word as written, sorted."""
        with self._words_lock:
            if self._words is None:
                self._words = self._source.words()
            return self._words

    def _weigh(self, rows: Sequence[tuple[int, ...]]) -> Scores:
        """Return what one occurrence counts, by entry (see Postings): weight by length norm."""
        lengths = np.array(rows, np.float64).reshape(self.size, len(TEXT_FIELDS))
        weights = np.zeros((self.size, 1 << FIELD_BITS))
        for column, name in enumerate(TEXT_FIELDS):
            count = int(np.count_nonzero(lengths[:, column]))
            average = float(lengths[:, column].sum()) / count if count else 0.0
            norm = length_norm(lengths[:, column], average, self._weights.b)  # type: ignore[arg-type]  # the formula holds for arrays
            weights[:, column] = self._weights.fields[name] / norm
        return weights.ravel()

    # ------------------------------------------------------------- matching

    def evaluate(self, node: Node) -> ScoredDocs:
        """Return the matching documents; results are cached."""
        return self._results.get(node, lambda: self._evaluate(node))

    def _evaluate(self, node: Node) -> ScoredDocs:  # noqa: PLR0911 - a return a kind of node
        match node:
            case Term(text, fields, 1.0):
                return self._bm25f(self.postings(text), fields)
            case Term(text, fields, weight):
                return self.evaluate(Term(text, fields)).weighted(weight)
            case Prefix(text, fields, weight):
                return self._bm25f(self.prefix_postings(text), fields).weighted(weight)
            case Phrase() | SameLeaf():
                return self.rescore(node, None)
            case Boosted(child, bonuses):
                results = self.evaluate(child)
                for bonus in bonuses:
                    results = results.plus(self.rescore(bonus, results.documents))
                return results
            case And(children) if children:
                return reduce(intersect_scored, map(self.evaluate, children))
            case AtLeast(children, least) if children:
                return union(list(map(self.evaluate, children)), self.size, least=max(least, 1))
            case DisMax(children) if children:
                return dis_max(list(map(self.evaluate, children)), self.size)
            case Not(child):
                mask = np.ones(self.size, bool)
                mask[self.evaluate(child).documents] = False
                documents = mask.nonzero()[0]
                return ScoredDocs(documents, np.zeros(len(documents)))
            case MatchAll():
                return ScoredDocs(np.arange(self.size), np.zeros(self.size))
        return NO_DOCS

    def rescore(self, node: Node, among: Numbers | None) -> ScoredDocs:
        """Return the matching documents, as far as they are among some; None for all."""
        match node:
            case Phrase(terms, fields, weight):
                results = [self.evaluate(Term(term, fields)) for term in terms]
                documents = self._having_phrase(node, [r.documents for r in results], among)
                scores = (r.scores[r.documents.searchsorted(documents)] for r in results)
                return ScoredDocs(documents, weight * reduce(np.add, scores))
            case SameLeaf(groups, weight):
                documents_of = [self._having_any(group) for group in groups]
                documents = self._having_same_leaf(node, documents_of, among)
                score = weight * sum(map(self._idf, map(len, documents_of)))
                return ScoredDocs(documents, np.full(len(documents), score))
        return self.evaluate(node)

    # -------------------------------------------------------------- scoring

    def _bm25f(self, postings: Postings, fields: tuple[str, ...]) -> ScoredDocs:
        """Score the documents of one or more terms, taken as one, in some fields or in all."""
        entries, counts = postings.entries, postings.counts
        if fields:
            inside = _field_mask(fields)[entries & FIELD_MASK]
            entries, counts = entries[inside], counts[inside]
        frequencies = summed(
            entries >> FIELD_BITS, self._occurrence_weights[entries] * counts, self.size
        )
        documents = frequencies.nonzero()[0]
        saturated: Scores = saturate(frequencies[documents], self._weights.k1)  # type: ignore[arg-type, assignment]  # the formula holds for arrays
        return ScoredDocs(documents, self._idf(len(documents)) * saturated)

    def _idf(self, frequency: int) -> float:
        return idf(self.size, frequency, self._weights.rarity)

    # ---------------------------------------------------------------- words

    def postings(self, term: str) -> Postings:
        """Return the postings of a term; cached."""
        return self._postings.get(term, lambda: self._source.postings(term))

    def prefix_postings(self, prefix: str) -> Postings:
        """Return the postings of at most MAX_EXPANSIONS words that begin so; cached."""
        words = self.words
        start = bisect.bisect_left(words, prefix)
        end = bisect.bisect_left(words, prefix + "\U0010ffff", start)
        end = min(end, start + MAX_EXPANSIONS)
        if start == end:
            return NO_POSTINGS
        bounds = EXACT + words[start], EXACT + words[end - 1]
        return self._postings.get(bounds, lambda: self._source.between(*bounds))

    # --------------------------------------------------------------- leaves

    def count_leaves(self, node: Node, documents: Numbers) -> int:
        """Count the leaves of some documents that answer; see leaves.answering_leaves."""
        leaves = self.answering_leaves(node)
        if not len(leaves) or not len(documents):
            return 0
        owners = leaves >> (DOCUMENT_SHIFT - LEAF_BITS)
        if len(documents) < len(leaves) // 20:
            starts, ends = owners.searchsorted(documents), owners.searchsorted(documents, "right")
            return int((ends - starts).sum())
        mask = np.zeros(self.size, bool)
        mask[documents] = True
        return int(np.count_nonzero(mask[owners]))

    def answering_leaves(self, node: Node) -> Numbers:
        """Return the leaves that answer: places, but for field and word; cached."""
        return self._answering.get(node, lambda: self._answering_leaves(node))

    def _answering_leaves(self, node: Node) -> Numbers:  # noqa: PLR0911 - a return a kind of node
        match node:
            case Term(text, fields):
                return _leaves_at(self.postings(text).places, leaf_fields(fields))
            case Prefix(text, fields):
                return _leaves_at(self.prefix_postings(text).places, leaf_fields(fields))
            case Phrase(terms, fields):
                places = (self.postings(term).places - n for n, term in enumerate(terms))
                return _leaves_at(reduce(intersect, places), leaf_fields(fields))
            case SameLeaf(groups):
                return reduce(
                    intersect,
                    (self.answering_leaves(DisMax(tuple(map(Term, group)))) for group in groups),
                )
            case Boosted(child):
                return self.answering_leaves(child)
            case And(children) | AtLeast(children) | DisMax(children) if children:
                parts = list(map(self.answering_leaves, children))
                return parts[0] if len(parts) == 1 else distinct(np.sort(np.concatenate(parts)))
        return NO_NUMBERS

    # ------------------------------------------------------------ positions

    def _places(self, term: str, documents: Numbers) -> Numbers:
        """Return the places of a term in some documents that have it, perhaps in others too."""
        postings = self.postings(term)
        # Picking places of most of its documents takes longer than comparing all of them.
        if 2 * len(documents) > len(self.evaluate(Term(term)).documents):
            return postings.places
        return postings.places_in(documents)

    def _having_phrase(
        self, phrase: Phrase, documents_of: list[Numbers], among: Numbers | None
    ) -> Numbers:
        """Return the documents in which the terms stand one behind the other.

        A place is one number, document and position together: the phrase starts where each term
        stands at its distance from the first.

        Args:
            phrase: the terms, and the fields they may stand in.
            documents_of: documents of each term.
            among: documents that need be looked at; None for all.
        """
        sets = documents_of if among is None else [*documents_of, among]
        documents = reduce(intersect, sorted(sets, key=len))
        if not len(documents):
            return NO_NUMBERS
        starts = reduce(
            intersect,
            (self._places(term, documents) - n for n, term in enumerate(phrase.terms)),
        )
        if phrase.fields:
            starts = starts[_field_mask(phrase.fields)[(starts >> FIELD_SHIFT) & FIELD_MASK]]
        return intersect(distinct(starts >> DOCUMENT_SHIFT), documents)

    def _having_same_leaf(
        self, node: SameLeaf, documents_of: list[Numbers], among: Numbers | None
    ) -> Numbers:
        """Return the documents with a leaf on which each group has one of its terms.

        Args:
            node: the groups.
            documents_of: documents of each group.
            among: documents that need be looked at; None for all.
        """
        sets = documents_of if among is None else [*documents_of, among]
        documents = reduce(intersect, sorted(sets, key=len))
        if not len(documents):
            return NO_NUMBERS
        leaves = reduce(intersect, map(partial(self._leaves, documents), node.groups))
        return intersect(distinct(leaves >> (DOCUMENT_SHIFT - LEAF_BITS)), documents)

    def _leaves(self, documents: Numbers, terms: tuple[str, ...]) -> Numbers:
        """Return the leaves that have one of the terms: places, but for field and word."""
        leaves = []
        for term in terms:
            places = self._places(term, intersect(documents, self._having_any((term,))))
            leaves.append(_leaves_at(places, LEAF_FIELDS))
        return distinct(np.sort(np.concatenate(leaves))) if leaves else NO_NUMBERS

    def _having_any(self, terms: tuple[str, ...]) -> Numbers:
        """Return the documents with one of the terms in any field."""
        documents = [self.evaluate(Term(term)).documents for term in terms]
        return documents[0] if len(documents) == 1 else distinct(np.sort(np.concatenate(documents)))


def _leaves_at(places: Numbers, fields: Sequence[str]) -> Numbers:
    """Return the leaves of places in some fields, ascending: places, but for field and word."""
    places = places[_field_mask(tuple(fields))[(places >> FIELD_SHIFT) & FIELD_MASK]]
    return distinct(np.sort((places & ~(FIELD_MASK << FIELD_SHIFT)) >> LEAF_BITS))


@lru_cache(maxsize=100)
def _field_mask(fields: tuple[str, ...]) -> Mask:
    """Return of each number of a field whether it is one of these."""
    names = [*TEXT_FIELDS, *[""] * ((1 << FIELD_BITS) - len(TEXT_FIELDS))]
    return np.array([name in fields for name in names])
