"""PDFs: a leaf a page, its printed number, heading and words, and what is attached to it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdf
import pypdf.annotations
import pytest
from PIL import Image, ImageDraw
from pypdf.constants import PageLabelStyle
from pypdf.errors import DependencyError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from coproarchive.errors import UnreadableError
from coproarchive.extract import pdf
from coproarchive.extract.base import Extraction, Limits, complete
from coproarchive.extract.pdf import draw_pages, pdf_date
from coproarchive.extract.pdf_text import (
    is_run_together,
    repair,
    title_and_rest,
    with_spaces,
    words_of,
)
from coproarchive.extract.table import extract
from coproarchive.extract.text import clean
from coproarchive.model import Severity, Source
from making import make_pdf


def read(path: Path, limits: Limits | None = None) -> Extraction:
    return pdf.extract(path, limits or Limits())


def drawn(path: Path, *pages: Callable[[canvas.Canvas], object], **kind: object) -> Path:
    """A PDF of reportlab, a function a page."""
    pen = canvas.Canvas(str(path), pagesize=(600, 400), **kind)
    for page in pages:
        page(pen)
        pen.showPage()
    pen.save()
    return path


def changed(path: Path, change: Callable[[pypdf.PdfWriter], object]) -> Path:
    """The PDF after pypdf's writer did something to it."""
    writer = pypdf.PdfWriter(clone_from=path)
    change(writer)
    writer.write(path)
    return path


def test_a_page_is_a_leaf_with_its_heading(tmp_path: Path) -> None:
    """The first line that has words is the title, and not said again in the text."""
    path = make_pdf(tmp_path / "d.pdf", ["12\nThe wind mill\nStones turn", "Grist"])
    leaves = read(path).leaves
    assert [(leaf.kind, leaf.title, leaf.text) for leaf in leaves] == [
        ("page", "The wind mill", "12\nStones turn"),
        ("page", "Grist", ""),
    ]


def test_outline_entries_are_titles_and_no_word_is_lost() -> None:
    """Where heading and outline differ, both are kept."""
    assert title_and_rest("Intro – Background\nText", "Intro") == ("Intro – Background", "Text")
    assert title_and_rest("Goals\nText", "Goals and needs") == ("Goals and needs", "Text")
    assert title_and_rest("Menu Menu\nText", "Goals") == ("Goals", "Menu Menu\nText")
    assert title_and_rest("Words\nText", "") == ("Words", "Text")
    assert title_and_rest("12 %\n", "") == ("", "12 %\n")
    long = "word " * 60
    assert title_and_rest(long, "") == ("", long)


def test_outline_labels_and_metadata_of_a_file(tmp_path: Path) -> None:
    """Printed numbers beside the pages' places; title, author, day and language are proposals."""

    def first(pen: canvas.Canvas) -> None:
        pen.setTitle("Bread for all")
        pen.setAuthor("Ada Baker and Bo Miller")
        pen.setKeywords("rye; care")
        pen.drawString(50, 300, "Menu of all pages")
        pen.bookmarkPage("one")
        pen.addOutlineEntry("Kneading", "one")

    def label(writer: pypdf.PdfWriter) -> None:
        writer.set_page_label(0, 0, PageLabelStyle.LOWERCASE_ROMAN)
        writer.root_object[NameObject("/Lang")] = TextStringObject("en-GB")

    path = changed(
        drawn(tmp_path / "d.pdf", first, lambda pen: pen.drawString(50, 300, "Second")), label
    )
    extraction = read(path)
    one, two = extraction.leaves
    assert (one.title, one.text, one.label) == ("Kneading", "Menu of all pages", "i")
    assert (two.title, two.label) == ("Second", "1")
    metadata = extraction.metadata
    assert (metadata.title, metadata.language) == ("Bread for all", "en-GB")
    assert metadata.authors == ("Ada Baker", "Bo Miller")
    assert metadata.keywords == ("rye", "care")
    assert metadata.date is not None


def test_a_title_with_half_a_character_costs_that_half_only(tmp_path: Path) -> None:
    """A lone surrogate is left out; the rest of the record stays."""

    def name(writer: pypdf.PdfWriter) -> None:
        writer.add_metadata({"/Author": "Ada Baker"})
        information = writer._info
        assert information is not None
        title = ByteStringObject(b"\xfe\xff\x00R\x00y\x00e\xd8\x00")
        information[NameObject("/Title")] = title

    metadata = read(changed(make_pdf(tmp_path / "d.pdf", ["Bread"]), name)).metadata
    assert (metadata.title, metadata.authors) == ("Rye", ("Ada Baker",))


