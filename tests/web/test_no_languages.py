"""An archive that declares no language is served like any other: `languages` may be left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coproarchive.library import Library
from coproarchive.store import Store
from making import SEMINAR
from serving import client_of

PATHS = (
    f"/item/{SEMINAR}/bread-for-all", "/item/a-post", f"/seminar/{SEMINAR}", "/person/ada-baker",
    "/topic/sourdough", "/seminars", "/people", "/topics", "/feed.atom", "/sitemap.xml",
    "/results.csv?q=bread",
)  # fmt: skip


def test_every_page_is_there(archive: Path, open_library: Callable[..., Library]) -> None:
    store = Store(archive)
    store.save_series(store.read_series().model_copy(update={"languages": ()}))
    library = open_library(archive)
    library.update_index()
    assert library.public().series.languages == ()
    with client_of(library) as client:
        assert {path: client.get(path).status_code for path in PATHS} == dict.fromkeys(PATHS, 200)
