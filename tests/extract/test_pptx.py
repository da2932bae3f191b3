"""Decks: every word that a viewer or a screen reader would meet, at its slide, with its source."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import docx
import pytest
from pptx import Presentation

import deck_parts as parts
import making
from coproarchive.errors import LimitError
from coproarchive.extract import docx as docx_reader
from coproarchive.extract import pptx as pptx_reader
from coproarchive.extract import zips
from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.table import extract
from coproarchive.extract.zips import Package
from coproarchive.model import Leaf, Source
from deck_parts import Slide, box, group
from making import make_deck

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def read(path: Path, limits: Limits | None = None) -> Extraction:
    return pptx_reader.extract(path, limits or Limits())


def of(leaf: Leaf, source: Source) -> list[str]:
    return [part.text for part in leaf.parts if part.source is source]


def codes(extraction: Extraction) -> list[str]:
    return [notice.code for notice in extraction.notices]


def test_a_deck_of_python_pptx_is_read_whole(tmp_path: Path) -> None:
    """Title, text, notes, table, group, chart, alternative text, and the hidden slide's mark."""
    first, second, third, fourth, hidden = read(make_deck(tmp_path / "d.pptx")).leaves
    assert (first.title, of(first, Source.TEXT)) == ("Bread for all", ["by Ada Baker"])
    assert of(second, Source.NOTES) == ["Remember the rye anecdote"]
    assert of(third, Source.TABLE) == ["Flour | Protein\nSpelt | High"]
    assert of(third, Source.TEXT) == ["Millstone"]
    assert of(fourth, Source.CHART) == ["Baguettes\nMonday\nTuesday"]
    assert of(fourth, Source.ALT) == ["A brown crust seen closely"]
    assert [leaf.hidden for leaf in (first, hidden)] == [False, True]
    assert {leaf.kind for leaf in (first, hidden)} == {"slide"}


@pytest.mark.parametrize("depth", [1, 5, 40])
def test_groups_are_read_at_any_depth(tmp_path: Path, depth: int) -> None:
    """Words in groups of groups."""
    deck = parts.make(tmp_path / "d.pptx", [group(box("Deep loaf"), depth)])
    assert read(deck).leaves[0].title == "Deep loaf"


def test_footers_are_the_decks_own_and_said_once(tmp_path: Path) -> None:
    """A date and a footer say nothing of a slide: each is read once a deck; numbers never are."""
    furniture = "".join(box("XX", placeholder=kind) for kind in ("dt", "ftr", "sldNum", "hdr"))
    number = (
        "<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Page</a:t></a:r>"
        '<a:fld type="slidenum"><a:t>99</a:t></a:fld></a:p></p:txBody></p:sp>'
    )
    other = box("Another talk", placeholder="ftr") + box("Words")
    deck = parts.make(tmp_path / "d.pptx", [furniture + number, furniture + number, other])
    first, second, third = read(deck).leaves
    assert (first.title, [(p.source, p.text) for p in first.parts]) == (
        "Page", [(Source.LAYOUT, "XX")],
    )  # fmt: skip
    assert (second.title, second.parts) == ("Page", ())
    assert of(third, Source.LAYOUT) == ["Another talk"]


def test_the_same_box_twice_is_there_twice(tmp_path: Path) -> None:
    """What is on a slide is counted as often as it is there; a description is said once."""
    boxes = box("Title", placeholder="title") + box("Feature", alt="An arrow") * 3
    leaf = read(parts.make(tmp_path / "d.pptx", [boxes])).leaves[0]
    assert of(leaf, Source.TEXT) == ["Feature"] * 3
    assert of(leaf, Source.ALT) == ["An arrow"]


def test_smartart_and_its_text_is_read(tmp_path: Path) -> None:
    """The points of a diagram, without its presentation points."""
    frame = '<p:graphicFrame><a:graphic><dgm:relIds r:dm="d1"/></a:graphic></p:graphicFrame>'
    data = (
        f"<dgm:dataModel {parts.NAMESPACES}><dgm:ptLst>"
        "<dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "<dgm:pt type='node'><dgm:t><a:p><a:r><a:t>Bake</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "<dgm:pt type='pres'><dgm:t><a:p><a:r><a:t>layout</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "</dgm:ptLst></dgm:dataModel>"
    )
    slide = Slide(frame, related={"d1": ("diagramData", "../diagrams/data1.xml", False)})
    deck = parts.make(tmp_path / "d.pptx", [slide], parts={"diagrams/data1.xml": data})
    assert of(read(deck).leaves[0], Source.SMARTART) == ["Plan\nBake"]


