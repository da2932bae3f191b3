"""`doctor`: what it finds and says to do, that it writes nothing, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.operate import surroundings
from coproarchive.operate.doctor import diagnose, writing_nothing
from coproarchive.operate.findings import State
from coproarchive.settings import load_settings
from coproarchive.store import Store

Found = dict[str, list[tuple[State, str, str]]]


def found(archive: Path, index: Path, **options: object) -> Found:
    """Return area -> state, message and hint of what is found."""
    named = {"archive": archive, "index": index, "ocr": "off", "office": "off"} | options
    by_area: Found = {}
    for finding in diagnose(load_settings(named)).findings:
        by_area.setdefault(finding.area, []).append((finding.state, finding.message, finding.hint))
    return by_area


def states(rows: list[tuple[State, str, str]]) -> set[State]:
    return {state for state, _, _ in rows}


def everything(*folders: Path) -> dict[str, tuple[int, int, int, str]]:
    """Return path -> size, times and mode of all files and folders."""
    seen = {}
    for folder in folders:
        for path in (folder, *sorted(folder.rglob("*"))):
            s = path.lstat()
            seen[str(path)] = (s.st_size, s.st_mtime_ns, s.st_ctime_ns, oct(s.st_mode))
    return seen


def run(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coproarchive", "doctor", *words],
        cwd=cwd, capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_a_sound_installation_is_well(library: Library, archive: Path) -> None:
    rows = found(archive, library.settings.index)
    for area in ("python", "archive", "index", "disk", "clock"):
        assert states(rows[area]) == {State.WELL}, rows[area]
    assert "5 of them public" in rows["archive"][0][1]
    assert "items, last written" in rows["index"][0][1]


def test_the_records_are_read_once(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all that look at them: of a large archive that takes seconds."""
    reads = 0
    load = Catalogue.load

    def counted(store: Store) -> Catalogue:
        nonlocal reads
        reads += 1
        return load(store)

    monkeypatch.setattr(Catalogue, "load", counted)
    found(archive, library.settings.index)
    assert reads == 1


@pytest.mark.parametrize("broken", ["", "columns", "segment", "CURRENT", "cache", "record"])
def test_it_writes_nothing(
    library: Library, archive: Path, open_library: Callable[..., Library], broken: str
) -> None:
    """Not even a cache that it finds damaged, which a search would make anew."""
    index = library.settings.index
    (generation,) = index.glob("generations/*")
    if broken == "columns":
        for path in generation.glob("columns-*"):
            path.unlink()
    elif broken == "segment":
        (segment,) = generation.glob("MAIN_*.seg")
        segment.write_bytes(segment.read_bytes()[:-9])
    elif broken == "CURRENT":
        (index / "CURRENT").unlink()
    elif broken == "cache":
        (index / "sidecars.json").write_text("{")
    elif broken == "record":
        (archive / "windmills" / "item.yaml").write_text("titel: x\n")
    before = everything(archive, index)
    done = run(
        "--json", cwd=archive.parent,
        COPROARCHIVE_ARCHIVE=str(archive), COPROARCHIVE_INDEX=str(index),
    )  # fmt: skip
    assert everything(archive, index) == before
    told = json.loads(done.stdout)
    expected = broken in ("", "columns", "cache")
    assert (done.returncode, told["well"]) == ((0, True) if expected else (1, False))
    assert not done.stderr


