"""`replace` and `file`: the files of an item."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from coproarchive.cli.console import out, printable, say_json
from coproarchive.cli.desk import desk_of, say_report
from coproarchive.cli.options import ItemArgument, JsonOption, WhyOption

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="The file's name in the item.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("replace")(replace)
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    named: dict[str, Callable[..., None]] = {
        "add": add_form, "remove": remove_file, "title": retitle_file, "order": order_files,
        "versions": list_versions, "back": bring_back,
    }  # fmt: skip
    for name, command in named.items():
        group.command(name)(command)
    app.add_typer(
        group,
        name="file",
        help="Files of an item: add one more, take out, name, order, bring back.",
    )


def replace(
    context: typer.Context,
    item_id: ItemArgument,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The new version; it is copied.")],
    name: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Which file of the item it replaces, where that is not clear."
        ),
    ] = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a new version of a file in the place of the old one, which is kept, with its date."""
    say_report(
        context, desk_of(context).replace(item_id, path, name=name, why=why), as_json=as_json
    )


def add_form(
    context: typer.Context,
    item_id: ItemArgument,
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Files to add; they are copied.")
    ],
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add files to an item: the PDF beside the deck, captions, a recording."""
    say_report(context, desk_of(context).add_forms(item_id, paths, why=why), as_json=as_json)


def remove_file(
    context: typer.Context,
    item_id: ItemArgument,
    name: FileArgument,
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a file out of an item; it is kept, and comes back with: coproarchive undo"""
    say_report(context, desk_of(context).remove_file(item_id, name, why=why), as_json=as_json)


def retitle_file(
    context: typer.Context,
    item_id: ItemArgument,
    name: FileArgument,
    title: Annotated[str, typer.Argument(help='What readers see instead; "" for the name.')],
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a file a title that tells readers more than its name."""
    say_report(
        context, desk_of(context).retitle_file(item_id, name, title, why=why), as_json=as_json
    )


def order_files(
    context: typer.Context,
    item_id: ItemArgument,
    names: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Files in the order wanted; others follow.")
    ],
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put the files of an item in order: the first one speaks for it."""
    say_report(context, desk_of(context).order_files(item_id, names, why=why), as_json=as_json)


def list_versions(
    context: typer.Context, item_id: ItemArgument, as_json: JsonOption = False
) -> None:
    """List files of an item that were replaced or taken out, the last first."""
    files = desk_of(context).kept_files(item_id)
    if as_json:
        say_json([
            {"id": f.id, "name": f.name, "when": f.when, "size": f.size, "path": str(f.path),
             "is_current": f.is_current} for f in files
        ])  # fmt: skip
        return
    for file in files:
        note = ", and the item has it" if file.is_current else ""
        details = f"{file.when[:16].replace('T', ' ')} UTC, {file.size:,} bytes{note}"
        out.print(Text(printable(file.id), style="cyan") + Text(printable(f"  {details}")))
    if not files:
        out.print("No file of this item was replaced or taken out.")


def bring_back(
    context: typer.Context,
    item_id: ItemArgument,
    name: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="As `file versions` lists it; of a file that was taken out, its name.",
        ),
    ],
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give an item a file again that was replaced or taken out; what is in its place is kept."""
    say_report(context, desk_of(context).bring_back_file(item_id, name, why=why), as_json=as_json)
