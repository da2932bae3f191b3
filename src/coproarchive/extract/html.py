"""Posts in HTML and Markdown: a leaf a section, without the menus and buttons around the text."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

import lxml.html
from lxml import etree
from markdown_it import MarkdownIt

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.model import Leaf, Severity, Source

if TYPE_CHECKING:
    from coproarchive.strict_yaml import Plain

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
    "p", "div", "section", "article", "ul", "ol", "li", "blockquote", "pre", "table", "tr", "hr",
    "figure", "figcaption", "dl", "dt", "dd", "h4", "h5", "h6", "main", "body", "details",
    "summary", "address", "caption", "center",
}  # fmt: skip
_MAIN = (
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' entry-content ')]",
    "//article",
    "//main",
    "//*[@id='content']",
    "//body",
)
MUCH = 200
"""Characters that may be left out of a broken page without a word about it."""


def extract_html(path: Path, limits: Limits) -> Extraction:
    """Read the main text by headings, and alternative texts of pictures.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    markup = without_shortcodes(decode(path.read_bytes()))
    tree = parse_html(markup, path.name)
    metadata = Metadata(title=_page_title(tree), language=tree.get("lang"), date=_published(tree))
    main = _main(tree)
    leaves, notices = _whole(markup, tree, sections(main))
    notices += _undescribed(main.xpath(".//img[not(@alt)]"))
    return bounded(leaves, limits, metadata=metadata, notices=notices)


def extract_markdown(path: Path, limits: Limits) -> Extraction:
    """Read CommonMark with tables and front matter, a leaf for a heading of the first three levels.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    front, body, mistakes = split_front_matter(decode(path.read_bytes()))
    markup = markdown_html(without_shortcodes(body))
    if not markup.strip():
        raise UnreadableError("this file is empty.", path.name, "Add it again, or remove it.")
    tree = parse_html(markup, path.name)
    leaves, notices = _whole(markup, tree, sections(tree))
    notices += _undescribed(tree.xpath("//img[not(normalize-space(@alt))]")) + mistakes
    first = next((leaf.title for leaf in leaves if leaf.title), "")
    metadata = Metadata(
        title=real_title(_text(front.get("title"))) or first,
        authors=tuple(_texts(front.get("author") or front.get("authors"))),
        date=_day(_text(front.get("date"))),
        language=_text(front.get("lang") or front.get("language")) or None,
        keywords=tuple(_texts(front.get("tags"))),
    )
    return bounded(leaves, limits, metadata=metadata, notices=notices)


def markdown_html(text: str) -> str:
    """Render Markdown as HTML; markup inside it is read as HTML, as blogs do."""
    return str(MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").render(text))


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


def decode(data: bytes) -> str:
    """Decode text: UTF-8, else UTF-16 by its mark, else Windows-1252, which never fails."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    data = data.replace(b"\x00", b"")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


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


def split_front_matter(text: str) -> tuple[dict[str, Plain], str, list[Notice]]:
    """Split YAML between two --- at the top, with its keys in lower case, from the text below it.

    What is no strict YAML is left out, with a notice; see strict_yaml. A block over 20,000
    characters is none, and neither is one that is no mapping.
    """
    match = re.match(r"^---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", text, re.DOTALL)
    if not match or len(match[1]) > 20_000:
        return {}, text, []
    from coproarchive.strict_yaml import YamlMistakeError, parse  # noqa: PLC0415 - 60 ms, seldom

    body = text[match.end() :]
    try:
        content = parse(match[1]).content
    except YamlMistakeError as mistake:
        notice = Notice(
            "front-matter-unread",
            Severity.NOTE,
            f"title, author, date and tags were not taken from its line {mistake.line + 1}, "
            f"nor from those around it: {mistake}.",
            "Mend the lines between the two --- at the top; a value with a colon needs quotes.",
        )
        return {}, body, [notice]
    front = content if isinstance(content, dict) else {}
    return {key.lower(): value for key, value in front.items()}, body, []


