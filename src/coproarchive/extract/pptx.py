"""PPTX and its kin: a leaf a slide, opened by python-pptx or, where it gives up, part by part."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

from coproarchive.errors import UnreadableError
from coproarchive.extract import metafile, svg
from coproarchive.extract.base import (
    Extraction,
    Limits,
    Notice,
    PlacedLine,
    without_text,
)
from coproarchive.extract.captions import spoken
from coproarchive.extract.charset import decode
from coproarchive.extract.opc import open_deck
from coproarchive.extract.shapes import P, R, layout_text, read_slide
from coproarchive.extract.shapes_placed import placed_lines_of
from coproarchive.extract.text import ANCHOR, bounded, one_line, parts_of
from coproarchive.extract.zips import Package, Parts, Relationship, metadata_of
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

USUAL_SIZE = (12_192_000, 6_858_000)
"""A slide of 13.33 by 7.5 inches, in EMU."""
_SECTIONS = "{http://schemas.microsoft.com/office/powerpoint/2010/main}section"
_SECTION_SLIDE = "{http://schemas.microsoft.com/office/powerpoint/2010/main}sldId"
_VML = "{urn:schemas-microsoft-com:vml}"
_VML_OFFICE = "{urn:schemas-microsoft-com:office:office}"
_OF_THE_DECK = (Source.LINK, Source.SECTION, Source.LAYOUT)
"""What may stand on a slide that has no words of its own."""
_NOTED = (Source.TEXT, Source.TABLE, Source.LINK)
"""What is read of a notes page: its addresses too are words of the notes."""
_SLIDE_PART = re.compile(r"ppt/slides/slide(\d+)\.xml")
_INSIDE = {"Word": "document", "Excel": "sheet", "PowerPoint": "deck", "Acrobat": "PDF"}
"""What embedded files are called, by the programme that their kind names."""
MAX_INSIDE = 20
"""Embedded files that are named, of a deck."""
_NO = ("0", "false")
"""What XML Schema writes for a boolean that is not so."""
_UNNAMED_SECTION = re.compile(r"^(default section|untitled section|standardabschnitt)$", re.I)


@dataclass(frozen=True)
class Slide:
    """One slide and what belongs to it.

    Attributes:
        section: name of the section that begins with it, "" where none does.
    """

    root: etree._Element
    related: SlideRelated
    notes: etree._Element | None
    notes_related: SlideRelated | None
    comments: tuple[str, ...]
    section: str


@dataclass(frozen=True)
class _Layout:
    """A layout or a master.

    Attributes:
        text: what it shows on every slide.
        shows_master: whether its master's words are shown beside its own.
        related: what its relationship ids point at.
    """

    text: str
    shows_master: bool
    related: SlideRelated


def extract(path: Path, limits: Limits) -> Extraction:
    """Read every word of a deck by its source; shapes.py says what a slide has besides text boxes.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    with Package.open(path, limits, rescue=True) as package:
        deck = Deck(open_deck(path, package) or package, path.name)
        notices: list[Notice] = []
        placed: list[PlacedLine] = []
        leaves = list(_leaves(deck, notices, limits, placed))
        if package.is_cut:
            notices = [*_cut_off(leaves, notices)]
        if not leaves and notices:
            raise UnreadableError(
                "this deck is damaged: none of its slides can be read.",
                path.name,
                "Open it in PowerPoint or LibreOffice, let it be repaired, and save it.",
            )
        if package.twice:
            notices.append(
                Notice(
                    "file-damaged",
                    Severity.WARNING,
                    f"this deck holds parts twice ({', '.join(package.twice)[:200]}); "
                    "the last of each was read.",
                    "Open it in the programme that made it and save it anew.",
                )
            )
        return bounded(leaves, limits, metadata=deck.metadata, notices=notices, placed=placed)


def _leaves(
    deck: Deck, notices: list[Notice], limits: Limits, placed: list[PlacedLine]
) -> Iterator[Leaf]:
    left = limits.characters
    height = deck.size[1]
    last: deque[tuple[int, etree._Element]] = deque(maxlen=limits.placed_leaves)
    for number, slide in enumerate(deck.slides(), start=1):
        if number > limits.leaves + 1 or left < -limits.leaf_characters:
            return  # beyond what is kept; `bounded` says so
        if slide is None:
            notices.append(
                Notice(
                    "slide-missing",
                    Severity.WARNING,
                    f"slide {number} is damaged and was not read.",
                    "Open the deck in PowerPoint or LibreOffice, let it be repaired, and save it.",
                    leaf=number,
                )
            )
            continue
        leaf = _leaf(slide, number, notices, deck)
        lost = deck.take_lost()
        if lost:
            notices.append(
                Notice(
                    "slide-part-missing",
                    Severity.WARNING,
                    f"a part of slide {number} is damaged or too large ({', '.join(lost)[:200]}).",
                    "Open the deck in PowerPoint or LibreOffice, look at the slide, and save it.",
                    leaf=number,
                )
            )
        yield leaf
        left -= sum(len(part.text) for part in leaf.parts)
        if number <= limits.placed_leaves:
            placed += placed_lines_of(slide.root, number, height)
        else:
            last.append((number, slide.root))
    for number, root in last:
        placed += placed_lines_of(root, number, height)


