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
from itertools import repeat
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


class _Blocks(NamedTuple):
    """Figures of blocks of postings, those of a term one after another.

    Attributes:
        starts, ends: of the postings, among those of a batch.
        terms: number of each one's term in the batch's Inversion.
        lasts: last document numbers.
        occurrences: of the terms.
        least, most: fewest and most occurrences in a document.
        shortest, longest: length of the documents' field, as Whoosh's byte.
    """

    starts: Numbers
    ends: Numbers
    terms: Numbers
    lasts: Numbers
    occurrences: Numbers
    least: Numbers
    most: Numbers
    shortest: Numbers
    longest: Numbers


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
        by_id = sorted((document_id.encode(), n) for n, document_id in enumerate(ids))
        numbers = np.array([number for _, number in by_id], np.int64)
        rows, ones = np.arange(len(ids)), np.ones(len(ids), np.int64)
        blocks = _Blocks(rows, rows + 1, rows, numbers, ones, ones, ones, 0 * ones, 0 * ones)
        data = [((number,), None, None) for number in numbers.tolist()]
        self._write_terms([key + term for term, _ in by_id], numbers, blocks, data)

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
        differences = np.diff(documents, prepend=0)
        differences[blocks.starts] = documents[blocks.starts]
        ids = differences.tolist()
        weights = counts.astype(np.float64).tolist()
        values = self._position_values(places & _POSITION_MASK, firsts, counts)
        bounds = zip(*(blocks[n].tolist() for n in (0, 1)), strict=True)
        same = np.where(blocks.least == blocks.most, blocks.most, 0).tolist()
        data = [
            (
                tuple(ids[start:end]),
                # None where each is 1.
                tuple(weights[start:end]) if not weight else None if weight == 1 else float(weight),
                tuple(values[start:end]),
            )
            for (start, end), weight in zip(bounds, same, strict=True)
        ]
        keys = [key + names[term].encode() for term in terms[_changes(terms)].tolist()]
        self._write_terms(keys, documents[_changes(terms)], blocks, data)

    def _write_terms(
        self, keys: list[bytes], first_ids: Numbers, blocks: _Blocks, data: list[Any]
    ) -> None:
        """Write terms: their blocks, and their entries, which say where these are.

        Args:
            keys: of the terms, ascending.
            first_ids: number of each term's first document.
            blocks: of the terms.
            data: see _pack_block.
        """
        firsts = _changes(blocks.terms)
        lasts = np.append(firsts[1:], len(data)) - 1
        is_last = np.zeros(len(data), bool)
        is_last[lasts] = True
        postings = blocks.ends - blocks.starts
        figures = (postings, blocks.lasts, blocks.most, blocks.shortest, blocks.longest, is_last)
        packed = list(map(_pack_block, data, *(column.tolist() for column in figures)))
        sizes = np.add.reduceat(list(map(len, packed)), firsts) + len(_MAGIC)
        for first in firsts.tolist():
            packed[first] = _MAGIC + packed[first]
        self._postings.write(b"".join(packed))
        starts = self._size + np.cumsum(sizes) - sizes
        self._size += int(sizes.sum())
        columns = (
            np.add.reduceat(blocks.occurrences, firsts),
            np.add.reduceat(postings, firsts),
            np.minimum.reduceat(blocks.shortest, firsts),
            np.maximum.reduceat(blocks.longest, firsts),
            np.maximum.reduceat(blocks.most, firsts),
            first_ids,
            blocks.lasts[lasts],
            starts,
            sizes,
        )
        # The first says that postings are in their file, not in the entry.
        entries = map(_TERM_ENTRY.pack, repeat(0), *(column.tolist() for column in columns))
        self._terms.add(keys, list(entries))

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


def _pack_block(
    data: tuple[Any, ...],
    size: int,
    last: int,
    most: int,
    shortest: int,
    longest: int,
    is_last: bool,
) -> bytes:
    """Return a block as it stands in the file of postings.

    Args:
        data: document numbers, weights (None where all are 1) and values (None where none).
        size: postings.
        last, most, shortest, longest: see _Blocks.
        is_last: whether it is the term's last.
    """
    # Protocol 4 keeps bytes as they are; 2, as Whoosh for Python 2 had it, spells them out.
    content, level = dumps(data, 4), 0
    if size >= COMPRESSED_FROM:
        content, level = zlib.compress(content, 1), 1
    info = dumps((size, last, most, level, shortest, longest), 2)
    length = len(info) + len(content)
    return _INT.pack(-length if is_last else length) + info + content


def _blocks(terms: Numbers, documents: Numbers, counts: Numbers, lengths: Numbers) -> _Blocks:
    """Return the blocks of postings, given by term, document, occurrences, and length byte."""
    term_starts = _changes(terms)
    sizes = np.diff(term_starts, append=len(terms))
    starts = ((np.arange(len(terms)) - np.repeat(term_starts, sizes)) % BLOCK == 0).nonzero()[0]
    ends = np.append(starts[1:], len(terms))
    return _Blocks(
        starts, ends, terms[starts], documents[ends - 1], np.add.reduceat(counts, starts),
        np.minimum.reduceat(counts, starts), np.maximum.reduceat(counts, starts),
        np.minimum.reduceat(lengths, starts), np.maximum.reduceat(lengths, starts),
    )  # fmt: skip


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
