"""Slides of results as a table for spreadsheets: one row for all files that show a slide."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf
from coproarchive.publish.addresses import leaf_path
from coproarchive.search.discover.export import MAX_ROWS, harmless
from coproarchive.search.language.query import Query

COLUMNS = (
    "title", "speakers", "seminar", "date", "place", "heading", "text", "file", "address", "id"
)  # fmt: skip
AT_ONCE = 200
"""Items of which the slides that answer are looked up together."""
MAX_TEXT = 5_000
"""Characters of a slide's text: a cell of common spreadsheets takes 32,767."""


def slide_table(library: Library, query: Query, base: str = "") -> str:
    """Return a CSV table (RFC 4180) of the slides, pages and sections that answer a search.

    Of a search without words, all of those of its items; of an item that answers by its record
    alone, one row without a slide. At most MAX_ROWS, with a byte order mark as for export.to_csv.

    Args:
        library: the archive, of which it has what everybody may see.
        query: the search.
        base: the archive's web address, put before paths.
    """
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for number, cells in enumerate(_rows(library, query, base)):
        if number >= MAX_ROWS:
            break
        rows.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def _rows(library: Library, query: Query, base: str) -> Iterator[list[str]]:
    catalogue = library.public()
    for item_id, matched in _matches(library, query):
        item = catalogue.items[item_id]
        leaves = library.talks.alignment(item_id).leaves
        # Without words every leaf is shown; with words those that have one.
        places = [
            (leaf.asset, leaf.leaf)
            for leaf in leaves
            if matched is None or (leaf.asset.path, leaf.leaf.number) in matched
        ]
        for asset, leaf in places:
            yield _row(item, catalogue, base, asset, leaf)
        if not places:
            yield _row(item, catalogue, base)


def _matches(
    library: Library, query: Query
) -> Iterator[tuple[str, frozenset[tuple[str, int]] | None]]:
    """Yield id, and file and number of each leaf that answers; None where no word is asked for."""
    if not query.positive:
        yield from ((item_id, None) for item_id, *_ in library.ranking(query))
        return
    for page in range(1, MAX_ROWS // AT_ONCE + 1):
        results = library.search(replace(query, page=page, size=AT_ONCE, leaves=MAX_ROWS))
        for hit in results.hits:
            yield hit.id, frozenset((leaf.asset, leaf.number) for leaf in hit.leaves)
        if page >= results.pages:
            return


def _row(
    item: Item,
    catalogue: Catalogue,
    base: str,
    asset: Asset | None = None,
    leaf: Leaf | None = None,
) -> list[str]:
    people = dict.fromkeys(contribution.person for contribution in item.people)
    path = leaf_path(item, asset.path, leaf.kind, leaf.number) if asset and leaf else None
    return [
        item.title,
        "; ".join(catalogue.person_name(person) for person in people),
        catalogue.seminar_title(item.seminar) if item.seminar else "",
        catalogue.item_date(item) or "",
        f"{leaf.kind} {leaf.label or leaf.number}" if leaf else "",
        leaf.title if leaf else "",
        leaf.text[:MAX_TEXT] if leaf else "",
        asset.path if asset else "",
        f"{base.rstrip('/')}{path or f'/item/{item.id}'}",
        item.id,
    ]
