"""What the `whoosh` engine keeps of documents beside Whoosh's own files: one file, appended to.

A document's row says where its bytes stand and what their checksum is, so that a commit of Whoosh
decides what counts: bytes that a killed process left behind are never looked at. Bytes of documents
that were replaced stay until the index is built anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from coproarchive.errors import IndexStateError

NAME = "kept.bin"

Place = tuple[int, int, int]
"""First byte, number of bytes, CRC-32."""


class KeptFile:
    """The file in an index folder. Thread-safe: nothing is kept open.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self.path = folder / NAME

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, places: Iterable[Place]) -> list[bytes]:
        """The bytes at each place.

        Raises:
            IndexStateError: they are not what was written.
        """
        found: list[bytes] = []
        wanted = list(places)
        if not any(length for _, length, _ in wanted):
            return [b""] * len(wanted)
        try:
            # Opened for each search: a handle kept would outlive the index's folder.
            with self.path.open("rb", buffering=0) as file:
                for start, length, checksum in wanted:
                    file.seek(start)
                    data = file.read(length)
                    if zlib.crc32(data) != checksum:
                        raise self._damaged(f"{NAME}, byte {start}")
                    found.append(data)
        except OSError as error:
            raise self._damaged(str(error)) from None
        return found

    def _damaged(self, what: str) -> IndexStateError:
        return IndexStateError(
            f"the index is damaged ({what}).",
            self.path.parent,
            "Run: coproarchive index --rebuild",
        )


class KeptWriter:
    """Appends to the file; one writer at a time, as with Whoosh.

    Args:
        kept: the file.
    """

    def __init__(self, kept: KeptFile):
        self._start = self._at = kept.size
        self._path = kept.path
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
            self._file.truncate(self._start)
            self.close()
