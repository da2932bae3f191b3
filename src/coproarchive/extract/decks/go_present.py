"""Go's present: .slide files, in their older syntax and in that which is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.slides import (
    CutText,
    SlideText,
    deck,
    markdown_leaves,
    without_marks,
    words_elsewhere,
)
from coproarchive.extract.text import one_line, real_title

_COMMAND = re.compile(r"^\.(\w+)[ \t]*(.*)$")
_READS = frozenset(("code", "play", "html", "iframe"))
"""Commands that show words of another file."""
_LINK = re.compile(r"\[\[([^\]\n]{1,2000})\](?:\[([^\]\n]{0,2000})\])?\]")
_DAY = re.compile(r"^(?:(\d{1,2}):(\d\d) )?(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (\d{4})$")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_FONTS = re.compile(r"(?<![\w*_`])([*_`])(\S|\S[^\n]{0,500}?\S)\1(?![\w*_`])")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read a .slide file (golang.org/x/tools/present).

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    cut = cut_present(decode(path.read_bytes()))
    lines = cut.text.splitlines()
    is_markdown = next((line for line in lines if line.strip()), "").startswith("# ")
    mark = "## " if is_markdown else "* "
    start = next((n for n, line in enumerate(lines) if line.startswith(mark)), len(lines))
    header = _header(lines[:start])
    elsewhere: list[str] = []
    slides = [SlideText("\n\n".join(map(_escaped, header.lines)), title=header.title)]
    for part in _parts(lines[start:], mark):
        body, notes = cut.take("\n".join(part[1:]))
        title, more = cut.take(part[0][len(mark) :])
        body = _plain(body, elsewhere, is_markdown=is_markdown)
        slides.append(SlideText(body, (*notes, *more), _bare(title)))
    metadata = Metadata(header.title, tuple(header.authors), header.date, None, header.tags)
    notices: list[Notice] = words_elsewhere(elsewhere)
    return deck(markdown_leaves(slides, notices), limits, metadata, notices)


def cut_present(text: str) -> CutText:
    """Cut notes (lines that begin with a colon) and comments (#, in Markdown //) out of a text."""
    cut = CutText()
    text = without_marks(text).removeprefix("\ufeff")
    is_markdown = text.lstrip().startswith("# ")
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith((": ", ":\n", ":\r")):
            lines.append(cut.add(line[1:].strip()) + "\n")
        elif line.startswith("//" if is_markdown else "#"):
            cut.comments += 1
        else:
            lines.append(line)
    cut.text = "".join(lines)
    return cut


@dataclass(slots=True)
class _Header:
    """What stands above the first slide.

    Attributes:
        lines: what the title slide shows.
    """

    title: str = ""
    lines: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    date: str | None = None
    tags: tuple[str, ...] = ()


def _header(lines: list[str]) -> _Header:
    """Read title, subtitle, date, tags; then authors, each a block of lines."""
    header = _Header()
    blocks = [block.splitlines() for block in re.split(r"\n\s*\n", "\n".join(lines).strip())]
    for number, block in enumerate(blocks):
        for place, text in enumerate(block):
            line = one_line(re.sub("\ue000\\d+\ue001", "", text))
            key, _, value = line.partition(":")
            if not header.title:
                header.title = real_title(line.removeprefix("# ")) or line
            elif number == 0 and key in ("Tags", "Summary", "OldURL"):
                if key == "Tags":
                    header.tags = tuple(t.strip() for t in value.split(",") if t.strip())
                elif key == "Summary":
                    header.lines.append(value.strip())
            elif line and not line.startswith("."):
                match = _DAY.match(line)
                if number == 0 and match and match[4] in _MONTHS:
                    month = _MONTHS.index(match[4]) + 1
                    header.date = f"{match[5]}-{month:02}-{int(match[3]):02}"
                elif number and not place:
                    header.authors.append(line)
                header.lines.append(line)
    return header


def _parts(lines: list[str], mark: str) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if line.startswith(mark) and part:
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _plain(text: str, elsewhere: list[str], *, is_markdown: bool) -> str:
    """Return a slide's text as Markdown; names of files that it shows go to `elsewhere`."""
    lines: list[str] = []
    for line in text.splitlines():
        match = _COMMAND.match(line)
        if match:
            lines.append(_command(match[1], match[2], elsewhere))
        elif is_markdown or line[:1].isspace():
            lines.append(line)
        else:
            lines.append(_unstyled(re.sub(r"^\*\*+ ", "#### ", line)))
    return "\n".join(lines)


def _command(name: str, rest: str, elsewhere: list[str]) -> str:
    words = rest.split()
    if name in _READS and words:
        elsewhere.append(next((w for w in words if not w.startswith("-")), words[0]))
    if name == "caption":
        return f"\n{_unstyled(rest)}\n"
    if name == "link" and words:
        return f"\n[{' '.join(words[1:]) or words[0]}](<{words[0]}>)\n"
    return ""


def _unstyled(line: str) -> str:
    """Return a line with links as Markdown has them, and without the marks of fonts."""
    head, text = re.match(r"((?:#### |- )?)(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]  # matches anything
    text = _FONTS.sub(lambda m: m[2].replace(m[1], " "), text)
    pieces, at = [], 0
    for match in _LINK.finditer(text):
        pieces.append(_escaped(text[at : match.start()]))
        pieces.append(f"[{_escaped(match[2] or match[1])}](<{match[1]}>)")
        at = match.end()
    return head + "".join(pieces) + _escaped(text[at:])


def _bare(line: str) -> str:
    """Return a line without the marks of fonts and addresses of links."""
    line = _FONTS.sub(lambda m: m[2].replace(m[1], " "), line)
    return one_line(_LINK.sub(lambda m: m[2] or m[1], line))


def _escaped(text: str) -> str:
    """Return the text so that Markdown shows it as it stands."""
    return re.sub(r"([\\`*_\[\]<>&#!|~+-])", r"\\\1", text)
