"""`reuse`: which slides stand in several talks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import out, printable, say_json
from coproarchive.cli.context import state_of
from coproarchive.cli.options import JsonOption

if TYPE_CHECKING:
    from coproarchive.search.discover.reuse import Reuse

SHOWN_GROUPS = 50
"""Slides that are listed of a whole archive; `--json` lists all."""


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("reuse")(reuse)


def reuse(
    context: typer.Context,
    item_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Of this item only; its id, as search prints it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List slides that stand in several talks, whole or nearly: of one item, or of all.

    Title slides, closing slides and what every talk has are left out. Of each slide the oldest and
    the newest talk come first.
    """
    talks = state_of(context).library.talks
    if item_id is not None:
        reuses = talks.reuses(item_id)
        if as_json:
            say_json(
                [
                    {"asset": path, "number": number, "places": list(map(_json, places))}
                    for (path, number), places in reuses.items()
                ]
            )
        else:
            _print_item(reuses)
        return
    groups = sorted(talks.reuse_groups(), key=len, reverse=True)
    if as_json:
        say_json([{"places": list(map(_json, group))} for group in groups])
    else:
        _print_groups(groups)


def _json(place: Reuse) -> dict[str, object]:
    return {
        "id": place.item.id,
        "title": place.item.title,
        "date": place.date,
        "asset": place.path,
        "number": place.number,
        "kind": place.kind,
        "label": place.label,
        "similarity": place.similarity,
    }


def _print_item(reuses: Mapping[tuple[str, int], Sequence[Reuse]]) -> None:
    for (path, number), places in reuses.items():
        out.print(Text(printable(f"{path}, {number}"), style="bold"))
        for place in places:
            out.print(_line(place))
    if not reuses:
        out.print("None of its slides stands in another talk.")


def _print_groups(groups: Sequence[Sequence[Reuse]]) -> None:
    for group in groups[:SHOWN_GROUPS]:
        out.print(Text(f"in {len(group)} talks", style="bold"))
        for place in group:
            out.print(_line(place))
    if len(groups) > SHOWN_GROUPS:
        out.print(Text(f"... and {len(groups) - SHOWN_GROUPS} more; --json lists all."))
    if not groups:
        out.print("No slide stands in several talks.")


def _line(place: Reuse) -> Text:
    """Return the line of a place: which leaf of which item, and how much is the same."""
    leaf = f"{place.kind} {place.label or place.number}"
    same = "the same" if place.similarity == 1 else f"{place.similarity:.0%} the same"
    about = "  ".join(filter(None, [place.item.id, leaf, same, place.date or ""]))
    return Text("   ") + Text(printable(place.item.title)) + Text(f"  {printable(about)}", "dim")
