"""AsciiDoc: decks for Asciidoctor's reveal.js by slide with notes, other files by heading.

There is no kept library for it in Python under a permissive licence. What makes words is read:
headings, lists, tables, blocks, links, pictures; no file is included, no macro is run.
"""

from __future__ import annotations

import re
from pathlib import Path

from coproarchive.extract.base import Extraction, Limits, Metadata
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.slides import (
    CutText,
    SlidePieces,
    deck_of_pieces,
    without_marks,
)
from coproarchive.extract.front_matter import day
from coproarchive.extract.text import one_line, real_title
from coproarchive.vocabulary import Source

_HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_ATTRIBUTE = re.compile(r"^:(!?[\w-]+!?):[ \t]*(.*)$")
_STYLE = re.compile(r"^\[([^\]\n]*)\][ \t]*$")
_DELIMITER = re.compile(r"^(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|--|`{3}.*)[ \t]*$")
_TITLE_OF_BLOCK = re.compile(r"^\.(?![. \t])(\S.*)$")
_TABLE = re.compile(r"^[|,:!]={3,}[ \t]*$")
_MACRO = re.compile(
    r"^(include|image|video|audio|ifdef|ifndef|ifeval|endif|toc)::(\S*?)\[(.*)\]\s*$"
)
_IMAGE = re.compile(r"\bimage:(?!:)(\S+?)\[([^\]\n]{0,1000})\]")
_LINK = re.compile(r"(?:\blink:)?(\b(?:https?://|mailto:)[^\s\[\]<>]{1,2000})\[([^\]\n]{0,1000})\]")
_ADDRESS = re.compile(r"\bhttps?://[^\s\[\]<>]{1,2000}")
_CROSS = re.compile(r"<<([^,>\n]{1,300})(?:,([^>\n]{0,500}))?>>")
_FORMAT = re.compile(
    r"(?<!\w)(?:\[[^\]\n]{0,100}\])?(\*\*|__|``|##|\*|_|`|#|\+)(\S|\S[^\n]{0,500}?\S)\1(?!\w)"
)
_ITEM = re.compile(r"^[ \t]*(?:\*{1,5}|-|\.{1,5}|\d+\.)[ \t]+(?:\[[ *x]\][ \t]+)?")
_SPEAKER = re.compile(r"\bspeaker\b|\.notes?\b|^notes?\.speaker|role=.?(?:speaker|notes?)\b", re.I)
_SHOWS = re.compile(
    r"(?im)^:(?:revealjs|deckjs|customcss|backend:[ \t]*(?:revealjs|deckjs))|"
    r"^\[NOTE\.speaker|^\[%(?:notitle|step)"
)
_HIDDEN = re.compile(r"data-visibility=.?hidden|visibility=.?hidden")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read AsciiDoc.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    reader = _AsciiDoc(decode(path.read_bytes()))
    return deck_of_pieces(
        reader.slides, limits, reader.metadata(), reader.elsewhere, shows=reader.shows
    )


def cut_asciidoc(text: str) -> CutText:
    """Cut the speaker's notes ([NOTE.speaker], [.notes]) and comments (//) out of a text."""
    cut = CutText()
    made: list[str] = []
    lines = without_marks(text).replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        style = _STYLE.match(line)
        if style and _SPEAKER.search(style[1]):
            start, end = at + 1, _note_end(lines, at + 1)
            inside = lines[start:end]
            if inside and _DELIMITER.match(inside[0]):
                inside = inside[1:-1] if inside[-1].strip() == inside[0].strip() else inside[1:]
            made.append(cut.add("\n".join(inside)))
            at = end
        elif re.match(r"^/{4,}[ \t]*$", line):
            cut.comments += 1
            at = _closing(lines, at, line.rstrip()) + 1
        elif line.startswith("//") and not line.startswith("///"):
            cut.comments += 1
            at += 1
        elif (match := _DELIMITER.match(line)) and match[1][0] in "-.+`" and match[1] != "--":
            end = _closing(lines, at, "```" if match[1][0] == "`" else line.rstrip()) + 1
            made += lines[at:end]
            at = end
        else:
            made.append(line)
            at += 1
    cut.text = "\n".join(made)
    return cut


def _closing(lines: list[str], at: int, mark: str) -> int:
    """Return the number of the line below `at` that is this mark; the last one's for none."""
    below = range(at + 1, len(lines))
    return next((number for number in below if lines[number].rstrip() == mark), len(lines) - 1)


def _note_end(lines: list[str], start: int) -> int:
    """Return the number of the line behind the block or paragraph that begins at `start`."""
    while start < len(lines) and (
        _STYLE.match(lines[start]) or _TITLE_OF_BLOCK.match(lines[start])
    ):
        start += 1
    if start < len(lines) and _DELIMITER.match(lines[start]):
        mark = lines[start].strip()
        return next((n + 1 for n in range(start + 1, len(lines)) if lines[n].strip() == mark),
                    len(lines))  # fmt: skip
    return next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines))


