"""What all readers of text decks share: words of a slide, notes cut out of a text, metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import lxml.html

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice, listed
from coproarchive.extract.front_matter import day, one_text, texts
from coproarchive.extract.html import TreeWords, markdown_html, parse_html
from coproarchive.extract.text import WEB, bounded, clean, one_line, parts_of, real_title
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

if TYPE_CHECKING:
    from coproarchive.strict_yaml import Plain

ELSEWHERE = "words-elsewhere"
"""Code of a deck that takes words from another file, which is never opened."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements of a slide that show no words of it; a slide's header, footer and asides do.
_NOT_SHOWN = {
    "script", "style", "noscript", "template", "nav", "button", "select", "iframe", "object",
    "head", "input", "textarea",
}  # fmt: skip
_MARK = re.compile("\ue000(\\d+)\ue001")
_MARKS = re.compile("[\ue000-\ue02f]")
_SHIELDS = {ord(mark): 0xE010 + number for number, mark in enumerate("\\{}%$~_^&#<>`'\"[]")}
_UNSHIELDS = {shield: mark for mark, shield in _SHIELDS.items()}
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
NOTE_CLASSES = frozenset(
    """
    notes speaker-notes speakernotes speaker_notes presenter-notes presenter_notes slide-notes
    bespoke-marp-note handout ft-notes
    """.split()
)
"""Classes that frameworks give to what the speaker alone sees. S5's and Slidy's handouts are on
paper only, so they count as notes."""
NOTE_ATTRIBUTES = ("data-notes", "data-note", "data-speaker-notes")
"""Attributes of a slide's elements that hold notes."""


@dataclass(slots=True)
class CutText:
    """A text from which notes and comments were cut, with a mark where each note was.

    One function of a format cuts; its reader and the public copy both use what is left, so that
    what is read as a note is what a copy goes without.

    Attributes:
        text: the text, with marks.
        notes: each mark's words.
        comments: number of the source's own comments, which no reader of slides sees.
    """

    text: str = ""
    notes: list[str] = field(default_factory=list)
    comments: int = 0

    def add(self, note: str) -> str:
        """Keep a note; return the mark that takes its place."""
        self.notes.append(note)
        return f"\ue000{len(self.notes) - 1}\ue001"

    def take(self, text: str) -> tuple[str, tuple[str, ...]]:
        """Return a piece of the text without its marks, and the notes that they stood for."""
        numbers = [int(number) for number in _MARK.findall(text)]
        return _MARK.sub("", text), tuple(self.notes[n] for n in numbers if n < len(self.notes))

    @property
    def bare(self) -> str:
        """The whole text without notes and comments."""
        return unshielded(_MARK.sub("", self.text))


def shielded(text: str) -> str:
    """Return the text with characters in the place of those that mean something in markup."""
    return text.translate(_SHIELDS)


def unshielded(text: str) -> str:
    """Return what `shielded` was given."""
    return text.translate(_UNSHIELDS)


def without_marks(text: str) -> str:
    """Remove characters that a text could forge marks with."""
    return _MARKS.sub("", text)


@dataclass(frozen=True, slots=True)
class SlideText:
    """A slide as its source has it, not rendered yet.

    Attributes:
        body: its markup.
        notes: what the speaker alone sees.
        title: where it stands beside the body; else the first heading is it.
        section: name of the section that begins with it.
        hidden: whether it is left out of the show.
    """

    body: str
    notes: tuple[str, ...] = ()
    title: str = ""
    section: str = ""
    hidden: bool = False


