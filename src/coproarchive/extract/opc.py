"""Office files as python-pptx and python-docx open them: the first way, where the file allows it.

Both libraries read every part into memory and give up on the whole file when one part is missing or
broken. So they are given files that unpack to a bounded size, after a look at the zip directory;
where they give up, the parts are read one by one (zips.Package). On 406 real and hostile decks both
ways gave the same words wherever python-pptx opened the file; it gave up on 112 of them.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docx.opc.exceptions
import docx.opc.package
import pptx.exc
import pptx.opc.package
import pptx.package
from lxml import etree

from coproarchive.extract.zips import MAX_PART, Package, Relation, has_doctype, parse_xml

MAX_IN_MEMORY = 128 * 1024**2
"""Bytes that a file may unpack to and still be opened by a library; decks with videos are more."""

_STRICT = "http://purl.oclc.org/ooxml/"
_GAVE_UP = (
    pptx.exc.PythonPptxError, docx.opc.exceptions.OpcError, KeyError, ValueError, AttributeError,
    TypeError, IndexError, NotImplementedError, etree.LxmlError, zipfile.BadZipFile, zlib.error,
    OSError, EOFError, RuntimeError, AssertionError, lzma.LZMAError,
)  # fmt: skip
"""What the libraries raise on damaged and unusual files is not one family."""


class LibraryPackage:
    """An office file that a library holds in memory; see zips.Parts."""

    def __init__(self, parts: Mapping[str, Any], relations: Mapping[str, Any], twice: list[str]):
        self._parts = parts
        self._start = relations
        self.lost: list[str] = []
        self.twice = twice

    def read(self, name: str, limit: int = MAX_PART) -> bytes | None:
        """See Parts.read."""
        part = self._parts.get(name)
        data: bytes | None = None if part is None else part.blob
        if data is not None and len(data) > limit:
            self.lost.append(name)
            return None
        return data

    def xml(self, name: str) -> etree._Element | None:
        """See Parts.xml."""
        part = self._parts.get(name)
        root: etree._Element | None = getattr(part, "_element", None)
        if root is None:
            data = self.read(name)
            root = parse_xml(data)
            if root is None and data is not None:
                self.lost.append(name)
            return root
        if has_doctype(root):
            self.lost.append(name)
            return None
        return root

    def relations(self, part: str) -> dict[str, Relation]:
        """See Parts.relations."""
        found = self._parts.get(part)
        held = self._start if not part else found.rels if found is not None else {}
        return {key: _relation(value) for key, value in held.items()}


def _relation(held: Any) -> Relation:
    kind = held.reltype.rpartition("/")[2]
    if held.is_external:
        return Relation(held.target_ref, kind, True)
    return Relation(str(held.target_part.partname).lstrip("/"), kind, False)


def open_deck(path: Path, package: Package) -> LibraryPackage | None:
    """The deck as python-pptx opens it, None where it gives up or the deck is too large.

    Its package reader is used and not `Presentation()`, which refuses slide shows and templates.
    """
    if package.unpacked_size > MAX_IN_MEMORY:
        return None
    try:
        opened = pptx.package.Package.open(str(path))
        return _held(opened.iter_parts(), opened._rels, package)
    except _GAVE_UP:
        return None


def open_document(path: Path, package: Package) -> LibraryPackage | None:
    """The document as python-docx opens it, None where it gives up or the document is too large."""
    if package.unpacked_size > MAX_IN_MEMORY:
        return None
    try:
        opened = docx.opc.package.OpcPackage.open(str(path))
        return _held(opened.iter_parts(), opened.rels, package)
    except _GAVE_UP:
        return None


def _held(
    parts: Iterator[Any], relations: Mapping[str, Any], package: Package
) -> LibraryPackage | None:
    if any(r.reltype.startswith(_STRICT) for r in relations.values()):
        return None  # opened, but with names that neither library knows
    named = {str(part.partname).lstrip("/"): part for part in parts}
    held = LibraryPackage(named, relations, package.twice)
    for name in ("", *named):
        held.relations(name)  # what points nowhere is found now, and then the parts are read
    return held
