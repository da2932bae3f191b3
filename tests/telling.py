"""Files that tell more than was shown: notes, comments, hidden slides, names, files inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pypdf
from lxml import etree
from pptx import Presentation
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.util import Inches
from pypdf.annotations import FreeText, Popup, Text
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.model import WordSource
from coproarchive.web.access import Access
from coproarchive.web.routes import routes
from making import make_pdf

NOTED = ("quagga", "okapi")
"""Words of speaker notes: in the text, and in an address."""
COMMENTED = ("bongo", "dikdik", "Zuza", "Yorick")
"""Words of comments of the old and the threaded kind, and the names of who wrote them."""
HIDDEN = ("tapir", "axolotl")
"""Words of a hidden slide, and of its notes."""
PERSONAL = ("Wanda", "Xaver")
"""Author and last editor of the file."""
SEEN = "millstone"
"""A word that everybody may see."""

EVERYTHING = (WordSource.NOTES, WordSource.COMMENTS, WordSource.HIDDEN_SLIDES)

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_MODERN = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"


def make_telling_deck(path: Path, *, inside: bool = True) -> Path:
    """A deck with every kind of words that may be withheld, in each place that they are kept in."""
    presentation = Presentation()
    layout = presentation.slide_layouts
    first = presentation.slides.add_slide(layout[5])
    first.shapes.title.text = f"The {SEEN}"
    notes = first.notes_slide.notes_text_frame
    notes.text = f"Say nothing of the {NOTED[0]} "
    run = notes.paragraphs[0].add_run()
    run.text = "here"
    run.hyperlink.address = f"https://example.org/{NOTED[1]}"
    second = presentation.slides.add_slide(layout[5])
    second.shapes.title.text = f"A {HIDDEN[0]}"
    second.notes_slide.notes_text_frame.text = f"And an {HIDDEN[1]}"
    second._element.set("show", "0")
    third = presentation.slides.add_slide(layout[5])
    third.shapes.title.text = "Thanks"
    jump = third.shapes.add_textbox(Inches(1), Inches(2), Inches(3), Inches(1))
    jump.text_frame.text = "Back"
    jump.click_action.target_slide = second
    _comment(presentation, first)
    _name_parts(presentation, second)
    if inside:
        embedded = make_telling_deck(path.with_name("inside.pptx"), inside=False)
        first.shapes.add_ole_object(
            str(embedded), "PowerPoint.Show.12", Inches(1), Inches(3), Inches(2), Inches(2)
        )
    properties = presentation.core_properties
    properties.author, properties.last_modified_by = PERSONAL
    path.parent.mkdir(parents=True, exist_ok=True)
    presentation.save(str(path))
    return path


def _add(owner: Part, name: str, kind: str, content_type: str, xml: str) -> str:
    part = Part(PackURI(name), content_type, owner.package, xml.encode())
    return str(owner.relate_to(part, kind))


def _comment(presentation: Any, slide: Any) -> None:
    """Old and threaded comments of a slide, and the lists of their authors."""
    content = "application/vnd.openxmlformats-officedocument.presentationml"
    main, part = presentation.part, slide.part
    _add(main, "/ppt/commentAuthors.xml", f"{_OFFICE}/commentAuthors",
         f"{content}.commentAuthors+xml",
         f'<p:cmAuthorLst xmlns:p="{_P}"><p:cmAuthor id="0" name="{COMMENTED[2]}" initials="Z" '
         'lastIdx="1" clrIdx="0"/></p:cmAuthorLst>')  # fmt: skip
    _add(part, "/ppt/comments/comment1.xml", f"{_OFFICE}/comments", f"{content}.comments+xml",
         f'<p:cmLst xmlns:p="{_P}"><p:cm authorId="0" dt="2018-05-04T10:00:00" idx="1">'
         f'<p:pos x="1" y="1"/><p:text>No {COMMENTED[0]}</p:text></p:cm></p:cmLst>')  # fmt: skip
    microsoft = "http://schemas.microsoft.com/office/2018/10/relationships"
    _add(main, "/ppt/authors.xml", f"{microsoft}/authors",
         "application/vnd.ms-powerpoint.authors+xml",
         f'<x:authorLst xmlns:x="{_MODERN}"><x:author id="{{A}}" name="{COMMENTED[3]}" '
         'initials="Y" userId="y" providerId="None"/></x:authorLst>')  # fmt: skip
    thread = _add(
        part, "/ppt/comments/modernComment_1.xml", f"{microsoft}/comments",
        "application/vnd.ms-powerpoint.comments+xml",
        f'<x:cmLst xmlns:x="{_MODERN}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/'
        'main"><x:cm id="{B}" authorId="{A}" created="2018-05-04T10:00:00"><x:txBody><a:bodyPr/>'
        f"<a:p><a:r><a:t>No {COMMENTED[1]}</a:t></a:r></a:p></x:txBody></x:cm></x:cmLst>",
    )  # fmt: skip
    extension = etree.fromstring(
        f'<p:extLst xmlns:p="{_P}"><p:ext uri="{{6950BFC3-D8DA-4A85-94F7-54DA5524770B}}">'
        f'<x:commentRel xmlns:x="{_MODERN}" xmlns:r="{_OFFICE}" r:id="{thread}"/>'
        "</p:ext></p:extLst>"
    )
    slide._element.append(extension)


def _name_parts(presentation: Any, hidden: Any) -> None:
    """Where else a deck names what is on its slides: sections, shows, properties, tags."""
    root = presentation.part._element
    entries = list(root.iter(f"{{{_P}}}sldId"))
    ids, relations = [e.get("id") for e in entries], [e.get(f"{{{_OFFICE}}}id") for e in entries]
    shows = etree.fromstring(
        f'<p:custShowLst xmlns:p="{_P}" xmlns:r="{_OFFICE}"><p:custShow name="{HIDDEN[0]} show" '
        f'id="0"><p:sldLst><p:sld r:id="{relations[1]}"/></p:sldLst></p:custShow></p:custShowLst>'
    )
    size = root.find(f"{{{_P}}}notesSz")
    size.addnext(shows)
    sections = "".join(
        f'<s:section name="{name}" id="{{{number}0000000-0000-0000-0000-000000000000}}">'
        f'<s:sldIdLst><s:sldId id="{ids[number]}"/></s:sldIdLst></s:section>'
        for number, name in enumerate(("Begin", f"The {HIDDEN[0]}", "End"))
    )
    root.append(
        etree.fromstring(
            f'<p:extLst xmlns:p="{_P}"><p:ext uri="{{521415D9-36F7-43E2-AB2F-B90AF26B5E84}}">'
            '<s:sectionLst xmlns:s="http://schemas.microsoft.com/office/powerpoint/2010/main">'
            f"{sections}</s:sectionLst></p:ext></p:extLst>"
        )
    )
    package = presentation.part.package
    for part in list(package.iter_parts()):
        if str(part.partname) == "/docProps/app.xml":
            part._blob = (
                '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
                f'extended-properties"><TotalTime>1</TotalTime><TitlesOfParts>A {HIDDEN[0]}'
                f"</TitlesOfParts><Company>{PERSONAL[0]} Ltd</Company></Properties>"
            ).encode()
    tag = _add(
        hidden.part, "/ppt/tags/tag1.xml", f"{_OFFICE}/tags",
        "application/vnd.openxmlformats-officedocument.presentationml.tags+xml",
        f'<p:tagLst xmlns:p="{_P}"><p:tag name="NOTES" val="{HIDDEN[1]}"/></p:tagLst>',
    )  # fmt: skip
    assert tag
    _add(presentation.part, "/customXml/item1.xml", f"{_OFFICE}/customXml", "application/xml",
         f"<notes>{NOTED[0]}</notes>")  # fmt: skip


def make_telling_pdf(path: Path) -> Path:
    """A PDF with a reviewer's note, its popup, words typed on the page, and a link."""
    writer = pypdf.PdfWriter(clone_from=make_pdf(path, [f"The {SEEN}", "Thanks"]))
    note = Text(text=f"No {COMMENTED[0]}", rect=(10, 10, 60, 60))
    note[NameObject("/T")] = TextStringObject(COMMENTED[2])
    placed = writer.add_annotation(0, note)
    popup = Popup(rect=(60, 60, 200, 200), parent=placed)
    popup[NameObject("/Contents")] = TextStringObject(COMMENTED[1])
    writer.add_annotation(0, popup)
    typed = FreeText(text=f"Ask {COMMENTED[3]}", rect=(100, 300, 500, 400), font_size="40pt")
    writer.add_annotation(0, typed)
    link = pypdf.annotations.Link(rect=(10, 50, 90, 60), url="https://example.org/seen")
    writer.add_annotation(0, link)
    element = DictionaryObject(
        {
            NameObject("/S"): NameObject("/Annot"),
            NameObject("/Alt"): TextStringObject(f"A note on {COMMENTED[0]}"),
            NameObject("/K"): ArrayObject(
                [DictionaryObject({NameObject("/Type"): NameObject("/OBJR"),
                                   NameObject("/Obj"): placed.indirect_reference})]
            ),
        }
    )  # fmt: skip
    root = DictionaryObject(
        {NameObject("/Type"): NameObject("/StructTreeRoot"),
         NameObject("/K"): writer._add_object(element)}
    )  # fmt: skip
    writer.root_object[NameObject("/StructTreeRoot")] = writer._add_object(root)
    writer.add_metadata({"/Author": PERSONAL[0], "/Title": "Mills"})
    with path.open("wb") as file:
        writer.write(file)
    return path


def make_telling_document(path: Path) -> Path:
    """A DOCX handout with a comment, its author, and a deleted and an inserted word."""
    document = docx.Document()
    document.add_heading("Handout", level=1)
    paragraph = document.add_paragraph(f"On the {SEEN}. ")
    run = paragraph.add_run("Commented.")
    document.add_comment(run, text=f"No {COMMENTED[0]}", author=COMMENTED[2], initials="Z")
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    paragraph._p.append(
        etree.fromstring(
            f'<w:del xmlns:w="{word}" w:id="7" w:author="{COMMENTED[3]}"><w:r>'
            f"<w:delText>{COMMENTED[1]}</w:delText></w:r></w:del>"
        )
    )
    paragraph._p.append(
        etree.fromstring(
            f'<w:ins xmlns:w="{word}" w:id="8" w:author="{COMMENTED[3]}"><w:r>'
            "<w:t>Inserted.</w:t></w:r></w:ins>"
        )
    )
    document.core_properties.author = PERSONAL[0]
    document.save(str(path))
    return path


def client_of(library: Library) -> TestClient:
    """A reader who is not signed in."""
    app = Starlette(routes=routes(library, Access(library.settings)))
    return TestClient(app, base_url="http://127.0.0.1:8501")
