"""Org: decks for org-reveal and Beamer by slide, other files by headline. Nothing is evaluated."""

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
from coproarchive.extract.text import WEB, one_line, real_title
from coproarchive.vocabulary import Source

_HEADLINE = re.compile(r"^(\*+)[ \t]+(.*?)(?:[ \t]+(:[\w@#%:-]+:))?[ \t]*$")
_KEYWORD = re.compile(r"^[ \t]*#\+([A-Za-z_]+(?:\[[^\]\n]*\])?):[ \t]*(.*)$")
_BEGIN = re.compile(r"^[ \t]*#\+begin_(\w+)\b(.*)$", re.IGNORECASE)
_END = re.compile(r"^[ \t]*#\+end_(\w+)[ \t]*$", re.IGNORECASE)
_LINK = re.compile(r"\[\[([^\]\n]{1,2000})\](?:\[([^\]\n]{0,2000})\])?\]")
_EMPHASIS = re.compile(r"(?<![\w*/=~+_])([*/=~+_])(\S|\S[^\n]{0,500}?\S)\1(?![\w*/=~+_])")
_ITEM = re.compile(r"^[ \t]*(?:[-+]|\d+[.)]|[ \t]\*)[ \t]+(?:\[[ X-]\][ \t]+)?(?:\[@\d+\][ \t]*)?")
_DRAWER = re.compile(r"^[ \t]*:([\w-]+):[ \t]*$")
_STATE = re.compile(r"^(?:TODO|DONE|NEXT|WAITING)\s+|^\[#[A-Z]\]\s+")
"""What Org puts before a headline's words: the keyword of a task's state ("TODO" is one), and its
priority (Org Manual, TODO Items)."""
_STAMP = re.compile(r"[<\[](\d{4}-\d{2}-\d{2})[^>\]\n]{0,60}[>\]]")
_SHOWS = re.compile(
    r"(?im)^[ \t]*#\+(?:reveal_|startup:.*\bbeamer|beamer|latex_class:[ \t]*beamer|"
    r"options:.*\bH:|attr_reveal|html_head:.*(?:slidy|s5)|ioslide)"
)
_NOTES_BLOCKS = frozenset(("notes", "note"))
_NOT_WORDS = frozenset(("comment", "export"))
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|pdf)$", re.IGNORECASE)


def extract(path: Path, limits: Limits) -> Extraction:
    """Read an Org file.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    reader = _Org(decode(path.read_bytes()))
    return deck_of_pieces(
        reader.slides, limits, reader.metadata(), reader.elsewhere, shows=reader.shows
    )


def cut_org(text: str) -> CutText:
    """Cut notes and comments out of an Org text: blocks and headlines of notes, lines with #."""
    cut = CutText()
    lines: list[str] = []
    noted: list[str] | None = None
    until, level = "", 0
    for line in without_marks(text).splitlines(keepends=True):
        headline = _HEADLINE.match(line.rstrip("\r\n"))
        begin, end = _BEGIN.match(line), _END.match(line)
        if noted is not None:
            over = (end and end[1].lower() == until) if until else (
                headline and len(headline[1]) <= level
            )  # fmt: skip
            if not over:
                noted.append(line)
                continue
            lines.append(cut.add("".join(noted)) + "\n")
            noted = None
            if until:
                continue
        if begin and begin[1].lower() in _NOTES_BLOCKS:
            noted, until = [], begin[1].lower()
        elif headline and _is_note(headline[3]):
            noted, until, level = [headline[2] + "\n"], "", len(headline[1])
        elif re.match(r"[ \t]*#(?:[ \t]|$)", line):
            cut.comments += 1
        else:
            lines.append(line)
    if noted is not None:
        lines.append(cut.add("".join(noted)))
    cut.text = "".join(lines)
    return cut


def _is_note(tags: str | None) -> bool:
    return any(
        tag.lower() in ("b_note", "b_notenh", "notes", "note") for tag in (tags or "").split(":")
    )


