"""`upgrade`: an archive and its index of an older version get the form of this one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from coproarchive.cli.archive import summary, update
from coproarchive.cli.console import display_path, out
from coproarchive.cli.context import state_of


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("upgrade")(upgrade)


def upgrade(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
) -> None:
    """Bring an archive and its index to this version's form; a copy of what changes comes first."""
    from coproarchive.search.engines import ENGINES
    from coproarchive.store import Store
    from coproarchive.store.reader import FORMAT
    from coproarchive.store.upgrade import steps_of, upgrade_archive

    state = state_of(context)
    store = Store(state.settings.archive)
    number, steps = store.read_series().format, steps_of(store)
    out.print(Text(f"The archive has format {number}; this version writes format {FORMAT}."))
    for start, step in steps:
        out.print(Text(f"  {start} to {start + 1}: {step.meaning}"))
    storage = ENGINES[state.settings.engine](state.settings.index, state.settings.server_options)
    refusal = storage.refusal()
    out.print(Text(f"The index: {refusal.message if refusal else 'made by this version.'}"))
    if dry_run:
        out.print(Text("Nothing was written. To do it: coproarchive upgrade", style="bold"))
        return
    for copy in upgrade_archive(store):
        out.print(Text(f"Copied what changed to {display_path(copy)}."))
    out.print(Text(summary(update(state)), style="bold"))