def test_notes_links_and_attachments(tmp_path: Path) -> None:
    """What reviewers wrote, where links lead, and the files inside the file."""

    def change(writer: pypdf.PdfWriter) -> None:
        note = pypdf.annotations.FreeText(text="Too salty", rect=(10, 10, 90, 40))
        writer.add_annotation(0, note)
        link = pypdf.annotations.Link(rect=(10, 50, 90, 60), url="https://example.org/bread")
        writer.add_annotation(0, link)
        inside = pypdf.annotations.Link(rect=(10, 50, 90, 60), target_page_index=0)
        writer.add_annotation(0, inside)
        writer.add_attachment("recipe.xlsx", b"cells")

    path = changed(make_pdf(tmp_path / "d.pdf", ["Bread"]), change)
    extraction = read(path)
    parts = [(p.source, p.text) for p in extraction.leaves[0].parts]
    assert parts == [
        (Source.LINK, "https://example.org/bread"),
        (Source.ANNOTATION, "Too salty"),
    ]
    (notice,) = extraction.notices
    assert notice.code == "file-inside-file" and "recipe.xlsx" in notice.message


def test_descriptions_of_tagged_pictures_are_read(tmp_path: Path) -> None:
    """The alternative text in the structure tree."""

    def tag(writer: pypdf.PdfWriter) -> None:
        page = writer.pages[0]
        reference = page.indirect_reference
        root = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
        root_reference = writer._add_object(root)
        figure = DictionaryObject(
            {
                NameObject("/S"): NameObject("/Figure"),
                NameObject("/P"): root_reference,
                NameObject("/Alt"): TextStringObject("A loaf, cut open"),
                NameObject("/Pg"): reference,
                NameObject("/K"): NumberObject(0),
            }
        )
        figure_reference = writer._add_object(figure)
        root[NameObject("/K")] = ArrayObject([figure_reference])
        nums = ArrayObject([NumberObject(0), ArrayObject([figure_reference])])
        root[NameObject("/ParentTree")] = DictionaryObject({NameObject("/Nums"): nums})
        page[NameObject("/StructParents")] = NumberObject(0)
        writer.root_object[NameObject("/StructTreeRoot")] = root_reference
        writer.root_object[NameObject("/MarkInfo")] = DictionaryObject(
            {NameObject("/Marked"): pypdf.generic.BooleanObject(True)}
        )

    path = changed(make_pdf(tmp_path / "d.pdf", ["Bread"]), tag)
    parts = [(p.source, p.text) for p in read(path).leaves[0].parts]
    assert parts == [(Source.ALT, "A loaf, cut open")]


