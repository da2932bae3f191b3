"""Texts of files that are known without reading any, for tests of the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from coproarchive.extract.base import Extraction


class Texts:
    """Stands for the reader: the text of each file by its hash."""

    def __init__(self) -> None:
        self.known: dict[str, Extraction] = {}

    def cached(self, sha256: str, _: str) -> Extraction | None:
        return self.known.get(sha256)

    def is_kept(self, sha256: str, _: str) -> bool:
        return sha256 in self.known

    def read_many(self, jobs: Iterable[Any]) -> Iterator[tuple[Any, Extraction]]:
        for job in jobs:
            yield job, self.known[job.sha256]

    def reader_of(self, _: str) -> str:
        return "made up"

    def asset_path(self, item_id: str, name: str) -> Path:
        return Path(item_id) / name
