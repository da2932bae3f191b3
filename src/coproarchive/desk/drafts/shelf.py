"""Where files wait that are being added: in the archive's private place, apart from its items.

    .drafts/<set>/files/...     the files, in the folders that they were dropped in
    .drafts/<set>/draft.json    what is proposed and typed of them; see record.py

Nothing here is part of the archive: no page, search, export, check or backup looks into it. A set
stays until all of it is saved or somebody discards it: no reload, lost connection or restart takes
it away.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from filelock import FileLock
from pydantic import ValidationError

from coproarchive.desk.drafts.record import VERSION, DraftSet
from coproarchive.errors import FileSystemError, LockedError, NotFoundError, naming
from coproarchive.store import safe_name, unique_file_name
from coproarchive.store.files import copy_hashed, sync_folder, write_durably
from coproarchive.store.reader import DRAFTS

SET_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
SMALLEST = 64 * 1024
"""Bytes that a file counts at least, so that empty ones are bounded, too."""
LOCK_SECONDS = 30.0

_FILES, _RECORD, _PART, _LOCK, _GONE = "files", "draft.json", ".part", ".lock", ".gone-"


class Shelf:
    """The sets of files that wait in one archive. Safe between threads and processes.

    Args:
        archive: its folder.

    Attributes:
        root: the folder of all sets.
    """

    def __init__(self, archive: Path):
        self.root = archive / DRAFTS

    # ---------------------------------------------------------------- sets

    def ids(self) -> list[str]:
        """Return the ids of all sets, the newest first."""
        with contextlib.suppress(OSError):
            return sorted(filter(SET_ID.fullmatch, os.listdir(self.root)), reverse=True)
        return []

    def sets(self) -> Iterator[DraftSet]:
        """Yield all sets, the newest first; what is saved or discarded meanwhile is passed over."""
        for set_id in self.ids():
            try:
                draft = self.read(set_id)
            except NotFoundError:
                continue
            yield draft

    def begin(self, origin: str = "page") -> str:
        """Make an empty set; return its id. Raises FileSystemError."""
        set_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
        folder = self.root / set_id
        with naming(folder):
            self.root.mkdir(mode=0o700, exist_ok=True)
            (folder / _FILES).mkdir(mode=0o700, parents=True)
        self._write(DraftSet(id=set_id, origin=origin))
        return set_id

    def read(self, set_id: str) -> DraftSet:
        """Return a set. Raises NotFoundError."""
        files = self.files_of(set_id)
        try:
            text = (self._folder(set_id) / _RECORD).read_text(encoding="utf-8")
            draft = DraftSet.model_validate_json(text)
            if draft.version != VERSION:
                draft = DraftSet()
        except (OSError, ValidationError):
            draft = DraftSet()  # the files are what counts: they are read again
        places = {*draft.files, *(left.path for left in draft.left_out)}
        is_read = all(places.intersection(_places(path)) for path in files)
        update = {"id": set_id, "count": len(files), "is_read": is_read}
        return draft.model_copy(update=update)

    @contextlib.contextmanager
    def lock(self, set_id: str, name: str = _LOCK, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold a set, so that of two who change it neither loses what the other did.

        Args:
            set_id: of the set.
            name: of the lock's file.
            seconds: how long to wait for another who has it.

        Raises:
            NotFoundError: there is no such set.
            LockedError: another has had it all the time.
        """
        folder = self._folder(set_id)
        lock = FileLock(folder / name)
        try:
            with naming(folder):
                lock.acquire(timeout=seconds)
        except TimeoutError:
            message = "somebody else has been changing these files for a while."
            raise LockedError(message, hint="Try again in a minute.") from None
        try:
            yield
        finally:
            lock.release()

    def change(self, set_id: str, change: Callable[[DraftSet], DraftSet]) -> DraftSet:
        """Write what `change` makes of a set; return it. Raises as `lock`, and FileSystemError."""
        with self.lock(set_id):
            draft = self.read(set_id)
            changed = change(draft)
            if changed != draft:
                self._write(changed)
                changed = self.read(set_id)
        return changed

    def discard(self, set_id: str) -> None:
        """Remove a set with all its files. Raises NotFoundError, FileSystemError."""
        folder = self._folder(set_id)
        gone = folder.with_name(f"{_GONE}{set_id}")
        with naming(folder):
            os.replace(folder, gone)  # at once, whatever its size
            shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a killed process left of a set that was discarded, and empty sets."""
        for gone in self.root.glob(f"{_GONE}*"):
            shutil.rmtree(gone, ignore_errors=True)
        for set_id in self.ids():
            with contextlib.suppress(NotFoundError, FileSystemError):
                shutil.rmtree(self._folder(set_id) / _PART, ignore_errors=True)
                if not self.files_of(set_id) and not self.read(set_id).saved:
                    self.discard(set_id)

    # --------------------------------------------------------------- files

    def folder_of(self, set_id: str) -> Path:
        """Return the folder of a set's files. Raises NotFoundError."""
        return self._folder(set_id) / _FILES

    def files_of(self, set_id: str) -> list[str]:
        """Return the paths of a set's files, sorted. Raises NotFoundError."""
        folder = self.folder_of(set_id)
        paths = [Path(at, name) for at, _, names in os.walk(folder) for name in names]
        return sorted(path.relative_to(folder).as_posix() for path in paths)

    def take(self, set_id: str, source: Path, path: str, *, keep_source: bool = False) -> str:
        """Take a file into a set: it is there whole or not at all, and on the disk.

        Args:
            set_id: of the set.
            source: the file; moved, where it lies on the same disk.
            path: its name, or its path in the folder that was dropped, as its sender says.
            keep_source: whether it is copied, and stays where it is.

        Returns:
            Its path in the set.

        Raises:
            NotFoundError: there is no such set.
            FileSystemError: it could not be read or written; the source is as it was.
        """
        folder = self.folder_of(set_id)
        part = folder.parent / _PART
        with naming(source):
            part.mkdir(exist_ok=True)
            whole = part / secrets.token_hex(8)
            if keep_source or not _is_moved(source, whole):
                copy_hashed(source, whole)
            *above, name = _safe_path(path)
            parent = folder.joinpath(*above)
            with self.lock(set_id):
                parent.mkdir(parents=True, exist_ok=True)
                target = parent / unique_file_name(name, os.listdir(parent))
                os.replace(whole, target)
            sync_folder(parent)
            if not keep_source:
                source.unlink(missing_ok=True)
        return target.relative_to(folder).as_posix()

    def remove(self, set_id: str, paths: list[str]) -> None:
        """Remove files of a set, as far as they are there. Raises NotFoundError."""
        folder = self.folder_of(set_id)
        for path in paths:
            with contextlib.suppress(OSError):
                (folder / path).unlink()
            with contextlib.suppress(OSError):  # its own folder, where nothing is left in it
                if (folder / path).parent != folder:
                    (folder / path).parent.rmdir()

    def sizes(self) -> dict[str, int]:
        """Return how many bytes each set's files count."""
        sizes: dict[str, int] = {}
        for set_id in self.ids():
            sizes[set_id] = 0
            for at, _, names in os.walk(self.root / set_id / _FILES):
                for name in names:
                    with contextlib.suppress(OSError):
                        sizes[set_id] += max(os.stat(os.path.join(at, name)).st_size, SMALLEST)
        return sizes

    # -------------------------------------------------------------- inside

    def _folder(self, set_id: str) -> Path:
        folder = self.root / set_id
        if not SET_ID.fullmatch(set_id) or not (folder / _FILES).is_dir():
            hint = "It may have been saved or discarded meanwhile."
            raise NotFoundError("these files do not wait here any more.", hint=hint)
        return folder

    def _write(self, draft: DraftSet) -> None:
        data = json.dumps(draft.model_dump(mode="json", exclude={"count", "is_read"}),
                          ensure_ascii=False).encode()  # fmt: skip
        folder = self.root / draft.id
        write_durably(folder / _RECORD, data, folder / _PART)


def _safe_path(path: str) -> list[str]:
    """Return the pieces of a file's path as its sender says it, so that none leads elsewhere."""
    pieces = [piece for piece in re.split(r"[/\\]", path) if piece.strip(" .")]
    return [safe_name(piece) for piece in pieces] or [safe_name("")]


def _places(path: str) -> list[str]:
    """Return a file's path and those of the folders that it lies in."""
    return [path, *map(str, PurePosixPath(path).parents)]


def _is_moved(source: Path, target: Path) -> bool:
    """Move a file, where both places are on one disk, and make its bytes durable."""
    try:
        os.rename(source, target)
    except OSError:
        return False
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return True
