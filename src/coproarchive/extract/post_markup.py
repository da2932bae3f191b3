"""The markup of a post, section by section: what its page shows beside the words that are searched.

Serialised in the reading process and sanitised again where it is shown (web/posts.py), which alone
decides what a browser gets. Containers are left out, so that each section is one run of blocks.
"""

from __future__ import annotations

import copy
import html
from collections.abc import Callable
from dataclasses import replace

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from coproarchive.extract.html_tables import is_layout_table
from coproarchive.extract.text import one_line
from coproarchive.leaf import Leaf

HEADINGS = frozenset({"h1", "h2", "h3"})
"""Which headings begin a section; html.py counts by the same."""
MAX_CHARACTERS = 1_500_000
MAX_DEPTH = 60
"""Of elements in elements; what is nested deeper is shown as its words."""
_CONTAINERS = {
    "div", "section", "article", "main", "body", "html", "header", "details", "summary", "center",
    "address", "tbody", "tr", "td", "th",
}  # fmt: skip
"""Parts of tables are met where the table only places text."""
_BLOCKS = {
    "p", "ul", "ol", "dl", "blockquote", "pre", "table", "hr", "figure", "h4", "h5", "h6",
}  # fmt: skip


def with_markup(
    leaves: list[Leaf], root: HtmlElement, is_around: Callable[[HtmlElement], bool]
) -> list[Leaf]:
    """Give sections their markup; return the leaves as they are where it does not fit them.

    Args:
        leaves: the sections of the post.
        root: the element that holds it; not changed.
        is_around: tells what is not the post's own, as menus.
    """
    sections = _Markup(is_around).sections(root)
    total = sum(len(markup) for _, markup in sections)
    titles = [title[:300] for title, _ in sections]
    if total > MAX_CHARACTERS or titles != [leaf.title for leaf in leaves]:
        return leaves
    pairs = zip(leaves, sections, strict=True)
    return [replace(leaf, markup=markup) for leaf, (_, markup) in pairs]


class _Markup:
    """Collects serialised blocks between headings."""

    def __init__(self, is_around: Callable[[HtmlElement], bool]):
        self._is_around = is_around
        self._sections: list[tuple[str, str]] = []
        self._title = ""
        self._blocks: list[str] = []
        self._run: list[str] = []
        self._has_words = False

    def sections(self, root: HtmlElement) -> list[tuple[str, str]]:
        """Return title and markup of each section; the markup begins with its heading."""
        body = copy.deepcopy(root)
        self._prepare(body)
        self._walk(body, 0)
        self._end_section()
        return self._sections

    def _prepare(self, body: HtmlElement) -> None:
        """Leave out what is around the post; name where embedded films and pictures are."""
        for node in list(body.iter()):
            if node is body or not isinstance(node.tag, str):
                continue
            if node.tag == "iframe" and str(node.get("src", "")).startswith(
                ("https://", "http://")
            ):
                link = lxml.html.Element("a", href=str(node.get("src")))
                link.text = str(node.get("title") or node.get("src"))
                link.tail = node.tail
                node.getparent().replace(node, link)
            elif self._is_around(node) and node.getparent() is not None:
                node.drop_tree()
            elif node.tag == "img" and not str(node.get("src", "data:")).startswith(("http", "/")):
                node.set("src", str(node.get("data-src") or node.get("src") or ""))

    def _walk(self, node: HtmlElement, depth: int) -> None:
        self._text(node.text)
        for child in node:
            tag = child.tag
            if not isinstance(tag, str):
                pass
            elif tag in HEADINGS:
                self._end_section()
                self._title = one_line(child.text_content())
                level = tag[1]
                self._blocks = [f"<h{level}>{_inside(child)}</h{level}>"] if self._title else []
            elif tag in _CONTAINERS or self._is_container(child):
                self._end_run()
                if depth < MAX_DEPTH:
                    self._walk(child, depth + 1)
                else:
                    self._text(str(child.text_content()))
                self._end_run()
            elif tag in _BLOCKS:
                self._end_run()
                self._note(child)
                self._blocks.append(_serialised(child))
            else:
                self._note(child)
                self._run.append(_serialised(child))
            self._text(child.tail)

    def _is_container(self, node: HtmlElement) -> bool:
        if node.tag == "table":
            return is_layout_table(node)
        return next(node.iter(*HEADINGS), None) is not None

    def _text(self, text: str | None) -> None:
        if text:
            self._run.append(html.escape(text, quote=False))
            self._has_words = self._has_words or bool(text.strip())

    def _note(self, node: HtmlElement) -> None:
        if not self._has_words:
            has_alt = any(str(image.get("alt", "")).strip() for image in node.iter("img"))
            self._has_words = has_alt or bool(str(node.text_content()).strip())

    def _end_run(self) -> None:
        run = "".join(self._run)
        if run.strip():
            self._blocks.append(f"<p>{run}</p>")
        self._run = []

    def _end_section(self) -> None:
        self._end_run()
        markup = "\n".join(self._blocks)
        if self._title or self._has_words:
            self._sections.append((self._title, markup))
        elif markup and self._sections:  # a picture without a word belongs to what is before it
            title, before = self._sections[-1]
            self._sections[-1] = (title, f"{before}\n{markup}")
        self._title, self._blocks, self._has_words = "", [], False


def _serialised(node: HtmlElement) -> str:
    markup = str(etree.tostring(node, encoding="unicode", method="html", with_tail=False))
    # Fewer elements than that are nested no deeper.
    if markup.count("</") > MAX_DEPTH and _depth(node) > MAX_DEPTH:
        return html.escape(str(node.text_content()), quote=False)
    return markup


def _inside(node: HtmlElement) -> str:
    children = (
        html.escape(child.tail or "", quote=False)
        if not isinstance(child.tag, str)
        else _serialised(child) + html.escape(child.tail or "", quote=False)
        for child in node
    )
    return html.escape(node.text or "", quote=False) + "".join(children)


def _depth(node: HtmlElement) -> int:
    """Return how deep elements are nested in a node, counted to MAX_DEPTH + 1."""
    deepest, pending = 0, [(node, 0)]
    while pending and deepest <= MAX_DEPTH:
        element, depth = pending.pop()
        deepest = max(deepest, depth)
        pending += [(child, depth + 1) for child in element]
    return deepest
