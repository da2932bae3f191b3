"""The PDF that was made of a deck to draw its pictures, offered beside the deck.

LibreOffice made it of all slides, so it is offered where no hidden one is withheld; comments, which
it writes into PDFs, and names go as they do from every PDF (public_copies.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from coproarchive.library import Library
from coproarchive.model import Asset, Item, WordSource
from coproarchive.public_copies import Download

PDF = "application/pdf"


def has_made_pdf(item: Item, asset: Asset, library: Library) -> bool:
    """Test whether readers get a PDF that was made of a public item's deck."""
    return _path(item, asset, library, is_checked=False) is not None


def made_pdf(item: Item, asset: Asset, library: Library) -> Download | None:
    """Return the PDF that was made of a deck, without what is withheld.

    None where there is none, where a hidden slide would be in it, or where a copy cannot be made
    soon enough.
    """
    path = _path(item, asset, library, is_checked=True)
    if path is None:
        return None
    withheld = library.public().withheld(item)
    with contextlib.suppress(OSError):
        download = library.public_copies.get(path, PDF, withheld)
        return replace(download, name=f"{asset.path}.pdf") if download else None
    return None


def _path(item: Item, asset: Asset, library: Library, *, is_checked: bool) -> Path | None:
    extraction = library.reader.cached(asset.sha256, asset.media_type)
    if extraction is None or not extraction.leaves:
        return None
    has_hidden = any(leaf.hidden for leaf in extraction.leaves)
    if has_hidden and WordSource.HIDDEN_SLIDES in library.public().withheld(item):
        return None
    return library.pictures.made_pdf(asset.sha256, is_checked=is_checked)
