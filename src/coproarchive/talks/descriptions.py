"""Titles and descriptions that an archive's records give to single slides.

A description belongs to one version of a file, by its sha256. In another version the slide may be
elsewhere, or gone: the description is then kept in the record, and shown nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from coproarchive.extract.base import Notice
from coproarchive.leaf import Leaf, Part
from coproarchive.model import Asset, Item, SlideDescription
from coproarchive.talks.alignment import align
from coproarchive.talks.forms import AlignedItem, AlignedLeaf, Place
from coproarchive.vocabulary import Source

Descriptions = Mapping[tuple[str, int], SlideDescription]
"""Path of a file and number of a leaf -> what the record says of it."""

_MENDED_BY = (
    ("leaf-without-title", "title"), ("picture-without-alt", "alt"), ("leaf-without-text", "alt"),
)  # fmt: skip
"""Code of a notice, and the part of a slide's description that mends it."""


def descriptions_of(item: Item) -> dict[tuple[str, int], SlideDescription]:
    """Return the descriptions of an item's slides that belong to its files as they are."""
    sha256 = {asset.path: asset.sha256 for asset in item.assets}
    return {
        (d.file, d.number): d
        for d in item.slides
        if d.file in sha256 and d.sha256 in (None, sha256[d.file])
    }


def unplaced(item: Item) -> list[SlideDescription]:
    """Return descriptions of slides of files that an item has not, or has in a later version."""
    placed = descriptions_of(item).values()
    return [d for d in item.slides if not any(d is other for other in placed)]


def described(leaf: Leaf, description: SlideDescription | None) -> Leaf:
    """Return a leaf with the title and the words that the record gives it.

    Its own title stays among its words: it stands on the slide, and is searched for. What a machine
    saw gives way to what a person wrote.
    """
    if description is None:
        return leaf
    title, parts = description.title, leaf.parts
    if title and leaf.title and title != leaf.title:
        parts = (Part(Source.TITLE, leaf.title), *parts)
    if description.alt:
        parts = tuple(p for p in parts if p.source is not Source.MACHINE_ALT)
        parts = (*parts, Part(Source.ALT, description.alt))
    return replace(leaf, title=title or leaf.title, parts=parts)


def with_descriptions(aligned: AlignedItem, item: Item) -> AlignedItem:
    """Return the leaves of an item as its record describes them.

    What is said of one form of a slide holds for the slide: it is found under its first form too.
    """
    descriptions = descriptions_of(item)
    if not descriptions:
        return aligned
    leaves = tuple(_described(leaf, descriptions) for leaf in aligned.leaves)
    return replace(aligned, leaves=leaves)


def description_of(leaf: AlignedLeaf, descriptions: Descriptions) -> SlideDescription | None:
    """Return what the record says of a slide under its first form, else under another; or None."""
    keys = ((place.asset.path, place.leaf.number) for place in (leaf.place, *leaf.twins))
    return next((descriptions[key] for key in keys if key in descriptions), None)


def _described(leaf: AlignedLeaf, descriptions: Descriptions) -> AlignedLeaf:
    description = description_of(leaf, descriptions)
    place = Place(leaf.asset, described(leaf.leaf, description))
    return leaf if description is None else replace(leaf, place=place)


def undescribed(notices: Iterable[Notice], item: Item, place: str) -> Iterator[Notice]:
    """Yield what readers of files noticed, without what the item's record mends.

    Args:
        notices: of one file.
        item: whose file it is.
        place: the item's id and the file's name.
    """
    descriptions = descriptions_of(item)
    for notice in notices:
        description = descriptions.get((place.removeprefix(f"{item.id}/"), notice.leaf or 0))
        mended = () if description is None else _MENDED_BY
        if not any(getattr(description, name) for code, name in mended if code == notice.code):
            yield notice


def carried(
    descriptions: Iterable[SlideDescription],
    old: Asset,
    new: Asset,
    leaves: Sequence[Leaf],
    new_leaves: Sequence[Leaf],
) -> tuple[SlideDescription, ...]:
    """Return descriptions after a file was replaced: at the same slides of the new version.

    A slide is the same where the alignment of the two says so. The description of one that the new
    version has not stays as it is, with the sha256 of the old.

    Args:
        descriptions: of an item.
        old: the file that is replaced.
        new: the file in its place.
        leaves: of the old one.
        new_leaves: of the new one.
    """
    pairs = {leaves[p.one].number: new_leaves[p.other].number for p in align(leaves, new_leaves)}

    def moved(description: SlideDescription) -> SlideDescription:
        belongs = description.file == old.path and description.sha256 in (None, old.sha256)
        if not belongs:
            return description
        if description.number not in pairs:
            return description.model_copy(update={"sha256": old.sha256})
        place = {"file": new.path, "number": pairs[description.number], "sha256": new.sha256}
        return description.model_copy(update=place)

    return tuple(map(moved, descriptions))
