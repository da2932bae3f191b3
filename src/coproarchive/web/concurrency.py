"""How many expensive requests are answered at once, how many wait, and when readers are sent away.

Answers share the processor: more at once make all of them late, and keep everything they need in
memory. So few run, the next ones wait in order, and who would wait too long is told to come back.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from coproarchive.errors import CoproArchiveError
from coproarchive.settings import Settings

WAIT_SECONDS = 20.0
"""How long a request waits for its turn at most."""
RETRY_SECONDS = 5
"""After which who was sent away may come back (Retry-After)."""


class BusyError(CoproArchiveError):
    """Too many ask at once; it is worth asking again."""

    def __init__(self) -> None:
        super().__init__(
            "many people are reading just now.", hint="Please try again in a few seconds."
        )


class ConcurrencyLimit:
    """Lets few run at once and few wait, first come, first served (a bulkhead). Thread-safe.

    Args:
        running: at once.
        waiting: at most.
    """

    def __init__(self, running: int, waiting: int):
        self._free = running
        self._waiting = waiting
        self._queue: deque[concurrent.futures.Future[None]] = deque()
        self._lock = threading.Lock()

    @property
    def queued(self) -> int:
        """How many wait just now."""
        return len(self._queue)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn in this thread, and hold it. Raises BusyError."""
        place = self._enter()
        try:
            place.result(WAIT_SECONDS)
        except TimeoutError:
            self._give_up(place)
            raise BusyError from None
        try:
            yield
        finally:
            self._leave()

    @asynccontextmanager
    async def turn_async(self) -> AsyncIterator[None]:
        """Wait for a turn without holding a thread, and hold it. Raises BusyError."""
        place = self._enter()
        try:
            # Shielded: a place that was given while its owner went away has to be given on.
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(place)), WAIT_SECONDS)
        except TimeoutError:
            self._give_up(place)
            raise BusyError from None
        except BaseException:
            self._give_up(place)
            raise
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> concurrent.futures.Future[None]:
        """Take a place in the queue; it is done once it is this place's turn. Raises BusyError."""
        place: concurrent.futures.Future[None] = concurrent.futures.Future()
        with self._lock:
            if self._free:
                self._free -= 1
                place.set_result(None)
            elif len(self._queue) < self._waiting:
                self._queue.append(place)
            else:
                raise BusyError
        return place

    def _give_up(self, place: concurrent.futures.Future[None]) -> None:
        """Give a place back, whether its turn came just now or not."""
        with self._lock:
            is_waiting = place in self._queue
            if is_waiting:
                self._queue.remove(place)
        if not is_waiting:
            self._leave()

    def _leave(self) -> None:
        """Give the turn to the next in the queue."""
        with self._lock:
            following = self._queue.popleft() if self._queue else None
            if following is None:
                self._free += 1
        if following is not None:
            following.set_result(None)


class RequestLimits:
    """The limits of one process, by what is expensive about a request.

    Attributes:
        searches: of the search page, and suggestions.
        pages: of items, lists and the site map.
        pictures: drawn or looked up.
        files: copies without what is withheld are made of some.
        exports: tables of whole results: one at a time.
    """

    def __init__(self, settings: Settings):
        running, waiting = settings.requests_at_once, settings.requests_waiting
        self.searches = ConcurrencyLimit(running, waiting)
        self.pages = ConcurrencyLimit(running, waiting)
        self.pictures = ConcurrencyLimit(running, waiting)
        self.files = ConcurrencyLimit(running, waiting)
        self.exports = ConcurrencyLimit(1, waiting)
