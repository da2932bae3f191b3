"""Words in metafiles: every way to write them, and files that are damaged or lie."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deck_parts as parts
from coproarchive.extract import metafile, pptx, svg
from coproarchive.extract.base import Limits
from coproarchive.extract.metafile import words_in
from coproarchive.model import Leaf, Part, Source
from deck_parts import Slide, picture


def record(kind: int, content: bytes) -> bytes:
    """A record of EMF: type and size, then content in whole double words."""
    content += b"\0" * (-len(content) % 4)
    return struct.pack("<II", kind, 8 + len(content)) + content


def wide(text: str, y: int = 0, options: int = 0) -> bytes:
    """EMR_EXTTEXTOUTW of [MS-EMF] 2.3.5.8, its string behind EmrText."""
    before = bytes(16) + struct.pack("<Iff", 1, 1.0, 1.0)
    fixed = struct.pack("<iiIII", 0, y, len(text), 76, options) + bytes(16) + struct.pack("<I", 0)
    return record(84, before + fixed + text.encode("utf-16-le"))


def ansi(text: str, y: int = 0) -> bytes:
    """EMR_EXTTEXTOUTA, 2.3.5.7."""
    before = bytes(16) + struct.pack("<Iff", 1, 1.0, 1.0)
    fixed = struct.pack("<iiIII", 0, y, len(text), 76, 0) + bytes(16) + struct.pack("<I", 0)
    return record(83, before + fixed + text.encode("cp1252"))


def small(text: str, y: int, options: int) -> bytes:
    """EMR_SMALLTEXTOUT, 2.3.5.37: with or without a rectangle, of bytes or wide."""
    fixed = struct.pack("<iiIIIff", 0, y, len(text), options, 1, 1.0, 1.0)
    rectangle = b"" if options & 0x100 else bytes(16)
    return record(
        108, fixed + rectangle + text.encode("cp1252" if options & 0x200 else "utf-16-le")
    )


def plus(text: str, y: float) -> bytes:
    """EmfPlusDrawString of [MS-EMFPLUS] 2.3.4.14 in a comment."""
    fixed = struct.pack("<III4f", 0, 0, len(text), 0.0, y, 9.0, 9.0)
    data = fixed + text.encode("utf-16-le")
    data += b"\0" * (-len(data) % 4)
    drawn = struct.pack("<HHII", 0x401C, 0, 12 + len(data), len(data)) + data
    return record(70, struct.pack("<I", 4 + len(drawn)) + b"EMF+" + drawn)


def emf(*records: bytes) -> bytes:
    header = record(1, bytes(32) + b" EMF" + bytes(56))
    return b"".join([header, *records, record(14, bytes(12))])


def wmf(*records: bytes, placeable: bool = False) -> bytes:
    """[MS-WMF]: a header of nine words; records of a size in words and a function."""
    header = struct.pack("<HHHIHIH", 1, 9, 0x0300, 0, 0, 0, 0)
    before = b"\xd7\xcd\xc6\x9a" + bytes(18) if placeable else b""
    return b"".join([before, header, *records, struct.pack("<IH", 3, 0)])


def function(number: int, content: bytes) -> bytes:
    content += b"\0" * (len(content) % 2)
    return struct.pack("<IH", 3 + len(content) // 2, number) + content


def text_out(text: str, y: int = 0) -> bytes:
    data = text.encode("cp1252")
    padded = data + b"\0" * (len(data) % 2)
    return function(0x0521, struct.pack("<h", len(data)) + padded + struct.pack("<hh", y, 0))


def ext_text_out(text: str, y: int = 0, options: int = 0) -> bytes:
    data = text.encode("cp1252")
    rectangle = bytes(8) if options & 0x6 else b""
    return function(0x0A32, struct.pack("<hhhH", y, 0, len(data), options) + rectangle + data)


@pytest.mark.parametrize(
    "data",
    [
        emf(wide("Loaves a day"), wide("Rye", 9), wide("and", 9), wide("wheat", 9)),
        emf(ansi("Loaves a day"), ansi("Rye and wheat", 9)),
        emf(small("Loaves a day", 0, 0), small("Rye and wheat", 9, 0x300)),
        emf(small("Loaves a day", 0, 0x200), small("Rye and wheat", 9, 0x100)),
        emf(plus("Loaves a day", 0.0), plus("Rye and wheat", 9.0)),
        # A picture drawn in both ways for old and new programmes says its words once.
        emf(plus("Loaves a day", 0.0), plus("Rye and wheat", 9.0),
            wide("Loaves a day"), wide("Rye and wheat", 9)),
        gzip.compress(emf(wide("Loaves a day"), wide("Rye and wheat", 9))),
        wmf(text_out("Loaves a day"), text_out("Rye and", 9), text_out("wheat", 9)),
        wmf(ext_text_out("Loaves a day"), ext_text_out("Rye and wheat", 9, 4), placeable=True),
        gzip.compress(wmf(text_out("Loaves a day"), text_out("Rye and wheat", 9))),
    ],
)  # fmt: skip
def test_every_way_to_draw_words_is_read(data: bytes) -> None:
    """What stands at the same height is one line."""
    assert words_in(data) == "Loaves a day\nRye and wheat"


@pytest.mark.parametrize(
    ("drawn", "found"),
    [
        (["2002", "10,000", "5%"], ""),  # an axis
        (["x", "+", "y"], ""),
        (["n t n S = ( ) nodes"], ""),  # of a formula
        (["R&D Partners"], "R&D Partners"),
        (["共同生产"], "共同生产"),
        (["Bread", "Bread"], "Bread"),
    ],
)
def test_formulas_and_axes_are_left_out(drawn: list[str], found: str) -> None:
    """They are letters and numbers, and nothing that somebody would search for."""
    assert words_in(emf(*(wide(text, n) for n, text in enumerate(drawn)))) == found


def test_numbers_of_a_fonts_drawings_are_no_letters() -> None:
    """ETO_GLYPH_INDEX: "Bread" there would be something else."""
    assert words_in(emf(wide("Bread", options=0x10), wide("Roses", 9))) == "Roses"


@pytest.mark.parametrize("make", [emf, wmf])
def test_damage_costs_what_is_behind_it(make: Callable[..., bytes]) -> None:
    """And is no reason to lose the slide."""
    draw = wide if make is emf else ext_text_out
    whole = make(draw("Bread"), draw("Roses", 9))
    found = {words_in(whole[:end]) for end in range(len(whole))}
    assert {"", "Bread", "Bread\nRoses"} <= found
    assert all("Bread\nRoses".startswith(words) for words in found)


@given(st.sampled_from([b"", emf(), wmf(), gzip.compress(emf())[:20]]), st.binary(max_size=400))
def test_any_bytes_are_read_without_complaint(before: bytes, data: bytes) -> None:
    assert isinstance(words_in(before[:-20] + data), str)


def test_records_that_lie_end_the_picture() -> None:
    """A size of nothing would be read for ever, a count of millions is not there."""
    endless = struct.pack("<II", 84, 0)
    assert words_in(emf(wide("Bread"), endless)) == "Bread"
    huge = wide("Bread", 0)
    huge = huge[:44] + struct.pack("<I", 2**31) + huge[48:]
    assert words_in(emf(huge, wide("Roses", 9))) == "Roses"


@pytest.mark.threat(12)
def test_what_unpacks_to_very_much_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words before the limit are there."""
    monkeypatch.setattr(metafile, "MAX_UNPACKED", 400)
    many = emf(wide("Bread"), *(wide(f"Roses {n}", n + 1) for n in range(1_000)))
    words = words_in(gzip.compress(many))
    assert words.startswith("Bread") and len(words) < 100
    monkeypatch.setattr(metafile, "MAX_CHARACTERS", 100)
    assert len(words_in(many)) < 200


