"""Bringing an index up to date with the archive: what changed is read, indexed and written."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, IndexStateError
from coproarchive.extract import table
from coproarchive.extract.base import Extraction, Notice
from coproarchive.extract.worker import Job, Reader
from coproarchive.model import Asset, Item, Problem, Severity
from coproarchive.progress import Progress, silent
from coproarchive.search.discover import phrases
from coproarchive.search.document import (
    PROBLEMS,
    document_of,
    kept_out,
    unpack_problems,
    with_rule,
)
from coproarchive.search.engines.seam import Document, IndexStorage, SearchEngine
from coproarchive.store import Store
from coproarchive.talks import alignment, sketch
from coproarchive.talks.descriptions import undescribed


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """Figures of an update.

    Attributes:
        added, updated, removed, unchanged: number of items.
        leaves: pages, slides and sections in the items added or updated.
        problems: of all public items' files, and of records that could not be read.
        seconds: of the whole update; reading_seconds of reading files.
        rebuilt: whether a new generation was made.
    """

    added: int
    updated: int
    removed: int
    unchanged: int
    leaves: int
    problems: tuple[Problem, ...]
    seconds: float
    reading_seconds: float
    rebuilt: bool


def update_index(
    storage: IndexStorage,
    store: Store,
    catalogue: Catalogue,
    reader: Reader,
    *,
    rebuild: bool = False,
    progress: Progress = silent,
) -> UpdateReport:
    """Make the index say what the archive says; write only what changed.

    A rebuild, asked for or needed, is made beside the current generation and swapped in. Killed at
    any moment, the index is as it was before or as it is after.

    Args:
        storage: of the index.
        store: the archive's files.
        catalogue: the archive's records; what is not public is not indexed.
        reader: of the files' texts.
        rebuild: whether to index everything anew.
        progress: told what is being done.

    Raises:
        LockedError: another process is updating the index.
        EngineError: the index could not be written.
    """
    with storage.lock():
        engine = None if rebuild else _usable(storage)
        is_new = engine is None
        update = _Update(store, catalogue.for_public(), reader, progress)
        opened = contextlib.closing(engine) if engine else storage.rebuilding()
        with _rare_collections(), opened as engine:
            report = update.apply(engine, is_new=is_new)
    return replace(
        report,
        problems=(*catalogue.problems, *report.problems),
        seconds=time.monotonic() - update.started,
    )


def _usable(storage: IndexStorage) -> SearchEngine | None:
    """Open the current generation; None where it has to be built anew."""
    try:
        engine = storage.open()
        engine.snapshot().digests()
        engine.tidy()
    except IndexStateError:
        return None
    return engine


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Make the collector look for circles less often: an update makes many objects, none in one.

    That is a tenth of a rebuild's time. The caller holds the index's lock, so one at a time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Update:
    """One update: which documents to write, and writing them."""

    def __init__(self, store: Store, catalogue: Catalogue, reader: Reader, progress: Progress):
        self.started = time.monotonic()
        self._store = store
        self._catalogue = catalogue
        self._reader = reader
        self._progress = progress
        self._problems: dict[str, list[Problem]] = {}
        self._leaves = 0
        self._reading_seconds = 0.0

    def apply(self, engine: SearchEngine, *, is_new: bool) -> UpdateReport:
        """Write the documents of new and changed items, delete those of items that are gone."""
        digests = document_digests(self._catalogue, self._reader)
        indexed = engine.snapshot().digests()
        gone = [item_id for item_id in indexed if item_id not in digests]
        changed = [i for i, digest in digests.items() if indexed.get(i) != digest]
        added = sum(1 for item_id in changed if item_id not in indexed)
        if changed or gone or is_new:
            items = [self._catalogue.items[i] for i in changed]
            engine.write(self._documents(items, digests), gone)
        self._restore_texts(digests.keys() - set(changed))
        problems = engine.snapshot().stored(PROBLEMS)
        return UpdateReport(
            added=added,
            updated=len(changed) - added,
            removed=len(gone),
            unchanged=len(digests) - len(changed),
            leaves=self._leaves,
            problems=tuple(
                p for i in digests if i in problems for p in unpack_problems(problems[i])
            ),
            seconds=time.monotonic() - self.started,
            reading_seconds=self._reading_seconds,
            rebuilt=is_new,
        )

    def _documents(self, items: list[Item], digests: dict[str, str]) -> Iterator[Document]:
        """Yield the items' documents, each when its files are read; the next are read meanwhile."""
        jobs = {item.id: self._jobs(item) for item in items}
        all_jobs = (job for jobs_of_item in jobs.values() for job, _ in jobs_of_item)
        with contextlib.closing(self._reader.read_many(all_jobs)) as readings:
            for number, item in enumerate(items, start=1):
                self._progress("indexing", number, len(items), item.title)
                started = time.monotonic()
                for _, path in jobs[item.id]:
                    self._note_problems(item, path, *next(readings))
                self._reading_seconds += time.monotonic() - started
                problems = self._problems[item.id]
                # A digest that no item has: what could not be read just now is tried by the next.
                unread = any(problem.code in table.PASSING for problem in problems)
                digest = digests[item.id]
                if unread:
                    digest = with_rule("", kept_out(item, self._catalogue), item.assets)
                document = document_of(item, self._catalogue, self._reader, digest, problems)
                self._leaves += len(document.texts["heading"])
                yield document

    def _restore_texts(self, unchanged: Iterable[str]) -> None:
        """Read the files anew whose text was lost from the cache: pages of items show it."""
        items = [self._catalogue.items[item_id] for item_id in sorted(unchanged)]
        absent = self._reader.missing((a.sha256, a.media_type) for i in items for a in i.assets)
        lost = [
            job
            for item in items
            if any((asset.sha256, asset.media_type) in absent for asset in item.assets)
            for job, _ in self._jobs(item)
            if (job.sha256, job.media_type) in absent
        ]
        for number, (job, _) in enumerate(self._reader.read_many(lost), start=1):
            self._progress("reading", number, len(lost), job.path.name)

    def _jobs(self, item: Item) -> list[tuple[Job, str]]:
        """Return a job for each file of an item, and the file's path in the archive."""
        problems = self._problems[item.id] = []
        jobs = []
        for asset in item.assets:
            try:
                path = self._store.asset_path(item.id, asset.path)
            except CoproArchiveError as error:
                problems.append(missing_file(item.id, asset, error.message))
                continue
            jobs.append((Job(path, asset.sha256, asset.media_type), f"{item.id}/{asset.path}"))
        return jobs

    def _note_problems(self, item: Item, path: str, job: Job, extraction: Extraction) -> None:
        """Note what the reader of a file noticed, and the record does not mend."""
        if table.wants_words(job.media_type):
            notices = undescribed(extraction.notices, item, path)
            self._problems[item.id] += [notice_problem(n, path) for n in notices]


