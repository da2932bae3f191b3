"""What a view's words are worth: BM25F over arrays, phrases, words on one slide."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from functools import cached_property, lru_cache, reduce
from typing import Protocol

import numpy as np

from coproarchive.search.cache import Cache
from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_BITS,
    FIELD_MASK,
    NO_NUMBERS,
    NO_POSTINGS,
    NO_SCORES,
    NOTHING,
    Entries,
    Mask,
    Numbers,
    Postings,
    ScoredDocs,
    Scores,
    best,
    both,
    bounds_of,
    common,
    distinct,
    either,
    firsts,
    lookup,
    summed,
)
from coproarchive.search.language.analysis import EXACT, FIELD_SHIFT, LEAF_BITS, MAX_LEAVES
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
CACHED_FOUND = 48 << 20
"""Bytes kept of joined postings and of scored words, with what was asked for them."""

_ALL_FIELDS = 1 << FIELD_BITS
_SMALL_PART = 8
"""Of fewer documents than this part of a term's, places are looked up one by one."""
_FEW = 24
"""So many documents are looked through in Python: arrays cost more to set up."""
_COMPARED = 1_000
"""So many places are compared to spare a term's scoring."""

_LEAF_MASK = MAX_LEAVES - 1
_LEAF_NUMBERS = frozenset(TEXT_FIELDS.index(name) for name in LEAF_FIELDS)


class Words(Protocol):
    """Where the postings of live documents come from."""

    def postings(self, term: str) -> Postings:
        """Postings of a term, ascending."""
        ...

    def between(self, first: str, last: str) -> Postings:
        """Postings of all terms from one to another, term after term."""
        ...

    def fields(self, term: str) -> int:
        """Fields in which a term may be, a bit each."""
        ...

    def words(self, gone: Mask | None = None) -> list[str]:
        """Every word as written that a document not gone has, sorted."""
        ...


