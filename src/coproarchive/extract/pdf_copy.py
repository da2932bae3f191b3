"""Copies of PDFs without what reviewers wrote on them, and without the files they carry.

A mark is removed off its page, and its dictionary is emptied too: whatever else refers to it (the
structure tree, a reply, a popup) finds nothing there. What nothing refers to any more is not
written.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from coproarchive.errors import UnreadableError
from coproarchive.extract.office_copy import INSIDE, SAVE_ANEW
from coproarchive.vocabulary import WordSource

logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MAX_REVISIONS = 10
_OF_THE_PAGE = frozenset({
    "/Link", "/Widget", "/Movie", "/Screen", "/PrinterMark", "/TrapNet", "/Watermark", "/3D",
    "/RichMedia",
})  # fmt: skip
"""Annotations (ISO 32000-1, table 169) that belong to the page; all others are reviewers' marks."""
_TOLD_IN_TREE = ("/Alt", "/ActualText", "/E", "/T", "/Contents")
_PRIVATE = ("/PieceInfo", "/AF")
"""What programmes keep for themselves in a page or the file, and files that belong to it."""
_PERSONAL = ("/Author", "/Creator", "/Subject", "/Keywords", "/Company", "/Manager")
_DAMAGED = (PyPdfError, DependencyError, KeyError, ValueError, TypeError, AttributeError,
            IndexError, OSError, RecursionError, AssertionError, NotImplementedError)  # fmt: skip
"""What pypdf raises on damaged files is not one family."""


def copy_pdf(source: Path, target: Path, withheld: frozenset[WordSource]) -> frozenset[str]:
    """Write a copy without withheld words, where the file has any; see office_copy.

    Raises:
        UnreadableError: the file is damaged, or locked with a password.
    """
    try:
        reader = pypdf.PdfReader(source, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("it is locked with a password.", source.name)
        removed = _removed_from(reader, withheld)
        if WordSource.COMMENTS in withheld and any(map(_has_marks, _older_revisions(source))):
            removed |= {WordSource.COMMENTS}
        if removed:
            _write(reader, target, removed)
    except _DAMAGED as error:
        why = f"no copy can be made of it: it is damaged ({type(error).__name__})."
        raise UnreadableError(why, source.name, SAVE_ANEW) from error
    return removed


def _removed_from(reader: pypdf.PdfReader, withheld: frozenset[WordSource]) -> frozenset[str]:
    removed: set[str] = set()
    marks = [mark for page in reader.pages for mark in _marks(page)]
    if WordSource.COMMENTS in withheld and marks:
        removed.add(WordSource.COMMENTS)
    root = reader.root_object
    if withheld - {WordSource.METADATA} and (
        "/EmbeddedFiles" in _dictionary(root.get("/Names"))
        or "/Collection" in root
        or any(mark.get("/Subtype") == "/FileAttachment" for mark in marks)
    ):
        removed.add(INSIDE)
    if WordSource.METADATA in withheld:
        properties: Mapping[str, Any] = reader.metadata or {}
        if "/Metadata" in root or any(str(properties.get(key) or "").strip() for key in _PERSONAL):
            removed.add(WordSource.METADATA)
    return frozenset(removed)


def _older_revisions(source: Path) -> Iterator[io.BytesIO]:
    """Yield the file as it was before it was saved again at its end (ISO 32000-1, 7.5.6)."""
    data = source.read_bytes()
    ends = [match.end() for match in re.finditer(rb"startxref\s+\d+\s+%%EOF\s*", data)]
    for end in ends[-1 - MAX_REVISIONS : -1]:
        yield io.BytesIO(data[:end])


def _has_marks(revision: io.BytesIO) -> bool:
    try:
        reader = pypdf.PdfReader(revision, strict=False)
        return any(_marks(page) for page in reader.pages)
    except _DAMAGED:
        return False  # the first section of a linearised file, which is no file by itself


def _write(reader: pypdf.PdfReader, target: Path, removed: frozenset[str]) -> None:
    writer = pypdf.PdfWriter(clone_from=reader)
    emptied: set[int] = set()
    for page in writer.pages:
        if "/Annots" in page:
            page[NameObject("/Annots")] = ArrayObject(
                entry
                for entry in _array(page["/Annots"])
                if not _is_removed(_dictionary(entry), removed)
            )
        for key in _PRIVATE:
            page.pop(key, None)
    root = writer.root_object
    for number, entry in enumerate(writer._objects, start=1):
        if (
            isinstance(entry, DictionaryObject)
            and _is_annotation(entry)
            and _is_removed(entry, removed)
        ):
            entry.clear()
            emptied.add(number)
    for entry in writer._objects:
        if isinstance(entry, DictionaryObject) and "/S" in entry and _holds(entry, emptied):
            for key in (*_TOLD_IN_TREE, "/K"):
                entry.pop(key, None)
    names = _dictionary(root.get("/Names"))
    for holder, key in ((names, "/EmbeddedFiles"), (root, "/Collection"), (root, "/AF"),
                        (root, "/PieceInfo")):  # fmt: skip
        holder.pop(key, None)
    if WordSource.METADATA in removed:
        root.pop("/Metadata", None)
        title = reader.metadata.title if reader.metadata else None
        writer.metadata = {"/Title": title} if title else None
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
    with target.open("wb") as file:
        writer.write(file)


def _marks(page: pypdf.PageObject) -> list[DictionaryObject]:
    entries = map(_dictionary, _array(page.get("/Annots")))
    return [entry for entry in entries if entry.get("/Subtype") not in _OF_THE_PAGE]


def _is_removed(annotation: DictionaryObject, removed: frozenset[str]) -> bool:
    kind = annotation.get("/Subtype")
    if kind == "/FileAttachment":
        return INSIDE in removed or WordSource.COMMENTS in removed
    return WordSource.COMMENTS in removed and kind not in _OF_THE_PAGE


def _is_annotation(entry: DictionaryObject) -> bool:
    return entry.get("/Type") == "/Annot" or ("/Subtype" in entry and "/Rect" in entry)


def _holds(element: DictionaryObject, emptied: set[int]) -> bool:
    """Test whether an element of the structure tree stands for an emptied annotation."""
    kids = element.get("/K")
    for kid in _array(kids) if isinstance(kids, ArrayObject) else [kids]:
        reference = _dictionary(kid)
        at = reference.raw_get("/Obj") if "/Obj" in reference else None
        if isinstance(at, IndirectObject) and at.idnum in emptied:
            return True
    return False


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value


def _dictionary(value: Any) -> DictionaryObject:
    resolved = _resolved(value)
    return resolved if isinstance(resolved, DictionaryObject) else DictionaryObject()


def _array(value: Any) -> ArrayObject:
    resolved = _resolved(value)
    return resolved if isinstance(resolved, ArrayObject) else ArrayObject()
