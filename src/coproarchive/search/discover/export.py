"""Results as a table for spreadsheets: one row an item, all pages, no text of the files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item

COLUMNS = (
    "title", "kind", "seminar", "speakers", "date", "topics", "all words", "score", "address", "id"
)  # fmt: skip
MOST = 10_000
"""Rows of one table."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(
    found: Iterable[tuple[str, float, bool | None]], catalogue: Catalogue, base: str = ""
) -> str:
    """A CSV table (RFC 4180) of found items, with a byte order mark so that Excel reads UTF-8.

    Args:
        found: id, score and whether all words are in it (None: not known), in order.
        catalogue: what the reader may see; other ids are left out.
        base: the archive's web address, put before the items' paths.
    """
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for item_id, score, is_full in found:
        if item := catalogue.items.get(item_id):
            cells = _row(item, score, is_full, catalogue, base)
            rows.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell


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
