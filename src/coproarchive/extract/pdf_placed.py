"""Lines of a PDF's page as they are laid out: how large their letters are, and where they stand."""

from __future__ import annotations

import ctypes
import re
import struct

import pypdfium2.raw as pdfium

from coproarchive.extract.base import PlacedLine
from coproarchive.extract.pdf_structure import Page
from coproarchive.extract.text import one_line

MAX_CHARACTERS = 1_500
"""Characters of a page that are looked at: a title stands among the first."""
MAX_LINES = 80
_WORD = re.compile(r"[^\W_]")  # navigation marks of slide themes are lines of a dot
_DIVIDED = (0xFFFE, 0x02)  # what PDFium puts where a word was divided at the end of a line


def placed_lines(page: Page, text_page: object, count: int, leaf: int) -> list[PlacedLine]:
    """Return lines inside the page's box, in the order in which the page draws them.

    The height of a letter is that of its font's box (FPDFText_GetLooseCharBox), which is the same
    for all letters of a size; the size that a font is set in says nothing without its matrix.

    Args:
        page, text_page: handles.
        count: characters of the page.
        leaf: number of the page.
    """
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    height = box.top - box.bottom
    if height <= 0:
        return []
    lines: list[PlacedLine] = []
    letters: list[tuple[int, int]] = []
    is_divided = False
    get = pdfium.FPDFText_GetUnicode
    count = min(count, MAX_CHARACTERS)
    for index in range(count + 1):
        code = get(text_page, index) if index < count else 10
        if code in _DIVIDED:
            is_divided = True
        elif code not in (10, 13):
            letters.append((index, code))
            is_divided = False
        elif letters and not is_divided:
            line = _line(text_page, letters, box, leaf)
            lines += [line] if line else []
            letters = []
            if len(lines) == MAX_LINES:
                break
    return lines


def _line(
    text_page: object, letters: list[tuple[int, int]], page_box: pdfium.FS_RECTF, leaf: int
) -> PlacedLine | None:
    """Make a line of its characters' places and codes; None outside the page or without words."""
    units = struct.pack(f"<{len(letters)}I", *[code for _, code in letters])
    text = one_line(units.decode("utf-32-le", "ignore"))
    inked = [index for index, code in letters if code > 32]
    if not inked or not _WORD.search(text):
        return None
    boxes = [_box(text_page, index) for index in {inked[0], inked[len(inked) // 2], inked[-1]}]
    height = page_box.top - page_box.bottom
    size = max(box.top - box.bottom for box in boxes) / height
    top = (page_box.top - max(box.top for box in boxes)) / height
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    is_inside = -0.05 <= top <= 1.0 and right > page_box.left and left < page_box.right
    return PlacedLine(leaf, text[:500], round(size, 4), round(top, 4)) if is_inside else None


def _box(text_page: object, index: int) -> pdfium.FS_RECTF:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box)):
        return pdfium.FS_RECTF()
    return box
