"""How the `whoosh` engine reads: what a view needs of the segments of one commit."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from coproarchive.search.analysis import EXACT
from coproarchive.search.engines.arrays import NO_POSTINGS, Mask, Numbers, Postings
from coproarchive.search.engines.view import Row
from coproarchive.search.engines.whoosh_format import WORDS, PackedValues

with warnings.catch_warnings():
    # See whoosh_format.py.
    warnings.simplefilter("ignore")
    from whoosh.codec.whoosh3 import W3TermInfo
    from whoosh.matching import ListMatcher
    from whoosh.reading import TermNotFound


class Segment:
    """What a view needs of one of Whoosh's segments, which never change but for deletions.

    Args:
        leaf: Whoosh's reader of it.
        known: the same segment in an earlier commit, whose rows and words are taken over.
    """

    def __init__(self, leaf: Any, known: Segment | None):
        self.leaf = leaf
        count = leaf.doc_count_all()
        self.live = np.ones(count, bool)
        if leaf.has_deletions():
            self.live[[n for n in range(count) if leaf.is_deleted(n)]] = False
        self.rows: list[Row] = (
            known.rows if known else [_row(leaf.stored_fields(n)) for n in range(count)]
        )
        self._vocabulary: _Vocabulary | None = known._vocabulary if known else None

    def words(self, live: Mask) -> set[str]:
        """Every word as written that one of these documents of it has."""
        if self._vocabulary is None:
            self._vocabulary = _Vocabulary(self.leaf)

        def is_alive(word: str) -> bool:
            ids = (ids for ids, _ in _blocks(self.leaf, (EXACT + word).encode()))
            return any(live[block].any() for block in ids)

        return self._vocabulary.of(live, is_alive)


class _Vocabulary:
    """Words of a segment, with what tells whether a live document still has them.

    A deleted document's words stay in its segment until that is merged away; offered as a
    correction, they would tell of an item that was hidden.
    """

    def __init__(self, leaf: Any):
        mark = EXACT.encode()
        terms = leaf._terms
        start = terms._keycoder(WORDS, mark)
        words: list[str] = []
        infos: list[tuple[int, int, int]] = []
        for key, info in terms._tindex.items_from(start):
            if not key.startswith(start):
                break
            words.append(key[len(start) :].decode())
            values = W3TermInfo._struct.unpack_from(info)
            infos.append((values[2], values[6], values[7]))
        self._words = words
        # Documents that have the word, and the first and last of them.
        self._count, self._first, self._last = np.array(infos, np.int64).reshape(-1, 3).T

    def of(self, live: Mask, is_alive: Callable[[str], bool]) -> set[str]:
        """Words that a live document has; `is_alive` settles the few that need a look."""
        words = set(self._words)
        gone = int(np.count_nonzero(~live))
        if gone and words:
            doubtful = (self._count <= gone) & ~live[self._first] & ~live[self._last]
            for n in np.flatnonzero(doubtful).tolist():
                if self._count[n] <= 2 or not is_alive(self._words[n]):
                    words.discard(self._words[n])
        return words


def _row(stored: Mapping[str, str]) -> Row:
    row = json.loads(stored["row"])
    facets = {name: tuple(values) for name, values in row["facets"].items()}
    return Row(
        stored["id"],
        row["digest"],
        tuple(row["lengths"]),
        facets,
        row["date"],
        row["title"],
        tuple(row["kept"]),
    )


class Segments:
    """The segments of one commit as the view wants them."""

    def __init__(self, segments: list[Segment]):
        self._segments = segments
        self._lock = threading.Lock()
        # Whoosh's numbers of live documents -> ours, without gaps; -1 where deleted.
        live = np.concatenate([s.live for s in segments]) if segments else np.zeros(0, bool)
        self._numbers = np.where(live, np.cumsum(live) - 1, -1)
        self._all_live = bool(live.all())

    def rows(self) -> list[Row]:
        """See view.Source."""
        return [
            row for s in self._segments for row, live in zip(s.rows, s.live, strict=True) if live
        ]

    def words(self, gone: Mask | None = None) -> list[str]:
        """See view.Source."""
        found: set[str] = set()
        offset = 0
        with self._lock:
            for segment in self._segments:
                live = segment.live
                if gone is not None and len(gone):
                    # Deleted ones have the number -1, and are not live whatever stands there.
                    live = live & ~gone[self._numbers[offset : offset + len(live)]]
                found |= segment.words(live)
                offset += len(live)
        return sorted(found)

    def postings(self, term: str) -> Postings:
        """See view.Source."""
        documents, counts, values = [], [], []
        offset = 0
        with self._lock:
            for segment in self._segments:
                for ids, packed in _blocks(segment.leaf, term.encode()):
                    documents.append(ids + offset)
                    counts.append(np.frombuffer(packed.sizes, "<u4").astype(np.int64) >> 3)
                    values.append(packed.joined)
                offset += len(segment.live)
        if not documents:
            return NO_POSTINGS
        numbers = self._numbers[np.concatenate(documents)]
        count = np.concatenate(counts)
        positions = np.frombuffer(b"".join(values), "<i8")
        if not self._all_live:
            live = numbers >= 0
            positions = positions[np.repeat(live, count)]
            numbers, count = numbers[live], count[live]
        return Postings(numbers, count, positions)


def _blocks(segment: Any, term: bytes) -> Iterator[tuple[Numbers, PackedValues]]:
    """Document numbers and packed positions, a block of Whoosh's at a time."""
    try:
        matcher = segment.postings(WORDS, term)
    except TermNotFound:
        return
    while hasattr(matcher, "child"):
        matcher = matcher.child  # deletions are filtered by the caller, for all terms at once
    if isinstance(matcher, ListMatcher):
        yield np.asarray(list(matcher._ids), np.int64), PackedValues.of(list(matcher._values))
        return
    while matcher.is_active():
        matcher._read_data()
        matcher._read_values()
        yield np.cumsum(np.asarray(matcher._data[0], np.int64)), matcher._values
        matcher._next_block()
