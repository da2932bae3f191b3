"""Citations of places, as text or as a file: what pages, commands and Python share."""

from __future__ import annotations

from urllib.parse import unquote

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.publish.addresses import anchor_of_file
from coproarchive.publish.places import find_leaf, read_place
from coproarchive.publish.reference import Reference, reference_to


def reference_at(library: Library, text: str, base: str = "") -> Reference:
    """Return what is cited of a place that everybody may see.

    Args:
        library: the archive.
        text: `ID`, `ID#slide-3` or an address; see places.read_place.
        base: what absolute addresses begin with; the archive's own address where it is "".

    Raises:
        NotFoundError: there is no such item, or no such slide of it.
    """
    place = read_place(text)
    catalogue = library.public()
    owner, _, name = place.item_id.rpartition("/")
    if place.kind and place.item_id not in catalogue.items and owner in catalogue.items:
        place = place._replace(item_id=owner, file=anchor_of_file(unquote(name)))
    item = catalogue.item(place.item_id)
    if not place.kind:
        return reference_to(item, catalogue, base or _address_of(catalogue))
    for asset in item.assets:
        if library.reader.cached(asset.sha256, asset.media_type) is None:
            path = library.store.asset_path(item.id, asset.path)
            library.reader.read(path, asset.sha256, asset.media_type)
    asset, leaf = find_leaf(item, catalogue, library.reader, place)
    return reference_to(item, catalogue, base or _address_of(catalogue), leaf, asset.path)


def _address_of(catalogue: Catalogue) -> str:
    return (catalogue.series.address or "").rstrip("/")
