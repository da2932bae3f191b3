"""Reading in worker processes: a file that hangs, crashes or blows up costs that file only.

pebble's pool, because it survived all 13 ways in which readers were made to misbehave at a cost of
under a millisecond a file, where the standard library's pool is lost at the first crash.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from coproarchive.extract import ocr
from coproarchive.extract.base import Extraction, Helpers, Limits, Notice
from coproarchive.extract.cache import ExtractionCache
from coproarchive.extract.confine import confine
from coproarchive.extract.table import SAVE_ANEW, extract, reader_name
from coproarchive.model import Severity

TASKS_PER_WORKER = 500
"""A worker is replaced after so many files, against what libraries leak."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read: where it is, the hash of its bytes, and its media type."""

    path: Path
    sha256: str
    media_type: str


class Workers:
    """Confined processes that are replaced when they misbehave. Thread-safe; started when needed.

    Args:
        count: how many; each is one core's worth.
        limits: memory of a worker, seconds of a task.
        scratch: the only folder in which a worker may write; made when the workers start.
    """

    def __init__(self, count: int, limits: Limits, scratch: Path):
        self._count = count
        self._limits = limits
        self._parent = scratch
        self._scratch: str | None = None
        self._pool: ProcessPool | None = None
        self._lock = Lock()

    @property
    def scratch(self) -> str:
        """The folder for conversions."""
        with self._lock:
            return self._made_scratch()

    def _made_scratch(self) -> str:
        if self._scratch is None:
            self._parent.mkdir(parents=True, exist_ok=True)
            _sweep(self._parent)
            self._scratch = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._parent)
        return self._scratch

    def schedule(self, function: Callable[..., T], *arguments: object) -> ProcessFuture[T]:
        """Run a function of this package in a worker, for as long as the limits allow."""
        with self._lock:
            if self._pool is not None and not self._pool.active:
                # Broken: its workers ended before they took a file.
                self._pool.join()
                self._pool = None
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=TASKS_PER_WORKER,
                    initializer=confine,
                    initargs=(self._limits.memory, self._made_scratch()),
                    # A forked copy of a process with threads (the page's) can hang on their locks.
                    context=multiprocessing.get_context("spawn"),
                )
            return self._pool.schedule(function, args=arguments, timeout=self._limits.seconds)

    def close(self) -> None:
        """Stop the workers and clear their folder."""
        with self._lock:
            if self._pool is not None:
                self._pool.stop()  # type: ignore[no-untyped-call]
                self._pool.join()
                self._pool = None
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)
                with contextlib.suppress(OSError):
                    self._parent.rmdir()
                self._scratch = None


class Reader:
    """Reads files in worker processes and keeps what was read.

    Thread-safe; the workers start at the first file that is not known yet.

    Args:
        cache_dir: folder of extractions, made when needed.
        limits: bounds on reading one file.
        office: LibreOffice's `soffice`, "" for none; see office.find_office.
        read_pictures: whether the OCR extra is used where it is installed.

    Attributes:
        scheduled: how many files were given to workers; what is known is not read again.
    """

    def __init__(
        self,
        cache_dir: Path,
        limits: Limits | None = None,
        *,
        office: str = "",
        read_pictures: bool = False,
    ):
        self.limits = limits or Limits()
        self.helpers = Helpers(office, read_pictures and ocr.is_installed())
        self._cache = ExtractionCache(cache_dir, self.limits, self.helpers)
        self._workers = Workers(self._count(), self.limits, cache_dir.parent / "scratch")
        self.scheduled = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def cached(self, sha256: str, media_type: str) -> Extraction | None:
        """What was read from this file before, by an older version if need be; reads nothing."""
        return self._cache.get_any(sha256, media_type)

    def reader_of(self, media_type: str) -> str:
        """Who reads such files here, with versions; a change means that texts may differ."""
        return reader_name(media_type, self.helpers)

    def read(self, path: Path, sha256: str, media_type: str) -> Extraction:
        """Read one file; what goes wrong is a notice of the extraction, never an exception."""
        return next(self.read_many([Job(path, sha256, media_type)]))[1]

    def read_many(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Extraction]]:
        """Read files side by side; they come back in the order given.

        Stopping the iteration, by Ctrl-C too, stops the readings under way.
        """
        ahead = 4 * self._count()
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
        self._workers.close()

    def _count(self) -> int:
        return self.limits.workers or os.cpu_count() or 1

    def _schedule(self, job: Job) -> Extraction | ProcessFuture[Extraction]:
        if not reader_name(job.media_type, self.helpers):
            # Nothing would be opened, so nothing can go wrong.
            return extract(job.path, job.media_type, self.limits, self.helpers)
        self.scheduled += 1
        helpers = replace(self.helpers, scratch=self._workers.scratch)
        return self._workers.schedule(extract, job.path, job.media_type, self.limits, helpers)

    def _result(self, job: Job, future: ProcessFuture[Extraction]) -> Extraction:
        try:
            extraction = self._outcome(job, future)
        except (ProcessExpired, BrokenProcessPool):
            # The system may have killed the worker for what another process used: once more.
            try:
                again = self._schedule(job)
                extraction = again if isinstance(again, Extraction) else self._outcome(job, again)
            except (ProcessExpired, BrokenProcessPool) as error:
                code = getattr(error, "exitcode", None)
                extraction = _failed("file-crashed-reader", _ended(code))
        self._cache.put(job.sha256, job.media_type, extraction)
        return extraction

    def _outcome(self, job: Job, future: ProcessFuture[Extraction]) -> Extraction:
        """What the worker answered. Raises ProcessExpired, BrokenProcessPool."""
        try:
            return future.result()
        except (FutureTimeoutError, TimeoutError):
            return _failed(
                "file-over-limit",
                f"reading its text took longer than {self.limits.seconds:g} seconds.",
                "Save it anew, or raise COPROARCHIVE_READ_SECONDS.",
            )
        except MemoryError:
            return _failed(
                "file-over-limit",
                f"its text needs more than {self.limits.memory // 1024**2:,} MB of memory.",
                "Save it anew in a smaller size, or raise COPROARCHIVE_READ_MEMORY_MB.",
            )
        except CancelledError:
            raise KeyboardInterrupt from None


def _failed(code: str, message: str, hint: str = SAVE_ANEW) -> Extraction:
    return Extraction(notices=(Notice(code, Severity.ERROR, message, hint),))


def _ended(exit_code: int | None) -> str:
    """How a reading process ended, twice."""
    how = "it would not start" if exit_code is None else f"exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            how = signal.Signals(-exit_code).name
    return f"reading its text ended the reading process ({how})."


def _sweep(folder: Path) -> None:
    """Remove folders of processes that are gone."""
    for entry in folder.iterdir():
        number = entry.name.partition("-")[0]
        if number.isdigit() and int(number) != os.getpid() and not _is_alive(int(number)):
            shutil.rmtree(entry, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
