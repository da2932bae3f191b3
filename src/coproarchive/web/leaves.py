"""The slides, pages, sections and cues of an item as readers see them, and their addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf
from coproarchive.pictures import WIDTHS
from coproarchive.publish.addresses import KINDS, leaf_path
from coproarchive.search.document import shown_leaves
from coproarchive.search.hits.results import LeafHit, Snippet
from coproarchive.talks.forms import AlignedItem, AlignedLeaf
from coproarchive.web.render import kind_of_file

_LEAF = re.compile(rf"(.+)/({'|'.join(KINDS)})/(\d{{1,9}})")
PICTURED = ("slide", "page")
"""Kinds of leaves that have pictures."""


def picture_path(item: Item, file: str, number: int, width: int) -> str:
    """Return the address of a picture of a leaf, of which `file` is the path of the asset."""
    return f"/picture/{item.id}/{quote(file)}/{number}-{width}.webp"


def name_of(leaf: Leaf | LeafHit) -> str:
    """Return what readers call a leaf: Slide 3."""
    return f"{leaf.kind.capitalize()} {leaf.label or leaf.number}"


class FileLeaves(NamedTuple):
    """A file of an item and what readers see of it."""

    asset: Asset
    leaves: Sequence[Leaf]


class LeafPlace(NamedTuple):
    """A leaf, the file that it is in, and its ordinal among the leaves of that file, from 0."""

    item: Item
    file: FileLeaves
    ordinal: int

    @property
    def leaf(self) -> Leaf:
        """The leaf itself."""
        return self.file.leaves[self.ordinal]

    @property
    def asset(self) -> Asset:
        """The file's record."""
        return self.file.asset

    @property
    def name(self) -> str:
        """What readers call it: Slide 3."""
        return name_of(self.leaf)

    @property
    def path(self) -> str:
        """Path of its address."""
        return leaf_path(self.item, self.asset.path, self.leaf.kind, self.leaf.number)

    def beside(self, step: int) -> LeafPlace | None:
        """Return the leaf so many places on, None past either end."""
        ordinal = self.ordinal + step
        return self._replace(ordinal=ordinal) if 0 <= ordinal < len(self.file.leaves) else None


def groups_of(aligned: AlignedItem) -> list[list[AlignedLeaf]]:
    """Return the leaves of an item, each slide once: those of one talk together, in its order."""
    forms = {asset.path for asset in aligned.forms}
    groups: dict[str, list[AlignedLeaf]] = {}
    for leaf in aligned.leaves:
        is_form = leaf.asset.path in forms and leaf.leaf.kind in PICTURED
        groups.setdefault("" if is_form else leaf.asset.path, []).append(leaf)
    return list(groups.values())


def file_leaves(item: Item, catalogue: Catalogue, library: Library) -> list[FileLeaves]:
    """Return the files of an item that have leaves, in the record's order."""
    by_path: dict[str, tuple[Asset, list[Leaf]]] = {}
    for asset, leaf in shown_leaves(item, catalogue, library.reader):
        by_path.setdefault(asset.path, (asset, []))[1].append(leaf)
    return [FileLeaves(asset, leaves) for asset, leaves in by_path.values()]


class Glimpse(NamedTuple):
    """What a list shows of an item.

    Attributes:
        first: its first slide or page that readers may see, as a hit without words.
        picture: address of that one's picture.
        extent: the kind of file and how many it has: "PowerPoint, 13 slides".
    """

    first: LeafHit | None = None
    picture: str = ""
    extent: str = ""


def glimpse(item: Item, catalogue: Catalogue, library: Library) -> Glimpse:
    """Return what a list shows of an item: of its first file that has slides or pages."""
    # File by file: of what follows the first with slides nothing is read.
    by_file = groupby(shown_leaves(item, catalogue, library.reader), lambda place: place[0].path)
    for _, places in by_file:
        (asset, leaf), *others = places
        if leaf.kind in PICTURED:
            title = Snippet(leaf.title)
            first = LeafHit(
                asset.path, leaf.number, leaf.kind, leaf.label or "", title, Snippet(""), ""
            )
            picture = picture_path(item, asset.path, leaf.number, WIDTHS[0])
            count = f"{1 + len(others)} {leaf.kind}{'s' if others else ''}"
            return Glimpse(first, picture, f"{kind_of_file(asset)}, {count}")
    return Glimpse()


def find_leaf(path: str, catalogue: Catalogue, library: Library) -> LeafPlace | None:
    """Find the leaf of an address; None where readers see no such leaf.

    Args:
        path: below /item/, decoded: ID/slide/3 or ID/FILE/slide/3.
        catalogue: what the reader may see.
        library: has the texts.
    """
    match = _LEAF.fullmatch(path)
    if match is None:
        return None
    owner, kind, number = match[1], match[2], int(match[3])
    item, name = catalogue.items.get(owner), ""
    if item is None:
        item_id, _, name = owner.rpartition("/")
        item = catalogue.items.get(item_id)
    if item is None:
        return None
    library.recover_texts(item)
    for file in file_leaves(item, catalogue, library):
        if name and file.asset.path != name:
            continue
        for ordinal, leaf in enumerate(file.leaves):
            if (leaf.kind, leaf.number) == (kind, number):
                return LeafPlace(item, file, ordinal)
        if not name and any(leaf.kind == kind for leaf in file.leaves):
            return None  # the first file that has such leaves is meant
    return None
