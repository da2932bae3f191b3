"""Edit records: one, or many at once; what others changed meanwhile is told field by field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from pydantic import BaseModel

from coproarchive.desk.records import (
    RecordName,
    built,
    content_of,
    orcid_mistake,
    record_named,
    refuse_unknown,
    write_fields,
)
from coproarchive.desk.values import FieldEdit, edited
from coproarchive.errors import ConflictError, IngestError, NotFoundError
from coproarchive.ingest.names import bare_name, name_key
from coproarchive.model import Person, Topic
from coproarchive.store import Store, slugify, unique
from coproarchive.store.changes import Activity, Fields, fields_changed
from coproarchive.store.sidecar import did_you_mean, valid
from coproarchive.strict_yaml import Plain


@dataclass(frozen=True, slots=True)
class RecordDiff:
    """What changes, or would, in one record.

    Attributes:
        name: as commands take it: an item's or seminar's id, person:ID, topic:ID, archive.yaml.
        before, after: the fields that differ; None where the record is not there.
    """

    name: str
    before: Fields | None
    after: Fields | None


@dataclass(frozen=True, slots=True)
class ActReport:
    """What an act did.

    Attributes:
        change: id of its batch in the history, to be undone by; "" where nothing was to be changed.
        diffs: by record, in the order in which they were written.
        notes: sentences for who did it.
    """

    change: str = ""
    diffs: tuple[RecordDiff, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that is not what it was taken for.

    Attributes:
        name: of the record.
        field: its name.
        expected: what it was taken for.
        now: what it is.
        chosen: what it was to become.
        change: id of the change that made it so, "" where the history does not tell.
        who: by whom.
    """

    name: str
    field: str
    expected: Plain
    now: Plain
    chosen: Plain
    change: str = ""
    who: str = ""


class FieldConflictError(ConflictError):
    """Fields were changed by somebody else; nothing was written."""

    def __init__(self, conflicts: Sequence[FieldConflict], hint: str):
        self.conflicts = tuple(conflicts)
        lines = [
            f"{c.name}, {c.field}: it is {in_words(c.now)} now, not {in_words(c.expected)}"
            + (f" (changed by {c.who or 'somebody'}, {c.change})" if c.change else "")
            for c in self.conflicts
        ]
        message = "changed meanwhile; nothing was written.\n" + "\n".join(f"  {x}" for x in lines)
        super().__init__(message, hint=hint)


def in_words(value: Plain) -> str:
    """Return a field's value on one line, in words."""
    if value is None:
        return "empty"
    if isinstance(value, list):
        return ", ".join(in_words(entry) for entry in value) or "empty"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {in_words(child)}" for key, child in value.items()) + "}"
    text = " ".join(value.split())
    return f'"{text[:80]}..."' if len(text) > 80 else f'"{text}"'


@dataclass
class Authorities:
    """People and topics by their names, and those that are to be made.

    Attributes:
        people, topics: by id.
        may_grow: whether a name that is not known becomes a new entry.
        new_people, new_topics: to be written.
    """

    people: dict[str, Person]
    topics: dict[str, Topic]
    may_grow: bool = False
    new_people: list[Person] = field(default_factory=list)
    new_topics: list[Topic] = field(default_factory=list)

    @classmethod
    def of(cls, store: Store, *, may_grow: bool = False) -> Authorities:
        """Read the tables."""
        return cls(dict(store.read_people()[0]), dict(store.read_topics()[0]), may_grow)

    def person(self, named: str) -> str:
        """Return the id of a person given by id or name. Raises NotFoundError."""
        if named in self.people:
            return named
        for person in self.people.values():
            if any(name_key(name) == name_key(named) for name in person.names):
                return person.id
        if not self.may_grow:
            _refuse("person", named, [*self.people, *(p.name for p in self.people.values())])
        key = unique(slugify(bare_name(named), "person"), self.people.__contains__)
        self.people[key] = valid(lambda: Person(id=key, names=(named,)))
        self.new_people.append(self.people[key])
        return key

    def topic(self, named: str) -> str:
        """Return the id of a topic given by id or label; see person."""
        if named in self.topics:
            return named
        for topic in self.topics.values():
            if named.casefold() in map(str.casefold, (topic.label, *topic.alternatives)):
                return topic.id
        if not self.may_grow:
            _refuse("topic", named, [*self.topics, *(t.label for t in self.topics.values())])
        key = unique(slugify(named, "topic"), self.topics.__contains__)
        self.topics[key] = valid(lambda: Topic(id=key, label=named))
        self.new_topics.append(self.topics[key])
        return key

    def save(self, store: Store) -> None:
        """Write the new ones."""
        store.save_people(self.new_people)
        store.save_topics(self.new_topics)


def _refuse(noun: str, named: str, names: Iterable[str]) -> NoReturn:
    close = did_you_mean(named, names)
    hint = "To make what is new too, add --new"
    raise NotFoundError(f'there is no {noun} "{named}".{close}', hint=hint)


@dataclass(frozen=True, slots=True)
class _Planned:
    record: RecordName
    old: Fields
    new: Fields

    @property
    def diff(self) -> RecordDiff:
        return RecordDiff(str(self.record), *fields_changed(self.old, self.new))


