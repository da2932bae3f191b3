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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from coproarchive.extract.zips import MAX_PART, Package, Relationship, has_doctype, parse_xml

MAX_IN_MEMORY = 128 * 1024**2
"""Bytes that a file may unpack to and still be opened by a library; decks with videos are more."""

_STRICT = "http://purl.oclc.org/ooxml/"
_GAVE_UP = (
    KeyError, ValueError, AttributeError,
    TypeError, IndexError, NotImplementedError, etree.LxmlError, zipfile.BadZipFile, zlib.error,
    OSError, EOFError, RuntimeError, AssertionError, lzma.LZMAError,
)  # fmt: skip
"""What the libraries raise on damaged and unusual files is not one family."""


class LibraryPackage:
    """An office file that a library holds in memory; see zips.Parts."""

    def __init__(self, parts: Mapping[str, Any], relations: Mapping[str, Any], twice: list[str]):
        self._parts = parts
        self._start = relations
        self._relations: dict[str, dict[str, Relationship]] = {}
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

    def relations(self, part: str) -> dict[str, Relationship]:
        """See Parts.relations; opening asks for those of every part, and reading again."""
        if part not in self._relations:
            member = self._parts.get(part)
            held = self._start if not part else member.rels if member is not None else {}
            self._relations[part] = {key: _relation(value) for key, value in held.items()}
        return self._relations[part]


def _relation(held: Any) -> Relationship:
    kind = held.reltype.rpartition("/")[2]
    if held.is_external:
        return Relationship(held.target_ref, kind, True)
    return Relationship(str(held.target_part.partname).lstrip("/"), kind, False)


def open_deck(path: Path, package: Package) -> LibraryPackage | None:
    """Open the deck as python-pptx does; None where it gives up or the deck is too large.

    Its package reader is used and not `Presentation()`, which refuses slide shows and templates.
    """
    from pptx.exc import PythonPptxError  # noqa: PLC0415 - one format's library, 60 ms
    from pptx.package import Package as Deck  # noqa: PLC0415

    return _open(lambda: Deck.open(str(path)), package, PythonPptxError)


def open_document(path: Path, package: Package) -> LibraryPackage | None:
    """Open the document as python-docx does; None where it gives up or it is too large."""
    from docx.opc.exceptions import OpcError  # noqa: PLC0415 - one format's library, 60 ms
    from docx.opc.package import OpcPackage  # noqa: PLC0415

    return _open(lambda: OpcPackage.open(str(path)), package, OpcError)


def _open(
    opener: Callable[[], Any], package: Package, refusal: type[Exception]
) -> LibraryPackage | None:
    if package.unpacked_size > MAX_IN_MEMORY:
        return None
    try:
        library = opener()
        # python-docx has `rels`, python-pptx hides them.
        relations = library.rels if hasattr(library, "rels") else library._rels
        return _checked(library.iter_parts(), relations, package)
    except (*_GAVE_UP, refusal):
        return None


def _checked(
    parts: Iterator[Any], relations: Mapping[str, Any], package: Package
) -> LibraryPackage | None:
    if any(r.reltype.startswith(_STRICT) for r in relations.values()):
        return None  # opened, but with names that neither library knows
    by_name = {str(part.partname).lstrip("/"): part for part in parts}
    opened = LibraryPackage(by_name, relations, package.twice)
    for name in ("", *by_name):
        opened.relations(name)  # what points nowhere is found now, and then the parts are read
    return opened
