"""What readers meet after an act: a tombstone, a redirect, the new version; nothing kept aside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from coproarchive.desk import Desk
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from making import make_pdf
from serving import client_of


@pytest.fixture
def library(library: Library) -> Library:
    library.update_index()
    return library


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with client_of(library) as opened:
        yield opened


@pytest.mark.threat(10)
def test_a_withdrawn_item_is_gone_and_says_what_is_there_instead(
    client: TestClient, library: Library
) -> None:
    """Title, day, reason and replacement, with 410; no file, picture, word or other address."""
    desk = Desk(library)
    before = client.get("/file/windmills/mill.pdf")
    change = desk.withdraw("windmills", "A chart was wrong.", replacement="a-post").change
    page = client.get("/item/windmills")
    assert page.status_code == 410
    assert "A chart was wrong." in page.text
    assert 'In its place there is <a href="/item/a-post">On co-production of bread</a>' in page.text
    assert "Grist" not in page.text
    assert client.get("/file/windmills/mill.pdf").status_code == 404
    assert client.get("/picture/windmills/mill.pdf/1-320.webp").status_code == 404
    assert "windmills" not in client.get("/sitemap.xml").text
    assert "Windmills" not in client.get("/results.csv", params={"q": "grist"}).text
    desk.undo(change)
    assert client.get("/file/windmills/mill.pdf").content == before.content


@pytest.mark.threat(10)
def test_a_file_that_is_not_public_is_nowhere(client: TestClient, library: Library) -> None:
    Desk(library).set_visibility(["windmills"], "hidden", file="mill.pdf")
    page = client.get("/item/windmills")
    assert page.status_code == 200
    assert "mill.pdf" not in page.text
    assert "Grist" not in page.text
    assert client.get("/file/windmills/mill.pdf").status_code == 404
    assert client.get("/picture/windmills/mill.pdf/1-320.webp").status_code == 404


@pytest.mark.threat(10)
@pytest.mark.parametrize("act", ["hidden", "replaced", "removed"])
def test_words_of_a_file_are_found_no_more_before_the_index_follows(
    library: Library, tmp_path: Path, act: str
) -> None:
    """What is in an index never decides: a document with words of such a file is left out."""
    assert library.search(Query.parse("grist")).total == 1
    desk = Desk(library, is_indexing=False)
    if act == "hidden":
        desk.set_visibility(["windmills"], "members", file="mill.pdf")
    elif act == "replaced":
        desk.replace("windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    else:
        desk.remove_file("windmills", "mill.pdf")
    assert library.search(Query.parse("grist")).total == 0
    assert library.suggest("gris") == []


@pytest.mark.threat(10)
def test_earlier_versions_and_the_history_are_no_address(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    """A reader gets the new version, and by no path the old one or what was said of it."""
    desk, root = Desk(library), library.store.root
    new = make_pdf(tmp_path / "new.pdf", ["Sails and vanes"])
    desk.replace("windmills", new, why="The zanzibar page was left in by mistake")
    assert client.get("/file/windmills/mill.pdf").content == new.read_bytes()
    aside = [p.relative_to(root).as_posix() for folder in (".history", ".kept")
             for p in (root / folder).rglob("*") if p.is_file()]  # fmt: skip
    assert len(aside) >= 2
    for path in aside:
        for prefix in ("/file/", "/file/windmills/../", "/file/windmills/%2e%2e/", "/item/", "/"):
            answer = client.get(f"{prefix}{path}")
            assert answer.status_code in (400, 404), (prefix, path)
            assert "zanzibar" not in answer.text


def test_an_old_address_leads_to_who_was_merged(client: TestClient, library: Library) -> None:
    desk = Desk(library)
    desk.merge("person", "bo-miller", "ada-baker")
    desk.rename("topic", "milling", "mills")
    for old, new in (
        ("/person/bo-miller", "/person/ada-baker"),
        ("/topic/milling", "/topic/mills"),
    ):
        answer = client.get(old, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (301, new)
    assert "Also known as Bo Miller" in client.get("/person/bo-miller").text
