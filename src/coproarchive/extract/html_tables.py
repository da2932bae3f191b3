"""Tables of pages: of data, which are read row by row, and those that only place text."""

from __future__ import annotations

from lxml.html import HtmlElement

from coproarchive.extract.text import one_line, row_text

CELLS = ("td", "th")
_PLACING = {"presentation", "none"}
"""Roles by which a page says that a table is no table (WAI-ARIA 1.2, presentation)."""
_OF_DATA = ("th", "caption", "thead")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("p", "ul", "ol", "blockquote", "pre", "div", "table")
RUNNING_TEXT = 200
"""Characters of a cell from which its table of one row or column places text."""


def is_layout_table(table: HtmlElement) -> bool:
    """Test for a table that only places text: it says so, has headings in its cells, or is one
    cell, or a row or a column of running text."""
    if table.get("role") in _PLACING:
        return True
    if table.get("role") or next(table.iter(*_OF_DATA), None) is not None:
        return False
    cells = [cell for cell in table.iter("td") if _table_of(cell) is table]
    rows = {cell.getparent() for cell in cells}
    if len(cells) == 1 or next(table.iter(*_HEADINGS), None) is not None:
        return True
    is_line = len(rows) == 1 or len(rows) == len(cells)
    return is_line and any(_is_running_text(cell) for cell in cells)


def table_text(table: HtmlElement) -> str:
    """Return a table with a line a row."""
    rows = [
        [one_line(cell.text_content()) for cell in row.iter(*CELLS)] for row in table.iter("tr")
    ]
    return "\n".join(map(row_text, rows))


def _table_of(cell: HtmlElement) -> HtmlElement | None:
    return next(cell.iterancestors("table"), None)


def _is_running_text(cell: HtmlElement) -> bool:
    blocks = sum(1 for _ in cell.iterdescendants(*_BLOCKS))
    return blocks > 1 or len(one_line(cell.text_content())) > RUNNING_TEXT
