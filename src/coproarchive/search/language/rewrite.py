"""From what a reader asked to what an engine is asked: forms of words, synonyms, corrections."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from coproarchive.search.language.analysis import exact, fold, stem, tokenize
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

MOST_CORRECTIONS = 10_000
"""Words whose correction is kept."""
MOST_FORMS = 10_000
"""Words whose stems are kept."""
QUESTION_WORDS = 6
"""From so many telling words on, a query is a question: the best matches, not only full ones."""


class Synonyms:
    """Groups of words and phrases that mean the same to a reader."""

    def __init__(self, groups: Iterable[Sequence[str]]):
        self._groups: list[list[tuple[str, ...]]] = []
        self._of: dict[tuple[str, ...], list[int]] = {}
        self.longest = 0
        for group in groups:
            members = [tuple(t.word for t in tokenize(text)) for text in group]
            members = [m for m in dict.fromkeys(members) if m]
            if len(members) < 2:
                continue
            for member in members:
                self._of.setdefault(member, []).append(len(self._groups))
                self.longest = max(self.longest, len(member))
            self._groups.append(members)

    def of(self, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Other ways to say these words; a compound written otherwise is found without them."""
        found = [m for n in self._of.get(words, ()) for m in self._groups[n]]
        return [m for m in dict.fromkeys(found) if "".join(m) != "".join(words)]


