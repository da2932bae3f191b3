"""DOCX handouts: a leaf a heading, with tables, notes and text boxes.

Opened by python-docx or, where it gives up, part by part.
"""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Notice
from coproarchive.extract.opc import open_document
from coproarchive.extract.text import WEB, bounded, one_line, parts_of
from coproarchive.extract.zips import Package, Parts, metadata_of
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_HEADINGS = {"title", "heading1", "heading2", "heading3"}


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
        leaves = _sections(body, _style_names(package.xml(beside.get("styles", ""))), addresses)
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


def _style_names(root: etree._Element | None) -> dict[str, str]:
    """Map a style's id to its name in lower case without spaces; ids differ between languages."""
    names: dict[str, str] = {}
    for style in root.iter(f"{W}style") if root is not None else ():
        name = style.find(f"{W}name")
        if name is not None:
            names[style.get(f"{W}styleId", "")] = name.get(f"{W}val", "").lower().replace(" ", "")
    return names


def _sections(
    body: etree._Element, styles: dict[str, str], addresses: dict[str, str]
) -> list[Leaf]:
    leaves: list[Leaf] = []
    title = ""
    pieces: list[tuple[Source, str]] = []

    def flush() -> None:
        parts = parts_of(*pieces)
        if title or parts:
            leaves.append(Leaf(len(leaves) + 1, "section", title[:300], parts))

    for block in _blocks(body):
        if block.tag == f"{W}tbl":
            pieces.append((Source.TABLE, _table(block)))
        else:
            text = _text(block)
            if text.strip() and _is_heading(block, styles):
                flush()
                title, pieces = one_line(text), []
            elif pieces and pieces[-1][0] is Source.TEXT:
                pieces[-1] = (Source.TEXT, f"{pieces[-1][1]}\n{text}")
            else:
                pieces.append((Source.TEXT, text))
        pieces += [(Source.ALT, p.get("descr", "")) for p in block.iter(f"{WP}docPr")]
        links = (addresses.get(n.get(_RELATION, ""), "") for n in block.iter(f"{W}hyperlink"))
        pieces += [(Source.LINK, address) for address in links if address.startswith(WEB)]
    flush()
    return leaves


def _blocks(body: etree._Element) -> list[etree._Element]:
    """Yield paragraphs and tables in order, those inside content controls and insertions too."""
    blocks: list[etree._Element] = []
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        if node.tag in (f"{W}p", f"{W}tbl"):
            blocks.append(node)
        elif isinstance(node.tag, str):
            pending += reversed(node)
    return blocks


def _table(table: etree._Element) -> str:
    """Return a table with a line a row; a table within a cell is read as the cell's text."""
    rows = (
        " | ".join(one_line(_text(cell)) for cell in row.iter(f"{W}tc") if _row_of(cell) is row)
        for row in table.iter(f"{W}tr")
        if _is_own(row, table)
    )
    return "\n".join(rows)


def _row_of(cell: etree._Element) -> etree._Element | None:
    return next(cell.iterancestors(f"{W}tr"), None)


def _is_own(row: etree._Element, table: etree._Element) -> bool:
    return next(row.iterancestors(f"{W}tbl"), None) is table


def _is_heading(paragraph: etree._Element, styles: dict[str, str]) -> bool:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    key = style.get(f"{W}val", "") if style is not None else ""
    return styles.get(key, key.lower()) in _HEADINGS


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
