"""References in formats and styles: what other programs read of them."""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
import warnings
from dataclasses import replace
from typing import Any

import pybtex.database
import pytest
import rispy
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database.input.bibtex import Parser

from coproarchive.catalogue import Catalogue
from coproarchive.extract.office import PPTX
from coproarchive.model import Asset, Item, Kind, Leaf, Series
from coproarchive.publish.bibtex import latex, to_bibtex
from coproarchive.publish.citation import plain_citation
from coproarchive.publish.csl import STYLES, styled
from coproarchive.publish.csl_json import to_csl_json
from coproarchive.publish.metadata import coins, meta_tags
from coproarchive.publish.person_names import CitedName, cited_name
from coproarchive.publish.reference import Locator, Reference, one_line, reference_to
from coproarchive.publish.ris import to_ris

TALK = Reference(
    id="1-beginnings:why-rye:slide-3",
    kind=Kind.PRESENTATION,
    title="Why rye and DNA matter",
    authors=(cited_name("Dr Ada Baker"), cited_name("Bo van Dam")),
    issued="2024-07-06",
    event_title="Beginnings",
    event_place="Leeds",
    event_date="2024-07-06/2024-07-08",
    archive="Our seminars",
    address="https://talks.example/item/1-beginnings/why-rye/slide/3",
    language="en-GB",
    keywords=("Rye", "Bread & butter"),
    abstract="About rye.",
    licence="CC-BY-4.0",
    rights="",
    locator=Locator("slide", 3, "3"),
)
POST = replace(
    TALK, kind=Kind.POST, event_title="", event_place="", event_date="", locator=None, id="a-post"
)
TODAY = datetime.date(2026, 11, 29)


# ------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "others", "inverted"),
    [
        ("Ada Baker", (), "Baker, Ada"),
        ("Prof. Dr Ada M. Baker, PhD", (), "Baker, Ada M."),
        ("Ludwig van der Berg", (), "van der Berg, Ludwig"),
        ("Jean-Claude Van Damme", (), "Van Damme, Jean-Claude"),
        ("Ada Baker Jr.", (), "Baker, Ada, Jr"),
        ("Baker, Ada", (), "Baker, Ada"),
        ("Gabriel García Márquez", ("García Márquez, Gabriel",), "García Márquez, Gabriel"),
        ("Gabriel García Márquez", ("Gabo",), "Márquez, Gabriel García"),
        ("Nagy Ádám", ("Nagy, Ádám",), "Nagy, Ádám"),
        ("Zanzibar", (), "Zanzibar"),
        ("The Seminar Team", (), "The Seminar Team"),
        ("University of Leeds", (), "University of Leeds"),
        ("山田太郎", (), "山田太郎"),
        ("홍 길동", (), "홍 길동"),
    ],
)
def test_a_name_is_turned_round(name: str, others: tuple[str, ...], inverted: str) -> None:
    """Titles go, particles stay before the family name, groups stay as they are."""
    assert cited_name(name, others).inverted == inverted


# ------------------------------------------------------------------------ styles


@pytest.mark.parametrize(
    ("style", "entry", "in_text"),
    [
        (
            "apa",
            "Baker, A., & van Dam, B. (2024, July 6). Why rye and DNA matter [Presentation]. "
            "Our seminars. Beginnings, Leeds. ADDRESS",
            "(Baker & van Dam, 2024, Slide 3)",
        ),
        (
            "harvard",
            "Baker, A. and van Dam, B. (2024) ‘Why rye and DNA matter’. Beginnings, Our seminars, "
            "6 July. Available at: ADDRESS (Accessed: 29 November 2026).",
            "(Baker and van Dam, 2024, slide 3)",
        ),
        (
            "mla",
            "Baker, Ada, and Bo van Dam. ‘Why Rye and DNA Matter’. Presentation. Our seminars, "
            "Beginnings, 6 July 2024, Leeds, ADDRESS.",
            "(Baker and van Dam, slide 3)",
        ),
        (
            "chicago",
            "Baker, Ada, and Bo van Dam. 2024. ‘Why Rye and DNA Matter’. Presentation. "
            "Beginnings, Leeds. Our seminars, July 6. ADDRESS.",
            "(Baker and van Dam 2024, slide 3)",
        ),
    ],
)
def test_a_slide_is_cited_in_each_style(style: str, entry: str, in_text: str) -> None:
    """The slide is in the address of the entry, and the locator of what is for the text."""
    text = styled(TALK, style, accessed=TODAY)
    assert text.entry == entry.replace("ADDRESS", TALK.address)
    assert text.in_text == in_text


