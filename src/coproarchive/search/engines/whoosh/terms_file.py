"""The hash file of a segment's terms, in the format of whoosh.filedb.filetables, at once.

Whoosh's OrderedHashWriter asks the file for its position twice a term and writes thrice (0.43 s for
125,000 terms); here many are made at once.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import chain
from pickle import dumps
from typing import BinaryIO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from coproarchive.search.engines.columnar.postings import Numbers

_HEADER = b"HSH3" + struct.pack("!Bii", 1, 0, 0)
"""Magic; which hash: CRC-32; two numbers that nothing uses."""
_LENGTHS = struct.Struct("!ii")
_TABLE = struct.Struct("!qi")
_SLOT = np.dtype([("hash", ">u4"), ("position", ">i8")])
_TABLES = 256


class TermsFile:
    """Gathers keys and values, which `close` writes.

    Args:
        file: an empty one, opened for writing.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._end = file.write(_HEADER)
        self._positions: list[Numbers] = []
        self._hashes: list[int] = []

    def add(self, keys: list[bytes], values: list[bytes]) -> None:
        """Add keys, which sort after all before them, with their values."""
        key_sizes, value_sizes = list(map(len, keys)), list(map(len, values))
        heads = map(_LENGTHS.pack, key_sizes, value_sizes)
        entries = zip(heads, keys, values, strict=True)
        self._file.write(b"".join(chain.from_iterable(entries)))
        ends = self._end + np.cumsum(np.add(key_sizes, value_sizes) + _LENGTHS.size)
        self._positions.append(np.concatenate([[self._end], ends[:-1]]))
        self._hashes += map(crc32, keys)
        self._end = int(ends[-1])

    def close(self, fields: Mapping[str, int]) -> None:
        """Write the file and close it.

        Args:
            fields: name -> number that the keys of its terms begin with.
        """
        with self._file as file:
            positions = np.concatenate([np.zeros(0, np.int64), *self._positions])
            file.write(b"".join(self._tables(positions)))
            is_small = self._end < 1 << 32
            extras = {
                "fieldmap": dict(fields),
                "indextype": "I" if is_small else "q",
                "indexlen": len(positions),
            }
            index = positions.astype(">u4" if is_small else ">i8")
            tail = dumps(extras, 2) + index.tobytes()
            file.write(tail + struct.pack("!i", len(tail)))

    def _tables(self, positions: Numbers) -> list[bytes]:
        """Return the hash tables, and the directory of where they are."""
        hashes = np.array(self._hashes, np.int64)
        parts, directory, start = [], [], self._end
        for bucket in range(_TABLES):
            rows = (hashes & (_TABLES - 1) == bucket).nonzero()[0]
            table = _hash_table(hashes[rows], positions[rows])
            parts.append(table.tobytes())
            directory.append(_TABLE.pack(start, len(table)))
            start += table.nbytes
        return [*parts, *directory]


def _hash_table(hashes: Numbers, positions: Numbers) -> NDArray[np.void]:
    """Return the slots of a hash table with linear probing: hash and position, 0 where free.

    In the order of their first slots, each takes the next that is free from there on; those beyond
    the end go on at the beginning.
    """
    size = 2 * len(hashes)
    table = np.zeros(size, _SLOT)
    first_slots = (hashes >> 8) % max(size, 1)
    order = first_slots.argsort(kind="stable")
    hashes, positions = hashes[order], positions[order]
    steps = np.arange(len(order))
    slots = np.maximum.accumulate(first_slots[order] - steps) + steps
    is_inside = slots < size
    table["hash"][slots[is_inside]] = hashes[is_inside]
    table["position"][slots[is_inside]] = positions[is_inside]
    is_beyond = ~is_inside
    free = (table["position"] == 0).nonzero()[0][: np.count_nonzero(is_beyond)]
    table["hash"][free] = hashes[is_beyond]
    table["position"][free] = positions[is_beyond]
    return table
