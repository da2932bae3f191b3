"""Slides described, problems as work, figures and care, on the desk's pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coproarchive.desk import Desk
from coproarchive.desk.slides import SlideName
from coproarchive.desk.snoozing import snooze_key
from coproarchive.desk.values import FieldEdit
from coproarchive.library import Library
from coproarchive.operate.figures import FormatCount, figures_of
from coproarchive.operate.problem_board import board_of
from coproarchive.web.desk import care_pages
from making import SEMINAR
from serving import desk_of

PROBLEMS = "/desk/problems"
SLIDE = "/desk/edit/item/windmills/page/1"


def test_a_slide_is_described_on_its_form(library: Library) -> None:
    with desk_of(library) as desk:
        shown = desk.get(SLIDE)
        assert shown.status_code == 200
        assert "Description, for those who cannot see it" in shown.text
        answer = desk.post(SLIDE, {"act": "save", "alt": "Four sails.", "title": "", "seen.alt": "",
                                   "seen.title": ""})  # fmt: skip
        assert answer.status_code == 303
        assert "Four sails." in desk.follow(answer).text
    (description,) = library.store.read_item("windmills").slides
    assert (description.number, description.alt, description.title) == (1, "Four sails.", None)


def test_what_somebody_else_wrote_meanwhile_is_shown_first(library: Library) -> None:
    other = Desk(library, "Bo Other", is_indexing=False)
    with desk_of(library) as desk:
        desk.get(SLIDE)
        other.describe_slide(SlideName("windmills", 1), [FieldEdit("alt", "=", "Theirs.")])
        mine = {"act": "save", "alt": "Mine.", "title": "", "seen.alt": "", "seen.title": ""}
        answer = desk.post(SLIDE, mine)
        assert answer.status_code == 409
        assert "Theirs." in answer.text and "Mine." in answer.text and "Bo Other" in answer.text
        assert library.store.read_item("windmills").slides[0].alt == "Theirs."
        assert desk.post(SLIDE, mine | {"seen.alt": "Theirs."}).status_code == 303
    assert library.store.read_item("windmills").slides[0].alt == "Mine."


@pytest.mark.parametrize("path", ["windmills/page/99", "nothing/page/1", "windmills/slide/1"])
def test_slides_that_are_not_there_are_said_to_be_missing(library: Library, path: str) -> None:
    with desk_of(library) as desk:
        assert desk.get(f"/desk/edit/item/{path}").status_code == 404


def key_of(library: Library, code: str) -> str:
    return next(snooze_key(p) for p in library.check() if p.code == code)


def broken(library: Library) -> None:
    """Break a record in a way that can be mended, and one that cannot; leave a stray file."""
    root = library.store.root
    record = root / "windmills" / "item.yaml"
    text = record.read_text().replace("title:", "available: 2017-7-6\ntitle:", 1)
    record.write_text(text.replace("bo-miller", "bo-mller", 1))
    bread = root / SEMINAR / "bread-for-all"
    (bread / "Thumbs.db").write_bytes(b"x")
    library.changed()


def test_problems_are_work_and_the_sure_ones_are_put_right_at_once(library: Library) -> None:
    broken(library)
    board_of(library).look(60)
    with desk_of(library) as desk:
        shown = desk.get(PROBLEMS).text
        assert "Put records right that cannot be read" in shown
        assert "Sort out files that no record names" in shown
        plan = desk.post(PROBLEMS, {"act": "repair", "group": "unlisted"})
        assert plan.status_code == 200 and "Thumbs.db" in plan.text
        stray = library.store.root / SEMINAR / "bread-for-all" / "Thumbs.db"
        assert stray.exists(), "a plan does nothing"
        done = desk.post(PROBLEMS, {"act": "repair", "group": "unlisted", "sure": "yes"})
        assert "1 thing put right" in desk.follow(done).text
        assert not stray.exists()
        desk.post(PROBLEMS, {"act": "repair", "group": "records", "sure": "yes"})
    codes = {p.code for p in library.check()}
    assert "record-broken" not in codes
    assert "unknown-person" in codes, "who is who is not guessed"


def test_a_problem_is_left_for_now_with_a_reason(library: Library) -> None:
    broken(library)
    key = key_of(library, "record-broken")
    board_of(library).look(60)
    with desk_of(library) as desk:
        fields = {"act": "snooze", "key": key, "reason": "Asked Bo.", "until": ""}
        assert desk.post(PROBLEMS, fields | {"reason": ""}).status_code == 422
        refused = desk.post(PROBLEMS, fields)
        assert refused.status_code == 422 and "not for ever" in refused.text
        assert 'value="Asked Bo."' in refused.text, "what was typed stays"
        left = desk.follow(desk.post(PROBLEMS, fields | {"until": "2099-01-01"})).text
        assert "Left for now" in left and "Asked Bo." in left
        assert (
            "Left for now" not in desk.follow(desk.post(PROBLEMS, {"act": "wake", "key": key})).text
        )


def test_home_says_what_waits_and_old_address_leads_to_the_problems(library: Library) -> None:
    with desk_of(library) as desk:
        board_of(library).look(60)
        assert " wait" in desk.get("/desk").text
        moved = desk.get("/problems")
        assert moved.headers["location"] == PROBLEMS


def test_figures_and_care_are_told(library: Library) -> None:
    Desk(library, is_indexing=False).verify()
    with desk_of(library) as desk:
        figures = desk.get("/desk/figures").text
        for words in ("How well it is described", "PDF", "2017", "Slides whose pictures"):
            assert words in figures
        care = desk.get("/desk/care").text
        assert "All are what they were" in care
        assert "None is known" in care
    Desk(library, is_indexing=False).back_up(library.store.root.parent / "bags")
    with desk_of(library) as desk:
        assert "Nothing was changed since" in desk.get("/desk/care").text


def test_old_and_new_formats_of_one_kind_are_one_row(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers' words for a kind of file, as on its download, not its media type."""
    pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    formats = [FormatCount(pptx, 3, 2_000_000), FormatCount("application/vnd.ms-powerpoint", 2, 0)]
    counted = replace(figures_of(library), formats=formats)
    monkeypatch.setattr(care_pages, "figures_of", lambda _: counted)
    with desk_of(library) as desk:
        page = " ".join(desk.get("/desk/figures").text.split())
    assert page.count("PowerPoint") == 1
    assert "vnd." not in page
