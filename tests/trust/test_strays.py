"""What killed runs leave behind is swept by the next; so are the words of what was hidden."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.locking import sweep, temporary_name
from coproarchive.model import Visibility
from making import SEMINAR

KILLED = """
import os, signal, sys
from pathlib import Path
from coproarchive.library import Library
from coproarchive.search.engines.whoosh import {module} as module
from coproarchive.settings import Settings

def killed(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

module.{function} = killed
library = Library(Settings(archive=Path(sys.argv[1]), index=Path(sys.argv[2])))
store = library.store
store.save_item(store.read_item("a-post").model_copy(update={{"title": "Another title"}}))
library.update_index()
"""


def gone_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_temporary_files_of_processes_that_are_gone_are_swept(tmp_path: Path) -> None:
    """Those of processes that run stay, and whatever has another name."""
    gone, old = gone_process(), time.time() - 3 * 86_400
    names = {
        f".people.yaml.{gone}.tmp": False,
        f"{gone}-abc": False,
        temporary_name("mine"): True,
        f".theirs.{os.getppid()}.tmp": True,
        "people.yaml": True,
        ".gitignore": True,
    }
    for name in names:
        (tmp_path / name).write_text("x")
    stale = tmp_path / f".old.{os.getppid()}.tmp"  # another program has the number by now
    stale.write_text("x")
    os.utime(stale, (old, old))
    (tmp_path / f"{gone}-folder").mkdir()
    (tmp_path / f"{gone}-folder" / "deck.pdf").write_text("x")
    sweep(tmp_path, "*")
    assert {p.name for p in tmp_path.iterdir()} == {n for n, stays in names.items() if stays}


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("engine", "note_checks"),
        ("engine", "wipe_gaps"),
        ("commit", "clean_files"),
        ("commit", "write_columns"),
        ("columns", "_parts"),
    ],
)
def test_a_killed_update_leaves_nothing_after_the_next(
    library: Library, module: str, function: str
) -> None:
    """At each step of a commit: the next update answers rightly, and every file is named by it."""
    root = library.settings.index
    library.update_index()
    library.close()
    code = KILLED.format(module=module, function=function)
    done = subprocess.run(
        [sys.executable, "-c", code, str(library.settings.archive), str(root)], check=False
    )
    assert done.returncode in (-signal.SIGKILL, 0)
    for name in (f".sidecars.json.{gone_process()}.tmp", "CURRENT.tmp"):
        (root / name).write_text("x")
    (root / "scratch" / f"{gone_process()}-x").mkdir(parents=True)
    opened = Library(library.settings)
    opened.update_index()
    assert opened.index().frequencies(["=another"]) == {"=another": 1}
    opened.close()
    (generation,) = (root / "generations").iterdir()
    (number,) = {p.stem.rpartition("_")[2] for p in generation.glob("*.toc")}
    stems = {p.stem for p in generation.glob("*.seg")}
    left = {p.name for p in generation.iterdir()} - {"stored.bin", "WRITELOCK"}
    left -= {f"_MAIN_{number}.toc", f"checks-{number}.json"}
    assert left == {n for stem in stems for n in (f"{stem}.seg", f"columns-{stem}.bin")}
    assert {p.name for p in root.iterdir()} <= {
        "CURRENT", ".lock", "generations", "sidecars.json", "extracted", "pictures", "copies",
    }  # fmt: skip


def test_the_words_of_what_was_hidden_leave_the_file_of_stored_texts(library: Library) -> None:
    """At the next update, and what others have stored there stays as it was."""
    (path,) = library.settings.index.glob("generations/*/stored.bin")
    assert b"grain" in path.read_bytes()
    before = library.suggest("wind"), library.similar(f"{SEMINAR}/bread-for-all")
    item = library.store.read_item("windmills")
    library.store.save_item(item.model_copy(update={"visibility": Visibility.HIDDEN}))
    library.update_index()
    assert b"grain" not in path.read_bytes()
    library.store.save_item(item)
    library.update_index()
    assert b"grain" in path.read_bytes()
    assert (library.suggest("wind"), library.similar(f"{SEMINAR}/bread-for-all")) == before
