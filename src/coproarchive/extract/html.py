"""Posts in HTML and Markdown: a leaf a section, without the menus and buttons around the text."""

from __future__ import annotations

import functools
import html
import re
from abc import ABC, abstractmethod
from dataclasses import replace

import lxml.html
from lxml import etree
from markdown_it import MarkdownIt

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.front_matter import day
from coproarchive.extract.html_tables import is_layout_table, table_text
from coproarchive.extract.post_markup import with_markup
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

# Elements whose text no reader sees as the post's own.
_AROUND = {
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form",
    "button", "select", "iframe", "object", "svg", "head", "input", "textarea",
}  # fmt: skip
# Classes and ids that WordPress and its usual plugins give to what stands around a post.
_AROUND_NAME = re.compile(
    r"(^|[\s_-])(sharedaddy|sd-sharing|share|sharing|jp-relatedposts|related-?posts|comments?|"
    r"comment-respond|navigation|nav-links|menu|sidebar|widget|breadcrumbs?|cookie|skip-link|"
    r"post-navigation|entry-meta|site-header|site-footer|likes?)([\s_-]|$)",
    re.IGNORECASE,
)
_ATTRIBUTE = r"""\s+[\w-]{1,40}=(?:"[^"\]]{0,2000}"|'[^'\]]{0,2000}'|[^\s\]"']{1,500})"""
_WITH_ATTRIBUTES = re.compile(
    rf"(?<![\w\[])\[[a-z][\w-]{{1,40}}(?:{_ATTRIBUTE}){{1,40}}\s*/?\](?![(\[])"
)
_CLOSING = re.compile(r"\[/([a-z][\w-]{1,40})\]")
_HEADINGS = {"h1", "h2", "h3"}
_BLOCKS = {
    "p", "div", "section", "article", "ul", "ol", "li", "blockquote", "pre", "table", "tr", "td",
    "th", "hr",
    "figure", "figcaption", "dl", "dt", "dd", "h4", "h5", "h6", "main", "body", "details",
    "summary", "address", "caption", "center",
}  # fmt: skip
_BREAK = lxml.html.Element("br")
"""What stands for the end of a paragraph while a tree is walked."""
_MAIN = (
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' entry-content ')]",
    "//article",
    "//main",
    "//*[@id='content']",
    "//body",
)
_DATED = "//meta[@name='dcterms.date' or @name='DC.date' or @name='date']/@content"
MUCH = 200
"""Characters that may be left out of a broken page without a word about it."""


def read_page(
    markup: str, name: str, limits: Limits, tree: lxml.html.HtmlElement | None = None
) -> Extraction:
    """Read a page's main text by headings, and alternative texts of pictures.

    Args:
        tree: of the markup, where it is parsed already.

    Raises:
        UnreadableError: there is nothing in it.
    """
    text = without_shortcodes(markup)
    if tree is None or text != markup:
        tree = parse_html(text, name)
    main = _main(tree)
    leaves, notices = _whole(text, tree, with_markup(section_leaves(main), main, _is_around))
    notices += _undescribed(main.xpath(".//img[not(@alt)]"))
    return bounded(leaves, limits, metadata=page_metadata(tree), notices=notices)


def read_post(
    body: str, name: str, limits: Limits, metadata: Metadata, notices: list[Notice]
) -> Extraction:
    """Read CommonMark with tables, a leaf for a heading of the first three levels.

    Args:
        metadata: what front matter says; without a title there, the first heading is it.
        notices: what was wrong with the front matter.

    Raises:
        UnreadableError: there is nothing in it.
    """
    markup = markdown_html(without_shortcodes(body))
    if not markup.strip():
        raise UnreadableError("this file is empty.", name, "Add it again, or remove it.")
    tree = parse_html(markup, name)
    leaves, mistakes = _whole(markup, tree, with_markup(section_leaves(tree), tree, _is_around))
    mistakes += _undescribed(tree.xpath("//img[not(normalize-space(@alt))]")) + notices
    first = next((leaf.title for leaf in leaves if leaf.title), "")
    metadata = replace(metadata, title=metadata.title or first)
    return bounded(leaves, limits, metadata=metadata, notices=mistakes)