def edit_records(
    store: Store,
    names: Iterable[str],
    edits: Sequence[FieldEdit],
    activity: Activity,
    *,
    make_new: bool = False,
    dry_run: bool = False,
    seen: Mapping[str, Plain] | None = None,
    digest: str = "",
) -> ActReport:
    """Edit records, all of them or none.

    Args:
        store: of the archive.
        names: see record_named.
        edits: the same for each.
        activity: what the history shall say.
        make_new: whether people and topics that are not there are made.
        dry_run: whether only to say what would change.
        seen: what the editor saw in the fields before, by name: where one is another now,
            nothing is written.
        digest: sha256 that the record's file had when it was read, instead of `seen`; the history
            tells which fields were changed since.

    Raises:
        NotFoundError: no such record, person, topic or item.
        IngestError: no such field, or a value that it does not take.
        FieldConflictError: a field is not what was seen.
    """
    with store.activity(activity, is_dry=dry_run):
        authorities = Authorities.of(store, may_grow=make_new)
        plan = [_plan(store, record_named(store, n), edits, authorities) for n in names]
        for planned in plan:
            before = values_at(store, planned.record, digest) if digest else seen
            if before is not None:
                _refuse_conflicts(store, planned, before)
        plan = [planned for planned in plan if planned.new != planned.old]
        diffs = tuple(planned.diff for planned in plan)
        if plan and not dry_run:
            authorities.save(store)
            for planned in plan:
                write_fields(store, planned.record, planned.new)
    return ActReport(activity.batch, diffs)


def fingerprint(diffs: Iterable[RecordDiff]) -> str:
    """Return what tells diffs from others: sha256, 64 hexadecimal digits."""
    values = [[diff.name, diff.before, diff.after] for diff in diffs]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def refuse_changed(store: Store, named: str, digest: str, fields: Iterable[str]) -> None:
    """Refuse to go on where somebody changed fields of a record since it was read.

    Call it under the lock, with edits made by hand told of (see look_for_edits).

    Args:
        store: of the archive.
        named: of the record.
        digest: sha256 of its file when it was read.
        fields: that are about to be changed.

    Raises:
        FieldConflictError: one of them is another now.
        ConflictError: the history does not tell of such a time.
    """
    record = record_named(store, named)
    now = content_of(store, record)
    conflicts = [
        FieldConflict(named, name, was, now.get(name), now.get(name),
                      *last_change_of(store, record.path, record.entry, name))
        for name, was in values_at(store, record, digest).items()
        if name in set(fields) and now.get(name) != was
    ]  # fmt: skip
    if conflicts:
        raise FieldConflictError(conflicts, "Look at what it says now, then choose.")


def _plan(
    store: Store, record: RecordName, edits: Sequence[FieldEdit], authorities: Authorities
) -> _Planned:
    old = content_of(store, record)
    new = edited(record.noun, old, edits, authorities.person, authorities.topic)
    noun = built(record, new)
    changed = set[str]().union(*fields_changed(old, new))
    refuse_unknown(_only(noun, changed), authorities.people, authorities.topics, store)
    is_new_orcid = isinstance(noun, Person) and noun.orcid and "orcid" in changed
    if is_new_orcid and (mistake := orcid_mistake(str(new["orcid"]))):
        raise IngestError(mistake)
    return _Planned(record, old, new)


def _only(noun: BaseModel, fields: set[str]) -> BaseModel:
    """Return a record with those fields only that changed: what was wrong before is no reason."""
    others = noun.model_fields_set - fields - {"id", "title", "names", "label"}
    return noun.model_copy(
        update={name: type(noun).model_fields[name].get_default(call_default_factory=True)
                for name in others}
    )  # fmt: skip


def values_at(store: Store, record: RecordName, digest: str) -> dict[str, Plain]:
    """Return the fields that were changed since a record's file had a sha256, as they were then.

    Raises:
        ConflictError: the history does not tell of such a time.
    """
    values: dict[str, Plain] = {}
    if store.digest(record.path) == digest:
        return values
    for change in store.recorder.log.of_record(record.path):
        if change.entry == record.entry:
            values |= {name: (change.before or {}).get(name) for name in change.fields}
        if change.digest_before == digest:
            return values
    raise ConflictError("this record was another one then, of which nothing is told.", str(record),
                        "Read it again, and make your change once more.")  # fmt: skip


def _refuse_conflicts(store: Store, planned: _Planned, seen: Mapping[str, Plain]) -> None:
    """Raise FieldConflictError where a field that would change is not what was seen."""
    record, conflicts = planned.record, []
    for name in dict.fromkeys([*planned.old, *planned.new]):
        now, chosen = planned.old.get(name), planned.new.get(name)
        if name in seen and now not in (seen[name], chosen):
            by = last_change_of(store, record.path, record.entry, name)
            conflicts.append(FieldConflict(str(record), name, seen[name], now, chosen, *by))
    if conflicts:
        raise FieldConflictError(conflicts, "Look at what it says now, then choose.")


def last_change_of(store: Store, path: str, entry: str, field_name: str) -> tuple[str, str]:
    """Return the id of the change that made a field what it is, and by whom; "" if untold."""
    changes = store.recorder.log.of_record(path, entry)
    change = next((c for c in changes if field_name in c.fields), None)
    return (change.id, change.activity.who) if change else ("", "")