@dataclass(slots=True)
class SlidePieces:
    """A slide or section of a format that is read line by line: its words by source.

    Attributes:
        level: of its heading in the file's outline.
        lines: its text, a line a paragraph.
        extra: tables, links, descriptions.
    """

    title: str = ""
    level: int = 0
    section: str = ""
    lines: list[str] = field(default_factory=list)
    extra: list[tuple[Source, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hidden: bool = False

    @property
    def is_empty(self) -> bool:
        """True where it has no words at all."""
        return not (self.title or any(map(str.strip, self.lines)) or self.extra or self.notes)

    def leaf(self, number: int, kind: Literal["slide", "section"]) -> Leaf:
        """Make the leaf."""
        text = re.sub(r"\n{2,}", "\n", clean("\n".join(self.lines)))
        notes = "\n".join(filter(None, map(clean, self.notes)))
        pieces = [(Source.SECTION, self.section), (Source.TEXT, text), *self.extra]
        parts = parts_of(*pieces, (Source.NOTES, notes))
        return Leaf(number, kind, one_line(self.title)[:300], parts, hidden=self.hidden)


class SlideWords(TreeWords):
    """Collects all words of one slide: its first heading is the title, its notes are apart."""

    def __init__(self, others: frozenset[lxml.html.HtmlElement] = frozenset()):
        super().__init__()
        self.title = ""
        self.notes: list[str] = []
        self.undescribed = 0
        self._others = others

    def is_passed_over(self, node: lxml.html.HtmlElement) -> bool:
        """Keep notes, and pass over them and what shows no words."""
        if node in self._others:
            return True
        if is_note(node):
            self.notes.append(block_text(node))
            return True
        self.notes += attribute_notes(node)
        if node.tag == "svg":
            self._extra += drawn_words(node)
            return True
        if node.tag == "img" and not (node.get("alt") or "").strip():
            self.undescribed += 1
        if node.tag == "a" and (node.get("href") or "").startswith(WEB):
            self._extra.append((Source.LINK, node.get("href", "")))
        return (
            node.tag in _NOT_SHOWN
            or node.get("hidden") is not None
            or node.get("aria-hidden") == "true"
        )

    def takes_heading(self, node: lxml.html.HtmlElement) -> bool:
        """Take the first heading with words for the title."""
        if node.tag in _HEADINGS and not self.title:
            self.title = one_line(node.text_content()).rstrip("¶ ")
            return bool(self.title)
        return False

    def pieces(self) -> list[tuple[Source, str]]:
        """Return the slide's words by source, a line a paragraph as on slides of other formats."""
        text = re.sub(r"\n{2,}", "\n", clean("".join(self._text)))
        return [(Source.TEXT, text), *self._extra]


def attribute_notes(node: lxml.html.HtmlElement) -> list[str]:
    """Return notes that stand in attributes of an element."""
    return [node.get(name, "") for name in NOTE_ATTRIBUTES if node.get(name)]


def is_note(node: lxml.html.HtmlElement) -> bool:
    """Test whether an element of a slide is what the speaker alone sees."""
    classes = set((node.get("class") or "").lower().split())
    return (
        bool(NOTE_CLASSES & classes)
        or (node.tag == "aside" and "note" in classes)
        or node.tag in ("notes", "speaker-notes")
        or node.get("role") == "note"
    )


def drawn_words(svg: lxml.html.HtmlElement) -> list[tuple[Source, str]]:
    """Return words of a drawing inside a page: what it shows, and its description."""
    drawn = [one_line(str(text.text_content())) for text in svg.iter("text")]
    descriptions = [one_line(node.text or "") for node in svg.iter("title", "desc")]
    return [
        (Source.PICTURE, "\n".join(dict.fromkeys(filter(None, drawn)))),
        (Source.ALT, ". ".join(dict.fromkeys(filter(None, descriptions)))),
    ]


def block_text(node: lxml.html.HtmlElement) -> str:
    """Return an element's text with a line a paragraph."""
    words = SlideWords()
    words.walk(node)
    return words.pieces()[0][1] if not words.title else f"{words.title}\n{words.pieces()[0][1]}"


def tree_leaf(
    number: int,
    root: lxml.html.HtmlElement,
    slide: SlideText,
    notices: list[Notice],
    others: frozenset[lxml.html.HtmlElement] = frozenset(),
) -> Leaf:
    """Make the leaf of a slide from the tree of its markup.

    Args:
        others: elements that are slides of their own.
    """
    words = SlideWords(others)
    words.title = slide.title
    words.walk(root)
    notes = [clean(note) for note in (*attribute_notes(root), *words.notes, *slide.notes)]
    parts = parts_of(
        (Source.SECTION, slide.section),
        *words.pieces(),
        (Source.NOTES, "\n".join(filter(None, notes))),
    )
    if words.undescribed:
        notices.append(undescribed(number, words.undescribed))
    return Leaf(number, "slide", words.title[:300], parts, hidden=slide.hidden)


def undescribed(number: int, count: int) -> Notice:
    """Return the notice of a slide's pictures without description."""
    return Notice(
        "picture-without-alt",
        Severity.NOTE,
        f"slide {number} has {count} picture{'s' if count > 1 else ''} without a description.",
        'Write what it shows between the brackets: ![a loaf](loaf.jpg), or alt="a loaf".',
        leaf=number,
    )


def markdown_leaf(number: int, slide: SlideText, notices: list[Notice]) -> Leaf:
    """Make the leaf of a slide that is written in Markdown; its notes are Markdown too."""
    notes = tuple(plain_markdown(note) for note in slide.notes)
    return tree_leaf(number, markdown_tree(slide.body), replace(slide, notes=notes), notices)


def markdown_tree(text: str) -> lxml.html.HtmlElement:
    """Render Markdown into a tree; an empty one where there is nothing in it."""
    markup = markdown_html(text)
    try:
        return parse_html(f"<div>{markup}</div>", "")
    except UnreadableError:
        return lxml.html.Element("div")


def plain_markdown(text: str) -> str:
    """Return the words of a piece of Markdown, a line a paragraph."""
    return block_text(markdown_tree(text)) if text.strip() else ""


def markdown_leaves(slides: Iterable[SlideText], notices: list[Notice]) -> Iterator[Leaf]:
    """Yield leaves of slides that are written in Markdown."""
    for number, slide in enumerate(slides, start=1):
        yield markdown_leaf(number, slide, notices)


def deck(
    leaves: Iterable[Leaf], limits: Limits, metadata: Metadata, notices: list[Notice]
) -> Extraction:
    """Make the extraction of a deck; without a title of its own, its first slide's is it."""
    made = bounded(leaves, limits, metadata=metadata)
    title = metadata.title or next((leaf.title for leaf in made.leaves if leaf.title), "")
    metadata = replace(metadata, title=real_title(title))
    numbers = {leaf.number for leaf in made.leaves}
    own_notices = [n for n in notices if n.leaf is None or n.leaf in numbers]
    return Extraction(made.leaves, (*made.notices, *own_notices), metadata)


def deck_of_pieces(
    slides: Iterable[SlidePieces],
    limits: Limits,
    metadata: Metadata,
    elsewhere: Iterable[str],
    *,
    shows: bool,
) -> Extraction:
    """Make the extraction of a format that is read line by line.

    Args:
        slides: or sections.
        limits, metadata: of the file.
        elsewhere: names of files that it takes words from.
        shows: whether it is a deck; else its leaves are sections.
    """
    kind: Literal["slide", "section"] = "slide" if shows else "section"
    leaves = [slide.leaf(number, kind) for number, slide in enumerate(slides, start=1)]
    return deck(leaves, limits, metadata, words_elsewhere(elsewhere))


def metadata_of(front: Mapping[str, Plain]) -> Metadata:
    """Return what front matter says, by the keys that most frameworks use."""
    return Metadata(
        title=real_title(one_text(front.get("title"))),
        authors=tuple(texts(front.get("author") or front.get("authors"))),
        date=day(one_text(front.get("date"))),
        language=one_text(front.get("lang") or front.get("language")) or None,
        keywords=tuple(texts(front.get("tags") or front.get("keywords"))),
    )


def title_slide(front: Mapping[str, Plain]) -> SlideText | None:
    """Return the slide that Pandoc and its kin make of front matter, None without a title."""
    title = one_text(front.get("title"))
    if not title:
        return None
    keys = ("subtitle", "author", "authors", "institute", "date")
    lines = [", ".join(texts_of(front.get(key))) for key in keys]
    return SlideText("\n\n".join(filter(None, lines)), title=title)


def texts_of(value: Plain) -> list[str]:
    """Return the one text of a value, or those of its entries."""
    return [one_line(value)] if isinstance(value, str) else texts(value)


def words_elsewhere(names: Iterable[str]) -> list[Notice]:
    """Return the notice of other files that a deck takes words from."""
    named = list(dict.fromkeys(one_line(name)[:100] for name in names if name.strip()))
    if not named:
        return []
    return [
        Notice(
            ELSEWHERE,
            Severity.WARNING,
            f"it takes words from other files, which are not read: {listed(named, 8)}.",
            "Add the deck as its programme shows it: saved as PDF, or as one HTML file.",
        )
    ]


def marked_lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield lines with their ends, and whether each is code between fences (CommonMark 4.5)."""
    fence = ""
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.rstrip("\r\n"))
        if fence:
            yield line, True
            closes = match and match[1].startswith(fence) and not match[2].strip()
            fence = "" if closes else fence
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
            yield line, True
        else:
            yield line, False
