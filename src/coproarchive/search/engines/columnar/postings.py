"""Postings and scored documents as sorted numpy arrays, and how they are combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

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
"""A place is one number: the document's number, shifted by so many bits, the field's, shifted by
FIELD_SHIFT, and the position that analysis.invert gives."""
PLACE_MASK = (1 << DOCUMENT_SHIFT) - 1

NO_NUMBERS: Numbers = np.zeros(0, np.int64)
_NO_ENTRIES: Entries = np.zeros(0, np.uint32)


@dataclass(slots=True, eq=False)
class Postings:
    """Where terms stand, all fields together; ascending for each term, term after term.

    Attributes:
        places: see DOCUMENT_SHIFT.
        entries: document's number, shifted by FIELD_BITS, and field's; each pair once a term.
        counts: how often the term is in the field of the document, of each entry.
    """

    places: Numbers
    entries: Entries
    counts: Entries

    @property
    def documents(self) -> Numbers:
        """Document numbers of one term, ascending."""
        return distinct(self.entries >> FIELD_BITS).astype(np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes held, nearly; none where they are only mapped from a file."""
        if self.places.base is not None:
            return 0
        return self.places.nbytes + self.entries.nbytes + self.counts.nbytes

    def moved(self, by: int) -> Postings:
        """Return the same with every document's number so much higher."""
        if not by:
            return self
        entries = self.entries + np.uint32(by << FIELD_BITS)
        places = self.places + (by << DOCUMENT_SHIFT)
        return Postings(places, entries, self.counts)

    def places_in(self, documents: Numbers) -> Numbers:
        """Return the places of one term in some documents, both ascending."""
        starts = self.places.searchsorted(documents << DOCUMENT_SHIFT)
        ends = self.places.searchsorted((documents + 1) << DOCUMENT_SHIFT)
        return self.places[ranges(starts, ends)]


NO_POSTINGS = Postings(NO_NUMBERS, _NO_ENTRIES, _NO_ENTRIES)


class PostingsSource(Protocol):
    """An index's postings of live documents, which are numbered from 0 without gaps."""

    def postings(self, term: str) -> Postings:
        """Return the postings of a term."""
        ...

    def between(self, first: str, last: str) -> Postings:
        """Return the postings of all terms from one to another, both included."""
        ...

    def words(self, gone: Mask | None = None) -> list[str]:
        """Return every word as written that a document not marked as gone has, sorted."""
        ...


@dataclass(slots=True, eq=False)
class ScoredDocs:
    """Numbers of matching documents, ascending, and their scores."""

    documents: Numbers
    scores: Scores

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.documents.nbytes + self.scores.nbytes

    def weighted(self, weight: float) -> ScoredDocs:
        """Return the same with every score multiplied."""
        return self if weight == 1.0 else ScoredDocs(self.documents, self.scores * weight)

    def plus(self, bonus: ScoredDocs) -> ScoredDocs:
        """Return the same documents, the bonus's scores added where it has them."""
        if not len(bonus.documents):
            return self
        at, matches = lookup(self.documents, bonus.documents)
        more = np.where(matches, bonus.scores.take(at, mode="clip"), 0.0)
        return ScoredDocs(self.documents, self.scores + more)


NO_DOCS = ScoredDocs(NO_NUMBERS, np.zeros(0))


def lookup(numbers: Numbers, among: Numbers) -> tuple[Numbers, Mask]:
    """Return where each number stands in an ascending array, and whether it does.

    The array must not be empty. Where a number does not stand, its place may be one past the end.
    """
    at = among.searchsorted(numbers)
    return at, among.take(at, mode="clip") == numbers


def intersect(one: Numbers, other: Numbers) -> Numbers:
    """Return the numbers that are in both of two ascending arrays."""
    if len(one) > len(other):
        one, other = other, one
    return one[lookup(one, other)[1]] if len(one) else NO_NUMBERS


def intersect_scored(one: ScoredDocs, other: ScoredDocs) -> ScoredDocs:
    """Return the documents that are in both; scores add up."""
    if len(one.documents) > len(other.documents):
        one, other = other, one
    if not len(one.documents):
        return NO_DOCS
    at, matches = lookup(one.documents, other.documents)
    return ScoredDocs(one.documents[matches], one.scores[matches] + other.scores[at[matches]])


def union(parts: Sequence[ScoredDocs], size: int, *, least: int) -> ScoredDocs:
    """Return the documents that are in at least so many; scores add up.

    Args:
        parts: at least one.
        size: number of all documents.
        least: at least 1.
    """
    documents = np.concatenate([part.documents for part in parts])
    matches = np.bincount(documents, minlength=size)
    sums = summed(documents, np.concatenate([part.scores for part in parts]), size)
    enough = (matches >= least).nonzero()[0]
    return ScoredDocs(enough, sums[enough])


def dis_max(parts: Sequence[ScoredDocs], size: int) -> ScoredDocs:
    """Return the documents that are in any; each with its best score.

    Args:
        parts: at least one.
        size: number of all documents.
    """
    scores = np.full(size, -1.0)
    for part in parts:
        scores[part.documents] = np.maximum(scores[part.documents], part.scores)
    documents = (scores >= 0).nonzero()[0]
    return ScoredDocs(documents, scores[documents])


def summed(owners: NDArray[Integer], values: Scores, size: int) -> Scores:
    """Return the sum of the values of each of so many owners."""
    return np.bincount(owners, values, size).astype(np.float64, copy=False)


def distinct(ascending: NDArray[Integer]) -> NDArray[Integer]:
    """Return each number once; np.unique does not know that they are in order."""
    return ascending[firsts(ascending)]


def firsts(ascending: NDArray[Integer]) -> Numbers:
    """Return where each number stands first."""
    first = np.ones(len(ascending), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return first.nonzero()[0]


def ranges(starts: Numbers, ends: Numbers) -> Numbers:
    """Return every number of the ranges, one range after another; each ends before its end."""
    lengths = ends - starts
    until = lengths.cumsum()
    numbers: Numbers = (starts - until + lengths).repeat(lengths)
    return numbers + np.arange(len(numbers))
