"""Places in the archive as people write them down: an item's id, with a slide or without."""

from __future__ import annotations

import re
from typing import NamedTuple

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.extract.worker import Reader
from coproarchive.model import Asset, Item, Leaf
from coproarchive.publish.addresses import KINDS, anchor_of_file
from coproarchive.search.document import shown_leaves

_PLACE = re.compile(
    r"(?:https?://[^/]+)?/?(?:item/)?(?P<item>[^#?]+?)"
    rf"(?:(?:/(?P<kind>{'|'.join(KINDS)})/|#(?P<file>[^#]*?)(?P<fragment>{'|'.join(KINDS)})-)"
    r"(?P<number>\d{1,6}))?/?"
)


class CitedPlace(NamedTuple):
    """Where something stands, as it was asked for.

    Attributes:
        item_id: of the item.
        kind: slide, page, section or cue; "" for the whole item.
        number: 1-based place in the file.
        file: beginning of a fragment that names a file ("talk-pdf"), "" for the first one.
    """

    item_id: str
    kind: str = ""
    number: int = 0
    file: str = ""


def read_place(text: str) -> CitedPlace:
    """Read `ID`, `ID#slide-3`, `ID/slide/3` or the address of a page.

    Raises:
        NotFoundError: it is none of these.
    """
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise NotFoundError(
            f'"{text[:200]}" names no place.', hint="Write an item's id, or ID#slide-3."
        )
    kind = match["kind"] or match["fragment"] or ""
    return CitedPlace(
        match["item"], kind, int(match["number"] or 0), (match["file"] or "").removesuffix("-")
    )


def find_leaf(
    item: Item, catalogue: Catalogue, reader: Reader, place: CitedPlace
) -> tuple[Asset, Leaf]:
    """Return the file and the leaf at a place, of what readers see.

    Raises:
        NotFoundError: the item has no such leaf, or readers do not see it.
    """
    for asset, leaf in shown_leaves(item, catalogue, reader):
        if (leaf.kind, leaf.number) == (place.kind, place.number) and (
            not place.file or place.file == anchor_of_file(asset.path)
        ):
            return asset, leaf
    raise NotFoundError(f'"{item.id}" has no {place.kind} {place.number}.')