def _texts(value: Plain) -> list[str]:
    """Return the texts of a value: of one text those between commas, of a list its entries."""
    if isinstance(value, str):
        return [text for text in re.split(r"\s*[,;]\s*", value.strip()) if text]
    if isinstance(value, dict):  # a person or a tag with more about it
        return [_text(value.get("name") or value.get("title") or value.get("label"))]
    return [text for entry in value or [] for text in (
        [entry.strip()] if isinstance(entry, str) else _texts(entry)) if text]  # fmt: skip


def _text(value: Plain) -> str:
    return one_line(value) if isinstance(value, str) else ""


def sections(root: lxml.html.HtmlElement) -> list[Leaf]:
    """Return leaves of the text below an element: one a heading, and one of what is before them."""
    builder = _Sections()
    builder.walk(root)
    return builder.finish()


class _Sections:
    """Collects words between headings."""

    def __init__(self) -> None:
        self._leaves: list[Leaf] = []
        self._title = ""
        self._text: list[str] = []
        self._extra: list[tuple[Source, str]] = []

    def walk(self, root: lxml.html.HtmlElement) -> None:
        """Walk the tree depth first, without recursion: pages may be nested very deep."""
        pending: list[tuple[lxml.html.HtmlElement | str, bool]] = [(root, True)]
        while pending:
            node, is_root = pending.pop()
            if isinstance(node, str):
                self._text.append(node)
                continue
            if not isinstance(node.tag, str):
                continue
            if not is_root and _is_around(node):
                continue
            if node.tag in _HEADINGS:
                self._flush()
                self._title = one_line(node.text_content())
                self._text = []
                continue
            if node.tag == "table":
                self._extra.append((Source.TABLE, _table_text(node)))
                continue
            self._leaf_element(node)
            block = node.tag in _BLOCKS
            if block:
                pending.append(("\n\n", False))
            for child in reversed(node):
                if child.tail:
                    pending.append((_folded(child.tail), False))
                pending.append((child, False))
            if node.text:
                pending.append((node.text if node.tag == "pre" else _folded(node.text), False))
            if block:
                pending.append(("\n\n", False))

    def _leaf_element(self, node: lxml.html.HtmlElement) -> None:
        if node.tag == "img" and node.get("alt"):
            self._extra.append((Source.ALT, node.get("alt")))
        elif node.tag == "br":
            self._text.append("\n")

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
    visible = re.sub(r"<(script|style)\b.*?</\1\s*>", "", markup, flags=re.DOTALL | re.IGNORECASE)
    text = html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", " ", visible, flags=re.DOTALL))
    written = sum(map(len, text.split()))
    parsed = sum(len(word) for piece in tree.itertext() for word in str(piece).split())
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


def _folded(text: str) -> str:
    """Return text with every run of white space as one space, as a browser shows it."""
    return re.sub(r"\s+", " ", text)


def _table_text(table: lxml.html.HtmlElement) -> str:
    rows = []
    for row in table.iter("tr"):
        cells = [one_line(cell.text_content()) for cell in row.iter("td", "th")]
        rows.append(" | ".join(cell for cell in cells if cell))
    return "\n".join(rows)


def _is_around(node: lxml.html.HtmlElement) -> bool:
    if node.tag in _AROUND:
        # A post may have a header of its own with its title in it.
        return not (node.tag == "header" and node.find(".//h1") is not None)
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


def _page_title(tree: lxml.html.HtmlElement) -> str:
    for path in ("//meta[@property='og:title']/@content", "//title/text()", "//h1//text()"):
        titles = tree.xpath(path)
        if isinstance(titles, list) and titles:
            # Blogs put their own name behind the post's.
            return real_title(re.split(r"\s+[|–—]\s+", str(titles[0]))[0])
    return ""


def _published(tree: lxml.html.HtmlElement) -> str | None:
    for path in ("//meta[@property='article:published_time']/@content", "//time/@datetime"):
        dates = tree.xpath(path)
        if isinstance(dates, list) and dates:
            return _day(str(dates[0]))
    return None


def _day(value: str) -> str | None:
    match = re.match(r"\d{4}-\d{2}-\d{2}", value.strip())
    return match[0] if match else None
