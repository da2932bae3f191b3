"""The `memory` engine: slow and obvious. It says what queries mean; others must agree with it."""

from __future__ import annotations

import bisect
import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from coproarchive.errors import IndexStateError
from coproarchive.search.engines.leaves import answering_leaves
from coproarchive.search.engines.seam import (
    Document,
    IndexStorage,
    Occurrence,
    Occurrences,
    Request,
    Response,
    SearchEngine,
    Snapshot,
)
from coproarchive.search.language.analysis import EXACT, LEAF_BITS, WORD_MASK, invert
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
from coproarchive.search.language.ranking import (
    PLACES,
    STANDARD,
    Weights,
    idf,
    length_norm,
    saturate,
)

Score = float | None
"""None: no match."""


class _IndexedDocument:
    """A document with its words turned into positions."""

    def __init__(self, document: Document):
        self.document = document
        self.terms: dict[str, dict[str, list[int]]] = {}
        self.lengths: dict[str, int] = {}
        for name in TEXT_FIELDS:
            self.terms[name], self.lengths[name] = invert(
                document.texts.get(name, ()), document.languages_of(name)
            )


class MemoryStorage(IndexStorage):
    """One generation at a time, for as long as this object lives."""

    is_persistent: ClassVar[bool] = False

    def __init__(self, root: Path):
        super().__init__(root)
        self._current: MemoryEngine | None = None
        self._lock = threading.Lock()

    def open(self) -> MemoryEngine:
        """See IndexStorage.open."""
        if self._current is None:
            raise IndexStateError("there is no index in memory yet.", self.root)
        return self._current

    def is_current(self, engine: SearchEngine) -> bool:
        """See IndexStorage.is_current."""
        return engine is self._current

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator[MemoryEngine]:
        """See IndexStorage.rebuilding."""
        engine = MemoryEngine()
        yield engine
        self._current = engine

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """See IndexStorage.lock; other processes have indexes of their own."""
        with self._lock:
            yield


class MemoryEngine(SearchEngine):
    """Holds everything in dictionaries; nothing is written to a disk.

    Args:
        weights: of the ranking.
    """

    def __init__(self, weights: Weights = STANDARD) -> None:
        self._snapshot = MemorySnapshot({}, weights)

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """See SearchEngine.write."""
        before = self._snapshot
        new = {d.id: _IndexedDocument(d) for d in documents}
        replaced = {*delete, *new}
        unchanged = {i: d for i, d in before.documents.items() if i not in replaced}
        self._snapshot = MemorySnapshot(unchanged | new, before.weights)

    def snapshot(self) -> MemorySnapshot:
        """See SearchEngine.snapshot."""
        return self._snapshot


