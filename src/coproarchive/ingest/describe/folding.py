"""Texts as they are compared: titles, names and lines of slides, however each was typed."""

from __future__ import annotations

import re

from coproarchive.extract.text import SOFT_HYPHEN


def folded_words(text: str) -> str:
    """Return a text's words in small letters, one space between them, punctuation left out."""
    return " ".join(re.sub(r"[\W_]+", " ", text.replace(SOFT_HYPHEN, "")).casefold().split())


def folded_line(line: str) -> str:
    """Return a line in small letters, one space between its words, punctuation as it stands."""
    return " ".join(line.replace(SOFT_HYPHEN, "").split()).casefold()
