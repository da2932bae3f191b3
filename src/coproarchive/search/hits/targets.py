"""Which terms answer which clauses of a query: asked of the index and marked in texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from coproarchive.search.language.analysis import exact
from coproarchive.search.language.query import Clause


class TermTargets:
    """Terms that answer the clauses of a query.

    Args:
        clauses: what was searched; excluded ones are answered by nothing.
        forms: returns the stems of a word, see Rewriter.forms.

    Attributes:
        terms: indexed term -> numbers of the clauses that it answers by itself.
        prefixes: beginning of words -> numbers of the clauses.
        runs: terms that answer one after another, and the number of the clause.
    """

    def __init__(self, clauses: Iterable[Clause], forms: Callable[[str], tuple[str, ...]]):
        self.terms: dict[str, list[int]] = {}
        self.prefixes: dict[str, list[int]] = {}
        self.runs: list[tuple[tuple[str, ...], int]] = []
        for number, clause in enumerate(clauses):
            if clause.excluded:
                continue
            if clause.kind == "prefix":
                self.prefixes.setdefault(clause.words[0], []).append(number)
            elif clause.kind == "phrase":
                for words in dict.fromkeys((clause.words, clause.joined)):
                    self._add_run(words, number)
            else:
                for form in forms(clause.joined[0]):
                    self.terms.setdefault(form, []).append(number)
                if clause.kind == "compound":
                    self._add_run(clause.words, number)

    def _add_run(self, words: tuple[str, ...], number: int) -> None:
        terms = tuple(map(exact, words))
        if len(terms) == 1:
            self.terms.setdefault(terms[0], []).append(number)
        else:
            self.runs.append((terms, number))

    @property
    def indexed_terms(self) -> set[str]:
        """Every term whose occurrences tell which texts answer."""
        return {*self.terms, *(term for run, _ in self.runs for term in run)}