def test_other_places_and_languages() -> None:
    """A page, a section and a moment; the words of the style in the language asked for."""
    for locator, words in (
        (Locator("page", 7, "iv"), "p. iv"),
        (Locator("section", 2, "2"), "Section 2"),
        (Locator("cue", 4, "00:12:31"), "00:12:31"),
    ):
        assert words in styled(replace(TALK, locator=locator), "apa").in_text
    german = styled(TALK, "harvard", locale="de-DE", accessed=TODAY)
    assert "Baker, A. und van Dam, B. (2024) „Why rye and DNA matter“" in german.entry
    assert "Verfügbar unter" in german.entry
    assert german.in_text == "(Baker und van Dam, 2024, Folie 3)"
    # What CSL has no words for is cited in English, and no language tag breaks it.
    assert styled(TALK, "harvard", locale="tlh-XX") == styled(TALK, "harvard")
    for nonsense in (
        "../../etc",
        "de-../../x",
        "en-\0",
        "en-\ud800",
        "en-'] | //*[@a='",
        "de" * 999,
    ):
        assert styled(TALK, "harvard", locale=nonsense) == styled(TALK, "harvard")


def test_a_talk_without_names_or_date() -> None:
    """Its title stands first, and once; styles say that there is no date."""
    bare = replace(TALK, authors=(), issued="", event_date="", locator=None)
    entries = {style: styled(bare, style, accessed=TODAY).entry for style in STYLES}
    for entry in entries.values():
        assert entry.lower().count("why rye and dna matter") == 1
    assert "(n.d.)" in entries["apa"]
    assert "(no date)" in entries["harvard"]
    assert "Accessed 29 Nov. 2026" in entries["mla"]
    assert "n.d." in entries["chicago"]
    assert plain_citation(bare).startswith("(no date). Why rye and DNA matter [presentation].")


def test_many_people() -> None:
    """As each style shortens them."""
    names = ("Ada Oak", "Bo Elm", "Cy Ash", "Di Fir", "Ed Yew")
    crowd = replace(TALK, authors=tuple(map(cited_name, names * 5)), locator=None)
    assert "Elm, B., Ash, C.," in styled(crowd, "apa").entry
    assert "… Yew, E. (2024" in styled(crowd, "apa").entry
    assert styled(crowd, "harvard").entry.startswith("Oak, A. et al. (2024)")
    assert styled(crowd, "mla").entry.startswith("Oak, Ada, et al.")
    assert styled(crowd, "apa").in_text == "(Oak et al., 2024)"


def test_a_seminar_of_several_days_dates_a_talk_by_its_first() -> None:
    """One publication date, everywhere."""
    long = replace(TALK, issued="2024-07-06/2024-07-08")
    for style in STYLES:
        entry = styled(long, style).entry
        assert "2024" in entry
        assert "8" not in entry.replace(TALK.address, "")
    assert dict(meta_tags(long))["citation_publication_date"] == "2024/07/06"
    assert rispy.loads(to_ris([long]))[0]["year"] == "2024"


# ----------------------------------------------------------------------- formats


