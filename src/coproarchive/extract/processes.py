"""How worker processes start: quickly, and without running the caller's script again.

multiprocessing has a new process import the parent's `__main__`, as the function to run might be
defined there. Workers run functions of this package only, and a script without a `__main__` guard
or Streamlit's page would be run again by every worker; the text of `python -` could not be found.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker, spawn
from typing import Any

if sys.platform == "linux":
    # Workers are forked from a server that has one thread and has imported the readers once. A
    # forked copy of this process, which may have threads (the page's), could hang on their locks.
    from multiprocessing import forkserver
    from multiprocessing.context import ForkServerContext as _Context
    from multiprocessing.context import ForkServerProcess as _Process
else:  # what macOS's own libraries start is lost in a fork; Windows has none
    from multiprocessing.context import SpawnContext as _Context
    from multiprocessing.context import SpawnProcess as _Process

PRELOADED = [
    "coproarchive.extract.worker", "coproarchive.extract.pdf", "coproarchive.extract.pptx",
    "coproarchive.extract.html", "pptx.package",
]  # fmt: skip
"""Modules that the server imports before it forks: of the formats that most archives have."""


class _Thread(threading.local):
    """What this thread does: whether it is starting a worker."""

    is_starting = False


_thread = _Thread()
_preparation_data = spawn.get_preparation_data


def _without_main(name: str) -> dict[str, Any]:
    """Return what a new process is told; for a worker, without where `__main__` came from."""
    data = _preparation_data(name)
    if _thread.is_starting:
        data.pop("init_main_from_name", None)
        data.pop("init_main_from_path", None)
    return data


# The standard library has no setting for it. To take `__main__` out of sys.modules for the while
# would be seen by the caller's other threads; other processes that the caller starts are as ever.
spawn.get_preparation_data = _without_main


class WorkerProcess(_Process):
    """A process that does not import the caller's `__main__`."""

    def start(self) -> None:
        """Start as Process.start does; what is started hears no Ctrl-C, nor does its server.

        A terminal sends it to all of them, and who still imports would answer with a traceback.
        """
        _thread.is_starting = True
        try:
            with _without_ctrl_c():
                super().start()
        finally:
            _thread.is_starting = False


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Hold SIGINT back in this thread, and in processes that it starts meanwhile."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # it lets SIGINT through again as it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_server() -> None:
    """Start what workers are forked from, without waiting: it imports the readers meanwhile."""
    if sys.platform == "linux":
        WorkerContext()
        with _without_ctrl_c():
            forkserver.ensure_running()


class WorkerContext(_Context):
    """The multiprocessing context of worker processes."""

    Process = WorkerProcess

    def __init__(self) -> None:
        super().__init__()
        if sys.platform == "linux":
            self.set_forkserver_preload(PRELOADED)
