"""What `doctor` finds: each thing with how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something is."""

    WELL = "well"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: what it is about, in a word.
        state: see State.
        message: what was found, a sentence.
        hint: what to do, "" where nothing is to be done.
    """

    area: str
    state: State
    message: str
    hint: str = ""


def well(area: str, message: str) -> Finding:
    """Return a finding about which nothing is to be done."""
    return Finding(area, State.WELL, message)


def note(area: str, message: str, hint: str = "") -> Finding:
    """Return a finding that the keeper should know and may leave so."""
    return Finding(area, State.NOTE, message, hint)


def problem(area: str, message: str, hint: str) -> Finding:
    """Return a finding that is to be mended."""
    return Finding(area, State.PROBLEM, message, hint)
