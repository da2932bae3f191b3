"""Pages of a talk in three files: each slide once, its other forms, what was said, other talks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pptx import Presentation
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.model import Contribution, Item, Visibility
from serving import client_of

ADA = (Contribution(person="ada-baker"),)


@pytest.fixture
def client(
    talk: list[Path], archive: Path, open_library: Callable[..., Library], tmp_path: Path
) -> Iterator[TestClient]:
    """The talk, a newer one with its slides, and a hidden one with them too."""
    library = open_library(archive)
    add = library.store.add_item
    add(Item(id="ovens", title="Ovens", date="2015", people=ADA), {p.name: p for p in talk})
    for name, date, visibility in (
        ("again", "2019", Visibility.PUBLIC), ("zanzibar", "2017", Visibility.HIDDEN)
    ):  # fmt: skip
        deck = Presentation(str(talk[0]))
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = name
        copy = tmp_path / f"{name}.pptx"
        deck.save(str(copy))
        item = Item(id=name, title=f"Ovens {name}", date=date, people=ADA, visibility=visibility)
        add(item, {copy.name: copy})
    library.update_index()
    with client_of(library) as opened:
        yield opened


def after(html: str, words: str, until: str) -> list[str]:
    """Addresses of the links between words and a tag."""
    return re.findall(r'href="([^"]+)"', html.partition(words)[2].partition(until)[0])


def test_a_slide_names_its_other_forms_what_was_said_and_other_talks(client: TestClient) -> None:
    """Of a deck whose notes are withheld too; nothing of a hidden talk, nor of the notes."""
    page = client.get("/item/ovens/slide/2").text
    assert after(page, "The same slide:", "</p>") == [
        "/item/ovens/page/1", "/file/ovens/ovens.pdf#page=1"]  # fmt: skip
    said = page.partition(">What was said here</h2>")[2].partition("</section>")[0]
    assert "we fire ours with beech" in said
    assert "gramophone" not in said
    assert after(page, "This slide also appears in", "</ul>") == ["/item/again/slide/2"]
    assert page.count("/item/again/slide/2") == 1  # not as a slide like this one too
    assert "zanzibar" not in page
    assert "tapir" not in page


def test_the_other_form_leads_back_and_names_the_slide_as_its_place(client: TestClient) -> None:
    page = client.get("/item/ovens/page/1").text
    assert after(page, "The same slide:", "</p>")[0] == "/item/ovens/slide/2"
    assert re.search(r'rel="canonical" href="[^"]*/item/ovens/slide/2"', page)
    assert after(page, "This slide also appears in", "</ul>") == ["/item/again/slide/2"]
    cue = client.get("/item/ovens/cue/2").text
    assert "/item/ovens/slide/3" in after(cue, "On the slide", "</section>")
    alone = client.get("/item/ovens/page/4").text
    assert "The same slide:" not in alone
    assert re.search(r'rel="canonical" href="[^"]*/item/ovens/page/4"', alone)


def test_the_overview_and_the_copy_in_words_have_each_slide_once(client: TestClient) -> None:
    """Old addresses of pages of the PDF lead to the slide; what one form has alone is said."""
    for address in ("/item/ovens", "/item/ovens/text"):
        assert client.get(address).text.count("Brick ovens") == 1, address
    page = client.get("/item/ovens").text
    for old in ("slide-2", "ovens-pdf-page-1", "ovens-pdf-page-4", "ovens-vtt-cue-1"):
        assert f'id="{old}"' in page
    assert "Slide 1 is only in ovens.pptx." in page
    assert "Page 4 is only in ovens.pdf." in page
    assert "register of 1790" in client.get("/item/ovens/text").text


@pytest.mark.parametrize("path", ["/item/ovens/slide/3", "/item/ovens/text"])
def test_words_that_only_the_pdf_has_are_shown_where_they_are_found(
    client: TestClient, path: str
) -> None:
    """Once, on the slide to which a search for them leads."""
    page = client.get(path).text
    assert page.count("Crumbtown Museum") == 1, re.findall(".{80}Crumbtown Museum.{20}", page)
