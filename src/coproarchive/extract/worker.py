"""Reading in worker processes: a file that hangs, crashes or blows up costs that file only.

pebble's pool, because it survived all 13 ways in which readers were made to misbehave at a cost of
2-3 ms a file, where the standard library's pool is lost at the first crash.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NoReturn

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Notice
from coproarchive.extract.cache import ExtractionCache
from coproarchive.extract.table import extract, extractor_for
from coproarchive.model import Severity

TASKS_PER_WORKER = 500
"""A worker is replaced after so many files, against what libraries leak."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read: where it is, the hash of its bytes, and its media type."""

    path: Path
    sha256: str
    media_type: str


class Reader:
    """Reads files in worker processes and keeps what was read.

    Thread-safe; the workers start at the first file that is not known yet.

    Args:
        cache_dir: folder of extractions, made when needed.
        limits: bounds on reading one file.
    """

    def __init__(self, cache_dir: Path, limits: Limits | None = None):
        self.limits = limits or Limits()
        self._cache = ExtractionCache(cache_dir, self.limits)
        self._pool: ProcessPool | None = None
        self._lock = Lock()
        self.scheduled = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cached(self, sha256: str, media_type: str) -> Extraction | None:
        """What was read from this file before; reads nothing."""
        return self._cache.get(sha256, media_type)

    def read(self, path: Path, sha256: str, media_type: str) -> Extraction:
        """Read one file; what goes wrong is a notice of the extraction, never an exception."""
        return next(self.read_many([Job(path, sha256, media_type)]))[1]

    def read_many(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Extraction]]:
        """Read files side by side; they come back in the order given.

        Stopping the iteration, by Ctrl-C too, stops the readings under way.
        """
        ahead = 4 * self._workers()
        pending: deque[tuple[Job, Extraction | ProcessFuture[Extraction]]] = deque()
        waiting = iter(jobs)
        try:
            while True:
                while len(pending) < ahead and (job := next(waiting, None)) is not None:
                    known = self._cache.get(job.sha256, job.media_type)
                    pending.append((job, known or self._schedule(job)))
                if not pending:
                    return
                job, state = pending[0]
                extraction = state if isinstance(state, Extraction) else self._result(job, state)
                pending.popleft()
                yield job, extraction
        finally:
            for _, state in pending:
                if not isinstance(state, Extraction):
                    state.cancel()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Stop the workers."""
        with self._lock:
            if self._pool is not None:
                self._pool.stop()  # type: ignore[no-untyped-call]
                self._pool.join()
                self._pool = None

    def _workers(self) -> int:
        return self.limits.workers or os.cpu_count() or 1

    def _schedule(self, job: Job) -> Extraction | ProcessFuture[Extraction]:
        if extractor_for(job.media_type) is None:
            # Nothing would be opened, so nothing can go wrong.
            return extract(job.path, job.media_type, self.limits)
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._workers(),
                    max_tasks=TASKS_PER_WORKER,
                    initializer=_confine,
                    initargs=(self.limits.memory,),
                    # A forked copy of a process with threads (the page's) can hang on their locks.
                    context=multiprocessing.get_context("spawn"),
                )
            self.scheduled += 1
            return self._pool.schedule(
                extract, args=(job.path, job.media_type, self.limits), timeout=self.limits.seconds
            )

    def _result(self, job: Job, future: ProcessFuture[Extraction]) -> Extraction:
        try:
            extraction = future.result()
        except (FutureTimeoutError, TimeoutError):
            return self._keep(job, _failed("file-over-limit", self._too_slow()))
        except ProcessExpired as error:
            ended = f"reading it ended the reading process (exit code {error.exitcode})."
            return self._keep(job, _failed("file-crashed-reader", ended))
        except MemoryError:
            return self._keep(job, _failed("file-over-limit", "reading it needs too much memory."))
        except CancelledError:
            raise KeyboardInterrupt from None
        if not isinstance(extraction, Extraction):
            raise UnreadableError("the reading process gave no extraction.", job.path)
        return self._keep(job, extraction)

    def _keep(self, job: Job, extraction: Extraction) -> Extraction:
        self._cache.put(job.sha256, job.media_type, extraction)
        return extraction

    def _too_slow(self) -> str:
        return f"reading it took longer than {self.limits.seconds:g} seconds."


def _failed(code: str, message: str) -> Extraction:
    hint = "Open it in the programme that made it and save it anew."
    return Extraction(notices=(Notice(code, Severity.ERROR, message, hint),))


def _confine(memory: int) -> None:
    """Bound this worker: its memory, no network, Ctrl-C left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket.socket = _NoNetwork  # type: ignore[misc]
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _NoNetwork(socket.socket):
    """Reading a file never needs the network; a library that tries is refused."""

    def connect(self, address: object) -> NoReturn:
        """Refuse."""
        raise OSError(f"no network while reading files ({address})")

    connect_ex = connect
