"""DOCX handouts: a leaf a heading, with tables and text boxes."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import ClassVar

import docx
from docx.opc.exceptions import OpcError
from lxml import etree

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata
from coproarchive.extract.pptx import open_zip, parse_xml, read_member
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.model import Leaf, Source

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


class DocxExtractor:
    """Headings of the first three levels begin sections."""

    name: ClassVar[str] = "docx"
    version: ClassVar[int] = 1
    media_types: ClassVar[frozenset[str]] = frozenset(
        {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
    )

    def extract(self, path: Path, limits: Limits) -> Extraction:
        """See Extractor.extract."""
        with open_zip(path, limits) as archive:
            metadata, styles = Metadata(), dict[str, str]()
            try:
                document = docx.Document(str(path))
                core = document.core_properties
                created = core.created.date().isoformat() if core.created else None
                author = one_line(core.author)
                metadata = Metadata(
                    real_title(core.title),
                    (author,) if author else (),
                    created,
                    core.language or None,
                )
                styles = {s.style_id: s.name or "" for s in document.styles}
                body: etree._Element | None = document.element.body
            except (OpcError, KeyError, ValueError, AttributeError, TypeError, OSError, EOFError,
                    zipfile.BadZipFile, zlib.error, etree.LxmlError):  # fmt: skip
                # python-docx gives up on one missing part; the text itself may still be whole.
                root = parse_xml(read_member(archive, "word/document.xml"))
                body = root.find(f"{W}body") if root is not None else None
            if body is None:
                raise UnreadableError("this is not a Word document, or it is damaged.", path.name)
            return bounded(_sections(body, styles), limits, metadata=metadata)


def _sections(body: etree._Element, styles: dict[str, str]) -> list[Leaf]:
    leaves: list[Leaf] = []
    title = ""
    pieces: list[tuple[Source, str]] = []

    def flush() -> None:
        parts = parts_of(*pieces)
        if title or parts:
            leaves.append(Leaf(len(leaves) + 1, "section", title[:300], parts))

    for block in body:
        if block.tag == f"{W}tbl":
            rows = (
                " | ".join(one_line(_text(cell)) for cell in row.iter(f"{W}tc"))
                for row in block.iter(f"{W}tr")
            )
            pieces.append((Source.TABLE, "\n".join(rows)))
            continue
        text = _text(block)
        if _is_heading(block, styles) and text.strip():
            flush()
            title, pieces = one_line(text), []
        elif pieces and pieces[-1][0] is Source.TEXT:
            pieces[-1] = (Source.TEXT, f"{pieces[-1][1]}\n{text}")
        else:
            pieces.append((Source.TEXT, text))
        pieces += [(Source.ALT, p.get("descr", "")) for p in block.iter(f"{WP}docPr")]
    flush()
    return leaves


def _is_heading(paragraph: etree._Element, styles: dict[str, str]) -> bool:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    key = style.get(f"{W}val", "") if style is not None else ""
    name = styles.get(key, key).lower().replace(" ", "")
    return name in ("title", "heading1", "heading2", "heading3")


def _text(block: etree._Element) -> str:
    pieces = []
    for node in block.iter(f"{W}t", f"{W}br", f"{W}tab", f"{W}p"):
        if node.tag == f"{W}t":
            pieces.append(node.text or "")
        else:
            pieces.append(" " if node.tag == f"{W}tab" else "\n")
    return "".join(pieces)
