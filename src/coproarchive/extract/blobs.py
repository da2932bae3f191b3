"""Bytes by hash of the file and name of the reader: what keeps them, and keeping them twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

Key = tuple[str, str]
"""Hash of the file, name of the reader."""


class Blobs(ABC):
    """Keeps bytes that can be made again. Thread-safe; what cannot be stored is not there."""

    @abstractmethod
    def get(self, sha256: str, reader: str) -> bytes | None:
        """Return the entry, None where there is none."""

    @abstractmethod
    def others(self, sha256: str, reader: str) -> list[bytes]:
        """Return entries of this hash by other readers, in the order of their names."""

    @abstractmethod
    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """Return those of the keys that have no entry; what entries hold is not read."""

    @abstractmethod
    def put(self, sha256: str, reader: str, data: bytes) -> None:
        """Keep an entry, in the place of those by older versions ("pdf-3") of its reader."""

    @abstractmethod
    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """Remove the entries of all files but these, so that no byte of them is left.

        Args:
            hashes: of files.
            reader: whose entries stay, whatever they are of.
        """

    @abstractmethod
    def flush(self) -> None:
        """Write what waits."""

    @abstractmethod
    def close(self) -> None:
        """Write what waits, and let go of files; the next use opens them again."""


class TieredBlobs(Blobs):
    """Blobs that are near, filled from blobs that all servers share.

    Args:
        near: asked first; what the shared ones have is kept here as well.
        shared: asked for what is not near.
    """

    def __init__(self, near: Blobs, shared: Blobs):
        self._near = near
        self._shared = shared

    def get(self, sha256: str, reader: str) -> bytes | None:
        """See Blobs.get."""
        data = self._near.get(sha256, reader)
        if data is None and (data := self._shared.get(sha256, reader)) is not None:
            self._near.put(sha256, reader, data)
        return data

    def others(self, sha256: str, reader: str) -> list[bytes]:
        """See Blobs.others."""
        return self._near.others(sha256, reader) or self._shared.others(sha256, reader)

    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """See Blobs.missing."""
        return self._shared.missing(self._near.missing(keys))

    def put(self, sha256: str, reader: str, data: bytes) -> None:
        """See Blobs.put."""
        self._near.put(sha256, reader, data)
        self._shared.put(sha256, reader, data)

    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """See Blobs.keep_only."""
        self._near.keep_only(hashes, reader)
        self._shared.keep_only(hashes, reader)

    def flush(self) -> None:
        """See Blobs.flush."""
        self._near.flush()
        self._shared.flush()

    def close(self) -> None:
        """See Blobs.close."""
        self._near.close()
        self._shared.close()
