"""A full disk, a read-only one, no permission: named with path, exit code and a way out.

On a small disk of its own where this user may mount one (root); else by errors put in the way.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blogs import post as blog_post
from blogs import write
from coproarchive.check import check
from coproarchive.cli import main
from coproarchive.errors import FileSystemError
from coproarchive.library import Library
from coproarchive.model import Series, Severity
from coproarchive.settings import Settings
from coproarchive.store import Store

FULL = 60
"""Exit code of FileSystemError."""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on an archive and index; returns exit code and stderr."""

    def run_it(archive: Path, index: Path, *words: str | Path) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            main([*map(str, words), "--archive", str(archive), "--index", str(index)])
        return int(stopped.value.code or 0), capsys.readouterr().err

    return run_it


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def sound(archive: Path, tmp_path: Path) -> bool:
    """Whether an archive has no error, by its own check."""
    library = Library(Settings(archive=archive, index=tmp_path / "elsewhere"))
    problems = check(library.store, library.catalogue(), library.reader)
    library.close()
    return not [p for p in problems if p.severity is Severity.ERROR]


def filled(disk: Path) -> Path:
    """Fill a disk to the last byte; return the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC
            return filler


def test_a_full_disk_is_named_by_every_command_that_writes(
    small_disk: Path, tmp_path: Path, run: Run
) -> None:
    """Path and what to do on stderr, exit code 60, the archive sound; then there is room again."""
    archive, index = small_disk / "archive", tmp_path / "index"
    Store.create(archive, Series(title="T"))
    post = tmp_path / "post.md"
    post.write_text("# Rye\n\nBread.\n")
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "post.md").write_text("# Wheat\n\nBread.\n")
    export = write(tmp_path / "blog.xml", blog_post(7, "Spelt", "Bread."))
    filler = filled(small_disk)
    for words in (
        ("add", post),
        ("add", "--recursive", loose),
        ("seminar", "s", "--title", "S"),
        ("import", "wordpress", export),
    ):
        code, said = run(archive, index, *words)
        assert code == FULL, (words, said)
        assert "the disk is full" in said
        assert str(archive) in said
        assert "Make room" in said
    code, said = run(small_disk / "new", index, "init")
    assert (code, "the disk is full" in said) == (FULL, True)
    assert Store(archive).item_ids() == []
    assert sound(archive, tmp_path)
    filler.unlink()
    assert run(archive, index, "add", post)[0] == 0
    assert Store(archive).item_ids() == ["rye"]
    assert not list((archive / ".staging").iterdir())


def test_a_full_disk_of_the_index_is_named_and_the_index_stays(
    small_disk: Path, tmp_path: Path, archive: Path, run: Run
) -> None:
    """The index answers as before, and is brought up to date once there is room."""
    index = small_disk / "index"
    assert run(archive, index, "index")[0] == 0
    filler = filled(small_disk)
    post = tmp_path / "zymurgy.md"
    post.write_text("# Zymurgy\n\n" + " ".join(f"word{n}" for n in range(30_000)))
    assert run(archive, tmp_path / "other", "add", post)[0] == 0
    for words in (("index",), ("index", "--rebuild")):
        code, said = run(archive, index, *words)
        assert (code, "the disk is full" in said, str(index) in said) == (FULL, True, True), said
    assert run(archive, index, "search", "loaf")[0] == 0
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert run(archive, index, "index")[0] == 0
    library = Library(Settings(archive=archive, index=index))
    assert library.index().frequencies(["=zymurgy"]) == {"=zymurgy": 1}
    library.close()


def test_a_disk_that_can_only_be_read_is_named_and_can_be_searched(
    small_disk: Path, tmp_path: Path, run: Run
) -> None:
    """What writes ends with 60 and the path; what reads goes on."""
    archive, index = small_disk / "archive", small_disk / "index"
    Store.create(archive, Series(title="T"))
    post = tmp_path / "post.md"
    post.write_text("# Rye\n\nBread.\n")
    assert run(archive, index, "add", post)[0] == 0
    assert run(archive, index, "index")[0] == 0
    other = tmp_path / "other.md"
    other.write_text("# Wheat\n\nBread.\n")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for words in (("add", other), ("seminar", "s", "--title", "S"), ("index", "--rebuild")):
        code, said = run(archive, index, *words)
        assert (code, "can only be read" in said) == (FULL, True), (words, said)
        assert str(small_disk) in said
    assert run(archive, index, "search", "bread")[0] == 0
    assert run(archive, index, "check")[0] == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "can only be read"),
        (errno.EACCES, "permissions"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EIO, "the disk failed"),
    ],
)
def test_what_the_system_refuses_is_said_in_plain_words(
    code: int, words: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a write fails: the record, the file, its rename."""
    archive, index = tmp_path / "archive", tmp_path / "index"
    Store.create(archive, Series(title="T"))
    post = tmp_path / "post.md"
    post.write_text("# Rye\n\nBread.\n")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    for name in ("fsync", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refuse)
            exit_code, said = run(archive, index, "add", post, "--title", "Rye")
        assert (exit_code, words in said) == (FULL, True), (name, said)
        assert str(archive) in said
        assert Store(archive).item_ids() == []
    assert sound(archive, tmp_path)


def test_one_is_kept_for_check(tmp_path: Path, run: Run) -> None:
    """No other command ends with 1; an error of no family has a code of its own."""
    code, _ = run(tmp_path / "nowhere", tmp_path / "index", "check")
    assert code == 10
    assert FileSystemError(OSError(errno.ENOSPC, "x", "/a/b")).path == "/a/b"
    Store.create(tmp_path / "archive", Series(title="T"))
    (tmp_path / "archive" / "people.yaml").write_text("a: [")
    assert run(tmp_path / "archive", tmp_path / "index", "check")[0] == 1
