"""A machine that reads pictures, without the extra: it says what it is given."""

from __future__ import annotations

import itertools
import time

import pytest

from coproarchive.extract import ocr, ocr_leaves


def read(monkeypatch: pytest.MonkeyPatch, *answers: str, sure: float = 0.9) -> None:
    """The machine reads what is given, picture by picture, and nothing more."""
    waiting = iter(answers)

    def lines(_: object) -> list[ocr.Line]:
        return [ocr.Line(line, sure) for line in next(waiting).splitlines()]

    monkeypatch.setattr(ocr, "read_lines", lines)


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures are all that can be read of a file in ten seconds: four looks at the clock."""
    clock = itertools.count(time.monotonic(), 1.7)
    monkeypatch.setattr(ocr_leaves, "monotonic", lambda: next(clock))
