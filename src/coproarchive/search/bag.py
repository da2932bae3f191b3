"""The words of a text by their numbers in it: a quick answer to "does this slide have them?"."""

from __future__ import annotations

from functools import lru_cache

from coproarchive.search.analysis import stem, words_of

KEPT = 16_000
"""Texts whose bags are kept, some 3 kB each: the slides of about 500 talks."""


class Bag:
    """Words, stems and runs of one text, each with the numbers of the words where it stands.

    A compound counts as a word too, at the number of its first part.
    """

    __slots__ = ("_stems", "numbers")

    def __init__(self, text: str):
        self.numbers: dict[str, list[int]] = {}
        self._stems: dict[str, dict[str, list[int]]] = {}
        before = ""
        for number, (word, joins) in enumerate(words_of(text)):
            self.numbers.setdefault(word, []).append(number)
            if before:
                self.numbers.setdefault(before + word, []).append(number - 1)
            before = word if joins else ""

    def stems(self, language: str) -> dict[str, list[int]]:
        """Stem -> numbers of the words that have it."""
        stems = self._stems.get(language)
        if stems is None:
            stems = {}
            for word, numbers in self.numbers.items():
                form = stem(word, language)
                stems[form] = stems[form] + numbers if form in stems else numbers
            self._stems[language] = stems
        return stems

    def prefixed(self, prefix: str) -> list[int]:
        """Numbers of the words that begin so."""
        return [n for word, own in self.numbers.items() if word.startswith(prefix) for n in own]

    def runs(self, run: tuple[str, ...]) -> list[int]:
        """Numbers of the words at which these words stand one behind the other."""
        starts = self.numbers.get(run[0], [])
        for distance, word in enumerate(run[1:], start=1):
            places = self.numbers.get(word)
            if not starts or not places:
                return []
            starts = [n for n in starts if n + distance in places]
        return starts


bag_of = lru_cache(maxsize=KEPT)(Bag)
"""The bag of a text, kept: the same slides are looked at again and again."""
