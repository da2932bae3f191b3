"""How the command line speaks: results on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from coproarchive.progress import Progress, silent
from coproarchive.vocabulary import Severity

if TYPE_CHECKING:
    from rich.progress import TaskID
    from rich.table import Table

    from coproarchive.ingest.guesses import Guess
    from coproarchive.model import Problem

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def say_error(message: str, hint: str | None = None) -> None:
    """Print one error: what is wrong, then what to do."""
    err.print(Text("Error: ", style="bold red") + Text(printable(message)))
    if hint:
        err.print(Text(printable(hint)))


def say_json(value: object) -> None:
    """Print a value for a program to read: UTF-8 on stdout, one document."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    # Names of files need not be UTF-8; what a program reads is.
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


def printable(text: str) -> str:
    """Return the text without control characters, which could drive the reader's terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def display_path(path: Path | str) -> str:
    """Return a path as a reader of this terminal would type it: short below the current folder."""
    with contextlib.suppress(ValueError, OSError):
        return str(Path(path).relative_to(Path.cwd()))
    return str(path)


@contextmanager
def progress_bars(enabled: bool = True) -> Iterator[Progress]:
    """Show a bar a stage on stderr, while the work runs; nothing where stderr is not a terminal."""
    if not enabled or not err.is_terminal:
        yield silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
        console=err,
        transient=True,
    )
    stages: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int, what: str = "") -> None:
        if stage not in stages:
            stages[stage] = bars.add_task(escape(stage), total=total or None, what="")
        bars.update(
            stages[stage], completed=done, total=total or None, what=escape(printable(what[-50:]))
        )

    with bars:
        yield report


def problem_table(problems: Iterable[Problem]) -> Table:
    """Return problems as rows: how bad, which, where, what and what to do."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="bold")
    for title in ("", "code", "where", "what is wrong, and what to do"):
        table.add_column(title, overflow="fold")
    for problem in problems:
        where = problem.path + (f" ({problem.field})" if problem.field else "")
        what = f"{problem.message} {problem.hint}".strip()
        table.add_row(
            Text(problem.severity.value, style=_STYLES[problem.severity]),
            Text(problem.code),
            Text(printable(where)),
            Text(printable(what)),
        )
    return table


def guess_table(guesses: Iterable[Guess], numbered: bool = False) -> Table:
    """Return guesses as rows, the words they were read from beside them."""
    table = plain_table(
        *(("",) if numbered else ()), "guess", "understood", "sure", "read from", "record"
    )
    for number, guess in enumerate(guesses, start=1):
        cells = (
            guess.kind, guess.value, f"{guess.confidence:.0%}",
            f"{guess.line[:160]} ({guess.rule})", guess.record,
        )  # fmt: skip
        first = (str(number),) if numbered else ()
        table.add_row(*(Text(printable(cell)) for cell in (*first, *cells)))
    return table


def plain_table(*titles: str) -> Table:
    """Return a table without lines, its cells folded."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def problem_json(problem: Problem) -> dict[str, object]:
    """Return a problem as `check --json` prints it."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "path": problem.path,
        "field": problem.field,
        "message": problem.message,
        "hint": problem.hint,
        "repair": problem.repair,
    }
