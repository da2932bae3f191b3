"""Small numpy building blocks of the view: sorted numbers, postings, facets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coproarchive.search.language.analysis import FIELD_SHIFT

Numbers = NDArray[np.int64]
Entries = NDArray[np.uint32]
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]
Integer = TypeVar("Integer", np.int64, np.uint32)

FIELD_BITS = 3
"""For the number of a text field."""
FIELD_MASK = (1 << FIELD_BITS) - 1
DOCUMENT_SHIFT = FIELD_SHIFT + FIELD_BITS
"""A place is the document's number, shifted by so many bits, and what base.Where has of it."""

PLACE_MASK = (1 << DOCUMENT_SHIFT) - 1
_FEW = 8
"""The facets of so many documents are counted in Python: arrays cost more to set up."""

NO_NUMBERS: Numbers = np.zeros(0, np.int64)
NO_SCORES: Scores = np.zeros(0)
_NO_ENTRIES: Entries = np.zeros(0, np.uint32)


@dataclass(slots=True, eq=False)
class Postings:
    """Where terms stand, all fields together.

    Attributes:
        places: of all documents one after another, each with the document's number.
        entries: document's number, shifted by FIELD_BITS, and field's.
        counts: how often, of each entry.
        is_one_each: whether no document has two entries, as far as is known.
    """

    places: Numbers
    entries: Entries
    counts: Entries
    is_one_each: bool = False

    @property
    def documents(self) -> Numbers:
        """Those of one term, ascending."""
        owners = self.entries >> FIELD_BITS
        return owners[firsts(owners)].astype(np.int64)

    @property
    def size(self) -> int:
        """Bytes held, nearly; none where they are only mapped from a file."""
        if self.places.base is not None:
            return 0
        return self.places.nbytes + self.entries.nbytes + self.counts.nbytes

    def moved(self, by: int) -> Postings:
        """With every document's number so much higher."""
        if not by:
            return self
        entries = self.entries + np.uint32(by << FIELD_BITS)
        places = self.places + (by << DOCUMENT_SHIFT)
        return Postings(places, entries, self.counts, self.is_one_each)

    def within(self, documents: Numbers) -> Numbers:
        """The places in some documents, both ascending."""
        at = self.places.searchsorted(bounds_of(documents))
        return self.places[ranges(at[: len(documents)], at[len(documents) :])]

    def listed(self, bounds: Numbers) -> list[int]:
        """The places in a few documents, in one list; for `bounds` see `bounds_of`."""
        runs = self._runs(bounds)
        return [place for start, end in runs for place in self.places[start:end].tolist()]

    def _runs(self, bounds: Numbers) -> Iterator[tuple[int, int]]:
        """Where the places of each document are."""
        at = self.places.searchsorted(bounds).tolist()
        half = len(at) // 2
        return zip(at[:half], at[half:], strict=True)


def bounds_of(documents: Numbers) -> Numbers:
    """No place in each document is lower than, and all are below: one half after the other."""
    bounds: Numbers = np.concatenate([documents, documents + 1]) << DOCUMENT_SHIFT
    return bounds


NO_POSTINGS = Postings(NO_NUMBERS, _NO_ENTRIES, _NO_ENTRIES)


@dataclass(slots=True, eq=False)
class ScoredDocs:
    """Matching documents, ascending, and their scores."""

    documents: Numbers
    scores: Scores

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.documents.nbytes + self.scores.nbytes

    @property
    def best(self) -> float:
        """The highest score, 0 where there is none."""
        return float(self.scores.max()) if len(self.scores) else 0.0

    def weighted(self, weight: float) -> ScoredDocs:
        """With every score multiplied."""
        return self if weight == 1.0 else ScoredDocs(self.documents, self.scores * weight)

    def plus(self, bonus: ScoredDocs) -> ScoredDocs:
        """The same documents, the bonus's scores added where it has them."""
        if not len(bonus.documents) or not len(self.documents):
            return self
        if bonus.documents is self.documents:
            return ScoredDocs(self.documents, self.scores + bonus.scores)
        if len(bonus.documents) > len(self.documents):
            at, there = lookup(self.documents, bonus.documents)
            more = np.where(there, bonus.scores.take(at, mode="clip"), 0.0)
            return ScoredDocs(self.documents, self.scores + more)
        at, there = lookup(bonus.documents, self.documents)
        scores = self.scores.copy()
        if there.all():
            scores[at] += bonus.scores
        else:
            scores[at[there]] += bonus.scores[there]
        return ScoredDocs(self.documents, scores)


NOTHING = ScoredDocs(NO_NUMBERS, NO_SCORES)


def lookup(wanted: Numbers, among: Numbers) -> tuple[Numbers, Mask]:
    """Where each number stands in an ascending array that is not empty, and whether it does.

    Where it does not, the place may be one behind the last.
    """
    at = among.searchsorted(wanted)
    return at, among.take(at, mode="clip") == wanted


def common(few: Numbers, many: Numbers) -> Numbers:
    """Members of `few` that are in `many`; both ascending."""
    if not len(few) or not len(many):
        return NO_NUMBERS
    _, both = lookup(few, many)
    return few[both]


