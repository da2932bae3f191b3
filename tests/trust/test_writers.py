"""Several writers at once: nothing twice, nothing lost, and who waits says so."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coproarchive import locking
from coproarchive import store as store_module
from coproarchive.catalogue import Catalogue
from coproarchive.errors import ConflictError, DuplicateError, LockedError
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Seminar, Series, Topic
from coproarchive.settings import Settings
from coproarchive.store import Store

FILES = 12


def command(archive: Path, *words: str | Path) -> list[str]:
    """Return a run of the command line on an archive, its index beside it."""
    index = archive.parent / "index"
    return [sys.executable, "-m", "coproarchive", "--archive", str(archive), "--index", str(index),
            *map(str, words)]  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An archive without items."""
    Store.create(tmp_path / "archive", Series(title="T"))
    return tmp_path / "archive"


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A folder of posts to add."""
    folder = tmp_path / "loose"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"post {number}.md").write_text(f"# Loaf number {number}\n\nBread {number}.\n")
    return folder


@pytest.mark.threat(17)
def test_what_three_add_at_once_is_added_once(empty: Path, loose: Path) -> None:
    """Every file ends in one item, whichever process was first; all three count every file."""
    add = command(empty, "add", "--recursive", loose, "--speaker", "Ann Baker", "--json")
    runs = [add, add, add, command(empty, "index"), command(empty, "index")]
    running = [subprocess.Popen(run, stdout=subprocess.DEVNULL) for run in runs]
    assert [process.wait(120) for process in running] == [0] * len(runs)
    catalogue = Catalogue.load(Store(empty))
    assert len(catalogue.items) == len(catalogue.by_sha256) == FILES
    assert not catalogue.problems
    assert len(catalogue.people) == 1


def test_what_was_added_since_the_archive_was_read_is_refused(empty: Path, loose: Path) -> None:
    """Identity is decided under the lock: what was read before says nothing of now."""
    library = Library(Settings(archive=empty, index=empty.parent / "index"))
    before, post = library.catalogue(), loose / "post 0.md"
    add_files(Store(empty), before, library.reader, [post], ItemDraft())
    with pytest.raises(DuplicateError, match=r"loaf-number-0/post 0\.md"):
        add_files(library.store, before, library.reader, [post], ItemDraft())
    library.close()


def test_two_who_name_the_same_new_seminar_and_topic_make_one(empty: Path) -> None:
    """The form looks for them under the lock, in the archive as it is then."""
    libraries = [Library(Settings(archive=empty, index=empty.parent / n)) for n in ("i", "j")]
    for library in libraries:
        library.catalogue()
    draft = ItemDraft(seminar="Baking", topics=("Rye",))
    assert [lib.with_new_records(draft).seminar for lib in libraries] == ["baking"] * 2
    store = Store(empty)
    assert store.seminar_ids() == ["baking"]
    assert list(store.read_topics()[0]) == ["rye"]


def test_a_new_seminar_is_not_written_over_another(empty: Path) -> None:
    """Of two who make a seminar of one id, the second is told."""
    store = Store(empty)
    store.save_seminar(Seminar(id="s", title="First"), expected_digest="")
    with pytest.raises(ConflictError):
        store.save_seminar(Seminar(id="s", title="Second"), expected_digest="")
    assert store.read_seminar("s").title == "First"


@pytest.fixture
def held(empty: Path) -> Iterator[threading.Event]:
    """The archive's lock, held by another program until the event is set."""
    hold = (
        "import sys; from pathlib import Path; from coproarchive.store import Store\n"
        "with Store(Path(sys.argv[1])).lock(): print('held', flush=True); sys.stdin.read(1)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(empty)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    let_go = threading.Event()

    def end() -> None:
        let_go.wait(60)
        holder.communicate(b"x")

    ending = threading.Thread(target=end)
    ending.start()
    yield let_go
    let_go.set()
    ending.join()


def test_who_waits_says_so_and_goes_on(empty: Path, loose: Path, held: threading.Event) -> None:
    """A command that meets another writer says on stderr that it waits, then does its work."""
    adding = subprocess.Popen(
        command(empty, "add", loose / "post 1.md"), stderr=subprocess.PIPE, text=True
    )
    assert adding.stderr is not None
    line = adding.stderr.readline()
    assert str(empty) in line
    assert "another program is writing here; waiting" in line
    held.set()
    assert adding.wait(60) == 0
    assert Store(empty).item_ids() == ["loaf-number-1"]
    adding.stderr.close()


def test_who_waited_too_long_gives_up_with_an_error_that_says_why(
    empty: Path,
    held: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a bounded time: which folder, that nothing was written, and what to do."""
    monkeypatch.setattr(store_module, "LOCK_SECONDS", 0.3)
    started = time.monotonic()
    with caplog.at_level(logging.WARNING, locking.__name__), pytest.raises(LockedError) as raised:
        Store(empty).save_topic(Topic(id="rye", label="Rye"))
    assert 0.2 < time.monotonic() - started < 10
    assert raised.value.path == str(empty)
    assert raised.value.hint is not None
    assert "Nothing was written" in raised.value.hint
    assert "waiting" in caplog.text
    assert not held.is_set()
