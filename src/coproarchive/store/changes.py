"""What was changed in an archive: when, by whom, why, and each field before and after.

    .history/2026-11/20261129-140501-123456.jsonl

A file is a batch: what one command, import or form did. Its first line says who did what, when and
why; every further line is a change of one record, with those fields only that changed. Lines are
written before the records are, into .history/open.jsonl, which gets its name when all is done: what
a killed process left is settled by the next writer, who keeps the lines of what was written.
Each line ends with a checksum of itself: one that a disk or a hand changed is told by `damaged`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from coproarchive.errors import NotFoundError
from coproarchive.store.files import sync_folder, write_durably
from coproarchive.strict_yaml import Plain

HISTORY = ".history"
OPEN = "open.jsonl"
BEGIN, BY_HAND = "begin", "by hand"
"""Names of activities: the archive as it was when its history began, and edits that no command
made."""
ID_FORM = "%Y%m%d-%H%M%S-%f"
"""Of a batch: the moment when it began, UTC."""

Fields = dict[str, Plain]


@dataclass
class Activity:
    """Something that somebody does to an archive, told as one batch (prov:Activity).

    Attributes:
        name: the command or form: "edit", "add", "import wordpress".
        why: as the person who does it says.
        who: name or account (prov:Agent); that of the store where it is "".
        undoes: ids of the changes that it takes back.
        batch: its id, given with its first change; it may go on after others have written.
        count: of changes in its batch so far.
    """

    name: str
    why: str = ""
    who: str = ""
    undoes: tuple[str, ...] = ()
    batch: str = ""
    count: int = 0


class ChangeDraft(NamedTuple):
    """A change that is about to be made; see Change."""

    record: str
    entry: str
    before: Fields | None
    after: Fields | None
    digest_before: str
    digest_after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one record, or of one entry of a table of them.

    Attributes:
        id: of its batch, a dot, and its number there.
        when: ISO 8601, UTC.
        activity: with who and why.
        record: path of the YAML file, relative to the archive.
        entry: key in people.yaml or topics.yaml; "" elsewhere.
        before, after: the fields that changed; None where the record was, or is, not there.
        digest_before, digest_after: sha256 of the file; "" where it was, or is, not there.
    """

    id: str
    when: str
    activity: Activity
    record: str
    entry: str
    before: Fields | None
    after: Fields | None
    digest_before: str
    digest_after: str

    @property
    def batch(self) -> str:
        """Id of the batch."""
        return self.id.rpartition(".")[0]

    @property
    def fields(self) -> list[str]:
        """Names of the fields that changed, in the order of the record."""
        return list(dict.fromkeys([*(self.before or {}), *(self.after or {})]))

    def to_line(self) -> bytes:
        """Return the line of the batch's file."""
        values = {"change": int(self.id.rpartition(".")[2]), "when": self.when,
                  "record": self.record}  # fmt: skip
        entry = {"entry": self.entry} if self.entry else {}
        fields = {"before": self.before, "after": self.after}
        digests = {"from": self.digest_before, "to": self.digest_after}
        return _line(values | entry | fields | digests)


def fields_changed(old: Mapping[str, Plain], new: Mapping[str, Plain]) -> tuple[Fields, Fields]:
    """Return the fields of two contents of a record that differ, as they are in each."""
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    return (
        {name: old[name] for name in names if old.get(name) is not None},
        {name: new[name] for name in names if new.get(name) is not None},
    )


def applied(content: Mapping[str, Plain] | None, change: Change) -> Fields | None:
    """Return what a record says after a change of it."""
    if change.after is None:
        return None
    others = {k: v for k, v in (content or {}).items() if k not in (change.before or {})}
    return others | change.after


