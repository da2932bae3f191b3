"""Parsed sidecars by the hash of their bytes: strict YAML costs milliseconds a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from coproarchive.store.files import write_durably
from coproarchive.store.yaml import Document, Place, Plain

VERSION = 2
"""Raise it when the same bytes are read otherwise."""


class ParsedCache:
    """Documents that were parsed before; only those asked for are kept at the next save.

    Args:
        path: where they are kept between processes; None keeps them in memory only.
    """

    def __init__(self, path: Path | None):
        self._path = path
        self._known: dict[str, list[object]] = {}
        self._used: dict[str, list[object]] = {}
        self._dirty = False
        if path is not None and path.is_file():
            with contextlib.suppress(ValueError, OSError, AttributeError, TypeError):
                stored = json.loads(path.read_bytes())
                if stored["version"] == VERSION:
                    self._known = dict(stored["documents"])

    def get(self, data: bytes, parse: Callable[[], Document]) -> Document:
        """The document of these bytes; what `parse` raises is not kept."""
        key = hashlib.sha256(data).hexdigest()
        entry = self._used.get(key) or self._known.get(key)
        if entry is None:
            document = parse()
            self.put(data, document)
            return document
        self._used[key] = entry
        return _document(entry)

    def put(self, data: bytes, document: Document) -> None:
        """Keep what is known of these bytes without parsing them."""
        lines = [[list(place), line] for place, line in document.lines.items()]
        self._used[hashlib.sha256(data).hexdigest()] = [document.content, lines]
        self._dirty = True

    def save(self) -> None:
        """Write the cache, if anything new was parsed; failing to is no harm."""
        if self._path is None or not self._dirty:
            return
        content = {"version": VERSION, "documents": self._used}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, json.dumps(content, ensure_ascii=False).encode())
            self._dirty = False


def _document(entry: list[object]) -> Document:
    content, stored = entry
    lines: dict[Place, int] = {}
    assert isinstance(stored, list)
    for place, line in stored:
        lines[tuple(place)] = line
    plain: Plain = content  # type: ignore[assignment]  # written by get() from a Document
    return Document(plain, lines)
