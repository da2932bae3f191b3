"""Which words of the archive are a slip away from one that it does not have."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

LONG = 8
"""Letters from which on a word may have two slips."""
FEW = 8
"""So many words begin alike at most, nearly always: others are not looked at then."""

Letters = NDArray[np.uint32]


class Spelling:
    """Words by their length, in alphabetical order from either end.

    A slip is a letter left out, put in, changed, or swapped with the next (optimal string alignment
    distance). One leaves the beginning of a word as it is, or the end: few words share that.
    Two change four members of the set of its letters at most, one less for each letter that the
    word gets longer or shorter: nearly all words are ruled out by one exclusive-or of such sets,
    kept as bits.

    Args:
        words: of the archive, sorted.
    """

    def __init__(self, words: Iterable[str]):
        self._words = sorted(filter(str.isalpha, words), key=len)
        lengths = np.fromiter(map(len, self._words), np.int16, len(self._words))
        longest = int(lengths[-1]) if len(lengths) else 0
        self._lengths = lengths
        # Where the words of each length begin.
        self._starts = lengths.searchsorted(np.arange(longest + 2, dtype=np.int16)).tolist()
        runs = list(pairwise(self._starts))
        self._backwards = [word[::-1] for word in self._words]
        for a, b in runs:
            self._backwards[a:b] = sorted(self._backwards[a:b])
        self._words = _side_by_side(self._words)
        self._backwards = _side_by_side(self._backwards)
        sets = [_letters(self._words[a:b], n) for n, (a, b) in enumerate(runs) if a < b]
        self._sets: Letters = np.concatenate(sets) if sets else np.zeros(0, np.uint32)

    def near(self, word: str) -> list[str]:
        """The nearest words, equally near; among them, with the same first letter if any is."""
        found = self._a_slip_away(word)
        if not found and len(word) >= LONG:
            found = _within(2, word, self._two_slips_away(word))
        same = [other for other in found if other[0] == word[0]]
        return same or found

    def _a_slip_away(self, word: str) -> list[str]:
        """All words that are."""
        # Words end alike more often than they begin alike.
        middle = (len(word) + 1) // 3
        drow = word[::-1]
        starts = self._starts[max(len(word) - 1, 0) : len(word) + 3]
        forwards = _beginning(word[:middle], self._words, starts)
        backwards = _beginning(drow[: len(word) - middle - 1], self._backwards, starts)
        found = _within(1, word, forwards)
        found += [other[::-1] for other in _within(1, drow, backwards)]
        return sorted(set(found))

    def _two_slips_away(self, word: str) -> list[str]:
        """All words that may be; each letter more or less is a slip."""
        last = len(self._starts) - 1
        start = self._starts[min(max(len(word) - 2, 0), last)]
        end = self._starts[min(len(word) + 3, last)]
        changes = np.bitwise_count(self._sets[start:end] ^ _letters([word], len(word)))
        changes += np.abs(self._lengths[start:end] - np.int16(len(word))).astype(np.uint8)
        likely = (changes <= 4).nonzero()[0] + start
        return [self._words[n] for n in likely.tolist()]


def _side_by_side(words: list[str]) -> list[str]:
    """The same words made anew, so that they stand in memory in this order: found quicker."""
    return "\n".join(words).split("\n") if words else []


def _beginning(letters: str, words: list[str], starts: list[int]) -> list[str]:
    """Words that begin so, of parts that are each in alphabetical order."""
    # The letter after the last one, rather than the last of all letters: strings of one width are
    # compared quicker.
    behind = letters[:-1] + chr(ord(letters[-1]) + 1) if letters else "\U0010ffff"
    found: list[str] = []
    for start, end in pairwise(starts):
        first = bisect_left(words, letters, start, end)
        few = min(first + FEW, end)
        last = few if few < end and words[few] >= behind else end
        found += words[first : bisect_left(words, behind, first, last)]
    return found


def _within(slips: int, word: str, others: Sequence[str]) -> list[str]:
    """The nearest of some words, equally near, where they are so many slips away at most."""
    found = process.extract(word, others, scorer=OSA.distance, score_cutoff=slips, limit=None)
    return [other for other, distance, _ in found if distance == found[0][1]]


def _letters(words: list[str], length: int) -> Letters:
    """The letters of each word as bits; letters that share a bit rule out fewer words."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").reshape(len(words), length)
    bits = np.left_shift(np.uint32(1), codes & np.uint32(31))
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), np.uint32)
