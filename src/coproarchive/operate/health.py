"""Whether an archive can be served, as anybody may know it: no paths, no counts, no names."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coproarchive.errors import CoproArchiveError, IndexStateError
from coproarchive.library import Library

LOW_DISK_BYTES = 512 * 1024**2
"""Free bytes below which a disk counts as nearly full: half of what one file may take."""

INDEX = "Run: coproarchive index"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an archive is not quite well.

    Attributes:
        code: for programs.
        message: one sentence, fit for anybody.
        hint: what its keeper does.
        is_fatal: whether it cannot be served so.
    """

    code: str
    message: str
    hint: str
    is_fatal: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """What is the matter, the worst first; nothing where all is well.

    Attributes:
        reasons: see Reason.
        items: number of public items, where they can be read.
    """

    reasons: tuple[Reason, ...]
    items: int | None

    @property
    def status(self) -> str:
        """One of "ready", "degraded" and "unavailable"."""
        if any(reason.is_fatal for reason in self.reasons):
            return "unavailable"
        return "degraded" if self.reasons else "ready"


def look(library: Library, *, indexing_fails: bool = False, is_indexed_here: bool = True) -> Health:
    """Look whether the archive can be read and searched.

    Args:
        library: the archive and its index.
        indexing_fails: whether the last update of the index failed.
        is_indexed_here: whether this process updates the index by itself.
    """
    reasons = list(_of_archive(library))
    items = None if reasons and reasons[0].is_fatal else len(library.public().items)
    if items is not None:
        reasons += _of_index(library, is_indexed_here)
    if indexing_fails:
        message = "The index could not be brought up to date; answers are from before."
        reasons.append(Reason("indexing-failed", message, "Run: coproarchive doctor"))
    if is_low(library.settings.archive) or is_low(library.settings.index):
        message = "The disk is nearly full."
        reasons.append(Reason("disk-low", message, "Run: coproarchive doctor"))
    return Health(tuple(sorted(reasons, key=lambda reason: not reason.is_fatal)), items)


def _of_archive(library: Library) -> Iterator[Reason]:
    """Yield what is wrong with the records."""
    try:
        problems = library.catalogue().problems
    except CoproArchiveError:
        message = "The archive cannot be read."
        yield Reason("archive-unreadable", message, "Run: coproarchive check", is_fatal=True)
        return
    # Whose record cannot be read is nobody's business; whether it is hidden, nobody can know.
    if any(problem.code == "record-broken" for problem in problems):
        message = "A record cannot be read, and is left out until it is corrected."
        yield Reason("record-broken", message, "Run: coproarchive check")


def _of_index(library: Library, is_indexed_here: bool) -> Iterator[Reason]:
    """Yield what is wrong with the index."""
    try:
        library.index()
        is_outdated = library.is_outdated()
    except IndexStateError:
        yield _index_reason(library)
        return
    except CoproArchiveError:
        yield _UNREACHABLE
        return
    if is_outdated and not is_indexed_here:
        yield Reason("index-behind", "Records changed since the index was updated.", INDEX)


_UNREACHABLE = Reason(
    "index-unreachable",
    "The index cannot be asked just now.",
    "Run: coproarchive doctor",
    is_fatal=True,
)


def _index_reason(library: Library) -> Reason:
    """Return why the index cannot be opened."""
    try:
        refusal = library.index_storage.refusal()
    except CoproArchiveError:
        return _UNREACHABLE
    if refusal is None:
        message = "The index is damaged, or others may write to it."
        return Reason("index-damaged", message, "Run: coproarchive index --rebuild", is_fatal=True)
    if "no index" in refusal.message:
        return Reason("index-missing", "There is no index yet.", INDEX, is_fatal=True)
    message = "The index was made by another version of this software."
    return Reason("index-of-another-version", message, INDEX, is_fatal=True)


def is_low(folder: Path) -> bool:
    """Tell whether the disk of a folder, or of its nearest parent that exists, is nearly full."""
    try:
        return shutil.disk_usage(nearest_folder(folder)).free < LOW_DISK_BYTES
    except OSError:
        return False


def nearest_folder(folder: Path) -> Path:
    """Return the folder, or the nearest of its parents that exists."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
