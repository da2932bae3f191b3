"""Writes a segment as Whoosh 2.7.4 does, from sorted places instead of one call a posting.

Only postings and their terms' entries are packed here. Writing 100,000 leaves takes 10 s of CPU so,
against 78 s through Whoosh's writer with a field of our own (benchmarks/building.py --base 0.1.0).
Documents, lengths, stored fields and the compound file are written by Whoosh's public writers.
"""

from __future__ import annotations

import contextlib
import secrets
import struct
import zlib
from collections.abc import Iterator, Sequence
from pickle import dumps
from typing import Any, NamedTuple

import numpy as np

from coproarchive.search.engines.columnar.postings import DOCUMENT_SHIFT, FIELD_MASK, Numbers
from coproarchive.search.engines.columnar.searcher import DocRecord
from coproarchive.search.engines.whoosh.inverter import Inversion
from coproarchive.search.engines.whoosh.stock import (
    INDEX_NAME,
    W3Codec,
    length_to_byte,
    pack_record,
)
from coproarchive.search.engines.whoosh.terms_file import TermsFile
from coproarchive.search.language.analysis import FIELD_SHIFT
from coproarchive.search.language.fields import TEXT_FIELDS

BLOCK = 2048
"""Postings of a term that are packed together."""
COMPRESSED_FROM = 64
"""Postings from which on a block is compressed; for fewer it is not worth its cost."""
_PLACES_AT_ONCE = 1 << 19
"""Places that are turned into Python's integers together."""
_POSITION_MASK = (1 << FIELD_SHIFT) - 1

# As whoosh.codec.whoosh3 (W3LeafMatcher, W3TermInfo) reads them.
_MAGIC = b"W3Bl"
_INT = struct.Struct("!i")
_COUNT = struct.Struct("!I")
_FIELD = struct.Struct("!H")
_TERM_ENTRY = struct.Struct("!BfIBBfIIqi")


def write_segment(
    storage: Any, schema: Any, records: Sequence[DocRecord], inversion: Inversion
) -> Any:
    """Write the files of a new segment; return it, to be named in a table of contents.

    Args:
        storage: of Whoosh.
        schema: see stock.schema.
        records: of the documents, in the order of their numbers.
        inversion: of their texts.
    """
    codec = W3Codec()
    segment = codec.new_segment(storage, INDEX_NAME)
    # Whoosh takes a name from `random`: after random.seed() in a script, the name of another.
    segment.segid = secrets.token_hex(14)
    segment.set_doc_count(len(records))
    with contextlib.closing(codec.per_document_writer(storage, segment)) as documents:
        for number, record in enumerate(records):
            documents.start_doc(number)
            documents.add_field("id", schema["id"], record.id, 0)
            documents.add_field("record", schema["record"], pack_record(record), 0)
            for name, length in zip(TEXT_FIELDS, record.lengths, strict=True):
                documents.add_field(name, schema[name], None, length)
            documents.finish_doc()
    with contextlib.closing(_TermsWriter(storage, segment)) as terms:
        terms.write_ids([record.id for record in records])
        for field in range(len(TEXT_FIELDS)):
            terms.write_texts(field, inversion, [record.lengths[field] for record in records])
    if segment.should_assemble():
        segment.create_compound_file(storage)
        segment.compound = True
    return segment


class _Block(NamedTuple):
    """Some postings of a term: `start` to `end` of those of a batch.

    Attributes:
        term: its number in the batch's Inversion.
        last: the last document number.
        occurrences: of the term.
        least, most: fewest and most occurrences in a document.
        shortest, longest: length of the documents' field, as Whoosh's byte.
    """

    start: int
    end: int
    term: int
    last: int
    occurrences: int
    least: int
    most: int
    shortest: int
    longest: int


