"""Zip files of talks are added as the files in them; hostile ones take nothing with them."""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coproarchive.errors import DuplicateError, LimitError, UnreadableError
from coproarchive.extract.base import Limits
from coproarchive.extract.unpack import unpack
from coproarchive.ingest.add import AddResult, ItemDraft, add_files
from coproarchive.ingest.folder_plan import FolderReport, add_folder
from coproarchive.library import Library
from coproarchive.model import AssetRole, Series
from coproarchive.settings import Settings
from coproarchive.store import Store, media_type_of_file, name_by_kind
from making import make_deck, make_pdf


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    Store.create(tmp_path / "archive", Series(title="Bakers"))
    opened = Library(Settings(archive=tmp_path / "archive", index=tmp_path / "index", office="off"))
    yield opened
    opened.close()


def add(library: Library, *paths: Path) -> AddResult:
    return add_files(library.store, library.catalogue(), library.reader, paths, ItemDraft())


def add_all(library: Library, folder: Path) -> FolderReport:
    return add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())


def zip_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    deck = make_deck(tmp_path / "deck.pptx").read_bytes()
    pdf = make_pdf(tmp_path / "deck.pdf", ["Growing rye"]).read_bytes()
    members = {
        "Größe/Rye.pptx": deck, "Größe/Rye.pdf": pdf, "Größe/Rye.png": b"\x89PNG\r\n\x1a\n",
        "__MACOSX/._Rye.pdf": b"x", "lib/reveal.js": b"x", "README.md": b"# Read me", "x.bin": b"x",
    }  # fmt: skip
    return zip_of(tmp_path / "talk.zip", **members)


def test_a_zip_of_a_talk_is_added_as_its_files(library: Library, talk: Path) -> None:
    """One item; what is no file of a talk is named."""
    added = add(library, talk)
    assert {asset.path for asset in added.item.assets} == {"Rye.pptx", "Rye.pdf", "Rye.png"}
    assert added.item.assets[0].path == "Rye.pptx"
    assert {p.path for p in added.problems if p.code == "not-added"} == {
        "talk.zip/lib/reveal.js", "talk.zip/README.md", "talk.zip/x.bin",
    }  # fmt: skip


def test_what_the_archive_has_is_named_by_its_place_in_the_zip(
    library: Library, talk: Path, tmp_path: Path
) -> None:
    """Not by where it was unpacked."""
    (tmp_path / "rye.pptx").write_bytes((tmp_path / "deck.pptx").read_bytes())
    add(library, tmp_path / "rye.pptx")
    library.changed()
    with pytest.raises(DuplicateError) as refused:
        add(library, talk)
    assert refused.value.path == "talk.zip/Größe/Rye.pptx"


def test_zips_of_a_folder_are_folders_of_their_names(
    library: Library, talk: Path, tmp_path: Path
) -> None:
    """Every file is in an item or named; a zip file without a talk is named itself."""
    folder = tmp_path / "week 1"
    folder.mkdir()
    talk.rename(folder / "talk.zip")
    zip_of(folder / "data.zip", **{"a.csv": b"1,2"})
    (folder / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    report = add_all(library, folder)
    (added,) = report.added
    assert len(added.item.assets) == report.stored == 3
    named = {problem.path for problem in report.problems}
    assert named == {
        "cut.zip", "data.zip", "talk.zip/lib/reveal.js", "talk.zip/README.md", "talk.zip/x.bin",
    }  # fmt: skip
    assert report.files == report.stored + len(report.problems)


def test_a_zip_without_a_talk_is_kept_and_said_to_be_unsearched(
    library: Library, tmp_path: Path
) -> None:
    """As any file is that is added by its name and whose words nobody reads."""
    added = add(library, zip_of(tmp_path / "data.zip", **{"a.csv": b"1,2"}))
    assert [asset.path for asset in added.item.assets] == ["data.zip"]
    assert "file-unsupported" in {problem.code for problem in added.problems}


@pytest.mark.parametrize("name", ["data.xyz", "table.csv", "book.epub", "no-ending"])
def test_what_cannot_be_searched_is_a_problem(library: Library, tmp_path: Path, name: str) -> None:
    """By name and in a folder alike, at adding and in `check`."""
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / name
    path.write_bytes(b"words, perhaps")
    report = add_all(library, path.parent)
    assert [problem.path for problem in report.problems] == [name] and not report.added
    added = add(library, path)
    assert [problem.code for problem in added.problems] == ["file-unsupported"]
    place = f"{added.item.id}/{added.item.assets[0].path}"
    assert [p.path for p in library.check() if p.code == "file-unsupported"] == [place]
    assert "file-unsupported" in {p.code for p in library.update_index().problems}


@pytest.mark.threat(12)
def test_hostile_zip_files_write_nowhere_else(tmp_path: Path) -> None:
    """Names that lead out, links, zeros without end, files in files; the rest is taken."""
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../out.md", "/out.md", "C:\\out.md", "a/../../out.md", "\\\\host\\out.md"):
            archive.writestr(name, "# x")
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("/".join("d" * 30) + ".md", "# deep")
        archive.writestr("good.md", "# x")
        archive.writestr("empty.md", "")
    folder = tmp_path / "to"
    folder.mkdir()
    unpacked = unpack(path, folder, Limits())
    assert unpacked.files == ("good.md",)
    assert len(unpacked.refused) == 8
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["evil.zip", "good.md"]
    bomb = zip_of(tmp_path / "bomb.zip", **{"a.md": bytes(3_000_000)})
    with pytest.raises(LimitError):
        unpack(bomb, folder, Limits(unpacked_size=2_000_000))
    with pytest.raises(UnreadableError):
        unpack(zip_of(tmp_path / "none.zip"), folder, Limits())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("talk.pptx", "talk.pdf"),
        ("talk", "talk.pdf"),
        ("talk.v2", "talk.v2.pdf"),
        ("Talk.PDF", "Talk.pdf"),
    ],
)
def test_a_wrong_name_is_mended_and_said(
    library: Library, tmp_path: Path, name: str, expected: str
) -> None:
    """The ending is that of the file's bytes."""
    make_pdf(tmp_path / "made.pdf", ["Growing rye"]).rename(tmp_path / name)
    added = add(library, tmp_path / name)
    (asset,) = added.item.assets
    assert (asset.path, asset.role) == (expected, AssetRole.SLIDES)
    is_wrong = name.lower() != expected.lower()
    assert ("name-mended" in {problem.code for problem in added.problems}) is is_wrong


