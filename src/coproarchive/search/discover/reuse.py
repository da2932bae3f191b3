"""Slides that stand in other talks too, whole or nearly, and files that are nearly another's.

Each item's sketches (talks/sketch.py) are stored with its document, so an update touches only what
changed. They are put side by side here, for one snapshot and what readers may see of it: like
phrases, they count only while the item's record is as it was when it was indexed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item
from coproarchive.search.document import record_of
from coproarchive.talks.sketch import SketchedLeaf, Sketches, resemblance, unpack

NEARLY = 0.5
"""Resemblance from which two slides are nearly the same."""
MOST_ITEMS = 12
"""Items with a slide beyond which it is a template's: a notice, a sponsor, an address."""
MOST_SPEAKERS = 3
"""Speakers with a slide beyond which it is a template's: no two of its items have one in common."""
MOST_HOLDERS = 400
"""Leaves with a shingle beyond which it leads to none: it is a set phrase, and looking would take
long."""
ALIKE_BITS = 4
"""Bits of 64 by which the difference hashes of the same picture may differ: drawn from a deck and
from its PDF."""
PLAIN_BITS = 8
"""Bits of a hash that are set, or not set, in a picture that tells: fewer are a plain ground."""
VERSION_SHARE = 0.5
"""Share of the shorter file's slides that another has too, from which it may be another version."""
VERSION_SLIDES = 3
"""Slides that two versions have in common at least."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """Where a slide stands in another talk.

    Attributes:
        item: the other one.
        path, number, kind, label: of the leaf in it.
        date: EDTF, of the item or its seminar.
        similarity: 1.0 where the words are the same, else the share of shingles in common, 0 to 1.
    """

    item: Item
    path: str
    number: int
    kind: str
    label: str
    date: str | None
    similarity: float


class OtherVersion(NamedTuple):
    """An item that a file may be a new version of.

    Attributes:
        item: in the archive.
        slides: how many it has in common with the file.
        of: slides of the file that were compared.
    """

    item: Item
    slides: int
    of: int


class _Row(NamedTuple):
    """A leaf that is looked for elsewhere."""

    item_id: str
    path: str
    number: int
    kind: str
    label: str
    whole: int


class Reuses:
    """Finds slides of public items in other items. Thread-safe: it does not change.

    Args:
        stored: id -> sketches of an item, as talks.sketch packed them.
        catalogue: what readers may see; of what is not in it, or has changed since it was indexed,
            nothing is told.
        pictures: returns, by the hash of a file, number of a page -> difference hash of its
            picture.
    """

    def __init__(
        self,
        stored: Mapping[str, bytes],
        catalogue: Catalogue,
        pictures: Callable[[str], Mapping[int, int]] = lambda _: {},
    ):
        self._catalogue = catalogue
        self._rows: list[_Row] = []
        self._rows_of: dict[str, range] = {}
        sketches: list[Sketches] = []
        sizes: list[int] = []
        for item_id in sorted(stored.keys() & catalogue.items.keys()):
            record, heads, hashes = unpack(stored[item_id])
            if record != record_of(item_id, catalogue):
                continue
            first = len(self._rows)
            for path, number, kind, label, whole, size in heads:
                row = _Row(item_id, sys.intern(path), number, sys.intern(kind), label, whole)
                self._rows.append(row)
                sizes.append(size)
            self._rows_of[item_id] = range(first, len(self._rows))
            sketches.append(hashes)
        self._hashes = np.concatenate(sketches) if sketches else np.zeros(0, np.uint32)
        self._bounds = ends = np.cumsum(np.array([0, *sizes], np.int64))
        order = np.argsort(self._hashes, kind="stable")
        self._ordered = self._hashes[order]
        self._owners = np.repeat(np.arange(len(sizes), dtype=np.int32), np.diff(ends))[order]
        self._picture_of = dict(self._pictured(sizes, pictures))
        self._picture_rows = np.fromiter(self._picture_of, np.int64, len(self._picture_of))
        self._pictures = np.array(list(self._picture_of.values()), np.uint64)

    def _pictured(
        self, sizes: Sequence[int], pictures: Callable[[str], Mapping[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """Yield row and hash of each picture that tells: not plain, and once in its item."""
        for item_id, rows in self._rows_of.items():
            wordless = [row for row in rows if not sizes[row]]
            if not wordless:
                continue
            assets = self._catalogue.items[item_id].assets
            hashes_of = {asset.path: pictures(asset.sha256) for asset in assets}
            of_rows = [
                (row, hashes_of.get(self._rows[row].path, {}).get(self._rows[row].number))
                for row in wordless
            ]
            hashes = [(row, value) for row, value in of_rows if value is not None]
            for row, value in hashes:
                is_plain = not PLAIN_BITS <= value.bit_count() <= 64 - PLAIN_BITS
                twice = sum((value ^ other).bit_count() <= ALIKE_BITS for _, other in hashes) > 1
                if not (is_plain or twice):
                    yield row, value

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, and of the rows, about."""
        arrays = self._hashes.nbytes + self._ordered.nbytes + self._owners.nbytes
        return arrays + self._bounds.nbytes + 150 * len(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def of_leaf(self, item_id: str, path: str, number: int) -> tuple[Reuse, ...]:
        """Return where else a leaf stands: the oldest, the newest, then the others by date."""
        for row in self._rows_of.get(item_id, ()):
            if self._rows[row][1:3] == (path, number):
                return self._reuses(row)
        return ()

    def of_item(self, item_id: str) -> dict[tuple[str, int], tuple[Reuse, ...]]:
        """Return path and number of each leaf that stands elsewhere too -> where; see of_leaf."""
        reuses = {}
        for row in self._rows_of.get(item_id, ()):
            if elsewhere := self._reuses(row):
                reuses[self._rows[row].path, self._rows[row].number] = elsewhere
        return reuses

    def groups(self) -> Iterator[tuple[Reuse, ...]]:
        """Yield the places of each slide that stands in several items, in the order of dates.

        A place is in one group only; its similarity is that to the first.
        """
        grouped = np.zeros(len(self._rows), bool)
        for row in sorted(range(len(self._rows)), key=self._when):
            if grouped[row]:
                continue
            alike = {r: s for r, s in self._elsewhere(row).items() if not grouped[r]}
            if alike:
                members = {row: 1.0, **alike}
                grouped[list(members)] = True
                yield tuple(self._reuse(r, members[r]) for r in sorted(members, key=self._when))

    def other_versions(self, leaves: Sequence[SketchedLeaf]) -> list[OtherVersion]:
        """Return items of which a file's leaves may be another version, most alike first."""
        leaves = [leaf for leaf in leaves if leaf.sketch]
        shared: Counter[str] = Counter()
        for leaf in leaves:
            alike = self._alike(np.array(leaf.sketch, np.uint32), leaf.whole)
            shared.update({self._rows[row].item_id for row in alike})
        versions = []
        for item_id, count in shared.items():
            with_words = np.diff(self._bounds)[self._rows_of[item_id]]
            shorter = min(len(leaves), int(np.count_nonzero(with_words)))
            if count >= max(VERSION_SHARE * shorter, min(VERSION_SLIDES, shorter)):
                item = self._catalogue.items[item_id]
                versions.append(OtherVersion(item, count, len(leaves)))
        return sorted(versions, key=lambda version: (-version.slides, version.item.id))

    # ---------------------------------------------------------------- working

    def _sketch(self, row: int) -> Sketches:
        return self._hashes[self._bounds[row] : self._bounds[row + 1]]

    def _alike(self, sketch: Sketches, whole: int) -> dict[int, float]:
        """Return row -> similarity of the leaves that are the same, or nearly."""
        starts = self._ordered.searchsorted(sketch)
        ends = self._ordered.searchsorted(sketch, "right")
        few = ends - starts <= MOST_HOLDERS
        pieces = [
            self._owners[start:end]
            for start, end in zip(starts[few].tolist(), ends[few].tolist(), strict=True)
        ]
        if not pieces:
            return {}
        rows, counts = np.unique(np.concatenate(pieces), return_counts=True)
        alike = {}
        hashes = sketch.tolist()
        for row in rows[counts >= max(1, len(hashes) * NEARLY / 2)].tolist():
            similarity = resemblance(hashes, self._sketch(row).tolist())
            if similarity >= NEARLY:
                is_same = similarity == 1.0 and self._rows[row].whole == whole
                alike[row] = 1.0 if is_same else min(round(similarity, 2), 0.99)
        return alike

    def _alike_pictures(self, picture: int) -> dict[int, float]:
        """Return row -> similarity of the slides without words that show the same picture."""
        distances = np.bitwise_count(self._pictures ^ np.uint64(picture))
        near = np.flatnonzero(distances <= ALIKE_BITS)
        return {int(self._picture_rows[n]): round(1 - int(distances[n]) / 64, 2) for n in near}

    def _elsewhere(self, row: int) -> dict[int, float]:
        """Return row -> similarity of the best leaf of each other item; none of a template's."""
        item_id = self._rows[row].item_id
        best: dict[str, tuple[float, int]] = {}
        if row in self._picture_of:
            alike = self._alike_pictures(self._picture_of[row])
        else:
            alike = self._alike(self._sketch(row), self._rows[row].whole)
        for other, similarity in alike.items():
            other_id = self._rows[other].item_id
            if other_id != item_id:
                best[other_id] = max(best.get(other_id, (0.0, 0)), (similarity, -other))
        if not best or self._is_template([item_id, *best]):
            return {}
        return {-negative: similarity for similarity, negative in best.values()}

    def _is_template(self, item_ids: Iterable[str]) -> bool:
        """Test whether a slide of these items is nobody's own: so many have it."""
        groups: list[set[str]] = []
        nameless = 0
        for item_id in item_ids:
            people = {c.person for c in self._catalogue.items[item_id].people}
            nameless += not people
            joined = [group for group in groups if group & people]
            groups = [group for group in groups if not group & people]
            groups += [people.union(*joined)] if people else []
        return len(groups) > MOST_SPEAKERS or nameless > MOST_ITEMS

    def _reuses(self, row: int) -> tuple[Reuse, ...]:
        elsewhere = self._elsewhere(row)
        reuses = [self._reuse(r, elsewhere[r]) for r in sorted(elsewhere, key=self._when)]
        dated = [n for n, reuse in enumerate(reuses) if reuse.date]
        if len(dated) > 1:
            reuses.insert(1, reuses.pop(dated[-1]))
        return tuple(reuses)

    def _reuse(self, row: int, similarity: float) -> Reuse:
        place = self._rows[row]
        item = self._catalogue.items[place.item_id]
        date = self._catalogue.item_date(item)
        return Reuse(item, place.path, place.number, place.kind, place.label, date, similarity)

    def _when(self, row: int) -> tuple[str, str, int]:
        """Return the sort key of a row: first day, item, place; undated ones come last."""
        return (*self._catalogue.order(self._catalogue.items[self._rows[row].item_id]), row)
