"""How the `whoosh` engine reads: what a view needs of the segments of one commit."""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_BITS,
    FIELD_MASK,
    NO_POSTINGS,
    PLACE_MASK,
    Mask,
    Numbers,
    Postings,
)
from coproarchive.search.engines.columnar.searcher import DocRecord, StoredPlace
from coproarchive.search.engines.whoosh.columns import SegmentArrays, path_of
from coproarchive.search.engines.whoosh.stored_file import StoredFile
from coproarchive.search.language.analysis import EXACT

_BEHIND = EXACT + "\U0010ffff"
"""Behind every word as written."""


class Segment:
    """What a view needs of one of Whoosh's segments, which never change but for deletions.

    Args:
        folder: of the index.
        name: of the segment.
        leaf: Whoosh's reader of it.
        known: the same segment in an earlier commit, whose rows and arrays are taken over.
    """

    def __init__(self, folder: Path, name: str, leaf: Any, known: Segment | None):
        count = leaf.doc_count_all()
        self.live = np.ones(count, bool)
        if leaf.has_deletions():
            self.live[[n for n in range(count) if leaf.is_deleted(n)]] = False
        self.is_new = known is None
        self.rows: list[DocRecord] = (
            known.rows if known else [_row(leaf.stored_fields(n)) for n in range(count)]
        )
        self.arrays: SegmentArrays = known.arrays if known else SegmentArrays(path_of(folder, name))
        self._ends: tuple[Numbers, ...] | None = known._ends if known else None

    def words(self, live: Mask) -> list[str]:
        """Every word as written that one of these documents of it has, sorted.

        A deleted document's words stay in its segment until that is merged away; offered as a
        correction, they would tell of an item that was hidden.
        """
        terms = self.arrays.terms
        start, end = bisect.bisect_left(terms, EXACT), bisect.bisect_left(terms, _BEHIND)
        words = [term[len(EXACT) :] for term in terms[start:end]]
        gone = int(np.count_nonzero(~live))
        if not gone or not words:
            return words
        having, first, last = self._having(start, end)
        doubtful = (having <= gone) & ~live[first] & ~live[last]
        dead = {n for n in np.flatnonzero(doubtful).tolist() if not self._is_alive(start + n, live)}
        return [word for n, word in enumerate(words) if n not in dead]

    def _having(self, start: int, end: int) -> tuple[Numbers, Numbers, Numbers]:
        """Of each term between these: how many documents have it, the first and the last."""
        if self._ends is None:
            entries, bounds = self.arrays.entries, self.arrays.entry_bounds
            first = entries[bounds[:-1]] >> FIELD_BITS
            last = entries[bounds[1:] - 1] >> FIELD_BITS
            self._ends = self.arrays.having, first.astype(np.int64), last.astype(np.int64)
        having, first, last = (each[start:end] for each in self._ends)
        return having, first, last

    def _is_alive(self, number: int, live: Mask) -> bool:
        return bool(live[self.arrays.postings(number, number).entries >> FIELD_BITS].any())


def _row(stored: Mapping[str, str]) -> DocRecord:
    row = json.loads(stored["row"])
    facets = {name: tuple(values) for name, values in row["facets"].items()}
    return DocRecord(
        stored["id"],
        row["digest"],
        tuple(row["lengths"]),
        facets,
        row["date"],
        row["title"],
        {name: tuple(place) for name, place in row["stored"].items()},
    )


class Segments:
    """The segments of one commit as the view wants them.

    Args:
        segments: in Whoosh's order.
        kept: bytes kept beside them.

    Raises:
        IndexStateError: what was kept by new segments is damaged.
    """

    def __init__(self, segments: list[Segment], kept: StoredFile):
        self._segments = segments
        self._kept = kept
        new = (row for segment in segments if segment.is_new for row in segment.rows)
        kept.check(place for row in new for place in row.stored.values())
        # Whoosh's numbers of live documents -> ours, without gaps; -1 where deleted.
        live = np.concatenate([s.live for s in segments]) if segments else np.zeros(0, bool)
        self._numbers = np.where(live, np.cumsum(live) - 1, -1)
        self._all_live = bool(live.all())
        self._firsts = np.cumsum([0, *(len(s.live) for s in segments)]).tolist()

    def rows(self) -> list[DocRecord]:
        """See view.Source."""
        return [
            row for s in self._segments for row, live in zip(s.rows, s.live, strict=True) if live
        ]

    def stored(self, place: StoredPlace) -> bytes:
        """See searcher.SnapshotSource."""
        return bytes(self._kept.at(place))

    def words(self, gone: Mask | None = None) -> list[str]:
        """See scoring.Words."""
        found: list[list[str]] = []
        for segment, first in zip(self._segments, self._firsts, strict=False):
            live = segment.live
            if gone is not None and len(gone):
                # Deleted ones have the number -1, and are not live whatever stands there.
                live = live & ~gone[self._numbers[first : first + len(live)]]
            found.append(segment.words(live))
        return found[0] if len(found) == 1 else sorted({word for own in found for word in own})

    def frequency(self, term: str) -> int:
        """See view.Source."""
        if not self._all_live:
            return len(self.postings(term).documents)
        having = 0
        for segment in self._segments:
            number = segment.arrays.number(term)
            if number is not None:
                having += segment.arrays.documents(number)
        return having

    def postings(self, term: str) -> Postings:
        """See scoring.Words."""
        found = []
        for segment, before in zip(self._segments, self._firsts, strict=False):
            number = segment.arrays.number(term)
            if number is not None:
                found.append(segment.arrays.postings(number, number).moved(before))
        return self._joined(found)

    def fields(self, term: str) -> int:
        """See scoring.Words."""
        found = 0
        for segment in self._segments:
            number = segment.arrays.number(term)
            if number is not None:
                found |= segment.arrays.fields(number)
        return found

    def between(self, first: str, last: str) -> Postings:
        """See scoring.Words."""
        found = []
        for segment, before in zip(self._segments, self._firsts, strict=False):
            start = bisect.bisect_left(segment.arrays.terms, first)
            end = bisect.bisect_right(segment.arrays.terms, last, start) - 1
            if end >= start:
                found.append(segment.arrays.postings(start, end).moved(before))
        return self._joined(found)

    def _joined(self, found: list[Postings]) -> Postings:
        """The segments' postings as those of one, with our document numbers."""
        if not found:
            return NO_POSTINGS
        joined = found[0] if len(found) == 1 else _concatenated(found)
        return joined if self._all_live else self._live(joined)

    def _live(self, postings: Postings) -> Postings:
        """Without deleted documents, and with our numbers instead of Whoosh's."""
        owners = self._numbers[postings.entries >> FIELD_BITS]
        live = owners >= 0
        entries = (owners[live] << FIELD_BITS) | (postings.entries[live] & FIELD_MASK)
        own = self._numbers[postings.places >> DOCUMENT_SHIFT]
        there = own >= 0
        places = (own[there] << DOCUMENT_SHIFT) | (postings.places[there] & PLACE_MASK)
        entries = entries.astype(np.uint32)
        return Postings(places, entries, postings.counts[live], postings.is_one_each)


def _concatenated(found: list[Postings]) -> Postings:
    return Postings(
        np.concatenate([p.places for p in found]),
        np.concatenate([p.entries for p in found]),
        np.concatenate([p.counts for p in found]),
        all(p.is_one_each for p in found),
    )