class _TermsWriter:
    """Writes the terms and postings of a segment, field by field."""

    def __init__(self, storage: Any, segment: Any):
        self._postings = segment.create_file(storage, W3Codec.POSTS_EXT).file
        self._size = 0
        self._terms = TermsFile(segment.create_file(storage, W3Codec.TERMS_EXT).file)
        self._fields: dict[str, int] = {}
        self._values = _SingleValues()

    def write_ids(self, ids: list[str]) -> None:
        """Write the field of ids: a term a document, without positions."""
        key = self._start("id")
        for term, number in sorted((document_id.encode(), n) for n, document_id in enumerate(ids)):
            block = _Block(0, 1, 0, number, 1, 1, 1, 0, 0)
            packed = [_pack_block(block, ((number,), None, None), is_last=True)]
            self._write_term(key + term, number, [block], packed)

    def write_texts(self, field: int, inversion: Inversion, lengths: list[int]) -> None:
        """Write a text field.

        Args:
            field: its number in TEXT_FIELDS.
            inversion: of all fields.
            lengths: words of each document in this field.
        """
        key = self._start(TEXT_FIELDS[field])
        length_bytes = np.array([length_to_byte(length) for length in lengths], np.int64)
        for first, end in _term_ranges(inversion.starts):
            bounds = inversion.starts[first : end + 1]
            places = inversion.places[bounds[0] : bounds[-1]]
            chosen = (places >> FIELD_SHIFT) & FIELD_MASK == field
            terms = np.repeat(np.arange(first, end), np.diff(bounds))[chosen]
            if len(terms):
                self._write_postings(key, inversion.terms, terms, places[chosen], length_bytes)

    def close(self) -> None:
        """Write what stands at the end of the files, and close them."""
        self._terms.close(self._fields)
        self._postings.close()

    def _start(self, name: str) -> bytes:
        """Start a field; return what the keys of its terms begin with."""
        self._fields[name] = number = len(self._fields)
        return _FIELD.pack(number)

    def _write_postings(
        self, key: bytes, names: list[str], terms: Numbers, places: Numbers, lengths: Numbers
    ) -> None:
        """Write the postings of some terms in one field.

        Args:
            key: what the keys of the field's terms begin with.
            names: of terms, by number.
            terms, places: number of the term and place of each occurrence, sorted by both.
            lengths: of each document's field, as Whoosh's byte.
        """
        documents = places >> DOCUMENT_SHIFT
        firsts = _changes(terms, documents)
        counts = np.diff(firsts, append=len(places))
        terms, documents = terms[firsts], documents[firsts]
        blocks = _blocks(terms, documents, counts, lengths[documents])
        # Document numbers are differences, in each block from 0 on.
        ids = np.diff(documents, prepend=0)
        starts = [block.start for block in blocks]
        ids[starts] = documents[starts]
        first_ids, ids = ids[starts].tolist(), ids.tolist()
        weights = counts.astype(np.float64).tolist()
        values = self._position_values(places & _POSITION_MASK, firsts, counts)
        gathered: list[_Block] = []
        packed: list[bytes] = []
        for number, block in enumerate(blocks):
            is_last = number + 1 == len(blocks) or blocks[number + 1].term != block.term
            start, end = block.start, block.end
            same = None if block.most == 1 else weights[start]
            data = (
                tuple(ids[start:end]),
                same if block.least == block.most else tuple(weights[start:end]),
                tuple(values[start:end]),
            )
            gathered.append(block)
            packed.append(_pack_block(block, data, is_last=is_last))
            if is_last:
                first_id = first_ids[number + 1 - len(gathered)]
                self._write_term(key + names[block.term].encode(), first_id, gathered, packed)
                gathered, packed = [], []

    def _write_term(
        self, key: bytes, first_id: int, blocks: list[_Block], packed: list[bytes]
    ) -> None:
        """Write a term's blocks and its entry, which says where they are."""
        data = b"".join([_MAGIC, *packed])
        self._postings.write(data)
        if len(blocks) == 1:
            start, end, _, last, count, _, most, shortest, longest = blocks[0]
            size = end - start
        else:
            _, _, _, lasts, counts, _, mosts, shortests, longests = zip(*blocks, strict=True)
            size = sum(block.end - block.start for block in blocks)
            last, count, most = lasts[-1], sum(counts), max(mosts)
            shortest, longest = min(shortests), max(longests)
        entry = _TERM_ENTRY.pack(
            0,  # its postings are in their file, not in the entry
            count, size, shortest, longest, most, first_id, last, self._size, len(data),
        )  # fmt: skip
        self._terms.add(key, entry)
        self._size += len(data)

    def _position_values(self, positions: Numbers, firsts: Numbers, counts: Numbers) -> list[bytes]:
        """Return what Whoosh's Positions format keeps of each posting: its positions packed."""
        values = list(map(self._values.__getitem__, positions[firsts].tolist()))
        steps = np.diff(positions, prepend=0)
        steps[firsts] = positions[firsts]
        all_steps = steps.tolist()
        several = (counts > 1).nonzero()[0]
        rows = zip(
            several.tolist(), firsts[several].tolist(), counts[several].tolist(), strict=True
        )
        for number, first, count in rows:
            values[number] = _pack_positions(all_steps[first : first + count])
        return values


