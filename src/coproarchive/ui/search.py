"""The search page: every state is in the address, so that it can be sent, cited and gone back to.

Streamlit's own binding of widgets to the address replaces the browser's history, so the state is
pulled from the address when it changed (first visit, Back) and pushed to it by every widget.
"""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote, urlencode

import streamlit as st
from markupsafe import Markup, escape

from coproarchive.catalogue import Catalogue
from coproarchive.search.hits.results import Facet, Hit, LeafHit, Results
from coproarchive.search.language.fields import FACETS
from coproarchive.search.language.query import MAX_CHARACTERS, Query
from coproarchive.ui.state import app_state
from coproarchive.web.metrics import SEARCHES
from coproarchive.web.render import anchor, marked, pretty_date, source_words

OPEN = ("seminar", "speaker", "topic", "kind")
"""Ways to narrow that are open from the start; the others open at a click."""
SHOWN_VALUES = 8
"""Values of a facet that are shown before the rest, which are found by searching."""
MOST_YEARS = 40
"""Years of the histogram, the last ones; older items are found by their dates all the same."""
SORTS = {"relevance": "Best match", "date": "Newest first", "title": "Title, A to Z"}


def page() -> None:
    """Search box, ways to narrow, results."""
    library = app_state().library
    catalogue = library.public()
    query = _pull()
    st.html('<h1 id="main" tabindex="-1">Search the archive</h1>')
    if query.is_empty and query.page == 1 and catalogue.series.description:
        st.html(f'<p class="lead">{escape(catalogue.series.description)}</p>')
    _search_box()
    with app_state().limits.searches.turn():
        results = library.search(query)
    SEARCHES.labels("yes" if results.total else "no").inc()
    _count_if_empty(results)
    with st.sidebar:
        _facets(results)
    _results(results, catalogue)


# ---------------------------------------------------------------- the address


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _pull() -> Query:
    """Read the query from the address, and set the widgets where they did not write it."""
    address = _address()
    query = Query.from_params(address)
    state = st.session_state
    if state.get("address") != json.dumps(address, sort_keys=True) or "words" not in state:
        for key in [k for k in state if str(k).startswith("narrow:")]:
            del state[key]
        state["words"] = query.text
        state["sort"] = query.sort
        state["after"], state["before"] = query.after, query.before
        for name, values in query.facets.items():
            for value in values:
                state[f"narrow:{name}:{value}"] = True
        state["address"] = json.dumps(address, sort_keys=True)
    return query


def _push(**changed: object) -> None:
    """Write the widgets' state into the address: a new entry of the browser's history."""
    state = st.session_state
    chosen: dict[str, list[str]] = {name: [] for name in FACETS}
    for key, value in state.items():
        pieces = str(key).split(":", 2)
        if pieces[0] == "narrow" and value is True:
            chosen[pieces[1]].append(pieces[2])
    query = Query.parse(
        str(state.get("words", "")),
        facets=chosen,
        after=str(state.get("after", "")),
        before=str(state.get("before", "")),
        sort=str(state.get("sort", "relevance")),
        page=int(str(changed.get("page", 1))),
        exact=bool(changed.get("exact", False)),
    )
    st.query_params.from_dict(query.to_params())
    state["address"] = json.dumps(_address(), sort_keys=True)


def _clear() -> None:
    for key in [k for k in st.session_state if str(k).startswith("narrow:")]:
        st.session_state[key] = False
    st.session_state["after"] = st.session_state["before"] = ""
    _push()


# ------------------------------------------------------------------- widgets


def _search_box() -> None:
    st.text_input(
        "Search talks, slides and posts",
        key="words",
        type="search",
        placeholder='For example: advance directives, or "power sharing"',
        on_change=_push,
        max_chars=MAX_CHARACTERS,
    )
    with st.expander("How to search"):
        st.html(
            "<ul><li>Several words: talks that have all of them.</li>"
            "<li>Words in quotes: just so, on one slide.</li>"
            "<li>A minus before a word: without it.</li>"
            "<li>A star behind at least three letters: words that begin so.</li></ul>"
        )


def _facets(results: Results) -> None:
    st.html("<h2>Narrow the results</h2>")
    for facet in results.facets:
        if facet.ranked:
            _facet(facet)
    with st.expander("Dates", expanded=bool(results.query.after or results.query.before)):
        if years := _histogram(results):
            st.html(years)
        st.text_input("From (year or date)", key="after", on_change=_push, max_chars=10)
        st.text_input("To (year or date)", key="before", on_change=_push, max_chars=10)
    if results.query.facets or results.query.after or results.query.before:
        st.button("Remove all of these", on_click=_clear)


