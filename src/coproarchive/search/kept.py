"""What hits are shown from: an item's texts and where their words stand, leaf by leaf, in bytes.

An engine keeps these bytes beside the item's postings. A posting says which word of which leaf
answers; here a leaf's text is read without the others', and the word's characters are looked up
without cutting the text into words again.

    head       number of leaves, bytes of the following JSON
    leaves     of each: number of its asset, its number, kind, whether it is hidden, where it is
    JSON       assets (path and hash) and names, as they were when this was made
    title, description
    leaves     bytes of the following JSON; label, start, parts (source, field, characters);
               heading, own words, notes

A text is its length in bytes, its number of words, UTF-8, and of each word its first character
(the uppermost bit: it joins the next word) and its length. All numbers are little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from functools import cached_property

from coproarchive.model import Asset, Leaf, Part, Source
from coproarchive.search.analysis import bounds_of, fold

NOTES = frozenset({Source.NOTES, Source.COMMENT, Source.ALT, Source.ANNOTATION, Source.LINK})
"""What is not on the slide itself."""
_BETWEEN = ("\n", "\n\n")
"""Between the parts of a leaf's own words, and between those of its notes."""
_KINDS = ("page", "slide", "section", "cue")
_HEAD = struct.Struct("<II")
_LEAF = struct.Struct("<HIBBI")
_SIZE = struct.Struct("<I")
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
    assets = list(dict.fromkeys((asset.path, asset.sha256) for asset, _ in leaves))
    said = json.dumps([assets, names], ensure_ascii=False).encode()
    before = _packed(title) + _packed(description)
    at = _HEAD.size + _LEAF.size * len(leaves) + len(said) + len(before)
    entries, details = [], []
    for asset, leaf in leaves:
        number = assets.index((asset.path, asset.sha256))
        entry = (number, leaf.number, _KINDS.index(leaf.kind), leaf.hidden, at)
        entries.append(_LEAF.pack(*entry))
        parts = [[p.source.value, p.source in NOTES, len(p.text)] for p in leaf.parts]
        shown = json.dumps([leaf.label, leaf.start, parts], ensure_ascii=False).encode()
        detail = _SIZE.pack(len(shown)) + shown + b"".join(map(_packed, texts_of(leaf)))
        details.append(detail)
        at += len(detail)
    return b"".join([_HEAD.pack(len(leaves), len(said)), *entries, said, before, *details])


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

    def __init__(self, data: bytes, ordinal: int):
        entry = _LEAF.unpack_from(data, _HEAD.size + _LEAF.size * ordinal)
        self.asset, self.number, kind, hidden, self._at = entry
        self.kind = _KINDS[kind]
        self.hidden = bool(hidden)
        self._data = data

    @cached_property
    def _said(self) -> tuple[str, float | None, list[tuple[str, bool, int]]]:
        (size,) = _SIZE.unpack_from(self._data, self._at)
        at = self._at + _SIZE.size
        label, start, parts = json.loads(self._data[at : at + size])
        return label, start, parts

    @property
    def label(self) -> str:
        """See model.Leaf."""
        return self._said[0]

    @property
    def start(self) -> float | None:
        """See model.Leaf."""
        return self._said[1]

    @cached_property
    def texts(self) -> tuple[KeptText, KeptText, KeptText]:
        """See texts_of."""
        (size,) = _SIZE.unpack_from(self._data, self._at)
        heading = KeptText(self._data, self._at + _SIZE.size + size)
        own = KeptText(self._data, heading.end)
        return heading, own, KeptText(self._data, own.end)

    def parts(self) -> list[tuple[Part, int, int]]:
        """Parts in reading order, each with the number of its text and where it begins in it."""
        at = [0, 0]
        found = []
        for source, in_notes, length in self._said[2]:
            text = self.texts[1 + in_notes].text
            start = at[in_notes]
            part = Part(Source(source), text[start : start + length])
            found.append((part, 1 + in_notes, start))
            at[in_notes] += length + len(_BETWEEN[in_notes])
        return found


class Kept:
    """What `pack` made.

    Attributes:
        leaves: how many.
        assets: path and hash of each asset, by its number.
        names: names as they were indexed.
    """

    def __init__(self, data: bytes):
        self._data = data or pack("", "", "", ())
        self.leaves, size = _HEAD.unpack_from(self._data)
        at = _HEAD.size + _LEAF.size * self.leaves
        assets, self.names = json.loads(self._data[at : at + size])
        self.assets: list[tuple[str, str]] = [(path, sha256) for path, sha256 in assets]
        self.title = KeptText(self._data, at + size)
        self.description = KeptText(self._data, self.title.end)

    def leaf(self, ordinal: int) -> KeptLeaf:
        """A leaf by its place among all of the item's."""
        return KeptLeaf(self._data, ordinal)
