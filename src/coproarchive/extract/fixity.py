"""Fixity: whether a file's bytes are those that were archived, by their sha256.

Here too, not in the store alone: what is read or drawn from a file is kept under the hash of the
archived one, so it must have come from these very bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from coproarchive.extract.base import Limits


def is_archived(path: Path, sha256: str, limits: Limits) -> bool:
    """Tell whether a file's bytes have this sha256; yes where its reader will say what is wrong."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_size <= limits.file_size:
            return sha256_of(path) == sha256
    return True


def sha256_of(path: Path) -> str:
    """Return a file's sha256 in lower-case hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