def test_each_fault_comes_with_what_to_do(library: Library, archive: Path) -> None:
    index = library.settings.index
    path = archive / "a-post" / "item.yaml"
    path.write_text(path.read_text().replace("title: ", "title: Other "))
    (note,) = [row for row in found(archive, index)["index"] if row[0] is State.NOTE]
    assert note[1] == "1 items changed since the index was updated."
    assert "coproarchive index" in note[2]
    path.write_text("titel: x\n")
    assert State.PROBLEM in states(found(archive, index)["archive"])
    (index / "CURRENT").unlink()
    (row,) = found(archive, index)["index"]
    assert (row[0], "coproarchive index" in row[2]) == (State.PROBLEM, True)
    shutil.rmtree(archive)
    (row,) = found(archive, index)["archive"]
    assert row[0] is State.PROBLEM
    assert "init" in row[2]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_an_index_that_others_write_to_is_a_problem(library: Library, archive: Path) -> None:
    library.settings.index.chmod(0o777)
    (row,) = found(archive, library.settings.index)["index"]
    assert row[0] is State.PROBLEM
    assert "other users" in row[1]


def test_disk_clock_and_network_folders(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as they can be known without asking anybody."""
    index = library.settings.index
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 5))
    assert states(found(archive, index)["disk"]) == {State.PROBLEM}
    monkeypatch.undo()
    monkeypatch.setattr(surroundings, "_file_system_of", lambda _: "nfs4")
    assert State.NOTE in states(found(archive, index)["archive"])
    record = archive / "archive.yaml"
    os.utime(record, (time.time() + 10**6,) * 2)
    assert states(found(archive, index)["clock"]) == {State.NOTE}
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    assert states(found(archive, index)["clock"]) == {State.PROBLEM}


def test_addresses_and_passwords(library: Library, archive: Path, tmp_path: Path) -> None:
    index = library.settings.index
    assert states(found(archive, index)["password"]) == {State.NOTE}
    public = found(archive, index, host="0.0.0.0", port=65000, metrics="0.0.0.0:65001")
    assert any("ALLOWED_HOSTS" in hint for _, _, hint in public["address"])
    assert states(public["metrics"]) == {State.NOTE}
    named = found(archive, index, host="0.0.0.0", allowed_hosts="talks.example.org")
    assert not any("ALLOWED_HOSTS" in hint for _, _, hint in named["address"])
    missing = tmp_path / "no-such-file"
    assert states(found(archive, index, password_file=missing)["password"]) == {State.PROBLEM}
    office = found(archive, index, office="/no/such/soffice")["libreoffice"]
    assert states(office) == {State.PROBLEM}


def test_settings_are_shown_with_their_origins_and_without_secrets(
    library: Library, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPROARCHIVE_OPENSEARCH_PASSWORD", "very-secret")
    monkeypatch.setenv("COPROARCHIVE_OPENSEARCH_URL", "https://ann:hidden@search.example")
    monkeypatch.setenv("COPROARCHIVE_PROT", "1")
    loaded = load_settings({"archive": archive, "index": library.settings.index})
    diagnosis = diagnose(loaded)
    assert diagnosis.settings["archive"] == (str(archive), "option --archive")
    assert diagnosis.settings["opensearch_password"] == (
        "(set)", "environment COPROARCHIVE_OPENSEARCH_PASSWORD",
    )  # fmt: skip
    assert "very-secret" not in repr(diagnosis)
    assert "ann:hidden" not in repr(diagnosis)
    assert any("COPROARCHIVE_PROT" in finding.message for finding in diagnosis.findings)


def test_a_wrong_setting_is_said_before_anything(tmp_path: Path) -> None:
    """With exit code 2, as by every command."""
    done = run(cwd=tmp_path, COPROARCHIVE_PORT="many")
    assert done.returncode == 2
    assert "environment COPROARCHIVE_PORT" in done.stderr


def test_writing_is_possible_again_afterwards(tmp_path: Path) -> None:
    """The refusal holds as long as the block, and says so."""
    path = tmp_path / "file"
    with writing_nothing(), pytest.raises(PermissionError, match="doctor writes nothing"):
        path.write_text("x")
    path.write_text("x")
    with writing_nothing():
        assert path.read_text() == "x"
        with pytest.raises(PermissionError):
            path.unlink()
        with pytest.raises(PermissionError):
            (tmp_path / "folder").mkdir()
