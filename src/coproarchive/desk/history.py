"""The history as people and programs read it: what was done, newest first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice

from coproarchive.desk.edit import in_words
from coproarchive.desk.records import TABLES, name_of_change
from coproarchive.errors import FileSystemError, LockedError, NotFoundError
from coproarchive.store import Store
from coproarchive.store.changes import Activity, Change, Fields
from coproarchive.store.reader import ITEM, SEMINAR, SERIES


def history_of(store: Store, named: str = "", limit: int | None = None) -> list[Change]:
    """Return changes, newest first; edits made by hand since the last look are told first.

    Args:
        store: of the archive.
        named: of a record (see record_named), also one that is gone; "" for all.
        limit: how many at most.

    Raises:
        NotFoundError: of such a record nothing is told.
    """
    look_for_edits(store)
    log = store.recorder.log
    if not named:
        return list(islice(log.changes(), limit))
    changes = list(islice(_of(store, named), limit))
    if not changes:
        raise NotFoundError(f'the history tells nothing of "{named}".')
    return changes


def look_for_edits(store: Store) -> None:
    """Record edits that were made by hand, where that can be written."""
    with contextlib.suppress(FileSystemError, LockedError), store.activity(Activity("look")):
        pass


def _of(store: Store, named: str) -> Iterator[Change]:
    log = store.recorder.log
    word, _, key = named.partition(":")
    if key and word in TABLES:
        return iter(log.of_record(TABLES[word][0], key))
    if named == SERIES:
        return iter(log.of_record(SERIES))
    both = [*log.of_record(f"{named}/{ITEM}"), *log.of_record(f"{named}/{SEMINAR}")]
    return iter(sorted(both, key=lambda c: c.when, reverse=True))


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