def picture_page(pen: canvas.Canvas) -> None:
    """A page that is a picture of words."""
    image = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(image).rectangle((50, 50, 300, 200), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    buffer.seek(0)
    pen.drawImage(ImageReader(buffer), 0, 0, 600, 400)


def test_a_page_that_is_a_picture_is_named(tmp_path: Path) -> None:
    """No words, a notice with what to do, and the other pages are read."""
    path = drawn(tmp_path / "d.pdf", lambda pen: pen.drawString(50, 300, "Words"), picture_page)
    extraction = read(path)
    assert [leaf.title for leaf in extraction.leaves] == ["Words", ""]
    (notice,) = extraction.notices
    assert (notice.code, notice.leaf) == ("leaf-without-text", 2)
    assert "coproarchive[ocr]" in notice.hint


def test_pages_without_a_title_are_one_notice_a_file(tmp_path: Path) -> None:
    """With how many, of how many, and which; titled pages and those without words are not in it."""

    def paragraph(pen: canvas.Canvas) -> None:
        pen.setFont("Helvetica", 4)
        pen.drawString(10, 300, "words that go on and on, " * 8)

    def titled(pen: canvas.Canvas) -> None:
        pen.drawString(50, 300, "A title")

    mixed = read(drawn(tmp_path / "m.pdf", titled, paragraph, picture_page, titled, paragraph))
    notices = [n for n in mixed.notices if n.code == "leaf-without-title"]
    assert [n.message for n in notices] == ["2 of 5 pages have no title: page 2, 5."]
    assert (notices[0].severity, notices[0].leaf) == (Severity.NOTE, None)
    assert notices[0].hint
    many = read(drawn(tmp_path / "12.pdf", *[paragraph] * 12))
    (notice,) = many.notices
    assert notice.message.startswith("12 of 12 pages have no title: page 1, 2,")
    assert notice.message.endswith("9, 10 and 2 more.")
    one = read(drawn(tmp_path / "1.pdf", titled, paragraph))
    assert [n.message for n in one.notices] == ["1 of 2 pages has no title: page 2."]
    assert read(drawn(tmp_path / "0.pdf", titled, titled)).notices == ()


def test_text_outside_the_page_is_not_its_text_but_a_cut_line_is_whole(tmp_path: Path) -> None:
    """What no viewer shows is left out; what the edge of the page cuts is not cut."""

    def page(pen: canvas.Canvas) -> None:
        pen.drawString(50, 350, "A heading on the page")
        for line in range(8):
            pen.drawString(50, 300 - 20 * line, f"Line {line} of what everybody sees on it")
        pen.drawString(2000, 2000, "Overlay elsewhere")
        pen.drawString(480, 20, "This line of words goes on beyond the edge")

    text = read(drawn(tmp_path / "d.pdf", page)).leaves[0].text
    assert "Overlay" not in text
    assert "This line of words goes on beyond the edge" in text


def slide(*lines: str, beside: tuple[str, ...] = ()) -> Callable[[canvas.Canvas], object]:
    """A page of lines; some of them beside the page's box."""

    def draw(pen: canvas.Canvas) -> None:
        for row, line in enumerate((*lines, *beside)):
            pen.drawString(50 if row < len(lines) else 5_000, 350 - 30 * row, line)

    return draw


def test_what_stands_beside_a_page_and_comes_later_is_not_on_it(tmp_path: Path) -> None:
    """The next builds of a slide; where nothing comes later, the box is wrong and all is read."""
    first, second = "Rye needs little nitrogen", "Barley answers to ploughing before the frost"
    pages = [
        slide("Which crop?", first, beside=(second, second)),
        slide("Which crop?", first, second),
    ]
    leaves = read(drawn(tmp_path / "a.pdf", *pages)).leaves
    assert [leaf.text for leaf in leaves] == [first, f"{first}\n{second}"]
    alone = read(drawn(tmp_path / "b.pdf", slide("Which crop?", beside=(first, second)))).leaves
    assert second in alone[0].text


def test_pages_that_build_a_slide_are_that_slide(tmp_path: Path) -> None:
    """Every page has its words; the last one says that it is the slide, and of which pages."""
    title, one, two, three = "Which crop?", "Rye", "Barley", "Oats"
    pages = [
        slide("Welcome", "to the seminar"),
        slide(title, one), slide(title, one, two), slide(title, one, two, three),
        slide("Soil", "Loam"), slide("Soil", "Sand"),
    ]  # fmt: skip
    leaves = read(drawn(tmp_path / "a.pdf", *pages)).leaves
    assert [(leaf.builds, leaf.label) for leaf in leaves] == [
        (0, ""), (0, ""), (0, ""), (2, "2–4"), (0, ""), (0, ""),
    ]  # fmt: skip
    assert [leaf.number for leaf in complete(leaves)] == [1, 4, 5, 6]


def test_printed_numbers_tell_which_pages_are_one_slide(tmp_path: Path) -> None:
    """LaTeX's beamer prints the slide's number: pictures may come without words."""

    def numbered(writer: pypdf.PdfWriter) -> None:
        for page, number in ((0, 1), (1, 2), (2, 2), (3, 2), (4, 3)):
            writer.set_page_label(page, page, PageLabelStyle.DECIMAL, start=number)

    same = [slide("Which crop?")] * 3
    path = drawn(tmp_path / "a.pdf", slide("Welcome"), *same, slide("Which crop?", "Rye"))
    leaves = read(changed(path, numbered)).leaves
    assert [(leaf.builds, leaf.label) for leaf in leaves] == [
        (0, ""), (0, ""), (0, "2"), (2, "2 (pages 2–4 of the file)"), (0, "3"),
    ]  # fmt: skip


def test_titles_have_no_soft_hyphens() -> None:
    """The word is found both ways in the text, where the heading stays."""
    text = "A well\ufffeknown speaker\nof rye"
    title = "A wellknown speaker"
    assert title_and_rest(text, "") == (title, text) == title_and_rest(text, title)
    assert title_and_rest(text, "Rye") == ("Rye", text)


def test_words_are_mended() -> None:
    """Divided at line ends, letters one a line, navigation dots."""
    words = words_of(["knowledge, re\ufffe\r\nsearch and well-known co-\nproduction", "Knowledge"])
    assert {"knowledge", "well-known"} <= words
    assert clean(repair("re\ufffe\r\nsearch", words)) == "re\u00adsearch"  # its halves tell nothing
    divided = "know\ufffe\r\nledge of e-mail, well-\nknown, and Co-\nOp"
    assert repair(divided, words) == "knowledge of e-mail, well-known, and Co-\nOp"
    # Where the file does not tell, `clean` leaves a soft hyphen: found as one word and as two.
    assert (
        clean(repair("co\ufffe\r\nproduction and know-\nhow"))
        == "co\u00adproduction and know\u00adhow"
    )
    assert repair("T\ni\nt\nl\ne\nd\nend") == "Titled\nend"
    assert repair(".\n.\n.\n.\nBread") == "Bread"


def test_lost_spaces_are_taken_from_the_second_reading() -> None:
    """Only where letters agree; words that are long by themselves stay."""
    run = "Thisisalinewithoutanyspaceinit of text"
    other = "This is a line without any space in it of text"
    assert is_run_together(run)
    assert with_spaces(run, other) == other
    assert with_spaces(run, "Something else") == run
    lines = " ".join(["fermentation\ufffe\r\nsensitive"] * 4)
    words = frozenset({"fermentationsensitive"})
    assert is_run_together(repair(lines, words)) and not is_run_together(lines)
    assert not is_run_together("Donaudampfschifffahrt and antidisestablishment")
    assert not is_run_together(
        "多集群环境中驱动的故障诊断多集群环境中驱动的故障诊断多集群环境中驱动"
    )


def test_pages_that_pdfium_cannot_read_are_asked_of_pypdf(tmp_path: Path) -> None:
    """A form drawn over itself is text to pypdf only; and a damaged catalogue."""
    path = make_pdf(tmp_path / "d.pdf", ["The wind mill\nStones turn slowly"])
    damaged = path.read_bytes().replace(b"/Type /Catalog", b"/Type /Katalog")
    path.write_bytes(damaged)
    assert read(path).leaves[0].title == "The wind mill"


def test_dates() -> None:
    """With or without D:, and none where there is no such day."""
    assert pdf_date("D:20170706120000+01'00'") == "2017-07-06"
    assert pdf_date("20170706") == "2017-07-06"
    assert pdf_date("D:20171356") is None
    assert pdf_date("yesterday") is None


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: data[: len(data) // 3], "file-unreadable"),
        (lambda data: b"%PDF-1.4\n", "file-unreadable"),
        (lambda data: b"not a PDF at all", "file-unreadable"),
        (lambda data: b"", "file-unreadable"),
        (lambda data: b"\n" * 100 + data, None),
        (lambda data: data[:-10], None),
    ],
)
def test_damaged_files_are_read_or_named(
    tmp_path: Path, damage: Callable[[bytes], bytes], code: str | None
) -> None:
    """Cut off, empty, another format; a lost tail or something before it is mended."""
    path = make_pdf(tmp_path / "d.pdf", ["The wind mill"])
    path.write_bytes(damage(path.read_bytes()))
    extraction = extract(path, "application/pdf", Limits())
    if code is None:
        assert extraction.leaves[0].title == "The wind mill"
    else:
        assert [n.code for n in extraction.notices] == [code]
        assert extraction.notices[0].hint


