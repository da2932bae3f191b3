"""An original whose bytes changed is named, and not served as the one that was archived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.web.access import Access
from coproarchive.web.routes import routes
from test_pictures import settled


@pytest.fixture
def damaged(archive: Path) -> Path:
    """A PDF of the archive in which two letters are others, before anything was read."""
    path = archive / "windmills" / "mill.pdf"
    path.write_bytes(path.read_bytes().replace(b"grain", b"groin").replace(b"slowly", b"slewly"))
    return path


def test_its_words_are_not_indexed(
    archive: Path, damaged: Path, open_library: Callable[..., Library]
) -> None:
    """Until it is put back; then the next update reads it."""
    library = open_library(archive)
    problems = {(p.code, p.path) for p in library.update_index().problems}
    assert ("file-changed", "windmills/mill.pdf") in problems
    assert library.search(Query.parse("slewly")).total == 0
    damaged.write_bytes(
        damaged.read_bytes().replace(b"groin", b"grain").replace(b"slewly", b"slowly")
    )
    library.update_index()
    assert library.search(Query.parse("slowly")).total == 1


def test_its_bytes_are_not_handed_out(
    library: Library, archive: Path, open_library: Callable[..., Library]
) -> None:
    """Its words, known from before, stay; nothing is drawn of it either."""
    path = archive / "windmills" / "mill.pdf"
    sound = path.read_bytes()
    pages = TestClient(Starlette(routes=routes(library, Access(library.settings))))
    assert pages.get("/file/windmills/mill.pdf").content == sound
    path.write_bytes(sound.replace(b"slowly", b"slewly"))
    answer = pages.get("/file/windmills/mill.pdf")
    assert answer.status_code == 503
    assert b"slewly" not in answer.content and "damaged" in answer.text
    assert library.search(Query.parse("slowly")).total == 1
    item = library.public().items["windmills"]
    assert library.picture(item.id, item.assets[0], 1, 320) is None
    settled(library.pictures)
    assert library.picture(item.id, item.assets[0], 1, 320) is None
    assert not list((library.settings.index / "pictures").rglob("*.webp"))
    path.write_bytes(sound)
    assert pages.get("/file/windmills/mill.pdf").content == sound
