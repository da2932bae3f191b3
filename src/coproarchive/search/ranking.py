"""How documents are scored and ordered: the one formula that every engine uses.

BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", 3.6): term frequencies
are normalised by each field's length and weighted before they are saturated together.
"""

from __future__ import annotations

import math

from coproarchive.search.fields import K1, B

PLACES = 4
"""Scores are rounded, so that two engines that add in another order agree on ties."""


def idf(documents: int, having: int) -> float:
    """Rarity of a term: documents in all, documents that have it. Never negative."""
    return math.log(1 + (documents - having + 0.5) / (having + 0.5))


def length_norm(length: float, average: float) -> float:
    """Divisor of a term frequency in a field of `length` words."""
    return 1 - B + B * length / average if average else 1.0


def saturate(frequency: float) -> float:
    """Worth of a weighted, normalised term frequency, below K1 + 1."""
    return frequency * (K1 + 1) / (frequency + K1)
