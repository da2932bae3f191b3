"""Make the files that the bundled archive's makers prepared: python scripts/make_bundled.py.

Two decks, one PDF and three posts, from the public facts of the series in our own words. Every run
makes the same bytes, so that the records' hashes hold; the records themselves are written by the
store, as `coproarchive add` would.
"""

from __future__ import annotations

import datetime
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bundled_content import (
    DECKS,
    POSTS,
    PROGRAMME_PDF,
    Bullets,
    Chart,
    Deck,
    Grid,
    Picture,
    Slide,
)

ROOT = Path(__file__).resolve().parents[1]
MADE = datetime.datetime(2026, 11, 23, 12, 0, 0)
INK, ACCENT, PAPER, QUIET = "1D282D", "0A5961", "FBF8F2", "566063"
BY = "Prepared by the archive, from the public programme"


# ------------------------------------------------------------------- decks


def deck_bytes(deck: Deck) -> bytes:
    """A 16:9 deck with real titles, bullets, tables, notes, a chart and described pictures."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)
    core = presentation.core_properties
    core.title, core.author, core.language = deck.title, "The archive", "en-GB"
    core.created = core.modified = MADE
    core.last_modified_by = "The archive"
    core.revision = 1
    _opening(presentation, deck)
    for slide in deck.slides:
        _slide(presentation, slide)
    buffer = io.BytesIO()
    presentation.save(buffer)
    return same_every_time(buffer.getvalue())


def _opening(presentation: Any, deck: Deck) -> None:
    slide = presentation.slides.add_slide(presentation.slide_layouts[0])
    _background(slide, ACCENT)
    title, subtitle = slide.shapes.title, slide.placeholders[1]
    _place(title, 0.9, 1.9, 11.5, 2.2)
    _place(subtitle, 0.9, 4.3, 11.5, 1.6)
    title.text, subtitle.text = deck.title, f"{deck.subtitle}\n{BY}"
    _type(title.text_frame, 46, "FFFFFF", bold=True)
    _type(subtitle.text_frame, 24, "E9F2F2")
    slide.notes_slide.notes_text_frame.text = deck.notes


def _slide(presentation: Any, content: Slide) -> None:
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    _background(slide, PAPER)
    band = slide.shapes.add_shape(
        MSO_SHAPE.RECTANGLE, 0, 0, Inches(0.28), presentation.slide_height
    )
    band.fill.solid()
    band.fill.fore_color.rgb = colour_of(ACCENT)
    band.line.fill.background()
    title = slide.shapes.title
    _place(title, 0.9, 0.5, 11.6, 1.1)
    title.text = content.title
    _type(title.text_frame, 36, INK, bold=True)
    body = content.body
    if isinstance(body, Bullets):
        _bullets(slide, body)
    elif isinstance(body, Grid):
        _grid(slide, body)
    elif isinstance(body, Chart):
        _chart(slide, body)
    else:
        _picture(slide, body)
    slide.notes_slide.notes_text_frame.text = content.notes


def _bullets(slide: Any, body: Bullets) -> None:
    box = slide.shapes.add_textbox(Inches(0.9), Inches(1.9), Inches(11.4), Inches(5))
    frame = box.text_frame
    frame.word_wrap = True
    for number, line in enumerate(body.lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = line
        paragraph.space_after = Pt(16)
        properties = paragraph._p.get_or_add_pPr()
        properties.set("marL", str(Inches(0.35)))
        properties.set("indent", str(-Inches(0.35)))
        bullet = properties.makeelement(qn("a:buChar"), {"char": "•"})
        properties.append(bullet)
    _type(frame, 26, INK)


def _grid(slide: Any, body: Grid) -> None:
    rows, columns = len(body.rows), len(body.rows[0])
    shape = slide.shapes.add_table(
        rows, columns, Inches(0.9), Inches(1.7), Inches(11.5), Inches(0.45 * rows)
    )
    table = shape.table
    for column, width in enumerate(body.widths):
        table.columns[column].width = Inches(width)
    for r, row in enumerate(body.rows):
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            cell.text = text
            cell.fill.solid()
            cell.fill.fore_color.rgb = colour_of(
                ACCENT if r == 0 else "FFFFFF" if r % 2 else "EEF3F1"
            )
            _type(cell.text_frame, 17, "FFFFFF" if r == 0 else INK, bold=r == 0)


def _chart(slide: Any, body: Chart) -> None:
    data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = list(body.values)
    data.add_series(body.series, list(body.values.values()))
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, Inches(0.9), Inches(1.8), Inches(11.4), Inches(5.2), data
    )
    chart = frame.chart
    chart.has_title, chart.has_legend = True, False
    chart.chart_title.text_frame.text = body.series
    chart.font.size = Pt(18)
    plot = chart.plots[0]
    plot.has_data_labels, plot.gap_width = True, 60
    plot.series[0].format.fill.solid()
    plot.series[0].format.fill.fore_color.rgb = colour_of(ACCENT)
    chart.category_axis.reverse_order = True
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    _describe(frame, body.alt)


def _picture(slide: Any, body: Picture) -> None:
    picture = slide.shapes.add_picture(
        io.BytesIO(drawing(body)), Inches(0.9), Inches(1.8), width=Inches(11.4)
    )
    _describe(picture, body.alt)


def _describe(shape: Any, alt: str) -> None:
    """The description that a screen reader says."""
    properties = next(shape._element.iter("{*}cNvPr"))
    properties.set("descr", alt)


def colour_of(hexadecimal: str) -> Any:
    """A colour as python-pptx wants it."""
    return RGBColor.from_string(hexadecimal)  # type: ignore[no-untyped-call]


def _background(slide: Any, colour: str) -> None:
    fill = slide.background.fill
    fill.solid()
    fill.fore_color.rgb = colour_of(colour)


def _place(shape: Any, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top = Inches(left), Inches(top)
    shape.width, shape.height = Inches(width), Inches(height)


def _type(frame: Any, size: int, colour: str, bold: bool = False) -> None:
    for paragraph in frame.paragraphs:
        paragraph.alignment = 1
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(size), bold
            run.font.color.rgb = colour_of(colour)


def drawing(picture: Picture) -> bytes:
    """Boxes in a row with arrows between, as PNG."""
    width, height, gap = 2280, 900, 60
    image = Image.new("RGB", (width, height), f"#{PAPER}")
    draw = ImageDraw.Draw(image)
    count = len(picture.boxes)
    box = (width - gap * (count - 1)) // count
    large, small = ImageFont.load_default(84), ImageFont.load_default(64)
    for n, (head, text) in enumerate(picture.boxes):
        left = n * (box + gap)
        draw.rounded_rectangle(
            (left, 120, left + box, 780), 36, fill="#FFFFFF", outline=f"#{ACCENT}", width=6
        )
        draw.rounded_rectangle((left, 120, left + box, 260), 36, fill=f"#{ACCENT}")
        draw.rectangle((left, 220, left + box, 260), fill=f"#{ACCENT}")
        draw.text((left + box / 2, 190), head, font=large, fill="#FFFFFF", anchor="mm")
        draw.multiline_text(
            (left + box / 2, 520),
            text,
            font=small,
            fill=f"#{INK}",
            anchor="mm",
            align="center",
            spacing=18,
        )
        if n + 1 < count:
            x = left + box + gap // 2
            draw.polygon([(x - 18, 425), (x - 18, 475), (x + 22, 450)], fill=f"#{QUIET}")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def same_every_time(data: bytes) -> bytes:
    """The zip file with the clock taken out of it, inside workbooks of charts too."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in sorted(old.namelist()):
            member = old.read(name)
            if name.endswith(".xlsx"):
                member = same_every_time(member)
            if (
                name == "docProps/core.xml"
                and b"xlsx" not in member
                and b"dcterms:created" in member
            ):
                member = _fixed_clock(member)
            info = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, member)
    return out.getvalue()


