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
    """Weights of the ranking.

    Attributes:
        fields: weight of each text field.
        k1: saturation of term frequencies.
        b: normalisation by field length, 0 (none) to 1.
        rarity: power of the inverse document frequency; above 1, rare words count more.
        title: of a word's score in the title alone, added to its score in all fields.
        exact: of a word that stands as it was typed, added to the score of its stem.
        synonym: of a synonym, where the word typed has 1.
        pair: of two neighbouring words of a short query side by side.
        together: of all words of a short query on one slide.
        repeated: of a word's further mentions in a query, times their logarithm.
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
"""Weights that readers are served with."""


def idf(documents: int, frequency: int, power: float) -> float:
    """Return the inverse document frequency of a term, never negative, raised to a power.

    As Lucene's BM25Similarity.idfExplain.

    Args:
        documents: number of all documents.
        frequency: number of those that have the term.
        power: see Weights.rarity.
    """
    return math.pow(math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5)), power)


def length_norm(length: float, average: float, b: float) -> float:
    """Return the divisor of a term frequency in a field of `length` words."""
    return 1 - b + b * length / average if average else 1.0


def saturate(frequency: float, k1: float) -> float:
    """Return the saturated value of a weighted, normalised term frequency: below k1 + 1."""
    return frequency * (k1 + 1) / (frequency + k1)
