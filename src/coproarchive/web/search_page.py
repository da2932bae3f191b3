"""The search page without script at /search; Streamlit's page shows the same parts."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.library import Library
from coproarchive.model import Item
from coproarchive.search.hits.results import Facet, Results
from coproarchive.web import render
from coproarchive.web.home_view import home_view
from coproarchive.web.leaves import Glimpse, glimpse
from coproarchive.web.metrics import SEARCHES
from coproarchive.web.search_address import SearchAddress, params_of
from coproarchive.web.search_view import SearchView, search_view

PATH = "/search"


def is_unanswered(results: Results) -> bool:
    """Tell whether words alone found nothing: what keepers are told of."""
    query = results.query
    return not results.total and not query.is_narrowed and bool(query.positive)


class SearchPage:
    """Makes the search page of one library.

    Args:
        library: what is searched.
    """

    def __init__(self, library: Library):
        self._library = library

    def serve(self, request: Request) -> Response:
        """Serve /search: results, or the home where nothing is asked."""
        address = SearchAddress.from_params(params_of(request))
        catalogue = self._library.public()
        if address.is_home:
            body, title = self.home(searched_at=PATH), catalogue.series.title
        else:
            results = self.results(address)
            if is_unanswered(results):
                self._library.unanswered.count(results.query)
            view = self.view(address, results)
            body = self.html(view, live=False)
            title = f"{address.query.text[:60] or 'All talks'} – Search"
        html = render.page(
            "search.html",
            catalogue,
            PATH,
            title,
            body=body,
            search_words=address.query.text,
            searched_at="" if address.is_home else PATH,
        )
        return HTMLResponse(html)

    def results(self, address: SearchAddress) -> Results:
        """Search for what an address asks, and count that it was asked."""
        results = self._library.search(address.query)
        SEARCHES.labels("yes" if results.total else "no").inc()
        return results

    def view(self, address: SearchAddress, results: Results) -> SearchView:
        """Return what is shown of results."""
        return search_view(
            address, results, self._library.public(), self._glimpse, self._years(address)
        )

    def _years(self, address: SearchAddress) -> Facet | None:
        """Return the years as if no dates were chosen, so that the histogram can be widened."""
        query = address.query
        if not (query.after or query.before):
            return None
        return self._library.search(replace(query.undated(), size=1)).facet("year")

    def html(self, view: SearchView, *, live: bool) -> Markup:
        """Render results and what narrows them.

        Args:
            view: what is shown.
            live: whether a script follows its links.
        """
        return render.fragment("_search.html", self._library.public(), view=view, live=live)

    def home(self, *, searched_at: str) -> Markup:
        """Render the home, whose field leads to an address of ours."""
        catalogue = self._library.public()
        home = home_view(catalogue, self._glimpse)
        return render.fragment("_home.html", catalogue, home=home, searched_at=searched_at)

    def _glimpse(self, item: Item) -> Glimpse:
        return glimpse(item, self._library.public(), self._library)
