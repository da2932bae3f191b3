"""The archive's folder: the only room that reads and writes archive/.

Names that start with a dot are the store's own (.lock, .revision, .staging, .state, .history,
.kept, .drafts), never archive content.
Every write happens under one lock, to a new file or folder that is then renamed into place, and is
told in the history first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from coproarchive.errors import (
    ArchiveError,
    ConflictError,
    FileSystemError,
    IngestError,
    SidecarError,
)
from coproarchive.locking import LOCK_SECONDS, acquire
from coproarchive.model import Asset, AssetRole, Item, Person, Seminar, Series, Topic
from coproarchive.store import sidecar
from coproarchive.store.changes import Activity, Change
from coproarchive.store.files import (
    copy_hashed,
    folded_name,
    hash_file,
    is_used,
    media_type_of,
    media_type_of_file,
    name_by_kind,
    safe_name,
    slugify,
    sync_folder,
    unique,
    unique_file_name,
    walk,
    write_durably,
)
from coproarchive.store.kept import set_assets, settle_files
from coproarchive.store.reader import (
    FORMAT,
    ITEM,
    LOCK,
    PEOPLE,
    REVISION,
    SEMINAR,
    SERIES,
    SITE_TEXTS,
    STAGING,
    TOPICS,
    ArchiveReader,
    checked_id,
)
from coproarchive.store.recorder import Recorder
from coproarchive.strict_yaml import Plain, YamlDocument, YamlPath, append, parse, render, revise

__all__ = [
    "SITE_TEXTS", "Store", "folded_name", "hash_file", "media_type_of", "media_type_of_file",
    "name_by_kind", "role_of", "safe_name", "slugify", "unique", "unique_file_name", "walk",
]  # fmt: skip

_ROLES: dict[str, AssetRole] = {
    "text/vtt": AssetRole.CAPTIONS,
    "application/x-subrip": AssetRole.CAPTIONS,
    "text/markdown": AssetRole.POST,
    "text/html": AssetRole.POST,
    "application/xhtml+xml": AssetRole.POST,
    "text/plain": AssetRole.POST,
    "text/x-quarto": AssetRole.POST,
    "text/x-r-markdown": AssetRole.POST,
    "text/org": AssetRole.POST,
    "text/x-rst": AssetRole.POST,
    "text/asciidoc": AssetRole.POST,
    "text/x-go-present": AssetRole.SLIDES,
    "text/x-tex": AssetRole.HANDOUT,
    "application/x-ipynb+json": AssetRole.HANDOUT,
    "application/pdf": AssetRole.SLIDES,
}


def role_of(media_type: str) -> AssetRole:
    """Return what a file of this media type usually is to its item."""
    if media_type in _ROLES:
        return _ROLES[media_type]
    if "presentation" in media_type or "powerpoint" in media_type or "keynote" in media_type:
        return AssetRole.SLIDES
    if "word" in media_type or media_type.endswith((".text", "/rtf")):
        return AssetRole.HANDOUT
    if media_type.startswith(("video/", "audio/")):
        return AssetRole.RECORDING
    return AssetRole.PICTURE if media_type.startswith("image/") else AssetRole.OTHER


class Store(ArchiveReader):
    """Reads and writes one archive.

    Args:
        root: the folder that holds archive.yaml.
        cache: a file outside the archive in which parsed sidecars are kept; it can be deleted.

    Raises:
        NotFoundError: the folder holds no archive.yaml.
    """

    @classmethod
    def create(cls, root: Path, series: Series) -> Store:
        """Begin an archive.

        Raises:
            ArchiveError: there is one already.
            FileSystemError: the folder cannot be written to.
        """
        if (root / SERIES).exists():
            raise ArchiveError("there is an archive here already.", root)
        try:
            root.mkdir(parents=True, exist_ok=True)
            series = series.model_copy(update={"format": FORMAT})
            content = render(sidecar.plain(series)).encode()
            # What a killed run left; nobody else writes where there is no archive yet.
            shutil.rmtree(root / STAGING, ignore_errors=True)
            write_durably(root / SERIES, content, root / STAGING)
        except OSError as error:
            raise FileSystemError(error, root) from error
        return cls(root)

    def __init__(self, root: Path, cache: Path | None = None):
        super().__init__(root, cache)
        self._left = threading.local()
        self.recorder = Recorder(self, cache and cache.with_name("history.json"))

    # ------------------------------------------------------------- writing

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the archive's lock, as its only writer. Re-entrant in one thread of one Store.

        Its release shows in `revision`, so that every process that reads the archive knows at once
        that records may have changed.

        Raises:
            LockedError: another program has been writing for LOCK_SECONDS.
            NewerFormatError: a newer version made the archive.
            FileSystemError: the archive cannot be written to.
        """
        from filelock import FileLock  # here, as it imports asyncio

        lock = self.__dict__.setdefault("_file_lock", FileLock(self.root / LOCK, mode=0o644))
        if not lock.lock_counter:
            self.refuse_newer()
        try:
            acquire(lock, self.root, LOCK_SECONDS)
        except OSError as error:
            raise FileSystemError(error, self.root) from error
        try:
            if lock.lock_counter == 1:
                self.sweep()
                self._settle_files(self.recorder.settle())
            yield
        except OSError as error:
            raise FileSystemError(error, error.filename or self.root) from error
        finally:
            if lock.lock_counter == 1:
                self._settle_files(self.recorder.close())
                with contextlib.suppress(OSError):
                    self.sweep()  # what could not be removed a moment ago
                self._new_revision()
            lock.release()

    @contextlib.contextmanager
    def activity(self, activity: Activity, *, is_dry: bool = False) -> Iterator[None]:
        """Hold the lock while something is done that the history tells as one batch.

        Edits made by hand before are told first, unless nothing is to be written (`is_dry`). Inside
        another activity, it is part of that one.

        Raises:
            LockedError, NewerFormatError, FileSystemError: as `lock`.
        """
        with self.lock():
            if self.recorder.activity is not None:
                yield
                return
            if not activity.batch and not is_dry:
                self.recorder.notice()
            self.recorder.activity = activity
            try:
                yield
            finally:
                self.recorder.activity = None
                self._settle_files(self.recorder.close())

    def _settle_files(self, changes: Iterable[tuple[Change, bool]]) -> None:
        """Make files follow the records of a batch that was not ended as it should be."""
        for change, is_done in changes:
            with contextlib.suppress(ArchiveError, OSError):
                settle_files(self, change, is_done)

    def _new_revision(self) -> None:
        """Make `revision` another one; on a full disk too, as no byte is added to the file."""
        self._left.revision = uuid.uuid4().hex
        path = self.root / REVISION
        with contextlib.suppress(OSError), open(path, "r+b" if path.exists() else "wb") as file:
            file.write(self._left.revision.encode())

    def is_unchanged(self) -> bool:
        """Tell, under the lock, whether nobody wrote since this thread let go of it last."""
        return self.revision() == getattr(self._left, "revision", None)

    def places_by_sha256(self) -> dict[str, str]:
        """Return sha256 -> item and name of every file that a record names; broken ones left out.

        A record that was read before is read again only if it changed.
        """
        places: dict[str, str] = {}
        for item_id in self.item_ids():
            with contextlib.suppress(ArchiveError):
                for asset in self.read_item(item_id).assets:
                    places.setdefault(asset.sha256, f"{item_id}/{asset.path}")
        return places

    @property
    def _scratch(self) -> Path:
        """Folder for files half-way into place."""
        return self.root / STAGING

    def save_series(self, series: Series, *, expected_digest: str | None = None) -> None:
        """Write archive.yaml; see save_item."""
        self.save_content(SERIES, sidecar.plain(series), expected_digest)

    def save_seminar(self, seminar: Seminar, *, expected_digest: str | None = None) -> None:
        """Write <seminar>/seminar.yaml, making its folder; see save_item."""
        path = f"{checked_id(seminar.id)}/{SEMINAR}"
        with self.lock():
            if (self.root / seminar.id / ITEM).exists():
                raise ArchiveError("there is an item of this name.", seminar.id, "Choose another.")
            self.save_content(path, sidecar.plain(seminar, without=("id",)), expected_digest)

    def save_item(
        self,
        item: Item,
        *,
        expected_digest: str | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """Write an existing item's sidecar; comments and the order of keys are kept.

        Args:
            item: the record as it shall be.
            expected_digest: `digest()` of the sidecar when it was read; None to write regardless.
            meanwhile: done after the history tells of the change, and before it is made.

        Raises:
            ConflictError: the file is not the one that was read.
            LockedError: another process is writing.
        """
        content = sidecar.plain(item, without=("id", "seminar"))
        self.save_content(f"{checked_id(item.id)}/{ITEM}", content, expected_digest, meanwhile)

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
        folder = self.root / checked_id(item.id)
        with self.lock():
            if is_used(folder):
                raise IngestError("there is an item of this name already.", item.id)
            staging = self.staging()
            try:
                item = item.model_copy(update={"assets": self._stage(item.assets, files, staging)})
                content = sidecar.plain(item, without=("id", "seminar"))
                data = render(content).encode()
                write_durably(staging / ITEM, data)
                folder.parent.mkdir(exist_ok=True)
                with self.recorder.recording(f"{item.id}/{ITEM}", None, content, "", _sha(data)):
                    os.rename(staging, folder)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
            sync_folder(folder.parent)
        return item

    def add_files(self, item_id: str, files: Mapping[str, Path]) -> Item:
        """Add files to an item; the sidecar names them only once they are safely there.

        What a run left that was killed before it wrote the sidecar is taken for its own: a file of
        this name that no record names, with these very bytes.

        Raises:
            IngestError: a name is taken, or a file cannot be read or copied.
        """
        with self.lock():
            item = self.read_item(item_id)
            folder = self.root / item_id
            listed = {asset.path for asset in item.assets}
            for name, source in files.items():
                if (folder / name).exists() and (
                    name in listed or hash_file(folder / name) != hash_file(source)
                ):
                    raise IngestError(
                        "the item has a file of this name already.", f"{item_id}/{name}"
                    )
            staging = self.staging()
            try:
                assets = self._stage((), files, staging)
                for name in files:
                    os.replace(staging / name, folder / name)
                sync_folder(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
            item = item.model_copy(update={"assets": item.assets + assets})
            self.save_item(item)
        return item

    def replace_file(self, item_id: str, name: str, data: bytes) -> Item:
        """Write a file's new content and its new size and sha256 in the sidecar; keep the old."""
        with self.lock(), self.staged() as staging:
            write_durably(staging / "new", data)
            fresh = {"size": len(data), "sha256": _sha(data)}
            assets = self.read_item(item_id).assets
            assets = tuple(a.model_copy(update=fresh) if a.path == name else a for a in assets)
            return set_assets(self, item_id, assets, {name: staging / "new"})

    def sweep(self) -> list[str]:
        """Remove what is left in .staging, by a killed process too; call it under the lock."""
        swept = []
        folder = self._scratch
        if folder.is_dir() and not folder.is_symlink():
            for name in sorted(os.listdir(folder)):
                stray = folder / name
                if stray.is_dir() and not stray.is_symlink():
                    shutil.rmtree(stray, ignore_errors=True)
                else:
                    stray.unlink(missing_ok=True)
                swept.append(name)
        return swept

    def free_id(self, slug: str, seminar_id: str | None = None) -> str:
        """Return the id for a slug, in the seminar if one is named; numbered where it is taken."""
        path = f"{seminar_id}/{slug}" if seminar_id else slug
        return unique(path, lambda candidate: is_used(self.root / candidate))

    def write_state(self, name: str, value: object) -> None:
        """Keep an importer's state under .state/; value is what JSON can hold."""
        with self.lock():
            path = self._state_path(name)
            path.parent.mkdir(exist_ok=True)
            data = json.dumps(value, ensure_ascii=False, indent=1).encode()
            write_durably(path, data, self._scratch)

    def save_content(
        self,
        path: str,
        content: dict[str, Plain],
        expected_digest: str | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """Write what a record's file says; nobody looks whether it is right. See save_item."""
        with self.lock():
            current = self.digest(path)
            if expected_digest is not None and current != expected_digest:
                raise ConflictError(
                    "this record was changed by somebody else; nothing was written.",
                    path,
                    "Read it again and make your change once more.",
                )
            target = self.root / path
            before = self.content(path) if current else None
            old = self._read(path).decode("utf-8-sig") if current else ""
            new, document = revise(old, content, before)
            if new == old:
                return
            data = new.encode()
            target.parent.mkdir(exist_ok=True)
            with self.recorder.recording(path, before, content, current, _sha(data)):
                if meanwhile is not None:
                    meanwhile()
                write_durably(target, data, self._scratch)
            self._cache.put(data, document)  # who reads it next need not parse it

    def _save_entries(self, path: str, entries: Mapping[str, dict[str, Plain]]) -> None:
        if not entries:
            return
        with self.lock():
            exists = os.path.lexists(self.root / path)
            document = self._document(path, sidecar.MAX_TABLE_BYTES) if exists else YamlDocument()
            old = document.content
            if old is not None and not isinstance(old, dict):
                raise SidecarError("this file lists records by id.", path)
            table = (old or {}) | dict(entries)
            new = None
            if old and not old.keys() & entries.keys():
                new = append(self._read(path).decode("utf-8-sig"), dict(entries))
            if new is None:
                self.save_content(path, table, None)
                return
            data = new.encode()
            with self.recorder.recording(path, old, table, self.digest(path), _sha(data)):
                write_durably(self.root / path, data, self._scratch)
            self._cache.put(data, YamlDocument(table, _grown(document.lines, new, entries)))

    @contextlib.contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a folder for files half-way into place, for as long as it takes."""
        staging = self.staging()
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def staging(self) -> Path:
        """Make a folder for files half-way into place; swept by the next writer if it stays."""
        staging = self._scratch / f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        staging.mkdir(parents=True)
        return staging

    def _stage(
        self, assets: tuple[Asset, ...], files: Mapping[str, Path], staging: Path
    ) -> tuple[Asset, ...]:
        """Copy the files and say of each what it is; what the record said of them is kept."""
        described = {asset.path: asset for asset in assets}
        staged = []
        for name, source in files.items():
            try:
                size, sha256 = copy_hashed(source, staging / name)
            except OSError as error:
                if error.filename != str(source):  # it is the archive's disk
                    raise
                raise IngestError(f"cannot be read: {error.strerror}.", source) from None
            media_type = media_type_of_file(staging / name)
            fresh = {"size": size, "sha256": sha256}
            base = described.get(name) or Asset(
                path=name, role=role_of(media_type), media_type=media_type, size=size, sha256=sha256
            )
            staged.append(base.model_copy(update=fresh))
        return tuple(staged)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _grown(
    lines: dict[YamlPath, int], text: str, entries: Mapping[str, dict[str, Plain]]
) -> dict[YamlPath, int]:
    """Number the lines of a table to whose end entries were appended."""
    added = parse(render(dict(entries))).lines
    before = text.count("\n") - render(dict(entries)).count("\n")
    return lines | {place: line + before for place, line in added.items() if place}
