"""Pictures beside few words: which are looked at, what of them, and what is kept of their words."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

import deck_parts
from coproarchive.errors import UnreadableError
from coproarchive.extract import ocr, ocr_leaves, table
from coproarchive.extract.base import Extraction, Helpers, Limits
from coproarchive.extract.ocr import OcrLine, Picture, View
from coproarchive.extract.pdf_pictures import page_views
from coproarchive.extract.pptx_pictures import slide_views
from coproarchive.extract.table import extract
from coproarchive.model import Leaf, Part, Source
from deck_parts import Slide, box, fill, group
from ocr_fakes import read, slow

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
HALF = (8_000_000, 5_000_000)
"""A picture's size in EMU that covers almost half of a slide."""
RELATED = {"p": ("image", "../media/a.png", False)}
SHOT = "docker compose up\nservices started"


def plain(colour: str, size: tuple[int, int] = (200, 100)) -> Image.Image:
    """A picture of one colour."""
    return Image.new("RGB", size, colour)


def png(image: Image.Image) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def pages(path: Path, *drawings: Callable[[canvas.Canvas], None], turned: int = 0) -> Path:
    """A PDF of 400 by 200 units, drawn page by page."""
    pen = canvas.Canvas(str(path), pagesize=(400, 200))
    for draw in drawings:
        draw(pen)
        pen.showPage()
    pen.save()
    writer = pypdf.PdfWriter(clone_from=path)
    for each in writer.pages:
        each.rotate(turned)
    writer.write(path)
    return path


def page(
    words: str, colour: str, place: tuple[int, int, int, int] = (200, 0, 200, 180)
) -> Callable[[canvas.Canvas], None]:
    """Draws lines of words at the left, and a picture at left, bottom, across, down."""

    def draw(pen: canvas.Canvas) -> None:
        for number, line in enumerate(words.split("\n")):
            pen.drawString(5, 185 - 12 * number, line)
        pen.drawImage(ImageReader(plain(colour)), *place)

    return draw


def opened(view: View) -> Iterator[Picture]:
    """The view's pictures."""
    return view.pictures() if view.pictures else iter(())


def deck(path: Path, *slides: Slide | str, size: str = "") -> Path:
    """A deck with one picture file."""
    return deck_parts.make(
        path, list(slides), parts={"media/a.png": png(plain("red"))}, extension=size
    )


def with_ocr(path: Path, media_type: str, limits: Limits | None = None) -> Extraction:
    """What is read with the extra."""
    return extract(path, media_type, limits or Limits(), Helpers(ocr=True))


def test_a_screenshot_below_a_title_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of page and slide stay; what the machine read comes after them and says so."""
    pdf = pages(tmp_path / "a.pdf", page("Starting it\nOne command", "red"))
    pptx = deck(
        tmp_path / "a.pptx",
        Slide(box("Starting it", placeholder="title") + box("One command")
              + deck_parts.picture("p", *HALF), related=RELATED),
    )  # fmt: skip
    for path, media_type in ((pdf, PDF), (pptx, PPTX)):
        read(monkeypatch, f"Starting it\n{SHOT}\nOne comrnand")
        (leaf,) = with_ocr(path, media_type).leaves
        assert leaf.title == "Starting it"
        assert leaf.parts == (Part(Source.TEXT, "One command"), Part(Source.OCR, SHOT, 0.9))
        assert extract(path, media_type, Limits()).leaves[0].parts == leaf.parts[:1]


def test_pages_that_speak_for_themselves_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many words, a small picture, no picture; a footer on every page is not many words."""
    footer = "\nMade by the makers of the society, town hall" * 4
    many = "\n".join(f"Flour{x} water{x} salt{x} yeast{x}" for x in "abcdefgh")
    path = pages(
        tmp_path / "a.pdf",
        page("Many" + footer + "\n" + many, "red"),
        page("Small" + footer, "red", (350, 0, 40, 40)),
        page("Large" + footer, "blue"),
    )
    read(monkeypatch, SHOT)
    texts = [leaf.text for leaf in with_ocr(path, PDF).leaves]
    assert [text.endswith(SHOT) for text in texts] == [False, False, True]


