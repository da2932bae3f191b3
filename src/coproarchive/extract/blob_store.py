"""Bytes by hash of the file and name of the reader, in one SQLite file.

One file each was simpler, but making 148 of them and their folders took the parent a quarter of
the time in which two workers read the 148 PDFs.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from coproarchive.extract.blobs import Blobs, Key

WAITING_SECONDS = 1.0
"""Age from which what waits is written: what a kill can lose, so about what is read in so long.
To have it on the disk for certain takes some 15 ms, whether it is one entry or a hundred."""
WAITING_BYTES = 4 << 20
LOCK_SECONDS = 5.0
"""How long another process that is writing is waited for."""
_SETTINGS = (
    "PRAGMA journal_mode = TRUNCATE",  # not WAL, which cannot be read from a read-only folder
    "PRAGMA synchronous = NORMAL",
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS blob (sha256 TEXT, reader TEXT, checksum BLOB NOT NULL,"
    " data BLOB NOT NULL, PRIMARY KEY (sha256, reader))",
    "DROP TABLE IF EXISTS entry",  # of version 0.1.0, without checksums
)
_GET = "SELECT reader, checksum, data FROM blob WHERE sha256 = ? AND reader = ?"
_HAS = "SELECT 1 FROM blob WHERE sha256 = ? AND reader = ?"
_OTHERS = "SELECT reader, checksum, data FROM blob WHERE sha256 = ? AND reader != ? ORDER BY reader"
_DELETE = "DELETE FROM blob WHERE sha256 = ? AND reader GLOB ?"
_FILES = "SELECT DISTINCT sha256 FROM blob WHERE reader != ?"
_REMOVE = "DELETE FROM blob WHERE sha256 = ? AND reader != ?"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

log = logging.getLogger(__name__)


class BlobStore(Blobs):
    """A file that may be deleted or damaged at any time. Thread-safe.

    Several processes may use it. What goes wrong in writing costs the entry, not the run. Entries
    are written a few at a time; `flush` writes those that wait. Each has a checksum of its key and
    its bytes: one that differs is logged, removed, and not there. A file that SQLite finds damaged
    is set aside under another name, the last one, and begun anew.
    """

    def __init__(self, path: Path):
        self._path = path
        self._waiting: dict[Key, bytes] = {}
        self._bytes = 0
        self._since = 0.0
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = Lock()

    def get(self, sha256: str, reader: str) -> bytes | None:
        """See Blobs.get."""
        with self._lock:
            if (waiting := self._waiting.get((sha256, reader))) is not None:
                return waiting
            return next(self._sound(_GET, sha256, reader), None)

    def others(self, sha256: str, reader: str) -> list[bytes]:
        """See Blobs.others."""
        with self._lock:
            self._write()
            return list(self._sound(_OTHERS, sha256, reader))

    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """See Blobs.missing."""
        with self._lock:
            present = set(self._waiting)
            with self._tolerated():
                if connection := self._opened():
                    present |= {key for key in keys if connection.execute(_HAS, key).fetchone()}
            return [key for key in keys if key not in present]

    def put(self, sha256: str, reader: str, data: bytes) -> None:
        """See Blobs.put."""
        with self._lock:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting[sha256, reader] = data
            self._bytes += len(data)
            is_old = time.monotonic() - self._since >= WAITING_SECONDS
            if is_old or self._bytes >= WAITING_BYTES:
                self._write()

    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """See Blobs.keep_only."""
        with self._lock:
            self._write()
            with self._tolerated():
                if connection := self._opened():
                    stored = connection.execute(_FILES, (reader,)).fetchall()
                    others = [row for row in stored if row[0] not in hashes]
                    # Overwritten, not only given free (SQLite, "PRAGMA secure_delete").
                    connection.execute("PRAGMA secure_delete = ON")
                    with connection:
                        connection.execute("BEGIN IMMEDIATE")
                        connection.executemany(_REMOVE, [(*row, reader) for row in others])
            self._path.with_suffix(".damaged").unlink(missing_ok=True)

    def flush(self) -> None:
        """See Blobs.flush."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """See Blobs.close."""
        with self._lock:
            self._write()
            self._let_go()

    def _sound(self, query: str, sha256: str, reader: str) -> Iterator[bytes]:
        """Yield the bytes of entries that are what was stored; remove the others."""
        rows: list[Any] = []
        with self._tolerated():
            if connection := self._opened():
                rows = connection.execute(query, (sha256, reader)).fetchall()
        for reader_name, checksum, data in rows:
            # By the key that was asked for: a damaged page may lead to another file's entry.
            key = (sha256, reader if query is _GET else str(reader_name))
            if isinstance(data, bytes) and checksum == _checksum(key, data):
                yield data
                continue
            log.warning(
                "%s: what is kept of the file with sha256 %s is damaged and was removed; the next "
                "`coproarchive index` reads that file anew.", self._path, sha256,
            )  # fmt: skip
            with self._tolerated():
                if connection := self._opened():
                    connection.execute("DELETE FROM blob WHERE sha256 = ? AND reader = ?", key)

    def _write(self) -> None:
        if not self._waiting:
            return
        entries = [(*key, _checksum(key, data), data) for key, data in self._waiting.items()]
        older = [(sha256, f"{reader.partition('-')[0]}-*") for sha256, reader in self._waiting]
        self._waiting, self._bytes = {}, 0
        with self._tolerated():
            connection = self._opened(create=True)
            assert connection is not None
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_DELETE, older)
                connection.executemany("INSERT INTO blob VALUES (?, ?, ?, ?)", entries)

    def _opened(self, *, create: bool = False) -> sqlite3.Connection | None:
        """Open the file as it is there now; None where there is none and none is to be made."""
        try:
            inode = os.stat(self._path).st_ino
        except OSError:
            inode = 0
        if self._connection is not None and inode and inode == self._inode:
            return self._connection
        self._let_go()
        if not inode and not create:
            return None
        if not inode:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Once each text was a file, in folders of these names.
            for folder in self._path.parent.glob("[0-9a-f][0-9a-f]"):
                shutil.rmtree(folder, ignore_errors=True)
        self._connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        for setting in _SETTINGS:
            self._connection.execute(setting)
        for table in _TABLES if create else ():
            self._connection.execute(table)
        self._inode = os.stat(self._path).st_ino
        return self._connection

    @contextlib.contextmanager
    def _tolerated(self) -> Iterator[None]:
        """Ignore a full disk, another's lock or damage: then nothing is read or stored."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            self._let_go()
            if code is not None and code & 0xFF in _DAMAGED:
                with contextlib.suppress(OSError):
                    self._path.replace(self._path.with_suffix(".damaged"))
                    log.warning(
                        "%s: this file of texts is damaged; it was set aside, and the next "
                        "`coproarchive index` reads the files anew.", self._path,
                    )  # fmt: skip

    def _let_go(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _checksum(key: Key, data: bytes) -> bytes:
    """Return BLAKE2b (RFC 7693) of 16 bytes over an entry's key and bytes."""
    digest = hashlib.blake2b("\n".join((*key, "")).encode(), digest_size=16)
    digest.update(data)
    return digest.digest()
