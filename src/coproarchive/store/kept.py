"""Files of items that change: what is replaced or taken out is kept, dated, and can come back.

.kept/<item>/<batch>-<sha256, 12 characters>-<name>     a file that was replaced or taken out
.kept/<item>/<batch>/                                   an item that was taken out
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coproarchive.errors import ArchiveError, IngestError, NotFoundError
from coproarchive.model import Asset, Item, SlideDescription
from coproarchive.store.changes import Change
from coproarchive.store.files import copy_hashed, hash_file, is_used, sync_folder
from coproarchive.store.reader import ITEM

if TYPE_CHECKING:
    from coproarchive.store import Store

KEPT = ".kept"
_DIGITS = 12
KEPT_NAME = re.compile(
    r"(?P<when>\d{8}-\d{6}-\d{6})-(?P<sha256>[0-9a-f]{12})-(?P<name>.+)", re.DOTALL
)
"""Name of a file that is kept: when (as ids of batches), the beginning of its sha256, its name."""


def kept_file(store: Store, item_id: str, sha256: str) -> Path | None:
    """Return where a file of an item is kept that was replaced or taken out, None if nowhere."""
    folder = store.root / KEPT / item_id
    return next((p for p in sorted(folder.glob(f"*-{sha256[:_DIGITS]}-*")) if p.is_file()), None)


def keep_file(store: Store, item_id: str, name: str) -> str:
    """Keep a file of an item beside where it is; it may be replaced or removed then.

    Returns:
        Its sha256, "" where there is no such file.
    """
    try:
        path = store.asset_path(item_id, name)
    except NotFoundError:
        return ""
    _, sha256 = hash_file(path)
    if kept_file(store, item_id, sha256) is None:
        folder = store.root / KEPT / item_id
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{store.recorder.log.new_id()}-{sha256[:_DIGITS]}-{path.name}"
        try:
            os.link(path, target)
        except OSError:  # a file system without links
            with store.staged() as staging:
                copy_hashed(path, staging / "copy")
                os.replace(staging / "copy", target)
        sync_folder(folder)
    return sha256


def set_assets(
    store: Store,
    item_id: str,
    assets: Iterable[Asset],
    sources: Mapping[str, Path] | None = None,
    slides: tuple[SlideDescription, ...] | None = None,
) -> Item:
    """Make an item's files those that are named: their bytes, names, order and titles.

    Bytes come from `sources`, from the item's folder, or from what was kept. What is no longer
    named, or is replaced, is kept.

    Args:
        store: of the item.
        item_id: of an item.
        assets: as they shall be.
        sources: name of a file -> where its bytes are.
        slides: what the record shall say of single slides, None for what it says.

    Returns:
        The item as written.

    Raises:
        IngestError: the bytes of one are nowhere, or cannot be read; nothing was changed.
    """
    assets = tuple(assets)
    with store.lock(), store.staged() as staging:
        item = store.read_item(item_id)
        folder = store.root / item_id
        moved = [a for a in assets if _has(store, item_id, a.path) != a.sha256]
        for number, asset in enumerate(moved):
            source = (sources or {}).get(asset.path) or _source(store, item, asset)
            try:
                copied = copy_hashed(source, staging / str(number))
            except OSError as error:
                if error.filename != str(source):
                    raise
                raise IngestError(f"cannot be read: {error.strerror}.", source) from None
            if copied[1] != asset.sha256:
                raise IngestError("this file is not what its checksum says.", source)
        sync_folder(staging)
        named = {a.path for a in assets}
        replaced = {a.path for a in moved}
        gone = [a.path for a in item.assets if a.path not in named]
        for name in (*gone, *(a.path for a in item.assets if a.path in replaced)):
            keep_file(store, item_id, name)

        def place() -> None:
            for number, asset in enumerate(moved):
                os.replace(staging / str(number), folder / asset.path)
            sync_folder(folder)

        slides = item.slides if slides is None else slides
        item = item.model_copy(update={"assets": assets, "slides": slides})
        store.save_item(item, meanwhile=place)
        _remove(store, item_id, gone)
    return item


def _source(store: Store, item: Item, asset: Asset) -> Path:
    """Return where the bytes of an asset are. Raises IngestError."""
    for other in item.assets:
        if other.sha256 == asset.sha256 and _has(store, item.id, other.path) == asset.sha256:
            return store.asset_path(item.id, other.path)
    path = kept_file(store, item.id, asset.sha256)
    if path is None:
        raise IngestError(
            "the bytes of this file are not in the archive any more.",
            f"{item.id}/{asset.path}",
            "They may be in a backup.",
        )
    return path


def _has(store: Store, item_id: str, name: str) -> str:
    """Return the sha256 of a file of an item, "" where there is none."""
    try:
        return hash_file(store.asset_path(item_id, name))[1]
    except NotFoundError:
        return ""


def _remove(store: Store, item_id: str, names: Iterable[str]) -> None:
    """Remove files that are kept."""
    for name in names:
        with contextlib.suppress(NotFoundError):
            store.asset_path(item_id, name).unlink()
    with contextlib.suppress(OSError):
        sync_folder(store.root / item_id)


def put_back(store: Store, item_id: str, asset: Asset, source: Path) -> None:
    """Put a file of an item where its record says it is; what is there instead is kept.

    Raises:
        IngestError: the bytes are not those that the record says.
    """
    with store.lock(), store.staged() as staging:
        if copy_hashed(source, staging / "copy")[1] != asset.sha256:
            raise IngestError("this file is not what its checksum says.", source)
        keep_file(store, item_id, asset.path)
        os.replace(staging / "copy", store.root / item_id / asset.path)
        sync_folder(store.root / item_id)


def put_aside(store: Store, path: str) -> str:
    """Move a file that no record names among those that are kept.

    Args:
        store: of the archive.
        path: of the file, relative to the archive.

    Returns:
        Where it is now, relative to the archive.
    """
    with store.lock():
        source = store.root / path
        folder = store.root / KEPT / path.rpartition("/")[0]
        folder.mkdir(parents=True, exist_ok=True)
        sha256 = hash_file(source)[1][:_DIGITS]
        target = folder / f"{store.recorder.log.new_id()}-{sha256}-{source.name}"
        os.rename(source, target)
        sync_folder(folder)
        sync_folder(source.parent)
    return target.relative_to(store.root).as_posix()


def settle_files(store: Store, change: Change, is_done: bool) -> None:
    """Make an item's files follow its record, after a process was killed between the two.

    Args:
        store: of the archive; its lock is held.
        change: of the item's record.
        is_done: whether the record was written; else the files become those of before.
    """
    target = (change.after if is_done else change.before) or {}
    others = (change.before if is_done else change.after) or {}
    item_id, _, name = change.record.rpartition("/")
    if name != ITEM or "assets" not in {**target, **others}:
        return
    if change.before is None or change.after is None:
        return  # a folder that came or went as a whole
    listed = {str(a["path"]): str(a["sha256"]) for a in _assets(target)}
    for path, sha256 in listed.items():
        source = kept_file(store, item_id, sha256)
        if source is not None and _has(store, item_id, path) != sha256:
            with store.staged() as staging:
                copy_hashed(source, staging / "copy")
                os.replace(staging / "copy", store.root / item_id / path)
                sync_folder(store.root / item_id)
    for asset in _assets(others):
        path = str(asset["path"])
        if path not in listed and kept_file(store, item_id, str(asset["sha256"])):
            _remove(store, item_id, [path])


def _assets(fields: Mapping[str, object]) -> list[Mapping[str, object]]:
    assets = fields.get("assets")
    return [a for a in assets if isinstance(a, dict)] if isinstance(assets, list) else []


def remove_record(store: Store, path: str) -> None:
    """Take an item out of the archive with all its files, or a seminar's record: it is kept.

    Args:
        store: of the archive.
        path: of the record's file, relative to the archive.

    Raises:
        NotFoundError: there is no such record.
    """
    record_id, _, name = path.rpartition("/")
    with store.lock():
        content, digest = store.content(path), store.digest(path)
        folder = store.root / record_id
        target = store.root / KEPT / record_id / store.recorder.log.new_id()
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.recorder.recording(path, content, None, digest, ""):
            if name == ITEM:
                os.rename(folder, target)
            else:
                target.mkdir()
                os.rename(folder / name, target / name)
                with contextlib.suppress(OSError):  # where something else lies in it
                    folder.rmdir()
            sync_folder(target.parent)
            sync_folder(folder.parent)


def kept_record(store: Store, path: str, digest: str) -> Path:
    """Return the folder in which a record is kept that `remove_record` took out.

    Args:
        store: of the archive.
        path: of the record's file, relative to the archive.
        digest: sha256 of that file.

    Raises:
        ArchiveError: another is in its place, or it is not kept any more.
    """
    record_id, _, name = path.rpartition("/")
    folder = store.root / record_id
    if is_used(folder) if name == ITEM else (store.root / path).exists():
        raise ArchiveError("there is another record of this name now.", record_id)
    for copy in sorted((store.root / KEPT / record_id).glob("*"), reverse=True):
        record = copy / name
        if record.is_file() and hash_file(record)[1] == digest:
            return copy
    hint = "It may be in a backup."
    raise ArchiveError("this is not kept in the archive any more.", record_id, hint)


def return_record(store: Store, path: str, digest: str) -> None:
    """Put back what `remove_record` took out; see kept_record."""
    record_id, _, name = path.rpartition("/")
    with store.lock():
        folder = store.root / record_id
        copy = kept_record(store, path, digest)
        record = copy / name
        content = store.content(record.relative_to(store.root).as_posix())
        folder.parent.mkdir(exist_ok=True)
        with store.recorder.recording(path, None, content, "", digest):
            if name == ITEM:
                os.rename(copy, folder)
            else:
                folder.mkdir(exist_ok=True)
                os.rename(record, folder / name)
                with contextlib.suppress(OSError):
                    copy.rmdir()
            sync_folder(folder)
            sync_folder(folder.parent)
