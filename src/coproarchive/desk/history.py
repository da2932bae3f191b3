"""The history as people and programs read it: what was done, newest first."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from coproarchive.desk.edit import in_words
from coproarchive.desk.records import TABLES, name_of_change
from coproarchive.errors import FileSystemError, LockedError, NotFoundError
from coproarchive.store import Store
from coproarchive.store.changes import Activity, BatchLines, Change, Fields
from coproarchive.store.reader import SERIES

SHOWN_CHANGES = 20
"""Changes of a batch that are read for a list of batches: an import has thousands."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which changes are asked for; "" asks for any.

    Attributes:
        of: name of a record (see record_named), also one that is gone; `history_of` takes the id
            of a change or batch, too.
        who: made them, as the history says.
        act: what was done: "edit", "import wordpress", "by hand".
    """

    of: str = ""
    who: str = ""
    act: str = ""

    def takes(self, activity: Activity) -> bool:
        """Tell whether an activity is one of those asked for."""
        return self.who in ("", activity.who) and self.act in ("", activity.name)

    def changes_in(self, batch: BatchLines, *, reverse: bool = False) -> Iterator[Change]:
        """Yield the changes of a batch that are asked for."""
        if self.takes(batch.activity):
            for change in batch.changes(reverse=reverse):
                if self.of in ("", name_of_change(change.record, change.entry)):
                    yield change

    @property
    def about(self) -> bytes:
        """What every line of the history holds that tells of the record."""
        word, _, key = self.of.partition(":")
        if not self.of or self.of == SERIES:
            record = self.of
        else:
            record = TABLES[word][0] if key and word in TABLES else f"{self.of}/"
        return f'"record": {json.dumps(record, ensure_ascii=False)[:-1]}'.encode()


ALL = HistoryFilter()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one command, form or import did.

    Attributes:
        activity: with its id, who and why.
        until: ISO 8601, UTC: when its last change was made.
        changes: the first of those asked for, at most SHOWN_CHANGES.
        count: of the changes asked for.
    """

    activity: Activity
    until: str
    changes: tuple[Change, ...]
    count: int

    @property
    def id(self) -> str:
        """Its id, by which `undo` takes it back."""
        return self.activity.batch


def history_of(store: Store, chosen: HistoryFilter = ALL, limit: int | None = None) -> list[Change]:
    """Return changes, newest first; edits made by hand since the last look are told first.

    Args:
        store: of the archive.
        chosen: which.
        limit: how many at most.

    Raises:
        NotFoundError: of such a record nothing is told.
    """
    look_for_edits(store)
    batches = store.recorder.log.batches(chosen.about)
    newest_first = (c for batch in batches for c in chosen.changes_in(batch, reverse=True))
    changes: Iterable[Change] = newest_first
    if chosen.of:  # of one record by time, as a batch may have gone on after others
        changes = sorted(newest_first, key=lambda c: c.when, reverse=True)
    asked_for = list(islice(changes, limit))
    if chosen.of and not asked_for:
        return _changes_named(store, chosen.of)[:limit]
    return asked_for


def _changes_named(store: Store, name: str) -> list[Change]:
    """Return the changes of a batch, or one, by id, the last first. Raises NotFoundError."""
    try:
        return store.recorder.log.find(name)[::-1]
    except NotFoundError:
        raise NotFoundError(f'the history tells nothing of "{name}".') from None


def batches_of(
    store: Store, chosen: HistoryFilter = ALL, *, before: str = "", limit: int = 20
) -> list[Batch]:
    """Return batches, the newest first, each with its first changes.

    Args:
        store: of the archive; edits by hand are told of by `look_for_edits`.
        chosen: which.
        before: id of a batch: only older ones; "" for all.
        limit: how many at most.
    """
    batches: list[Batch] = []
    for lines in store.recorder.log.batches(chosen.about):
        if len(batches) == limit:
            break
        if before and lines.activity.batch >= before:
            continue
        if not chosen.takes(lines.activity):
            continue
        if not chosen.of:
            first = tuple(islice(lines.changes(), SHOWN_CHANGES))
            until = next((c.when for c in lines.changes(reverse=True)), "")
            batches.append(Batch(lines.activity, until, first, len(lines.lines)))
        elif changes := tuple(chosen.changes_in(lines)):
            until, first = changes[-1].when, changes[:SHOWN_CHANGES]
            batches.append(Batch(lines.activity, until, first, len(changes)))
    return batches


def who_and_what(store: Store) -> tuple[list[str], list[str]]:
    """Return the names of all who made changes, and of all that was done, sorted."""
    activities = list(store.recorder.log.activities())
    return sorted({a.who for a in activities if a.who}), sorted({a.name for a in activities})


def look_for_edits(store: Store) -> None:
    """Record edits that were made by hand, where that can be written."""
    with contextlib.suppress(FileSystemError, LockedError), store.activity(Activity("look")):
        pass


def change_json(change: Change) -> dict[str, object]:
    """Return a change as `history --json` prints it."""
    return {
        "id": change.id,
        "batch": change.batch,
        "when": change.when,
        "who": change.activity.who,
        "what": change.activity.name,
        "why": change.activity.why,
        "record": name_of_change(change.record, change.entry),
        "before": change.before,
        "after": change.after,
        "undoes": list(change.activity.undoes),
    }


def lines_of(before: Fields | None, after: Fields | None) -> list[str]:
    """Return a diff of fields in words, a line a field."""
    if before is None:
        return ["made"]
    if after is None:
        return ["taken out"]
    return [
        f"{name}: {in_words(before.get(name))} → {in_words(after.get(name))}"
        for name in dict.fromkeys([*before, *after])
    ]