def test_a_locked_file_says_that_it_is_locked(tmp_path: Path) -> None:
    """One that opens without a password is read."""
    path = make_pdf(tmp_path / "d.pdf", ["The wind mill"])
    changed(path, lambda writer: writer.encrypt("secret", algorithm="RC4-128"))
    (notice,) = extract(path, "application/pdf", Limits()).notices
    assert notice.code == "file-unreadable" and "password" in notice.message
    open_one = make_pdf(tmp_path / "e.pdf", ["The wind mill"])
    changed(open_one, lambda w: w.encrypt("", "owner", algorithm="RC4-128"))
    assert read(open_one).leaves[0].title == "The wind mill"


def test_limits_cut_and_say_so(tmp_path: Path) -> None:
    """Pages and characters."""
    path = make_pdf(tmp_path / "d.pdf", ["A page\n" + "many words " * 9] * 6)
    for limits, left in ((Limits(leaves=4), 4), (Limits(characters=250), 3)):
        extraction = read(path, limits)
        assert len(extraction.leaves) == left
        assert [n.code for n in extraction.notices][-1] == "text-cut"


def test_pages_are_drawn_as_wide_as_asked(tmp_path: Path) -> None:
    """Those that are there; a file that is none is said."""
    path = make_pdf(tmp_path / "d.pdf", ["One", "Two"])
    pictures = dict(draw_pages(path, [1, 7], 320))
    assert list(pictures) == [1]
    assert pictures[1].width == 320 and pictures[1].height > 320
    broken = tmp_path / "e.pdf"
    broken.write_bytes(b"%PDF-")
    with pytest.raises(UnreadableError):
        list(draw_pages(broken, [0], 320))


def test_a_lock_that_needs_another_library_is_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by damaging real files at random: pypdf asks for a library to open AES."""
    path = make_pdf(tmp_path / "d.pdf", ["The wind mill"])
    changed(path, lambda writer: writer.encrypt("", "owner", algorithm="RC4-128"))
    # Damage that PDFium does not bear, so that pypdf is asked.
    path.write_bytes(path.read_bytes().replace(b"/R 3", b"/R 9"))

    def refuse(*_: object) -> None:
        raise DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr(pypdf.PdfReader, "decrypt", refuse)
    (notice,) = extract(path, "application/pdf", Limits()).notices
    assert notice.code == "file-unreadable" and "password" in notice.message