def test_a_drawing_of_a_million_empty_strings_is_soon_read() -> None:
    """Each says that it has letters and has none: nothing grows with them."""
    drawn = struct.pack("<HHII", 0x401C, 0, 40, 28) + struct.pack("<III4f", 0, 0, 9, 0, 0, 9, 9)
    comment = record(70, struct.pack("<I", 0) + b"EMF+" + drawn * 200_000)
    assert words_in(emf(wide("Bread"), comment)) == "Bread"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ('<text>One <tspan>line</tspan></text>', "One line"),
        ('<text><tspan x="0" y="9">Shared decisions</tspan><tspan x="0" y="30">need time</tspan>'
         "</text>", "Shared decisions\nneed time"),
        ('<text><tspan>Rye</tspan><tspan x="0" dy="1.2em">wheat</tspan></text>', "Rye\nwheat"),
        ('<text><tspan x="0" y="9">Age</tspan><tspan x="90" y="9">Sex</tspan></text>', "Age Sex"),
        ("<text>Bread<!-- not this --><style>.b {fill: red}</style></text>", "Bread"),
        ("<defs><text>never drawn</text></defs><text>Bread</text>", "Bread"),
        ("<text>Bread</text><text>Bread</text>", "Bread"),
        ("<text>Bread", ""),
    ],
)  # fmt: skip
def test_lines_of_svg(texts: str, found: str) -> None:
    """A piece at another height is another line; what is not drawn is not read."""
    root = '<svg xmlns="http://www.w3.org/2000/svg">'
    assert svg.words_in(f"{root}{texts}</svg>".encode()) == found
    doctype = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [\n'
    doctype += '<!ENTITY ns "x">]>'
    assert svg.words_in(f"{doctype}{root}{texts}</svg>".encode()) == found


@pytest.mark.threat(13)
def test_entities_of_svg_are_not_looked_up() -> None:
    """A picture that wants a file read has no words, and costs nothing else."""
    entity = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    text = '<svg xmlns="http://www.w3.org/2000/svg"><text>&e;</text></svg>'
    assert svg.words_in((entity + text).encode()) == ""
    nested = '<!DOCTYPE svg [<!ENTITY a "]"><!ENTITY e SYSTEM "file:///etc/passwd">]>'
    assert svg.words_in((nested + text).encode()) == ""


def read(deck: Path) -> Leaf:
    return pptx.extract(deck, Limits()).leaves[0]


def test_a_slide_says_what_its_drawings_say(tmp_path: Path) -> None:
    """Of pictures, of previews of embedded files, of SVG beside its painted stand-in."""
    words = "<g><text>Proof <tspan>well</tspan></text></g>"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{words}</svg>'
    with_svg = picture("r2", 9, 9).replace(
        '<a:blip r:embed="r2"/>',
        '<a:blip r:embed="r2"><a:extLst><a:ext><s:svgBlip r:embed="r3" '
        'xmlns:s="http://schemas.microsoft.com/office/drawing/2016/SVG/main"/></a:ext></a:extLst>'
        "</a:blip>",
    )
    assert "svgBlip" in with_svg
    preview = (
        "<p:graphicFrame><a:graphic><a:graphicData><p:oleObj>"
        f"{picture('r4', 9, 9)}</p:oleObj></a:graphicData></a:graphic></p:graphicFrame>"
    )
    slide = Slide(
        parts.box("Baking", placeholder="title")
        + f"<p:grpSp>{picture('r1', 9, 9, alt='A chart')}</p:grpSp>"
        + with_svg
        + preview,
        related={
            "r1": ("image", "../media/image1.emf", False),
            "r2": ("image", "../media/image2.png", False),
            "r3": ("image", "../media/image3.svg", False),
            "r4": ("image", "../media/image4.wmf", False),
        },
    )
    media: dict[str, str | bytes] = {
        "media/image1.emf": emf(wide("Loaves a day")),
        "media/image2.png": b"not looked at",
        "media/image3.svg": svg,
        "media/image4.wmf": wmf(text_out("Flour and water")),
    }
    leaf = read(parts.make(tmp_path / "d.pptx", [slide], parts=media))
    assert leaf.title == "Baking"
    assert leaf.parts == (
        Part(Source.ALT, "A chart"),
        Part(Source.PICTURE, "Loaves a day"),
        Part(Source.PICTURE, "Proof well"),
        Part(Source.PICTURE, "Flour and water"),
    )


def test_previews_of_embedded_files_in_old_decks_are_read(tmp_path: Path) -> None:
    """They stand in a VML drawing, by the number of their shape."""
    frame = (
        "<p:graphicFrame><a:graphic><a:graphicData>"
        '<p:oleObj spid="_x0000_s1026"/></a:graphicData></a:graphic></p:graphicFrame>'
    )
    vml = "".join(
        f'<v:shape id="_x0000_s{number}"><v:imagedata o:relid="{relation}"/></v:shape>'
        for number, relation in ((1025, "rId1"), (1026, "rId2"))
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{parts.R}/image" Target="../media/image{n}.emf"/>'
        for n in (1, 2)
    )
    slide = Slide(frame, related={"r1": ("vmlDrawing", "../drawings/vmlDrawing1.vml", False)})
    media: dict[str, str | bytes] = {
        "drawings/vmlDrawing1.vml": '<xml xmlns:v="urn:schemas-microsoft-com:vml" '
        f'xmlns:o="urn:schemas-microsoft-com:office:office">{vml}</xml>',
        "drawings/_rels/vmlDrawing1.vml.rels": f'<Relationships xmlns="{parts.RELS}">{links}'
        "</Relationships>",
        "media/image1.emf": emf(wide("Another slide's")),
        "media/image2.emf": emf(wide("Loaves a day")),
    }
    leaf = read(parts.make(tmp_path / "d.pptx", [slide], parts=media))
    assert leaf.parts == (Part(Source.PICTURE, "Loaves a day"),)


def test_a_drawing_that_is_gone_costs_nothing_else(tmp_path: Path) -> None:
    slide = Slide(
        parts.box("Baking", placeholder="title") + picture("r1", 9, 9),
        related={"r1": ("image", "../media/gone.emf", False)},
    )
    leaf = read(parts.make(tmp_path / "d.pptx", [slide]))
    assert (leaf.title, leaf.parts) == ("Baking", ())
