"""Extractions kept by the hash of the file and the version of the reader."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import os
import uuid
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.table import extractor_for
from coproarchive.model import Leaf, Part, Severity, Source

IN_MEMORY = 512
"""Extractions kept in memory: enough for the results that many readers look at."""


class ExtractionCache:
    """Files below `folder`, one an extraction; a damaged one counts as absent.

    Thread-safe. Extractions that failed are kept together with the limits they failed under, so
    that other limits try again.
    """

    def __init__(self, folder: Path, limits: Limits):
        self._folder = folder
        self._limits = json.dumps(dataclasses.asdict(limits))
        self._recent: OrderedDict[str, Extraction] = OrderedDict()
        self._lock = Lock()

    def get(self, sha256: str, media_type: str) -> Extraction | None:
        """What was read from the file of this hash, None where it is not known."""
        path = self._path(sha256, media_type)
        with self._lock:
            if path.name in self._recent:
                self._recent.move_to_end(path.name)
                return self._recent[path.name]
        try:
            stored = json.loads(gzip.decompress(path.read_bytes()))
            extraction = from_json(stored)
            if extraction.failed and stored["limits"] != self._limits:
                return None
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            return None
        self._remember(path.name, extraction)
        return extraction

    def put(self, sha256: str, media_type: str, extraction: Extraction) -> None:
        """Keep an extraction; a full disk costs the cache entry, not the run."""
        path = self._path(sha256, media_type)
        stored = to_json(extraction) | {"limits": self._limits}
        data = gzip.compress(json.dumps(stored, ensure_ascii=False).encode(), 3, mtime=0)
        temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            os.replace(temporary, path)
        self._remember(path.name, extraction)

    def _remember(self, key: str, extraction: Extraction) -> None:
        with self._lock:
            self._recent[key] = extraction
            if len(self._recent) > IN_MEMORY:
                self._recent.popitem(last=False)

    def _path(self, sha256: str, media_type: str) -> Path:
        extractor = extractor_for(media_type)
        reader = f"{extractor.name}-{extractor.version}" if extractor else "none"
        return self._folder / sha256[:2] / f"{sha256}.{reader}.json.gz"


def to_json(extraction: Extraction) -> dict[str, Any]:
    """The extraction as JSON can hold it."""
    return dataclasses.asdict(extraction)


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
