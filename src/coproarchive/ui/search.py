"""The search page: every state is in the address, so that it can be sent, cited and gone back to.

It is the plain page's own markup, drawn by a component that follows its links and forms without
loading the page again: Streamlit's widgets have no links, no drawer that closes by choice, names
with backslashes, and words of their own ("Press Enter to apply").
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from markupsafe import Markup

from coproarchive.errors import CoproArchiveError, FileSystemError
from coproarchive.search.hits.results import Results
from coproarchive.ui.parts import error_html, keeper_links, report_failure, style
from coproarchive.ui.state import app_state, visitor
from coproarchive.web import render
from coproarchive.web.search_address import SearchAddress
from coproarchive.web.search_page import SearchPage, is_unanswered

KEY = "search"


@lru_cache(maxsize=1)
def _component() -> Any:
    script = files("coproarchive.ui").joinpath("static/search.js").read_text(encoding="utf-8")
    return st.components.v2.component(
        "coproarchive_search",
        html='<div class="coproarchive-search"></div>',
        js=script,
        isolate_styles=False,
    )


def page() -> None:
    """Show the home, or results and what narrows them; an error in their place."""
    st.html(style())
    address = SearchAddress.from_params(_params())
    catalogue = app_state().library.public()
    try:
        body = _body(address)
    except (CoproArchiveError, OSError) as error:
        failed = error if isinstance(error, CoproArchiveError) else FileSystemError(error)
        report_failure(failed)
        body = error_html(failed)
    searched_at = "" if address.is_home else "/"
    with render.for_keeper(app_state().access.may("add", visitor())):
        header = render.header(catalogue, "/", words=address.query.text, searched_at=searched_at)
    html = Markup("{}{}{}{}").format(
        header,
        Markup('<div id="main" class="main" tabindex="-1">{}</div>').format(body),
        keeper_links(),
        render.footer(catalogue),
    )
    _component()(data={"html": str(html)}, key=KEY, on_go_change=_go)


def _body(address: SearchAddress) -> Markup:
    """Return the page between header and footer, and count the search."""
    state = app_state()
    page_of = SearchPage(state.library)
    if address.is_home:
        return page_of.home(searched_at="/")
    with state.limits.searches.turn():
        results = page_of.results(address)
        view = page_of.view(address, results)  # searches again where dates were chosen
    _count_if_empty(results)
    st.session_state["say"] = view.total
    return page_of.html(view, live=True)


def _params() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _go() -> None:
    """Take over the address that was followed: a new entry of the browser's history."""
    followed = parse_qs(str(st.session_state[KEY]["go"] or "").removeprefix("?"))
    st.query_params.from_dict(SearchAddress.from_params(followed).to_params())


def _count_if_empty(results: Results) -> None:
    """Count a search that found nothing, once and not again at every redrawing of the page."""
    if is_unanswered(results) and st.session_state.get("counted") != results.query.text:
        st.session_state["counted"] = results.query.text
        app_state().library.unanswered.count(results.query)
