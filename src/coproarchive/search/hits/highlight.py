"""Which words of a text answer a query: the same words that the index was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from coproarchive.search.hits.results import Snippet
from coproarchive.search.hits.text_index import text_index_of
from coproarchive.search.language.analysis import Token, stem, tokenize
from coproarchive.search.language.query import Clause

WIDTH = 240
"""Characters of a snippet: about three lines of a phone."""
LOOKED_AT = 60
"""Answers of a long text at which an excerpt may begin."""


@lru_cache(maxsize=2_000)
def tokens_of(text: str) -> tuple[Token, ...]:
    """Words of a text that is shown; kept, since the same slides are shown again and again."""
    return tuple(tokenize(text))


Mark = tuple[int, int, int]
"""A run of characters that answers one clause: the first, the first one behind, and the clause."""


class Highlighter:
    """Finds the clauses of a query in texts of one language.

    Args:
        clauses: what was searched; excluded ones mark nothing.
        forms: stems of a word, as the index was asked for them.
        language: of the texts.
    """

    def __init__(
        self, clauses: Iterable[Clause], forms: Callable[[str], tuple[str, ...]], language: str
    ):
        self._language = language
        self._stems: dict[str, list[int]] = {}
        self._prefixes: list[tuple[str, int]] = []
        self._runs: list[tuple[tuple[str, ...], int]] = []
        for number, clause in enumerate(clauses):
            self._take(clause, number, forms)
        self._wanted = frozenset(self._stems)
        self._only_words = not (self._prefixes or self._runs)

    def _take(self, clause: Clause, number: int, forms: Callable[[str], tuple[str, ...]]) -> None:
        if clause.excluded:
            return
        if clause.kind == "prefix":
            self._prefixes.append((clause.words[0], number))
        elif clause.kind == "phrase":
            self._runs += [(way, number) for way in dict.fromkeys((clause.words, clause.joined))]
        else:
            word = clause.joined[0]
            for form in dict.fromkeys((*forms(word), stem(word, self._language))):
                self._stems.setdefault(form, []).append(number)
            if clause.kind == "compound":
                self._runs.append((clause.words, number))

    def _places(self, text: str) -> dict[int, list[tuple[int, int]]]:
        """Clause -> first word and last word of each answer, by their numbers in the text."""
        bag = text_index_of(text)
        stems = bag.stems(self._language)
        if self._only_words and stems.keys().isdisjoint(self._wanted):
            return {}
        found: dict[int, list[tuple[int, int]]] = {}
        for form, clauses in self._stems.items():
            if places := stems.get(form):
                spans = [(n >> 1, (n + 1) >> 1) for n in places]
                for clause in clauses:
                    found.setdefault(clause, []).extend(spans)
        for prefix, clause in self._prefixes:
            if places := bag.prefixed(prefix):
                found.setdefault(clause, []).extend((n >> 1, (n + 1) >> 1) for n in places)
        for run, clause in self._runs:
            if spans := bag.runs(run):
                found.setdefault(clause, []).extend(spans)
        return found

    def marks(self, text: str) -> list[Mark]:
        """Every answer in the text, ascending; a clause may mark several runs."""
        places = self._places(text)
        if not places:
            return []
        tokens = tokens_of(text)
        found = {
            (tokens[first].start, tokens[last].end, clause)
            for clause, spans in places.items()
            for first, last in spans
        }
        return sorted(found, key=lambda mark: (mark[0], -mark[1]))

    def whole(self, text: str) -> Snippet:
        """All of the text with its answers marked."""
        return whole(text, self.marks(text))


def whole(text: str, marks: list[Mark]) -> Snippet:
    """All of a text with its answers marked."""
    return Snippet(text, _merged(marks, 0, len(text)) if marks else ())


def excerpt(text: str, marks: list[Mark]) -> Snippet:
    """About WIDTH characters around the place with the most different answers."""
    if len(text) <= WIDTH:
        return whole(text, marks)
    start, end = _window(text, marks)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = start - len(before)
    kept = _merged([m for m in marks if m[0] >= start and m[1] <= end], shift, len(text))
    piece = text[start:end].replace("\n", " ")
    return Snippet(before + piece + after, kept)


def _window(text: str, marks: list[Mark]) -> tuple[int, int]:
    """Bounds of the excerpt, at spaces."""
    best, start = (-1, 0), marks[0][0] if marks else 0
    for at, (first, _, _) in enumerate(marks[:LOOKED_AT] if len(marks) > 1 else ()):
        near = marks[at : at + LOOKED_AT]
        inside = [clause for _, behind, clause in near if behind <= first + WIDTH]
        worth = (len(set(inside)), len(inside))
        if worth > best:
            best, start = worth, first
    start = max(0, min(start - 40, len(text) - WIDTH))
    if start:
        space = text.find(" ", start, start + 30)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + WIDTH)
    if end < len(text):
        space = text.rfind(" ", end - 30, end)
        end = space if space > start else end
    return start, end


def _merged(marks: list[Mark], shift: int, limit: int) -> tuple[tuple[int, int], ...]:
    """Offsets without overlaps, moved by `shift`."""
    merged: list[tuple[int, int]] = []
    for first, behind, _ in marks:
        start, end = first - shift, min(behind, limit) - shift
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
