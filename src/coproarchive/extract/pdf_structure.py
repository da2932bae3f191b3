"""What PDFium knows of a PDF besides its text: labels, outline, notes, links, alternative texts.

Read through PDFium's C interface, because opening every file with pypdf as well cost three times
as much as reading its text (57 talks, 1,324 pages: 3.3 s of 5.2 s). Counts and depths are bounded:
a file may claim half a million annotations, or a tree that contains itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from coproarchive.extract.base import Notice
from coproarchive.extract.text import one_line, real_title
from coproarchive.vocabulary import Severity, Source

Page = Any
"""A page's handle: a pointer that PDFium gave; false where it gave none."""

WHOLE = 1024**2
"""Bytes of a file that is read whole before it is opened."""
MAX_ANNOTATIONS = 1_000
MAX_STRUCTURE = 5_000
MAX_DEPTH = 40
MAX_OUTLINE = 5_000
MAX_ATTACHMENTS = 50
MAX_TITLE = 150
MAX_STRING = 64 * 1024
"""Bytes of one string; longer ones are not text that somebody wrote for a reader."""

_LINK, _POPUP, _WIDGET = 2, 16, 20  # FPDF_ANNOT_* of fpdf_annot.h
_OF_THE_PAGE = {
    _LINK, _WIDGET, pdfium.FPDF_ANNOT_MOVIE, pdfium.FPDF_ANNOT_SCREEN,
    pdfium.FPDF_ANNOT_PRINTERMARK, pdfium.FPDF_ANNOT_TRAPNET, pdfium.FPDF_ANNOT_WATERMARK,
    pdfium.FPDF_ANNOT_THREED, pdfium.FPDF_ANNOT_RICHMEDIA,
}  # fmt: skip
"""Annotations that belong to the page; all others are marks of those who reviewed it."""
_TO_WEB = 3  # PDFACTION_URI of fpdf_doc.h
_TEXT_OBJECT, _FORM_OBJECT = 1, 5  # FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJ_FORM of fpdf_edit.h


def opened_document(path: Path) -> pypdfium2.PdfDocument | None:
    """Open the document, to be closed by the caller; None where PDFium refuses the file.

    PDFium asks for a file in small pieces, so one that is not large is given to it whole: 3% less
    time. Of a large one it needs a part only; its path is passed as it is, because pypdfium2 would
    resolve it first.
    """
    if data := _whole(path):
        with contextlib.suppress(pypdfium2.PdfiumError):
            return pypdfium2.PdfDocument(data)
        return None
    name = str(path.absolute()).encode("utf-8", "surrogateescape") + b"\0"
    handle = pdfium.FPDF_LoadDocument(name, None)
    if not handle:
        return None
    document = pypdfium2.PdfDocument(handle)
    if len(document) < 1:
        document.close()
        return None
    return document


def _whole(path: Path) -> bytes:
    """Return the bytes of a file of up to WHOLE bytes, b"" of a larger one."""
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        return os.read(handle, size) if size <= WHOLE else b""
    finally:
        os.close(handle)


def is_locked() -> bool:
    """Test whether PDFium refused the last document for want of a password."""
    return bool(pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD)


class opened_page:  # noqa: N801 - used as open() is
    """A page's handle for the length of a block, false where the page cannot be loaded.

    pypdfium2's own objects register a finaliser each, which costs as much as reading a short page.
    """

    __slots__ = ("_document", "_index", "_page")

    def __init__(self, document: pypdfium2.PdfDocument, index: int):
        self._document, self._index = document, index

    def __enter__(self) -> Page:
        self._page: Page = pdfium.FPDF_LoadPage(self._document, self._index)
        return self._page

    def __exit__(self, *_: object) -> None:
        if self._page:
            pdfium.FPDF_ClosePage(self._page)


def page_text(page: Page, look: Callable[[object, int], None] | None = None) -> tuple[str, str]:
    """Return the text within the page's box, and all of it; lines end with CR LF.

    Args:
        page: handle.
        look: called with the handle of the page's text, which costs to make, and its characters.
    """
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return "", ""
    try:
        count = pdfium.FPDFText_CountChars(text_page)
        if count <= 0:
            return "", ""
        if look is not None:
            look(text_page, count)
        inside = _text_inside(page, text_page, count)
        if count == len(inside):
            return inside, inside
        whole = _units(count + 1)
        written = pdfium.FPDFText_GetText(text_page, 0, count, whole)
        return inside, _decoded(whole, written - 1)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _text_inside(page: Page, text_page: object, count: int) -> str:
    """Return the text within the page's box. PDFium makes it anew at each call: call it once.

    Args:
        page, text_page: handles.
        count: characters of the page; a line end may be added for each.
    """
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    edges = (box.left, box.top, box.right, box.bottom)
    room = 3 * count + 2
    buffer = _units(room)
    written = pdfium.FPDFText_GetBoundedText(text_page, *edges, buffer, room)
    text = _decoded(buffer, min(written, room))
    return text.removesuffix("\0") if written < room else text


