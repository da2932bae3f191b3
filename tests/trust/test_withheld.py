"""Notes, comments and hidden slides that an archive withholds are in no way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageChops

import coproarchive
from coproarchive.errors import SidecarError
from coproarchive.extract.pdf import draw_pages
from coproarchive.library import Library
from coproarchive.model import Item, Series
from coproarchive.search.language.query import Query
from coproarchive.store import Store
from making import make_pdf
from telling import (
    COMMENTED,
    EVERYTHING,
    HIDDEN,
    NOTED,
    SEEN,
    client_of,
    make_telling_deck,
    make_telling_document,
    make_telling_pdf,
)

INDEXED = (*NOTED, *COMMENTED[:3], *HIDDEN)
"""Words that the readers of files find; Yorick, in the deck, is the last of COMMENTED too."""
PLACES = ("", "/text", "/slide/1", "/slide/2", "/slide/3", "/page/1", "/section/1", "/section/2")
"""Below an item's address: its pages."""


@pytest.fixture
def telling(tmp_path: Path) -> Path:
    """An archive of a deck, a PDF and a document that tell more than was shown."""
    store = Store.create(tmp_path / "archive", Series(title="T", languages=("en",)))
    work = tmp_path / "work"
    work.mkdir()
    for name, make in (
        ("deck.pptx", make_telling_deck),
        ("page.pdf", make_telling_pdf),
        ("handout.docx", make_telling_document),
    ):
        item = Item(id=name.partition(".")[0], title=name)
        store.add_item(item, {name: make(work / name)})
    return tmp_path / "archive"


def nothing_of(library: Library, word: str) -> bool:
    """Ask for the word in every way; fail where an answer has it."""
    results = library.search(Query.parse(word))
    assert (results.total, results.hits, results.near_misses) == (0, (), ())
    assert results.corrections == {}
    assert library.search(Query.parse(f"{word[:4]}*")).total == 0
    misspelt = library.search(Query.parse(f"{word[:2]}{word[3:]}"))
    assert word.casefold() not in misspelt.corrections.values()
    beside = library.search(Query.parse(f"{SEEN} {word}"))
    for hit in (*beside.hits, *beside.near_misses):
        assert not hit.matched.get(word)
        assert word not in repr((hit.title, hit.snippet, hit.leaves))
    assert word not in json.dumps([s.text for s in library.suggest(word[:3])])
    assert word not in library.csv(Query.parse(f"{SEEN} {word}"))
    for item in library.public().items:
        assert not any(word.casefold() in s.shared for s in library.similar(item))
    return True


def withhold(archive: Path, line: str) -> None:
    """Write the archive's rule."""
    record = archive / "archive.yaml"
    lines = [x for x in record.read_text().splitlines() if not x.startswith("withhold")]
    record.write_text("\n".join([*lines, line, ""]))


@pytest.mark.threat(10)
def test_withheld_words_are_in_no_way_out(
    telling: Path, open_library: Callable[..., Library]
) -> None:
    """By default; not in the index's own bytes either, but for what is kept of reading files."""
    library = open_library(telling)
    library.update_index()
    with client_of(library) as client:
        paths = [f"/item/{i}{p}" for i in library.public().items for p in PLACES]
        pages = " ".join(client.get(path).text for path in paths)
        assert SEEN in pages
        for word in (*INDEXED, COMMENTED[3]):
            assert word not in pages
            assert nothing_of(library, word)
            for place in ("", "/slide/1"):
                assert f">{word}" not in client.get(f"/item/deck{place}?q={word}").text
    assert library.search(Query.parse(SEEN)).total == 3
    library.close()
    for file in library.settings.index.rglob("*"):
        if file.is_file() and "extracted" not in file.parts:
            data = file.read_bytes()
            assert [w for w in (*INDEXED, COMMENTED[3]) if w.encode() in data] == [], file


def test_what_is_released_is_there(telling: Path, open_library: Callable[..., Library]) -> None:
    """An item's `release` releases its own; `withhold: []` all: the test above can fail."""
    store = Store(telling)
    store.save_item(store.read_item("deck").model_copy(update={"release": EVERYTHING}))
    library = open_library(telling)
    library.update_index()
    for word in (NOTED[0], NOTED[1], COMMENTED[0], COMMENTED[1], COMMENTED[2], *HIDDEN):
        assert [hit.id for hit in library.search(Query.parse(word)).hits] == ["deck"], word
    withhold(telling, "withhold: []")
    library.update_index()
    assert {hit.id for hit in library.search(Query.parse(COMMENTED[0])).hits} == {
        "deck", "page", "handout",
    }  # fmt: skip