def markdown_html(text: str) -> str:
    """Render Markdown as HTML; markup inside it is read as HTML, as blogs do."""
    return str(_renderer().render(text))


@functools.cache
def _renderer() -> MarkdownIt:
    """Return the renderer: to make one takes half as long as to render a slide."""
    return MarkdownIt("commonmark", {"maxNesting": 40}).enable("table")


def without_shortcodes(text: str) -> str:
    """Remove WordPress's [marks] for pictures, galleries and layout; what they enclose stays.

    Only what can be nothing else is taken for one: a name with attributes, a closing mark and the
    opening mark of its name, and the names that WordPress itself has without attributes.
    """
    if "[" not in text:
        return text
    closed = "|".join(sorted({re.escape(name) for name in _CLOSING.findall(text)})) or "gallery"
    text = _CLOSING.sub(" ", _WITH_ATTRIBUTES.sub(" ", text))
    return re.sub(rf"(?<![\w\[])\[(?:{closed}|gallery|playlist)\s*/?\](?![(\[])", " ", text)


def parse_html(markup: str, name: str) -> lxml.html.HtmlElement:
    """Parse a page into a tree; no network, no entities from elsewhere.

    Raises:
        UnreadableError: there is nothing in it.
    """
    parser = lxml.html.HTMLParser(
        no_network=True, huge_tree=True, remove_comments=True, remove_pis=True
    )
    markup = re.sub(r"^\s*<\?xml[^>]*>", "", markup).replace("\x00", "")
    if not markup.strip():
        raise UnreadableError("this file is empty.", name)
    try:
        return lxml.html.document_fromstring(markup, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"this page cannot be read: {error}.", name) from None


def section_leaves(root: lxml.html.HtmlElement) -> list[Leaf]:
    """Return leaves of the text below an element: one a heading, and one of what is before them."""
    builder = _Sections()
    builder.walk(root)
    return builder.finish()


