"""Which words of an item answer which clause of a query, from the places an engine gives.

The same as highlight.Highlighter finds in the texts themselves, without reading them: only where a
word may be half of a compound (co-production counts as "coproduction" too) is the text looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from coproarchive.search.engines.seam import Occurrence, Occurrences
from coproarchive.search.hits.stored import StoredItem, StoredText, count_of, joins_next, word_at
from coproarchive.search.language.analysis import (
    EXACT,
    FIELD_SHIFT,
    LEAF_BITS,
    MAX_LEAVES,
    exact,
    stem,
)
from coproarchive.search.language.fields import LEAF_FIELDS, TEXT_FIELDS
from coproarchive.search.language.query import Clause
from coproarchive.search.language.rewrite import Rewriter

WordSpan = tuple[int, int, int]
"""First and last word of an answer, by their numbers in a text, and the clause it answers."""
Texts = dict[int, list[WordSpan]]
"""Text, as `text_key` gives it, -> its answers."""

FIELD_NUMBERS = {name: number for number, name in enumerate(TEXT_FIELDS)}
LEAF_TEXT = [LEAF_FIELDS.index(n) if n in LEAF_FIELDS else None for n in TEXT_FIELDS]
"""By the number of a field: which of a leaf's texts it is; see kept.texts_of."""
KEY_SHIFT = FIELD_SHIFT - LEAF_BITS
"""A text's key is the field's number, shifted by so many bits, and the leaf's."""
_WORD_MASK = (1 << LEAF_BITS) - 1


def text_key(field: str, leaf: int = 0) -> int:
    """Key of a field's text on a leaf."""
    return (FIELD_NUMBERS[field] << KEY_SHIFT) + leaf


class TermTargets:
    """What is looked for in the items found: terms, and which clauses each answers.

    Args:
        clauses: what was searched; excluded ones answer nothing.
        compiler: knows the forms of words.
    """

    def __init__(self, clauses: Iterable[Clause], compiler: Rewriter):
        self._words: dict[str, list[int]] = {}
        self._beginnings: dict[str, list[int]] = {}
        self._runs: list[tuple[tuple[str, ...], int]] = []
        for number, clause in enumerate(clauses):
            if clause.excluded:
                continue
            if clause.kind == "prefix":
                self._beginnings.setdefault(clause.words[0], []).append(number)
            elif clause.kind == "phrase":
                for way in dict.fromkeys((clause.words, clause.joined)):
                    self._add_run(way, number)
            else:
                for form in compiler.forms(clause.joined[0]):
                    self._add(form, number)
                if clause.kind == "compound":
                    self._add_run(clause.words, number)
        runs = (term for run, _ in self._runs for term in run)
        self.terms = tuple(dict.fromkeys((*self._words, *runs)))
        self.prefixes = tuple(self._beginnings)

    def _add(self, term: str, clause: int) -> None:
        clauses = self._words.setdefault(term, [])
        if clause not in clauses:
            clauses.append(clause)

    def _add_run(self, words: tuple[str, ...], clause: int) -> None:
        run = tuple(map(exact, words))
        if len(run) == 1:
            self._add(run[0], clause)
        else:
            self._runs.append((run, clause))

    def answers(self, occurrences: Occurrences, kept: StoredItem, language: str) -> Texts:
        """Answers in each text of an item.

        Args:
            occurrences: of `terms` and `prefixes` in it.
            kept: its texts.
            language: of the item.
        """
        found: Texts = {}
        places_of = {term: list(map(_place, own)) for term, own in occurrences.terms.items()}
        prefixed = {prefix: list(map(_place, own)) for prefix, own in occurrences.prefixes.items()}
        for term, clauses in self._words.items():
            if places := places_of.get(term):
                if _stand_apart(places):
                    _note(found, places, clauses)
                else:
                    _note_parts(found, places, clauses, kept, partial(_fits, term, language))
        for prefix, clauses in self._beginnings.items():
            if places := prefixed.get(prefix):
                _note_parts(found, places, clauses, kept, partial(_begins, prefix))
        if self._runs:
            for run, clause in self._runs:
                for place in _run(run, places_of):
                    first = place & _WORD_MASK
                    span = (first, first + len(run) - 1, clause)
                    found.setdefault(place >> LEAF_BITS, []).append(span)
            # The same words may answer as a compound and as a phrase.
            found = {key: list(dict.fromkeys(spans)) for key, spans in found.items()}
        return found


def _place(occurrence: Occurrence) -> int:
    """One number: text_key, shifted by LEAF_BITS, and the word."""
    field, leaf, word = occurrence
    return (FIELD_NUMBERS[field] << FIELD_SHIFT) + (leaf << LEAF_BITS) + word


def _stand_apart(places: list[int]) -> bool:
    """Whether no two stand side by side: none can be half of a compound."""
    before = -2
    for place in places:
        if place == before + 1:
            return False
        before = place
    return True


def _note(found: Texts, places: list[int], clauses: list[int]) -> None:
    """Add the answers of one term to those found."""
    for place in places:
        number = place & _WORD_MASK
        own = found.get(place >> LEAF_BITS)
        if own is None:
            own = found[place >> LEAF_BITS] = []
        for clause in clauses:
            own.append((number, number, clause))


def _note_parts(
    found: Texts,
    places: list[int],
    clauses: list[int],
    kept: StoredItem,
    fits: Callable[[str], bool],
) -> None:
    """Add the answers of one term, some of which may be compounds."""
    for place, first, last in _spans(places, kept, fits):
        for clause in clauses:
            found.setdefault(place >> LEAF_BITS, []).append((first, last, clause))


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
    places: list[int], kept: StoredItem, fits: Callable[[str], bool]
) -> Iterable[tuple[int, int, int]]:
    """Place, first word and last word of each answer to a term.

    A compound stands at the places of both its halves.
    """
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
        if text is None or first >= (count := count_of(text)):
            found.append((place, first, first))
            continue
        if fits(word_at(text, first)):
            found.append((place, first, first))
        if place + 1 in doubtful and first + 1 < count and joins_next(text, first):
            both = word_at(text, first) + word_at(text, first + 1)
            if fits(both):
                found.append((place, first, first + 1))
    return found


def _fits(term: str, language: str, said: str) -> bool:
    """Whether a word is indexed as this term."""
    return term == EXACT + said if term.startswith(EXACT) else term == stem(said, language)


def _begins(prefix: str, said: str) -> bool:
    """Whether a word is one that the prefix stands for."""
    return said.startswith(prefix)


def text_of(kept: StoredItem, place: int) -> StoredText | None:
    """The text that a place is in, None where it is not kept."""
    field = place >> FIELD_SHIFT
    leaf = (place >> LEAF_BITS) % MAX_LEAVES
    number = LEAF_TEXT[field]
    if number is not None:
        return kept.leaf(leaf).texts[number] if leaf < kept.leaves else None
    if field == FIELD_NUMBERS["title"]:
        return kept.title
    return kept.description if field == FIELD_NUMBERS["abstract"] else None