def _facet(facet: Facet) -> None:
    """Show a facet as checkboxes, which keep the keyboard's focus through a rerun."""
    chosen = facet.selected
    with st.expander(facet.label, expanded=bool(chosen) or facet.name in OPEN):
        values = facet.matching("", SHOWN_VALUES)
        if len(facet.ranked) > SHOWN_VALUES:
            typed = st.text_input(f"Find in {facet.label.lower()}", key=f"find:{facet.name}")
            values = list(dict.fromkeys([*chosen, *facet.matching(typed, SHOWN_VALUES)]))
        for value in values:
            key = f"narrow:{facet.name}:{value.value}"
            st.session_state.setdefault(key, value.selected)
            st.checkbox(f"{_plain(value.label)} ({value.count})", key=key, on_change=_push)


def _plain(label: str) -> str:
    """Escape Streamlit's Markdown in a label: names and titles are text."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:^@&\"'" else c for c in label)


# ------------------------------------------------------------------- results


def _results(results: Results, catalogue: Catalogue) -> None:
    query = results.query
    for note in results.notes:
        st.html(f'<p class="note">{escape(note)}</p>')
    if (results.corrections or results.synonyms) and not query.exact:
        st.html(_as_typed(results))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        st.html(f'<h2 class="total">{_total(results)}</h2>{_on_slides(results)}')
    with right:
        st.selectbox(
            "Order", list(SORTS), format_func=SORTS.__getitem__, key="sort", on_change=_push
        )
    st.session_state["say"] = _total(results)
    if not results.hits:
        st.html(_nothing_found(query))
        return
    st.html(_hits(results, catalogue))
    _pager(results)
    st.html(_as_table(results))


def _count_if_empty(results: Results) -> None:
    """Count a search that found nothing, once and not again at every redrawing of the page."""
    query = results.query
    narrowed = query.facets or query.after or query.before
    if results.total or narrowed or not query.positive:
        return
    if st.session_state.get("counted") != query.text:
        st.session_state["counted"] = query.text
        app_state().library.unanswered.count(query)


def _as_typed(results: Results) -> Markup:
    """Link to the same search without corrections and synonyms."""
    address = urlencode(replace(results.query, exact=True).to_params(), doseq=True)
    label = "Search instead for" if results.corrections else "Search only for"
    return Markup('<p class="instead"><a href="/?{}">{} “{}”</a></p>').format(
        address, label, results.query.text
    )


def _total(results: Results) -> str:
    """Return the number of hits in words: shown, and read out when it changes."""
    one = "item" if results.total == 1 else "items"
    where = f", page {results.query.page} of {results.pages}" if results.pages > 1 else ""
    return f"{results.total:,} {one} found{where}"


def _on_slides(results: Results) -> str:
    """Return on how many slides the words stand, each counted once for all files of its talk."""
    if not results.leaves:
        return ""
    return f'<p class="on-slides">on {results.leaves:,} slide{"s" * (results.leaves > 1)}</p>'


def _hits(results: Results, catalogue: Catalogue) -> Markup:
    """List the hits; near misses follow under a heading that says so."""
    query = results.query
    before = (query.page - 1) * query.size
    whole = [_hit(hit, query, catalogue) for hit in results.hits]
    rest = [_hit(hit, query, catalogue) for hit in results.near_misses]
    pieces = []
    if whole:
        start = Markup('<ol class="hits" start="{}">{}</ol>')
        pieces.append(start.format(before + 1, Markup("").join(whole)))
    if rest:
        line = Markup('<h2 class="note">These have only some of the words</h2>')
        start = Markup('<ol class="hits" start="{}">{}</ol>')
        pieces.append(line + start.format(before + len(whole) + 1, Markup("").join(rest)))
    return Markup("").join(pieces)


def _as_table(results: Results) -> Markup:
    address = urlencode(replace(results.query, page=1).to_params(), doseq=True)
    return Markup(
        '<p class="quiet"><a href="/results.csv?{}" download>All results as a table (CSV)</a></p>'
    ).format(address)


def _histogram(results: Results) -> Markup:
    """Draw items a year as bars, with the same in words for screen readers."""
    years = next((f.values for f in results.facets if f.name == "year"), ())
    counts = {int(v.value): v.count for v in years if v.value.isdigit() and v.count}
    if len(counts) < 2:
        return Markup()
    first, last = min(counts), max(counts)
    span = range(max(first, last - MOST_YEARS), last + 1)
    most = max(counts.get(year, 0) for year in span)
    described = ", ".join(f"{year}: {counts[year]}" for year in span if year in counts)
    bars = Markup("").join(
        Markup('<span style="height:{}%"></span>').format(
            max(round(100 * counts.get(year, 0) / most), 2)
        )
        for year in span
    )
    return Markup(
        '<div class="years" role="img" aria-label="Items by year. {}">{}</div>'
        '<p class="years-ends" aria-hidden="true"><span>{}</span><span>{}</span></p>'
    ).format(described, bars, span[0], last)


def _nothing_found(query: Query) -> str:
    tips = ["Try fewer or other words."]
    if query.facets or query.after or query.before:
        tips.append("Remove what narrows the results.")
    tips.append(
        'Browse <a href="/seminars">seminars</a>, <a href="/people">speakers</a> '
        'or <a href="/topics">topics</a>.'
    )
    items = "".join(f"<li>{tip}</li>" for tip in tips)
    return f'<div class="notice"><p><strong>Nothing found.</strong></p><ul>{items}</ul></div>'


def _hit(hit: Hit, query: Query, catalogue: Catalogue) -> Markup:
    item = catalogue.items[hit.id]
    suffix = f"?{urlencode({'q': query.text})}" if query.text else ""
    seminar = catalogue.seminars.get(hit.seminar or "")
    about = " · ".join(filter(None, [
        hit.kind.capitalize(), pretty_date(hit.date) if hit.date else "",
        seminar.title if seminar else "",
    ]))  # fmt: skip
    names = Markup(", ").join(
        Markup('<a href="/person/{}">{}</a>').format(p, catalogue.person_name(p))
        for p in hit.speakers
    )
    first = item.assets[0].path if item.assets else ""
    slides = Markup("").join(_leaf(leaf, hit.id, suffix, first) for leaf in hit.leaves)
    pieces = [
        Markup('<p class="kind">{}</p>').format(about),
        Markup('<h3><a href="/item/{}{}">{}</a></h3>').format(hit.id, suffix, marked(hit.title)),
        Markup("<p>{}</p>").format(names) if names else "",
        Markup("<p>{}</p>").format(marked(hit.snippet)) if hit.snippet.text else "",
        Markup('<ul class="slides">{}</ul>').format(slides) if slides else "",
        _more(hit),
        _missing(hit),
        _why(hit),
    ]
    return Markup('<li class="card">{}</li>').format(Markup("").join(pieces))


def _leaf(leaf: LeafHit, item_id: str, suffix: str, first_file: str) -> Markup:
    source = source_words(leaf.source)
    origin = Markup(' <span class="quiet">({})</span>').format(source[:1].lower() + source[1:])
    picture = Markup()
    if leaf.kind in ("page", "slide"):
        picture = Markup(
            '<img class="thumb" loading="lazy" alt="" width="128" height="72" '
            'src="/picture/{}/{}/{}-320.webp">'
        ).format(item_id, quote(leaf.asset), leaf.number)
    return Markup('<li>{}<a class="where" href="/item/{}{}#{}">{} {}</a> {}{}<br>{}</li>').format(
        picture,
        item_id,
        suffix,
        anchor(leaf.asset, leaf.kind, leaf.number, first_file),
        leaf.kind.capitalize(),
        leaf.label or leaf.number,
        marked(leaf.title),
        origin if source else "",
        marked(leaf.snippet),
    )


def _more(hit: Hit) -> Markup:
    if not hit.more_leaves:
        return Markup()
    return Markup('<p class="quiet">and {} more places in it</p>').format(hit.more_leaves)


def _missing(hit: Hit) -> Markup:
    if not hit.missing:
        return Markup()
    words = Markup(", ").join(Markup("<s>{}</s>").format(word) for word in hit.missing)
    return Markup('<p class="quiet">Without: {}</p>').format(words)


def _why(hit: Hit) -> Markup:
    """Show which words matched, and where, closed at first."""
    if not hit.matched:
        return Markup()
    rows = Markup("").join(
        Markup("<li><strong>{}</strong>: {}</li>").format(word, ", ".join(places))
        for word, places in hit.matched.items()
    )
    return Markup(
        '<details class="why"><summary>Why this result</summary><ul>{}</ul></details>'
    ).format(rows)


def _pager(results: Results) -> None:
    page, pages = results.query.page, results.pages
    if pages == 1:
        return
    back, where, on = st.columns([1, 2, 1], vertical_alignment="center")
    with back:
        st.button("Back a page", disabled=page <= 1, on_click=_push, kwargs={"page": page - 1})
    with where:
        st.html(f'<p class="total">Page {page} of {pages}</p>')
    with on:
        st.button("Next page", disabled=page >= pages, on_click=_push, kwargs={"page": page + 1})
