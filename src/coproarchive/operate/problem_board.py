"""The problems of a served archive, checked aside: a page shows what the last check found."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.model import Problem

SHORT_SECONDS = 15.0
"""A check that takes no longer is made anew by itself when records have changed."""


@dataclass(frozen=True, slots=True)
class CheckState:
    """What the last check found, and how far the one that runs has come.

    Attributes:
        problems: of the last check; None before the first has ended.
        when: it ended, UTC, ISO 8601; "" before the first.
        is_current: whether no record was changed through the store since it began.
        is_running: whether one runs now.
        stage, done, total: how far it has come.
        failure: why the last one did not end.
    """

    problems: Sequence[Problem] | None = None
    when: str = ""
    is_current: bool = False
    is_running: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    failure: str = ""


@dataclass
class ProblemBoard:
    """Checks an archive in a thread of its own, one check at a time. Thread-safe.

    Attributes:
        library: whose archive is checked.
    """

    library: Library
    _state: CheckState = field(default_factory=CheckState)
    _revision: str = ""
    _seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin a check, unless one runs."""
        with self._lock:
            if self._state.is_running:
                return
            self._state = replace(self._state, is_running=True, stage="", done=0, total=0)
            self._ended.clear()
        threading.Thread(target=self._run, daemon=True, name="check").start()

    def look(self, wait: float = 0.0) -> CheckState:
        """Return the state; begin a check where none was made, or a short one of what changed.

        Args:
            wait: seconds to wait for a check that runs.
        """
        state = self.state()
        if state.problems is None or (not state.is_current and self._seconds < SHORT_SECONDS):
            self.start()
        if wait:
            self._ended.wait(wait)
        return self.state()

    def state(self) -> CheckState:
        """Return the state, as it is."""
        is_current = self._revision == self.library.store.revision()
        with self._lock:
            return replace(self._state, is_current=is_current and self._state.problems is not None)

    def forget(self, problems: Sequence[Problem]) -> None:
        """Take out problems that were put right, until the next check."""
        gone = set(problems)
        with self._lock:
            left = [p for p in self._state.problems or () if p not in gone]
            self._state = replace(self._state, problems=left)

    def _run(self) -> None:
        started, revision = time.monotonic(), self.library.store.revision()
        problems, failure = self._state.problems, "the check did not end; the log says why."
        try:
            problems, failure = self.library.check(self._progress), ""
        except (CoproArchiveError, OSError) as error:
            failure = getattr(error, "message", "") or f"cannot be read: {error}."
        finally:  # what is not expected is told by the thread's end, in the log
            self._end(problems, failure, revision, time.monotonic() - started)

    def _end(
        self, problems: Sequence[Problem] | None, failure: str, revision: str, seconds: float
    ) -> None:
        with self._lock:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            when = self._state.when if failure else now
            self._state = CheckState(problems, when, failure=failure)
            self._revision, self._seconds = revision, seconds
        self._ended.set()

    def _progress(self, stage: str, done: int, total: int, what: str = "") -> None:
        del what
        with self._lock:
            self._state = replace(self._state, stage=stage, done=done, total=total)


_BOARDS: WeakKeyDictionary[Library, ProblemBoard] = WeakKeyDictionary()
_MAKING = threading.Lock()


def board_of(library: Library) -> ProblemBoard:
    """Return the board of a library: one a process."""
    with _MAKING:
        return _BOARDS.setdefault(library, ProblemBoard(library))
