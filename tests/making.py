"""Makes the small files and the invented archive that tests run on. Nobody in it is real."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from coproarchive.model import (
    Contribution,
    Item,
    Kind,
    Link,
    Person,
    Relation,
    Role,
    Seminar,
    Series,
    Session,
    Topic,
    Visibility,
    Withdrawn,
    WordSource,
)
from coproarchive.store import Store

SEMINAR = "1-baking"
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def make_pdf(path: Path, pages: list[str]) -> Path:
    """A PDF with a line of text on each page, written by hand."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        lines = "".join(f"({line}) Tj 0 -24 Td " for line in escaped.split("\n"))
        content = f"BT /F1 18 Tf 72 700 Td {lines}ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 "
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> "
            f"/Contents {len(objects) + 2} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    out += "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.encode("latin-1"))
    return path


def make_deck(path: Path, *, extra_title: str = "") -> Path:
    """A deck with every place words can stand in: five slides, the last one hidden."""
    presentation = Presentation()
    layout = presentation.slide_layouts
    first = presentation.slides.add_slide(layout[0])
    first.shapes.title.text = extra_title or "Bread for all"
    first.placeholders[1].text = "by Ada Baker"
    second = presentation.slides.add_slide(layout[1])
    second.shapes.title.text = "Sourdough"
    second.placeholders[1].text = "Feed the starter\nWait for a day"
    second.notes_slide.notes_text_frame.text = "Remember the rye anecdote"
    third = presentation.slides.add_slide(layout[5])
    third.shapes.title.text = "Flours"
    table = third.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for n, text in enumerate(("Flour", "Protein", "Spelt", "High")):
        table.cell(n // 2, n % 2).text = text
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(
        Inches(1), Inches(5), Inches(3), Inches(1)
    ).text_frame.text = "Millstone"
    fourth = presentation.slides.add_slide(layout[5])
    fourth.shapes.title.text = "Loaves a day"
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["Monday", "Tuesday"]
    data.add_series("Baguettes", (3, 4))  # type: ignore[no-untyped-call]
    fourth.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(2), Inches(5), Inches(3), data
    )
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "#aa7744").save(buffer, "PNG")
    picture = fourth.shapes.add_picture(buffer, Inches(7), Inches(2))
    next(picture._element.iter("{*}cNvPr")).set("descr", "A brown crust seen closely")
    hidden = presentation.slides.add_slide(layout[5])
    hidden.shapes.title.text = "Secret recipe"
    hidden._element.set("show", "0")
    path.parent.mkdir(parents=True, exist_ok=True)
    presentation.save(str(path))
    return path


def make_archive(root: Path) -> Path:
    """Two seminars' worth of invented talks: public, hidden, withdrawn and hostile ones."""
    series = Series(title="Talks on bread", description="An invented series.", languages=("en-GB",))
    store = Store.create(root, series)
    for person in (
        Person(id="ada-baker", names=("Ada Baker", "A. Baker"), affiliations=("Oven College",)),
        Person(id="bo-miller", names=("Bo Miller",)),
        Person(id="cy-secret", names=("Cy Secret",)),
        Person(id="hostile", names=(f"Eve {HOSTILE}",)),
    ):
        store.save_person(person)
    store.save_topic(Topic(id="sourdough", label="Sourdough", alternatives=("levain",)))
    store.save_topic(Topic(id="milling", label="Milling"))
    store.save_topic(Topic(id="hidden-topic", label="Hidden topic"))
    store.save_seminar(
        Seminar(
            id=SEMINAR,
            title="Seminar 1: Baking together",
            date="2018-05-04",
            place="Crumbtown",
            programme=(
                Session(
                    start="10:00",
                    end="11:00",
                    title="Bread for all",
                    people=(Contribution(person="ada-baker"),),
                    item=f"{SEMINAR}/bread-for-all",
                ),
                Session(start="11:00", title="Secret", item=f"{SEMINAR}/hidden-talk"),
            ),
        )
    )
    work = root.parent / "made"
    files = {
        "deck": make_deck(work / "bread.pptx"),
        "pdf": make_pdf(
            work / "mill.pdf", ["The wind mill\nStones turn slowly", "Grist and grain"]
        ),
        "post": work / "post.md",
        "hostile": work / "hostile.md",
        "secret": work / "secret.md",
    }
    files["post"].write_text("# On co-production of bread\n\nBakers and eaters bake together.\n")
    files["hostile"].write_text(f"# Title\n\nEvil `{HOSTILE}` loaf\n")
    files["secret"].write_text("# Zanzibar\n\nThe unspeakable zanzibar loaf by Cy Secret.\n")
    for item, name, source in _items(files):
        store.add_item(item, {name: source} if source else {})
    return root


def _items(files: dict[str, Path]) -> list[tuple[Item, str, Path | None]]:
    by_ada = (Contribution(person="ada-baker"),)
    return [
        (
            Item(
                id=f"{SEMINAR}/bread-for-all",
                title="Bread for all",
                abstract="Why everybody should bake.",
                people=by_ada,
                topics=("sourdough",),
                release=(WordSource.NOTES, WordSource.COMMENTS),
                relations=(
                    Relation(type="is-about", item="a-post"),
                    Relation(type="references", item=f"{SEMINAR}/hidden-talk"),
                ),
            ),
            "bread.pptx",
            files["deck"],
        ),
        (
            Item(
                id="windmills",
                title="Windmills",
                people=(Contribution(person="bo-miller", role=Role.KEYNOTE),),
                topics=("milling",),
                date="2017",
            ),
            "mill.pdf",
            files["pdf"],
        ),
        (
            Item(
                id="a-post",
                kind=Kind.POST,
                title="On co-production of bread",
                people=(*by_ada, Contribution(person="bo-miller")),
                topics=("sourdough", "milling"),
                date="2019-01",
                source="https://blog.example/2019/01/on-bread/",
            ),
            "post.md",
            files["post"],
        ),
        (
            Item(
                id="hostile",
                kind=Kind.POST,
                title=f"Loaf {HOSTILE}",
                people=(Contribution(person="hostile"),),
            ),
            "hostile <b>.md".replace("<b>", "b"),
            files["hostile"],
        ),
        (
            Item(
                id=f"{SEMINAR}/hidden-talk",
                title="Zanzibar",
                people=(Contribution(person="cy-secret"),),
                topics=("hidden-topic",),
                visibility=Visibility.HIDDEN,
            ),
            "secret.md",
            files["secret"],
        ),
        (
            Item(
                id="withdrawn",
                title="A withdrawn talk",
                abstract="The unspeakable zanzibar abstract.",
                people=(Contribution(person="cy-secret"),),
                topics=("hidden-topic",),
                withdrawn=Withdrawn(date="2020-01-01", reason="The speaker asked for it."),
            ),
            "",
            None,
        ),
        (
            Item(
                id="held-elsewhere",
                title="A talk held elsewhere",
                held_at=(Link(label="the bakery", url="https://example.org/talk"),),
            ),
            "",
            None,
        ),
    ]
