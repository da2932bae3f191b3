"""A download of a file with withheld words is a copy without them; the original stays as it is."""

from __future__ import annotations

import errno
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pypdf
import pytest
from pptx import Presentation
from pypdf.generic import StreamObject

from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.copying import make_copy
from coproarchive.extract.office import find_office
from coproarchive.library import Library
from coproarchive.model import Item, Series, Visibility, WordSource
from coproarchive.store import Store, hash_file, media_type_of_file
from deck_parts import box
from deck_parts import make as make_parts
from making import make_deck, make_pdf
from telling import (
    COMMENTED,
    EVERYTHING,
    HIDDEN,
    NOTED,
    PERSONAL,
    SEEN,
    client_of,
    make_telling_deck,
    make_telling_document,
    make_telling_pdf,
)

ALL_WORDS = (*NOTED, *COMMENTED, *HIDDEN, *PERSONAL)
TELLING = [make_telling_deck, make_telling_document, make_telling_pdf]
NAMES = {make_telling_deck: "t.pptx", make_telling_document: "t.docx", make_telling_pdf: "t.pdf"}


def searched(data: bytes, words: tuple[str, ...], place: str = "") -> list[tuple[str, str]]:
    """Search every part's bytes and name, again inside files within files, in UTF-16 too."""
    found = [
        (place, word)
        for word in words
        for form in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))
        if form in data
    ]
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                found += searched(archive.read(name), words, f"{place}/{name}")
                found += [(f"{place}/{name}", word) for word in words if word in name]
    if data.startswith(b"%PDF-"):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
        for entry in writer._objects:
            shown = repr(entry)
            if isinstance(entry, StreamObject):
                shown += repr(entry.get_data())
            found += [(place, word) for word in words if word in shown]
    return found


def copied(source: Path, withheld: set[WordSource]) -> Path:
    """Make the copy in this process; fail where none is made."""
    scratch = source.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    made = make_copy(
        source, media_type_of_file(source), frozenset(withheld), Limits(),
        Helpers(scratch=str(scratch)),
    )  # fmt: skip
    assert made.path, made.why
    return Path(made.path).rename(source.with_name(f"copy-{source.name}"))


@pytest.mark.threat(10)
@pytest.mark.parametrize("make", TELLING)
def test_a_copy_has_no_withheld_word_in_any_part(make: Callable[..., Path], tmp_path: Path) -> None:
    """Whoever unzips it and searches each part finds nothing; the file itself is untouched."""
    source = make(tmp_path / NAMES[make])
    before = hash_file(source)
    assert searched(source.read_bytes(), ALL_WORDS)
    copy = copied(source, {*WordSource})
    assert searched(copy.read_bytes(), ALL_WORDS) == []
    assert searched(copy.read_bytes(), (SEEN,))
    assert hash_file(source) == before


@pytest.mark.parametrize(
    ("withheld", "gone"),
    [
        (WordSource.NOTES, NOTED),
        (WordSource.COMMENTS, COMMENTED),
        (WordSource.HIDDEN_SLIDES, HIDDEN),
        (WordSource.METADATA, PERSONAL),
    ],
)
def test_only_what_is_withheld_is_taken(
    withheld: WordSource, gone: tuple[str, ...], tmp_path: Path
) -> None:
    """Each rule by itself; the words of the others stay."""
    copy = copied(make_telling_deck(tmp_path / "t.pptx"), {withheld})
    found = {word for _, word in searched(copy.read_bytes(), ALL_WORDS)}
    assert found.isdisjoint(gone)
    # Of a hidden slide's words some stand in its notes; which go with either.
    left = {*NOTED, *COMMENTED, *HIDDEN, *PERSONAL} - {*gone, "axolotl"}
    assert left <= found


