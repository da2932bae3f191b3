"""The Streamlit pages' logic: what is shown and what is in the address, without a browser."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from coproarchive.errors import IngestError
from coproarchive.ui import parts, search, state
from coproarchive.web.access import Visitor
from making import HOSTILE, SEMINAR
from serving import keeper_here

MAIN = Path(__file__).resolve().parents[2] / "src" / "coproarchive" / "ui" / "server" / "page.py"
Open = Callable[..., AppTest]


@pytest.fixture
def at(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the page over the small archive, indexed, at an address."""
    monkeypatch.setenv("COPROARCHIVE_ARCHIVE", str(archive))
    monkeypatch.setenv("COPROARCHIVE_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("COPROARCHIVE_WORKERS", "1")
    state.app_state.cache_clear()
    state.app_state().library.update_index()

    def open_it(**address: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(MAIN), default_timeout=30)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    yield open_it
    state.app_state().library.close()
    state.app_state.cache_clear()


def html_of(app: AppTest) -> str:
    """All HTML that the page shows."""
    assert not app.exception
    drawn = [
        json.loads(c.proto.json)["html"]
        for c in app.get("bidi_component")
        if "html" in c.proto.json
    ]
    return "\n".join([*drawn, *(block.proto.body for block in app.get("html"))])


def test_an_address_is_a_search(at: Open) -> None:
    """Words, choices and order of the address are in the page, and their hits are shown."""
    page = html_of(at(q="millstone", topic=["sourdough"], sort="title"))
    assert 'name="q" value="millstone"' in page
    assert '<span aria-current="true">A to Z</span>' in page
    assert re.search(r"checked><span>Sourdough</span>", page)
    assert "1 item" in page
    assert f"/item/{SEMINAR}/bread-for-all/slide/3?q=millstone" in page
    assert "<mark>Millstone</mark>" in page


def test_a_link_that_is_followed_is_the_new_address(
    at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what an address of the search page may say goes into it."""
    address: dict[str, list[str]] = {}

    class Params:
        from_dict = staticmethod(address.update)

    monkeypatch.setattr(st, "query_params", Params)
    monkeypatch.setattr(st, "session_state", {search.KEY: {"go": "?q=rye&kind=post&x=1&page=2"}})
    search._go()
    assert address == {"q": ["rye"], "kind": ["post"], "page": ["2"]}


def test_the_number_of_hits_is_read_out(at: Open) -> None:
    """By the live region, which the script of announcements fills."""
    app = at(q="millstone")
    said = [json.loads(c.proto.json) for c in app.get("bidi_component")]
    assert [data["say"] for data in said if "say" in data] == ["1 slide in 1 item"]


def test_nothing_found_says_what_to_try(at: Open) -> None:
    """A way on instead of an empty page."""
    page = html_of(at(q="xylophone quartz"))
    assert "0 items" in page
    assert "Try fewer or other words" in page


@pytest.mark.threat(1)
@pytest.mark.threat(2)
def test_what_documents_say_is_text(at: Open) -> None:
    """Hostile titles, names, slides and queries are shown, not run."""
    for address in ({"q": "evil loaf"}, {"q": HOSTILE}, {"q": "loaf", "speaker": "hostile"}):
        page = html_of(at(**address))
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes the visitor of the pages the archive's keeper."""

    def become() -> None:
        visitor = keeper_here(state.app_state().access)
        monkeypatch.setattr("coproarchive.ui.parts.visitor", lambda: visitor)

    return become


def test_a_deleted_index_is_a_message_with_the_command(
    at: Open, keeper: Callable[[], None], tmp_path: Path
) -> None:
    """No traceback: what is wrong, and what to run; readers are told neither folder nor command."""
    app = at(q="bread")
    shutil.rmtree(state.app_state().library.settings.index)
    page = html_of(app.run())
    assert "cannot be shown just now" in page
    assert 'role="alert"' in page
    for inner in ("coproarchive index", str(tmp_path), "no index"):
        assert inner not in page
    keeper()
    page = html_of(app.run())
    assert "coproarchive index" in page
    assert 'role="alert"' in page


def test_a_search_that_has_to_wait_too_long_says_so(
    at: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits with all other searches; who is sent away is told when to come back."""
    monkeypatch.setattr("coproarchive.web.concurrency.WAIT_SECONDS", 0.05)
    with contextlib.ExitStack() as turns:
        for _ in range(state.app_state().library.settings.requests_at_once):
            turns.enter_context(state.app_state().limits.searches.turn())
        page = html_of(at(q="bread"))
    assert "Many people are reading just now" in page
    assert "try again in a few seconds" in page
    assert "found" in html_of(at(q="bread"))


def test_a_broken_archive_is_a_message(
    at: Open, archive: Path, keeper: Callable[[], None], tmp_path: Path
) -> None:
    """archive.yaml with a mistake: its line and the field, on the keeper's page alone."""
    app = at()
    (archive / "archive.yaml").write_text("titel: x\n")
    state.app_state().library.changed()
    page = html_of(app.run())
    assert "cannot be shown just now" in page
    for inner in ("titel", "archive.yaml", str(tmp_path)):
        assert inner not in page
    keeper()
    assert "titel" in html_of(app.run())


@pytest.mark.threat(8)
@pytest.mark.parametrize("page", ["adding.page"])
def test_keepers_pages_are_refused_to_others(
    at: Open, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked at the act: whoever is not here and not signed in sees why, and no form."""
    app = at()
    name = f"coproarchive.ui.{page}"
    module = __import__(name, fromlist=["page"])
    monkeypatch.setattr(module, "visitor", lambda: Visitor("evil.example", "192.0.2.1", {}))
    script = f"from coproarchive.ui import parts\nimport {name} as shown\n"
    script += "from coproarchive.errors import CoproArchiveError\ntry:\n    shown.page()\n"
    script += "except CoproArchiveError as error:\n    parts.say_error(error)\n"
    refused = AppTest.from_string(script, default_timeout=30).run()
    assert "those who keep the archive" in html_of(refused)
    assert not refused.get("file_uploader")
    assert app


def test_a_result_says_why_and_partial_ones_stand_under_a_line(at: Open) -> None:
    """Full matches first, then those with some of the words; each names its words and places."""
    page = html_of(at(q="bread bake windmills"))
    assert "Nothing has all of these words" in page
    assert "<s>windmills</s>" in page
    page = html_of(at(q="rye anecdote starter sourdough"))
    assert "1 item" in page
    assert page.index("bread-for-all?") < page.index("These have only some") < page.index("a-post?")
    assert "<strong>rye</strong>: slide 2" in page


def test_corrections_and_synonyms_have_a_way_back(at: Open) -> None:
    """The search as typed is one link away."""
    page = html_of(at(q="sourdogh"))
    assert 'href="?q=sourdogh&amp;exact=1"' in page
    assert "Search instead for" in page


def test_years_are_bars_with_words_for_those_who_hear_them(at: Open) -> None:
    """The histogram's numbers are its text alternative."""
    page = html_of(at(sort="date"))
    bars = re.findall(r'<li><a href="[^"]*">(\d{4})</a> <span class="count">(\d+)', page)
    assert bars == [("2017", "1"), ("2018", "1"), ("2019", "1")]


@pytest.mark.threat(16)
def test_what_found_nothing_is_counted_once_and_told_to_the_keeper(at: Open) -> None:
    """Words only, and not what looks like somebody's own data."""
    app = at(q="qqqqq zzzzz", exact="1")
    app.run()
    at(q="someone@example.org")
    assert state.app_state().library.unanswered.most() == [("qqqqq zzzzz", 1)]


def test_a_file_that_was_dropped_is_told_by_its_name(at: Open) -> None:
    """Where the server keeps it meanwhile is nobody's concern; other places are told in full."""
    app = at()
    assert not app.exception
    folder = state.app_state().shelf.root / "x" / "y"
    dropped = IngestError("the archive has this very file already.", str(folder / "rye.pptx"))
    page = parts.error_html(dropped)
    assert "<code>rye.pptx</code>" in page
    assert str(folder) not in page
    assert "/srv/talks/item.yaml" in parts.error_html(IngestError("no.", "/srv/talks/item.yaml"))
