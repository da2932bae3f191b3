"""What hits are shown from: an item's texts and where their words stand, leaf by leaf, in bytes.

An engine keeps these bytes beside the item's postings. A posting says which word of which leaf
answers; here a leaf's text is read without the others', and the word's characters are looked up
without cutting the text into words again.

    head       number of leaves
    leaves     of each: number of its asset, its number, kind, whether it is hidden, where it is
    title, description, names, assets (hash and path of each, with NUL between)
    leaves     start in seconds, number of parts, label; of each part its source, whether it is in
               the notes, and its characters; then heading, own words, notes

A text is its length in bytes, its number of words, UTF-8, and of each word its first character
(the uppermost bit: it joins the next word) and its length. All numbers are little-endian.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from coproarchive.model import Asset, Leaf, Part, Source
from coproarchive.search.analysis import bounds_of, fold

NOTES = frozenset({Source.NOTES, Source.COMMENT, Source.ALT, Source.ANNOTATION, Source.LINK})
"""What is not on the slide itself."""
_BETWEEN = ("\n", "\n\n")
"""Between the parts of a leaf's own words, and between those of its notes."""
_KINDS = ("page", "slide", "section", "cue")
_SOURCES = tuple(Source)
_HEAD = struct.Struct("<I")
_LEAF = struct.Struct("<HIB?I")
_DETAIL = struct.Struct("<dH")
_PART = struct.Struct("<B?I")
_TEXT = struct.Struct("<II")
_WORD = struct.Struct("<IH")
_JOINS = 1 << 31


def texts_of(leaf: Leaf) -> tuple[str, str, str]:
    """Heading, own words and notes: a leaf's texts in the fields of the index.

    A slide's own words are one text: a phrase may go from one box into the next.
    """
    own = _BETWEEN[0].join(p.text for p in leaf.parts if p.source not in NOTES)
    notes = _BETWEEN[1].join(p.text for p in leaf.parts if p.source in NOTES)
    return leaf.title, own, notes


def pack(title: str, description: str, names: str, leaves: Sequence[tuple[Asset, Leaf]]) -> bytes:
    """An item's texts as bytes; `leaves` in the order in which they are indexed."""
    assets = list(dict.fromkeys((asset.sha256, asset.path) for asset, _ in leaves))
    said = "\0".join(text for asset in assets for text in asset)
    before = b"".join(map(_packed, (title, description, names, said)))
    at = _HEAD.size + _LEAF.size * len(leaves) + len(before)
    entries, details = [], []
    for asset, leaf in leaves:
        number = assets.index((asset.sha256, asset.path))
        entries.append(_LEAF.pack(number, leaf.number, _KINDS.index(leaf.kind), leaf.hidden, at))
        detail = b"".join(
            [
                _DETAIL.pack(math.nan if leaf.start is None else leaf.start, len(leaf.parts)),
                _packed(leaf.label),
                *(
                    _PART.pack(_SOURCES.index(p.source), p.source in NOTES, len(p.text))
                    for p in leaf.parts
                ),
                *map(_packed, texts_of(leaf)),
            ]
        )
        details.append(detail)
        at += len(detail)
    return b"".join([_HEAD.pack(len(leaves)), *entries, before, *details])


def _packed(text: str) -> bytes:
    encoded = text.encode(errors="surrogatepass")
    bounds = bounds_of(text)
    words = [
        _WORD.pack(start | _JOINS if joins else start, min(end - start, 0xFFFF))
        for start, end, joins in bounds
    ]
    return b"".join([_TEXT.pack(len(encoded), len(words)), encoded, *words])


