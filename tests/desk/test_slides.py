"""Titles and descriptions of slides: shown, searched, undone, and kept when files change."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pptx import Presentation
from pptx.util import Inches
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from coproarchive.cli import app
from coproarchive.desk.slides import merged_slides
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import SlideDescription
from coproarchive.search.language.query import Query
from coproarchive.settings import Settings
from coproarchive.web.access import Access
from coproarchive.web.routes import routes
from making import SEMINAR, make_archive, make_pdf

BREAD = f"{SEMINAR}/bread-for-all"
MILL = "A windmill with four sails on a dyke, seen from below."


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    make_archive(folder / "archive")
    library = library_of(folder)
    library.update_index()
    library.close()
    return folder


def library_of(folder: Path) -> Library:
    return Library(
        Settings(archive=folder / "archive", index=folder / "index", workers=1, office="off")
    )


@pytest.fixture
def folder(indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(indexed, tmp_path / "copy")
    for name, value in {"WORKERS": "1", "OFFICE": "off", "WHO": "Ann Keeper"}.items():
        monkeypatch.setenv(f"COPROARCHIVE_{name}", value)
    return tmp_path / "copy"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    library = library_of(folder)
    yield library
    library.close()


Run = Callable[..., Any]


@pytest.fixture
def run(folder: Path) -> Run:
    def run_command(*words: str | Path) -> Any:
        places = ["--archive", folder / "archive", "--index", folder / "index"]
        result = CliRunner().invoke(app, [*map(str, places), *map(str, words), "--json"])
        if result.exception:
            raise result.exception
        return json.loads(result.stdout)

    return run_command


def page(library: Library, path: str) -> str:
    client = TestClient(Starlette(routes=routes(library, Access(library.settings))))
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def test_a_description_is_shown_searched_and_quoted(library: Library, run: Run) -> None:
    run("edit", "windmills", "--slide", "2", "--set", f"alt={MILL}", "--set", "title=Four sails")
    hit = library.search(Query.parse("dyke sails")).hits[0]
    assert (hit.id, hit.leaves[0].number) == ("windmills", 2)
    assert hit.leaves[0].title.text == "Four sails"
    slide = page(library, "/item/windmills/page/2")
    assert f'alt="{MILL}"' in slide
    assert f'<meta property="og:image:alt" content="Page 2 of “Windmills”: {MILL}">' in slide
    assert "<h1" in slide and "Four sails</h1>" in slide
    in_words = page(library, "/item/windmills/text")
    assert MILL in in_words and "Four sails" in in_words
    assert MILL in page(library, "/item/windmills/page/2/quote")


def test_its_own_title_is_still_found(library: Library, run: Run) -> None:
    run("edit", BREAD, "--slide", "2", "--set", "title=Feeding a starter")
    hit = library.search(Query.parse("title:bread sourdough")).hits[0]
    assert hit.id == BREAD
    assert library.search(Query.parse('"feeding a starter"')).hits[0].id == BREAD


def test_what_a_file_lacks_is_no_problem_once_described(
    library: Library, run: Run, tmp_path: Path
) -> None:
    deck = Presentation()
    for _ in range(2):
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        buffer = io.BytesIO()
        Image.new("RGB", (40, 30), "#aa7744").save(buffer, "PNG")
        slide.shapes.add_picture(buffer, Inches(1), Inches(2))
    deck.save(str(tmp_path / "crusts.pptx"))
    (item,) = run("add", tmp_path / "crusts.pptx")["items"]

    def lacking() -> list[tuple[str, str]]:
        codes = ("picture-without-alt", "leaf-without-text")
        return [(p.field, p.code) for p in library.check() if p.code in codes]

    of_two = [(field, code) for field, code in lacking() if field == "2"]
    assert lacking() != of_two != []
    run("edit", item["id"], "--slide", "1", "--set", "alt=Loaves on a board.")
    assert lacking() == of_two


def test_wrong_slides_and_fields_are_refused(run: Run) -> None:
    with pytest.raises(NotFoundError, match="no slide 99"):
        run("edit", "windmills", "--slide", "99", "--set", "alt=x")
    with pytest.raises(IngestError, match='no field "subtitle"'):
        run("edit", "windmills", "--slide", "1", "--set", "subtitle=x")
    with pytest.raises(IngestError, match="--slide takes one item"):
        run("edit", "windmills", BREAD, "--slide", "1", "--set", "alt=x")
    with pytest.raises(IngestError, match="--slide N"):
        run("edit", "windmills", "--set", "slides=[]")


def test_one_of_two_slides_is_taken_back(library: Library, run: Run) -> None:
    first = run("edit", "windmills", "--slide", "1", "--set", "alt=First.")["change"]
    run("edit", "windmills", "--slide", "2", "--set", "alt=Second.")
    run("undo", first)
    (left,) = library.store.read_item("windmills").slides
    assert (left.number, left.alt) == (2, "Second.")


def test_what_was_described_anew_is_not_taken_back() -> None:
    def entry(alt: str) -> dict[str, Any]:
        return {"file": "a.pdf", "number": "1", "alt": alt}

    assert merged_slides([entry("later")], [], [entry("first")]) is None
    assert merged_slides([entry("first")], [], [entry("first")]) == []


def test_two_who_describe_one_slide_see_each_other(library: Library, run: Run) -> None:
    run("edit", "windmills", "--slide", "1", "--set", "alt=Sails.")
    from coproarchive.desk.edit import FieldConflictError

    with pytest.raises(FieldConflictError) as raised:
        run("edit", "windmills", "--slide", "1", "--set", "alt=A mill.", "--seen", "alt=")
    (conflict,) = raised.value.conflicts
    assert (conflict.field, conflict.now, conflict.who) == ("alt", "Sails.", "Ann Keeper")


def test_descriptions_follow_a_slide_into_the_new_version(
    library: Library, run: Run, tmp_path: Path
) -> None:
    old = ["Why millers read the wind", "Sails of linen and of wood", "How a brake wheel works"]
    path = make_pdf(tmp_path / "mills.pdf", old)
    (item,) = run("add", path, "--title", "Mills of the marsh")["items"]
    for number in (2, 3):
        run("edit", item["id"], "--slide", str(number), "--set", f"alt=About {number}.")
    newer = make_pdf(tmp_path / "new" / "mills.pdf", ["A page before all others", *old[:2]])
    change = run("replace", item["id"], newer)["change"]
    asset = library.store.read_item(item["id"]).assets[0]
    moved, kept = library.store.read_item(item["id"]).slides
    assert (moved.number, moved.alt, moved.sha256) == (3, "About 2.", asset.sha256)
    assert (kept.number, kept.alt) == (3, "About 3.")
    assert kept.sha256 != asset.sha256
    problems = [p for p in library.check() if p.code == "slide-elsewhere"]
    assert ["“About 3.”" in p.message for p in problems] == [True]
    run("undo", change)
    assert [d.number for d in library.store.read_item(item["id"]).slides] == [2, 3]
    assert not [p for p in library.check() if p.code == "slide-elsewhere"]


def test_a_description_without_a_slide_is_named(library: Library) -> None:
    item = library.store.read_item("windmills")
    lost = SlideDescription(file=item.assets[0].path, number=77, alt="Nowhere.")
    library.store.save_item(item.model_copy(update={"slides": (lost,)}))
    (problem,) = [p for p in library.check() if p.code == "slide-elsewhere"]
    assert (problem.path, problem.field) == ("windmills/item.yaml", f"slides: {lost.file}, 77")


def test_descriptions_of_a_hidden_file_are_not_public(library: Library, run: Run) -> None:
    run("edit", "windmills", "--slide", "1", "--set", "alt=Zwickmühle.")
    name = library.store.read_item("windmills").assets[0].path
    run("visibility", "windmills", "hidden", "--file", name)
    assert library.public().items["windmills"].slides == ()
    assert library.search(Query.parse("Zwickmühle")).total == 0
