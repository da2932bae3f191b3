"""Repairs that never guess: planned first, done as one batch of the history, undone as one.

A repair is sure where what is wrong can be put right in one way only: the same bytes are kept, an
id leads on to another, a value can mean one thing. Everything else is for a person to decide; LEFT
says why.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.desk.record_repairs import (
    Ids,
    RecordMend,
    mend_assets,
    mend_form,
    mend_references,
    mend_slides,
)
from coproarchive.desk.records import RecordName, built, content_of, records_in, write_fields
from coproarchive.errors import ArchiveError, IngestError, NotFoundError
from coproarchive.extract import table
from coproarchive.model import Asset, Item, Problem
from coproarchive.store import Store, hash_file
from coproarchive.store.changes import Activity, Fields, fields_changed
from coproarchive.store.files import is_of_system
from coproarchive.store.kept import kept_file, put_aside, put_back

SURE: dict[str, str] = {
    "record-broken": "a field's name or value is written as the format has it, where it can mean "
    "one thing only: a date without its noughts, an ORCID with its address, letter case; sizes, "
    "checksums and media types that are missing are taken from the file",
    "unknown-person": "an id that a merged or renamed person had, or that differs from an id in "
    "letter case alone, becomes the id",
    "unknown-topic": "an id that a merged or renamed topic had, or that differs from an id in "
    "letter case alone, becomes the id",
    "unknown-item": "an id that differs from an id in letter case alone becomes the id",
    "file-missing": "the file is put back, where the same bytes are kept in the archive, or lie in "
    "the item's folder under another name",
    table.CHANGED: "the file is put back, where the archived bytes are kept in the archive; the "
    "changed file is kept too. Where the size alone is wrong, it is written anew",
    "file-unlisted": "what a system or an office program left (Thumbs.db, ~$talk.pptx), and a "
    "second copy of a file of the same item, is put aside in .kept",
    "slide-elsewhere": "where the file was renamed, its new name is written",
}
"""Code -> what `check --repair` does about it, where that is sure."""

LEFT: dict[str, str] = {
    "history-damaged": "what its lines said stands in a backup alone",
    "address-missing": "the archive's address is not known to the program",
    "not-a-file": "what it is there for is not known",
    "not-readable": "permissions may be meant so",
    "bad-name": "an id is part of addresses: a person chooses it",
    "name-clash": "which of the two is renamed is for a person to choose",
    "too-deep": "where it belongs is not known",
    "item-empty": "the file is somewhere else",
    "same-name": "whether they are one is a matter of identity, which is never guessed",
    "orcid-wrong": "which digit is wrong is not known",
    "person-unused": "it may have been made for later",
    "topic-used-once": "whether another means the same is for a person to say",
    "not-added": "the file lies outside the archive",
    "name-mended": "it is mended already",
    "passed-over": "the file lies outside the archive",
    "duplicate-file": "which of the two items goes is for a person to choose",
    "file-discloses": "what may be public is for a person to say",
    "file-not-offered": "what may be public is for a person to say",
    **dict.fromkeys(table.CODES, "it is in the file itself, which is never changed"),
    "file-not-read": "the next update of the index reads it again",
}
"""Code -> why `check --repair` leaves it."""
LEFT = {code: why for code, why in LEFT.items() if code not in SURE}


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that is put right.

    Attributes:
        code: of the problem.
        path: of the problem.
        sentence: what is done, in words.
    """

    code: str
    path: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RecordRepair:
    """A record that is written anew; `before` and `after` are all that it says."""

    record: RecordName
    before: Fields
    after: Fields
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True)
class FileRepair:
    """A file that is put back: the item, what the record says of the file, and the same bytes."""

    item_id: str
    asset: Asset
    source: Path
    repairs: tuple[Repair, ...]


@dataclass(frozen=True, slots=True)
class StrayRepair:
    """A file that is put aside; `path` is relative to the archive."""

    path: str
    repairs: tuple[Repair, ...]


