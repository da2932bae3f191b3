"""Records that an item refers to, named as people name them; made where they are new."""

from __future__ import annotations

from collections.abc import Iterable

from coproarchive.catalogue import Catalogue
from coproarchive.ingest.propose import name_key
from coproarchive.model import Person, Seminar, Topic
from coproarchive.store import Store, slugify


def person_id(store: Store, catalogue: Catalogue, named: str) -> str:
    """The id of a person named by id or by name; a new name becomes a new entry of people.yaml."""
    if named in catalogue.people:
        return named
    people, _ = store.read_people()
    for person in people.values():
        if any(name_key(name) == name_key(named) for name in person.names):
            return person.id
    person = Person(id=_free(named, "person", people), names=(named,))
    store.save_person(person)
    return person.id


def topic_id(store: Store, catalogue: Catalogue, named: str) -> str:
    """The id of a topic named by id or by one of its labels; a new label becomes a new entry."""
    if named in catalogue.topics:
        return named
    topics, _ = store.read_topics()
    for topic in topics.values():
        if named.casefold() in (label.casefold() for label in (topic.label, *topic.alternatives)):
            return topic.id
    topic = Topic(id=_free(named, "topic", topics), label=named)
    store.save_topic(topic)
    return topic.id


def seminar_id(store: Store, catalogue: Catalogue, named: str, date: str | None = None) -> str:
    """The id of a seminar named by id or title; a new title becomes a new seminar.

    Args:
        store: where a new one is written.
        catalogue: the seminars known.
        named: id or title.
        date: EDTF date of a new seminar.
    """
    if named in catalogue.seminars:
        return named
    for seminar in catalogue.seminars.values():
        if seminar.title.casefold() == named.casefold():
            return seminar.id
    taken = {*store.seminar_ids(), *store.item_ids()}
    seminar = Seminar(id=_free(named, "seminar", taken), title=named, date=date)
    store.save_seminar(seminar)
    return seminar.id


def _free(named: str, fallback: str, taken: Iterable[str]) -> str:
    """An id from a name, numbered where it is taken."""
    used, base, number = set(taken), slugify(named, fallback), 1
    candidate = base
    while candidate in used:
        number += 1
        candidate = f"{base}-{number}"
    return candidate
