"""Records that an item refers to, named as people name them; made where they are new.

Called under the store's lock, so that of two programs the second finds what the first one made.
"""

from __future__ import annotations

from collections.abc import Iterable

from coproarchive.catalogue import Catalogue
from coproarchive.ingest.names import bare_name, name_key
from coproarchive.model import Person, Seminar, Topic
from coproarchive.store import Store, slugify, unique
from coproarchive.store.sidecar import valid


def person_id(store: Store, catalogue: Catalogue, named: str) -> str:
    """Return the id of a person, given by id or name; a new name becomes a new entry."""
    if named in catalogue.people:
        return named
    people, _ = store.read_people()
    for person in people.values():
        if any(name_key(name) == name_key(named) for name in person.names):
            return person.id
    person = Person(
        id=unique(slugify(bare_name(named), "person"), people.__contains__), names=(named,)
    )
    store.save_person(person)
    return person.id


def check_names(seminar: str | None, topics: Iterable[str]) -> None:
    """Refuse names that no seminar and no topic can have. Raises IngestError."""
    if seminar:
        valid(lambda: Seminar(id="x", title=seminar))
    for named in topics:
        valid(lambda named=named: Topic(id="x", label=named))  # type: ignore[misc]  # bound now


def topic_id(store: Store, catalogue: Catalogue, named: str) -> str:
    """Return the id of a topic, given by id or label; a new label becomes a new entry."""
    if named in catalogue.topics:
        return named
    topics, _ = store.read_topics()
    for topic in topics.values():
        if named.casefold() in (label.casefold() for label in (topic.label, *topic.alternatives)):
            return topic.id
    topic = Topic(id=unique(slugify(named, "topic"), topics.__contains__), label=named)
    store.save_topic(topic)
    return topic.id


def seminar_id(store: Store, catalogue: Catalogue, named: str, date: str | None = None) -> str:
    """Return the id of a seminar, given by id or title; a new title becomes a new seminar.

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
    seminar = Seminar(id=store.free_id(slugify(named, "seminar")), title=named, date=date)
    store.save_seminar(seminar)
    return seminar.id
