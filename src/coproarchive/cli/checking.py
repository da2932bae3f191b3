"""`check`: problems listed, repaired where that is sure, and left for now with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import (
    out,
    printable,
    problem_json,
    problem_table,
    progress_bars,
    say_json,
)
from coproarchive.cli.context import CliState, state_of
from coproarchive.cli.desk import desk_of, outcome_json
from coproarchive.cli.options import JsonOption, WhyOption
from coproarchive.errors import IngestError
from coproarchive.vocabulary import Severity

if TYPE_CHECKING:
    from coproarchive.desk import Desk
    from coproarchive.desk.repair import RepairReport
    from coproarchive.desk.snoozing import SnoozedProblem, SortedProblems
    from coproarchive.model import Problem


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("check")(check)


RepairOption = Annotated[
    bool,
    typer.Option(
        "--repair",
        help="Put right what can be in one way only; all of it is one change of the history. "
        "Who is who is never guessed.",
    ),
]
DryRepairOption = Annotated[
    bool, typer.Option("--dry-run", help="With --repair: say what would be done; write nothing.")
]
CodeOption = Annotated[
    list[str] | None,
    typer.Option("--code", metavar="CODE", help="Only problems of this code; may be repeated."),
]
SnoozeOption = Annotated[
    tuple[str, str] | None,
    typer.Option(
        metavar="CODE ITEM",
        help="Leave the problems of a code and an item (or path, person:ID, topic:ID) for now.",
    ),
]
ReasonOption = Annotated[str, typer.Option(help="With --snooze: why, in a sentence.")]
UntilOption = Annotated[
    str,
    typer.Option(metavar="DATE", help="With --snooze: until this day; else until it changes."),
]
SnoozedOption = Annotated[
    bool, typer.Option("--snoozed", help="List what is left for now, and why.")
]
WakeOption = Annotated[
    tuple[str, str] | None,
    typer.Option(metavar="CODE ITEM", help="Have problems that were snoozed wait again."),
]


def check(
    context: typer.Context,
    repair: RepairOption = False,
    dry_run: DryRepairOption = False,
    codes: CodeOption = None,
    snooze: SnoozeOption = None,
    reason: ReasonOption = "",
    until: UntilOption = "",
    snoozed: SnoozedOption = False,
    wake: WakeOption = None,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """List every problem of records and files, with what to do; exit code 1 if one is an error.

    Every file is read and compared with its checksum, so this takes a while. Without --repair,
    --snooze and --wake, nothing in the archive is changed.
    """
    if dry_run and not repair:
        raise IngestError("--dry-run belongs to --repair.")
    if (reason or until) and snooze is None:
        raise IngestError("--reason and --until belong to --snooze.")
    state, desk = state_of(context), desk_of(context)
    problems = _checked(state, codes, quiet=as_json)
    if snooze is not None or wake is not None:
        _snooze_or_wake(desk, problems, snooze, wake, reason, until, why, as_json=as_json)
        return
    report = None
    if repair:
        waiting = desk.sort_problems(problems).waiting
        report = desk.repair(desk.plan_repairs(waiting), why=why, dry_run=dry_run)
        if report.repairs and not dry_run:
            problems = _checked(state, codes, quiet=as_json)
    parted = desk.sort_problems(problems)
    _say(state, desk, parted, report, snoozed=snoozed, is_dry=dry_run, as_json=as_json)
    if any(p.severity is Severity.ERROR for p in parted.waiting):
        raise typer.Exit(1)


def _checked(state: CliState, codes: Sequence[str] | None, *, quiet: bool) -> list[Problem]:
    """Return the problems of the archive, those of some codes alone where they are named."""
    from coproarchive.check import CODES
    from coproarchive.store.sidecar import did_you_mean

    for code in codes or ():
        if code not in CODES:
            raise IngestError(f'there is no problem code "{code}".{did_you_mean(code, CODES)}')
    with progress_bars(not quiet) as progress:
        problems = state.library.check(progress)
    return [p for p in problems if not codes or p.code in codes]


def _snooze_or_wake(
    desk: Desk,
    problems: Sequence[Problem],
    snooze: tuple[str, str] | None,
    wake: tuple[str, str] | None,
    reason: str,
    until: str,
    why: str,
    *,
    as_json: bool,
) -> None:
    from coproarchive.desk.snoozing import problems_named

    if snooze is not None and wake is not None:
        raise IngestError("snooze or wake, one at a time.")
    if snooze is not None:
        meant = problems_named(problems, *snooze)
        outcome = desk.snooze(meant, reason, until=until, why=why)
        done = f"{_counted(len(meant), 'problem')} left for now."
    else:
        assert wake is not None
        outcome = desk.wake(problems_named(problems, *wake), why=why)
        done = f"{_counted(len(outcome.diffs), 'problem')} waiting again."
    if as_json:
        say_json(outcome_json(outcome))
    else:
        out.print(Text(done, style="bold"))


def _say(
    state: CliState,
    desk: Desk,
    parted: SortedProblems,
    report: RepairReport | None,
    *,
    snoozed: bool,
    is_dry: bool,
    as_json: bool,
) -> None:
    """Print problems that wait, what was repaired, and what is left for now."""
    from coproarchive.desk.repair import with_repairs

    waiting = with_repairs(parted.waiting, desk.plan_repairs(parted.waiting))
    errors = sum(p.severity is Severity.ERROR for p in waiting)
    if as_json:
        values: dict[str, object] = {
            "errors": errors,
            "problems": [problem_json(p) for p in waiting],
            "snoozed": [_snoozed_json(each) for each in parted.snoozed],
        }
        say_json(values if report is None else values | {"repaired": _repairs_json(report)})
        return
    if report is not None:
        _print_repairs(state, report, is_dry=is_dry)
    elif snoozed:
        _print_snoozed(parted.snoozed)
        return
    if waiting and not is_dry:
        out.print(problem_table(waiting))
    others = len(waiting) - errors
    out.print(Text(f"{errors} errors, {others} warnings and notes.", style="bold"))
    repairable = sum(p.repair is not None for p in waiting)
    if repairable and report is None:
        hint = state.command("check --repair --dry-run")
        out.print(Text(f"{_counted(repairable, 'problem')} can surely be put right: {hint}"))
    if parted.snoozed:
        hint = state.command("check --snoozed")
        out.print(Text(f"{_counted(len(parted.snoozed), 'problem')} left for now: {hint}"))


def _print_repairs(state: CliState, report: RepairReport, *, is_dry: bool) -> None:
    for repair in report.repairs:
        where = "" if repair.path in repair.sentence else f"{repair.path}: "
        out.print(Text(printable(where + repair.sentence)))
    for path, now in report.aside:
        if now:
            out.print(Text(printable(f"   {path} is now {now}")))
    count = _counted(len(report.repairs), "repair")
    if is_dry:
        out.print(Text(f"{count} would be made. Nothing was written.", style="bold"))
    elif report.act.change:
        back = state.command(f"undo {report.act.change}")
        out.print(Text(f"{count} made. To take them back: {back}", style="bold"))
    else:
        out.print(Text(f"{count} made.", style="bold"))


def _print_snoozed(snoozed: Sequence[SnoozedProblem]) -> None:
    for problem, snooze in snoozed:
        until = f"until {snooze.until}" if snooze.until else "until it changes"
        out.print(Text(printable(f"{problem.code}  {problem.path}"), style="cyan"))
        out.print(Text(printable(f"   {problem.message}")))
        out.print(Text(printable(f"   {until}: {snooze.reason}")))
    out.print(Text(f"{_counted(len(snoozed), 'problem')} left for now.", style="bold"))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _snoozed_json(snoozed: SnoozedProblem) -> dict[str, object]:
    reason = {"reason": snoozed.snooze.reason, "until": snoozed.snooze.until}
    return problem_json(snoozed.problem) | reason


def _repairs_json(report: RepairReport) -> dict[str, object]:
    return {
        **outcome_json(report.act),
        "repairs": [{"code": r.code, "path": r.path, "what": r.sentence} for r in report.repairs],
        "aside": dict(report.aside),
    }
