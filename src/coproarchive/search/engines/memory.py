"""The `memory` engine: slow and obvious. It says what queries mean; others must agree with it."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from coproarchive.search.engines.seam import Document, Request, Response, Where
from coproarchive.search.language.analysis import EXACT, FIELD_SHIFT, LEAF_BITS, invert
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


class _Indexed:
    """A document with its words turned into positions."""

    def __init__(self, document: Document):
        self.document = document
        self.terms: dict[str, dict[str, list[int]]] = {}
        self.lengths: dict[str, int] = {}
        for name in TEXT_FIELDS:
            self.terms[name], self.lengths[name] = invert(
                document.texts.get(name, ()), document.language
            )


class MemoryEngine:
    """Keeps everything in dictionaries; nothing is written to a disk.

    Args:
        weights: of the ranking.
    """

    def __init__(self, weights: Weights = STANDARD) -> None:
        self._weights = weights
        self._state = _State({}, weights)

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """See SearchEngine.write."""
        fresh = {d.id: _Indexed(d) for d in documents}
        gone = set(delete) | set(fresh)
        kept = {i: d for i, d in self._state.documents.items() if i not in gone}
        self._state = _State(kept | fresh, self._weights)

    def snapshot(self) -> _State:
        """See SearchEngine.snapshot."""
        return self._state

    def close(self) -> None:
        """Nothing to let go of."""


class _State:
    """One generation: replaced as a whole by each write, so that a search sees one."""

    def __init__(self, documents: dict[str, _Indexed], weights: Weights):
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
        passing = [i for i in matching if self.passes(i, request, exclude="")]
        scores = others or matching
        ordered = [i for i in scores if self.passes(i, request, exclude="")]
        ordered.sort(key=lambda i: self.order(i, scores[i], request, i in matching))
        page = ordered[request.offset : request.offset + request.limit]
        facets = {}
        for name in request.facets:
            counted = [i for i in matching if self.passes(i, request, exclude=name)]
            values = (
                v for i in counted for v in set(self.documents[i].document.facets.get(name, ()))
            )
            facets[name] = dict(Counter(values))
        hits, also = (
            tuple((i, round(scores[i], PLACES)) for i in page if (i in matching) is full)
            for full in (True, False)
        )
        return Response(len(passing), hits, facets, also, used_fallback)

    def where(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> Mapping[str, Where]:
        """See Snapshot.where."""
        wanted = list(terms)
        expanded = {prefix: expansions(self._words, prefix) for prefix in prefixes}
        found = {}
        for i in ids:
            if d := self.documents.get(i):
                places = {t: p for t in wanted if (p := _places(d, t))}
                prefixed = {
                    prefix: sorted(own)
                    for prefix, words in expanded.items()
                    if (own := {p for t in words for p in _places(d, t)})
                }
                found[i] = Where(places, prefixed, d.document.stored)
        return found

    def frequency(self, term: str, exclude: frozenset[str] = frozenset()) -> int:
        """See Snapshot.frequency."""
        return self.only(exclude).having(term, TEXT_FIELDS)

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """See Snapshot.words."""
        return self.only(exclude)._words

    # -------------------------------------------------------------- working

    def only(self, exclude: frozenset[str]) -> _State:
        """The same without some documents."""
        if not exclude:
            return self
        return _State({i: d for i, d in self.documents.items() if i not in exclude}, self.weights)

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
        """Id -> score of what matches."""
        scores = {i: self.score(node, d) for i, d in self.documents.items()}
        return {i: s for i, s in scores.items() if s is not None}

    def having(self, term: str, fields: tuple[str, ...]) -> int:
        return sum(any(term in d.terms[f] for f in fields) for d in self.documents.values())

    def passes(self, document_id: str, request: Request, exclude: str) -> bool:
        if document_id in request.exclude:
            return False
        document = self.documents[document_id].document
        first, last = request.dates
        if (first or last) and not document.date:
            return False
        if (first and document.date < first) or (last and document.date > last):
            return False
        return all(
            name == exclude or set(document.facets.get(name, ())) & values
            for name, values in request.filters.items()
            if values
        )

    def order(
        self, document_id: str, score: float, request: Request, first: bool
    ) -> tuple[object, ...]:
        """What comes first; then best first; then newest, undated last; then by id."""
        document = self.documents[document_id].document
        newest = tuple(-ord(c) for c in document.date) if document.date else (1,)
        if request.sort == "title":
            return (document.title.casefold(), document_id)
        if request.sort == "date":
            return (newest, document_id)
        return (not first, -round(score, PLACES), newest, document_id)

    def score(self, node: Node, d: _Indexed) -> Score:  # noqa: PLR0911 - a return a kind of node
        """The document's score, None where it does not match."""
        match node:
            case MatchAll():
                return 0.0
            case Not(child):
                return 0.0 if self.score(child, d) is None else None
            case DisMax(children):
                return max(self._found(children, d), default=None)
            case And(children):
                found = self._found(children, d)
                return sum(found) if children and len(found) == len(children) else None
            case AtLeast(children, least):
                found = self._found(children, d)
                return sum(found) if len(found) >= max(least, 1) else None
            case Boosted(child, bonuses):
                base = self.score(child, d)
                return None if base is None else base + sum(self._found(bonuses, d))
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
                scores = (self._terms_score([t], fields, weight, d) or 0.0 for t in terms)
                return sum(scores)

    def _found(self, children: tuple[Node, ...], d: _Indexed) -> list[float]:
        scores = (self.score(child, d) for child in children)
        return [s for s in scores if s is not None]

    def _terms_score(
        self, terms: list[str], fields: tuple[str, ...], weight: float, d: _Indexed
    ) -> Score:
        """BM25F of several terms taken as one."""
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
        having = sum(
            any(t in other.terms[f] for f in fields for t in terms)
            for other in self.documents.values()
        )
        return idf(len(self.documents), having, self.weights.rarity)


def expansions(words: list[str], prefix: str) -> list[str]:
    """Indexed terms of the words that begin so: the first MAX_EXPANSIONS of a sorted list."""
    start = bisect.bisect_left(words, prefix)
    found = []
    for word in words[start : start + MAX_EXPANSIONS]:
        if not word.startswith(prefix):
            break
        found.append(EXACT + word)
    return found


def _places(d: _Indexed, term: str) -> list[int]:
    """Where a term stands in all fields."""
    return [
        (number << FIELD_SHIFT) + position
        for number, name in enumerate(TEXT_FIELDS)
        for position in d.terms[name].get(term, ())
    ]


def _adjacent(field: dict[str, list[int]], terms: tuple[str, ...]) -> bool:
    starts = set(field.get(terms[0], ()))
    for distance, term in enumerate(terms[1:], start=1):
        starts &= {position - distance for position in field.get(term, ())}
    return bool(starts)


def _leaves(d: _Indexed, terms: tuple[str, ...]) -> set[int]:
    """Numbers of the leaves that have one of the terms."""
    return {
        position >> LEAF_BITS
        for name in LEAF_FIELDS
        for term in terms
        for position in d.terms[name].get(term, ())
    }
