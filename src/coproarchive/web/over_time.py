"""Terms over time: in which share of each year's talks they stand, as a chart and as its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.web import render
from coproarchive.web.search_page import PATH as SEARCH_PATH

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
        years = _span(of_years)
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
        counts = self._counts(Query.parse(term, exact=True))

        def of(year: int) -> YearCount:
            params = {"q": term, "exact": "1", "after": year, "before": year}
            href = f"{SEARCH_PATH}?{urlencode(params)}"
            return YearCount(year, counts.get(year, 0), of_years.get(year, 0), href)

        return TermLine(term, [of(year) for year in years], ())

    def _counts(self, query: Query) -> dict[int, int]:
        """Return year -> number of items that have all that is asked for."""
        results = self._library.search(replace(query, size=1))
        if results.partial:
            return {}
        years = next((f for f in results.facets if f.name == "year"), None)
        return {int(y): years.counts[y] for y in years.ranked if y.isdigit()} if years else {}


def _span(of_years: Mapping[int, int]) -> list[int]:
    """Return the years from the first to the last that have items, the last ones of many."""
    years = [year for year, count in of_years.items() if count]
    if not years:
        return []
    return list(range(max(min(years), max(years) - MOST_YEARS + 1), max(years) + 1))


def _points(counts: Sequence[YearCount], top: float) -> list[tuple[float, float]]:
    """Return the points of a line; years without any item have none."""
    step = WIDTH / max(len(counts) - 1, 1)
    return [
        (round(number * step, 1), round(HEIGHT * (1 - count.percent / top), 1) if top else HEIGHT)
        for number, count in enumerate(counts)
        if count.of
    ]