def _cut_off(leaves: list[Leaf], notices: list[Notice]) -> Iterator[Notice]:
    """Yield the notices of a deck whose end is missing: one for all slides that went with it."""
    missing = sum(notice.code == "slide-missing" for notice in notices)
    if leaves:
        lost = (
            f"{missing} of {len(leaves) + missing} slides are" if missing else "some parts may be"
        )
        yield Notice(
            "file-damaged",
            Severity.WARNING,
            f"the end of this deck is missing; {lost} lost with it.",
            "Add it again from where it was, whole.",
        )
    yield from (n for n in notices if not leaves or n.code != "slide-missing")


def _leaf(slide: Slide, number: int, notices: list[Notice], deck: Deck) -> Leaf:
    words = read_slide(slide.root, slide.related)
    pieces = [(Source.SECTION, slide.section), *words.pieces]
    pieces += [(Source.CAPTION, text) for text in slide.related.captions()]
    pieces += [(Source.LAYOUT, text) for text in deck.said_first(slide, words.footers)]
    notices += deck.files_inside(slide, number, words.embedded)
    if slide.notes is not None and slide.notes_related is not None:
        spoken = read_slide(slide.notes, slide.notes_related)
        texts = (t.partition(ANCHOR)[0] for s, t in spoken.pieces if s in _NOTED)
        noted = [spoken.title, *texts]
        pieces.append((Source.NOTES, "\n".join(piece for piece in noted if piece)))
    pieces += [(Source.COMMENT, comment) for comment in slide.comments]
    title = one_line(words.title)[:300]
    parts = parts_of(*pieces)
    if not title and not any(p.source not in _OF_THE_DECK for p in parts):
        notices.append(without_text("slide", number))
    elif not title:
        notices.append(
            Notice(
                "leaf-without-title",
                Severity.NOTE,
                f"slide {number} has no title, so a screen reader cannot say which one it is.",
                "In PowerPoint: Review, Check Accessibility, Add slide title.",
                leaf=number,
            )
        )
    if words.pictures_without_alt:
        how_many = words.pictures_without_alt
        notices.append(
            Notice(
                "picture-without-alt",
                Severity.NOTE,
                f"slide {number} has {how_many} picture{'s' if how_many > 1 else ''} without a "
                "description.",
                "In PowerPoint: right-click the picture, Edit Alt Text.",
                leaf=number,
            )
        )
    hidden = slide.root.get("show") in _NO
    return Leaf(number, "slide", title, parts, hidden=hidden)


class Deck:
    """A deck's slides in the presentation's order.

    Raises:
        UnreadableError: there is no presentation in the file.
    """

    def __init__(self, package: Parts, name: str):
        self._package = package
        start = (r.target for r in package.relations("").values() if r.kind == "officeDocument")
        self._main = next(start, "ppt/presentation.xml")
        root = package.xml(self._main)
        self._relations = package.relations(self._main)
        if (root is None or not self._relations) and isinstance(package, Package):
            root, self._relations = _as_numbered(package) or (root, self._relations)
        if root is None or root.tag != f"{P}presentation":
            raise UnreadableError(
                "this is not a slide deck, or it is damaged.",
                name,
                "Open it in the programme that made it and save it anew.",
            )
        self._root = root
        self._authors = self._comment_authors()
        self._drawings: dict[str, str] = {}
        self._texts: set[str] = set()
        self._layouts: dict[str, _Layout] = {}
        self._inside = 0
        self.metadata = metadata_of(package)
        self.take_lost()

    def slides(self) -> Iterator[Slide | None]:
        """Yield slides in their order; None for one whose part is missing or broken."""
        sections = self._sections()
        for entry, name, root in self._entries():
            if root is None:
                self.take_lost()
                yield None
                continue
            related = self._related(name)
            notes, notes_related = self._notes(related)
            comments = tuple(
                comment
                for kind in ("comments", "comment")
                for part in related.all(kind)
                for comment in self._comments(part)
            )
            section = sections.get(entry.get("id", ""), "")
            yield Slide(root, related, notes, notes_related, comments, section)

    def said_first(self, slide: Slide, footers: list[str]) -> Iterator[str]:
        """Yield what the deck says on all slides and is shown for the first time on this one:
        footers, words of its layout and of its master."""
        for text in [*footers, *self._layout_texts(slide)]:
            if text.strip() and text not in self._texts:
                self._texts.add(text)
                yield text

    def _layout_texts(self, slide: Slide) -> Iterator[str]:
        shows = slide.root.get("showMasterSp") not in _NO
        layout = self._layout(slide.related, "slideLayout")
        if layout is not None and shows:
            yield layout.text
        if layout is not None and layout.shows_master:
            master = self._layout(layout.related, "slideMaster")
            if master is not None and shows:
                yield master.text

    def _layout(self, related: SlideRelated, kind: str) -> _Layout | None:
        """Return the layout of a slide, or the master of a layout; None where it has none.

        Read once a deck: opened part by part, each would be parsed again for every slide.
        """
        target = next((r.target for r in related.relations.values() if r.kind == kind), "")
        if target and target not in self._layouts:
            root = self._package.xml(target)
            if root is None:
                return None
            beside = self._related(target)
            shows_master = root.get("showMasterSp") not in _NO
            self._layouts[target] = _Layout(layout_text(root, beside), shows_master, beside)
        return self._layouts.get(target)

    def files_inside(self, slide: Slide, number: int, embedded: dict[str, str]) -> Iterator[Notice]:
        """Yield notices of files inside a slide, the first MAX_INSIDE of a deck."""
        for relation, kind in embedded.items():
            target = slide.related.relations.get(relation)
            if target is None or target.is_outside:
                continue
            self._inside += 1
            if self._inside > MAX_INSIDE:
                return
            what = next((name for start, name in _INSIDE.items() if kind.startswith(start)), "file")
            name = posixpath.basename(target.target)
            yield Notice(
                "file-inside-file",
                Severity.NOTE,
                f'slide {number} carries an embedded {what}, "{name}", which is not searched.',
                "Look at it, and add it as a file of its own if it belongs to the archive.",
                leaf=number,
            )

    def take_lost(self) -> list[str]:
        """Return names of parts that could not be read since the last call, and forget them."""
        lost, self._package.lost = self._package.lost, []
        return lost

    def pictured(self) -> Iterator[tuple[int, etree._Element, dict[str, Relationship]]]:
        """Yield numbers of slides, their roots and the targets of their relationships."""
        for number, (_, name, root) in enumerate(self._entries(), start=1):
            if root is not None:
                yield number, root, self._package.relations(name)

    def _entries(self) -> Iterator[tuple[etree._Element, str, etree._Element | None]]:
        """Yield entries of the slides in their order, and the name and the root of each one's part.

        The root is None where the part is missing, outside or broken.
        """
        for entry in self._root.iter(f"{P}sldId"):
            relation = self._relations.get(entry.get(f"{R}id", ""))
            if relation is None or relation.is_outside:
                yield entry, "", None
            else:
                yield entry, relation.target, self._package.xml(relation.target)

    def _related(self, name: str) -> SlideRelated:
        return SlideRelated(self._package, self._package.relations(name), self._drawings)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a slide in EMU; those of PowerPoint's own where none are given."""
        size = self._root.find(f"{P}sldSz")
        try:
            across, down = int(size.get("cx", "")), int(size.get("cy", ""))  # type: ignore[union-attr]
        except (AttributeError, ValueError):
            return USUAL_SIZE
        return (across, down) if across > 0 and down > 0 else USUAL_SIZE

    def _notes(self, related: SlideRelated) -> tuple[etree._Element | None, SlideRelated | None]:
        target = next((r.target for r in related.relations.values() if r.kind == "notesSlide"), "")
        notes = self._package.xml(target) if target else None
        if notes is None:
            return None, None
        return notes, self._related(target)

    def _sections(self) -> dict[str, str]:
        """Map a slide's id to the name of the section that it begins."""
        names: dict[str, str] = {}
        for section in self._root.iter(_SECTIONS):
            name = one_line(section.get("name", ""))
            first = next(section.iter(_SECTION_SLIDE), None)
            if first is not None and name and not _UNNAMED_SECTION.match(name):
                names[first.get("id", "")] = name
        return names

    def _comment_authors(self) -> dict[str, str]:
        """Map an author's id to the name, of comments of the old and the threaded kind."""
        names: dict[str, str] = {}
        for relation in self._relations.values():
            if relation.kind in ("commentAuthors", "authors") and not relation.is_outside:
                root = self._package.xml(relation.target)
                for node in root.iter() if root is not None else ():
                    if node.get("id") and node.get("name"):
                        names[node.get("id", "")] = node.get("name", "")
        return names

    def _comments(self, root: etree._Element) -> Iterator[str]:
        """Return texts of a comments part, each with its author, replies after what they answer."""
        for node in root.iter():
            if not isinstance(node.tag, str):
                continue
            name = etree.QName(node).localname
            if name not in ("cm", "reply"):
                continue
            text = ""
            for child in node:
                part = etree.QName(child).localname if isinstance(child.tag, str) else ""
                if part == "text":
                    text = child.text or ""
                elif part == "txBody":
                    paragraphs = ("".join(str(t) for t in p.itertext()) for p in child.iter("{*}p"))
                    text = "\n".join(paragraphs)
            author = self._authors.get(node.get("authorId", ""), "")
            if text.strip():
                yield f"{author}: {text}" if author else text


