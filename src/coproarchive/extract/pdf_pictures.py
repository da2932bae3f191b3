"""Where a PDF's pages have pictures, and those areas drawn, for the machine that reads pictures."""

from __future__ import annotations

import contextlib
import ctypes
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from coproarchive.extract.ocr import View
from coproarchive.extract.pdf import draw_page, opened_for_drawing
from coproarchive.extract.pdf_structure import Page, opened_page

MAX_OBJECTS = 2_000
"""Things drawn on a page, or in a form on it, among which pictures are looked for."""
MAX_DEPTH = 3
"""Forms within forms."""
SAMPLE = 30
"""Pages besides those asked for whose pictures tell what belongs to the deck's theme."""
MAX_COMPARED = 16 * 1024**2
"""Bytes of a picture that is compared with those of other pages."""
MAX_COMPARED_TOGETHER = 256 * 1024**2
"""Bytes of all that are compared: half a second; what comes after is like no other."""
GRID = 40
"""Cells across and down a page in which pictures are counted, so that no area counts twice."""

_IMAGE, _FORM = 3, 5  # FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_FORM of fpdf_edit.h
_Matrix = tuple[float, float, float, float, float, float]
_Edges = tuple[float, float, float, float]  # left, bottom, right, top
_AS_IS: _Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A picture on a page.

    Attributes:
        left, bottom, right, top: edges as shares of the page's box, within 0..1.
        look: the same on several pages is the same picture; None is like no other.
    """

    left: float
    bottom: float
    right: float
    top: float
    look: int | None


@contextlib.contextmanager
def page_views(
    path: Path, whole: list[int], pictured: list[int], *, width: int, share: float
) -> Iterator[Iterator[View]]:
    """Yield views of pages, `width` pixels wide or less: all of a page, then what pictures cover.

    Pictures that stand on many pages are the theme's and do not count. A page on which the others
    cover too little has a view without pictures.

    Args:
        path: the file.
        whole: numbers of pages to be drawn whole.
        pictured: numbers of pages of which only the area with pictures is drawn.
        width: pixels.
        share: part of a page (0..1) that pictures cover at least.

    Raises:
        UnreadableError: PDFium cannot open the file.
    """
    document = opened_for_drawing(path)
    try:
        yield _views(document, whole, pictured, width, share)
    finally:
        document.close()


def _views(
    document: pypdfium2.PdfDocument, whole: list[int], pictured: list[int], width: int, share: float
) -> Iterator[View]:
    for number in whole:
        yield View(number, _drawer(document, number - 1, (0, 0, 1, 1), width))
    if not pictured:
        return
    theme = _theme(document, pictured)
    looks = _Looks()
    for number in pictured:
        pictures = _pictures(document, number - 1, looks if theme else None)
        area = _area([p for p in pictures if p.look not in theme], share)
        # A page without is said as well, so that who asks can stop in between.
        yield View(number, _drawer(document, number - 1, area, width) if area else None)


def _theme(document: pypdfium2.PdfDocument, numbers: list[int]) -> set[int]:
    """Return the looks of pictures on three pages or more and on a quarter of those examined."""
    pages = len(document)
    sample = {*range(0, pages, pages // SAMPLE + 1), *(number - 1 for number in numbers[:SAMPLE])}
    looks = _Looks()
    by_page = [{p.look for p in _pictures(document, index, looks)} for index in sample]
    seen = Counter(look for page in by_page for look in page if look is not None)
    return {look for look, times in seen.items() if times >= max(3, len(sample) / 4)}


def _pictures(document: pypdfium2.PdfDocument, index: int, looks: _Looks | None) -> list[_Placed]:
    with opened_page(document, index) as page:
        if not page:
            return []
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
        across, down = box.right - box.left, box.top - box.bottom
        if across <= 0 or down <= 0:
            return []
        turns = pdfium.FPDFPage_GetRotation(page)
        placed = []
        for drawn, (left, bottom, right, top) in _images(page):
            edges = (
                _within((left - box.left) / across),
                _within((bottom - box.bottom) / down),
                _within((right - box.left) / across),
                _within((top - box.bottom) / down),
            )
            placed.append(_Placed(*_turned(edges, turns), looks.of(drawn) if looks else None))
        return placed


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))


def _turned(edges: _Edges, turns: int) -> _Edges:
    """Turn edges clockwise by so many right angles, as the page is turned."""
    for _ in range(turns):
        left, bottom, right, top = edges
        edges = (bottom, 1 - right, top, 1 - left)
    return edges


class _Looks:
    """Tells pictures apart, as far as the bytes that it may read go."""

    def __init__(self) -> None:
        self._left = MAX_COMPARED_TOGETHER

    def of(self, image: Any) -> int | None:
        """Return a number that equal pictures share; None for a picture that is not compared."""
        size = pdfium.FPDFImageObj_GetImageDataRaw(image, None, 0)
        if not 0 < size <= min(MAX_COMPARED, self._left):
            return None
        self._left -= size
        data = ctypes.create_string_buffer(size)
        pdfium.FPDFImageObj_GetImageDataRaw(image, data, size)
        return zlib.crc32(data)


def _images(page: Page) -> Iterator[tuple[Any, _Edges]]:
    """Return pictures on the page and in forms on it, with their edges in the page's own units."""
    pending: list[tuple[Any, bool, _Matrix, int]] = [(page, False, _AS_IS, 0)]
    left = MAX_OBJECTS
    while pending:
        holder, is_form, matrix, depth = pending.pop()
        count = pdfium.FPDFFormObj_CountObjects if is_form else pdfium.FPDFPage_CountObjects
        get = pdfium.FPDFFormObj_GetObject if is_form else pdfium.FPDFPage_GetObject
        for index in range(min(count(holder), left)):
            left -= 1
            drawn = get(holder, index)
            kind = pdfium.FPDFPageObj_GetType(drawn)
            if kind == _IMAGE:
                edges = [ctypes.c_float() for _ in range(4)]
                if pdfium.FPDFPageObj_GetBounds(drawn, *map(ctypes.byref, edges)):
                    yield drawn, _moved([edge.value for edge in edges], matrix)
            elif kind == _FORM and depth < MAX_DEPTH:
                pending.append((drawn, True, _after(drawn, matrix), depth + 1))


