"""Slides of results as a table for spreadsheets: one row for all files that show a slide."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf
from coproarchive.publish.addresses import leaf_path
from coproarchive.search.discover.export import MAX_ROWS, harmless
from coproarchive.search.language.query import Query

COLUMNS = (
    "title", "speakers", "seminar", "date", "place", "heading", "text", "file", "address", "id"
)  # fmt: skip
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
    for item_id, *_ in library.ranking(query):
        item = catalogue.items[item_id]
        places = list(_places(library, query, item_id))
        for asset, leaf in places:
            yield _row(item, catalogue, base, asset, leaf)
        if not places:
            yield _row(item, catalogue, base)


def _places(library: Library, query: Query, item_id: str) -> Iterator[tuple[Asset, Leaf]]:
    """Yield the leaves of an item that answer, in its order; all where nothing is asked for."""
    leaves = library.talks.alignment(item_id).leaves
    if not query.positive:
        yield from ((leaf.asset, leaf.leaf) for leaf in leaves)
        return
    catalogue = library.public()
    hits = library.ask(lambda index: index.leaf_hits(item_id, query, catalogue))
    matched = {(hit.asset, hit.number) for hit in hits}
    for leaf in leaves:
        if (leaf.asset.path, leaf.leaf.number) in matched:
            yield leaf.asset, leaf.leaf


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
