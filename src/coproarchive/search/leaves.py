"""The words of a file's leaves, turned round: which slides have them, and how often.

Made when a file's slides are first located, and kept: finding the best of thirty slides is then a
few look-ups, however long they are.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from coproarchive.extract.base import Extraction
from coproarchive.search.analysis import stem, words_of
from coproarchive.search.engines.arrays import Cache

KEPT = 64 << 20
"""Bytes kept: about 2,000 talks of thirty slides."""
TITLE = -1
"""Stands for a leaf's title where a part's number is asked for."""
_BYTES_A_CHARACTER = 8


class Place(NamedTuple):
    """How often a word stands in a part of a leaf; `leaf` counts from 0, `part` may be TITLE."""

    leaf: int
    part: int
    times: int


class LeafWords:
    """Words of all leaves of one file.

    Args:
        extraction: what was read from the file.
    """

    def __init__(self, extraction: Extraction):
        self.leaves = extraction.leaves
        self.words: dict[str, list[Place]] = {}
        self.size = 1000
        self._stems: dict[str, dict[str, list[Place]]] = {}
        for number, leaf in enumerate(self.leaves):
            texts = [(TITLE, leaf.title)] if leaf.title else []
            texts += [(n, part.text) for n, part in enumerate(leaf.parts)]
            for part, text in texts:
                self.size += len(text) * _BYTES_A_CHARACTER
                for word, count in _counted(text).items():
                    self.words.setdefault(word, []).append(Place(number, part, count))

    def stems(self, language: str) -> dict[str, list[Place]]:
        """Stem -> where the words stand that have it."""
        stems = self._stems.get(language)
        if stems is None:
            stems = {}
            for word, places in self.words.items():
                form = stem(word, language)
                stems[form] = stems[form] + places if form in stems else places
            self._stems[language] = stems
        return stems


def _counted(text: str) -> Counter[str]:
    """Words of a text and how often each stands in it, compounds as words too."""
    words = words_of(text)
    counts = Counter([word for word, _ in words])
    for n, (word, joins) in enumerate(words[:-1]):
        if joins:
            counts[word + words[n + 1][0]] += 1
    return counts


class KnownLeaves:
    """Leaf words of the files looked at last. Thread-safe."""

    def __init__(self) -> None:
        self._known: Cache[LeafWords] = Cache(KEPT, lambda words: words.size)

    def of(self, key: tuple[str, str], extraction: Extraction) -> LeafWords:
        """Leaf words of a file, by its hash and media type."""
        return self._known.get(key, lambda: LeafWords(extraction))

    def known(self, key: tuple[str, str]) -> LeafWords | None:
        """The same without reading the file's text, None where they are not known."""
        return self._known.peek(key)