def _as_numbered(
    package: Package,
) -> tuple[etree._Element, dict[str, Relationship]] | None:
    """Return a list of slides by the numbers of their parts, where the deck's own was cut off."""
    if not package.is_cut:
        return None
    numbered = sorted(
        (int(match[1]), match[0])
        for name in package.archive.namelist()
        if (match := _SLIDE_PART.fullmatch(name))
    )
    root = etree.Element(f"{P}presentation")
    relations = {}
    for number, name in numbered:
        etree.SubElement(root, f"{P}sldId").set(f"{R}id", str(number))
        relations[str(number)] = Relationship(name, "slide", False)
    return (root, relations) if numbered else None


class SlideRelated:
    """What a slide's relationship ids point at.

    Args:
        package: of the deck.
        relations: of the slide.
        drawings: words of drawings by the names of their parts; many slides may show one.
    """

    def __init__(
        self, package: Parts, relations: dict[str, Relationship], drawings: dict[str, str]
    ):
        self._package = package
        self.relations = relations
        self._drawings = drawings

    def xml(self, relation: str) -> etree._Element | None:
        """Return the root of the XML part that the id points at, None where it is missing or
        broken."""
        target = self.relations.get(relation)
        return None if target is None or target.is_outside else self._package.xml(target.target)

    def address(self, relation: str) -> str | None:
        """Return the outside address that the id points at, None where it points inside."""
        target = self.relations.get(relation)
        return target.target if target is not None and target.is_outside else None

    def drawn(self, relation: str) -> str:
        """Return words of the drawing that the id points at, "" where there are none."""
        return self._drawn(self.relations.get(relation))

    def preview(self, shape: str) -> str:
        """Return words of an embedded object's preview, by its shape in the slide's VML drawing."""
        return self._drawn(self._previews.get(shape))

    @cached_property
    def _previews(self) -> dict[str, Relationship]:
        """Shapes of the slide's VML drawings, and the pictures that they show."""
        previews: dict[str, Relationship] = {}
        for drawing in [r for r in self.relations.values() if r.kind == "vmlDrawing"]:
            root = None if drawing.is_outside else self._package.xml(drawing.target)
            if root is None:
                continue
            relations = self._package.relations(drawing.target)
            for image in root.iter(f"{_VML}imagedata"):
                shape = image.getparent()
                picture = relations.get(image.get(f"{_VML_OFFICE}relid", ""))
                if shape is not None and picture is not None:
                    previews.setdefault(shape.get("id", ""), picture)
        return previews

    def _drawn(self, picture: Relationship | None) -> str:
        if picture is None or picture.is_outside:
            return ""
        name = picture.target
        reader = next((r for r in (metafile, svg) if name.lower().endswith(r.NAMES)), None)
        if reader is None:
            return ""
        if name not in self._drawings:
            data = self._package.read(name)
            self._drawings[name] = reader.words_in(data) if data else ""
        return self._drawings[name]

    def captions(self) -> Iterator[str]:
        """Yield what is said in the slide's films, by their captions."""
        for target in self.relations.values():
            is_track = target.kind.lower().endswith("track") or target.target.endswith(".vtt")
            if is_track and not target.is_outside and (data := self._package.read(target.target)):
                yield " ".join(text for _, text in spoken(decode(data)))

    def all(self, kind: str) -> Iterator[etree._Element]:
        """Return roots of every part of a kind of relationship."""
        for relation, target in self.relations.items():
            if target.kind == kind and (root := self.xml(relation)) is not None:
                yield root