class _Org:
    """Reads an Org text line by line.

    Attributes:
        shows: whether it is a deck.
    """

    def __init__(self, text: str):
        self._cut = cut_org(text)
        self._keywords: dict[str, list[str]] = {}
        self.elsewhere: list[str] = []
        self.shows = bool(_SHOWS.search(self._cut.text))
        self.slides: list[SlidePieces] = []
        self._now = SlidePieces()
        self._block = ""
        self._drawer = False
        self._hidden_level = 0
        self._table: list[str] = []
        self._alt = ""
        for line in self._cut.text.splitlines():
            self._read(line)
        self._finish()

    def metadata(self) -> Metadata:
        """Return what the keywords at the top say."""
        title = " ".join(self._keywords.get("title", ()))
        names = re.split(r"\s*(?:,|\band\b)\s*", " ".join(self._keywords.get("author", ())))
        date = re.search(r"\d{4}-\d{2}-\d{2}", " ".join(self._keywords.get("date", ())))
        tags = " ".join(self._keywords.get("keywords", ()) or self._keywords.get("filetags", ()))
        return Metadata(
            real_title(self._plain(title)),
            tuple(name for name in names if name),
            date[0] if date else None,
            next(iter(self._keywords.get("language", ())), None) or None,
            tuple(tag.strip() for tag in re.split(r"[,:]", tags) if tag.strip()),
        )

    def _read(self, line: str) -> None:
        text, notes = self._cut.take(line)
        self._now.notes += [self._plain(note) for note in notes]
        if self._block:
            if (end := _END.match(text)) and end[1].lower() == self._block:
                self._block = ""
            elif self._block not in _NOT_WORDS:
                self._now.lines.append(text)
            return
        if headline := _HEADLINE.match(text):
            self._headline(len(headline[1]), headline[2], headline[3] or "")
        elif self._drawer:
            self._drawer = text.strip().lower() != ":end:"
        elif _DRAWER.match(text):
            self._drawer = True
        elif begin := _BEGIN.match(text):
            is_text = begin[1].lower() in ("quote", "center", "verse", "columns", "column", "block")
            self._block = "" if is_text else begin[1].lower()
        elif keyword := _KEYWORD.match(text):
            self._keyword(keyword[1].lower(), keyword[2].strip())
        elif not _END.match(text):
            self._line(text)

    def _keyword(self, name: str, value: str) -> None:
        if name in ("include", "setupfile"):
            self.elsewhere.append(value.split(" ", maxsplit=1)[0].strip('"'))
        elif name in ("caption", "reveal") or name.startswith("caption["):
            if name != "reveal":
                self._now.lines.append(self._plain(value))
            elif value.startswith("split"):
                self._begin(SlidePieces(level=self._now.level, hidden=self._now.hidden))
        elif name.startswith("attr_") and (match := re.search(r':alt[ \t]+"?([^":]+)', value)):
            self._alt = match[1].strip()
        else:
            self._keywords.setdefault(name, []).append(value)

    def _headline(self, level: int, title: str, tags: str) -> None:
        if self._hidden_level and level <= self._hidden_level:
            self._hidden_level = 0
        title = _STATE.sub("", _STATE.sub("", title))  # the state, then the priority
        if not self._hidden_level and (title.startswith("COMMENT ") or ":noexport:" in tags):
            self._hidden_level = level
        title = self._plain(title.removeprefix("COMMENT "))
        if level <= self._split_level():
            self._begin(SlidePieces(title, level, hidden=bool(self._hidden_level)))
        else:
            self._now.lines.append(title)

    def _split_level(self) -> int:
        """Return the level down to which headlines begin slides."""
        if not self.shows:
            return 3
        options = " ".join(self._keywords.get("options", ()))
        named = re.search(r"\bH:(\d)", options)
        return int(named[1]) if named else 2

    def _begin(self, slide: SlidePieces) -> None:
        self._finish()
        self._now = slide

    def _finish(self) -> None:
        self._end_table()
        if not self._now.is_empty:
            self.slides.append(self._now)
        self._now = SlidePieces()

    def _line(self, text: str) -> None:
        if text.lstrip().startswith("|"):
            if not re.match(r"^\s*\|[-+|:\s]*$", text):
                cells = (self._plain(cell) for cell in text.strip().strip("|").split("|"))
                self._table.append(" | ".join(cell for cell in cells if cell))
            return
        self._end_table()
        if not re.match(r"^\s*-{5,}\s*$", text):
            self._now.lines.append(self._plain(_ITEM.sub("", text)))

    def _end_table(self) -> None:
        if self._table:
            self._now.extra.append((Source.TABLE, "\n".join(self._table)))
            self._table = []

    def _plain(self, text: str) -> str:
        """Return a text without marks of emphasis; its links are kept beside it."""
        text = _LINK.sub(self._linked, text)
        for _ in range(2):
            text = _EMPHASIS.sub(r"\2", text)
        return one_line(_STAMP.sub(r"\1", text))

    def _linked(self, match: re.Match[str]) -> str:
        target, label = match[1], match[2]
        if target.startswith(WEB):
            self._now.extra.append((Source.LINK, target))
            return label or target
        if _PICTURE.search(target):
            self._now.extra.append((Source.ALT, self._alt))
            self._alt = ""
            return ""
        return label or ""
