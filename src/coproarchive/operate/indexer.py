"""The process that updates the index of a running server: `python -m coproarchive.operate.indexer`.

It has its settings from the environment and the configuration file, as the server has; gives way to
other work; and stops, as by Ctrl-C, at SIGTERM and when the server is gone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading

from coproarchive.errors import CoproArchiveError, LockedError
from coproarchive.library import Library
from coproarchive.logs import configure, log
from coproarchive.search.index.update import UpdateReport
from coproarchive.settings import load_settings

NICENESS = 10
"""How far the update stands back behind other work (POSIX nice)."""
STOPPED = 128 + signal.SIGTERM
BUSY = 75
"""Exit code where another process updates the index (EX_TEMPFAIL of sysexits.h)."""


def main() -> int:
    """Update the index; return an exit code of errors.py."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _update()
    except KeyboardInterrupt:
        return STOPPED


def _update() -> int:
    """Update the index with low priority, as long as the server is there; return an exit code."""
    with contextlib.suppress(OSError, AttributeError):  # not on Windows; refused in some containers
        os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = load_settings().settings
    configure(settings.log_level, settings.log_format)
    with contextlib.closing(Library(settings)) as library:
        try:
            report = library.update_index()
        except LockedError:
            log(logging.INFO, "Another process updates the index.")
            return BUSY
        except CoproArchiveError as error:
            message = f"The index could not be updated: {error.message} {error.hint or ''}".strip()
            log(logging.ERROR, message)
            return error.exit_code
        except Exception as error:  # noqa: BLE001 - the log is where it is told
            log(logging.ERROR, "The index could not be updated.", error=error)
            return 1
    _log_report(report)
    return 0


def _log_report(report: UpdateReport) -> None:
    log(
        logging.INFO,
        f"Indexed: {report.added} added, {report.updated} updated, {report.removed} removed, "
        f"{len(report.problems)} problems (coproarchive check lists them); "
        f"{report.seconds:.1f} seconds.",
        added=report.added, updated=report.updated, removed=report.removed,
        problems=len(report.problems), seconds=round(report.seconds, 3),
    )  # fmt: skip


def _end_with_parent() -> None:
    """Stop this process when the other end of its standard input is closed."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not through sys.stdin, whose lock would be held at the end
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
