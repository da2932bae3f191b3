"""Bytes stored of documents, beside Whoosh's own files: one file that is appended to.

A document's record says where its bytes are and what their checksum is, so that a commit of Whoosh
decides what counts: bytes that a killed process left are never looked at. They are not Whoosh's
stored fields, which a merge would copy and compress again. Bytes that no document has any more are
overwritten with zeros after the commit, so that the words of an item that was hidden leave the file
with it; their room is given back when the index is built anew. Only an end that no commit names is
ever cut off, so that the file may be mapped into memory.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from coproarchive.errors import IndexStateError
from coproarchive.search.engines.columnar.searcher import StoredPlace
from coproarchive.search.engines.whoosh.columns import map_file

NAME = "stored.bin"


class StoredFile:
    """The file of an index folder as it is now, mapped. Thread-safe.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self._path = folder / NAME
        self._data = memoryview(map_file(self._path) if size(folder) else b"")

    def at(self, place: StoredPlace) -> memoryview:
        """Return the bytes at a place."""
        return self._data[place[0] : place[0] + place[1]]

    def check(self, places: Iterable[StoredPlace]) -> None:
        """Compare the bytes at these places with their checksums.

        Raises:
            IndexStateError: some differ.
        """
        for place in places:
            if zlib.crc32(self.at(place)) != place[2]:
                raise IndexStateError(
                    f"the index is damaged ({NAME}, byte {place[0]}).",
                    self._path.parent,
                    "Run: coproarchive index --rebuild",
                )


def size(folder: Path) -> int:
    """Return the bytes in the file of an index folder."""
    path = folder / NAME
    return path.stat().st_size if path.exists() else 0


class StoredFileWriter:
    """Appends to the file; one writer at a time, as with Whoosh.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self._start = self._end = size(folder)
        self._path = folder / NAME
        self._file: BinaryIO | None = None

    def add(self, data: bytes) -> StoredPlace:
        """Store bytes at the end; return where they are once the file is closed."""
        if self._file is None:
            self._path.touch(0o600)
            self._file = self._path.open("ab")
        self._file.write(data)
        place = (self._end, len(data), zlib.crc32(data))
        self._end += len(data)
        return place

    def close(self) -> None:
        """Close the file with all bytes in it; the commit makes them durable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def undo(self) -> None:
        """Cut off what was appended since the last `close`; a commit may name what was before."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk what is buffered cannot be written
                self._file.close()
            self._file = None
            os.truncate(self._path, self._start)


def wipe_gaps(folder: Path, places: Iterable[StoredPlace]) -> None:
    """Clear what is stored in no place: zeros are written over it, and make that durable.

    Killed in between, the next call does the rest. A search over an earlier commit that comes for
    these bytes finds that their checksum differs, and is run again over this commit.

    Args:
        folder: of the index.
        places: of all documents of the newest commit.

    Raises:
        OSError: the file cannot be written to.
    """
    path = folder / NAME
    if not size(folder):
        return
    with path.open("r+b") as file:
        data = np.frombuffer(map_file(path), np.uint8)
        end, is_changed = 0, False
        for start, length, _ in (*sorted(places), (len(data), 0, 0)):
            if start > end and data[end:start].any():
                file.seek(end)
                file.write(bytes(start - end))
                is_changed = True
            end = max(end, start + length)
        if is_changed:
            file.flush()
            os.fsync(file.fileno())
