"""Zip files of XML parts: looked at before they are opened, and no part read beyond its limit."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from lxml import etree

from coproarchive.errors import LimitError, UnreadableError
from coproarchive.extract import zips
from coproarchive.extract.base import Limits, Metadata
from coproarchive.extract.zips import Package, Relationship

RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CORE = (
    '<c:coreProperties xmlns:c="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/">{}</c:coreProperties>'
)


def package(tmp_path: Path, parts: dict[str, str | bytes], limits: Limits | None = None) -> Package:
    path = tmp_path / "f.pptx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return Package.open(path, limits or Limits())


def test_a_part_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """One byte more and it is lost, and said; what is not there is not lost."""
    with package(tmp_path, {"a.xml": b"12345", "b.xml": b"<x"}) as opened:
        assert opened.read("a.xml", 5) == b"12345"
        assert opened.read("none.xml") is None
        assert opened.lost == []
        assert opened.read("a.xml", 4) is None
        assert opened.xml("b.xml") is None
        assert opened.xml("none.xml") is None
        assert opened.lost == ["a.xml", "b.xml"]
        assert opened.unpacked_size == 7


def test_a_part_has_fifty_mebibytes_at_most(tmp_path: Path) -> None:
    """Unless another limit is said; exactly so many are read."""
    path = tmp_path / "f.pptx"
    limit = 50 * 1024**2
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("whole", b"x" * limit)
        archive.writestr("more", b"x" * (limit + 1))
    with Package.open(path, Limits()) as opened:
        assert len(opened.read("whole") or b"") == limit
        assert opened.read("more") is None


def test_a_part_whose_size_is_a_lie_is_cut_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read bounded, whatever the directory says."""
    with package(tmp_path, {"a.xml": b"x" * 1000}) as opened:
        asked: list[int] = []
        read = zipfile.ZipExtFile.read

        def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
            asked.append(-1 if n is None else n)
            return read(self, n)

        monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
        assert opened.read("a.xml", 10) is None
        assert asked == [11]


def test_limits_hold_from_their_first_byte_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many parts and bytes as are allowed are opened; one more is refused by name and number."""
    parts: dict[str, str | bytes] = {"a": b"12", "b": b"34"}
    package(tmp_path, parts, Limits(unpacked_size=4)).close()
    with pytest.raises(LimitError) as unpacked:
        package(tmp_path, parts, Limits(unpacked_size=3))
    assert unpacked.value.message == "this file unpacks to 4 bytes; the limit is 3."
    assert (unpacked.value.path, "FILE_SIZE_MB" in (unpacked.value.hint or "")) == ("f.pptx", True)
    monkeypatch.setattr(zips, "MAX_MEMBERS", 2)
    package(tmp_path, parts).close()
    with pytest.raises(LimitError) as many:
        package(tmp_path, {**parts, "c": b""})
    assert many.value.message == "this file has 3 parts; 2 are read."
    assert many.value.path == "f.pptx" and many.value.hint


def test_what_is_no_zip_file_says_what_to_do(tmp_path: Path) -> None:
    """Its name, why, and how to make a sound one."""
    path = tmp_path / "f.pptx"
    path.write_bytes(b"no zip")
    with pytest.raises(UnreadableError) as wrong:
        Package.open(path, Limits())
    assert wrong.value.message == "this file is damaged: File is not a zip file."
    assert wrong.value.path == "f.pptx"
    assert "save it anew" in (wrong.value.hint or "")


def test_a_file_is_let_go_of(tmp_path: Path) -> None:
    """At the end of the block, and where it is refused."""
    with package(tmp_path, {"a": b"1"}) as opened:
        assert opened.read("a") == b"1"
    assert opened.archive.fp is None
    with pytest.raises(LimitError):
        package(tmp_path, {"a": b"12"}, Limits(unpacked_size=1))
    (tmp_path / "f.pptx").unlink()


def test_names_that_are_there_twice_are_listed_once(tmp_path: Path) -> None:
    """In order, ten of them at most; a sound file has none."""
    with package(tmp_path, {"a": b"1", "b": b"2"}) as sound:
        assert sound.twice == []
    path = tmp_path / "g.pptx"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name in ("!", "b", "a", "b", "a", "b", "c", *map(str, range(20)), *map(str, range(20))):
            archive.writestr(name, name)
    with Package.open(path, Limits()) as opened:
        assert opened.twice == sorted(["a", "b", *map(str, range(20))])[:10]


def test_relationships_say_where_they_lead(tmp_path: Path) -> None:
    """Joined to the part's folder, decoded, never above the root; addresses stay as they are."""
    rels = (
        f'<Relationships xmlns="{RELATIONSHIPS}">'
        f'<Relationship Id="r1" Type="{TYPES}/chart" Target="../charts/chart%201.xml"/>'
        f'<Relationship Id="r2" Type="{TYPES}/slide" Target="/ppt/slides/slide2.xml"/>'
        f'<Relationship Id="r3" Type="{TYPES}/image" Target="../../../../etc/passwd"/>'
        f'<Relationship Id="r4" Type="{TYPES}/hyperlink" Target="https://example.org/a/../b" '
        'TargetMode="External"/><Relationship/></Relationships>'
    )
    with package(tmp_path, {"ppt/slides/_rels/s.xml.rels": rels, "_rels/.rels": rels}) as opened:
        found = opened.relations("ppt/slides/s.xml")
        assert found["r1"] == Relationship("ppt/charts/chart 1.xml", "chart", False)
        assert found["r2"] == Relationship("ppt/slides/slide2.xml", "slide", False)
        assert found["r3"] == Relationship("etc/passwd", "image", False)
        assert found["r4"] == Relationship("https://example.org/a/../b", "hyperlink", True)
        assert found[""] == Relationship("ppt/slides", "", False)
        assert opened.relations("")["r1"].target == "charts/chart 1.xml"
        assert opened.relations("ppt/none.xml") == {}


