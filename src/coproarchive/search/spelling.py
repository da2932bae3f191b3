"""Which words of the archive are a slip away from one that it does not have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

LONG = 8
"""Letters from which on a word may have two slips."""
MOST = 20
"""Nearest words looked at."""

Letters = NDArray[np.uint64]


class Spelling:
    """Words by their length, each with the set of its letters as bits.

    A slip (a letter left out, put in, changed, or swapped with the next: optimal string alignment
    distance) changes two members of that set at most, one if the word gets longer or shorter, so
    that nearly all words are ruled out by one exclusive-or, without comparing letter by letter.

    Args:
        words: of the archive, sorted.
    """

    def __init__(self, words: Iterable[str]):
        by_length: dict[int, list[str]] = {}
        for word in words:
            if word.isalpha():
                by_length.setdefault(len(word), []).append(word)
        self._words = {length: (own, _letters(own, length)) for length, own in by_length.items()}

    def near(self, word: str) -> list[str]:
        """The nearest words, equally near; among them, with the same first letter if any is."""
        for slips in (1, 2) if len(word) >= LONG else (1,):
            candidates = self._candidates(word, slips)
            found = process.extract(
                word, candidates, scorer=OSA.distance, score_cutoff=slips, limit=MOST
            )
            ranked = [((distance, other[0] != word[0]), other) for other, distance, _ in found]
            if ranked:
                best = min(ranked)[0]
                return [other for rank, other in ranked if rank == best]
        return []

    def _candidates(self, word: str, slips: int) -> list[str]:
        """Words that may be so many slips away; each letter more or less is one of them."""
        letters = _letters([word], len(word))
        found: list[str] = []
        for length in range(len(word) - slips, len(word) + slips + 1):
            if length in self._words:
                words, sets = self._words[length]
                changes = 2 * slips - abs(length - len(word))
                likely = (np.bitwise_count(sets ^ letters) <= changes).nonzero()[0]
                found += [words[n] for n in likely.tolist()]
        return found


def _letters(words: list[str], length: int) -> Letters:
    """The letters of each word as bits; letters that share a bit rule out fewer words."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").reshape(len(words), length)
    bits = np.left_shift(np.uint64(1), codes.astype(np.uint64) & np.uint64(63))
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), np.uint64)
