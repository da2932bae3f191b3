"""A searcher over one snapshot of an index in numpy arrays: matching, filters, facets, the page.

Whoosh's own way of counting facets reads every hit's stored fields (0.9 s at 100,000 pages). Here
the facet values of all documents are columns, postings are arrays mapped from a file, and a count
is one `bincount`. Document numbers are positions in these arrays, valid for one snapshot only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Protocol

import numpy as np

from coproarchive.search.cache import Cache
from coproarchive.search.engines.columnar.facets import FacetColumns
from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_MASK,
    Mask,
    Numbers,
    PostingsSource,
    ScoredDocs,
    distinct,
    firsts,
)
from coproarchive.search.engines.columnar.scoring import Scorer
from coproarchive.search.engines.seam import Occurrence, Occurrences, Request, Response, Snapshot
from coproarchive.search.language.analysis import FIELD_SHIFT, LEAF_BITS, MAX_LEAVES, WORD_MASK
from coproarchive.search.language.fields import TEXT_FIELDS
from coproarchive.search.language.query_tree import Term
from coproarchive.search.language.ranking import PLACES, STANDARD, Weights

CACHED_MASKS = 16 << 20
"""Bytes cached of filters."""

StoredPlace = tuple[int, int, int]
"""Of stored bytes: first byte, number of bytes, CRC-32."""


@dataclass(frozen=True, slots=True)
class DocRecord:
    """A document beside its postings.

    Attributes:
        id, digest, facets, date, title: see seam.Document.
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


class SnapshotSource(PostingsSource, Protocol):
    """An index as a searcher reads it."""

    def rows(self) -> list[DocRecord]:
        """Return every live document, in the order of document numbers."""
        ...

    def stored(self, place: StoredPlace) -> bytes:
        """Return the bytes at a place."""
        ...


