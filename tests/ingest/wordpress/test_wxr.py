"""Export files: read as a stream, safely, and nothing of them lost in silence."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from blogs import SITE, export, post
from coproarchive.ingest.wordpress import wxr
from coproarchive.ingest.wordpress.source import Post
from coproarchive.ingest.wordpress.wxr import WxrSource


def read(data: str | bytes, path: Path) -> tuple[list[Post], WxrSource]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    source = WxrSource([path])
    return list(source.posts()), source


def codes(source: WxrSource) -> list[str]:
    return [p.code for p in source.site.problems]


def test_a_post_with_all_its_fields(tmp_path: Path) -> None:
    item = post(
        7, "A & B", "<p>Hi ]]> there</p>", date="2018-05-04", terms=["Events"], tags=["rye"]
    )
    posts, source = read(export(item), tmp_path / "a.xml")
    (found,) = posts
    assert (found.id, found.title, found.date, found.type, found.status) == (
        "7", "A & B", "2018-05-04", "post", "publish",
    )  # fmt: skip
    assert found.content == "<p>Hi ]]> there</p>"
    assert [(t.domain, t.name) for t in found.terms] == [
        ("category", "Events"),
        ("post_tag", "rye"),
    ]
    assert (source.site.address, source.site.authors) == (SITE, {"ed": "Bread Network"})
    assert codes(source) == []


def test_item_inside_a_text_is_text(tmp_path: Path) -> None:
    posts, _ = read(
        export(post(1, "One", "<item>no</item> <!-- <item> -->"), post(2, "Two")),
        tmp_path / "a.xml",
    )
    assert [p.title for p in posts] == ["One", "Two"]
    assert posts[0].content == "<item>no</item> <!-- <item> -->"


def test_packed_and_in_parts(tmp_path: Path) -> None:
    one, two = tmp_path / "1.xml.gz", tmp_path / "2.xml"
    one.write_bytes(gzip.compress(export(post(1, "One")).encode()))
    two.write_text(export(post(2, "Two")))
    source = WxrSource([one, two])
    assert [p.title for p in source.posts()] == ["One", "Two"]
    assert [p.id for p in source.posts()] == ["1", "2"], "it can be read again"


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_pieces_of_any_size_cut_alike(
    size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wxr, "_CHUNK", size)
    posts, source = read(
        export(post(1, "Ä – one", "x" * 90), post(2, "Two ]]>")), tmp_path / "a.xml"
    )
    assert [p.title for p in posts] == ["Ä – one", "Two ]]>"]
    assert codes(source) == []


def test_no_entity_of_the_file_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY a "aaaaaaaaaa">]>'
    text = export(
        post(1, "One").replace("<dc:creator>", "<description>&x;&a;</description><dc:creator>")
    )
    posts, source = read(text.replace("<rss", doctype + "<rss", 1), tmp_path / "a.xml")
    assert [p.title for p in posts] == ["One"]
    assert "the secret" not in repr(posts) and "aaaaaaaaaa" not in repr(posts)
    assert "doctype-ignored" in codes(source)


def test_one_broken_item_costs_only_itself(tmp_path: Path) -> None:
    broken = post(2, "Two").replace("</wp:post_id>", "")
    posts, source = read(export(post(1, "One"), broken, post(3, "Three")), tmp_path / "a.xml")
    assert [p.title for p in posts] == ["One", "Two", "Three"]
    assert codes(source) == ["item-broken"]


def test_a_cut_off_file_keeps_what_came(tmp_path: Path) -> None:
    text = export(post(1, "One"), post(2, "Two", "half a text"))
    posts, source = read(text[: text.index("half a") + 6], tmp_path / "a.xml")
    assert [p.title for p in posts] == ["One", "Two"]
    assert codes(source) == ["export-cut-off"]


def test_an_item_past_the_limit_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wxr, "MAX_ITEM", 5_000)
    monkeypatch.setattr(wxr, "_CHUNK", 1_000)
    posts, source = read(export(post(1, "Big", "x" * 20_000), post(2, "Two")), tmp_path / "a.xml")
    assert [p.title for p in posts] == ["Two"]
    assert codes(source) == ["item-too-large"]


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<html><body>sign in</body></html>", b"\x1f\x8bbroken"]
)
def test_what_is_no_export_says_so(data: bytes, tmp_path: Path) -> None:
    posts, source = read(data, tmp_path / "a.xml")
    assert posts == []
    assert {"not-an-export", "source-unreadable"} & set(codes(source))


def test_damaged_characters_are_counted(tmp_path: Path) -> None:
    data = export(post(1, "One", "caf\xe9 \x0b x")).encode("latin-1")
    posts, source = read(data, tmp_path / "a.xml")
    assert "caf\ufffd" in posts[0].content
    assert codes(source) == ["bytes-replaced", "controls-removed"]


@pytest.mark.shared
def test_real_exports_are_counted_as_they_are(shared: Path) -> None:
    """Every <item> that is no text of another is one post, in WordPress's own test files."""
    files = sorted((shared / "corpus" / "wordpress").rglob("*.xml"))
    assert len(files) > 30
    for path in files:
        source = WxrSource([path])
        found = list(source.posts())
        assert len(found) == len(re.findall(rb"<item[\s>]", path.read_bytes())), path


@pytest.mark.shared
def test_hostile_exports_end_as_posts_and_problems(shared: Path) -> None:
    for path in sorted((shared / "hostile" / "files" / "wxr").glob("*.xml")):
        source = WxrSource([path])
        text = repr(list(source.posts()))
        assert "root:" not in text, path
        assert len(text) < 2_000_000, path
