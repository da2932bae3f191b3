"""Stored texts: what hits are shown from, leaf by leaf, in bytes that an engine stores.

The engine's occurrences tell which leaves answer; of these alone the texts are read. The bytes are
MessagePack:

    length of the head, 4 bytes
    head      the fields of StoredItem from `record` to `assets`; offset of each leaf after the
              head, and of the end of the last, 4 bytes each
    leaves    the fields of StoredLeaf, of each

Numbers outside MessagePack are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import msgpack

from coproarchive.model import BESIDE, Asset, Leaf, Source
from coproarchive.search.language.fields import LEAF_FIELDS

SOURCES = tuple(Source)
_BETWEEN = ("\n", "\n\n")
"""Between the parts of a leaf's body, and between those of its notes."""
_SIZE = struct.Struct("<I")
_RANGE = struct.Struct("<II")


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


class StoredPart(NamedTuple):
    """A part of a leaf, such as a text box.

    Attributes:
        source: number of its source among SOURCES.
        text: number of its text among the leaf's.
        start, end: offsets of its characters in that text.
        form: number of the form that has it among the leaf's, from 1; 0 for the leaf itself.
    """

    source: int
    text: int
    start: int
    end: int
    form: int = 0


class IndexedLeaf(NamedTuple):
    """A leaf to index, once for all files of the item that have it.

    Attributes:
        places: where it stands: file and leaf; the first is the one that is shown.
        leaf: with the words of all of them.
        forms_of_parts: of each of its parts, the number among the places of the one that has it.
    """

    places: Sequence[tuple[Asset, Leaf]]
    leaf: Leaf
    forms_of_parts: Sequence[int]

    @property
    def is_hidden(self) -> bool:
        """Whether the author hid it, in one of the files."""
        return any(leaf.hidden for _, leaf in self.places)


class StoredForm(NamedTuple):
    """Where a leaf stands in another file of its item: the same slide, or what was said of it.

    Attributes:
        asset: number of its asset.
        number, kind, label, start: see model.Leaf.
    """

    asset: int
    number: int
    kind: str
    label: str
    start: float | None


class StoredLeaf(NamedTuple):
    """A leaf of an item.

    Attributes:
        asset: number of its asset.
        number, kind, label, hidden, start: see model.Leaf.
        texts: see texts_of.
        parts: in reading order; then those that only its other forms have.
        forms: where else it stands.
        language: of its texts, "" where it is the item's.
    """

    asset: int
    number: int
    kind: str
    label: str
    hidden: bool
    start: float | None
    texts: tuple[str, str, str]
    parts: tuple[StoredPart, ...]
    forms: tuple[StoredForm, ...] = ()
    language: str = ""

    @property
    def place(self) -> str:
        """Name of the leaf for readers."""
        return f"{self.kind} {self.label or self.number}"


def texts_of(leaf: Leaf) -> tuple[str, str, str]:
    """Return a leaf's texts in the order of LEAF_FIELDS: heading, body and notes."""
    notes = _BETWEEN[1].join([p.text for p in leaf.parts if p.source in BESIDE])
    return leaf.title, leaf.body, notes


def pack(
    record: str,
    about: About,
    title: str,
    description: str,
    names: Sequence[str],
    leaves: Sequence[IndexedLeaf],
) -> bytes:
    """Return the stored bytes of an item; StoredItem reads them.

    Args:
        record: changes when anything of this changes but the texts of leaves.
        about, title, description, names: of the item, as they are indexed.
        leaves: in the order in which they are indexed.
    """
    assets = list(
        dict.fromkeys((asset.sha256, asset.path) for leaf in leaves for asset, _ in leaf.places)
    )
    numbers = {asset: number for number, asset in enumerate(assets)}
    packed = [_packed(_stored_leaf(leaf, numbers)) for leaf in leaves]
    offsets = b"".join(map(_SIZE.pack, accumulate(map(len, packed), initial=0)))
    has_hidden = any(leaf.is_hidden for leaf in leaves)
    head = _packed((record, about, title, description, names, has_hidden, assets, offsets))
    return b"".join([_SIZE.pack(len(head)), head, *packed])


def _stored_leaf(indexed: IndexedLeaf, numbers: Mapping[tuple[str, str], int]) -> StoredLeaf:
    """Return a leaf to store; assets have numbers by hash and path."""
    leaf = indexed.leaf
    parts: list[StoredPart] = []
    ends = [0, 0]
    for part, form in zip(leaf.parts, indexed.forms_of_parts, strict=True):
        in_notes = part.source in BESIDE
        start = ends[in_notes]
        end = start + len(part.text)
        parts.append(StoredPart(SOURCES.index(part.source), 1 + in_notes, start, end, form))
        ends[in_notes] = end + len(_BETWEEN[in_notes])
    asset, *others = (numbers[asset.sha256, asset.path] for asset, _ in indexed.places)
    forms = tuple(
        StoredForm(number, other.number, other.kind, other.label, other.start)
        for number, (_, other) in zip(others, indexed.places[1:], strict=True)
    )
    return StoredLeaf(asset, leaf.number, leaf.kind, leaf.label, indexed.is_hidden, leaf.start,
                      texts_of(leaf), tuple(parts), forms, leaf.language)  # fmt: skip


def _packed(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, unicode_errors="surrogatepass")
    return packed


def _unpacked(data: bytes) -> Any:
    return msgpack.unpackb(data, use_list=False, unicode_errors="surrogatepass")


class StoredItem:
    """Reads what `pack` returned; leaves when they are asked for. Thread-safe.

    Attributes:
        record, about, title, description, names: see pack.
        has_hidden: whether one of the leaves is hidden.
        assets: hash and path of each asset, by its number.
        leaf_count: number of leaves.
    """

    __slots__ = ("_data", "_leaves", "_offsets", "_start", "about", "assets", "description",
                 "has_hidden", "leaf_count", "names", "record", "title")  # fmt: skip

    def __init__(self, data: bytes):
        self._data = data
        self._start = _SIZE.size + _SIZE.unpack_from(data)[0]
        head = _unpacked(data[_SIZE.size : self._start])
        self.record: str = head[0]
        self.about = About._make(head[1])
        self.title: str = head[2]
        self.description: str = head[3]
        self.names: tuple[str, ...] = head[4]
        self.has_hidden: bool = head[5]
        self.assets: tuple[tuple[str, str], ...] = head[6]
        self._offsets: bytes = head[7]
        self.leaf_count = len(self._offsets) // _SIZE.size - 1
        self._leaves: dict[int, StoredLeaf] = {}

    @property
    def size(self) -> int:
        """Bytes of memory when every leaf was asked for."""
        return 3 * len(self._data) + 1_500

    def leaf(self, ordinal: int) -> StoredLeaf:
        """Return a leaf by its place among all of the item's, from 0."""
        leaf = self._leaves.get(ordinal)
        if leaf is None:
            start, end = _RANGE.unpack_from(self._offsets, _SIZE.size * ordinal)
            packed = self._data[self._start + start : self._start + end]
            leaf = StoredLeaf._make(_unpacked(packed))
            parts, forms = map(StoredPart._make, leaf.parts), map(StoredForm._make, leaf.forms)
            leaf = leaf._replace(parts=tuple(parts), forms=tuple(forms))
            self._leaves[ordinal] = leaf
        return leaf

    def text(self, field: str, leaf: int) -> str:
        """Return a text by its field and its number in the index."""
        if field == "names":
            return self.names[leaf]
        if field not in LEAF_FIELDS:
            return self.title if field == "title" else self.description
        return self.leaf(leaf).texts[LEAF_FIELDS.index(field)]
