"""What readers ask for first is made ready by the server itself; the collector passes over it.

After each change of records or index the first search fills caches, the first suggestion makes a
table of phrases, and Streamlit's collection of garbage after every rerun walks a catalogue and an
index that it has not met before. A thread does the first two before a reader has to wait for them,
and then tells the collector to pass over what is there now (measured at 100,000 slides: 100 ms of
CPU at each rerun, to nothing; without it, what was replaced and refers to itself stayed in memory).
"""

from __future__ import annotations

import contextlib
import gc
import logging
import operator
import threading

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.search.language.query import Query

LOOK_SECONDS = 1.0
"""Seconds between two looks at whether records or index changed."""


class Warmer:
    """Makes a library ready for readers after each change, in a thread.

    Args:
        library: to look at.
    """

    def __init__(self, library: Library):
        self._library = library
        self._ready_for: tuple[object, ...] = ()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="warmer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look may do better
                log(logging.ERROR, "The caches could not be filled.", error=error)

    def look(self) -> bool:
        """Make all ready if records or index changed; tell whether they did."""
        changed = False
        with contextlib.suppress(CoproArchiveError):  # readers are told when they ask
            index = self._library.index()
            current = (self._library.public(), index, index.version())
            changed = len(self._ready_for) != len(current) or not all(
                map(operator.is_, self._ready_for, current)
            )
            if changed:
                self._library.search(Query.parse("a"))
                self._library.suggest("a")
                self._ready_for = current
                settle_heap()
        return changed


def settle_heap() -> None:
    """Clear the heap of garbage, then have the collector pass over what is left."""
    gc.unfreeze()  # what was replaced, and refers to itself, is garbage only outside
    gc.collect()
    gc.freeze()
