"""Captions (WebVTT, SRT): a leaf for about a minute of speech, with the second it starts at."""

from __future__ import annotations

import html
import re
from pathlib import Path

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.html import decode
from coproarchive.extract.text import bounded, parts_of
from coproarchive.model import Leaf, Source

GROUP_SECONDS = 60.0
_TIMES = re.compile(
    r"^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})"
)


def extract(path: Path, limits: Limits) -> Extraction:
    """Read cues, grouped so that a phrase rarely falls between two leaves.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    cues = _cues(decode(path.read_bytes()))
    if not cues:
        raise UnreadableError("this file has no captions in it.", path.name)
    groups: list[tuple[float, list[str]]] = []
    for start, text in cues:
        if not groups or start - groups[-1][0] >= GROUP_SECONDS or start < groups[-1][0]:
            groups.append((start, []))
        if text not in groups[-1][1][-1:]:
            groups[-1][1].append(text)
    leaves = (
        Leaf(
            number,
            "cue",
            parts=parts_of((Source.CAPTION, " ".join(texts))),
            label=clock(start),
            start=start,
        )
        for number, (start, texts) in enumerate(groups, start=1)
    )
    return bounded(leaves, limits)


def _cues(text: str) -> list[tuple[float, str]]:
    """Start in seconds and words of every cue; speakers' names are kept, markup is not."""
    cues: list[tuple[float, str]] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.split("\n")
        for number, line in enumerate(lines):
            if match := _TIMES.match(line):
                words = " ".join(lines[number + 1 :])
                words = re.sub(r"<v(?:\.[\w.]+)?\s+([^>]+)>", r"\1: ", words)
                words = html.unescape(re.sub(r"<[^>]*>", "", words)).strip()
                if words:
                    cues.append((_seconds(match[1]), words))
                break
    return cues


def _seconds(value: str) -> float:
    total = 0.0
    for piece in value.replace(",", ".").split(":"):
        total = total * 60 + float(piece)
    return total


def clock(seconds: float) -> str:
    """Return seconds as H:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