class TreeWords(ABC):
    """Collects words of a tree; kinds of it say what is passed over and what headings mean."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._extra: list[tuple[Source, str]] = []

    def is_passed_over(self, node: lxml.html.HtmlElement) -> bool:
        """Test for an element of which nothing is collected."""
        return _is_around(node)

    @abstractmethod
    def takes_heading(self, node: lxml.html.HtmlElement) -> bool:
        """Test for a heading that is no text; what follows from it is done."""

    def walk(self, root: lxml.html.HtmlElement) -> None:
        """Walk the tree depth first, without recursion: pages may be nested very deep."""
        pending: list[tuple[lxml.html.HtmlElement | str, bool]] = [(root, False)]
        while pending:
            node, is_code = pending.pop()
            if isinstance(node, str):
                self._text.append(node if is_code else _folded(node))
                continue
            if node is _BREAK:
                self._text.append("\n\n")
                continue
            if not isinstance(node.tag, str):
                continue
            if node is not root and self.is_passed_over(node):
                continue
            if self.takes_heading(node):
                continue
            if node.tag == "table" and not is_layout_table(node):
                self._extra.append((Source.TABLE, table_text(node)))
                continue
            self._leaf_element(node)
            is_block, inside = node.tag in _BLOCKS, is_code or node.tag == "pre"
            if is_block:
                pending.append((_BREAK, False))
            for child in reversed(node):
                if child.tail:
                    pending.append((child.tail, inside))
                pending.append((child, inside))
            if node.text:
                pending.append((node.text, inside))
            if is_block:
                pending.append((_BREAK, False))

    def _leaf_element(self, node: lxml.html.HtmlElement) -> None:
        if node.tag == "img" and node.get("alt"):
            self._extra.append((Source.ALT, node.get("alt")))
        elif node.tag == "br":
            self._text.append("\n")


class _Sections(TreeWords):
    """Collects words between headings."""

    def __init__(self) -> None:
        super().__init__()
        self._leaves: list[Leaf] = []
        self._title = ""

    def takes_heading(self, node: lxml.html.HtmlElement) -> bool:
        """Begin a leaf at a heading of the first three levels."""
        if node.tag not in _HEADINGS:
            return False
        self._flush()
        self._title = one_line(node.text_content())
        self._text = []
        return True

    def _flush(self) -> None:
        parts = parts_of((Source.TEXT, "".join(self._text)), *self._extra)
        if self._title or parts:
            self._leaves.append(Leaf(len(self._leaves) + 1, "section", self._title[:300], parts))
        self._title, self._text, self._extra = "", [], []

    def finish(self) -> list[Leaf]:
        self._flush()
        return self._leaves


def _whole(
    markup: str, tree: lxml.html.HtmlElement, leaves: list[Leaf]
) -> tuple[list[Leaf], list[Notice]]:
    """Return the leaves; or, where the parser left out much of a broken page, all text as one leaf.

    libxml2 mends what is broken or too deep by leaving things out, and says nothing.
    """
    parsed = sum(len(word) for piece in tree.itertext() for word in str(piece).split())
    if len(markup) - parsed < MUCH or parsed > len(markup) / 2:
        return leaves, []  # what is written is never longer than its markup
    visible = re.sub(r"<(script|style)\b.*?</\1\s*>", "", markup, flags=re.DOTALL | re.IGNORECASE)
    text = html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", " ", visible, flags=re.DOTALL))
    written = sum(map(len, text.split()))
    if written - parsed < MUCH or parsed > written / 2:
        return leaves, []
    notice = Notice(
        "file-damaged",
        Severity.WARNING,
        "this page is damaged or nested too deeply: it was read as plain text.",
        "Open it in a browser and save it anew.",
    )
    return [Leaf(1, "section", parts=parts_of((Source.TEXT, text)))], [notice]


def _undescribed(pictures: object) -> list[Notice]:
    """Return a notice of pictures without alternative text."""
    count = len(pictures) if isinstance(pictures, list) else 0
    if not count:
        return []
    return [
        Notice(
            "picture-without-alt",
            Severity.NOTE,
            f"this post has {count} picture{'s' if count > 1 else ''} without a description.",
            'Write what it shows between the brackets: ![a loaf](loaf.jpg), or alt="a loaf".',
        )
    ]


_BLANKS = re.compile(r"\s+")


def _folded(text: str) -> str:
    """Return text with every run of white space as one space, as a browser shows it."""
    return _BLANKS.sub(" ", text)


def _is_around(node: lxml.html.HtmlElement) -> bool:
    if node.tag in _AROUND:
        # A post may have a header of its own with its title in it.
        return not (node.tag == "header" and node.find(".//h1") is not None)
    if not node.keys():  # as most elements
        return False
    names = f"{node.get('class', '')} {node.get('id', '')}"
    if _AROUND_NAME.search(names) and node.tag not in ("body", "article", "main"):
        return True
    return node.get("hidden") is not None or node.get("aria-hidden") == "true"


def _main(tree: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    """Return the element that holds the post: by the first of _MAIN that matches just once."""
    for path in _MAIN:
        elements = tree.xpath(path)
        if isinstance(elements, list) and len(elements) == 1:
            return elements[0]
    return tree


def page_metadata(tree: lxml.html.HtmlElement) -> Metadata:
    """Return what a page says of itself."""
    names = tree.xpath("//head/meta[translate(@name, 'AUTHOR', 'author')='author']/@content")
    authors = tuple(one_line(str(name)) for name in names if str(name).strip())
    return Metadata(_page_title(tree), authors, _published(tree), tree.get("lang"))


def _page_title(tree: lxml.html.HtmlElement) -> str:
    for path in ("//meta[@property='og:title']/@content", "//title/text()", "//h1//text()"):
        titles = tree.xpath(path)
        if isinstance(titles, list) and titles:
            # Blogs put their own name behind the post's.
            return real_title(re.split(r"\s+[|–—]\s+", str(titles[0]))[0])
    return ""


def _published(tree: lxml.html.HtmlElement) -> str | None:
    for path in ("//meta[@property='article:published_time']/@content", _DATED, "//time/@datetime"):
        dates = tree.xpath(path)
        if isinstance(dates, list) and dates:
            return day(str(dates[0]))
    return None
