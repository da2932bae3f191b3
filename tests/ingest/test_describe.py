"""A folder is described: by slides, names and what lies beside; every guess says from where."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pptx import Presentation
from typer.testing import CliRunner

from coproarchive.catalogue import Catalogue
from coproarchive.cli import app
from coproarchive.errors import IngestError
from coproarchive.extract.base import Extraction, Limits, Metadata, PlacedLine
from coproarchive.extract.cache import packed, unpacked
from coproarchive.extract.made_up import authors_in
from coproarchive.extract.table import extract
from coproarchive.extract.text import real_title
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.describe import DATE, SPEAKER, SURE, Description, dates, describe
from coproarchive.ingest.describe.dates import find_dates
from coproarchive.ingest.describe.file_names import taken_apart
from coproarchive.ingest.describe.surroundings import Surroundings
from coproarchive.ingest.folder_plan import DescribeOptions, add_folder, plan_folder
from coproarchive.ingest.guesses import unconfirmed_guesses
from coproarchive.ingest.propose import propose
from coproarchive.library import Library
from coproarchive.model import Leaf, Part, Series, Source
from coproarchive.store import Store, media_type_of_file


@pytest.fixture
def nothing(tmp_path: Path) -> Catalogue:
    """An archive that knows nobody."""
    return Catalogue.load(Store.create(tmp_path / "nothing", Series(title="New")))


def cover(
    *lines: tuple[float, str] | tuple[float, str, str],
    more: tuple[str, ...] = (),
    metadata: Metadata | None = None,
) -> Extraction:
    """A deck whose first slide has these lines: height of letters, text, role."""
    placed = [
        PlacedLine(1, line[1], line[0], 0.1 + 0.1 * n, line[2] if len(line) > 2 else "")
        for n, line in enumerate(lines)
    ]
    texts = ("\n".join(line[1] for line in lines), *more)
    leaves = tuple(
        Leaf(n, "slide", "", (Part(Source.TEXT, text),)) for n, text in enumerate(texts, start=1)
    )
    return Extraction(leaves, (), metadata or Metadata(), "pdf 6", tuple(placed))


def described(
    catalogue: Catalogue, extraction: Extraction, name: str = "0001.pdf"
) -> tuple[str, list[str], str]:
    """Return title, speakers and date that would be written."""
    description = describe(Path(name), extraction, catalogue)
    dates = description.of(DATE, SURE)
    return (
        description.title.value,
        [guess.value for guess in description.of(SPEAKER, SURE)],
        dates[0].value if dates else "",
    )


TITLE_SLIDES = [
    # The largest letters, over two lines; a small line above; who and when below.
    (
        [(0.02, "Dept of Soil, Oven College"), (0.09, "Growing rye in"), (0.09, "the north"),
         (0.04, "Ada Baker"), (0.03, "2 May 2024")],
        ("Growing rye in the north", ["Ada Baker"], "2024-05-02"),
    ),
    # What a footer, an address, a right and a number say is no title.
    (
        [(0.12, "https://example.org/rye"), (0.12, "© 2019 Acme Inc."), (0.12, "12"),
         (0.08, "Growing rye"), (0.03, "ada.baker@example.org"), (0.03, "Ada Baker")],
        ("Growing rye", ["Ada Baker"], ""),
    ),
    # Several people, with where they are from, marks and titles.
    (
        [(0.09, "Yeast and its kin"), (0.03, "Dr Ada Baker¹, Ben Carter² and Chris Miller³"),
         (0.02, "¹Oven College, ²Institute of Dough, ³Mill Research Ltd")],
        ("Yeast and its kin", ["Ada Baker", "Ben Carter", "Chris Miller"], ""),
    ),
    # After a label, also of other languages; a name without a known given name.
    (
        [(0.09, "Der Sauerteig"), (0.04, "Referentin: Xyra Quvelin"), (0.03, "15. März 2021")],
        ("Der Sauerteig", ["Xyra Quvelin"], "2021-03-15"),
    ),
    # Marks of footnotes behind names, and names that a wide space stood between.
    (
        [(0.09, "Two doughs"), (0.03, "Ada Baker1 Ben Carter2"), (0.03, "Clara Miller Jan Becker")],
        ("Two doughs", ["Ada Baker", "Ben Carter", "Clara Miller", "Jan Becker"], ""),
    ),
    # What somebody is stands behind the name without a comma; labels are no titles.
    (
        [(0.06, "Title: Rye by night"), (0.06, "Author: Ada Baker"), (0.06, "Date: 2 May 2024")],
        ("Rye by night", ["Ada Baker"], "2024-05-02"),
    ),
    (
        [(0.09, "Rye by night"), (0.03, "Xuemei Zhang Software Engineer, Oven Group"),
         (0.03, "Prof. dr. ir. Jan de Bakker"), (0.03, "ben.carter@example.org")],
        ("Rye by night", ["Xuemei Zhang", "Jan de Bakker", "Ben Carter"], ""),
    ),
    # Capitals; a handle that is made of the name.
    (
        [(0.09, "SOURDOUGH AT SCALE"), (0.04, "ADA BAKER"), (0.03, "@adabaker"),
         (0.03, "MAY 2, 2019")],
        ("SOURDOUGH AT SCALE", ["Ada Baker"], "2019-05-02"),
    ),
    # Chinese.
    (
        [(0.09, "面包的未来"), (0.04, "王小麦 - 面粉公司"), (0.03, "2025年3月15日")],
        ("面包的未来", ["王小麦"], "2025-03-15"),
    ),
    # A title that ends with a colon goes on below.
    (
        [(0.09, "Bread:"), (0.06, "how it rises"), (0.03, "by Ada Baker")],
        ("Bread: how it rises", ["Ada Baker"], ""),
    ),
    # Places, houses, products and things that are written as names are.
    (
        [(0.09, "Ovens"), (0.03, "San Francisco"), (0.03, "Palo Alto, California"),
         (0.03, "Open Source Summit"), (0.03, "Machine Learning"), (0.03, "New York University"),
         (0.03, "Software Engineer"), (0.03, "Texas USA")],
        ("Ovens", [], ""),
    ),
    # Particles and accents, which stand elsewhere in a text of that language too.
    (
        [(0.09, "Mikroben im Boden von der Saat bis zur Ernte"),
         (0.03, "Prof. Dr. Annegret von der Heide"), (0.03, "João Pedro dos Santos Almeida"),
         (0.03, "Nguyễn Thị Minh Khai"), (0.03, "Giulia D'Ambrosio"), (0.03, "Håkon Bergsvik"),
         (0.03, "Ibrahim ibn Yusuf al-Qahtani")],
        ("Mikroben im Boden von der Saat bis zur Ernte",
         ["Annegret von der Heide", "João Pedro dos Santos Almeida", "Nguyễn Thị Minh Khai",
          "Giulia D'Ambrosio", "Håkon Bergsvik", "Ibrahim ibn Yusuf al-Qahtani"], ""),
    ),
    # A surname in capitals first; a title tells a person; where somebody is from is nobody.
    (
        [(0.09, "Two doughs"), (0.03, "KLEIN, Marguerite"), (0.03, "Dr. Xyru Quvelin MBE"),
         (0.03, "Åsa Lindqvist, SLU Uppsala"), (0.03, "A talk by Ben Carter for the Bread Group")],
        ("Two doughs", ["Marguerite Klein", "Xyru Quvelin", "Åsa Lindqvist", "Ben Carter"], ""),
    ),
    # Each line below a label; another kind of line ends it.
    (
        [(0.09, "Two doughs"), (0.03, "Speakers"), (0.03, "Xyra Quvelin"), (0.03, "Bongi Zwane"),
         (0.03, "24 participants"), (0.03, "Sourdough Starter")],
        ("Two doughs", ["Xyra Quvelin", "Bongi Zwane"], ""),
    ),
    # What is named after people, parts of a course and thanks are neither names nor titles.
    (
        [(0.09, "Hadley Cells and Trade Winds"), (0.03, "Lecture 4")],
        ("Hadley Cells and Trade Winds", [], ""),
    ),
    ([(0.09, "Fisher Information Explained")], ("Fisher Information Explained", [], "")),
    (
        [(0.09, "Workshop 3"), (0.06, "Reading maps"), (0.03, "Keynote speaker: Ada Baker")],
        ("Reading maps", ["Ada Baker"], ""),
    ),
    (
        [(0.09, "Thank you for having me!"), (0.07, "Slugs, and what eats them")],
        ("Slugs, and what eats them", [], ""),
    ),
    # Whom the talk thanks, quotes or was advised by is not who gave it.
    (
        [(0.09, "Ovens"), (0.03, "Thanks to Ada Baker"), (0.03, "Photo: Ben Carter"),
         (0.03, "Supervisor: Chris Miller")],
        ("Ovens", [], ""),
    ),
    # A year of a right, a version or of what the talk is about is not its date.
    (
        [(0.09, "Baking in 1999"), (0.03, "© 2015 Oven College"), (0.03, "Version 2, 3 May 2016")],
        ("Baking in 1999", [], ""),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), TITLE_SLIDES)
def test_a_title_slide_says_what_who_and_when(
    nothing: Catalogue, lines: list[tuple[float, str]], expected: tuple[str, list[str], str]
) -> None:
    """Where the file's name says nothing."""
    assert described(nothing, cover(*lines)) == expected


