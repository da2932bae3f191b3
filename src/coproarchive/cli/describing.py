"""The plan of a folder as a table, and `review`: what was guessed, for the archivist to confirm."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import (
    guess_table,
    out,
    plain_table,
    printable,
    problem_table,
    say_json,
)
from coproarchive.cli.context import state_of
from coproarchive.cli.options import ConfirmAllOption, ConfirmOption, JsonOption

if TYPE_CHECKING:
    from rich.table import Table

    from coproarchive.ingest.folder_plan import DescribeOptions, FolderPlan, PlannedTalk
    from coproarchive.ingest.guesses import Guess

COLUMNS = ("file", "title", "speakers", "date", "seminar", "topics")
"""Of the plan as CSV: those that ingest/describe/beside.py reads, with how sure each is behind."""
SHOWN_PROBLEMS = 30
_DOUBT = 0.7
"""Confidence below which a cell of the table is shown as doubtful."""


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command(review.__name__)(review)


def print_plan(plan: FolderPlan, options: DescribeOptions, *, as_json: bool, as_csv: bool) -> None:
    """Print what a folder would become."""
    if as_json:
        say_json(_plan_json(plan, options))
        return
    if as_csv:
        typer.echo(_plan_csv(plan, options), nl=False)
        return
    out.print(_plan_table(plan, options))
    if plan.report.problems:
        out.print()
        out.print(problem_table(plan.report.problems[:SHOWN_PROBLEMS]))
    out.print(
        Text(
            f"{plan.report.files} files would become {len(plan.talks)} items. Nothing was added.",
            style="bold",
        )
    )
    hint = "A guess with ? is too doubtful to be written. For a table to correct: --csv"
    out.print(Text(hint))


def _plan_table(plan: FolderPlan, options: DescribeOptions) -> Table:
    table = plain_table("file", "title", "people", "date", "seminar", "topics")
    for talk in plan.talks:
        seminar = talk.seminar(options)
        seminars = [seminar] if seminar else talk.description.of("seminar")
        cells = (
            Text(printable(_place(talk, plan))),
            _cell([talk.description.title], 0.0),
            _cell(talk.description.of("speaker"), options.least),
            _cell(talk.description.of("date"), options.least),
            _cell(seminars, 0.0 if seminar else 1.01),
            _cell(talk.description.of("topic"), options.least),
        )  # fmt: skip
        table.add_row(*cells)
    return table


def _cell(guesses: Sequence[Guess], least: float) -> Text:
    """Show guesses with how sure they are; those that would not be written with a question mark."""
    cell = Text()
    for number, guess in enumerate(guesses):
        is_written = guess.confidence >= least
        style = "dim" if not is_written else "yellow" if guess.confidence < _DOUBT else ""
        mark = "" if is_written else " ?"
        cell.append("\n" if number else "")
        cell.append(f"{printable(guess.value)} ({guess.confidence:.0%}{mark})", style=style)
    return cell


def _place(talk: PlannedTalk, plan: FolderPlan) -> str:
    """Name the talk's files below the folder: "day 1/talk.pptx + talk.pdf"."""
    first, *others = (path.relative_to(plan.report.folder).as_posix() for path in talk.paths)
    return " + ".join((first, *(other.rpartition("/")[2] for other in others)))


def _written(talk: PlannedTalk, options: DescribeOptions) -> list[str]:
    """Return the talk's cells of COLUMNS: what would be written."""
    description, least = talk.description, options.least
    seminar = talk.seminar(options)
    dates = description.of("date", least)
    return [
        description.title.value,
        "; ".join(guess.value for guess in description.of("speaker", least)),
        dates[0].value if dates else "",
        seminar.value if seminar else "",
        "; ".join(guess.value for guess in description.of("topic", least)),
    ]


def _plan_csv(plan: FolderPlan, options: DescribeOptions) -> str:
    from coproarchive.search.discover.export import harmless

    text = io.StringIO()
    text.write("\ufeff")
    rows = csv.writer(text)
    rows.writerow((*COLUMNS, "how sure", "also possible"))
    for talk in plan.talks:
        sure = "; ".join(
            f"{guess.kind} {guess.confidence:.0%} ({guess.rule})"
            for guess in talk.proposal.written(options.least)
        )
        doubtful = "; ".join(
            f"{guess.kind} {guess.value} {guess.confidence:.0%}"
            for guess in talk.description.guesses
            if guess.confidence < options.least and guess.kind != "title"
        )
        path = talk.paths[0].relative_to(plan.report.folder).as_posix()
        rows.writerow([harmless(c) for c in (path, *_written(talk, options), sure, doubtful)])
    return text.getvalue()


def _plan_json(plan: FolderPlan, options: DescribeOptions) -> dict[str, object]:
    return {
        "files": plan.report.files,
        "items": [
            {
                "files": [p.relative_to(plan.report.folder).as_posix() for p in talk.paths],
                **dict(zip(COLUMNS[1:], _written(talk, options), strict=True)),
                "guesses": [guess_json(guess) for guess in talk.description.guesses],
            }
            for talk in plan.talks
        ],
        "problems": [{"path": p.path, "code": p.code, "message": p.message}
                     for p in plan.report.problems],
    }  # fmt: skip


def guess_json(guess: Guess) -> dict[str, object]:
    """Return a guess for a program to read."""
    return {name: getattr(guess, name) for name in guess.__slots__}


def review(
    context: typer.Context,
    confirmed: ConfirmOption = None,
    of_items: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm-item", metavar="ID", help="Say that all guesses of an item are right."
        ),
    ] = None,
    all_right: ConfirmAllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what `add --describe` guessed and nobody confirmed, the least sure first.

    A guess that you correct in its record is none any more. For those of imports: coproarchive
    import review
    """
    from coproarchive.ingest.guesses import confirm_guesses, unconfirmed_guesses

    library = state_of(context).library
    catalogue = library.catalogue()
    if confirmed or of_items or all_right:
        numbers, items = frozenset(confirmed or ()), frozenset(of_items or ())
        done = confirm_guesses(
            library.store,
            catalogue,
            lambda number, guess: all_right or number in numbers or guess.record in items,
        )
        left = len(unconfirmed_guesses(library.store, catalogue))
        out.print(Text(f"{done} confirmed, {left} left to look at."))
        return
    right = "--confirm NUMBER, --confirm-item ID or --confirm-all"
    say_guesses(unconfirmed_guesses(library.store, catalogue), right, as_json=as_json)


def say_guesses(guesses: Sequence[Guess], right: str, *, as_json: bool) -> None:
    """List guesses by number, and how to say that one is right."""
    if as_json:
        say_json({"guesses": [guess_json(guess) for guess in guesses]})
        return
    if guesses:
        out.print(guess_table(guesses, numbered=True))
    out.print(Text(f"{len(guesses)} guesses. Wrong: correct the record. Right: {right}."))
