"""Captions (WebVTT, SRT): a leaf for about a minute of speech, with the second it starts at.

Captions that roll (YouTube's) say each line in two or three cues, above or before the next one:
what a cue repeats of the one before is said once, at the time when it was first shown.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import NamedTuple

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.charset import decode
from coproarchive.extract.text import bounded, parts_of
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Source

GROUP_SECONDS = 60.0
ADJACENT = 0.5
"""Seconds between two cues up to which the second may still show what the first did."""
_TIMES = re.compile(
    r"^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})"
)
_NUMBER = re.compile(r"^\s*\d+\s*$")
_SPEAKER = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]+)>")
_MARKUP = re.compile(r"<[^>]*>")


class Cue(NamedTuple):
    """What is shown from one time to another, in seconds."""

    start: float
    end: float
    lines: list[str]


_COMMA = re.compile(r"(:\d{2}),(\d{1,3})")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read cues, grouped so that a phrase rarely falls between two leaves.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    new_words = spoken(decode(path.read_bytes()))
    if not new_words:
        raise UnreadableError("this file has no captions in it.", path.name)
    groups: list[tuple[float, list[str]]] = []
    for start, text in new_words:
        if not groups or start - groups[-1][0] >= GROUP_SECONDS or start < groups[-1][0]:
            groups.append((start, []))
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


def spoken(text: str) -> list[tuple[float, str]]:
    """Return what a file of captions says: second and words of each cue that says something new."""
    new_words: list[tuple[float, str]] = []
    before = Cue(0.0, -1.0, [])
    for cue in _cues(text):
        new = _new_in(cue, before)
        if new:
            new_words.append((cue.start, new))
        if cue.lines:
            before = cue
    return new_words


def _new_in(cue: Cue, before: Cue) -> str:
    """Return the words of a cue without those that it still shows of the cue before."""
    lines = cue.lines
    if lines == before.lines:
        return ""
    if not -ADJACENT <= cue.start - before.end <= ADJACENT:
        return " ".join(lines)
    most = min(len(lines), len(before.lines))
    shared = next((n for n in range(most, 0, -1) if before.lines[-n:] == lines[:n]), 0)
    new = lines[shared:]
    if not shared and new and before.lines and new[0].startswith(before.lines[-1] + " "):
        # A line that grows word by word.
        new[0] = new[0].removeprefix(before.lines[-1]).strip()
    return " ".join(new)


def _cues(text: str) -> list[Cue]:
    """Cut a file into cues; speakers' names are kept, markup is not.

    An empty line ends a cue; one of blanks does where a number and a time follow.
    """
    cues: list[Cue] = []
    lines: list[str] | None = None
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if match := _TIMES.match(line):
            if lines and _NUMBER.match(lines[-1]) and cues:
                lines.pop()  # the number of this cue, after a line of blanks
            lines = []
            cues.append(Cue(_seconds(match[1]), _seconds(match[2]), lines))
        elif not line:
            lines = None
        elif lines is not None and (words := _words(line)):
            lines.append(words)
    return cues


def _words(line: str) -> str:
    return html.unescape(_MARKUP.sub("", _SPEAKER.sub(r"\1: ", line))).strip()


def _seconds(value: str) -> float:
    total = 0.0
    for piece in value.replace(",", ".").split(":"):
        total = total * 60 + float(piece)
    return total


def as_webvtt(text: str) -> str:
    """Return captions in SubRip's form as WebVTT, which is what browsers play."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = (_COMMA.sub(r"\1.\2", line) if "-->" in line else line for line in lines)
    return "WEBVTT\n\n" + "\n".join(cues)


def clock(seconds: float) -> str:
    """Return seconds as H:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