def test_bibtex_says_all() -> None:
    """As pybtex reads it."""
    data = pybtex.database.parse_string(to_bibtex([TALK, POST]), "bibtex")
    entry = data.entries[TALK.id]
    assert entry.type == "misc"
    assert data.entries["a-post"].type == "online"
    people = [(p.first_names, p.prelast_names, p.last_names) for p in entry.persons["author"]]
    assert people == [(["Ada"], [], ["Baker"]), (["Bo"], ["van"], ["Dam"])]
    expected = {
        "title": "Why rye and {DNA} matter",
        "year": "2024",
        "month": "July",
        "day": "6",
        "date": "2024-07-06",
        "note": "Slide 3",
        "url": TALK.address,
        "eventtitle": "Beginnings",
        "venue": "Leeds",
        "keywords": r"Rye, Bread \& butter",
        "langid": "english",
        "abstract": "About rye.",
    }
    assert {name: entry.fields[name] for name in expected} == expected


def test_ris_says_all() -> None:
    """As rispy reads it: types of talks, posts and films."""
    talk, post, film = rispy.loads(to_ris([TALK, POST, replace(TALK, kind=Kind.VIDEO)]))
    assert [r["type_of_reference"] for r in (talk, post, film)] == ["SLIDE", "BLOG", "VIDEO"]
    assert talk["authors"] == ["Baker, Ada", "van Dam, Bo"]
    assert talk["title"] == TALK.title
    assert talk["urls"] == [TALK.address]
    assert (talk["year"], talk["date"]) == ("2024", "2024/07/06/")
    assert (talk["start_page"], talk["notes"]) == ("3", ["Slide 3"])
    assert talk["keywords"] == ["Rye", "Bread & butter"]
    assert talk["secondary_title"] == "Beginnings"
    assert talk["language"] == "en-GB"


def test_csl_json_is_read_by_a_processor() -> None:
    """Names in parts, dates in numbers."""
    data = json.loads(to_csl_json([TALK]))
    with warnings.catch_warnings():
        # citeproc-py knows the event's title by its name in CSL 1.0.1
        warnings.filterwarnings("ignore", message=".*event_title.*")
        work = CiteProcJSON(data)[TALK.id]
    assert work.type == "speech"
    assert [name.family for name in work.author] == ["Baker", "Dam"]
    assert (work.issued.year, work.issued.month, work.issued.day) == (2024, 7, 6)
    assert data[0]["locator"] == "3"
    assert data[0]["event-title"] == "Beginnings"


def test_the_head_of_a_page_and_coins() -> None:
    """Tags for crawlers, a span for reference managers in browsers; empty ones are left out."""
    tags = list(meta_tags(TALK, "https://talks.example/file/x.pdf"))
    assert ("citation_author", "Baker, Ada") in tags
    assert ("citation_pdf_url", "https://talks.example/file/x.pdf") in tags
    assert ("citation_keywords", "Rye; Bread & butter") in tags
    assert ("citation_language", "en-GB") in tags
    assert "citation_pdf_url" not in dict(meta_tags(TALK))
    assert "rft.type=presentation" in coins(TALK)
    assert "rft.creator=Baker%2C+Ada&rft.creator=van+Dam%2C+Bo" in coins(TALK)


# -------------------------------------------------------------------------- fuzz

SPECIAL = st.sampled_from(
    [
        *"\\ { } $ & # % _ ~ ^ \" ' @ , and AND < > ß é 字 ا 😀 - – | \\textbf{x} {{ }}".split(),
        *("\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\x00", "\ufeff", "\u200f"),
        *("\nER  - ", "\r\nTY  - BOOK", "ER  - ", '<span class="nocase">', "</span>"),
    ]
)
TEXT = st.lists(st.one_of(SPECIAL, st.text(max_size=8)), min_size=1, max_size=6).map(" ".join)


def hostile() -> st.SearchStrategy[Reference]:
    """References whose every text may be anything."""
    name = st.one_of(
        TEXT.map(lambda text: CitedName(literal=one_line(text) or "x")),
        st.tuples(TEXT, TEXT).map(lambda pair: cited_name(f"{pair[0]} {pair[1]}")),
    )
    return st.builds(
        replace,
        st.just(TALK),
        title=TEXT.map(lambda text: one_line(text) or "x"),
        authors=st.lists(name, max_size=3).map(tuple),
        event_title=TEXT,
        archive=TEXT,
        abstract=TEXT,
        keywords=st.lists(TEXT, max_size=3).map(tuple),
        address=TEXT.map(lambda text: f"https://x.example/{text}"),
        issued=st.sampled_from(["", "2024", "2024-07", "2024-07-06", "2024/2025", "0999-01"]),
    )


