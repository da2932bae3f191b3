"""Which words of the archive are a slip away from one that it does not have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

LONG = 8
"""Letters from which on a word may have two slips."""
MOST = 20
"""Nearest words looked at."""

Letters = NDArray[np.uint32]


class Spelling:
    """Words by their length, each with the set of its letters as bits.

    A slip (a letter left out, put in, changed, or swapped with the next: optimal string alignment
    distance) changes two members of that set at most, one if the word gets longer or shorter, so
    that nearly all words are ruled out by one exclusive-or, without comparing letter by letter.

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
        runs = pairwise(self._starts)
        sets = [_letters(self._words[a:b], n) for n, (a, b) in enumerate(runs) if a < b]
        self._sets: Letters = np.concatenate(sets) if sets else np.zeros(0, np.uint32)

    def near(self, word: str) -> list[str]:
        """The nearest words, equally near; among them, with the same first letter if any is."""
        for slips in (1, 2) if len(word) >= LONG else (1,):
            found = process.extract(
                word,
                self._candidates(word, slips),
                scorer=OSA.distance,
                score_cutoff=slips,
                limit=MOST,
            )
            ranked = [((distance, other[0] != word[0]), other) for other, distance, _ in found]
            if ranked:
                best = min(ranked)[0]
                return [other for rank, other in ranked if rank == best]
        return []

    def _candidates(self, word: str, slips: int) -> list[str]:
        """Words that may be so many slips away; each letter more or less is one of them."""
        last = len(self._starts) - 1
        start = self._starts[min(max(len(word) - slips, 0), last)]
        end = self._starts[min(len(word) + slips + 1, last)]
        changes = np.bitwise_count(self._sets[start:end] ^ _letters([word], len(word)))
        changes += np.abs(self._lengths[start:end] - np.int16(len(word))).astype(np.uint8)
        likely = (changes <= 2 * slips).nonzero()[0] + start
        return [self._words[n] for n in likely.tolist()]


def _letters(words: list[str], length: int) -> Letters:
    """The letters of each word as bits; letters that share a bit rule out fewer words."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").reshape(len(words), length)
    bits = np.left_shift(np.uint32(1), codes & np.uint32(31))
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), np.uint32)
