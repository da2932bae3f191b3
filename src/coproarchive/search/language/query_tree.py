"""The query tree: queries as values, named as in Lucene, which every engine carries out.

A node matches documents and gives each a score. What scores are, ranking.py says, and
engines/memory.py in code. Weights are not negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sort = Literal["relevance", "date", "title"]


@dataclass(frozen=True, slots=True)
class Term:
    """Match an indexed term in one of the fields; no field named means all text fields."""

    text: str
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Match terms at consecutive positions of one field; scores add up as if they stood alone."""

    terms: tuple[str, ...]
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Match a word that begins so: the first MAX_EXPANSIONS in the alphabet, scored as one term."""

    text: str
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SameLeaf:
    """Match a leaf with a term of each group in LEAF_FIELDS: Lucene's span query, unordered.

    Scores the sum of the groups' inverse document frequencies, each of the documents with one of
    the group's terms in any field, times the weight.
    """

    groups: tuple[tuple[str, ...], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class DisMax:
    """Match one child at least, and score as the best: other ways to say one thing."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Match every child; scores add up."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Match `least` children or more; the scores of those that match add up."""

    children: tuple[Node, ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Boosted:
    """Match the child; the scores of bonuses that match are added (Lucene's "should")."""

    child: Node
    bonuses: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Match what the child does not match; scores 0."""

    child: Node


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Match every document; scores 0."""


Node = Term | Phrase | Prefix | SameLeaf | DisMax | And | AtLeast | Boosted | Not | MatchAll

MAX_EXPANSIONS = 200
"""Words that a prefix stands for at most."""
