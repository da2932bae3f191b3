"""What the pages of an item show: values for templates, without a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup

from coproarchive.catalogue import Catalogue
from coproarchive.model import Asset, Item, Link, Seminar, Session
from coproarchive.pictures import WIDTHS
from coproarchive.publish.addresses import leaf_path
from coproarchive.search.hits.results import LeafHit
from coproarchive.web import render
from coproarchive.web.leaves import PICTURED, FileLeaves, LeafPlace
from coproarchive.web.media import at_second
from coproarchive.web.posts import Section, flow
from coproarchive.web.words import Marks, leaf_words, unmarked

RAIL = 9
"""Pictures beside a slide, itself among them."""
BEFORE = RAIL // 2
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


class TalkHit(NamedTuple):
    """A leaf of the talk that answers what was asked.

    Attributes:
        hit: as a search tells it.
        address: of its page, with what was asked.
        is_current: whether its page is the one that is shown.
    """

    hit: LeafHit
    address: str
    is_current: bool


class TalkSearch(NamedTuple):
    """What was asked inside a talk, and what answers.

    Attributes:
        words: as they were typed, "" for none.
        marks: marks them in texts.
        hits: in the talk's order.
    """

    words: str
    marks: Marks
    hits: tuple[TalkHit, ...]

    @property
    def suffix(self) -> str:
        """What an address goes on with, so that the next page knows what was asked."""
        return f"?{urlencode({'q': self.words})}" if self.words else ""

    @property
    def numbers(self) -> frozenset[tuple[str, int]]:
        """File and number of each hit."""
        return frozenset((hit.asset, hit.number) for hit, _, _ in self.hits)

    def beside(self, place: LeafPlace, step: int) -> TalkHit | None:
        """Return the hit before (-1) or after (1) a leaf in its file, None where there is none."""
        file, number = place.file.asset.path, place.leaf.number
        near = [h for h in self.hits if h.hit.asset == file and (h.hit.number - number) * step > 0]
        return min(near, key=lambda h: abs(h.hit.number - number), default=None)


class LeafPicture(NamedTuple):
    """A picture of a leaf: addresses, and the size of the large one in pixels."""

    small: str
    large: str
    width: int
    height: int

    @property
    def shape(self) -> str:
        """Name of the shape for which pages leave room, since a page that moves is lost."""
        ratio = self.width / self.height
        return "landscape" if ratio > 1.5 else "standard" if ratio > 1 else "portrait"


class Tile(NamedTuple):
    """A leaf on an overview.

    Attributes:
        anchor: fragment of its address of old.
        address: of its page.
        label: its number or time.
        title: its heading, or the beginning of its words.
        picture: address of its picture.
        is_hit: whether it answers what was asked.
    """

    anchor: str
    address: str
    label: str
    title: str
    picture: str
    is_hit: bool


class Overview(NamedTuple):
    """A file on its item's page: pictures as links, a list of cues, or a flow of text.

    Attributes:
        asset: the file.
        kind: of its leaves.
        tiles: of slides, pages and cues.
        shape: of the pictures, see LeafPicture.shape; "" where there are none.
        sections: of a text, each with its fragment.
    """

    asset: Asset
    kind: str
    tiles: Sequence[Tile]
    shape: str
    sections: Sequence[tuple[str, Section]]


class LeafInWords(NamedTuple):
    """A leaf in the copy in words: fragment, address of its page, place, heading, words."""

    anchor: str
    address: str
    name: str
    title: str
    words: Markup


class FileInWords(NamedTuple):
    """A file in the copy in words: its leaves, or the sections of a text with their fragments."""

    asset: Asset
    leaves: Sequence[LeafInWords]
    sections: Sequence[tuple[str, Section]]


def picture_path(item: Item, asset: Asset, number: int, width: int) -> str:
    """Return the address of a leaf's picture."""
    return f"/picture/{item.id}/{quote(asset.path)}/{number}-{width}.webp"


def leaf_picture(item: Item, asset: Asset, number: int, size: tuple[int, int]) -> LeafPicture:
    """Return a leaf's picture, whose large form has this size."""
    small, large = (picture_path(item, asset, number, width) for width in WIDTHS)
    return LeafPicture(small, large, *size)


def overview(item: Item, file: FileLeaves, search: TalkSearch, shape: str) -> Overview:
    """Return a file on its item's page."""
    asset, first = file.asset, file.leaves[0]
    if first.kind == "section":
        return Overview(asset, first.kind, (), "", _sections(item, file, search.marks))
    is_pictured = first.kind in PICTURED
    tiles = [
        Tile(
            render.anchor(asset.path, leaf.kind, leaf.number, item.assets[0].path),
            leaf_path(item, asset.path, leaf.kind, leaf.number) + search.suffix,
            leaf.label or str(leaf.number),
            leaf.title or ("" if is_pictured else leaf.text[:120]),
            picture_path(item, asset, leaf.number, WIDTHS[0]),
            (asset.path, leaf.number) in search.numbers,
        )
        for leaf in file.leaves
    ]
    return Overview(asset, first.kind, tiles, shape, ())


def in_words(item: Item, file: FileLeaves) -> FileInWords:
    """Return a file in the copy in words."""
    if file.leaves[0].kind == "section":
        return FileInWords(file.asset, (), _sections(item, file, unmarked))
    leaves = [
        LeafInWords(
            render.anchor(file.asset.path, leaf.kind, leaf.number, item.assets[0].path),
            leaf_path(item, file.asset.path, leaf.kind, leaf.number),
            f"{leaf.kind.capitalize()} {leaf.label or leaf.number}",
            leaf.title,
            leaf_words(leaf)[0],
        )
        for leaf in file.leaves
    ]
    return FileInWords(file.asset, leaves, ())


def _sections(item: Item, file: FileLeaves, marks: Marks) -> list[tuple[str, Section]]:
    """Return the sections of a text, each with its fragment."""
    first, path = item.assets[0].path, file.asset.path
    return [
        (render.anchor(path, section.leaf.kind, section.leaf.number, first), section)
        for section in flow(item, file.leaves, marks)
    ]


def rail(place: LeafPlace) -> list[LeafPlace]:
    """Return the leaves around one, itself among them; as many before as after where there are."""
    count = len(place.file.leaves)
    first = max(0, min(place.ordinal - BEFORE, count - RAIL))
    return [place._replace(ordinal=n) for n in range(first, min(first + RAIL, count))]


def elsewhere(item: Item, second: float | None) -> list[Link]:
    """Return where recordings are that the archive does not hold, at a second."""
    if second is None:
        return []
    links = ((link, at_second(link.url, second)) for link in item.held_at)
    return [Link(label=link.label, url=address) for link, address in links if address]


def neighbours(item: Item, catalogue: Catalogue) -> list[Item]:
    """Return the other items of an item's seminar."""
    if not item.seminar:
        return []
    return [i for i in catalogue.items_of_seminar(item.seminar) if i.id != item.id]


def sessions_of(item: Item, seminar: Seminar | None) -> list[Session]:
    """Return the lines of the seminar's programme that left the item behind."""
    return [s for s in seminar.programme if s.item == item.id] if seminar else []


def contact_address(catalogue: Catalogue, address: str) -> str:
    """Return where one asks for better words than a machine's, "" where that is not said."""
    match = _EMAIL.search(catalogue.series.contact or "")
    if match is None:
        return ""
    subject = quote(f"Accessible copy of {address}")
    return f"mailto:{match[0]}?subject={subject}"
