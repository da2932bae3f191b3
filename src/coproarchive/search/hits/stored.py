"""What hits are shown from: an item's texts and where their words stand, leaf by leaf, in bytes.

An engine keeps these bytes beside the item's postings. A posting says which word of which leaf
answers; here a leaf's text is read without the others', and the word's characters are looked up
without cutting the text into words again. They are MessagePack, which is decoded at once:

    bytes of the head, 4 bytes
    head       what record it was made from; what About lists; title; description; whether a leaf
               is hidden; hash and path of each asset; where each leaf begins behind the head, and
               where the last one ends, 4 bytes each
    leaves     of each what StoredLeaf lists

A text is a string, and of each word its first character (the uppermost bit: it joins the next word)
and its length. Numbers outside MessagePack's own are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import msgpack

from coproarchive.model import Asset, Leaf, Source
from coproarchive.search.language.analysis import fold, tokenize

NOTES = frozenset({Source.NOTES, Source.COMMENT, Source.ALT, Source.ANNOTATION, Source.LINK})
"""What is not on the slide itself."""
SOURCES = tuple(Source)
_BETWEEN = ("\n", "\n\n")
"""Between the parts of a leaf's own words, and between those of its notes."""
_SIZE = struct.Struct("<I")
_RANGE = struct.Struct("<II")
_WORD = struct.Struct("<IH")
_JOINS = 1 << 31

StoredText = tuple[str, bytes]
"""A text, as it was read, and the places of its words."""
StoredPart = tuple[int, int, int, int]
"""A part of a leaf: number of its source among SOURCES, number of its text, its first character
there, and the first one behind it."""


class About(NamedTuple):
    """What is shown of an item beside its texts.

    Attributes:
        kind, seminar (id), speakers (ids), date: of the item, or of what it takes them from.
        language: of its texts.
    """

    kind: str
    seminar: str | None
    speakers: tuple[str, ...]
    date: str | None
    language: str


class StoredLeaf(NamedTuple):
    """A leaf of an item.

    Attributes:
        asset: number of its asset.
        number, kind, label, hidden, start: see model.Leaf.
        texts: see texts_of.
        parts: in reading order.
    """

    asset: int
    number: int
    kind: str
    label: str
    hidden: bool
    start: float | None
    texts: tuple[StoredText, StoredText, StoredText]
    parts: tuple[StoredPart, ...]

    @property
    def place(self) -> str:
        """What readers call it."""
        return f"{self.kind} {self.label or self.number}"


def texts_of(leaf: Leaf) -> tuple[str, str, str]:
    """Heading, own words and notes: a leaf's texts in the fields of the index.

    A slide's own words are one text: a phrase may go from one box into the next.
    """
    own = _BETWEEN[0].join(p.text for p in leaf.parts if p.source not in NOTES)
    notes = _BETWEEN[1].join(p.text for p in leaf.parts if p.source in NOTES)
    return leaf.title, own, notes


def pack(
    record: str,
    about: About,
    title: str,
    description: str,
    leaves: Sequence[tuple[Asset, Leaf]],
) -> bytes:
    """What is kept of an item as bytes.

    Args:
        record: another where anything of this is another, but for the texts of leaves.
        about, title, description: of the item.
        leaves: in the order in which they are indexed.
    """
    assets = list(dict.fromkeys((asset.sha256, asset.path) for asset, _ in leaves))
    packed = [
        _packed(_kept_leaf(assets.index((asset.sha256, asset.path)), leaf))
        for asset, leaf in leaves
    ]
    starts = b"".join(map(_SIZE.pack, accumulate(map(len, packed), initial=0)))
    has_hidden = any(leaf.hidden for _, leaf in leaves)
    texts = _kept_text(title), _kept_text(description)
    head = _packed((record, about, *texts, has_hidden, assets, starts))
    return b"".join([_SIZE.pack(len(head)), head, *packed])


def _kept_leaf(asset: int, leaf: Leaf) -> StoredLeaf:
    heading, own, notes = map(_kept_text, texts_of(leaf))
    parts: list[StoredPart] = []
    at = [0, 0]
    for part in leaf.parts:
        in_notes = part.source in NOTES
        start, end = at[in_notes], at[in_notes] + len(part.text)
        parts.append((SOURCES.index(part.source), 1 + in_notes, start, end))
        at[in_notes] = end + len(_BETWEEN[in_notes])
    return StoredLeaf(asset, leaf.number, leaf.kind, leaf.label, leaf.hidden, leaf.start,
                    (heading, own, notes), tuple(parts))  # fmt: skip


def _kept_text(text: str) -> StoredText:
    words = (
        _WORD.pack(start | _JOINS if joins else start, min(end - start, 0xFFFF))
        for _, start, end, joins in tokenize(text)
    )
    return text, b"".join(words)


def _packed(value: tuple[Any, ...]) -> bytes:
    packed: bytes = msgpack.packb(value, unicode_errors="surrogatepass")
    return packed


def _unpacked(data: bytes | memoryview) -> Any:
    return msgpack.unpackb(data, use_list=False, unicode_errors="surrogatepass")


def count_of(text: StoredText) -> int:
    """How many words it has."""
    return len(text[1]) // _WORD.size


def span_of(text: StoredText, number: int) -> tuple[int, int]:
    """First character of the word with this number, and the first one after it."""
    start, length = _WORD.unpack_from(text[1], _WORD.size * number)
    start &= ~_JOINS
    return start, start + length


def joins_next(text: StoredText, number: int) -> bool:
    """Whether the word is bound to the next."""
    start, _ = _WORD.unpack_from(text[1], _WORD.size * number)
    return bool(start & _JOINS)


def word_at(text: StoredText, number: int) -> str:
    """The word, folded."""
    start, end = span_of(text, number)
    return fold(text[0][start:end])


class StoredItem:
    """What `pack` made. Thread-safe: what is made when it is asked for is the same each time.

    Attributes:
        record, title, description: see pack.
        about: the values of About.
        has_hidden: whether one of the leaves is hidden.
        assets: hash and path of each asset, by its number.
        leaves: how many.
    """

    __slots__ = ("_at", "_data", "_known", "_starts", "about", "assets", "description",
                 "has_hidden", "leaves", "record", "title")  # fmt: skip

    about: tuple[str, str | None, tuple[str, ...], str | None, str]
    title: StoredText
    description: StoredText
    assets: tuple[tuple[str, str], ...]

    def __init__(self, data: bytes | memoryview):
        self._data = data
        self._at = _SIZE.size + _SIZE.unpack_from(data)[0]
        (
            self.record, self.about, self.title, self.description, self.has_hidden, self.assets,
            self._starts,
        ) = _unpacked(data[_SIZE.size : self._at])  # fmt: skip
        self.leaves = len(self._starts) // _SIZE.size - 1
        self._known: dict[int, StoredLeaf] = {}

    @property
    def size(self) -> int:
        """Bytes held when all of it was asked for."""
        return 3 * len(self._data) + 1_500

    def leaf(self, ordinal: int) -> StoredLeaf:
        """A leaf by its place among all of the item's, decoded when it is asked for."""
        known = self._known.get(ordinal)
        if known is None:
            start, end = _RANGE.unpack_from(self._starts, _SIZE.size * ordinal)
            leaf = _unpacked(self._data[self._at + start : self._at + end])
            known = self._known[ordinal] = StoredLeaf._make(leaf)
        return known
