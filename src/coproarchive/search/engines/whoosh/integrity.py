"""Whether the files of an index are what was written, and nobody else's."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coproarchive.errors import FileSystemError, IndexStateError
from coproarchive.search.engines.whoosh.columns import column_files
from coproarchive.search.engines.whoosh.stock import INDEX_NAME, TOC, clean_files
from coproarchive.search.engines.whoosh.stored_file import NAME as STORED
from coproarchive.search.engines.whoosh.stored_file import size as stored_size

REBUILD = "Run: coproarchive index --rebuild"


def refuse_if_others_write(folder: Path, root: Path) -> None:
    """Refuse an index that others could have written to: Whoosh's files are pickles, which run.

    Looked at are the folder, its parents up to the root, and each of its files: its owner must be
    this user or root, and neither group nor others may write to it.

    Args:
        folder: of the index.
        root: folder of all generations; `folder` or one of its parents.

    Raises:
        IndexStateError: one of them could be written to by others, or the folder is missing.
        FileSystemError: one of them cannot be looked at.
    """
    try:
        for path, status in _statuses(folder, root):
            if os.name != "nt" and _others_write(status):
                raise IndexStateError(
                    "other users of this machine can write to the index.",
                    path,
                    f"Nothing in it was read. Make it anew. {REBUILD}",
                )
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise FileSystemError(error, folder) from error
        raise IndexStateError(
            "there is no index here.", folder, "Run: coproarchive index"
        ) from None


def _statuses(folder: Path, root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what is to be looked at, a folder before what is in it."""
    for parent in reversed((folder, *folder.parents)):
        if parent == root or root in parent.parents:
            yield parent, parent.stat()
    with os.scandir(folder) as entries:
        for entry in entries:
            # A file that is gone was removed by a commit: nobody will open it.
            with contextlib.suppress(FileNotFoundError):
                yield Path(entry.path), entry.stat(follow_symlinks=False)


def _others_write(status: os.stat_result) -> bool:
    """Tell whether anybody but this user and root can write; true of any symbolic link."""
    is_foreign = status.st_uid not in (os.getuid(), 0)
    return is_foreign or bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def close_to_others(folder: Path) -> None:
    """Make a folder that only the user can write to, whatever the umask was that made it.

    Nothing that is in it may be read after that: others may have put it there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name != "nt":
        mode = stat.S_IMODE(folder.stat().st_mode)
        with contextlib.suppress(PermissionError):  # another user's: refused when it is opened
            folder.chmod(mode & ~(stat.S_IWGRP | stat.S_IWOTH))


def note_checks(folder: Path, storage: Any, generation: int) -> None:
    """Write down the checksums of a commit's files, and remove what no commit names."""
    checks: dict[str, Any] = {}
    for old in folder.glob("checks-*.json"):
        checks |= _read_checks(old)
        if old.name != f"checks-{generation}.json":
            old.unlink(missing_ok=True)
    for path in _unused_files(folder, storage):
        with contextlib.suppress(OSError):
            path.unlink()
    # These files never change; only new ones are read.
    files = (*_segment_files(folder), folder / f"_{INDEX_NAME}_{generation}.toc")
    checks = {p.name: checks.get(p.name) or _checksum(p) for p in files}
    # What is stored has a checksum a document, columns have theirs at their end.
    checks[STORED] = stored_size(folder)
    path = folder / f"checks-{generation}.json"
    temporary = path.with_suffix(".tmp")
    temporary.touch(0o600)
    temporary.write_text(json.dumps(checks))
    temporary.replace(path)


def finish_commit(folder: Path, storage: Any) -> None:
    """Carry out what a process that was killed after its commit had still to do; see note_checks.

    Files of segments that no commit names are removed too; where nothing is left, nothing is done.
    """
    generation = latest_generation(folder)
    clean_files(storage, INDEX_NAME, generation, TOC.read(storage, INDEX_NAME).segments)
    shutil.rmtree(folder / f"{INDEX_NAME}.tmp", ignore_errors=True)
    notes = [path.name for path in folder.glob("checks-*.json")]
    if notes != [f"checks-{generation}.json"] or _unused_files(folder, storage):
        note_checks(folder, storage, generation)


def _unused_files(folder: Path, storage: Any) -> list[Path]:
    """List columns of segments that no commit names, and temporary files."""
    segments = {str(s.segment_id()) for s in TOC.read(storage, INDEX_NAME).segments}
    unused = [path for name, path in column_files(folder).items() if name not in segments]
    temporary = (".columns-*", "checks-*.tmp", f"_{INDEX_NAME}_*.toc.*")
    return [*unused, *(path for pattern in temporary for path in folder.glob(pattern))]


def latest_generation(folder: Path) -> int:
    """Return the number of the newest commit by the names of files alone, -1 where there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    names = (re.fullmatch(rf"_{INDEX_NAME}_(\d+)\.toc", name) for name in os.listdir(folder))
    return max((int(match[1]) for match in names if match), default=-1)


def compare_checks(folder: Path, generation: int) -> None:
    """Compare files with what was written down; a process killed in between wrote nothing down.

    Raises:
        IndexStateError: a file differs: answers could be wrong without a word.
    """
    checks = _read_checks(folder / f"checks-{generation}.json")
    if stored_size(folder) < checks.pop(STORED, 0):
        raise IndexStateError(f"the index is damaged ({STORED}).", folder, REBUILD)
    for name, check in checks.items():
        if not (folder / name).exists() or _checksum(folder / name) != check:
            raise IndexStateError(f"the index is damaged ({name}).", folder, REBUILD)


def _segment_files(folder: Path) -> list[Path]:
    """Return Whoosh's own files of the committed segments."""
    paths = sorted(folder.glob(f"{INDEX_NAME}_*"))
    return [p for p in paths if p.is_file() and not p.name.endswith("LOCK")]


def _read_checks(path: Path) -> dict[str, Any]:
    """Return what was written down; nothing where a process was killed at that."""
    try:
        checks = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return checks if isinstance(checks, dict) else {}


def _checksum(path: Path) -> list[int]:
    """Return size and CRC-32."""
    crc = size = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    return [size, crc]
