"""A generation of an index in numpy arrays: scoring, phrases and facet counts without loops.

Whoosh's own way of counting facets reads every hit's stored fields (0.9 s at 100,000 pages). Here
the facet values of all documents are columns, postings are arrays mapped from a file, and a count
is one `bincount`. Document numbers are positions in these arrays, valid for one generation only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from coproarchive.search.cache import Cache
from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_MASK,
    FacetColumns,
    Mask,
    Numbers,
    ScoredDocs,
    Scores,
    distinct,
    firsts,
)
from coproarchive.search.engines.columnar.scoring import Scorer, Words
from coproarchive.search.engines.seam import Occurrence, Occurrences, Request, Response, Snapshot
from coproarchive.search.language.analysis import FIELD_SHIFT, LEAF_BITS, MAX_LEAVES, WORD_MASK
from coproarchive.search.language.fields import TEXT_FIELDS
from coproarchive.search.language.query_tree import Boosted, Node
from coproarchive.search.language.ranking import PLACES, STANDARD, Weights

CACHED_MASKS = 16 << 20
"""Bytes kept of filters."""

_FEW = 200
"""So many documents are sorted whole: finding those that can be on the page takes longer."""
_FIRST = 1e7
"""Above every score: what the request wants first is sorted as if it scored so much more."""
_ROUNDED = 10.0**-PLACES


StoredPlace = tuple[int, int, int]
"""Of stored bytes: first byte, number of bytes, CRC-32."""


@dataclass(frozen=True, slots=True)
class DocRecord:
    """What is kept of a document beside its postings.

    Attributes:
        lengths: words in each text field, in the order of TEXT_FIELDS.
        stored: name -> place of the bytes stored under it; see SnapshotSource.stored.
    """

    id: str
    digest: str
    lengths: tuple[int, ...]
    facets: Mapping[str, tuple[str, ...]]
    date: str
    title: str
    stored: Mapping[str, StoredPlace]


class SnapshotSource(Words, Protocol):
    """Where a view takes its data from."""

    def rows(self) -> list[DocRecord]:
        """Every live document, in the order of document numbers."""
        ...

    def frequency(self, term: str) -> int:
        """Number of live documents with the term."""
        ...

    def stored(self, place: StoredPlace) -> bytes:
        """Return the bytes at a place."""
        ...


class SnapshotSearcher(Snapshot):
    """Answers requests over one generation. Thread-safe.

    Args:
        source: what it is made from.
        weights: of the ranking.
    """

    def __init__(self, source: SnapshotSource, weights: Weights = STANDARD):
        self._source = source
        self._rows = source.rows()
        self.size = len(self._rows)
        self._scorer = Scorer(source, [row.lengths for row in self._rows], weights)
        self._masks: Cache[Mask] = Cache(CACHED_MASKS, lambda m: m.nbytes + 200)
        self._columns = FacetColumns(row.facets for row in self._rows)
        self._number_of = {row.id: number for number, row in enumerate(self._rows)}
        self._order = self._orders()

    # --------------------------------------------------------------- asking

    def digests(self) -> dict[str, str]:
        """See Snapshot.digests."""
        return {row.id: row.digest for row in self._rows}

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """See Snapshot.words."""
        return self._source.words(~self._exclude_mask(exclude)) if exclude else self._scorer.words

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held now, without the rows' own strings."""
        orders = sum(order.nbytes for order in self._order.values())
        return self._scorer.nbytes + self._masks.nbytes + self._columns.nbytes + orders

    def frequencies(
        self, terms: Iterable[str], exclude: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        """See Snapshot.frequencies."""
        if not exclude:
            return {term: self._source.frequency(term) for term in terms}
        shown = self._exclude_mask(exclude)
        return {
            term: int(np.count_nonzero(shown[self._scorer.postings(term).documents]))
            for term in terms
        }

    def search(self, request: Request) -> Response:
        """See Snapshot.search."""
        is_ranked = request.sort == "relevance"
        found, bonuses = self._found(request.node, is_ranked)
        others: ScoredDocs | None = None
        used_fallback = False
        if request.fallback is not None:
            everywhere = self._shown(found.documents, request.exclude)
            if not everywhere:
                used_fallback = True
                found, bonuses = self._found(request.fallback, is_ranked)
            elif everywhere < request.fallback_below and is_ranked:
                others, bonuses = self._found(request.fallback, is_ranked)
        passing = self._passing(request)
        documents = passing.of(found)
        if others is None:
            hits = self._page(documents, None, bonuses, request)
        else:
            rest = passing.of(others)
            full = np.zeros(self.size, bool)
            full[documents.documents] = True
            first = full[rest.documents]
            hits = self._page(rest, first, bonuses, request)
        total = len(documents.documents)
        at_most = len(hits) if others is None else max(total - request.offset, 0)
        return Response(
            total, hits[:at_most], self._counts(found, documents, passing, request), hits[at_most:],
            used_fallback,
        )  # fmt: skip

    def _found(self, node: Node, is_ranked: bool) -> tuple[ScoredDocs, tuple[Node, ...]]:
        """What matches, and what is still to be added to scores, where it can change the page."""
        if is_ranked and isinstance(node, Boosted):
            for bonus in node.bonuses:
                self._scorer.take_over(node.child, bonus)
            return self._scorer.evaluate(node.child), node.bonuses
        return self._scorer.evaluate(node), ()

    def _shown(self, documents: Numbers, exclude: frozenset[str]) -> int:
        """How many of the documents are not among those left out."""
        if not exclude:
            return len(documents)
        return int(np.count_nonzero(self._exclude_mask(exclude)[documents]))

    def _counts(
        self, found: ScoredDocs, documents: ScoredDocs, passing: Filters, request: Request
    ) -> dict[str, dict[str, int]]:
        """Facets; the one that is chosen in counts what would be there without its own choice."""
        alike = [name for name in request.facets if name not in passing.facets]
        counts = self._columns.count(documents.documents, alike) if alike else {}
        for name in request.facets:
            if name in passing.facets:
                others = passing.of(found, but=name).documents
                counts |= self._columns.count(others, [name])
        return counts

    def occurrences(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> dict[str, Occurrences]:
        """See Snapshot.occurrences."""
        numbers = sorted({self._number_of[i] for i in ids if i in self._number_of})
        documents = np.array(numbers, np.int64)
        occurrences: dict[int, Occurrences] = {n: Occurrences({}, {}) for n in numbers}
        for term in dict.fromkeys(terms):
            places = self._scorer.postings(term).within(documents)
            for number, own in _occurrences_of(places).items():
                occurrences[number].terms[term] = own  # type: ignore[index]  # a dict of ours
        for prefix in dict.fromkeys(prefixes):
            places = distinct(np.sort(self._scorer.prefix_places(prefix, documents)))
            for number, own in _occurrences_of(places).items():
                occurrences[number].prefixes[prefix] = own  # type: ignore[index]  # a dict of ours
        return {self._rows[n].id: each for n, each in occurrences.items()}

    def stored(self, name: str, ids: Iterable[str] | None = None) -> dict[str, bytes]:
        """See Snapshot.stored."""
        rows: Iterable[DocRecord] = self._rows
        if ids is not None:
            rows = [self._rows[self._number_of[i]] for i in ids if i in self._number_of]
        return {row.id: self._source.stored(row.stored[name]) for row in rows if name in row.stored}

    # ------------------------------------------------------------- ordering

    def _orders(self) -> dict[str, Numbers]:
        """Rank of each document when ordered by date (newest first, undated last) or by title."""
        dates = sorted({row.date for row in self._rows}, reverse=True)
        by_date = {date: n for n, date in enumerate(dates)}
        by_date[""] = len(dates)
        return {
            "date": _ranks([(f"{by_date[row.date]:09}", row.id) for row in self._rows]),
            "title": _ranks([(row.title.casefold(), row.id) for row in self._rows]),
        }

    def _page(
        self, found: ScoredDocs, first: Mask | None, bonuses: tuple[Node, ...], request: Request
    ) -> tuple[tuple[str, float], ...]:
        """Ids and scores on the page asked for; what is first, before the others."""
        documents, scores = found.documents, found.scores
        end = request.offset + request.limit
        if request.sort != "relevance":
            order: Numbers = np.argsort(self._order[request.sort][documents], kind="stable")
            return self._hits(documents, scores, order[request.offset : end])
        first_by = 0.0 if first is None else _FIRST * first
        if len(documents) > _FEW and 0 < end < len(documents) // 2:
            # Only those that can be on the page are sorted; ties with the last one stay in.
            likely = scores + first_by
            in_parts = likely.copy()
            in_parts.partition(len(documents) - end)
            last = in_parts[len(documents) - end]
            last -= sum(map(self._scorer.most, bonuses)) + _ROUNDED
            candidates = (likely >= last).nonzero()[0]
            documents, scores = documents[candidates], scores[candidates]
            first_by = first_by if first is None else first_by[candidates]  # type: ignore[index]  # an array then
        for bonus in bonuses:
            scores = (
                ScoredDocs(documents, scores).plus(self._scorer.within(bonus, documents)).scores
            )
        sorted_by = scores.round(PLACES) + first_by
        order = np.lexsort((self._order["date"][documents], -sorted_by))
        return self._hits(documents, scores, order[request.offset : end])

    def _hits(
        self, documents: Numbers, scores: Scores, page: Numbers
    ) -> tuple[tuple[str, float], ...]:
        numbered = zip(documents[page].tolist(), scores[page].tolist(), strict=True)
        return tuple([(self._rows[n].id, round(score, PLACES)) for n, score in numbered])

    # -------------------------------------------------------------- filters

    def _passing(self, request: Request) -> Filters:
        """What readers chose, and what they may not see."""
        facets = {
            name: self._facet_mask(name, values)
            for name, values in request.filters.items()
            if values
        }
        rest = self._dates_mask(request.dates)
        if request.exclude:
            shown = self._exclude_mask(request.exclude)
            rest = shown if rest is None else rest & shown
        return Filters(facets, rest)

    def _facet_mask(self, name: str, values: frozenset[str]) -> Mask:
        """Which documents have one of the values."""
        return self._masks.get((name, values), lambda: self._columns.mask(name, values))

    def _dates_mask(self, dates: tuple[str, str]) -> Mask | None:
        first, last = dates
        if not first and not last:
            return None

        def make() -> Mask:
            fitting = (
                bool(r.date) and r.date >= first and (not last or r.date <= last)
                for r in self._rows
            )
            return np.fromiter(fitting, bool, self.size)

        return self._masks.get(dates, make)

    def _exclude_mask(self, exclude: frozenset[str]) -> Mask:
        """Which documents are not among these."""

        def make() -> Mask:
            return np.fromiter((r.id not in exclude for r in self._rows), bool, self.size)

        return self._masks.get(("without", exclude), make)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents pass the filters.

    Attributes:
        facets: of each facet that values are chosen of.
        rest: of dates and of what is left out, None where nothing is.
    """

    facets: Mapping[str, Mask]
    rest: Mask | None

    def of(self, found: ScoredDocs, but: str = "") -> ScoredDocs:
        """Those of the documents found that pass, but for one facet's choice."""
        masks = [mask for name, mask in self.facets.items() if name != but]
        if self.rest is not None:
            masks.append(self.rest)
        if not masks:
            return found
        kept = reduce(np.logical_and, (mask[found.documents] for mask in masks))
        return ScoredDocs(found.documents[kept], found.scores[kept])


def _occurrences_of(places: Numbers) -> dict[int, list[Occurrence]]:
    """Return document number -> occurrences, of ascending places."""
    if not len(places):
        return {}
    owners = places >> DOCUMENT_SHIFT
    starts = firsts(owners)
    fields = map(TEXT_FIELDS.__getitem__, ((places >> FIELD_SHIFT) & FIELD_MASK).tolist())
    leaves = ((places >> LEAF_BITS) & (MAX_LEAVES - 1)).tolist()
    words = (places & WORD_MASK).tolist()
    occurrences = list(map(Occurrence, fields, leaves, words))
    bounds = [*starts.tolist(), len(occurrences)]
    documents = owners[starts].tolist()
    return {n: occurrences[a:b] for n, a, b in zip(documents, bounds, bounds[1:], strict=False)}


def _ranks(keys: list[tuple[str, str]]) -> Numbers:
    """Place of each entry when all are sorted."""
    ranks: Numbers = np.zeros(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks
