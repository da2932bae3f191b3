"""Texts of files that are known without reading any, for tests of the search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from coproarchive.extract.base import Extraction
from coproarchive.extract.blobs import Blobs


class KeptBlobs(Blobs):
    """Keeps bytes in a dictionary, and counts what was put."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}
        self.puts = 0

    def get(self, sha256: str, reader: str) -> bytes | None:
        return self.kept.get((sha256, reader))

    def others(self, sha256: str, reader: str) -> list[bytes]:
        return [data for key, data in self.kept.items() if key[0] == sha256 and key[1] != reader]

    def missing(self, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        return [key for key in keys if key not in self.kept]

    def put(self, sha256: str, reader: str, data: bytes) -> None:
        self.puts += 1
        self.kept[sha256, reader] = data

    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """Remove what is of other files."""
        for key in [k for k in self.kept if k[0] not in hashes and k[1] != reader]:
            del self.kept[key]

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


class Texts:
    """Stands for the reader: the text of each file by its hash."""

    def __init__(self) -> None:
        self.known: dict[str, Extraction] = {}
        self.blobs = KeptBlobs()

    def cached(self, sha256: str, _: str) -> Extraction | None:
        return self.known.get(sha256)

    def missing(self, files: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        return {(sha256, kind) for sha256, kind in files if sha256 not in self.known}

    def read_many(self, jobs: Iterable[Any]) -> Iterator[tuple[Any, Extraction]]:
        for job in jobs:
            yield job, self.known[job.sha256]

    def reader_of(self, _: str) -> str:
        return "made up"

    def asset_path(self, item_id: str, name: str) -> Path:
        return Path(item_id) / name
