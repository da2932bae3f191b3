"""/desk/problems: what waits for whoever keeps the archive, and what is left for now."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from coproarchive.desk.repair import AnyRepair
from coproarchive.desk.snoozing import SnoozedProblem, snooze_key
from coproarchive.errors import NotFoundError
from coproarchive.model import Problem, Severity
from coproarchive.operate.problem_board import CheckState, board_of
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.problem_view import GROUPS, WorkGroup, group_of, group_views, problem_row

PATH = "/desk/problems"
MOST_ROWS = 8
"""Problems of a group on the page of all groups."""
MOST_OF_ONE = 500
WAIT_SECONDS = 2.0
"""How long a page waits for a check that runs; a small archive is checked by then."""


def problems(r: DeskRequest) -> Response:
    """Show what waits: all groups, or with ?group= one of them whole."""
    board = board_of(r.library)
    state = board.look(WAIT_SECONDS)
    chosen = r.query.get("group", "")
    parted = r.desk.sort_problems(state.problems or ())
    group = next((g for g in GROUPS if g.id == chosen), None)
    waiting = [p for p in parted.waiting if group is None or group_of(p.code) is group]
    plan = r.desk.plan_repairs(waiting)
    views = group_views(waiting, r.catalogue, _sure(plan), MOST_ROWS, chosen)
    return r.page(
        "desk/problems.html",
        group.title if group else "Problems",
        state=state,
        when=state.when[:16].replace("T", " "),
        percent=100 * state.done // state.total if state.total else 0,
        views=views,
        group=group,
        waiting=len(waiting),
        errors=sum(p.severity is Severity.ERROR for p in waiting),
        snoozed=[(problem_row(s.problem, r.catalogue, False), s.snooze) for s in parted.snoozed],
        asked=r.typed("key"),
    )  # fmt: skip


def _sure(plan: Sequence[AnyRepair]) -> set[tuple[str, str]]:
    return {(repair.code, repair.path) for step in plan for repair in step.repairs}


def change_problems(r: DeskRequest) -> Response:
    """Check anew, put a group right, leave a problem for now, or let it wait again."""
    act, board = r.typed("act"), board_of(r.library)
    back = f"{PATH}?group={r.query['group']}" if "group" in r.query else PATH
    if act == "check":
        board.start()
        return r.done("The archive is being checked.", back)
    state = board.look(WAIT_SECONDS)
    if act == "repair":
        return _repair(r, state, back)
    parted = r.desk.sort_problems(state.problems or ())
    if act == "wake":
        snoozed = _snoozed_named(parted.snoozed, r.typed("key"))
        report = r.desk.wake([snoozed.problem])
        return r.done("It is listed again.", back, report.change)
    problem = _problem_named(parted.waiting, r.typed("key"))
    reason, until = r.typed("reason").strip(), r.typed("until").strip()
    key = r.typed("key")
    if not reason:
        raise InvalidFormError({f"reason-{key}": "Say why, in a sentence, for who looks next."})
    if problem.severity is Severity.ERROR and not until:
        wrong = "This is left until a day, not for ever: something is lost or left out."
        raise InvalidFormError({f"until-{key}": wrong})
    report = r.desk.snooze([problem], reason, until=until)
    return r.done("It is left for now.", back, report.change)


def _repair(r: DeskRequest, state: CheckState, back: str) -> Response:
    """Put right what surely can be in a group; shown first, done with the second button."""
    group = _group_named(r.typed("group"))
    waiting = r.desk.sort_problems(state.problems or ()).waiting
    meant = [p for p in waiting if group_of(p.code) is group]
    plan = r.desk.plan_repairs(meant)
    report = r.desk.repair(plan, dry_run=r.typed("sure") != "yes")
    if r.typed("sure") != "yes":
        return r.page("desk/repair.html", "Put right", group=group, report=report, back=back)
    done = _sure(plan)
    board = board_of(r.library)
    board.forget([p for p in meant if (p.code, p.path) in done])
    board.start()
    count = len(report.repairs)
    message = f"{count} thing{'' if count == 1 else 's'} put right."
    if report.aside:
        message += f" {len(report.aside)} put aside in the archive’s folder .kept."
    return r.done(message, back, report.act.change)


def _group_named(group_id: str) -> WorkGroup:
    for group in GROUPS:
        if group.id == group_id:
            return group
    raise NotFoundError("there is no such group of problems.")


def _problem_named(waiting: Sequence[Problem], key: str) -> Problem:
    for problem in waiting:
        if snooze_key(problem) == key:
            return problem
    raise NotFoundError("this problem is not there any more: somebody may have put it right.")


def _snoozed_named(snoozed: Sequence[SnoozedProblem], key: str) -> SnoozedProblem:
    for each in snoozed:
        if snooze_key(each.problem) == key:
            return each
    raise NotFoundError("this is not left for now: it may be listed already.")


def counts_of(r: DeskRequest) -> tuple[str, int]:
    """Return in words how many problems wait, for the desk's home, and how many are errors."""
    state = board_of(r.library).look()
    if state.problems is None:
        return ("not checked" if state.failure else "being checked"), 0
    waiting = r.desk.sort_problems(state.problems).waiting
    errors = sum(p.severity is Severity.ERROR for p in waiting)
    words = f"{len(waiting)} wait" if waiting else "none wait"
    return (f"{words}, {errors} of them urgent" if errors else words), errors


ROUTES = (DeskRoute(PATH, show=problems, act=change_problems, label="Problems"),)