def test_without_the_extra_nothing_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page is opened a second time, and the notice is for pages without any words."""
    monkeypatch.setattr(ocr_leaves, "with_ocr", None)
    path = pages(tmp_path / "a.pdf", page("Title", "red"), page("", "red"))
    notices = table.extract(path, PDF, Limits()).notices
    assert [(n.code, n.leaf) for n in notices] == [("leaf-without-text", 2)]


def test_the_theme_s_pictures_are_not_the_page_s(tmp_path: Path) -> None:
    """The same picture on many pages; another of the same size is a page's own."""
    theme = [page(f"Page {letter}", "red", (0, 0, 400, 200)) for letter in "abcdefgh"]
    noise = Image.effect_noise((200, 100), 90).convert("RGB")

    def own(pen: canvas.Canvas) -> None:
        theme[0](pen)
        pen.drawImage(ImageReader(noise), 100, 50, 200, 100)

    path = pages(tmp_path / "a.pdf", *theme, own)
    with page_views(path, [], list(range(1, 10)), width=400, share=0.15) as views:
        ((number, picture),) = [(v.number, p) for v in views for p in opened(v)]
    assert number == 9
    assert picture.width == 400 and abs(picture.height - 200) <= 2
    slides = [Slide(deck_parts.picture("p", *HALF), related=RELATED) for _ in range(4)]
    same = deck(tmp_path / "a.pptx", *slides)
    with slide_views(same, [], [1, 2, 3, 4], Limits(), share=0.15) as seen:
        assert [(view.number, view.pictures) for view in seen] == [(n, None) for n in range(1, 5)]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_area_drawn_is_the_picture_s(tmp_path: Path, turned: int) -> None:
    """On turned pages too, and in a form that is moved and made larger."""
    within = (100.0, 40.0, 200, 100)

    def in_form(pen: canvas.Canvas) -> None:
        pen.beginForm("f")
        pen.drawImage(ImageReader(plain("red")), 0, 0, 100, 50)
        pen.endForm()
        pen.saveState()
        pen.translate(within[0], within[1])
        pen.scale(2, 2)
        pen.doForm("f")
        pen.restoreState()

    direct = page("Title", "red", (100, 40, 200, 100))
    path = pages(tmp_path / "a.pdf", direct, in_form, turned=turned)
    with page_views(path, [], [1, 2], width=300, share=0.15) as views:
        drawn = [picture for view in views for picture in opened(view)]
    assert len(drawn) == 2
    for picture in drawn:
        assert picture.width in (299, 300)
        assert (picture.width > picture.height) == (turned in (0, 180))
        inner = picture.crop((3, 3, picture.width - 3, picture.height - 3))
        assert inner.getextrema() == ((255, 255), (0, 0), (0, 0))


def views_of(path: Path, number: int = 1) -> list[tuple[int, int]]:
    """Sizes of the pictures of a slide that are looked at although it has words."""
    with slide_views(path, [], [number], Limits(), share=0.15) as views:
        return [picture.size for view in views for picture in opened(view)]


