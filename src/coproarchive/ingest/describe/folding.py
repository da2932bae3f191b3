"""Texts as they are compared: titles, names and lines of slides, however each was typed."""

from __future__ import annotations

import re


def folded_words(text: str) -> str:
    """Return a text's words in small letters, one space between them, punctuation left out."""
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def folded_line(line: str) -> str:
    """Return a line in small letters, one space between its words, punctuation as it stands."""
    return " ".join(line.split()).casefold()
