"""People and topics: two entries that are one are merged; an entry gets another id.

All records that name the entry are rewritten; the old id leads to the new one (`former_ids`).
"""

from __future__ import annotations

from collections.abc import Iterable

from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.desk.records import TABLES, entries, record_named, write_fields
from coproarchive.desk.references import Noun, rewritten
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.store import Store
from coproarchive.store.changes import Activity, Fields, fields_changed
from coproarchive.store.sidecar import did_you_mean, valid
from coproarchive.strict_yaml import Plain

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
        refuse_absent(table, noun, new)
        if old not in table and old in former_ids(table[new]):
            return ActReport(notes=(f"{old} was merged into {new} before.",))
        refuse_absent(table, noun, old)
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
        if old not in table and old in former_ids(table.get(new, {})):
            return ActReport(notes=(f"{old} was renamed to {new} before.",))
        refuse_absent(table, noun, old)
        if new in table and old not in former_ids(table[new]):
            hint = f"To make one of the two: coproarchive merge {noun} {old} {new}"
            raise IngestError(f'there is a {noun} "{new}" already.', hint=hint)
        content = dict(table[old])
        former = [name for name in former_ids(content) if name != new]
        content["former_ids"] = [*former, old]
        valid(lambda: TABLES[noun][1].model_validate({**content, "id": new}))
        diffs = _carry_out(store, noun, old, new, content, dry_run=dry_run)
    return ActReport(activity.batch, tuple(diffs))


def refuse_absent(table: Iterable[str], noun: Noun, key: str) -> None:
    """Raise NotFoundError, with the nearest id, where a table has no such entry."""
    if key not in table:
        raise NotFoundError(f'there is no {noun} "{key}".{did_you_mean(key, table)}')


def _refuse_two(noun: Noun, old: Fields, new: Fields) -> None:
    """Refuse to make one of two people who have an ORCID each."""
    if noun == "person" and old.get("orcid") and new.get("orcid") not in (None, old["orcid"]):
        raise IngestError(
            f"they have two ORCIDs, {old['orcid']} and {new['orcid']}, so they are two people.",
            hint="Where one of the two is wrong, take it out first: edit person:ID --set orcid=",
        )


def former_ids(entry: Fields) -> list[str]:
    """Return the ids that an entry had before."""
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
    merged["former_ids"] = _union([*former_ids(new), *former_ids(old)], [old_id])
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
    diffs = [diff_of(f"{noun}:{new}", table.get(new), content)]
    others = list(rewritten(store, noun, old, new))
    diffs += [diff_of(name, before, after) for name, before, after in others]
    diffs.append(RecordDiff(f"{noun}:{old}", table[old], None))
    if dry_run:
        return diffs
    store.save_content(path, {**table, new: content})
    for name, _, after in others:
        write_fields(store, record_named(store, name), after)
    table = entries(store, path)
    store.save_content(path, {key: entry for key, entry in table.items() if key != old})
    return diffs


def diff_of(name: str, old: Fields | None, new: Fields) -> RecordDiff:
    """Return what changes in a record; `old` is None where it is new."""
    if old is None:
        return RecordDiff(name, None, new)
    return RecordDiff(name, *fields_changed(old, new))