def test_a_slide_s_pictures_are_measured_as_shown(tmp_path: Path) -> None:
    """Groups make them smaller or larger, edges are cut off, backgrounds are all of the slide."""
    large = deck_parts.picture("p", *HALF)
    frame = (
        "<p:grpSpPr><a:xfrm><a:off x='0' y='0'/><a:ext cx='{}' cy='{}'/><a:chOff x='0' y='0'/>"
        "<a:chExt cx='8000000' cy='5000000'/></a:xfrm></p:grpSpPr>"
    )
    background = f"<p:bg><p:bgPr>{fill('p', name='a')}</p:bgPr></p:bg>"
    filled = (
        f"<p:sp><p:spPr><a:xfrm><a:ext cx='{HALF[0]}' cy='{HALF[1]}'/></a:xfrm>"
        f"{fill('p', name='a')}</p:spPr></p:sp>"
    )
    embedded = (  # the preview of a file inside the deck
        f"<p:graphicFrame><p:xfrm><a:ext cx='{HALF[0]}' cy='{HALF[1]}'/></p:xfrm><a:graphic>"
        "<a:graphicData><mc:AlternateContent><mc:Fallback><p:oleObj>"
        f"{deck_parts.picture('p', 9, 9)}</p:oleObj></mc:Fallback></mc:AlternateContent>"
        "</a:graphicData></a:graphic></p:graphicFrame>"
    )
    cut = deck_parts.picture("p", *HALF, crop='l="50000" t="20000" b="-5000"')
    for shapes, sizes in (
        (large, [(200, 100)]),
        (deck_parts.picture("p", 3_000_000, 3_000_000), []),
        (group(frame.format(2_000_000, 1_000_000) + large), []),
        (group(frame.format(*HALF) + large), [(200, 100)]),
        (cut, [(100, 80)]),
        (filled, [(200, 100)]),
        ("<p:pic><p:blipFill><a:blip r:embed='p'/></p:blipFill></p:pic>", [(200, 100)]),
        (large.replace('"p"', '"missing"'), []),
        (large.replace("8000000", "wide"), []),
        (large + large, [(200, 100)]),
        (embedded, [(200, 100)]),
        (embedded.replace("8000000", "80"), []),
    ):
        path = deck(tmp_path / "a.pptx", Slide(shapes, related=RELATED))
        assert views_of(path) == sizes, shapes
    path = deck(tmp_path / "a.pptx", Slide(related=RELATED, background=background))
    assert views_of(path) == [(200, 100)]
    path = deck(
        tmp_path / "a.pptx", Slide(large, related=RELATED),
        size='<p:sldSz cx="48768000" cy="27432000"/>',
    )  # fmt: skip
    assert views_of(path) == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("What nobody said before", True),
        ("Shared bread and its crust", False),
        ("Sharedbreadanditscrust", False),
        ("Shared broad and its crust", False),
        ("A loaf on a table", False),
        ("and its", False),
        ("its", False),
        ("red", True),  # not "shaRED"
        ("0.25", False),
        ("2017", True),
        ("面包", True),
        ("一", False),
    ],
)
def test_what_the_leaf_says_and_what_are_no_words_is_left_out(line: str, kept: bool) -> None:
    """Letters read wrong and spaces lost do not make a line a new one; numbers are no words."""
    leaf = Leaf(
        1, "slide", "Shared bread",
        (Part(Source.TEXT, "and its crust"), Part(Source.ALT, "a loaf on a table"),
         Part(Source.NOTES, "What nobody said before")),
    )  # fmt: skip
    others = [OcrLine("entirely other words", 0.95)]
    made = ocr_leaves.worth_keeping([*others, OcrLine(line, 0.85)], leaf)
    assert made is not None
    assert made.text.split("\n")[1:] == ([line] if kept else [])
    assert made.confidence == (0.9 if kept else 0.95)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Exclusion criteria", True),
        ("Inclusion criterla", False),
        ("Our results for 2024", True),
        ("Our resuIts for 2023", False),
    ],
)
def test_one_other_word_or_year_makes_another_line(line: str, kept: bool) -> None:
    """A misread letter does not."""
    leaf = Leaf(1, "slide", "Inclusion criteria", (Part(Source.TEXT, "Our results for 2023"),))
    made = ocr_leaves.worth_keeping(
        [OcrLine("entirely other words", 0.9), OcrLine(line, 0.9)], leaf
    )
    assert made is not None
    assert (line in made.text) == kept


