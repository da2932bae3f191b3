"""Posts, handouts and captions: the text by headings, without what stands around it."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import docx
import pytest
from PIL import Image

from coproarchive.extract import captions as captions_reader
from coproarchive.extract import docx as docx_reader
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.decks.detect import read_html as read_html_file
from coproarchive.extract.decks.detect import read_markdown as read_markdown_file
from coproarchive.extract.html import without_shortcodes
from coproarchive.extract.office import DOCX
from coproarchive.extract.table import extract
from coproarchive.model import Source

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read_markdown(path: Path, text: str) -> Extraction:
    path.write_text(text, encoding="utf-8")
    return read_markdown_file(path, Limits())


def read_html(path: Path, text: str) -> Extraction:
    path.write_text(text, encoding="utf-8")
    return read_html_file(path, Limits())


def titles(extraction: Extraction) -> list[str]:
    return [leaf.title for leaf in extraction.leaves]


# ------------------------------------------------------------------ Markdown


def test_headings_of_a_post_begin_leaves_and_front_matter_is_metadata(tmp_path: Path) -> None:
    """Title, author, day, tags; tables and alternative texts by their source."""
    post = read_markdown(
        tmp_path / "p.md",
        "---\ntitle: On bread\nauthor: Ada Baker, Bo Miller\ndate: 2019-01-02 10:00\n"
        "tags:\n  - rye\n  - care\n---\nBefore.\n\n# Kneading\n\nFold *it*.\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n![A loaf](loaf.jpg)\n\n#### Small\n\nStill here.\n",
    )
    assert titles(post) == ["", "Kneading"]
    assert post.leaves[0].text == "Before."
    by_source = {part.source: part.text for part in post.leaves[1].parts}
    assert by_source[Source.TEXT] == "Fold it.\n\nSmall\n\nStill here."
    assert by_source[Source.TABLE] == "a | b\n1 | 2"
    assert by_source[Source.ALT] == "A loaf"
    assert post.metadata.authors == ("Ada Baker", "Bo Miller")
    assert (post.metadata.title, post.metadata.date) == ("On bread", "2019-01-02")
    assert post.metadata.keywords == ("rye", "care")


def test_front_matter_is_yaml(tmp_path: Path) -> None:
    """Quotes, comments, folded text, lists of mappings, entries with commas."""
    post = read_markdown(
        tmp_path / "p.md",
        '---\ntitle: "Bread: what it \\"is\\""  # a working title\nauthors:\n  - name: Ada Baker\n'
        "    orcid: 0000\n  - Miller, Bo\ndate: 2019-01-02\nlang: cy\nsummary: >\n  folded\n  text"
        "\nTags: [rye, 'care, and time']\n---\nBefore.\n",
    )
    read = post.metadata
    assert (read.title, read.language, read.date) == ('Bread: what it "is"', "cy", "2019-01-02")
    assert read.authors == ("Ada Baker", "Miller, Bo")
    assert read.keywords == ("rye", "care, and time")
    assert [leaf.text for leaf in post.leaves] == ["Before."]
    assert not post.notices
    folded = read_markdown(tmp_path / "f.md", "---\ntitle: >\n  On\n  bread\n---\nBefore.\n")
    assert folded.metadata.title == "On bread"


@pytest.mark.parametrize(
    "front",
    [
        "title: Bread: what it is",
        "a: &a [x]\nb: [*a, *a]\ntitle: x",
        "!!python/object/apply:os.system ['touch PWNED']",
        "title: " + "[" * 5_000,
        "title: x\ntitle: y",
        "title: [x\x00",
    ],
)
def test_front_matter_that_is_no_yaml_is_named(tmp_path: Path, front: str) -> None:
    """Nothing of it is taken, the post is read, and it takes no time."""
    started = time.monotonic()
    post = read_markdown(tmp_path / "p.md", f"---\n{front}\n---\n# Kneading\n\nFold it.\n")
    assert time.monotonic() - started < 5
    assert titles(post) == ["Kneading"]
    assert post.metadata.title == "Kneading" and post.metadata.authors == ()
    (notice,) = post.notices
    assert (notice.code, notice.severity, bool(notice.hint)) == (
        "front-matter-unread",
        "note",
        True,
    )


@pytest.mark.parametrize("front", ["- a\n- b", "just words", "x: " + "y" * 20_001, "title:"])
def test_front_matter_without_a_title_has_none(tmp_path: Path, front: str) -> None:
    """No mapping, too long, or without a value."""
    post = read_markdown(tmp_path / "p.md", f"---\n{front}\n---\n# Kneading\n\nFold it.\n")
    assert post.metadata.title in ("Kneading", "x: " + "y" * 297)
    assert post.leaves[-1].text == "Fold it."


def test_markup_of_wordpress_is_not_text(tmp_path: Path) -> None:
    """Blocks' comments and shortcodes go, what they enclose stays, and links are no shortcodes."""
    post = read_markdown(
        tmp_path / "p.md",
        '<!-- wp:paragraph {"align":"left"} -->\n<p>First</p>\n<!-- /wp:paragraph -->\n\n'
        '[caption id="attachment_1" align="left"]<img src="x.jpg" alt="Oven"/> Our oven[/caption]\n'
        '\n[gallery ids="1,2,3"] [embed]https://example.org/v[/embed] [vc_row][vc_column w="1"]'
        "Body[/vc_column][/vc_row]\n\nSee [our page](https://example.org) and [note].\n",
    )
    text = post.leaves[0].text
    for words in ("First", "Our oven", "Oven", "Body", "our page", "[note]"):
        assert words in text
    for mark in ("wp:", "caption", "gallery", "embed]", "vc_", "attachment"):
        assert mark not in text


@pytest.mark.parametrize(
    "text",
    ["a[i] = b[j]", 'input[type="text"]', "[x](y)", "[1] Baker 2017", "an [aside]", "[[a b=c]]"],
)  # fmt: skip
def test_square_brackets_of_other_kinds_stay(text: str) -> None:
    """Code, links, footnotes and asides."""
    assert without_shortcodes(text) == text


# ---------------------------------------------------------------------- HTML


def test_menus_and_buttons_are_not_the_post(tmp_path: Path) -> None:
    """Main text only, with the title of the page and the day it was published."""
    page = read_html(
        tmp_path / "p.html",
        '<html lang="en-GB"><head><title>On bread – Our blog</title>'
        '<meta property="article:published_time" content="2018-05-04T10:00:00Z">'
        "<script>var x = 'tracker'</script></head><body><nav>Menu</nav>"
        '<article><div class="entry-content"><h2>Rye</h2><p>Dark\nand sour.</p>'
        '<div class="sharedaddy">Share this</div><pre>a\n  b</pre></div></article>'
        "<aside>Archives</aside><div hidden>Secret</div></body></html>",
    )
    assert [(leaf.title, leaf.text) for leaf in page.leaves] == [("Rye", "Dark and sour.\n\na\nb")]
    assert page.metadata.title == "On bread"
    assert (page.metadata.language, page.metadata.date) == ("en-GB", "2018-05-04")


def test_deep_pages_are_read_and_dropped_text_is_said(tmp_path: Path) -> None:
    """However deep; where the parser leaves much out, there is a notice."""
    deep = read_html(tmp_path / "p.html", "<div>" * 100 + "deep down" + "</div>" * 100)
    assert (deep.leaves[0].text, deep.notices) == ("deep down", ())
    deeper = read_html(tmp_path / "q.html", "<div>" * 9000 + "very deep " * 50 + "</div>" * 9000)
    assert deeper.leaves[0].text.startswith("very deep very deep")
    assert [n.code for n in deeper.notices] == ["file-damaged"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("Käse".encode("utf-8-sig"), "Käse"),
        ("Käse".encode("utf-16"), "Käse"),
        ("Käse".encode("cp1252"), "Käse"),
        (b"a\x00b \xff", "ab ÿ"),
    ],
)
def test_encodings_are_found_out(tmp_path: Path, data: bytes, word: str) -> None:
    """Byte order marks, UTF-8, and what old programmes wrote."""
    path = tmp_path / "p.md"
    path.write_bytes(data)
    assert read_markdown_file(path, Limits()).leaves[0].text == word


@pytest.mark.threat(13)
def test_outside_entities_are_not_read(tmp_path: Path) -> None:
    """A page that wants a file of this machine in it does not get it."""
    secret = tmp_path / "secret"
    secret.write_text("topsecret")
    page = read_html(
        tmp_path / "p.html",
        f'<!DOCTYPE html [<!ENTITY e SYSTEM "{secret.as_uri()}">]><p>Hello &e;</p>',
    )
    assert "topsecret" not in str(page)


# ---------------------------------------------------------------------- DOCX


def test_a_handout_is_read_by_its_headings(tmp_path: Path) -> None:
    """Headings, paragraphs, tables, and the document's own properties."""
    document = docx.Document()
    document.core_properties.author = "Ada Baker"
    document.core_properties.title = "Handout on bread"
    document.add_paragraph("Before all.")
    document.add_heading("Rye", 1)
    document.add_paragraph("Dark and sour.")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Flour", "Water"
    table.cell(0, 1).add_table(1, 1).cell(0, 0).text = "Warm"
    path = tmp_path / "h.docx"
    document.save(str(path))
    handout = docx_reader.extract(path, Limits())
    assert [(leaf.title, leaf.kind) for leaf in handout.leaves] == [
        ("", "section"),
        ("Rye", "section"),
    ]
    assert handout.leaves[1].text == "Dark and sour.\nFlour | Water Warm"
    assert handout.metadata.title == "Handout on bread"
    assert handout.metadata.authors == ("Ada Baker",)


def _docx(path: Path, body: str, parts: dict[str, str] | None = None) -> Path:
    kinds = {"footnotes.xml": "footnotes", "comments.xml": "comments", "styles.xml": "styles"}
    relations = "".join(
        f'<Relationship Id="{n}" Type="x/{kinds[n]}" Target="{n}"/>' for n in parts or {}
    )
    relations += (
        '<Relationship Id="l" Type="x/hyperlink" Target="https://example.org" '
        'TargetMode="External"/>'
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {_NS}><w:body>{body}</w:body></w:document>"
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            f'<Relationships xmlns="{space}">{relations}</Relationships>',
        )
        for name, content in (parts or {}).items():
            archive.writestr(f"word/{name}", content)
    return path


_NS = (
    f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def _run(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_notes_comments_boxes_and_links_of_a_handout(tmp_path: Path) -> None:
    """Footnotes, comments, text boxes once, deleted words not, headings of translated styles."""
    boxed = f"<w:txbxContent>{_run('In a box')}</w:txbxContent>"
    body = (
        '<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr><w:r><w:t>Brot</w:t></w:r></w:p>'
        f"<w:sdt><w:sdtContent>{_run('In a control')}</w:sdtContent></w:sdt>"
        f"<w:p><w:r><mc:AlternateContent><mc:Choice>{boxed}</mc:Choice><mc:Fallback>{boxed}"
        "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:hyperlink r:id='l'><w:r>"
        "<w:t>here</w:t></w:r></w:hyperlink></w:p>"
    )
    styles = (
        f'<w:styles {_NS}><w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        "</w:styles>"
    )
    handout = docx_reader.extract(
        _docx(
            tmp_path / "h.docx", body,
            {
                "styles.xml": styles,
                "footnotes.xml": f"<w:footnotes {_NS}>{_run('A footnote')}</w:footnotes>",
                "comments.xml": f"<w:comments {_NS}>{_run('A comment')}</w:comments>",
            },
        ),
        Limits(),
    )  # fmt: skip
    leaf = handout.leaves[0]
    assert leaf.title == "Brot"
    assert [(p.source, p.text) for p in leaf.parts] == [
        (Source.TEXT, "In a control\nIn a box\nhere"),
        (Source.LINK, "https://example.org"),
        (Source.TEXT, "A footnote"),
        (Source.COMMENT, "A comment"),
    ]


def test_pictures_without_words_for_them_are_counted(tmp_path: Path) -> None:
    """In posts and handouts; a picture that is said to be decoration is none in HTML."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    document = docx.Document()
    for _ in range(2):
        buffer.seek(0)
        document.add_picture(buffer)
    document.save(str(tmp_path / "h.docx"))
    said = [
        *read_markdown(tmp_path / "p.md", "![](a.jpg) ![A loaf](b.jpg)").notices,
        *read_html(tmp_path / "p.html", '<p>x</p><img src="a"><img src="b" alt="">').notices,
        *docx_reader.extract(tmp_path / "h.docx", Limits()).notices,
    ]
    assert [n.code for n in said] == ["picture-without-alt"] * 3
    assert ["1 picture " in n.message for n in said] == [True, True, False]


def test_a_handout_that_is_none_is_a_problem(tmp_path: Path) -> None:
    """Without its main part; and cut off."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/other.xml", "<x/>")
    for data in (buffer.getvalue(), buffer.getvalue()[:60]):
        path = tmp_path / "h.docx"
        path.write_bytes(data)
        (notice,) = extract(path, DOCX, Limits()).notices
        assert notice.code == "file-unreadable" and notice.hint


# ------------------------------------------------------------------ captions


def test_captions_are_leaves_of_a_minute_with_their_seconds(tmp_path: Path) -> None:
    """A hit opens the recording where it is said."""
    path = tmp_path / "c.vtt"
    path.write_text(
        "WEBVTT\n\nNOTE made by hand\n\n1\n00:00:01.000 --> 00:00:04.000 align:start\n"
        "<v Ada Baker>Welcome &amp; hello</v>\n\n00:50.500 --> 00:52.000\nto <i>bread</i>\n\n"
        "01:02:03.000 --> 01:02:05.000\nmuch later\n"
    )
    captions = captions_reader.extract(path, Limits())
    assert [(leaf.start, leaf.label, leaf.text) for leaf in captions.leaves] == [
        (1.0, "0:00:01", "Ada Baker: Welcome & hello to bread"),
        (3723.0, "1:02:03", "much later"),
    ]


def test_subrip_captions_and_files_without_any(tmp_path: Path) -> None:
    """Commas for decimals; a file without a cue is a problem."""
    path = tmp_path / "c.srt"
    path.write_bytes(b"1\r\n00:00:01,500 --> 00:00:02,000\r\nHello\r\n\r\n")
    assert captions_reader.extract(path, Limits()).leaves[0].start == 1.5
    path.write_text("nothing\n")
    assert extract(path, "application/x-subrip", Limits()).notices[0].code == "file-unreadable"


def rolling(lines: list[str], seconds: float = 2.5) -> str:
    """Captions as YouTube makes them: each line grows below the last one, then stands alone."""
    cues = ["WEBVTT\nKind: captions\nLanguage: en\n"]
    before = " "
    for number, line in enumerate(lines):
        start, end = number * seconds, (number + 1) * seconds - 0.01
        first, *others = line.split(" ")
        typed = first + "".join(f"<00:00:{start + 1:06.3f}><c> {word}</c>" for word in others)
        cues.append(f"{stamp(start)} --> {stamp(end)} align:start position:0%\n{before}\n{typed}\n")
        cues.append(f"{stamp(end)} --> {stamp(end + 0.01)} align:start position:0%\n{line}\n \n")
        before = line
    return "\n".join(cues)


def stamp(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02}:{seconds % 60:06.3f}"


def test_captions_that_roll_say_each_line_once_from_when_it_was_first_shown(
    tmp_path: Path,
) -> None:
    """A line of a blank does not end a cue."""
    lines = [
        "welcome to the seminar",
        "on growing rye",
        "and how neighbours",
        "share the harvest",
    ] * 8
    path = tmp_path / "talk.vtt"
    path.write_text(rolling(lines))
    captions = captions_reader.extract(path, Limits())
    assert " ".join(leaf.text for leaf in captions.leaves) == " ".join(lines)
    assert [leaf.start for leaf in captions.leaves] == [0.0, 60.0]


def test_captions_that_grow_word_by_word_and_what_is_said_twice(tmp_path: Path) -> None:
    """A line that begins as the one before, at once after it, has new words only."""
    path = tmp_path / "c.vtt"
    path.write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nGood\n\n00:02.000 --> 00:03.000\nGood morning\n\n"
        "00:03.000 --> 00:04.000\nGood morning all\n\n"
        "00:09.000 --> 00:10.000\nGood morning to you\n"
    )
    captions = captions_reader.extract(path, Limits())
    assert captions.leaves[0].text == "Good morning all Good morning to you"


def test_a_line_of_blanks_ends_a_cue_before_a_number(tmp_path: Path) -> None:
    """As some programmes write SubRip."""
    path = tmp_path / "c.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nOne loaf\n \n2\n00:00:02,000 --> 00:00:03,000\nTwo\n42\n"
    )
    assert captions_reader.extract(path, Limits()).leaves[0].text == "One loaf Two 42"