class MemorySnapshot(Snapshot):
    """The documents after one write: replaced as a whole by the next, so that a search sees one."""

    def __init__(self, documents: dict[str, _IndexedDocument], weights: Weights):
        self.documents = documents
        self.weights = weights

    # --------------------------------------------------------------- asking

    def digests(self) -> Mapping[str, str]:
        """See Snapshot.digests."""
        return {i: d.document.digest for i, d in self.documents.items()}

    def search(self, request: Request) -> Response:
        """See Snapshot.search."""
        matching = self.matching(request.node)
        everywhere = len(matching.keys() - request.exclude)
        others: dict[str, float] = {}
        used_fallback = False
        if request.fallback is not None:
            if not everywhere:
                matching, used_fallback = self.matching(request.fallback), True
            elif everywhere < request.fallback_below and request.sort == "relevance":
                others = self.matching(request.fallback)
        passing = [i for i in matching if self.passes(i, request, ignored="")]
        scores = others or matching
        ordered = [i for i in scores if self.passes(i, request, ignored="")]
        ordered.sort(key=lambda i: self.order(i, scores[i], request, i in matching))
        page = ordered[request.offset : request.offset + request.limit]
        facets = {}
        for name in request.facets:
            counted = [i for i in matching if self.passes(i, request, ignored=name)]
            values = (
                v for i in counted for v in set(self.documents[i].document.facets.get(name, ()))
            )
            facets[name] = dict(Counter(values))
        hits, also = (
            tuple((i, round(scores[i], PLACES)) for i in page if (i in matching) is full)
            for full in (True, False)
        )
        node = request.fallback if used_fallback and request.fallback else request.node
        leaves = sum(self._answering(node, i) for i in passing) if request.counts_leaves else None
        return Response(len(passing), hits, facets, also, used_fallback, leaves)

    def _answering(self, node: Node, document_id: str) -> int:
        """Count the leaves of a document that answer."""
        positions = self.documents[document_id].terms
        return len(answering_leaves(node, positions, lambda p: expansions(self._words, p)))

    def occurrences(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> Mapping[str, Occurrences]:
        """See Snapshot.occurrences."""
        by_term = {term: [term] for term in terms}
        by_prefix = {prefix: expansions(self._words, prefix) for prefix in prefixes}
        documents = {i: self.documents[i] for i in ids if i in self.documents}
        return {
            i: Occurrences(_occurrences(d, by_term), _occurrences(d, by_prefix))
            for i, d in documents.items()
        }

    def stored(self, name: str, ids: Iterable[str] | None = None) -> Mapping[str, bytes]:
        """See Snapshot.stored."""
        documents = {i: self.documents[i].document for i in ids or () if i in self.documents}
        if ids is None:
            documents = {i: d.document for i, d in self.documents.items()}
        return {i: d.stored[name] for i, d in documents.items() if name in d.stored}

    def frequencies(
        self, terms: Iterable[str], exclude: frozenset[str] = frozenset()
    ) -> Mapping[str, int]:
        """See Snapshot.frequencies."""
        return {term: self.only(exclude).frequency([term], TEXT_FIELDS) for term in terms}

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """See Snapshot.words."""
        return self.only(exclude)._words

    # -------------------------------------------------------------- working

    def only(self, exclude: frozenset[str]) -> MemorySnapshot:
        """Return the snapshot without some documents."""
        if not exclude:
            return self
        return MemorySnapshot(
            {i: d for i, d in self.documents.items() if i not in exclude}, self.weights
        )

    @cached_property
    def _words(self) -> list[str]:
        terms = (t for d in self.documents.values() for field in d.terms.values() for t in field)
        return sorted({t.removeprefix(EXACT) for t in terms if t.startswith(EXACT)})

    @cached_property
    def averages(self) -> dict[str, float]:
        """Mean length of each field over the documents that have it."""
        means = {}
        for name in TEXT_FIELDS:
            lengths = [d.lengths[name] for d in self.documents.values() if d.lengths[name]]
            means[name] = sum(lengths) / len(lengths) if lengths else 0.0
        return means

    def matching(self, node: Node) -> dict[str, float]:
        """Return id -> score of the documents that match."""
        scores = {i: self.score(node, d) for i, d in self.documents.items()}
        return {i: s for i, s in scores.items() if s is not None}

    def frequency(self, terms: list[str], fields: tuple[str, ...]) -> int:
        """Count the documents with one of the terms in one of the fields."""
        return sum(
            any(term in d.terms[field] for field in fields for term in terms)
            for d in self.documents.values()
        )

    def passes(self, document_id: str, request: Request, ignored: str) -> bool:
        """Tell whether a document passes all filters but those of one facet."""
        if document_id in request.exclude:
            return False
        document = self.documents[document_id].document
        first, last = request.dates
        if (first or last) and not document.date:
            return False
        if (first and document.date < first) or (last and document.date > last):
            return False
        has_chosen = all(
            name == ignored or set(document.facets.get(name, ())) & values
            for name, values in request.filters.items()
            if values
        )
        return has_chosen and not any(
            name != ignored and set(document.facets.get(name, ())) & values
            for name, values in request.without.items()
        )

    def order(
        self, document_id: str, score: float, request: Request, first: bool
    ) -> tuple[object, ...]:
        """Return a sort key: full matches first; best first; newest first, undated last; by id."""
        document = self.documents[document_id].document
        newest = tuple(-ord(c) for c in document.date) if document.date else (1,)
        if request.sort == "title":
            return (document.title.casefold(), document_id)
        if request.sort == "date":
            return (newest, document_id)
        return (not first, -round(score, PLACES), newest, document_id)

    def score(self, node: Node, d: _IndexedDocument) -> Score:  # noqa: PLR0911 - a return a kind of node
        """Return the document's score, None where it does not match."""
        match node:
            case MatchAll():
                return 0.0
            case Not(child):
                return 0.0 if self.score(child, d) is None else None
            case DisMax(children):
                return max(self._scores_of(children, d), default=None)
            case And(children):
                scores = self._scores_of(children, d)
                return sum(scores) if children and len(scores) == len(children) else None
            case AtLeast(children, least):
                scores = self._scores_of(children, d)
                return sum(scores) if len(scores) >= max(least, 1) else None
            case Boosted(child, bonuses):
                base = self.score(child, d)
                return None if base is None else base + sum(self._scores_of(bonuses, d))
            case SameLeaf(groups, weight):
                if not set.intersection(*(_leaves(d, group) for group in groups)):
                    return None
                return weight * sum(self.rarity(list(group), TEXT_FIELDS) for group in groups)
            case Term(text, fields, weight):
                return self._terms_score([text], fields, weight, d)
            case Prefix(text, fields, weight):
                return self._terms_score(expansions(self._words, text), fields, weight, d)
            case Phrase(terms, fields, weight):
                if not any(_adjacent(d.terms[f], terms) for f in fields or TEXT_FIELDS):
                    return None
                return sum(self._terms_score([t], fields, weight, d) or 0.0 for t in terms)

    def _scores_of(self, children: tuple[Node, ...], d: _IndexedDocument) -> list[float]:
        scores = (self.score(child, d) for child in children)
        return [s for s in scores if s is not None]

    def _terms_score(
        self, terms: list[str], fields: tuple[str, ...], weight: float, d: _IndexedDocument
    ) -> Score:
        """Score several terms taken as one with BM25F."""
        fields = fields or TEXT_FIELDS
        frequency = 0.0
        for name in fields:
            count = sum(len(d.terms[name].get(t, ())) for t in terms)
            if count:
                norm = length_norm(d.lengths[name], self.averages[name], self.weights.b)
                frequency += self.weights.fields[name] * count / norm
        if not frequency:
            return None
        return weight * self.rarity(terms, fields) * saturate(frequency, self.weights.k1)

    def rarity(self, terms: list[str], fields: tuple[str, ...]) -> float:
        """Return the inverse document frequency of several terms taken as one."""
        return idf(len(self.documents), self.frequency(terms, fields), self.weights.rarity)


def expansions(words: list[str], prefix: str) -> list[str]:
    """Return indexed terms of the first MAX_EXPANSIONS of the sorted words that begin so."""
    start = bisect.bisect_left(words, prefix)
    following = words[start : start + MAX_EXPANSIONS]
    return [EXACT + word for word in following if word.startswith(prefix)]


def _occurrences(
    d: _IndexedDocument, terms: Mapping[str, list[str]]
) -> dict[str, list[Occurrence]]:
    """Return name -> where one of its terms stands; names that stand nowhere are left out."""
    occurrences = {}
    for name, group in terms.items():
        places = [
            Occurrence(field, position >> LEAF_BITS, position & WORD_MASK)
            for field in TEXT_FIELDS
            for position in sorted({p for t in group for p in d.terms[field].get(t, ())})
        ]
        if places:
            occurrences[name] = places
    return occurrences


def _adjacent(field: dict[str, list[int]], terms: tuple[str, ...]) -> bool:
    starts = set(field.get(terms[0], ()))
    for distance, term in enumerate(terms[1:], start=1):
        starts &= {position - distance for position in field.get(term, ())}
    return bool(starts)


def _leaves(d: _IndexedDocument, terms: tuple[str, ...]) -> set[int]:
    """Return the numbers of the leaves that have one of the terms."""
    return {
        position >> LEAF_BITS
        for name in LEAF_FIELDS
        for term in terms
        for position in d.terms[name].get(term, ())
    }
