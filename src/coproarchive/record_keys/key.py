"""The words about one key of a record."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """The words about one key of a record.

    Attributes:
        label: what forms call it.
        meaning: one sentence without a full stop.
        example: the value as it stands in a YAML file.
        term: the standard term, "" where no vocabulary has one.
        help: what forms say instead of the meaning, where they take names for ids.
    """

    label: str
    meaning: str
    example: str
    term: str = ""
    help: str = ""
