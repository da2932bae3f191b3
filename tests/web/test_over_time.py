"""Words over time: shares of a year's items, links to them, and nothing of what is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from coproarchive.library import Library
from making import HOSTILE
from serving import client_of


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


def text_of(html: str) -> str:
    """Its words."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def rows(html: str) -> dict[str, list[str]]:
    """Year -> the row's cells as text."""
    table = html[html.index("<tbody>") :]
    pairs = re.findall(r'<tr><th scope="row">(\d+)</th>(.*?)</tr>', table, re.DOTALL)
    return {year: [*map(text_of, re.findall(r"<td>(.*?)</td>", row))] for year, row in pairs}


def test_shares_are_of_the_years_items(client: TestClient, library: Library) -> None:
    """Each cell's number is that of the search it links to; "All" that of the year alone."""
    page = client.get("/over-time", params={"term": ["bread", "millstone"]}).text
    told = rows(page)
    assert sum(int(cells[-1]) for cells in told.values()) == sum(
        library.public().item_date(item) is not None for item in library.public().items.values()
    )
    links = re.findall(r'<td><a href="([^"]*)">(\d+)</a>', page)
    assert links
    for href, count in links:
        found = client.get(unescape(href)).text
        assert re.search(rf'class="total">(\d+ slides? in )?{count} items?\b', found), href


def test_what_nobody_said_is_a_line_at_the_bottom(client: TestClient) -> None:
    """No correction, no partial match: none of the items has it."""
    page = client.get("/over-time", params={"term": "xylophone millstone"}).text
    assert all(cells[0] == "0" for cells in rows(page).values())


def test_at_most_four_terms_each_once(client: TestClient) -> None:
    """Spaces and repetitions are none."""
    terms = ["a", " a ", "", "b", "c", "d", "e"]
    page = client.get("/over-time", params={"term": terms}).text
    assert re.findall(r'<th scope="col">(.)</th>', page) == ["a", "b", "c", "d"]


def test_without_terms_there_is_only_the_form(client: TestClient) -> None:
    """Which has room for four."""
    page = client.get("/over-time").text
    assert page.count('name="term"') == 4
    assert "<table" not in page


@pytest.mark.threat(1)
def test_a_term_is_text(client: TestClient) -> None:
    """Whatever it looks like."""
    assert "<script" not in client.get("/over-time", params={"term": HOSTILE}).text
