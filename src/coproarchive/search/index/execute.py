"""Putting a query to an engine: what matches in full, or the best of what does in part."""

from __future__ import annotations

from dataclasses import dataclass

from coproarchive.model import edtf_bounds
from coproarchive.search.engines.seam import Request, Response, Snapshot
from coproarchive.search.language.query import Query
from coproarchive.search.language.rewrite import Rewriter, Rewritten

ENOUGH = 10
"""So many full matches need no partial ones behind them: a page of results."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine found for a query.

    Attributes:
        compiled: what was asked.
        response: what was found.
        full: how many of the documents found have all that was asked for.
    """

    compiled: Rewritten
    response: Response
    full: int

    @property
    def partial(self) -> bool:
        """Whether nothing has all that was asked for, and something some of it."""
        return self.full == 0 and self.response.total > 0


def ask(
    engine: Snapshot,
    compiler: Rewriter,
    query: Query,
    facets: tuple[str, ...],
    exclude: frozenset[str] = frozenset(),
) -> Outcome:
    """Carry out a query.

    What is found, and counted, has all that was asked for. Where nothing has, and for long
    questions, it is what has some of it; where less than a page has, the best of those are given
    beside, counted nowhere. Which of these it is, is decided without the reader's filters, so that
    narrowing only narrows.

    Args:
        engine: searched.
        compiler: of the same generation.
        query: what a reader asks.
        facets: counted.
        without: ids that the engine has and readers may no longer see.
    """
    compiled = compiler.compile(query)
    is_question = compiled.is_question and compiled.partial is not None
    response = engine.search(
        Request(
            compiled.partial if is_question and compiled.partial else compiled.full,
            None if is_question else compiled.partial,
            ENOUGH if compiled.is_filled else 0,
            {name: frozenset(values) for name, values in query.facets.items()},
            days_of(query),
            exclude,
            query.sort,
            (query.page - 1) * query.size,
            query.size,
            facets,
        )
    )
    full = 0 if is_question or response.used_fallback else response.total
    return Outcome(compiled, response, full)


def days_of(query: Query) -> tuple[str, str]:
    """First and last day of the query's range."""
    first = edtf_bounds(query.after)[0] if query.after else ""
    last = edtf_bounds(query.before)[1] if query.before else ""
    return first, last
