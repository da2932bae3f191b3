"""A segment's postings as plain arrays in a file beside it: what searches read of the words.

Whoosh's own postings are compressed pickles; unpacking those of a common word takes longer than all
else that a search does. So each segment has a file of columns, derived from it, that is mapped into
memory and used as it is:

    places     int64, ascending for each term; see columnar.postings.DOCUMENT_SHIFT
    entries    uint32, ascending for each term: document and field, each pair once
    counts     uint32, how often the term is in that field of that document
    starts     int64, three a term and three more: its first place, its first entry, and the number
               of documents of all terms before
    terms      UTF-8, in alphabetical order, with line ends between
    footer     magic, the sizes of the above, and a CRC-32 of all before it and the segment's name

Numbers are little-endian, document numbers Whoosh's own. A file that is missing, damaged or of
another version is derived again from Whoosh's postings.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
import tempfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    Entries,
    Numbers,
    Postings,
)
from coproarchive.search.engines.whoosh.inverter import Inversion, Inverter
from coproarchive.search.language.analysis import FIELD_SHIFT
from coproarchive.search.language.fields import TEXT_FIELDS

_SIZES = struct.Struct("<8s4q")
_CRC = struct.Struct("<I")
_FOOTER_SIZE = _SIZES.size + _CRC.size
_MAGIC = b"COPRCOL1"
"""The version of the format: raise the digit when it changes."""
_ROW = 3
"""Numbers a term in `starts`."""
_PREFIX, _SUFFIX = "columns-", ".bin"


class DamagedColumnsError(Exception):
    """Bytes are not the columns of the segment."""


def path_of(folder: Path, segment: str) -> Path:
    """Return the file of a segment's columns."""
    return folder / f"{_PREFIX}{segment}{_SUFFIX}"


def column_files(folder: Path) -> dict[str, Path]:
    """Return segment -> file of columns, of all in the folder."""
    paths = folder.glob(f"{_PREFIX}*{_SUFFIX}")
    return {p.name.removeprefix(_PREFIX).removesuffix(_SUFFIX): p for p in paths}


def map_file(path: Path) -> mmap.mmap:
    """Map a file that is not empty, to be read; its pages are made ready where Linux can."""
    with path.open("rb") as file:
        if hasattr(mmap, "MAP_POPULATE"):
            flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
            return mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def write_columns(folder: Path, segment: str, inversion: Inversion) -> None:
    """Write the file of a segment's columns: whole, or not at all.

    Raises:
        OSError: it could not be written.
    """
    path = path_of(folder, segment)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".columns-", delete=False) as file:
        try:
            for part in _parts(segment, inversion):
                file.write(part)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(file.name).unlink()
            raise


def read_columns(folder: Path, segment: str, reader: Any) -> SegmentColumns:
    """Map the columns of a segment; derive them, where they are not there or not whole.

    Where the folder cannot be written to, they are derived in memory.

    Args:
        folder: of the index.
        segment: its name.
        reader: Whoosh's, of this segment.
    """
    path = path_of(folder, segment)
    with contextlib.suppress(OSError, ValueError, DamagedColumnsError):
        return SegmentColumns(segment, map_file(path))
    inversion = derive(reader)
    try:
        write_columns(folder, segment, inversion)
        return SegmentColumns(segment, map_file(path))
    except OSError:
        return SegmentColumns(segment, b"".join(_parts(segment, inversion)))


def derive(reader: Any) -> Inversion:
    """Read all postings of a segment's text fields through Whoosh's reader of it."""
    terms: dict[str, int] = {}
    numbers: list[int] = []
    counts: list[int] = []
    places: list[int] = []
    for field, name in enumerate(TEXT_FIELDS):
        for term in reader.lexicon(name):
            before = len(places)
            matcher = reader.postings(name, term)
            while matcher.is_active():
                start = (matcher.id() << DOCUMENT_SHIFT) | (field << FIELD_SHIFT)
                places += [start + position for position in matcher.value_as("positions")]
                matcher.next()
            numbers.append(terms.setdefault(term.decode(), len(terms)))
            counts.append(len(places) - before)
    term_numbers = np.repeat(np.array(numbers, np.int32), np.array(counts, np.int64))
    all_places = np.array(places, np.int64)
    order = all_places.argsort(kind="stable")
    inverter = Inverter()
    inverter.add_places(list(terms), term_numbers[order], all_places[order])
    return inverter.finish()


