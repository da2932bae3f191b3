"""Extractions kept by the hash of the file and the version of the reader."""

from __future__ import annotations

import dataclasses
import functools
import json
import operator
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from coproarchive.extract.base import (
    Extraction,
    Helpers,
    Limits,
    Metadata,
    Notice,
    PlacedLine,
)
from coproarchive.extract.blob_store import BlobStore
from coproarchive.extract.blobs import Blobs, Key, TieredBlobs
from coproarchive.extract.table import PASSING, reader_name
from coproarchive.leaf import Leaf, Part
from coproarchive.vocabulary import Severity, Source

IN_MEMORY = 512
"""Extractions kept in memory: enough for the results that many readers look at."""
IN_MEMORY_CHARACTERS = 20_000_000
"""Characters kept in memory: a hundred large books, or 60 MB."""
# What other limits might change.
_BY_LIMITS = {"file-over-limit", "file-crashed-reader", "text-cut"}


class ExtractionCache:
    """Extractions in a file of `folder`; a damaged one counts as absent. Thread-safe.

    Extractions that failed or were cut are kept together with the limits they were made under, so
    that other limits try again. They are kept by the name of the reader, with its version, so that
    another version does not find them.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        helpers: Helpers | None = None,
        shared: Blobs | None = None,
    ):
        self._path = folder / "texts.db"
        near = BlobStore(self._path)
        self._blobs: Blobs = TieredBlobs(near, shared) if shared else near
        self._helpers = helpers or Helpers()
        self._limits = _limits_key(limits)
        self._recent: OrderedDict[Key, Extraction] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    @property
    def is_begun(self) -> bool:
        """Whether anything was ever kept here."""
        return self._path.exists()

    @property
    def blobs(self) -> Blobs:
        """What keeps extractions: other things that are made of texts are kept there too."""
        return self._blobs

    def get(self, sha256: str, media_type: str) -> Extraction | None:
        """Return what was read from the file of this hash, None where it was not read yet."""
        key = (sha256, self._reader(media_type))
        if recent := self._remembered(key):
            return recent
        data = self._blobs.get(*key)
        return self._opened(key, data, any_limits=False) if data else None

    def missing(self, files: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the files, by hash and media type, of which nothing is kept.

        What is kept is not read: damage shows to whoever reads it. Of files that no reader reads
        nothing is ever kept, and nothing is missing.
        """
        keys = {
            file: (file[0], self._reader(file[1]))
            for file in files
            if reader_name(file[1], self._helpers)
        }
        absent = set(self._blobs.missing(list(dict.fromkeys(keys.values()))))
        return {file for file, key in keys.items() if key in absent}

    def get_any(self, sha256: str, media_type: str) -> Extraction | None:
        """Return what `get` does; failing that, what another version or other limits read.

        For showing: an old text is better than none until the index is brought up to date, and the
        process that shows may find other helpers than the one that read.
        """
        extraction = self.get(sha256, media_type)
        if extraction is not None:
            return extraction
        if recent := self._remembered((sha256, "any")):
            return recent
        reader = self._reader(media_type)
        for data in (self._blobs.get(sha256, reader), *self._blobs.others(sha256, reader)):
            if data and (extraction_before := self._opened((sha256, "any"), data, any_limits=True)):
                return extraction_before
        return None

    def put(self, sha256: str, media_type: str, data: bytes) -> Extraction:
        """Store an extraction as `packed` gave it, and unpack it; one that failed by no fault of
        the archived file is not stored.

        Raises:
            ValueError, KeyError, TypeError, zlib.error: `packed` did not give it.
        """
        extraction, _ = unpacked(data)
        if any(notice.code in PASSING for notice in extraction.notices):
            return extraction
        key = (sha256, self._reader(media_type))
        self._blobs.put(*key, data)
        self._remember(key, extraction)
        return extraction

    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """Remove what was read of all files but these; see Blobs.keep_only."""
        with self._lock:
            self._recent.clear()
            self._characters = 0
        self._blobs.keep_only(hashes, reader)

    def flush(self) -> None:
        """Write every extraction to the disk."""
        self._blobs.flush()

    def close(self) -> None:
        """Write every extraction and close the file; the next use opens it again."""
        self._blobs.close()

    def _remembered(self, key: Key) -> Extraction | None:
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
            return self._recent.get(key)

    def _opened(self, key: Key, data: bytes, *, any_limits: bool) -> Extraction | None:
        try:
            extraction, limits = unpacked(data)
            by_limits = extraction.failed or any(n.code in _BY_LIMITS for n in extraction.notices)
            if by_limits and not any_limits and limits != self._limits:
                return None
        except (ValueError, KeyError, TypeError, zlib.error):
            return None
        self._remember(key, extraction)
        return extraction

    def _remember(self, key: Key, extraction: Extraction) -> None:
        with self._lock:
            before = self._recent.pop(key, None)
            self._recent[key] = extraction
            self._characters += _size(extraction) - (_size(before) if before else 0)
            while self._recent and (
                len(self._recent) > IN_MEMORY or self._characters > IN_MEMORY_CHARACTERS
            ):
                _, dropped = self._recent.popitem(last=False)
                self._characters -= _size(dropped)

    def _reader(self, media_type: str) -> str:
        return reader_name(media_type, self._helpers) or "none"


