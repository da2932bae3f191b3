"""The archive's folder: the only room that reads and writes archive/.

Names that start with a dot are the store's own (.lock, .staging, .state), never archive content.
Every write happens under one lock, to a new file or folder that is then renamed into place.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel

from coproarchive.errors import (
    ArchiveError,
    ConflictError,
    IngestError,
    LockedError,
    NotFoundError,
    SidecarError,
)
from coproarchive.model import ID_PATTERN, Asset, AssetRole, Item, Person, Seminar, Series, Topic
from coproarchive.store import sidecar
from coproarchive.store.cache import ParsedCache
from coproarchive.store.files import (
    Entry,
    Stamp,
    copy_hashed,
    hash_file,
    media_type_of,
    open_plain,
    safe_name,
    slugify,
    stamp_of,
    sync_folder,
    walk,
    write_durably,
)
from coproarchive.store.yaml import Document, Plain, render, revise

__all__ = ["Store", "hash_file", "media_type_of", "role_of", "safe_name", "slugify", "walk"]

LOCK_SECONDS = 30.0
SERIES, PEOPLE, TOPICS = "archive.yaml", "people.yaml", "topics.yaml"
SEMINAR, ITEM = "seminar.yaml", "item.yaml"

Noun = TypeVar("Noun", bound=BaseModel)

_ROLES: dict[str, AssetRole] = {
    "text/vtt": AssetRole.CAPTIONS,
    "application/x-subrip": AssetRole.CAPTIONS,
    "text/markdown": AssetRole.POST,
    "text/html": AssetRole.POST,
    "text/plain": AssetRole.POST,
    "application/pdf": AssetRole.SLIDES,
}


def role_of(media_type: str) -> AssetRole:
    """What a file of this media type usually is to its item."""
    if media_type in _ROLES:
        return _ROLES[media_type]
    if "presentation" in media_type or "powerpoint" in media_type or "keynote" in media_type:
        return AssetRole.SLIDES
    if "word" in media_type or media_type.endswith((".text", "/rtf")):
        return AssetRole.HANDOUT
    if media_type.startswith(("video/", "audio/")):
        return AssetRole.RECORDING
    return AssetRole.PICTURE if media_type.startswith("image/") else AssetRole.OTHER


class Store:
    """Reads and writes one archive.

    Args:
        root: the folder that holds archive.yaml.
        cache: a file outside the archive in which parsed sidecars are kept; it can be deleted.

    Raises:
        NotFoundError: the folder holds no archive.yaml.
    """

    def __init__(self, root: Path, cache: Path | None = None):
        self.root = Path(root).absolute()
        if not (self.root / SERIES).is_file():
            raise NotFoundError(
                "there is no archive here (no archive.yaml).",
                root,
                "To begin one: coproarchive init",
            )
        self._cache = ParsedCache(cache)
        # Items as read before, so that looking again at a large archive reads what changed only.
        self._items: dict[str, tuple[Stamp, str | None, Item]] = {}

    @classmethod
    def create(cls, root: Path, series: Series) -> Store:
        """Begin an archive.

        Raises:
            ArchiveError: there is one already.
        """
        root.mkdir(parents=True, exist_ok=True)
        if (root / SERIES).exists():
            raise ArchiveError("there is an archive here already.", root)
        write_durably(root / SERIES, render(sidecar.plain(series)).encode())
        return cls(root)

    # ------------------------------------------------------------- reading

    def read_series(self) -> Series:
        """archive.yaml. Raises SidecarError."""
        return sidecar.build(Series, self._document(SERIES), SERIES)

    def read_people(self) -> tuple[dict[str, Person], list[str]]:
        """people.yaml by id, and the mistakes in entries left out. Raises SidecarError."""
        return self._table(Person, PEOPLE)

    def read_topics(self) -> tuple[dict[str, Topic], list[str]]:
        """topics.yaml by id, and the mistakes in entries left out. Raises SidecarError."""
        return self._table(Topic, TOPICS)

    def read_seminar(self, seminar_id: str) -> Seminar:
        """One seminar. Raises SidecarError, NotFoundError."""
        path = f"{_checked(seminar_id)}/{SEMINAR}"
        return sidecar.build(Seminar, self._document(path), path, id=seminar_id)

    def read_item(self, item_id: str) -> Item:
        """One item. Raises SidecarError, NotFoundError."""
        path = f"{_checked(item_id)}/{ITEM}"
        seminar, stamp = self.seminar_of(item_id), stamp_of(self.root / path)
        known = self._items.get(item_id)
        if known is not None and stamp is not None and known[:2] == (stamp, seminar):
            return known[2]
        item = sidecar.build(Item, self._document(path), path, id=item_id, seminar=seminar)
        if stamp is not None:
            self._items[item_id] = (stamp, seminar, item)
        return item

    def seminar_of(self, item_id: str) -> str | None:
        """The seminar in whose folder the item lies."""
        folder = item_id.rpartition("/")[0]
        return folder if folder and (self.root / folder / SEMINAR).is_file() else None

    def seminar_ids(self) -> list[str]:
        """Folders with a seminar.yaml, sorted."""
        return sorted(e for e in self._folders("") if (self.root / e / SEMINAR).is_file())

    def item_ids(self) -> list[str]:
        """Folders with an item.yaml, at the top and inside another, sorted."""
        found = []
        for folder in self._folders(""):
            if (self.root / folder / ITEM).is_file():
                found.append(folder)
                continue
            below = self._folders(f"{folder}/")
            found += [path for path in below if (self.root / path / ITEM).is_file()]
        return sorted(found)

    def walk(self) -> Iterator[Entry]:
        """Everything in the archive's folder; no link is followed."""
        return walk(self.root)

    def asset_path(self, item_id: str, name: str) -> Path:
        """Where an item's file is.

        Raises:
            NotFoundError: it is not there, or is a link or another thing than a file.
        """
        folder = self.root / _checked(item_id)
        path = folder / name
        if "/" in name or "\\" in name or name.startswith("."):
            raise NotFoundError("this is no file of the item.", f"{item_id}/{name}")
        inside = not folder.is_symlink() and not folder.parent.is_symlink()
        if not inside or path.is_symlink() or not path.is_file():
            raise NotFoundError("the file is not there.", f"{item_id}/{name}")
        return path

    def digest(self, path: str) -> str:
        """sha256 of a sidecar's bytes, "" where there is none; path as in `Problem.path`."""
        try:
            return hashlib.sha256(self._read(path)).hexdigest()
        except NotFoundError:
            return ""

    def stamp(self) -> tuple[int, int, int]:
        """A cheap sign of change: newest change and number of sidecars and their folders.

        Counts, in nanoseconds, the latest mtime of any sidecar or folder that may hold one.
        """
        newest = entries = size = 0
        for folder in [
            "",
            *self._folders(""),
            *(p for f in self._folders("") for p in self._folders(f + "/")),
        ]:
            for path in (
                self.root / folder,
                *((self.root / folder / n) for n in _sidecars_in(folder)),
            ):
                with contextlib.suppress(OSError):
                    state = path.lstat()
                    newest = max(newest, state.st_mtime_ns)
                    entries += 1
                    size += state.st_size if path.suffix == ".yaml" else 0
        return newest, entries, size

    def save_cache(self) -> None:
        """Keep what was parsed, for the next process."""
        self._cache.save()

    # ------------------------------------------------------------- writing

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer. Re-entrant in one thread of one Store.

        Raises:
            LockedError: another process has been writing for LOCK_SECONDS.
        """
        lock = self.__dict__.setdefault(
            "_file_lock", FileLock(self.root / ".lock", timeout=LOCK_SECONDS, mode=0o644)
        )
        try:
            lock.acquire()
        except Timeout:
            raise LockedError(
                "another process is writing to the archive.",
                self.root,
                "Wait for it, then try again.",
            ) from None
        except OSError as error:
            raise ArchiveError(f"cannot write here: {error.strerror}.", self.root) from None
        try:
            yield
        finally:
            lock.release()

    def save_series(self, series: Series, *, expected_digest: str | None = None) -> None:
        """Write archive.yaml; see save_item."""
        self._save(SERIES, sidecar.plain(series), expected_digest)

    def save_seminar(self, seminar: Seminar, *, expected_digest: str | None = None) -> None:
        """Write <seminar>/seminar.yaml, making its folder; see save_item."""
        content = sidecar.plain(seminar, without=("id",))
        self._save(f"{_checked(seminar.id)}/{SEMINAR}", content, expected_digest)

    def save_item(self, item: Item, *, expected_digest: str | None = None) -> None:
        """Write an existing item's sidecar; comments and the order of keys are kept.

        Args:
            item: the record as it shall be.
            expected_digest: `digest()` of the sidecar when it was read; None to write regardless.

        Raises:
            ConflictError: the file is not the one that was read.
            LockedError: another process is writing.
        """
        content = sidecar.plain(item, without=("id", "seminar"))
        self._save(f"{_checked(item.id)}/{ITEM}", content, expected_digest)

    def save_person(self, person: Person) -> None:
        """Write one entry of people.yaml, making the file where there is none."""
        self.save_people([person])

    def save_topic(self, topic: Topic) -> None:
        """Write one entry of topics.yaml, making the file where there is none."""
        self.save_topics([topic])

    def save_people(self, people: Iterable[Person]) -> None:
        """Write many entries of people.yaml at once; see save_person."""
        self._save_entries(PEOPLE, {p.id: sidecar.plain(p, without=("id",)) for p in people})

    def save_topics(self, topics: Iterable[Topic]) -> None:
        """Write many entries of topics.yaml at once; see save_topic."""
        self._save_entries(TOPICS, {t.id: sidecar.plain(t, without=("id",)) for t in topics})

    def add_item(self, item: Item, files: Mapping[str, Path]) -> Item:
        """Put a new item into the archive with copies of its files: all of it or nothing.

        Args:
            item: the record; its assets are made from the files where it names none.
            files: name inside the item's folder -> file to copy.

        Returns:
            The item as written, with its assets.

        Raises:
            IngestError: the id is taken, or a file cannot be read or copied.
        """
        folder = self.root / _checked(item.id)
        with self.lock():
            self.sweep()
            if folder.exists():
                raise IngestError("there is an item of this name already.", item.id)
            staging = self._staging()
            try:
                item = item.model_copy(update={"assets": self._stage(item.assets, files, staging)})
                content = sidecar.plain(item, without=("id", "seminar"))
                write_durably(staging / ITEM, render(content).encode())
                folder.parent.mkdir(exist_ok=True)
                os.rename(staging, folder)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            sync_folder(folder.parent)
        return item

    def add_files(self, item_id: str, files: Mapping[str, Path]) -> Item:
        """Add files to an item; the sidecar names them only once they are safely there.

        Raises:
            IngestError: a name is taken, or a file cannot be read or copied.
        """
        with self.lock():
            item = self.read_item(item_id)
            folder = self.root / item_id
            for name in files:
                if (folder / name).exists():
                    raise IngestError(
                        "the item has a file of this name already.", f"{item_id}/{name}"
                    )
            staging = self._staging()
            try:
                assets = self._stage((), files, staging)
                for name in files:
                    os.rename(staging / name, folder / name)
                sync_folder(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
            item = item.model_copy(update={"assets": item.assets + assets})
            self.save_item(item)
        return item

    def replace_file(self, item_id: str, name: str, data: bytes) -> Item:
        """Write a file's new content and its new size and sha256 in the sidecar."""
        with self.lock():
            item = self.read_item(item_id)
            path = self.asset_path(item_id, name)
            write_durably(path, data)
            fresh = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            assets = tuple(a.model_copy(update=fresh) if a.path == name else a for a in item.assets)
            item = item.model_copy(update={"assets": assets})
            self.save_item(item)
        return item

    def sweep(self) -> list[str]:
        """Remove what a killed process left in .staging; call it under the lock."""
        swept = []
        folder = self.root / ".staging"
        if folder.is_dir() and not folder.is_symlink():
            for name in sorted(os.listdir(folder)):
                shutil.rmtree(folder / name, ignore_errors=True)
                swept.append(name)
        return swept

    def free_id(self, wanted: str, seminar_id: str | None = None) -> str:
        """The id for a slug, inside the seminar if one is named; numbered where it is taken."""
        prefix = f"{seminar_id}/" if seminar_id else ""
        candidate, number = f"{prefix}{wanted}", 1
        while (self.root / candidate).exists():
            number += 1
            candidate = f"{prefix}{wanted}-{number}"
        return candidate

    def read_state(self, name: str) -> object:
        """What an importer kept under .state/, or None."""
        path = self.root / ".state" / f"{slugify(name)}.json"
        try:
            return json.loads(path.read_bytes()) if path.is_file() else None
        except ValueError:
            raise ArchiveError(
                "this file is damaged.", path, "Move it away and import again."
            ) from None

    def write_state(self, name: str, value: object) -> None:
        """Keep an importer's state under .state/; value is what JSON can hold."""
        with self.lock():
            folder = self.root / ".state"
            folder.mkdir(exist_ok=True)
            data = json.dumps(value, ensure_ascii=False, indent=1).encode()
            write_durably(folder / f"{slugify(name)}.json", data)

    # ------------------------------------------------------------- parts

    def _folders(self, prefix: str) -> list[str]:
        """Folders directly below, without hidden names and links."""
        try:
            with os.scandir(self.root / prefix) as entries:
                return sorted(
                    prefix + entry.name
                    for entry in entries
                    if not entry.name.startswith(".")
                    and entry.is_dir(follow_symlinks=False)
                    and re.match(ID_PATTERN, entry.name)
                )
        except OSError:
            return []

    def _read(self, path: str) -> bytes:
        try:
            with open_plain(self.root / path) as file:
                return file.read(sidecar.MAX_TABLE_BYTES + 1)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                raise NotFoundError("there is no such record.", path) from None
            if error.errno == errno.ELOOP:
                raise SidecarError("this is a link; links are not followed.", path) from None
            raise SidecarError(f"cannot be read: {error.strerror}.", path) from None

    def _document(self, path: str, limit: int = sidecar.MAX_BYTES) -> Document:
        data = self._read(path)
        return self._cache.get(data, lambda: sidecar.read_document(data, path, limit))

    def _table(self, noun: type[Noun], path: str) -> tuple[dict[str, Noun], list[str]]:
        if not os.path.lexists(self.root / path):
            return {}, []
        return sidecar.build_table(noun, self._document(path, sidecar.MAX_TABLE_BYTES), path)

    def _save(self, path: str, content: dict[str, Plain], expected: str | None) -> None:
        with self.lock():
            found = self.digest(path)
            if expected is not None and found != expected:
                raise ConflictError(
                    "this record was changed by somebody else; nothing was written.",
                    path,
                    "Read it again and make your change once more.",
                )
            target = self.root / path
            old = self._read(path).decode("utf-8-sig") if found else None
            new = render(content) if old is None else revise(old, content)
            if new != old:
                target.parent.mkdir(exist_ok=True)
                write_durably(target, new.encode())

    def _save_entries(self, path: str, entries: Mapping[str, dict[str, Plain]]) -> None:
        if entries:
            self._change_table(path, lambda table: table | dict(entries))

    def _change_table(
        self, path: str, change: Callable[[dict[str, Plain]], dict[str, Plain]]
    ) -> None:
        with self.lock():
            exists = os.path.lexists(self.root / path)
            old = self._document(path, sidecar.MAX_TABLE_BYTES).content if exists else None
            if old is not None and not isinstance(old, dict):
                raise SidecarError("this file lists records by id.", path)
            self._save(path, change(old or {}), None)

    def _staging(self) -> Path:
        staging = self.root / ".staging" / f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        staging.mkdir(parents=True)
        return staging

    def _stage(
        self, assets: tuple[Asset, ...], files: Mapping[str, Path], staging: Path
    ) -> tuple[Asset, ...]:
        """Copy the files and say of each what it is; what the record said of them is kept."""
        known = {asset.path: asset for asset in assets}
        staged = []
        for name, source in files.items():
            try:
                size, sha256 = copy_hashed(source, staging / name)
            except OSError as error:
                raise IngestError(f"cannot be copied: {error.strerror}.", source) from None
            media_type = media_type_of(name)
            fresh = {"size": size, "sha256": sha256}
            base = known.get(name) or Asset(
                path=name, role=role_of(media_type), media_type=media_type, size=size, sha256=sha256
            )
            staged.append(base.model_copy(update=fresh))
        return tuple(staged)


def _checked(record_id: str) -> str:
    """The id, if it can be the path of a record.

    Raises:
        NotFoundError: it cannot, so there is no such record.
    """
    parts = record_id.split("/")
    if len(parts) > 2 or not all(re.match(ID_PATTERN, part) for part in parts):
        raise NotFoundError("there is no such record.", record_id)
    return record_id


def _sidecars_in(folder: str) -> tuple[str, ...]:
    return (SEMINAR, ITEM) if folder else (SERIES, PEOPLE, TOPICS)
