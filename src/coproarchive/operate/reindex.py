"""A running server's index follows the archive: looked at again and again, updated by a child.

The records are looked at, not watched: notices of the kernel (inotify and its like) do not come
from network folders nor from what another container writes, and a look at the stamp of a thousand
records costs milliseconds (Library.catalogue, which readers' questions make anyhow).

The update runs in a process of its own with low priority (indexer.py): neither its memory nor its
crash is the server's. It takes the index's lock, so that one process at a time indexes. Another
such process makes the public copies that are missing, of which `coproarchive index` makes none: for
old formats these take LibreOffice seconds each, and no change of a record waits for them.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, IndexStateError
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.operate.indexer import BUSY, COPIES

LOOK_SECONDS = 3.0
"""Seconds between two looks; a change is indexed when nothing changed from one to the next."""
LOOK_SHARE = 20
"""A look is followed by so many times its own length without one."""
LONGEST_WAIT = 60.0
"""Seconds after which changes are indexed though others go on arriving."""
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
"""Seconds after an update that failed; doubled at each, up to the second."""
STOP_SECONDS = 5.0
"""Seconds that an update has to stop."""

COMMAND = (sys.executable, "-P", "-m", "coproarchive.operate.indexer")
COPY_COMMAND = (*COMMAND, COPIES)


@dataclass
class Reindexing:
    """What became of the updates so far.

    Attributes:
        updates: that were done.
        failures: that failed, in all.
        fails: whether the last one failed.
        is_running: whether one runs now.
    """

    updates: int = 0
    failures: int = 0
    fails: bool = False
    is_running: bool = False


class Reindexer:
    """Updates the index when records have changed and are quiet again.

    Args:
        library: whose records and index are compared.
        command: of the process that updates the index.
    """

    def __init__(self, library: Library, command: tuple[str, ...] = COMMAND):
        self.state = Reindexing()
        self._library = library
        self._command = command
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._is_hurried = False
        self._thread: threading.Thread | None = None
        self._copying: subprocess.Popen[bytes] | None = None
        self._catalogue: Catalogue | None = None  # as of the last look
        self._copied: Catalogue | None = None  # of which missing copies were looked for
        self._behind_since: float | None = None
        self._not_before = 0.0
        self._pause = FIRST_PAUSE

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._thread = threading.Thread(target=self._run, name="reindexer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking, and what runs."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(3 * STOP_SECONDS)

    def look_now(self) -> None:
        """Look at once, and do not wait for more changes: somebody here has just saved one."""
        self._is_hurried = True
        self._wake.set()

    def _paused(self, seconds: float) -> bool:
        """Wait for the next look; tell whether there is to be one."""
        self._wake.wait(seconds)
        self._wake.clear()
        return not self._stop.is_set()

    def _run(self) -> None:
        try:
            self._look_again_and_again()
        finally:
            if self._copying is not None:
                _end(self._copying)

    def _look_again_and_again(self) -> None:
        pause = LOOK_SECONDS
        while self._paused(pause):
            started = time.monotonic()
            try:
                is_due = self.is_due(started)
                pause = max(LOOK_SECONDS, LOOK_SHARE * (time.monotonic() - started))
                if is_due:
                    self._update()
                elif self._lacks_copies():
                    self._copying = subprocess.Popen(COPY_COMMAND, stdin=subprocess.PIPE)  # noqa: S603 - ours
            except Exception as error:  # noqa: BLE001 - the next look may do better
                log(logging.ERROR, "The index could not be looked after.", error=error)

    def is_due(self, now: float) -> bool:
        """Look at the records; tell whether the index is to be updated now.

        Args:
            now: a time of time.monotonic.
        """
        is_hurried, self._is_hurried = self._is_hurried, False
        try:
            catalogue = self._library.public()
            is_behind = self._library.is_outdated()
        except IndexStateError:
            is_behind = True  # missing, damaged, or another version's
        except CoproArchiveError:
            return False  # readers are told, and /healthz says it
        is_quiet = catalogue is self._catalogue
        if not is_quiet:
            self._catalogue = catalogue
            self._not_before, self._pause = 0.0, FIRST_PAUSE  # what failed before may work now
        if not is_behind:
            self._behind_since = None
            self.state.fails = False
            return False
        if self._behind_since is None:
            self._behind_since = now
        waited_enough = now - self._behind_since >= LONGEST_WAIT
        return (is_quiet or is_hurried or waited_enough) and now >= self._not_before

    def _lacks_copies(self) -> bool:
        """Tell, once of each state of the records that are quiet, whether copies are missing."""
        if self._copying is not None:
            if self._copying.poll() is None:
                return False
            _end(self._copying)
            self._copying = None
        try:
            catalogue = self._library.public()
            if catalogue is self._copied or catalogue is not self._catalogue:
                return False
            self._copied = catalogue
            return self._library.lacks_copies()
        except CoproArchiveError:
            return False  # readers are told, and /healthz says it

    def _update(self) -> None:
        """Run the update; note how it went."""
        self._behind_since = None
        self.state.is_running = True
        try:
            code = self._child()
        finally:
            self.state.is_running = False
        if self._stop.is_set():
            return
        if code == BUSY:
            self._not_before = time.monotonic() + LOOK_SECONDS  # another process does it
            return
        if code == 0:
            self.state.updates += 1
            self.state.fails = False
        else:
            self.state.failures += 1
            self.state.fails = True
            log(logging.ERROR, f"The index was not updated (exit code {code}).", exit_code=code)
        # Whatever still differs then would differ again; a change of the records resets it.
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _child(self) -> int:
        """Run the process that updates the index; return its exit code."""
        # It ends when its standard input does: with this process, however that ends.
        with subprocess.Popen(self._command, stdin=subprocess.PIPE) as child:  # noqa: S603 - ours
            while child.poll() is None:
                if self._stop.wait(0.1):
                    _end(child)
            return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stop a process, by force where it does not stop; nothing of it is left."""
    with child:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
