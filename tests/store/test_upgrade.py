"""Archives of older formats, and of newer ones: changed with a copy first, or left alone."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import ArchiveError, NewerFormatError
from coproarchive.model import Item, Person, Series
from coproarchive.store import Store, upgrade
from coproarchive.store.files import write_durably
from coproarchive.store.reader import FORMAT
from coproarchive.store.upgrade import BACKUPS, MANIFEST, UpgradeStep, upgrade_archive
from making import SEMINAR

OLD = "# kept by hand\ntitle: Talks on bread   # a comment\nlanguages: [en-GB]\n"


@pytest.fixture
def old(archive: Path) -> Path:
    """The invented archive as 0.1.0 wrote it: archive.yaml names no format."""
    (archive / "archive.yaml").write_text(OLD, encoding="utf-8")
    return archive


def bytes_of(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, but the lock."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name not in (".lock", ".revision"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def copied_from(folder: Path) -> dict[str, bytes]:
    """What a copy holds; its manifest is that of sha256sum."""
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", MANIFEST], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != MANIFEST}


def test_a_new_archive_has_the_format_of_this_version(tmp_path: Path) -> None:
    """`init` writes it, and there is nothing to upgrade."""
    store = Store.create(tmp_path / "new", Series(title="New"))
    assert f"format: {FORMAT}\n" in (store.root / "archive.yaml").read_text(encoding="utf-8")
    before = bytes_of(store.root)
    assert upgrade_archive(store) == []
    assert bytes_of(store.root) == before


def test_an_archive_without_a_format_gets_one_and_keeps_all_else(old: Path) -> None:
    """Comments stay, a verified copy of the old file is kept, no other file changes."""
    own = (".backups/", ".history/")
    before = {k: v for k, v in bytes_of(old).items() if not k.startswith(own)}
    (copy,) = upgrade_archive(Store(old))
    assert (old / "archive.yaml").read_text(encoding="utf-8") == f"{OLD}format: {FORMAT}\n"
    assert copy.parent == old / BACKUPS
    assert copy.name.startswith("format-1-")
    assert copied_from(copy) == {"archive.yaml": OLD.encode()}
    after = {k: v for k, v in bytes_of(old).items() if not k.startswith(own)}
    assert {k for k in after if after[k] != before.get(k)} == {"archive.yaml"}
    assert after.keys() == before.keys()
    assert upgrade_archive(Store(old)) == []


@pytest.mark.parametrize(
    ("old_line", "is_written"),
    [("hidden_slides: leave-out\n", False), ("hidden_slides: show\n", True)],
)
def test_hidden_slides_becomes_withhold(old: Path, old_line: str, is_written: bool) -> None:
    """What readers see of hidden slides stays as it was; notes and comments are withheld."""
    (old / "archive.yaml").write_text(OLD + old_line, encoding="utf-8")
    before = Store(old).read_series().withhold
    upgrade_archive(Store(old))
    after = (old / "archive.yaml").read_text(encoding="utf-8")
    assert "hidden_slides" not in after
    assert Store(old).read_series().withhold == before
    assert ("withhold" in after) == is_written
    assert {"notes", "comments"} <= set(before)


class Killed(BaseException):
    """What ends a process at once, as far as the code after it can tell."""


def renamed(store: Store) -> None:
    """A change of more than one record, which may have been made already."""
    for item_id in store.item_ids():
        item = store.read_item(item_id)
        if not item.title.endswith("!"):
            store.save_item(item.model_copy(update={"title": f"{item.title}!"}))


@pytest.mark.parametrize("writes", range(1, 12))
def test_killed_at_any_write_it_is_begun_again(
    old: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Each record is as it was or as it shall be, a copy has its old bytes, the next ends it."""
    step = UpgradeStep("titles", lambda s: [f"{i}/item.yaml" for i in s.item_ids()], renamed)
    monkeypatch.setitem(upgrade.STEPS, 1, step)
    before = {p: (old / p).read_bytes() for p in bytes_of(old) if p.endswith(".yaml")}
    left = [writes]

    def dying(path: Path, data: bytes, scratch: Path | None = None) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed
        write_durably(path, data, scratch)

    with monkeypatch.context() as patch:
        patch.setattr("coproarchive.store.write_durably", dying)
        patch.setattr(upgrade, "write_durably", dying)
        try:
            upgrade_archive(Store(old))
        except Killed:
            assert Store(old).read_series().format == 1
    for copy in (old / BACKUPS).glob("*"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", MANIFEST], cwd=copy, check=True)
    changed = [p for p in before if (old / p).read_bytes() != before[p]]
    originals = {p.read_bytes() for p in (old / BACKUPS).rglob("*.yaml")}
    assert all(before[path] in originals for path in changed)
    upgrade_archive(Store(old))
    store = Store(old)
    assert store.read_series().format == FORMAT
    assert all(store.read_item(item_id).title.endswith("!") for item_id in store.item_ids())
    assert not list((old / ".staging").glob("*"))


def test_a_copy_that_differs_stops_it(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read again, the copy has other bytes: nothing is changed, no copy stays."""
    before = bytes_of(old)
    monkeypatch.setattr(upgrade, "hash_file", lambda path: (0, "0" * 64))
    with pytest.raises(ArchiveError, match="differs from it; nothing was changed") as raised:
        upgrade_archive(Store(old))
    assert raised.value.hint == "Look at the disk, then try again."
    assert bytes_of(old) == before


def test_a_newer_archive_is_refused_and_left_alone(archive: Path) -> None:
    """Whatever keys it has, reading and every way of writing say so in one sentence."""
    (archive / "archive.yaml").write_text(f"format: {FORMAT + 1}\nnot-known-yet: x\n")
    before = bytes_of(archive)
    store = Store(archive)
    item = Item(id=f"{SEMINAR}/new", title="New")
    attempts: list[Callable[[], object]] = [
        lambda: Catalogue.load(store),
        lambda: upgrade_archive(store),
        lambda: store.save_series(Series(title="Mine")),
        lambda: store.save_item(item),
        lambda: store.add_item(item, {}),
        lambda: store.save_person(Person(id="ada", names=("Ada",))),
        lambda: store.write_state("state", {}),
    ]
    for attempt in attempts:
        with pytest.raises(NewerFormatError, match=f"format {FORMAT + 1}; .* up to {FORMAT}"):
            attempt()
    assert bytes_of(archive) == before


def test_a_format_that_is_no_number_is_a_mistake_of_its_line(archive: Path) -> None:
    """It is told as any other mistake."""
    (archive / "archive.yaml").write_text("title: Talks\nformat: newest\n")
    with pytest.raises(ArchiveError, match=r"line 2: format: is a whole number"):
        Store(archive).read_series()
