"""Counting words of searches: in a file, or as an engine on a server does."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from coproarchive.locking import temporary_name

MAX_SEARCHES = 500
"""Searches stored; when there are more, the rarest give way."""


class Tally(ABC):
    """Counts how often each search was made. Thread-safe."""

    @abstractmethod
    def add(self, words: str) -> None:
        """Count a search once more; where that is not possible, it is not counted."""

    @abstractmethod
    def most(self, number: int) -> list[tuple[str, int]]:
        """Return the words of so many searches and their counts, most frequent first."""


class FileTally(Tally):
    """Counts in one file. Another process's counts of the same moment may be lost.

    Args:
        path: the file.
    """

    def __init__(self, path: Path):
        self._path = path
        self._lock = threading.Lock()

    def add(self, words: str) -> None:
        """See Tally.add."""
        with self._lock, contextlib.suppress(OSError):
            counts = self._read()
            counts[words] = counts.get(words, 0) + 1
            if len(counts) > MAX_SEARCHES:
                # Half of them go at once, or the newest would always be the next to go.
                commonest = sorted(counts.items(), key=lambda pair: -pair[1])[: MAX_SEARCHES // 2]
                counts = {**dict(commonest), words: counts[words]}
            temporary = self._path.with_name(temporary_name(self._path.name))
            temporary.write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
            os.replace(temporary, self._path)

    def most(self, number: int) -> list[tuple[str, int]]:
        """See Tally.most."""
        return sorted(self._read().items(), key=lambda pair: (-pair[1], pair[0]))[:number]

    def _read(self) -> dict[str, int]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(words): int(count) for words, count in stored.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}
