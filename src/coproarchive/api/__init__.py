"""The Python interface: `import coproarchive as ca`.

    >>> import coproarchive as ca
    >>> with ca.open("talks") as archive:
    ...     for hit in archive.search("millstone", topic="sourdough"):
    ...         print(hit.title, hit.item.people, hit.item.date)
    ...         for leaf in hit.leaves:
    ...             print(leaf.kind, leaf.number, leaf.snippet)
    Bread for all ('Ada Baker',) 2018-05-04
    slide 3 Millstone

Items, search, similar items and suggestions are what the public may see; `Archive.all_items` has
hidden and withdrawn items too. Every error is a `CoproArchiveError` that says what to do.
"""

from __future__ import annotations

from coproarchive.api.archive import AddedItems, Archive, create, open
from coproarchive.api.items import ArchivedItem, ArchivedItems
from coproarchive.api.results import SearchHit, SearchLeaf, SearchResults
from coproarchive.errors import CoproArchiveError

__all__ = [
    "AddedItems", "Archive", "ArchivedItem", "ArchivedItems", "CoproArchiveError", "SearchHit",
    "SearchLeaf", "SearchResults", "create", "open",
]  # fmt: skip
