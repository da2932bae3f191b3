"""Spelling: which words of the archive are a slip or two away from one that it does not have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

LONG = 8
"""Letters from which on a word may have two slips."""


class Spelling:
    """Finds the nearest words of a vocabulary.

    Comparing with 60,000 words takes 5 ms; nearly all slips are found among the words of like
    length with the same first letter, or at the first letter itself, in 0.2 ms.

    Args:
        vocabulary: every word that may be meant.
    """

    def __init__(self, vocabulary: Iterable[str]):
        self._by_length: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._by_tail: dict[str, list[str]] = defaultdict(list)
        for word in vocabulary:
            self._by_length[len(word)][word[0]].append(word)
            self._by_tail[word[1:]].append(word)

    def nearest(self, word: str) -> list[str]:
        """Return the nearest words, all equally near; none where all are too far.

        A slip is a letter left out, put in, changed, or swapped with the next: the optimal string
        alignment distance. Two are allowed from LONG letters on. Words with the same first letter,
        if any are as near, come without the others: few slips are at the beginning.
        """
        near = self._within(word, 1, word[0]) or self._first_letter_apart(word)
        if near or len(word) < LONG:
            return near
        others = {letter for letters in self._by_length.values() for letter in letters} - {word[0]}
        return self._within(word, 2, word[0]) or self._within(word, 2, *others)

    def _first_letter_apart(self, word: str) -> list[str]:
        """Return the words one slip away that begin with another letter."""
        swapped = word[1:2] + word[:1] + word[2:]
        as_they_are = [
            other for other in (word[1:], swapped) if other in self._by_tail.get(other[1:], ())
        ]
        near = [*as_they_are, *self._by_tail.get(word, ()), *self._by_tail.get(word[1:], ())]
        return [other for other in dict.fromkeys(near) if other[0] != word[0]]

    def _within(self, word: str, slips: int, *letters: str) -> list[str]:
        """Return the nearest words, at most so many slips away, that begin with these letters."""
        from rapidfuzz import process  # here, as few searches are misspelt
        from rapidfuzz.distance import OSA

        lengths = range(len(word) - slips, len(word) + slips + 1)
        groups = [self._by_length.get(length, {}).get(x, []) for length in lengths for x in letters]
        near = process.extract(
            word, [*chain(*groups)], scorer=OSA.distance, score_cutoff=slips, limit=None
        )
        return [other for other, distance, _ in near if distance == near[0][1]]
