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
from coproarchive.talks.descriptions import description_of, descriptions_of
from coproarchive.talks.forms import AlignedItem, AlignedLeaf, Place
from coproarchive.talks.merging import with_twins
from coproarchive.web import render
from coproarchive.web.leaves import PICTURED, LeafPlace, name_of, picture_path
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
        forms = ((form.asset, form.number) for hit, _, _ in self.hits for form in hit.forms)
        return frozenset([*((hit.asset, hit.number) for hit, _, _ in self.hits), *forms])

    def beside(self, place: LeafPlace, step: int) -> TalkHit | None:
        """Return the hit before (-1) or after (1) a leaf in its file, None where there is none."""
        file, number = place.asset.path, place.leaf.number
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
        anchor, others: fragments of its addresses of old, also as other files have it.
        address: of its page.
        label: its number or time.
        title: its heading, or the beginning of its words.
        picture: address of its picture.
        is_hit: whether it answers what was asked.
    """

    anchor: str
    others: Sequence[str]
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
    """A leaf in the copy in words: fragment, address of its page, place, heading, words; and their
    language, "" where it is the item's."""

    anchor: str
    address: str
    name: str
    title: str
    words: Markup
    language: str


class FileInWords(NamedTuple):
    """A file in the copy in words: its leaves, or the sections of a text with their fragments."""

    asset: Asset
    leaves: Sequence[LeafInWords]
    sections: Sequence[tuple[str, Section]]


def leaf_picture(item: Item, asset: Asset, number: int, size: tuple[int, int]) -> LeafPicture:
    """Return a leaf's picture, whose large form has this size."""
    small, large = (picture_path(item, asset.path, number, width) for width in WIDTHS)
    return LeafPicture(small, large, *size)


def overview(item: Item, leaves: Sequence[AlignedLeaf], search: TalkSearch, shape: str) -> Overview:
    """Return a talk, or a text, on its item's page.

    Args:
        item: its record.
        leaves: of one talk, each slide once.
        search: what was asked inside it.
        shape: of its pictures.
    """
    asset, kind = leaves[0].place
    if kind.kind == "section":
        return Overview(asset, kind.kind, (), "", _sections(item, leaves, search.marks))
    tiles = [
        Tile(
            _anchor(item, one.place),
            [_anchor(item, place) for place in one.places[1:]],
            leaf_path(item, one.asset.path, one.leaf.kind, one.leaf.number) + search.suffix,
            one.leaf.label or str(one.leaf.number),
            one.leaf.title or ("" if one.leaf.kind in PICTURED else one.leaf.text[:120]),
            picture_path(item, one.asset.path, one.leaf.number, WIDTHS[0]),
            (one.asset.path, one.leaf.number) in search.numbers,
        )
        for one in leaves
    ]
    return Overview(asset, kind.kind, tiles, shape, ())


def in_words(item: Item, leaves: Sequence[AlignedLeaf]) -> FileInWords:
    """Return a talk, or a text, in the copy in words."""
    asset, first = leaves[0].place
    if first.kind == "section":
        return FileInWords(asset, (), _sections(item, leaves, unmarked))
    return FileInWords(asset, [_leaf_in_words(item, one) for one in leaves], ())


def _leaf_in_words(item: Item, one: AlignedLeaf) -> LeafInWords:
    leaf, words = one.leaf, leaf_words(with_twins(one))[0]
    for cue in one.cues:
        words += Markup("<h3>Said at {}</h3>").format(cue.leaf.label) + leaf_words(cue.leaf)[0]
    return LeafInWords(
        _anchor(item, one.place),
        leaf_path(item, one.asset.path, leaf.kind, leaf.number),
        name_of(leaf),
        leaf.title,
        words,
        leaf.language,
    )


def _sections(item: Item, leaves: Sequence[AlignedLeaf], marks: Marks) -> list[tuple[str, Section]]:
    """Return the sections of a text, each with its fragment."""
    sections = flow(item, [one.leaf for one in leaves], marks)
    return [(_anchor(item, one.place), s) for one, s in zip(leaves, sections, strict=True)]


def _anchor(item: Item, place: Place) -> str:
    """Return the fragment of a leaf's address of old."""
    leaf = place.leaf
    return render.anchor(place.asset.path, leaf.kind, leaf.number, item.assets[0].path)


class OtherForm(NamedTuple):
    """The same slide in another file: what readers call it, its page, and its place in the file."""

    name: str
    address: str
    file: str


def other_forms(item: Item, place: LeafPlace, one: AlignedLeaf | None) -> list[OtherForm]:
    """Return the same slide in the other files of an item."""
    current = (place.asset.path, place.leaf.number)
    forms = []
    for asset, leaf in (one.place, *one.twins) if one else ():
        if (asset.path, leaf.number) != current:
            name = f"{render.kind_of_file(asset)}, {leaf.kind} {leaf.label or leaf.number}"
            page = f"#page={leaf.number}" if leaf.kind == "page" else ""
            address = leaf_path(item, asset.path, leaf.kind, leaf.number)
            forms.append(OtherForm(name, address, f"/file/{item.id}/{quote(asset.path)}{page}"))
    return forms


def alt_of(item: Item, place: LeafPlace, one: AlignedLeaf | None) -> str:
    """Return the record's description of a slide, "" where it has none."""
    descriptions = descriptions_of(item)
    description = descriptions.get((place.asset.path, place.leaf.number))
    if description is None and one is not None:
        description = description_of(one, descriptions)
    return (description.alt or "") if description else ""


def rail(place: LeafPlace) -> list[LeafPlace]:
    """Return the leaves around one, itself among them; as many before as after where there are."""
    count = len(place.file.leaves)
    first = max(0, min(place.ordinal - BEFORE, count - RAIL))
    return [place._replace(ordinal=n) for n in range(first, min(first + RAIL, count))]


class Onward(NamedTuple):
    """The leaf before or after one: its address, what the link shows, and what is read out."""

    address: str
    label: str
    name: str


def step(place: LeafPlace, aligned: AlignedItem, direction: int) -> Onward | None:
    """Return the leaf before (-1) or after (1) one; past an end of its file, of the next file.

    Other files' slides that are in this file too are passed over, and so are captions: who walks
    through the slides has seen the one, and reads no list of the other.
    """
    if near := place.beside(direction):
        return Onward(near.path, near.leaf.label or str(near.leaf.number), near.name)
    one = aligned.find(place.asset.path, place.leaf.number)
    if one is None or place.leaf.kind == "cue":
        return None
    leaves = [leaf for leaf in aligned.leaves if leaf.leaf.kind != "cue"]
    at = next(n for n, leaf in enumerate(leaves) if leaf is one)
    following = leaves[at + 1 :] if direction > 0 else leaves[:at][::-1]
    for other in following:
        if all(form.asset.path != place.asset.path for form in other.places):
            asset, leaf = other.place
            address = leaf_path(place.item, asset.path, leaf.kind, leaf.number)
            label = "Next file" if direction > 0 else "File before"
            return Onward(address, label, f"{name_of(leaf)} of {asset.title or asset.path}")
    return None


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
