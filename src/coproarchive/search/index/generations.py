"""The folders of an index: which generation counts, making a new one, swapping it in."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from coproarchive.errors import IndexStateError, LockedError
from coproarchive.search.engines.whoosh.engine import WhooshEngine, refuse_if_others_write
from coproarchive.search.language import fields

RUN_INDEX = "Run: coproarchive index"
LOCK_SECONDS = 30.0


def folder_of(root: Path, generation: int) -> Path:
    """Where a generation's files are."""
    return root / "generations" / str(generation)


def current_generation(root: Path) -> int | None:
    """The generation that counts, None where there is none."""
    current = _read_current(root)
    return int(current["generation"]) if current else None


def open_current(root: Path) -> tuple[WhooshEngine, int]:
    """The engine of the generation that counts.

    Raises:
        IndexStateError: there is none, it was made by another version, or it is damaged.
    """
    current = _read_current(root)
    if current is None:
        raise IndexStateError("there is no index yet.", root, RUN_INDEX)
    if current["fingerprint"] != fields.fingerprint():
        raise IndexStateError(
            "the index was made by another version of this software.", root, RUN_INDEX
        )
    refuse_if_others_write(root)
    generation = int(current["generation"])
    return WhooshEngine(folder_of(root, generation)), generation


def create(root: Path) -> tuple[WhooshEngine, int]:
    """An empty generation beside the one that counts."""
    used = [int(p.name) for p in (root / "generations").glob("*") if p.name.isdigit()]
    generation = max([*used, current_generation(root) or 0], default=0) + 1
    return WhooshEngine(folder_of(root, generation), create=True), generation


def swap_in(root: Path, generation: int) -> None:
    """Make a generation the one that counts, and remove the others."""
    content = {"generation": generation, "fingerprint": fields.fingerprint()}
    temporary = root / "CURRENT.tmp"
    temporary.write_text(json.dumps(content))
    temporary.replace(root / "CURRENT")
    sweep(root)


def sweep(root: Path) -> None:
    """Remove generations that do not count: old ones, and those of killed rebuilds."""
    current = current_generation(root)
    for folder in (root / "generations").glob("*"):
        if folder.name != str(current):
            # Another process may still have its files open; then the next sweep gets them.
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def lock(root: Path) -> Iterator[None]:
    """Be the only process that updates this index.

    Raises:
        LockedError: another one is at it.
    """
    held = FileLock(root / ".lock", timeout=LOCK_SECONDS)
    try:
        held.acquire()
    except Timeout:
        raise LockedError(
            "another process is updating the index.", root, "Wait for it, then try again."
        ) from None
    try:
        yield
    finally:
        held.release()


def _read_current(root: Path) -> dict[str, str] | None:
    try:
        current = json.loads((root / "CURRENT").read_text())
        int(current["generation"])
        return {name: str(current[name]) for name in ("generation", "fingerprint")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
