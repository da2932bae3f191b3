"""The index follows the archive: when an update is due, and what becomes of those that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coproarchive.library import Library
from coproarchive.operate import reindex
from coproarchive.operate.indexer import BUSY
from coproarchive.operate.reindex import Reindexer
from coproarchive.search.language.query import Query

Start = Callable[..., Reindexer]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a reindexer that looks often; stop it at the end."""
    monkeypatch.setattr(reindex, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(reindex, "LOOK_SHARE", 1)
    started: list[Reindexer] = []

    def start_it(library: Library, *command: str) -> Reindexer:
        settings = library.settings
        monkeypatch.setenv("COPROARCHIVE_ARCHIVE", str(settings.archive))
        monkeypatch.setenv("COPROARCHIVE_INDEX", str(settings.index))
        reindexer = Reindexer(library, command or reindex.COMMAND)
        started.append(reindexer)
        reindexer.start()
        return reindexer

    yield start_it
    for reindexer in started:
        reindexer.stop()


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def edit(archive: Path, words: str) -> None:
    """Put words into the record of the small archive's post, by hand."""
    path = archive / "a-post" / "item.yaml"
    path.write_text(f"{path.read_text().split('abstract:')[0]}abstract: {words}\n")


def python(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


def test_an_edited_record_is_found_without_a_restart(
    library: Library, archive: Path, start: Start
) -> None:
    """By the library that is open, within seconds; nothing is done where nothing changed."""
    reindexer = start(library)
    time.sleep(0.5)
    assert reindexer.state.updates == 0
    edit(archive, "Marmalade on toast")
    wait_until(lambda: library.search(Query.parse("marmalade")).total == 1)
    wait_until(lambda: not library.is_outdated() and not reindexer.state.is_running)
    assert reindexer.state.updates == 1
    assert not reindexer.state.fails


def test_missing_public_copies_are_made_beside_the_server(library: Library, start: Start) -> None:
    """In a process of its own, which `state` does not count as an update."""
    assert library.lacks_copies()
    reindexer = start(library)
    wait_until(lambda: not library.lacks_copies())
    assert reindexer.state.updates == 0


def test_a_deleted_index_is_made_again(library: Library, start: Start) -> None:
    import shutil

    shutil.rmtree(library.settings.index)
    start(library)
    wait_until((library.settings.index / "CURRENT").exists)
    wait_until(lambda: library.search(Query.parse("bread")).total > 0)


def test_changes_wait_until_they_are_quiet(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that finds a change waits for one that finds no other; not for ever."""
    monkeypatch.setattr("coproarchive.library.FRESH_SECONDS", 0.0)
    reindexer = Reindexer(library)
    assert not reindexer.is_due(0.0)
    edit(archive, "one")
    library.changed()
    assert not reindexer.is_due(3.0)
    edit(archive, "two")
    library.changed()
    assert not reindexer.is_due(6.0)
    assert reindexer.is_due(9.0)
    edit(archive, "three")
    library.changed()
    assert reindexer.is_due(3.0 + reindex.LONGEST_WAIT)


def test_a_failing_update_is_tried_again_less_and_less_often(
    library: Library, archive: Path, start: Start
) -> None:
    """And at once when the records change; meanwhile /healthz says so."""
    reindexer = start(library, *python("raise SystemExit(40)"))
    edit(archive, "one")
    wait_until(lambda: reindexer.state.failures == 1)
    assert reindexer.state.fails
    time.sleep(1.0)
    assert reindexer.state.failures == 1
    edit(archive, "two")
    library.changed()
    wait_until(lambda: reindexer.state.failures == 2)


def test_another_process_that_indexes_is_no_failure(
    library: Library, archive: Path, start: Start
) -> None:
    reindexer = start(library, *python(f"raise SystemExit({BUSY})"))
    edit(archive, "one")
    time.sleep(1.5)
    assert (reindexer.state.failures, reindexer.state.updates) == (0, 0)


def test_stopping_stops_an_update_that_runs(library: Library, archive: Path, start: Start) -> None:
    reindexer = start(library, *python("import time; time.sleep(60)"))
    edit(archive, "one")
    wait_until(lambda: reindexer.state.is_running)
    started = time.monotonic()
    reindexer.stop()
    assert time.monotonic() - started < 3
    assert not reindexer.state.is_running


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_indexer_gives_way_and_ends_with_its_parent(library: Library) -> None:
    """Also where the parent was killed, and could tell it nothing."""
    environment = os.environ | {
        "COPROARCHIVE_ARCHIVE": str(library.settings.archive),
        "COPROARCHIVE_INDEX": str(library.settings.index),
    }
    with library.index_storage.lock():  # so that it waits
        child = subprocess.Popen(
            reindex.COMMAND, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        stat = Path(f"/proc/{child.pid}/stat")
        niceness = os.nice(0)
        wait_until(lambda: int(stat.read_text().rpartition(")")[2].split()[16]) == niceness + 10)
        time.sleep(1.5)
        assert child.poll() is None
        assert child.stdin
        child.stdin.close()
        assert child.wait(20) in (128 + signal.SIGTERM, -signal.SIGTERM)