def test_a_splash_and_a_drawing_are_no_title_slides(nothing: Catalogue) -> None:
    """The second slide says it then; or the name, where the first is a drawing."""
    placed = (
        PlacedLine(1, "www.example.org/learn", 0.05, 0.9),
        PlacedLine(2, "Growing rye", 0.09, 0.3),
        PlacedLine(2, "Ada Baker", 0.04, 0.5),
    )
    leaves = (Leaf(1, "page", "www.example.org/learn"), Leaf(2, "page", "Growing rye"))
    splash = Extraction(leaves, placed=placed)
    assert described(nothing, splash) == ("Growing rye", ["Ada Baker"], "")
    drawing = cover((0.04, "Oven"), (0.04, "Mill house"), (0.04, "Field of rye"), (0.04, "Store"))
    assert described(nothing, drawing, "from field to bread.pdf")[0] == "From field to bread"
    assert described(nothing, drawing, "0001.pdf")[0] != "0001"


def test_front_matter_of_decks_is_by_hand(nothing: Catalogue) -> None:
    """Its author and date are written; those that a program put into a PDF are not."""
    metadata = Metadata(title="Growing rye", authors=("Xyra Quvelin",), date="2024-05-02")
    slide = cover((0.0, "Growing rye", "title"), metadata=metadata)
    by_hand = describe(Path("deck.md"), slide, nothing, is_by_hand=True)
    assert [g.value for g in by_hand.of(SPEAKER, SURE)] == ["Xyra Quvelin"]
    assert [g.value for g in by_hand.of(DATE, SURE)] == ["2024-05-02"]
    made = describe(Path("deck.pdf"), slide, nothing)
    assert not made.of(SPEAKER, SURE)
    assert not made.of(DATE, SURE)


