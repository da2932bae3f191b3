"""What the `whoosh` engine keeps of documents beside Whoosh's own files: one file, appended to.

A document's row says where its bytes stand and what their checksum is, so that a commit of Whoosh
decides what counts: bytes that a killed process left behind are never looked at. Bytes of documents
that were replaced stay until the index is built anew.
"""

from __future__ import annotations

import threading
import zlib
from pathlib import Path
from typing import BinaryIO

from coproarchive.errors import IndexStateError

NAME = "kept.bin"

Place = tuple[int, int, int]
"""First byte, number of bytes, CRC-32."""


class KeptFile:
    """The file in an index folder. Thread-safe.

    Args:
        folder: of the index.
    """

    def __init__(self, folder: Path):
        self.path = folder / NAME
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.path.stat().st_size if self.path.exists() else 0

    def read(self, place: Place) -> bytes:
        """The bytes at a place.

        Raises:
            IndexStateError: they are not what was written.
        """
        start, length, checksum = place
        if not length:
            return b""
        try:
            with self._lock:
                if self._file is None:
                    self._file = self.path.open("rb", buffering=0)
                self._file.seek(start)
                data = self._file.read(length)
        except OSError as error:
            raise self._damaged(str(error)) from None
        if zlib.crc32(data) != checksum:
            raise self._damaged(f"{NAME}, byte {start}")
        return data

    def _damaged(self, what: str) -> IndexStateError:
        return IndexStateError(
            f"the index is damaged ({what}).",
            self.path.parent,
            "Run: coproarchive index --rebuild",
        )

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


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
