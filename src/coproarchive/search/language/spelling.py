"""Spelling: which words of the archive are a slip or two away from one that it does not have."""

from __future__ import annotations

from collections.abc import Sequence

LONG = 8
"""Letters from which on a word may have two slips."""


def nearest_words(word: str, vocabulary: Sequence[str]) -> list[str]:
    """Return the nearest words of a vocabulary, all equally near; none where all are too far.

    A slip is a letter left out, put in, changed, or swapped with the next: the optimal string
    alignment distance. Two are allowed from LONG letters on. Words with the same first letter, if
    any are as near, come without the others: few slips are at the beginning.
    """
    from rapidfuzz import process  # here, as few searches are misspelt
    from rapidfuzz.distance import OSA

    slips = 2 if len(word) >= LONG else 1
    candidates = process.extract(
        word, vocabulary, scorer=OSA.distance, score_cutoff=slips, limit=None
    )
    nearest = [other for other, distance, _ in candidates if distance == candidates[0][1]]
    return [other for other in nearest if other[0] == word[0]] or nearest
