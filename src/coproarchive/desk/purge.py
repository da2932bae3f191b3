"""Remove an item for good: its record, files, earlier versions, and its words in the history."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.store import Store
from coproarchive.store.changes import Activity, Change, ChangeLog
from coproarchive.store.files import write_durably
from coproarchive.store.kept import KEPT
from coproarchive.store.reader import ITEM, STAGING, checked_id
from coproarchive.talks.forms import ALIGNMENT

PURGED = "(purged)"
"""What the history says in place of each value."""


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a purge destroys, and what it leaves.

    Attributes:
        item_id: of the item.
        files: paths below the archive's folder, with their sizes in bytes.
        changes: of which the history forgets the words.
        named_by: records that name the item and stay as they are.
    """

    item_id: str
    files: tuple[tuple[str, int], ...]
    changes: int
    named_by: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for _, size in self.files)


def plan_purge(store: Store, item_id: str) -> PurgePlan:
    """Say what a purge of an item would destroy; change nothing.

    Raises:
        NotFoundError: there is no such item, and there was none.
    """
    record = f"{checked_id(item_id)}/{ITEM}"
    folders = [store.root / item_id] if (store.root / record).is_file() else []
    folders += [store.root / KEPT / item_id]
    files = [
        (path.relative_to(store.root).as_posix(), path.stat().st_size)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]
    changes = store.recorder.log.of_record(record)
    if not files and not changes:
        raise NotFoundError(f'there is no item "{item_id}", and there was none.')
    words = sum(not is_purged(change) for change in changes)
    return PurgePlan(item_id, tuple(files), words, tuple(_named_by(store, item_id)))


def _named_by(store: Store, item_id: str) -> Iterator[str]:
    catalogue = Catalogue.load(store)
    for item in catalogue.items.values():
        replacement = item.withdrawn.replacement if item.withdrawn else None
        if item_id in (replacement, *(r.item for r in item.relations)):
            yield item.id
    for seminar in catalogue.seminars.values():
        if any(session.item == item_id for session in seminar.programme):
            yield seminar.id


def purge_item(store: Store, item_id: str, activity: Activity) -> PurgePlan:
    """Destroy an item; nothing brings it back but a backup.

    Stopped at any moment, the same again goes on.

    Returns:
        What was destroyed.

    Raises:
        NotFoundError: there is no such item, and there was none.
    """
    record = f"{checked_id(item_id)}/{ITEM}"
    with store.activity(activity):
        plan = plan_purge(store, item_id)
        doomed = store.staging()  # what is left of it the next writer removes
        if (store.root / record).is_file():
            with store.recorder.recording(record, {}, None, store.digest(record), ""):
                os.rename(store.root / item_id, doomed / "item")
        if (store.root / KEPT / item_id).exists():
            os.rename(store.root / KEPT / item_id, doomed / "kept")
        shutil.rmtree(doomed)
        _forget(store.recorder.log, record, store.root / STAGING)
    return plan


def _forget(log: ChangeLog, record: str, scratch: Path) -> None:
    """Take the words of a record out of the history; names of fields, times and people stay."""
    for path in log.batch_files():
        changes = log.read(path)
        if not any(c.record == record and not is_purged(c) for c in changes):
            continue
        head = path.read_bytes().partition(b"\n")[0]
        lines = (_emptied(c) if c.record == record else c for c in changes)
        write_durably(path, head + b"\n" + b"".join(c.to_line() for c in lines), scratch)


def _emptied(change: Change) -> Change:
    before = None if change.before is None else dict.fromkeys(change.before, PURGED)
    after = None if change.after is None else dict.fromkeys(change.after, PURGED)
    return replace(change, before=before, after=after)  # type: ignore[arg-type]  # text is Plain


def is_purged(change: Change) -> bool:
    """Tell whether the history has forgotten the words of a change."""
    values = [*(change.before or {}).values(), *(change.after or {}).values()]
    return all(value == PURGED for value in values)


def remove_derived(library: Library) -> None:
    """Remove what was made of files that no record names any more, from the disk too.

    Texts, pictures, public copies, and records as they were parsed. The index itself has nothing of
    them once it is made anew.
    """
    library.store.clear_cache()
    library.changed()
    hashes = library.catalogue().by_sha256.keys()
    library.reader.keep_only(hashes, ALIGNMENT)
    library.pictures.keep_only(hashes)
    library.remove_other_copies()
