"""From a reader's query to the query tree: forms of words, synonyms, corrections, bonuses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal

from coproarchive.search.cache import Cache
from coproarchive.search.language.analysis import exact, fold, stem
from coproarchive.search.language.query import Clause, Query
from coproarchive.search.language.query_tree import (
    And,
    AtLeast,
    Boosted,
    DisMax,
    MatchAll,
    Node,
    Not,
    Phrase,
    Prefix,
    SameLeaf,
    Term,
)
from coproarchive.search.language.ranking import STANDARD, Weights
from coproarchive.search.language.spelling import Spelling
from coproarchive.search.language.synonyms import Synonyms

MOST_CORRECTIONS = 10_000
"""Words whose correction is cached."""
MIN_CORRECTED = 4
"""Letters of a word that is corrected."""
QUESTION_WORDS = 6
"""From so many telling words on, a query is a question: the best matches, not only full ones."""


@dataclass
class Rewritten:
    """A query as engines run it, and what readers are told about it.

    Attributes:
        full: matches all conditions.
        partial: matches some of them; None where there is but one.
        clauses: as searched, with corrections, each once.
        corrections: word as typed -> word searched instead.
        synonyms: words as typed -> synonyms searched too.
        alternatives: the synonyms as clauses, to be marked too.
        is_question: whether the best partial matches answer it, as they do a long question.
        is_filled: whether few full matches are to be followed by partial ones.
    """

    full: Node
    partial: Node | None
    clauses: tuple[Clause, ...] = ()
    corrections: dict[str, str] = field(default_factory=dict)
    synonyms: dict[str, list[str]] = field(default_factory=dict)
    alternatives: list[Clause] = field(default_factory=list)
    is_question: bool = False
    is_filled: bool = False

    @property
    def marked_clauses(self) -> tuple[Clause, ...]:
        """Clauses whose answers are shown: of the query, and its synonyms."""
        return (*self.clauses, *self.alternatives)


class Rewriter:
    """Rewrites queries for one archive and one snapshot of its index. Thread-safe.

    Args:
        languages: of the archive's items; words are stemmed in each.
        synonyms: the archivists' groups.
        frequencies: term -> number of documents that have it; see Snapshot.frequencies.
        words: returns every word of the archive, sorted; called once, when a word is corrected.
        weights: of the ranking.
    """

    def __init__(
        self,
        languages: Sequence[str],
        synonyms: Synonyms,
        frequencies: Callable[[Iterable[str]], Mapping[str, int]],
        words: Callable[[], list[str]],
        weights: Weights = STANDARD,
    ):
        self._languages = list(languages) or ["en"]
        self._synonyms = synonyms
        self._frequencies = frequencies
        self._words = words
        self._weights = weights
        # No cache of a bound method: a cycle would hold a replaced index until the next collection.
        self._corrections: Cache[str] = Cache(MOST_CORRECTIONS, lambda _: 1)

    def rewrite(self, query: Query) -> Rewritten:
        """Rewrite a query."""
        rewritten = Rewritten(MatchAll(), None)
        positive = list(query.positive)
        if not query.exact:
            positive = self._corrected(positive, rewritten)
        factors = self._factors(positive)
        positive = list(factors)
        nodes = self._positive_nodes(factors, rewritten, query.exact)
        negative = [c for c in query.clauses if c.excluded]
        excluded = [Not(self.node(c)) for c in negative]
        rewritten.clauses = (*positive, *negative)
        rewritten.is_question = len(nodes) >= QUESTION_WORDS and not query.exact
        # Who writes quotes, minus signs or fields wants just that.
        rewritten.is_filled = not (query.exact or excluded) and _are_plain_words(positive)
        bonuses = self._bonuses(positive) if len(nodes) < QUESTION_WORDS else ()
        if nodes:
            full = _boosted(_all(nodes), bonuses)
            rewritten.full = And((full, *excluded)) if excluded else full
        elif excluded:
            rewritten.full = And((MatchAll(), *excluded))
        if len(nodes) > 1:
            some = _boosted(AtLeast(tuple(nodes)), bonuses)
            rewritten.partial = And((some, *excluded)) if excluded else some
        return rewritten

    def _factors(self, clauses: list[Clause]) -> dict[Clause, float]:
        """Return each clause once, and the factor of its score: repeated words count more."""
        repeated: dict[tuple[object, ...], list[Clause]] = {}
        for clause in clauses:
            key = (clause.kind, clause.words, clause.joined, clause.fields)
            repeated.setdefault(key, []).append(clause)
        return {
            same[0]: 1 + self._weights.repeated * math.log(len(same)) for same in repeated.values()
        }

    def _bonuses(self, clauses: list[Clause]) -> tuple[Node, ...]:
        """Return bonuses of full matches: neighbours side by side, all words on one slide."""
        if len(clauses) < 2 or not _are_plain_words(clauses):
            return ()
        pairs = [
            Phrase((exact(a.words[-1]), exact(b.words[0])), (), self._weights.pair)
            for a, b in pairwise(clauses)
        ]
        groups = tuple(self.forms(c.joined[0]) for c in clauses)
        return (*pairs, SameLeaf(groups, self._weights.together))

    def forms(self, word: str) -> tuple[str, ...]:
        """Return the stems of a word in the archive's languages."""
        return tuple(dict.fromkeys(stem(word, language) for language in self._languages))

    def node(self, clause: Clause, weight: float = 1.0) -> Node:
        """Return a clause as a node."""
        if clause.kind == "prefix":
            return Prefix(clause.words[0], clause.fields, weight)
        if clause.kind == "phrase":
            ways = dict.fromkeys((clause.words, clause.joined))
            return _any([Phrase(tuple(map(exact, way)), clause.fields, weight) for way in ways])
        if clause.kind == "compound":
            parts = Phrase(tuple(map(exact, clause.words)), clause.fields, weight)
            return DisMax((self._word(clause.joined[0], clause.fields, weight), parts))
        return self._word(clause.words[0], clause.fields, weight)

    def _word(self, word: str, fields: tuple[str, ...], weight: float) -> Node:
        """Match the stems of a word; as written, or in a title, it scores a little more."""
        weights = self._weights
        forms = self.forms(word)
        stems = _any([Term(form, fields, weight) for form in forms])
        bonuses = [Term(exact(word), fields, weight * weights.exact)]
        if not fields:
            bonuses += [Term(form, ("title",), weight * weights.title) for form in forms]
        return Boosted(stems, tuple(bonuses))

    # ------------------------------------------------------------- synonyms

    def _positive_nodes(
        self, factors: Mapping[Clause, float], rewritten: Rewritten, is_exact: bool
    ) -> list[Node]:
        """Return a node for each clause; clauses that together have synonyms become one node."""
        clauses = list(factors)
        nodes: list[Node] = []
        start = 0
        while start < len(clauses):
            length, synonyms = (1, []) if is_exact else self._longest_synonym(clauses, start)
            run = clauses[start : start + length]
            run_nodes = [self.node(clause, factors[clause]) for clause in run]
            if synonyms:
                surface = " ".join(clause.surface for clause in run)
                rewritten.synonyms[surface] = [" ".join(words) for words in synonyms]
                ways = [self._synonym(words, run[0].fields, rewritten) for words in synonyms]
                nodes.append(DisMax((_all(run_nodes), *ways)))
            else:
                nodes += run_nodes
            start += length
        return nodes

    def _longest_synonym(
        self, clauses: list[Clause], start: int
    ) -> tuple[int, list[tuple[str, ...]]]:
        """Return how many clauses from `start` on together have synonyms, and these."""
        for length in range(min(self._synonyms.longest, len(clauses) - start), 0, -1):
            run = clauses[start : start + length]
            if any(c.kind in ("prefix", "phrase") or c.fields != run[0].fields for c in run):
                continue
            words = tuple(word for clause in run for word in clause.words)
            synonyms = self._synonyms.of(words) or self._synonyms.of(_singular(words))
            # "carer" is found by "carers" anyway, and to be told of it helps nobody.
            forms = list(map(self.forms, words))
            synonyms = [other for other in synonyms if list(map(self.forms, other)) != forms]
            if synonyms:
                return length, synonyms
        return 1, []

    def _synonym(
        self, words: tuple[str, ...], fields: tuple[str, ...], rewritten: Rewritten
    ) -> Node:
        """Match a synonym, and note it to be marked."""
        kind: Literal["word", "phrase"] = "word" if len(words) == 1 else "phrase"
        rewritten.alternatives.append(Clause(kind, words, words, " ".join(words), fields))
        if kind == "word":
            return self._word(words[0], fields, self._weights.synonym)
        return Phrase(tuple(map(exact, words)), fields, self._weights.synonym)

    # ---------------------------------------------------------- corrections

    def _corrected(self, clauses: list[Clause], rewritten: Rewritten) -> list[Clause]:
        """Replace words that the archive does not have by the nearest that it has."""
        terms = {
            c: (exact(c.words[0]), *self.forms(c.words[0])) for c in clauses if self._may_err(c)
        }
        frequencies = self._frequencies({t for of_clause in terms.values() for t in of_clause})
        corrected = list(clauses)
        for number, clause in enumerate(clauses):
            if clause not in terms or any(frequencies[term] for term in terms[clause]):
                continue
            if nearest := self._correction(clause.words[0]):
                rewritten.corrections[clause.surface] = nearest
                corrected[number] = Clause("word", (nearest,), (nearest,), nearest, clause.fields)
        return corrected

    def _may_err(self, clause: Clause) -> bool:
        """Tell whether a clause is a word that is corrected where the archive does not have it."""
        word = clause.words[0]
        is_word = clause.kind == "word" and word.isalpha() and len(word) >= MIN_CORRECTED
        return is_word and not self._synonyms.of((word,))

    def prepare(self) -> None:
        """Load what correcting a word takes."""
        _ = self._spelling

    @cached_property
    def _spelling(self) -> Spelling:
        """The archive's words of letters alone, ready for corrections: 20 ms for 60,000 words."""
        return Spelling(filter(str.isalpha, self._words()))

    def _correction(self, word: str) -> str:
        """Return what `nearest` does, "" for None, from the cache where it is there."""
        return self._corrections.get(word, lambda: self.nearest(word) or "")

    def nearest(self, word: str) -> str | None:
        """Return the word of the archive that was probably meant, the commonest of the nearest."""
        near = self._spelling.nearest(word)
        frequencies = self._frequencies(map(exact, near))
        return min(near, key=lambda other: (-frequencies[exact(other)], other), default=None)


def _are_plain_words(clauses: Iterable[Clause]) -> bool:
    """Tell whether there are no quotes, beginnings and fields among clauses."""
    return all(c.kind in ("word", "compound") and not c.fields for c in clauses)


def _singular(words: tuple[str, ...]) -> tuple[str, ...]:
    """Take the plural s off the last word: synonyms are listed in the singular."""
    last = fold(words[-1])
    return (*words[:-1], last[:-1] if last.endswith("s") and len(last) > 3 else last)


def _any(nodes: list[Term] | list[Phrase]) -> Node:
    return nodes[0] if len(nodes) == 1 else DisMax(tuple(nodes))


def _all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _boosted(node: Node, bonuses: tuple[Node, ...]) -> Node:
    return Boosted(node, bonuses) if bonuses else node
