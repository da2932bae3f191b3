"""Take changes back: one, a batch, or all since a moment. What is taken back can be again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from coproarchive.catalogue import Catalogue
from coproarchive.desk.edit import (
    ActReport,
    FieldConflict,
    FieldConflictError,
    RecordDiff,
    last_change_of,
)
from coproarchive.desk.purge import is_purged
from coproarchive.desk.records import (
    content_of,
    entries,
    name_of_change,
    record_named,
    write_fields,
)
from coproarchive.desk.slides import merged_slides
from coproarchive.errors import ArchiveError, ConflictError, IngestError, NotFoundError
from coproarchive.model import Asset
from coproarchive.store import Store
from coproarchive.store.changes import BEGIN, Activity, Change, Fields
from coproarchive.store.kept import (
    kept_file,
    kept_record,
    remove_record,
    return_record,
    set_assets,
)
from coproarchive.store.reader import ITEM, PEOPLE, SEMINAR, SERIES, TOPICS
from coproarchive.strict_yaml import Plain

SLIDES = "slides"
"""The field of an item that is taken back slide by slide."""
HINT = "To take it back all the same, and with it what was changed since: add --force"


@dataclass(frozen=True, slots=True)
class Reversal:
    """What several changes of one record come to, to be taken back.

    Attributes:
        record, entry: see Change.
        before, after: the fields as the first found them and the last left them; None where the
            record was, or is, not there.
        digest_before_removal: sha256 of the file when it was taken out, "" where it was not.
    """

    record: str
    entry: str
    before: Fields | None
    after: Fields | None
    digest_before_removal: str = ""

    @property
    def name(self) -> str:
        """The record's name, as commands take it."""
        return name_of_change(self.record, self.entry)


def reversals(changes: Iterable[Change]) -> list[Reversal]:
    """Sum up changes by record, those that come to nothing left out; oldest change first."""
    chains: dict[tuple[str, str], list[Change]] = {}
    for change in sorted(changes, key=lambda c: c.when):
        chains.setdefault((change.record, change.entry), []).append(change)
    summed = (_summed(chain) for chain in chains.values())
    return [r for r in summed if r.before != r.after]


def _summed(chain: Sequence[Change]) -> Reversal:
    before: Fields = {}
    after: Fields | None = {}
    touched: dict[str, None] = {}
    first, last = chain[0], chain[-1]
    for change in chain:
        for name in change.fields:
            if name not in touched and name in (change.before or {}):
                before[name] = (change.before or {})[name]
            touched[name] = None
            if after is not None:
                after.pop(name, None)
        after = None if change.after is None else {**(after or {}), **change.after}
    removed = last.digest_before if last.after is None else ""
    existed = first.before is not None
    return Reversal(first.record, first.entry, before if existed else None, after, removed)


