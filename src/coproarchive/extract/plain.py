"""Plain text as it stands: nothing in it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata
from coproarchive.extract.charset import decode
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Source

MAX_TITLE = 120
"""Characters of a first line that may be a title."""
_RULE = re.compile(r"^\s*([-=_*~#.])\1{2,}\s*$")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read plain text, a leaf a page where there are form feeds.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    if not text.strip():
        raise UnreadableError("this file is empty.", path.name, "Add it again, or remove it.")
    leaves = list(_pages(text))
    title = leaves[0].title if leaves else ""
    return bounded(leaves, limits, metadata=Metadata(title=real_title(title)))


def _pages(text: str) -> Iterator[Leaf]:
    number = 0
    for page in text.split("\f"):
        title, body = ("", page) if number else _title_and_rest(page)
        parts = parts_of((Source.TEXT, body))
        if title or parts:
            number += 1
            yield Leaf(number, "section", title, parts)


def _title_and_rest(text: str) -> tuple[str, str]:
    """Split the first line from the text where it stands alone: above an empty line or a rule."""
    lines = text.strip("\n").split("\n")
    first = one_line(lines[0])
    if len(lines) < 2 or not 0 < len(first) <= MAX_TITLE or not any(map(str.isalpha, first)):
        return "", text
    if _RULE.match(lines[1]):
        return first, "\n".join(lines[2:])
    return (first, "\n".join(lines[1:])) if not lines[1].strip() else ("", text)
