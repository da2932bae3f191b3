"""PPTX and its kin: a leaf a slide, opened by python-pptx or, where it gives up, part by part."""

from __future__ import annotations

import datetime
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import unquote

import pptx.package
from lxml import etree
from pptx.exc import PythonPptxError
from pptx.opc.package import Part as PptxPart

from coproarchive.errors import LimitError, UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice, without_text
from coproarchive.extract.shapes import P, R, Related, read_slide
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.model import Leaf, Severity, Source

MAX_MEMBERS = 50_000
MAX_PART = 50 * 1024**2
"""Bytes of one XML part; the largest in 250 real decks had under 5 MB."""

_STRICT = (b"http://purl.oclc.org/ooxml/", b"http://schemas.openxmlformats.org/")
_STRICT_YEARS = (
    (b"officeDocument/relationships", b"officeDocument/2006/relationships"),
    (b"presentationml/main", b"presentationml/2006/main"),
    (b"drawingml/main", b"drawingml/2006/main"),
    (b"drawingml/chart", b"drawingml/2006/chart"),
    (b"drawingml/diagram", b"drawingml/2006/diagram"),
    (b"officeDocument/math", b"officeDocument/2006/math"),
)
_RELS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def open_zip(path: Path, limits: Limits) -> zipfile.ZipFile:
    """Open a zip-based file after looking at its directory.

    Raises:
        UnreadableError: no zip file, or one name twice.
        LimitError: too many members, or they unpack to too much.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise UnreadableError(f"this file is damaged: {error}.", path.name) from None
    if len(members) > MAX_MEMBERS:
        raise LimitError(
            f"this file has {len(members):,} parts; {MAX_MEMBERS:,} are read.", path.name
        )
    size = sum(member.file_size for member in members)
    if size > limits.unpacked_size:
        raise LimitError(
            f"this file unpacks to {size:,} bytes; the limit is {limits.unpacked_size:,}.",
            path.name,
        )
    return archive


def read_member(archive: zipfile.ZipFile, name: str, limit: int = MAX_PART) -> bytes | None:
    """A member's bytes, None where it is missing, damaged, or larger than it says or may be."""
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except (KeyError, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error,
            zipfile.BadZipFile):  # fmt: skip
        return None
    return None if len(data) > limit else data


def parse_xml(data: bytes | None) -> etree._Element | None:
    """Root of an XML part; no entities, no network, nothing where it is not well-formed."""
    if not data:
        return None
    if _STRICT[0] in data:
        data = data.replace(*_STRICT)
        for strict, transitional in _STRICT_YEARS:
            data = data.replace(_STRICT[1] + strict, _STRICT[1] + transitional)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


@dataclass(frozen=True)
class Slide:
    """One slide as either opener gives it."""

    root: etree._Element
    related: Related
    notes: etree._Element | None
    comments: tuple[str, ...]


class Deck(Protocol):
    """An opened deck."""

    metadata: Metadata

    def slides(self) -> Iterator[Slide | None]:
        """Slides in their order; None for one whose part is missing or broken."""
        ...


class PptxExtractor:
    """Every word of a slide by its source; see shapes.py for what a deck has besides text boxes."""

    name: ClassVar[str] = "pptx"
    version: ClassVar[int] = 1
    media_types: ClassVar[frozenset[str]] = frozenset(
        {
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
            "application/vnd.openxmlformats-officedocument.presentationml.template",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        }
    )

    def extract(self, path: Path, limits: Limits) -> Extraction:
        """See Extractor.extract."""
        archive = open_zip(path, limits)
        notices: list[Notice] = []
        deck: Deck
        try:
            deck = LibraryDeck(path)
            leaves = list(_leaves(deck, notices, limits))
        except (PythonPptxError, KeyError, ValueError, AttributeError, TypeError, IndexError,
                NotImplementedError, etree.LxmlError, zipfile.BadZipFile, zlib.error, OSError,
                EOFError, RuntimeError, AssertionError):  # fmt: skip
            # Damaged or unusual: what python-pptx raises on such files is not one family.
            notices.clear()
            deck = PartsDeck(archive, path.name)
            leaves = list(_leaves(deck, notices, limits))
        finally:
            archive.close()
        if not leaves and any(n.code == "slide-missing" for n in notices):
            raise UnreadableError(
                "this deck is damaged: none of its slides can be read.", path.name
            )
        return bounded(leaves, limits, metadata=deck.metadata, notices=notices)


def _leaves(deck: Deck, notices: list[Notice], limits: Limits) -> Iterator[Leaf]:
    number = 0
    for slide in deck.slides():
        number += 1
        if number > limits.leaves + 1:
            return
        if slide is None:
            notices.append(
                Notice(
                    "slide-missing", Severity.WARNING, f"slide {number} is damaged.", leaf=number
                )
            )
            continue
        yield _leaf(slide, number, notices)


def _leaf(slide: Slide, number: int, notices: list[Notice]) -> Leaf:
    words = read_slide(slide.root, slide.related)
    pieces = list(words.pieces)
    if slide.notes is not None:
        spoken = read_slide(slide.notes, slide.related)
        noted = [spoken.title, *(t for s, t in spoken.pieces if s in (Source.TEXT, Source.TABLE))]
        pieces.append((Source.NOTES, "\n".join(piece for piece in noted if piece)))
    pieces += [(Source.COMMENT, comment) for comment in slide.comments]
    title = one_line(words.title)[:300]
    parts = parts_of(*pieces)
    if not title and not any(p.source is not Source.LINK for p in parts):
        notices.append(without_text("slide", number))
    if words.pictures_without_alt:
        notices.append(
            Notice(
                "picture-without-alt",
                Severity.NOTE,
                f"slide {number} has {words.pictures_without_alt} undescribed picture(s).",
                "In PowerPoint: right-click the picture, Edit Alt Text.",
                leaf=number,
            )
        )
    hidden = slide.root.get("show") in ("0", "false")
    return Leaf(number, "slide", title, parts, hidden=hidden)