def test_a_copied_deck_opens(tmp_path: Path) -> None:
    """In python-pptx, with the slides that are left, their text, sections and layouts."""
    copy = copied(make_telling_deck(tmp_path / "t.pptx"), {*WordSource})
    presentation = Presentation(str(copy))
    titles = [slide.shapes.title.text for slide in presentation.slides]
    assert titles == [f"The {SEEN}", "Thanks"]
    assert not any(slide.has_notes_slide for slide in presentation.slides)
    sections = presentation.part._element.iter("{*}section")
    assert [section.get("name") for section in sections] == ["Begin", "End"]
    assert next(presentation.part._element.iter("{*}custShow"), None) is None
    presentation.slides[0].shapes[1].ole_format.blob  # noqa: B018 - it is there
    with zipfile.ZipFile(copy) as archive:
        names = set(archive.namelist())
        types = archive.read("[Content_Types].xml").decode()
        assert archive.testzip() is None
        for name in names:
            if name.endswith(".rels"):
                folder = Path(name).parent.parent
                for line in archive.read(name).decode().split("<Relationship ")[1:]:
                    target = line.split('Target="')[1].split('"')[0]
                    if "External" not in line:
                        at = target if target.startswith("/") else f"/{folder}/{target}"
                        assert str(Path(at).resolve())[1:] in names, (name, target)
    for word in ("notes", "comment", "uthors", "tags", "customXml", "app.xml", "thumbnail"):
        assert not [name for name in names if word in name]
        assert word not in types


def test_copied_documents_open(tmp_path: Path) -> None:
    """In python-docx with insertions accepted; in pypdf with pages and links."""
    document = docx.Document(str(copied(make_telling_document(tmp_path / "t.docx"), {*WordSource})))
    assert [p.text for p in document.paragraphs] == [
        "Handout", f"On the {SEEN}. Commented.Inserted.",
    ]  # fmt: skip
    pages = pypdf.PdfReader(copied(make_telling_pdf(tmp_path / "t.pdf"), {*WordSource})).pages
    assert [page.extract_text().strip() for page in pages] == [f"The {SEEN}", "Thanks"]
    assert [a.get_object()["/Subtype"] for a in pages[0]["/Annots"]] == ["/Link"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [make_telling_deck, make_telling_document])
def test_copies_open_in_libreoffice(make: Callable[..., Path], tmp_path: Path) -> None:
    """Converted to PDF, a copy has as many pages as are left."""
    office = find_office("")
    if not office:
        pytest.skip("LibreOffice is not installed")
    from coproarchive.extract.office import PDF, converted

    copy = copied(make(tmp_path / NAMES[make]), {*WordSource})
    kind = media_type_of_file(copy)
    renamed = copy.with_suffix(".pptx")
    shutil.copy(copy, renamed) if renamed != copy else None
    with converted(renamed, kind, Limits(), Helpers(office), to=PDF) as made:
        pages = pypdf.PdfReader(made).pages
        text = " ".join(page.extract_text() for page in pages)
    assert len(pages) == (2 if make is make_telling_deck else 1)
    assert SEEN in text
    assert not any(word in text for word in ALL_WORDS)


def test_what_has_nothing_withheld_is_its_own_download(tmp_path: Path) -> None:
    """No notes, no comments: no copy, though there is a master of notes and an empty notes page."""
    deck = make_deck(tmp_path / "bread.pptx")
    presentation = Presentation(str(deck))
    for slide in presentation.slides:
        slide._element.attrib.pop("show", None)
        slide.notes_slide.notes_text_frame.text = ""
    presentation.save(str(deck))
    for path in (deck, make_pdf(tmp_path / "p.pdf", ["Bread"])):
        made = make_copy(
            path, media_type_of_file(path), frozenset(EVERYTHING), Limits(),
            Helpers(scratch=str(tmp_path)),
        )  # fmt: skip
        assert (made.path, made.why, made.removed) == ("", "", ())


def test_earlier_revisions_of_a_pdf_are_not_handed_out(tmp_path: Path) -> None:
    """A comment that was deleted by appending to the file is still in it."""
    source = make_telling_pdf(tmp_path / "t.pdf")
    writer = pypdf.PdfWriter(source, incremental=True)
    writer.pages[0].pop("/Annots")
    with (tmp_path / "later.pdf").open("wb") as file:
        writer.write(file)
    assert COMMENTED[0].encode() in (tmp_path / "later.pdf").read_bytes()
    copy = copied(tmp_path / "later.pdf", set(EVERYTHING))
    assert searched(copy.read_bytes(), COMMENTED) == []


