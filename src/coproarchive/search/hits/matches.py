"""Matches: which leaves of an item answer which clauses of a query, and which are the best.

The engine's occurrences tell; a text is read only where they leave a doubt: whether words stand
one after another, and whether two occurrences side by side are one compound (co-production is
indexed as "coproduction" at both its halves).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from coproarchive.search.engines.seam import Occurrences
from coproarchive.search.hits.highlight import Answer, Highlighter
from coproarchive.search.hits.stored import StoredItem
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.language.fields import LEAF_FIELDS

MOST_ANSWERS = 20
"""Answers beyond which a leaf is no better."""

TextKey = tuple[str, int]
"""Field and leaf of a text."""


@dataclass(slots=True)
class LeafMatch:
    """A leaf that answers.

    Attributes:
        ordinal: place among the item's leaves, from 0.
        answers: in each of LEAF_FIELDS that has any.
        clauses: numbers of the clauses that it answers.
        heading_clauses: how many of them its heading answers.
        count: number of answers, at most MOST_ANSWERS.
    """

    ordinal: int
    answers: Mapping[str, Collection[Answer]]
    clauses: set[int]
    heading_clauses: int
    count: int

    def rank(self) -> tuple[int, int, int, int]:
        """Return the sort key: more clauses, more in the heading, more answers, earlier."""
        return -len(self.clauses), -self.heading_clauses, -self.count, self.ordinal


@dataclass(slots=True)
class ItemMatches:
    """Answers in an item.

    Attributes:
        leaves: that answer, best first.
        names: numbers of the clauses that its names answer.
        title, description: answers in these, as they were indexed.
    """

    leaves: list[LeafMatch]
    names: set[int]
    title: Collection[Answer]
    description: Collection[Answer]


def match_item(
    item: StoredItem,
    shows: Callable[[int], bool],
    occurrences: Occurrences,
    targets: TermTargets,
    highlighter: Highlighter,
) -> ItemMatches:
    """Find the answers in an item.

    Args:
        item: its stored texts.
        shows: tells whether readers see a leaf.
        occurrences: of the targets' terms and prefixes in the item.
        targets: of the query.
        highlighter: of the query, in the language in which the item was indexed.
    """
    answers_by_text, doubtful = _by_text(occurrences, targets)
    names: set[int] = set()
    of_record: dict[str, Collection[Answer]] = {}
    by_leaf: dict[int, dict[str, Collection[Answer]]] = {}
    for text in answers_by_text.keys() | doubtful:
        field, number = text
        is_in_leaf = field in LEAF_FIELDS
        if is_in_leaf and not shows(number):
            continue
        answers: Collection[Answer] = answers_by_text.get(text, ())
        if text in doubtful:
            language = item.leaf(number).language if is_in_leaf else ""
            answers = highlighter.answers(item.text(field, number), language)
        if field == "names":
            names.update(clause for *_, clause in answers)
        elif not is_in_leaf:
            of_record[field] = answers
        elif answers:
            by_leaf.setdefault(number, {})[field] = answers
    leaves = [
        LeafMatch(
            ordinal,
            by_field,
            {clause for answers in by_field.values() for *_, clause in answers},
            len({clause for *_, clause in by_field.get("heading", ())}),
            min(sum(map(len, by_field.values())), MOST_ANSWERS),
        )
        for ordinal, by_field in by_leaf.items()
    ]
    leaves.sort(key=LeafMatch.rank)
    return ItemMatches(leaves, names, of_record.get("title", ()), of_record.get("abstract", ()))


def _by_text(
    occurrences: Occurrences, targets: TermTargets
) -> tuple[dict[TextKey, list[Answer]], set[TextKey]]:
    """Return the answers by text, and the texts which have to be read."""
    answers_by_text: dict[TextKey, list[Answer]] = {}
    doubtful: set[TextKey] = set()
    for numbers_of, occurrences_of in (
        (targets.terms, occurrences.terms),
        (targets.prefixes, occurrences.prefixes),
    ):
        for term, numbers in numbers_of.items():
            before: tuple[TextKey, int] | None = None
            for field, leaf, word in occurrences_of.get(term, ()):
                text = field, leaf
                answers = answers_by_text.setdefault(text, [])
                for number in numbers:
                    answers.append((word, word, number))
                if before == (text, word - 1):
                    doubtful.add(text)
                before = text, word
    for run, _ in targets.runs:
        texts = [{(o.field, o.leaf) for o in occurrences.terms.get(term, ())} for term in run]
        doubtful |= set.intersection(*texts)
    return answers_by_text, doubtful
