"""The incoming folder: taken when still, moved only when stored, and nothing is ever lost."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from coproarchive.desk import incoming
from coproarchive.desk.drafts import Shelf
from coproarchive.desk.incoming import IncomingWatcher, add_incoming, take_incoming, waiting_files
from coproarchive.errors import IngestError
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.folder_plan import DescribeOptions
from coproarchive.library import Library
from making import make_deck, make_pdf
from serving import desk_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder into which two forms of a talk and another talk were put."""
    monkeypatch.setattr(incoming, "STILL_SECONDS", 0.0)
    make_deck(tmp_path / "incoming" / "day 1" / "scones.pptx", extra_title="Scones at dawn")
    make_pdf(tmp_path / "incoming" / "day 1" / "scones.pdf", ["Scones at dawn"])
    make_pdf(tmp_path / "incoming" / "muffins.pdf", ["Muffins at noon"])
    return tmp_path / "incoming"


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_files_become_drafts_when_they_are_still(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that changes, half a download and a link stay; a second look adds to the same set."""
    shelf = Shelf(library.store.root)
    (folder / "half.pdf.part").write_bytes(b"x")
    (folder / "link.pdf").symlink_to(folder / "muffins.pdf")
    monkeypatch.setattr(incoming, "STILL_SECONDS", 10.0)
    assert waiting_files(folder)[0] == []
    os.utime(folder / "muffins.pdf", (0, 0))  # as `cp -p` does, while it goes on copying
    assert waiting_files(folder)[0] == []
    monkeypatch.setattr(incoming, "STILL_SECONDS", 0.0)
    watcher = IncomingWatcher(library, shelf, folder)
    set_id = watcher.look()
    draft = shelf.read(set_id)
    assert (draft.origin, draft.is_read) == ("incoming", True)
    assert [row.values.title for row in draft.rows] == ["Muffins at noon", "Scones at dawn"]
    assert names(folder) == ["half.pdf.part", "link.pdf"]
    assert set(watcher.others) == {"half.pdf.part", "link.pdf"}
    make_pdf(folder / "pies.pdf", ["Pies at night"])
    assert watcher.look() == set_id
    assert shelf.read(set_id).count == 4
    assert watcher.look() == ""
    with desk_of(library) as desk:
        home = desk.get("/desk").text
    assert "4 files from the incoming folder wait to be added" in home
    assert f'href="/add?draft={set_id}"' in home


def test_what_cannot_be_kept_stays(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, a file that is written to meanwhile, one that may not be removed."""
    shelf = Shelf(library.store.root)
    take = Shelf.take

    def take_while_written(self: Shelf, set_id: str, source: Path, path: str, **how: bool) -> str:
        where = take(self, set_id, source, path, **how)
        with source.open("ab") as file:
            file.write(b"more")
        return where

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    before = names(folder)
    for broken in (take_while_written, full):
        monkeypatch.setattr(Shelf, "take", broken)
        set_id, others = take_incoming(folder, shelf)
        assert set(others) == {"day 1/scones.pptx", "day 1/scones.pdf", "muffins.pdf"}
        assert (names(folder), shelf.files_of(set_id)) == (before, [])
    monkeypatch.setattr(Shelf, "take", take)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", full)
        set_id, others = take_incoming(folder, shelf)
    assert all("cannot be moved away" in reason for reason in others.values())
    assert names(folder) == before
    with pytest.raises(IngestError, match="no such incoming folder"):
        take_incoming(folder / "nowhere", shelf)


def test_the_command_adds_all_at_once(library: Library, folder: Path) -> None:
    """Described, in the archive, gone from the folder; what is no talk stays, with its reason."""
    known = next(library.store.root.rglob("*.pdf"))
    (folder / "again.pdf").write_bytes(known.read_bytes())
    (folder / "budget.dat").write_bytes(b"\0")
    (folder / "coming.pdf.part").write_bytes(b"%PDF-")
    with zipfile.ZipFile(folder / "tea.zip", "w") as package:
        make_pdf(folder.parent / "tea.pdf", ["Tea at five"])
        package.write(folder.parent / "tea.pdf", "tea.pdf")
    with zipfile.ZipFile(folder / "mixed.zip", "w") as package:
        make_pdf(folder.parent / "cake.pdf", ["Cake at six"])
        package.write(folder.parent / "cake.pdf", "cake.pdf")
        package.writestr("budget.bin", b"\0\1")
    report = add_incoming(library, folder, ItemDraft(seminar=None), DescribeOptions())
    assert sorted(added.item.title for added in report.added) == [
        "Cake at six", "Muffins at noon", "Scones at dawn", "Tea at five",
    ]  # fmt: skip
    assert names(folder) == ["budget.dat", "coming.pdf.part", "mixed.zip"]
    reasons = {problem.path: problem.message for problem in report.problems}
    assert "has not come whole" in reasons["coming.pdf.part"]
    assert "no kind of file of a talk" in reasons["budget.dat"]
    assert add_incoming(library, folder, ItemDraft(), DescribeOptions()).added == []
