"""Files are compared with their checksums; backups are bags that others validate and bring back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import bagit  # type: ignore[import-untyped]
import pytest

from coproarchive.desk import Desk
from coproarchive.desk.bags import bags_in, restore_archive
from coproarchive.desk.values import FieldEdit
from coproarchive.desk.verify import verify_files
from coproarchive.errors import ArchiveError, FileSystemError, NotFoundError
from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.store import Store
from making import make_pdf


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file, but those of the moment."""
    files = (p for p in root.rglob("*") if p.is_file() and p.name not in (".lock", ".revision"))
    return {p.relative_to(root).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


def settled(root: Path) -> None:
    """Make files look as if they had not changed just now, as those of a real archive."""
    for path in root.rglob("*"):
        os.utime(path, ns=(10**18, 10**18))


def test_a_backup_is_a_bag_and_comes_back_identical(
    desk: Desk, library: Library, tmp_path: Path
) -> None:
    """With history, kept files, and names beyond ASCII; bagit-python finds it valid."""
    root = library.store.root
    desk.replace("windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    (root / "windmills" / "Mühle 100% für ワイン.txt").write_text("x")
    report = desk.back_up(tmp_path / "bags")
    bag = bagit.Bag(str(report.bag))
    assert bag.validate()
    assert bag.info["Payload-Oxum"] == f"{report.size}.{report.files}"
    assert restore_archive(tmp_path / "bags", tmp_path / "back") == report.bag
    assert tree(tmp_path / "back") == tree(root)
    Desk(Library(Settings(archive=tmp_path / "back", index=tmp_path / "i"))).history()


def test_the_next_backup_copies_what_changed_only(
    desk: Desk, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is linked, and each bag is whole by itself."""
    monkeypatch.setattr("coproarchive.store.files.RACY_NS", 0)
    first = desk.back_up(tmp_path / "bags")
    desk.edit(["windmills"], [FieldEdit.parse("title=Tide mills")])
    second = desk.back_up(tmp_path / "bags")
    assert first.copied == first.files
    assert second.copied == 2  # the record, and the line that tells of it
    places = [bag / "data" / "windmills" / "mill.pdf" for bag in (first.bag, second.bag)]
    assert places[0].stat().st_ino == places[1].stat().st_ino
    shutil.rmtree(first.bag)
    assert bagit.Bag(str(second.bag)).validate()


def test_a_backup_that_was_stopped_goes_on(
    desk: Desk, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coproarchive.store.files.RACY_NS", 0)

    def stop(stage: str, done: int, total: int, what: str = "") -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("coproarchive.desk.bags.FLUSH_FILES", 1)
    with pytest.raises(KeyboardInterrupt):
        desk.back_up(tmp_path / "bags", stop)
    assert bags_in(tmp_path / "bags") == []
    report = desk.back_up(tmp_path / "bags")
    assert 0 < report.copied < report.files
    assert bagit.Bag(str(report.bag)).validate()
    assert restore_archive(report.bag, tmp_path / "back")


def test_what_is_damaged_in_a_bag_is_named_or_comes_from_another(
    desk: Desk, tmp_path: Path
) -> None:
    bags = [desk.back_up(tmp_path / "bags").bag for _ in range(2)]
    for bag in bags:
        path = bag / "data" / "windmills" / "mill.pdf"
        data = path.read_bytes()
        path.unlink()  # it may be a link to the same file of the other
        path.write_bytes(data)
    (bags[1] / "data" / "windmills" / "mill.pdf").write_bytes(b"damaged")
    restore_archive(tmp_path / "bags", tmp_path / "back")
    assert (tmp_path / "back" / "windmills" / "mill.pdf").read_bytes() == data
    (bags[0] / "data" / "windmills" / "mill.pdf").write_bytes(b"too")
    with pytest.raises(ArchiveError, match=r"nothing was restored\.\n  windmills/mill\.pdf"):
        restore_archive(tmp_path / "bags", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_manifest_that_leads_outside_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A bag may come from anywhere: nothing is written beside the folder that was named."""
    bag = desk.back_up(tmp_path / "bags").bag
    manifest = bag / "manifest-sha256.txt"
    line = f"{hashlib.sha256(b'x').hexdigest()}  data/../../outside.txt\n"
    manifest.write_text(manifest.read_text() + line)
    (bag.parent / "outside.txt").write_text("x")
    with pytest.raises(ArchiveError, match="manifest is damaged"):
        restore_archive(bag, tmp_path / "deep" / "back")


def test_restoring_over_something_and_from_nothing_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.back_up(tmp_path / "bags")
    with pytest.raises(ArchiveError, match="something here already"):
        restore_archive(tmp_path / "bags", tmp_path / "archive")
    with pytest.raises(NotFoundError, match="no bag"):
        restore_archive(tmp_path / "made", tmp_path / "back")
    with pytest.raises(ArchiveError, match="cannot lie in the archive"):
        desk.back_up(tmp_path / "archive" / "bags")
    with pytest.raises(FileSystemError):
        desk.back_up(tmp_path / "archive" / ".." / "made" / "mill.pdf" / "bags")


def test_damage_is_named_and_put_back_from_a_backup(
    desk: Desk, library: Library, tmp_path: Path
) -> None:
    root = library.store.root
    desk.replace("windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    desk.back_up(tmp_path / "bags")
    assert desk.verify().damage == []
    sound = (root / "windmills" / "mill.pdf").read_bytes()
    (root / "windmills" / "mill.pdf").write_bytes(b"bit rot")
    (root / "a-post" / "post.md").unlink()
    (kept,) = (root / ".kept" / "windmills").iterdir()
    kept.write_bytes(b"rot")
    report = desk.verify()
    assert {(d.path, d.what) for d in report.damage} == {
        ("windmills/mill.pdf", "changed"), ("a-post/post.md", "missing"),
        (f".kept/windmills/{kept.name}", "changed"),
    }  # fmt: skip
    report = desk.verify(backups=tmp_path / "bags", names=["windmills/mill.pdf"])
    assert report.repaired == ["windmills/mill.pdf"]
    assert (root / "windmills" / "mill.pdf").read_bytes() == sound
    rotten = hashlib.sha256(b"bit rot").hexdigest()[:12]
    assert any(rotten in path.name for path in (root / ".kept" / "windmills").iterdir())
    report = desk.verify(backups=tmp_path / "bags")
    assert report.damage == []
    assert desk.verify().damage == []
    with pytest.raises(NotFoundError, match="not damaged"):
        desk.verify(backups=tmp_path / "bags", names=["windmills/mill.pdf"])


def test_a_verification_that_was_stopped_goes_on(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coproarchive.store.files.RACY_NS", 0)  # the archive was made just now
    settled(library.store.root)
    store, state = Store(library.store.root), tmp_path / "state.json"
    whole = verify_files(store, state)
    assert (whole.resumed, state.exists()) == (0, False)

    def stop(stage: str, done: int, total: int, what: str = "") -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify_files(store, state, stop)
    (library.store.root / "windmills" / "mill.pdf").write_bytes(b"changed since")
    report = verify_files(store, state)
    assert report.files == whole.files
    assert 0 < report.resumed < whole.files
    assert [d.path for d in report.damage] == ["windmills/mill.pdf"]
    assert not state.exists()


def test_a_verification_that_goes_on_and_is_killed_loses_nothing_of_the_run_before(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coproarchive.store.files.RACY_NS", 0)  # the archive was made just now
    monkeypatch.setattr("coproarchive.desk.verify.SAVE_SECONDS", -1)
    settled(library.store.root)
    store, state = Store(library.store.root), tmp_path / "state.json"
    paths: list[str] = []
    kept: list[set[str]] = []

    def stop(stage: str, done: int, total: int, what: str = "") -> None:
        paths.append(what)
        if done == total:
            raise KeyboardInterrupt

    def look(stage: str, done: int, total: int, what: str = "") -> None:
        kept.append(set(json.loads(state.read_bytes())))

    with pytest.raises(KeyboardInterrupt):
        verify_files(store, state, stop)
    os.utime(store.root / paths[0])  # so that it is compared again, and the state saved
    verify_files(store, state, look)
    assert kept == [set(paths[:-1])] * len(paths)
