"""After a change the server is ready before a reader asks, and forgets what was replaced."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.search.discover.suggest import Suggester
from coproarchive.search.index.index import Index
from coproarchive.search.index.search_context import SearchContext
from coproarchive.search.language.query import Query
from coproarchive.ui.warming import Warmer


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """Leave the heap of the other tests as it was."""
    yield
    gc.unfreeze()


def retitle(archive: Path, title: str) -> None:
    path = archive / "windmills" / "item.yaml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(f"title: {title}" if "title:" in s else s for s in lines) + "\n")


def test_readers_find_caches_filled_after_a_change(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look makes what the first search and the first suggestion need; the next does nothing."""
    warmer = Warmer(library)
    assert warmer.look()
    assert not warmer.look()
    retitle(archive, "Watermills")
    library.update_index()
    assert warmer.look()
    assert not warmer.look()
    for made in (SearchContext, Suggester):
        monkeypatch.setattr(made, "__init__", lambda *_: pytest.fail("made for a reader"))
    assert [hit.id for hit in library.search(Query.parse("watermills")).hits] == ["windmills"]
    assert library.suggest("waterm")


def test_what_was_replaced_is_let_go_of(library: Library, archive: Path) -> None:
    """Catalogue and index of before a change are freed, though the collector passes over them."""
    warmer = Warmer(library)
    warmer.look()
    assert gc.get_freeze_count() > 0
    assert library._index is not None and library._index._context is not None
    rewriter = library._index._context.rewriter
    old: list[weakref.ref[object]] = [weakref.ref(library.public()), weakref.ref(rewriter)]
    del rewriter
    for title in ("Watermills", "Steam mills"):
        retitle(archive, title)
        library.update_index()
        warmer.look()
    assert [ref() for ref in old] == [None, None]


def test_a_look_without_an_index_changes_nothing(library: Library) -> None:
    """Readers are told when they ask; the thread goes on."""
    library.close()
    for path in (library.settings.index).glob("*"):
        if path.is_dir():
            for file in path.rglob("*"):
                if file.is_file():
                    file.unlink()
    assert not Warmer(library).look()


def test_suggestions_do_not_wait_for_newer_phrases(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a table of phrases is made of a newer index, that of the same records answers."""
    before = library.suggest("bread")
    newer = object()
    monkeypatch.setattr(Index, "version", lambda _: newer)
    with library._suggesting:  # as if another reader had it made
        assert library.suggest("bread") == before
    assert library._suggester is not None
    assert library._suggester[0][2] is not newer
    library.suggest("bread")
    assert library._suggester[0][2] is newer