@dataclass
class Rewritten:
    """What the engine is asked, and what the reader is told about it.

    Attributes:
        full: documents that match everything asked for.
        partial: documents that match some of it; None where there is nothing to give up.
        clauses: as searched, corrections put in, each once.
        corrections: word as typed -> word searched instead.
        synonyms: word as typed -> what was also searched.
        alternatives: extra words to mark in snippets, as clauses.
        is_question: whether partial matches are what a long question wants.
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


class Rewriter:
    """Compiles queries for one archive and one generation of its index.

    Args:
        languages: of the archive's items; words are stemmed in each.
        synonyms: the archivists' groups.
        frequencies: of terms in documents; see Snapshot.frequencies.
        words: every word of the archive, sorted; asked for by `prepare`, or when one is not known.
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
        self._spelling: Spelling | None = None
        self._corrections: dict[str, str | None] = {}
        self._forms: dict[str, tuple[str, ...]] = {}

    def compile(self, query: Query) -> Rewritten:
        """See Rewritten."""
        compiled = Rewritten(MatchAll(), None)
        positive = [c for c in query.clauses if not c.excluded]
        if not query.exact:
            positive = [self._corrected(clause, compiled) for clause in positive]
        positive, worths = self._counted(positive)
        nodes = self._positive_nodes(positive, worths, compiled, query.exact)
        excluded = [Not(self.node(c)) for c in query.clauses if c.excluded]
        compiled.clauses = (*positive, *(c for c in query.clauses if c.excluded))
        compiled.is_question = len(nodes) >= QUESTION_WORDS and not query.exact
        # Who writes quotes, minus signs or fields wants just that.
        compiled.is_filled = not (query.exact or excluded) and all(
            c.kind in ("word", "compound") and not c.fields for c in compiled.clauses
        )
        bonuses = self._bonuses(positive) if len(nodes) < QUESTION_WORDS else ()
        if nodes:
            full = _boosted(_all(nodes), bonuses)
            compiled.full = And((full, *excluded)) if excluded else full
        elif excluded:
            compiled.full = And((MatchAll(), *excluded))
        if len(nodes) > 1:
            some = _boosted(AtLeast(tuple(nodes)), bonuses)
            compiled.partial = And((some, *excluded)) if excluded else some
        return compiled

    def _counted(self, clauses: list[Clause]) -> tuple[list[Clause], dict[Clause, float]]:
        """Each clause once, and what it counts: a word said twice is meant more."""
        times: dict[tuple[object, ...], list[Clause]] = {}
        for clause in clauses:
            key = (clause.kind, clause.words, clause.joined, clause.fields)
            times.setdefault(key, []).append(clause)
        worths = {
            same[0]: 1 + self._weights.repeated * math.log(len(same)) for same in times.values()
        }
        return list(worths), worths

    def _bonuses(self, clauses: list[Clause]) -> tuple[Node, ...]:
        """What sets one full match before another: neighbours side by side, all on one slide."""
        if len(clauses) < 2 or any(c.kind not in ("word", "compound") or c.fields for c in clauses):
            return ()
        pairs = [
            Phrase((exact(a.words[-1]), exact(b.words[0])), (), self._weights.pair)
            for a, b in pairwise(clauses)
        ]
        groups = tuple(self.forms(c.joined[0]) for c in clauses)
        return (*pairs, SameLeaf(groups, self._weights.together))

    def forms(self, word: str) -> tuple[str, ...]:
        """Stems of the word in the archive's languages."""
        known = self._forms.get(word)
        if known is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            stems = [stem(word, language) for language in self._languages]
            known = self._forms[word] = tuple(dict.fromkeys(stems))
        return known

    def node(self, clause: Clause, weight: float = 1.0) -> Node:
        """What a clause means to the engine."""
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
        """Its stems; found as written, or in a title, it counts a little more."""
        weights = self._weights
        forms = self.forms(word)
        stems = _any([Term(form, fields, weight) for form in forms])
        bonuses = [Term(exact(word), fields, weight * weights.exact)]
        if not fields:
            bonuses += [Term(form, ("title",), weight * weights.title) for form in forms]
        return Boosted(stems, tuple(bonuses))

    # ------------------------------------------------------------- synonyms

    def _positive_nodes(
        self,
        clauses: list[Clause],
        worths: dict[Clause, float],
        compiled: Rewritten,
        is_exact: bool,
    ) -> list[Node]:
        """A node a clause; clauses that together name a synonym become one node."""
        nodes: list[Node] = []
        at = 0
        while at < len(clauses):
            length, others = (1, []) if is_exact else self._longest_synonym(clauses, at)
            taken = clauses[at : at + length]
            own = [self.node(c, worths[c]) for c in taken]
            if others:
                said = " ".join(c.surface for c in taken)
                compiled.synonyms[said] = [" ".join(words) for words in others]
                ways = [self._other_way(words, taken[0].fields, compiled) for words in others]
                nodes.append(DisMax((_all(own), *ways)))
            else:
                nodes += own
            at += length
        return nodes

    def _longest_synonym(self, clauses: list[Clause], at: int) -> tuple[int, list[tuple[str, ...]]]:
        """How many clauses from here name something with synonyms, and those."""
        for length in range(min(self._synonyms.longest, len(clauses) - at), 0, -1):
            taken = clauses[at : at + length]
            if any(c.kind in ("prefix", "phrase") and length > 1 for c in taken):
                continue
            if len({c.fields for c in taken}) > 1 or taken[0].kind in ("prefix", "phrase"):
                continue
            words = tuple(w for c in taken for w in c.words)
            others = self._synonyms.of(words) or self._synonyms.of(tuple(_singular(words)))
            # "carer" is found by "carers" anyway, and to be told of it helps nobody.
            own = list(map(self.forms, words))
            others = [other for other in others if list(map(self.forms, other)) != own]
            if others:
                return length, others
        return 1, []

    def _other_way(
        self, words: tuple[str, ...], fields: tuple[str, ...], compiled: Rewritten
    ) -> Node:
        if len(words) == 1:
            compiled.alternatives.append(Clause("word", words, words, words[0], fields))
            return self._word(words[0], fields, self._weights.synonym)
        compiled.alternatives.append(Clause("phrase", words, words, " ".join(words), fields))
        return Phrase(tuple(exact(w) for w in words), fields, self._weights.synonym)

    # ---------------------------------------------------------- corrections

    def _corrected(self, clause: Clause, compiled: Rewritten) -> Clause:
        """The clause with a word that the archive does not know replaced by the nearest it does."""
        if clause.kind != "word":
            return clause
        word = clause.words[0]
        known = any(self._frequencies((exact(word), *self.forms(word))).values())
        if known or len(word) < 4 or not word.isalpha() or self._synonyms.of((word,)):
            return clause
        if word not in self._corrections:
            if len(self._corrections) >= MOST_CORRECTIONS:
                self._corrections.clear()
            self._corrections[word] = self.nearest(word)
        nearest = self._corrections[word]
        if nearest is None:
            return clause
        compiled.corrections[clause.surface] = nearest
        return Clause("word", (nearest,), (nearest,), nearest, clause.fields)

    def prepare(self) -> Spelling:
        """Be ready for a word that the archive does not know: 30 ms for 60,000 that it does."""
        if self._spelling is None:
            self._spelling = Spelling(self._words())
        return self._spelling

    def nearest(self, word: str) -> str | None:
        """The word of the archive that was probably meant; see spelling.Spelling."""
        near = self.prepare().near(word)
        if len(near) > 1:
            frequencies = self._frequencies(map(exact, near))
            return min(near, key=lambda other: (-frequencies[exact(other)], other))
        return near[0] if near else None


def _singular(words: tuple[str, ...]) -> list[str]:
    """The words with the plural s of the last taken off: synonyms are listed in the singular."""
    last = fold(words[-1])
    return [*words[:-1], last[:-1] if last.endswith("s") and len(last) > 3 else last]


def _any(nodes: list[Term] | list[Phrase]) -> Node:
    return nodes[0] if len(nodes) == 1 else DisMax(tuple(nodes))


def _all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _boosted(node: Node, bonuses: tuple[Node, ...]) -> Node:
    return Boosted(node, bonuses) if bonuses else node
