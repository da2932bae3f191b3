"""`serve` and `password`: the page for everybody, and who may add to it."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from coproarchive.cli.archive import summary, update
from coproarchive.cli.console import out
from coproarchive.cli.context import CliState, state_of
from coproarchive.errors import CoproArchiveError, LockedError
from coproarchive.logs import configure, log


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("serve")(serve)
    app.command("password")(password)


def serve(
    context: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to serve on: 127.0.0.1 for this machine alone, 0.0.0.0 for the network."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to serve on; another one where it is in use."),
    ] = None,
    reindex: Annotated[
        bool | None,
        typer.Option(
            "--reindex/--no-reindex",
            help="Whether the index is updated by itself when records change, as it is by default.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Bring the index up to date and serve the page, until Ctrl-C or SIGTERM stops it.

    How to run it as a service, behind a proxy, and what it logs: /help/operate
    """
    state = state_of(context)
    settings = state.settings
    address = host or settings.host
    number = settings.port if port is None else port
    _check_free(address, number)
    if settings.metrics:
        _check_free(*settings.metrics_place(), of="COPROARCHIVE_METRICS=HOST:")
    configure(settings.log_level, settings.log_format)
    _bring_up_to_date(state)
    state.close()
    environment = state.environment | {
        "COPROARCHIVE_HOST": address,
        "COPROARCHIVE_PORT": str(number),
    }
    if reindex is not None:
        environment["COPROARCHIVE_REINDEX"] = "on" if reindex else "off"
    # A fresh process image: what indexing took of memory is given back. -P: a file in this folder
    # that is named as a library must not be imported in its place.
    command = [sys.executable, "-P", "-m", "coproarchive.ui.serving"]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own interpreter


def _bring_up_to_date(state: CliState) -> None:
    """Update the index; where another process does so, serve what it has so far."""
    try:
        log(logging.INFO, summary(update(state)))
    except LockedError as error:
        if state.library.index_storage.refusal() is not None:
            raise
        log(logging.WARNING, f"The index is served as it is: {error.message}")


def _check_free(address: str, port: int, of: str = "coproarchive serve --port ") -> None:
    """Refuse an address or port that cannot be listened on, before any work is done for it.

    Args:
        address: to listen on.
        port: to listen on.
        of: what a port is written behind to name another one.

    Raises:
        CoproArchiveError: it is in use, or not this machine's.
    """
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere the option lets two listen on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = _free_port(family, address, port)
            raise CoproArchiveError(
                f"Port {port} is in use: another page is served there, perhaps this one.",
                hint=f"To use another: {of}{free}",
            ) from None
        raise CoproArchiveError(
            f"It cannot be served on {address}, port {port}: {error.strerror or error}.",
            hint="For this machine alone: coproarchive serve --host 127.0.0.1 --port 8501",
        ) from None


def _free_port(family: socket.AddressFamily, address: str, port: int) -> int:
    """Return the next port that nobody listens on, else one that the system chooses."""
    for candidate in (*range(port + 1, min(port + 50, 65535)), 0):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, candidate))
            return int(probe.getsockname()[1])
    return port


def password(
    text: Annotated[
        str,
        typer.Option(
            "--password",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="Asked for, twice, where it is left out: so no shell remembers it.",
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Option(
            help="Write the hash into this file, which COPROARCHIVE_PASSWORD_FILE then names."
        ),
    ] = None,
) -> None:
    """Make a password for those who keep the archive: at least 12 characters.

    Prints a line that sets COPROARCHIVE_PASSWORD_HASH, or writes a file. The password itself is
    kept nowhere.
    """
    if len(text) < 12:
        raise typer.BadParameter("A password needs at least 12 characters.")
    import argon2

    made = argon2.PasswordHasher().hash(text)
    if file is None:
        out.print(Text(f"export COPROARCHIVE_PASSWORD_HASH='{made}'"))
        return
    from coproarchive.store.files import write_durably

    os.umask(0o077)  # nobody else is to try passwords against it
    try:
        write_durably(file, f"{made}\n".encode())
    except OSError as error:
        raise CoproArchiveError(f"it cannot be written: {error.strerror}.", file) from None
    out.print(Text(f"written: {file}"))
