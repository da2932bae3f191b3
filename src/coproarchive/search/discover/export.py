"""Results as a table for spreadsheets: one row an item, all pages, no text of the files."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from itertools import dropwhile

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item

COLUMNS = (
    "title", "kind", "seminar", "speakers", "date", "topics", "all words", "score", "address", "id"
)  # fmt: skip
MAX_ROWS = 10_000
_FORMULA = ("=", "+", "-", "\u2212", "@")
_CONTROLS = ("\t", "\r", "\n")
_BLANKS = "\u115f\u1160\u2800\u3164"
"""Letters and symbols that look like nothing: fillers of Hangul, the empty pattern of Braille."""


def to_csv(
    ranking: Iterable[tuple[str, float, bool | None]], catalogue: Catalogue, base: str = ""
) -> str:
    """Return a CSV table (RFC 4180) of items, with a byte order mark so that Excel reads UTF-8.

    Args:
        ranking: id, score and whether the item has all words (None: not known), in order.
        catalogue: what the reader may see; other ids are left out.
        base: the archive's web address, put before the items' paths.
    """
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for item_id, score, is_full in ranking:
        if item := catalogue.items.get(item_id):
            cells = _row(item, score, is_full, catalogue, base)
            rows.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    """Return the cell, with an apostrophe before what a spreadsheet may run as a formula.

    Wide forms of the signs count too, and whatever cannot be seen before them is passed over: some
    spreadsheets do so (OWASP, "CSV Injection").
    """
    visible = "".join(dropwhile(_is_invisible, unicodedata.normalize("NFKC", cell)))
    is_formula = visible.startswith(_FORMULA) or cell.startswith(_CONTROLS)
    return f"'{cell}" if is_formula else cell


def _is_invisible(character: str) -> bool:
    """Tell whether a character is a control, a space, a mark on the one before, or blank."""
    return unicodedata.category(character)[0] in "CMZ" or character in _BLANKS


def _row(
    item: Item, score: float, is_full: bool | None, catalogue: Catalogue, base: str
) -> list[str]:
    people = dict.fromkeys(contribution.person for contribution in item.people)
    return [
        item.title,
        item.kind.value,
        catalogue.seminar_title(item.seminar) if item.seminar else "",
        "; ".join(catalogue.person_name(person) for person in people),
        catalogue.item_date(item) or "",
        "; ".join(catalogue.topic_label(topic) for topic in item.topics),
        {True: "yes", False: "no", None: ""}[is_full],
        f"{score:g}",
        f"{base.rstrip('/')}/item/{item.id}",
        item.id,
    ]
