"""Problems that are left for now, each with a reason: until a day, or until the problem changes.

They stand in problems.yaml beside archive.yaml, as entries of a table, and are in the history.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.desk.records import content_of, entries, record_named, write_fields
from coproarchive.errors import ArchiveError, IngestError, NotFoundError, SidecarError
from coproarchive.model import Problem, Severity, Snooze
from coproarchive.store import Store
from coproarchive.store.changes import Activity
from coproarchive.store.reader import PROBLEMS
from coproarchive.store.sidecar import plain, valid


class SnoozedProblem(NamedTuple):
    """A problem that is left for now, and why."""

    problem: Problem
    snooze: Snooze


class SortedProblems(NamedTuple):
    """Problems that wait for somebody, and those that are left for now."""

    waiting: list[Problem]
    snoozed: list[SnoozedProblem]


def snooze_key(problem: Problem) -> str:
    """Return the key of a problem in problems.yaml: its code, and what tells its place."""
    place = hashlib.sha256(f"{problem.path}\n{problem.field}".encode()).hexdigest()
    return f"{problem.code}-{place[:12]}"


def read_snoozes(store: Store) -> dict[str, Snooze]:
    """Return what is snoozed, by key; what of it cannot be read is none, and `check` says so."""
    try:
        return store.read_snoozes()[0]
    except SidecarError:
        return {}


def sort_problems(
    problems: Iterable[Problem], snoozes: Mapping[str, Snooze], today: str = ""
) -> SortedProblems:
    """Divide problems that wait from those that are left for now.

    Args:
        problems: as `check` finds them.
        snoozes: by key.
        today: YYYY-MM-DD; the day of this machine where it is "".
    """
    today = today or datetime.date.today().isoformat()
    parted = SortedProblems([], [])
    for problem in problems:
        snooze = snoozes.get(snooze_key(problem))
        if snooze is not None and _holds(snooze, problem, today):
            parted.snoozed.append(SnoozedProblem(problem, snooze))
        else:
            parted.waiting.append(problem)
    return parted


def _holds(snooze: Snooze, problem: Problem, today: str) -> bool:
    """Tell whether a problem is still the one that was snoozed, and its day has not come."""
    return snooze.message == problem.message and not (snooze.until and snooze.until <= today)


def problems_named(problems: Iterable[Problem], code: str, named: str) -> list[Problem]:
    """Return the problems of a code and a record.

    Args:
        problems: as `check` finds them.
        code: of them.
        named: an item or seminar by id, a path in the archive, person:ID or topic:ID.

    Raises:
        NotFoundError: there is none.
    """
    word, _, key = named.partition(":")
    table = {"person": "people.yaml", "topic": "topics.yaml"}.get(word)
    meant = [
        p
        for p in problems
        if p.code == code
        and ((p.path, p.field) == (table, key) or f"{p.path}/".startswith(f"{named}/"))
    ]
    if not meant:
        raise NotFoundError(
            f'"{named}" has no problem "{code}".', hint="coproarchive check lists all."
        )
    return meant


def snooze_problems(
    store: Store,
    problems: Sequence[Problem],
    activity: Activity,
    *,
    reason: str,
    until: str = "",
) -> ActReport:
    """Leave problems for now.

    Args:
        store: of the archive.
        problems: as `check` finds them.
        activity: what the history shall say.
        reason: a sentence for who looks next.
        until: the day, YYYY-MM-DD, on which they are back; "" for when they change.

    Raises:
        IngestError: no reason, no such day, or an error without a day.
    """
    if not reason.strip():
        raise IngestError("say why this is left for now.", hint='Add --reason "..."')
    if any(p.severity is Severity.ERROR for p in problems) and not until:
        raise IngestError(
            "an error is left until a day, not for ever: something is lost or damaged.",
            hint="Name the day: --until 2027-01-31",
        )
    if until and until <= datetime.date.today().isoformat():
        raise IngestError(f"{until} is not to come.", hint="Name a day that is: 2027-01-31")
    diffs = []
    with store.activity(activity):
        before = entries(store, PROBLEMS)
        table = dict(before)
        for problem in problems:
            key = snooze_key(problem)
            values = {"id": key, "code": problem.code, "path": problem.path,
                      "field": problem.field or None, "message": problem.message,
                      "reason": reason.strip(), "until": until or None}  # fmt: skip
            snooze = valid(lambda v=values: Snooze.model_validate(v))  # type: ignore[misc]  # bound now
            table[key] = plain(snooze, without=("id",))
            diffs.append(RecordDiff(f"snooze:{key}", before.get(key), table[key]))
        if table != before:
            store.save_content(PROBLEMS, dict(table))
    return ActReport(activity.batch, tuple(d for d in diffs if d.before != d.after))


def wake_problems(store: Store, problems: Sequence[Problem], activity: Activity) -> ActReport:
    """Let problems wait again that were left for now. Raises NotFoundError where none was."""
    diffs = []
    with store.activity(activity):
        for problem in problems:
            try:
                record = record_named(store, f"snooze:{snooze_key(problem)}")
            except ArchiveError:
                continue
            diffs.append(RecordDiff(str(record), content_of(store, record), None))
            write_fields(store, record, None)
    if not diffs:
        raise NotFoundError("none of this is snoozed.")
    return ActReport(activity.batch, tuple(diffs))
