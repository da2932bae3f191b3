"""A zip made while it is sent: no copy of it is in memory or on the disk.

Entries are stored as they are: decks, PDFs and films are compressed in themselves. Sizes follow
each entry (PKWARE's APPNOTE, 4.3.9), since the receiver cannot be gone back in.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = 256 * 1024
_DAY = (1980, 1, 1, 0, 0, 0)
"""The first that a zip knows: the same files make the same bytes."""


class ZipEntry(NamedTuple):
    """A file of a zip.

    Attributes:
        name: inside the zip, with "/".
        content: where its bytes are, or the bytes themselves.
    """

    name: str
    content: Path | bytes


class _Outbox(io.RawIOBase):
    """A file that can only be written to; what was written is taken out again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take bytes in."""
        self._pieces.append(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._position

    def take(self) -> bytes:
        """Return what was written since this was last asked."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def zip_stream(entries: Iterable[ZipEntry]) -> Iterator[bytes]:
    """Yield the bytes of a zip of these entries. Raises OSError where a file cannot be read."""
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED, allowZip64=True) as package:
        for entry in entries:
            about = zipfile.ZipInfo(entry.name, _DAY)
            about.external_attr = 0o644 << 16
            with package.open(about, "w", force_zip64=True) as target:
                for block in _blocks(entry.content):
                    target.write(block)
                    yield outbox.take()
            yield outbox.take()
    yield outbox.take()


def _blocks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as source:
        while block := source.read(BLOCK):
            yield block
