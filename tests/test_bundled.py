"""The bundled archive: sound, searchable, made again by its script, and honest about its makers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.extract import table
from coproarchive.extract.base import Limits
from coproarchive.library import Library
from coproarchive.model import Kind, Severity
from coproarchive.search.language.query import Query
from make_bundled import all_files

ROOT = Path(__file__).resolve().parents[1]
SEMINAR = "6-coercive-environments"


@pytest.fixture
def bundled(open_library: Callable[..., Library]) -> Library:
    library = open_library(ROOT / "archive")
    library.update_index()
    return library


def test_it_is_sound(bundled: Library) -> None:
    """`check` finds nothing that would have to be mended."""
    assert [p for p in bundled.check() if p.severity is not Severity.NOTE] == []


def _content(name: str, data: bytes, folder: Path) -> object:
    """What a file holds, whatever library packed it: compressors differ between machines."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return {n: _content(n, packed.read(n), folder) for n in sorted(packed.namelist())}
    if not name.endswith(".pdf"):
        return data
    path = folder / "made.pdf"
    path.write_bytes(data)
    return table.extract(path, "application/pdf", Limits()).leaves


def test_its_files_are_those_that_its_script_makes(tmp_path: Path) -> None:
    """What is generated can be generated again."""
    for path, data in all_files().items():
        kept = (ROOT / "archive" / path).read_bytes()
        assert _content(path, kept, tmp_path) == _content(path, data, tmp_path), path


def test_it_is_the_record_of_one_seminar(bundled: Library) -> None:
    """The programme in order, three talks with their speakers, and who was there."""
    catalogue = bundled.public()
    seminar = catalogue.seminar(SEMINAR)
    starts = [session.start for session in seminar.programme]
    assert starts == [
        "09:30",
        "10:00",
        "10:15",
        "11:15",
        "12:00",
        "12:45",
        "13:45",
        "15:00",
        "15:30",
    ]
    talks = {
        item.id.split("/")[1]: [c.person for c in item.people]
        for item in catalogue.items_of_seminar(SEMINAR)
        if item.kind is Kind.PRESENTATION and item.people
    }
    assert talks == {
        "introduction": ["pamela-fisher", "christine-rhodes"],
        "keynote": ["david-pilgrim"],
        "power-sharing": ["charlotte-scott"],
    }
    assert len(catalogue.people) == 13


def test_every_record_says_who_prepared_it(bundled: Library) -> None:
    """Nothing is passed off as a speaker's own: each record and each file says where it is from."""
    for item in bundled.public().items.values():
        assert item.prepared_by == "the archive, from the public programme", item.id
        if not item.assets:
            assert item.held_at, item.id
        else:
            assert item.licence == "CC-BY-4.0", item.id
            for asset in item.assets:
                read = bundled.reader.cached(asset.sha256, asset.media_type)
                assert read is not None
                words = " ".join(f"{leaf.title} {leaf.text}" for leaf in read.leaves).casefold()
                assert "prepared by the archive" in words or "made by the archive" in words


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("art of the impossible", f"{SEMINAR}/keynote"),
        ("coproduction", f"{SEMINAR}/guide"),
        ("sectioned", f"{SEMINAR}/keynote"),
        ("transport without stigma", f"{SEMINAR}/power-sharing"),
        ("what is an AMHP?", "words-used-in-this-series"),
        ("David Pilgrim", f"{SEMINAR}/keynote"),
    ],
)
def test_readers_find_what_they_ask_for(bundled: Library, words: str, item: str) -> None:
    """Lay words, other spellings, questions and names lead to the record."""
    found = [hit.id for hit in bundled.search(Query.parse(words, size=30)).hits]
    assert item in found[:8], found
