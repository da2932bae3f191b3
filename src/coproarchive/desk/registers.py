"""People and topics as lists to look through: how often each is named, and what may be wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.check import (
    names_of_people,
    names_of_topics,
    orcid_check_digit,
    shared_names,
)
from coproarchive.desk.references import Noun


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A person or topic.

    Attributes:
        id, name: of the entry.
        others: its other names.
        items: how many items name it, hidden ones too.
        sessions: how many lines of programmes, and seminars of a topic, name it.
        namesakes: ids of entries that have a name of it too: perhaps they are one.
        orcid: of a person, "" where there is none.
        has_wrong_orcid: whether its last digit does not fit the others.
    """

    id: str
    name: str
    others: tuple[str, ...]
    items: int
    sessions: int
    namesakes: tuple[str, ...]
    orcid: str = ""
    has_wrong_orcid: bool = False

    @property
    def is_unused(self) -> bool:
        """Whether nothing names it."""
        return not (self.items or self.sessions)

    @property
    def is_used_once(self) -> bool:
        """Whether one item alone names it."""
        return self.items == 1 and not self.sessions


def register(noun: Noun, catalogue: Catalogue) -> list[RegisterRow]:
    """Return all people, or all topics, by name."""
    rows = _people(catalogue) if noun == "person" else _topics(catalogue)
    return sorted(rows, key=lambda row: (row.name.casefold(), row.id))


def _people(catalogue: Catalogue) -> Iterable[RegisterRow]:
    namesakes = _namesakes(names_of_people(catalogue))
    for person in catalogue.people.values():
        orcid = person.orcid or ""
        yield RegisterRow(
            person.id,
            person.name,
            person.names[1:],
            len(catalogue.items_of_person(person.id)),
            len(catalogue.sessions_of_person(person.id)),
            namesakes.get(person.id, ()),
            orcid,
            bool(orcid) and orcid_check_digit(orcid) != orcid[-1],
        )


def _topics(catalogue: Catalogue) -> Iterable[RegisterRow]:
    namesakes = _namesakes(names_of_topics(catalogue))
    seminars: dict[str, int] = defaultdict(int)
    for seminar in catalogue.seminars.values():
        for topic_id in seminar.topics:
            seminars[topic_id] += 1
    for topic in catalogue.topics.values():
        items = len(catalogue.items_of_topic(topic.id))
        yield RegisterRow(topic.id, topic.label, topic.alternatives, items,
                          seminars[topic.id], namesakes.get(topic.id, ()))  # fmt: skip


def _namesakes(names_by_id: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return, by id, the ids of the others that have one of its names."""
    pairs: dict[str, dict[str, None]] = defaultdict(dict)
    for key, other, _ in shared_names(names_by_id):
        pairs[key][other] = None
        pairs[other][key] = None
    return {key: tuple(others) for key, others in pairs.items()}
