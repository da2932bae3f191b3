"""Highlighting: the one place that marks the answers to a query in a text, and cuts excerpts."""

from __future__ import annotations

from array import array
from collections.abc import Collection
from itertools import chain

from coproarchive.search.cache import Cache
from coproarchive.search.hits.results import Snippet
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.language.analysis import EXACT, spans_of, stem, words_of

WIDTH = 240
"""Characters of a snippet: about three lines of a phone."""
MOST_STARTS = 60
"""Marks of a long text at which an excerpt may begin."""
CACHE_BYTES = 32 << 20
"""Of each cache of words of texts: the same are shown again and again."""
WORD_BYTES = 300
"""Memory of an inverted word with its stem, about."""

WordSpan = tuple[int, int]
"""First and last word of an answer, by their numbers in a text."""
Answer = tuple[int, int, int]
"""First and last word of an answer by their numbers in a text, number of the clause."""
Mark = tuple[int, int, int]
"""A run of characters that answers a clause: offset of the first, offset after the last, number of
the clause."""


class TextIndex:
    """The inverted words of one text, as analysis.invert has them; with the spans of compounds.

    Args:
        text: plain.

    Attributes:
        size: bytes of memory when all was asked for, about.
    """

    __slots__ = ("_stems", "_words", "size")

    def __init__(self, text: str):
        self._stems: dict[str, dict[str, list[WordSpan]]] = {}
        self._words: dict[str, list[WordSpan]] = {}
        before = ""
        words = words_of(text)
        self.size = 1_000 + WORD_BYTES * len(words)
        for number, (word, joins) in enumerate(words):
            self._words.setdefault(word, []).append((number, number))
            if before:
                self._words.setdefault(before + word, []).append((number - 1, number))
            before = word if joins else ""

    def spans(self, term: str, language: str) -> list[WordSpan]:
        """Return the spans of an indexed term in a text of this language."""
        if term.startswith(EXACT):
            return self._words.get(term.removeprefix(EXACT), [])
        stems = self._stems.get(language)
        if stems is None:
            stems = {}
            for word, spans in self._words.items():
                stems.setdefault(stem(word, language), []).extend(spans)
            self._stems[language] = stems
        return stems.get(term, [])

    def prefixed(self, prefix: str) -> list[WordSpan]:
        """Return the spans of the words that begin so."""
        words = self._words.items()
        return [span for word, spans in words if word.startswith(prefix) for span in spans]

    def adjacent(self, terms: tuple[str, ...], language: str) -> list[WordSpan]:
        """Return the spans of terms one after another; a compound counts at either of its halves,
        as in the index."""
        starts: set[int] | None = None
        for distance, term in enumerate(terms):
            shifted = {n - distance for span in self.spans(term, language) for n in span}
            starts = shifted if starts is None else starts & shifted
            if not starts:
                return []
        return [(start, start + len(terms) - 1) for start in starts or ()]


# Offsets of words, first character and after the last in turn; the size of an entry counts the
# text too. Arrays, since the garbage collector would walk lists of tuples again and again.
_offsets: Cache[array[int]] = Cache(CACHE_BYTES, lambda offsets: 200 + 12 * len(offsets))
_indexes: Cache[TextIndex] = Cache(CACHE_BYTES, lambda index: index.size)


def text_index_of(text: str) -> TextIndex:
    """Return the inverted words of a text, cached."""
    return _indexes.get(text, lambda: TextIndex(text))


class Highlighter:
    """Marks what answers a query in texts.

    Args:
        targets: of the query.
        language: of texts of which no other is said.
    """

    def __init__(self, targets: TermTargets, language: str):
        self._targets = targets
        self._language = language

    def answers(self, text: str, language: str = "") -> set[Answer]:
        """Return the answers in a text, of a language if it has its own."""
        index, targets, language = text_index_of(text), self._targets, language or self._language
        answers: set[Answer] = set()
        for term, numbers in targets.terms.items():
            spans = index.spans(term, language)
            answers.update((*span, number) for span in spans for number in numbers)
        for prefix, numbers in targets.prefixes.items():
            spans = index.prefixed(prefix)
            answers.update((*span, number) for span in spans for number in numbers)
        for run, number in targets.runs:
            spans = index.adjacent(run, language)
            answers.update((*span, number) for span in spans)
        return answers

    def marks(self, text: str, language: str = "") -> list[Mark]:
        """Return a mark for each answer in a text; see answers and marks_of."""
        return marks_of(text, self.answers(text, language))

    def whole(self, text: str, language: str = "") -> Snippet:
        """Return all of a text with its answers marked; see answers."""
        return whole(text, self.marks(text, language))


def marks_of(text: str, answers: Collection[Answer]) -> list[Mark]:
    """Return a mark for each answer, ascending, longer ones first."""
    if not answers:
        return []
    offsets = _offsets.get(text, lambda: array("I", chain.from_iterable(spans_of(text))))
    marks = [(offsets[2 * first], offsets[2 * last + 1], c) for first, last, c in answers]
    return sorted(marks, key=lambda mark: (mark[0], -mark[1], mark[2]))


def whole(text: str, marks: list[Mark]) -> Snippet:
    """Return all of a text, marked."""
    return Snippet(text, _merged(marks, 0, len(text)))


def excerpt(text: str, marks: list[Mark]) -> Snippet:
    """Return about WIDTH characters around the place with the most different answers."""
    if len(text) <= WIDTH:
        return whole(text, marks)
    start, end = _window(text, marks)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    inside = [mark for mark in marks if mark[0] >= start and mark[1] <= end]
    piece = text[start:end].replace("\n", " ")
    return Snippet(before + piece + after, _merged(inside, start - len(before), len(text)))


def _window(text: str, marks: list[Mark]) -> tuple[int, int]:
    """Return the offsets of the excerpt, at spaces."""
    best, start = (-1, 0), marks[0][0] if marks else 0
    for number, (first, _, _) in enumerate(marks[:MOST_STARTS] if len(marks) > 1 else ()):
        near = marks[number : number + MOST_STARTS]
        clauses = [clause for _, end, clause in near if end <= first + WIDTH]
        worth = (len(set(clauses)), len(clauses))
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
    """Merge overlapping marks into offsets, `shift` less than in the whole text."""
    merged: list[tuple[int, int]] = []
    for first, after, _ in marks:
        start, end = first - shift, min(after, limit) - shift
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