def test_deleted_slides_that_a_deck_still_carries_are_taken(tmp_path: Path) -> None:
    """Parts that no list names: slides, and notes that nothing leads to."""
    source = make_telling_deck(tmp_path / "t.pptx", inside=False)
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("ppt/notesSlides/notesSlide9.xml",
                         "<n xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'>"
                         "<a:t>pangolin</a:t></n>")  # fmt: skip
        archive.writestr("[trash]/0000.dat", "pangolin")
    copy = copied(source, {WordSource.NOTES})
    assert searched(copy.read_bytes(), ("pangolin",)) == []


def test_an_embedded_object_that_cannot_be_looked_into_is_emptied(tmp_path: Path) -> None:
    """An old Word or PowerPoint file in a deck may have notes and comments of its own."""
    source = make_telling_deck(tmp_path / "t.pptx", inside=False)
    presentation = Presentation(str(source))
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "PowerPoint Document quokka".encode("utf-16-le")
    presentation.slides[0].shapes.add_ole_object(io.BytesIO(old), "PowerPoint.Show.8", 0, 0)
    presentation.save(str(source))
    copy = copied(source, set(EVERYTHING))
    assert searched(copy.read_bytes(), ("quokka",)) == []
    assert len(Presentation(str(copy)).slides) == 2


def test_a_document_in_a_deck_is_copied_too(tmp_path: Path) -> None:
    """A Word file in a slide: its comments go, its text stays. Damaged properties are left out."""
    source = make_parts(tmp_path / "d.pptx", [box("A")])
    inside = make_telling_document(tmp_path / "t.docx")
    presentation = Presentation(str(make_deck(tmp_path / "b.pptx")))
    presentation.slides[0].shapes.add_ole_object(str(inside), "Word.Document.12", 0, 0)
    presentation.save(str(source))
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(source, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, b"<damaged" if name == "docProps/core.xml" else data)
    copy = copied(source, set(EVERYTHING))
    assert searched(copy.read_bytes(), COMMENTED) == []
    assert searched(copy.read_bytes(), (SEEN,))
    assert len(Presentation(str(copy)).slides) == 4


def test_a_damaged_stream_is_an_answer(tmp_path: Path) -> None:
    """Not a crash: no copy, and why."""
    source = make_telling_deck(tmp_path / "t.pptx", inside=False)
    data = bytearray(source.read_bytes())
    with zipfile.ZipFile(source) as archive:
        start = archive.getinfo("ppt/slides/slide1.xml").header_offset
    data[start + 60 : start + 90] = b"\xff" * 30
    source.write_bytes(data)
    made = make_copy(
        source, media_type_of_file(source), frozenset(EVERYTHING), Limits(),
        Helpers(scratch=str(tmp_path)),
    )  # fmt: skip
    assert not made.path
    assert "no copy can be made" in made.why