def outline(document: pypdfium2.PdfDocument) -> dict[int, str]:
    """Map a page's index to the first outline entry that points at it."""
    titles: dict[int, str] = {}
    with contextlib.suppress(pypdfium2.PdfiumError, UnicodeError, RecursionError):
        for number, bookmark in enumerate(document.get_toc(max_depth=4)):
            if number > MAX_OUTLINE:
                break
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = real_title(bookmark.get_title())
            if index is not None and title:
                titles.setdefault(index, title[:MAX_TITLE])
    return titles


def has_labels(document: pypdfium2.PdfDocument) -> bool:
    """Test whether pages have printed numbers that differ from their places.

    Three pages are asked: numbers that differ anywhere differ at the start, half-way or the end.
    """
    pages = len(document)
    return any(page_label(document, index) for index in {0, pages // 2, max(0, pages - 1)})


def page_label(document: pypdfium2.PdfDocument, index: int) -> str:
    """Return the number printed on the page, "" where it is the page's place in the file."""
    printed = _wide(lambda buffer, size: pdfium.FPDF_GetPageLabel(document, index, buffer, size))
    printed = one_line(printed)[:40]
    return "" if printed == str(index + 1) else printed


def document_information(document: pypdfium2.PdfDocument, key: str) -> str:
    """Return an entry of the document's information: Title, Author, Keywords, CreationDate."""
    name = key.encode("ascii")
    return _wide(lambda buffer, size: pdfium.FPDF_GetMetaText(document, name, buffer, size))


def language(document: pypdfium2.PdfDocument) -> str | None:
    """Return the document's language tag."""
    tag = _wide(lambda buffer, size: pdfium.FPDFCatalog_GetLanguage(document, buffer, size))
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) else None


def attachments(document: pypdfium2.PdfDocument) -> Iterator[Notice]:
    """Yield a notice of files inside the file, as they are not searched."""
    count = pdfium.FPDFDoc_GetAttachmentCount(document)
    for index in range(min(count, MAX_ATTACHMENTS)):
        attachment = pdfium.FPDFDoc_GetAttachment(document, index)
        if not attachment:
            continue
        name = one_line(_wide(_reader(pdfium.FPDFAttachment_GetName, attachment)))[:200]
        yield Notice(
            "file-inside-file",
            Severity.NOTE,
            f'the PDF carries an attachment, "{name}", which is not searched.',
            "Look at it, and add it as a file of its own if it belongs to the archive.",
        )
    if count > MAX_ATTACHMENTS:
        yield Notice(
            "file-inside-file",
            Severity.NOTE,
            f"the PDF carries {count:,} attachments; the first {MAX_ATTACHMENTS} are named here.",
            "Look at them in a PDF viewer.",
        )


def page_notes(document: pypdfium2.PdfDocument, page: Page) -> list[tuple[Source, str]]:
    """Return reviewers' notes, what was written into forms, and web links on the page."""
    count = min(pdfium.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)
    if not count:
        return []
    links, notes = _links(document, page)
    # Slide themes put twenty links within the file on every page, and mostly nothing else.
    for index in range(count if count > links else 0):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind == _WIDGET:
            # What a form was filled in with is seen on the page; it is nobody's comment.
            notes.append((Source.TEXT, _entry(annotation, b"V")))
        elif kind not in (_LINK, _POPUP):  # a popup repeats the note it belongs to
            notes.append((Source.ANNOTATION, _entry(annotation, b"Contents")))
        pdfium.FPDFPage_CloseAnnot(annotation)
    return notes


def remove_comments(page: Page) -> None:
    """Take reviewers' marks off an opened page, so that they are not drawn; no file changes."""
    for index in reversed(range(pdfium.FPDFPage_GetAnnotCount(page))):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation) if annotation else None
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if kind not in _OF_THE_PAGE:
            pdfium.FPDFPage_RemoveAnnot(page, index)