def test_a_long_picture_s_pieces_say_shared_lines_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They overlap, so that no line is cut in two."""
    read(monkeypatch, "First of all lines\nShared line", "Shared line\nLast of all lines")
    path = pages(tmp_path / "a.pdf", page("One", "red"))
    monkeypatch.setattr(ocr, "pieces_of", lambda picture: [picture, picture])
    (leaf,) = with_ocr(path, PDF).leaves
    assert leaf.text == "First of all lines\nShared line\nLast of all lines"


def test_logos_and_unsure_lines_add_nothing() -> None:
    """Two words in a picture are a logo's, where a leaf has words; of a lone figure they stay."""
    titled = Leaf(1, "slide", "Baking")
    assert ocr_leaves.worth_keeping([OcrLine("ACME Mills", 0.99)], titled) is None
    assert ocr_leaves.worth_keeping([OcrLine("ACME flour mills", 0.79)], titled) is None
    assert ocr_leaves.worth_keeping([OcrLine("ACME flour mills", 0.8)], titled) is not None
    assert ocr_leaves.worth_keeping([OcrLine("ACME Mills", 0.99)], Leaf(1, "page")) is not None


def test_pictures_that_were_not_read_are_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaves without words come first. Once it is late, nobody looks which pages have pictures."""
    slow(monkeypatch)
    read(monkeypatch, "Three new words", SHOT)
    titled = [
        page(f"Title {n}", colour) for n, colour in enumerate(("red", "blue", "black", "tan"))
    ]
    path = pages(tmp_path / "a.pdf", titled[0], titled[1], page("", "green"), *titled[2:])
    extraction = with_ocr(path, PDF, Limits(seconds=10))
    assert [leaf.text for leaf in extraction.leaves] == [SHOT, "", "Three new words", "", ""]
    (notice,) = extraction.notices
    assert notice.code == "text-cut"
    assert "the pictures of 1 page (page 2), and perhaps of later ones." in notice.message
    assert "COPROARCHIVE_READ_SECONDS" in notice.hint


def test_a_slide_of_which_one_picture_was_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of it stays, whether it has words of its own or none."""
    related = {f"p{n}": ("image", f"../media/{n}.png", False) for n in range(3)}
    shapes = "".join(deck_parts.picture(f"p{n}", *HALF) for n in range(3))
    parts: dict[str, str | bytes] = {f"media/{n}.png": png(plain("red")) for n in range(3)}
    for words in ("", box("Title")):
        slow(monkeypatch)
        read(monkeypatch, "Three new words", SHOT)
        path = deck_parts.make(
            tmp_path / "a.pptx", [Slide(words + shapes, related=related)], parts=parts
        )
        extraction = with_ocr(path, PPTX, Limits(seconds=7))
        assert extraction.leaves[0].text == f"Three new words\n{SHOT}"
        found = [n.message for n in extraction.notices if n.code == "text-cut"]
        assert len(found) == 1 and "the pictures of 1 slide (slide 1)." in found[0]


def test_a_picture_that_cannot_be_read_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine may fail on one; the page's words and the other pictures stay."""
    answers = iter([None, [OcrLine("Three new words", 0.9)]])

    def lines(_: object) -> list[OcrLine]:
        answer = next(answers)
        if answer is None:
            raise MemoryError
        return answer

    monkeypatch.setattr(ocr, "read_lines", lines)
    path = pages(tmp_path / "a.pdf", page("One", "red"), page("Two", "blue"))
    extraction = with_ocr(path, PDF)
    assert [(leaf.title, leaf.text) for leaf in extraction.leaves] == [
        ("One", ""), ("Two", "Three new words"),
    ]  # fmt: skip
    assert "the pictures of 1 page (page 1)." in extraction.notices[0].message


def test_a_damaged_file_keeps_what_was_read_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one library reads and the other cannot draw has its words, and its notice."""
    path = pages(tmp_path / "a.pdf", page("Words of a damaged file", "red"))
    monkeypatch.setattr("coproarchive.extract.pdf.opened_document", lambda _: None)
    monkeypatch.setattr("coproarchive.extract.pdf.is_locked", lambda: False)

    def refused(_: Path) -> None:
        raise UnreadableError("this PDF cannot be drawn.")

    monkeypatch.setattr("coproarchive.extract.pdf_pictures.opened_for_drawing", refused)
    damaged = with_ocr(path, PDF)
    assert damaged.leaves[0].title == "Words of a damaged file"
    assert [n.code for n in damaged.notices] == ["file-damaged"]
