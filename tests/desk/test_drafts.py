"""Files that wait to be added: they survive everything, and are saved as what was typed of them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.desk.drafts import DraftTable, Shelf, mistakes_of, read_set, save_rows
from coproarchive.desk.undo import changes_of, undo_changes
from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.model import Item
from coproarchive.search.language.query import Query
from coproarchive.store import Store
from coproarchive.store.changes import Activity
from making import make_deck, make_pdf
from telling import make_telling_deck


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(library.store.root)


@pytest.fixture
def drop(shelf: Shelf, tmp_path: Path) -> Callable[..., str]:
    """Drops files into a set, as a page does."""

    def drop_files(*files: Path, set_id: str = "") -> str:
        set_id = set_id or shelf.begin()
        for file in files:
            copy = tmp_path / "uploads" / file.name
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, copy)
            shelf.take(set_id, copy, file.name)
            assert not copy.exists()
        return set_id

    return drop_files


@pytest.fixture
def talks(tmp_path: Path) -> list[Path]:
    """Scones as deck and PDF, muffins, the archive's own bread once more, and no talk at all."""
    stray = tmp_path / "in" / "budget.dat"
    scones = make_deck(tmp_path / "in" / "scones.pptx", extra_title="Scones at dawn")
    stray.write_bytes(b"\x00\x01 no talk")
    return [
        scones,
        make_pdf(tmp_path / "in" / "scones.pdf", ["Scones at dawn"]),
        make_pdf(tmp_path / "in" / "muffins.pdf", ["Muffins at noon", "by Ada Baker"]),
        stray,
    ]


def test_files_become_rows_and_rows_items(
    library: Library, shelf: Shelf, drop: Callable[..., str], talks: list[Path], tmp_path: Path
) -> None:
    """Grouped by name, described, corrected for all, saved as one batch, found, and undone."""
    known = next(library.store.root.rglob("*.pdf"))
    set_id = drop(*talks, known)
    assert not shelf.read(set_id).is_read
    draft = read_set(library, shelf, set_id)
    assert draft.is_read
    assert [row.files for row in draft.rows] == [("muffins.pdf",), ("scones.pptx", "scones.pdf")]
    muffins, scones = draft.rows
    assert (muffins.values.title, scones.values.title) == ("Muffins at noon", "Scones at dawn")
    assert {left.path: left.code for left in draft.left_out} == {
        known.name: "duplicate-file", "budget.dat": "not-added",
    }  # fmt: skip
    assert [left.can_be_added for left in draft.left_out if left.path == "budget.dat"] == [True]

    table = DraftTable(library, shelf, set_id)
    table.for_all("seminar", "Tea time", [muffins.id, scones.id])
    table.type({muffins.id: {"date": "2019-13-40", "people": ["Zoe Crumb", "ada-baker"]}})
    again = Shelf(library.store.root).read(set_id)  # as after a restart
    assert again.row(muffins.id).values.people == ("Zoe Crumb", "ada-baker")  # type: ignore[union-attr]
    assert [m.field for m in mistakes_of(again, library.catalogue())[muffins.id]] == ["date"]

    first = save_rows(library, shelf, set_id, "Ann Keeper")
    assert [row.title for row in first.saved] == ["Scones at dawn"]
    assert [(m.row, m.field) for m in first.mistakes] == [(muffins.id, "date")]
    table.type({muffins.id: {"date": "2019-12"}})
    second = save_rows(library, shelf, set_id, "Ann Keeper")
    assert [row.item for row in second.saved] == ["tea-time/muffins-at-noon"]
    library.update_index()
    assert library.search(Query.parse("muffins")).total == 1
    folder = library.store.root / "tea-time" / "scones-at-dawn"
    assert sorted(p.name for p in folder.iterdir()) == ["item.yaml", "scones.pdf", "scones.pptx"]
    draft = shelf.read(set_id)
    assert (draft.rows, len(draft.saved), draft.count) == ((), 2, 2)
    table.discard_left_out()
    assert shelf.files_of(set_id) == []
    for batch in (second.change, first.change):
        undo_changes(library.store, changes_of(library.store, batch), Activity("undo"))
    assert not folder.exists()


def test_rows_of_one_save_share_a_new_seminar_and_see_what_others_add(
    library: Library, shelf: Shelf, drop: Callable[..., str], tmp_path: Path
) -> None:
    """The records are read once for all rows, and again where somebody else wrote meanwhile."""
    (tmp_path / "in").mkdir()
    files = [
        make_pdf(tmp_path / "in" / f"{name}.pdf", [f"{name} for tea"])
        for name in ("buns", "cakes", "pies")
    ]
    set_id = drop(*files)
    rows = read_set(library, shelf, set_id).rows
    table = DraftTable(library, shelf, set_id)
    named = ("Tea time", "tea time", "tea-time")
    table.type({row.id: {"seminar": name} for row, name in zip(rows, named, strict=True)})

    def progress(stage: str, done: int, total: int, what: str = "") -> None:
        if (stage, done) == ("saving", total):
            others = Store(library.store.root)
            others.add_item(Item(id="elsewhere", title="Pies"), {"pies.pdf": files[2]})

    report = save_rows(library, shelf, set_id, progress=progress)
    assert [row.item for row in report.saved] == ["tea-time/buns-for-tea", "tea-time/cakes-for-tea"]
    assert ["elsewhere/pies.pdf" in m.message for m in report.mistakes] == [True]
    assert [s for s in library.store.seminar_ids() if s.startswith("tea")] == ["tea-time"]


