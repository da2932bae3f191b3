"""A generation of an index in numpy arrays: scoring, phrases and facet counts without loops.

Whoosh's own way of counting facets reads every hit's stored fields (0.9 s at 100,000 pages). Here
the facet values of all documents are columns, postings are decoded a block at a time, and a count
is one `bincount`. Document numbers are positions in these arrays, valid for one generation only.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from coproarchive.search.analysis import EXACT, FIELD_SHIFT, LEAF_BITS, MAX_LEAVES
from coproarchive.search.engines.arrays import (
    DOCUMENT_SHIFT,
    NO_NUMBERS,
    NOTHING,
    Cache,
    Column,
    Found,
    Mask,
    Numbers,
    Postings,
    Scores,
    both,
    common,
    distinct,
    either,
)
from coproarchive.search.engines.base import (
    MAX_EXPANSIONS,
    All,
    Any,
    Boost,
    Everything,
    Node,
    Not,
    Phrase,
    Prefix,
    Request,
    Response,
    Some,
    Term,
    Together,
    Where,
)
from coproarchive.search.fields import LEAF_FIELDS, TEXT_FIELDS
from coproarchive.search.ranking import PLACES, STANDARD, Weights, idf, length_norm, saturate

CACHED_POSTINGS = 96 << 20
CACHED_FOUND = 48 << 20
CACHED_MASKS = 16 << 20
"""Bytes kept of decoded postings, of scored words and of filters."""

_HAS_LEAVES = np.array([name in LEAF_FIELDS for name in TEXT_FIELDS])
N = TypeVar("N", np.int64, np.float64)
_FIRST = 1e7
"""Above every score: what the request wants first is sorted as if it scored so much more."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of a document beside its postings.

    Attributes:
        lengths: words in each text field, in the order of TEXT_FIELDS.
        kept: where what is kept of it stands; see whoosh_kept.py.
    """

    id: str
    digest: str
    lengths: tuple[int, ...]
    facets: Mapping[str, tuple[str, ...]]
    date: str
    title: str
    kept: tuple[int, int, int]


class Source(Protocol):
    """Where a view takes its data from."""

    def rows(self) -> list[Row]:
        """Every live document, in the order of document numbers."""
        ...

    def postings(self, term: str) -> Postings:
        """Postings of live documents."""
        ...

    def words(self, gone: Mask | None = None) -> list[str]:
        """Every word as written that a document not gone has, sorted."""
        ...


class View:
    """Answers requests over one generation. Thread-safe.

    Args:
        source: what it is made from.
        weights: of the ranking.
    """

    def __init__(self, source: Source, weights: Weights = STANDARD):
        self._source = source
        self._weights = weights
        self._rows = source.rows()
        self.size = len(self._rows)
        self._postings: Cache[Postings] = Cache(CACHED_POSTINGS, lambda p: p.size + 200)
        self._found: Cache[Found] = Cache(CACHED_FOUND, lambda f: f.size + 400)
        self._leaves: Cache[Numbers] = Cache(CACHED_FOUND, lambda n: n.nbytes + 200)
        self._masks: Cache[Mask] = Cache(CACHED_MASKS, lambda m: m.nbytes + 200)
        self._columns: Cache[Column] = Cache(1 << 40, lambda c: c.nbytes)
        self._worth = self._worths()
        self._order = self._orders()

    # --------------------------------------------------------------- asking

    def digests(self) -> dict[str, str]:
        """Id -> digest."""
        return {row.id: row.digest for row in self._rows}

    @cached_property
    def words(self) -> list[str]:
        """Every word as written, sorted."""
        return self._source.words()

    def words_without(self, without: frozenset[str]) -> list[str]:
        """The same, of documents other than those."""
        return self._source.words(~self._without_mask(without)) if without else self.words

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays held now, without the rows' own strings."""
        caches = (self._postings, self._found, self._leaves, self._masks, self._columns)
        orders = sum(order.nbytes for order in self._order.values())
        return self._worth.nbytes + orders + sum(cache.nbytes for cache in caches)

    def frequency(self, term: str, without: frozenset[str]) -> int:
        """Documents, those left out, with the term in any text field."""
        documents = self.postings(term).documents
        if not without:
            return len(documents)
        return int(np.count_nonzero(self._without_mask(without)[documents]))

    def search(self, request: Request) -> Response:
        """See SearchEngine.search."""
        found = self._evaluate(request.node)
        masks = {
            name: self._facet_mask(name, values)
            for name, values in request.filters.items()
            if values
        }
        dates = self._dates_mask(request.dates)
        if request.without:
            shown = self._without_mask(request.without)
            dates = shown if dates is None else dates & shown
        passing = _passing(found.documents, dates, masks, without="")
        documents, scores = _kept(found.documents, passing), _kept(found.scores, passing)
        first = None if request.first is None else self._among(documents, request.first)
        page = self._page(documents, scores, first, request)
        facets = {}
        for name in request.facets:
            counted = documents
            if name in masks:
                without = _passing(found.documents, dates, masks, without=name)
                counted = _kept(found.documents, without)
            facets[name] = self._column(name).count(counted)
        hits = tuple(
            (self._rows[n].id, round(score, PLACES))
            for n, score in zip(documents[page].tolist(), scores[page].tolist(), strict=True)
        )
        coming_first = len(documents) if first is None else int(np.count_nonzero(first))
        return Response(len(documents), hits, facets, coming_first)

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {row.id: number for number, row in enumerate(self._rows)}

    def where(
        self,
        ids: Iterable[str],
        terms: Iterable[str],
        read: Callable[[list[tuple[int, int, int]]], list[bytes]],
    ) -> dict[str, Where]:
        """See SearchEngine.where."""
        numbers = sorted(self._number_of[i] for i in set(ids) if i in self._number_of)
        places: dict[int, dict[str, list[int]]] = {number: {} for number in numbers}
        documents = np.array(numbers, np.int64)
        for term in dict.fromkeys(terms):
            for number, own in self.postings(term).of(documents).items():
                places[number][term] = own
        kept = read([self._rows[number].kept for number in numbers])
        return {
            self._rows[number].id: Where(places[number], own)
            for number, own in zip(numbers, kept, strict=True)
        }

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

    def _among(self, documents: Numbers, node: Node) -> Mask:
        wanted = np.zeros(self.size, bool)
        wanted[self._evaluate(node).documents] = True
        return wanted[documents]

    def _page(
        self, documents: Numbers, scores: Scores, first: Mask | None, request: Request
    ) -> Numbers:
        """Positions, in `documents`, of the hits on the page asked for."""
        end = request.offset + request.limit
        if request.sort != "relevance":
            order: Numbers = np.argsort(self._order[request.sort][documents], kind="stable")
            return order[request.offset : end]
        ties = self._order["date"]
        rounded = np.round(scores, PLACES)
        if first is not None:
            rounded = rounded + _FIRST * first
        if 0 < end < len(documents) // 4:
            # Only those that can be on the page are sorted; ties with the last one stay in.
            last = np.partition(rounded, len(rounded) - end)[len(rounded) - end]
            candidates = np.flatnonzero(rounded >= last)
            inner = np.lexsort((ties[documents[candidates]], -rounded[candidates]))
            order = candidates[inner]
        else:
            order = np.lexsort((ties[documents], -rounded))
        return order[request.offset : end]

    # -------------------------------------------------------------- filters

    def _column(self, name: str) -> Column:
        return self._columns.get(
            name, lambda: Column(row.facets.get(name, ()) for row in self._rows)
        )

    def _facet_mask(self, name: str, values: frozenset[str]) -> Mask:
        """Which documents have one of the values."""
        return self._masks.get((name, values), lambda: self._column(name).mask(values))

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

    def _without_mask(self, without: frozenset[str]) -> Mask:
        """Which documents are not among these."""

        def make() -> Mask:
            return np.fromiter((r.id not in without for r in self._rows), bool, self.size)

        return self._masks.get(("without", without), make)

    # -------------------------------------------------------------- scoring

    def _worths(self) -> Scores:
        """What one occurrence counts, by document and field: weight by length norm."""
        lengths = np.array([row.lengths for row in self._rows], np.float64)
        lengths = lengths.reshape(self.size, len(TEXT_FIELDS))
        worths = np.ones_like(lengths)
        for column, name in enumerate(TEXT_FIELDS):
            having = int(np.count_nonzero(lengths[:, column]))
            average = float(lengths[:, column].sum()) / having if having else 0.0
            norm = length_norm(lengths[:, column], average, self._weights.b)  # type: ignore[arg-type]  # the formula holds for arrays
            worths[:, column] = self._weights.fields[name] / norm
        return worths

    def _evaluate(self, node: Node) -> Found:
        """Matching documents; what took work is kept for the next search."""
        if isinstance(node, Everything):
            return Found(np.arange(self.size), np.zeros(self.size))
        return self._found.get(node, lambda: self._evaluated(node))

    def _evaluated(self, node: Node) -> Found:  # noqa: PLR0911 - a return a kind of node
        match node:
            case Term(text, fields, weight):
                return self._terms((text,), fields).weighted(weight)
            case Prefix(text, fields, weight):
                return self._terms(self.expansions(text), fields).weighted(weight)
            case Phrase():
                return self._phrase(node)
            case Together():
                return self._together(node)
            case Not(child):
                mask = np.ones(self.size, bool)
                mask[self._evaluate(child).documents] = False
                documents = np.flatnonzero(mask)
                return Found(documents, np.zeros(len(documents)))
            case Boost(child, bonuses):
                return reduce(Found.plus, map(self._evaluate, bonuses), self._evaluate(child))
            case All(children):
                return self._combined(children, np.add, len(children))
            case Some(children, least):
                return self._combined(children, np.add, max(least, 1))
            case Any(children):
                return self._combined(children, np.maximum, 1)
            case _:
                raise TypeError(node)

    def _combined(
        self, children: tuple[Node, ...], join: Callable[[Scores, Scores], Scores], least: int
    ) -> Found:
        """Documents that match at least so many children, with their scores joined."""
        found = [self._evaluate(child) for child in children]
        if least > len(found) or not found:
            return NOTHING
        if least == len(found):
            return reduce(both, sorted(found, key=lambda f: len(f.documents)))
        return either(found, self.size, join, least)

    def _terms(self, terms: tuple[str, ...], fields: tuple[str, ...]) -> Found:
        """BM25F of several terms taken as one."""
        worths = self._worth
        if fields:
            worths = np.where([name in fields for name in TEXT_FIELDS], worths, 0.0)
        if len(terms) == 1:
            documents, frequency = _frequencies(self.postings(terms[0]), worths)
        else:
            sums = np.zeros(self.size)
            for term in terms:
                documents, frequency = _frequencies(self.postings(term), worths)
                sums[documents] += frequency
            documents = np.flatnonzero(sums)
            frequency = sums[documents]
        if fields:
            there = frequency > 0
            documents, frequency = documents[there], frequency[there]
        return Found(documents, self._rarity(len(documents)) * self._saturated(frequency))

    def _rarity(self, having: int) -> float:
        return idf(self.size, having, self._weights.rarity)

    def _saturated(self, frequency: Scores) -> Scores:
        """`ranking.saturate` over an array; its formula holds for arrays as for numbers."""
        return saturate(frequency, self._weights.k1)  # type: ignore[return-value,arg-type]

    def postings(self, term: str) -> Postings:
        """Postings of a term, kept for the next search."""
        return self._postings.get(term, lambda: self._source.postings(term))

    def expansions(self, prefix: str) -> tuple[str, ...]:
        """See SearchEngine.expansions."""
        words = self.words
        start = bisect.bisect_left(words, prefix)
        end = bisect.bisect_left(words, prefix + "\U0010ffff", start)
        return tuple(EXACT + word for word in words[start : min(end, start + MAX_EXPANSIONS)])

    # ------------------------------------------------------ words in places

    def _phrase(self, phrase: Phrase) -> Found:
        documents = self._adjacent(phrase.terms, phrase.fields)
        found = Found(documents, np.zeros(len(documents)))
        for term in phrase.terms if len(documents) else ():
            scored = self._evaluate(Term(term, phrase.fields))
            found = found.plus(scored.weighted(phrase.weight))
        return found

    def _adjacent(self, terms: tuple[str, ...], fields: tuple[str, ...]) -> Numbers:
        """Documents in which the terms stand one behind the other.

        A place is one number, document and position together, moved back by the term's distance
        from the first: the phrase stands where all terms' places meet.
        """
        postings = [self.postings(term) for term in terms]
        documents = reduce(common, sorted((p.documents for p in postings), key=len))
        if not len(documents):
            return NO_NUMBERS
        places: Numbers | None = None
        for distance, each in sorted(enumerate(postings), key=lambda p: len(p[1].positions)):
            if places is not None and len(places) * 16 < len(each.documents):
                each = _only(each, distinct(places >> DOCUMENT_SHIFT))  # noqa: PLW2901 - a part of it
            here = (each.owners << DOCUMENT_SHIFT) + each.positions - distance
            places = here if places is None else common(places, here)
            if not len(places):
                return NO_NUMBERS
        assert places is not None
        if fields:
            numbers = [TEXT_FIELDS.index(name) for name in fields]
            stand = (places >> FIELD_SHIFT) & ((1 << (DOCUMENT_SHIFT - FIELD_SHIFT)) - 1)
            places = places[np.isin(stand, numbers)]
        return distinct(places >> DOCUMENT_SHIFT)

    def _together(self, node: Together) -> Found:
        sides = [self._leaves.get(g, partial(self._leaves_of, g)) for g in node.groups]
        leaves = reduce(common, sorted(sides, key=len))
        documents = distinct(leaves // MAX_LEAVES)
        score = node.weight * sum(self._rarity(len(distinct(side // MAX_LEAVES))) for side in sides)
        return Found(documents, np.full(len(documents), score))

    def _leaves_of(self, terms: tuple[str, ...]) -> Numbers:
        """Leaves, document and number together, that have one of the terms."""
        found = []
        for term in terms:
            each = self.postings(term)
            inside = _HAS_LEAVES[each.positions >> FIELD_SHIFT]
            leaf = (each.positions >> LEAF_BITS) % MAX_LEAVES
            found.append((each.owners * MAX_LEAVES + leaf)[inside])
        return distinct(np.sort(np.concatenate(found))) if found else NO_NUMBERS


def _frequencies(postings: Postings, worths: Scores) -> tuple[Numbers, Scores]:
    """Documents of a term, and its occurrences in each, weighted by field and length."""
    rows = np.repeat(np.arange(len(postings.documents)), postings.counts)
    worth = worths[postings.documents[rows], postings.positions >> FIELD_SHIFT]
    sums: Scores = np.bincount(rows, worth, len(postings.documents)).astype(np.float64)
    return postings.documents, sums


def _only(postings: Postings, documents: Numbers) -> Postings:
    """The postings of some documents."""
    wanted = np.isin(postings.documents, documents, assume_unique=True)
    return Postings(
        postings.documents[wanted],
        postings.counts[wanted],
        postings.positions[np.repeat(wanted, postings.counts)],
    )


def _passing(
    documents: Numbers, dates: Mask | None, masks: Mapping[str, Mask], without: str
) -> Mask | None:
    """Which documents pass dates and filters; None where all do."""
    kept = None if dates is None else dates[documents]
    for name, mask in masks.items():
        if name != without:
            kept = mask[documents] if kept is None else kept & mask[documents]
    return kept


def _kept(values: NDArray[N], mask: Mask | None) -> NDArray[N]:
    return values if mask is None else values[mask]


def _ranks(keys: list[tuple[str, str]]) -> Numbers:
    """Place of each entry when all are sorted."""
    ranks: Numbers = np.zeros(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks
