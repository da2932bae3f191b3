"""Decks: what stands beside a slide's own words, and decks whose end is missing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import deck_parts as parts
from coproarchive.extract import pptx
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.docx import extract as extract_docx
from coproarchive.model import Leaf, Source
from deck_parts import Slide, box

LAYOUT = "../slideLayouts/slideLayout1.xml"
FORMULA = "<a14:m><m:oMath><m:r><m:t>{}</m:t></m:r></m:oMath></a14:m>"


def read(path: Path) -> Extraction:
    return pptx.extract(path, Limits())


def of(leaf: Leaf, source: Source) -> list[str]:
    return [part.text for part in leaf.parts if part.source is source]


def codes(extraction: Extraction) -> list[str]:
    return [notice.code for notice in extraction.notices]


def test_words_of_a_layout_and_its_master_are_read_once(tmp_path: Path) -> None:
    """With the first slide that shows them; placeholders say what to write there."""
    prompt = box("Click to edit", placeholder="body")
    layout = f"<p:sldLayout {parts.NAMESPACES}>{{}}</p:sldLayout>"
    tree = "<p:cSld><p:spTree>{}</p:spTree></p:cSld>"
    files: dict[str, str | bytes] = {
        "slideLayouts/slideLayout1.xml": layout.format(tree.format(prompt + box("Leeds Seminar"))),
        "slideLayouts/_rels/slideLayout1.xml.rels": parts._relations(
            {"m": ("slideMaster", "../slideMasters/slideMaster1.xml", False)}
        ),
        "slideMasters/slideMaster1.xml": (
            f"<p:sldMaster {parts.NAMESPACES}>{tree.format(prompt + box('Oven College'))}"
            "</p:sldMaster>"
        ),
    }
    related = {"l": ("slideLayout", LAYOUT, False)}
    hides = Slide(box("Bare"), attributes='showMasterSp="0"', related=related)
    slides: list[Slide | str] = [
        hides,
        Slide(box("One"), related=related),
        Slide("", related=related),
    ]
    leaves = read(parts.make(tmp_path / "d.pptx", slides, parts=files)).leaves
    assert [of(leaf, Source.LAYOUT) for leaf in leaves] == [
        [], ["Leeds Seminar", "Oven College"], [],
    ]  # fmt: skip
    assert "leaf-without-text" in codes(read(tmp_path / "d.pptx"))


def test_a_formula_in_a_table_stands_in_its_cell(tmp_path: Path) -> None:
    """With the words beside it, in the order of the cells."""
    cells = "".join(
        f"<a:tc><a:txBody><a:p>{inside}</a:p></a:txBody></a:tc>"
        for inside in ("<a:r><a:t>rye</a:t></a:r>", FORMULA.format("alpha"))
    )
    table = f"<a:tbl><a:tr>{cells}</a:tr></a:tbl>"
    frame = f"<p:graphicFrame><a:graphic>{table}</a:graphic></p:graphicFrame>"
    (leaf,) = read(parts.make(tmp_path / "d.pptx", [frame])).leaves
    assert of(leaf, Source.TABLE) == ["rye | alpha"]


def embedded(kind: str, relation: str) -> str:
    return (
        f'<p:graphicFrame><a:graphic><p:oleObj r:id="{relation}" progId="{kind}"><p:embed/>'
        "</p:oleObj></a:graphic></p:graphicFrame>"
    )


def test_files_inside_a_deck_are_named(tmp_path: Path) -> None:
    """As those of a PDF are; formulas of old editors are none, and many are not listed for ever."""
    related = {
        "a": ("package", "../embeddings/Sheet1.xlsx", False),
        "b": ("oleObject", "../embeddings/oleObject1.bin", False),
        "c": ("oleObject", "../embeddings/oleObject2.bin", False),
    }
    shapes = embedded("Excel.Sheet.12", "a") + embedded("Word.Document.12", "b")
    slide = Slide(box("Rye") + shapes + embedded("Equation.3", "c"), related=related)
    files: dict[str, str | bytes] = {
        f"embeddings/{name}": b"x" for name in ("Sheet1.xlsx", "oleObject1.bin", "oleObject2.bin")
    }
    notices = read(parts.make(tmp_path / "d.pptx", [slide], parts=files)).notices
    assert [(n.code, n.leaf) for n in notices] == [("file-inside-file", 1)] * 2
    assert 'an embedded sheet, "Sheet1.xlsx"' in notices[0].message
    assert 'an embedded document, "oleObject1.bin"' in notices[1].message
    many: list[Slide | str] = [slide] * 30
    deck = parts.make(tmp_path / "e.pptx", many, parts=files)
    assert codes(read(deck)).count("file-inside-file") == pptx.MAX_INSIDE


def test_captions_of_films_on_slides_are_read(tmp_path: Path) -> None:
    """Their tracks are WebVTT."""
    vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nKneading takes time\n"
    related = {"t": ("mediaTrack", "../media/track1.vtt", False)}
    files: dict[str, str | bytes] = {"media/track1.vtt": vtt}
    deck = parts.make(tmp_path / "d.pptx", [Slide(box("Film"), related=related)], parts=files)
    assert of(read(deck).leaves[0], Source.CAPTION) == ["Kneading takes time"]


@pytest.mark.parametrize(
    "addition",
    [
        "\n\nDescription automatically generated",
        "\n\nDescription automatically generated with medium confidence",
        "\n\nAutomatisch generierte Beschreibung",
        "\n\nDescription générée automatiquement",
        "\n\n自动生成的说明",
        "\n\nAI-generated content may be incorrect.",
        "\n\nKI-generierte Inhalte können fehlerhaft sein.",
    ],
)
def test_descriptions_that_a_machine_made_are_marked(tmp_path: Path, addition: str) -> None:
    """They describe nothing to those who cannot see, and what marks them is not searched."""
    made = parts.picture("x", 10, 10, alt="A loaf on a table" + addition.replace("\n", "&#10;"))
    own = parts.picture("x", 10, 10, alt="How a description is generated automatically, in steps")
    name = parts.picture("x", 10, 10, alt="loaf_final-2.jpg")
    leaf = read(parts.make(tmp_path / "d.pptx", [box("Rye") + made + own + name])).leaves[0]
    assert of(leaf, Source.MACHINE_ALT) == ["A loaf on a table", "loaf_final-2.jpg"]
    assert of(leaf, Source.ALT) == ["How a description is generated automatically, in steps"]
    assert codes(read(tmp_path / "d.pptx")) == ["picture-without-alt"]


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path


def test_slides_that_are_whole_are_read_of_a_deck_whose_end_is_missing(tmp_path: Path) -> None:
    """Each that is lost is counted, in one notice; the deck's list of slides may be lost too."""
    words = " ".join(f"loaf{n}" for n in range(400))
    slides: list[Slide | str] = [box(f"Slide {n}\n{words}") for n in range(1, 11)]
    deck = cut(parts.make(tmp_path / "d.pptx", slides), 0.6)
    extraction = read(deck)
    titles = [leaf.title for leaf in extraction.leaves]
    assert titles == [f"Slide {n}" for n in range(1, len(titles) + 1)] and 4 <= len(titles) < 10
    (notice,) = extraction.notices
    assert notice.code == "file-damaged" and "the end of this deck is missing" in notice.message
    main = ("presentation.xml", "_rels/presentation.xml.rels")
    whole = parts.make(tmp_path / "e.pptx", slides, leave_out=main)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("ppt/presentation.xml", b"x" * 100_000, zipfile.ZIP_STORED)
    assert [leaf.title for leaf in read(cut(whole, 0.5)).leaves][:2] == ["Slide 1", "Slide 2"]


