"""Every exception that coproarchive raises on purpose.

    CoproArchiveError            exit 1   the root: message, where, what to do
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
    └── IngestError              exit 50  what is to be added cannot be added
        ├── DuplicateError                the archive has this very file already
        └── RefusedError                  the act is not allowed here (signed out, hidden, off)

The command line turns one into a line on stderr and its exit code; the page into a message. An
exception that is not in this tree is a bug of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class CoproArchiveError(Exception):
    """What is wrong, where, and what to do about it.

    Attributes:
        message: one sentence, without the path.
        path: the file or folder it is about, if any.
        hint: what the reader can do, if known; ends in a command where there is one.
    """

    exit_code: ClassVar[int] = 1

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
