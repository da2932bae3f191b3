"""Reading in workers: whatever a file does, the run goes on, and nothing else happens."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pebble import ProcessPool

import misbehaving
from coproarchive.extract import table, worker
from coproarchive.extract.base import Extraction, Helpers, Limits
from coproarchive.extract.cache import ExtractionCache, packed, unpacked
from coproarchive.extract.worker import Job, Reader, Workers
from coproarchive.model import Leaf
from coproarchive.store import hash_file
from coproarchive.store.files import media_type_of_file
from making import make_deck, make_pdf

PDF = "application/pdf"

Task = tuple[list[str], float]
"""Names of the files of a task, and its share of the seconds."""


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Reader]]:
    """Readers whose workers do what the file says."""
    monkeypatch.setattr(worker, "extract", misbehaving.read)
    opened: list[Reader] = []

    def open_it(**limits: object) -> Reader:
        given = {"workers": 1, "seconds": 30.0} | limits
        reader = Reader(tmp_path / "index" / "extracted", Limits(**given))  # type: ignore[arg-type]
        opened.append(reader)
        return reader

    yield open_it
    for reader in opened:
        reader.close()


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """What workers are given, as it goes on."""
    given: list[Task] = []
    schedule = Workers.schedule

    def noted(self: Workers, function: Any, *arguments: Any, share: float = 1.0) -> Any:
        given.append(([job.path.stem for job in arguments[1]], share))
        return schedule(self, function, *arguments, share=share)

    monkeypatch.setattr(Workers, "schedule", noted)
    return given


def kept(folder: Path, query: str, *values: bytes) -> list[Any]:
    """First column of the cache's rows."""
    with contextlib.closing(sqlite3.connect(folder / "texts.db")) as connection, connection:
        return [row[0] for row in connection.execute(query, values)]


def job(folder: Path, what: str) -> Job:
    path = folder / f"{what}.md"
    path.write_text(what)
    return archived(path, "text/markdown")


def archived(path: Path, media_type: str) -> Job:
    """The job of a file that is as it was archived."""
    return Job(path, hash_file(path)[1], media_type)


@pytest.mark.threat(18)
@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("hang", "file-over-limit", "2 seconds"),
        ("crash", "file-crashed-reader", "SIGSEGV"),
        ("exit", "file-crashed-reader", "exit code 3"),
        ("memory", "file-over-limit", "600 MB"),
    ],
)
def test_a_file_that_misbehaves_costs_itself_only(
    tmp_path: Path, reading: Callable[..., Reader], what: str, code: str, words: str
) -> None:
    """Those before and after it are read; it is named with the limit and what to do."""
    reader = reading(seconds=2.0, memory=600 * 1024**2)
    jobs = [job(tmp_path, "before"), job(tmp_path, what), job(tmp_path, "after")]
    read = dict(reader.read_many(jobs))
    assert [read[j].leaves[0].title for j in (jobs[0], jobs[2])] == ["before", "after"]
    (notice,) = read[jobs[1]].notices
    assert notice.code == code
    assert words in notice.message and notice.hint


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("hang", "file-over-limit"),
        ("crash", "file-crashed-reader"),
        ("exit", "file-crashed-reader"),
        ("memory", "file-over-limit"),
    ],
)
def test_files_that_share_a_task_are_not_blamed_for_one_of_them(
    tmp_path: Path, reading: Callable[..., Reader], tasks: list[Task], what: str, code: str
) -> None:
    """Every innocent one is read, in the order given, and counted once."""
    reader = reading(seconds=2.0, memory=600 * 1024**2)
    jobs = [job(tmp_path, name) for name in [*map(str, range(9)), what, *map(str, range(20, 29))]]
    read = list(reader.read_many(jobs))
    assert [j for j, _ in read] == jobs
    said = {j.path.stem: [n.code for n in e.notices] for j, e in read}
    assert said.pop(what) == [code]
    assert set(map(tuple, said.values())) == {()}
    assert all(e.leaves[0].title == j.path.stem for j, e in read if j.path.stem != what)
    assert reader.scheduled == len(jobs)
    # It was with others at first; alone it was tried again, as they were.
    (shared,) = [names for names, _ in tasks if what in names and len(names) > 1]
    alone = [names[0] for names, _ in tasks if len(names) == 1]
    assert set(alone) >= set(shared)
    assert all(alone.count(name) == 1 for name in set(shared) - {what})
    # The one that is waited for is first, not behind the one that may hang.
    assert alone[0] == min(shared, key=[j.path.stem for j in jobs].index)


