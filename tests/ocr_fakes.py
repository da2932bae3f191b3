"""A machine that reads pictures, without the extra: it says what it is given."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest

from coproarchive.extract import ocr, ocr_leaves, table
from coproarchive.extract.cache import ExtractionCache, packed
from coproarchive.library import Library
from coproarchive.model import Part, Source


def read(monkeypatch: pytest.MonkeyPatch, *answers: str, sure: float = 0.9) -> None:
    """The machine reads what is given, picture by picture, and nothing more."""
    waiting = iter(answers)

    def lines(_: object) -> list[ocr.OcrLine]:
        return [ocr.OcrLine(line, sure) for line in next(waiting).splitlines()]

    monkeypatch.setattr(ocr, "read_lines", lines)


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures are all that can be read of a file in ten seconds: four looks at the clock."""
    clock = itertools.count(time.monotonic(), 1.6)
    monkeypatch.setattr(ocr_leaves, "monotonic", lambda: next(clock))


def pretend(library: Library, item_id: str, words: str, sure: float) -> None:
    """What was read of the item's first file: as it was, and words in a picture of each leaf."""
    asset = library.catalogue().item(item_id).assets[0]
    read = library.reader.cached(asset.sha256, asset.media_type)
    assert read is not None
    seen = Part(Source.OCR, words, sure)
    leaves = tuple(replace(leaf, parts=(*leaf.parts, seen)) for leaf in read.leaves)
    named = f"{read.extractor} + {table.OCR.replace('-', ' ')}"
    cache = ExtractionCache(
        library.settings.index / "extracted", library.reader.limits, library.reader.helpers
    )
    made = replace(read, leaves=leaves, extractor=named)
    cache.put(asset.sha256, asset.media_type, packed(made, library.reader.limits))
    cache.close()
