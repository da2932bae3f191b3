"""Notes of decks that are written as text are in no way out, the files themselves included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.model import Item, Series, WordSource
from coproarchive.search.language.query import Query
from coproarchive.store import Store
from telling import client_of
from text_decks import DECKS

NOTED = [deck for deck in DECKS if deck.notes]
NOTE = "wyvernalia"
"""Stands in every note, and nowhere else."""


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """An archive of a deck in every way of writing decks as text, each with notes."""
    store = Store.create(tmp_path / "archive", Series(title="T", languages=("en",)))
    for number, deck in enumerate(NOTED):
        path = tmp_path / deck.name
        text = deck.text
        for note in deck.notes.values():
            text = text.replace(note, f"{NOTE} {note}")
        path.write_text(text, encoding="utf-8")
        item = Item(id=f"deck-{number}", title=f"Deck {number}")
        store.add_item(item, {deck.name: path})
    return tmp_path / "archive"


@pytest.mark.threat(10)
def test_notes_of_text_decks_are_in_no_way_out(
    texts: Path, open_library: Callable[..., Library]
) -> None:
    """Not found, not shown, not downloaded; released, they are all three."""
    library = open_library(texts)
    library.update_index()
    items = library.public().items.values()
    with client_of(library) as client:
        for item in items:
            name = item.assets[0].path
            for address in (f"/item/{item.id}", f"/item/{item.id}?q={NOTE[:5]}*"):
                assert NOTE not in client.get(address).text, name
            download = client.get(f"/file/{item.id}/{name}")
            assert download.status_code == 200, name
            assert NOTE not in download.text and "Growing rye" in download.text, name
            assert "without-" in download.headers["Content-Disposition"], name
        assert library.search(Query.parse(NOTE)).total == 0
        assert [p for p in library.check() if p.code == "file-not-offered"] == []
        store = Store(texts)
        for item in items:
            store.save_item(item.model_copy(update={"release": (*WordSource,)}))
        library.update_index()
        assert library.search(Query.parse(NOTE)).total == len(NOTED)
        for item in items:
            assert NOTE in client.get(f"/file/{item.id}/{item.assets[0].path}").text
