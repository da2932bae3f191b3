"""The search page without script, and that it says the same as Streamlit's."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.web.search_address import SearchAddress
from coproarchive.web.search_page import SearchPage
from making import HOSTILE, SEMINAR
from serving import client_of

WORDS = (
    "bread",
    "millstone",
    "rye",
    "sour*",
    '"bread for all"',
    "-post",
    "xylophone",
    "loaf",
    "watermil",
)


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


def links(html: str, inside: str = "") -> dict[str, str]:
    """Text -> address of the links in a page, or in the part after a mark."""
    part = html[html.index(inside) :] if inside else html
    pairs = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', part, re.DOTALL)
    return {re.sub(r"<[^>]*>", "", text).strip(): unescape(href) for href, text in pairs}


def test_results_facets_and_pages_are_links(client: TestClient) -> None:
    """Narrowing, taking back, order and layout work without any script."""
    page = client.get("/search", params={"q": "bread"})
    assert page.status_code == 200
    assert "2 items" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    narrowed = client.get("/search" + links(page.text, 'id="narrow"')["Post"]).text
    assert "1 item" in narrowed
    chips = links(narrowed, 'class="narrowed"')
    assert "2 items" in client.get("/search" + chips["Kind: Post ✕"]).text
    newest = client.get("/search" + links(page.text)["Newest"]).text
    assert 'aria-current="true">Newest' in newest
    slides = client.get("/search" + links(page.text)["Slides"]).text
    assert 'class="shots grid"' in slides


def test_a_value_can_be_excluded(client: TestClient) -> None:
    """What has it is left out, and a chip says so and takes it back."""
    page = client.get("/search", params={"q": "bread"}).text
    without = client.get("/search" + links(page, 'id="narrow"')["−Without Post"]).text
    assert "1 item" in without
    assert "/item/a-post" not in without[: without.index('id="narrow"')]
    chip = links(without, 'class="narrowed"')["Not kind: Post ✕"]
    assert parse_qs(urlsplit(chip).query) == {"q": ["bread"]}


def test_every_value_of_a_facet_can_be_browsed_and_found(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first few are shown; a link lists all, and part of a name leaves those that have it."""
    monkeypatch.setattr("coproarchive.web.search_view.SHOWN_VALUES", 1)
    page = client.get("/search", params={"q": "bread"}).text
    everyone = next(h for text, h in links(page).items() if text.endswith("of speaker…"))
    names = client.get("/search" + everyone).text
    assert names.count('class="without"') > page.count('class="without"')
    some = client.get("/search", params={"q": "bread", "browse": "speaker", "find": "BAKER"}).text
    values = some[some.index('id="by-speaker"') :].split("</section>")[0]
    assert re.findall(r'<li><a href="[^"]*">([^<]*)', values) == ["Ada Baker"]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"q": "bread", "page": "99"}, "There is no page 99: go to the last, 1"),
        ({"q": "bread", "after": "yesterday"}, "yesterday"),
        ({"speaker": "nobody"}, "There is no speaker &#34;nobody&#34;"),
        ({"q": "xylophone"}, "Nothing to show here"),
        ({"q": "bread", "after": "2050"}, "Search the whole archive for these words"),
    ],
)
def test_what_leads_nowhere_says_so_and_what_to_do(
    client: TestClient, params: dict[str, str], says: str
) -> None:
    """A page too far, a date that is none, a speaker who is not here, words nobody said."""
    answer = client.get("/search", params=params)
    assert answer.status_code == 200
    assert says in answer.text


def test_the_page_of_whom_the_words_name_comes_first(client: TestClient) -> None:
    """In any case; not while the results are narrowed."""
    page = client.get("/search", params={"q": "ADA  baker"}).text
    assert page.index('<p class="named"><a href="/person/ada-baker">') < page.index('class="hits"')
    narrowed = client.get("/search", params={"q": "ada baker", "kind": "post"}).text
    assert 'class="named"' not in narrowed


YEAR = re.compile(r'<li><a href="([^"]*)"( aria-current="true")?>(\d{4})</a>')


