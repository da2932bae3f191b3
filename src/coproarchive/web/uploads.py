"""Files on their way into the archive: written to the disk, bounded, then put among the drafts.

What has come whole waits as a draft, whatever becomes of its page; what has not goes with it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import filelock

from coproarchive.desk.drafts import SMALLEST, Shelf
from coproarchive.errors import CoproArchiveError, FileSystemError, NotFoundError
from coproarchive.settings import Settings
from coproarchive.store import safe_name
from coproarchive.store.files import is_of_system
from coproarchive.web.access import Visitor

_log = logging.getLogger(__name__)

MEGABYTE = 1024**2
GRACE_SECONDS = 300.0
"""How long uploads stay after their page lost its connection: it may come back."""


@dataclass(eq=False)
class Upload:
    """A file that is being sent, or was.

    Attributes:
        session: Streamlit's id of the open page that sends it.
        visitor: who sends it.
        folder: of its own.
        sent: the file's name, or path in the folder that was dropped, as its sender says.
        expected: bytes that are to come as far as its sender says; they are kept free for it.
        size: bytes that came so far.
        problem: why it was not taken, "" where it was; a sentence and what to do.
        draft: where it waits since it came whole: id of the set, and its path there.
        lost: when its page was first seen without a connection; None while it has one.
    """

    session: str
    visitor: Visitor
    folder: Path
    sent: str = "file"
    expected: int = 0
    size: int = 0
    problem: str = ""
    draft: tuple[str, str] | None = None
    lost: float | None = None
    _file: BinaryIO | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def counted(self) -> int:
        """Bytes that it counts against the limits, beside the drafts."""
        return 0 if self.draft else max(self.expected, self.size, SMALLEST)

    @property
    def path(self) -> Path:
        """Where it is while it comes."""
        return self.folder / safe_name(self.sent.rpartition("/")[2])

    def append(self, data: bytes) -> None:
        """Write the next bytes to the disk, unless it was refused. Raises OSError."""
        with self._lock:
            if self.problem:
                return
            if self._file is None:
                self.folder.mkdir()
                self._file = self.path.open("xb")
            self._file.write(data)

    def close(self) -> None:
        """Close the file. Raises OSError."""
        self.append(b"")  # a file without a byte is one, too
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def refuse(self, problem: str) -> None:
        """Remove what was written, and write no more."""
        with self._lock:
            self.problem = problem
            self.expected = self.size = 0
            with contextlib.suppress(OSError):
                if self._file is not None:
                    self._file.close()
            self._file = None
            shutil.rmtree(self.folder, ignore_errors=True)


class Uploads:
    """The uploads of this process, each in a folder of its own until it is whole. Thread-safe.

    The folder of a process is locked while it runs. What a killed one left is removed by the next
    that starts.

    Args:
        settings: the folder (below that of the index, which is a disk where /tmp may be memory)
            and the limits.
        shelf: of the drafts.
    """

    def __init__(self, settings: Settings, shelf: Shelf):
        self._root = settings.index / "uploads"
        self._folder = self._root / secrets.token_hex(8)
        self.file_bytes = settings.upload_file_mb * MEGABYTE
        self._session_bytes = settings.upload_session_mb * MEGABYTE
        self._total_bytes = settings.upload_total_mb * MEGABYTE
        self._shelf = shelf
        self._uploads: dict[str, Upload] = {}
        self._sets: dict[str, str] = {}  # id of a page -> of the set that its files go to
        self._waiting: dict[str, int] = {}  # id of a set -> bytes that it counts
        self._lock = threading.RLock()
        self._folder_lock: filelock.FileLock | None = None

    def begin(self, key: str, visitor: Visitor, name: str, expected: int) -> Upload:
        """Take up a new upload in the place of an earlier one of the same key.

        Args:
            key: Streamlit's ids of the page and of the file, with a slash between.
            visitor: who sends it.
            name: of the file, or its path in a folder, as its sender says.
            expected: its size as far as its sender says, in bytes.
        """
        self.remove(key)
        folder = self._folder / secrets.token_hex(8)
        upload = Upload(key.partition("/")[0], visitor, folder, name, expected)
        with self._lock:
            self._uploads[key] = upload
            self._waiting = self._shelf.sizes()
            self._check(upload)
        if any(is_of_system(piece) for piece in name.split("/") if piece.strip(".")):
            upload.refuse("its name is hidden or a system's own; it was passed over.")
        try:
            self._open_folder()
        except OSError as error:
            self._fail(upload, error)
        return upload

    def append(self, upload: Upload, data: bytes) -> None:
        """Write the next bytes of an upload, unless it has a problem or gets one by them."""
        with self._lock:
            upload.size += len(data)
            if upload.size > upload.expected:  # its sender said less
                self._check(upload)
        try:
            upload.append(data)
        except OSError as error:
            self._fail(upload, error)

    def finish(self, upload: Upload) -> None:
        """Close an upload that came whole, and put it among the drafts of its page."""
        try:
            upload.close()
            if not upload.problem:
                set_id = self.set_of(upload.session, is_begun=True)
                upload.draft = set_id, self._shelf.take(set_id, upload.path, upload.sent)
                with self._lock:
                    self._waiting[set_id] = self._waiting.get(set_id, 0) + upload.size
                upload.expected = upload.size = 0
                shutil.rmtree(upload.folder, ignore_errors=True)
        except (OSError, CoproArchiveError) as error:
            self._fail(upload, error)

    def set_of(self, session: str, *, is_begun: bool = False) -> str:
        """Return the id of the set that a page's files go to, "" where it has none.

        Args:
            session: Streamlit's id of the page.
            is_begun: whether one is begun where it has none.

        Raises:
            FileSystemError: none can be begun.
        """
        with self._lock:
            set_id = self._sets.get(session, "")
            if is_begun and set_id not in self._shelf.ids():
                set_id = self._sets[session] = self._shelf.begin()
            return set_id

    def use_set(self, session: str, set_id: str) -> None:
        """Let a page's next files go to a set; to a new one where it is ""."""
        with self._lock:
            self._sets[session] = set_id

    def problem_of(self, key: str) -> str:
        """Return why an upload was not taken, "" where it was: a sentence and what to do."""
        with self._lock:
            upload = self._uploads.get(key)
        return upload.problem if upload else ""

    def remove(self, key: str) -> None:
        """Remove an upload, if it is there, as a draft too."""
        with self._lock:
            upload = self._uploads.pop(key, None)
        if upload is not None and upload.draft is not None:
            set_id, path = upload.draft
            with contextlib.suppress(NotFoundError):
                self._shelf.remove(set_id, [path])
        elif upload is not None:
            upload.refuse("It was taken away")

    def forget(self, key: str) -> None:
        """Leave what came whole to the drafts; remove the rest."""
        with self._lock:
            upload = self._uploads.pop(key, None)
        if upload is not None and upload.draft is None:
            upload.refuse("It was taken away")

    def sweep(self, is_open: Callable[[str], bool], may_add: Callable[[Visitor], bool]) -> None:
        """Remove uploads whose page is closed, or whose sender was signed out; drafts stay.

        Args:
            is_open: tells of Streamlit's id of a page whether it is connected.
            may_add: tells whether a visitor may still add.
        """
        now = time.monotonic()
        with self._lock:
            items = list(self._uploads.items())
        for key, upload in items:
            connected = is_open(upload.session)
            upload.lost = None if connected else upload.lost or now
            late = upload.lost is not None and now - upload.lost > GRACE_SECONDS
            if late or not may_add(upload.visitor):
                self.forget(key)
        with self._lock:
            self._sets = {page: set_id for page, set_id in self._sets.items() if is_open(page)}

    @property
    def root(self) -> Path:
        """The folder in which those of every process are."""
        return self._root

    def start(self) -> None:
        """Remove what killed processes left."""
        for path in sorted(self._root.glob("*.lock")):
            with (
                contextlib.suppress(filelock.Timeout, OSError),
                filelock.FileLock(path, blocking=False),
            ):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink()

    def close(self) -> None:
        """Remove what has not come whole in this process."""
        with self._lock:
            keys = list(self._uploads)
        for key in keys:
            self.forget(key)
        with self._lock:
            if self._folder_lock is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder.with_suffix(".lock").unlink(missing_ok=True)
                self._folder_lock.release()
                self._folder_lock = None

    def _open_folder(self) -> None:
        """Make this process's folder and lock it, once. Raises OSError."""
        with self._lock:
            if self._folder_lock is None:
                self._root.mkdir(parents=True, exist_ok=True)
                lock = filelock.FileLock(self._folder.with_suffix(".lock"))
                lock.acquire()
                self._folder.mkdir(mode=0o700)
                self._folder_lock = lock

    def _check(self, upload: Upload) -> None:
        """Refuse an upload that passes a limit; the lock is held."""
        coming = [u for u in self._uploads.values() if not u.draft]
        of_page = sum(u.counted for u in coming if u.session == upload.session)
        of_page += self._waiting.get(self._sets.get(upload.session, ""), 0)
        in_all = sum(u.counted for u in coming) + sum(self._waiting.values())
        if upload.counted > self.file_bytes:
            megabytes = self.file_bytes // MEGABYTE
            upload.refuse(f"it is larger than {megabytes} MB. Use the command coproarchive add.")
        elif of_page > self._session_bytes:
            upload.refuse("this page has too many large files. Save those that are here first.")
        elif in_all > self._total_bytes:
            upload.refuse("too many large files wait to be added. Save or discard some first.")

    def _fail(self, upload: Upload, error: OSError | CoproArchiveError) -> None:
        """Refuse an upload that the disk did not take."""
        _log.error("An upload could not be kept in %s: %s", self._root, error)
        number = error.errno if isinstance(error, (OSError, FileSystemError)) else 0
        if number in (errno.ENOSPC, errno.EDQUOT):
            problem = "the server's disk is full. Whoever runs the server can make room."
        else:
            problem = "the server could not keep it. The server's log says why."
        upload.refuse(problem)
