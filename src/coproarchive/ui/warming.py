"""What readers ask for first is made ready by the server itself; the collector passes over it.

After each change of records or index the first search fills caches, the first suggestion makes a
table of phrases, and Streamlit's collection of garbage after every rerun walks a catalogue and an
index that it has not met before. A thread does the first two before a reader has to wait for them,
and then tells the collector to pass over what is there now (measured at 100,000 slides: 100 ms of
CPU at each rerun, to nothing).
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
        self._frozen = 0
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
                # No word: what corrects misspelt ones is imported too, which takes a while.
                self._library.search(Query.parse("qxzvqx"))
                self._library.suggest("a")
                self._ready_for = current
                self._frozen = settle_heap(self._frozen)
        return changed


def settle_heap(frozen: int) -> int:
    """Clear the heap of new garbage, then have the collector pass over what is left.

    What was replaced is freed as soon as nobody holds it, since it does not refer to itself; only
    where what is passed over has doubled all the same is it looked through, which stops every
    thread (a tenth of a second at 100,000 slides).

    Args:
        frozen: number of objects passed over after the last full look; 0 before the first.

    Returns:
        That number, to be given the next time.
    """
    is_full = gc.get_freeze_count() >= 2 * frozen
    if is_full:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count() if is_full else frozen
