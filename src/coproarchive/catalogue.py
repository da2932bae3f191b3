"""The whole archive in memory: look-ups by id, person, topic and seminar, and who may see what."""

from __future__ import annotations

import datetime
import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlsplit

from coproarchive.edtf import edtf_bounds
from coproarchive.errors import NotFoundError, SidecarError
from coproarchive.model import (
    Asset,
    Contribution,
    Item,
    Person,
    Problem,
    Seminar,
    Series,
    Session,
    Severity,
    Topic,
    WordSource,
)
from coproarchive.progress import Progress, silent
from coproarchive.public_records import (
    is_public,
    people_of,
    public_programme,
    related,
    with_public_files,
    with_public_replacement,
    without_hidden_only,
)
from coproarchive.store import Store
from coproarchive.store.sidecar import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A snapshot of every record that could be read, and the problems of those that could not.

    Attributes:
        series: archive.yaml.
        seminars, items, people, topics: by id.
        digests: item id -> hash of everything in records that its search document is made from.
        problems: broken records (left out above) and references to what is not there.
        tombstones: items that were withdrawn; empty except in what `for_public` returns.
        changes_on: the next day on which something becomes public by itself, "" where none does;
            empty except in what `for_public` returns.
    """

    series: Series
    seminars: Mapping[str, Seminar] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    tombstones: Mapping[str, Item] = field(default_factory=dict)
    changes_on: str = ""

    @classmethod
    def load(
        cls, store: Store, progress: Progress = silent, previous: Catalogue | None = None
    ) -> Catalogue:
        """Read every sidecar; a broken one becomes a Problem and is left out.

        Args:
            store: of the archive.
            progress: told of every item.
            previous: what the same store gave before, of which digests are taken that are the same.

        Raises:
            SidecarError: archive.yaml itself is broken.
        """
        problems: list[Problem] = []
        series = store.read_series()
        people = _load_table(store.read_people, "people.yaml", problems)
        topics = _load_table(store.read_topics, "topics.yaml", problems)
        seminars = _load_each(store.seminar_ids(), store.read_seminar, "seminar.yaml", problems)
        ids = store.item_ids()
        items: dict[str, Item] = {}
        for number, item_id in enumerate(ids, start=1):
            progress("reading records", number, len(ids), item_id)
            items |= _load_each([item_id], store.read_item, "item.yaml", problems)
        store.save_cache()
        whole = cls(series, seminars, items, people, topics)
        unread = {p.path for p in problems if p.path in ("people.yaml", "topics.yaml")}
        problems += _references(whole, unread)
        same = previous if previous is not None and whole._has_tables_of(previous) else None
        digests = {
            item_id: same.digests[item_id]
            if same is not None and same.items.get(item_id) is item
            else whole.digest_of(item)
            for item_id, item in items.items()
        }
        return cls(series, seminars, items, people, topics, digests, tuple(problems))

    def _has_tables_of(self, other: Catalogue) -> bool:
        """Tell whether all that items take from other records is as in another catalogue."""
        tables = (self.people, self.topics, self.seminars)
        return tables == (other.people, other.topics, other.seminars)

    # ------------------------------------------------------------ look-ups

    def item(self, item_id: str) -> Item:
        """Return the item. Raises NotFoundError, with the nearest id."""
        return _get(self.items, item_id, "item")

    def seminar(self, seminar_id: str) -> Seminar:
        """Return the seminar. Raises NotFoundError, with the nearest id."""
        return _get(self.seminars, seminar_id, "seminar")

    def person(self, person_id: str) -> Person:
        """Return the person. Raises NotFoundError, with the nearest id."""
        return _get(self.people, person_id, "person")

    def topic(self, topic_id: str) -> Topic:
        """Return the topic. Raises NotFoundError, with the nearest id."""
        return _get(self.topics, topic_id, "topic")

    def person_name(self, person_id: str) -> str:
        """Return the preferred name; the id itself where there is no such person."""
        person = self.people.get(person_id)
        return person.name if person else person_id

    def topic_label(self, topic_id: str) -> str:
        """Return the preferred label; the id itself where there is no such topic."""
        topic = self.topics.get(topic_id)
        return topic.label if topic else topic_id

    def seminar_title(self, seminar_id: str) -> str:
        """Return the title; the id itself where there is no such seminar."""
        seminar = self.seminars.get(seminar_id)
        return seminar.title if seminar else seminar_id

    def item_date(self, item: Item) -> str | None:
        """Return the EDTF date of the item, else of its seminar."""
        seminar = self.seminars.get(item.seminar or "")
        return item.date or (seminar.date if seminar else None)

    def items_of_seminar(self, seminar_id: str) -> tuple[Item, ...]:
        """Return items in the seminar's folder, by date, then id."""
        return self._by_seminar.get(seminar_id, ())

    def items_of_person(self, person_id: str) -> tuple[Item, ...]:
        """Return items to which the person contributed, by date, then id."""
        return self._by_person.get(person_id, ())

    def items_of_topic(self, topic_id: str) -> tuple[Item, ...]:
        """Return items about the topic, by date, then id."""
        return self._by_topic.get(topic_id, ())

    def sessions_of_person(self, person_id: str) -> tuple[tuple[Seminar, Session], ...]:
        """Return sessions that name the person, in the order of seminars and programmes."""
        return self._sessions.get(person_id, ())

    @cached_property
    def _sessions(self) -> Mapping[str, tuple[tuple[Seminar, Session], ...]]:
        sessions_by_person: dict[str, list[tuple[Seminar, Session]]] = defaultdict(list)
        for seminar in self.seminars.values():
            for session in seminar.programme:
                for person in dict.fromkeys(c.person for c in session.people):
                    sessions_by_person[person].append((seminar, session))
        return {person: tuple(lines) for person, lines in sessions_by_person.items()}

    @cached_property
    def _ids_by_name(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Folded name -> kinds and ids of the people, topics and seminars that are called so."""
        ids: dict[str, dict[tuple[str, str], None]] = {}
        for kind, record_id, names in (
            *(("person", p.id, p.names) for p in self.people.values()),
            *(("topic", t.id, (t.label, *t.alternatives)) for t in self.topics.values()),
            *(("seminar", s.id, (s.title,)) for s in self.seminars.values()),
        ):
            for name in names:
                ids.setdefault(folded(name), {})[kind, record_id] = None
        return {name: tuple(records) for name, records in ids.items()}

    def named(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return kinds ("person", "topic", "seminar") and ids of what is called just so."""
        return self._ids_by_name.get(folded(text), ())

    @cached_property
    def by_old_path(self) -> Mapping[str, str]:
        """Path of the address where an item was first published -> its id; "" is in no path."""
        paths = {
            urlsplit(item.source).path.rstrip("/"): item.id
            for item in self.items.values()
            if item.source
        }
        return {path: item_id for path, item_id in paths.items() if path}

    @cached_property
    def by_former_id(self) -> Mapping[str, Mapping[str, str]]:
        """For "person" and "topic": an id that an entry had before -> its id."""
        tables: dict[str, Mapping[str, Person] | Mapping[str, Topic]] = {
            "person": self.people,
            "topic": self.topics,
        }
        return {
            noun: {old: entry.id for entry in table.values() for old in entry.former_ids}
            for noun, table in tables.items()
        }

    @cached_property
    def by_sha256(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """File hash -> every (item id, path of the asset) that has it."""
        places_by_hash: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for item in self.items.values():
            for asset in item.assets:
                places_by_hash[asset.sha256].append((item.id, asset.path))
        return {sha256: tuple(places) for sha256, places in places_by_hash.items()}

    @cached_property
    def _by_seminar(self) -> Mapping[str, tuple[Item, ...]]:
        return self._group(lambda item: [item.seminar] if item.seminar else [])

    @cached_property
    def _by_person(self) -> Mapping[str, tuple[Item, ...]]:
        return self._group(lambda item: [c.person for c in item.people])

    @cached_property
    def _by_topic(self) -> Mapping[str, tuple[Item, ...]]:
        return self._group(lambda item: item.topics)

    def _group(self, keys: Callable[[Item], Iterable[str]]) -> Mapping[str, tuple[Item, ...]]:
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in self.items.values():
            for key in dict.fromkeys(keys(item)):
                groups[key].append(item)
        return {key: tuple(sorted(group, key=self.order)) for key, group in groups.items()}

    def order(self, item: Item) -> tuple[str, str]:
        """Sort key: first day, then id; items without a date come last."""
        date = self.item_date(item)
        return (edtf_bounds(date)[0] if date else "9999", item.id)

    # ------------------------------------------------------------ language

    @property
    def language(self) -> str:
        """The language of what says nothing of its own: the first that the archive declares."""
        return self.series.languages[0] if self.series.languages else "en"

    # ---------------------------------------------------------- visibility

    def withheld(self, item: Item) -> frozenset[WordSource]:
        """Return which words of the item's files readers do not get, in no way out.

        What the archive withholds, less what the item releases: the one place that decides it.
        """
        return frozenset(self.series.withhold).difference(item.release)

    def for_public(self, today: str | None = None) -> Catalogue:
        """Return the archive that everybody may see. The one place where that is decided.

        Hidden items are not in it, in no look-up and no relation, and neither are the lines of a
        programme that tell of them (they repeat title, description and speaker); withdrawn ones
        only as tombstones: title, kind, date, seminar, why they were taken back, and what is there
        instead. Items and files for members, or for a later day, are hidden ones. A person or
        topic is in it if something in it names them (a topic: or a narrower one of it), or nothing
        in the whole archive does (an entry made for later). A seminar is in it unless all its items
        are hidden and nothing else is in its programme. A record that cannot be read counts as a
        hidden one, which it may be.

        Args:
            today: YYYY-MM-DD; the day of this machine where it is None.
        """
        today = today or datetime.date.today().isoformat()
        made: tuple[str, Catalogue] | None = self.__dict__.get("_public_since")
        if made is None or today < made[0] or (made[1].changes_on or "9999") <= today:
            made = self.__dict__["_public_since"] = today, self._public(today)
        return made[1]

    def _public(self, today: str) -> Catalogue:
        """Return what everybody may see on a day; see for_public."""
        visible = {i: item for i, item in self.items.items() if is_public(item, today)}
        public = {i: item for i, item in visible.items() if not item.withdrawn}
        public = {i: related(with_public_files(item, today), public)
                  for i, item in public.items()}  # fmt: skip
        tombstones = {
            i: Item(
                id=i,
                seminar=item.seminar,
                kind=item.kind,
                title=item.title,
                date=item.date,
                withdrawn=with_public_replacement(item.withdrawn, public),
            )
            for i, item in visible.items()
            if item.withdrawn
        }
        seminars = {i: public_programme(s, public) for i, s in self.seminars.items()}
        not_hidden = public.keys() | tombstones.keys()
        seminars = {i: s for i, s in seminars.items() if not self._is_only_hidden(s, not_hidden)}
        not_public: list[Item | Seminar] = [i for k, i in self.items.items() if k not in public]
        not_public += [s for s in self.seminars.values() if s is not seminars.get(s.id)]
        public_records: list[Item | Seminar] = [*public.values(), *seminars.values()]
        people = self._named_in_public(self.people, not_public, public_records, people_of)
        topics = self._named_in_public(
            self.topics, not_public, public_records, self._topics_and_broader
        )
        digests = {i: self._public_digest(public[i]) for i in self.digests if i in public}
        return Catalogue(self.series, seminars, public, people, topics, digests, (), tombstones,
                         self._changes_on(today))  # fmt: skip

    def _public_digest(self, item: Item) -> str:
        """Return the digest of an item of which not all files may be public."""
        digest = self.digests[item.id]
        if len(item.assets) == len(self.items[item.id].assets):
            return digest
        names = "\n".join(asset.path for asset in item.assets)
        return hashlib.sha256(f"{digest}\n{names}".encode()).hexdigest()

    def _changes_on(self, today: str) -> str:
        """Return the next day from which on something is public that is not today."""
        records: list[Item | Asset] = [*self.items.values()]
        records += [asset for item in self.items.values() for asset in item.assets]
        days = {record.available for record in records if (record.available or "") > today}
        return min(filter(None, days), default="")

    @cached_property
    def _unread(self) -> tuple[str, ...]:
        """Paths of records that cannot be read: whom and what they name is not known."""
        tables = ("people.yaml", "topics.yaml")
        return tuple(
            p.path for p in self.problems if p.code == "record-broken" and p.path not in tables
        )

    def _is_only_hidden(self, seminar: Seminar, not_hidden: Container[str]) -> bool:
        """Tell whether a seminar, with its public programme, holds nothing but hidden items."""
        items = self.items_of_seminar(seminar.id)
        holds_any = bool(items) or any(p.startswith(f"{seminar.id}/") for p in self._unread)
        return holds_any and not seminar.programme and not any(i.id in not_hidden for i in items)

    def _named_in_public(
        self,
        table: Mapping[str, T],
        not_public: list[Item | Seminar],
        public: list[Item | Seminar],
        ids_of: Callable[[Item | Seminar], Iterable[str]],
    ) -> dict[str, T]:
        """Return entries but for those of hidden records alone; see without_hidden_only.

        While a record cannot be read, an entry that nothing names may be of that one.
        """
        if self._unread:
            named = {i for record in public for i in ids_of(record)}
            return {key: entry for key, entry in table.items() if key in named}
        return without_hidden_only(table, not_public, public, ids_of)

    def _topics_and_broader(self, record: Item | Seminar) -> set[str]:
        """Return the ids of a record's topics and of all that are broader than these."""
        ids: set[str] = set()
        for topic_id in record.topics:
            wider: str | None = topic_id
            while wider and wider not in ids:
                ids.add(wider)
                wider = self.topics[wider].broader if wider in self.topics else None
        return ids

    def digest_of(self, item: Item) -> str:
        """Hash of the item's record and of what it takes from seminar, people and topics."""
        seminar = self.seminars.get(item.seminar or "")
        parts = [
            item.model_dump_json(),
            f"{seminar.title}|{seminar.date}" if seminar else "",
            *(
                "|".join(self.people[c.person].names)
                for c in item.people
                if c.person in self.people
            ),
            *(
                "|".join((self.topics[t].label, *self.topics[t].alternatives))
                for t in item.topics
                if t in self.topics
            ),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def folded(name: str) -> str:
    """Return a name without case, accents and repeated spaces."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _get(table: Mapping[str, T], key: str, noun: str) -> T:
    if key in table:
        return table[key]
    message = f'there is no {noun} "{key}".{did_you_mean(key, table)}'
    raise NotFoundError(message)


def _load_table(
    read: Callable[[], tuple[dict[str, T], list[str]]], path: str, problems: list[Problem]
) -> dict[str, T]:
    try:
        table, mistakes = read()
    except SidecarError as error:
        problems.append(_broken(path, error.message, error.hint))
        return {}
    problems += [_broken(path, mistake, None) for mistake in mistakes]
    return table


def _load_each(
    ids: list[str], read: Callable[[str], T], name: str, problems: list[Problem]
) -> dict[str, T]:
    records: dict[str, T] = {}
    for record_id in ids:
        try:
            records[record_id] = read(record_id)
        except (SidecarError, NotFoundError) as error:
            problems.append(_broken(f"{record_id}/{name}", error.message, error.hint))
    return records


def _broken(path: str, message: str, hint: str | None) -> Problem:
    return Problem("record-broken", Severity.ERROR, path, message, hint=hint or "Correct the file.")


def _references(catalogue: Catalogue, unread: set[str]) -> Iterable[Problem]:
    """Yield a problem for each reference to a person, topic or item that is not there."""
    tables: dict[str, Mapping[str, object]] = {"item": catalogue.items}
    # A table that could not be read is one problem, not one for each record that refers to it.
    if "people.yaml" not in unread:
        tables["person"] = catalogue.people
    if "topics.yaml" not in unread:
        tables["topic"] = catalogue.topics
    for path, noun, key, place in _named(catalogue):
        if noun in tables and key not in tables[noun]:
            yield _unknown(noun, key, tables[noun], path, place)


def _named(catalogue: Catalogue) -> Iterable[tuple[str, str, str, str]]:
    """Yield every reference: file, noun, id and place in the file."""
    for item in catalogue.items.values():
        path = f"{item.id}/item.yaml"
        yield from _named_people(path, item.people, "")
        yield from ((path, "topic", t, f"topics[{n}]") for n, t in enumerate(item.topics))
        for n, relation in enumerate(item.relations):
            if relation.item:
                yield path, "item", relation.item, f"relations[{n}].item"
    for seminar in catalogue.seminars.values():
        path = f"{seminar.id}/seminar.yaml"
        yield from ((path, "topic", t, f"topics[{n}]") for n, t in enumerate(seminar.topics))
        for n, session in enumerate(seminar.programme):
            yield from _named_people(path, session.people, f"programme[{n}].")
            if session.item:
                yield path, "item", session.item, f"programme[{n}].item"
    for topic_id, topic in catalogue.topics.items():
        if topic.broader:
            yield "topics.yaml", "topic", topic.broader, f"{topic_id}.broader"


def _named_people(
    path: str, people: tuple[Contribution, ...], before: str
) -> Iterable[tuple[str, str, str, str]]:
    for n, contribution in enumerate(people):
        yield path, "person", contribution.person, f"{before}people[{n}].person"


def _unknown(noun: str, key: str, table: Mapping[str, object], path: str, place: str) -> Problem:
    where = {"person": "people.yaml", "topic": "topics.yaml", "item": "the archive"}[noun]
    return Problem(
        f"unknown-{noun}",
        Severity.ERROR,
        path,
        f'there is no {noun} "{key}" in {where}.{did_you_mean(key, table)}',
        field=place,
        hint=f"Correct the id, or add the {noun}.",
    )