def changes_of(store: Store, named: str, *, to: str | None = None) -> list[Change]:
    """Return the changes that are meant: by id, of a batch, "last", or all since a moment.

    Args:
        store: of the archive.
        named: id of a change or batch, or "last"; not looked at where `to` is given.
        to: ISO 8601, of the machine's time zone where it names none.

    Raises:
        NotFoundError: there is no such change.
        IngestError: no such time, or the changes cannot be taken back.
    """
    log = store.recorder.log
    if to is not None:
        changes = [c for c in log.changes() if c.when > _moment(to)]
    elif named == "last":
        batch = next((c.batch for c in log.changes() if c.activity.name != BEGIN), "")
        changes = log.find(batch) if batch else []
    else:
        changes = log.find(named)
        if changes[0].activity.name == BEGIN:
            raise IngestError("this is where the history begins; there is nothing before it.")
    return [c for c in changes if c.activity.name != BEGIN]


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise IngestError(f'"{text}" is no time: write 2026-11-29T14:00') from None
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What taking changes back comes to.

    Attributes:
        reversals: what can be taken back, oldest first.
        conflicts: fields that were changed again since; they are set by force only.
        impossible: names of records, and why they cannot be taken back: they stay as they are.
        still_named: records that would go, of `reversals`, and are named by others, by which.
    """

    reversals: tuple[Reversal, ...]
    conflicts: tuple[FieldConflict, ...]
    impossible: tuple[tuple[str, str], ...]
    still_named: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def diffs(self) -> tuple[RecordDiff, ...]:
        """What would change, by record."""
        return tuple(RecordDiff(r.name, r.after, r.before) for r in self.reversals)


def plan_undo(store: Store, changes: Sequence[Change]) -> UndoPlan:
    """Say what taking changes back would do, and what of them cannot be; change nothing."""
    differing = [r for r in reversals(changes) if _differs(store, r)]
    purged = {(c.record, c.entry) for c in changes if is_purged(c)}
    impossible = {r.name: why for r in differing if (why := _why_impossible(store, r, purged))}
    possible = tuple(r for r in differing if r.name not in impossible)
    conflicts = tuple(c for r in possible for c in _conflicts(store, r))
    return UndoPlan(possible, conflicts, tuple(impossible.items()), _still_named(store, possible))


def _why_impossible(store: Store, reversal: Reversal, purged: Container[tuple[str, str]]) -> str:
    """Return why a record cannot be made what it was, "" where it can.

    Args:
        store: of the archive.
        reversal: of the record.
        purged: record and entry of all of which the history has forgotten the words.
    """
    if reversal.record == SERIES and None in (reversal.before, reversal.after):
        return f"{SERIES} stays."
    if (reversal.record, reversal.entry) in purged:
        return "it was purged: nothing of it is kept."
    if reversal.before is None:
        return ""
    if reversal.after is None:
        return "" if reversal.entry else _why_gone(store, reversal)
    return _why_no_files(store, reversal)


def _why_gone(store: Store, reversal: Reversal) -> str:
    """Return why a record that was taken out cannot come back, "" where it can."""
    try:
        kept_record(store, reversal.record, reversal.digest_before_removal)
    except ArchiveError as error:
        return f"{error.message} {error.hint or ''}".strip()
    return ""


def _why_no_files(store: Store, reversal: Reversal) -> str:
    """Return which file of an item is nowhere any more, "" where all are there."""
    item_id, _, name = reversal.record.rpartition("/")
    now = _now(store, reversal)
    if now is None:
        return "it is not in the archive any more: take back first what took it out."
    if name != ITEM:
        return ""
    present = {str(a["sha256"]) for a in _listed(now.get("assets"))}
    for asset in _listed((reversal.before or {}).get("assets")):
        if str(asset["sha256"]) not in present and not kept_file(
            store, item_id, str(asset["sha256"])
        ):
            return f"the bytes of {asset['path']} are not kept any more; they may be in a backup."
    return ""


def _listed(assets: Plain) -> list[dict[str, Plain]]:
    return [a for a in assets if isinstance(a, dict)] if isinstance(assets, list) else []


def undo_changes(
    store: Store,
    changes: Sequence[Change],
    activity: Activity,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> ActReport:
    """Make records say what they said before changes, all of them or none.

    What can never be taken back, as what was purged, is left out and told of in the notes; nothing
    is done where that is all.

    Args:
        store: of the archive.
        changes: to be taken back.
        activity: what the history shall say.
        force: whether fields that were changed since are set too.
        dry_run: whether only to say what would be done.

    Raises:
        FieldConflictError: fields were changed since; nothing was written.
        ConflictError: records that would go are named by others, or nothing can be taken back.
    """
    with store.activity(activity, is_dry=dry_run):
        plan = plan_undo(store, changes)
        if plan.conflicts and not force:
            raise FieldConflictError(plan.conflicts, HINT)
        _refuse_dangling(plan, activity.name)
        left = tuple(f"{name} stays as it is: {why}" for name, why in plan.impossible)
        if left and not plan.reversals:
            raise ConflictError("nothing can be taken back.\n" + "\n".join(left))
        if not dry_run:
            for act in _acts(store, plan.reversals):
                act()
    return ActReport(activity.batch, plan.diffs, left)


def _acts(store: Store, plan: Sequence[Reversal]) -> list[Callable[[], None]]:
    """Return what is to be done, in an order in which nothing refers to what is not there."""

    def rank(reversal: Reversal) -> int:
        is_item = reversal.record.endswith(f"/{ITEM}")
        if reversal.after is None:  # comes back
            return 1 if is_item else 0
        if reversal.before is None:  # goes
            return 3 if is_item else 4
        return 2

    ordered = sorted(plan, key=rank)
    return [lambda reversal=reversal: _take_back(store, reversal) for reversal in ordered]  # type: ignore[misc]  # bound now


def _take_back(store: Store, reversal: Reversal) -> None:
    if reversal.before is None:
        if reversal.entry:
            write_fields(store, record_named(store, reversal.name), None)
        else:
            remove_record(store, reversal.record)
        return
    if reversal.after is None:
        if reversal.entry:
            table = dict(entries(store, reversal.record))
            table[reversal.entry] = reversal.before
            store.save_content(reversal.record, dict(table))
            return
        return_record(store, reversal.record, reversal.digest_before_removal)
    _set_fields(store, reversal)


def _set_fields(store: Store, reversal: Reversal) -> None:
    """Set the fields of a record to what they were."""
    before, after = reversal.before or {}, reversal.after or {}
    record = record_named(store, reversal.name)
    names = dict.fromkeys([*before, *after])
    if "assets" in names and record.path.endswith(f"/{ITEM}"):
        listed = before.get("assets")
        # Where the record was broken before, its files are left as they are.
        with contextlib.suppress(ValidationError):
            assets = [Asset.model_validate(a) for a in listed] if isinstance(listed, list) else []
            set_assets(store, record.id, assets)
    content = content_of(store, record)
    others = {k: v for k, v in content.items() if k not in names or k in before}
    content_before = {**others, **before}
    merged = merged_slides(content.get(SLIDES), before.get(SLIDES), after.get(SLIDES))
    if SLIDES in names and merged is not None:
        content_before.pop(SLIDES, None)
        content_before |= {SLIDES: merged} if merged else {}
    if content_before != content:
        write_fields(store, record, content_before)


def _now(store: Store, reversal: Reversal) -> Fields | None:
    """Return what the record says now, None where it is not there."""
    try:
        if reversal.entry:
            return entries(store, reversal.record).get(reversal.entry)
        content = store.content(reversal.record)
    except NotFoundError:
        return None
    return content if isinstance(content, dict) else {}


def _differs(store: Store, reversal: Reversal) -> bool:
    """Tell whether the record is not what it was before already."""
    now, before = _now(store, reversal), reversal.before
    if now is None or before is None:
        return (now is None) != (before is None)
    if reversal.after is None:
        return False
    names = dict.fromkeys([*before, *reversal.after])
    return any(now.get(name) != before.get(name) for name in names)


def _conflicts(store: Store, reversal: Reversal) -> list[FieldConflict]:
    """Return the fields that are not what the changes made of them."""
    now, after = _now(store, reversal), reversal.after
    before = reversal.before or {}
    if now is None or after is None:
        return []
    names = dict.fromkeys([*before, *after])
    if reversal.before is None:
        names = dict.fromkeys([*names, *now])
    conflicts = []
    for name in names:
        values = after.get(name), now.get(name), before.get(name)
        if now.get(name) in (after.get(name), *_had(reversal, before, name)):
            continue
        if name == SLIDES and merged_slides(now.get(name), values[2], values[0]) is not None:
            continue  # other slides were described since
        since = last_change_of(store, reversal.record, reversal.entry, name)
        conflicts.append(FieldConflict(reversal.name, name, *values, *since))
    return conflicts


def _had(reversal: Reversal, before: Fields, name: str) -> tuple[Plain, ...]:
    """Return what a field of a record was that was there before."""
    return () if reversal.before is None else (before.get(name),)


def _refuse_dangling(plan: UndoPlan, act: str) -> None:
    """Raise ConflictError where records would go that others name."""
    if plan.still_named:
        lines = (f"{name}: still named by {', '.join(by[:5])}" for name, by in plan.still_named[:5])
        raise ConflictError(
            f"{'; '.join(lines)}; nothing was written.",
            hint=f"Change those first, then {act} again.",
        )


def _still_named(store: Store, plan: Sequence[Reversal]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return records that would go and are named by others than those that go or change with them.

    Returns:
        By name of the record: ids of the items and seminars that name it.
    """
    going = {(r.record, r.entry): r.name for r in plan if r.before is None}
    leaving = {name for (record, _), name in going.items() if record.endswith(f"/{ITEM}")}
    if len(leaving) == len(going):
        return ()
    changed = {r.name: r.before for r in plan if r.before is not None}
    users: dict[str, dict[str, None]] = {}

    def note(record: str, entry: str, user: str) -> None:
        if name := going.get((record, entry)):
            users.setdefault(name, {})[user] = None

    catalogue = Catalogue.load(store)
    for item in catalogue.items.values():
        if item.id in leaving:
            continue
        note(f"{item.seminar}/{SEMINAR}", "", item.id)
        if not {"people", "topics"} & changed.get(item.id, {}).keys():
            for person in item.people:
                note(PEOPLE, person.person, item.id)
            for topic in item.topics:
                note(TOPICS, topic, item.id)
    for seminar in catalogue.seminars.values():
        if seminar.id in changed or (f"{seminar.id}/{SEMINAR}", "") in going:
            continue
        for person in (c for s in seminar.programme for c in s.people):
            note(PEOPLE, person.person, seminar.id)
        for topic in seminar.topics:
            note(TOPICS, topic, seminar.id)
    return tuple((name, tuple(by)) for name, by in users.items())
