"""Words of SVG pictures: of diagrams and charts that were saved as drawings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from coproarchive.extract.zips import parse_xml

NAMES = (".svg",)
_SVG = "{http://www.w3.org/2000/svg}"
# Drawing programmes write one; what it could define is never looked up.
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_NOT_DRAWN = {f"{_SVG}{name}" for name in ("style", "script", "title", "desc", "metadata")}


def words_in(data: bytes) -> str:
    """Return lines of the words that are drawn, each once; "" for none or a damaged file."""
    root = parse_xml(_DOCTYPE.sub(b"", data, count=1))
    if root is None:
        return ""
    lines = (
        " ".join(line.split())
        for text in root.iter(f"{_SVG}text")
        if next(text.iterancestors(f"{_SVG}defs"), None) is None
        for line in "".join(_pieces(text, [""])).split("\n")
    )
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _pieces(node: etree._Element, height: list[str]) -> Iterator[str]:
    """Yield pieces of a text: a line end before one that stands at another height, else a space.

    Args:
        height: of the piece before; changed on the way.
    """
    if isinstance(node.tag, str) and node.tag not in _NOT_DRAWN:
        y = node.get("y", height[-1])
        if node.get("dy", "0") != "0" or y != height[-1]:
            yield "\n"
        elif "x" in node.attrib:
            yield " "
        height.append(y)
        yield (node.text or "").replace("\n", " ")
        for child in node:
            yield from _pieces(child, height)
            yield (child.tail or "").replace("\n", " ")
