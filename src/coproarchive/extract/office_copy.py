"""Copies of Office files (ECMA-376) without what is withheld: rebuilt from the parts that may stay.

A part stays where a relationship of a known kind leads to it from the file's start. Everything else
is not written: notes, comments, hidden slides, authors, but also properties, thumbnails, tags,
custom data and what no relationship leads to, as each of these can repeat withheld words. So what
a newer version of Office keeps notes in is left out without being known here.
"""

from __future__ import annotations

import contextlib
import lzma
import posixpath
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from coproarchive.errors import LimitError, UnreadableError
from coproarchive.extract import tracked_changes
from coproarchive.extract.base import Limits
from coproarchive.extract.zips import MAX_PART, Package, has_doctype
from coproarchive.vocabulary import WordSource

MAX_NESTED = 3
"""Files within files that are looked into; deeper ones are emptied."""
TYPES = "[Content_Types].xml"
SAVE_ANEW = "Save it anew in the programme that made it, or release its words."
INSIDE = "inside"
"""Said of a copy from which files within the file were removed."""

_KEPT = frozenset(
    """
    officeDocument slide slideMaster slideLayout theme themeOverride presProps viewProps tableStyles
    font image media video audio hdphoto hyperlink chart chartEx chartUserShapes chartStyle
    chartColorStyle package oleObject diagramData diagramLayout diagramQuickStyle diagramColors
    diagramDrawing vmlDrawing control activeXControlBinary vbaProject model3d
    styles stylesWithEffects settings webSettings fontTable numbering footnotes endnotes header
    footer
    worksheet chartsheet dialogsheet sharedStrings drawing table pivotTable pivotCacheDefinition
    pivotCacheRecords calcChain sheetMetadata
""".split()
)
"""Kinds of relationships, the last words of their types, to what may be seen in a file."""
_KEPT_OUTSIDE = frozenset({"hyperlink", "image", "video", "audio", "media", "oleObject", "package"})
"""Kinds of relationships to addresses, of which the same holds."""
_BY_SOURCE: dict[WordSource, frozenset[str]] = {
    WordSource.NOTES: frozenset({"notesslide", "notesmaster", "handoutmaster"}),
    WordSource.COMMENTS: frozenset({
        "comments", "comment", "commentauthors", "authors", "threadedcomment", "person", "people",
        "commentsextended", "commentsids", "commentsextensible",
    }),
    WordSource.METADATA: frozenset({"core-properties"}),
}  # fmt: skip
"""Kinds that stay where the words are not withheld, in lower case."""
_CARRIERS = (
    (WordSource.NOTES, ("notesslide", "notesmaster", "handoutmaster")),
    (WordSource.COMMENTS, ("comment", ".authors+", ".person+", ".people+")),
)
"""What is in the content types of parts with such words, whatever leads to them."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_INSIDE_OLE = tuple(
    name.encode("utf-16-le")
    for name in ("PowerPoint Document", "WordDocument", "Workbook", "Book", "Package",
                 "Ole10Native", "EncryptedPackage", "CONTENTS")
)  # fmt: skip
"""Streams in which an embedded object (MS-CFB) is a document of its own."""
_DAMAGED = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error,
            lzma.LZMAError, struct.error)  # fmt: skip
"""What zipfile raises on damaged files."""
_PERSONAL = frozenset({"creator", "lastModifiedBy", "description", "keywords", "category",
                       "subject", "Manager", "Company"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _PartRelation:
    id: str
    kind: str
    target: str
    is_outside: bool
    element: etree._Element


def copy_office_file(
    source: Path, target: Path, withheld: frozenset[WordSource], limits: Limits, depth: int = 0
) -> frozenset[str]:
    """Write a copy without withheld words, where the file has any.

    Args:
        source: the file.
        target: of the copy; not written where nothing is withheld from it.
        withheld: sources of words.
        limits: on what the file unpacks to.
        depth: how many files this one is within.

    Returns:
        What the file has and the copy has not: values of WordSource, and INSIDE. Empty
        where the file itself may be given to readers.

    Raises:
        UnreadableError, LimitError: no copy can be made.
    """
    with Package.open(source, limits) as package:
        try:
            copy = _Copy(package.archive, withheld, limits, depth, source.name)
            if copy.removed():
                copy.write(target)
        except _DAMAGED as error:
            why = f"no copy can be made of it: it is damaged ({type(error).__name__})."
            raise UnreadableError(why, source.name, SAVE_ANEW) from error
        return frozenset(copy.removed())


class _Copy:
    """One file, and which of its parts stay."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        withheld: frozenset[WordSource],
        limits: Limits,
        depth: int,
        name: str,
    ):
        self._archive = archive
        self._withheld = withheld
        self._limits = limits
        self._depth = depth
        self._name = name
        self._members = {m.filename: m for m in archive.infolist() if not m.is_dir()}
        self._by_folded = {member.casefold(): member for member in self._members}
        self._types = self._parsed(TYPES)
        if etree.QName(self._types).localname != "Types":
            raise self._no_copy("its list of parts is none")
        self._relations_of: dict[str, list[_PartRelation]] = {}
        self._nested: dict[str, bytes] = {}
        self._removed: set[str] | None = None
        self._kinds = _KEPT.union(
            *(kinds for source, kinds in _BY_SOURCE.items() if source not in withheld)
        )
        start = next((r for r in self._relations("") if r.kind == "officeDocument"), None)
        if start is None or start.target not in self._members:
            raise self._no_copy("it has no main part")
        self._main = start.target

    def _no_copy(self, why: str) -> UnreadableError:
        return UnreadableError(f"no copy can be made of it: {why}.", self._name, SAVE_ANEW)

    # ------------------------------------------------------------- reading

    def _parsed(self, name: str) -> etree._Element:
        """Parse a part. Raises UnreadableError where it is missing, damaged or has a DOCTYPE."""
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
        )
        try:
            with self._archive.open(self._members[name]) as member:
                data = member.read(MAX_PART + 1)
            if len(data) > MAX_PART:
                raise self._no_copy(f"its part {name} is too large")
            root = etree.fromstring(data, parser)
        except (KeyError, ValueError, etree.XMLSyntaxError, *_DAMAGED):
            raise self._no_copy(f"its part {name} is missing or damaged") from None
        if has_doctype(root):
            raise self._no_copy(f"its part {name} is not as Office writes it")
        return root

    def _relations(self, part: str) -> list[_PartRelation]:
        if part not in self._relations_of:
            folder, _, name = part.rpartition("/")
            rels = posixpath.join(folder, "_rels", f"{name}.rels")
            member = self._by_folded.get(rels.casefold())
            elements = self._parsed(member).iter("{*}Relationship") if member else ()
            self._relations_of[part] = [_relation(e, folder, self._by_folded) for e in elements]
        return self._relations_of[part]

    @cached_property
    def _type_of(self) -> dict[str, str]:
        """Content types, in lower case, by part name and by ending."""
        types = {}
        for element in self._types:
            if isinstance(element.tag, str):
                key = element.get("PartName") or f".{element.get('Extension', '')}"
                types[key.lstrip("/").casefold()] = element.get("ContentType", "").casefold()
        return types

    def _content_type(self, part: str) -> str:
        ending = posixpath.splitext(part)[1].casefold()
        return self._type_of.get(part.casefold()) or self._type_of.get(ending, "")

    # ------------------------------------------------------------ deciding

    @cached_property
    def _shown_slides(self) -> dict[str, str]:
        """Slides that stay -> their ids, as the presentation lists them."""
        root = self._parsed(self._main)
        targets = {r.id: r.target for r in self._relations(self._main) if r.kind == "slide"}
        slides = {}
        for entry in root.iter("{*}sldId"):
            part = targets.get(_referred(entry))
            if part in self._members and not (
                WordSource.HIDDEN_SLIDES in self._withheld
                and self._parsed(part).get("show") in ("0", "false")
            ):
                slides[part] = entry.get("id", "")
        return slides

    def _stays(self, relation: _PartRelation) -> bool:
        """Test whether what a relationship leads to may be in the copy."""
        if relation.is_outside:
            return relation.kind in _KEPT_OUTSIDE
        if relation.kind not in self._kinds and relation.kind.casefold() not in self._kinds:
            return False
        content_type = self._content_type(relation.target)
        if content_type.endswith("presentationml.slide+xml") or relation.kind == "slide":
            return relation.target in self._shown_slides
        return not any(
            source in self._withheld and any(word in content_type for word in words)
            for source, words in _CARRIERS
        )

    @cached_property
    def _kept_parts(self) -> list[str]:
        """Parts of the copy: those that relationships lead to, the main one first."""
        retained: dict[str, None] = {self._main: None}
        waiting = [self._main]
        if WordSource.METADATA not in self._withheld:
            roots = (r.target for r in self._relations("") if r.kind == "core-properties")
            retained |= dict.fromkeys(filter(self._is_sound, roots))
        while waiting:
            for relation in self._relations(waiting.pop()):
                part = relation.target
                if part in self._members and part not in retained and self._stays(relation):
                    retained[part] = None
                    waiting.append(part)
        return list(retained)

    def _is_sound(self, part: str) -> bool:
        with contextlib.suppress(UnreadableError):
            return self._parsed(part) is not None
        return False  # a file opens as well without its properties

    def removed(self) -> set[str]:
        """Return what the file has that is withheld."""
        if self._removed is None:
            removed: set[str] = set()
            for part in self._members:
                if part != TYPES and not part.endswith(".rels"):
                    removed.update(self._withheld_in(part))
            for relation in self._embedded():
                if relation.target not in self._nested:
                    data, inside = self._without_inside(relation.target)
                    removed |= inside
                    self._nested[relation.target] = data
            self._removed = removed
        return self._removed

    def _withheld_in(self, part: str) -> Iterator[str]:
        """Yield what is withheld of a part, whether or not anything leads to it."""
        content_type, place = self._content_type(part), part.casefold()
        if "notesslide" in content_type or "/notesslides/" in place:
            if WordSource.NOTES in self._withheld and _is_written_on(self._parsed(part)):
                yield WordSource.NOTES
        elif any(word in content_type for word in _CARRIERS[1][1]) or "/comments/" in place:
            if WordSource.COMMENTS in self._withheld:
                yield WordSource.COMMENTS
        elif content_type.endswith("presentationml.slide+xml"):
            if part not in self._shown_slides:
                yield WordSource.HIDDEN_SLIDES
        elif _is_text_part(content_type) and WordSource.COMMENTS in self._withheld:
            if tracked_changes.are_in(self._parsed(part)):
                yield WordSource.COMMENTS
        elif WordSource.METADATA in self._withheld and place.startswith("docprops/"):
            if place.endswith(".xml") and _is_personal(self._parsed(part), place):
                yield WordSource.METADATA
        elif place.startswith("[trash]/"):
            yield INSIDE  # PowerPoint leaves there what was deleted

    def _embedded(self) -> Iterator[_PartRelation]:
        for part in self._kept_parts:
            for relation in self._relations(part):
                if relation.kind in ("package", "oleObject") and relation.target in self._members:
                    yield relation

    def _without_inside(self, part: str) -> tuple[bytes, set[str]]:
        """Return an embedded file without withheld words, emptied where that is not certain."""
        data = self._archive.read(self._members[part])
        uncertain = data, set[str]()
        if self._withheld - {WordSource.METADATA}:
            uncertain = b"", {INSIDE}
        if not data or (data.startswith(_OLE) and not any(name in data for name in _INSIDE_OLE)):
            return data, set()
        if data.startswith(_OLE) or self._depth >= MAX_NESTED:
            return uncertain
        with tempfile.TemporaryDirectory(prefix="inside-") as folder:
            source, target = Path(folder) / "in", Path(folder) / "out"
            source.write_bytes(data)
            try:
                removed = copy_office_file(
                    source, target, self._withheld, self._limits, self._depth + 1
                )
            except (UnreadableError, LimitError, OSError):
                return uncertain
            return (target.read_bytes() if removed else data), set(removed)

    # ------------------------------------------------------------- writing

    def write(self, target: Path) -> None:
        """Write the copy. Call `removed` before."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            self._put(out, TYPES, _serialised(self._copied_types()))
            starts = [self._main, *(p for p in self._kept_parts if self._is_core(p))]
            self._put_relations(out, "", [r for r in self._relations("") if r.target in starts])
            for part in self._kept_parts:
                relations = [
                    r for r in self._relations(part)
                    if self._stays(r) and (r.is_outside or r.target in self._members)
                ]  # fmt: skip
                if relations:
                    self._put_relations(out, part, relations)
                self._put_part(out, part, {r.id for r in relations})

    def _is_core(self, part: str) -> bool:
        return "core-properties" in self._content_type(part)

    def _copied_types(self) -> etree._Element:
        retained = {part.casefold() for part in self._kept_parts}
        for element in list(self._types):
            name = element.get("PartName") if isinstance(element.tag, str) else ""
            if name is not None and name.lstrip("/").casefold() not in retained:
                self._types.remove(element)
        return self._types

    def _put_relations(
        self, out: zipfile.ZipFile, part: str, relations: Iterable[_PartRelation]
    ) -> None:
        namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
        root = etree.Element(f"{{{namespace}}}Relationships", nsmap={None: namespace})  # type: ignore[dict-item]  # the stubs know no default
        root.extend(relation.element for relation in relations)
        folder, _, name = part.rpartition("/")
        self._put(out, posixpath.join(folder, "_rels", f"{name}.rels"), _serialised(root))

    def _put_part(self, out: zipfile.ZipFile, part: str, relations: set[str]) -> None:
        content_type = self._content_type(part)
        if part in self._nested:
            self._put(out, part, self._nested[part])
        elif content_type.endswith("xml") and "vml" not in content_type:
            root = self._parsed(part)
            gone = {r.id for r in self._relations(part)} - relations
            self._clean(root, gone, content_type)
            self._put(out, part, _serialised(root))
        else:
            with (
                self._archive.open(self._members[part]) as member,
                out.open(_info(part, self._members[part].file_size), "w") as copied,
            ):
                shutil.copyfileobj(member, copied, 1 << 20)

    def _put(self, out: zipfile.ZipFile, name: str, data: bytes) -> None:
        out.writestr(_info(name, len(data)), data, zipfile.ZIP_DEFLATED)

    def _clean(self, root: etree._Element, gone: set[str], content_type: str) -> None:
        """Take out of a part what refers to parts that are gone."""
        for element in list(root.iter()):
            if isinstance(element.tag, str) and gone.intersection(_references(element)):
                _remove(element)
        if "presentationml" in content_type:
            slides = set(self._shown_slides.values())
            for element in list(root.iter("{*}sldId", "{*}sldZmObj")):
                # In sections and zooms; those of the presentation itself have relationships.
                of_slide = element.get("sldId") or element.get("id")
                if not _referred(element) and of_slide not in slides:
                    _remove(_whole_of(element))
            for element in list(root.iter("{*}custShow", "{*}section")):
                # They name slides, and go with the last of them.
                if next(element.iter("{*}sld", "{*}sldId"), None) is None:
                    _remove(element)
        if WordSource.COMMENTS in self._withheld and _is_text_part(content_type):
            tracked_changes.accept(root)


def _relation(element: etree._Element, folder: str, by_folded: dict[str, str]) -> _PartRelation:
    target, is_outside = element.get("Target", ""), element.get("TargetMode") == "External"
    if not is_outside:
        joined = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
        target = by_folded.get(joined.casefold(), joined)
    kind = element.get("Type", "").rpartition("/")[2]
    return _PartRelation(element.get("Id", ""), kind, target, is_outside, element)


def _is_text_part(content_type: str) -> bool:
    return "wordprocessingml" in content_type and content_type.endswith("xml")


def _references(element: etree._Element) -> Iterator[str]:
    """Yield the relationship ids that an element's attributes name."""
    for name, value in element.attrib.items():
        if str(name).startswith("{") and "relationships}" in str(name):
            yield str(value)


