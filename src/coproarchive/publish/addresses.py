"""Addresses of slides, pages, sections and cues: fixed, since they are cited."""

from __future__ import annotations

from urllib.parse import quote

from coproarchive.model import Item

KINDS = ("slide", "page", "section", "cue")
"""Kinds of leaves, as addresses name them."""
_KINDS_OF = {
    "application/pdf": frozenset({"page"}),
    "text/vtt": frozenset({"cue"}),
    "application/x-subrip": frozenset({"cue"}),
    "application/vnd.apple.keynote": frozenset({"slide"}),
}
_WITHOUT_LEAVES = ("image/", "audio/", "video/")


def leaf_path(item: Item, file: str, kind: str, number: int) -> str:
    """Return the path of a leaf's address: /item/ID/slide/3.

    The file is named too, /item/ID/FILE/slide/3, where an earlier file of the item may have leaves
    of that kind; the record alone decides, so that an address stays what it is whatever is read.

    Args:
        item: its record.
        file: path of the asset that has the leaf.
        kind, number: of the leaf.
    """
    return f"/item/{item.id}{_file_in_path(item, file, kind)}/{kind}/{number}"


def _file_in_path(item: Item, file: str, kind: str) -> str:
    for asset in item.assets:
        if asset.path == file:
            return ""
        if kind in _kinds_of(asset.media_type):
            break
    return f"/{quote(file, safe='')}"


def _kinds_of(media_type: str) -> frozenset[str]:
    """Return the kinds of leaves that a file of this media type may have."""
    if media_type in _KINDS_OF:
        return _KINDS_OF[media_type]
    if media_type.startswith(_WITHOUT_LEAVES):
        return frozenset()
    if "presentation" in media_type or "powerpoint" in media_type:
        return frozenset({"slide"})
    return frozenset({"slide", "section"})


def anchor_of_file(path: str) -> str:
    """Return what fragments of addresses have for a file's name."""
    return "".join(c if c.isalnum() else "-" for c in path.casefold())
