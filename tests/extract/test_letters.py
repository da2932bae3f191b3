"""Letters that make no words: mojibake, broken fonts, and what is done about them."""

from __future__ import annotations

import string
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import NameObject, StreamObject
from reportlab.pdfgen import canvas

from coproarchive.extract import ocr, ocr_leaves, pdf
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.letter_pairs import letter_cost
from coproarchive.extract.letters import UNREADABLE, mended, unreadable
from coproarchive.extract.table import extract

PROSE = "Growing rye in the north\nSandy loam needs little nitrogen\nNeighbours share the harvest"


def shifted(text: str, by: int) -> str:
    """Every letter as a font says that counts its glyphs from elsewhere."""
    return "".join(c if c == "\n" else chr(ord(c) + by) for c in text)


def swapped(text: str) -> str:
    letters = string.ascii_lowercase
    return text.lower().translate(str.maketrans(letters, letters[7:] + letters[:7]))


def broken_font(path: Path, pages: list[str], by: int) -> Path:
    """A PDF whose font says that each letter is another; it is drawn as it should be."""
    pen = canvas.Canvas(str(path), pagesize=(600, 400))
    for text in pages:
        pen.setFont("Helvetica", 20)
        for row, line in enumerate(text.split("\n")):
            pen.drawString(40, 350 - 30 * row, line)
        pen.showPage()
    pen.save()
    writer = pypdf.PdfWriter(clone_from=path)
    pairs = "".join(f"<{code:02x}> <{code + by:04x}>\n" for code in range(33, 127))
    cmap = StreamObject()
    cmap.set_data(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n94 beginbfchar\n"
        + pairs.encode()
        + b"endbfchar endcmap end end"
    )
    reference = writer._add_object(cmap)
    for page in writer.pages:
        fonts = page["/Resources"]["/Font"]  # type: ignore[index]
        for name in fonts:
            fonts[name].get_object()[NameObject("/ToUnicode")] = reference
    writer.write(path)
    return path


def words(extraction: Extraction) -> str:
    return " ".join(f"{leaf.title} {leaf.text}" for leaf in extraction.leaves)


@pytest.mark.parametrize("garbled", [shifted(PROSE, 1), shifted(PROSE, 3), swapped(PROSE)])
def test_letters_that_stand_for_others_are_told(garbled: str) -> None:
    """By how they follow one another; a page of names, of code or in Polish is none of these."""
    assert unreadable([garbled]) == {0: ""}
    fine = (
        PROSE,
        "Kubernetes Docker Jenkins Prometheus",
        "SQL JSON HTTP REST API XML",
        "mkdir chmod grep awk sed ssh",
        "Źdźbło, przedsięwzięcie, święto",
        "Cymdogion, cynhaeaf, bara rhyg",
        "семинар начался",
        "ライ麦パンの講演 JuiceFS",
        "https://xkcd.com/xyzqw",
        "",
    )
    assert unreadable(fine) == {}
    assert letter_cost("")[1] == 0


def test_a_heading_in_a_sound_font_stays_and_short_pages_follow_the_others() -> None:
    """Most of a page counts; what is too short alone is told by another page of the file."""
    garbled = shifted(PROSE.replace(" ", "\n"), 1)
    assert unreadable([f"The fields of the north\n{garbled}"]) == {0: "The fields of the north"}
    short = shifted("Rye bread", 1)
    assert unreadable([short]) == {}
    assert unreadable([short, garbled, PROSE]) == {0: "", 1: ""}


@pytest.mark.parametrize("by", [1, 3])
def test_a_broken_font_is_a_problem_and_its_letters_are_not_searched(
    tmp_path: Path, by: int
) -> None:
    """One problem a file that names the pages."""
    path = broken_font(tmp_path / "b.pdf", [PROSE, "Rye\nloam and more of the soil"], by)
    extraction = extract(path, "application/pdf", Limits())
    assert words(extraction).split() == []
    (problem,) = [n for n in extraction.notices if n.code == UNREADABLE]
    assert "2 of 2 pages" in problem.message and "page 1, 2" in problem.message


def test_the_second_reader_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pypdf can read of such a page is taken, and is no problem."""
    from coproarchive.extract.pdf_second import SecondOpinion

    path = broken_font(tmp_path / "b.pdf", [PROSE], 1)
    monkeypatch.setattr(SecondOpinion, "text", lambda self, index: PROSE)
    extraction = pdf.extract(path, Limits())
    assert extraction.leaves[0].title == "Growing rye in the north" and not extraction.notices


def test_the_machine_reads_what_the_font_does_not_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is drawn whole and read; then there is no problem left."""
    path = broken_font(tmp_path / "b.pdf", [PROSE], 1)
    lines = [ocr.OcrLine(line, 0.95) for line in PROSE.split("\n")]
    monkeypatch.setattr(ocr, "read_lines", lambda picture: lines)
    before = pdf.extract(path, Limits())
    after = ocr_leaves.with_ocr(before, path, "pdf", Limits(), float("inf"))
    assert "Sandy loam needs little nitrogen" in words(after)
    assert not [n for n in after.notices if n.code == UNREADABLE]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("Café für Ältere, naïve Ångström", "cp1252"),
        ("“Quoted” – it’s so", "cp1252"),
        ("Źdźbło żyta", "cp1252"),
        ("Привет всем, кто делит хлеб", "cp1251"),
    ],
)
def test_mojibake_of_utf_8_is_undone(text: str, read_as: str) -> None:
    """Whatever the code page it was taken for."""
    wrong = text.encode().decode(read_as, "ignore")
    assert mended(wrong) == text if wrong.encode(read_as) == text.encode() else True


def test_mojibake_of_another_alphabet_is_undone() -> None:
    """Words in Cyrillic or Greek that were taken for Western letters; French stays French."""
    russian = "Семинар о ржаном хлебе и о почве"
    assert mended(russian.encode("cp1251").decode("cp1252")) == russian
    for text in ("L’été à la crémerie, où l’œuvre naît", "Ærø, Åse og Øyvind", "ÀÉÎÕÜ", "œœœœœ"):
        assert mended(text) == text


def test_what_stays_mojibake_is_a_problem(tmp_path: Path) -> None:
    """Letters that somebody's programme lost already."""
    path = tmp_path / "a.md"
    path.write_text(
        "# Rye\n\n" + "Gr\ufffd\ufffde aus M\ufffdnchen, sch\ufffdn und s\ufffd\ufffd\n",
        encoding="utf-8",
    )
    extraction = extract(path, "text/markdown", Limits())
    assert [n.code for n in extraction.notices] == [UNREADABLE]
