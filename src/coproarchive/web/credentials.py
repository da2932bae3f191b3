"""What a session is opened with: the archivist's password, or the link printed at the start."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import threading
from pathlib import Path

import argon2

from coproarchive.errors import CoproArchiveError
from coproarchive.settings import Settings

_log = logging.getLogger(__name__)

_MOST_BYTES = 10_000
"""Of a password file: a hash has about a hundred."""


def same(first: str, second: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(first.encode(errors="replace"), second.encode())


class Password:
    """The hash of the archivist's password: of the settings, or of a file that may change.

    A file is read again when it changes. Without a valid hash in it nobody can sign in; an archive
    that is to have a password never goes on without one. Thread-safe.
    """

    def __init__(self, settings: Settings):
        self._fixed = settings.password_hash or ""
        self._file = settings.password_file
        self._read: tuple[tuple[int, ...], str] | None = None
        self._lock = threading.Lock()

    @property
    def is_asked_for(self) -> bool:
        """Whether there is to be a password."""
        return bool(self._fixed or self._file)

    def hash(self) -> str:
        """Return the argon2 hash that is valid now, "" for none."""
        if self._file is None:
            return self._fixed
        with self._lock:
            try:
                status = os.stat(self._file)
                stamp = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
                if self._read is None or self._read[0] != stamp:
                    self._read = stamp, read_password_file(self._file)
            except (OSError, CoproArchiveError) as error:
                if self._read != ((), ""):
                    _log.error("Nobody can sign in: %s", error)
                self._read = (), ""
            return self._read[1]


def read_password_file(path: Path) -> str:
    """Return the argon2 hash in a password file.

    Raises:
        CoproArchiveError: it cannot be read, or holds something else.
    """
    hint = "Write one: coproarchive password --file PATH"
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST_BYTES).strip()
        argon2.extract_parameters(text)
    except OSError as error:
        raise CoproArchiveError(
            f"the password file cannot be read: {error.strerror}.", path, hint
        ) from None
    except (argon2.exceptions.InvalidHashError, UnicodeDecodeError):
        raise CoproArchiveError("this is no password file.", path, hint) from None
    return text


class KeeperLink:
    """A secret that is good for one session: printed where the page is served. Thread-safe.

    Whoever can read what was printed sits at the machine, which no address and no header of a
    request can prove: a proxy's requests come from this machine, too.

    Attributes:
        path: of the link's address, with the secret.
    """

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(32)
        self.path = f"/keeper?token={self._token}"
        self._lock = threading.Lock()

    def take(self, token: str) -> bool:
        """Tell whether this is the secret, once."""
        with self._lock:
            right = bool(self._token) and same(token, self._token)
            if right:
                self._token = ""
        return right
