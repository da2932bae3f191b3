"""Has every change of a record told in the history, those made by hand too when they are seen."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from coproarchive.errors import ArchiveError, FileSystemError
from coproarchive.store.changes import (
    BEGIN,
    BY_HAND,
    Activity,
    Change,
    ChangeDraft,
    ChangeLog,
    Fields,
    OpenBatch,
    fields_changed,
)
from coproarchive.store.files import stamp_of, write_durably
from coproarchive.store.reader import STAGING, TABLES, ArchiveReader
from coproarchive.strict_yaml import Plain

log = logging.getLogger(__name__)


class Recorder:
    """Writes the history of one archive, under its lock. One a Store.

    Args:
        reader: of the archive.
        cache: a file outside the archive in which it is kept what records were like; it can be
            deleted.
    """

    def __init__(self, reader: ArchiveReader, cache: Path | None):
        self.log = ChangeLog(reader.root)
        self.who = ""
        self._reader = reader
        self._records = KnownRecords(cache)
        self._of_thread = threading.local()

    @property
    def activity(self) -> Activity | None:
        """What is being done by this thread."""
        return getattr(self._of_thread, "activity", None)

    @activity.setter
    def activity(self, activity: Activity | None) -> None:
        self._of_thread.activity = activity

    @property
    def _batch(self) -> OpenBatch | None:
        return getattr(self._of_thread, "batch", None)

    @contextlib.contextmanager
    def recording(
        self, path: str, old: Plain, new: Plain, digest_before: str, digest_after: str
    ) -> Iterator[None]:
        """Tell of a change of a record's file that is made inside.

        Args:
            path: of the file, relative to the archive.
            old, new: its content; None where it is not there.
            digest_before, digest_after: its sha256, "" where it is not there.

        Raises:
            OSError: the history cannot be written; nothing was changed.
        """
        batch = self._batch or self._opened()
        try:
            batch.write(_drafts(path, old, new, digest_before, digest_after))
            yield
        except BaseException:
            batch.is_doubtful = True
            raise

    def _opened(self) -> OpenBatch:
        """Begin this thread's batch."""
        self.begin()
        activity = self.activity or Activity("write")
        activity.who = activity.who or self.who
        batch = self.log.open(activity)
        self._of_thread.batch = batch
        return batch

    def close(self) -> list[tuple[Change, bool]]:
        """End this thread's batch. Return its changes, where not all may have been done."""
        batch, self._of_thread.batch = self._batch, None
        # What cannot be ended here, as on a full disk, the next writer ends.
        with contextlib.suppress(OSError, FileSystemError):
            if batch is not None and batch.is_doubtful:
                return self.settle()
            if batch is not None:
                self.log.close(batch)
        return []

    def settle(self) -> list[tuple[Change, bool]]:
        """End a batch that a killed process left; return its changes, and which were done."""
        return list(self.log.settle(self._reader.digest, self._reader.root / STAGING))

    # ------------------------------------------------------- what was there, and edits by hand

    def begin(self) -> bool:
        """Write down all records as they are, where there is no history yet.

        Returns:
            Whether there was none.
        """
        if self.log.folder.is_dir() and self.log.batch_files():
            return False
        drafts: list[ChangeDraft] = []
        for path in self._reader.record_paths():
            with contextlib.suppress(ArchiveError):
                drafts += _drafts(path, None, self._reader.content(path), "",
                                  self._reader.digest(path))  # fmt: skip
        self._write(Activity(BEGIN, who=self.who), drafts)
        return True

    def _write(self, activity: Activity, drafts: list[ChangeDraft]) -> None:
        """Write a batch of its own."""
        if drafts:
            batch = self.log.open(activity)
            batch.write(drafts)
            self.log.close(batch)

    def notice(self) -> None:
        """Tell of edits that were made by hand since the last look; under the lock.

        A record that cannot be read is told of when it is mended.
        """
        if self.begin():
            return
        records = self._records
        records.follow(self.log)
        paths = list(self._reader.record_paths())
        drafts: list[ChangeDraft] = []
        editor = ""
        for path in paths:
            stamp = stamp_of(f"{self._reader.root}/{path}")
            digest, seen = records.records.get(path, ("", None))
            if stamp is not None and stamp == seen:
                continue
            now = self._reader.digest(path)
            if now != digest:
                with contextlib.suppress(ArchiveError):
                    by_hand = self._by_hand(path, self._reader.content(path), now)
                    editor = editor or (_owner(self._reader.root / path) if by_hand else "")
                    drafts += by_hand
                    records.put(path, now, stamp)
            else:
                records.put(path, now, stamp)
        for path in records.records.keys() - set(paths):
            if records.records[path][0]:
                drafts += self._by_hand(path, None, "")
                records.put(path, "", None)
        self._write(Activity(BY_HAND, who=editor), drafts)
        records.save()

    def _by_hand(self, path: str, content: Plain, digest: str) -> list[ChangeDraft]:
        """Return what changed in a file since its last change that was told; nothing if none."""
        states, last_digest = self.log.states(path)
        if last_digest == digest:
            return []  # what is derived was mistaken
        old: Plain = dict(states) if path in TABLES else states.get("")
        return _drafts(path, old if last_digest else None, content, last_digest, digest)