def _fixed_clock(member: bytes) -> bytes:
    stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    fixed: bytes = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, member)
    return fixed


# --------------------------------------------------------------------- PDF


def pdf_bytes() -> bytes:
    """The programme of the day and who took part, on A4."""
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, invariant=True, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=22 * mm,
        title=PROGRAMME_PDF.title, author="The archive", lang="en-GB",
        subject=BY,
    )  # fmt: skip
    ink, accent = colors.HexColor(f"#{INK}"), colors.HexColor(f"#{ACCENT}")
    head = ParagraphStyle(
        "head", fontName="Times-Bold", fontSize=24, leading=29, textColor=accent, spaceAfter=8
    )
    body = ParagraphStyle(
        "body", fontName="Helvetica", fontSize=12, leading=17, textColor=ink, spaceAfter=8
    )
    cell = ParagraphStyle("cell", parent=body, fontSize=11, leading=14, spaceAfter=0)
    story: list[object] = []
    for number, (title, paragraphs, rows) in enumerate(PROGRAMME_PDF.pages):
        if number:
            story.append(PageBreak())
        story.append(_Outlined(title, head))
        story += [Paragraph(text, body) for text in paragraphs]
        if rows:
            table = Table(
                [[Paragraph(text, cell) for text in row] for row in rows],
                colWidths=[34 * mm, 132 * mm],
            )
            table.setStyle(
                TableStyle(
                    [
                        ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.HexColor("#DDD4C5")),
                        ("VALIGN", (0, 0), (-1, -1), "TOP"),
                        ("TOPPADDING", (0, 0), (-1, -1), 6),
                        ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
                    ]
                )
            )
            story += [Spacer(1, 4 * mm), table]
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return buffer.getvalue()


class _Outlined(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A heading that is also an entry of the PDF's outline."""

    def draw(self) -> None:
        text = self.getPlainText()
        self.canv.bookmarkPage(text)
        self.canv.addOutlineEntry(text, text, 0)
        super().draw()


def _foot(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 9)
    canvas.setFillColor(colors.HexColor(f"#{QUIET}"))
    canvas.drawString(22 * mm, 12 * mm, f"{BY} · page {document.page}")
    canvas.restoreState()


def all_files() -> dict[str, bytes]:
    """Path below archive/ -> bytes, of every file that is made here."""
    made = {deck.path: deck_bytes(deck) for deck in DECKS}
    made[PROGRAMME_PDF.path] = pdf_bytes()
    return made | {path: text.encode() for path, text in POSTS.items()}


def main(folder: Path) -> None:
    """Write them below a folder."""
    for path, data in all_files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        print(path, len(data))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "archive")
