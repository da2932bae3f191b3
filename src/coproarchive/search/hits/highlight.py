"""Highlighting: the one place that marks the answers to a query in a text, and cuts excerpts."""

from __future__ import annotations

from functools import lru_cache

from coproarchive.search.hits.results import Snippet
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.language.analysis import EXACT, stem, tokenize, words_of

WIDTH = 240
"""Characters of a snippet: about three lines of a phone."""
MOST_STARTS = 60
"""Marks of a long text at which an excerpt may begin."""
CACHED_TEXTS = 4_000
"""Texts whose inverted words are cached, some 5 kB each: the slides of about 130 talks."""

WordSpan = tuple[int, int]
"""First and last word of an answer, by their numbers in a text."""
Mark = tuple[int, int, int]
"""A run of characters that answers a clause: offset of the first, offset after the last, number of
the clause."""


class TextIndex:
    """The inverted words of one text, as analysis.invert has them; with the spans of compounds.

    Args:
        text: plain.
    """

    __slots__ = ("_offsets", "_stems", "_text", "_words")

    def __init__(self, text: str):
        self._text = text
        self._offsets: list[WordSpan] | None = None
        self._stems: dict[str, dict[str, list[WordSpan]]] = {}
        self._words: dict[str, list[WordSpan]] = {}
        before = ""
        for number, (word, joins) in enumerate(words_of(text)):
            self._words.setdefault(word, []).append((number, number))
            if before:
                self._words.setdefault(before + word, []).append((number - 1, number))
            before = word if joins else ""

    def offsets(self) -> list[tuple[int, int]]:
        """Return the offsets of each word's first character and of the one after its last."""
        if self._offsets is None:
            self._offsets = [(token.start, token.end) for token in tokenize(self._text)]
        return self._offsets

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


text_index_of = lru_cache(maxsize=CACHED_TEXTS)(TextIndex)
"""Cached: the same slides are shown again and again."""


class Highlighter:
    """Marks what answers a query in texts of one language.

    Args:
        targets: of the query.
        language: of the texts.
    """

    def __init__(self, targets: TermTargets, language: str):
        self._targets = targets
        self._language = language

    def answers(self, text: str) -> set[tuple[WordSpan, int]]:
        """Return the answers in a text: words, and the number of the clause they answer."""
        index, targets = text_index_of(text), self._targets
        answers: set[tuple[WordSpan, int]] = set()
        for term, numbers in targets.terms.items():
            spans = index.spans(term, self._language)
            answers.update((span, number) for span in spans for number in numbers)
        for prefix, numbers in targets.prefixes.items():
            spans = index.prefixed(prefix)
            answers.update((span, number) for span in spans for number in numbers)
        for run, number in targets.runs:
            spans = index.adjacent(run, self._language)
            answers.update((span, number) for span in spans)
        return answers

    def marks(self, text: str) -> list[Mark]:
        """Return a mark for each answer in a text, ascending, longer ones first."""
        answers = self.answers(text)
        if not answers:
            return []
        offsets = text_index_of(text).offsets()
        marks = [(offsets[first][0], offsets[last][1], clause) for (first, last), clause in answers]
        return sorted(marks, key=lambda mark: (mark[0], -mark[1], mark[2]))

    def whole(self, text: str) -> Snippet:
        """Return all of a text with its answers marked."""
        return whole(text, self.marks(text))


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
