"""What the search page shows, made once for both its faces: Streamlit's and the plain `/search`.

Everything here is text and addresses; the template `_search.html` makes it markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item
from coproarchive.pictures import WIDTHS
from coproarchive.publish.addresses import leaf_path
from coproarchive.search.hits.results import Facet, FacetValue, Hit, LeafHit, Results, Snippet
from coproarchive.search.index.present import label_of
from coproarchive.search.language.query import Query
from coproarchive.search.language.query_tree import Sort
from coproarchive.web.leaves import PICTURED, Glimpse, name_of, picture_path
from coproarchive.web.render import pretty_date, source_words
from coproarchive.web.search_address import SearchAddress, View

SHOWN_VALUES = 5
"""Values of a facet that are shown before the link to all."""
MOST_VALUES = 400
"""Values that the list of all shows; the rest are found by typing."""
MOST_YEARS = 40
"""Years of the histogram, the last ones; older items are found by their dates all the same."""
Glimpses = Callable[[Item], Glimpse]
"""Returns what a list shows of an item beside its record."""
SORTS: dict[Sort, str] = {"relevance": "Best match", "date": "Newest", "title": "A to Z"}
ADVICE = "Try fewer or other words, or:"
ADVICE_WHEN_EMPTY = "This archive is empty. If you keep it:"
VIEWS: dict[View, str] = {"talks": "Talks", "slides": "Slides"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several links, of which one or more may be chosen.

    Attributes:
        label, href: what it says and where it leads: choosing it, or giving the choice up.
        is_chosen: whether it holds now.
        count: items that have it, None where nothing is counted.
        key: names it in the page, whatever is chosen.
        without_href: leads to the results without those that have it, "" where that makes no sense.
    """

    label: str
    href: str
    is_chosen: bool
    count: int | None = None
    without_href: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet as it is shown.

    Attributes:
        name, label: in addresses, and for readers.
        choices: its values: the chosen ones and the most frequent, or all.
        of: number of all its values.
        all_href: lists every value, "" where all are shown.
        is_whole: whether every value that `find` leaves is to be listed here.
    """

    name: str
    label: str
    choices: Sequence[Choice]
    of: int
    all_href: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class YearBar:
    """A year of the histogram.

    Attributes:
        year, count: how many items it has.
        height: in percent of the highest.
        href: leads to that year alone, or gives it up.
        is_chosen, is_only: whether it is in the range of dates; whether it is the range.
    """

    year: int
    count: int
    height: int
    href: str
    is_chosen: bool
    is_only: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that narrows the results, and the address without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class SlideView:
    """A leaf that answers; `picture` is "" where its kind has none, `language` where it is the
    item's."""

    href: str
    picture: str
    place: str
    title: Snippet
    snippet: Snippet
    source: str
    language: str


