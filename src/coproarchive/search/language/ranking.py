"""How documents are scored: the one formula that every engine uses, and its measured weights.

BM25F (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", 3.6): term frequencies
are normalised by each field's length and weighted before they are saturated together. The weights
were chosen with benchmarks/relevance.py, which also reports what they are worth on a collection
that had no say in choosing them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from coproarchive.search.language.fields import WEIGHTS

PLACES = 4
"""Scores are rounded, so that two engines that add in another order agree on ties."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much.

    Attributes:
        fields: weight of a word in each text field.
        k1: how soon repetitions of a word stop counting.
        b: how much long fields are held back, 0 to 1.
        rarity: power of the inverse document frequency; above 1, rare words count more.
        title: worth of a word's score in the title alone, added to its score everywhere.
        exact: worth of a word found as written, beside its stem.
        synonym: a synonym's worth beside the word that was typed.
        pair: worth of two neighbours of a short query standing side by side.
        together: worth of all words of a short query standing on one slide.
        repeated: worth of a word's second mention in a query, damped by the logarithm.
    """

    fields: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    k1: float = 1.6
    b: float = 0.6
    rarity: float = 1.2
    title: float = 0.4
    exact: float = 0.4
    synonym: float = 0.8
    pair: float = 0.2
    together: float = 0.3
    repeated: float = 1.0


STANDARD = Weights()
"""What readers are served with."""


def idf(documents: int, having: int, power: float) -> float:
    """Rarity of a term: documents in all, documents that have it. Never negative."""
    return math.pow(math.log(1 + (documents - having + 0.5) / (having + 0.5)), power)


def length_norm(length: float, average: float, b: float) -> float:
    """Divisor of a term frequency in a field of `length` words."""
    return 1 - b + b * length / average if average else 1.0


def saturate(frequency: float, k1: float) -> float:
    """Worth of a weighted, normalised term frequency, below k1 + 1."""
    return frequency * (k1 + 1) / (frequency + k1)
