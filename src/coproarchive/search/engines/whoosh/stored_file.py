"""What the `whoosh` engine keeps of documents beside Whoosh's own files: one file, appended to.

A document's row says where its bytes stand and what their checksum is, so that a commit of Whoosh
decides what counts: bytes that a killed process left behind are never looked at. Bytes of documents
that were replaced stay until the index is built anew. Nothing but the end that no commit knows is
ever cut off, so that the file may be mapped into memory.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from coproarchive.errors import IndexStateError
from coproarchive.search.engines.whoosh.columns import mapped

NAME = "kept.bin"

Place = tuple[int, int, int]
"""First byte, number of bytes, CRC-32."""


class StoredFile:
    """What is in the file of an index folder now, mapped. Thread-safe.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self._path = folder / NAME
        self._data = memoryview(b"")
        if size(folder):
            self._data = memoryview(mapped(self._path))

    def at(self, place: Place) -> memoryview:
        """The bytes at a place."""
        return self._data[place[0] : place[0] + place[1]]

    def check(self, places: Iterable[Place]) -> None:
        """Look whether all places have what was written.

        Raises:
            IndexStateError: one has not.
        """
        for place in places:
            if zlib.crc32(self.at(place)) != place[2]:
                raise IndexStateError(
                    f"the index is damaged ({NAME}, byte {place[0]}).",
                    self._path.parent,
                    "Run: coproarchive index --rebuild",
                )


def size(folder: Path) -> int:
    """Bytes in the file of an index folder."""
    path = folder / NAME
    return path.stat().st_size if path.exists() else 0


class StoredFileWriter:
    """Appends to the file; one writer at a time, as with Whoosh.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self._start = self._at = size(folder)
        self._path = folder / NAME
        self._file: BinaryIO | None = None

    def add(self, data: bytes) -> Place:
        """Write bytes; the place to read them from after `close`."""
        if self._file is None:
            self._file = self._path.open("ab")
        self._file.write(data)
        place = (self._at, len(data), zlib.crc32(data))
        self._at += len(data)
        return place

    def close(self) -> None:
        """All is in the file; the commit makes it durable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def undo(self) -> None:
        """Take back what was added since the last `close`."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # on a full disk what is gathered cannot be written
                self._file.close()
            self._file = None
            os.truncate(self._path, self._start)
