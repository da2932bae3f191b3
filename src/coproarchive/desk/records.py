"""Records by the names that archivists use for them: to read, to check and to write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from coproarchive.check import orcid_check_digit
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.model import (
    Contribution,
    Item,
    Person,
    Seminar,
    Series,
    Snooze,
    Topic,
)
from coproarchive.store import Store
from coproarchive.store.changes import Fields
from coproarchive.store.reader import (
    ITEM,
    PEOPLE,
    PROBLEMS,
    SEMINAR,
    SERIES,
    TOPICS,
    checked_id,
)
from coproarchive.store.sidecar import did_you_mean, mistakes_by_field, valid
from coproarchive.strict_yaml import Plain

TABLES: dict[str, tuple[str, type[BaseModel]]] = {
    "person": (PEOPLE, Person),
    "topic": (TOPICS, Topic),
    "snooze": (PROBLEMS, Snooze),
}
"""By what stands before the colon in the name of an entry, person:ada-baker: its table and noun."""


@dataclass(frozen=True, slots=True)
class RecordName:
    """Which record is meant.

    Attributes:
        path: of its file, relative to the archive.
        entry: key in a table; "" elsewhere.
        noun: what it is.
    """

    path: str
    entry: str
    noun: type[BaseModel]

    @property
    def id(self) -> str:
        """The id in the archive; "archive" of the archive itself."""
        return self.entry or self.path.rpartition("/")[0] or "archive"

    def __str__(self) -> str:
        """Return the name by which commands take it."""
        return name_of_change(self.path, self.entry)


def _word(path: str) -> str:
    return next(word for word, (table, _) in TABLES.items() if table == path)


def name_of_change(path: str, entry: str) -> str:
    """Return the name of a record of which the history tells."""
    if entry:
        return f"{_word(path)}:{entry}"
    return path.rpartition("/")[0] or path


def records_in(store: Store, path: str) -> list[RecordName]:
    """Return the record of a file, or the entries of a table; none of another file."""
    for table, noun in TABLES.values():
        if path == table:
            return [RecordName(path, key, noun) for key in entries(store, path)]
    nouns: dict[str, type[BaseModel]] = {SERIES: Series, SEMINAR: Seminar, ITEM: Item}
    noun_of_file = nouns.get(path.rpartition("/")[2])
    return [RecordName(path, "", noun_of_file)] if noun_of_file else []


def record_named(store: Store, named: str) -> RecordName:
    """Find a record: an item or seminar by id, person:ID, topic:ID, or archive.yaml.

    Raises:
        NotFoundError: there is none, with the nearest that there is.
    """
    word, colon, key = named.partition(":")
    if named == SERIES:
        return RecordName(SERIES, "", Series)
    if colon and word in TABLES:
        path, noun = TABLES[word]
        if key not in entries(store, path):
            raise NotFoundError(
                f'there is no {word} "{key}".{did_you_mean(key, entries(store, path))}'
            )
        return RecordName(path, key, noun)
    checked_id(named)
    for name, noun in ((ITEM, Item), (SEMINAR, Seminar)):
        if (store.root / named / name).is_file():
            return RecordName(f"{named}/{name}", "", noun)
    ids = [*store.item_ids(), *store.seminar_ids()]
    hint = "People and topics: person:ID, topic:ID. The archive itself: archive.yaml"
    raise NotFoundError(f'there is no item or seminar "{named}".{did_you_mean(named, ids)}',
                        hint=hint)  # fmt: skip


def entries(store: Store, path: str) -> dict[str, Fields]:
    """Return the entries of a table, by id, whether they are right or not."""
    try:
        content = store.content(path)
    except NotFoundError:
        return {}
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if isinstance(value, dict)}


def content_of(store: Store, record: RecordName) -> Fields:
    """Return what a record says. Raises NotFoundError, SidecarError."""
    if record.entry:
        found_entries = entries(store, record.path)
        if record.entry not in found_entries:
            raise NotFoundError("there is no such record.", str(record))
        return found_entries[record.entry]
    content = store.content(record.path)
    return content if isinstance(content, dict) else {}


def write_fields(store: Store, record: RecordName, content: Mapping[str, Plain] | None) -> None:
    """Write what a record shall say; None takes an entry out of its table."""
    new: Fields | None = None if content is None else dict(content)
    if not record.entry:
        assert new is not None, "a file is not taken out here"
        store.save_content(record.path, new)
        return
    with store.lock():
        table: Fields = dict(entries(store, record.path))
        if new is None:
            table.pop(record.entry, None)
        else:
            table[record.entry] = new
        store.save_content(record.path, table)


def built(record: RecordName, content: Mapping[str, object]) -> BaseModel:
    """Return the noun of a content. Raises IngestError where the model does not take it."""
    derived: dict[str, object] = {}
    if record.noun is not Series:
        derived = {"id": record.id}
    fields = {key: value for key, value in content.items() if value is not None}
    return valid(lambda: record.noun.model_validate(fields | derived))


def field_mistakes(record: RecordName, content: Mapping[str, object]) -> dict[str, list[str]]:
    """Return what is wrong with a record's fields, in plain words, by field."""
    derived = {} if record.noun is Series else {"id": record.id}
    fields = {key: value for key, value in content.items() if value is not None}
    mistakes = mistakes_by_field(record.noun, fields | derived)
    orcid = fields.get("orcid")
    if isinstance(orcid, str) and "orcid" not in mistakes and (mistake := orcid_mistake(orcid)):
        mistakes["orcid"] = [mistake]
    return mistakes


def orcid_mistake(orcid: str) -> str:
    """Return what is wrong with a well-formed ORCID; "" where its last digit fits the others."""
    if orcid_check_digit(orcid) == orcid[-1]:
        return ""
    return f"{orcid} is no ORCID: its last digit does not fit the others. Look it up at orcid.org."


def refuse_unknown(
    noun: BaseModel, people: Mapping[str, Person], topics: Mapping[str, Topic], store: Store
) -> None:
    """Refuse a record that names people, topics or items that are not there.

    Raises:
        NotFoundError: with the nearest id, and how to make a new one.
    """
    new = "To make what is new too, add --new"
    for contribution in _contributions(noun):
        if contribution.person not in people:
            close = did_you_mean(contribution.person, people)
            raise NotFoundError(f'there is no person "{contribution.person}".{close}', hint=new)
    for topic_id in getattr(noun, "topics", ()):
        if topic_id not in topics:
            close = did_you_mean(topic_id, topics)
            raise NotFoundError(f'there is no topic "{topic_id}".{close}', hint=new)
    items = [r.item for r in getattr(noun, "relations", ()) if r.item]
    items += [s.item for s in getattr(noun, "programme", ()) if s.item]
    for item_id in items:
        store.read_item(item_id)
    if isinstance(noun, Topic) and noun.broader:
        if noun.broader not in topics:
            raise NotFoundError(f'there is no topic "{noun.broader}".')
        if noun.broader == noun.id:
            raise IngestError(f'the topic "{noun.id}" cannot be wider than itself.')


def _contributions(noun: BaseModel) -> tuple[Contribution, ...]:
    """Return the contributions that a record names."""
    if isinstance(noun, Item):
        return noun.people
    if isinstance(noun, Seminar):
        return tuple(c for session in noun.programme for c in session.people)
    return ()
