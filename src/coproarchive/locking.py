"""One writer at a time, across processes: who has to wait says so, and gives up in the end."""

from __future__ import annotations

import logging
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