def test_words_of_the_folders_talks_are_no_names(nothing: Catalogue) -> None:
    """What other talks write in small letters is no name; what nobody does may be one."""
    words = frozenset(f"word{n}" for n in range(3_000)) | {"elastic", "oven"}
    around = Surroundings(vocabulary=words)
    slide = cover(
        (0.09, "Growing rye"), (0.03, "Elastic Oven, Mill Institute"),
        (0.03, "Xyra Quvelin, Oven College"),
    )  # fmt: skip
    description = describe(Path("0001.pdf"), slide, nothing, around)
    assert [g.value for g in description.of(SPEAKER, SURE)] == ["Xyra Quvelin"]


def test_metadata_never_win_alone(nothing: Catalogue) -> None:
    """A stale title and a template's author lose to the slide; both are offered no further."""
    metadata = Metadata(title="Acme quarterly", authors=("Windows User",))
    slide = cover((0.09, "Growing rye"), (0.03, "Ada Baker"), metadata=metadata)
    assert described(nothing, slide, "talk.pptx") == ("Growing rye", ["Ada Baker"], "")
    bare = Extraction((Leaf(1, "page"),), metadata=Metadata(title="Acme", authors=("Ben Carter",)))
    description = describe(Path("growing rye.pdf"), bare, nothing)
    assert description.title.value == "Growing rye"
    assert [g.confidence < SURE for g in description.of(SPEAKER)] == [True]


