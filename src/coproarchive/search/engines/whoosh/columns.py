"""A segment's postings as plain arrays in a file beside it: what searches read of the words.

Whoosh's own postings are compressed pickles, made to be merged; unpacking those of a common word
takes longer than all else that a search does. So every segment's are written a second time, as it
is written or merged, in a form that is mapped into memory and used as it is:

    places     int64, ascending for each term: document, field, leaf and word; see base.Where
    entries    uint32, ascending for each term: document and field, each pair once
    counts     uint32, how often the term is in that field of that document
    starts     int64, a row a term and one more: its first place, its first entry, documents before,
               and fields it is in, a bit each
    terms      UTF-8, ascending, with line ends between
    footer     what file this is, the sizes of the above, and their CRC-32

Terms stand in alphabetical order, so that all words that begin alike are one slice. And numbers are
little-endian, document numbers Whoosh's own.
"""

from __future__ import annotations

import mmap
import struct
import tempfile
import zlib
from array import array
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_MASK,
    Entries,
    Numbers,
    Postings,
)
from coproarchive.search.language.analysis import FIELD_SHIFT

_FOOTER = struct.Struct("<8s4qI")
_MAGIC = b"COPRARR2"
_ROW = 4
"""Numbers in a row of `starts`."""
_AT_ONCE = 4 << 20
"""Bytes of positions that are gathered before they are written."""
_PREFIX, _SUFFIX = "arrays-", ".bin"


def path_of(folder: Path, segment: str) -> Path:
    """The file of a segment."""
    return folder / f"{_PREFIX}{segment}{_SUFFIX}"


def segment_files(folder: Path) -> dict[str, Path]:
    """Segment -> its file, of all that are in the folder."""
    found = folder.glob(f"{_PREFIX}*{_SUFFIX}")
    return {p.name.removeprefix(_PREFIX).removesuffix(_SUFFIX): p for p in found}