def test_a_slow_file_has_all_its_seconds(
    tmp_path: Path, reading: Callable[..., Reader], tasks: list[Task]
) -> None:
    """Those that share a task have a part of the time; one that needs more is read alone."""
    reader = reading(seconds=4.0)
    jobs = [job(tmp_path, name) for name in ("a", "b", "slow 2", "c", "d", "e")]
    read = list(reader.read_many(jobs))
    assert [e.leaves[0].title for _, e in read] == ["a", "b", "slow 2", "c", "d", "e"]
    assert {share for names, share in tasks if len(names) > 1} == {worker.SHARED_TIME}
    assert (["slow 2"], 1.0) in tasks


def test_long_and_slow_files_share_no_task(
    tmp_path: Path,
    reading: Callable[..., Reader],
    tasks: list[Task],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The largest is begun first; no more are under way than there is room for."""
    monkeypatch.setattr(worker, "SHORT", 2)
    jobs = [job(tmp_path, name) for name in ("a", "long", "b", "longer", "c", "d")]
    came = reading().read_many(iter(jobs))
    assert [j.path.stem for j, _ in came] == ["a", "long", "b", "longer", "c", "d"]
    assert tasks[:2] == [(["longer"], 1.0), (["long"], 1.0)]
    many = iter([job(tmp_path, f"long {n}") for n in range(20)])
    came = reading().read_many(many)
    next(came)
    assert len(list(many)) == 20 - worker.AHEAD // worker.LONE
    came.close()


def test_what_waits_for_its_turn_takes_little_room(tmp_path: Path) -> None:
    """Texts of a million letters, of files that are read before those in front of them."""
    jobs = [job(tmp_path, f"words {10**6 + n}") for n in range(8)]
    answers = worker.extract_each(misbehaving.read, jobs, Limits(), Helpers())
    assert sum(map(len, answers)) < 10**6
    read = [unpacked(answer)[0] for answer in answers]
    assert [len(e.leaves[0].text) for e in read] == [10**6 + n for n in range(8)]


def test_letters_that_are_none_are_kept_as_they_are() -> None:
    """Half of a pair is no character; it must not end the run."""
    broken = Extraction((Leaf(1, "page", "bread \ud83c roses"),))
    assert unpacked(packed(broken, Limits()))[0] == broken


def test_stopping_early_stops_what_is_under_way(
    tmp_path: Path, reading: Callable[..., Reader]
) -> None:
    """Ctrl-C and closing end tasks that are shared too; the reader goes on to others."""
    reader = reading(seconds=60.0)
    names = ["first", "other", "third", "hang", "d", "e"]
    came = reader.read_many([job(tmp_path, name) for name in names])
    assert next(came)[0].path.stem == "first"
    started = time.monotonic()
    came.close()
    ((_, after),) = reader.read_many([job(tmp_path, "after")])
    assert after.leaves[0].title == "after"
    # Let go on, the task with the one that hangs would last 15 seconds.
    assert time.monotonic() - started < 12


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    """It costs nobody else."""
    made = [make_pdf(tmp_path / f"{n}.pdf", [f"Bread {n}"]) for n in range(5)]
    jobs = [archived(path, PDF) for path in made]
    made[2].unlink()
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        read = [extraction for _, extraction in reader.read_many(jobs)]
    assert [e.failed for e in read] == [False, False, True, False, False]
    assert [n.code for n in read[2].notices] == ["file-not-read"]


def test_a_worker_killed_by_chance_is_given_the_file_again(
    tmp_path: Path, reading: Callable[..., Reader]
) -> None:
    """The system may kill a worker for what its neighbour used."""
    ((_, extraction),) = reading().read_many([job(tmp_path, "crash once")])
    assert extraction.leaves[0].title == "crash once"


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    """A second run over unchanged files gives no file to a worker, not even one that failed."""
    broken = tmp_path / "b.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    jobs = [
        archived(make_pdf(tmp_path / "a.pdf", ["Bread"]), PDF),
        archived(broken, PDF),
    ]
    for scheduled in (2, 0):
        with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
            first = [extraction for _, extraction in reader.read_many(jobs)]
            assert first[0].extractor.startswith("pdf ")
            assert first[1].notices[0].code == "file-unreadable"
            assert reader.scheduled == scheduled


def test_raising_a_version_reads_only_its_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other formats' texts are known as before."""
    deck = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    jobs = [
        archived(make_pdf(tmp_path / "a.pdf", ["Bread"]), PDF),
        archived(make_deck(tmp_path / "b.pptx"), deck),
    ]
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        list(reader.read_many(jobs))
    pdf, *others = table.FORMATS
    monkeypatch.setattr(table, "FORMATS", (replace(pdf, version=99), *others))
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        # Until then the old text is shown.
        old = reader.cached(jobs[0].sha256, PDF)
        assert old is not None and old.extractor != "pdf 99"
        (_, new), (_, same) = reader.read_many(jobs)
        assert reader.scheduled == 1
        assert new.leaves == old.leaves
        assert same.leaves[0].title == "Bread for all"
    readers = kept(tmp_path / "index" / "extracted", "SELECT reader FROM blob ORDER BY reader")
    assert readers == ["pdf-99", f"pptx-{others[0].version}"]


def test_other_limits_try_again_what_limits_cut(tmp_path: Path) -> None:
    """Failed and cut files; a file that was read whole stays as it is."""
    cut = make_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"])
    whole = make_pdf(tmp_path / "b.pdf", ["One"])
    jobs = [archived(cut, PDF), archived(whole, PDF)]
    for limits, scheduled, leaves in (
        (Limits(workers=1, leaves=2), 2, 2),
        (Limits(workers=2, leaves=2), 0, 2),
        (Limits(workers=1), 1, 3),
    ):
        with Reader(tmp_path / "index" / "extracted", limits) as reader:
            read = [extraction for _, extraction in reader.read_many(jobs)]
            assert (reader.scheduled, len(read[0].leaves)) == (scheduled, leaves)


def test_a_damaged_cache_counts_as_none(tmp_path: Path) -> None:
    """The file is read again."""
    path = make_pdf(tmp_path / "a.pdf", ["Bread"])
    folder = tmp_path / "index" / "extracted"
    with Reader(folder, Limits(workers=1)) as reader:
        reader.read(path, hash_file(path)[1], PDF)
    (data,) = kept(folder, "SELECT data FROM blob")
    changed = data[:40] + bytes([data[40] ^ 1]) + data[41:]
    kept(folder, "UPDATE blob SET data = ?", changed)
    for scheduled in (1, 0):
        with Reader(folder, Limits(workers=1)) as reader:
            assert reader.read(path, hash_file(path)[1], PDF).leaves[0].title == "Bread"
            assert reader.scheduled == scheduled


def test_places_of_lines_are_looked_for_where_a_talk_is_described(tmp_path: Path) -> None:
    """What was read without them is read once more; what could not be read is not."""
    deck = make_pdf(tmp_path / "a.pdf", ["Bread"])
    post = tmp_path / "a.md"
    post.write_text("Bread")
    broken = tmp_path / "b.pdf"
    broken.write_bytes(b"no PDF")
    plain = [Job(path, hash_file(path)[1], media_type_of_file(path)) for path in (deck, post)]
    plain.append(Job(broken, hash_file(broken)[1], PDF))
    described = [replace(job, is_described=True) for job in plain]
    expected = ((plain, 3, None), (described, 2, "Bread"), (described, 0, "Bread"))
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        for jobs, scheduled, line in expected:
            before = reader.scheduled
            of_deck, of_post, of_broken = [e.placed for _, e in reader.read_many(jobs)]
            assert reader.scheduled - before == scheduled
            assert (of_deck[0].text if of_deck else None) == line
            assert of_post == (None if line is None else ()) and of_broken is None


def test_kinds_without_a_reader_start_no_worker(tmp_path: Path) -> None:
    """A recording is kept, not read; old formats without LibreOffice say what to do."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        assert reader.read(path, "a" * 64, "video/mp4").notices[0].code == "file-unsupported"
        (notice,) = reader.read(path, hash_file(path)[1], "application/vnd.ms-powerpoint").notices
        assert notice.code == "file-unsupported"
        assert "LibreOffice" in notice.message and ".pptx" in notice.hint
        assert reader.scheduled == 0


@pytest.mark.threat(14)
@pytest.mark.threat(18)
@pytest.mark.skipif(os.name == "nt", reason="the confinement of POSIX systems")
def test_a_worker_can_do_nothing_but_read(tmp_path: Path) -> None:
    """No writing, no network, no programmes; only its own folder is its to write in."""
    (tmp_path / "there").write_text("still there")
    workers = Workers(1, Limits(seconds=30), tmp_path / "scratch")
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            port = server.getsockname()[1]
            came = workers.schedule(misbehaving.break_out, str(tmp_path), port).result()
            own = workers.schedule(misbehaving.write_in_scratch, workers.scratch).result()
        finally:
            workers.close()
    assert came.pop("read") == "still there"
    assert set(came.values()) == {"refused"}, came
    assert own == "done"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["there"]


def test_a_file_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    """What is no fault of the file is not kept as what the file is like."""
    missing = Job(tmp_path / "later.md", sha256(b"# Later\n").hexdigest(), "text/markdown")
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        (notice,) = reader.read(missing.path, missing.sha256, missing.media_type).notices
        assert (notice.code, bool(notice.hint)) == ("file-not-read", True)
        assert reader.cached(missing.sha256, missing.media_type) is None
        missing.path.write_text("# Later\n")
        read = reader.read(missing.path, missing.sha256, missing.media_type)
    assert read.leaves[0].title == "Later"


def test_a_file_that_was_changed_is_not_read(tmp_path: Path) -> None:
    """Its words are not those of the archived file, under whose hash they would be kept."""
    good = archived(make_pdf(tmp_path / "a.pdf", ["Bread is baked"]), PDF)
    sound = good.path.read_bytes()
    good.path.write_bytes(sound.replace(b"Bread", b"Bresd"))
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        changed = reader.read(good.path, good.sha256, PDF)
        assert (changed.failed, [n.code for n in changed.notices]) == (True, ["file-changed"])
        assert reader.cached(good.sha256, PDF) is None
        good.path.write_bytes(sound)
        assert reader.read(good.path, good.sha256, PDF).leaves[0].title == "Bread is baked"


def test_our_own_faults_are_not_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or a mistake of ours, is named and not stored; what a library raises is."""
    path = tmp_path / "a.md"
    path.write_text("# A\n")
    limits = Limits()
    cache = ExtractionCache(tmp_path / "extracted", limits)
    for error, code in (
        (OSError(errno.ENOSPC, "No space left on device"), "file-not-read"),
        (NameError("name 'x' is not defined"), "file-not-read"),
        (OSError(errno.EINVAL, "Invalid argument"), "file-unreadable"),  # a seek to nowhere
        (ValueError("bad offset"), "file-unreadable"),
    ):

        def fail(*_: object, error: Exception = error) -> Extraction:
            raise error

        monkeypatch.setattr("coproarchive.extract.decks.detect.read_markdown", fail)
        extraction = table.extract(path, "text/markdown", limits)
        assert [n.code for n in extraction.notices] == [code]
        cache.put("a" * 64, "text/markdown", packed(extraction, limits))
        is_stored = cache.get("a" * 64, "text/markdown") is not None
        assert is_stored == (code == "file-unreadable")


def test_closing_does_not_wait_for_a_thread_that_is_stuck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of pebble's waits for ever where it hands over a task that nobody takes any more."""
    monkeypatch.setattr(worker, "CLOSE_SECONDS", 0.2)
    stuck = threading.Event()
    monkeypatch.setattr(ProcessPool, "join", lambda _: stuck.wait())
    workers = Workers(1, Limits(workers=1), tmp_path / "scratch")
    workers.schedule(misbehaving.write_in_scratch, workers.scratch).result()
    workers.close()
    assert not (tmp_path / "scratch").exists()
    stuck.set()


def test_a_failure_of_our_own_is_not_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said to be ours, and not kept: once it is mended, the very same file is read."""
    path = tmp_path / "post.md"
    path.write_text("# Bread\n\nFold it.\n", encoding="utf-8")

    with monkeypatch.context() as patch:
        patch.setattr("coproarchive.extract.decks.detect.split_front_matter", lambda text: None)
        failed = table.extract(path, "text/markdown", Limits())
    (notice,) = failed.notices
    assert (
        notice.code == table.NOT_READ
        and "TypeError in coproarchive.extract.decks" in notice.message
    )
    cache = ExtractionCache(tmp_path / "extracted", Limits())
    cache.put("0" * 64, "text/markdown", packed(failed, Limits()))
    assert cache.get("0" * 64, "text/markdown") is None
    assert table.extract(path, "text/markdown", Limits()).leaves[0].title == "Bread"


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"x", 0, 1, "x"), EOFError("x")])
def test_what_python_says_of_data_is_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """And so is what a foreign library raises."""

    def fail(text: str) -> None:
        raise error

    path = tmp_path / "post.md"
    path.write_text("# Bread\n", encoding="utf-8")
    monkeypatch.setattr("coproarchive.extract.decks.detect.split_front_matter", fail)
    (notice,) = table.extract(path, "text/markdown", Limits()).notices
    assert notice.code == "file-unreadable"


def test_a_folder_for_conversions_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    """As when somebody deletes the index under a running server; LibreOffice makes such folders."""
    workers = Workers(1, Limits(), tmp_path / "index" / "scratch")
    first = workers.scratch
    assert not workers.has_lost(first)
    shutil.rmtree(tmp_path / "index")
    assert workers.has_lost(first)
    Path(first).mkdir(parents=True)
    assert workers.has_lost(first)
    second = workers.scratch
    assert Path(second).is_dir()
    assert not workers.has_lost(second)
    assert workers.has_lost(first)
    workers.close()