def _parts(segment: str, inversion: Inversion) -> Iterator[bytes]:
    """Yield the bytes of a file of columns."""
    places, starts = inversion.places, inversion.starts
    is_start = np.zeros(len(places) + 1, bool)
    is_start[starts] = True
    is_start = is_start[:-1]
    is_entry = is_start | (np.diff(places >> FIELD_SHIFT, prepend=-1) != 0)
    is_document = is_start | (np.diff(places >> DOCUMENT_SHIFT, prepend=-1) != 0)
    first = is_entry.nonzero()[0]
    rows = np.zeros((len(starts), _ROW), "<i8")
    rows[:, 0] = starts
    for column, flags in enumerate((is_entry, is_document), start=1):
        rows[:, column] = np.concatenate([[0], flags.cumsum()])[starts]
    parts = [
        places.astype("<i8", copy=False).tobytes(),
        (places >> FIELD_SHIFT)[first].astype("<u4").tobytes(),
        np.diff(first, append=len(places)).astype("<u4").tobytes(),
        rows.tobytes(),
        "\n".join(inversion.terms).encode(),
    ]
    parts.append(_SIZES.pack(_MAGIC, *map(len, parts[:3]), len(inversion.terms)))
    crc = zlib.crc32(segment.encode())
    for part in parts:
        crc = zlib.crc32(part, crc)
        yield part
    yield _CRC.pack(crc)


class SegmentColumns:
    """The columns of a segment. Thread-safe.

    Args:
        segment: its name.
        data: the bytes of the file.

    Raises:
        DamagedColumnsError: these are not its columns, or of another version.
    """

    def __init__(self, segment: str, data: bytes | mmap.mmap):
        end = len(data) - _FOOTER_SIZE
        if end < 0:
            raise DamagedColumnsError(segment)
        magic, places, entries, counts, terms = _SIZES.unpack_from(data, end)
        with memoryview(data) as view:
            crc = zlib.crc32(view[: -_CRC.size], zlib.crc32(segment.encode()))
        if magic != _MAGIC or _CRC.unpack_from(data, end + _SIZES.size) != (crc,):
            raise DamagedColumnsError(segment)
        self.places: Numbers = np.frombuffer(data, "<i8", places // 8)
        self.entries: Entries = np.frombuffer(data, "<u4", entries // 4, places)
        self.counts: Entries = np.frombuffer(data, "<u4", counts // 4, places + entries)
        at = places + entries + counts
        starts = np.frombuffer(data, "<i8", _ROW * (terms + 1), at).astype(np.int64, copy=False)
        self._starts = starts.reshape(-1, _ROW)
        # A term's bounds are looked up one by one: numbers come out of this quicker.
        self._bounds = starts.data
        self._text = data[at + starts.nbytes : end]

    @cached_property
    def terms(self) -> list[str]:
        """Every term, in alphabetical order."""
        text = self._text.decode()
        return text.split("\n") if text else []

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {term: number for number, term in enumerate(self.terms)}

    def number(self, term: str) -> int | None:
        """Return the term's number in alphabetical order, None where the segment has it not."""
        return self._numbers.get(term)

    def postings(self, first: int, last: int) -> Postings:
        """Return the postings of the terms with these numbers, last included, term after term."""
        bounds, start, end = self._bounds, _ROW * first, _ROW * (last + 1)
        entry, entry_end = bounds[start + 1], bounds[end + 1]
        return Postings(
            self.places[bounds[start] : bounds[end]],
            self.entries[entry:entry_end],
            self.counts[entry:entry_end],
        )

    @property
    def place_starts(self) -> Numbers:
        """Number of each term's first place, and of all places."""
        starts: Numbers = self._starts[:, 0]
        return starts

    @property
    def entry_starts(self) -> Numbers:
        """Number of each term's first entry, and of all entries."""
        starts: Numbers = self._starts[:, 1]
        return starts

    @property
    def document_counts(self) -> Numbers:
        """Number of documents, deleted ones too, of each term."""
        counts: Numbers = np.diff(self._starts[:, 2])
        return counts