def test_the_strict_form_is_read_as_the_usual_one() -> None:
    """ISO 29500 has other names for the same elements."""
    strict = (
        b'<p:sld xmlns:p="http://purl.oclc.org/ooxml/presentationml/main" '
        b'xmlns:a="http://purl.oclc.org/ooxml/drawingml/main" '
        b'xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships" '
        b'xmlns:c="http://purl.oclc.org/ooxml/drawingml/chart" '
        b'xmlns:d="http://purl.oclc.org/ooxml/drawingml/diagram" '
        b'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main" '
        b'xmlns:wp="http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing" '
        b'xmlns:m="http://purl.oclc.org/ooxml/officeDocument/math"/>'
    )
    root = zips.parse_xml(strict)
    assert root is not None
    start = "http://schemas.openxmlformats.org/"
    assert root.nsmap == {
        "p": f"{start}presentationml/2006/main",
        "a": f"{start}drawingml/2006/main",
        "r": f"{start}officeDocument/2006/relationships",
        "c": f"{start}drawingml/2006/chart",
        "d": f"{start}drawingml/2006/diagram",
        "w": f"{start}wordprocessingml/2006/main",
        "wp": f"{start}drawingml/2006/wordprocessingDrawing",
        "m": f"{start}officeDocument/2006/math",
    }
    usual = etree.tostring(root)
    again = zips.parse_xml(usual)
    assert again is not None and etree.tostring(again) == usual


@pytest.mark.parametrize("data", [None, b"", b"<x", b"\0", b"<!DOCTYPE x><x/>"])
def test_what_is_no_xml_or_wants_more_read_is_none(data: bytes | None) -> None:
    """No part of an office file has a document type; one that has wants something else read."""
    assert zips.parse_xml(data) is None


def test_no_entity_and_no_deep_tree_is_made(tmp_path: Path) -> None:
    """The parser resolves nothing, and gives up on trees that are made to exhaust it."""
    inner = b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
    assert zips.parse_xml(inner) is None
    assert zips.parse_xml(b"<a>" * 5000 + b"</a>" * 5000) is None
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY a "topsecret">')
    assert zips.parse_xml(f'<!DOCTYPE x SYSTEM "{secret.as_uri()}"><x>&a;</x>'.encode()) is None


def test_metadata_is_what_the_file_says(tmp_path: Path) -> None:
    """Title, author, day, language and keywords; what is empty or no name is left out."""
    said = CORE.format(
        "<!-- a remark --><dc:title>On rye</dc:title><dc:creator>Ada  Baker</dc:creator>"
        "<dcterms:created>2018-05-04T10:00:00Z</dcterms:created><dc:language>cy</dc:language>"
        "<c:keywords>bread, , care </c:keywords>"
    )
    with package(tmp_path, {"docProps/core.xml": said}) as opened:
        assert zips.metadata_of(opened) == Metadata(
            title="On rye", authors=("Ada Baker",), date="2018-05-04", language="cy",
            keywords=("bread", "care"),
        )  # fmt: skip
    empty = CORE.format(
        "<dc:title/><dc:creator>12 / 3</dc:creator><dcterms:created>May</dcterms:created>"
    )
    for content in ({"docProps/core.xml": empty}, {"x": ""}):
        with package(tmp_path, dict(content)) as opened:
            assert zips.metadata_of(opened) == Metadata()