def test_rows_are_grouped_and_taken_apart(
    library: Library, shelf: Shelf, drop: Callable[..., str], talks: list[Path]
) -> None:
    """By choice: what was typed stays; a form that comes later joins its row."""
    set_id = drop(talks[0], talks[2])
    muffins, scones = read_set(library, shelf, set_id).rows
    table = DraftTable(library, shelf, set_id)
    table.type({scones.id: {"title": "Rolls"}, muffins.id: {"date": "2018"}})
    (row,) = table.group([scones.id, muffins.id]).rows
    assert (row.values.title, row.values.date) == ("Rolls", "2018")
    assert set(row.files) == {"muffins.pdf", "scones.pptx"}
    assert [r.values.title for r in table.take_apart([row.id]).rows] == ["Rolls", "Muffins at noon"]
    drop(talks[1], set_id=set_id)
    first, second = read_set(library, shelf, set_id).rows
    assert sorted(first.files) == ["scones.pdf", "scones.pptx"]
    assert first.values.title == "Rolls"
    assert [r.id for r in table.discard([second.id]).rows] == [first.id]
    assert shelf.files_of(set_id) == ["scones.pdf", "scones.pptx"]


def test_nothing_goes_out_that_nobody_looked_at(
    library: Library, shelf: Shelf, drop: Callable[..., str], tmp_path: Path
) -> None:
    """Addresses that everybody would read wait for a tick; what is released asks for another."""
    card = make_pdf(tmp_path / "card.pdf", ["Rolls", "Write to zoe@crumbs.example"])
    set_id = drop(make_telling_deck(tmp_path / "told.pptx", inside=False), card)
    plain, told = read_set(library, shelf, set_id).rows
    table = DraftTable(library, shelf, set_id)
    assert any("notes on slides 1, 2" in sentence for sentence in told.withheld)
    table.type({told.id: {"release": ["notes"]}})
    first = save_rows(library, shelf, set_id)
    assert [(m.row, m.field) for m in first.mistakes] == [
        (plain.id, "gives away"), (told.id, "gives away"),
    ]  # fmt: skip
    assert "e-mail addresses on page 2" in first.mistakes[0].message
    table.type({plain.id: {"visibility": "hidden"}, told.id: {"is_looked_at": True}})
    saved = save_rows(library, shelf, set_id).saved
    items = [library.store.read_item(row.item) for row in saved]
    assert [(i.visibility, i.release) for i in items] == [("hidden", ()), ("public", ("notes",))]


def test_a_new_version_takes_the_place_of_its_twin(
    library: Library, shelf: Shelf, drop: Callable[..., str], tmp_path: Path
) -> None:
    """Nearly the same as an item: shown beside it; kept both, or replaced, as somebody says."""
    pages = [
        f"Page {word}\nDough {word} rests for a night while the oven of {word} bricks warms up"
        for word in ("one", "two", "three", "four")
    ]
    (ovens,) = read_set(library, shelf, drop(make_pdf(tmp_path / "ovens.pdf", pages))).rows
    old = save_rows(library, shelf, shelf.ids()[0]).saved[0].item
    assert ovens.twins == ()
    newer = make_pdf(tmp_path / "ovens 2019.pdf", [*pages, "Sources\nA cookbook"])
    set_id = drop(newer)
    (row,) = read_set(library, shelf, set_id).rows
    assert [twin.item for twin in row.twins] == [old]
    DraftTable(library, shelf, set_id).type({row.id: {"replaces": old}})
    (saved,) = save_rows(library, shelf, set_id).saved
    assert saved.item == old
    (asset,) = library.store.read_item(old).assets
    assert asset.path == "ovens.pdf"
    assert library.store.asset_path(old, asset.path).read_bytes() == newer.read_bytes()


def test_a_zip_is_its_files_and_a_folder_its_folders(
    library: Library, shelf: Shelf, talks: list[Path], tmp_path: Path
) -> None:
    """Paths of a folder that was dropped stay; none leads out; a broken record is read anew."""
    with zipfile.ZipFile(tmp_path / "tea.zip", "w") as package:
        package.write(talks[2], "day 1/muffins.pdf")
        package.writestr("readme.txt", "Read me.")
    set_id = shelf.begin()
    shelf.take(set_id, tmp_path / "tea.zip", "tea.zip")
    shelf.take(set_id, talks[1], "../../2019/./scones.pdf")
    draft = read_set(library, shelf, set_id)
    assert shelf.files_of(set_id) == ["2019/scones.pdf", "tea/day 1/muffins.pdf"]
    assert [left.path for left in draft.left_out] == ["tea.zip/readme.txt"]
    record = library.store.root / ".drafts" / set_id / "draft.json"
    record.write_text(json.dumps({"version": 1, "rows": "no rows"}))
    assert len(read_set(library, shelf, set_id).rows) == 2
    for strange in ("../x", "", "20190101-120000-00000000", f"{set_id}/files"):
        with pytest.raises(NotFoundError):
            shelf.read(strange)
    shelf.discard(set_id)
    assert shelf.ids() == []