def test_alternate_content_is_read_once_and_formulas_are_math(tmp_path: Path) -> None:
    """Two ways to draw one thing are one thing."""
    formula = (
        "<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:txBody><a:p><a:r><a:t>Rise</a:t></a:r>"
        "<a14:m><m:oMath><m:r><m:t>x=2y</m:t></m:r></m:oMath></a14:m></a:p></p:txBody></p:sp>"
    )
    shapes = (
        f"<mc:AlternateContent><mc:Choice>{formula}</mc:Choice>"
        f"<mc:Fallback>{box('Rise')}</mc:Fallback></mc:AlternateContent>"
    )
    leaf = read(parts.make(tmp_path / "d.pptx", [shapes])).leaves[0]
    assert (leaf.title, of(leaf, Source.MATH)) == ("Rise", ["x=2y"])


def test_links_lead_out_and_are_not_followed(tmp_path: Path) -> None:
    """Web addresses are words; addresses of other kinds are not."""
    shapes = (
        '<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"><a:hlinkClick r:id="l2"/></p:cNvPr><p:nvPr/>'
        '</p:nvSpPr><p:txBody><a:p><a:r><a:rPr><a:hlinkClick r:id="l1"/></a:rPr><a:t>Here</a:t>'
        "</a:r></a:p></p:txBody></p:sp>"
    )
    slide = Slide(
        shapes,
        related={
            "l1": ("hyperlink", "https://example.org/bread", True),
            "l2": ("hyperlink", "file:///etc/passwd", True),
        },
    )
    leaf = read(parts.make(tmp_path / "d.pptx", [slide])).leaves[0]
    assert of(leaf, Source.LINK) == ["https://example.org/bread"]


def test_comments_of_both_kinds_have_their_authors(tmp_path: Path) -> None:
    """The old comments, and threads with their replies."""
    old = (
        f'<p:cmLst {parts.NAMESPACES}><p:cm authorId="0"><p:text>More salt</p:text></p:cm>'
        "</p:cmLst>"
    )
    thread = (
        '<x:cmLst xmlns:x="urn:new" xmlns:a="urn:a"><x:cm authorId="{A}"><x:replyLst>'
        '<x:reply authorId="{B}"><x:txBody><a:p><a:r><a:t>Agreed</a:t></a:r></a:p></x:txBody>'
        "</x:reply></x:replyLst><x:txBody><a:p><a:r><a:t>Less yeast</a:t></a:r></a:p></x:txBody>"
        "</x:cm></x:cmLst>"
    )
    slide = Slide(
        box("Dough"),
        related={
            "c1": ("comments", "../comments/comment1.xml", False),
            "c2": ("comments", "../comments/modern.xml", False),
        },
    )
    authors = f'<p:cmAuthorLst {parts.NAMESPACES}><p:cmAuthor id="0" name="Ada"/></p:cmAuthorLst>'
    new_authors = (
        '<x:authorLst xmlns:x="urn:new"><x:author id="{A}" name="Bo"/>'
        '<x:author id="{B}" name="Cy"/></x:authorLst>'
    )
    deck = parts.make(
        tmp_path / "d.pptx",
        [slide],
        parts={
            "comments/comment1.xml": old,
            "comments/modern.xml": thread,
            "commentAuthors.xml": authors,
            "authors.xml": new_authors,
        },
        main_related={
            "a1": ("commentAuthors", "commentAuthors.xml"),
            "a2": ("authors", "authors.xml"),
        },
    )
    said = of(read(deck).leaves[0], Source.COMMENT)
    assert said == ["Ada: More salt", "Bo: Less yeast", "Cy: Agreed"]


def test_sections_stand_at_their_first_slide(tmp_path: Path) -> None:
    """A deck's sections are headings; the one that PowerPoint makes by itself is not."""
    extension = (
        "<p:extLst><p:ext><p14:sectionLst>"
        '<p14:section name="Default Section"><p14:sldIdLst><p14:sldId id="256"/></p14:sldIdLst>'
        '</p14:section><p14:section name="Proving"><p14:sldIdLst><p14:sldId id="257"/>'
        '<p14:sldId id="258"/></p14:sldIdLst></p14:section></p14:sectionLst></p:ext></p:extLst>'
    )
    deck = parts.make(tmp_path / "d.pptx", [box("A"), box("B"), box("C")], extension=extension)
    found = [of(leaf, Source.SECTION) for leaf in read(deck).leaves]
    assert found == [[], ["Proving"], []]


