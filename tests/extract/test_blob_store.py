"""The file of extracted texts: shared by processes, damaged at any time, never in the way."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coproarchive.extract import blob_store as module
from coproarchive.extract.blob_store import BlobStore

A, B = "a" * 64, "b" * 64


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[BlobStore]:
    opened = BlobStore(tmp_path / "extracted" / "texts.db")
    yield opened
    opened.close()


def seen_by_others(tmp_path: Path, sha256: str, reader: str = "pdf-1") -> bytes | None:
    other = BlobStore(tmp_path / "extracted" / "texts.db")
    try:
        return other.get(sha256, reader)
    finally:
        other.close()


def test_what_is_forgotten_leaves_no_byte(tmp_path: Path, blobs: BlobStore) -> None:
    """What a reader made of other files stays, and what another kind keeps of any."""
    blobs.put(A, "pdf-1", b"Told in confidence" * 500)
    blobs.put(A, "alignment-1", b"[1, 2]")
    blobs.put(B, "pdf-1", b"Public")
    blobs.flush()
    path = tmp_path / "extracted" / "texts.db"
    assert b"in confidence" in path.read_bytes()
    blobs.put(A, "pptx-2", b"Told while it waited")
    blobs.keep_only({B}, "alignment-1")
    assert blobs.get(A, "pdf-1") is None and blobs.get(A, "pptx-2") is None
    assert (blobs.get(A, "alignment-1"), blobs.get(B, "pdf-1")) == (b"[1, 2]", b"Public")
    assert b"in confidence" not in path.read_bytes() and b"it waited" not in path.read_bytes()


def test_asking_makes_nothing(tmp_path: Path, blobs: BlobStore) -> None:
    """An archive that is only looked at is not written to."""
    assert blobs.get(A, "pdf-1") is None
    assert blobs.others(A, "pdf-1") == []
    assert list(tmp_path.iterdir()) == []


def test_an_entry_is_there_at_once_and_on_the_disk_soon(
    tmp_path: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself when it is old or large, else when asked."""
    monkeypatch.setattr(module, "WAITING_SECONDS", 3600.0)
    blobs.put(A, "pdf-1", b"bread")
    assert blobs.get(A, "pdf-1") == b"bread"
    assert seen_by_others(tmp_path, A) is None
    blobs.flush()
    assert seen_by_others(tmp_path, A) == b"bread"
    blobs.put(A, "pdf-1", b"x" * module.WAITING_BYTES)
    assert seen_by_others(tmp_path, A) == b"x" * module.WAITING_BYTES
    monkeypatch.setattr(module, "WAITING_SECONDS", 0.0)
    blobs.put(B, "pdf-1", b"roses")
    assert seen_by_others(tmp_path, B) == b"roses"


def test_what_is_missing_is_told_without_reading_entries(tmp_path: Path, blobs: BlobStore) -> None:
    """One that waits is there; a damaged one too, until somebody reads it."""
    keys = [(A, "pdf-1"), (A, "pdf-2"), (B, "pdf-1"), ("c" * 64, "pdf-1")]
    assert blobs.missing(keys) == keys
    assert list(tmp_path.iterdir()) == []
    blobs.put(A, "pdf-1", b"bread")
    blobs.flush()
    blobs.put(B, "pdf-1", b"roses")
    assert blobs.missing(keys) == [keys[1], keys[3]]
    blobs.flush()
    with contextlib.closing(sqlite3.connect(tmp_path / "extracted" / "texts.db")) as other:
        other.execute("UPDATE blob SET data = x'00' WHERE sha256 = ?", (A,))
        other.commit()
    assert blobs.missing(keys) == [keys[1], keys[3]]
    assert blobs.get(A, "pdf-1") is None
    assert blobs.missing(keys) == [keys[0], keys[1], keys[3]]


def test_a_new_version_takes_the_place_of_the_old_one_only(blobs: BlobStore) -> None:
    """What another reader, or the same one made of another file, stays."""
    for sha256, reader in ((A, "pdf-1"), (A, "pdf-1+ocr-1"), (A, "office-1+pptx-1"), (B, "pdf-1")):
        blobs.put(sha256, reader, f"{sha256[0]} {reader}".encode())
        blobs.flush()
    blobs.put(A, "pdf-2", b"new")
    assert blobs.others(A, "none") == [b"a office-1+pptx-1", b"new"]
    assert blobs.others(A, "pdf-2") == [b"a office-1+pptx-1"]
    assert blobs.get(B, "pdf-1") == b"b pdf-1"


def test_texts_kept_as_files_before_are_cleared_away(tmp_path: Path, blobs: BlobStore) -> None:
    """Nobody would ever ask for them again; what else is there stays."""
    for name in ("a3", "notes"):
        (tmp_path / "extracted" / name).mkdir(parents=True)
    (tmp_path / "extracted" / "a3" / "old.json.gz").write_bytes(b"x")
    blobs.put(A, "pdf-1", b"bread")
    blobs.flush()
    names = {path.name for path in (tmp_path / "extracted").iterdir()}
    assert "texts.db" in names and "notes" in names and "a3" not in names


def test_the_index_may_be_deleted_while_it_is_open(tmp_path: Path, blobs: BlobStore) -> None:
    """What comes after is kept in a new file, where others find it."""
    blobs.put(A, "pdf-1", b"bread")
    blobs.flush()
    for path in (tmp_path / "extracted").iterdir():
        path.unlink()
    (tmp_path / "extracted").rmdir()
    assert blobs.get(A, "pdf-1") is None
    blobs.put(B, "pdf-1", b"roses")
    blobs.flush()
    assert seen_by_others(tmp_path, B) == b"roses"
    # And one that another process made anew.
    (tmp_path / "extracted" / "texts.db").unlink()
    other = BlobStore(tmp_path / "extracted" / "texts.db")
    other.put(A, "pdf-1", b"other bread")
    other.close()
    assert blobs.get(A, "pdf-1") == b"other bread"


