"""DOCX handouts: a leaf a heading, with tables, notes and text boxes.

Opened by python-docx or, where it gives up, part by part.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Notice
from coproarchive.extract.opc import open_document
from coproarchive.extract.text import CONTINUED, LEVEL, WEB, bounded, one_line, parts_of, row_text
from coproarchive.extract.zips import Package, Parts, metadata_of
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_HEADINGS = {"title", "heading1", "heading2", "heading3"}
_LIST_STYLE = re.compile(r"^list(?:bullet|number|continue)?(\d?)$")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read sections, begun by headings of the first three levels; notes and comments are the last.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    with Package.open(path, limits, rescue=True) as bounded_package:
        package: Parts = open_document(path, bounded_package) or bounded_package
        start = (r.target for r in package.relations("").values() if r.kind == "officeDocument")
        main = next(start, "word/document.xml")
        root = package.xml(main)
        body = root.find(f"{W}body") if root is not None else None
        if body is None:
            raise UnreadableError(
                "this is not a Word document, or it is damaged.",
                path.name,
                "Open it in the programme that made it and save it anew.",
            )
        relations = package.relations(main)
        beside = {r.kind: r.target for r in relations.values() if not r.is_outside}
        addresses = {key: r.target for key, r in relations.items() if r.is_outside}
        styles = _styles(package.xml(beside.get("styles", "")))
        leaves = _sections(body, styles, addresses)
        for kind, source in _BESIDE:
            part = package.xml(beside[kind]) if kind in beside else None
            if part is not None:
                leaves = _with_last(leaves, source, _text(part))
        metadata = metadata_of(package)
        notices = [_lost(package.lost)] if package.lost else []
        notices += [_CUT] if bounded_package.is_cut else []
        notices += _undescribed(body)
        return bounded(leaves, limits, metadata=metadata, notices=notices)


_BESIDE = (
    ("footnotes", Source.TEXT),
    ("endnotes", Source.TEXT),
    ("comments", Source.COMMENT),
)


_CUT = Notice(
    "file-damaged",
    Severity.WARNING,
    "the end of this document is missing; some parts may be lost with it.",
    "Add it again from where it was, whole.",
)


def _lost(names: list[str]) -> Notice:
    return Notice(
        "file-damaged",
        Severity.WARNING,
        f"a part of this document is damaged or too large ({', '.join(names)[:200]}).",
        "Open it in Word or LibreOffice, look it through, and save it.",
    )


def _undescribed(body: etree._Element) -> list[Notice]:
    """Return a notice of pictures without alternative text."""
    count = sum(
        not properties.get("descr", "").strip()
        for drawing in body.iter(f"{W}drawing")
        if next(drawing.iter("{*}pic"), None) is not None
        for properties in drawing.iter(f"{WP}docPr")
    )
    if not count:
        return []
    return [
        Notice(
            "picture-without-alt",
            Severity.NOTE,
            f"this document has {count} picture{'s' if count > 1 else ''} without a description.",
            "In Word: right-click the picture, View Alt Text.",
        )
    ]


def _with_last(leaves: list[Leaf], source: Source, text: str) -> list[Leaf]:
    parts = parts_of((source, text))
    if not parts:
        return leaves
    last = leaves[-1] if leaves else Leaf(1, "section")
    return [*leaves[:-1], Leaf(last.number, "section", last.title, (*last.parts, *parts))]


class _Style(NamedTuple):
    """What a paragraph's style tells.

    Attributes:
        name: in lower case without spaces; ids differ between languages.
        level: of its paragraphs in lists, 0 outside of them.
    """

    name: str
    level: int


def _styles(root: etree._Element | None) -> dict[str, _Style]:
    """Map the ids of styles to what they tell."""
    styles: dict[str, _Style] = {}
    for style in root.iter(f"{W}style") if root is not None else ():
        node = style.find(f"{W}name")
        name = node.get(f"{W}val", "").lower().replace(" ", "") if node is not None else ""
        listed = _LIST_STYLE.match(name)
        level = int(listed[1] or 1) if listed else 0
        if not level and not name.startswith("heading"):
            level = _level_of(style.find(f"{W}pPr/{W}numPr")) or 0
        styles[style.get(f"{W}styleId", "")] = _Style(name, level)
    return styles


def _level_of(numbering: etree._Element | None) -> int | None:
    """Return the level that a list's properties say; 0 for no list, None where nothing is said."""
    if numbering is None:
        return None
    number, level = numbering.find(f"{W}numId"), numbering.find(f"{W}ilvl")
    if number is not None and number.get(f"{W}val") == "0":
        return 0
    written = level.get(f"{W}val", "") if level is not None else ""
    return int(written) + 1 if written.isdecimal() else 1


