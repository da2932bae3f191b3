"""Extractions kept by the hash of the file and the version of the reader."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import operator
import os
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from coproarchive.extract.base import Extraction, Helpers, Limits, Metadata, Notice
from coproarchive.extract.table import reader_name
from coproarchive.model import Leaf, Part, Severity, Source

IN_MEMORY = 512
"""Extractions kept in memory: enough for the results that many readers look at."""
IN_MEMORY_CHARACTERS = 20_000_000
"""Characters kept in memory: a hundred large books, or 60 MB."""
# What other limits might change.
_BY_LIMITS = {"file-over-limit", "file-crashed-reader", "text-cut"}


class ExtractionCache:
    """Files below `folder`, one an extraction; a damaged one counts as absent.

    Thread-safe. Extractions that failed or were cut are kept together with the limits they were
    made under, so that other limits try again. The name of a file says which reader and which
    version made it, so that another version does not find it.
    """

    def __init__(self, folder: Path, limits: Limits, helpers: Helpers | None = None):
        self._folder = folder
        self._helpers = helpers or Helpers()
        self._limits = json.dumps(dataclasses.asdict(dataclasses.replace(limits, workers=0)))
        self._recent: OrderedDict[str, Extraction] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, sha256: str, media_type: str) -> Extraction | None:
        """What was read from the file of this hash, None where it is not known."""
        path = self._path(sha256, media_type)
        return self._load(path, path.rpartition("/")[2], any_limits=False)

    def get_any(self, sha256: str, media_type: str) -> Extraction | None:
        """The same; failing that, what another version or other limits read.

        For showing: an old text is better than none until the index is brought up to date, and the
        process that shows may find other helpers than the one that read.
        """
        extraction = self.get(sha256, media_type)
        if extraction is not None:
            return extraction
        path = Path(self._path(sha256, media_type))
        others = sorted(path.parent.glob(f"{sha256}.*.json.gz"), key=lambda p: (p != path, p.name))
        found = (self._load(str(p), f"any {p.name}", any_limits=True) for p in others)
        return next((e for e in found if e is not None), None)

    def _load(self, path: str, key: str, *, any_limits: bool) -> Extraction | None:
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
                return self._recent[key]
        try:
            with open(path, "rb") as file:
                stored = json.loads(gzip.decompress(file.read()))
            extraction = from_json(stored)
            by_limits = extraction.failed or any(n.code in _BY_LIMITS for n in extraction.notices)
            if by_limits and not any_limits and stored["limits"] != self._limits:
                return None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
            return None
        self._remember(key, extraction)
        return extraction

    def put(self, sha256: str, media_type: str, extraction: Extraction) -> None:
        """Keep an extraction; a full disk costs the cache entry, not the run."""
        path = self._path(sha256, media_type)
        stored = to_json(extraction) | {"limits": self._limits}
        data = gzip.compress(json.dumps(stored, ensure_ascii=False).encode(), 1, mtime=0)
        folder, _, own = path.rpartition("/")
        with contextlib.suppress(OSError):
            if _write(folder, own, data):
                # What an older version of the same reader made is not asked for again.
                stem = f"{sha256}.{own.split('.')[1].partition('-')[0]}-"
                for name in os.listdir(folder):
                    if name.startswith(stem) and name != own:
                        os.unlink(f"{folder}/{name}")
        self._remember(own, extraction)

    def _remember(self, key: str, extraction: Extraction) -> None:
        with self._lock:
            before = self._recent.pop(key, None)
            self._recent[key] = extraction
            self._characters += _size(extraction) - (_size(before) if before else 0)
            while self._recent and (
                len(self._recent) > IN_MEMORY or self._characters > IN_MEMORY_CHARACTERS
            ):
                _, dropped = self._recent.popitem(last=False)
                self._characters -= _size(dropped)

    def _path(self, sha256: str, media_type: str) -> str:
        """As text: pathlib costs the parent time that a worker could read in."""
        reader = reader_name(media_type, self._helpers) or "none"
        return f"{self._folder}/{sha256[:2]}/{sha256}.{reader}.json.gz"


def _write(folder: str, name: str, data: bytes) -> bool:
    """Put a file in place, whole or not at all; whether its folder was there before."""
    temporary = f"{folder}/.{uuid.uuid4().hex}.tmp"
    try:
        file = open(temporary, "xb", buffering=0)  # noqa: SIM115 - closed below
        was_there = True
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        file = open(temporary, "xb", buffering=0)  # noqa: SIM115 - closed below
        was_there = False
    with file:
        file.write(data)
    os.replace(temporary, f"{folder}/{name}")
    return was_there


def _fields(kind: type[Any], *, without: str = "") -> Callable[[Any], dict[str, Any]]:
    """A function that gives an object's fields by name, as they are."""
    names = [field.name for field in dataclasses.fields(kind) if field.name != without]
    values = operator.attrgetter(*names)
    return lambda thing: dict(zip(names, values(thing), strict=True))


_of_leaf = _fields(Leaf, without="parts")
_of_part = _fields(Part)
_of_notice = _fields(Notice)
_of_metadata = _fields(Metadata)


def _size(extraction: Extraction) -> int:
    """Characters, and something for each object."""
    return sum(200 + sum(100 + len(p.text) for p in leaf.parts) for leaf in extraction.leaves)


def to_json(extraction: Extraction) -> dict[str, Any]:
    """The extraction as JSON can hold it.

    Written out because dataclasses.asdict copies every string on its way: five times as slow.
    """
    return {
        "leaves": [
            _of_leaf(leaf) | {"parts": [_of_part(part) for part in leaf.parts]}
            for leaf in extraction.leaves
        ],
        "notices": [_of_notice(notice) for notice in extraction.notices],
        "metadata": _of_metadata(extraction.metadata),
        "extractor": extraction.extractor,
    }


def from_json(stored: dict[str, Any]) -> Extraction:
    """The extraction that `to_json` was given. Raises KeyError, TypeError, ValueError."""
    leaves = (
        Leaf(
            **(
                leaf
                | {
                    "parts": tuple(
                        Part(**(p | {"source": Source(p["source"])})) for p in leaf["parts"]
                    )
                }
            )
        )
        for leaf in stored["leaves"]
    )
    notices = (Notice(**(n | {"severity": Severity(n["severity"])})) for n in stored["notices"])
    said = stored["metadata"]
    metadata = Metadata(
        **(said | {"authors": tuple(said["authors"]), "keywords": tuple(said["keywords"])})
    )
    return Extraction(tuple(leaves), tuple(notices), metadata, stored["extractor"])
