"""Decks in HTML: FRAMEWORKS names those that are told from pages, and where each has its slides.

No script of a page is run: what a page shows only after its scripts ran is not there.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import lxml.html

from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.decks.markdown_deck import (
    FLAVOURS,
    Flavour,
    cut_markdown,
    slides_of,
)
from coproarchive.extract.decks.slides import (
    NOTE_ATTRIBUTES,
    SlideText,
    deck,
    is_note,
    markdown_leaf,
    tree_leaf,
    words_elsewhere,
)
from coproarchive.extract.text import clean
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import WordSource

MIN_SHARE = 0.5
"""Share of a page's words that stand in elements of class "slide" where that makes it a deck: pages
have pictures that take turns, too."""


def _has(name: str) -> str:
    """Return an XPath condition: the element has this class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


@dataclass(frozen=True, slots=True)
class Framework:
    """How a framework writes decks in HTML.

    Attributes:
        name: of the framework.
        slides: XPath of the elements that are slides; one inside another is a slide of its own.
        is_sure: whether it means nothing else; if not, most words of the page must be in slides.
    """

    name: str
    slides: str
    is_sure: bool = True


FRAMEWORKS = (
    Framework("remark", "//textarea[@id='source']"),
    Framework(
        "Marp",
        "//*[@data-marpit-svg]//section[not(@data-marpit-advanced-background) or "
        f"@data-marpit-advanced-background='content'] | //div[{_has('marpit')}]/section",
    ),
    Framework(
        "reveal.js",
        f"//*[{_has('reveal')}]//*[{_has('slides')}]//section"
        f" | //body/*[{_has('slides')}]//section",
    ),
    Framework("impress.js", f"//*[@id='impress']//*[{_has('step')}]"),
    Framework("Google I/O slides", "//slides/slide | //slides//article"),
    Framework("LaTeXML", f"//*[{_has('ltx_slide')}]"),
    Framework("Flowtime", f"//*[{_has('flowtime')}]//*[{_has('ft-page')}]"),
    Framework("WebSlides", "//*[@id='webslides']/section | //*[@id='webslides']/*/section"),
    Framework("Bespoke", f"//article[{_has('deck')} or @id='deck']/section"),
    Framework(
        "DZSlides",
        "//body[.//*[@id='progress-bar'] or .//script[contains(., 'Dz')]]/section",
    ),
    Framework("deck.js", f"//*[{_has('deck-container')}]//*[{_has('slide')}]"),
    Framework("Shower", f"//*[{_has('shower')}]//*[{_has('slide')}]"),
    Framework(
        "Slidy, S5, landslide, inspire.js",
        f"//*[{_has('slide')}][self::div or self::section or self::article or self::li]",
        is_sure=False,
    ),
    Framework("Beamer", f"//*[{_has('frame')}][self::div or self::section]", is_sure=False),
)
"""The first of which a page has slides is taken to have made it."""


@dataclass(frozen=True, slots=True)
class HtmlDeck:
    """A page that is a deck.

    Attributes:
        framework: that made it.
        slides: its elements, in the page's order.
    """

    framework: Framework
    slides: list[lxml.html.HtmlElement]


def deck_in(tree: lxml.html.HtmlElement) -> HtmlDeck | None:
    """Return the deck that a page is, None for any other page."""
    for framework in FRAMEWORKS:
        matches: Any = tree.xpath(framework.slides)
        slides = [node for node in matches if isinstance(node, lxml.html.HtmlElement)]
        if slides and (framework.is_sure or _are_most(slides, tree)):
            return HtmlDeck(framework, slides)
    return None


def _are_most(slides: list[lxml.html.HtmlElement], tree: lxml.html.HtmlElement) -> bool:
    """Tell whether at least two elements have most of a page's words."""
    if len(slides) < 2:
        return False
    inside = set(slides)
    length = sum(
        _length(slide) for slide in slides if not any(a in inside for a in slide.iterancestors())
    )
    return length > 0 and length >= MIN_SHARE * _length(tree)


def _length(node: lxml.html.HtmlElement) -> int:
    texts = node.itertext(tag=None) if node.tag != "html" else _visible(node)
    return sum(len(str(text).strip()) for text in texts)


def _visible(tree: lxml.html.HtmlElement) -> Iterator[str]:
    for node in tree.iter():
        if isinstance(node.tag, str) and node.tag not in ("script", "style", "title", "head"):
            yield node.text or ""
        yield node.tail or ""


def read_html_deck(page: HtmlDeck, limits: Limits, metadata: Metadata) -> Extraction:
    """Read a deck by its slides."""
    notices: list[Notice] = []
    elsewhere: list[str] = []
    leaves = _numbered(page, notices, elsewhere, limits)
    return deck([*leaves], limits, metadata, [*notices, *words_elsewhere(elsewhere)])


def _numbered(
    page: HtmlDeck, notices: list[Notice], elsewhere: list[str], limits: Limits
) -> Iterator[Leaf]:
    others = frozenset(page.slides)
    notes_by_slide = notes_behind(page)
    number = 0
    for slide in page.slides:
        markdown = markdown_in(slide)
        if number > limits.leaves:
            return
        if markdown is not None:
            for text in _markdown_slides(page, slide, markdown, elsewhere):
                number += 1
                yield markdown_leaf(number, text, notices)
            continue
        if address := slide.get("data-markdown") or slide.get("data-external"):
            elsewhere.append(address)
        leaf = tree_leaf(
            number + 1,
            slide,
            SlideText("", notes_by_slide.get(slide, ()), hidden=is_hidden(slide)),
            notices,
            others - {slide},
        )
        # A stack of slides is none itself where it has no words of its own.
        if (
            leaf.title
            or leaf.parts
            or not any(child in others for child in slide.iterdescendants())
        ):
            number += 1
            yield leaf