def compound(stream: str) -> bytes:
    """An MS-CFB file whose directory, in its first sector, has one stream."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    entry = f"Root Entry\0{'':<0}".encode("utf-16-le").ljust(128, b"\0")
    return bytes(header) + entry + f"{stream}\0".encode("utf-16-le").ljust(384, b"\0")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pptx", compound("PowerPoint Document"), "a.ppt"),
        ("a.ppt", compound("WordDocument"), "a.doc"),
        ("a.pptx", compound("EncryptedPackage"), "a.pptx"),
        ("a.doc", b"{\\rtf1 x}", "a.rtf"),
        ("a.txt", b"{\\rtf1 x}", "a.txt"),
        ("a.ppt", b"\xef\xbb\xbf <!DOCTYPE html><html>", "a.html"),
        ("a", b'{"cells": [{"cell_type": "code"}]}', "a.ipynb"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n", "a.png"),
        ("a.jpg", b"\x89PNG\r\n\x1a\n", "a.jpg"),
        ("a.md", b"GIF89a is a format", "a.md"),
    ],
)
def test_bytes_of_other_formats_say_what_they_are(
    tmp_path: Path, name: str, data: bytes, expected: str
) -> None:
    """Old Office files by their streams, RTF, web pages, notebooks, pictures."""
    path = tmp_path / name
    path.write_bytes(data)
    assert name_by_kind(name, media_type_of_file(path)) == expected


def test_open_document_is_known_by_its_first_part(tmp_path: Path) -> None:
    """The media type stands at the zip file's beginning (OpenDocument 1.3, part 2, 3.3)."""
    kind = "application/vnd.oasis.opendocument.presentation"
    with zipfile.ZipFile(tmp_path / "talk.pptx", "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", "<x/>")
    assert media_type_of_file(tmp_path / "talk.pptx") == kind
    with zipfile.ZipFile(tmp_path / "talk", "w") as archive:
        archive.writestr("a.pdf", "x")
    assert media_type_of_file(tmp_path / "talk") == "application/zip"


def test_damaged_zip_files_end_in_a_named_error(tmp_path: Path) -> None:
    """Whatever bytes are changed, cut or put in: files below the folder, or what is wrong."""
    made = tmp_path / "good.zip"
    with zipfile.ZipFile(made, "w") as archive:
        for name, packing in (("a/b.md", 0), ("c.md", 8), ("d.md", 12), ("e.md", 14), ("ü.md", 8)):
            archive.writestr(name, "# Rye\n" * 40, packing)
    good, folder = made.read_bytes(), tmp_path / "to"
    made.unlink()
    ends = set()
    for seed in range(200):
        chance = random.Random(seed)
        data = bytearray(good)
        for _ in range(chance.choice((1, 2, 4))):
            at = chance.randrange(len(data))
            length = chance.choice((0, 1, 8))
            data[at : at + length] = chance.choice((b"../", b"/", b"\0", b"PK\1\2", b"\xff" * 4))
        path = tmp_path / "damaged.zip"
        path.write_bytes(data)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            ends.add("files" if unpack(path, folder, Limits(unpacked_size=100_000)).files else "")
        except (UnreadableError, LimitError) as error:
            ends.add(type(error).__name__)
        outside = [p for p in tmp_path.rglob("*.md") if folder not in p.parents]
        assert not outside, seed
    assert {"files", "UnreadableError"} <= ends
