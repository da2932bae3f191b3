"""Which words of a text answer a query: the same words that the index was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from coproarchive.search.analysis import Token, stem, tokenize
from coproarchive.search.bag import bag_of
from coproarchive.search.query import Clause
from coproarchive.search.results import Snippet

WIDTH = 240
"""Characters of a snippet: about three lines of a phone."""


@lru_cache(maxsize=2_000)
def tokens_of(text: str) -> tuple[Token, ...]:
    """Words of a text that is shown; kept, since the same slides are shown again and again."""
    return tuple(tokenize(text))


@dataclass(frozen=True, slots=True)
class Mark:
    """A run of characters that answers one clause."""

    start: int
    end: int
    clause: int


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
        self._clauses = tuple(clauses)
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._prefixes: list[tuple[str, int]] = []
        self._runs: list[tuple[tuple[str, ...], int]] = []
        for number, clause in enumerate(self._clauses):
            self._take(clause, number, forms)

    def _take(self, clause: Clause, number: int, forms: Callable[[str], tuple[str, ...]]) -> None:
        if clause.excluded:
            return
        if clause.kind == "prefix":
            self._prefixes.append((clause.words[0], number))
        elif clause.kind == "phrase":
            self._runs += [(way, number) for way in dict.fromkeys((clause.words, clause.joined))]
        else:
            word = clause.joined[0] if clause.kind == "compound" else clause.words[0]
            self._words.setdefault(word, []).append(number)
            for form in forms(word):
                self._stems.setdefault(form, []).append(number)
            if clause.kind == "compound":
                self._runs.append((clause.words, number))

    def counts(self, text: str) -> dict[int, int]:
        """Clause -> how often the text answers it, without finding out where."""
        bag = bag_of(text)
        found: dict[int, set[int]] = {}
        stems = bag.stems(self._language) if self._stems else {}
        for table, wanted in ((bag.numbers, self._words), (stems, self._stems)):
            for word, clauses in wanted.items():
                if places := table.get(word):
                    for clause in clauses:
                        found.setdefault(clause, set()).update(places)
        for prefix, clause in self._prefixes:
            if places := bag.prefixed(prefix):
                found.setdefault(clause, set()).update(places)
        for run, clause in self._runs:
            if places := bag.runs(run):
                found.setdefault(clause, set()).update(places)
        return {clause: len(places) for clause, places in found.items()}

    def marks(self, text: str) -> list[Mark]:
        """Every answer in the text, ascending; a clause may mark several runs."""
        if not (self._words or self._prefixes or self._runs):
            return []
        tokens = tokens_of(text)
        found: set[Mark] = set()
        for at, token in enumerate(tokens):
            found.update(Mark(token.start, token.end, n) for n in self._single(token.word))
            if token.joins and at + 1 < len(tokens):
                after = tokens[at + 1]
                joined = self._single(token.word + after.word)
                found.update(Mark(token.start, after.end, n) for n in joined)
            for run, number in self._runs:
                if run[0] == token.word and _stands(tokens, at, run):
                    end = tokens[at + len(run) - 1].end
                    found.add(Mark(token.start, end, number))
        return sorted(found, key=lambda m: (m.start, -m.end))

    def _single(self, word: str) -> list[int]:
        found = list(self._words.get(word, ()))
        if self._stems:
            found += self._stems.get(stem(word, self._language), ())
        return found + [n for prefix, n in self._prefixes if word.startswith(prefix)]

    def whole(self, text: str) -> Snippet:
        """All of the text with its answers marked."""
        return Snippet(text, _merged(self.marks(text), 0, len(text)))

    def excerpt(self, text: str, marks: list[Mark] | None = None) -> Snippet:
        """About WIDTH characters around the place with the most different answers."""
        marks = self.marks(text) if marks is None else marks
        if len(text) <= WIDTH:
            return Snippet(text, _merged(marks, 0, len(text)))
        start, end = _window(text, marks)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        shift = start - len(before)
        kept = _merged([m for m in marks if m.start >= start and m.end <= end], shift, len(text))
        piece = text[start:end].replace("\n", " ")
        return Snippet(before + piece + after, kept)


def _stands(tokens: tuple[Token, ...], at: int, run: tuple[str, ...]) -> bool:
    return len(tokens) >= at + len(run) and all(
        tokens[at + n].word == word for n, word in enumerate(run)
    )


def _window(text: str, marks: list[Mark]) -> tuple[int, int]:
    """Bounds of the excerpt, at spaces."""
    best, start = (-1, 0), 0
    for mark in marks:
        inside = [m for m in marks if mark.start <= m.start and m.end <= mark.start + WIDTH]
        worth = (len({m.clause for m in inside}), len(inside))
        if worth > best:
            best, start = worth, mark.start
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
    for mark in marks:
        start, end = mark.start - shift, min(mark.end, limit) - shift
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
