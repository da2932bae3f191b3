"""Suggestions while a reader types: titles, speakers, topics, seminars and recurring phrases.

Made from the catalogue that readers may see, and from what the slides of its items say, and from
nothing else, so that no suggestion tells of an item that is hidden.
"""

from __future__ import annotations

import bisect
import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from sys import intern
from typing import Literal

import numpy as np

from coproarchive.catalogue import Catalogue
from coproarchive.search.discover.phrases import BETWEEN, key_of, keys_of, most_written, phrases_of
from coproarchive.search.language.analysis import tokenize

MOST = 8
"""Suggestions at once: what a phone shows without scrolling."""
MOST_OF_PHRASES = 4
"""So many of them are phrases where there are others."""
LOOKED_AT = 1_000
"""Entries looked at for one beginning; a single letter begins more than anybody wants to see."""
RECURRING = 3
"""Items that must say a phrase for it to be suggested."""
MOST_PHRASES = 20_000
"""Phrases that can be suggested: those that most items say."""


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
        said: item id -> phrases of its slides and its record, with BETWEEN between; what is not in
            the catalogue counts for nothing.
    """

    def __init__(self, catalogue: Catalogue, said: Mapping[str, str] | None = None):
        # An entry's number is its rank, so that the best of many are those with small numbers.
        found = sorted(_entries(catalogue, said or {}), key=lambda entry: _rank(entry[0]))
        self._entries: list[tuple[Suggestion, tuple[str, ...]]] = []
        begins: list[tuple[str, int]] = []
        for number, (suggestion, names) in enumerate(found):
            words = tuple(intern(token.word) for token in tokenize(names))
            begins += [(word, number) for word in dict.fromkeys(words)]
            self._entries.append((suggestion, words))
        begins.sort()
        self._words = [word for word, _ in begins]
        self._numbers = array("I", (number for _, number in begins))

    @property
    def phrases(self) -> int:
        """How many can be suggested."""
        return sum(1 for suggestion, _ in self._entries if suggestion.kind == "phrase")

    def suggest(self, typed: str, most: int = MOST) -> list[Suggestion]:
        """What may be meant by what was typed so far: its last word may be unfinished.

        Those that begin so come first, then speakers and topics before titles, then what more
        items stand behind. At most MOST_OF_PHRASES are phrases, if others are there.
        """
        words = [token.word for token in tokenize(typed[-200:])]
        if not words:
            return []
        before, last = tuple(words[:-1]), len(words) - 1
        found: dict[str, tuple[bool, int]] = {}
        for number in self._beginning(words[-1]):
            suggestion, own = self._entries[number]
            begins_so = own[:last] == before and len(own) > last and own[last].startswith(words[-1])
            if begins_so or all(any(o.startswith(w) for o in own) for w in words):
                order = (not begins_so, number)
                key = suggestion.text.casefold()
                found[key] = min(found.get(key, order), order)
        ranked = [self._entries[number][0] for _, number in sorted(found.values())]
        phrases = [s for s in ranked if s.kind == "phrase"]
        others = len(ranked) - len(phrases)
        left_out = set(phrases[max(MOST_OF_PHRASES, most - others) :])
        return [s for s in ranked if s not in left_out][:most]

    def _beginning(self, word: str) -> list[int]:
        """Numbers of the best entries that have a word which begins so."""
        start = bisect.bisect_left(self._words, word)
        end = bisect.bisect_left(self._words, word + "\U0010ffff", lo=start)
        return heapq.nsmallest(LOOKED_AT, set(self._numbers[start:end]))


_KINDS = ("speaker", "topic", "phrase", "seminar", "title")


def _rank(suggestion: Suggestion) -> tuple[int, int, str, str]:
    return _KINDS.index(suggestion.kind), -suggestion.count, suggestion.text, suggestion.id


def _entries(catalogue: Catalogue, said: Mapping[str, str]) -> Iterator[tuple[Suggestion, str]]:
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
    for phrase, count in _phrases(catalogue, said):
        yield Suggestion(phrase, "phrase", "", count), phrase


def _phrases(catalogue: Catalogue, said: Mapping[str, str]) -> list[tuple[str, int]]:
    """Phrases that several items say, as they are mostly written, with the number of items.

    Most phrases stand in one item alone. So that those take no memory, hashes are counted first.
    """
    hashes = [np.fromiter(map(hash, f), np.int64, len(f)) for f in _forms(catalogue, said)]
    every, times = np.unique(np.concatenate([np.empty(0, np.int64), *hashes]), return_counts=True)
    several = every[times >= RECURRING]
    if not several.size:
        return []
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for own, forms in zip(hashes, _forms(catalogue, said), strict=True):
        nearest = several[np.searchsorted(several, own) % several.size]
        for key, form in compress(forms.items(), (nearest == own).tolist()):
            written[key][form] += 1
    counts = {key: forms.total() for key, forms in written.items()}
    recurring = {key: count for key, count in counts.items() if count >= RECURRING}
    parts = _parts(recurring)
    best = sorted(recurring.keys() - parts, key=lambda key: (-recurring[key], key))[:MOST_PHRASES]
    return [(most_written(written[key]), recurring[key]) for key in best]


def _forms(catalogue: Catalogue, said: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Of each item, key -> form of its phrases; of one that is not indexed those of its record."""
    for item in catalogue.items.values():
        if item.id not in said:
            language = item.language or catalogue.series.languages[0]
            own = phrases_of([(item.title, item.abstract or "")], language)
            yield {key_of(form): form for form in own}
        elif phrases := said[item.id]:
            yield dict(zip(keys_of(phrases), phrases.split(BETWEEN), strict=True))


def _parts(counts: Mapping[str, int]) -> set[str]:
    """Phrases that are part of a longer one which as many items say."""
    parts = set()
    for phrase, count in counts.items():
        words = phrase.split(" ")
        for length in range(2, len(words)):
            for first in range(len(words) - length + 1):
                part = " ".join(words[first : first + length])
                if counts.get(part) == count:
                    parts.add(part)
    return parts
