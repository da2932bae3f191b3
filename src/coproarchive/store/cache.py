"""Parsed sidecars by the hash of their bytes: strict YAML costs milliseconds a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

from coproarchive.errors import FileSystemError
from coproarchive.store.files import write_durably
from coproarchive.strict_yaml import YamlDocument

log = logging.getLogger(__name__)

VERSION = 3
"""Raise it when the same bytes are read otherwise."""

CachedDocument = tuple[str, str]
"""A parsed document as JSON, and the checksum of its key and that JSON."""


class ParsedCache:
    """Documents that were parsed before; only those asked for are saved again.

    What is derived never decides: each entry carries a checksum that is verified when it is used,
    and an entry that fails is parsed anew from the record's own bytes.

    Args:
        path: where they are saved between processes; None holds them in memory only.
    """

    def __init__(self, path: Path | None):
        self._path = path
        self._saved: dict[str, CachedDocument] = {}
        self._used: dict[str, YamlDocument] = {}
        self._dirty = False
        if path is not None and path.is_file():
            with contextlib.suppress(ValueError, OSError, AttributeError, TypeError, KeyError):
                stored = json.loads(path.read_bytes())
                if stored["version"] == VERSION:
                    self._saved = dict(stored["documents"])

    def get(self, data: bytes, parse: Callable[[], YamlDocument]) -> YamlDocument:
        """Return the document of these bytes; an exception of `parse` is not cached."""
        key = hashlib.sha256(data).hexdigest()
        document = self._used.get(key) or _verified(key, self._saved.get(key))
        if document is None:
            if key in self._saved:
                log.warning(
                    "%s: what is kept of a record is damaged; it was read anew.", self._path
                )
            document = parse()
            self._saved.pop(key, None)
            self._dirty = True
        self._used[key] = document
        return document

    def put(self, data: bytes, document: YamlDocument) -> None:
        """Add the document of these bytes without parsing them."""
        self._used[hashlib.sha256(data).hexdigest()] = document
        self._dirty = True

    def clear(self) -> None:
        """Remove every document, those on the disk too."""
        self._saved, self._used, self._dirty = {}, {}, False
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def save(self) -> None:
        """Write the cache, if anything new was parsed; failing to is no harm."""
        if self._path is None or not self._dirty:
            return
        # What was loaded, and so verified, or saved before, is not serialised once more.
        documents = {
            key: self._saved.get(key) or _entry(key, document)
            for key, document in self._used.items()
        }
        content = {"version": VERSION, "documents": documents}
        with contextlib.suppress(OSError, FileSystemError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(content, ensure_ascii=False).encode())
            self._dirty = False
            self._saved = documents


def _entry(key: str, document: YamlDocument) -> CachedDocument:
    """Serialise a document together with its checksum."""
    lines = [[list(place), line] for place, line in document.lines.items()]
    text = json.dumps([document.content, lines], ensure_ascii=False)
    return text, _checksum(key, text)


def _verified(key: str, entry: CachedDocument | None) -> YamlDocument | None:
    """Return the document of a saved entry, None where there is none or it was damaged."""
    if entry is None:
        return None
    try:
        # A damaged file may hold anything in an entry's place.
        text, checksum = entry
        if checksum != _checksum(key, text):
            return None
        content, lines = json.loads(text)
        return YamlDocument(content, {tuple(place): line for place, line in lines})
    except (ValueError, TypeError, AttributeError):
        return None


def _checksum(key: str, text: str) -> str:
    """Return the hex sha256 of a record's key and its serialised document."""
    return hashlib.sha256(f"{key}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
