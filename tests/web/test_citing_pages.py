"""Addresses below an item's, and below a slide's: references as files, styles, the quote card."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pybtex.database
import pytest
import rispy
from starlette.testclient import TestClient

from coproarchive.library import Library
from making import HOSTILE, SEMINAR
from serving import client_of

BREAD = f"/item/{SEMINAR}/bread-for-all"
BASE = "http://127.0.0.1:8501"


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


@pytest.mark.parametrize("place", ["", "/slide/3"])
def test_references_are_files_that_programs_read(client: TestClient, place: str) -> None:
    """Of a talk, and of the very slide: with the archive's own address of it."""
    files = {suffix: client.get(f"{BREAD}{place}/cite.{suffix}")
             for suffix in ("bib", "ris", "csl.json")}  # fmt: skip
    assert {f.status_code for f in files.values()} == {200}
    (ris,) = rispy.loads(files["ris"].text)
    (bib,) = pybtex.database.parse_string(files["bib"].text, "bibtex").entries.values()
    (csl,) = json.loads(files["csl.json"].text)
    address = f"{BASE}{BREAD}{place}"
    assert ris["urls"] == [address]
    assert bib.fields["url"] == csl["URL"] == address
    assert ris["title"] == bib.fields["title"] == csl["title"] == "Bread for all"
    assert ("notes" in ris, "note" in bib.fields) == ((True, True) if place else (False, False))
    assert files["ris"].headers["content-type"].startswith("application/x-research-info-systems")
    assert 'filename="1-baking-bread-for-all' in files["bib"].headers["content-disposition"]


def test_styles_as_text(client: TestClient) -> None:
    """The entry and, below it, what is for the text; an unknown style says which there are."""
    entry, in_text = client.get(f"{BREAD}/slide/3/cite.txt?style=mla").text.splitlines()
    assert entry.startswith("Baker, Ada. ‘Bread for All’.")
    assert in_text == "(Baker, slide 3)"
    refused = client.get(f"{BREAD}/cite.txt?style=vancouver")
    assert refused.status_code == 404
    assert "apa, harvard, mla, chicago" in refused.text


def test_a_page_with_every_style_and_format(client: TestClient) -> None:
    """Whole without script; names and titles are text, whatever they look like."""
    page = client.get(f"{BREAD}/slide/3/cite").text
    labels = ("APA", "Harvard", "MLA", "Chicago", "BibTeX", "RIS", "CSL-JSON", "Z3988")
    for words in (*labels, "(Baker, 2018, Slide 3)", "TY  - SLIDE", f'href="{BREAD}/slide/3"'):
        assert words in page
    hostile = client.get("/item/hostile/cite").text
    assert HOSTILE not in hostile
    assert "<img src=x" not in hostile


def test_a_slide_is_quoted(client: TestClient) -> None:
    """Picture, words, citation, licence and alternative text on one card."""
    page = client.get(f"{BREAD}/slide/3/quote")
    assert page.headers["content-security-policy"].endswith("media-src 'self'")
    for words in (
        f"/picture/{SEMINAR}/bread-for-all/bread.pptx/3-1000.webp",
        "Millstone",
        "(Baker, 2018, Slide 3)",
        "No licence is named",
        "Slide 3 of “Bread for all”: Flours",
    ):
        assert words in page.text
    assert client.get(f"{BREAD}/quote").status_code == 404
    second = client.get(f"{BREAD}/slide/2/quote").text
    assert "Sourdough. Feed the starter. Wait for a day." in second
    assert "rye anecdote" not in second  # released notes are beside the slide, not on it
    assert 'name="q" value=""' in client.get(f"{BREAD}/slide/2").text


@pytest.mark.parametrize(
    "path",
    [
        f"{BREAD}/slide/5",  # hidden by its author
        f"{BREAD}/slide/99",
        f"{BREAD}/page/1",
        f"/item/{SEMINAR}/hidden-talk",
        "/item/withdrawn",
        "/item/nothing",
    ],
)
def test_what_is_not_there_is_not_cited(client: TestClient, path: str) -> None:
    """Hidden, withdrawn and made-up places answer alike."""
    for end in ("cite.ris", "cite.txt", "cite", "quote"):
        answer = client.get(f"{path}/{end}")
        assert answer.status_code == 404
        assert "zanzibar" not in answer.text.casefold()
        assert "Secret" not in answer.text
