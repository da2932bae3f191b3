"""The incoming folder: files that are put there become drafts, or items at once by a command.

A file is moved: it is removed from the folder only when its bytes are safely stored. One that is
still being copied is not taken yet, and one that fails stays where it is, with the reason told.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from coproarchive.desk.drafts import Shelf, read_set
from coproarchive.errors import CoproArchiveError, IngestError
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.folder_plan import (
    DescribeOptions,
    FolderPlan,
    FolderReport,
    add_folder,
    plan_folder,
)
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.progress import Progress, silent
from coproarchive.store import hash_file, walk

STILL_SECONDS = 10.0
"""How long a file must not have changed before it is taken: it may be on its way still."""
LOOK_SECONDS = 5.0
"""Seconds between two looks at the folder."""
ORIGIN = "incoming"
COMING = "it changed a moment ago, so it may still be on its way; it is taken when it is still."
HALF = "its name says that it has not come whole; it is taken when it has another."
_HALF = (".part", ".crdownload", ".partial", ".filepart", ".download", ".tmp")
"""Endings of files that browsers and copying programs have not finished."""


def waiting_files(folder: Path, now: float | None = None) -> tuple[list[str], dict[str, str]]:
    """Return the files of the folder that are still, and path -> reason of all others.

    Args:
        folder: the incoming folder.
        now: seconds since the epoch; the present where it is None.

    Raises:
        IngestError: there is no such folder.
    """
    if not folder.is_dir():
        raise IngestError("there is no such incoming folder.", folder, "Make it, or set another.")
    now = time.time() if now is None else now
    still: list[str] = []
    others: dict[str, str] = {}
    for entry in walk(folder, max_depth=60, with_system=True):
        if entry.kind == "unreadable":
            others[entry.path] = "the permissions do not allow to read this."
        if entry.kind == "link":
            others[entry.path] = "this is a link; put the file itself here."
        if entry.kind != "file":
            continue
        try:
            state = (folder / entry.path).stat()
        except OSError:
            continue  # gone a moment ago
        # An mtime can be set (`cp -p`), and be ahead of this clock; a ctime is when it came.
        is_new = any(0 <= now - t < STILL_SECONDS for t in (state.st_mtime, state.st_ctime))
        if entry.path.lower().endswith(_HALF):
            others[entry.path] = HALF
        elif is_new:
            others[entry.path] = COMING
        else:
            still.append(entry.path)
    return still, others


# ------------------------------------------------------------------ as drafts


def take_incoming(folder: Path, shelf: Shelf) -> tuple[str, dict[str, str]]:
    """Move files that are still to the drafts of the incoming folder.

    Args:
        folder: the incoming folder.
        shelf: of the drafts.

    Returns:
        The id of the set, "" where nothing was taken; and path -> reason of what stays.

    Raises:
        IngestError: there is no such folder.
    """
    still, others = waiting_files(folder)
    set_id = _incoming_set(shelf) if still else ""
    for path in still:
        if reason := _moved(folder / path, path, shelf, set_id):
            others[path] = reason
    _remove_empty_folders(folder, still)
    return set_id, others


def _incoming_set(shelf: Shelf) -> str:
    """Return the set of the incoming folder; it is begun where none waits."""
    waiting = (draft.id for draft in shelf.sets() if draft.origin == ORIGIN)
    return next(waiting, "") or shelf.begin(ORIGIN)


def _moved(source: Path, path: str, shelf: Shelf, set_id: str) -> str:
    """Move one file; return why it stays, "" where it does not."""
    try:
        before = source.stat()
        draft = shelf.take(set_id, source, path, keep_source=True)
        after = source.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            shelf.remove(set_id, [draft])
            return COMING
        try:
            source.unlink()
        except OSError as error:
            shelf.remove(set_id, [draft])
            return f"it cannot be moved away: {error.strerror}."
    except CoproArchiveError as error:
        return error.message
    except OSError as error:
        return f"it cannot be read: {error.strerror}."
    return ""


def _remove_empty_folders(folder: Path, paths: list[str]) -> None:
    """Remove folders inside the incoming one from which the last file was taken."""
    parents = {parent for path in paths for parent in (folder / path).parents}
    for parent in sorted(parents, key=lambda p: -len(p.parts)):
        if parent != folder and parent.is_relative_to(folder):
            with contextlib.suppress(OSError):
                parent.rmdir()


@dataclass
class IncomingWatcher:
    """Looks at the incoming folder again and again, and makes drafts of what is put there.

    Attributes:
        library: whose archive the drafts wait for.
        shelf: of the drafts.
        folder: the incoming folder.
        others: path -> why it was not taken at the last look.
    """

    library: Library
    shelf: Shelf
    folder: Path
    others: Mapping[str, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._thread = threading.Thread(target=self._run, name="incoming", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def look(self) -> str:
        """Look once; return the id of the set that grew, "" where none did."""
        set_id, self.others = take_incoming(self.folder, self.shelf)
        if set_id:
            # Whoever opens the page need not wait for what can be read now.
            read_set(self.library, self.shelf, set_id, self._report)
        return set_id

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except KeyboardInterrupt:
                return
            except Exception as error:  # noqa: BLE001 - the next look may do better
                self.others = {str(self.folder): str(error)}
                log(logging.ERROR, "The incoming folder could not be looked at.", error=error)

    def _report(self, stage: str, done: int, total: int, what: str = "") -> None:
        del stage, done, total, what
        if self._stop.is_set():
            raise KeyboardInterrupt  # what was read so far is remembered


# ------------------------------------------------------------------- at once


def plan_incoming(
    library: Library, folder: Path, options: DescribeOptions, progress: Progress = silent
) -> FolderPlan:
    """Say what the incoming folder would become; nothing is written. Raises IngestError."""
    _, others = waiting_files(folder)
    return plan_folder(
        library.catalogue(progress), library.reader, folder, options, progress, others
    )


def add_incoming(
    library: Library,
    folder: Path,
    draft: ItemDraft,
    options: DescribeOptions,
    progress: Progress = silent,
) -> FolderReport:
    """Make items of everything in the incoming folder that is still, and empty it of that.

    A file is removed only when the archive has its very bytes on its disk; everything else stays,
    and the report says why.

    Raises:
        IngestError: there is no such folder.
    """
    _, others = waiting_files(folder)
    catalogue = library.catalogue(progress)
    report = add_folder(
        library.store, catalogue, library.reader, folder, draft, progress, options, others
    )
    stored = _Stored(library)
    paths = [e.path for e in walk(folder, max_depth=60, with_system=True) if e.kind == "file"]
    removed = [path for path in paths if path not in others]
    removed = [path for path in removed if stored.has_all(report, folder / path, path)]
    for path in removed:
        with contextlib.suppress(OSError):
            (folder / path).unlink()
    _remove_empty_folders(folder, removed)
    return report


class _Stored:
    """Tells whether files are in the archive, byte by byte.

    Args:
        library: of the archive.
    """

    def __init__(self, library: Library):
        self._store = library.store
        self._places = library.store.places_by_sha256()

    def has_all(self, report: FolderReport, path: Path, name: str) -> bool:
        """Tell whether the archive has a file, or all that is in a zip file."""
        inside = [p for p, place in report.places.items() if place.startswith(f"{name}/")]
        if inside:
            stays = any(problem.path.startswith(f"{name}/") and problem.code != "duplicate-file"
                        for problem in report.problems)  # fmt: skip
            return not stays and all(map(self._has, inside))
        return self._has(path)

    def _has(self, path: Path) -> bool:
        try:
            size_and_sha256 = hash_file(path)
            item_id, _, name = self._places[size_and_sha256[1]].rpartition("/")
            return hash_file(self._store.asset_path(item_id, name)) == size_and_sha256
        except (OSError, KeyError, CoproArchiveError):
            return False
