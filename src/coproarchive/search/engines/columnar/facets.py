"""The facets of all documents in columns: counting is one np.bincount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from coproarchive.search.engines.columnar.postings import Mask, Numbers, ranges


class FacetColumns:
    """The numbers of the documents' facet values, document by document.

    All facets together, so that counting them takes one walk over the documents.

    Args:
        documents: facet -> values, of each document.
    """

    def __init__(self, documents: Iterable[Mapping[str, tuple[str, ...]]]):
        rows = [
            list(dict.fromkeys((name, value) for name, values in row.items() for value in values))
            for row in documents
        ]
        # A facet's values are numbered side by side.
        pairs = sorted({pair for row in rows for pair in row})
        numbers = {pair: number for number, pair in enumerate(pairs)}
        self._values = [value for _, value in pairs]
        self._slices: dict[str, slice] = {}
        for number, (name, _) in enumerate(pairs):
            start = self._slices[name].start if name in self._slices else number
            self._slices[name] = slice(start, number + 1)
        self._numbers = np.array([numbers[pair] for row in rows for pair in row], np.int32)
        self._starts = np.cumsum([0, *map(len, rows)])

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self._numbers.nbytes + self._starts.nbytes

    def mask(self, name: str, values: frozenset[str]) -> Mask:
        """Return which documents have one of the values."""
        chosen = np.zeros(len(self._values), bool)
        if name in self._slices:
            of_facet = self._slices[name]
            chosen[of_facet] = [value in values for value in self._values[of_facet]]
        size = len(self._starts) - 1
        owners = np.arange(size).repeat(np.diff(self._starts))
        mask = np.zeros(size, bool)
        mask[owners[chosen[self._numbers]]] = True
        return mask

    def count(self, documents: Numbers, names: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return facet -> value -> number of the documents that have it."""
        at = ranges(self._starts[documents], self._starts[documents + 1])
        counts = np.bincount(self._numbers[at], minlength=len(self._values)).tolist()
        facets: dict[str, dict[str, int]] = {}
        for name in names:
            of_facet = self._slices.get(name, slice(0))
            pairs = zip(self._values[of_facet], counts[of_facet], strict=True)
            facets[name] = {value: count for value, count in pairs if count}
        return facets
