"""Promises hold on a disk that ignores letter case and decomposes names, as those of macOS do.

No such disk can be mounted everywhere, so calls of the operating system are led to the name that is
there, and listings give it decomposed (NFD), as HFS+ does. The processes that read files are not
led so: on a real disk they find a file by either name.
"""

from __future__ import annotations

import builtins
import io
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coproarchive.check import check
from coproarchive.errors import DuplicateError
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Item, Kind, Series, Severity, Visibility
from coproarchive.settings import Settings
from coproarchive.store import Store, folded_name, unique_file_name

NFC, NFD = unicodedata.normalize("NFC", "café.md"), unicodedata.normalize("NFD", "café.md")
ONE_PATH = ("stat", "lstat", "open", "mkdir", "unlink", "remove", "rmdir", "access", "utime",
            "listdir", "scandir", "chmod")  # fmt: skip


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which names that differ in case or composition are one."""
    root = tmp_path / "disk"
    root.mkdir()
    listdir = os.listdir

    def names_in(folder: str) -> list[str]:
        try:
            return listdir(folder)
        except OSError:
            return []

    def there(path: Any) -> Any:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
        if not isinstance(text, str) or not text.startswith(f"{root}/"):
            return path
        at = str(root)
        for part in text[len(at) + 1 :].split("/"):
            same = [n for n in names_in(at) if folded_name(n) == folded_name(part)]
            assert len(same) < 2
            at = f"{at}/{same[0] if same else unicodedata.normalize('NFD', part)}"
        return at

    def led(call: Callable[..., Any], paths: int = 1) -> Callable[..., Any]:
        def on_disk(*arguments: Any, **named: Any) -> Any:
            found = [there(a) for a in arguments[:paths]]
            return call(*found, *arguments[paths:], **named)

        return on_disk

    for name in ONE_PATH:
        monkeypatch.setattr(os, name, led(getattr(os, name)))
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, led(getattr(os, name), 2))
    monkeypatch.setattr(io, "open", led(io.open))
    monkeypatch.setattr(builtins, "open", led(builtins.open))
    return root


@pytest.fixture
def archive_there(disk: Path) -> Path:
    """An archive on that disk."""
    Store.create(disk / "archive", Series(title="T"))
    return disk / "archive"


def errors(library: Library) -> list[tuple[str, str]]:
    problems = check(library.store, library.catalogue(), library.reader)
    told = [p for p in problems if p.severity is not Severity.NOTE and p.code != "file-not-read"]
    return [(p.code, p.path) for p in told]


def test_the_disk_of_these_tests_folds_names(disk: Path) -> None:
    """Else they would test nothing."""
    (disk / "Talk.md").write_text("one")
    (disk / NFC).write_text("two")
    assert (disk / "tALK.MD").read_text() == "one"
    assert (disk / NFD).read_text() == "two"
    assert sorted(os.listdir(disk)) == ["Talk.md", NFD]


def test_files_and_ids_that_differ_only_in_case_are_kept_apart(
    archive_there: Path, tmp_path: Path
) -> None:
    """Both files in one item, two items of titles that differ in case: nothing is overwritten."""
    loose = [tmp_path / name for name in ("a/Talk.md", "b/tALK.md", "c/other.md", "d/Other.md")]
    for number, path in enumerate(loose):
        path.parent.mkdir()
        path.write_text(f"# {'Rye' if number == 2 else 'RYE'}\n\nBread {number}.\n")
    library = Library(Settings(archive=archive_there, index=tmp_path / "index"))
    place = (library.store, library.catalogue(), library.reader)
    both = add_files(*place, loose[:2], ItemDraft(title="Both")).item
    contents = [library.store.asset_path(both.id, a.path).read_text() for a in both.assets]
    assert sorted(contents) == sorted(path.read_text() for path in loose[:2])
    ids = [add_files(*place, [path], ItemDraft()).item.id for path in loose[2:]]
    assert ids == ["rye", "rye-2"]
    library.changed()
    assert errors(library) == []
    with pytest.raises(DuplicateError):
        add_files(library.store, library.catalogue(), library.reader, [loose[2]], ItemDraft())
    library.close()


@pytest.mark.parametrize("name", [NFC, NFD])
def test_a_name_in_a_record_may_be_composed_otherwise(
    archive_there: Path, tmp_path: Path, name: str
) -> None:
    """The file is found, compared and hidden as any other."""
    source = tmp_path / "post.md"
    source.write_text("# Ovens\n\nOf Leeds.\n")
    store = Store(archive_there)
    store.add_item(Item(id="ovens", title="Ovens", kind=Kind.POST), {name: source})
    library = Library(Settings(archive=archive_there, index=tmp_path / "index"))
    assert errors(library) == []
    library.update_index()
    assert library.index().frequencies(["=ovens"]) == {"=ovens": 1}
    item = library.store.read_item("ovens")
    assert item.assets[0].path == name
    assert library.store.asset_path("ovens", name).read_bytes() == source.read_bytes()
    library.store.save_item(item.model_copy(update={"visibility": Visibility.HIDDEN}))
    assert not library.public().items
    library.close()


def test_an_archive_copied_from_such_a_disk_is_whole(tmp_path: Path) -> None:
    """Its records say café composed, its files are decomposed: on a disk that keeps names apart."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    source = tmp_path / "post.md"
    source.write_text("# Ovens\n\nOf Leeds.\n")
    store.add_item(Item(id="ovens", title="Ovens", kind=Kind.POST), {NFC: source})
    folder = tmp_path / "archive" / "ovens"
    (folder / NFC).rename(folder / NFD)
    library = Library(Settings(archive=tmp_path / "archive", index=tmp_path / "index"))
    assert errors(library) == []
    assert store.asset_path("ovens", NFC).read_bytes() == source.read_bytes()
    library.close()


def test_a_file_that_is_called_as_a_record_is_renamed() -> None:
    """Else an upload could turn an item into a seminar, whose items are not seen."""
    assert unique_file_name("Seminar.yaml", []) == "Seminar-2.yaml"
    assert unique_file_name("ITEM.yaml", []) == "ITEM-2.yaml"
    assert unique_file_name(NFD, [NFC]) != NFD