class Scorer:
    """Finds and scores the documents of one generation. Thread-safe.

    Args:
        source: of postings.
        lengths: words of each document in each text field, in the order of TEXT_FIELDS.
        weights: of the ranking.
    """

    def __init__(self, source: Words, lengths: Sequence[tuple[int, ...]], weights: Weights):
        self._source = source
        self._weights = weights
        self.size = len(lengths)
        self._kept_postings: Cache[Postings] = Cache(CACHED_POSTINGS, lambda p: p.size + 300)
        self._found: Cache[ScoredDocs] = Cache(CACHED_FOUND, lambda f: f.size + 2_000)
        self._worth = self._worths(lengths)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held now."""
        return self._worth.nbytes + self._kept_postings.nbytes + self._found.nbytes

    @cached_property
    def words(self) -> list[str]:
        """Every word as written, sorted."""
        return self._source.words()

    def _worths(self, rows: Sequence[tuple[int, ...]]) -> Scores:
        """What one occurrence counts, by entry (see Postings): weight by length norm."""
        lengths = np.array(rows, np.float64)
        lengths = lengths.reshape(self.size, len(TEXT_FIELDS))
        worths = np.zeros((self.size, _ALL_FIELDS))
        for column, name in enumerate(TEXT_FIELDS):
            having = int(np.count_nonzero(lengths[:, column]))
            average = float(lengths[:, column].sum()) / having if having else 0.0
            norm = length_norm(lengths[:, column], average, self._weights.b)  # type: ignore[arg-type]  # the formula holds for arrays
            worths[:, column] = self._weights.fields[name] / norm
        return worths.ravel()

    def evaluate(self, node: Node) -> ScoredDocs:  # noqa: PLR0911 - a return a kind of node
        """Matching documents; what took work is kept for the next search."""
        match node:
            case Term(text, fields, weight):
                return self._term(text, fields).weighted(weight)
            case Prefix(text, fields, weight):
                return self._prefix(text, fields).weighted(weight)
            case Phrase() | SameLeaf():
                return self._found.get(node, lambda: self.within(node, None))
            case Boosted(child, bonuses):
                return self._found.get(node, lambda: self._boosted(child, bonuses))
            case And(children):
                found = sorted(map(self.evaluate, children), key=lambda f: len(f.documents))
                return reduce(both, found) if found else NOTHING
            case AtLeast(children, least) if children:
                return either(list(map(self.evaluate, children)), self.size, least=max(least, 1))
            case DisMax(children) if children:
                return best(list(map(self.evaluate, children)), self.size)
            case Not(child):
                mask = np.ones(self.size, bool)
                mask[self.evaluate(child).documents] = False
                documents = mask.nonzero()[0]
                return ScoredDocs(documents, np.zeros(len(documents)))
            case MatchAll():
                return ScoredDocs(np.arange(self.size), np.zeros(self.size))
            case _:
                return NOTHING

    def _boosted(self, child: Node, bonuses: tuple[Node, ...]) -> ScoredDocs:
        """The child's documents, with what each bonus adds."""
        found = self.evaluate(child)
        for bonus in bonuses:
            self.take_over(child, bonus)
            found = found.plus(self.within(bonus, found.documents))
        return found

    def take_over(self, node: Node, bonus: Node) -> None:
        """Spare scoring a term that stands where another does, as a word of one form and its stem
        do: what the one is worth, the other is."""
        if isinstance(node, Term) and isinstance(bonus, Term) and node.fields == bonus.fields:
            first, second = self.postings(node.text).places, self.postings(bonus.text).places
            if len(first) == len(second) <= _COMPARED and (first == second).all():
                self._found.get(
                    (bonus.text, bonus.fields), lambda: self._term(node.text, node.fields)
                )

    def within(self, node: Node, among: Numbers | None) -> ScoredDocs:
        """Matching documents; only those given need be looked at."""
        match node:
            case Phrase(terms, fields, weight):
                documents = self._adjacent(terms, fields, among)
                if not len(documents):
                    return NOTHING
                found = [self._term(term, fields) for term in terms]
                scores = [f.scores[f.documents.searchsorted(documents)] for f in found]
                return ScoredDocs(documents, weight * reduce(np.add, scores))
            case SameLeaf(groups, weight):
                documents = self._one_leaf(groups, among)
                score = self._together_score(groups, weight) if len(documents) else 0.0
                return ScoredDocs(documents, np.full(len(documents), score))
        return self.evaluate(node)

    def most(self, node: Node) -> float:
        """No document gets more from it."""
        match node:
            case Phrase(terms, fields, weight):
                return weight * sum(self._term(term, fields).best for term in terms)
            case SameLeaf(groups, weight):
                return self._together_score(groups, weight)
        return self.evaluate(node).best

    # ---------------------------------------------------------------- words

    def postings(self, term: str) -> Postings:
        """Postings of a term, kept for the next search."""
        return self._kept_postings.get(term, lambda: self._source.postings(term))

    def prefix_postings(self, prefix: str) -> Postings:
        """Of at most MAX_EXPANSIONS words that begin so."""
        words = self.words
        start = bisect.bisect_left(words, prefix)
        end = bisect.bisect_left(words, prefix + "\U0010ffff", start)
        end = min(end, start + MAX_EXPANSIONS)
        if start == end:
            return NO_POSTINGS
        first, last = EXACT + words[start], EXACT + words[end - 1]
        return self._kept_postings.get((first, last), lambda: self._source.between(first, last))

    def prefix_places(self, prefix: str, documents: Numbers) -> Numbers:
        """Places of all words that begin so in some documents, word after word."""
        places = self.prefix_postings(prefix).places
        chosen = np.zeros(self.size, bool)
        chosen[documents] = True
        inside: Numbers = places[chosen[places >> DOCUMENT_SHIFT]]
        return inside

    def _term(self, text: str, fields: tuple[str, ...]) -> ScoredDocs:
        """BM25F of a term."""
        if fields and not self._source.fields(text) & _bits_of(fields):
            return NOTHING

        def make() -> ScoredDocs:
            postings = self.postings(text)
            entries, worth = self._worthwhile(postings, fields)
            if not len(entries):
                return NOTHING
            owners = entries >> FIELD_BITS
            if postings.is_one_each:
                return self._scored(owners.astype(np.int64), worth)
            starts = firsts(owners)
            documents = owners[starts].astype(np.int64)
            if len(starts) < len(entries):
                worth = np.add.reduceat(worth, starts)
            return self._scored(documents, worth)

        return self._found.get((text, fields), make)

    def _prefix(self, prefix: str, fields: tuple[str, ...]) -> ScoredDocs:
        """BM25F of all words that begin so, taken as one."""

        def make() -> ScoredDocs:
            entries, worth = self._worthwhile(self.prefix_postings(prefix), fields)
            sums = summed(entries >> FIELD_BITS, worth, self.size)
            documents = sums.nonzero()[0]
            return self._scored(documents, sums[documents])

        return self._found.get((prefix, fields, "prefix"), make)

    def _worthwhile(self, postings: Postings, fields: tuple[str, ...]) -> tuple[Entries, Scores]:
        """Entries in some fields, all where none is named, and what they count."""
        entries, counts = postings.entries, postings.counts
        if fields:
            inside = _are_in(fields)[entries & FIELD_MASK].nonzero()[0]
            entries, counts = entries[inside], counts[inside]
            if not len(inside):
                return entries, NO_SCORES
        return entries, self._worth[entries] * counts

    def _scored(self, documents: Numbers, frequency: Scores) -> ScoredDocs:
        scores = self._rarity(len(documents)) * saturate(frequency, self._weights.k1)  # type: ignore[arg-type]  # the formula holds for arrays
        return ScoredDocs(documents, scores)  # type: ignore[arg-type]  # an array, as its argument

    def _rarity(self, having: int) -> float:
        return idf(self.size, having, self._weights.rarity)

    # ------------------------------------------------------ words in places

    def _places(self, term: str, having: int, among: Numbers | None) -> Numbers:
        """Places of a term, in some documents if they are given; it is in `having` documents."""
        postings = self.postings(term)
        if among is None or len(among) * _SMALL_PART > having:
            return postings.places
        return postings.within(among)

    def _adjacent(
        self, terms: tuple[str, ...], fields: tuple[str, ...], among: Numbers | None
    ) -> Numbers:
        """Documents in which the terms stand one behind the other.

        A place is one number, document and position together: the phrase stands where each term's
        place is as much behind the first one's as the term is.
        """
        found = [self._term(term, fields).documents for term in terms]
        few = sorted(found if among is None else [*found, among], key=len)
        documents = reduce(common, few)
        if not len(documents):
            return NO_NUMBERS
        if among is not None and len(documents) <= _FEW and not fields:
            return self._adjacent_in_few(terms, documents)
        each = [
            (distance, self._places(term, len(own), documents))
            for distance, (term, own) in enumerate(zip(terms, found, strict=True))
        ]
        each.sort(key=lambda pair: len(pair[1]))
        first, places = each[0]
        places = places - first
        for distance, there in each[1:]:
            if not len(there) or not len(places):
                return NO_NUMBERS
            places = places[lookup(places + distance, there)[1]]
        if fields:
            places = places[_are_in(fields)[(places >> FIELD_SHIFT) & FIELD_MASK]]
        standing = distinct(places >> DOCUMENT_SHIFT)
        return standing if among is None else common(standing, documents)

    def _adjacent_in_few(self, terms: tuple[str, ...], documents: Numbers) -> Numbers:
        bounds = bounds_of(documents)
        starts = set(self.postings(terms[0]).listed(bounds))
        for distance, term in enumerate(terms[1:], start=1):
            starts &= {place - distance for place in self.postings(term).listed(bounds)}
        return _ascending({place >> DOCUMENT_SHIFT for place in starts})

    def _one_leaf(self, groups: tuple[tuple[str, ...], ...], among: Numbers | None) -> Numbers:
        """Documents with a leaf on which each group has one of its terms."""
        documents = reduce(
            common, sorted([*map(self._having, groups), *([] if among is None else [among])],
                           key=len)
        )  # fmt: skip
        if not len(documents):
            return NO_NUMBERS
        if len(documents) <= _FEW:
            return self._one_leaf_of_few(groups, documents)
        sides = [self._leaves(group, documents) for group in groups]
        leaves = distinct(reduce(common, sorted(sides, key=len)) // MAX_LEAVES)
        return leaves if among is None else common(leaves, documents)

    def _one_leaf_of_few(self, groups: tuple[tuple[str, ...], ...], documents: Numbers) -> Numbers:
        bounds = bounds_of(documents)
        sides = [
            {
                (place >> DOCUMENT_SHIFT) * MAX_LEAVES + ((place >> LEAF_BITS) & _LEAF_MASK)
                for term in group
                for place in self.postings(term).listed(bounds)
                if (place >> FIELD_SHIFT) & FIELD_MASK in _LEAF_NUMBERS
            }
            for group in groups
        ]
        return _ascending({leaf // MAX_LEAVES for leaf in set.intersection(*sides)})

    def _leaves(self, terms: tuple[str, ...], among: Numbers) -> Numbers:
        """Leaves, document and number together, that have one of the terms."""
        found = []
        for term in terms:
            having = len(self._term(term, ()).documents)
            places = self._places(term, having, among)
            places = places[_are_in(LEAF_FIELDS)[(places >> FIELD_SHIFT) & FIELD_MASK]]
            leaf = (places >> LEAF_BITS) & _LEAF_MASK
            found.append((places >> DOCUMENT_SHIFT) * MAX_LEAVES + leaf)
        return distinct(np.sort(np.concatenate(found))) if found else NO_NUMBERS

    def _having(self, terms: tuple[str, ...]) -> Numbers:
        """Documents with one of the terms."""
        found = [self._term(term, ()).documents for term in terms]
        return found[0] if len(found) == 1 else distinct(np.sort(np.concatenate(found)))

    def _together_score(self, groups: tuple[tuple[str, ...], ...], weight: float) -> float:
        return weight * sum(self._rarity(len(self._having(group))) for group in groups)


def _ascending(numbers: set[int]) -> Numbers:
    return np.array(sorted(numbers), np.int64) if numbers else NO_NUMBERS


@lru_cache(maxsize=100)
def _bits_of(fields: tuple[str, ...]) -> int:
    return sum(1 << TEXT_FIELDS.index(name) for name in fields)


@lru_cache(maxsize=100)
def _are_in(fields: tuple[str, ...]) -> Mask:
    """Number of a field -> whether it is one of these."""
    names = [*TEXT_FIELDS, *[""] * (_ALL_FIELDS - len(TEXT_FIELDS))]
    return np.array([name in fields for name in names])
