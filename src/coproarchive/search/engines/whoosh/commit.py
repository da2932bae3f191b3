"""One write to an index: deletions, new segments, and the merging of small ones, all or nothing.

Whoosh's IndexWriter is not used: it sorts a tuple a posting. Its lock, segments and table of
contents are, by their public names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coproarchive.errors import EngineError
from coproarchive.search.engines.columnar.postings import DOCUMENT_SHIFT, PLACE_MASK
from coproarchive.search.engines.columnar.searcher import DocRecord
from coproarchive.search.engines.seam import Document
from coproarchive.search.engines.whoosh.columns import write_columns
from coproarchive.search.engines.whoosh.inverter import Inverter
from coproarchive.search.engines.whoosh.segments import Segment
from coproarchive.search.engines.whoosh.stock import (
    INDEX_NAME,
    TOC,
    clean_files,
    schema,
)
from coproarchive.search.engines.whoosh.stored_file import StoredFileWriter
from coproarchive.search.engines.whoosh.writer import write_segment

BATCH_PLACES = 12 << 20
"""Places that are sorted at once, about 500 MB: more documents make more segments."""
MERGED_PLACES = 1 << 18
"""Places of segments that a small write merges: about a third of a second."""
MAX_SEGMENTS = 16
"""More are merged whatever it takes: each costs every search a look-up a word."""


class Commit:
    """Gathers a write, which `finish` commits; the caller keeps other processes out.

    Args:
        folder: of the index.
        storage: Whoosh's, of the folder.
        segments: of the newest commit, by name.

    Raises:
        EngineError: another process is writing.
    """

    def __init__(self, folder: Path, storage: Any, segments: Mapping[str, Segment]):
        self._folder = folder
        self._storage = storage
        self._lock = storage.lock("WRITELOCK")
        if not self._lock.acquire(blocking=False):
            raise EngineError("another process is writing to the index.", folder)
        toc = TOC.read(storage, INDEX_NAME)
        self._schema = schema()
        self.generation: int = toc.generation + 1
        # A segment whose documents are all deleted has no reader, and is left out.
        self._old = [s for s in toc.segments if s.segment_id() in segments]
        self._segments = segments
        self._places: dict[str, tuple[Any, int]] = {
            record.id: (segment, number)
            for segment in self._old
            for number, record in enumerate(segments[segment.segment_id()].records)
            if segments[segment.segment_id()].live[number]
        }
        self._stored = StoredFileWriter(folder)
        self._new: list[Any] = []
        self._start_batch()

    def _start_batch(self) -> None:
        self._inverter = Inverter()
        self._records: list[DocRecord] = []
        self._pending: set[str] = set()

    def delete(self, ids: Iterable[str]) -> None:
        """Delete documents that are there."""
        for document_id in ids:
            if document_id in self._pending:
                self._write_batch()
            segment, number = self._places.pop(document_id, (None, 0))
            if segment is not None:
                segment.delete_document(number)

    def add(self, document: Document) -> None:
        """Add or replace a document."""
        self.delete([document.id])
        number = len(self._records)
        lengths = self._inverter.add(number, document)
        stored = {name: self._stored.add(data) for name, data in document.stored.items()}
        self._records.append(
            DocRecord(
                document.id, document.digest, lengths, document.facets, document.date,
                document.title, stored,
            )
        )  # fmt: skip
        self._pending.add(document.id)
        if self._inverter.size >= BATCH_PLACES:
            self._write_batch()

    def finish(self) -> None:
        """Write what was gathered, and make it the newest commit.

        Raises:
            OSError: it could not be written; the index is as it was.
        """
        merged = self._choose_merged()
        for segment in merged:
            self._merge(segment)
        if self._records:
            self._write_batch()
        self._stored.close()
        segments = [s for s in self._old if s not in merged and not _is_empty(s)]
        segments += [s for s in self._new if not _is_empty(s)]
        TOC(self._schema, segments, self.generation).write(self._storage, INDEX_NAME)
        clean_files(self._storage, INDEX_NAME, self.generation, segments)
        self.release()

    def undo(self) -> None:
        """Leave the index as it was; what the table of contents names already, stays."""
        with contextlib.suppress(Exception):
            self._stored.undo()
        is_committed = TOC.read(self._storage, INDEX_NAME).generation == self.generation
        for segment in () if is_committed else self._new:
            for name in segment.list_files(self._storage):
                with contextlib.suppress(OSError):
                    self._storage.delete_file(name)
        self.release()

    def release(self) -> None:
        """Let others write."""
        with contextlib.suppress(Exception):
            self._storage.temp_storage(f"{INDEX_NAME}.tmp").destroy()
        with contextlib.suppress(Exception):
            self._lock.release()

    def _write_batch(self) -> None:
        """Write the gathered documents as a segment."""
        inversion = self._inverter.finish()
        segment = write_segment(self._storage, self._schema, self._records, inversion)
        self._new.append(segment)
        write_columns(self._folder, segment.segment_id(), inversion)
        for number, record in enumerate(self._records):
            self._places[record.id] = (segment, number)
        self._start_batch()

    # -------------------------------------------------------------- merging

    def _choose_merged(self) -> list[Any]:
        """Return the segments that are written again with what was gathered."""
        sizes = []
        for segment in self._old:
            live = 1 - segment.deleted_count() / segment.doc_count_all()
            places = len(self._segments[segment.segment_id()].columns.places)
            sizes.append((int(live * places), live < 0.5))
        spare = MAX_SEGMENTS - 1 - len(self._new)
        return [self._old[n] for n in choose_merged(sizes, self._inverter.size, spare)]

    def _merge(self, segment: Any) -> None:
        """Add the live documents of a segment to those gathered."""
        old = self._segments[segment.segment_id()]
        live = np.array([not segment.is_deleted(n) for n in range(len(old.records))], bool)
        columns, first = old.columns, len(self._records)
        new_numbers = np.where(live, first - 1 + np.cumsum(live), -1)
        counts = np.diff(columns.place_starts)
        terms = np.repeat(np.arange(len(columns.terms), dtype=np.int32), counts)
        documents = new_numbers[columns.places >> DOCUMENT_SHIFT]
        is_live = documents >= 0
        places = (documents << DOCUMENT_SHIFT) | (columns.places & PLACE_MASK)
        self._inverter.add_places(columns.terms, terms[is_live], places[is_live])
        self._records += [r for r, is_kept in zip(old.records, live, strict=True) if is_kept]


def choose_merged(sizes: Sequence[tuple[int, bool]], new: int, at_most: int) -> list[int]:
    """Choose segments to merge with a new one, so that few are left and small writes stay quick.

    A segment is merged when the new one and smaller ones come up to its size, so that sizes grow
    as powers of two; up to MERGED_PLACES, or twice what is new.

    Args:
        sizes: places of live documents of each segment, and whether most documents are deleted.
        new: places of the new documents.
        at_most: segments that may be left beside the new one.

    Returns:
        Indexes, smallest segment first.
    """
    chosen: list[int] = []
    total, limit = new, max(MERGED_PLACES, 2 * new)
    for index in sorted(range(len(sizes)), key=lambda n: sizes[n][0]):
        size, is_mostly_deleted = sizes[index]
        fits = total + size <= limit and (size <= total or is_mostly_deleted)
        is_one_too_many = len(sizes) - len(chosen) > at_most
        if (fits or is_mostly_deleted or is_one_too_many) and total + size <= BATCH_PLACES:
            chosen.append(index)
            total += size
    return chosen


def _is_empty(segment: Any) -> bool:
    """Tell whether all documents of a segment are deleted."""
    return bool(segment.deleted_count() == segment.doc_count_all())
