"""The segments of one commit as the columnar searcher reads them."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
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
from coproarchive.search.engines.whoosh.columns import SegmentColumns, read_columns
from coproarchive.search.engines.whoosh.stock import unpack_record
from coproarchive.search.engines.whoosh.stored_file import StoredFile
from coproarchive.search.language.analysis import EXACT

_AFTER_EXACT = EXACT + "\U0010ffff"
"""Sorts after every word as written."""


class Segment:
    """One of Whoosh's segments, which never change but for deletions.

    Args:
        folder: of the index.
        name: of the segment.
        reader: Whoosh's, of this segment.
        earlier: the same segment in an earlier commit, whose records and columns are shared.
    """

    def __init__(self, folder: Path, name: str, reader: Any, earlier: Segment | None):
        count = reader.doc_count_all()
        self.live = np.ones(count, bool)
        if reader.has_deletions():
            self.live[[n for n in range(count) if reader.is_deleted(n)]] = False
        self.is_new = earlier is None
        self.records: list[DocRecord]
        self.columns: SegmentColumns
        self._document_ends: tuple[Numbers, Numbers, Numbers] | None = None
        if earlier is not None:
            self.records, self.columns = earlier.records, earlier.columns
            self._document_ends = earlier._document_ends
        else:
            self.records = [unpack_record(reader.stored_fields(n)) for n in range(count)]
            self.columns = read_columns(folder, name, reader)

    def places(self) -> Iterator[StoredPlace]:
        """Yield where bytes of documents are stored that are not deleted."""
        for record, live in zip(self.records, self.live, strict=True):
            if live:
                yield from record.stored.values()

    def words(self, live: Mask) -> list[str]:
        """Return every word as written that one of these documents has, sorted.

        A deleted document's words stay in its segment until that is merged away; offered as a
        correction, they would tell of an item that was hidden.
        """
        terms = self.columns.terms
        start, end = bisect.bisect_left(terms, EXACT), bisect.bisect_left(terms, _AFTER_EXACT)
        words = [term[len(EXACT) :] for term in terms[start:end]]
        dead = int(np.count_nonzero(~live))
        if not dead or not words:
            return words
        counts, first, last = (column[start:end] for column in self._ends())
        doubtful = (counts <= dead) & ~live[first] & ~live[last]
        unused = {
            n for n in np.flatnonzero(doubtful).tolist() if not self._is_used(start + n, live)
        }
        return [word for n, word in enumerate(words) if n not in unused]

    def _ends(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return the number of documents, the first and the last document of each term."""
        if self._document_ends is None:
            entries, starts = self.columns.entries, self.columns.entry_starts
            first = entries[starts[:-1]] >> FIELD_BITS
            last = entries[starts[1:] - 1] >> FIELD_BITS
            self._document_ends = (
                self.columns.document_counts, first.astype(np.int64), last.astype(np.int64)
            )  # fmt: skip
        return self._document_ends

    def _is_used(self, number: int, live: Mask) -> bool:
        """Tell whether a live document has the term."""
        return bool(live[self.columns.postings(number, number).entries >> FIELD_BITS].any())


class Segments:
    """The segments of one commit as one; see searcher.SnapshotSource.

    Args:
        segments: in Whoosh's order.
        stored_file: bytes stored beside them.

    Raises:
        IndexStateError: what is stored of documents in new segments is damaged.
    """

    def __init__(self, segments: list[Segment], stored_file: StoredFile):
        self._segments = segments
        self._stored_file = stored_file
        new = (segment for segment in segments if segment.is_new)
        stored_file.check(place for segment in new for place in segment.places())
        # Whoosh's numbers of live documents -> the searcher's, without gaps; -1 where deleted.
        live = np.concatenate([s.live for s in segments]) if segments else np.zeros(0, bool)
        self._numbers = np.where(live, np.cumsum(live) - 1, -1)
        self._all_live = bool(live.all())
        self._first_documents = np.cumsum([0, *(len(s.live) for s in segments)]).tolist()

    def rows(self) -> list[DocRecord]:
        """See searcher.SnapshotSource."""
        return [
            record
            for segment in self._segments
            for record, live in zip(segment.records, segment.live, strict=True)
            if live
        ]

    def stored(self, place: StoredPlace) -> bytes:
        """See searcher.SnapshotSource.

        Raises:
            IndexStateError: the bytes were damaged since the file was opened.
        """
        self._stored_file.check([place])
        return bytes(self._stored_file.at(place))

    def words(self, gone: Mask | None = None) -> list[str]:
        """See postings.PostingsSource."""
        lists: list[list[str]] = []
        for segment, first in self._numbered():
            live = segment.live
            if gone is not None and len(gone):
                # Deleted ones have the number -1, and are not live whatever stands there.
                live = live & ~gone[self._numbers[first : first + len(live)]]
            lists.append(segment.words(live))
        return lists[0] if len(lists) == 1 else sorted({w for words in lists for w in words})

    def postings(self, term: str) -> Postings:
        """See postings.PostingsSource."""
        parts = []
        for segment, first in self._numbered():
            number = segment.columns.number(term)
            if number is not None:
                parts.append(segment.columns.postings(number, number).moved(first))
        return self._joined(parts)

    def between(self, first: str, last: str) -> Postings:
        """See postings.PostingsSource."""
        parts = []
        for segment, first_document in self._numbered():
            terms = segment.columns.terms
            start = bisect.bisect_left(terms, first)
            end = bisect.bisect_right(terms, last, start) - 1
            if end >= start:
                parts.append(segment.columns.postings(start, end).moved(first_document))
        return self._joined(parts)

    def _numbered(self) -> Iterator[tuple[Segment, int]]:
        """Yield each segment and how many documents are before it."""
        return zip(self._segments, self._first_documents, strict=False)

    def _joined(self, parts: list[Postings]) -> Postings:
        """Return the postings of segments as one, with the searcher's document numbers."""
        if not parts:
            return NO_POSTINGS
        joined = parts[0] if len(parts) == 1 else _concatenated(parts)
        return joined if self._all_live else self._live(joined)

    def _live(self, postings: Postings) -> Postings:
        """Return postings without deleted documents, numbered without gaps."""
        documents = self._numbers[postings.entries >> FIELD_BITS]
        live = documents >= 0
        entries = (documents[live] << FIELD_BITS) | (postings.entries[live] & FIELD_MASK)
        documents = self._numbers[postings.places >> DOCUMENT_SHIFT]
        is_live = documents >= 0
        places = (documents[is_live] << DOCUMENT_SHIFT) | (postings.places[is_live] & PLACE_MASK)
        entries = entries.astype(np.uint32)
        return Postings(places, entries, postings.counts[live])


def _concatenated(parts: list[Postings]) -> Postings:
    return Postings(
        np.concatenate([p.places for p in parts]),
        np.concatenate([p.entries for p in parts]),
        np.concatenate([p.counts for p in parts]),
    )
