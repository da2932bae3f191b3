"""`upgrade` at a terminal, on archives and indexes as older versions left them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from coproarchive.cli import main
from coproarchive.store.reader import FORMAT


@pytest.fixture
def older(archive: Path, tmp_path: Path) -> Path:
    """An archive of format 1, and beside it an index with the files that 0.1.0 wrote."""
    record = archive / "archive.yaml"
    text = record.read_text(encoding="utf-8").replace(f"format: {FORMAT}\n", "")
    record.write_text(text, encoding="utf-8")
    generation = tmp_path / "index" / "generations" / "1"
    generation.mkdir(parents=True)
    for name in ("_MAIN_1.toc", "MAIN_u6nlobif3zl3vlmx.seg", "arrays-MAIN_u6nlobif3zl3vlmx.bin",
                 "kept.bin", "phrases.jsonl", "problems.json", "checks-1.json"):  # fmt: skip
        (generation / name).write_bytes(b"of an older version")
    current = {"generation": 1, "fingerprint": "f47c8847998a983f"}
    (tmp_path / "index" / "CURRENT").write_text(json.dumps(current))
    (tmp_path / "index" / "sidecars.json").write_text('{"version": 2, "documents": {}}')
    texts = tmp_path / "index" / "extracted" / "texts.db"
    texts.parent.mkdir()
    with sqlite3.connect(texts) as database:
        database.execute(
            "CREATE TABLE entry (sha256 TEXT, reader TEXT, data BLOB NOT NULL,"
            " PRIMARY KEY (sha256, reader))"
        )
        database.execute("INSERT INTO entry VALUES ('0', 'pdf-1', x'00')")
    database.close()
    return archive


def run(capsys: pytest.CaptureFixture[str], archive: Path, *words: str) -> tuple[int, str, str]:
    index = archive.parent / "index"
    with pytest.raises(SystemExit) as stop:
        main([*words, "--archive", str(archive), "--index", str(index)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def state_of_files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file below a folder, and that there is no other."""
    files = (p for p in folder.rglob("*") if p.is_file())
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


def test_a_dry_run_says_all_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], older: Path
) -> None:
    """Not even a lock or a cache, in either folder."""
    before = state_of_files(older.parent)
    code, out, err = run(capsys, older, "upgrade", "--dry-run")
    assert (code, err) == (0, "")
    assert f"format 1; this version writes format {FORMAT}" in out
    assert "1 to 2: " in out
    assert "the index was made by another version" in out
    assert "Nothing was written." in out
    assert state_of_files(older.parent) == before


def test_an_older_archive_and_index_answer_as_new_ones(
    capsys: pytest.CaptureFixture[str], older: Path
) -> None:
    """Nothing of the old generation stays; a second run has nothing to do."""
    code, out, _ = run(capsys, older, "upgrade")
    assert code == 0
    assert "Copied what changed to" in out
    assert "5 added" in out
    index = older.parent / "index"
    assert [p.name for p in (index / "generations").iterdir()] == ["2"]
    assert not [p for p in index.rglob("*") if p.name.startswith(("arrays-", "kept", "phrases."))]
    code, out, _ = run(capsys, older, "search", "millstone", "--json")
    assert (code, json.loads(out)["total"]) == (0, 1)
    code, out, _ = run(capsys, older, "upgrade")
    assert code == 0
    assert f"format {FORMAT}; this version writes format {FORMAT}" in out
    assert "0 added, 0 updated, 0 removed, 5 unchanged" in out
    assert "Copied" not in out


@pytest.mark.parametrize("command", [["upgrade"], ["upgrade", "--dry-run"], ["index"], ["check"]])
def test_a_newer_archive_is_refused_by_every_command(
    capsys: pytest.CaptureFixture[str], older: Path, command: list[str]
) -> None:
    """Exit code 10, what is wrong and what to do; no file is changed."""
    with (older / "archive.yaml").open("a", encoding="utf-8") as record:
        record.write(f"format: {FORMAT + 1}\n")
    before = state_of_files(older.parent)
    code, out, err = run(capsys, older, *command)
    assert (code, out) == (10, "")
    assert "Install the newer version that made it." in err
    assert state_of_files(older.parent) == before
