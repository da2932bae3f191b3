"""`serve` and `password`: the page for everybody, and who may add to it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import argon2
import typer
from rich.text import Text

from coproarchive.cli.console import err, out
from coproarchive.cli.house import house_of
from coproarchive.cli.keep import summary, update
from coproarchive.errors import CoproArchiveError


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("serve")(serve)
    app.command("password")(password)


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to serve on; others than this machine's are public.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to serve on.")] = None,
) -> None:
    """Bring the index up to date and serve the page (stop it with Ctrl-C)."""
    house = house_of(context)
    settings = house.settings
    report = update(house)
    err.print(Text(summary(report)))
    house.close()
    address = host or settings.host
    number = settings.port if port is None else port
    app = _app_file()
    given = {
        "COPROARCHIVE_ARCHIVE": str(settings.archive.absolute()),
        "COPROARCHIVE_INDEX": str(settings.index.absolute()),
        "COPROARCHIVE_HOST": address,
        "COPROARCHIVE_PORT": str(number),
    }
    err.print(Text(f"Serving on http://{address}:{number} (Ctrl-C stops it)", style="bold"))
    # A fresh process image: the page's server wants the main thread and its own signal handling.
    os.chdir(app.parent)
    command = [sys.executable, "-m", "streamlit", "run", app.name]
    command += [f"--server.address={address}", f"--server.port={number}"]
    os.execve(sys.executable, command, os.environ | given)  # noqa: S606 - our own interpreter


def _app_file() -> Path:
    """app.py of this installation: beside src/ in a clone."""
    app = Path(__file__).resolve().parents[3] / "app.py"
    if not app.is_file():
        raise CoproArchiveError(
            "app.py is not there.", app, "The page is served from a clone of the project."
        )
    return app


def password(
    text: Annotated[
        str, typer.Option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
    ],
) -> None:
    """Make the hash of an archivist's password for COPROARCHIVE_PASSWORD_HASH."""
    if len(text) < 12:
        raise typer.BadParameter("A password needs at least 12 characters.")
    out.print(Text(f"export COPROARCHIVE_PASSWORD_HASH='{argon2.PasswordHasher().hash(text)}'"))
