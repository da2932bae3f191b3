"""People, topics and items as keepers type them: by name where a name is one record's alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Literal

from rapidfuzz import fuzz, process

from coproarchive.catalogue import Catalogue, folded
from coproarchive.ingest.names import name_key

NameNoun = Literal["person", "topic", "item"]
_WITH_ID = re.compile(r".*\[([a-z0-9._/-]+)\]")
MOST_BEGINNING = 12
_NEAR = 80
"""Score, of 100, from which on a name is near another (rapidfuzz's ratio)."""
_NOUNS = {"person": "nobody", "topic": "no topic", "item": "no item"}


class UnknownNameError(Exception):
    """There is no record of a name: it is a mistake, or the name of a new one.

    Attributes:
        name: as it was typed.
    """

    def __init__(self, name: str, sentence: str):
        self.name = name
        super().__init__(sentence)


class AmbiguousNameError(Exception):
    """Several records have the name; the sentence says how to name each."""


class RecordNames:
    """Names of an archive's records, both ways.

    Args:
        catalogue: with all records.
    """

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue
        self._ids_by_noun: dict[NameNoun, Mapping[object, list[str]]] = {}

    @cached_property
    def _labels(self) -> dict[NameNoun, dict[str, str]]:
        catalogue = self._catalogue
        return {
            "person": {p.id: p.name for p in catalogue.people.values()},
            "topic": {t.id: t.label for t in catalogue.topics.values()},
            "item": {i.id: i.title for i in catalogue.items.values()},
        }

    def _ids(self, noun: NameNoun) -> Mapping[object, list[str]]:
        """Return the ids of records by the key of each name that they have."""
        if noun not in self._ids_by_noun:
            self._ids_by_noun[noun] = _grouped(
                (_key(noun, name), record_id) for record_id, name in self._all_names(noun)
            )
        return self._ids_by_noun[noun]

    def _all_names(self, noun: NameNoun) -> Iterator[tuple[str, str]]:
        """Yield id and each name of every record."""
        catalogue = self._catalogue
        if noun == "person":
            yield from ((p.id, name) for p in catalogue.people.values() for name in p.names)
        elif noun == "topic":
            for topic in catalogue.topics.values():
                yield from ((topic.id, name) for name in (topic.label, *topic.alternatives))
        else:
            yield from ((item.id, item.title) for item in catalogue.items.values())

    def text_of(self, noun: NameNoun, record_id: str) -> str:
        """Return what stands for a record in a form: its name, with its id where others have it."""
        name = self._labels[noun].get(record_id)
        if name is None:
            return record_id
        return name if len(self._ids_named(noun, name)) == 1 else f"{name} [{record_id}]"

    def _ids_named(self, noun: NameNoun, name: str) -> Sequence[str]:
        return self._ids(noun).get(_key(noun, name), ())

    def id_of(self, noun: NameNoun, text: str) -> str:
        """Return the id of the record that was named.

        Raises:
            UnknownNameError: there is none.
            AmbiguousNameError: there are several.
        """
        labels = self._labels[noun]
        if (match := _WITH_ID.fullmatch(text)) and match[1] in labels:
            return match[1]
        if text in labels:
            return text
        ids = self._ids_named(noun, text)
        if len(ids) == 1:
            return ids[0]
        if ids:
            choices = " or ".join(f"“{labels[i]} [{i}]”{self._detail(noun, i)}" for i in ids)
            raise AmbiguousNameError(f"“{text}” is the name of {len(ids)}. Write {choices}.")
        near = self.near(noun, text)
        meant = f" Did you mean {' or '.join(f'“{name}”' for name in near)}?" if near else ""
        raise UnknownNameError(text, f"There is {_NOUNS[noun]} called “{text}” here yet.{meant}")

    def _detail(self, noun: NameNoun, record_id: str) -> str:
        if noun != "person":
            return ""
        affiliations = self._catalogue.people[record_id].affiliations
        return f" ({affiliations[0]})" if affiliations else ""

    def near(self, noun: NameNoun, text: str) -> list[str]:
        """Return up to three names that are like one, nearest first."""
        names = dict.fromkeys(self._labels[noun].values())
        best = process.extract(text, names.keys(), scorer=fuzz.ratio, limit=3, score_cutoff=_NEAR)
        return [name for name, _, _ in best]

    def beginning(self, noun: NameNoun, text: str) -> list[str]:
        """Return what stands for up to MOST_BEGINNING records with a word that begins so."""
        pieces = folded(text).split()
        ids = (
            record_id
            for record_id, label in self._labels[noun].items()
            if all(any(w.startswith(p) for w in folded(label).split()) for p in pieces)
        )
        return [self.text_of(noun, record_id) for record_id in islice(ids, MOST_BEGINNING)]

    def all(self, noun: NameNoun) -> list[str]:
        """Return what stands for each record, in the order of the alphabet."""
        texts = (self.text_of(noun, record_id) for record_id in self._labels[noun])
        return sorted(texts, key=str.casefold)


def _key(noun: NameNoun, name: str) -> object:
    """Return what two names of one noun are compared by."""
    if noun == "person":
        return name_key(name)
    # Of thousands of titles, accents are worth no time.
    return " ".join(name.casefold().split()) if noun == "item" else folded(name)


def _grouped(pairs: Iterator[tuple[object, str]]) -> Mapping[object, list[str]]:
    groups: dict[object, dict[str, None]] = {}
    for key, record_id in pairs:
        groups.setdefault(key, {})[record_id] = None
    return {key: list(ids) for key, ids in groups.items()}