def test_a_title_falls_back_to_the_highest_box(tmp_path: Path) -> None:
    """Without a title placeholder the uppermost short line is the title, and the slide is noted;
    one of clearly larger letters is it before."""
    deck = parts.make(tmp_path / "d.pptx", [box("Below", y=900) + box("Above\nMore", y=100)])
    extraction = read(deck)
    leaf = extraction.leaves[0]
    assert (leaf.title, of(leaf, Source.TEXT)) == ("Above", ["Below", "More"])
    large = box("Large\nMore", y=900).replace("<a:r>", '<a:r><a:rPr sz="4000"/>', 1)
    deck = parts.make(tmp_path / "l.pptx", [box("Above", y=100) + large + box("42%", y=500)])
    leaf = read(deck).leaves[0]
    assert (leaf.title, of(leaf, Source.TEXT)) == ("Large", ["Above", "More", "42%"])
    long = parts.make(tmp_path / "e.pptx", [box("word " * 60)])
    assert read(long).leaves[0].title == ""
    assert "leaf-without-title" in codes(read(long))


def test_slides_without_words_and_pictures_without_words_for_them_are_named(
    tmp_path: Path,
) -> None:
    """Both are notices of their slide, with what to do."""
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="4" name="Picture 4"/></p:nvPicPr></p:pic>'
    extraction = read(parts.make(tmp_path / "d.pptx", [box("Words"), picture]))
    assert [(n.code, n.leaf) for n in extraction.notices] == [
        ("leaf-without-text", 2),
        ("picture-without-alt", 2),
    ]
    assert all(n.hint for n in extraction.notices)


def test_one_missing_slide_costs_itself_only(tmp_path: Path) -> None:
    """Its number stays its own."""
    deck = parts.make(
        tmp_path / "d.pptx", [box("One"), box("Two"), box("Three")],
        leave_out=("slides/slide2.xml",),
    )  # fmt: skip
    extraction = read(deck)
    assert [(leaf.number, leaf.title) for leaf in extraction.leaves] == [(1, "One"), (3, "Three")]
    assert [(n.code, n.leaf) for n in extraction.notices] == [("slide-missing", 2)]


def test_a_broken_part_of_a_slide_is_said(tmp_path: Path) -> None:
    """A chart that is no XML, and notes over the limit for one part, are never lost in silence."""
    frame = '<p:graphicFrame><a:graphic><c:chart r:id="c1"/></a:graphic></p:graphicFrame>'
    slide = Slide(
        box("Loaves") + frame,
        related={
            "c1": ("chart", "../charts/chart1.xml", False),
            "n1": ("notesSlide", "../notesSlides/notes1.xml", False),
        },
    )
    deck = parts.make(
        tmp_path / "d.pptx",
        [slide],
        parts={
            "charts/chart1.xml": "<broken",
            "notesSlides/notes1.xml": parts.notes("x" * (zips.MAX_PART + 1)),
        },
    )
    (notice,) = read(deck).notices
    assert (notice.code, notice.leaf) == ("slide-part-missing", 1)
    assert "chart1.xml" in notice.message and "notes1.xml" in notice.message


@pytest.mark.parametrize("suffix", ["ppsx", "potx", "pptm"])
def test_slide_shows_and_templates_are_decks(tmp_path: Path, suffix: str) -> None:
    """python-pptx refuses their content type; the parts are the same."""
    path = make_deck(tmp_path / "d.pptx")
    changed = tmp_path / f"d.{suffix}"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            kind = {"ppsx": b"slideshow", "potx": b"template", "pptm": b"x-macro"}[suffix]
            data = old.read(name)
            if name == "[Content_Types].xml":
                data = data.replace(b"presentation.main+xml", kind + b".main+xml")
            new.writestr(name, data)
    assert [leaf.title for leaf in read(changed).leaves][:2] == ["Bread for all", "Sourdough"]


def test_metadata_is_proposed_and_made_up_titles_are_not(tmp_path: Path) -> None:
    """Title, author and day of creation, as the file says."""
    presentation = Presentation()
    presentation.core_properties.title = "PowerPoint Presentation"
    presentation.core_properties.author = "Ada Baker"
    presentation.core_properties.keywords = "bread, care"
    presentation.save(str(tmp_path / "d.pptx"))
    metadata = read(tmp_path / "d.pptx").metadata
    assert (metadata.title, metadata.authors) == ("", ("Ada Baker",))
    assert metadata.keywords == ("bread", "care")
    assert metadata.date is not None and len(metadata.date) == 10


# ---------------------------------------------------------------- hostile decks


@pytest.mark.threat(12)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """By what its directory says, and by how many parts it has."""
    deck = parts.make(tmp_path / "d.pptx", [box("A")], parts={"media/m.bin": b"\0" * 3_000_000})
    with pytest.raises(LimitError, match="unpacks to"):
        read(deck, Limits(unpacked_size=2_000_000))
    many = parts.make(
        tmp_path / "e.pptx", [box("A")],
        parts={f"media/{n}": b"" for n in range(zips.MAX_MEMBERS)},
    )  # fmt: skip
    with pytest.raises(LimitError, match="parts"):
        read(many)


