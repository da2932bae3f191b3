"""People and topics: two entries that are one are merged; an entry gets another id.

All records that name the entry are rewritten; the old id leads to the new one (`former_ids`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.desk.records import TABLES, content_of, entries, record_named, write_fields
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.store import Store
from coproarchive.store.changes import Activity, Fields, fields_changed
from coproarchive.store.reader import ITEM, SEMINAR, SERIES, TOPICS
from coproarchive.store.sidecar import did_you_mean, valid
from coproarchive.strict_yaml import Plain

Noun = Literal["person", "topic"]
_LISTS = {"person": ("affiliations", "links"), "topic": ()}
_SINGLE = {"person": ("orcid", "bio"), "topic": ("description", "broader")}


def merge_entries(
    store: Store, noun: Noun, old: str, new: str, activity: Activity, *, dry_run: bool = False
) -> ActReport:
    """Make one entry of two: the names of the old are kept as other names of the new.

    Stopped at any moment, the same again goes on.

    Args:
        store: of the archive.
        noun: which table.
        old: id that goes; its address leads to the new one.
        new: id that stays.
        activity: what the history shall say.
        dry_run: whether only to say what would change.

    Raises:
        NotFoundError: there is no such entry.
        IngestError: both are one already, or say of themselves that they are two.
    """
    with store.activity(activity, is_dry=dry_run):
        table = entries(store, TABLES[noun][0])
        _refuse_absent(table, noun, new)
        if old not in table and old in _former(table[new]):
            return ActReport(notes=(f"{old} was merged into {new} before.",))
        _refuse_absent(table, noun, old)
        if old == new:
            raise IngestError("these are one already.")
        _refuse_two(noun, table[old], table[new])
        merged, lost = _merged(noun, old, table[old], table[new])
        if noun == "topic" and merged.get("broader") in (old, new):
            merged.pop("broader")
        diffs = _carry_out(store, noun, old, new, merged, dry_run=dry_run)
    return ActReport(activity.batch, tuple(diffs), tuple(lost))


def rename_entry(
    store: Store, noun: Noun, old: str, new: str, activity: Activity, *, dry_run: bool = False
) -> ActReport:
    """Give an entry another id; its old address leads to the new one. Raises as merge_entries."""
    with store.activity(activity, is_dry=dry_run):
        table = entries(store, TABLES[noun][0])
        if old not in table and old in _former(table.get(new, {})):
            return ActReport(notes=(f"{old} was renamed to {new} before.",))
        _refuse_absent(table, noun, old)
        if new in table and old not in _former(table[new]):
            hint = f"To make one of the two: coproarchive merge {noun} {old} {new}"
            raise IngestError(f'there is a {noun} "{new}" already.', hint=hint)
        content = dict(table[old])
        former = [name for name in _former(content) if name != new]
        content["former_ids"] = [*former, old]
        valid(lambda: TABLES[noun][1].model_validate({**content, "id": new}))
        diffs = _carry_out(store, noun, old, new, content, dry_run=dry_run)
    return ActReport(activity.batch, tuple(diffs))


def _refuse_absent(table: Iterable[str], noun: Noun, key: str) -> None:
    if key not in table:
        raise NotFoundError(f'there is no {noun} "{key}".{did_you_mean(key, table)}')


def _refuse_two(noun: Noun, old: Fields, new: Fields) -> None:
    """Refuse to make one of two people who have an ORCID each."""
    if noun == "person" and old.get("orcid") and new.get("orcid") not in (None, old["orcid"]):
        raise IngestError(
            f"they have two ORCIDs, {old['orcid']} and {new['orcid']}, so they are two people.",
            hint="Where one of the two is wrong, take it out first: edit person:ID --set orcid=",
        )


def _former(entry: Fields) -> list[str]:
    former = entry.get("former_ids")
    return [str(name) for name in former] if isinstance(former, list) else []


def _merged(noun: Noun, old_id: str, old: Fields, new: Fields) -> tuple[Fields, list[str]]:
    """Return the entry that stays, and sentences about what of the other is not in it."""
    merged, lost = dict(new), []
    if noun == "person":
        merged["names"] = _union(new.get("names"), old.get("names"))
    else:
        others = _union([old.get("label")], old.get("alternatives"))
        others = [o for o in _union(new.get("alternatives"), others) if o != new.get("label")]
        merged |= {"alternatives": others} if others else {}
    for name in _LISTS[noun]:
        if both := _union(new.get(name), old.get(name)):
            merged[name] = both
    for name in _SINGLE[noun]:
        if old.get(name) is not None and new.get(name) is None:
            merged[name] = old[name]
        elif old.get(name) not in (None, new.get(name)):
            lost.append(f"The {name} of {old_id} is in the history only.")
    merged["former_ids"] = _union([*_former(new), *_former(old)], [old_id])
    return merged, lost


def _union(first: Plain, second: Plain) -> list[Plain]:
    """Return the entries of two lists, each once."""
    union: list[Plain] = []
    for entries_of in (first, second):
        for entry in entries_of if isinstance(entries_of, list) else []:
            if entry is not None and entry not in union:
                union.append(entry)
    return union


def _carry_out(
    store: Store, noun: Noun, old: str, new: str, content: Fields, *, dry_run: bool
) -> list[RecordDiff]:
    """Write the entry that stays, then the records that name the other, then take that out."""
    path = TABLES[noun][0]
    table = entries(store, path)
    diffs = [_diff(f"{noun}:{new}", table.get(new), content)]
    rewritten = list(_rewritten(store, noun, old, new))
    diffs += [_diff(name, before, after) for name, before, after in rewritten]
    diffs.append(RecordDiff(f"{noun}:{old}", table[old], None))
    if dry_run:
        return diffs
    store.save_content(path, {**table, new: content})
    for name, _, after in rewritten:
        write_fields(store, record_named(store, name), after)
    table = entries(store, path)
    store.save_content(path, {key: entry for key, entry in table.items() if key != old})
    return diffs


def _diff(name: str, old: Fields | None, new: Fields) -> RecordDiff:
    if old is None:
        return RecordDiff(name, None, new)
    return RecordDiff(name, *fields_changed(old, new))


def _rewritten(
    store: Store, noun: Noun, old: str, new: str
) -> Iterator[tuple[str, Fields, Fields]]:
    """Yield the records that name an entry: name, content, and content that names the new one."""
    rewrite = _with_person if noun == "person" else _with_topic
    for path in store.record_paths():
        name = path.rpartition("/")[2]
        if name == TOPICS and noun == "topic":
            for key, entry in entries(store, path).items():
                if entry.get("broader") == old and key not in (old, new):
                    yield f"topic:{key}", entry, entry | {"broader": new}
        if name not in (ITEM, SEMINAR, SERIES) or not _mentions(store, path, old):
            continue
        record = record_named(store, path.rpartition("/")[0] or path)
        content = content_of(store, record)
        after = rewrite(content, old, new)
        if after != content:
            yield str(record), content, after


def _mentions(store: Store, path: str, key: str) -> bool:
    """Tell whether a record's file has an id in it at all: to look is quicker than to parse."""
    try:
        return key.encode() in (store.root / path).read_bytes()
    except OSError:
        return False


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
    renamed = [{**c, "person": new} if isinstance(c, dict) and c.get("person") == old else c
               for c in people]  # fmt: skip
    return [c for n, c in enumerate(renamed) if c not in renamed[:n]]


def _with_topic(content: Fields, old: str, new: str) -> Fields:
    changed = {**content}
    topics = content.get("topics")
    if isinstance(topics, list):
        renamed: list[Plain] = [new if topic == old else topic for topic in topics]
        changed["topics"] = list(dict.fromkeys(map(str, renamed)))
    rules = content.get("import_rules")
    if isinstance(rules, dict) and isinstance(rules.get("topics"), dict):
        named: Callable[[Plain], Plain] = lambda topic: new if topic == old else topic  # noqa: E731
        table = rules["topics"]
        assert isinstance(table, dict)
        changed["import_rules"] = rules | {"topics": {k: named(v) for k, v in table.items()}}
    return changed