def mapped(path: Path) -> mmap.mmap:
    """A file that is not empty in memory, to be read; its pages are made ready where Linux can."""
    with path.open("rb") as file:
        if hasattr(mmap, "MAP_POPULATE"):
            flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
            return mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class ArraysWriter:
    """Writes the file of one segment, term by term.

    Args:
        path: see path_of.
    """

    def __init__(self, path: Path):
        self._file: BinaryIO = path.open("wb")
        self._crc = 0
        folder = path.parent
        self._entries: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close
        self._counts: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close
        self._terms: list[bytes] = []
        self._starts = [np.zeros((1, _ROW), np.int64)]
        self._clear()

    def _clear(self) -> None:
        """Nothing is gathered."""
        self._documents = array("I")
        self._positions: list[bytes] = []
        self._ends: list[int] = []
        self._size = 0

    def add(self, documents: array[int], positions: Sequence[bytes]) -> None:
        """Some documents of the term, ascending, with what Whoosh keeps of each: its positions."""
        self._documents.extend(documents)
        self._positions.extend(positions)
        self._size += sum(map(len, positions))

    def finish(self, term: bytes) -> None:
        """All of the term was added."""
        self._terms.append(term)
        self._ends.append(self._size // 8)
        if self._size >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Write what was gathered."""
        if not self._ends:
            return
        sizes = np.fromiter(map(len, self._positions), np.int64, len(self._positions)) // 8
        owners = np.repeat(np.frombuffer(self._documents, np.uint32).astype(np.int64), sizes)
        places = np.frombuffer(b"".join(self._positions), "<i8") + (owners << DOCUMENT_SHIFT)
        ends = np.array(self._ends, np.int64)
        begins = np.zeros(len(places), bool)
        begins[[0, *(end for end in self._ends[:-1] if end < len(places))]] = True
        is_entry = begins | (np.diff(places >> FIELD_SHIFT, prepend=-1) != 0)
        is_document = begins | (np.diff(owners, prepend=-1) != 0)
        first = np.flatnonzero(is_entry)
        (places >> FIELD_SHIFT)[first].astype("<u4").tofile(self._entries)
        np.diff(first, append=len(places)).astype("<u4").tofile(self._counts)
        self._write(places.astype("<i8", copy=False).tobytes())
        bits = np.left_shift(1, (places >> FIELD_SHIFT) & FIELD_MASK)
        fields = np.bitwise_or.reduceat(bits, np.concatenate([[0], ends[:-1]]))
        rows = np.zeros((len(ends) + 1, _ROW), np.int64)
        rows[0] = self._starts[-1][-1]
        rows[:-1, 3] = fields
        for column, total in enumerate(
            (ends, is_entry.cumsum()[ends - 1], is_document.cumsum()[ends - 1])
        ):
            rows[1:, column] = rows[0, column] + total
        self._starts[-1] = self._starts[-1][:-1]
        self._starts.append(rows)
        self._clear()

    def close(self) -> None:
        """The file is whole."""
        if self._file.closed:
            return
        self._flush()
        sizes = [self._file.tell()]
        for part in (self._entries, self._counts):
            sizes.append(part.tell())
            part.seek(0)
            while chunk := part.read(1 << 20):
                self._write(chunk)
            part.close()
        self._write(np.concatenate(self._starts).astype("<i8", copy=False).tobytes())
        self._write(b"\n".join(self._terms))
        self._file.write(_FOOTER.pack(_MAGIC, *sizes, len(self._terms), self._crc))
        self._file.close()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._crc = zlib.crc32(data, self._crc)


class DamagedArraysError(Exception):
    """A file is not what was written."""


class SegmentArrays:
    """The file of a segment, mapped. Thread-safe.

    Args:
        path: see path_of.

    Raises:
        OSError: it cannot be read.
        DamagedArraysError: it is not what was written.
    """

    def __init__(self, path: Path):
        if path.stat().st_size < _FOOTER.size:
            raise DamagedArraysError(path.name)
        data = mapped(path)
        end = len(data) - _FOOTER.size
        magic, places, entries, counts, terms, crc = _FOOTER.unpack_from(data, end)
        if magic != _MAGIC or zlib.crc32(memoryview(data)[:end]) != crc:
            raise DamagedArraysError(path.name)
        self.places: Numbers = np.frombuffer(data, "<i8", places // 8)
        self.entries: Entries = np.frombuffer(data, "<u4", entries // 4, places)
        self.counts: Entries = np.frombuffer(data, "<u4", counts // 4, places + entries)
        at = places + entries + counts
        starts = np.frombuffer(data, "<i8", _ROW * (terms + 1), at).astype(np.int64, copy=False)
        self._starts = starts.reshape(-1, _ROW)
        # A term's bounds are looked up one by one: numbers come out of this quicker.
        self._bounds = starts.data
        self._data = data
        self._terms = (at + starts.nbytes, end)

    @cached_property
    def terms(self) -> list[str]:
        """Every term, in alphabetical order."""
        text = self._data[slice(*self._terms)].decode()
        return text.split("\n") if text else []

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {term: number for number, term in enumerate(self.terms)}

    def number(self, term: str) -> int | None:
        """Place of the term among all, None where the segment does not have it."""
        return self._numbers.get(term)

    def postings(self, first: int, last: int) -> Postings:
        """Of the terms with these numbers, last included, one after another."""
        bounds, start, end = self._bounds, _ROW * first, _ROW * (last + 1)
        entry, behind = bounds[start + 1], bounds[end + 1]
        return Postings(
            self.places[bounds[start] : bounds[end]],
            self.entries[entry:behind],
            self.counts[entry:behind],
            first == last and bounds[end + 2] - bounds[start + 2] == behind - entry,
        )

    def documents(self, number: int) -> int:
        """How many documents have the term, deleted ones counted."""
        bounds, start = self._bounds, _ROW * number
        return bounds[start + _ROW + 2] - bounds[start + 2]

    def fields(self, number: int) -> int:
        """Fields in which the term is, a bit each."""
        return self._bounds[_ROW * number + 3]

    @property
    def entry_bounds(self) -> Numbers:
        """Where the entries of each term begin, and where the last one's end."""
        bounds: Numbers = self._starts[:, 1]
        return bounds

    @property
    def having(self) -> Numbers:
        """How many documents have it, of every term."""
        counts: Numbers = np.diff(self._starts[:, 2])
        return counts