@pytest.mark.parametrize("damage", ["no database", "first page", "middle", "cut"])
def test_damage_costs_what_was_kept_and_no_more(
    tmp_path: Path, blobs: BlobStore, damage: str
) -> None:
    """Nothing is found, nothing is raised, and what is kept after is found again."""
    path = tmp_path / "extracted" / "texts.db"
    names = [f"{n:064x}" for n in range(200)]
    for name in names:
        blobs.put(name, "pdf-1", name.encode() * 20)
    blobs.close()
    data = path.read_bytes()
    path.write_bytes(
        {
            "no database": b"x" * 5_000,
            "first page": data[:100] + b"\xff" * 3_000 + data[3_100:],
            "middle": data[:20_000] + b"\xff" * 200_000 + data[220_000:],
            "cut": data[:50_000],
        }[damage]
    )
    found = [blobs.get(name, "pdf-1") for name in names]
    right = [f == n.encode() * 20 for f, n in zip(found, names, strict=True)]
    assert not all(right)
    assert all(r or f is None for r, f in zip(right, found, strict=True))
    for _ in range(2):  # the first may be what shows the damage
        for name in names:
            blobs.put(name, "pdf-1", b"anew")
        blobs.flush()
    assert [blobs.get(name, "pdf-1") for name in names] == [b"anew"] * len(names)


def test_a_changed_bit_is_named_and_the_entry_is_gone(
    tmp_path: Path, blobs: BlobStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Anywhere in the file, 300 times: what is found is what was stored, or nothing."""
    path = tmp_path / "extracted" / "texts.db"
    entries = {f"{n:064x}": random.Random(n).randbytes(700) for n in range(60)}
    for name, data in entries.items():
        blobs.put(name, "pdf-1", data)
    blobs.close()
    sound = path.read_bytes()
    chance = random.Random(7)
    lost = 0
    for _ in range(300):
        damaged = bytearray(sound)
        damaged[chance.randrange(len(sound))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        found = {name: blobs.get(name, "pdf-1") for name in entries}
        assert all(data in (None, entries[name]) for name, data in found.items())
        lost += None in found.values()
        blobs.close()
    assert lost
    assert "is damaged and was removed" in caplog.text


def test_a_file_that_is_no_database_is_set_aside(
    tmp_path: Path, blobs: BlobStore, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log, kept beside once, and begun anew."""
    path = tmp_path / "extracted" / "texts.db"
    path.parent.mkdir()
    path.write_bytes(b"x" * 5_000)
    assert blobs.get(A, "pdf-1") is None
    assert path.with_suffix(".damaged").read_bytes() == b"x" * 5_000
    assert "set aside" in caplog.text
    blobs.put(A, "pdf-1", b"anew")
    blobs.flush()
    assert seen_by_others(tmp_path, A) == b"anew"


def test_a_lock_that_is_not_given_back_costs_entries_not_the_run(
    tmp_path: Path, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As do a full disk and a folder that may not be written to."""
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.01)
    blobs.put(A, "pdf-1", b"bread")
    blobs.flush()
    holder = sqlite3.connect(tmp_path / "extracted" / "texts.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    blobs.close()
    blobs.put(B, "pdf-1", b"roses")
    blobs.flush()
    assert blobs.get(A, "pdf-1") is None
    holder.execute("ROLLBACK")
    holder.close()
    assert blobs.get(A, "pdf-1") == b"bread"
    assert blobs.get(B, "pdf-1") is None


def test_a_folder_that_cannot_be_made_costs_entries_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blobs = BlobStore(tmp_path / "file" / "extracted" / "texts.db")
    blobs.put(A, "pdf-1", b"bread")
    blobs.close()
    assert blobs.get(A, "pdf-1") is None


def _fill(path: Path, first: int, count: int) -> None:
    blobs = BlobStore(path)
    for number in range(first, first + count):
        blobs.put(f"{number:064x}", "pdf-1", str(number).encode())
        blobs.flush()
    blobs.close()


def test_two_processes_keep_entries_side_by_side(tmp_path: Path) -> None:
    """`index` and the page of somebody who adds a talk meanwhile."""
    path = tmp_path / "extracted" / "texts.db"
    context = multiprocessing.get_context("spawn")
    fillers = [context.Process(target=_fill, args=(path, first, 60)) for first in (0, 60)]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join()
        assert filler.exitcode == 0
    blobs = BlobStore(path)
    assert [blobs.get(f"{n:064x}", "pdf-1") for n in range(120)] == [b"%d" % n for n in range(120)]
    blobs.close()


def test_a_kill_in_the_midst_leaves_a_whole_file(tmp_path: Path) -> None:
    """With everything that was written before it."""
    path = tmp_path / "extracted" / "texts.db"
    for moment in (0.0, 0.01, 0.03):
        filler = multiprocessing.get_context("spawn").Process(target=_fill, args=(path, 0, 10**6))
        filler.start()
        deadline = time.monotonic() + 30
        while not (path.exists() and seen_by_others(tmp_path, f"{20:064x}")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(moment)
        assert filler.pid
        os.kill(filler.pid, signal.SIGKILL)
        filler.join()
        kept = sqlite3.connect(path)
        assert kept.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept.close()
        assert seen_by_others(tmp_path, f"{20:064x}") == b"20"
        path.unlink()
