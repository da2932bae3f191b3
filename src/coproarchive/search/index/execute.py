"""Running a query on an engine: what matches in full, or the best of what does in part."""

from __future__ import annotations

from dataclasses import dataclass

from coproarchive.edtf import edtf_bounds
from coproarchive.search.engines.seam import Request, Response, Snapshot
from coproarchive.search.language.query import Query
from coproarchive.search.language.rewrite import Rewriter, Rewritten

ENOUGH = 10
"""So many full matches need no partial ones behind them: a page of results."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A query as it was searched, and the engine's response.

    Attributes:
        rewritten: what was asked.
        response: to it.
        full: how many of the matching documents have all that was asked for.
    """

    rewritten: Rewritten
    response: Response
    full: int

    @property
    def partial(self) -> bool:
        """Whether nothing has all that was asked for, and something some of it."""
        return self.full == 0 and self.response.total > 0


def run(
    snapshot: Snapshot,
    rewriter: Rewriter,
    query: Query,
    facets: tuple[str, ...],
    exclude: frozenset[str] = frozenset(),
) -> Outcome:
    """Run a query.

    Hits, which are counted, have all that was asked for. Where no document has, and for long
    questions, they have some of it; where less than a page has, the best of those follow as near
    misses, counted nowhere. Which of these it is, is decided without the reader's filters, so that
    narrowing only narrows.

    Args:
        snapshot: searched.
        rewriter: of the same snapshot.
        query: what a reader asks.
        facets: counted.
        exclude: ids that the snapshot has and readers may no longer see.
    """
    rewritten = rewriter.rewrite(query)
    is_question = rewritten.is_question and rewritten.partial is not None
    response = snapshot.search(
        Request(
            rewritten.partial if is_question and rewritten.partial else rewritten.full,
            None if is_question else rewritten.partial,
            ENOUGH if rewritten.is_filled else 0,
            {name: frozenset(values) for name, values in query.facets.items()},
            days_of(query),
            exclude,
            query.sort,
            (query.page - 1) * query.size,
            query.size,
            facets,
            counts_leaves=True,
            without={name: frozenset(values) for name, values in query.without.items()},
        )
    )
    full = 0 if is_question or response.used_fallback else response.total
    return Outcome(rewritten, response, full)


def days_of(query: Query) -> tuple[str, str]:
    """Return the first and last day of the query's range."""
    first = edtf_bounds(query.after)[0] if query.after else ""
    last = edtf_bounds(query.before)[1] if query.before else ""
    return first, last
