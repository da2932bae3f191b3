"""Terms over time: in which share of each year's talks they stand, as a chart and as its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.web import render
from coproarchive.web.search_address import SearchAddress
from coproarchive.web.search_page import PATH as SEARCH_PATH
from coproarchive.web.search_view import last_years, year_counts

PATH = "/over-time"
MOST_TERMS = 4
MOST_YEARS = 60
"""Years of the chart, the last ones."""
MAX_TERM = 100
WIDTH, HEIGHT = 1000, 300
"""Of the chart, in its own units."""


@dataclass(frozen=True, slots=True)
class YearCount:
    """A term in one year: how many of how many items have it, and the address of those."""

    year: int
    count: int
    of: int
    href: str

    @property
    def percent(self) -> float:
        """Share of the year's items, in percent."""
        return 100 * self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term over the years: its counts, and its line in the chart's units."""

    term: str
    counts: Sequence[YearCount]
    points: Sequence[tuple[float, float]]


class OverTime:
    """Serves the page of terms over time.

    Args:
        library: what is searched.
    """

    def __init__(self, library: Library):
        self._library = library

    def serve(self, request: Request) -> Response:
        """Serve /over-time; ?term= may stand two to four times."""
        typed = (" ".join(t.split())[:MAX_TERM] for t in request.query_params.getlist("term"))
        terms = list(dict.fromkeys(term for term in typed if term))[:MOST_TERMS]
        of_years = self._counts(Query(sort="date"))
        years = last_years(of_years, MOST_YEARS)
        lines = [self._line(term, years, of_years) for term in terms]
        top = max((c.percent for line in lines for c in line.counts), default=0.0)
        html = render.page(
            "over_time.html",
            self._library.public(),
            PATH,
            "Words over time",
            terms=[*terms, *[""] * (MOST_TERMS - len(terms))],
            years=years,
            lines=[replace(line, points=_points(line.counts, top)) for line in lines],
            top=top,
            width=WIDTH,
            height=HEIGHT,
            max_term=MAX_TERM,
        )
        return HTMLResponse(html)

    def _line(self, term: str, years: Sequence[int], of_years: Mapping[int, int]) -> TermLine:
        """Count a term, as it is typed, in each year."""
        query = Query.parse(term, exact=True)
        counts = self._counts(query)

        def of(year: int) -> YearCount:
            of_year = SearchAddress(replace(query, after=str(year), before=str(year)))
            href = f"{SEARCH_PATH}{of_year.href}"
            return YearCount(year, counts.get(year, 0), of_years.get(year, 0), href)

        return TermLine(term, [of(year) for year in years], ())

    def _counts(self, query: Query) -> dict[int, int]:
        """Return year -> number of items that have all that is asked for."""
        results = self._library.search(replace(query, size=1))
        if results.partial:
            return {}
        years = results.facet("year")
        return year_counts(years) if years else {}


def _points(counts: Sequence[YearCount], top: float) -> list[tuple[float, float]]:
    """Return the points of a line; years without any item have none."""
    step = WIDTH / max(len(counts) - 1, 1)
    return [
        (round(number * step, 1), round(HEIGHT * (1 - count.percent / top), 1) if top else HEIGHT)
        for number, count in enumerate(counts)
        if count.of
    ]
