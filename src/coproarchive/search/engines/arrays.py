"""Small numpy building blocks of the view: sorted numbers, postings, facet columns, a cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from coproarchive.search.analysis import FIELD_SHIFT

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]
T = TypeVar("T")

DOCUMENT_SHIFT = FIELD_SHIFT + 4
"""A place is the document's number, shifted by so many bits, and the stored position."""

NO_NUMBERS: Numbers = np.zeros(0, np.int64)
NO_SCORES: Scores = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Postings:
    """Where a term stands, all fields together.

    Attributes:
        documents: ascending document numbers.
        counts: how often in each.
        positions: of all documents one after another, ascending in each; see base.Where.
    """

    documents: Numbers
    counts: Numbers
    positions: Numbers

    @property
    def owners(self) -> Numbers:
        """The document of each position."""
        return np.repeat(self.documents, self.counts)

    def of(self, documents: Numbers) -> dict[int, list[int]]:
        """Positions in some documents, of those that have any."""
        if not len(self.documents):
            return {}
        at, found = lookup(documents, self.documents)
        there = at[found]
        ends = np.cumsum(self.counts)[there]
        starts = ends - self.counts[there]
        bounds = zip(documents[found].tolist(), starts.tolist(), ends.tolist(), strict=True)
        return {number: self.positions[start:end].tolist() for number, start, end in bounds}

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.documents.nbytes + self.counts.nbytes + self.positions.nbytes


NO_POSTINGS = Postings(NO_NUMBERS, NO_NUMBERS, NO_NUMBERS)


@dataclass(frozen=True, slots=True)
class Found:
    """Matching documents, ascending, and their scores."""

    documents: Numbers
    scores: Scores

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.documents.nbytes + self.scores.nbytes

    def weighted(self, weight: float) -> Found:
        """With every score multiplied."""
        return self if weight == 1.0 else Found(self.documents, self.scores * weight)

    def plus(self, bonus: Found) -> Found:
        """The same documents, the bonus's scores added where it has them."""
        if not len(bonus.documents) or not len(self.documents):
            return self
        at, both = lookup(self.documents, bonus.documents)
        return Found(self.documents, self.scores + np.where(both, bonus.scores[at], 0.0))


NOTHING = Found(NO_NUMBERS, NO_SCORES)


def lookup(wanted: Numbers, among: Numbers) -> tuple[Numbers, Mask]:
    """Where each number stands in an ascending array that is not empty, and whether it does."""
    at = np.searchsorted(among, wanted)
    at[at == len(among)] = 0
    return at, among[at] == wanted


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
    first = np.ones(len(ascending), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return ascending[first]


def both(few: Found, many: Found) -> Found:
    """Documents in both; scores add up."""
    if not len(few.documents) or not len(many.documents):
        return NOTHING
    at, found = lookup(few.documents, many.documents)
    return Found(few.documents[found], few.scores[found] + many.scores[at[found]])


def either(
    found: list[Found], size: int, join: Callable[[Scores, Scores], Scores], least: int
) -> Found:
    """Documents in at least so many, their scores joined; `size` is the number of all documents."""
    scores = np.zeros(size)
    matched = np.zeros(size, np.int16)
    for each in found:
        scores[each.documents] = join(scores[each.documents], each.scores)
        matched[each.documents] += 1
    documents = np.flatnonzero(matched >= least)
    return Found(documents, scores[documents])


class Column:
    """A facet of all documents: value numbers one after another, and whose they are.

    Args:
        values: of each document.
    """

    def __init__(self, values: Iterable[tuple[str, ...]]):
        numbers: dict[str, int] = {}
        owners: list[int] = []
        flat: list[int] = []
        starts = [0]
        for document, own in enumerate(values):
            for value in dict.fromkeys(own):
                flat.append(numbers.setdefault(value, len(numbers)))
                owners.append(document)
            starts.append(len(flat))
        self._size = len(starts) - 1
        self._names = np.array([*numbers, ""], object)[:-1]
        self._values = list(numbers)
        self._numbers = np.array(flat, np.int64)
        self._owners = np.array(owners, np.int64)
        self._starts = np.array(starts, np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self._numbers.nbytes + self._owners.nbytes + self._starts.nbytes

    def mask(self, values: frozenset[str]) -> Mask:
        """Which documents have one of the values."""
        chosen = np.array([value in values for value in self._values], bool)
        mask = np.zeros(self._size, bool)
        if len(chosen):
            mask[self._owners[chosen[self._numbers]]] = True
        return mask

    def count(self, documents: Numbers) -> dict[str, int]:
        """Value -> how many of the documents have it."""
        if len(documents) == self._size:
            numbers = self._numbers
        elif len(documents) * 8 < self._size:
            numbers = self._numbers[_ranges(self._starts[documents], self._starts[documents + 1])]
        else:
            wanted = np.zeros(self._size, bool)
            wanted[documents] = True
            numbers = self._numbers[wanted[self._owners]]
        counts = np.bincount(numbers, minlength=len(self._values))
        there = np.flatnonzero(counts)
        return dict(zip(self._names[there].tolist(), counts[there].tolist(), strict=True))


def _ranges(starts: Numbers, ends: Numbers) -> Numbers:
    """Every number of the ranges, one range after another."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


class Cache(Generic[T]):
    """Keeps what was used last, up to a number of bytes. Thread-safe.

    Args:
        limit: bytes.
        size: of an entry.
    """

    def __init__(self, limit: int, size: Callable[[T], int]):
        self._limit = limit
        self._size = size
        self._entries: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()
        self.nbytes = 0

    def peek(self, key: Hashable) -> T | None:
        """The entry, None where it is not there."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The entry, made where it is not there; two threads may both make it."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        made = make()
        with self._lock:
            if key not in self._entries:
                self._entries[key] = made
                self.nbytes += self._size(made)
            while self.nbytes > self._limit and len(self._entries) > 1:
                self.nbytes -= self._size(self._entries.popitem(last=False)[1])
        return made