class _SingleValues(dict[int, bytes]):
    """A single position -> its packed value; most postings have one, and few differ."""

    def __missing__(self, position: int) -> bytes:
        value = self[position] = _pack_positions([position])
        return value


def _pack_positions(steps: list[int]) -> bytes:
    """Return positions, each but the first as its distance from the one before, packed."""
    return _COUNT.pack(len(steps)) + dumps(steps, 2)


def _pack_block(block: _Block, data: tuple[Any, ...], *, is_last: bool) -> bytes:
    """Return a block as it stands in the file of postings.

    Args:
        block: its figures.
        data: document numbers, weights (None where all are 1) and values (None where none).
        is_last: whether it is the term's last.
    """
    size = block.end - block.start
    # Protocol 4 keeps bytes as they are; 2, as Whoosh for Python 2 had it, spells them out.
    content, level = dumps(data, 4), 0
    if size >= COMPRESSED_FROM:
        content, level = zlib.compress(content, 1), 1
    info = dumps((size, block.last, block.most, level, block.shortest, block.longest), 2)
    length = len(info) + len(content)
    return _INT.pack(-length if is_last else length) + info + content


def _blocks(terms: Numbers, documents: Numbers, counts: Numbers, lengths: Numbers) -> list[_Block]:
    """Return the blocks of postings, given by term, document, occurrences, and length byte."""
    term_starts = _changes(terms)
    sizes = np.diff(term_starts, append=len(terms))
    starts = ((np.arange(len(terms)) - np.repeat(term_starts, sizes)) % BLOCK == 0).nonzero()[0]
    ends = np.append(starts[1:], len(terms))
    columns = (
        starts, ends, terms[starts], documents[ends - 1], np.add.reduceat(counts, starts),
        np.minimum.reduceat(counts, starts), np.maximum.reduceat(counts, starts),
        np.minimum.reduceat(lengths, starts), np.maximum.reduceat(lengths, starts),
    )  # fmt: skip
    return list(map(_Block, *(column.tolist() for column in columns)))


def _changes(*columns: Numbers) -> Numbers:
    """Return where one of the columns, of equal length and not empty, differs from before."""
    changed = np.zeros(len(columns[0]), bool)
    changed[0] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed.nonzero()[0]


def _term_ranges(starts: Numbers) -> Iterator[tuple[int, int]]:
    """Yield ranges of terms, first and end, with about _PLACES_AT_ONCE places each."""
    first, last = 0, len(starts) - 1
    while first < last:
        end = int(starts.searchsorted(starts[first] + _PLACES_AT_ONCE))
        end = min(max(end, first + 1), last)
        yield first, end
        first = end