def _moved(edges: list[float], matrix: _Matrix) -> _Edges:
    """Return the edges of a rectangle after a matrix is applied to it."""
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (edges[0], edges[2]) for y in (edges[1], edges[3])]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _after(form: Any, outer: _Matrix) -> _Matrix:
    """Combine a form's own matrix with the outer one."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(form, ctypes.byref(matrix)):
        return outer
    a, b, c, d, e, f = outer
    return (
        matrix.a * a + matrix.b * c,
        matrix.a * b + matrix.b * d,
        matrix.c * a + matrix.d * c,
        matrix.c * b + matrix.d * d,
        matrix.e * a + matrix.f * c + e,
        matrix.e * b + matrix.f * d + f,
    )


def _area(pictures: list[_Placed], share: float) -> _Edges | None:
    """Return edges around the pictures, None where they cover less than a share of the page."""
    cells: set[tuple[int, int]] = set()
    for p in pictures:
        columns = range(round(p.left * GRID), round(p.right * GRID))
        rows = range(round(p.bottom * GRID), round(p.top * GRID))
        cells.update((column, row) for column in columns for row in rows)
    if not cells or len(cells) < share * GRID**2:
        return None
    return (
        min(p.left for p in pictures),
        min(p.bottom for p in pictures),
        max(p.right for p in pictures),
        max(p.top for p in pictures),
    )


def _drawer(
    document: pypdfium2.PdfDocument, index: int, area: _Edges, width: int
) -> Callable[[], Iterator[Image.Image]]:
    """Return a function that draws the area; it yields nothing where the page cannot be drawn."""

    def drawn() -> Iterator[Image.Image]:
        with contextlib.suppress(pypdfium2.PdfiumError, ValueError):
            if index < len(document):
                yield draw_page(document[index], width, area)

    return drawn
