"""Fixity: every file is compared with its checksum; what is damaged comes from a backup."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from coproarchive.desk.bags import file_in_bags
from coproarchive.errors import ArchiveError, FileSystemError, NotFoundError
from coproarchive.progress import Progress, silent
from coproarchive.store import Store
from coproarchive.store.files import copy_hashed, hash_file, stamp_of, sync_folder, write_durably
from coproarchive.store.kept import KEPT, KEPT_NAME, keep_file
from coproarchive.store.reader import ITEM

SAVE_SECONDS = 5.0
"""How much of the work a run that is killed may lose."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was archived.

    Attributes:
        path: relative to the archive.
        what: "missing", "changed" or "unreadable".
        sha256: that it should have; of kept files the first characters.
    """

    path: str
    what: Literal["missing", "changed", "unreadable"]
    sha256: str


@dataclass
class VerifyReport:
    """What a verification found.

    Attributes:
        files, size: compared in this run and the one that it went on from; size in bytes.
        seconds: of this run.
        resumed: files that had been compared by the run before, which was stopped.
        damage: what is not as archived, and was not put back.
        repaired: paths of what was put back from a backup.
    """

    files: int = 0
    size: int = 0
    seconds: float = 0.0
    resumed: int = 0
    damage: list[Damage] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


def verify_files(
    store: Store, state: Path | None, progress: Progress = silent, *, restart: bool = False
) -> VerifyReport:
    """Compare every file of every item, and what is kept of earlier ones, with its checksum.

    Args:
        store: of the archive. Nothing in it is changed.
        state: file in which it is kept how far a run came, None for none.
        progress: told of every file.
        restart: whether to begin anew where a run was stopped.
    """
    started = saved = time.monotonic()
    compared = {} if restart or state is None else _loaded(state)
    places = list(_places(store))
    report = VerifyReport()
    done: dict[str, list[int]] = {}
    try:
        for number, (path, sha256) in enumerate(places, start=1):
            progress("verifying", number, len(places), path)
            stamp = stamp_of(store.root / path)
            if stamp is not None and list(stamp) == compared.get(path):
                report.resumed += 1
                report.files += 1
                report.size += stamp[2]
                done[path] = list(stamp)
                continue
            damage, size = _compared(store, path, sha256)
            report.files += 1
            report.size += size
            if damage is not None:
                report.damage.append(damage)
            elif stamp is not None:
                done[path] = list(stamp)
            if state is not None and time.monotonic() - saved > SAVE_SECONDS:
                _save(state, compared | done)
                saved = time.monotonic()
    except BaseException:
        if state is not None:
            _save(state, compared | done)
        raise
    if state is not None:
        state.unlink(missing_ok=True)
    report.seconds = time.monotonic() - started
    return report


def _loaded(state: Path) -> dict[str, list[int]]:
    """Return the stamps of files that a run found sound before it was stopped."""
    try:
        return {str(path): list(stamp) for path, stamp in json.loads(state.read_bytes()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _save(state: Path, done: dict[str, list[int]]) -> None:
    with contextlib.suppress(OSError, FileSystemError):
        state.parent.mkdir(parents=True, exist_ok=True)
        write_durably(state, json.dumps(done).encode())


def _places(store: Store) -> Iterator[tuple[str, str]]:
    """Yield path and sha256 of every file: of items by their records, of kept ones by their names.

    A record that is broken is left out; `check` names it.
    """
    for item_id in store.item_ids():
        with contextlib.suppress(ArchiveError):
            for asset in store.read_item(item_id).assets:
                yield f"{item_id}/{asset.path}", asset.sha256
    for file in sorted((store.root / KEPT).rglob("*")):
        path = file.relative_to(store.root).as_posix()
        if file.name == ITEM:
            with contextlib.suppress(ArchiveError):
                content = store.content(path)
                listed = content.get("assets") if isinstance(content, dict) else None
                for entry in listed if isinstance(listed, list) else ():
                    if isinstance(entry, dict):
                        yield f"{path.rpartition('/')[0]}/{entry['path']}", str(entry["sha256"])
        elif match := KEPT_NAME.fullmatch(file.name):
            yield path, match["sha256"]


def _compared(store: Store, path: str, sha256: str) -> tuple[Damage | None, int]:
    """Return what is wrong with a file, None where nothing is, and its size in bytes."""
    item_id, _, name = path.rpartition("/")
    try:
        file = store.root / path if path.startswith(KEPT) else store.asset_path(item_id, name)
        size, now = hash_file(file)
    except (NotFoundError, FileNotFoundError):
        return Damage(path, "missing", sha256), 0
    except OSError:
        return Damage(path, "unreadable", sha256), 0
    return (None if now.startswith(sha256) else Damage(path, "changed", sha256)), size


def repair_files(
    store: Store, report: VerifyReport, folder: Path, names: Sequence[str] = ()
) -> None:
    """Put damaged files back from backups; the damaged bytes are kept.

    Args:
        store: of the archive.
        report: what was found; what is put back moves from `damage` to `repaired`.
        folder: of bags.
        names: paths of files to put back; all where there are none.

    Raises:
        NotFoundError: a name is not one of a damaged file.
        FileSystemError: the archive cannot be written to.
    """
    damaged_paths = {damage.path for damage in report.damage}
    for name in names:
        if name not in damaged_paths:
            raise NotFoundError("this file is not damaged, or not of this archive.", name)
    for damage in list(report.damage):
        source = file_in_bags(folder, damage.sha256)
        if source is None or (names and damage.path not in names):
            continue
        place = store.root / damage.path
        item_id, _, name = damage.path.rpartition("/")
        with store.lock(), store.staged() as staging:
            if not damage.path.startswith(KEPT):
                keep_file(store, item_id, name)
            if not copy_hashed(source, staging / "copy")[1].startswith(damage.sha256):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            (staging / "copy").replace(place)
            sync_folder(place.parent)
        report.damage.remove(damage)
        report.repaired.append(damage.path)