AnyRepair = RecordRepair | FileRepair | StrayRepair


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was repaired, or would be.

    Attributes:
        act: the records that changed, and the batch to undo them by.
        repairs: what was done, record by record, then files.
        aside: path of each file that was put aside -> where it is now; "" in a plan.
    """

    act: ActReport
    repairs: tuple[Repair, ...]
    aside: tuple[tuple[str, str], ...] = ()


def plan_repairs(
    store: Store, catalogue: Catalogue, problems: Iterable[Problem], codes: Collection[str] = ()
) -> list[AnyRepair]:
    """Plan what can surely be put right.

    Args:
        store: of the archive.
        catalogue: all its records.
        problems: as `check` finds them.
        codes: of the problems that are meant; all where there are none.
    """
    meant = [p for p in problems if p.code in SURE and (not codes or p.code in codes)]
    files = list(_file_repairs(store, catalogue, meant))
    back = {(step.item_id, step.asset.path) for step in files}
    return [
        *_record_repairs(store, catalogue, meant),
        *files,
        *_stray_repairs(store, catalogue, meant, back),
    ]


def with_repairs(problems: Iterable[Problem], plan: Iterable[AnyRepair]) -> list[Problem]:
    """Return problems with `repair` set where the plan puts them right."""
    repairs = {(r.code, r.path) for step in plan for r in step.repairs}
    return [replace(p, repair=p.code) if (p.code, p.path) in repairs else p for p in problems]


def do_repairs(
    store: Store, plan: Sequence[AnyRepair], activity: Activity, *, dry_run: bool = False
) -> RepairReport:
    """Put right what was planned, as one batch.

    Args:
        store: of the archive.
        plan: what `plan_repairs` returned.
        activity: what the history shall say.
        dry_run: whether only to say what would be done.
    """
    repairs = tuple(repair for step in plan for repair in step.repairs)
    records = [step for step in plan if isinstance(step, RecordRepair)]
    diffs = tuple(
        RecordDiff(str(step.record), *fields_changed(step.before, step.after)) for step in records
    )
    aside: list[tuple[str, str]] = []
    with store.activity(activity, is_dry=dry_run):
        for step in () if dry_run else plan:
            if isinstance(step, RecordRepair):
                write_fields(store, step.record, step.after)
            elif isinstance(step, FileRepair):
                put_back(store, step.item_id, step.asset, step.source)
            else:
                aside.append((step.path, put_aside(store, step.path)))
    if dry_run:
        aside = [(step.path, "") for step in plan if isinstance(step, StrayRepair)]
    return RepairReport(ActReport(activity.batch, diffs), repairs, tuple(aside))


# ------------------------------------------------------------------------------ records


def _record_repairs(
    store: Store, catalogue: Catalogue, problems: Sequence[Problem]
) -> Iterator[RecordRepair]:
    """Yield records that can be written anew; those that were broken, if they are sound then."""
    ids = Ids.of(catalogue)
    codes: dict[str, set[str]] = {}
    for problem in problems:
        path = problem.path
        if problem.code == table.CHANGED:
            path = f"{path.rpartition('/')[0]}/item.yaml"
        codes.setdefault(path, set()).add(problem.code)
    for path, of_record in codes.items():
        for record in _records_of(store, path):
            with contextlib.suppress(ArchiveError):
                if repair := _mended(store, record, of_record, ids, path):
                    yield repair


def _records_of(store: Store, path: str) -> list[RecordName]:
    """Return the records of a file; none where its YAML cannot be read."""
    with contextlib.suppress(ArchiveError):
        return records_in(store, path)
    return []


def _mended(
    store: Store, record: RecordName, codes: set[str], ids: Ids, path: str
) -> RecordRepair | None:
    """Return a record mended, None where nothing in it is, or it would not be sound."""
    whole = content_of(store, record)
    mend = RecordMend(whole)
    if "record-broken" in codes:
        mend_form(mend, record.noun)
    mend_references(mend, record.noun, ids)
    if record.noun is Item:
        mend_assets(mend, store, record.id)
        mend_slides(mend)
    if mend.content == whole:
        return None
    try:
        built(record, mend.content)
    except IngestError:
        return None  # something else is wrong with it: it is mended as a whole or not at all
    repairs = tuple(
        Repair("record-broken", path, sentence)
        if "record-broken" in codes
        else Repair(code, place or path, sentence)
        for code, place, sentence in mend.sentences
    )
    return RecordRepair(record, whole, mend.content, repairs)


# -------------------------------------------------------------------------------- files


def _file_repairs(
    store: Store, catalogue: Catalogue, problems: Sequence[Problem]
) -> Iterator[FileRepair]:
    """Yield files of which the same bytes are at hand."""
    for problem in problems:
        if problem.code not in ("file-missing", table.CHANGED):
            continue
        item_id, _, name = problem.path.rpartition("/")
        item = catalogue.items.get(item_id)
        asset = next((a for a in item.assets if a.path == name), None) if item else None
        if item is None or asset is None:
            continue
        source = _same_bytes(store, item, asset)
        if source is not None:
            where = source.relative_to(store.root).as_posix()
            sentence = f"{problem.path} is put back from {where}, which has the archived bytes"
            repair = Repair(problem.code, problem.path, sentence)
            yield FileRepair(item_id, asset, source, (repair,))


def _same_bytes(store: Store, item: Item, asset: Asset) -> Path | None:
    """Return a file with the bytes of an asset, kept or beside it; None where there is none."""
    listed = {a.path for a in item.assets}
    beside = sorted(p for p in (store.root / item.id).iterdir() if p.name not in listed)
    earlier = kept_file(store, item.id, asset.sha256)
    for path in (*([earlier] if earlier else []), *beside):
        with contextlib.suppress(OSError):
            is_file = path.is_file() and not path.is_symlink()
            if is_file and path.stat().st_size == asset.size and _sha256(path) == asset.sha256:
                return path
    return None


def _sha256(path: Path) -> str:
    return hash_file(path)[1]


def _stray_repairs(
    store: Store,
    catalogue: Catalogue,
    problems: Sequence[Problem],
    back: Collection[tuple[str, str]],
) -> Iterator[StrayRepair]:
    """Yield files that no record names, and that surely nobody means.

    Args:
        store: of the archive.
        catalogue: all its records.
        problems: that are meant.
        back: items and names of files that are put back before.
    """
    for problem in problems:
        folder, _, name = problem.path.rpartition("/")
        if problem.code != "file-unlisted":
            continue
        sentence = ""
        if is_of_system(name):
            sentence = f"{problem.path}, which a system or an office program left, is put aside"
        elif item := catalogue.items.get(folder):
            twin = _twin(store, item, problem.path, back)
            sentence = f"{problem.path}, a second copy of {twin}, is put aside" if twin else ""
        if sentence:
            yield StrayRepair(problem.path, (Repair(problem.code, problem.path, sentence),))


def _twin(store: Store, item: Item, path: str, back: Collection[tuple[str, str]]) -> str:
    """Return the name of the item's file that has the bytes of another; "" where none has."""
    with contextlib.suppress(OSError, NotFoundError):
        sha256 = _sha256(store.root / path)
        for asset in item.assets:
            if asset.sha256 == sha256:
                place = (item.id, asset.path)
                if place in back or _sha256(store.asset_path(*place)) == sha256:
                    return asset.path
    return ""