@dataclass
class OpenBatch:
    """The batch that is being written; one writer at a time, under the archive's lock.

    Attributes:
        path: of the open file.
        activity: has its id.
        is_doubtful: whether a record could not be written after its line was.
    """

    path: Path
    activity: Activity
    is_doubtful: bool = False

    def write(self, drafts: Sequence[ChangeDraft]) -> None:
        """Add changes, durably, before the records themselves are changed. Raises OSError."""
        when = datetime.now(UTC).isoformat(timespec="microseconds")
        lines = []
        for draft in drafts:
            self.activity.count += 1
            number = f"{self.activity.batch}.{self.activity.count}"
            change = Change(number, when, self.activity, *draft)
            lines.append(change.to_line())
        with self.path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                data = memoryview(b"".join(lines))
                while data:
                    data = data[file.write(data) :]
                os.fsync(file.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    file.truncate(size)  # half a line would spoil the next
                raise


@dataclass(frozen=True, slots=True)
class BatchLines:
    """A batch of which the lines are not parsed yet: an import has thousands.

    Attributes:
        activity: with its id.
        lines: each a change, in their order.
    """

    activity: Activity
    lines: Sequence[bytes]

    def changes(self, *, reverse: bool = False) -> Iterator[Change]:
        """Yield the changes, each parsed when it is asked for; damaged lines are left out."""
        for line in reversed(self.lines) if reverse else self.lines:
            change = _change_of(line, self.activity)
            if change is not None:
                yield change


@dataclass(frozen=True)
class ChangeLog:
    """Reads and writes the history of one archive.

    Attributes:
        root: the archive's folder.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Where the batches are."""
        return self.root / HISTORY

    # ------------------------------------------------------------- reading

    def batch_files(self) -> list[Path]:
        """List the files of batches, oldest first."""
        months = sorted(self._names(self.folder))
        return [
            self.folder / month / name
            for month in months
            if len(month) == len("2026-11")
            for name in sorted(self._names(self.folder / month))
            if name.endswith(".jsonl")
        ]

    def _names(self, folder: Path) -> list[str]:
        try:
            return [name for name in os.listdir(folder) if not name.startswith(".")]
        except OSError:
            return []

    def read(self, path: Path) -> list[Change]:
        """Return the changes of a batch, in their order; a line that is damaged is left out."""
        return list(self._parsed(path))

    def _parsed(self, path: Path, about: bytes = b"", *, reverse: bool = False) -> Iterator[Change]:
        """Yield the changes of a batch, each parsed when it is asked for; see read.

        Args:
            path: of the batch's file.
            about: bytes that the lines of interest hold; others are not parsed.
            reverse: whether the last comes first.
        """
        batch = self._lines(path, about)
        if batch is not None:
            yield from batch.changes(reverse=reverse)

    def _lines(self, path: Path, about: bytes = b"") -> BatchLines | None:
        """Return a batch's lines, None where none holds `about`, or its head is damaged."""
        try:
            head, *lines = path.read_bytes().splitlines()
        except (OSError, ValueError):
            return None
        lines = [line for line in lines if about in line]
        activity = _activity_of(head) if lines else None
        return None if activity is None else BatchLines(activity, lines)

    def damaged(self) -> Iterator[tuple[Path, list[int]]]:
        """Yield each batch's file that is not as it was written, and which lines, from 1.

        A file that cannot be read has no such lines.
        """
        for path in self.batch_files():
            try:
                lines = path.read_bytes().split(b"\n")
            except OSError:
                yield path, []
                continue
            # A line's end, the last one's too, is part of it.
            wrong = [] if not lines.pop() else [len(lines) + 1]
            has_crc = list(map(bool, map(_CRC.search, lines)))
            wrong += [n for n, has in enumerate(has_crc, 1) if any(has_crc) and not has]
            is_head = [_activity_of(line) is not None for line in lines[:1]]
            is_change = [_change_of(line, Activity("")) is not None for line in lines[1:]]
            wrong += [n for n, is_whole in enumerate(is_head + is_change, 1) if not is_whole]
            if wrong or not lines:
                yield path, sorted(set(wrong))

    def activities(self) -> Iterator[Activity]:
        """Yield what was done, batch by batch, the oldest first; no change is read."""
        for path in self.batch_files():
            with contextlib.suppress(OSError), path.open("rb") as file:
                activity = _activity_of(file.readline())
                if activity is not None:
                    yield activity

    def batches(self, about: bytes = b"") -> Iterator[BatchLines]:
        """Yield every batch that has a line with `about` in it, newest first."""
        for path in reversed(self.batch_files()):
            batch = self._lines(path, about)
            if batch is not None:
                yield batch

    def changes(self, about: bytes = b"") -> Iterator[Change]:
        """Yield every change, newest first; of lines that hold `about`, as _parsed."""
        for path in reversed(self.batch_files()):
            yield from self._parsed(path, about, reverse=True)

    def of_record(self, record: str, entry: str = "") -> list[Change]:
        """Return the changes of one record, or of an entry of a table, newest first."""
        changes = (c for c in self.changes(_key(record)) if c.record == record)
        return sorted((c for c in changes if entry in ("", c.entry)), key=_moment, reverse=True)

    def find(self, change_id: str) -> list[Change]:
        """Return a change, or all of a batch, by id, in their order.

        Raises:
            NotFoundError: there is none.
        """
        batch = change_id.partition(".")[0]
        month = f"{batch[:4]}-{batch[4:6]}"
        path = self.folder / month / f"{batch}.jsonl"
        changes = self.read(path) if batch.replace("-", "").isdecimal() else []
        found_changes = [c for c in changes if change_id in (c.batch, c.id)]
        if not found_changes:
            hint = "To see all: coproarchive history"
            raise NotFoundError(f'there is no change "{change_id}".', hint=hint)
        return found_changes

    def states(self, record: str) -> tuple[dict[str, Fields], str]:
        """Return what a file said after its last change, by entry ("" for the file), and its
        sha256.

        A file of which nothing is told, and one that is gone, has no state and the digest "".
        """
        states: dict[str, Fields] = {}
        digest = ""
        # By time, as a batch may have gone on after others.
        for change in reversed(self.of_record(record)):
            digest = change.digest_after
            content = applied(states.pop(change.entry, None), change)
            if content is not None:
                states[change.entry] = content
        return states, digest

    # ------------------------------------------------------------- writing

    def open(self, activity: Activity) -> OpenBatch:
        """Begin a batch, or go on with one; under the archive's lock.

        Raises:
            OSError: it cannot be written.
        """
        path = self.folder / OPEN
        self.folder.mkdir(exist_ok=True)
        if activity.batch:
            before = self._place(activity.batch)
            if before.exists():
                before.replace(path)
        else:
            activity.batch = self.new_id()
        if not path.exists():
            head = {"batch": activity.batch, "when": _when(activity.batch), "who": activity.who,
                    "activity": activity.name}  # fmt: skip
            more = {"why": activity.why, "undoes": list(activity.undoes)}
            path.write_bytes(_line(head | {k: v for k, v in more.items() if v}))
            sync_folder(self.folder)
        return OpenBatch(path, activity)

    def close(self, batch: OpenBatch) -> None:
        """Give a batch its name; one without changes goes."""
        self._finish(batch.path, batch.activity.batch, batch.activity.count)

    def _finish(self, path: Path, batch: str, count: int) -> None:
        if not count:
            path.unlink()
            return
        place = self._place(batch)
        is_new = not place.parent.exists()
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
        sync_folder(place.parent)
        if is_new:
            sync_folder(self.folder)

    def settle(
        self, digest_of: Callable[[str], str], scratch: Path
    ) -> Iterator[tuple[Change, bool]]:
        """Finish a batch that was left open: lines of what was not written are taken out.

        Args:
            digest_of: sha256 of a record's file now, "" where there is none.
            scratch: folder for the new file half-way into place.

        Yields:
            Each change, and whether it was done, so that files can follow.
        """
        path = self.folder / OPEN
        if not path.exists():
            return
        head = path.read_bytes().partition(b"\n")[0]
        activity = _activity_of(head)
        changes = self.read(path)
        if activity is None or activity.name == BEGIN:
            path.unlink()  # killed at its first lines: nothing was written
            return
        done = _done(changes, digest_of)
        for change in changes:
            yield change, change in done
        lines = b"".join(c.to_line() for c in done)
        write_durably(path, head + b"\n" + lines, scratch)
        self._finish(path, activity.batch, len(done))

    def _place(self, batch: str) -> Path:
        return self.folder / f"{batch[:4]}-{batch[4:6]}" / f"{batch}.jsonl"

    def new_id(self) -> str:
        """Return an id of this moment, that sorts after all others, whatever the clock says."""
        now = datetime.now(UTC)
        files = self.batch_files()
        if files:
            with contextlib.suppress(ValueError):
                last = datetime.strptime(files[-1].stem, ID_FORM).replace(tzinfo=UTC)
                now = max(now, last + timedelta(microseconds=1))
        return now.strftime(ID_FORM)


def _done(changes: Sequence[Change], digest_of: Callable[[str], str]) -> list[Change]:
    """Return those of an open batch's changes whose records were written."""
    by_record: dict[str, list[Change]] = {}
    for change in changes:
        by_record.setdefault(change.record, []).append(change)
    undone: set[str] = set()
    for record, chain in by_record.items():
        now = digest_of(record)
        last = next((n for n in reversed(range(len(chain))) if chain[n].digest_after == now), None)
        if last is not None:
            undone |= {c.id for c in chain[last + 1 :]}
        elif chain[0].digest_before == now:
            undone |= {c.id for c in chain}
    return [change for change in changes if change.id not in undone]


def _moment(change: Change) -> tuple[str, str, int]:
    """Return what changes are ordered by: those of one moment, as several of a table, by number."""
    return change.when, change.batch, int(change.id.rpartition(".")[2])


def _key(record: str) -> bytes:
    """Return what a line about a record holds."""
    return f'"record": {json.dumps(record)}'.encode()


def _line(values: Mapping[str, object]) -> bytes:
    """Return values as a line whose last one is the CRC-32 of the JSON without it."""
    text = json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")
    return b'%b, "crc": "%08x"}\n' % (text[:-1], zlib.crc32(text))


_CRC = re.compile(rb', "crc": "([0-9a-f]{8})"\}$')


def _values(line: bytes) -> Any:
    """Return what a line says. Raises ValueError where it is not as it was written.

    Lines that were written before there were checksums have none, and are believed.
    """
    checksum = _CRC.search(line)
    if checksum and int(checksum[1], 16) != zlib.crc32(line[: checksum.start()] + b"}"):
        raise ValueError("its checksum differs")
    return json.loads(line)


def _when(batch: str) -> str:
    return datetime.strptime(batch, ID_FORM).replace(tzinfo=UTC).isoformat(timespec="microseconds")


def _activity_of(line: bytes) -> Activity | None:
    try:
        head = _values(line)
        return Activity(head["activity"], head.get("why", ""), head["who"],
                        tuple(head.get("undoes", ())), head["batch"])  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None


def _change_of(line: bytes, activity: Activity) -> Change | None:
    try:
        values = _values(line)
        return Change(f"{activity.batch}.{values['change']}", values["when"], activity,
                      values["record"], values.get("entry", ""), values["before"],
                      values["after"], values["from"], values["to"])  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None
