"""Take changes back: one, a batch, or all since a moment. What is taken back can be again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from coproarchive.catalogue import Catalogue
from coproarchive.desk.edit import (
    ActReport,
    FieldConflict,
    FieldConflictError,
    RecordDiff,
    last_change_of,
)
from coproarchive.desk.records import (
    content_of,
    entries,
    name_of_change,
    record_named,
    write_fields,
)
from coproarchive.desk.slides import merged_slides
from coproarchive.errors import ConflictError, IngestError, NotFoundError
from coproarchive.model import Asset
from coproarchive.store import Store
from coproarchive.store.changes import BEGIN, Activity, Change, Fields
from coproarchive.store.kept import remove_record, return_record, set_assets
from coproarchive.store.reader import ITEM, PEOPLE, SERIES, TOPICS
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


def undo_changes(
    store: Store,
    changes: Sequence[Change],
    activity: Activity,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> ActReport:
    """Make records say what they said before changes, all of them or none.

    Args:
        store: of the archive.
        changes: to be taken back.
        activity: what the history shall say.
        force: whether fields that were changed since are set too.
        dry_run: whether only to say what would be done.

    Raises:
        FieldConflictError: fields were changed since; nothing was written.
        ConflictError: records that would go are named by others.
    """
    with store.activity(activity, is_dry=dry_run):
        plan = [r for r in reversals(changes) if _differs(store, r)]
        conflicts = [] if force else [c for r in plan for c in _conflicts(store, r)]
        if conflicts:
            raise FieldConflictError(conflicts, HINT)
        _refuse_dangling(store, plan, activity.name)
        if plan and not dry_run:
            for act in _acts(store, plan):
                act()
    diffs = tuple(RecordDiff(r.name, r.after, r.before) for r in plan)
    return ActReport(activity.batch, diffs)


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


def _refuse_dangling(store: Store, plan: Sequence[Reversal], act: str) -> None:
    """Refuse to take records out that others name, other than those that go or change with them.

    Raises:
        ConflictError: with the names of those that do.
    """
    going = [r for r in plan if r.before is None]
    if any(r.record == SERIES for r in plan if r.before is None or r.after is None):
        raise IngestError(f"{SERIES} stays.")
    tables = {r.record: set[str]() for r in going if r.entry}
    for r in going:
        if r.entry:
            tables[r.record].add(r.entry)
    seminars = {r.name for r in going if r.record.endswith("/seminar.yaml")}
    if not tables and not seminars:
        return
    catalogue = Catalogue.load(store)
    gone = {r.name for r in going}
    changed = {r.name: r.before for r in plan if r.before is not None}
    users = []
    for item in catalogue.items.values():
        if item.id in gone:
            continue
        people = {c.person for c in item.people} & tables.get(PEOPLE, set())
        topics = set(item.topics) & tables.get(TOPICS, set())
        if item.id in changed and {"people", "topics"} & changed[item.id].keys():
            continue
        if people or topics or item.seminar in seminars:
            users.append(item.id)
    for seminar in catalogue.seminars.values():
        people = {c.person for s in seminar.programme for c in s.people}
        if seminar.id not in gone | changed.keys() and (
            people & tables.get(PEOPLE, set()) or set(seminar.topics) & tables.get(TOPICS, set())
        ):
            users.append(seminar.id)
    if users:
        names = ", ".join(sorted(gone - {i for i in gone if "/" in i})[:5])
        raise ConflictError(
            f"{names}: still named by {', '.join(users[:5])}; nothing was written.",
            hint=f"Change those first, then {act} again.",
        )
