"""Suggestions while a reader types: titles, speakers, topics, seminars and recurring phrases.

Made from the catalogue that readers may see and from nothing else, so that no suggestion tells of
an item that is hidden.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from coproarchive.catalogue import Catalogue
from coproarchive.search.analysis import STOP_WORDS, tokenize

MOST = 8
"""Suggestions at once: what a phone shows without scrolling."""
LOOKED_AT = 3_000
"""Entries looked at for one prefix; a single letter begins more than anybody wants to see."""
RECURRING = 3
"""Titles and descriptions that a phrase must stand in to be suggested."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something a reader may be about to type.

    Attributes:
        text: as shown.
        kind: what it is.
        id: of the item, person, topic or seminar; "" for a phrase.
        count: items behind it.
    """

    text: str
    kind: Literal["title", "speaker", "topic", "seminar", "phrase"]
    id: str = ""
    count: int = 1


class Suggester:
    """Suggestions from one catalogue.

    Args:
        catalogue: what the reader may see.
    """

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self._entries: list[tuple[Suggestion, tuple[str, ...]]] = []
        begins: list[tuple[str, int]] = []
        for suggestion, said in _entries(catalogue):
            words = tuple(token.word for token in tokenize(said))
            begins += [(word, len(self._entries)) for word in dict.fromkeys(words)]
            self._entries.append((suggestion, words))
        self._begins = sorted(begins)

    def suggest(self, typed: str, most: int = MOST) -> list[Suggestion]:
        """What may be meant by what was typed so far: its last word may be unfinished.

        Those that begin so come first, then speakers and topics before titles, then what more
        items stand behind.
        """
        words = [token.word for token in tokenize(typed[-200:])]
        if not words:
            return []
        found: dict[str, tuple[tuple[object, ...], Suggestion]] = {}
        start = bisect.bisect_left(self._begins, (words[-1], -1))
        for word, number in self._begins[start : start + LOOKED_AT]:
            if not word.startswith(words[-1]):
                break
            suggestion, own = self._entries[number]
            if not all(any(o.startswith(w) for o in own) for w in words):
                continue
            begins_so = " ".join(own).startswith(" ".join(words))
            order = (not begins_so, _KINDS.index(suggestion.kind), -suggestion.count)
            ranked = ((*order, suggestion.text.casefold()), suggestion)
            key = suggestion.text.casefold()
            found[key] = min(found.get(key, ranked), ranked, key=lambda pair: pair[0])
        return [s for _, s in sorted(found.values(), key=lambda pair: pair[0])[:most]]


_KINDS = ("speaker", "topic", "phrase", "seminar", "title")


def _entries(catalogue: Catalogue) -> Iterator[tuple[Suggestion, str]]:
    """Suggestions, and the words they are found by."""
    for person in catalogue.people.values():
        count = len(catalogue.items_of_person(person.id))
        for name in person.names if count else ():
            yield Suggestion(person.name, "speaker", person.id, count), name
    for topic in catalogue.topics.values():
        count = len(catalogue.items_of_topic(topic.id))
        for label in (topic.label, *topic.alternatives) if count else ():
            yield Suggestion(topic.label, "topic", topic.id, count), label
    for seminar in catalogue.seminars.values():
        count = len(catalogue.items_of_seminar(seminar.id))
        if count:
            yield Suggestion(seminar.title, "seminar", seminar.id, count), seminar.title
    for item in catalogue.items.values():
        yield Suggestion(item.title, "title", item.id), item.title
    for phrase, count in _phrases(catalogue).items():
        yield Suggestion(phrase, "phrase", "", count), phrase


def _phrases(catalogue: Catalogue) -> dict[str, int]:
    """Pairs of telling words that stand side by side in several titles or descriptions."""
    counts: Counter[str] = Counter()
    for item in catalogue.items.values():
        own: set[str] = set()
        for text in (item.title, item.abstract or ""):
            for a, b in pairwise(tokenize(text)):
                telling = not ({a.word, b.word} & STOP_WORDS) and a.word.isalpha()
                if telling and b.word.isalpha() and text[a.end : b.start] in (" ", "-"):
                    own.add(text[a.start : b.end].lower())
        counts.update(own)
    return {phrase: count for phrase, count in counts.items() if count >= RECURRING}