def _links(document: pypdfium2.PdfDocument, page: Page) -> tuple[int, list[tuple[Source, str]]]:
    """Count the page's links, and return the web addresses among them."""
    addresses: list[tuple[Source, str]] = []
    number, at, link = 0, ctypes.c_int(0), pdfium.FPDF_LINK()
    at_pointer, link_pointer = ctypes.byref(at), ctypes.byref(link)
    while number < MAX_ANNOTATIONS and pdfium.FPDFLink_Enumerate(page, at_pointer, link_pointer):
        number += 1
        action = pdfium.FPDFLink_GetAction(link)
        if action and pdfium.FPDFAction_GetType(action) == _TO_WEB:
            addresses.append((Source.LINK, _web_address(document, action)))
    return number, addresses


def alternative_texts(page: Page) -> list[tuple[Source, str]]:
    """Return alternative texts of the page's pictures; tagged PDFs have them."""
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    if not tree:
        return []
    texts: list[tuple[Source, str]] = []
    try:
        count = min(pdfium.FPDF_StructTree_CountChildren(tree), MAX_STRUCTURE)
        pending = [(pdfium.FPDF_StructTree_GetChildAtIndex(tree, i), 0) for i in range(count)]
        seen = 0
        while pending and seen < MAX_STRUCTURE:
            element, depth = pending.pop()
            seen += 1
            if not element or depth > MAX_DEPTH:
                continue
            if pdfium.FPDF_StructElement_GetAltText(element, None, 0) > 2:
                text = _wide(_reader(pdfium.FPDF_StructElement_GetAltText, element))
                texts.append((Source.ALT, text))
            children = min(pdfium.FPDF_StructElement_CountChildren(element), MAX_STRUCTURE)
            for index in range(children):
                child = pdfium.FPDF_StructElement_GetChildAtIndex(element, index)
                if child:  # else a run of the page's text
                    pending.append((child, depth + 1))
    finally:
        pdfium.FPDF_StructTree_Close(tree)
    return texts[::-1]


def is_tagged(document: pypdfium2.PdfDocument) -> bool:
    """Test whether the document is tagged (ISO 32000, 14.8)."""
    return bool(pdfium.FPDFCatalog_IsTagged(document))


def text_objects(page: Page, limit: int = 100) -> int:
    """Count runs of text that the page and the forms on it draw, as far as `limit`."""
    count = 0
    for index in range(min(pdfium.FPDFPage_CountObjects(page), 20 * limit)):
        drawn = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(drawn)
        count += kind == _TEXT_OBJECT
        if kind == _FORM_OBJECT:
            inside = min(pdfium.FPDFFormObj_CountObjects(drawn), limit)
            count += sum(
                pdfium.FPDFPageObj_GetType(pdfium.FPDFFormObj_GetObject(drawn, i)) == _TEXT_OBJECT
                for i in range(inside)
            )
        if count >= limit:
            break
    return count


def _reader(function: Callable[..., int], handle: object) -> Callable[[object, int], int]:
    return lambda buffer, size: function(handle, buffer, size)


# Filled anew by each call; PDFium is not to be called by two threads in any case.
_SHARED = (ctypes.c_ushort * (MAX_STRING // 2))()


def _units(size: int) -> Any:
    """Make a buffer of that many UTF-16 code units."""
    return _SHARED if size <= len(_SHARED) else (ctypes.c_ushort * size)()


def _decoded(buffer: Any, units: int) -> str:
    return bytes(memoryview(buffer)[: max(0, units)]).decode("utf-16-le", "ignore")


def _wide(read: Callable[[object, int], int]) -> str:
    """Return a string that PDFium gives as UTF-16 with its size; "" where it is too long."""
    size = read(_SHARED, MAX_STRING)
    return _decoded(_SHARED, size // 2 - 1) if 2 < size <= MAX_STRING else ""


def _entry(annotation: object, key: bytes) -> str:
    return _wide(
        lambda buffer, size: pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    )


def _web_address(document: pypdfium2.PdfDocument, action: object) -> str:
    size = pdfium.FPDFAction_GetURIPath(document, action, _SHARED, MAX_STRING)
    if not 1 < size <= MAX_STRING:
        return ""
    return bytes(memoryview(_SHARED).cast("B")[: size - 1]).decode("utf-8", "ignore")