def test_a_file_with_nothing_whole_in_it_is_still_damaged(tmp_path: Path) -> None:
    """And so is one that only begins like a zip file."""
    from coproarchive.errors import UnreadableError

    for data in (b"PK\x03\x04", b"PK\x03\x04" * 1_000, b"PK\x03\x04" + b"\xff" * 5_000):
        path = tmp_path / "d.pptx"
        path.write_bytes(data)
        with pytest.raises(UnreadableError):
            read(path)


def test_a_part_that_unpacks_to_too_much_is_not_rescued(tmp_path: Path) -> None:
    """The limit holds for what is rescued too."""
    bomb: list[Slide | str] = [box("a" * 3_000_000), box("Two")]
    deck = cut(parts.make(tmp_path / "d.pptx", bomb), 0.95)
    extraction = pptx.extract(deck, Limits(unpacked_size=1_000_000))
    assert all(leaf.title != "a" * 300 for leaf in extraction.leaves)


def test_a_document_whose_end_is_missing_is_read(tmp_path: Path) -> None:
    """Its words come before its styles and pictures."""
    import docx

    document = docx.Document()
    document.add_paragraph("Rye and loam")
    path = tmp_path / "d.docx"
    document.save(str(path))
    with zipfile.ZipFile(path) as archive:
        end = archive.getinfo("word/styles.xml").header_offset
        start = archive.getinfo("word/document.xml").header_offset
    if end > start:
        path.write_bytes(path.read_bytes()[: end + 20])
        extraction = extract_docx(path, Limits())
        assert "Rye and loam" in extraction.leaves[0].text
        assert codes(extraction) == ["file-damaged"]
