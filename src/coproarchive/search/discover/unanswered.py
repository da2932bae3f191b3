"""Searches without results, counted for archivists: words only, no person.

Stored in one small file beside the index's generations, so that a rebuild does not lose it;
deleting the index folder does. What looks like personal data (an address, a long number) is left
out.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path

from coproarchive.search.language.query import Query

MAX_SEARCHES = 500
"""Searches stored; when there are more, the rarest give way."""
MOST_WORDS = 8
_LONG_NUMBER = 5


class Unanswered:
    """Counts in one file. Thread-safe; another process's counts of the same moment may be lost.

    Args:
        path: the file; None counts nothing.
    """

    def __init__(self, path: Path | None):
        self._path = path
        self._lock = threading.Lock()

    def count(self, query: Query) -> None:
        """Count a search without results; where the file cannot be written, it is not counted."""
        words = _words(query)
        if self._path is None or not words:
            return
        with self._lock, contextlib.suppress(OSError):
            counts = self._read()
            counts[words] = counts.get(words, 0) + 1
            if len(counts) > MAX_SEARCHES:
                # Half of them go at once, or the newest would always be the next to go.
                commonest = sorted(counts.items(), key=lambda pair: -pair[1])[: MAX_SEARCHES // 2]
                counts = {**dict(commonest), words: counts[words]}
            temporary = self._path.with_suffix(".tmp")
            temporary.write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
            os.replace(temporary, self._path)

    def most(self, number: int = 50) -> list[tuple[str, int]]:
        """Return the words of searches and their counts, most frequent first."""
        if self._path is None:
            return []
        counts = self._read()
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:number]

    def _read(self) -> dict[str, int]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8")) if self._path else {}
            return {str(words): int(count) for words, count in stored.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}


def _words(query: Query) -> str:
    """Return the words of a query as they are searched; "" where they may be personal data."""
    if "@" in query.text or "://" in query.text:
        return ""
    words = [word for clause in query.positive for word in clause.words]
    if len(words) > MOST_WORDS or any(_is_long_number(word) for word in words):
        return ""
    return " ".join(words)


def _is_long_number(word: str) -> bool:
    return sum(c.isdigit() for c in word) >= _LONG_NUMBER