def _level(paragraph: etree._Element, styles: dict[str, _Style]) -> int:
    """Return the level of a paragraph in lists, with bullets or numbers; 0 outside of them."""
    level = _level_of(paragraph.find(f"{W}pPr/{W}numPr"))
    style = _style_of(paragraph, styles)
    if level is None:
        return style.level
    return 0 if style.name.startswith("heading") else level


def _style_of(paragraph: etree._Element, styles: dict[str, _Style]) -> _Style:
    node = paragraph.find(f"{W}pPr/{W}pStyle")
    key = node.get(f"{W}val", "") if node is not None else ""
    return styles.get(key, _Style(key.lower(), 0))


def _sections(
    body: etree._Element, styles: dict[str, _Style], addresses: dict[str, str]
) -> list[Leaf]:
    leaves: list[Leaf] = []
    title = ""
    pieces: list[tuple[Source, str]] = []

    def flush() -> None:
        parts = parts_of(*pieces)
        if title or parts:
            leaves.append(Leaf(len(leaves) + 1, "section", title[:300], parts))

    for block in _blocks(body, styles):
        if block.tag == f"{W}tbl":
            pieces.append((Source.TABLE, _table(block)))
        else:
            text = _text(block)
            if text.strip() and _style_of(block, styles).name in _HEADINGS:
                flush()
                title, pieces = one_line(text), []
                continue
            if level := _level(block, styles):
                text = LEVEL * level + text.replace("\n", f"\n{CONTINUED}")
            if pieces and pieces[-1][0] is Source.TEXT:
                pieces[-1] = (Source.TEXT, f"{pieces[-1][1]}\n{text}")
            else:
                pieces.append((Source.TEXT, text))
        pieces += [(Source.ALT, p.get("descr", "")) for p in block.iter(f"{WP}docPr")]
        links = (addresses.get(n.get(_RELATION, ""), "") for n in block.iter(f"{W}hyperlink"))
        pieces += [(Source.LINK, address) for address in links if address.startswith(WEB)]
    flush()
    return leaves


def _blocks(body: etree._Element, styles: dict[str, _Style]) -> list[etree._Element]:
    """Yield paragraphs and tables in order, those inside content controls and insertions too.

    Of a table that only places text, what is in its cells.
    """
    blocks: list[etree._Element] = []
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        if node.tag == f"{W}p" or (node.tag == f"{W}tbl" and not _is_layout(node, styles)):
            blocks.append(node)
        elif isinstance(node.tag, str):
            pending += reversed(node)
    return blocks


def _is_layout(table: etree._Element, styles: dict[str, _Style]) -> bool:
    """Test for a table that only places text: with headings in its cells, or of one cell, or a row
    or a column of running text or of tables."""
    rows = [row for row in table.iter(f"{W}tr") if _is_own(row, table)]
    cells = [cell for row in rows for cell in row.iter(f"{W}tc") if _row_of(cell) is row]
    if len(cells) == 1:
        return True
    paragraphs = [[p for p in cell.iterchildren(f"{W}p") if _text(p).strip()] for cell in cells]
    if any(_style_of(p, styles).name in _HEADINGS for each in paragraphs for p in each):
        return True
    is_line = len(rows) == 1 or len(cells) == len(rows)
    return is_line and any(len(each) > 1 for each in paragraphs)


def _table(table: etree._Element) -> str:
    """Return a table with a line a row; a table within a cell is read as the cell's text."""
    rows = (
        [one_line(_text(cell)) for cell in row.iter(f"{W}tc") if _row_of(cell) is row]
        for row in table.iter(f"{W}tr")
        if _is_own(row, table)
    )
    return "\n".join(filter(None, map(row_text, rows)))


def _row_of(cell: etree._Element) -> etree._Element | None:
    return next(cell.iterancestors(f"{W}tr"), None)


def _is_own(row: etree._Element, table: etree._Element) -> bool:
    return next(row.iterancestors(f"{W}tbl"), None) is table


def _text(block: etree._Element) -> str:
    """Return the block's text; of two ways to draw one text box, the first."""
    pieces: list[str] = []
    pending: list[etree._Element] = [block]
    while pending:
        node = pending.pop()
        if not isinstance(node.tag, str):
            continue
        if node.tag in (f"{W}t", f"{MATH}t"):
            pieces.append(node.text or "")
        elif node.tag == f"{W}tab":
            pieces.append(" ")
        elif node.tag in (f"{W}br", f"{W}cr"):
            pieces.append("\n")
        elif node.tag == f"{W}noBreakHyphen":
            pieces.append("-")
        elif node.tag == f"{MC}AlternateContent":
            pending += list(node)[:1]
        else:
            if node.tag == f"{W}p" and pieces:
                pieces.append("\n")
            pending += reversed(node)
    return "".join(pieces)
