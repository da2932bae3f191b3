"""The words of a text by their numbers in it: a quick answer to "does this slide have them?"."""

from __future__ import annotations

from functools import lru_cache

from coproarchive.search.language.analysis import stem, words_of

KEPT = 4_000
"""Texts whose bags are kept, some 3 kB each: the slides of about 130 talks."""


class TextIndex:
    """Words, stems and runs of one text, each with the places where it stands.

    A place is twice the number of the word in the text; one more for a compound that begins there
    and is one word with the next (co-production counts as "coproduction" too).
    """

    __slots__ = ("_stems", "words")

    def __init__(self, text: str):
        self.words: dict[str, list[int]] = {}
        self._stems: dict[str, dict[str, list[int]]] = {}
        before = ""
        for number, (word, joins) in enumerate(words_of(text)):
            self.words.setdefault(word, []).append(2 * number)
            if before:
                self.words.setdefault(before + word, []).append(2 * number - 1)
            before = word if joins else ""

    def stems(self, language: str) -> dict[str, list[int]]:
        """Stem -> places of the words that have it."""
        stems = self._stems.get(language)
        if stems is None:
            stems = {}
            for word, places in self.words.items():
                form = stem(word, language)
                stems[form] = stems[form] + places if form in stems else places
            self._stems[language] = stems
        return stems

    def prefixed(self, prefix: str) -> list[int]:
        """Places of the words that begin so."""
        return [n for word, places in self.words.items() if word.startswith(prefix) for n in places]

    def runs(self, run: tuple[str, ...]) -> list[tuple[int, int]]:
        """First and last word where these stand one behind the other.

        A compound stands at the places of both its halves, as in the index.
        """
        if len(run) == 1:
            return [(n >> 1, (n + 1) >> 1) for n in self.words.get(run[0], ())]
        starts = self._at(run[0])
        for distance, word in enumerate(run[1:], start=1):
            starts &= {n - distance for n in self._at(word)} if starts else starts
        return [(n, n + len(run) - 1) for n in sorted(starts)]

    def _at(self, word: str) -> set[int]:
        return {n for place in self.words.get(word, ()) for n in (place >> 1, (place + 1) >> 1)}


text_index_of = lru_cache(maxsize=KEPT)(TextIndex)
"""The bag of a text, kept: the same slides are looked at again and again."""
