"""Public copies of files that have withheld words: derived, kept in the index folder, checked.

    index/copies/<version>/<2 letters>/<sha256 of the file>-<withheld>/record.json
                                                                      /copy

What readers may download is decided by the bytes of the file as it lies in the archive now and by
the catalogue's rule now; both are in the folder's name. A record carries its own checksum and that
of the copy; damaged ones are made anew. The file itself stays as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path

from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.copying import (
    TEXT_DECKS,
    VERSION,
    CopyMade,
    can_copy,
    has_nothing_withheld,
    is_open,
    make_copy,
)
from coproarchive.extract.office import DOCX, PDF, PPTX
from coproarchive.extract.office_copy import INSIDE
from coproarchive.extract.worker import Workers
from coproarchive.model import WordSource
from coproarchive.store import hash_file, media_type_of_file

WAITING = 50
"""Copies that may be under way; who asks for more is asked to come again."""
PATIENCE_SECONDS = 20.0
"""How long a reader waits for a copy before being asked to come again; it is made meanwhile."""
RETRY_SECONDS = 600.0
"""After a crash, a time limit or a full disk, the next copy of the file is tried so much later."""
_STARTS = (b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0")
"""How files begin that may have notes, whatever their names say: zip, PDF, MS-CFB."""
_WORDS = {
    WordSource.NOTES: "notes",
    WordSource.COMMENTS: "comments",
    WordSource.HIDDEN_SLIDES: "hidden slides",
    INSIDE: "files inside it",
    WordSource.METADATA: "names of who made it",
}
"""What was removed, as readers are content."""
_SUFFIXES = {PPTX: ".pptx", DOCX: ".docx", PDF: ".pdf"}


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


@dataclass(frozen=True, slots=True)
class Download:
    """What readers get of a file.

    Attributes:
        path: of the file itself or of its copy; None where they get neither.
        name: under which it is handed out.
        media_type: of it.
        is_copy: whether it is not the file as it was archived.
        without: what the copy is without, in plain words.
        why: why they get nothing.
    """

    path: Path | None
    name: str
    media_type: str
    is_copy: bool = False
    without: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class _CopyRecord:
    """See CopyMade; `made_by` is whoever could make no copy, another may try again."""

    media_type: str = ""
    removed: tuple[str, ...] = ()
    why: str = ""
    made_by: str = ""
    sha256: str = ""


class PublicCopies:
    """Makes and keeps public copies. Thread-safe.

    Args:
        folder: where they are kept; may be deleted.
        limits: memory and seconds of making one.
        office: LibreOffice's `soffice`, "" for none.
    """

    def __init__(self, folder: Path, limits: Limits, office: str):
        self._folder = folder.absolute() / str(VERSION)
        self._limits = limits
        self._office = office
        count = limits.workers or os.cpu_count() or 1
        self._workers = Workers(count, limits, folder.absolute().parent / "scratch")
        self._pending: dict[str, Future[_CopyRecord]] = {}
        self._failed: dict[str, tuple[float, _CopyRecord]] = {}
        self._hashes: dict[tuple[object, ...], str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop making copies."""
        self._workers.close()

    def lookup(
        self, path: Path, media_type: str, withheld: frozenset[WordSource]
    ) -> Download | None:
        """Return what readers get of a file, where that is known without making a copy.

        Args:
            path: of the file in the archive.
            media_type: as its record says.
            withheld: what the catalogue withholds of it.

        Raises:
            OSError: the file cannot be read.
        """
        kind = _kind_of(path) if withheld else media_type
        if not withheld or is_open(kind) or has_nothing_withheld(path, kind):
            return Download(path, path.name, media_type)
        if not can_copy(kind, self._office):
            return Download(None, path.name, kind, why="no copy can be made of such files here.")
        key = _key(self.hash_of(path), withheld)
        failed, record = self._failed.get(key, (0.0, None))
        if record is None or time.monotonic() - failed > RETRY_SECONDS:
            record = self._read(key)
        return None if record is None else self._download(path, media_type, key, record)

    def get(self, path: Path, media_type: str, withheld: frozenset[WordSource]) -> Download | None:
        """Return what readers get of a file; a copy that is not there yet is made now.

        None where that takes too long, or too many others wait: to be asked for again.

        Raises:
            OSError: the file cannot be read.
        """
        download = self.lookup(path, media_type, withheld)
        if download is not None:
            return download
        kind, key = _kind_of(path), _key(self.hash_of(path), withheld)
        begun = self._begun(path, kind, key, withheld)
        if begun is None:
            return None
        try:
            record = begun.result(PATIENCE_SECONDS)
        except TimeoutError:
            return None
        return self._download(path, media_type, key, record)

    def lacks(self, sha256: str, media_type: str, withheld: frozenset[WordSource]) -> bool:
        """Tell whether a copy is still to be made ahead; the file is not opened.

        Those of texts are made when they are asked for: it takes milliseconds, and most posts need
        none.

        Args:
            sha256, media_type: as the file's record says.
            withheld: what the catalogue withholds of it.
        """
        if not withheld or is_open(media_type) or media_type in TEXT_DECKS:
            return False
        if not can_copy(media_type, self._office):
            return False
        return not (self._folder_of(_key(sha256, withheld)) / "record.json").exists()

    def remove_others(self, files: Iterable[tuple[str, frozenset[WordSource]]]) -> None:
        """Remove copies of what is public no longer, and those made by other rules or versions.

        Args:
            files: hash of each of which a copy may be kept, and what is withheld of it.
        """
        names = {_key(sha256, withheld) for sha256, withheld in files}
        for version in self._folder.parent.glob("[0-9]*"):
            if version != self._folder:
                shutil.rmtree(version, ignore_errors=True)
        for folder in self._folder.glob("??/*"):
            if folder.name not in names and folder.name not in self._pending:
                shutil.rmtree(folder, ignore_errors=True)

    def make_all(self, files: Iterable[tuple[Path, str, frozenset[WordSource]]]) -> None:
        """Make copies of files, of each with the hash that its record says.

        Files that cannot be read are passed over, and those that are not what was archived.
        """
        begun: deque[Future[_CopyRecord]] = deque()
        for path, sha256, withheld in files:
            with contextlib.suppress(OSError):
                if self.hash_of(path) != sha256:
                    continue
                if len(begun) >= WAITING // 2:
                    begun.popleft().result()
                key = _key(sha256, withheld)
                if promise := self._begun(path, _kind_of(path), key, withheld):
                    begun.append(promise)
        for promise in begun:
            promise.result()

    # -------------------------------------------------------------- making

    def _begun(
        self, path: Path, kind: str, key: str, withheld: frozenset[WordSource]
    ) -> Future[_CopyRecord] | None:
        """Begin to make a copy, or join those who wait for it; None where too many are begun."""
        with self._lock:
            if key in self._pending:
                return self._pending[key]
            if len(self._pending) >= WAITING:
                return None
            promise = self._pending[key] = Future()
        try:
            helpers = Helpers(self._office, scratch=self._workers.scratch)
            making = self._workers.schedule(
                make_copy, path.absolute(), kind, withheld, self._limits, helpers
            )
        except BaseException:
            with self._lock:
                self._pending.pop(key, None)
            raise
        making.add_done_callback(lambda done: self._settle(done, key, promise))
        return promise

    def _settle(self, done: Future[CopyMade], key: str, promise: Future[_CopyRecord]) -> None:
        """Keep what became of a file, in the pool's thread, and tell who waits for it."""
        try:
            record = self._keep(key, done.result(timeout=0))
        except BaseException as error:  # noqa: BLE001 - a crash, the time limit, a full disk
            record = _CopyRecord(why=f"no copy could be made just now ({type(error).__name__}).")
            self._failed[key] = time.monotonic(), record
        with self._lock:
            self._pending.pop(key, None)
        promise.set_result(record)

    def _keep(self, key: str, made: CopyMade) -> _CopyRecord:
        """Move the copy into place, then the record that tells of it."""
        folder = self._folder_of(key)
        folder.mkdir(parents=True, exist_ok=True)
        sha256 = ""
        if made.path:
            _, sha256 = hash_file(Path(made.path))
            shutil.move(made.path, folder / "copy")
        record = _CopyRecord(
            made.media_type, made.removed, made.why, self._maker() if made.why else "", sha256
        )
        text = json.dumps(asdict(record), ensure_ascii=False)
        # Where a killed process's is swept, and this one's cleared.
        temporary = Path(self._workers.scratch) / f"record-{threading.get_ident()}.json"
        temporary.write_text(f"{_checksum(key, text)}\n{text}\n", encoding="utf-8")
        temporary.replace(folder / "record.json")
        return record

    # ------------------------------------------------------------- reading

    def _read(self, key: str) -> _CopyRecord | None:
        """Return the record, None where there is none, or it or its copy is damaged."""
        folder = self._folder_of(key)
        try:
            checksum, text = (folder / "record.json").read_text(encoding="utf-8").splitlines()
            if checksum != _checksum(key, text):
                return None
            content = json.loads(text)
            record = _CopyRecord(**(content | {"removed": tuple(content["removed"])}))
            if record.sha256 and self.hash_of(folder / "copy") != record.sha256:
                return None
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return None if record.why and record.made_by != self._maker() else record

    def _download(self, path: Path, media_type: str, key: str, record: _CopyRecord) -> Download:
        if record.why:
            return Download(None, path.name, media_type, why=record.why)
        if not record.sha256:
            return Download(path, path.name, media_type)
        words = [word for source, word in _WORDS.items() if source in record.removed]
        without = listed(words)
        how = f"without {without}" if words else "public copy"
        suffix = _SUFFIXES.get(record.media_type, path.suffix)
        return Download(
            self._folder_of(key) / "copy",
            f"{path.stem}-{how.replace(',', '').replace(' ', '-')}{suffix}",
            record.media_type,
            True,
            without,
        )

    def hash_of(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes; remembered while nothing about it changes.

        Raises:
            OSError: it cannot be read.
        """
        stat = path.stat()
        seen = (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        if seen not in self._hashes:
            self._hashes[seen] = hash_file(path)[1]
        return self._hashes[seen]

    def _folder_of(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _maker(self) -> str:
        return f"{self._office or 'no office'} {self._limits.seconds:g} s {self._limits.memory}"


def _key(sha256: str, withheld: frozenset[WordSource]) -> str:
    """Name the folder of a copy by what decides it: the file's hash, and what is withheld."""
    return f"{sha256}-{'+'.join(sorted(withheld))}"


def _kind_of(path: Path) -> str:
    """Return the media type by a file's bytes; what may have notes is never open for its name."""
    kind = media_type_of_file(path)
    if is_open(kind) or kind in TEXT_DECKS:
        with path.open("rb") as file:
            if file.read(8).startswith(_STARTS):
                return "application/octet-stream"
    return kind


def _checksum(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
