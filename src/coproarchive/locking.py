"""One writer at a time, across processes, and what those leave that were killed."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coproarchive.errors import LockedError

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

LOCK_SECONDS = 30.0
"""How long a writer waits for another."""


def acquire(lock: BaseFileLock, folder: Path, seconds: float) -> None:
    """Take a lock, waiting for the program that has it; the log says that it waits.

    Args:
        lock: not taken by this thread, or taken by it already.
        folder: what the lock guards, to be named.
        seconds: how long to wait at most.

    Raises:
        LockedError: another program had it all the time.
        OSError: the lock's file cannot be written.
    """
    try:
        lock.acquire(timeout=0)
    except TimeoutError:  # filelock.Timeout; to import it costs every search
        log.warning(
            "%s: another program is writing here; waiting, at most %g seconds.", folder, seconds
        )
        try:
            lock.acquire(timeout=seconds)
        except TimeoutError:
            raise LockedError(
                f"another program has been writing here for {seconds:g} seconds.",
                folder,
                "Nothing was written. When it has ended, run this again.",
            ) from None


_STARTED = time.time()
_DAY = 24 * 60 * 60
_PROCESS = re.compile(r"^\.?(?:.*\.)?(\d+)[-.][^/]*$")


def temporary_name(name: str) -> str:
    """Return the name of a file that stands for another until it is whole; see sweep."""
    return f".{name}.{os.getpid()}.tmp"


def sweep(folder: Path, pattern: str) -> None:
    """Remove files and folders of processes that are gone.

    Args:
        folder: looked into, not below.
        pattern: of names that hold the number of the process that made them, as `temporary_name`
            gives them, or in front of a dash.
    """
    for path in folder.glob(pattern):
        match = _PROCESS.match(path.name)
        if match and _is_left(path, int(match[1])):
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _is_left(path: Path, process: int) -> bool:
    """Test whether nobody will use what a process made: it is gone, or its number is another's."""
    try:
        changed = path.lstat().st_mtime
    except OSError:
        return False
    if process == os.getpid():  # in a container every process may have the same number
        return changed < _STARTED - 1
    return not _is_alive(process) or changed < time.time() - _DAY


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
