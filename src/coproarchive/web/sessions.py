"""Sign-in: sessions that the server remembers, and limits on guessing the password.

A session id is random and means nothing by itself; the server knows which ids are signed in, so
that signing out ends the session wherever its cookie was copied to. A session also ends when what
it was opened with is no longer valid (the password was changed), and with the process.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from coproarchive.errors import RefusedError

SESSION_SECONDS = 12 * 3600
MAX_SESSIONS = 1_000
"""Sessions remembered; the oldest gives way."""

BURST = 10
"""Guesses that an address has at once."""
REFILL_SECONDS = 30.0
"""Seconds after which an address has one guess more."""
MAX_ADDRESSES = 10_000
"""Addresses whose guesses are counted; the one that guessed longest ago gives way."""
MAX_WAITING = 4
"""Sign-ins that wait while one is verified: argon2 takes 64 MiB and a tenth of a second each."""


class Sessions:
    """The sessions that are signed in. Thread-safe."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, tuple[float, str]] = OrderedDict()  # expiry, credential
        self._lock = threading.Lock()

    def start(self, credential: str) -> str:
        """Begin a session that was opened with a credential; return its id, for the cookie."""
        session_id = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(session_id)] = time.monotonic() + SESSION_SECONDS, credential
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return session_id

    def is_open(self, session_id: str, credential: str) -> bool:
        """Tell whether a session was begun with what is the credential still, and has not ended."""
        with self._lock:
            expiry, opened_with = self._sessions.get(_digest(session_id), (0.0, ""))
        return expiry > time.monotonic() and opened_with == credential

    def end(self, session_id: str) -> None:
        """End a session, if it is open."""
        with self._lock:
            self._sessions.pop(_digest(session_id), None)


def _digest(session_id: str) -> str:
    """Hash a session id: look-ups by hash take the same time however much of a guess is right."""
    return hashlib.sha256(session_id.encode(errors="replace")).hexdigest()


class GuessLimit:
    """A token bucket of guesses for each guesser, and few guesses verified at once. Thread-safe.

    Each guess is counted before it is verified, so that many at once cannot pass the limit. A
    guesser is an address or, where a browser signed in before, that browser: a stranger who shares
    the keeper's address (behind a proxy), or asks from many, takes no guess and no place in the
    queue from them ("device cookies", OWASP).
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._verifying = threading.Lock()
        self._waiting = threading.BoundedSemaphore(1 + MAX_WAITING)
        self._known_waiting = threading.BoundedSemaphore(1 + MAX_WAITING)

    @contextmanager
    def guess(self, guesser: str, is_known: bool = False) -> Iterator[None]:
        """Take one guess of the guesser and be the only one that verifies.

        Args:
            guesser: an address, or a browser's id.
            is_known: whether it is a browser that signed in before.

        Raises:
            RefusedError: the guesser has no guess left, or too many are waiting.
        """
        self._take(guesser)
        queue = self._known_waiting if is_known else self._waiting
        if not queue.acquire(blocking=False):
            self.refund(guesser)
            raise RefusedError(
                "too many people are signing in.", hint="Try again in a few seconds."
            )
        try:
            with self._verifying:
                yield
        finally:
            queue.release()

    def refund(self, guesser: str) -> None:
        """Give back a guess that was right, or was not verified."""
        with self._lock:
            guesses, since = self._buckets.get(guesser, (BURST, 0.0))
            self._buckets[guesser] = (min(BURST, guesses + 1), since)

    def _take(self, guesser: str) -> None:
        """Take a guess from the guesser's bucket; raise RefusedError where it is empty."""
        now = time.monotonic()
        with self._lock:
            guesses, since = self._buckets.pop(guesser, (float(BURST), now))
            guesses = min(BURST, guesses + (now - since) / REFILL_SECONDS)
            self._buckets[guesser] = (guesses - 1 if guesses >= 1 else guesses, now)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        if guesses < 1:
            raise RefusedError(
                "too many wrong passwords came from your address.", hint="Wait half a minute."
            )