def test_notes_and_hidden_slides_tell_nothing(nothing: Catalogue) -> None:
    """What is withheld from readers goes into no record."""
    leaves = (
        Leaf(1, "slide", "", (Part(Source.TEXT, "Secret plan\nby Ada Baker"),), hidden=True),
        Leaf(2, "slide", "Growing rye", (Part(Source.NOTES, "by Ben Carter, 2 May 2024"),)),
    )
    placed = (
        PlacedLine(1, "Secret plan", 0.2, 0.1, "title"),
        PlacedLine(1, "by Ada Baker", 0.1, 0.3),
        PlacedLine(2, "Growing rye", 0.1, 0.1, "title"),
    )
    description = describe(Path("0001.pptx"), Extraction(leaves, placed=placed), nothing)
    told = " ".join(f"{guess.value} {guess.line}" for guess in description.guesses)
    assert description.title.value == "Growing rye"
    assert "Secret" not in told
    assert "Baker" not in told
    assert "Carter" not in told


@pytest.mark.parametrize(
    ("name", "title", "speakers", "date"),
    [
        ("Growing rye - Ada Baker - Leeds 2024", "Growing rye", ["Ada Baker"], "2024"),
        ("growing_rye__ada_baker__05-02-2024", "Growing rye", ["Ada Baker"], "2024"),
        ("growing_rye__ada_baker__2024-05-02", "Growing rye", ["Ada Baker"], "2024-05-02"),
        ("2019-03-01-growing-rye", "Growing rye", [], "2019-03-01"),
        ("13-02-2019 growing rye", "Growing rye", [], "2019-02-13"),
        ("20190301 GrowingRye_final_v2", "Growing Rye", [], "2019-03-01"),
        ("03 Growing rye", "Growing rye", [], ""),
    ],
)
def test_a_name_alone_says_as_much_as_it_can(
    nothing: Catalogue, name: str, title: str, speakers: list[str], date: str
) -> None:
    """Of a file without words."""
    wordless = Extraction((Leaf(1, "page"),))
    assert described(nothing, wordless, f"{name}.pdf") == (title, speakers, date)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Thursday, 2nd May 2024", "2024-05-02"), ("May 2-4, 2024", "2024-05-02/2024-05-04"),
        ("2.–4. Mai 2024", "2024-05-02/2024-05-04"), ("le 2 mai 2024", "2024-05-02"),
        ("2 de mayo de 2024", "2024-05-02"), ("2 maja 2024", "2024-05-02"),
        ("2 мая 2024", "2024-05-02"), ("2024年5月2日", "2024-05-02"), ("2024/05/02", "2024-05-02"),
        ("20240502", "2024-05-02"), ("02.05.2024", "2024-05-02"), ("13/05/2024", "2024-05-13"),
        ("05/13/2024", "2024-05-13"), ("05/02/2024", "2024"), ("May 2024", "2024-05"),
        ("2024-05", "2024-05"), ("RyeCon 2024", "2024"), ("2018-06-09T18:30:00Z", "2018-06-09"),
        ("Wednesday, May 14, 14", "2014-05-14"), ("1024x768", ""), ("ISO 8601:2004", ""),
        ("31 February 2024", "2024-02"), ("grew by 2024%", ""), ("in 1066", ""),
    ],
)  # fmt: skip
def test_dates_in_many_languages(text: str, value: str) -> None:
    """Day first or month first is told by the numbers, or not at all."""
    assert "/".join(mention.value for mention in find_dates(text)) == value