def test_the_histogram_can_be_widened_again(client: TestClient) -> None:
    """A chosen year leaves the others in sight; choosing it again gives it up."""
    page = client.get("/search", params={"sort": "date", "after": "2018", "before": "2018"}).text
    years = YEAR.findall(page)
    assert len(years) > 1
    assert [year for _, chosen, year in years if chosen] == ["2018"]
    (href,) = [unescape(h) for h, _, year in years if year == "2018"]
    assert parse_qs(urlsplit(href).query) == {"sort": ["date"]}


def test_the_home_says_what_is_here(client: TestClient) -> None:
    """Counts, newest talks with a slide that everybody may see, topics; nothing hidden."""
    page = client.get("/search").text
    assert "talks and posts from" in page
    assert f"/picture/{SEMINAR}/bread-for-all/bread.pptx/1-320.webp" in page
    assert 'href="/topic/sourdough"' in page
    assert "hidden" not in page.casefold()


def test_an_archive_with_nothing_in_it_says_so(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no list is empty under its heading."""
    empty = Catalogue(library.public().series)
    monkeypatch.setattr(library, "public", lambda: empty)
    html = SearchPage(library).home(searched_at="/")
    assert "Nothing is here yet." in html
    assert "<ul" not in html
    assert 'href="/add"' in html
    found = client_of(library).get("/search", params={"q": "bread"}).text
    assert "This archive is empty." in found
    assert "other words" not in found
    assert links(found, 'class="notice"')["Add talks"] == "/add"


@pytest.mark.threat(1)
def test_what_is_typed_and_what_documents_say_is_text(client: TestClient) -> None:
    """In the field, the chips, the facets and the hits."""
    for params in (
        {"q": HOSTILE},
        {"speaker": HOSTILE},
        {"q": "loaf", "browse": "speaker", "find": HOSTILE},
    ):
        page = client.get("/search", params=params).text
        assert "<script" not in page
        assert "<img src=x" not in page


CHECKBOX = re.compile(
    r'<label><input type="checkbox" data-key="[^"]*" data-href="([^"]*)"( checked)?>'
    r"<span>(.*?)</span></label>"
)


def as_link(box: re.Match[str]) -> str:
    """A value of a facet as the plain page shows it."""
    chosen = ' aria-current="true"' if box[2] else ""
    return f'<a href="{box[1]}"{chosen}>{box[3]}</a>'


def test_both_faces_say_the_same(library: Library) -> None:
    """200 random addresses: the same hits, counts, notes and ways on; only the choices differ."""
    rng = random.Random(16)
    pages = SearchPage(library)
    for _ in range(200):
        params = {"q": [" ".join(rng.sample(WORDS, rng.randint(0, 3)))]}
        for name, values in (
            ("kind", ("post", "presentation", "-post")),
            ("speaker", ("ada-baker", "nobody", "-ada-baker")),
            ("sort", ("date", "title")),
            ("view", ("slides",)),
            ("page", ("1", "2", "99")),
            ("after", ("2018", "never")),
            ("browse", ("topic",)),
        ):
            if rng.random() < 0.25:
                params[name] = [rng.choice(values)]
        address = SearchAddress.from_params(params)
        view = pages.view(address, pages.results(address))
        plain, live = (pages.html(view, live=face) for face in (False, True))
        again = CHECKBOX.sub(as_link, live)
        assert again == plain
        sent = SearchAddress.from_params(address.to_params())
        assert replace(sent.query, notes=()) == replace(address.query, notes=())


def test_excluded_values_go_to_the_address_and_back() -> None:
    """With a minus before them; choosing a value ends its exclusion."""
    query = Query.from_params({"q": ["rye"], "topic": ["a", "-b"]})
    assert (query.facets, query.without) == ({"topic": ("a",)}, {"topic": ("b",)})
    assert query.to_params() == {"q": ["rye"], "topic": ["a", "-b"]}
    assert query.toggle("topic", "b").without == {}
    assert query.toggle_without("topic", "a").facets == {}
