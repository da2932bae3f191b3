"""Suggestions while a reader types: titles, speakers, topics, seminars and recurring phrases.

Made from the catalogue that readers may see and the phrases of its items, and from nothing else, so
that no suggestion tells of an item that is hidden.
"""

from __future__ import annotations

import bisect
import heapq
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Literal

import numpy as np

from coproarchive.catalogue import Catalogue
from coproarchive.search.discover.phrases import BETWEEN, key_of, keys_of, most_written, phrases_of
from coproarchive.search.document import declared_language
from coproarchive.search.language.analysis import words_of

LIMIT = 8
"""Suggestions at once: what a phone shows without scrolling."""
MAX_PHRASES_SHOWN = 4
"""Of these at most are phrases, where there are others."""
MAX_CANDIDATES = 1_000
"""Entries compared for one beginning; a single letter begins more than anybody wants to see."""
RECURRING = 3
"""Items that must have a phrase for it to be suggested."""
MAX_PHRASES = 20_000
"""Phrases that can be suggested: those of the most items."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of what a reader types.

    Attributes:
        text: as shown.
        kind: what it is.
        id: of the item, person, topic or seminar; "" for a phrase.
        count: number of items that have it.
    """

    text: str
    kind: Literal["title", "speaker", "topic", "seminar", "phrase"]
    id: str = ""
    count: int = 1


class Suggester:
    """Suggestions from one catalogue.

    Args:
        catalogue: what the reader may see.
        phrases: item id -> phrases of its slides and its record, with BETWEEN between; ids that the
            catalogue lacks are ignored.
    """

    def __init__(self, catalogue: Catalogue, phrases: Mapping[str, str] | None = None):
        # An entry's number is its rank, so that the best of many are those with small numbers.
        ranked = sorted(_entries(catalogue, phrases or {}), key=lambda entry: _rank(entry[0]))
        self._entries: list[tuple[Suggestion, tuple[str, ...]]] = []
        begins: list[tuple[str, int]] = []
        for number, (suggestion, names) in enumerate(ranked):
            words = tuple(intern(word) for word, _ in words_of(names))
            begins += [(word, number) for word in dict.fromkeys(words)]
            self._entries.append((suggestion, words))
        begins.sort()
        self._words = [word for word, _ in begins]
        self._numbers = array("I", (number for _, number in begins))

    @property
    def phrases(self) -> int:
        """Number of phrases that can be suggested."""
        return sum(1 for suggestion, _ in self._entries if suggestion.kind == "phrase")

    def suggest(self, typed: str, limit: int = LIMIT) -> list[Suggestion]:
        """Return completions of what was typed so far: its last word may be unfinished.

        Those that begin so come first, then speakers and topics before titles, then those of more
        items. At most MAX_PHRASES_SHOWN are phrases, if there are others.
        """
        words = [word for word, _ in words_of(typed[-200:])]
        if not words:
            return []
        before, last = tuple(words[:-1]), len(words) - 1
        orders: dict[str, tuple[bool, int]] = {}
        for number in self._beginning(words[-1]):
            suggestion, names = self._entries[number]
            word = names[last] if last < len(names) else ""
            begins_so = names[:last] == before and word.startswith(words[-1])
            if begins_so or all(any(name.startswith(w) for name in names) for w in words):
                order = (not begins_so, number)
                key = suggestion.text.casefold()
                orders[key] = min(orders.get(key, order), order)
        ranked = [self._entries[number][0] for _, number in sorted(orders.values())]
        phrases = [s for s in ranked if s.kind == "phrase"]
        others = len(ranked) - len(phrases)
        left_out = set(phrases[max(MAX_PHRASES_SHOWN, limit - others) :])
        return [s for s in ranked if s not in left_out][:limit]

    def _beginning(self, word: str) -> list[int]:
        """Return the numbers of the best entries with a word that begins so."""
        start = bisect.bisect_left(self._words, word)
        end = bisect.bisect_left(self._words, word + "\U0010ffff", lo=start)
        return heapq.nsmallest(MAX_CANDIDATES, set(self._numbers[start:end]))


_KINDS = ("speaker", "topic", "phrase", "seminar", "title")


def _rank(suggestion: Suggestion) -> tuple[int, int, str, str]:
    return _KINDS.index(suggestion.kind), -suggestion.count, suggestion.text, suggestion.id


def _entries(catalogue: Catalogue, phrases: Mapping[str, str]) -> Iterator[tuple[Suggestion, str]]:
    """Yield suggestions, and the words that each is looked up by."""
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
    for phrase, count in _phrases(catalogue, phrases):
        yield Suggestion(phrase, "phrase", "", count), phrase


def _phrases(catalogue: Catalogue, phrases: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the phrases of several items, as mostly written, and the number of items of each.

    Most phrases stand in one item alone. So that those take no memory, hashes are counted first.
    """
    of_items = [joined for joined in _of_items(catalogue, phrases) if joined]
    hashes = [np.fromiter(map(hash, keys_of(joined)), np.int64) for joined in of_items]
    every = np.concatenate([np.empty(0, np.int64), *hashes])
    _, same, times = np.unique(every, return_inverse=True, return_counts=True)
    recurs = np.split(times[same] >= RECURRING, np.cumsum([len(each) for each in hashes]))
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for joined, places in zip(of_items, map(np.flatnonzero, recurs), strict=False):
        if places.size:
            forms = joined.split(BETWEEN)
            for form in map(forms.__getitem__, places.tolist()):
                written[key_of(form)][form] += 1
    counts = {key: forms.total() for key, forms in written.items()}
    recurring = {key: count for key, count in counts.items() if count >= RECURRING}
    parts = _parts(recurring)
    best = sorted(recurring.keys() - parts, key=lambda key: (-recurring[key], key))[:MAX_PHRASES]
    return [(most_written(written[key]), recurring[key]) for key in best]


def _of_items(catalogue: Catalogue, phrases: Mapping[str, str]) -> Iterator[str]:
    """Yield each item's phrases, BETWEEN between; of one that is not indexed, its record's."""
    for item in catalogue.items.values():
        if item.id not in phrases:
            language = declared_language(item, catalogue) or catalogue.language
            forms = phrases_of([(item.title, item.abstract or "")], language)
            yield BETWEEN.join(forms)
        else:
            yield phrases[item.id]


def _parts(counts: Mapping[str, int]) -> set[str]:
    """Return the phrases that are part of a longer one of as many items."""
    parts = set()
    for phrase, count in counts.items():
        words = phrase.split(" ")
        for length in range(2, len(words)):
            for first in range(len(words) - length + 1):
                part = " ".join(words[first : first + length])
                if counts.get(part) == count:
                    parts.add(part)
    return parts
