"""What hits are shown from: an item's texts and where their words stand, leaf by leaf, in bytes.

An engine keeps these bytes beside the item's postings. A posting says which word of which leaf
answers; here a leaf's text is read without the others', and the word's characters are looked up
without cutting the text into words again.

    head       number of leaves, whether one is hidden, the sizes of the texts of the record
    leaves     of each what _LEAF lists: what it is, where it is, the sizes of what is there
    title, description, assets (hash and path of each, with NUL between)
    leaves     of each: label; of each part its source, whether it is in the notes, and its
               characters; then heading, own words, notes

A text is UTF-8, then of each word its first character (the uppermost bit: it joins the next word)
and its length; its size is how many bytes and how many words. All numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

from coproarchive.model import Asset, Leaf, Source
from coproarchive.search.analysis import bounds_of, fold

NOTES = frozenset({Source.NOTES, Source.COMMENT, Source.ALT, Source.ANNOTATION, Source.LINK})
"""What is not on the slide itself."""
_BETWEEN = ("\n", "\n\n")
"""Between the parts of a leaf's own words, and between those of its notes."""
_KINDS = ("page", "slide", "section", "cue")
_SOURCES = tuple(Source)
# Leaves, whether one is hidden, and bytes and words of title, description and assets.
_HEAD = struct.Struct("<I?6I")
# Asset, number, kind, hidden, start in seconds, where it is, parts, bytes of the label, and bytes
# and words of heading, own words and notes.
_LEAF = struct.Struct("<IIB?d9I")
_PART = struct.Struct("<B?I")
_WORD = struct.Struct("<IH")
_JOINS = 1 << 31


def texts_of(leaf: Leaf) -> tuple[str, str, str]:
    """Heading, own words and notes: a leaf's texts in the fields of the index.

    A slide's own words are one text: a phrase may go from one box into the next.
    """
    own = _BETWEEN[0].join(p.text for p in leaf.parts if p.source not in NOTES)
    notes = _BETWEEN[1].join(p.text for p in leaf.parts if p.source in NOTES)
    return leaf.title, own, notes


def pack(title: str, description: str, leaves: Sequence[tuple[Asset, Leaf]]) -> bytes:
    """An item's texts as bytes; `leaves` in the order in which they are indexed."""
    assets = list(dict.fromkeys((asset.sha256, asset.path) for asset, _ in leaves))
    said = "\0".join(text for asset in assets for text in asset)
    record = list(map(_packed, (title, description, said)))
    before = b"".join(data for data, _, _ in record)
    at = _HEAD.size + _LEAF.size * len(leaves) + len(before)
    entries, details = [], []
    for asset, leaf in leaves:
        label = _encoded(leaf.label)
        texts = list(map(_packed, texts_of(leaf)))
        parts = (
            _PART.pack(_SOURCES.index(p.source), p.source in NOTES, len(p.text)) for p in leaf.parts
        )
        detail = b"".join([label, *parts, *(data for data, _, _ in texts)])
        number = assets.index((asset.sha256, asset.path))
        start = math.nan if leaf.start is None else leaf.start
        sizes = [size for _, *both in texts for size in both]
        entries.append(
            _LEAF.pack(number, leaf.number, _KINDS.index(leaf.kind), leaf.hidden, start, at,
                       len(leaf.parts), len(label), *sizes)
        )  # fmt: skip
        details.append(detail)
        at += len(detail)
    sizes = [size for _, *both in record for size in both]
    head = _HEAD.pack(len(leaves), any(leaf.hidden for _, leaf in leaves), *sizes)
    return b"".join([head, *entries, before, *details])


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _packed(text: str) -> tuple[bytes, int, int]:
    """A text with its words, its bytes without them, and how many they are."""
    encoded = _encoded(text)
    bounds = bounds_of(text)
    words = [
        _WORD.pack(start | _JOINS if joins else start, min(end - start, 0xFFFF))
        for start, end, joins in bounds
    ]
    return b"".join([encoded, *words]), len(encoded), len(words)


