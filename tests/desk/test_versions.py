"""Earlier versions and files that were taken out are listed, and come back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coproarchive.desk import Desk
from coproarchive.desk.edit import ActReport, FieldConflictError, fingerprint
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import ConflictError, IngestError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import Visibility
from making import make_pdf


def test_what_was_replaced_and_taken_out_is_listed_and_comes_back(
    desk: Desk, library: Library, tmp_path: Path
) -> None:
    store = library.store
    first = store.asset_path("windmills", "mill.pdf").read_bytes()
    desk.retitle_file("windmills", "mill.pdf", "The slides")
    desk.replace("windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    second = store.asset_path("windmills", "mill.pdf").read_bytes()
    desk.remove_file("windmills", "mill.pdf")
    newer, older = desk.kept_files("windmills")
    assert (newer.path.read_bytes(), older.path.read_bytes()) == (second, first)
    assert (newer.name, newer.is_current, older.when < newer.when) == ("mill.pdf", False, True)
    desk.bring_back_file("windmills", older.id)
    (asset,) = store.read_item("windmills").assets
    assert (asset.path, asset.title, asset.role.value) == ("mill.pdf", "The slides", "slides")
    assert store.asset_path("windmills", "mill.pdf").read_bytes() == first
    report = desk.bring_back_file("windmills", newer.id)  # a version in the place of the other
    assert [a.path for a in store.read_item("windmills").assets] == ["mill.pdf"]
    assert store.asset_path("windmills", "mill.pdf").read_bytes() == second
    assert desk.bring_back_file("windmills", newer.id).notes
    desk.undo(report.change)
    assert store.asset_path("windmills", "mill.pdf").read_bytes() == first
    with pytest.raises(IngestError, match="which version"):
        desk.bring_back_file("windmills", "mill.pdf")
    with pytest.raises(NotFoundError, match=r"There are: mill\.pdf"):
        desk.bring_back_file("windmills", "../item.yaml")


def test_a_withdrawn_item_is_given_back(desk: Desk, library: Library) -> None:
    desk.withdraw("windmills", "A chart was wrong.")
    assert desk.return_item("windmills").diffs
    assert library.store.read_item("windmills").withdrawn is None
    assert desk.return_item("windmills").notes == ("It was not withdrawn.",)


def test_an_act_on_what_somebody_changed_meanwhile_is_refused(desk: Desk, library: Library) -> None:
    """Only where it is about the same field; edits by hand are seen too."""
    record = library.store.root / "windmills" / "item.yaml"
    digest = library.store.digest("windmills/item.yaml")
    desk.edit(["windmills"], [FieldEdit.parse("title=Tide mills")])
    with desk.unchanged("windmills", digest, "visibility", "available"):
        desk.set_visibility(["windmills"], "2099-01-31")
    record.write_text(record.read_text() + "visibility: members\n")
    with (
        pytest.raises(FieldConflictError, match='"members" now'),
        desk.unchanged("windmills", digest, "visibility"),
    ):
        pytest.fail("refused before")


def test_a_batch_is_what_was_previewed_or_nothing(desk: Desk, library: Library) -> None:
    names, edits = ["windmills", "a-post"], [FieldEdit.parse("rights=Ask")]

    def act(dry_run: bool) -> ActReport:
        return desk.edit(names, edits, dry_run=dry_run)

    previewed = fingerprint(act(True).diffs)
    desk.edit(["a-post"], [FieldEdit.parse("rights=Mine")])
    with pytest.raises(ConflictError, match="since you looked"):
        desk.as_previewed(previewed, act)
    assert library.store.read_item("windmills").rights is None
    assert len(desk.as_previewed(fingerprint(act(True).diffs), act).diffs) == 2


@pytest.mark.threat(10)
def test_what_comes_back_is_no_more_public_than_what_it_replaces(
    desk: Desk, library: Library, tmp_path: Path
) -> None:
    """Nor than it was; and hidden, where nothing tells who might see it."""
    store = library.store
    desk.replace("windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    desk.set_visibility(["windmills"], "hidden", file="mill.pdf")
    (older,) = desk.kept_files("windmills")
    desk.bring_back_file("windmills", older.id)
    assert store.read_item("windmills").assets[0].visibility is Visibility.HIDDEN
    desk.remove_file("windmills", "mill.pdf")
    desk.bring_back_file("windmills", "mill.pdf")
    assert store.read_item("windmills").assets[0].visibility is Visibility.HIDDEN
    desk.remove_file("windmills", "mill.pdf")
    shutil.rmtree(store.root / ".history")
    desk.bring_back_file("windmills", "mill.pdf")
    assert store.read_item("windmills").assets[0].visibility is Visibility.HIDDEN
