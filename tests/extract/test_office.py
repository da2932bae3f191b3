"""Old formats through LibreOffice: read as what they become, bounded, and nothing left behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coproarchive.extract import office, office_guard
from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.office import find_office
from coproarchive.extract.table import extract, reader_name
from coproarchive.extract.worker import Reader
from coproarchive.store.files import hash_file
from making import make_deck

PPT = "application/vnd.ms-powerpoint"
ODP = "application/vnd.oasis.opendocument.presentation"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GUARD = str(Path(office_guard.__file__))

posix = pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for LibreOffice")
real = pytest.mark.skipif(not find_office(""), reason="LibreOffice is not installed")


def stand_in(folder: Path, body: str) -> str:
    """A programme that is called as LibreOffice is."""
    path = folder / "soffice"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def old_deck(folder: Path) -> Path:
    path = folder / "d.ppt"
    path.write_bytes(OLE + b"\0" * 600)
    return path


def test_it_is_found_set_or_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path, "off", or whatever PATH has."""
    programme = stand_in(tmp_path, "true")
    assert find_office("off") == ""
    assert find_office(programme) == programme
    assert find_office(str(tmp_path / "missing")) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_office("") == programme


def test_who_reads_is_said_with_versions() -> None:
    """A file is read again when LibreOffice or OCR is there that was not."""
    assert reader_name(PPT, Helpers()) == ""
    assert reader_name(PPT, Helpers("soffice")).startswith(f"office-{office.VERSION}+pptx-")
    assert reader_name("application/pdf", Helpers(ocr=True)).endswith("+ocr-3")
    assert reader_name("text/html", Helpers("soffice", ocr=True)).startswith("html-")


@real
@pytest.mark.timeout(170)
def test_an_old_deck_is_read_by_its_slides(tmp_path: Path) -> None:
    """In a worker, under its limits; the leaf says who read it."""
    deck = make_deck(tmp_path / "d.pptx")
    made = Helpers(find_office(""), scratch=str(tmp_path))
    with office.converted(deck, office.PPTX, Limits(), made, to="application/pdf") as pdf:
        assert pdf.read_bytes().startswith(b"%PDF-")
    command = [
        made.office, "--headless", f"-env:UserInstallation={(tmp_path / 'p').as_uri()}",
        "--convert-to", "odp", "--outdir", str(tmp_path), str(deck),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    with Reader(tmp_path / "i" / "extracted", Limits(workers=1), office=made.office) as reader:
        extraction = reader.read(tmp_path / "d.odp", hash_file(tmp_path / "d.odp")[1], ODP)
        assert extraction.extractor.startswith(f"office {office.VERSION} + pptx ")
        assert [leaf.title for leaf in extraction.leaves][:2] == ["Bread for all", "Sourdough"]
        assert "Remember the rye anecdote" in extraction.leaves[1].text
        assert extraction.leaves[4].hidden
    assert not (tmp_path / "i" / "scratch").exists()


@posix
def test_what_libreoffice_cannot_read_is_a_problem(tmp_path: Path) -> None:
    """It makes nothing; or the file is not of the kind that its name says."""
    helpers = Helpers(stand_in(tmp_path, "exit 1"), scratch=str(tmp_path))
    (notice,) = extract(old_deck(tmp_path), PPT, Limits(), helpers).notices
    assert notice.code == "file-unreadable" and notice.hint
    other = tmp_path / "e.ppt"
    other.write_bytes(b"#!/bin/sh\n")
    (notice,) = extract(other, PPT, Limits(), helpers).notices
    assert "not what its name says" in notice.message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.ppt", "e.ppt", "soffice"]


@posix
def test_a_conversion_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    """The time limit kills the programme and its children."""
    started = tmp_path / "started"
    helpers = Helpers(
        stand_in(tmp_path, f"sleep 300 & echo $! > {started}; wait"), scratch=str(tmp_path)
    )
    (notice,) = extract(old_deck(tmp_path), PPT, Limits(seconds=1), helpers).notices
    assert notice.code == "file-over-limit" and "READ_SECONDS" in notice.hint
    assert is_gone(int(started.read_text()))


@posix
def test_a_conversion_dies_with_who_asked_for_it(tmp_path: Path) -> None:
    """A worker that is killed leaves no LibreOffice running."""
    started = tmp_path / "started"
    programme = stand_in(tmp_path, f"sleep 300 & echo $! > {started}; wait")
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", GUARD, "60", programme], stdin=subprocess.PIPE
    )
    until = time.monotonic() + 20
    while not (started.exists() and started.read_text().strip()) and time.monotonic() < until:
        time.sleep(0.02)
    assert guard.stdin is not None
    guard.stdin.close()  # as the system does when the worker is gone
    assert guard.wait(timeout=20) == office_guard.GONE
    assert is_gone(int(started.read_text()))


def is_gone(process: int) -> bool:
    """Whether it ended, or ends within a few seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            try:
                os.kill(process, 0)
            except ProcessLookupError:
                return True
        else:
            if state in "ZX":
                return True
        time.sleep(0.05)
    return False


@real
@pytest.mark.timeout(170)
def test_relative_folders_are_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Archive, index and scratch may be named as they stand to the current folder."""
    monkeypatch.chdir(tmp_path)
    deck = make_deck(tmp_path / "d.pptx")
    programme = find_office("")
    with office.converted(
        deck, office.PPTX, Limits(), Helpers(programme, scratch="."), to=office.PDF
    ) as pdf:
        assert pdf.read_bytes().startswith(b"%PDF-")
    handout = tmp_path / "h.rtf"
    handout.write_text(r"{\rtf1\ansi Bread is baked by many hands.\par}")
    with Reader(Path("i/extracted"), Limits(workers=1), office=programme) as reader:
        read = reader.read(Path("h.rtf"), hash_file(Path("h.rtf"))[1], "application/rtf")
    assert "many hands" in read.leaves[0].text


def test_a_conversion_that_cannot_begin_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and the file is not called damaged."""

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("relative path can't be expressed as a file URI")

    monkeypatch.setattr("subprocess.Popen", refuse)
    helpers = Helpers(stand_in(tmp_path, "true"), scratch=str(tmp_path))
    (notice,) = extract(old_deck(tmp_path), PPT, Limits(), helpers).notices
    assert notice.code == "file-not-read"
    assert "could not be started" in notice.message
