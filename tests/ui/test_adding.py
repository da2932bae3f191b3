"""The page of adding without a browser: who may act, what is typed, what is said before saving."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from coproarchive.desk.drafts import DraftSet, read_set
from coproarchive.ui import state
from coproarchive.ui.adding import acts
from coproarchive.web.access import Visitor
from coproarchive.web.desk.home import KEEPER_NAME
from making import make_deck, make_pdf
from serving import keeper_here

ADDING = Path(__file__).resolve().parents[2] / "src" / "coproarchive" / "ui" / "adding"
SCRIPT = "from coproarchive.ui.adding.page import page\npage()\n"
Waiting = Callable[..., DraftSet]


@pytest.fixture
def waiting(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    """Puts files among the drafts of the small archive, and reads them; somebody may add."""
    for name, value in {"ARCHIVE": archive, "INDEX": tmp_path / "index", "WORKERS": 1}.items():
        monkeypatch.setenv(f"COPROARCHIVE_{name}", str(value))
    monkeypatch.setenv("COPROARCHIVE_OFFICE", "off")
    state.app_state.cache_clear()
    shared = state.app_state()
    visitor = keeper_here(shared.access)
    visitor = replace(visitor, cookies={**(visitor.cookies or {}), KEEPER_NAME: "Ada%20Keeper"})
    for module in ("page", "acts", "table"):
        monkeypatch.setattr(f"coproarchive.ui.adding.{module}.visitor", lambda: visitor)
    monkeypatch.setattr("coproarchive.ui.parts.visitor", lambda: visitor)

    def wait(*files: Path) -> DraftSet:
        set_id = shared.shelf.begin()
        for file in files:
            shared.shelf.take(set_id, file, file.name)
        return read_set(shared.library, shared.shelf, set_id)

    yield wait
    shared.library.close()
    state.app_state.cache_clear()


def opened(**address: str) -> AppTest:
    """The page at an address."""
    app = AppTest.from_string(SCRIPT, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def html_of(app: AppTest) -> str:
    """All HTML that the page shows."""
    return "\n".join(block.proto.body for block in app.get("html"))


@pytest.mark.threat(8)
def test_every_act_asks_who_may(waiting: Waiting, tmp_path: Path) -> None:
    """Found by itself: whatever a widget calls, and whatever changes drafts, is a keeper's act."""
    draft = waiting(make_pdf(tmp_path / "pies.pdf", ["Pies at night"]))
    called = set()
    for path in sorted(ADDING.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in ("on_click", "on_change"):
                called.add(ast.unparse(node.value))
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("acts."):
                called.add(ast.unparse(node.func))
    quiet = {
        f"acts.{name}" for name in ("take_errors", "show_again", "table_version", "session_id")
    }
    assert {name.partition(".")[0] for name in called} == {"acts"}
    for name in sorted(called - quiet):
        act = getattr(acts, name.partition(".")[2])
        assert getattr(act, "is_keepers", False), f"{name} is done for anybody"
    stranger = Visitor("evil.example", "192.0.2.1", {})
    before = state.app_state().shelf.read(draft.id)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(acts, "visitor", lambda: stranger)
        arguments: dict[str, tuple[Any, ...]] = {
            "discard_set": (draft.id,), "save": (draft.id,),
            "discard_rows": (draft.id, [draft.rows[0].id]),
        }  # fmt: skip
        for name, values in arguments.items():
            getattr(acts, name)(*values)
    assert len(acts.take_errors()) == 3
    assert state.app_state().shelf.read(draft.id) == before
    assert "pies-at-night" not in state.app_state().library.store.item_ids()


def test_cells_are_remembered_as_they_are_typed(
    waiting: Waiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit of the table is in the draft at once; one that was there is not written again."""
    draft = waiting(make_pdf(tmp_path / "pies.pdf", ["Pies at night"]))
    row, shelf = draft.rows[0].id, state.app_state().shelf
    edits: dict[str, Any] = {"edited_rows": {0: {"title": "Pies", "people": ["Zoe Crumb"]}}}
    session: dict[str, Any] = {"t": edits}
    monkeypatch.setattr(st, "session_state", session)
    acts.type_cells(draft.id, [row], "t")
    acts.table_of(draft.id).type({row: {"title": "Pies by day"}})  # by another page
    edits["edited_rows"][0] |= {"seminar": None, "available": "2030-01-01", "visibility": None}
    acts.type_cells(draft.id, [row], "t")
    values = shelf.read(draft.id).rows[0].values
    assert (values.title, values.people, values.seminar) == ("Pies by day", ("Zoe Crumb",), "")
    assert (values.available, values.visibility) == ("2030-01-01", "public")


def test_what_waits_is_offered_and_what_is_left_out_is_said(
    waiting: Waiting, tmp_path: Path
) -> None:
    """The list of sets; of one the table, what gives away whom, and files of no kind."""
    stray = tmp_path / "budget.dat"
    stray.write_bytes(b"\0\1")
    card = make_pdf(tmp_path / "card.pdf", ["Rolls", "Write to zoe@crumbs.example"])
    draft = waiting(card, make_deck(tmp_path / "scones.pptx", extra_title="Scones"), stray)
    app = opened()
    assert f"<b>3 files</b>, since {draft.began}" in html_of(app)
    app = opened(draft=draft.id)
    page = html_of(app)
    assert "<code>budget.dat</code>: This is no kind of file of a talk." in page
    assert "Everybody can read: e-mail addresses on page 2." in page
    assert [b.label for b in app.button if b.label.startswith("Save")] == ["Save 1 of 2"]
    (tick,) = [b for b in app.button if b.label.startswith("I have looked")]
    tick.click().run()
    (save,) = [b for b in app.button if b.label.startswith("Save")]
    assert save.label == "Save all 2"
    save.click().run()
    assert not app.exception
    assert re_links(html_of(app)) == ["/item/rolls", "/item/scones"]


def re_links(page: str) -> list[str]:
    """Addresses of items in what the page says was saved."""
    saved = page.partition("Saved: ")[2].partition("</p>")[0]
    return sorted(piece.partition('"')[0] for piece in saved.split('href="')[1:])


def test_one_by_one_is_the_same_as_a_form(waiting: Waiting, tmp_path: Path) -> None:
    """For a keyboard, a phone and a screen reader: keep and go on, then save."""
    files = [make_pdf(tmp_path / f"{name}.pdf", [f"{name} at noon"]) for name in ("Buns", "Pies")]
    draft = waiting(*files)
    first = draft.rows[0]
    app = opened(draft=draft.id, row=first.id)
    assert "1 of 2: Buns.pdf" in html_of(app)
    title = next(field for field in app.text_input if field.label == "Title")
    title.input("Buns at dawn")
    next(b for b in app.button if b.label == "Keep, and show the next").click().run()
    assert "2 of 2: Pies.pdf" in html_of(app)
    assert state.app_state().shelf.read(draft.id).rows[0].values.title == "Buns at dawn"
    next(b for b in app.button if b.label == "Save this one in the archive").click().run()
    assert not app.exception
    assert [row.id for row in state.app_state().shelf.read(draft.id).rows] == [first.id]
    store = state.app_state().library.store
    assert "pies-at-noon" in store.item_ids()
    added = store.recorder.log.of_record("pies-at-noon/item.yaml")[-1].activity
    assert (added.name, added.who) == ("add", "Ada Keeper")
