"""How the `whoosh` engine writes: all text in one field, positions packed, files made durable."""

from __future__ import annotations

import os
import sys
import warnings
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from coproarchive.search.engines.whoosh.columns import ArraysWriter, path_of

with warnings.catch_warnings():
    # Whoosh 2.7.4 has unescaped backslashes in strings; they mean what they say.
    warnings.simplefilter("ignore")
    import whoosh.codec.whoosh3  # imported late by whoosh itself, with the same warnings
    import whoosh.fields
    import whoosh.formats
    from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3PostingsWriter
    from whoosh.filedb.filestore import FileStorage

WORDS = "words"
"""The one field that has all text."""
BLOCK = 2048
"""Documents of a term that Whoosh packs together."""
SQUEEZED = 8
"""From so many documents on, a term's block is compressed; for fewer it is not worth its cost."""


class PackedPositions(whoosh.formats.Format):  # type: ignore[misc]  # whoosh has no types
    """Positions as 64-bit integers side by side, as they are in the arrays.

    Named by module path inside the index: moving this class makes indexes unreadable.
    """

    def decode_frequency(self, value: bytes) -> int:
        """Number of positions."""
        return len(value) // 8

    def decode_weight(self, value: bytes) -> float:
        """Number of positions."""
        return float(len(value) // 8)

    def combine(self, values: Iterable[bytes]) -> bytes:
        """Positions of one term met twice in a document."""
        return np.unique(np.frombuffer(b"".join(values), "<i8")).astype("<i8").tobytes()


class InvertedText(whoosh.fields.FieldType):  # type: ignore[misc]  # whoosh has no types
    """Text given as term -> positions. Named by module path inside the index."""

    analyzer = None
    scorable: ClassVar[bool] = False
    stored: ClassVar[bool] = False
    unique: ClassVar[bool] = False
    vector = None

    def __init__(self) -> None:
        self.format = PackedPositions()

    def index(self, value: Mapping[str, list[int]], **_: object) -> Iterator[tuple[Any, ...]]:
        """What Whoosh's writer asks for: encoded term, frequency, weight, value."""
        for term, positions in value.items():
            packed = array("q", positions)
            if sys.byteorder == "big":
                packed.byteswap()
            yield term.encode(), len(positions), float(len(positions)), packed.tobytes()


def schema() -> whoosh.fields.Schema:
    """The Whoosh schema: all text fields in one, told apart by their positions' upper bits.

    A word is looked up once, not once a field, and an archive's terms are half as many.
    """
    return whoosh.fields.Schema(
        id=whoosh.fields.ID(unique=True, stored=True),
        row=whoosh.fields.STORED(),
        **{WORDS: InvertedText()},
    )


class Codec(W3Codec):  # type: ignore[misc]  # whoosh has no types
    """Whoosh's own format of files, written faster: readable by any Whoosh 2.7 or 3."""

    # Lengths are kept in rows: asking for each posting's cost a third of the time of writing.
    length_stats = False

    def __init__(self) -> None:
        super().__init__(blocklimit=BLOCK)

    def field_writer(self, storage: Any, segment: Any) -> _FieldWriter:
        """Whoosh's own, that also writes the arrays."""
        return _FieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _PostingsWriter:
        """Whoosh's own, but for small blocks."""
        return _PostingsWriter(dbfile, blocklimit=BLOCK, byteids=byteids)


class PackedValues:
    """A block's values as Whoosh takes them, one after another, read back in two pieces.

    Named by module path inside the index. Whoosh would store a list, which takes longer to write
    and to read when segments are merged.

    Args:
        joined: the values without anything between.
        sizes: their sizes in bytes, as 32-bit little-endian integers.
    """

    __slots__ = ("_starts", "joined", "sizes")

    def __init__(self, joined: bytes, sizes: bytes):
        self.joined = joined
        self.sizes = sizes
        self._starts: list[int] | None = None

    @classmethod
    def of(cls, values: Sequence[bytes]) -> PackedValues:
        """Pack values."""
        sizes = np.fromiter(map(len, values), "<u4", len(values))
        return cls(b"".join(values), sizes.tobytes())

    def __reduce__(self) -> tuple[type[PackedValues], tuple[bytes, bytes]]:
        return PackedValues, (self.joined, self.sizes)

    def __len__(self) -> int:
        return len(self.sizes) // 4

    def __getitem__(self, number: int) -> bytes:
        """One value: for Whoosh, when it merges segments."""
        if self._starts is None:
            ends = np.cumsum(np.frombuffer(self.sizes, "<u4"), dtype=np.int64)
            self._starts = [0, *ends.tolist()]
        return self.joined[self._starts[number] : self._starts[number + 1]]


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]  # whoosh has no types
    """Writes the words a second time; see whoosh_arrays.py."""

    def __init__(self, codec: Codec, storage: Any, segment: Any):
        super().__init__(codec, storage, segment)
        self._arrays = ArraysWriter(path_of(Path(storage.folder), segment.segment_id()))

    def start_field(self, fieldname: str, fieldobj: Any) -> None:
        super().start_field(fieldname, fieldobj)
        # Whoosh makes a writer of postings a field: the others' have nothing beside them.
        if fieldname == WORDS:
            self._postwriter.beside = self._arrays

    def finish_term(self) -> None:
        super().finish_term()
        if self._postwriter.beside is not None:
            self._arrays.finish(self._btext)

    def close(self) -> None:
        self._arrays.close()
        super().close()


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]  # whoosh has no types
    beside: ArraysWriter | None = None

    def _mini_values(self) -> PackedValues:
        return PackedValues.of(self._values)

    def _write_block(self, last: bool = False) -> None:
        if self.beside is not None:
            self.beside.add(self._ids, self._values)
        self._compression = 3 if len(self._ids) >= SQUEEZED else 0
        super()._write_block(last)


class DurableStorage(FileStorage):  # type: ignore[misc]  # whoosh has no types
    """Syncs a file before it is renamed into place, and the folder after: Whoosh does neither."""

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename durably; segments, which the new table of contents names, are synced first."""
        folder = Path(self.folder)
        for path in folder.iterdir():
            if path.is_file() and not path.name.endswith("LOCK"):
                _sync(path)
        super().rename_file(oldname, newname, safe)
        if os.name != "nt":
            _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
