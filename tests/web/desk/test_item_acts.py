"""/desk/files and /desk/visibility: acts on one item, each undone; what others did is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from coproarchive.desk import Desk
from coproarchive.library import Library
from making import SEMINAR, make_pdf
from serving import DeskClient, desk_of

FILES = "/desk/files/windmills"
WHO = "/desk/visibility/windmills"
ITEM = "windmills/item.yaml"


@pytest.fixture
def page(library: Library) -> Iterator[DeskClient]:
    with desk_of(library) as desk:
        yield desk


@pytest.fixture
def act(page: DeskClient, library: Library) -> Any:
    """Press a button of the files' page, as it is now."""

    def press(act: str, name: str = "", files: Any = None, **fields: str) -> Response:
        digest = fields.pop("digest", library.store.digest(ITEM))
        return page.post(
            FILES, {"act": act, "name": name, "digest": digest, **fields}, files=files or {}
        )

    return press


def upload(field: str, path: Path) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [(field, (path.name, path.read_bytes(), "application/pdf"))]


def names(library: Library) -> list[str]:
    return [asset.path for asset in library.store.read_item("windmills").assets]


def test_a_file_is_replaced_and_every_version_stays(
    page: DeskClient, act: Any, library: Library, tmp_path: Path
) -> None:
    old = library.store.asset_path("windmills", "mill.pdf").read_bytes()
    new = make_pdf(tmp_path / "other name.pdf", ["Sails"])
    done = act("replace", "mill.pdf", upload("file-1-new", new), field="file-1-new", why="Better")
    shown = page.follow(done).text
    assert "mill.pdf has a new version" in shown
    assert 'action="/desk/undo"' in shown
    assert library.store.asset_path("windmills", "mill.pdf").read_bytes() == new.read_bytes()
    assert not list((library.settings.index / "scratch").rglob("*.pdf"))
    (kept,) = (library.store.root / ".kept" / "windmills").iterdir()
    assert page.get(f"{FILES}/download/{kept.name}").content == old
    assert page.get(f"{FILES}/download/mill.pdf").content == new.read_bytes()
    assert page.get(f"{FILES}/download/item.yaml").status_code == 404
    assert "mill.pdf is back" in page.follow(act("back", kept.name)).text
    assert library.store.asset_path("windmills", "mill.pdf").read_bytes() == old


def test_forms_are_added_named_ordered_hidden_removed_and_brought_back(
    page: DeskClient, act: Any, library: Library, tmp_path: Path
) -> None:
    handout = make_pdf(tmp_path / "handout.pdf", ["Quern stones"])
    assert act("add", files=upload("files", handout), field="files").status_code == 303
    act("earlier", "handout.pdf")
    act("title", "handout.pdf", title="Handout")
    act("visibility", "handout.pdf", who="day", number="1", **{"day-1": "2099-01-31"})
    assets = library.store.read_item("windmills").assets
    assert [(a.path, a.title, a.available) for a in assets] == [
        ("handout.pdf", "Handout", "2099-01-31"), ("mill.pdf", None, None),
    ]  # fmt: skip
    assert "handout.pdf is in the bin" in page.follow(act("remove", "handout.pdf")).text
    assert names(library) == ["mill.pdf"]
    (kept,) = (library.store.root / ".kept" / "windmills").iterdir()
    act("back", kept.name)
    assert names(library) == ["mill.pdf", "handout.pdf"]


def test_what_cannot_be_taken_stands_beside_its_field(
    page: DeskClient, act: Any, library: Library, archive: Path
) -> None:
    post = next((archive / "a-post").glob("*.md"))
    twin = act("add", files=upload("files", post), field="files")
    assert twin.status_code == 422
    assert f"The archive has this very file already: a-post/{post.name}" in twin.text
    assert 'id="files-wrong"' in twin.text
    assert "Choose a file first" in act("add", field="files").text
    no_day = act("visibility", "mill.pdf", who="day", number="1")
    assert (no_day.status_code, 'id="day-1-wrong"' in no_day.text) == (422, True)
    assert act("explode").status_code == 404
    assert names(library) == ["mill.pdf"]


def test_two_browsers_on_one_item_lose_nothing(
    page: DeskClient, act: Any, library: Library, tmp_path: Path
) -> None:
    """Who comes second with files is told of the first; another field is no conflict."""
    seen = library.store.digest(ITEM)
    act("title", "mill.pdf", title="Theirs")
    late = act("title", "mill.pdf", title="Mine", digest=seen)
    assert late.status_code == 409
    assert 'value="Mine"' in late.text
    assert library.store.read_item("windmills").assets[0].title == "Theirs"
    assert page.post(WHO, {"act": "show", "who": "members", "digest": seen}).status_code == 303
    late = page.post(WHO, {"act": "show", "who": "hidden", "digest": seen})
    assert late.status_code == 409
    assert "members" in late.text


def test_an_item_is_hidden_withdrawn_and_given_back(page: DeskClient, library: Library) -> None:
    def press(act: str, **fields: str) -> Response:
        digest = library.store.digest(ITEM)
        return page.post(WHO, {"act": act, "digest": digest, **fields})

    assert "hidden from readers" in page.follow(press("show", who="hidden")).text
    assert page.client.get("/item/windmills").status_code == 404
    press("show", who="public")
    refused = press("withdraw", reason=" ")
    assert (refused.status_code, 'id="reason-wrong"' in refused.text) == (422, True)
    wrong = press("withdraw", reason="Asked for.", replacement="Nothing at all")
    assert "no item called" in wrong.text
    done = press("withdraw", reason="Asked for.", replacement="On co-production of bread")
    assert "taken back" in page.follow(done).text
    tombstone = page.client.get("/item/windmills")
    assert tombstone.status_code == 410
    assert "On co-production of bread" in tombstone.text
    assert "given back" in page.follow(press("return")).text
    assert page.client.get("/item/windmills").status_code == 200


def test_the_page_destroys_nothing_and_says_how(page: DeskClient) -> None:
    shown = page.get(f"/desk/visibility/{SEMINAR}/bread-for-all").text
    assert f"coproarchive purge {SEMINAR}/bread-for-all" in shown
    assert "It would destroy" in shown


def test_a_file_that_is_nearly_another_items_says_so(
    act: Any, page: DeskClient, library: Library, tmp_path: Path
) -> None:
    """Exact duplicates are refused; one that shares its slides with another item names it."""
    slides = [
        "Stones and their dressing",
        "Granite quarried inland wears slowly under heavy barley loads every winter",
        "Sails catch northern gusts while brakes squeal beneath ancient oak beams",
        "Farmers queue before sunrise carrying sacks stitched from coarse linen cloth",
        "Millers keep ledgers counting bushels against rents owed to distant abbeys",
    ]
    Desk(library).add_forms("held-elsewhere", [make_pdf(tmp_path / "a.pdf", slides)])
    changed = make_pdf(tmp_path / "b.pdf", [*slides[:4], "Something else altogether, at the end"])
    act("add", files=upload("files", changed), field="files")
    library.update_index()
    shown = page.get(FILES).text
    assert "3 of its 3 slides are, or nearly are, in" in shown
    assert 'href="/desk/files/held-elsewhere"' in shown
