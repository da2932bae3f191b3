"""`doctor`: how this installation is, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import out, printable, say_json
from coproarchive.cli.context import state_of
from coproarchive.cli.options import JsonOption

if TYPE_CHECKING:
    from coproarchive.operate.doctor import Diagnosis

NOT_WELL = 1
"""Exit code where something is to be mended."""

_STYLES = {"well": "green", "note": "cyan", "problem": "bold red"}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    with_settings: Annotated[
        bool,
        typer.Option("--settings", help="List every setting too, with where its value comes from."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Look whether this installation is well, and say what to do where it is not.

    Looks at versions, optional programs, permissions, room on the disk, the archive, the index, the
    clock, the address and the password. Writes nothing. Exit code 0 if all is well, 1 if something
    is to be mended.
    """
    from coproarchive.operate.doctor import diagnose

    diagnosis = diagnose(state_of(context).loaded)
    if as_json:
        say_json(_json(diagnosis))
    else:
        _print(diagnosis, with_settings)
    if not diagnosis.is_well:
        raise typer.Exit(NOT_WELL)


def _print(diagnosis: Diagnosis, with_settings: bool) -> None:
    for finding in diagnosis.findings:
        state = Text(f"{finding.state.value:<8}", style=_STYLES[finding.state.value])
        out.print(state + Text(printable(f"{finding.area}: {finding.message}")))
        if finding.hint:
            out.print(Text(" " * 8 + printable(finding.hint), style="bold"))
    if with_settings:
        out.print()
        for name, (value, origin) in diagnosis.settings.items():
            out.print(Text(printable(f"{name} = {value or '(not set)'}  [{origin}]")))
        out.print()
        for name, number in diagnosis.versions.items():
            out.print(Text(printable(f"{name} {number}")))
    problems = sum(finding.state.value == "problem" for finding in diagnosis.findings)
    counted = f"{problems} problem{'s' * (problems > 1)}, see above."
    out.print(Text(counted if problems else "All is well.", style="bold"))


def _json(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "well": diagnosis.is_well,
        "findings": [
            {
                "area": finding.area,
                "state": finding.state.value,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in diagnosis.findings
        ],
        "settings": {
            name: {"value": value, "from": origin}
            for name, (value, origin) in diagnosis.settings.items()
        },
        "versions": diagnosis.versions,
    }
