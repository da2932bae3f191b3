"""Every exception that coproarchive raises on purpose.

    CoproArchiveError            exit 70  the root: message, where, what to do
    ├── ArchiveError             exit 10  the files under archive/
    │   ├── SidecarError                  a YAML file breaks the format: all its mistakes at once
    │   ├── NotFoundError                 no such item, seminar, person or topic
    │   ├── ConflictError                 the file changed since it was read
    │   ├── LockedError                   another process is writing
    │   └── NewerFormatError              a newer version made the archive
    ├── ExtractionError          exit 20  one file cannot be read
    │   ├── UnreadableError               damaged, encrypted or not what its name says
    │   ├── UnsupportedError              no reader for this kind of file
    │   └── LimitError                    too large, too slow or too deep: names the limit
    ├── IndexStateError          exit 30  index/ is missing, outdated or damaged: rebuild it
    ├── EngineError              exit 40  the search engine refused
    ├── IngestError              exit 50  what is to be added cannot be added
    │   ├── DuplicateError                the archive has this very file already
    │   └── RefusedError                  the act is not allowed here (signed out, hidden, off)
    └── FileSystemError          exit 60  a full disk, a read-only folder, no permission

Exit code 1 is kept for `check` and `verify` having found errors, 2 for wrong usage.

The command line turns one into a line on stderr and its exit code; the page into a message. An
exception that is not in this tree is a bug of ours.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar


class CoproArchiveError(Exception):
    """What is wrong, where, and what to do about it.

    Attributes:
        message: one sentence, without the path.
        path: the file or folder it is about, if any.
        hint: what the reader can do, if known; ends in a command where there is one.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, path: Path | str | None = None, hint: str | None = None):
        self.message = message
        self.path = None if path is None else str(path)
        self.hint = hint
        super().__init__(message, self.path, hint)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}" + (f" {self.hint}" if self.hint else "")


class ArchiveError(CoproArchiveError):
    """The files under archive/ are not as they should be."""

    exit_code = 10


class SidecarError(ArchiveError):
    """A YAML file breaks the format; the message lists every mistake, one a line."""


class NotFoundError(ArchiveError):
    """There is no such item, seminar, person, topic or file."""


class ConflictError(ArchiveError):
    """The file was changed by somebody else since it was read; nothing was written."""


class LockedError(ArchiveError):
    """Another process is writing to the archive or the index."""


class NewerFormatError(ArchiveError):
    """The archive has a format of a newer version; nothing is read or written."""


class ExtractionError(CoproArchiveError):
    """One file cannot be read; the file itself is untouched."""

    exit_code = 20


class UnreadableError(ExtractionError):
    """The file is damaged, encrypted, or not what its name says."""


class UnsupportedError(ExtractionError):
    """There is no reader for this kind of file."""


class LimitError(ExtractionError):
    """Reading the file passed a limit of time, memory, size or depth."""


class IndexStateError(CoproArchiveError):
    """The index is missing, was made by other settings, or is damaged; a rebuild mends it."""

    exit_code = 30


class EngineError(CoproArchiveError):
    """The search engine could not carry out a request."""

    exit_code = 40


class IngestError(CoproArchiveError):
    """What is to be added cannot be added; the archive is unchanged."""

    exit_code = 50


class DuplicateError(IngestError):
    """The archive holds this very file (same sha256) already."""


class RefusedError(IngestError):
    """The act is not allowed for this reader or on this server."""


_FULL = "Make room there, then run this again. What was finished is kept."
_ELSEWHERE = "Name another folder: --archive DIR, --index DIR."
_CLOSED = f"Let this account write there. {_ELSEWHERE}"
_SAID_OF_ERRNO: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full.", _FULL),
    errno.EDQUOT: ("your share of the disk (quota) is used up.", _FULL),
    errno.EROFS: ("this disk can only be read.", f"Mount it for writing. {_ELSEWHERE}"),
    errno.EACCES: ("the permissions do not allow this.", _CLOSED),
    errno.EPERM: ("the permissions do not allow this.", _CLOSED),
    errno.ENAMETOOLONG: ("this name is too long for the disk.", "Shorten it, then run this again."),
    errno.EEXIST: ("a file stands where a folder is to be made.", _ELSEWHERE),
    errno.ENOTDIR: ("a file stands where a folder is to be made.", _ELSEWHERE),
    errno.EIO: ("the disk failed at reading or writing.",
                "Look at the disk and the system's log first; then run: coproarchive check"),
    errno.EMFILE: ("too many files are open.", "Raise the limit: ulimit -n 4096"),
}  # fmt: skip
"""errno -> what is wrong, and what to do."""


class FileSystemError(CoproArchiveError):
    """The operating system would not read or write here: full disk, read-only folder, permissions.

    Attributes:
        errno: what the operating system said, as in the module `errno`.
    """

    exit_code = 60

    def __init__(self, error: OSError, path: Path | str | None = None):
        self.errno = error.errno
        unknown = (f"{error.strerror or error}.", "Look at the disk, then run this again.")
        message, hint = _SAID_OF_ERRNO.get(error.errno or 0, unknown)
        super().__init__(message, path or error.filename2 or error.filename, hint)

    @property
    def is_of_disk(self) -> bool:
        """Whether no other file could be written either."""
        return self.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error that names the path.

    Raises:
        FileSystemError: an OSError was raised inside.
    """
    try:
        yield
    except OSError as error:
        raise FileSystemError(error, path) from error
