"""Reading in workers: whatever a file does, the run goes on, and nothing else happens."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import misbehaving
from coproarchive.extract import worker
from coproarchive.extract.base import Limits
from coproarchive.extract.worker import Job, Reader, Workers
from making import make_deck, make_pdf

PDF = "application/pdf"


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


def job(folder: Path, what: str) -> Job:
    path = folder / f"{what}.md"
    path.write_text(what)
    return Job(path, what.encode().hex().ljust(64, "0"), "text/markdown")


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
        Job(make_pdf(tmp_path / "a.pdf", ["Bread"]), "a" * 64, PDF),
        Job(broken, "b" * 64, PDF),
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
        Job(make_pdf(tmp_path / "a.pdf", ["Bread"]), "a" * 64, PDF),
        Job(make_deck(tmp_path / "b.pptx"), "b" * 64, deck),
    ]
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        list(reader.read_many(jobs))
    monkeypatch.setattr("coproarchive.extract.pdf.PdfExtractor.version", 99)
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        # Until then the old text is shown.
        old = reader.cached("a" * 64, PDF)
        assert old is not None and old.extractor != "pdf 99"
        (_, new), (_, same) = reader.read_many(jobs)
        assert reader.scheduled == 1
        assert new.leaves == old.leaves
        assert same.leaves[0].title == "Bread for all"
    assert len(list((tmp_path / "index").rglob("*.gz"))) == 2


def test_other_limits_try_again_what_limits_cut(tmp_path: Path) -> None:
    """Failed and cut files; a file that was read whole stays as it is."""
    cut = make_pdf(tmp_path / "a.pdf", ["One", "Two", "Three"])
    whole = make_pdf(tmp_path / "b.pdf", ["One"])
    jobs = [Job(cut, "a" * 64, PDF), Job(whole, "b" * 64, PDF)]
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
        reader.read(path, "a" * 64, PDF)
    (kept,) = folder.rglob("*.gz")
    kept.write_bytes(kept.read_bytes()[:40])
    with Reader(folder, Limits(workers=1)) as reader:
        assert reader.read(path, "a" * 64, PDF).leaves[0].title == "Bread"
        assert reader.scheduled == 1


def test_kinds_without_a_reader_start_no_worker(tmp_path: Path) -> None:
    """A recording is kept, not read; old formats without LibreOffice say what to do."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with Reader(tmp_path / "index" / "extracted", Limits(workers=1)) as reader:
        assert reader.read(path, "a" * 64, "video/mp4").notices[0].code == "file-unsupported"
        (notice,) = reader.read(path, "b" * 64, "application/vnd.ms-powerpoint").notices
        assert notice.code == "file-unsupported"
        assert "LibreOffice" in notice.message and ".pptx" in notice.hint
        assert reader.scheduled == 0


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
