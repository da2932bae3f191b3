"""Pages of seminars, people and topics: first slides, years, who else, and a search within."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Item, Seminar
from coproarchive.web.around import co_speakers, neighbours
from making import SEMINAR
from serving import client_of


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


def test_a_seminar_without_day_and_place_begins_with_what_it_has(library: Library) -> None:
    """Facts have a dot between them, and none before the first."""
    library.store.save_seminar(Seminar(id="loose", title="Loose"))
    library.store.add_item(Item(id="loose/talk", title="Rye"), {})
    library.changed()
    with client_of(library) as client:
        page = client.get("/seminar/loose").text
    assert '<p class="facts">1 item' in page


def test_a_seminar_shows_its_talks_first_slides_and_a_search_within(client: TestClient) -> None:
    """The field finds in this seminar alone; what is hidden is not pictured."""
    page = client.get(f"/seminar/{SEMINAR}").text
    assert f'src="/picture/{SEMINAR}/bread-for-all/bread.pptx/1-320.webp"' in page
    assert "Talks and materials" in page
    assert "PowerPoint, 4 slides" in page  # and not the hidden fifth
    assert re.search(r'class="facts">.*?\d items?, \d (people|person)', page)
    assert f'href="/seminar/{SEMINAR}/files.zip"' in page
    assert "hidden-talk" not in page
    assert f'name="seminar" value="{SEMINAR}"' in page
    for picture in re.findall(r'src="(/picture/[^"]*)"', page):
        assert client.get(picture).status_code == 200


def test_seminars_before_and_after(library: Library) -> None:
    """By date; the first has none before it, an undated one none at all."""
    series = library.public().series
    dates = {"b": "2018-03", "a": "2017", "c": "2018-04-01", "undated": None}
    seminars = {s: Seminar(id=s, title=s.upper(), date=date) for s, date in dates.items()}
    catalogue = Catalogue(series, seminars)
    sides = {s: [n and n.id for n in neighbours(seminars[s], catalogue)] for s in seminars}
    assert sides == {
        "a": [None, "b"], "b": ["a", "c"], "c": ["b", None], "undated": [None, None],
    }  # fmt: skip


def test_who_spoke_together(library: Library, client: TestClient) -> None:
    """Everybody of the same items and sessions, and not the person; each as often as told."""
    catalogue = library.public()
    for person in catalogue.people:
        for other, count in co_speakers(person, catalogue):
            assert other != person
            assert dict(co_speakers(other, catalogue))[person] == count
    page = client.get("/person/ada-baker").text
    shared = dict(co_speakers("ada-baker", catalogue))
    assert ("Together with" in page) == bool(shared)
    assert re.search(r'<p class="facts">20\d\d', page)


def test_a_topic_has_a_search_within(client: TestClient) -> None:
    """Which finds in what is about it."""
    page = client.get("/topic/sourdough").text
    assert 'name="topic" value="sourdough"' in page
