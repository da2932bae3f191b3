"""Reading an archive's folder: records, and where files are. Changes nothing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from coproarchive.errors import ArchiveError, NewerFormatError, NotFoundError, SidecarError
from coproarchive.model import ID_PATTERN, Item, Person, Seminar, Series, Snooze, Topic
from coproarchive.store import sidecar
from coproarchive.store.cache import ParsedCache
from coproarchive.store.files import FolderEntry, Stamp, open_plain, stamp_of, walk
from coproarchive.store.sidecar import RecordT
from coproarchive.strict_yaml import Plain, YamlDocument

SERIES, PEOPLE, TOPICS = "archive.yaml", "people.yaml", "topics.yaml"
PROBLEMS = "problems.yaml"
"""Problems that are left for now, by key; see model.Snooze."""
TABLES = (PEOPLE, TOPICS, PROBLEMS)
"""Records that hold many entries by id."""
SITE_TEXTS = ("about.md", "accessibility.md", "privacy.md", "contact.md")
"""Beside archive.yaml: the archive's own texts of the pages of these names; see web/site_pages."""
SEMINAR, ITEM = "seminar.yaml", "item.yaml"
LOCK = ".lock"
FORMAT = 2
"""Version of the records' format that this version of coproarchive writes; see store/upgrade.py."""
REVISION = ".revision"
STAGING = ".staging"
DRAFTS = ".drafts"
"""Files that wait to be added, which are not of the archive yet; see desk/drafts."""