@pytest.mark.parametrize("released_by", ["archive", "item"])
def test_what_is_withheld_is_out_before_the_index_is_updated(
    telling: Path, open_library: Callable[..., Library], released_by: str
) -> None:
    """The index says what was withheld from it; where more is now, the item waits for the next."""
    store = Store(telling)
    if released_by == "archive":
        withhold(telling, "withhold: []")
    else:
        for name in ("deck", "page", "handout"):
            item = store.read_item(name)
            store.save_item(item.model_copy(update={"release": EVERYTHING}))
    library = open_library(telling)
    library.update_index()
    assert library.search(Query.parse(NOTED[0])).total == 1
    if released_by == "archive":
        withhold(telling, "withhold: [notes, comments, hidden-slides]")
    else:
        for name in ("deck", "page", "handout"):
            store.save_item(store.read_item(name).model_copy(update={"release": ()}))
    library.changed()
    assert all(nothing_of(library, word) for word in INDEXED)
    assert library.search(Query.parse(SEEN)).total == 0  # until the next update
    assert library.is_outdated()
    library.update_index()
    assert library.search(Query.parse(SEEN)).total == 3


def test_a_file_taken_out_of_its_record_tells_nothing_either(
    telling: Path, open_library: Callable[..., Library]
) -> None:
    """What a document may tell depends on what it was made from, not on the record of today."""
    store = Store(telling)
    item = store.read_item("deck").model_copy(update={"release": EVERYTHING})
    store.save_item(item)
    library = open_library(telling)
    library.update_index()
    assert library.search(Query.parse(NOTED[0])).total == 1
    store.save_item(item.model_copy(update={"release": (), "assets": ()}))
    library.changed()
    assert library.search(Query.parse(NOTED[0])).total == 0
    assert all(nothing_of(library, word) for word in (*NOTED, *HIDDEN))


def test_a_document_says_what_was_withheld_from_it(
    telling: Path, open_library: Callable[..., Library]
) -> None:
    """In its digest, so that an index of an older rule is known as such."""
    library = open_library(telling)
    library.update_index()
    rules = {digest.split(" ")[1] for digest in library.index().digests().values()}
    assert rules == {"comments,hidden-slides,notes"}


def test_the_python_interface_gives_readers_what_pages_do(telling: Path, tmp_path: Path) -> None:
    """Public items come without withheld words; the archivist's view has them."""
    with coproarchive.open(telling, index=tmp_path / "index") as archive:
        archive.update_index()
        assert len(archive.items["deck"].leaves) == 2
        for word in INDEXED:
            assert word not in archive.search(f"{SEEN} -{word}")._repr_html_()
        public = " ".join(leaf.text for leaf in archive.items["deck"].leaves)
        assert not any(word in public for word in (*NOTED, *COMMENTED))
        whole = " ".join(leaf.text for leaf in archive.all_items["deck"].leaves)
        assert all(word in whole for word in (*NOTED, *COMMENTED))


def test_hidden_slides_have_no_picture(telling: Path, open_library: Callable[..., Library]) -> None:
    """The others have, under the number that they have in the file."""
    library = open_library(telling)
    library.update_index()
    with client_of(library) as client:
        answers = {n: client.get(f"/picture/deck/deck.pptx/{n}-320.webp") for n in (1, 2, 3)}
    assert {n: a.status_code for n, a in answers.items()} == {1: 200, 2: 404, 3: 200}


def test_pictures_of_pages_show_no_comments(tmp_path: Path) -> None:
    """What a reviewer typed on a page is not drawn, so no machine reads it from there either."""
    plain = make_pdf(tmp_path / "plain.pdf", [f"The {SEEN}", "Thanks"])
    commented = make_telling_pdf(tmp_path / "commented.pdf")
    ((_, one),) = draw_pages(plain, [0], 600)
    ((_, two),) = draw_pages(commented, [0], 600)
    assert ImageChops.difference(one, two).getbbox() is None


@pytest.mark.parametrize(
    ("lines", "withheld"),
    [
        ("", {"notes", "comments", "hidden-slides"}),
        ("withhold: []", set()),
        ("withhold:\n  - metadata", {"metadata"}),
        ("hidden_slides: leave-out", {"notes", "comments", "hidden-slides"}),
        ("hidden_slides: show", {"notes", "comments"}),
        ("withhold: []\nhidden_slides: leave-out", {"hidden-slides"}),
        ("withhold: [hidden-slides]\nhidden_slides: show", {"hidden-slides"}),
    ],
)
def test_an_archives_rule_is_read(tmp_path: Path, lines: str, withheld: set[str]) -> None:
    """The key before `withhold` is read too; where both differ, more is withheld."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    with (store.root / "archive.yaml").open("a") as file:
        file.write(lines + "\n")
    assert set(store.read_series().withhold) == withheld


@pytest.mark.parametrize("line", ["withhold: [speaker notes]", "hidden_slides: perhaps"])
def test_a_rule_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    """A misspelt word must not release anything."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    with (store.root / "archive.yaml").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SidecarError):
        store.read_series()
