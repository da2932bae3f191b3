"""The command line: the library's verbs for a terminal, with one exit code a family of errors."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence

import typer

from coproarchive.cli import archive as archive_commands
from coproarchive.cli import (
    care,
    checking,
    cite,
    describing,
    desk,
    doctor,
    figures,
    import_,
    item_files,
    reuse,
    search,
    serve,
    upgrade,
)
from coproarchive.cli.console import display_path, err, say_error
from coproarchive.cli.context import CliState
from coproarchive.errors import CoproArchiveError, FileSystemError

STOPPED = 130
"""Exit code of what was stopped with Ctrl-C: 128 and the signal's number."""

app = typer.Typer(
    name="coproarchive",
    help="An archive of talks: describe them once, search them by seminar, speaker and topic.",
    epilog="--archive DIR, --index DIR and --config FILE may stand before or after the command.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for module in (
    archive_commands,
    describing,
    checking,
    desk,
    item_files,
    care,
    figures,
    import_,
    search,
    reuse,
    cite,
    serve,
    upgrade,
    doctor,
):
    module.register(app)


def _print_version(requested: bool) -> None:
    """Print name and version, and exit."""
    if requested:
        from importlib.metadata import version

        typer.echo(f"coproarchive {version('coproarchive')}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    archive: str = typer.Option(
        "", metavar="DIR", help='The archive\'s folder; "archive" here, if you say nothing.'
    ),
    index: str = typer.Option(
        "", metavar="DIR", help="The index's folder; beside the archive's, if you say nothing."
    ),
    config: str = typer.Option(
        "", metavar="FILE", help="A file of settings; coproarchive.toml, if there is one here."
    ),
    show_version: bool = typer.Option(
        False,
        "--version",
        is_eager=True,
        callback=_print_version,
        help="Show the version and exit.",
    ),
) -> None:
    context.obj = CliState(config, archive=archive, index=index)
    context.call_on_close(context.obj.close)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 `check` or `verify` found errors, 2 wrong usage.

    Other codes: see errors.py.
    """
    _end_on_sigterm()
    words = _global_options_first(list(sys.argv[1:] if arguments is None else arguments))
    try:
        code = app(words, prog_name="coproarchive", standalone_mode=False)
        if code == STOPPED:  # Typer turns Ctrl-C into this code
            raise KeyboardInterrupt
    except typer.Exit as stop:
        code = stop.exit_code
    except typer.TyperException as error:
        say_error(_usage_message(error), "Add --help to see what this command takes.")
        code = 2
    except CoproArchiveError as error:
        code = _say(error)
    except (KeyboardInterrupt, typer.Abort):
        err.print("Stopped. What was finished is kept; run the command again to go on.")
        code = STOPPED
        if _terminated.is_set() and os.name == "posix":
            # By the very signal, as who sent it expects (143 to a shell, no failure to systemd).
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to say, nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        code = _say(FileSystemError(error))
    sys.exit(code if isinstance(code, int) else 0)


def _say(error: CoproArchiveError) -> int:
    """Print an error; return its exit code."""
    where = error.path and display_path(error.path)
    say_error(str(CoproArchiveError(error.message, where)), error.hint)
    return error.exit_code


_terminated = threading.Event()


def _end_on_sigterm() -> None:
    """Let SIGTERM do what Ctrl-C does: stop the reading processes, release locks, undo halves."""

    def stop(*_: object) -> None:
        _terminated.set()
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


_GLOBAL = ("--archive", "--index", "--config")


def _global_options_first(words: list[str]) -> list[str]:
    """Move --archive, --index and --config to the front, where the root command takes them."""
    front: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            break
        if word in _GLOBAL and position + 1 < len(words):
            front += words[position : position + 2]
            position += 2
            continue
        is_global = word.startswith(tuple(f"{option}=" for option in _GLOBAL))
        (front if is_global else rest).append(word)
        position += 1
    return front + rest + words[position:]


def _usage_message(error: typer.TyperException) -> str:
    """Return what was wrong with the words of the command line."""
    say = getattr(error, "format_message", None)
    return str(say() if say else error)