def test_a_folder_tells_the_order_of_its_dates() -> None:
    """05-02 beside 05-16 is a month first."""
    assert taken_apart("rye 05-02-2024", is_day_first=False).dates[0][1].value == "2024-05-02"
    assert taken_apart("rye 05-02-2024", is_day_first=True).dates[0][1].value == "2024-02-05"


@pytest.mark.parametrize(
    "title",
    [
        "PowerPoint-Präsentation", "Presentazione standard di PowerPoint",
        "Презентация PowerPoint", "PowerPoint 演示文稿", "PowerPoint プレゼンテーション",
        "Prezentacja programu PowerPoint", "Presentación de PowerPoint", "Title Layout",
        "Click to edit Master title style", "Folie 1", "Slajd 3", "https://example.org/x",
        "reveal.js - The HTML Presentation Framework", "Microsoft Word - talk.doc", "Untitled 2",
        "Unbenannt", "talk.key", "© 2024 Acme", "(anonymous)"[:0],
    ],
)  # fmt: skip
def test_titles_that_programs_make_are_none(title: str) -> None:
    """In the languages of Office; of frameworks, addresses and rights too."""
    assert real_title(title) == ""


@pytest.mark.parametrize(
    ("title", "real"),
    [
        ("Slide 1: Growing rye", "Growing rye"), ("Copy of Growing rye", "Growing rye"),
        ("Using PowerPoint well", "Using PowerPoint well"),
        ("PowerPoint presentation of rye fields", "PowerPoint presentation of rye fields"),
        ("Presentation skills", "Presentation skills"), ("Growing rye", "Growing rye"),
    ],
)  # fmt: skip
def test_titles_that_people_give_stay(title: str, real: str) -> None:
    """Without what a program put before them."""
    assert real_title(title) == real


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Baker, Ada", ("Ada Baker",)), ("Ada Baker;Ben Carter", ("Ada Baker", "Ben Carter")),
        ("Ada Baker, Ben Carter", ("Ada Baker", "Ben Carter")),
        ("Ada Baker and Ben Carter", ("Ada Baker", "Ben Carter")),
        ("Windows User", ()), ("ada@example.org", ()), ("Microsoft Office User", ()),
        ("Benutzer", ()), ("python-pptx", ()), ("Ada Baker <ada@example.org>", ("Ada Baker",)),
    ],
)  # fmt: skip
def test_authors_of_metadata(author: str, names: tuple[str, ...]) -> None:
    """One with a comma is one; accounts and addresses are nobody."""
    assert authors_in(author) == names


def make_talk(path: Path, title: str, *lines: str, author: str = "") -> Path:
    """A deck with a title slide."""
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[0])
    slide.shapes.title.text = title
    slide.placeholders[1].text = "\n".join(lines)
    presentation.core_properties.author = author
    path.parent.mkdir(parents=True, exist_ok=True)
    presentation.save(str(path))
    return path


