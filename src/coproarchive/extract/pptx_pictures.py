"""The pictures that slides show and how large, for the machine that reads pictures."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from coproarchive.extract.base import Limits
from coproarchive.extract.ocr import LEAST, Picture, View, open_picture
from coproarchive.extract.pptx import Deck
from coproarchive.extract.shapes import MAX_DEPTH, MAX_SHAPES, A, P, R
from coproarchive.extract.zips import Package, Relationship

MAX_PICTURE = 30 * 1024**2
"""Bytes of a picture file."""
SMALL = 0.04
"""Share of a slide below which a picture is a logo or an icon; a fifth of each side."""

_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
_Crop = tuple[float, float, float, float]  # cut off at the left, top, right, bottom; shares


@dataclass(frozen=True, slots=True)
class _SlidePicture:
    """A picture on a slide.

    Attributes:
        name: of its part.
        share: of the slide (0..1); 1 for a background.
        crop: what of the picture is not shown.
    """

    name: str
    share: float
    crop: _Crop


@dataclass(frozen=True, slots=True)
class _Frame:
    """How a group's own units become the slide's."""

    scale_x: float = 1.0
    scale_y: float = 1.0

    def inside(self, group: etree._Element) -> _Frame:
        """Return the frame of what stands in a group."""
        sizes = [_size(group.find(f"{P}grpSpPr/{A}xfrm/{A}{name}")) for name in ("ext", "chExt")]
        (across, down), (own_across, own_down) = sizes
        if not own_across or not own_down:
            return self
        return _Frame(self.scale_x * across / own_across, self.scale_y * down / own_down)


@contextlib.contextmanager
def slide_views(
    path: Path, whole: list[int], pictured: list[int], limits: Limits, *, share: float
) -> Iterator[Iterator[View]]:
    """Yield views of slides' pictures, without pictures where they cover too little of the slide.

    Pictures that stand on many slides are the theme's and do not count.

    Args:
        path: the file.
        whole: numbers of slides of which every picture matters.
        pictured: numbers of slides of which pictures matter where they cover a share.
        limits: as pptx.extract.
        share: part of a slide (0..1) that pictures cover at least, together.

    Raises:
        UnreadableError, LimitError: as pptx.extract.
    """
    with Package.open(path, limits, rescue=True) as package:
        yield _views(package, Deck(package, path.name), whole, pictured, share)


def _views(
    package: Package, deck: Deck, whole: list[int], pictured: list[int], share: float
) -> Iterator[View]:
    pictures_of = {number: _pictures(root, r, deck.size) for number, root, r in deck.pictured()}
    seen = Counter(name for pictures in pictures_of.values() for name in {p.name for p in pictures})
    theme = {name for name, times in seen.items() if times >= max(3, len(pictures_of) / 4)}
    for number in whole:
        pictures = pictures_of.get(number, [])
        least = min(SMALL, max((p.share for p in pictures), default=0.0))
        large = [p for p in pictures if p.share >= least]
        yield View(number, _opener(package, large) if large else None)
    for number in pictured:
        large = [p for p in pictures_of.get(number, ()) if p.share >= SMALL and p.name not in theme]
        is_enough = large and sum(p.share for p in large) >= share
        yield View(number, _opener(package, large) if is_enough else None)


def _pictures(
    root: etree._Element, relations: dict[str, Relationship], size: tuple[int, int]
) -> list[_SlidePicture]:
    """Return pictures on the slide, of groups and of its own background too; each once."""
    pictures: dict[str, _SlidePicture] = {}
    for fill, share in _fills(root, size):
        blip = fill.find(f"{A}blip")
        relation = relations.get(blip.get(f"{R}embed", "")) if blip is not None else None
        if relation is None or relation.is_outside or not relation.target.lower().endswith(_NAMES):
            continue
        before = pictures.get(relation.target)
        if before is None or before.share < share:
            pictures[relation.target] = _SlidePicture(relation.target, share, _crop(fill))
    return list(pictures.values())


def _fills(root: etree._Element, size: tuple[int, int]) -> Iterator[tuple[etree._Element, float]]:
    """Yield what pictures fill, and the share of the slide that it has."""
    background = root.find(f"{P}cSld/{P}bg/{P}bgPr/{A}blipFill")
    if background is not None:
        yield background, 1.0
    tree = root.find(f"{P}cSld/{P}spTree")
    pending = [(child, _Frame(), 0) for child in tree] if tree is not None else []
    for _ in range(MAX_SHAPES):
        if not pending:
            return
        node, frame, depth = pending.pop()
        if not isinstance(node.tag, str) or depth > MAX_DEPTH:
            continue
        if node.tag == f"{P}grpSp":
            pending += [(child, frame.inside(node), depth + 1) for child in node]
        elif node.tag.rpartition("}")[2] in ("AlternateContent", "Choice", "Fallback"):
            pending += [(child, frame, depth + 1) for child in node]
        elif node.tag in (f"{P}pic", f"{P}sp"):
            fill = node.find(f"{P}blipFill" if node.tag == f"{P}pic" else f"{P}spPr/{A}blipFill")
            if fill is not None:
                yield fill, _share(node.find(f"{P}spPr/{A}xfrm"), frame, size)
        elif node.tag == f"{P}graphicFrame":
            # Previews of embedded files, and what fills the cells of tables.
            for fill in node.iter(f"{P}blipFill", f"{A}blipFill"):
                yield fill, _share(node.find(f"{P}xfrm"), frame, size)


def _share(place: etree._Element | None, frame: _Frame, slide: tuple[int, int]) -> float:
    """Return the share of the slide that a shape has; a placeholder of the layout's size has a
    third."""
    extent = place.find(f"{A}ext") if place is not None else None
    if extent is None:
        return 1 / 3
    across, down = _size(extent)
    return min(1.0, across * frame.scale_x / slide[0]) * min(1.0, down * frame.scale_y / slide[1])


def _size(extent: etree._Element | None) -> tuple[int, int]:
    try:
        return (
            (0, 0) if extent is None else (int(extent.get("cx", "0")), int(extent.get("cy", "0")))
        )
    except ValueError:
        return 0, 0


def _crop(fill: etree._Element) -> _Crop:
    """Return the cut edges; negative values, which add an empty edge, cut nothing."""
    node = fill.find(f"{A}srcRect")
    try:
        edges = [int(node.get(edge, "0")) / 100_000 if node is not None else 0.0 for edge in "ltrb"]
    except ValueError:
        edges = [0.0] * 4
    left, top, right, bottom = (min(1.0, max(0.0, edge)) for edge in edges)
    return left, top, right, bottom


def _opener(package: Package, pictures: list[_SlidePicture]) -> Callable[[], Iterator[Picture]]:
    """Return a function that opens the pictures, the largest first, and passes over broken ones."""

    def opened() -> Iterator[Picture]:
        for pictured in sorted(pictures, key=lambda p: p.share, reverse=True):
            data = package.read(pictured.name, MAX_PICTURE)
            picture = open_picture(data) if data else None
            if picture is not None:
                yield _cropped(picture, pictured.crop)

    return opened


def _cropped(picture: Picture, crop: _Crop) -> Picture:
    """Return the visible part of the picture; all of it where that is next to nothing."""
    left, top, right, bottom = crop
    across, down = picture.size
    edges = (left * across, top * down, (1 - right) * across, (1 - bottom) * down)
    if edges[2] - edges[0] < LEAST or edges[3] - edges[1] < LEAST:
        return picture
    return picture.crop(edges)