def _drafts(path: str, old: Plain, new: Plain, before: str, after: str) -> list[ChangeDraft]:
    """Return the changes that lead from one content of a file to another."""
    if path not in TABLES:
        return [_draft(path, "", old, new, before, after)]
    olds, news = _mapping(old), _mapping(new)
    keys = [key for key in dict.fromkeys([*olds, *news]) if olds.get(key) != news.get(key)]
    return [_draft(path, key, olds.get(key), news.get(key), before, after) for key in keys]


def _draft(path: str, entry: str, old: Plain, new: Plain, before: str, after: str) -> ChangeDraft:
    if isinstance(old, dict) and isinstance(new, dict):
        return ChangeDraft(path, entry, *fields_changed(old, new), before, after)
    return ChangeDraft(
        path,
        entry,
        _mapping(old) if old is not None else None,
        _mapping(new) if new is not None else None,
        before,
        after,
    )


def _mapping(content: Plain) -> Fields:
    """Return a mapping without fields that are not filled in; an empty one of anything else."""
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if value is not None}


def _owner(file: Path) -> str:
    """Return the account that a file belongs to, "" where that is not records."""
    try:
        return file.owner()
    except (OSError, KeyError, NotImplementedError):
        return ""


StampOfRecord = tuple[int, ...] | None
VERSION = 1


class KnownRecords:
    """What is derived from the history: the sha256 of every record after its last change.

    Attributes:
        records: path -> sha256, and the stamp of the file that has it.
    """

    def __init__(self, path: Path | None):
        self.records: dict[str, tuple[str, StampOfRecord]] = {}
        self._files: dict[str, int] = {}
        self._path = path
        self._dirty = False
        self._loaded = False

    def follow(self, log: ChangeLog) -> None:
        """Take in batches that are new, or went on, since the last time."""
        self._load()
        changes: list[Change] = []
        for path in log.batch_files():
            name, size = f"{path.parent.name}/{path.name}", path.stat().st_size
            if self._files.get(name) != size:
                changes += log.read(path)
                self._files[name] = size
                self._dirty = True
        for change in sorted(changes, key=lambda c: c.when):
            if self.records.get(change.record, ("", None))[0] != change.digest_after:
                self.put(change.record, change.digest_after, None)

    def put(self, path: str, digest: str, stamp: StampOfRecord) -> None:
        """Enter a record."""
        if self.records.get(path) != (digest, stamp):
            self.records[path] = digest, stamp
            self._dirty = True

    def _load(self) -> None:
        if self._loaded or self._path is None:
            return
        self._loaded = True
        try:
            stored = json.loads(self._path.read_bytes())
            if stored["version"] == VERSION:
                self._files = {str(k): int(v) for k, v in stored["files"].items()}
                self.records = {
                    str(path): (str(digest), tuple(map(int, stamp)) if stamp else None)
                    for path, (digest, stamp) in stored["records"].items()
                }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._files, self.records = {}, {}

    def save(self) -> None:
        """Keep it for the next process; failing to is no harm."""
        if self._path is None or not self._dirty:
            return
        content = {"version": VERSION, "files": self._files, "records": self.records}
        with contextlib.suppress(OSError, FileSystemError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(content).encode())
            self._dirty = False