def is_hidden(slide: lxml.html.HtmlElement) -> bool:
    """Tell whether a slide, or the stack that it is in, is left out of the show."""
    return any(node.get("data-visibility") == "hidden" for node in (slide, *slide.iterancestors()))


def notes_behind(page: HtmlDeck) -> dict[lxml.html.HtmlElement, tuple[str, ...]]:
    """Map slides to notes that stand elsewhere in the page, by the slides' positions (Marp)."""
    notes: dict[lxml.html.HtmlElement, tuple[str, ...]] = {}
    if page.framework.name == "Marp":
        for node in notes_apart(page.slides[0].getroottree().getroot()):
            place = node.get("data-index", "")
            if place.isdecimal() and len(place) < 6 and int(place) < len(page.slides):
                text = clean(node.text_content())
                slide = page.slides[int(place)]
                notes[slide] = (*notes.get(slide, ()), text)
    return notes


def notes_apart(tree: lxml.html.HtmlElement) -> list[lxml.html.HtmlElement]:
    """Return Marp's notes, which stand behind its slides."""
    matches: Any = tree.xpath(f"//*[{_has('bespoke-marp-note')}]")
    return list(matches)


# ---------------------------------------------------------------- Markdown inside


def markdown_in(slide: lxml.html.HtmlElement) -> str | None:
    """Return the Markdown that a slide's element holds, None where it holds HTML."""
    if slide.tag == "textarea":
        return str(slide.text_content())
    if slide.get("data-markdown") is None:
        return None
    holder = next(slide.iter("textarea", "script"), slide)
    text = holder.text_content().expandtabs(4).strip("\r\n")
    return textwrap.dedent(text) if text.strip() else None


def _markdown_slides(
    page: HtmlDeck, slide: lxml.html.HtmlElement, text: str, elsewhere: list[str]
) -> Iterator[SlideText]:
    flavour, text = flavour_in(page, slide, text)
    cut = cut_markdown(text, flavour)
    for each in slides_of(cut, flavour, elsewhere):
        yield replace(each, hidden=each.hidden or is_hidden(slide))


def flavour_in(page: HtmlDeck, slide: lxml.html.HtmlElement, text: str) -> tuple[Flavour, str]:
    """Return how the Markdown of an element is divided, and the text with the usual rules.

    reveal.js lets a page name patterns of its own. They are not run: one that is a line of fixed
    characters is taken as that line, of any other the usual one is assumed.
    """
    if page.framework.name == "remark":
        return FLAVOURS["remark"], text
    for name, rule in (("data-separator", "---"), ("data-separator-vertical", "----")):
        line = _fixed_line(slide.get(name, ""))
        if line and line not in ("---", "----", "--"):
            text = re.sub(rf"(?m)^{re.escape(line)}[ \t]*$", f"\n{rule}\n", text)
    note = _fixed_line(slide.get("data-separator-notes", ""))
    if note and note.lower() not in ("note:", "notes:"):
        text = re.sub(rf"(?m)^[ \t]*{re.escape(note)}", "Note: ", text)
    return FLAVOURS["reveal"], text


def _fixed_line(pattern: str) -> str:
    """Return the line that a pattern of fixed characters matches, "" for any other pattern."""
    pattern = re.sub(r"\\r\?|\\r|\\n|[\r\n^$]", "", pattern).strip()
    pattern = re.sub(r"\\([^\w])", r"\1", pattern)
    return "" if re.search(r"[\\()*+?{}|\[\].]", pattern) else pattern


# ------------------------------------------------------------------ public copies


def without_notes(tree: lxml.html.HtmlElement, *, hidden: bool) -> frozenset[WordSource]:
    """Take notes, and hidden slides where asked, out of a deck's tree; return what was there.

    Comments of the source are taken out by whoever parses the tree.
    """
    page = deck_in(tree)
    removed: set[WordSource] = set()
    for slide in page.slides if page else ():
        markdown = markdown_in(slide)
        if hidden and is_hidden(slide):
            removed.add(WordSource.HIDDEN_SLIDES)
            _remove(slide)
        elif page and markdown is not None:
            flavour, text = flavour_in(page, slide, markdown)
            cut = cut_markdown(text, flavour)
            if cut.notes:
                removed.add(WordSource.NOTES)
                holder = next(slide.iter("textarea", "script"), slide)
                for child in list(holder):
                    holder.remove(child)
                holder.text = cut.bare
    for node in list(tree.iter()):
        if not isinstance(node.tag, str):
            continue
        for name in NOTE_ATTRIBUTES:
            if node.attrib.pop(name, None) is not None:
                removed.add(WordSource.NOTES)
        if is_note(node):
            removed.add(WordSource.NOTES)
            _remove(node)
    return frozenset(removed)


def _remove(node: lxml.html.HtmlElement) -> None:
    """Take an element out of its tree, with all that is in it; what follows it stays."""
    if node.getparent() is not None:
        node.drop_tree()
