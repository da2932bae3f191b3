"""The command line: `python -m coproarchive`, and the command `coproarchive`.

What a command is made of takes most of its first half second to import. Ctrl-C then ends it at once
and in silence, as nothing was begun; later cli/ says what is kept.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Run a command and exit; see cli.main."""
    # Not where it is ignored: a shell says so to what runs in the background.
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from coproarchive.cli import main as run  # noqa: PLC0415 - see above

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        if is_heard:  # all is said and closed: the interpreter ends
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