@pytest.mark.parametrize("make", [make_telling_deck, make_telling_pdf])
def test_a_full_disk_is_no_fault_of_the_file(
    tmp_path: Path, make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not kept as a file without a copy: the next who asks has it tried again."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = make(tmp_path / NAMES[make])
    monkeypatch.setattr("zipfile.ZipFile.writestr", full)
    monkeypatch.setattr("pypdf.PdfWriter.write", full)
    with pytest.raises(OSError, match="No space"):
        make_copy(
            source, media_type_of_file(source), frozenset(EVERYTHING), Limits(),
            Helpers(scratch=str(tmp_path)),
        )  # fmt: skip


@pytest.mark.parametrize("damage", ["slide", "doctype"])
def test_no_copy_is_made_where_it_is_uncertain_what_is_in_the_file(
    damage: str, tmp_path: Path
) -> None:
    """A part that cannot be parsed may be a hidden slide."""
    parts = {
        "slide": {"slides/slide1.xml": "<p:sld>"},
        "doctype": {"notesSlides/n.xml": "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"},
    }[damage]
    deck = make_parts(tmp_path / "d.pptx", [box("A")])
    with zipfile.ZipFile(deck) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {f"ppt/{name}": xml.encode() for name, xml in parts.items()}
    with zipfile.ZipFile(deck, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    made = make_copy(
        deck, media_type_of_file(deck), frozenset(EVERYTHING), Limits(),
        Helpers(scratch=str(tmp_path)),
    )  # fmt: skip
    assert not made.path
    assert "no copy can be made" in made.why


# ------------------------------------------------------------------ served


@pytest.fixture
def opened(tmp_path: Path, open_library: Callable[..., Library]) -> Library:
    """An archive of a telling deck, a PDF without marks, an old deck and a zip file; indexed."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    (tmp_path / "work").mkdir()
    deck = make_telling_deck(tmp_path / "work" / "talk.pptx")
    files = {
        "talk.pptx": deck,
        "plain.pdf": make_pdf(tmp_path / "work" / "plain.pdf", [SEEN]),
        "old.ppt": tmp_path / "work" / "old.ppt",
        "decks.zip": tmp_path / "work" / "decks.zip",
        "notes.txt": tmp_path / "work" / "notes.txt",
        "post.md": tmp_path / "work" / "post.md",
    }
    files["old.ppt"].write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with zipfile.ZipFile(files["decks.zip"], "w") as archive:
        archive.write(deck, "talk.pptx")
    files["notes.txt"].write_bytes(files["decks.zip"].read_bytes())
    files["post.md"].write_text("# Bread\n")
    store.add_item(Item(id="talk", title="Talk"), files)
    library = open_library(tmp_path / "archive", office="off")
    library.update_index()
    library.make_copies()
    return library


def test_indexing_makes_no_copy_and_the_first_download_does(opened: Library) -> None:
    """LibreOffice takes seconds for each; the page says what will happen, then what it is."""
    copies = opened.settings.index / "copies"
    shutil.rmtree(copies)
    opened.update_index(rebuild=True)
    assert not copies.exists()
    with client_of(opened) as client:
        assert "made at the first download" in client.get("/item/talk").text
        assert searched(client.get("/file/talk/talk.pptx").content, NOTED) == []
        assert "A copy without notes" in client.get("/item/talk").text


def test_copies_of_what_is_public_no_longer_are_removed(opened: Library) -> None:
    """Nobody could ask for them, but a copy of the index folder would have them."""
    (made,) = (opened.settings.index / "copies").rglob("copy")
    item = opened.store.read_item("talk")
    opened.store.save_item(item.model_copy(update={"visibility": Visibility.HIDDEN}))
    assert not opened.lacks_copies()
    assert opened.make_copies() == 0
    assert not made.parent.exists()
    opened.store.save_item(item)
    assert opened.make_copies() == 2
    assert made.exists()
    opened.store.save_item(item.model_copy(update={"release": (WordSource.NOTES,)}))
    assert opened.make_copies() == 2
    assert not made.exists()


def test_missing_copies_are_made_without_waiting_for_readers(opened: Library) -> None:
    """As a server's helper does; what is not what was archived is left to `check`."""
    assert not opened.lacks_copies()
    shutil.rmtree(opened.settings.index / "copies")
    make_telling_pdf(opened.store.asset_path("talk", "plain.pdf"))
    assert opened.lacks_copies()
    assert opened.make_copies() == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coproarchive.public_copies.make_copy", lambda *_: 1 / 0)
        with client_of(opened) as client:
            assert searched(client.get("/file/talk/talk.pptx").content, NOTED) == []
            assert client.get("/file/talk/plain.pdf").status_code == 503


def test_a_copy_is_served_and_said_to_be_one(opened: Library) -> None:
    """Under a name that says what it is without; with its own size; in parts too."""
    with client_of(opened) as client:
        answer = client.get("/file/talk/talk.pptx")
        part = client.get("/file/talk/talk.pptx", headers={"Range": "bytes=0-3"})
        page = client.get("/item/talk").text
    name = "talk-without-notes-comments-and-hidden-slides.pptx"
    assert f'filename="{name}"' in answer.headers["content-disposition"]
    assert searched(answer.content, (*NOTED, *COMMENTED, *HIDDEN)) == []
    assert part.content == b"PK\x03\x04"
    assert "A copy without notes, comments and hidden slides." in page
    assert len(Presentation(io.BytesIO(answer.content)).slides) == 2


def test_what_has_no_copy_is_not_offered(opened: Library) -> None:
    """In plain words; whatever the file is named. What has nothing withheld is the very file."""
    with client_of(opened) as client:
        for name in ("old.ppt", "decks.zip", "notes.txt"):
            answer = client.get(f"/file/talk/{name}")
            assert answer.status_code == 403, name
            assert "notes or comments that are not public" in answer.text
        page = client.get("/item/talk").text
        for name in ("old.ppt", "decks.zip", "notes.txt"):
            assert f'href="/file/talk/{name}"' not in page
        for name in ("plain.pdf", "post.md"):
            original = opened.store.asset_path("talk", name)
            assert client.get(f"/file/talk/{name}").content == original.read_bytes()


def test_releasing_gives_the_original(opened: Library) -> None:
    """At once: the catalogue decides, not what was made before."""
    item = opened.store.read_item("talk")
    opened.store.save_item(item.model_copy(update={"release": EVERYTHING}))
    with client_of(opened) as client:
        answer = client.get("/file/talk/talk.pptx")
        assert answer.content == opened.store.asset_path("talk", "talk.pptx").read_bytes()
        assert client.get("/file/talk/old.ppt").status_code == 200
    opened.store.save_item(item)
    with client_of(opened) as client:
        assert searched(client.get("/file/talk/talk.pptx").content, NOTED) == []


def test_a_damaged_copy_or_record_is_made_anew(opened: Library) -> None:
    """Every byte of the record, and the copy; never the original instead."""
    (record,) = [
        p for p in (opened.settings.index / "copies").rglob("record.json")
        if (p.parent / "copy").is_file()
    ]  # fmt: skip
    sound, copy = record.read_bytes(), (record.parent / "copy").read_bytes()
    with client_of(opened) as client:
        for at in range(0, len(sound), 23):
            damaged = bytearray(sound)
            damaged[at] ^= 1
            record.write_bytes(damaged)
            assert client.get("/file/talk/talk.pptx").content == copy
        told = json.loads(sound.splitlines()[1]) | {"sha256": "", "removed": []}
        record.write_text(f"{'0' * 64}\n{json.dumps(told)}\n")
        assert client.get("/file/talk/talk.pptx").content == copy
        (record.parent / "copy").write_bytes(copy[:-1] + b"x")
        assert client.get("/file/talk/talk.pptx").content == copy


def test_a_file_that_was_changed_in_the_archive_is_looked_at_anew(opened: Library) -> None:
    """What counts is the file that lies there now, not what its record says."""
    path = opened.store.asset_path("talk", "plain.pdf")
    make_telling_pdf(path)
    with client_of(opened) as client:
        assert searched(client.get("/file/talk/plain.pdf").content, COMMENTED) == []


def test_the_name_says_what_was_taken(opened: Library) -> None:
    """Not what is withheld, but what there was of it."""
    copies = opened.public_copies
    path = opened.store.asset_path("talk", "talk.pptx")
    download = copies.get(path, "x/y", frozenset({WordSource.NOTES}))
    assert download is not None
    assert download.name == "talk-without-notes.pptx"


def test_old_formats_are_copied_by_conversion(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Where LibreOffice is: a .pptx without notes."""
    office = find_office("")
    if not office:
        pytest.skip("LibreOffice is not installed")
    from coproarchive.extract import office as converting

    deck = make_telling_deck(tmp_path / "talk.pptx", inside=False)
    old = tmp_path / "talk.ppt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(converting._SUFFIX, "application/vnd.ms-powerpoint", "ppt")
        with converting.converted(
            deck, converting.PPTX, Limits(), Helpers(office), to="application/vnd.ms-powerpoint"
        ) as made:
            shutil.copy(made, old)
    store = Store.create(tmp_path / "archive", Series(title="T"))
    store.add_item(Item(id="talk", title="Talk"), {"talk.ppt": old})
    library = open_library(tmp_path / "archive")
    library.update_index()
    with client_of(library) as client:
        answer = client.get("/file/talk/talk.ppt")
    assert answer.status_code == 200
    assert ".pptx" in answer.headers["content-disposition"]
    assert searched(answer.content, (*NOTED, *HIDDEN)) == []
    assert len(Presentation(io.BytesIO(answer.content)).slides) == 2
