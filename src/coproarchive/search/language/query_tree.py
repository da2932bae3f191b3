"""The query tree: queries as values, in the terms of Lucene, that every engine carries out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sort = Literal["relevance", "date", "title"]


@dataclass(frozen=True, slots=True)
class Term:
    """Documents with this indexed term in one of the fields; no field named means all."""

    text: str
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents with these terms at consecutive positions of one field."""

    terms: tuple[str, ...]
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents with a word that begins so; at most MAX_EXPANSIONS words, in alphabetical order."""

    text: str
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SameLeaf:
    """Documents with a leaf on which each group has one of its terms, in LEAF_FIELDS.

    Scores the rarities of the groups: of what has one of a group's terms, in any field.
    """

    groups: tuple[tuple[str, ...], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class DisMax:
    """Documents that match a child; the best child's score counts (ways to say one thing)."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Documents that match every child; scores add up."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Documents that match at least `least` children; scores of those that match add up."""

    children: tuple[Node, ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Boosted:
    """Documents that match the child; matching a bonus only adds to the score."""

    child: Node
    bonuses: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Documents that do not match the child; score 0."""

    child: Node


@dataclass(frozen=True, slots=True)
class MatchAll:
    """Every document; score 0."""


# Weights are not negative.
Node = Term | Phrase | Prefix | SameLeaf | DisMax | And | AtLeast | Boosted | Not | MatchAll

MAX_EXPANSIONS = 200
"""Words that a prefix stands for at most."""