@dataclass(frozen=True, slots=True)
class HitView:
    """An item that answers.

    Attributes:
        href: its page, which marks the words.
        about: kind of file and length, or kind; and date.
        seminar: id and title, None where it belongs to none.
        speakers: ids and names.
        more_href: its page, with the other leaves that answer; "" where there are none.
        language: BCP 47, of its words.
    """

    href: str
    title: Snippet
    about: str
    seminar: tuple[str, str] | None
    speakers: Sequence[tuple[str, str]]
    snippet: Snippet
    slides: Sequence[SlideView]
    more: int
    more_href: str
    missing: Sequence[str]
    matched: Sequence[tuple[str, str]]
    language: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A person, topic or seminar that the words name."""

    href: str
    label: str
    kind: str
    count: int


@dataclass(frozen=True)
class SearchView:
    """One page of results as it is shown.

    Attributes:
        total, items: number of slides and items in words; of items alone.
        named: pages of people, topics and seminars that the words name.
        as_typed: label and address of the same search without corrections; None where none were.
        advice: what to do where nothing is shown.
        trouble: what is wrong with the address, and what leads on.
        pages: addresses of the page before and the next, "" where there is none.
        change_href: of the desk's page on which keepers change all results at once.
    """

    address: SearchAddress
    total: str
    items: str
    notes: Sequence[str]
    named: Sequence[PageLink]
    as_typed: Chip | None
    advice: str
    trouble: Sequence[Chip]
    chips: Sequence[Chip]
    clear_href: str
    sorts: Sequence[Choice]
    views: Sequence[Choice]
    hits: Sequence[HitView]
    near_misses: Sequence[HitView]
    first: int
    facets: Sequence[FacetView]
    years: Sequence[YearBar]
    page: int
    of_pages: int
    pages: tuple[str, str]
    exports: Sequence[Chip]
    change_href: str


def search_view(
    address: SearchAddress,
    results: Results,
    catalogue: Catalogue,
    glimpses: Glimpses,
    years: Facet | None = None,
) -> SearchView:
    """Make what is shown of results.

    Args:
        address: what was asked.
        results: the answer to its query.
        catalogue: what the reader may see.
        glimpses: of the items, for their length, and first slides where nothing is asked.
        years: the facet of years as if no dates were chosen; that of the results where None.
    """
    query = address.query
    years = years or results.facet("year")
    return SearchView(
        address=address,
        total=total_words(results),
        items=_items(results.total),
        notes=results.notes,
        named=_named(query, catalogue) if not query.is_narrowed and query.page == 1 else (),
        as_typed=_as_typed(address, results),
        advice=ADVICE if catalogue.items else ADVICE_WHEN_EMPTY,
        trouble=_trouble(address, results, catalogue),
        chips=_chips(address, results, catalogue),
        clear_href=address.ask(query.widened()).href if query.is_narrowed else "",
        sorts=[
            Choice(label, address.ask(replace(query, sort=sort, page=1)).href, query.sort == sort)
            for sort, label in SORTS.items()
        ],
        views=[
            Choice(label, replace(address, view=view).href, address.view == view)
            for view, label in VIEWS.items()
        ],
        hits=[_hit(hit, query, catalogue, glimpses) for hit in results.hits],
        near_misses=[_hit(hit, query, catalogue, glimpses) for hit in results.near_misses],
        first=(query.page - 1) * query.size + 1,
        facets=[_facet(f, address) for f in results.facets if f.ranked and f.name != "year"],
        years=_years(years, address) if years else (),
        page=query.page,
        of_pages=results.pages,
        pages=_pages(address, results),
        exports=_exports(query),
        change_href=f"/desk/batch?{urlencode(replace(query, page=1).to_params(), doseq=True)}",
    )


def total_words(results: Results) -> str:
    """Return the number of hits in words: shown, and read out when it changes.

    Each slide counts once for all files of its talk that have it.
    """
    items = _items(results.total)
    if not results.leaves:
        return f"{items} found"
    return f"{results.leaves:,} slide{'' if results.leaves == 1 else 's'} in {items}"


def _items(count: int) -> str:
    """Return a number of talks and posts in words."""
    return f"{count:,} item{'' if count == 1 else 's'}"


# --------------------------------------------------------------- what narrows


def _facet(facet: Facet, address: SearchAddress) -> FacetView:
    is_whole = address.browse == facet.name
    if is_whole:
        values = facet.matching(address.find, MOST_VALUES)
    else:
        first = facet.matching("", SHOWN_VALUES)
        values = [*(v for v in facet.selected if v not in first), *first]
    all_href = replace(address, browse=facet.name, find="").href
    return FacetView(
        facet.name,
        facet.label,
        [_choice(facet.name, value, address) for value in values],
        len(facet.ranked),
        all_href if len(facet.ranked) > len(values) and not is_whole else "",
        is_whole,
    )


def _choice(facet: str, value: FacetValue, address: SearchAddress) -> Choice:
    query = address.query
    return Choice(
        value.label,
        replace(address, query=query.toggle(facet, value.value)).href,
        value.selected,
        value.count,
        replace(address, query=query.toggle_without(facet, value.value)).href,
        f"{facet}:{value.value}",
    )


def _years(facet: Facet, address: SearchAddress) -> list[YearBar]:
    """Return the years from the first to the last that have items; none where there is but one."""
    counts = year_counts(facet)
    if len(counts) < 2:
        return []
    years = last_years(counts, MOST_YEARS)
    most = max(counts.get(year, 0) for year in years)
    query = address.query
    bars = []
    for year in years:
        only = query.after == query.before == str(year)
        dates = "" if only else str(year)
        chosen = replace(query, after=dates, before=dates, page=1)
        inside = (query.after[:4] or "0") <= str(year) <= (query.before[:4] or "9999")
        count = counts.get(year, 0)
        bars.append(
            YearBar(year, count, round(100 * count / most), address.ask(chosen).href, inside, only)
        )
    return bars


def year_counts(facet: Facet) -> dict[int, int]:
    """Return year -> number of items, of the years that have any."""
    return {int(y): facet.counts[y] for y in facet.ranked if y.isdigit() and facet.counts[y]}


def last_years(counts: Mapping[int, int], limit: int) -> range:
    """Return the years from the first to the last that have items, the last ones of many."""
    if not counts:
        return range(0)
    last = max(counts)
    return range(max(min(counts), last - limit + 1), last + 1)


def _chips(address: SearchAddress, results: Results, catalogue: Catalogue) -> list[Chip]:
    """Return what narrows the results now, each with the address without it."""
    query = address.query
    chips = []
    for facet in results.facets:
        for value in facet.selected:
            without = query.toggle(facet.name, value.value)
            chips.append(Chip(f"{facet.label}: {value.label}", address.ask(without).href))
        for value_id in query.without.get(facet.name, ()):
            label = label_of(facet.name, value_id, catalogue)
            again = query.toggle_without(facet.name, value_id)
            chips.append(Chip(f"Not {facet.label.lower()}: {label}", address.ask(again).href))
    if query.after or query.before:
        chips.append(Chip(_dates(query), address.ask(query.undated()).href))
    return chips


def _dates(query: Query) -> str:
    if not query.before:
        return f"From {pretty_date(query.after)}"
    if not query.after:
        return f"Up to {pretty_date(query.before)}"
    if query.after == query.before:
        return pretty_date(query.after)
    return f"{pretty_date(query.after)} to {pretty_date(query.before)}"


# -------------------------------------------------------------- what is said


def _as_typed(address: SearchAddress, results: Results) -> Chip | None:
    """Return the same search without corrections and synonyms, where there were any."""
    if results.query.exact or not (results.corrections or results.synonyms):
        return None
    label = "Search instead for" if results.corrections else "Search only for"
    exact = replace(address.query, exact=True)
    return Chip(f"{label} “{results.query.text}”", address.ask(exact).href)


def _trouble(address: SearchAddress, results: Results, catalogue: Catalogue) -> list[Chip]:
    """Return sentences on an empty page of results, each with an address that leads on."""
    if results.hits or results.near_misses:
        return []
    if not catalogue.items:
        return [Chip("Add talks", "/add"), Chip("How to begin", "/help/")]
    query, ways = address.query, []
    if results.total:
        last = address.ask(replace(query, page=results.pages))
        ways.append(
            Chip(f"There is no page {query.page}: go to the last, {results.pages}", last.href)
        )
        return ways
    if query.is_narrowed:
        whole = address.ask(query.widened())
        ways.append(Chip("Search the whole archive for these words", whole.href))
    ways += [
        Chip("Browse the seminars", "/seminars"),
        Chip("Browse the speakers", "/people"),
        Chip("Browse the topics", "/topics"),
    ]
    return ways


def _named(query: Query, catalogue: Catalogue) -> list[PageLink]:
    """Return the pages of people, topics and seminars whose name is what was typed."""
    links = []
    for kind, record_id in catalogue.named(query.text):
        label, items = {
            "person": (catalogue.person_name, catalogue.items_of_person),
            "topic": (catalogue.topic_label, catalogue.items_of_topic),
            "seminar": (catalogue.seminar_title, catalogue.items_of_seminar),
        }[kind]
        words = "speaker" if kind == "person" else kind
        href = f"/{kind}/{record_id}"
        links.append(PageLink(href, label(record_id), words, len(items(record_id))))
    return links


# ---------------------------------------------------------------------- hits


def _hit(hit: Hit, query: Query, catalogue: Catalogue, glimpses: Glimpses) -> HitView:
    item = catalogue.items[hit.id]
    suffix = f"?{urlencode({'q': query.text})}" if query.text else ""
    href = f"/item/{hit.id}{suffix}"
    seminar = catalogue.seminars.get(hit.seminar or "")
    when = pretty_date(hit.date) if hit.date else ""
    glimpse, leaves = glimpses(item), hit.leaves
    if not query.positive and glimpse.first:
        leaves = (glimpse.first,)
    return HitView(
        href=href,
        title=hit.title,
        about=" · ".join(filter(None, [glimpse.extent or hit.kind.capitalize(), when])),
        seminar=(seminar.id, seminar.title) if seminar else None,
        speakers=[(p, catalogue.person_name(p)) for p in hit.speakers],
        snippet=hit.snippet,
        slides=[_slide(leaf, item, suffix) for leaf in leaves],
        more=hit.more_leaves,
        more_href=f"{href}#in-this-talk" if hit.more_leaves else "",
        missing=hit.missing,
        matched=[(word, ", ".join(places)) for word, places in hit.matched.items()],
        language=hit.language,
    )


def _slide(leaf: LeafHit, item: Item, suffix: str) -> SlideView:
    return SlideView(
        leaf_path(item, leaf.asset, leaf.kind, leaf.number) + suffix,
        picture_path(item, leaf.asset, leaf.number, WIDTHS[0]) if leaf.kind in PICTURED else "",
        name_of(leaf),
        leaf.title,
        leaf.snippet,
        source_words(leaf.source),
        leaf.language,
    )


# ---------------------------------------------------------------- other pages


def _pages(address: SearchAddress, results: Results) -> tuple[str, str]:
    query, last = address.query, results.pages
    back = address.ask(replace(query, page=min(query.page - 1, last))).href
    on = address.ask(replace(query, page=query.page + 1)).href
    return back if query.page > 1 else "", on if query.page < last else ""


def _exports(query: Query) -> list[Chip]:
    address = urlencode(replace(query, page=1).to_params(), doseq=True)
    slides = f"{address}&slides=1" if address else "slides=1"
    return [
        Chip("All results as a table (CSV)", f"/results.csv?{address}"),
        Chip("a row a slide", f"/results.csv?{slides}"),
        Chip("BibTeX", f"/results.bib?{address}"),
        Chip("RIS", f"/results.ris?{address}"),
        Chip("Follow this search (Atom)", f"/feed.atom?{address}"),
    ]