# ------------------------------------------------------------ lists and layout


def test_lists_of_a_handout_have_levels(tmp_path: Path) -> None:
    """By style or by numbering, with bullets or numbers; a line break goes on with its entry."""
    document = docx.Document()
    document.add_paragraph("We bake.")
    document.add_paragraph("Knead", "List Bullet")
    document.add_paragraph("Fold\nand wait", "List Bullet 2")
    document.add_paragraph("Bake", "List Number")
    document.add_paragraph("Eat.")
    document.save(str(tmp_path / "h.docx"))
    (leaf,) = docx_reader.extract(tmp_path / "h.docx", Limits()).leaves
    (part,) = leaf.parts
    assert part.text == "We bake.\nKnead\nFold\nand wait\nBake\nEat."
    assert part.levels == (0, 1, 2, -1, 1, 0)
    numbered = "<w:pPr><w:numPr><w:ilvl w:val='{}'/><w:numId w:val='{}'/></w:numPr></w:pPr>"
    lines = ((1, 4, "Oven"), (0, 0, "No list"))
    body = "".join(
        f"<w:p>{numbered.format(level, number)}<w:r><w:t>{text}</w:t></w:r></w:p>"
        for level, number, text in lines
    )
    (leaf,) = docx_reader.extract(_docx(tmp_path / "n.docx", body), Limits()).leaves
    assert leaf.parts[0].levels == (2, 0)


def test_tables_that_only_place_text_are_read_as_text(tmp_path: Path) -> None:
    """One cell, headings in cells, a row of running text; a table of data stays one."""
    document = docx.Document()
    data = document.add_table(2, 2)
    for cell, text in zip(data._cells, ("Grain", "Share", "Rye", "Most"), strict=True):
        cell.text = text
    placing = document.add_table(1, 2)
    placing.cell(0, 0).text = "Knead it.\nFold it."
    placing.cell(0, 0).add_paragraph("Wait for it.")
    placing.cell(0, 1).text = "Bake it."
    headed = document.add_table(2, 2)
    headed.cell(0, 1).text = "Ovens"
    headed.cell(0, 1).paragraphs[0].style = document.styles["Heading 2"]
    headed.cell(1, 1).text = "They are hot."
    document.save(str(tmp_path / "h.docx"))
    first, second = docx_reader.extract(tmp_path / "h.docx", Limits()).leaves
    assert [(p.source, p.text) for p in first.parts] == [
        (Source.TABLE, "Grain | Share\nRye | Most"),
        (Source.TEXT, "Knead it.\nFold it.\nWait for it.\nBake it."),
    ]
    assert (second.title, second.text) == ("Ovens", "They are hot.")


@pytest.mark.parametrize(
    "table",
    [
        "<table role=presentation><tr><td>Knead it.<td>Bake it.</table>",
        "<table><tr><td><p>Knead</p><p>it.</p><td>Bake it.</table>",
        "<table><tr><td>Knead it. Bake it.</table>",
        "<table><tr><td><h4>Knead it.</h4><td>now<tr><td>Bake it.<td>then</table>",
    ],
)
def test_tables_that_only_place_text_of_a_page_are_its_text(tmp_path: Path, table: str) -> None:
    """Their words are in the order of the page, and what the page shows has no table."""
    page = read_markdown(tmp_path / "p.md", f"# Bread\n\nBefore.\n\n{table}\n\nAfter.\n")
    (leaf,) = page.leaves
    assert {part.source for part in leaf.parts} == {Source.TEXT}
    found = [leaf.text.find(word) for word in ("Before", "Knead", "Bake it", "After")]
    assert found == sorted(found) and found[0] == 0
    assert "Bake it" in leaf.markup and "<table" not in leaf.markup


def test_tables_of_data_of_a_page_stay_tables(tmp_path: Path) -> None:
    """Also those without headings of columns."""
    page = read_html(
        tmp_path / "p.html",
        "<h1>Bread</h1><table><tr><td>Rye<td>most<tr><td>Oats<td>few</table>"
        "<table><tr><th>Grain<tr><td><p>Rye</p><p>and more</p></table>",
    )
    assert [part.source for part in page.leaves[0].parts] == [Source.TABLE, Source.TABLE]
