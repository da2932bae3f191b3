"""What a file is, by its bytes where these say it, else by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Series
from coproarchive.settings import Settings
from coproarchive.store import Store, media_type_of_file
from making import make_deck, make_pdf

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTM = "application/vnd.ms-powerpoint.presentation.macroenabled.12"
UNKNOWN = "application/octet-stream"


def office(path: Path, content_type: str) -> Path:
    """A zip file with nothing but its content types, these last as LibreOffice writes them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.xml", "<x/>")
        types = f'<Types><Override PartName="/m.xml" ContentType="{content_type}"/></Types>'
        archive.writestr("[Content_Types].xml", types)
    return path


def test_bytes_say_what_a_file_is(tmp_path: Path) -> None:
    """Whatever it is called."""
    make_pdf(tmp_path / "talk.pdf", ["Bread"]).rename(tmp_path / "talk")
    make_deck(tmp_path / "deck.pptx").rename(tmp_path / "deck.ppt")
    assert media_type_of_file(tmp_path / "talk") == PDF
    assert media_type_of_file(tmp_path / "deck.ppt") == PPTX
    for main, expected in (
        (f"{DOCX}.main+xml", DOCX),
        ("application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", PPTM),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", UNKNOWN),
    ):
        assert media_type_of_file(office(tmp_path / "file", main)) == expected


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("post.md", b"# On files\n\n%PDF-1.7 begins one.\n", "text/markdown"),
        ("cut.pptx", b"PK\x03\x04" + bytes(40), PPTX),
        ("cut", b"PK\x03\x04PK\x05\x06", UNKNOWN),
        ("empty.pdf", b"", PDF),
        ("huge.zip", b"PK\x03\x04" + b"PK\x05\x06" + b"\xff" * 18, "application/zip"),
    ],
)
def test_else_its_name_does(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    """A text about PDF, a damaged file, a directory that is not worth reading."""
    path = tmp_path / name
    path.write_bytes(data)
    assert media_type_of_file(path) == expected


def test_a_misnamed_file_is_added_and_read_for_what_it_is(tmp_path: Path) -> None:
    """A PDF without an ending has its words, and its record says what it is."""
    make_pdf(tmp_path / "talk.pdf", ["Bread is baked by hand"]).rename(tmp_path / "talk")
    Store.create(tmp_path / "archive", Series(title="Bakers"))
    library = Library(Settings(archive=tmp_path / "archive", index=tmp_path / "index"))
    try:
        added = add_files(
            library.store, library.catalogue(), library.reader, [tmp_path / "talk"], ItemDraft()
        )
        (asset,) = library.catalogue().item(added.item.id).assets
        assert asset.media_type == PDF
        read = library.reader.cached(asset.sha256, asset.media_type)
        assert read is not None and "baked by hand" in read.leaves[0].text + read.leaves[0].title
    finally:
        library.close()
