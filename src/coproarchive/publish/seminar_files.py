"""Which files of a seminar everybody gets, by which names, and what is said of those left out."""

from __future__ import annotations

from typing import NamedTuple

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.library import DAMAGED, Library
from coproarchive.model import Asset, Item, Seminar
from coproarchive.publish.citation import plain_citation
from coproarchive.publish.reference import reference_to
from coproarchive.publish.zip_stream import ZipEntry
from coproarchive.store import safe_name, unique_file_name

MAX_BYTES = 4 * 1024**3
"""Of files in one zip: what is more is downloaded item by item."""
CONTENTS = "contents.txt"


class SeminarFiles(NamedTuple):
    """What a zip of a seminar has in it.

    Attributes:
        entries: the files, and a text that lists them.
        unready: how many copies are still being made.
    """

    entries: tuple[ZipEntry, ...]
    unready: int


def bytes_of(catalogue: Catalogue, seminar: Seminar) -> int:
    """Return the bytes of the files of a seminar's public items."""
    items = catalogue.items_of_seminar(seminar.id)
    return sum(asset.size for item in items for asset in item.assets)


def seminar_files(
    library: Library, catalogue: Catalogue, seminar: Seminar, base: str
) -> SeminarFiles:
    """Return the files of a seminar's public items, as readers get them."""
    items = catalogue.items_of_seminar(seminar.id)
    entries: list[ZipEntry] = []
    lines = [seminar.title, f"{base}/seminar/{seminar.id}", ""]
    unready = 0
    for item in items:
        lines.append(plain_citation(reference_to(item, catalogue, base)))
        if item.licence or item.rights:
            lines.append(f"  Licence: {item.licence or item.rights}")
        names: list[str] = []
        for asset in item.assets:
            entry, note = _file(library, item, asset, names)
            unready += note == _UNREADY
            if entry:
                entries.append(entry)
            lines.append(f"  {entry.name.partition('/')[2] if entry else asset.path}{note}")
        lines.append("")
    contents = ZipEntry(f"{seminar.id}/{CONTENTS}", "\n".join(lines).encode())
    return SeminarFiles((contents, *entries), unready)


_UNREADY = ": is being made ready"


def _file(
    library: Library, item: Item, asset: Asset, names: list[str]
) -> tuple[ZipEntry | None, str]:
    """Return a file as readers get it, and what is said of it.

    Its name is good on every disk that the zip is unpacked on, and none of `names`, to which it is
    added: a copy may be called as another file is.
    """
    try:
        download = library.download(item, asset, make=True)
    except NotFoundError:
        return None, ": is missing"
    if download is None:
        return None, _UNREADY
    if download.why == DAMAGED:
        return None, ": is damaged"
    if download.path is None:
        return None, ": is not offered for download"
    without = f" (a copy without {download.without})" if download.without else ""
    names.append(unique_file_name(safe_name(download.name), names))
    return ZipEntry(f"{item.id}/{names[-1]}", download.path), without