def _referred(element: etree._Element) -> str:
    return next(_references(element), "")


def _is_written_on(notes: etree._Element) -> bool:
    """Test whether a notes page has words or pictures of its own, not only fields and frames."""
    if next(notes.iter("{*}pic", "{*}graphicFrame"), None) is not None:
        return True
    return any(
        (text.text or "").strip() and text.getparent().tag.rpartition("}")[2] != "fld"  # type: ignore[union-attr]
        for text in notes.iter("{*}t")
    )


def _is_personal(properties: etree._Element, place: str) -> bool:
    if place.endswith("custom.xml"):
        return len(properties) > 0
    return any(
        isinstance(e.tag, str) and etree.QName(e).localname in _PERSONAL and (e.text or "").strip()
        for e in properties
    )


def _whole_of(element: etree._Element) -> etree._Element:
    """Return what shows a zoom's picture of its slide, all of it; else the element itself."""
    if etree.QName(element).localname != "sldZmObj":
        return element
    choices = list(element.iterancestors("{*}AlternateContent", "{*}graphicFrame"))
    return choices[-1] if choices else element


def _remove(element: etree._Element) -> None:
    """Remove an element, not the text that follows it."""
    parent = element.getparent()
    if parent is None:
        return
    before, tail = element.getprevious(), element.tail
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def _info(name: str, size: int) -> zipfile.ZipInfo:
    """Return a member's entry: always of the same time, so that copies of one file are the same."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, size
    return info


def _serialised(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