def document_digests(catalogue: Catalogue, reader: Reader) -> dict[str, str]:
    """Return item id -> digest that changes when the item's document would.

    It is a SHA-256, hexadecimal, what is withheld from the document, and the files that it is of;
    see document.may_tell.
    """
    common = (
        " ".join(catalogue.series.languages),
        f"phrases {phrases.VERSION}",
        f"alignment {alignment.VERSION}, sketches {sketch.VERSION}",
    )
    digests = {}
    for item in catalogue.items.values():
        readers = sorted({reader.reader_of(a.media_type) for a in item.assets})
        parts = (catalogue.digests[item.id], *readers, *common)
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        digests[item.id] = with_rule(digest, kept_out(item, catalogue), item.assets)
    return digests


def notice_problem(notice: Notice, path: str) -> Problem:
    """Return what a reader of files noticed as a problem of the file at `path`."""
    return Problem(
        notice.code,
        notice.severity,
        path,
        notice.message,
        field=str(notice.leaf) if notice.leaf else "",
        hint=notice.hint,
    )


def missing_file(item_id: str, asset: Asset, message: str) -> Problem:
    """Return the problem of a file that the record names and that is not there."""
    return Problem(
        "file-missing",
        Severity.ERROR,
        f"{item_id}/{asset.path}",
        message,
        hint="Put the file back from a copy, or take it out of the item's record.",
    )
