"""Searches without results, counted for archivists: words only, no person.

Stored in one small file beside the index's generations, or on the engine's server, so that a
rebuild does not lose it; deleting the index folder does. What looks like personal data (an address,
a long number) is left out.
"""

from __future__ import annotations

from coproarchive.search.engines.tally import Tally
from coproarchive.search.language.query import Query

MOST_WORDS = 8
_LONG_NUMBER = 5


class Unanswered:
    """Counts searches that found nothing. Thread-safe.

    Args:
        tally: where they are counted; None counts nothing.
    """

    def __init__(self, tally: Tally | None):
        self._tally = tally

    def count(self, query: Query) -> None:
        """Count a search without results."""
        if self._tally is not None and (words := _words(query)):
            self._tally.add(words)

    def most(self, number: int = 50) -> list[tuple[str, int]]:
        """Return the words of searches and their counts, most frequent first."""
        return self._tally.most(number) if self._tally is not None else []


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