# ------------------------------------------------------------ python-pptx


class LibraryDeck:
    """A deck that python-pptx opens; slide shows and templates through their package."""

    def __init__(self, path: Path):
        package = pptx.package.Package.open(str(path))
        self._presentation = package.main_document_part.presentation
        core = package.core_properties
        self.metadata = _metadata(
            core.title, core.author, core.created, core.language, core.keywords
        )

    def slides(self) -> Iterator[Slide | None]:
        """See Deck.slides."""
        for slide in self._presentation.slides:
            part = slide.part
            notes = slide.notes_slide._element if slide.has_notes_slide else None
            comments = []
            for relation in part.rels.values():
                if not relation.is_external and "comment" in relation.reltype.lower():
                    comments += _comments(parse_xml(relation.target_part.blob))
            yield Slide(slide._element, _LibraryRelated(part), notes, tuple(comments))


class _LibraryRelated:
    """Relationships of a part that python-pptx holds."""

    def __init__(self, part: PptxPart):
        self._part = part

    def xml(self, relation: str) -> etree._Element | None:
        found = self._part.rels.get(relation)
        if found is None or found.is_external:
            return None
        return parse_xml(found.target_part.blob)

    def address(self, relation: str) -> str | None:
        found = self._part.rels.get(relation)
        return str(found.target_ref) if found is not None and found.is_external else None


# ----------------------------------------------------------- part by part


class PartsDeck:
    """A deck read from its zip parts: one missing or broken part costs that part only."""

    def __init__(self, archive: zipfile.ZipFile, name: str):
        self._archive = archive
        start = next(
            (t for t, kind, _ in self._relations("").values() if kind == "officeDocument"), ""
        )
        self._main = start or "ppt/presentation.xml"
        self._root = parse_xml(read_member(archive, self._main))
        if self._root is None:
            raise UnreadableError("this is not a slide deck, or it is damaged.", name)
        core = parse_xml(read_member(archive, "docProps/core.xml"))
        texts = {etree.QName(n).localname: n.text or "" for n in core} if core is not None else {}
        self.metadata = _metadata(
            texts.get("title"),
            texts.get("creator"),
            None,
            texts.get("language"),
            texts.get("keywords"),
        )

    def slides(self) -> Iterator[Slide | None]:
        """See Deck.slides: the order is the presentation's, not the parts' numbers."""
        assert self._root is not None
        relations = self._relations(self._main)
        for entry in self._root.iter(f"{P}sldId"):
            target = relations.get(entry.get(f"{R}id", ""), ("", "", False))[0]
            root = parse_xml(read_member(self._archive, target)) if target else None
            if root is None:
                yield None
                continue
            related = _PartsRelated(self._archive, self._relations(target))
            notes = related.first("notesSlide")
            comments = [c for part in related.all("comments") for c in _comments(part)]
            yield Slide(root, related, notes, tuple(comments))

    def _relations(self, part: str) -> dict[str, tuple[str, str, bool]]:
        """Relation id -> target part or address, last word of its type, whether it is outside."""
        folder, _, name = part.rpartition("/")
        root = parse_xml(
            read_member(self._archive, posixpath.join(folder, "_rels", f"{name}.rels"))
        )
        found: dict[str, tuple[str, str, bool]] = {}
        for relation in root.iter(_RELS) if root is not None else ():
            target, outside = relation.get("Target", ""), relation.get("TargetMode") == "External"
            if not outside:
                target = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip(
                    "/"
                )
            kind = relation.get("Type", "").rpartition("/")[2]
            found[relation.get("Id", "")] = (target, kind, outside)
        return found


class _PartsRelated:
    """Relationships of a part read from the zip file."""

    def __init__(self, archive: zipfile.ZipFile, relations: dict[str, tuple[str, str, bool]]):
        self._archive = archive
        self._relations = relations

    def xml(self, relation: str) -> etree._Element | None:
        target, _, outside = self._relations.get(relation, ("", "", True))
        return None if outside else parse_xml(read_member(self._archive, target))

    def address(self, relation: str) -> str | None:
        target, _, outside = self._relations.get(relation, ("", "", False))
        return target if outside else None

    def all(self, kind: str) -> Iterator[etree._Element]:
        """Roots of every part of a kind of relationship."""
        for relation, (_, found, _) in self._relations.items():
            if found == kind and (root := self.xml(relation)) is not None:
                yield root

    def first(self, kind: str) -> etree._Element | None:
        """Root of the first part of a kind of relationship."""
        return next(self.all(kind), None)


# ------------------------------------------------------------------ shared


def _comments(root: etree._Element | None) -> list[str]:
    """Texts of a comments part, of the old and the threaded kind."""
    if root is None:
        return []
    found = []
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        name = etree.QName(node).localname
        if name == "text" and node.text:
            found.append(node.text)
        elif name == "txBody":
            found.append(" ".join(str(t) for t in node.itertext()))
    return found


def _metadata(
    title: str | None,
    author: str | None,
    created: datetime.datetime | None,
    language: str | None,
    keywords: str | None,
) -> Metadata:
    author = one_line(author or "")
    return Metadata(
        title=real_title(title or ""),
        authors=(author,) if any(c.isalpha() for c in author) else (),
        date=created.date().isoformat() if created else None,
        language=language or None,
        keywords=tuple(k.strip() for k in (keywords or "").split(",") if k.strip()),
    )