@pytest.mark.threat(15)
@settings(max_examples=60, deadline=None)
@given(hostile())
def test_no_text_breaks_a_format(reference: Reference) -> None:
    """One record comes back with its title, its names and its address, whatever they are."""
    read: dict[str, Any]
    read, _ = rispy.loads(to_ris([reference, POST]))
    assert read["type_of_reference"] == "SLIDE"
    assert read["title"] == reference.title
    assert read.get("authors", []) == [
        one_line(name.inverted) for name in reference.authors if one_line(name.inverted)
    ]
    parsed = Parser(encoding="utf-8").parse_string(to_bibtex([reference, POST])).entries
    assert list(parsed) == [TALK.id, POST.id]
    data = json.loads(to_csl_json([reference]))[0]
    assert data["title"] == reference.title
    for _, content in meta_tags(reference):
        assert content == one_line(content)


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_bibtex_gives_a_title_back(title: str) -> None:
    """What LaTeX would set is the text that went in, and braces come in pairs."""
    title = one_line(title) or "x"
    reference = replace(TALK, title=title, id="x")
    entry = Parser(encoding="utf-8").parse_string(to_bibtex([reference])).entries["x"]
    assert without_latex(entry.fields["title"]) == " ".join(title.split())
    assert latex(title).count("{") == latex(title).count("}")


def without_latex(text: str) -> str:
    """Set a title: commands of single letters become the letters, braces go."""
    commands = {
        r"\textbackslash{}": "\\", r"\textbraceleft{}": "\1", r"\textbraceright{}": "\2",
        r"\textasciitilde{}": "~", r"\textasciicircum{}": "^",
    }  # fmt: skip
    pattern = "|".join(map(re.escape, commands)) + r"|\\[$&#%_]"
    text = re.sub(pattern, lambda m: commands.get(m[0], m[0][-1]).replace("\\", "\3"), text)
    text = text.replace("{", "").replace("}", "")
    return " ".join(text.replace("\1", "{").replace("\2", "}").replace("\3", "\\").split())


@settings(max_examples=12, deadline=None)
@given(hostile(), st.sampled_from(sorted(STYLES)))
def test_no_text_breaks_a_style(reference: Reference, style: str) -> None:
    """A citation has the letters of the title and is one line."""
    text = styled(reference, style)
    assert text.entry == one_line(text.entry)
    letters = re.findall(r"\w", unicodedata.normalize("NFKD", reference.title.casefold()))
    entry = unicodedata.normalize("NFKD", text.entry.casefold())
    assert all(letter in entry for letter in letters)


def test_a_slide_of_a_second_file_has_an_address_of_its_own() -> None:
    """The file is in the address and in the citation key, so that two slides 3 are two."""
    files = (("talk.pptx", PPTX), ("handout 2.pptx", PPTX))
    assets = tuple(
        Asset(path=name, media_type=media_type, size=1, sha256="0" * 64)
        for name, media_type in files
    )
    item = Item(id="s/talk", title="A talk", assets=assets)
    catalogue = Catalogue(Series(title="Our seminars"))
    first, second = (
        reference_to(item, catalogue, "https://x.example", Leaf(3, "slide"), asset.path)
        for asset in assets
    )
    assert (first.id, first.address) == ("s:talk:slide-3", "https://x.example/item/s/talk/slide/3")
    assert second.address == "https://x.example/item/s/talk/handout%202.pptx/slide/3"
    assert second.id == "s:talk:handout-202.pptx:slide-3"
    assert reference_to(item, catalogue, "").id == "s:talk"