def distinct(ascending: Numbers) -> Numbers:
    """Each number once; numpy's own way does not know that they are in order."""
    if len(ascending) < 2:
        return ascending
    return ascending[firsts(ascending)]


def firsts(ascending: NDArray[Integer]) -> Numbers:
    """Where each number stands first."""
    first = np.empty(len(ascending), bool)
    first[:1] = True
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return first.nonzero()[0]


def both(few: ScoredDocs, many: ScoredDocs) -> ScoredDocs:
    """Documents in both; scores add up."""
    if not len(few.documents) or not len(many.documents):
        return NOTHING
    at, found = lookup(few.documents, many.documents)
    return ScoredDocs(few.documents[found], few.scores[found] + many.scores[at[found]])


def summed(owners: NDArray[Integer], worths: Scores, size: int) -> Scores:
    """Sum of the worths of each of so many owners."""
    return np.bincount(owners, worths, size).astype(np.float64, copy=False)


def either(found: list[ScoredDocs], size: int, *, least: int) -> ScoredDocs:
    """Documents in at least so many, scores added up; `size` is the number of all documents."""
    documents = np.concatenate([each.documents for each in found])
    matched = np.bincount(documents, minlength=size)
    scores = summed(documents, np.concatenate([each.scores for each in found]), size)
    kept = (matched >= least).nonzero()[0]
    return ScoredDocs(kept, scores[kept])


def best(found: list[ScoredDocs], size: int) -> ScoredDocs:
    """Documents in any of them, each with its best score."""
    scores = np.full(size, -1.0)
    for each in found:
        scores[each.documents] = np.maximum(scores[each.documents], each.scores)
    documents = (scores >= 0).nonzero()[0]
    return ScoredDocs(documents, scores[documents])


def ranges(starts: Numbers, ends: Numbers) -> Numbers:
    """Every number of the ranges, one range after another."""
    lengths = ends - starts
    until = lengths.cumsum()
    total = int(until[-1]) if len(until) else 0
    numbers: Numbers = (starts - until + lengths).repeat(lengths)
    return numbers + np.arange(total)


class FacetColumns:
    """The facets of all documents: numbers of values, document by document.

    All facets together, so that counting them takes one walk over the documents.

    Args:
        documents: facet -> values, of each document.
    """

    def __init__(self, documents: Iterable[Mapping[str, tuple[str, ...]]]):
        self._rows = rows = list(documents)
        names = dict.fromkeys(name for row in rows for name in row)
        # In order, since what readers see of values is mostly in the order of the values.
        known = {
            name: sorted({value for row in rows for value in row.get(name, ())}) for name in names
        }
        pairs = [(name, value) for name, values in known.items() for value in values]
        numbers = {pair: number for number, pair in enumerate(pairs)}
        own = [
            [
                numbers[name, value]
                for name, values in row.items()
                for value in dict.fromkeys(values)
            ]
            for row in rows
        ]
        # The numbers of a facet's values: from one of these to the next.
        self._bounds = np.cumsum([0, *map(len, known.values())])
        self._place_of = {name: place for place, name in enumerate(names)}
        self._values = np.array([*(value for _, value in pairs), ""], object)[:-1]
        self._numbers = np.array([number for each in own for number in each], np.int32)
        self._starts = np.cumsum([0, *map(len, own)])

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self._numbers.nbytes + self._starts.nbytes + self._values.nbytes

    def mask(self, name: str, values: frozenset[str]) -> Mask:
        """Which documents have one of the values."""
        chosen = np.zeros(len(self._values), bool)
        place = self._place_of.get(name)
        if place is not None:
            start, end = self._bounds[place : place + 2].tolist()
            chosen[start:end] = [value in values for value in self._values[start:end].tolist()]
        having = np.repeat(np.arange(len(self._rows)), np.diff(self._starts))[chosen[self._numbers]]
        mask = np.zeros(len(self._rows), bool)
        mask[having] = True
        return mask

    def count(self, documents: Numbers, names: Iterable[str]) -> dict[str, dict[str, int]]:
        """Facet -> value -> how many of the documents have it."""
        if len(documents) <= _FEW:
            return self._count_few(documents, names)
        if len(documents) == len(self._rows):
            numbers = self._numbers
        else:
            numbers = self._numbers[ranges(self._starts[documents], self._starts[documents + 1])]
        counts = np.bincount(numbers, minlength=len(self._values))
        there = counts.nonzero()[0]
        values, times = self._values[there].tolist(), counts[there].tolist()
        bounds = there.searchsorted(self._bounds).tolist()
        found: dict[str, dict[str, int]] = {name: {} for name in names}
        for name in found:
            place = self._place_of.get(name)
            if place is not None:
                own = slice(bounds[place], bounds[place + 1])
                found[name] = dict(zip(values[own], times[own], strict=True))
        return found

    def _count_few(self, documents: Numbers, names: Iterable[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {name: {} for name in names}
        for number in documents.tolist():
            row = self._rows[number]
            for name, counts in found.items():
                for value in dict.fromkeys(row.get(name, ())):
                    counts[value] = counts.get(value, 0) + 1
        return found