class KeptText:
    """A text and the places of its words, each found when it is asked for.

    Args:
        data: of the item.
        at: where the text begins in it.

    Attributes:
        end: where what follows begins.
    """

    __slots__ = ("_at", "_data", "_text", "_words", "count", "end")

    def __init__(self, data: bytes, at: int):
        size, self.count = _TEXT.unpack_from(data, at)
        self._data = data
        self._at = at + _TEXT.size
        self._words = self._at + size
        self._text: str | None = None
        self.end = self._words + _WORD.size * self.count

    @property
    def text(self) -> str:
        """As it was read."""
        if self._text is None:
            self._text = self._data[self._at : self._words].decode(errors="surrogatepass")
        return self._text

    def bounds(self, number: int) -> tuple[int, int]:
        """First character of the word with this number, and the first one after it."""
        start, length = _WORD.unpack_from(self._data, self._words + _WORD.size * number)
        return start & ~_JOINS, (start & ~_JOINS) + length

    def joins(self, number: int) -> bool:
        """Whether the word is bound to the next."""
        start, _ = _WORD.unpack_from(self._data, self._words + _WORD.size * number)
        return bool(start & _JOINS)

    def word(self, number: int) -> str:
        """The word, folded."""
        start, end = self.bounds(number)
        return fold(self.text[start:end])


class KeptLeaf:
    """A leaf of an item.

    Attributes:
        asset: number of its asset.
        number, kind, hidden: see model.Leaf.
    """

    __slots__ = ("_at", "_data", "_label", "_texts", "asset", "hidden", "kind", "number")

    def __init__(self, data: bytes, ordinal: int):
        entry = _LEAF.unpack_from(data, _HEAD.size + _LEAF.size * ordinal)
        self.asset, self.number, kind, self.hidden, self._at = entry
        self.kind = _KINDS[kind]
        self._data = data
        self._label: KeptText | None = None
        self._texts: tuple[KeptText, KeptText, KeptText] | None = None

    @property
    def start(self) -> float | None:
        """See model.Leaf."""
        start: float = _DETAIL.unpack_from(self._data, self._at)[0]
        return None if math.isnan(start) else start

    def _labelled(self) -> KeptText:
        if self._label is None:
            self._label = KeptText(self._data, self._at + _DETAIL.size)
        return self._label

    @property
    def label(self) -> str:
        """See model.Leaf."""
        return self._labelled().text

    @property
    def texts(self) -> tuple[KeptText, KeptText, KeptText]:
        """See texts_of."""
        if self._texts is None:
            _, count = _DETAIL.unpack_from(self._data, self._at)
            heading = KeptText(self._data, self._labelled().end + _PART.size * count)
            own = KeptText(self._data, heading.end)
            self._texts = heading, own, KeptText(self._data, own.end)
        return self._texts

    def parts(self) -> list[tuple[Part, int, int]]:
        """Parts in reading order, each with the number of its text and where it begins in it."""
        _, count = _DETAIL.unpack_from(self._data, self._at)
        here = self._labelled().end
        at = [0, 0]
        found = []
        for place in range(here, here + _PART.size * count, _PART.size):
            source, in_notes, length = _PART.unpack_from(self._data, place)
            start = at[in_notes]
            text = self.texts[1 + in_notes].text
            part = Part(_SOURCES[source], text[start : start + length])
            found.append((part, 1 + in_notes, start))
            at[in_notes] += length + len(_BETWEEN[in_notes])
        return found


class Kept:
    """What `pack` made.

    Attributes:
        leaves: how many.
        title, description, names: of the record, as it was indexed.
        assets: hash and path of each asset, by its number.
    """

    __slots__ = ("_data", "_last", "assets", "description", "leaves", "names", "title")

    def __init__(self, data: bytes):
        self._data = data or pack("", "", "", ())
        (self.leaves,) = _HEAD.unpack_from(self._data)
        self.title = KeptText(self._data, _HEAD.size + _LEAF.size * self.leaves)
        self.description = KeptText(self._data, self.title.end)
        self.names = KeptText(self._data, self.description.end)
        assets = KeptText(self._data, self.names.end).text.split("\0")
        self.assets = list(zip(assets[::2], assets[1::2], strict=False))
        self._last: tuple[int, KeptLeaf] | None = None

    def leaf(self, ordinal: int) -> KeptLeaf:
        """A leaf by its place among all of the item's; the last one asked for is kept."""
        if self._last is None or self._last[0] != ordinal:
            self._last = ordinal, KeptLeaf(self._data, ordinal)
        return self._last[1]
