"""`import wordpress` and `import review`: a blog becomes a described archive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import (
    guess_table,
    out,
    plain_table,
    printable,
    problem_table,
    progress_bars,
    say_json,
)
from coproarchive.cli.context import CliState, state_of
from coproarchive.cli.describing import say_guesses
from coproarchive.cli.options import (
    HIDDEN,
    BlogArgument,
    ConfirmAllOption,
    ConfirmOption,
    DownloadOption,
    IncludeOption,
    JsonOption,
    MediaOption,
    PrivateAddressesOption,
    ReportOption,
    TagsOption,
)
from coproarchive.errors import IngestError

if TYPE_CHECKING:
    from rich.table import Table

    from coproarchive.ingest.guesses import Guess
    from coproarchive.ingest.wordpress import Options, Report
    from coproarchive.ingest.wordpress.report import Step

SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("wordpress")(wordpress)
    group.command("review")(review)
    app.add_typer(group, name="import", help="Bring a blog home, or look through what was guessed.")


def wordpress(
    context: typer.Context,
    source: BlogArgument,
    media: MediaOption = None,
    download: DownloadOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")
    ] = False,
    include: IncludeOption = None,
    topics: TagsOption = True,
    allow_private: PrivateAddressesOption = False,
    max_file_mb: Annotated[
        int, typer.Option(min=1, help="Largest file that is fetched or taken, in MB.")
    ] = 200,
    report: ReportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a WordPress blog home: posts, programmes, speakers and files. Safe to run again.

    Run it with --dry-run first. What was understood from prose is marked as a guess, to be looked
    through with: coproarchive import review
    """
    from coproarchive.ingest.wordpress import Options

    options = Options(
        media=media,
        download=download,
        dry_run=dry_run,
        include=_included(include or []),
        new_topics=topics,
        allow_private=allow_private,
        max_file=max_file_mb * 1024 * 1024,
    )
    brought = _bring(state_of(context), source, options, quiet=as_json)
    if report is not None:
        _save(report, brought)
    if as_json:
        say_json(brought.to_json())
    else:
        _print(brought, report, state_of(context))
    if not any(brought.counts.values()):
        raise typer.Exit(IngestError.exit_code)


def _bring(state: CliState, source: list[str], options: Options, *, quiet: bool) -> Report:
    """Import the blog with progress on the terminal; return what was done."""
    from coproarchive.ingest.wordpress import import_site
    from coproarchive.ingest.wordpress.detect import forget_pages, source_of
    from coproarchive.ingest.wordpress.fetch import Fetcher

    fetcher = Fetcher(allow_private=options.allow_private, pause=options.pause)
    work = state.settings.index / "import"
    with progress_bars(not quiet) as progress:
        blog = source_of(source, fetcher, work)
        report = import_site(state.library.store, blog, options, fetcher=fetcher, progress=progress)
    forget_pages(work)
    state.library.changed()
    return report


def _included(words: list[str]) -> frozenset[str]:
    unknown = [word for word in words if word not in HIDDEN]
    if unknown:
        raise IngestError(f'"{unknown[0]}" cannot be included: {", ".join(HIDDEN)}.')
    return frozenset(words)


def _save(path: Path, report: Report) -> None:
    as_json = path.suffix.lower() == ".json"
    text = (
        json.dumps(report.to_json(), ensure_ascii=False, indent=1)
        if as_json
        else report.to_markdown()
    )
    path.write_text(text + "\n", encoding="utf-8")


def _print(report: Report, saved: Path | None, state: CliState) -> None:
    steps = [s for s in report.steps if s.action not in ("same", "stored", "missing")]
    if steps:
        out.print(_steps_table(steps[:SHOWN]))
    if len(steps) > SHOWN:
        out.print(Text(f"... and {len(steps) - SHOWN} more; --report FILE saves them all."))
    if report.problems:
        out.print()
        out.print(problem_table(report.problems[:SHOWN]))
        counts = Counter(p.code for p in report.problems)
        if len(report.problems) > SHOWN:
            listed = ", ".join(f"{n} {code}" for code, n in counts.most_common())
            out.print(Text(f"... of {len(report.problems)} in all: {listed}."))
    if report.guesses:
        out.print()
        out.print(guess_table(sorted(report.guesses, key=lambda g: g.confidence)[:SHOWN]))
        if len(report.guesses) > SHOWN:
            out.print(Text(f"... of {len(report.guesses)} guesses in all, the least sure first."))
    out.print()
    if report.comments:
        out.print(Text(f"{report.comments} comments were left out."))
    out.print(Text(printable(report.summary()), style="bold"))
    if saved is not None:
        out.print(Text(f"The whole report is in {saved}."))
    if report.dry_run:
        out.print(Text("This was a dry run: nothing was written."))
    else:
        out.print(Text(f"To look through the guesses: {state.command('import review')}"))
        out.print(Text(f"To make it all searchable: {state.command('index')}"))


def _steps_table(steps: Iterable[Step]) -> Table:
    table = plain_table("", "kind", "record", "title", "why")
    for step in steps:
        cells = (step.action, step.noun, step.record or step.source, step.title, step.why)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def review(
    context: typer.Context,
    confirmed: ConfirmOption = None,
    all_right: ConfirmAllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what imports understood from prose and nobody confirmed, the least sure first."""
    from coproarchive.ingest.wordpress import confirm, open_guesses, sites

    store = state_of(context).library.store
    imported = sites(store)
    if not imported:
        raise IngestError(
            "nothing was imported yet.", hint="To begin: coproarchive import wordpress"
        )
    start = 0
    listed: list[Guess] = []
    for site in imported:
        guesses = open_guesses(store, site)
        if confirmed or all_right:
            numbers = {n - start for n in confirmed or ()}
            confirm(store, site, lambda n, numbers=numbers: all_right or n in numbers)  # type: ignore[misc]
        start += len(guesses)
        listed += guesses
    if confirmed or all_right:
        waiting = sum(len(open_guesses(store, site)) for site in imported)
        out.print(Text(f"{start - waiting} confirmed, {waiting} left to look at."))
        return
    say_guesses(listed, "--confirm NUMBER", as_json=as_json)
