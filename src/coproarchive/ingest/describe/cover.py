"""What a viewer sees first and last of a talk: lines as they are laid out, and joined to blocks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from coproarchive.extract.base import Extraction, PlacedLine
from coproarchive.extract.text import SOFT_HYPHEN
from coproarchive.ingest.describe.folding import folded_line, folded_words
from coproarchive.ingest.wordpress.content import EMAIL
from coproarchive.model import Leaf, Source

ENDS = 2
"""Leaves at either end of which the lines are looked at."""
SAME_SIZE = 0.12
"""Difference of letters' heights, as a share, up to which two lines are of one size."""
LEADING = 2.1
"""Heights of letters from the top of one line to that of the next within a block."""
RUNNING = 0.4
"""Share of leaves with one and the same line from which it is a running head or foot."""

_SHOWN = (Source.TEXT, Source.TABLE, Source.OCR, Source.SMARTART, Source.PICTURE)
_HANDLE = re.compile(r"(?<![\w@./])@([A-Za-z]\w{2,30})")
_PROFILE = re.compile(
    r"(?:github|twitter|linkedin|mastodon|x)\.com/(?:in/)?@?([A-Za-z][\w-]{2,38})"
)
_LABELLED = re.compile(
    r"^\W*(?:(?:title|authors?|speakers?|presenters?|date|venue|event|where|when|contact|e-?mail|"
    r"titel|autor(?:in|en)?|referent(?:in)?|datum|auteurs?|titre|titolo|título)\s*[:：]|"
    r"(?:presented |given |written )?by\b)",
    re.IGNORECASE,
)
"""A line that says what it is goes not on from the line above, nor into the one below."""
_LOWER_WORD = re.compile(r"(?<![\w@./-])[a-zß-öø-ÿ]{2,}(?![\w@./])")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines of one size under each other: a title of two lines is one block.

    Attributes:
        leaf: 1-based number of the page, slide or section.
        lines: as they stand.
        size, top: as PlacedLine, of the first line; 0.0 where the format has no layout.
        role: as PlacedLine.
    """

    leaf: int
    lines: tuple[str, ...]
    size: float
    top: float
    role: str

    @property
    def text(self) -> str:
        """The lines as one, words that a hyphen divides at a line's end joined."""
        joined = ""
        for line in self.lines:
            if joined.endswith("-") and line[:1].islower():
                joined = joined + line
            else:
                joined = f"{joined} {line}"
        return joined.strip()


@dataclass(frozen=True)
class Cover:
    """The first and last leaves of a file that readers may see, and what all its words tell.

    Attributes:
        opening, closing: blocks of the first and of the last ENDS leaves; none is in both.
        leaves: all that may be seen.
    """

    opening: tuple[TextBlock, ...]
    closing: tuple[TextBlock, ...]
    leaves: tuple[Leaf, ...]

    @cached_property
    def common_words(self) -> frozenset[str]:
        """Words that stand in small letters somewhere in the file: names hardly ever do."""
        words: set[str] = set()
        for leaf in self.leaves[:400]:
            for part in leaf.parts:
                if part.source in _SHOWN:
                    text = part.text[:20_000].replace(SOFT_HYPHEN, "")
                    words.update(_LOWER_WORD.findall(text))
        return frozenset(words)

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Handles, and what stands before the @ of addresses, in the opening and the closing."""
        text = "\n".join(line for b in (*self.opening, *self.closing) for line in b.lines)
        local = (address.partition("@")[0] for address in EMAIL.findall(text))
        accounts = {*local, *_HANDLE.findall(text), *_PROFILE.findall(text)}
        return frozenset(account.casefold() for account in accounts)

    @cached_property
    def running(self) -> Counter[str]:
        """Number of leaves on which each line of the opening stands."""
        lines = {folded_line(line) for block in self.opening for line in block.lines}
        counts: Counter[str] = Counter()
        for leaf in self.leaves[:200]:
            text = f"{leaf.title}\n{leaf.text}"
            counts.update(lines.intersection(map(folded_line, text.split("\n"))))
        return counts

    def is_running(self, text: str) -> bool:
        """Tell whether the line stands on so many leaves that it is of the template or footer."""
        leaves = min(len(self.leaves), 200)
        return leaves >= 5 and self.running[folded_line(text)] > max(2, RUNNING * leaves)


def cover_of(extraction: Extraction) -> Cover:
    """Return the first and the last leaves' blocks, without notes, comments and hidden slides."""
    leaves = tuple(leaf for leaf in extraction.leaves if not leaf.hidden)
    first, last = leaves[:ENDS], leaves[ENDS:][-ENDS:]
    placed: dict[int, list[PlacedLine]] = {}
    for line in extraction.placed or ():
        placed.setdefault(line.leaf, []).append(line)

    def blocks(ends: Iterable[Leaf]) -> tuple[TextBlock, ...]:
        return tuple(
            block
            for leaf in ends
            for block in blocks_of(_as_read(placed.get(leaf.number, []), leaf) or _unplaced(leaf))
        )

    return Cover(blocks(first), blocks(last), leaves)


def _as_read(lines: list[PlacedLine], leaf: Leaf) -> list[PlacedLine]:
    """Return the lines; none where the leaf's words are others, as the lines' letters made none."""
    read = set(folded_words(f"{leaf.title}\n{leaf.text}").split())
    return lines if any(not read.isdisjoint(folded_words(x.text).split()) for x in lines) else []


def blocks_of(lines: Iterable[PlacedLine]) -> list[TextBlock]:
    """Join lines of one leaf to blocks, in their order."""
    blocks: list[TextBlock] = []
    before: PlacedLine | None = None
    for line in lines:
        if before is not None and _goes_on(before, line):
            last = blocks[-1]
            blocks[-1] = TextBlock(
                last.leaf, (*last.lines, line.text), last.size, last.top, last.role
            )
        else:
            blocks.append(TextBlock(line.leaf, (line.text,), line.size, line.top, line.role))
        before = line
    return blocks


def _goes_on(before: PlacedLine, line: PlacedLine) -> bool:
    if before.role != line.role or not line.size or not before.size:
        return False
    if _LABELLED.match(line.text) or _LABELLED.match(before.text):
        return False
    if abs(before.size - line.size) > SAME_SIZE * max(before.size, line.size):
        return False
    return 0 < line.top - before.top <= LEADING * max(before.size, line.size)


def _unplaced(leaf: Leaf) -> list[PlacedLine]:
    """Make lines of a leaf whose format has no layout: its title, then its text."""
    title = [PlacedLine(leaf.number, leaf.title, 0.0, 0.0, "title")] if leaf.title else []
    texts = (line for p in leaf.parts if p.source in _SHOWN for line in p.text.split("\n"))
    lines = [line.strip() for line in texts if line.strip()][:40]
    return title + [PlacedLine(leaf.number, line, 0.0, 0.0, "") for line in lines]
