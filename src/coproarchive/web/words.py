"""A leaf's words as HTML, in the structure that its file gives them: lists, tables, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from coproarchive.model import Leaf, Part, Source
from coproarchive.search.hits.results import Snippet
from coproarchive.web.render import marked, source_words

Marks = Callable[[str], Snippet]
"""Marks in a text what answers a query."""

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]}'’»]")
_BULLET = re.compile(r"([•‣▪▫◦●○■□➢➤►▶✓❖–—*·»-])\s+(?=\S)")
_CONTINUED = -1
_ASIDE = {
    Source.NOTES: "Speaker’s notes",
    Source.COMMENT: "Comments",
    Source.ANNOTATION: "Notes on the page",
}
_LISTED = {Source.CHART, Source.SMARTART}
MOST_SOUGHT = 200
"""Links that are looked for in a line at once: a page may have thousands of both."""
MOST_FILLED = 100
"""Columns to which shorter rows of a table are filled up."""
_LINK = Markup('<a href="{}" rel="nofollow">{}</a>')


@dataclass(frozen=True, slots=True)
class _LeafLink:
    """A link and the words that carry it, "" where they are not known."""

    words: str
    address: str


def unmarked(text: str) -> Snippet:
    """Return a text in which nothing was asked for."""
    return Snippet(text)


def leaf_words(leaf: Leaf, marks: Marks = unmarked, most: int = 0) -> tuple[Markup, bool]:
    """Return the words of a leaf without its title, as HTML, and whether some were left out.

    Headings in it are of the third level.

    Args:
        leaf: as readers see it.
        marks: marks what was asked for.
        most: characters shown at most; 0 for all.
    """
    links = _Links(part for part in leaf.parts if part.source is Source.LINK)
    body, aside, room = Markup(), Markup(), most or sum(len(p.text) for p in leaf.parts) + 1
    for part in leaf.parts:
        if part.source is Source.LINK or room <= 0:
            continue
        if len(part.text) > room:
            piece = Part(part.source, part.text[:room].rpartition(" ")[0] + " …", part.confidence)
        else:
            piece = part
        room -= len(part.text)
        if piece.source in _ASIDE:
            heading = Markup("<h3>{}</h3>").format(_ASIDE[piece.source])
            aside += heading + _part(piece, marks, links)
        else:
            body += _labelled(piece, _part(piece, marks, links))
    return body + links.rest(marks) + aside, room <= 0


def _labelled(part: Part, html: Markup) -> Markup:
    label = "" if part.source is Source.TABLE else source_words(part.source.value, part.confidence)
    return Markup('<p class="source">{}</p>{}').format(label, html) if label else html


def _part(part: Part, marks: Marks, links: _Links) -> Markup:
    snippet = marks(part.text)
    if part.source is Source.TABLE:
        return _table(snippet, links)
    if part.source in _LISTED:
        entries = [(1, line) for line in _lines(snippet)]
    else:
        entries = list(_levelled(snippet, part.levels))
    return _blocks([(level, links.inline(line)) for level, line in entries])


def cut(snippet: Snippet, start: int, end: int) -> Snippet:
    """Return a piece of a snippet, with its share of the marks."""
    marks = [
        (max(a, start) - start, min(b, end) - start)
        for a, b in snippet.marks
        if a < end and b > start
    ]
    return Snippet(snippet.text[start:end], tuple(marks))


def _lines(snippet: Snippet) -> Iterator[Snippet]:
    start = 0
    for line in snippet.text.split("\n"):
        if line.strip():
            yield cut(snippet, start, start + len(line))
        start += len(line) + 1


def _levelled(snippet: Snippet, levels: tuple[int, ...]) -> Iterator[tuple[int, Snippet]]:
    """Yield level and text of lines: 0 for a paragraph, 1 and more in lists, _CONTINUED.

    Where the file gives no levels, bullets at the beginning of lines do: each new one is a level
    deeper than the one before.
    """
    lines = list(_lines(snippet))
    if len(levels) == len(lines):
        yield from zip(levels, lines, strict=True)
        return
    bullets: list[str] = []
    for line in lines:
        match = _BULLET.match(line.text)
        if match is None:
            yield 0, line
            continue
        if match[1] not in bullets:
            bullets.append(match[1])
        yield bullets.index(match[1]) + 1, cut(line, match.end(), len(line.text))


def _blocks(entries: Iterable[tuple[int, Markup]]) -> Markup:
    """Return lists nested by their levels; lines of no list are paragraphs."""
    joined: list[tuple[int, Markup]] = []
    for level, html in entries:
        if level == _CONTINUED and joined:
            joined[-1] = (joined[-1][0], joined[-1][1] + Markup("<br>") + html)
        else:
            joined.append((max(level, 0), html))
    out: list[str] = []
    open_levels: list[int] = []
    for level, html in joined:
        while open_levels and open_levels[-1] > level:
            open_levels.pop()
            out.append("</li></ul>")
        if level == 0:
            out.append(f"<p>{html}</p>")
        elif open_levels and open_levels[-1] == level:
            out.append(f"</li><li>{html}")
        else:
            open_levels.append(level)
            out.append(f"<ul><li>{html}")
    out.append("</li></ul>" * len(open_levels))
    return Markup("".join(out))  # noqa: S704 - every text in it is escaped


def _table(snippet: Snippet, links: _Links) -> Markup:
    """Return a table of rows whose cells have bars between them; its first row names columns."""
    rows = [[links.inline(cell) for cell in _cells(line)] for line in _lines(snippet)]
    width = max((len(row) for row in rows), default=0)
    if width < 2:
        return Markup("").join(Markup("<p>{}</p>").format(cell) for row in rows for cell in row)
    made_rows = []
    for number, row in enumerate(rows):
        tag = 'th scope="col"' if number == 0 and len(rows) > 1 else "td"
        closing = tag[:2]
        cells = [*row, *[Markup()] * (min(width, MOST_FILLED) - len(row))]
        empty = [Markup("<td></td>")]
        made = [Markup(f"<{tag}>{{}}</{closing}>").format(c) if c else empty[0] for c in cells]  # noqa: S704 - tags of ours
        made_rows.append(Markup("<tr>{}</tr>").format(Markup("").join(made)))
    return Markup(
        '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table>{}</table></div>'
    ).format(Markup("").join(made_rows))


def _cells(line: Snippet) -> Iterator[Snippet]:
    start = 0
    for cell in line.text.split("|"):
        first = start + len(cell) - len(cell.lstrip())
        yield cut(line, first, max(first, start + len(cell.rstrip())))
        start += len(cell) + 1


class _Links:
    """Puts a leaf's links where their words stand; what stands nowhere is listed.

    Args:
        parts: of the leaf, whose source is LINK.
    """

    def __init__(self, parts: Iterable[Part]):
        self._waiting = [_LeafLink(part.anchor, part.text) for part in parts]

    def inline(self, text: Snippet) -> Markup:
        """Return a text with the links in it live."""
        html, at = Markup(), 0
        for start, end, address in self._spans(text.text):
            html += marked(cut(text, at, start))
            html += _LINK.format(address, marked(cut(text, start, end)))
            at = end
        return html + marked(cut(text, at, len(text.text)))

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        spans = [(m.start(), m.end(), m[0]) for m in _ADDRESS.finditer(text)]
        if written := {address.rstrip("/") for _, _, address in spans}:
            self._waiting = [a for a in self._waiting if a.address.rstrip("/") not in written]
        for anchor in self._waiting[:MOST_SOUGHT]:
            at = text.find(anchor.words) if anchor.words and is_web(anchor.address) else -1
            end = at + len(anchor.words)
            if at >= 0 and all(end <= first or at >= last for first, last, _ in spans):
                spans.append((at, end, anchor.address))
                self._waiting.remove(anchor)
        return sorted(spans)

    def rest(self, marks: Marks) -> Markup:
        """Return a list of the links whose words were not met."""
        if not self._waiting:
            return Markup()
        links = [
            _LINK.format(a.address, marked(marks(a.words or a.address)))
            if is_web(a.address)
            else marked(marks(a.address))
            for a in self._waiting
        ]
        items = Markup("").join(Markup("<li>{}</li>").format(link) for link in links)
        return Markup('<h3>Links</h3><ul class="links">{}</ul>').format(items)


def is_web(address: str) -> bool:
    """Tell whether a browser may be led to an address."""
    return bool(re.match(r"(?:https?://|mailto:)\S", address))
