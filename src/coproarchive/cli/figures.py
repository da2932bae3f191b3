"""`figures`: how much an archive holds, and how well it is described."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import typer
from rich.text import Text

from coproarchive.cli.console import out, plain_table, printable, say_json
from coproarchive.cli.context import state_of
from coproarchive.cli.options import JsonOption


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("figures")(figures)


def figures(context: typer.Context, as_json: JsonOption = False) -> None:
    """Count items, slides and formats, growth by year, how well items are described, and searches
    that found nothing.
    """
    from coproarchive.operate.figures import figures_of

    counted = figures_of(state_of(context).library)
    if as_json:
        values: dict[str, Any] = asdict(counted)
        for name in ("formats", "years", "coverage"):
            values[name] = [row._asdict() for row in values[name]]
        values["unanswered"] = [{"words": w, "count": n} for w, n in counted.unanswered]
        say_json(values)
        return
    for name, number in [*counted.counts.items(), *counted.leaves.items()]:
        out.print(Text(f"{number:>14,}  {name}"))
    for title, rows in (
        ("format", [(f.media_type, f"{f.files:,}", f"{f.size:,} bytes") for f in counted.formats]),
        ("year", [(str(y.year), f"{y.items:,}", f"{y.total:,} in all") for y in counted.years]),
        ("described", [(c.name, f"{c.filled:,} of {c.of:,}", f"{c.percent:.0f}%")
                       for c in counted.coverage]),
        ("searched for in vain", [(w, f"{n:,}", "") for w, n in counted.unanswered]),
    ):  # fmt: skip
        table = plain_table(title, "", "")
        for row in rows:
            table.add_row(*(printable(cell) for cell in row))
        if rows:
            out.print(table)
