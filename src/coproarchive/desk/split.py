"""One entry that is two people, or two topics, becomes two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coproarchive.desk.authorities import diff_of, former_ids, refuse_absent
from coproarchive.desk.edit import ActReport
from coproarchive.desk.records import (
    TABLES,
    content_of,
    entries,
    record_named,
    write_fields,
)
from coproarchive.desk.references import Noun, is_mentioned, renamed, rewritten
from coproarchive.errors import IngestError
from coproarchive.ingest.names import bare_name
from coproarchive.store import Store, slugify, unique
from coproarchive.store.changes import Activity, Fields
from coproarchive.store.reader import SEMINAR
from coproarchive.store.sidecar import valid
from coproarchive.strict_yaml import Plain

_OWN: dict[Noun, tuple[str, ...]] = {
    "person": ("affiliations", "orcid", "bio", "links"),
    "topic": ("description", "broader"),
}
"""Fields that stay with the old entry, though they may tell of the new one."""


def split_entry(
    store: Store,
    noun: Noun,
    old: str,
    name: str,
    items: Sequence[str],
    activity: Activity,
    *,
    dry_run: bool = False,
) -> ActReport:
    """Make a new entry, which some of the records name from now on that name the old one.

    Another name of the old entry goes with the new one, and so does an id that it got by a merge.
    Lines of a programme go with the item that they left behind. Stopped at any moment, the same
    again goes on.

    Args:
        store: of the archive.
        noun: which table.
        old: id of the entry that is two.
        name: of the new one.
        items: ids of items; of seminars, whose programme or topics name the old one.
        activity: what the history shall say.
        dry_run: whether only to say what would change.

    Raises:
        NotFoundError: there is no such entry or item.
        IngestError: there is no name or no item, or one of them names neither of the two.
    """
    name = " ".join(name.split())
    if not name:
        raise IngestError(f"a new {noun} needs a name.")
    if not items:
        raise IngestError(f"no item was named that is to name {name}.")
    with store.activity(activity, is_dry=dry_run):
        path = TABLES[noun][0]
        table = entries(store, path)
        refuse_absent(table, noun, old)
        chosen = dict.fromkeys(items)
        new = _new_id(store, noun, old, name, chosen)
        records = list(_records(store, noun, old, new, chosen))
        made = table.get(new, {"names": [name]} if noun == "person" else {"label": name})
        left = _without(noun, table[old], new, name)
        valid(lambda: TABLES[noun][1].model_validate({**made, "id": new}))
        plan = [(f"{noun}:{new}", table.get(new), made), *records]
        plan.append((f"{noun}:{old}", table[old], left))
        diffs = tuple(diff_of(*change) for change in plan if change[1] != change[2])
        if diffs and not dry_run:
            store.save_content(path, {**table, new: made})
            for record, _, after in records:
                write_fields(store, record_named(store, record), after)
            write_fields(store, record_named(store, f"{noun}:{old}"), left)
    stays = [field for field in _OWN[noun] if field in left]
    notes = (f"Look whose they are: {', '.join(stays)} of {old} stay with it.",) if stays else ()
    return ActReport(activity.batch, diffs, notes if diffs else ())


def _new_id(store: Store, noun: Noun, old: str, name: str, chosen: dict[str, None]) -> str:
    """Return the id of the new entry; of one that a run made that was stopped, if there is one.

    That one has this name, and no record names it but those that were chosen.
    """
    table = entries(store, TABLES[noun][0])
    allowed = {*chosen, *(seminar for seminar, _ in _seminars(store, old, chosen))}
    for key, entry in table.items():
        if key != old and _first_name(noun, entry) == name:
            allowed_here = {*allowed, *(s for s, _ in _seminars(store, key, chosen))}
            if {record for record, _, _ in rewritten(store, noun, key, old)} <= allowed_here:
                return key
    reserved = {i for key, entry in table.items() if key != old for i in former_ids(entry)}
    words = bare_name(name) if noun == "person" else name
    return unique(slugify(words, noun), (table.keys() | reserved).__contains__)


def _first_name(noun: Noun, entry: Fields) -> Plain:
    names = entry.get("names")
    if noun == "topic":
        return entry.get("label")
    return names[0] if isinstance(names, list) and names else None


def _without(noun: Noun, entry: Fields, new: str, name: str) -> Fields:
    """Return the old entry without what the new one takes along: a name, an earlier id."""
    names = "names" if noun == "person" else "alternatives"
    left: Fields = dict(entry)
    for field, gone in ((names, name), ("former_ids", new)):
        values = entry.get(field)
        if not isinstance(values, list):
            continue
        keeps_first = field == "names"  # the name that is shown stays
        others = [v for n, v in enumerate(values) if v != gone or (keeps_first and n == 0)]
        left |= {field: others}
        if not others:
            left.pop(field)
    return left


def _records(
    store: Store, noun: Noun, old: str, new: str, chosen: dict[str, None]
) -> Iterator[tuple[str, Fields, Fields]]:
    """Yield the records that name the new one then: name, content before and after.

    Raises:
        IngestError: one of those that were chosen names neither of the two.
    """
    for named in chosen:
        record = record_named(store, named)
        content = content_of(store, record)
        after = renamed(noun, content, old, new)
        if after == content and renamed(noun, content, new, old) == content:
            raise IngestError(f'this does not name the {noun} "{old}".', named)
        if after != content:
            yield named, content, after
    if noun == "person":
        for seminar, content in _seminars(store, old, chosen):
            after = _with_sessions(content, old, new, chosen)
            if after != content:
                yield seminar, content, after


def _seminars(store: Store, person: str, chosen: dict[str, None]) -> Iterator[tuple[str, Fields]]:
    """Yield seminars, not chosen themselves, whose programme has a line of a chosen item."""
    for seminar in store.seminar_ids():
        path = f"{seminar}/{SEMINAR}"
        if seminar in chosen or not is_mentioned(store, path, person):
            continue
        content = store.content(path)
        if isinstance(content, dict) and any(
            isinstance(s, dict) and s.get("item") in chosen for s in _sessions(content)
        ):
            yield seminar, content


def _sessions(content: Fields) -> list[Plain]:
    programme = content.get("programme")
    return programme if isinstance(programme, list) else []


def _with_sessions(content: Fields, old: str, new: str, chosen: dict[str, None]) -> Fields:
    """Return a seminar's content in which lines of chosen items name another person."""
    lines: list[Plain] = [
        renamed("person", line, old, new)
        if isinstance(line, dict) and line.get("item") in chosen
        else line
        for line in _sessions(content)
    ]
    return content | {"programme": lines}
