"""What an item's pages say of its files."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.model import Asset, Item
from coproarchive.web.made_pdf import has_made_pdf

NOT_OFFERED = (
    "This file is kept in the archive. It carries, or may carry, notes or comments that are not "
    "public, so it is not offered for download."
)
NOT_READY = "A copy without what is not public, made at the first download; that may take a moment."


class FileView(NamedTuple):
    """A file of an item, as its pages tell of it.

    Attributes:
        asset: its record.
        address: under which it is handed out.
        size: bytes of what is downloaded; None where that is not known yet.
        note: that it is a copy, and without what; "" where it is the file itself.
        is_offered: whether there is anything to download.
        made_pdf: address of the PDF that was made of a deck; "" where there is none.
    """

    asset: Asset
    address: str
    size: int | None
    note: str
    is_offered: bool = True
    made_pdf: str = ""


def file_views(item: Item, library: Library) -> list[FileView]:
    """Return what is said of each of an item's files."""
    return [_file_view(item, asset, library) for asset in item.assets]


def pdf_address(item: Item, base: str, library: Library) -> str:
    """Return the address of an item's PDF, or of one made of its deck, "" where there is none."""
    views = [view for view in file_views(item, library) if view.is_offered]
    paths = [v.address for v in views if v.asset.media_type == "application/pdf"]
    paths += [view.made_pdf for view in views if view.made_pdf]
    return base + paths[0] if paths else ""


def _file_view(item: Item, asset: Asset, library: Library) -> FileView:
    """Return what is said of a file."""
    address = f"/file/{item.id}/{quote(asset.path)}"
    made_pdf = f"{address}.pdf" if has_made_pdf(item, asset, library) else ""
    try:
        download = library.download(item, asset)
    except NotFoundError:
        return FileView(asset, address, None, "")
    if download is None:
        return FileView(asset, address, None, NOT_READY, True, made_pdf)
    if not download.is_copy:
        return FileView(asset, address, asset.size, "", download.path is not None, made_pdf)
    assert download.path is not None, "a copy is a file"
    note = f"A copy without {download.without}." if download.without else "A copy."
    return FileView(asset, address, download.path.stat().st_size, note, True, made_pdf)
