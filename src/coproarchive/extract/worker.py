"""Reading in worker processes: a file that hangs, crashes or blows up costs that file only.

pebble's pool, because it survived all 13 ways in which readers were made to misbehave at a cost of
under a millisecond a file, where the standard library's pool is lost at the first crash.
"""

from __future__ import annotations

import contextlib
import operator
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from coproarchive.errors import LimitError
from coproarchive.extract.base import Extraction, Helpers, Limits, Notice
from coproarchive.extract.blobs import Blobs
from coproarchive.extract.cache import ExtractionCache, packed
from coproarchive.extract.confine import confine
from coproarchive.extract.fixity import is_archived
from coproarchive.extract.processes import WorkerContext, start_server
from coproarchive.extract.table import (
    CHANGED,
    SAVE_ANEW,
    extract,
    is_quick,
    ocr_is_installed,
    reader_name,
)
from coproarchive.extract.unpack import UnpackedZip, unpack
from coproarchive.locking import sweep
from coproarchive.vocabulary import Severity

TASKS_PER_WORKER = 250
"""A worker is replaced after so many tasks of a file or a few, against what libraries leak."""
AHEAD = 32
"""Short files a worker that are under way at a time, so that a long one keeps no core idle. What is
read is held, packed, until what comes before it is there."""
LONE = 4
"""Short files whose room one takes that is long, or slow to read."""
SHORT = 2 * 1024 * 1024
"""Bytes of a file, or of several, that may share a task: for short ones, handing them over weighs
most."""
SHARING = 8
"""Files in such a task at most."""
SHARED_TIME = 0.25
"""Share of the seconds for one file that such a task has; a file that needs more is read alone."""
CLOSE_SECONDS = 2.0
"""How long the workers' threads are waited for at the end."""
PLACED_LEAVES = 2
"""Limits.placed_leaves for a talk that is described: those on which title and names stand."""
_MARK = ".made"
"""Stands in a folder for conversions that is ours; LibreOffice makes one anew that was deleted."""
CRASHES = (ProcessExpired, BrokenProcessPool)
TIMEOUTS = (FutureTimeoutError, TimeoutError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read.

    Attributes:
        path: where it is.
        sha256: hash of its bytes.
        media_type: by which its reader is chosen.
        is_described: whether its talk will be described, for which lines and their places are read.
    """

    path: Path
    sha256: str
    media_type: str
    is_described: bool = False


@dataclass(slots=True, eq=False)
class _PendingRead:
    """A file on its way: what was read from it, or the task that reads it and its place there.

    Attributes:
        size: bytes; 0 where they do not matter.
        room: share of AHEAD that it takes; more than 1 where it is read alone.
    """

    job: Job
    extraction: Extraction | None = None
    size: int = 0
    room: int = 1
    task: _Task | None = None
    place: int = 0


@dataclass(slots=True, eq=False)
class _Task:
    """What one worker does in one go, and for whom."""

    future: ProcessFuture[list[bytes]]
    readings: list[_PendingRead] = field(default_factory=list)


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
        self._parent = scratch.absolute()
        self._scratch: str | None = None
        self._pool: ProcessPool | None = None
        self._lock = Lock()

    @property
    def scratch(self) -> str:
        """The folder for conversions."""
        with self._lock:
            return self._made_scratch()

    def has_lost(self, scratch: str) -> bool:
        """Tell whether a folder for conversions was deleted since, even if it is there again."""
        return scratch != self._scratch or not Path(scratch, _MARK).exists()

    def _made_scratch(self) -> str:
        if self._scratch is not None and not Path(self._scratch, _MARK).exists():
            # The index was deleted under a running server; the workers may write nowhere else.
            self._stop_pool()
            self._scratch = None
        if self._scratch is None:
            self._parent.mkdir(parents=True, exist_ok=True)
            sweep(self._parent, "*")
            self._scratch = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self._parent)
            Path(self._scratch, _MARK).touch()
        return self._scratch

    def schedule(
        self, function: Callable[..., T], *arguments: object, share: float = 1.0
    ) -> ProcessFuture[T]:
        """Run a function of this package in a worker, for that share of the time for a file."""
        with self._lock:
            self._made_scratch()
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
                    context=WorkerContext(),
                )
            seconds = self._limits.seconds * share
            return self._pool.schedule(function, args=arguments, timeout=seconds)

    def _stop_pool(self) -> None:
        if self._pool is None:
            return
        self._pool.stop()  # type: ignore[no-untyped-call]
        # A thread of pebble's that hands over a task which no worker takes any more waits for ever;
        # the workers themselves are stopped by then.
        joining = Thread(target=self._pool.join, daemon=True)
        joining.start()
        joining.join(CLOSE_SECONDS)
        self._pool = None

    def close(self) -> None:
        """Stop the workers and clear their folder."""
        with self._lock:
            self._stop_pool()
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
        shared: where all servers share extractions, if there are several.

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
        shared: Blobs | None = None,
    ):
        self.limits = limits or Limits()
        self.helpers = Helpers(office, read_pictures and ocr_is_installed())
        cache_dir = cache_dir.absolute()  # workers have no business with the current folder
        self._cache = ExtractionCache(cache_dir, self.limits, self.helpers, shared)
        self._workers = Workers(self._count(), self.limits, cache_dir.parent / "scratch")
        self.scheduled = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def blobs(self) -> Blobs:
        """Keeps what is made of texts, by the hash of what it is made of."""
        return self._cache.blobs

    def keep_only(self, hashes: Collection[str], reader: str = "") -> None:
        """Remove what was read of all files but these; see Blobs.keep_only."""
        self._cache.keep_only(hashes, reader)

    def prepare(self) -> None:
        """Begin to start workers where nothing was ever read: they will be needed at once."""
        if not self._cache.is_begun:
            start_server()

    def cached(self, sha256: str, media_type: str) -> Extraction | None:
        """Return what was read from this file before, if need be by an older version."""
        return self._cache.get_any(sha256, media_type)

    def missing(self, files: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the files, by hash and media type, of which this version kept nothing."""
        return self._cache.missing(files)

    def reader_of(self, media_type: str) -> str:
        """Name the readers of such files, with versions; a change means that texts may differ."""
        return reader_name(media_type, self.helpers)

    def read(
        self, path: Path, sha256: str, media_type: str, *, is_described: bool = False
    ) -> Extraction:
        """Read one file; what goes wrong is a notice of the extraction, never an exception."""
        ((_, extraction),) = self.read_many([Job(path, sha256, media_type, is_described)])
        return extraction

    def read_many(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Extraction], None, None]:
        """Read files side by side; they come back in the order given.

        Stopping the iteration, by Ctrl-C too, stops the readings under way.
        """
        pending: deque[_PendingRead] = deque()
        waiting = iter(jobs)
        ahead = AHEAD * self._count()
        room_used = 0
        try:
            while True:
                if room_used <= ahead // 2:
                    new = []
                    while room_used < ahead and (job := next(waiting, None)) is not None:
                        pending.append(reading := self._begun(job))
                        room_used += reading.room
                        if reading.extraction is None:
                            new.append(reading)
                    self._schedule(new)
                if not pending:
                    return
                reading = pending[0]
                extraction = reading.extraction or self._result(reading)
                pending.popleft()
                room_used -= reading.room
                yield reading.job, extraction
        finally:
            for reading in pending:
                if reading.task is not None:
                    reading.task.future.cancel()  # type: ignore[no-untyped-call]
            self._cache.flush()

    def unpack(self, path: Path) -> tuple[Path, UnpackedZip]:
        """Unpack a zip file in a worker; return the folder, which `close` removes.

        Raises:
            UnreadableError: nothing in it can be unpacked.
            LimitError: it holds too many files, unpacks to too much, or takes too long.
        """
        scratch = self._workers.scratch
        folder = Path(tempfile.mkdtemp(prefix="zip-", dir=scratch))
        task = self._workers.schedule(unpack, path.absolute(), folder, self.limits)
        try:
            return folder, task.result()
        except CancelledError:
            raise KeyboardInterrupt from None
        except (*CRASHES, *TIMEOUTS, MemoryError) as error:
            notice = self._failure(error).notices[0]
            raise LimitError(notice.message, path.name, notice.hint) from None

    def close(self) -> None:
        """Stop the workers."""
        self._workers.close()
        self._cache.close()

    def _count(self) -> int:
        return self.limits.workers or os.cpu_count() or 1

    def _begun(self, job: Job) -> _PendingRead:
        extraction = self._cache.get(job.sha256, job.media_type)
        if job.is_described and extraction and extraction.placed is None and not extraction.failed:
            extraction = None  # read before without looking for places
        if extraction is None and not reader_name(job.media_type, self.helpers):
            # Nothing would be opened, so nothing can go wrong.
            extraction = extract(job.path, job.media_type, self.limits, self.helpers)
        if extraction is not None:
            return _PendingRead(job, extraction)
        size = _size(job.path)
        alone = size > SHORT or not is_quick(job.media_type, self.helpers)
        return _PendingRead(job, size=size, room=LONE if alone else 1)

    def _schedule(self, readings: list[_PendingRead]) -> None:
        """Give files to workers, the largest first: one that comes last keeps one core alone."""
        self.scheduled += len(readings)
        short = []
        for reading in sorted(readings, key=operator.attrgetter("size"), reverse=True):
            if reading.room > 1:
                self._give([reading])
            else:
                short.append(reading)
        # Never so many together that a core has nothing to do.
        most = max(1, min(SHARING, len(short) // (2 * self._count())))
        together: list[_PendingRead] = []
        for reading in short:
            size = sum(other.size for other in together)
            if together and (len(together) == most or size + reading.size > SHORT):
                self._give(together)
                together = []
            together.append(reading)
        if together:
            self._give(together)

    def _give(self, readings: list[_PendingRead]) -> None:
        helpers = replace(self.helpers, scratch=self._workers.scratch)
        jobs = [replace(r.job, path=r.job.path.absolute()) for r in readings]
        share = SHARED_TIME if len(readings) > 1 else 1.0
        task = _Task(
            self._workers.schedule(extract_each, extract, jobs, self.limits, helpers, share=share),
            readings,
        )
        for place, reading in enumerate(readings):
            reading.task, reading.place = task, place

    def _result(self, reading: _PendingRead) -> Extraction:
        crashed = False
        while True:
            task = reading.task
            assert task is not None, reading.job
            try:
                read = task.future.result()
            except CancelledError:
                raise KeyboardInterrupt from None
            except (*CRASHES, *TIMEOUTS, MemoryError) as error:
                if len(task.readings) > 1:
                    # Whose fault it was shows when each is read alone; this one is waited for.
                    for each in sorted(task.readings, key=lambda r: r is not reading):
                        self._give([each])
                    continue
                if isinstance(error, CRASHES) and not crashed:
                    # The system may have killed the worker for what another process used.
                    crashed = True
                    self._give([reading])
                    continue
                data = packed(self._failure(error), self.limits)
            else:
                data = read[reading.place]
            return self._cache.put(reading.job.sha256, reading.job.media_type, data)

    def _failure(self, error: BaseException) -> Extraction:
        """Make the extraction of a file that a worker could not read."""
        if isinstance(error, CRASHES):
            return _failed("file-crashed-reader", _ended(getattr(error, "exitcode", None)))
        if isinstance(error, MemoryError):
            return _failed(
                "file-over-limit",
                f"its text needs more than {self.limits.memory // 1024**2:,} MB of memory.",
                "Save it anew in a smaller size, or raise COPROARCHIVE_READ_MEMORY_MB.",
            )
        return _failed(
            "file-over-limit",
            f"reading its text took longer than {self.limits.seconds:g} seconds.",
            "Save it anew, or raise COPROARCHIVE_READ_SECONDS.",
        )


def extract_each(
    read: Callable[..., Extraction],
    jobs: list[Job],
    limits: Limits,
    helpers: Helpers,
) -> list[bytes]:
    """Read files one after another, in a worker.

    They come packed as they are kept: a third of the bytes on their way, and while they wait for
    their turn.
    """

    def read_one(job: Job) -> Extraction:
        if not is_archived(job.path, job.sha256, limits):
            return _CHANGED
        job_limits = replace(limits, placed_leaves=PLACED_LEAVES if job.is_described else 0)
        return read(job.path, job.media_type, job_limits, helpers)

    return [packed(read_one(job), limits) for job in jobs]


_CHANGED = Extraction(
    notices=(
        Notice(
            CHANGED,
            Severity.ERROR,
            "its bytes are not those that were archived; it was not read.",
            "Put the original back from a copy.",
        ),
    )
)


def _size(path: Path) -> int:
    """Return the file's size in bytes; 0 where there is no file, which its reader will say."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _failed(code: str, message: str, hint: str = SAVE_ANEW) -> Extraction:
    return Extraction(notices=(Notice(code, Severity.ERROR, message, hint),))


def _ended(exit_code: int | None) -> str:
    """Describe how a reading process ended, twice."""
    how = "it would not start" if exit_code is None else f"exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            how = signal.Signals(-exit_code).name
    return f"reading its text ended the reading process ({how})."