def _size(extraction: Extraction) -> int:
    """Estimate an extraction's weight in memory: its characters, and 100 to 200 an object."""
    return sum(
        200 + len(leaf.markup) + sum(100 + len(p.text) for p in leaf.parts)
        for leaf in extraction.leaves
    )


def packed(extraction: Extraction, limits: Limits) -> bytes:
    """Serialise an extraction and the limits that it was made under, as JSON under zlib."""
    stored = (
        _FORM,
        _limits_key(limits),
        extraction.extractor,
        _values(extraction.metadata),
        [_values(notice) for notice in extraction.notices],
        [_values(leaf) for leaf in extraction.leaves],
        None if extraction.placed is None else [_OF_PLACED(line) for line in extraction.placed],
    )
    text = json.dumps(stored, ensure_ascii=False, default=_values)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


@functools.lru_cache
def _limits_key(limits: Limits) -> str:
    """Serialise the limits that can change which words are read."""
    return json.dumps(dataclasses.asdict(dataclasses.replace(limits, workers=0, placed_leaves=0)))


def unpacked(data: bytes) -> tuple[Extraction, str]:
    """Decode an extraction; return it and its limits as `_limits_key` has them.

    Raises:
        ValueError, KeyError, TypeError, zlib.error: `packed` did not give it, or that of another
            version.
    """
    form, limits, extractor, metadata, notices, leaves, *more = json.loads(zlib.decompress(data))
    if form != _FORM:
        raise ValueError("kept by another version")
    title, authors, date, language, keywords = metadata
    placed = more[0] if more else None  # an earlier version looked for none
    return (
        Extraction(
            tuple(map(_leaf, leaves)),
            tuple(
                Notice(code, Severity(severity), message, hint, leaf)
                for code, severity, message, hint, leaf in notices
            ),
            Metadata(title, tuple(authors), date, language, tuple(keywords)),
            extractor,
            None if placed is None else tuple(PlacedLine(*line) for line in placed),
        ),
        limits,
    )


def _leaf(stored: list[Any]) -> Leaf:
    number, kind, heading, parts, *others = stored
    if len(stored) != len(_NAMES[Leaf]):
        raise ValueError("a leaf with other fields")
    return Leaf(number, kind, heading, _parts(parts), *others)


def _parts(stored: list[tuple[str, str, float | None, list[int], str]]) -> tuple[Part, ...]:
    return tuple([
        Part(_SOURCES[source], text, sure, tuple(levels), anchor)
        for source, text, sure, levels, anchor in stored
    ])  # fmt: skip


_SOURCES = {str(source): source for source in Source}
_KINDS = (Leaf, Part, Notice, Metadata)
_NAMES = {kind: [field.name for field in dataclasses.fields(kind)] for kind in _KINDS}
# Values only, in the order of their fields: half the time of dictionaries.
_VALUES = {kind: operator.attrgetter(*names) for kind, names in _NAMES.items()}
_FORM = zlib.crc32(repr(_NAMES).encode())
_OF_PLACED = operator.attrgetter(*(field.name for field in dataclasses.fields(PlacedLine)))


def _values(record: Leaf | Part | Notice | Metadata) -> tuple[Any, ...]:
    return _VALUES[type(record)](record)
