"""What works beside a running server: `python -m coproarchive.operate.indexer [copies]`.

It updates the index, or makes the public copies that are missing. It has its settings from the
environment and the configuration file, as the server has; gives way to other work; and stops, as by
Ctrl-C, at SIGTERM and when the server is gone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from coproarchive.errors import CoproArchiveError, LockedError
from coproarchive.library import Library
from coproarchive.logs import configure, log
from coproarchive.settings import load_settings

NICENESS = 10
"""How far the update stands back behind other work (POSIX nice)."""
STOPPED = 128 + signal.SIGTERM
BUSY = 75
"""Exit code where another process updates the index (EX_TEMPFAIL of sysexits.h)."""


COPIES = "copies"
"""The argument with which copies are made."""


def main(arguments: Sequence[str]) -> int:
    """Update the index, or make copies; return an exit code of errors.py."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _work(_copy if COPIES in arguments else _update)
    except KeyboardInterrupt:
        return STOPPED


def _work(work: Callable[[Library], None]) -> int:
    """Run some work with low priority, as long as the server is there; return an exit code."""
    with contextlib.suppress(OSError, AttributeError):  # not on Windows; refused in some containers
        os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = load_settings().settings
    configure(settings.log_level, settings.log_format)
    with contextlib.closing(Library(settings)) as library:
        try:
            work(library)
        except LockedError:
            log(logging.INFO, "Another process updates the index.")
            return BUSY
        except CoproArchiveError as error:
            message = f"{_FAILED[work]}: {error.message} {error.hint or ''}".strip()
            log(logging.ERROR, message)
            return error.exit_code
        except Exception as error:  # noqa: BLE001 - the log is where it is told
            log(logging.ERROR, f"{_FAILED[work]}.", error=error)
            return 1
    return 0


def _copy(library: Library) -> None:
    """Make the public copies that are missing."""
    copies = library.make_copies()
    log(logging.INFO, f"Public copies: {copies} files were looked into.", copies=copies)


def _update(library: Library) -> None:
    """Update the index."""
    report = library.update_index()
    log(
        logging.INFO,
        f"Indexed: {report.added} added, {report.updated} updated, {report.removed} removed, "
        f"{len(report.problems)} problems (coproarchive check lists them); "
        f"{report.seconds:.1f} seconds.",
        added=report.added, updated=report.updated, removed=report.removed,
        problems=len(report.problems), seconds=round(report.seconds, 3),
    )  # fmt: skip


_FAILED: dict[Callable[[Library], None], str] = {
    _copy: "Public copies could not be made",
    _update: "The index could not be updated",
}


def _end_with_parent() -> None:
    """Stop this process when the other end of its standard input is closed."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not through sys.stdin, whose lock would be held at the end
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