def test_extractions_carry_the_ends_as_laid_out(tmp_path: Path) -> None:
    """Of a deck and of a PDF; kept with the texts, also where an earlier version kept them."""
    deck = make_talk(tmp_path / "talk.pptx", "Growing rye", "Ada Baker")
    read = extract(deck, media_type_of_file(deck), Limits(placed_leaves=2))
    title, subtitle = read.placed or ()
    assert (title.text, title.role, subtitle.text, subtitle.role) == (
        "Growing rye", "title", "Ada Baker", "subtitle",
    )  # fmt: skip
    assert title.size > subtitle.size
    data = packed(read, Limits())
    assert unpacked(data)[0] == read
    pdf = tmp_path / "talk.pdf"
    pdf.write_bytes(sized_pdf([(36, "Growing rye"), (12, "Ada Baker")]))
    read = extract(pdf, media_type_of_file(pdf), Limits(placed_leaves=2))
    large, small = read.placed or ()
    assert (large.text, small.text) == ("Growing rye", "Ada Baker")
    assert large.size == pytest.approx(3 * small.size, rel=0.02)
    assert large.top < small.top


def sized_pdf(lines: list[tuple[int, str]]) -> bytes:
    """A PDF of one page with lines of given sizes, set by the matrix as some programs do."""
    content = "".join(
        f"BT /F1 1 Tf {size} 0 0 {size} 72 {700 - 60 * n} Tm ({text}) Tj ET\n"
        for n, (size, text) in enumerate(lines)
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 "
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> /Contents 4 0 R >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += "xref\n0 5\n0000000000 65535 f \n" + "".join(f"{o:010} 00000 n \n" for o in offsets)
    return (out + f"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Talks of two days, with a table that knows more of one of them."""
    root = tmp_path / "Rye days"
    make_talk(root / "2024-05-02 Leeds" / "a.pptx", "Growing rye", "Ada Baker")
    make_talk(root / "2024-05-02 Leeds" / "b.pptx", "Milling rye", "Xyra Quvelin")
    make_talk(root / "2024-06-07 York" / "c.pptx", "Baking rye", "Ben Carter")
    (root / "talks.csv").write_text(
        "file,title,speakers,date\n"
        "2024-06-07 York/c.pptx,Baking rye bread,Cy Bun; Di Oat,2024-06-08\n"
    )
    return root


@pytest.fixture
def new(tmp_path: Path, open_library: Callable[..., Library]) -> Library:
    """An archive of nothing but archive.yaml."""
    Store.create(tmp_path / "new", Series(title="New"))
    return open_library(tmp_path / "new")


def test_a_folder_is_described_and_marked(new: Library, folder: Path) -> None:
    """What is sure is written, and waits to be confirmed; a doubtful name is not written."""
    options = DescribeOptions(seminar_from_folder=True)
    report = add_folder(
        new.store, new.catalogue(), new.reader, folder, ItemDraft(), options=options
    )
    items = {added.item.title: added.item for added in report.added}
    assert {t: (i.seminar, i.date) for t, i in items.items()} == {
        "Growing rye": ("2024-05-02-leeds", "2024-05-02"),
        "Milling rye": ("2024-05-02-leeds", "2024-05-02"),
        "Baking rye bread": ("2024-06-07-york", "2024-06-08"),
    }
    people = new.store.read_people()[0]
    assert sorted(p.name for p in people.values()) == ["Ada Baker", "Cy Bun", "Di Oat"]
    assert new.store.read_seminar("2024-05-02-leeds").date == "2024-05-02"
    new.changed()
    waiting = unconfirmed_guesses(new.store, new.catalogue())
    assert {(g.record, g.kind, g.value) for g in waiting} >= {
        ("2024-05-02-leeds/growing-rye", "title", "Growing rye"),
        ("2024-05-02-leeds/growing-rye", "speaker", "Ada Baker"),
        ("2024-06-07-york/baking-rye-bread", "date", "2024-06-08"),
    }
    assert all(guess.rule and 0 < guess.confidence <= 1 for guess in waiting)


def test_a_corrected_guess_is_none_any_more(new: Library, folder: Path) -> None:
    """The archivist's word ends it, as confirming does."""
    add_folder(
        new.store, new.catalogue(), new.reader, folder, ItemDraft(), options=DescribeOptions()
    )
    new.changed()
    before = unconfirmed_guesses(new.store, new.catalogue())
    item = new.store.read_item("growing-rye")
    new.store.save_item(item.model_copy(update={"title": "Rye, grown"}))
    new.changed()
    after = unconfirmed_guesses(new.store, new.catalogue())
    assert {(g.record, g.kind) for g in set(before) - set(after)} == {("growing-rye", "title")}


def test_what_the_archivist_says_is_no_guess(new: Library, folder: Path) -> None:
    """A date given for all is written, and only the rest is guessed."""
    draft = ItemDraft(date="2020", people=("Eve Rye",))
    report = add_folder(
        new.store, new.catalogue(), new.reader, folder, draft, options=DescribeOptions()
    )
    assert {added.item.date for added in report.added} == {"2020"}
    new.changed()
    assert {g.kind for g in unconfirmed_guesses(new.store, new.catalogue())} == {"title"}


def test_a_plan_writes_nothing(new: Library, folder: Path) -> None:
    """It names each talk's files and guesses, and what would not be added."""
    plan = plan_folder(new.catalogue(), new.reader, folder, DescribeOptions())
    assert sorted(talk.paths[0].name for talk in plan.talks) == ["a.pptx", "b.pptx", "c.pptx"]
    assert [problem.path for problem in plan.report.problems] == ["talks.csv"]
    assert new.store.item_ids() == []
    described_talks: list[Description] = [talk.description for talk in plan.talks]
    assert all(description.guesses for description in described_talks)


def test_the_plan_as_a_table_is_what_describe_goes_by(
    new: Library, folder: Path, tmp_path: Path
) -> None:
    """Printed as CSV, corrected, saved in the folder, and added by it; then confirmed."""
    run = CliRunner()
    archive = ["--archive", str(new.store.root), "--index", str(tmp_path / "index")]
    describing = [*archive, "add", "--recursive", "--describe", str(folder)]
    (folder / "talks.csv").unlink()
    table = run.invoke(app, [*describing, "--dry-run", "--csv"]).stdout
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert next((r["title"], r["speakers"], r["date"]) for r in rows) == (
        "Growing rye", "Ada Baker", "2024-05-02",
    )  # fmt: skip
    (folder / "talks.csv").write_text(table.replace("Growing rye", "Growing winter rye"))
    assert "Growing winter" in run.invoke(app, [*describing, "--dry-run"]).stdout
    added = run.invoke(app, [*describing, "--json"])
    assert added.exit_code == 0, added.output
    assert "growing-winter-rye" in [item["id"] for item in json.loads(added.stdout)["items"]]
    listed = json.loads(run.invoke(app, [*archive, "review", "--json"]).stdout)["guesses"]
    assert {"title", "speaker", "date"} <= {guess["kind"] for guess in listed}
    right = run.invoke(app, [*archive, "review", "--confirm-item", "growing-winter-rye"]).stdout
    of_item = sum(guess["record"] == "growing-winter-rye" for guess in listed)
    assert f"{of_item} confirmed, {len(listed) - of_item} left" in right
    run.invoke(app, [*archive, "review", "--confirm", "1"])
    run.invoke(app, [*archive, "review", "--confirm-all"])
    assert json.loads(run.invoke(app, [*archive, "review", "--json"]).stdout) == {"guesses": []}


@pytest.mark.parametrize(
    "words",
    [
        ["--describe", "talk.pptx"], ["--recursive", "--confidence", "0.5", "x"],
        ["--recursive", "--csv", "x"],
        ["--recursive", "--describe", "--seminar", "s", "--seminar-from", "folder", "x"],
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(new: Library, words: list[str]) -> None:
    """Before anything is read."""
    result = CliRunner().invoke(app, ["--archive", str(new.store.root), "add", *words])
    assert isinstance(result.exception, IngestError)


@pytest.mark.parametrize(
    ("name", "text", "title", "speakers"),
    [
        (
            "talks.bib",
            "@misc{rye, title={Growing {Rye}}, author={Baker, Ada and Carter, Ben}, year=2024,\n"
            "file={day/a.pdf}}",
            "Growing Rye", ["Ada Baker", "Ben Carter"],
        ),
        ("README.md", "| [Rye, grown](day/a.pdf) | 2 May 2024 |", "Rye, grown", []),
        ("list.tsv", "Path\tTitle\tSpeaker\nday/a.pdf\tRye grows\tAda Baker", "Rye grows",
         ["Ada Baker"]),
    ],
)  # fmt: skip
def test_what_lies_beside_is_read(
    new: Library, tmp_path: Path, name: str, text: str, title: str, speakers: list[str]
) -> None:
    """A bibliography, a README that links to the file, a table."""
    folder = tmp_path / "folder"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "a.pdf").write_bytes(sized_pdf([(12, "12")]))
    (folder / name).write_text(text)
    plan = plan_folder(new.catalogue(), new.reader, folder, DescribeOptions())
    talk = next(talk for talk in plan.talks if talk.paths[0].name == "a.pdf")
    assert talk.description.title.value == title
    assert [g.value for g in talk.description.of(SPEAKER, SURE)] == speakers
    assert name in talk.description.title.rule


def test_the_title_that_a_text_says_of_itself_is_its_title(
    tmp_path: Path, nothing: Catalogue
) -> None:
    """Of Org, LaTeX and front matter, also where several of a folder have the same one."""
    texts = {
        "a.org": "#+TITLE: Growing rye\n\n* Soil\n - loam\n",
        "b.tex": "\\title{Growing rye}\\begin{document}\\section{Soil} Loam.\\end{document}",
        "c.md": "+++\ntitle = 'Growing rye'\n+++\n\n# Soil\n\nLoam.\n",
    }
    around = Surroundings(folder=tmp_path, titles=Counter({"growing rye": 3}))
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text)
        read = extract(path, media_type_of_file(path), Limits())
        assert propose(path, read, nothing, around).title == "Growing rye", name


def test_lines_whose_letters_make_no_words_describe_nothing(nothing: Catalogue) -> None:
    """The page was read by another reader, or by none."""
    lines = (PlacedLine(1, "Hspxjoh szf", 0.1, 0.2),)
    for leaf, title in (
        (Leaf(1, "page", "Growing rye"), "Growing rye"), (Leaf(1, "page"), "Winter crops"),
    ):  # fmt: skip
        described = describe(Path("winter crops.pdf"), Extraction((leaf,), placed=lines), nothing)
        assert described.title.value == title


def test_groups_and_marks_of_templates_are_no_authors_and_titles(
    tmp_path: Path, nothing: Catalogue
) -> None:
    """Of a blog: its team is nobody, and a template is called by its file's name."""
    post = tmp_path / "rye-notes.md"
    post.write_text("---\ntitle: Rye\nauthors: [Core Team, Xyra Quvelin]\n---\n\nBread.\n")
    read = extract(post, media_type_of_file(post), Limits())
    assert propose(post, read, nothing).unknown_people == ("Xyra Quvelin",)
    layout = tmp_path / "blog layout.html"
    layout.write_text("<p>{% include header.html %}</p><p>{{ content }}</p>")
    read = extract(layout, media_type_of_file(layout), Limits())
    assert propose(layout, read, nothing).title == "Blog layout"


def test_months_are_read_in_whatever_case() -> None:
    """Also where capital letters have other small ones, as in Turkish and Greek."""
    for name, number in dates._NUMBERS.items():
        forms = {name, name.upper(), name.title()}
        for form in (form for form in forms if len(form) == len(name)):
            assert {found.value for found in find_dates(f"{form} 2020")} == {f"2020-{number:02}"}, (
                form
            )
