"""Which words of an item answer which clause of a query, from the places an engine gives.

The same as highlight.Highlighter finds in the texts themselves, without reading them: only where a
word may be half of a compound (co-production counts as "coproduction" too) is the text looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coproarchive.search.analysis import EXACT, FIELD_SHIFT, LEAF_BITS, MAX_LEAVES, exact, stem
from coproarchive.search.compile import Compiler
from coproarchive.search.fields import LEAF_FIELDS, TEXT_FIELDS
from coproarchive.search.kept import Kept, KeptText
from coproarchive.search.query import Clause

Span = tuple[int, int]
"""First and last word of an answer, by their numbers in a text."""
Spans = dict[int, set[Span]]
"""Clause -> its answers in one text."""

FIELD_NUMBERS = {name: number for number, name in enumerate(TEXT_FIELDS)}
_WORD_MASK = (1 << LEAF_BITS) - 1
LEAF_TEXT = {FIELD_NUMBERS[name]: number for number, name in enumerate(LEAF_FIELDS)}
"""Number of a field -> which of a leaf's texts it is; see kept.texts_of."""


class Wanted:
    """What is looked for in the items found: terms, and which clauses each answers.

    Args:
        clauses: what was searched; excluded ones answer nothing.
        compiler: knows the forms of words.
        expansions: terms of a prefix; see SearchEngine.
    """

    def __init__(
        self, clauses: Iterable[Clause], compiler: Compiler, expansions: Mapping[str, Iterable[str]]
    ):
        self._words: dict[str, list[int]] = {}
        self._runs: list[tuple[tuple[str, ...], int]] = []
        for number, clause in enumerate(clauses):
            if clause.excluded:
                continue
            if clause.kind == "prefix":
                self._add(expansions[clause.words[0]], number)
            elif clause.kind == "phrase":
                for way in dict.fromkeys((clause.words, clause.joined)):
                    self._add_run(way, number)
            else:
                self._add(compiler.forms(clause.joined[0]), number)
                if clause.kind == "compound":
                    self._add_run(clause.words, number)
        runs = (term for run, _ in self._runs for term in run)
        self.terms = tuple(dict.fromkeys((*self._words, *runs)))

    def _add(self, terms: Iterable[str], clause: int) -> None:
        for term in terms:
            clauses = self._words.setdefault(term, [])
            if clause not in clauses:
                clauses.append(clause)

    def _add_run(self, words: tuple[str, ...], clause: int) -> None:
        run = tuple(map(exact, words))
        if len(run) == 1:
            self._add(run, clause)
        else:
            self._runs.append((run, clause))

    def answers(
        self, places: Mapping[str, list[int]], kept: Kept, language: str
    ) -> dict[tuple[int, int], Spans]:
        """Leaf and number of the field in TEXT_FIELDS -> answers in that text.

        Args:
            places: see engines.base.Where.
            kept: the item's texts.
            language: of the item.
        """
        found: dict[tuple[int, int], Spans] = {}
        for term, clauses in self._words.items():
            own = places.get(term)
            if own is None:
                continue
            for place, first, last in _spans(own, term, kept, language):
                where = (place >> LEAF_BITS) % MAX_LEAVES, place >> FIELD_SHIFT
                spans = found.setdefault(where, {})
                for clause in clauses:
                    spans.setdefault(clause, set()).add((first, last))
        for run, clause in self._runs:
            for place in _run(run, places):
                where = (place >> LEAF_BITS) % MAX_LEAVES, place >> FIELD_SHIFT
                first = place & _WORD_MASK
                spans = found.setdefault(where, {})
                spans.setdefault(clause, set()).add((first, first + len(run) - 1))
        return found


def _run(run: tuple[str, ...], places: Mapping[str, list[int]]) -> list[int]:
    """Places at which the terms stand one behind the other."""
    starts = places.get(run[0], [])
    for distance, term in enumerate(run[1:], start=1):
        here = places.get(term)
        if not starts or not here:
            return []
        there = set(here)
        starts = [place for place in starts if place + distance in there]
    return starts


def _spans(
    places: list[int], term: str, kept: Kept, language: str
) -> Iterable[tuple[int, int, int]]:
    """Place, first word and last word of each answer to a term.

    A compound stands at the places of both its halves.
    """
    if len(places) == 1:
        place = places[0]
        return [(place, place & _WORD_MASK, place & _WORD_MASK)]
    found = []
    before = -2
    doubtful: set[int] = set()
    for place in places:
        if place == before + 1:
            doubtful.update((before, place))
        before = place
    for place in places:
        first = place & _WORD_MASK
        text = text_of(kept, place) if place in doubtful else None
        if text is None or first >= text.count:
            found.append((place, first, first))
            continue
        if _fits(text.word(first), term, language):
            found.append((place, first, first))
        if place + 1 in doubtful and first + 1 < text.count and text.joins(first):
            both = text.word(first) + text.word(first + 1)
            if _fits(both, term, language):
                found.append((place, first, first + 1))
    return found


def _fits(word: str, term: str, language: str) -> bool:
    """Whether a word is indexed as this term."""
    return term == EXACT + word if term.startswith(EXACT) else term == stem(word, language)


def text_of(kept: Kept, place: int) -> KeptText | None:
    """The text that a place is in, None where it is not kept."""
    field = place >> FIELD_SHIFT
    leaf = (place >> LEAF_BITS) % MAX_LEAVES
    if field in LEAF_TEXT:
        return kept.leaf(leaf).texts[LEAF_TEXT[field]] if leaf < kept.leaves else None
    if field == FIELD_NUMBERS["title"]:
        return kept.title
    return kept.description if field == FIELD_NUMBERS["abstract"] else None
