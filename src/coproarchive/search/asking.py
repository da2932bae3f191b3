"""Putting a query to an engine: what matches in full, or the best of what does in part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coproarchive.model import edtf_bounds
from coproarchive.search.compile import Compiled, Compiler
from coproarchive.search.engines.base import Request, Response, SearchEngine
from coproarchive.search.query import Query

ENOUGH = 10
"""So many full matches need no partial ones behind them: a page of results."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine found for a query.

    Attributes:
        compiled: what was asked.
        response: what was found.
        full: how many of the documents found have all that was asked for.
        also: ids and scores of the best that have some of it, where few have all; counted nowhere.
    """

    compiled: Compiled
    response: Response
    full: int
    also: tuple[tuple[str, float], ...] = ()

    @property
    def partial(self) -> bool:
        """Whether nothing has all that was asked for, and something some of it."""
        return self.full == 0 and self.response.total > 0


def ask(
    engine: SearchEngine,
    compiler: Compiler,
    query: Query,
    facets: tuple[str, ...],
    without: frozenset[str] = frozenset(),
) -> Answer:
    """Carry out a query.

    What is found, and counted, has all that was asked for. Where nothing has, and for long
    questions, it is what has some of it; where less than a page has, the best of those are given
    beside, counted nowhere. Which of these it is, is decided without the reader's filters, so that
    narrowing only narrows.

    Args:
        engine: searched.
        compiler: of the engine's generation.
        query: what a reader asks.
        facets: counted.
        without: ids that the engine has and readers may no longer see.
    """
    compiled = compiler.compile(query)
    request = Request(
        compiled.full,
        None,
        {name: frozenset(values) for name, values in query.facets.items()},
        days_of(query),
        without,
        query.sort,
        (query.page - 1) * query.size,
        query.size,
        facets,
    )
    if compiled.partial is None:
        return _full(compiled, engine.search(request))
    some = replace(request, node=compiled.partial)
    if compiled.is_question:
        return Answer(compiled, engine.search(some), 0)
    everywhere = engine.search(Request(compiled.full, without=without, limit=0)).total
    if everywhere == 0:
        return Answer(compiled, engine.search(some), 0)
    response = engine.search(request)
    if compiled.is_filled and query.sort == "relevance" and everywhere < ENOUGH:
        filled = engine.search(replace(some, first=compiled.full, facets=()))
        also = filled.hits[max(response.total - request.offset, 0) :]
        return Answer(compiled, response, response.total, also)
    return _full(compiled, response)


def _full(compiled: Compiled, response: Response) -> Answer:
    return Answer(compiled, response, response.total)


def days_of(query: Query) -> tuple[str, str]:
    """First and last day of the query's range."""
    first = edtf_bounds(query.after)[0] if query.after else ""
    last = edtf_bounds(query.before)[1] if query.before else ""
    return first, last
