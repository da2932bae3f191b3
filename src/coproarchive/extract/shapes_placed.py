"""Lines of a slide as they are laid out: how large their letters are, and where they stand."""

from __future__ import annotations

from lxml import etree

from coproarchive.extract.base import PlacedLine
from coproarchive.extract.shapes import A, P, shapes_in_order
from coproarchive.extract.text import one_line

MAX_LINES = 80
EMU_A_POINT = 12_700
LINE = 1.2
"""Heights of letters from one line of a box to the next, where nothing else is said."""

_ROLES = {
    "title": "title", "ctrTitle": "title", "subTitle": "subtitle", "dt": "date", "ftr": "footer",
    "hdr": "footer",
}  # fmt: skip
# Points of PowerPoint's own layouts, where neither the slide nor its text says another size.
_USUAL = {"title": 44.0, "ctrTitle": 60.0, "subTitle": 24.0, "body": 28.0, "dt": 12.0, "ftr": 12.0}
_TEXT_BOX = 18.0
_MADE = ("slidenum", "datetime")
"""Fields that PowerPoint fills in: a number, or the day on which the deck is shown."""


def placed_lines_of(root: etree._Element, number: int, height: int) -> list[PlacedLine]:
    """Return lines of a slide's boxes, in the order of its shapes.

    Args:
        root: of the slide.
        number: of the slide.
        height: of the slide, in EMU.
    """
    tree = root.find(f"{P}cSld/{P}spTree")
    lines: list[PlacedLine] = []
    for shape in shapes_in_order(tree) if tree is not None else ():
        body = shape.find(f"{P}txBody")
        if body is None:
            continue
        placeholder = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        kind = placeholder.get("type", "body") if placeholder is not None else ""
        if kind == "sldNum":
            continue
        top = _offset(shape, height)
        if top is None:
            top = 0.9 if kind in ("dt", "ftr") else 0.25 if "itle" in kind.lower() else 0.4
        scale = _scale(body)
        for size, text in _lines(body, _USUAL.get(kind, _TEXT_BOX) * scale):
            share = size * EMU_A_POINT / height
            lines.append(
                PlacedLine(number, text[:500], round(share, 4), round(top, 4), _ROLES.get(kind, ""))
            )
            top += LINE * share
            if len(lines) == MAX_LINES:
                return lines
    return lines


def _lines(body: etree._Element, usual: float) -> list[tuple[float, str]]:
    """Return size in points and text of each line; a break within a paragraph ends a line."""
    box_size = _size(body.find(f"{A}lstStyle/{A}lvl1pPr/{A}defRPr"))
    lines: list[tuple[float, str]] = []
    for paragraph in body.iter(f"{A}p"):
        default = _size(paragraph.find(f"{A}pPr/{A}defRPr")) or box_size or usual
        sizes: list[float] = []
        pieces: list[str] = []

        def end(
            default: float = default, sizes: list[float] = sizes, pieces: list[str] = pieces
        ) -> None:
            if text := one_line("".join(pieces)):
                lines.append((max(sizes, default=default), text))
            sizes.clear()
            pieces.clear()

        for node in paragraph:
            if node.tag == f"{A}br":
                end()
            elif node.tag in (f"{A}r", f"{A}fld") and not node.get("type", "").startswith(_MADE):
                text = "".join(t.text or "" for t in node.iter(f"{A}t"))
                if text.strip():
                    sizes.append(_size(node.find(f"{A}rPr")) or default)
                pieces.append(text.replace("\v", " "))
        end()
    return lines


def _size(properties: etree._Element | None) -> float:
    """Return a run's size in points, 0.0 where it has none of its own."""
    try:
        return int(properties.get("sz", "0")) / 100 if properties is not None else 0.0
    except ValueError:
        return 0.0


def _scale(body: etree._Element) -> float:
    """Return how far the box shrinks its text to fit, 0..1."""
    fit = body.find(f"{A}bodyPr/{A}normAutofit")
    try:
        share = int((fit.get("fontScale") or "100000").rstrip("%")) if fit is not None else 100_000
    except ValueError:
        return 1.0
    share = share if share > 1_000 else share * 1_000
    return min(1.0, max(0.2, share / 100_000))


def _offset(shape: etree._Element, height: int) -> float | None:
    """Return the box's upper edge as a share of the slide; None where the layout has it."""
    offset = shape.find(f"{P}spPr/{A}xfrm/{A}off")
    try:
        return int(offset.get("y", "")) / height if offset is not None else None
    except ValueError:
        return None