class KeptText:
    """A text and the places of its words, each found when it is asked for.

    Args:
        data: of the item.
        at: where the text begins in it.
        size: bytes.
        count: words.
    """

    __slots__ = ("_at", "_data", "_text", "_words", "count")

    def __init__(self, data: bytes | memoryview, at: int, size: int, count: int):
        self._data = data
        self._at = at
        self._words = at + size
        self.count = count
        self._text: str | None = None

    @property
    def end(self) -> int:
        """Where what follows begins."""
        return self._words + _WORD.size * self.count

    @property
    def text(self) -> str:
        """As it was read."""
        if self._text is None:
            self._text = str(self._data[self._at : self._words], "utf-8", "surrogatepass")
        return self._text

    def bounds(self, number: int) -> tuple[int, int]:
        """First character of the word with this number, and the first one after it."""
        start, length = _WORD.unpack_from(self._data, self._words + _WORD.size * number)
        start &= ~_JOINS
        return start, start + length

    def joins(self, number: int) -> bool:
        """Whether the word is bound to the next."""
        start, _ = _WORD.unpack_from(self._data, self._words + _WORD.size * number)
        return bool(start & _JOINS)

    def word(self, number: int) -> str:
        """The word, folded."""
        start, end = self.bounds(number)
        return fold(self.text[start:end])


class KeptPart(NamedTuple):
    """A part of a leaf: its source, the number of its text, and its characters in it."""

    source: Source
    text: int
    start: int
    end: int


class KeptLeaf:
    """A leaf of an item.

    Attributes:
        asset: number of its asset.
        number, kind, hidden, label: see model.Leaf.
    """

    __slots__ = ("_count", "_data", "_parts", "_parts_at", "_sizes", "_start", "_texts", "asset",
                 "hidden", "kind", "label", "number")  # fmt: skip

    def __init__(self, data: bytes | memoryview, ordinal: int):
        (
            self.asset, self.number, kind, self.hidden, self._start, at, self._count, label,
            *self._sizes,
        ) = _LEAF.unpack_from(data, _HEAD.size + _LEAF.size * ordinal)  # fmt: skip
        self.kind = _KINDS[kind]
        self._data = data
        self.label = str(data[at : at + label], "utf-8", "surrogatepass") if label else ""
        self._parts_at = at + label
        self._texts: tuple[KeptText, KeptText, KeptText] | None = None
        self._parts: list[KeptPart] | None = None

    @property
    def texts(self) -> tuple[KeptText, KeptText, KeptText]:
        """See texts_of."""
        if self._texts is None:
            data = self._data
            heading, heading_words, own, own_words, notes, notes_words = self._sizes
            first = self._parts_at + _PART.size * self._count
            second = first + heading + _WORD.size * heading_words
            third = second + own + _WORD.size * own_words
            self._texts = (
                KeptText(data, first, heading, heading_words),
                KeptText(data, second, own, own_words),
                KeptText(data, third, notes, notes_words),
            )
        return self._texts

    @property
    def place(self) -> str:
        """What readers call it."""
        return f"{self.kind} {self.label or self.number}"

    @property
    def start(self) -> float | None:
        """See model.Leaf."""
        return None if math.isnan(self._start) else self._start

    @property
    def parts(self) -> list[KeptPart]:
        """Parts in reading order."""
        if self._parts is None:
            at = [0, 0]
            found = []
            end = self._parts_at + _PART.size * self._count
            for source, in_notes, length in _PART.iter_unpack(self._data[self._parts_at : end]):
                start = at[in_notes]
                found.append(KeptPart(_SOURCES[source], 1 + in_notes, start, start + length))
                at[in_notes] = start + length + len(_BETWEEN[in_notes])
            self._parts = found
        return self._parts


class Kept:
    """What `pack` made. Thread-safe: what is made when it is asked for is the same each time.

    Attributes:
        leaves: how many.
        has_hidden: whether one of them is.
        title, description: of the record, as it was indexed.
        assets: hash and path of each asset, by its number.
    """

    __slots__ = ("_data", "_known", "assets", "description", "has_hidden", "leaves", "title")

    def __init__(self, data: bytes | memoryview):
        self._data = data = data or pack("", "", ())
        self.leaves, self.has_hidden, *sizes = _HEAD.unpack_from(data)
        self.title = KeptText(data, _HEAD.size + _LEAF.size * self.leaves, *sizes[:2])
        self.description = KeptText(data, self.title.end, *sizes[2:4])
        assets = KeptText(data, self.description.end, *sizes[4:]).text.split("\0")
        self.assets = list(zip(assets[::2], assets[1::2], strict=False))
        self._known: dict[int, KeptLeaf] = {}

    @property
    def size(self) -> int:
        """Bytes held when all of it was asked for."""
        return 3 * len(self._data) + 1_000

    def leaf(self, ordinal: int) -> KeptLeaf:
        """A leaf by its place among all of the item's, made when it is asked for."""
        known = self._known.get(ordinal)
        if known is None:
            known = self._known[ordinal] = KeptLeaf(self._data, ordinal)
        return known
