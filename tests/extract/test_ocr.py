"""Words in pictures: read by a machine where the extra is installed, and said to be so."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image, ImageColor, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

import deck_parts
from coproarchive.extract import ocr
from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.table import extract
from coproarchive.extract.worker import Reader
from coproarchive.model import Part, Source
from deck_parts import Slide
from ocr_fakes import read, slow

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def picture(text: str) -> bytes:
    """A PNG of large words."""
    image = Image.new("RGB", (900, 300), "white")
    font = ImageFont.load_default(60)
    ImageDraw.Draw(image).text((40, 90), text, font=font, fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def scan(path: Path, *texts: str) -> Path:
    """A PDF of pictures."""
    pen = canvas.Canvas(str(path), pagesize=(900, 300))
    for text in texts:
        pen.drawImage(ImageReader(io.BytesIO(picture(text))), 0, 0, 900, 300)
        pen.showPage()
    pen.save()
    return path


def test_pages_without_text_get_what_the_machine_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its confidence; a page on which it found nothing keeps its notice, without advice to
    install what is there."""
    read(monkeypatch, "Shared bread\nSeason 2017\n0.5", "")
    path = scan(tmp_path / "s.pdf", "Shared bread", "")
    extraction = extract(path, PDF, Limits(), Helpers(ocr=True))
    found = Part(Source.OCR, "Shared bread\nSeason 2017", 0.9)
    assert [leaf.parts for leaf in extraction.leaves] == [(found,), ()]
    (notice,) = extraction.notices
    assert (notice.code, notice.leaf) == ("leaf-without-text", 2)
    assert "install" not in notice.hint
    assert extraction.extractor.endswith(" + ocr 3")


def test_slides_that_are_pictures_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of any size where a slide has nothing else."""
    read(monkeypatch, "Crust")
    related = {"p": ("image", "../media/a.png", False)}
    deck = deck_parts.make(
        tmp_path / "d.pptx",
        [Slide(deck_parts.picture("p", 900_000, 500_000), related=related), Slide()],
        parts={"media/a.png": picture("Crust")},
    )
    extraction = extract(deck, PPTX, Limits(), Helpers(ocr=True))
    assert [leaf.text for leaf in extraction.leaves] == ["Crust", ""]
    assert [(n.code, n.leaf) for n in extraction.notices if "text" in n.code] == [
        ("leaf-without-text", 2)
    ]


def test_what_there_was_no_time_for_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long scan is read as far as the limit goes; the rest is named, not dropped."""
    path = scan(tmp_path / "s.pdf", "One", "Two", "Three")
    slow(monkeypatch)
    read(monkeypatch, "One", "Two")
    extraction = extract(path, PDF, Limits(seconds=10), Helpers(ocr=True))
    assert [leaf.text for leaf in extraction.leaves] == ["One", "Two", ""]
    (notice,) = [n for n in extraction.notices if n.leaf]
    assert (notice.code, notice.leaf) == ("text-cut", 3)
    assert "COPROARCHIVE_READ_SECONDS" in notice.hint


def test_broken_and_huge_pictures_are_passed_over() -> None:
    """A picture file is opened only within bounds."""
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert ocr.open_picture(bomb.getvalue()) is None
    assert ocr.open_picture(picture("x")[:200]) is None
    assert ocr.open_picture(b"GIF89a") is None
    opened = ocr.open_picture(picture("x"))
    assert opened is not None and opened.size == (900, 300)


@pytest.mark.parametrize(
    ("size", "given"),
    [((900, 100), [(900, 450)]), ((50, 400), [(200, 400)]), ((600, 500), [(600, 500)]),
     ((3000, 300), [(1000, 500)]), ((60, 1500), [(500, 1000), (280, 560)]),
     ((2000, 10000), [(1000, 2000), (1000, 2000), (1000, 1120)])],
)  # fmt: skip
def test_strips_are_not_made_huge(
    size: tuple[int, int], given: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the machine is given is at most twice as long as wide, and has a bounded width.

    Pieces of a long picture overlap, so that no line is cut in two.
    """
    shapes = []

    def engine(pixels: Any) -> SimpleNamespace:
        shapes.append((pixels.shape[1], pixels.shape[0]))
        return SimpleNamespace(txts=("Bread",), scores=(0.9,))

    monkeypatch.setattr(ocr, "_engine", lambda: engine)
    for piece in ocr.pieces_of(Image.new("L", size)):
        assert ocr.read_lines(piece) == [ocr.OcrLine("Bread", 0.9)]
    assert shapes == given


@pytest.mark.parametrize(
    ("drawn", "paper"), [("black", "white"), ("white", "black"), ("red", "white")]
)
def test_what_is_drawn_on_nothing_can_be_read(drawn: str, paper: str) -> None:
    """Black letters without a background stay black on white; white ones white on black."""
    seen: list[Image.Image] = []
    clear = Image.new("RGBA", (60, 40))
    clear.paste(Image.new("RGB", (20, 20), drawn), (10, 10))
    indexed = clear.quantize(4)
    for image in (clear, indexed):
        seen.append(ocr.on_paper(image))
    seen.append(ocr.on_paper(Image.new("RGBA", (60, 40), drawn)))
    expected = [ImageColor.getrgb(colour) for colour in (drawn, paper)]
    for image in seen[:2]:
        assert [image.getpixel(at) for at in ((20, 20), (2, 2))] == expected
    assert seen[2].getpixel((2, 2)) == expected[0]
    chart = Image.new("RGBA", (60, 40))
    chart.paste(Image.new("RGB", (40, 30), "white"), (10, 5))
    chart.paste(Image.new("RGB", (8, 6), drawn), (0, 0))
    assert ocr.on_paper(chart).getpixel((55, 38)) == expected[1]


@pytest.mark.timeout(170)
def test_the_machine_itself_reads(tmp_path: Path) -> None:
    """Real recognition of a real picture."""
    pytest.importorskip("rapidocr")
    path = scan(tmp_path / "s.pdf", "Shared decisions in care")
    with Reader(tmp_path / "i" / "extracted", Limits(workers=1), read_pictures=True) as reader:
        # In a worker, where nothing may be written, fetched or started.
        (leaf,) = reader.read(path, "a" * 64, PDF).leaves
    (part,) = leaf.parts
    assert part.source is Source.OCR
    assert "shared decisions" in part.text.lower()
    assert part.confidence is not None and part.confidence > 0.8
    assert ocr.read_lines(Image.new("RGB", (300, 200), "white")) == []
