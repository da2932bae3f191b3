"""Where records name people and topics, and how they come to name others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from coproarchive.desk.records import content_of, entries, record_named
from coproarchive.store import Store
from coproarchive.store.changes import Fields
from coproarchive.store.reader import ITEM, SEMINAR, SERIES, TOPICS
from coproarchive.strict_yaml import Plain

Noun = Literal["person", "topic"]


def rewritten(store: Store, noun: Noun, old: str, new: str) -> Iterator[tuple[str, Fields, Fields]]:
    """Yield the records that name an entry: name, content, and content that names the new one."""
    for path in store.record_paths():
        name = path.rpartition("/")[2]
        if name == TOPICS and noun == "topic":
            for key, entry in entries(store, path).items():
                if entry.get("broader") == old and key not in (old, new):
                    yield f"topic:{key}", entry, entry | {"broader": new}
        if name not in (ITEM, SEMINAR, SERIES) or not is_mentioned(store, path, old):
            continue
        record = record_named(store, path.rpartition("/")[0] or path)
        content = content_of(store, record)
        after = renamed(noun, content, old, new)
        if after != content:
            yield str(record), content, after


def is_mentioned(store: Store, path: str, key: str) -> bool:
    """Tell whether a record's file has an id in it at all: to look is quicker than to parse."""
    try:
        return key.encode() in (store.root / path).read_bytes()
    except OSError:
        return False


def renamed(noun: Noun, content: Fields, old: str, new: str) -> Fields:
    """Return a record's content that names another person or topic wherever it names the old."""
    return (_with_person if noun == "person" else _with_topic)(content, old, new)


def _with_person(content: Fields, old: str, new: str) -> Fields:
    changed = {**content}
    if isinstance(content.get("people"), list):
        changed["people"] = _people(content["people"], old, new)
    programme = content.get("programme")
    if isinstance(programme, list):
        changed["programme"] = [
            {**s, "people": _people(s["people"], old, new)} if isinstance(s, dict) and "people" in s
            else s for s in programme
        ]  # fmt: skip
    return changed


def _people(people: Plain, old: str, new: str) -> Plain:
    """Return contributions with another person; nobody twice in one role."""
    if not isinstance(people, list):
        return people
    changed = [{**c, "person": new} if isinstance(c, dict) and c.get("person") == old else c
               for c in people]  # fmt: skip
    return [c for n, c in enumerate(changed) if c not in changed[:n]]


def _with_topic(content: Fields, old: str, new: str) -> Fields:
    changed = {**content}
    topics = content.get("topics")
    if isinstance(topics, list):
        named_now: list[Plain] = [new if topic == old else topic for topic in topics]
        changed["topics"] = list(dict.fromkeys(map(str, named_now)))
    rules = content.get("import_rules")
    if isinstance(rules, dict) and isinstance(rules.get("topics"), dict):
        named: Callable[[Plain], Plain] = lambda topic: new if topic == old else topic  # noqa: E731
        table = rules["topics"]
        assert isinstance(table, dict)
        changed["import_rules"] = rules | {"topics": {k: named(v) for k, v in table.items()}}
    return changed
