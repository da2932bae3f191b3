"""Read what a page of docs/operate says to type, and which files it says to write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"`(/[^`\s]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code of a page.

    Attributes:
        language: "" for what is typed.
        text: without the page's indentation.
        path: the first absolute path that the paragraph before it names, "" where there is none.
    """

    language: str
    text: str
    path: str

    @property
    def commands(self) -> list[str]:
        """Lines to type, in order."""
        return self.text.splitlines()


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in _BLOCK.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n\n")[2]
        named = _PATH.search(before)
        indent = match[1]
        content = "".join(line.removeprefix(indent) for line in match[3].splitlines(keepends=True))
        blocks.append(Block(match[2], content, named[1] if named else ""))
    return blocks


def block_with(page: Path, words: str) -> Block:
    """Return the one block of a page that has these words. Raises LookupError."""
    found = [block for block in blocks_of(page) if words in block.text]
    if len(found) != 1:
        raise LookupError(f"{page.name} has {len(found)} blocks with {words!r}")
    return found[0]
