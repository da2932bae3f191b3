"""The words of a file's leaves, turned round: which slides have them, and how often.

Made when a file's slides are first located, and kept: finding the best of thirty slides is then a
few look-ups, however long they are.
"""

from __future__ import annotations

from collections import Counter

from coproarchive.model import Leaf
from coproarchive.search.analysis import plain_words, stem, words_of
from coproarchive.search.engines.arrays import Cache

KEPT = 96 << 20
"""Bytes kept: some 600 to 800 talks of thirty slides."""
TITLE = -1
"""Stands for a leaf's title where a part's number is asked for."""
_BYTES_A_CHARACTER = 16
"""Measured on made-up talks (15) and lecture slides (17)."""


_PART_BITS = 16
_TIMES_BITS = 10

Places = tuple[int, ...]
"""Where a word stands, each leaf, part and number of times in one number: numbers cost the garbage
collector nothing, and there are a thousand for each talk."""


def unpack(place: int) -> tuple[int, int, int]:
    """The leaf, from 0; its part, from 0, or TITLE; and how often the word stands there."""
    leaf, part = place >> (_PART_BITS + _TIMES_BITS), place >> _TIMES_BITS
    return leaf, part % (1 << _PART_BITS) + TITLE, place % (1 << _TIMES_BITS)


class LeafWords:
    """Words of all leaves of one file.

    Args:
        leaves: in the file's order.
    """

    def __init__(self, leaves: tuple[Leaf, ...]):
        self.leaves = leaves
        self.size = 1000
        self._stems: dict[str, dict[str, Places]] = {}
        places: dict[str, list[int]] = {}
        for number, leaf in enumerate(self.leaves):
            texts = [leaf.title, *(part.text for part in leaf.parts)]
            for part, text in enumerate(texts[: 1 << _PART_BITS]):
                self.size += len(text) * _BYTES_A_CHARACTER
                base = ((number << _PART_BITS) + part) << _TIMES_BITS
                for word, times in _counted(text).items():
                    place = base + min(times, (1 << _TIMES_BITS) - 1)
                    if word in places:
                        places[word].append(place)
                    else:
                        places[word] = [place]
        self.words: dict[str, Places] = {word: tuple(own) for word, own in places.items()}

    def stems(self, language: str) -> dict[str, Places]:
        """Stem -> where the words stand that have it."""
        stems = self._stems.get(language)
        if stems is None:
            stems = {}
            for word, places in self.words.items():
                form = stem(word, language)
                stems[form] = stems[form] + places if form in stems else places
            self._stems[language] = stems
        return stems


def _counted(text: str) -> dict[str, int]:
    """Words of a text and how often each stands in it, compounds as words too."""
    plain = plain_words(text)
    if plain is not None:
        return Counter(plain)
    counts: dict[str, int] = {}
    before = ""
    for word, joins in words_of(text):
        counts[word] = counts.get(word, 0) + 1
        if before:
            counts[before + word] = counts.get(before + word, 0) + 1
        before = word if joins else ""
    return counts


class KnownLeaves:
    """Leaf words of the files looked at last. Thread-safe."""

    def __init__(self) -> None:
        self._known: Cache[LeafWords] = Cache(KEPT, lambda words: words.size)

    def of(self, key: tuple[str, str], leaves: tuple[Leaf, ...]) -> LeafWords:
        """Leaf words of a file, by its hash and media type."""
        return self._known.get(key, lambda: LeafWords(leaves))

    def known(self, key: tuple[str, str]) -> LeafWords | None:
        """The same without reading the file's text, None where they are not known."""
        return self._known.peek(key)