@pytest.mark.threat(13)
def test_entities_are_not_resolved(tmp_path: Path) -> None:
    """A slide that wants a file of the machine read is damaged, not obeyed."""
    secret = tmp_path / "secret.txt"
    secret.write_text("topsecret")
    slide = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><p:sld {parts.NAMESPACES}>'
        f"<p:cSld><p:spTree>{box('&e;')}</p:spTree></p:cSld></p:sld>"
    )
    deck = parts.make(
        tmp_path / "d.pptx", [box("Fine"), box("x")], parts={"slides/slide2.xml": slide}
    )
    extraction = read(deck)
    assert "topsecret" not in str(extraction)
    assert codes(extraction) == ["slide-missing"]


@pytest.mark.threat(4)
def test_targets_outside_the_file_lead_nowhere(tmp_path: Path) -> None:
    """A relationship that climbs out of the zip file names a part that is not there."""
    slide = Slide(box("A"), related={"n": ("notesSlide", "../../../../etc/passwd", False)})
    leaf = read(parts.make(tmp_path / "d.pptx", [slide])).leaves[0]
    assert of(leaf, Source.NOTES) == []


def test_a_part_twice_is_said(tmp_path: Path) -> None:
    """Two parts of one name: readers differ on which counts, so the archivist is told."""
    deck = parts.make(tmp_path / "d.pptx", [box("A")])
    with zipfile.ZipFile(deck, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("ppt/slides/slide1.xml", archive.read("ppt/slides/slide1.xml"))
    assert codes(read(deck)) == ["file-damaged"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: p.write_bytes(b"PK\x03\x04 truncated"), "file-unreadable"),
        (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600), "file-unreadable"),
        (lambda p: p.write_bytes(b"%PDF-1.4"), "file-unreadable"),
        (lambda p: p.write_bytes(b""), "file-unreadable"),
        (lambda p: parts.make(p, [box("A")], leave_out=("presentation.xml",)), "file-unreadable"),
        (lambda p: parts.make(p, [box("A")], leave_out=("slides/slide1.xml",)), "file-unreadable"),
        (lambda p: parts.make(p, []), "file-empty"),
    ],
)  # fmt: skip
def test_what_is_no_deck_is_a_problem(tmp_path: Path, make: object, code: str) -> None:
    """Cut off, locked, another format, empty, without slides: named, with what to do."""
    path = tmp_path / "d.pptx"
    make(path)  # type: ignore[operator]
    extraction = extract(path, PPTX, Limits())
    assert codes(extraction) == [code]
    assert extraction.notices[0].hint
    assert not any(leaf.parts for leaf in extraction.leaves)


def test_limits_cut_and_say_so(tmp_path: Path) -> None:
    """Leaves, characters of a leaf and characters of a file."""
    deck = parts.make(tmp_path / "d.pptx", [box("Title\n" + "word " * 100) for _ in range(5)])
    for limits, left in (
        (Limits(leaves=3), 3),
        (Limits(leaf_characters=50), 5),
        (Limits(characters=700), 2),
    ):
        extraction = read(deck, limits)
        assert len(extraction.leaves) == left
        assert "text-cut" in codes(extraction)


def test_a_part_packed_in_a_damaged_way_is_lost_alone(tmp_path: Path) -> None:
    """Found by damaging real files at random: each way of packing raises errors of its own."""
    for packing in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED):
        deck = tmp_path / f"{packing}.pptx"
        parts.make(deck, [box("Fine")])
        with zipfile.ZipFile(deck, "a", packing) as archive:
            archive.writestr("docProps/core.xml", f"<x>{random.Random(1).randbytes(900).hex()}</x>")
            at = archive.getinfo("docProps/core.xml").header_offset + 70
        data = bytearray(deck.read_bytes())
        data[at : at + 20] = bytes(255 - byte for byte in data[at : at + 20])
        deck.write_bytes(data)
        assert [leaf.title for leaf in read(deck).leaves] == ["Fine"]


def test_a_library_opens_sound_files_and_the_parts_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-pptx and python-docx come first; where they give up, no word is read otherwise."""
    deck = making.make_deck(tmp_path / "deck.pptx")
    document = docx.Document()
    document.add_heading("Bread", 1)
    document.add_paragraph("Knead it.")
    document.save(str(tmp_path / "handout.docx"))
    for module, path, opener in (
        (pptx_reader, deck, "open_deck"),
        (docx_reader, tmp_path / "handout.docx", "open_document"),
    ):
        with Package.open(path, Limits()) as package:
            assert getattr(module, opener)(path, package) is not None
        by_library = module.extract(path, Limits())
        with monkeypatch.context() as without:
            without.setattr(module, opener, lambda *_: None)
            assert module.extract(path, Limits()) == by_library
        assert by_library.leaves
