"""Citations of places, as text or as a file: what pages, commands and Python share."""

from __future__ import annotations

from coproarchive.library import Library
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
    item = catalogue.item(place.item_id)
    if place.kind:
        for asset in item.assets:
            if library.reader.cached(asset.sha256, asset.media_type) is None:
                path = library.store.asset_path(item.id, asset.path)
                library.reader.read(path, asset.sha256, asset.media_type)
    _, leaf = find_leaf(item, catalogue, library.reader, place) or (None, None)
    base = base or (catalogue.series.address or "").rstrip("/")
    return reference_to(item, catalogue, base, leaf)