class SnapshotSearcher(Snapshot):
    """Answers requests over one snapshot. Thread-safe.

    Args:
        source: the index.
        weights: of the ranking.
    """

    def __init__(self, source: SnapshotSource, weights: Weights = STANDARD):
        self._source = source
        self._records = source.rows()
        self.size = len(self._records)
        self._numbers = {record.id: number for number, record in enumerate(self._records)}
        self._scorer = Scorer(source, [record.lengths for record in self._records], weights)
        self._facets = FacetColumns(record.facets for record in self._records)
        self._masks: Cache[Mask] = Cache(CACHED_MASKS, lambda mask: mask.nbytes + 200)
        # Undated documents come last; "" is before every date.
        by_date = sorted({record.date for record in self._records}, reverse=True)
        date_ranks = {date: rank for rank, date in enumerate(by_date)}
        self._ranks = {
            "date": _ranks([(f"{date_ranks[r.date]:09}", r.id) for r in self._records]),
            "title": _ranks([(r.title.casefold(), r.id) for r in self._records]),
        }

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held now, without the records' own strings."""
        ranks = sum(ranks.nbytes for ranks in self._ranks.values())
        return self._scorer.nbytes + self._masks.nbytes + self._facets.nbytes + ranks

    def digests(self) -> dict[str, str]:
        """See Snapshot.digests."""
        return {record.id: record.digest for record in self._records}

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """See Snapshot.words."""
        if not exclude:
            return self._scorer.words
        return self._source.words(~self._exclude_mask(exclude))

    def frequencies(
        self, terms: Iterable[str], exclude: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        """See Snapshot.frequencies."""
        results = {term: self._scorer.evaluate(Term(term)) for term in terms}
        return {term: self._count(r.documents, exclude) for term, r in results.items()}

    def stored(self, name: str, ids: Iterable[str] | None = None) -> dict[str, bytes]:
        """See Snapshot.stored."""
        records: Iterable[DocRecord] = self._records
        if ids is not None:
            records = [self._records[self._numbers[i]] for i in ids if i in self._numbers]
        return {r.id: self._source.stored(r.stored[name]) for r in records if name in r.stored}

    def occurrences(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> dict[str, Occurrences]:
        """See Snapshot.occurrences."""
        numbers = sorted({self._numbers[i] for i in ids if i in self._numbers})
        documents = np.array(numbers, np.int64)
        by_term: dict[int, dict[str, list[Occurrence]]] = {n: {} for n in numbers}
        by_prefix: dict[int, dict[str, list[Occurrence]]] = {n: {} for n in numbers}
        for term in dict.fromkeys(terms):
            places = self._scorer.postings(term).places_in(documents)
            for number, occurrences in _occurrences_by_document(places).items():
                by_term[number][term] = occurrences
        for prefix in dict.fromkeys(prefixes):
            places = self._scorer.prefix_postings(prefix).places
            places = places[np.isin(places >> DOCUMENT_SHIFT, documents)]
            places = distinct(np.sort(places))  # a compound stands where its halves do
            for number, occurrences in _occurrences_by_document(places).items():
                by_prefix[number][prefix] = occurrences
        return {self._records[n].id: Occurrences(by_term[n], by_prefix[n]) for n in numbers}

    # ------------------------------------------------------------- searching

    def search(self, request: Request) -> Response:
        """See Snapshot.search."""
        matches = ranked = self._scorer.evaluate(request.node)
        used_fallback = False
        if request.fallback is not None:
            everywhere = self._count(matches.documents, request.exclude)
            if not everywhere:
                used_fallback = True
                matches = ranked = self._scorer.evaluate(request.fallback)
            elif everywhere < request.fallback_below and request.sort == "relevance":
                ranked = self._scorer.evaluate(request.fallback)
        filters = self._filters(request)
        hits = filters.apply(matches)
        page = self._page(filters.apply(ranked), hits.documents, request)
        total = len(hits.documents)
        hits_on_page = max(total - request.offset, 0)
        return Response(
            total,
            page[:hits_on_page],
            self._facet_counts(matches, hits, filters, request),
            page[hits_on_page:],
            used_fallback,
            self._count_leaves(request, hits.documents, used_fallback),
        )

    def _count_leaves(self, request: Request, hits: Numbers, used_fallback: bool) -> int | None:
        """Count the leaves of the hits that answer, where that is asked."""
        if not request.counts_leaves:
            return None
        node = request.fallback if used_fallback and request.fallback else request.node
        return self._scorer.count_leaves(node, hits)

    def _page(
        self, ranked: ScoredDocs, hits: Numbers, request: Request
    ) -> tuple[tuple[str, float], ...]:
        """Return ids and scores of the page asked for.

        Args:
            ranked: documents on all pages.
            hits: those of them that come before the others by relevance.
            request: asks for the page.
        """
        documents, scores = ranked.documents, ranked.scores.round(PLACES)
        if request.sort == "relevance":
            is_near_miss = np.ones(self.size, bool)
            is_near_miss[hits] = False
            keys = self._ranks["date"][documents], -scores, is_near_miss[documents]
            order = np.lexsort(keys)  # the last key counts first
        else:
            order = np.argsort(self._ranks[request.sort][documents])
        page = order[request.offset : request.offset + request.limit]
        numbered = zip(documents[page].tolist(), scores[page].tolist(), strict=True)
        return tuple((self._records[number].id, score) for number, score in numbered)

    def _facet_counts(
        self, matches: ScoredDocs, hits: ScoredDocs, filters: Filters, request: Request
    ) -> dict[str, dict[str, int]]:
        """Count facets; one that is filtered by, as if it were not (a post-filter)."""
        unfiltered = [name for name in request.facets if name not in filters.facets]
        counts = self._facets.count(hits.documents, unfiltered)
        for name in request.facets:
            if name in filters.facets:
                others = filters.apply(matches, but=name).documents
                counts |= self._facets.count(others, [name])
        return counts

    # -------------------------------------------------------------- filters

    def _filters(self, request: Request) -> Filters:
        facets = {n: self._facet_mask(n, values) for n, values in request.filters.items() if values}
        for name, values in request.without.items():
            has_none = ~self._facet_mask(name, values)
            facets[name] = facets[name] & has_none if name in facets else has_none
        others = []
        if any(request.dates):
            others.append(self._masks.get(request.dates, lambda: self._date_mask(*request.dates)))
        if request.exclude:
            others.append(self._exclude_mask(request.exclude))
        return Filters(facets, others)

    def _facet_mask(self, name: str, values: frozenset[str]) -> Mask:
        """Return which documents have one of a facet's values."""
        return self._masks.get((name, values), partial(self._facets.mask, name, values))

    def _date_mask(self, first: str, last: str) -> Mask:
        """Return which documents are dated within the range; "" is an open end."""
        dates = (record.date for record in self._records)
        within = (bool(d) and d >= first and (not last or d <= last) for d in dates)
        return np.fromiter(within, bool, self.size)

    def _exclude_mask(self, exclude: frozenset[str]) -> Mask:
        """Return which documents are not among those ids."""

        def make() -> Mask:
            return np.fromiter((r.id not in exclude for r in self._records), bool, self.size)

        return self._masks.get(exclude, make)

    def _count(self, documents: Numbers, exclude: frozenset[str]) -> int:
        """Count the documents that are not among those ids."""
        if not exclude:
            return len(documents)
        return int(np.count_nonzero(self._exclude_mask(exclude)[documents]))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents pass.

    Attributes:
        facets: name -> documents with one of the chosen values, and none of those excluded.
        others: of dates and of excluded documents.
    """

    facets: Mapping[str, Mask]
    others: Sequence[Mask]

    def apply(self, results: ScoredDocs, but: str = "") -> ScoredDocs:
        """Return the documents that pass all filters but those of one facet."""
        masks = [*self.others, *(mask for name, mask in self.facets.items() if name != but)]
        if not masks:
            return results
        passing = reduce(np.logical_and, (mask[results.documents] for mask in masks))
        return ScoredDocs(results.documents[passing], results.scores[passing])


def _occurrences_by_document(places: Numbers) -> dict[int, list[Occurrence]]:
    """Return document number -> occurrences, of ascending places."""
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
    """Return the place of each entry when all are sorted."""
    ranks: Numbers = np.zeros(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks
