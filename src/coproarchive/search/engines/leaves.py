"""On which leaves of a document a query's words stand: what "8 slides in 3 talks" counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from coproarchive.search.language.analysis import LEAF_BITS
from coproarchive.search.language.fields import LEAF_FIELDS
from coproarchive.search.language.query_tree import (
    And,
    AtLeast,
    Boosted,
    DisMax,
    Node,
    Phrase,
    Prefix,
    SameLeaf,
    Term,
)

Positions = Mapping[str, Mapping[str, Sequence[int]]]
"""Field -> term -> positions as analysis.invert gives them."""


def answering_leaves(  # noqa: PLR0911 - a return a kind of node
    node: Node, positions: Positions, expand: Callable[[str], Iterable[str]]
) -> set[int]:
    """Return the numbers of the leaves of a document that answer one part of a query at least.

    A bonus, and what must not match, is no part; nor is what asks for everything.

    Args:
        node: the query.
        positions: of the document's terms.
        expand: returns the terms that a prefix stands for.
    """
    match node:
        case Term(text, fields):
            return _with_one_of([text], fields, positions)
        case Prefix(text, fields):
            return _with_one_of(expand(text), fields, positions)
        case Phrase(terms, fields):
            leaves: set[int] = set()
            for name in leaf_fields(fields):
                starts = set(positions[name].get(terms[0], ()))
                for distance, term in enumerate(terms[1:], start=1):
                    starts &= {p - distance for p in positions[name].get(term, ())}
                leaves |= {start >> LEAF_BITS for start in starts}
            return leaves
        case SameLeaf(groups):
            return set.intersection(*(_with_one_of(group, (), positions) for group in groups))
        case Boosted(child):
            return answering_leaves(child, positions, expand)
        case And(children) | AtLeast(children) | DisMax(children):
            return set().union(*(answering_leaves(c, positions, expand) for c in children))
    return set()


def leaf_fields(fields: Sequence[str]) -> list[str]:
    """Return those of the fields that have a text a leaf; all of these where none is named."""
    return [name for name in LEAF_FIELDS if not fields or name in fields]


def _with_one_of(terms: Iterable[str], fields: Sequence[str], positions: Positions) -> set[int]:
    return {
        position >> LEAF_BITS
        for term in terms
        for name in leaf_fields(fields)
        for position in positions[name].get(term, ())
    }
