"""Groups of words and phrases that mean the same to a reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coproarchive.search.language.analysis import words_of


class Synonyms:
    """Synonyms, looked up by their folded words.

    Args:
        groups: words and phrases as written, each group of one meaning.

    Attributes:
        longest: words of the longest synonym.
    """

    def __init__(self, groups: Iterable[Sequence[str]]):
        self._groups: dict[tuple[str, ...], list[list[tuple[str, ...]]]] = {}
        self.longest = 0
        for group in groups:
            phrases = (tuple(word for word, _ in words_of(text)) for text in group)
            members = [words for words in dict.fromkeys(phrases) if words]
            if len(members) < 2:
                continue
            for member in members:
                self._groups.setdefault(member, []).append(members)
                self.longest = max(self.longest, len(member))

    def of(self, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the synonyms of some words, each as its words.

        The same letters cut otherwise are none: compounds match either way without synonyms.
        """
        members = dict.fromkeys(m for group in self._groups.get(words, ()) for m in group)
        return [member for member in members if "".join(member) != "".join(words)]