class ArchiveReader:
    """Reads one archive; see Store.

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

    def read_series(self) -> Series:
        """Read archive.yaml. Raises SidecarError, NewerFormatError."""
        document = self._document(SERIES)
        _refuse_newer(document, self.root)
        return sidecar.build(Series, document, SERIES)

    def refuse_newer(self) -> None:
        """Refuse to go on where a newer version of coproarchive made the archive.

        Raises:
            NewerFormatError: it did; nothing may be read or written.
        """
        with contextlib.suppress(SidecarError):  # another mistake is told by who reads it
            _refuse_newer(self._document(SERIES), self.root)

    def read_people(self) -> tuple[dict[str, Person], list[str]]:
        """Read people.yaml by id, and the mistakes in entries left out. Raises SidecarError."""
        return self._table(Person, PEOPLE)

    def read_topics(self) -> tuple[dict[str, Topic], list[str]]:
        """Read topics.yaml by id, and the mistakes in entries left out. Raises SidecarError."""
        return self._table(Topic, TOPICS)

    def read_snoozes(self) -> tuple[dict[str, Snooze], list[str]]:
        """Read problems.yaml by key, and the mistakes in entries left out. Raises SidecarError."""
        return self._table(Snooze, PROBLEMS)

    def read_seminar(self, seminar_id: str) -> Seminar:
        """Read one seminar. Raises SidecarError, NotFoundError."""
        path = f"{checked_id(seminar_id)}/{SEMINAR}"
        return sidecar.build(Seminar, self._document(path), path, id=seminar_id)

    def read_item(self, item_id: str) -> Item:
        """Read one item. Raises SidecarError, NotFoundError."""
        path = f"{checked_id(item_id)}/{ITEM}"
        seminar, stamp = self.seminar_of(item_id), stamp_of(f"{self.root}/{path}")
        cached = self._items.get(item_id)
        if cached is not None and stamp is not None and cached[:2] == (stamp, seminar):
            return cached[2]
        item = sidecar.build(Item, self._document(path), path, id=item_id, seminar=seminar)
        if stamp is not None:
            self._items[item_id] = (stamp, seminar, item)
        return item

    def seminar_of(self, item_id: str) -> str | None:
        """Return the seminar in whose folder the item lies."""
        folder = item_id.rpartition("/")[0]
        return folder if folder and self._has(folder, SEMINAR) else None

    def seminar_ids(self) -> list[str]:
        """List folders with a seminar.yaml, sorted."""
        return sorted(folder for folder in self._folders("") if self._has(folder, SEMINAR))

    def item_ids(self) -> list[str]:
        """List folders with an item.yaml, at the top and inside another, sorted."""
        ids = []
        for folder in self._folders(""):
            if self._has(folder, ITEM):
                ids.append(folder)
                continue
            ids += [path for path in self._folders(f"{folder}/") if self._has(path, ITEM)]
        return sorted(ids)

    def _has(self, folder: str, name: str) -> bool:
        """Tell whether a folder has a file; asked ten thousand times, so without a Path."""
        return os.path.isfile(f"{self.root}/{folder}/{name}")

    def record_paths(self) -> Iterator[str]:
        """Yield the path of every record's file that is there, relative to the archive."""
        yield from (name for name in (SERIES, *TABLES) if (self.root / name).is_file())
        yield from (f"{seminar_id}/{SEMINAR}" for seminar_id in self.seminar_ids())
        yield from (f"{item_id}/{ITEM}" for item_id in self.item_ids())

    def content(self, path: str) -> Plain:
        """Return what a record's file says, whether its fields are right or not.

        Raises:
            SidecarError: it is not the YAML accepted here.
            NotFoundError: it is not there.
        """
        limit = sidecar.MAX_TABLE_BYTES if path in TABLES else sidecar.MAX_BYTES
        return self._document(path, limit).content

    def walk(self) -> Iterator[FolderEntry]:
        """Yield everything in the archive's folder; no link is followed."""
        return walk(self.root)

    def asset_path(self, item_id: str, name: str) -> Path:
        """Return where an item's file is.

        A name may be composed otherwise on the disk than in the record (NFC, NFD): disks of macOS
        change that, and so do tools that copy from them.

        Raises:
            NotFoundError: it is not there, or is a link or another thing than a file.
        """
        folder = self.root / checked_id(item_id)
        path = folder / name
        if "/" in name or "\\" in name or name.startswith("."):
            raise NotFoundError("this is no file of the item.", f"{item_id}/{name}")
        inside = not folder.is_symlink() and not folder.parent.is_symlink()
        if inside and not os.path.lexists(path):
            forms = (folder / unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
            path = next((form for form in forms if os.path.lexists(form)), path)
        if not inside or path.is_symlink() or not path.is_file():
            raise NotFoundError("the file is not there.", f"{item_id}/{name}")
        return path

    def digest(self, path: str) -> str:
        """Return sha256 of a sidecar's bytes, "" where there is none; path as in `Problem.path`."""
        try:
            return hashlib.sha256(self._read(path)).hexdigest()
        except NotFoundError:
            return ""

    def revision(self) -> str:
        """Return another text after each write through the store, by whichever process.

        Costs microseconds, so it can be asked at every request; see `stamp` for what others change.
        It is what a file says, not a file's time: some file systems count two seconds at a time.
        """
        try:
            with open(self.root / REVISION, encoding="ascii", errors="replace") as file:
                return file.read(64)
        except OSError:
            return ""

    def stamp(self) -> str:
        """Return a digest of what cannot stay equal by accident when a record changes.

        Of every sidecar and every folder that may hold one: path, size in bytes, times of change
        (mtime and ctime in nanoseconds) and inode. An mtime can be set, by `cp -p`, rsync or a
        restored backup; a ctime cannot.
        """
        seminars = self._folders("")
        folders = ["", *seminars, *(p for f in seminars for p in self._folders(f + "/"))]
        digest = hashlib.sha256()
        for folder in folders:
            for path in (folder, *(f"{folder}/{name}" for name in _sidecars_in(folder))):
                with contextlib.suppress(OSError):
                    s = os.lstat(f"{self.root}/{path}")
                    digest.update(
                        f"{path} {s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}\n".encode()
                    )
        return digest.hexdigest()

    def read_state(self, name: str) -> object:
        """Read what an importer saved under .state/, None where there is nothing."""
        path = self._state_path(name)
        try:
            return json.loads(path.read_bytes()) if path.is_file() else None
        except ValueError:
            raise ArchiveError(
                "this file is damaged.", path, "Move it away and import again."
            ) from None

    def state_names(self, prefix: str) -> list[str]:
        """List names of what is saved under .state/ that begin so, in their order."""
        folder = self.root / ".state"
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return []
        return [
            n.removesuffix(".json") for n in names if n.startswith(prefix) and n.endswith(".json")
        ]

    def _state_path(self, name: str) -> Path:
        # Not `slugify`: an upgrade that transliterates otherwise must still find its state.
        ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")
        return self.root / ".state" / f"{slug}.json"

    def clear_cache(self) -> None:
        """Remove what was parsed: records that are not there any more are in it, too."""
        self._cache.clear()

    def save_cache(self) -> None:
        """Keep what was parsed, for the next process."""
        self._cache.save()

    def _folders(self, prefix: str) -> list[str]:
        """List folders directly below, without hidden names and links."""
        try:
            with os.scandir(self.root / prefix) as entries:
                return sorted(
                    prefix + entry.name
                    for entry in entries
                    if not entry.name.startswith(".")
                    and entry.is_dir(follow_symlinks=False)
                    and re.fullmatch(ID_PATTERN, entry.name)
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

    def _document(self, path: str, limit: int = sidecar.MAX_BYTES) -> YamlDocument:
        data = self._read(path)
        return self._cache.get(data, lambda: sidecar.read_document(data, path, limit))

    def _table(self, noun: type[RecordT], path: str) -> tuple[dict[str, RecordT], list[str]]:
        if not os.path.lexists(self.root / path):
            return {}, []
        return sidecar.build_table(noun, self._document(path, sidecar.MAX_TABLE_BYTES), path)


def _refuse_newer(document: YamlDocument, root: Path) -> None:
    """Compare archive.yaml's format before its keys, some of which only newer versions know."""
    number = document.content.get("format") if isinstance(document.content, dict) else None
    if isinstance(number, str) and number.isdecimal() and int(number) > FORMAT:
        raise NewerFormatError(
            f"this archive has format {number}; this version of coproarchive knows formats "
            f"up to {FORMAT}. Nothing was read or written.",
            root,
            "Install the newer version that made it.",
        )


def checked_id(record_id: str) -> str:
    """Return the id, if it can be the path of a record.

    Raises:
        NotFoundError: it cannot, so there is no such record.
    """
    parts = record_id.split("/")
    if len(parts) > 2 or not all(re.fullmatch(ID_PATTERN, part) for part in parts):
        raise NotFoundError("there is no such record.", record_id)
    return record_id


def _sidecars_in(folder: str) -> tuple[str, ...]:
    return (SEMINAR, ITEM) if folder else (SERIES, PEOPLE, TOPICS)
