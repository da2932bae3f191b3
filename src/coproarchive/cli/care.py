"""`verify`, `backup`, `restore` and `purge`: that nothing is lost, and what shall be."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import display_path, err, out, printable, progress_bars, say_json
from coproarchive.cli.context import state_of
from coproarchive.cli.desk import desk_of
from coproarchive.cli.options import ItemArgument, JsonOption, WhyOption

SHOWN_FILES = 30


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (verify, backup, restore, purge):
        app.command(command.__name__)(command)


def verify(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]",
            help="Files to put back, as verify names them; all that are damaged, if you name none.",
        ),
    ] = None,
    repair: Annotated[
        Path | None,
        typer.Option(
            "--repair",
            metavar="DIR",
            help="Put damaged files back from backups in this folder.",
        ),
    ] = None,
    restart: Annotated[
        bool,
        typer.Option("--anew", help="Begin anew where a run was stopped."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read every file and compare it with its checksum; exit code 1 if one is damaged.

    Stopped, the next run goes on where this one was. Without --repair nothing is written.
    """
    with progress_bars(not as_json) as progress:
        report = desk_of(context).verify(
            progress, restart=restart, backups=repair, names=names or ()
        )
    if as_json:
        say_json(asdict(report))
    else:
        for path in report.repaired:
            out.print(Text(f"put back: {printable(path)}", style="green"))
        for damage in report.damage[:SHOWN_FILES]:
            out.print(Text(f"{damage.what}: {printable(damage.path)}", style="bold red"))
        went_on = f" ({report.resumed} by the run before)" if report.resumed else ""
        out.print(
            Text(
                f"{report.files} files, {report.size:,} bytes compared{went_on}; "
                f"{len(report.damage)} damaged.",
                style="bold",
            )
        )
        if report.damage and repair is None:
            hint = state_of(context).command("verify --repair DIR")
            out.print(Text(f"To put them back from a backup: {hint}"))
    if report.damage:
        raise typer.Exit(1)


def backup(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder for backups, on another disk.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Make a backup: a folder (a BagIt bag) with the whole archive and its checksums.

    What did not change since the last one there takes no room. Stopped, the next run goes on.
    """
    with progress_bars(not as_json) as progress:
        report = desk_of(context).back_up(folder, progress)
    if as_json:
        say_json({"bag": str(report.bag), "files": report.files, "size": report.size,
                  "copied": report.copied, "left_out": report.left_out})  # fmt: skip
        return
    for path in report.left_out[:SHOWN_FILES]:
        err.print(Text(f"left out, as no bag can hold it: {printable(path)}", style="yellow"))
    same = report.files - report.copied
    out.print(
        Text(
            f"{display_path(report.bag)}: {report.files} files, {report.size:,} bytes; "
            f"{report.copied} copied, {same} the same as in the backup before.",
            style="bold",
        )
    )


def restore(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A backup, or the folder of them, of which the newest is taken."
        ),
    ],
    archive: Annotated[
        Path, typer.Argument(metavar="ARCHIVE", help="Where the archive shall be: a new folder.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Bring an archive back from a backup: whole and compared with its checksums, or not at all.

    To put back single files that are damaged: coproarchive verify --repair DIR
    """
    from coproarchive.desk.bags import restore_archive

    del context  # the archive may be gone
    with progress_bars(not as_json) as progress:
        bag = restore_archive(folder, archive, progress)
    if as_json:
        say_json({"bag": str(bag), "archive": str(archive)})
        return
    out.print(
        Text(
            f"{display_path(archive)} is as it was in {display_path(bag)}. To make it searchable: "
            f"coproarchive index --archive {archive}",
            style="bold",
        )
    )


def purge(
    context: typer.Context,
    item_id: ItemArgument,
    confirmed: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this, what it would destroy is listed.")
    ] = False,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Destroy an item for good: record, files, earlier versions, and its words in the history.

    For what must not be kept. To take an item from readers only: withdraw, or visibility hidden.
    """
    desk = desk_of(context)
    plan = desk.purge(item_id, why=why) if confirmed else desk.plan_purge(item_id)
    if as_json:
        say_json({"item": plan.item_id, "files": [path for path, _ in plan.files],
                  "size": plan.size, "changes": plan.changes, "named_by": list(plan.named_by),
                  "destroyed": confirmed})  # fmt: skip
        return
    verb = "Destroyed" if confirmed else "This destroys"
    out.print(Text(f"{verb}: {len(plan.files)} files, {plan.size:,} bytes, and the words of "
                   f"{plan.changes} changes in the history.", style="bold red"))  # fmt: skip
    for path, size in plan.files[:SHOWN_FILES]:
        out.print(Text(f"   {printable(path)}  {size:,} bytes"))
    if plan.named_by:
        out.print(Text(f"Still named by: {', '.join(plan.named_by[:10])}", style="yellow"))
    out.print(Text("Backups have it still; so may the index's folder, until it is made anew: "
                   "delete that, then coproarchive index"))  # fmt: skip
    if not confirmed:
        again = state_of(context).command(f"purge {item_id} --yes")
        out.print(Text(f"Nothing was destroyed. To do it: {again}", style="bold"))