class _AsciiDoc:
    """Reads a text line by line.

    Attributes:
        shows: whether it is a deck.
    """

    def __init__(self, text: str):
        self._cut = cut_asciidoc(text)
        self.shows = bool(self._cut.notes or _SHOWS.search(self._cut.text))
        self.slides: list[SlidePieces] = []
        self.elsewhere: list[str] = []
        self._attributes: dict[str, str] = {}
        self._authors: list[str] = []
        self._now = SlidePieces()
        self._header = 0  # lines since the title that may name author and revision
        self._code = ""
        self._table: list[str] | None = None
        self._style = ""
        for line in self._cut.text.split("\n"):
            self._read(line)
        self._finish()

    def metadata(self) -> Metadata:
        """Return what the header says."""
        named = self._attributes.get("author") or self._attributes.get("authors")
        names = re.split(r"\s*[;,]\s*", named) if named else self._authors
        return Metadata(
            real_title(self._attributes.get("doctitle", "")),
            tuple(name for name in names if name),
            day(self._attributes.get("revdate", "")),
            self._attributes.get("lang") or None,
            tuple(k.strip() for k in self._attributes.get("keywords", "").split(",") if k.strip()),
        )

    def _read(self, line: str) -> None:
        line, notes = self._cut.take(line)
        self._now.notes += ["\n".join(map(self._plain, note.split("\n"))) for note in notes]
        if self._code:
            if line.rstrip() == self._code:
                self._code = ""
            else:
                self._now.lines.append(line)
        elif self._table is not None:
            self._row(line)
        elif heading := _HEADING.match(line):
            self._heading(len(heading[1]), heading[2])
        elif self._header and line.strip() and not _ATTRIBUTE.match(line):
            self._header_line(line.strip())
        elif not self._mark(line):
            term = re.sub(r"(\S)::(?=\s|$)", r"\1:", line, count=1)
            self._now.lines.append(self._plain(_ITEM.sub("", term)))
        if not line.strip():
            self._header = 0

    def _mark(self, line: str) -> bool:
        """Take a line that is no text by itself; tell whether it was one."""
        if attribute := _ATTRIBUTE.match(line):
            self._attributes[attribute[1]] = attribute[2].strip()
        elif style := _STYLE.match(line):
            self._style = style[1]
        elif macro := _MACRO.match(line):
            if macro[1] == "include":
                self.elsewhere.append(macro[2])
            elif macro[1] == "image":
                self._picture(macro[3])
        elif _TABLE.match(line):
            self._table = []
        elif delimiter := _DELIMITER.match(line):
            mark = delimiter[1]
            if mark[0] in "-.+`" and mark != "--":
                self._code = mark[:3] if mark[0] == "`" else mark.rstrip()
        elif title := _TITLE_OF_BLOCK.match(line):
            self._now.lines.append(self._plain(title[1]))
        elif line.strip() not in ("+", "<<<", "'''", "---", "***"):
            return False
        return True

    def _heading(self, level: int, title: str) -> None:
        title = self._plain(title)
        if level == 1 and not self.slides and self._now.is_empty:
            self._attributes["doctitle"] = title
            self._header = 3
            self._now.title = title
            return
        if level <= 3 or not self.shows:
            self._finish()
            is_titled = "%notitle" not in self._style and "conceal" not in self._style
            is_titled = is_titled and title != "!"
            hidden = bool(_HIDDEN.search(self._style))
            self._now = SlidePieces(title if is_titled else "", level, hidden=hidden)
        else:
            self._now.lines.append(title)
        self._style = ""

    def _header_line(self, line: str) -> None:
        """Read the lines of authors and of the revision, which stand right below the title."""
        self._header -= 1
        text = re.sub(r"\s*<[^>\n]{0,300}>", "", line)
        if match := re.search(r"\d{4}-\d{2}-\d{2}", line):
            self._attributes.setdefault("revdate", match[0])
        elif self._header == 2:
            self._authors = [name.strip().replace("_", " ") for name in text.split(";")]
        self._now.lines.append(self._plain(text))

    def _row(self, line: str) -> None:
        assert self._table is not None
        if _TABLE.match(line):
            self._now.extra.append((Source.TABLE, "\n".join(self._table)))
            self._table = None
            return
        cells = re.split(r"(?:\d+(?:\.\d+)?[+*])?(?:[.<>^]*[a-z]?)?\|", line)
        row = " | ".join(filter(None, (self._plain(cell) for cell in cells)))
        if row:
            self._table.append(row)

    def _finish(self) -> None:
        if self._table:
            self._now.extra.append((Source.TABLE, "\n".join(self._table)))
        self._table = None
        self._code = ""
        if not self._now.is_empty:
            self.slides.append(self._now)
        self._now = SlidePieces()

    def _picture(self, attributes: str) -> None:
        named = re.search(r'\balt="?([^",\]]+)', attributes)
        alt = named[1] if named else attributes.split(",", maxsplit=1)[0].strip('" ')
        if "=" not in alt and not alt.startswith("%"):
            self._now.extra.append((Source.ALT, alt))

    def _plain(self, text: str) -> str:
        """Return a text without marks of formatting; its links are kept beside it."""
        text = _IMAGE.sub(self._inline_picture, text)
        text = _LINK.sub(self._linked, text)
        for address in _ADDRESS.findall(text):
            self._now.extra.append((Source.LINK, address.rstrip(".,;:)")))
        text = _CROSS.sub(lambda m: m[2] or "", text)
        text = re.sub(r"\{(\w[\w-]{0,60})\}", self._attribute, text)
        for _ in range(2):
            text = _FORMAT.sub(r"\2", text)
        return one_line(text)

    def _attribute(self, match: re.Match[str]) -> str:
        value = self._attributes.get(match[1])
        return match[0] if value is None else value[:500]

    def _inline_picture(self, match: re.Match[str]) -> str:
        self._picture(match[2])
        return ""

    def _linked(self, match: re.Match[str]) -> str:
        self._now.extra.append((Source.LINK, match[1]))
        return match[2].split(",window=")[0].rstrip("^") or ""
