"""Posts as posts: one flow of text whose headings have addresses, sanitised by nh3.

What the reading process serialised is a stranger's markup (extract/post_markup.py); what leaves
here is a list of elements, with links to the web and pictures that the archive holds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

import nh3
from markupsafe import Markup

from coproarchive.model import Item, Leaf
from coproarchive.search.hits.results import Snippet
from coproarchive.web.render import marked
from coproarchive.web.words import Marks, leaf_words

_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
    "blockquote", "pre", "code", "kbd", "samp", "var", "em", "strong", "b", "i", "u", "s", "del",
    "ins", "sub", "sup", "small", "abbr", "cite", "q", "dfn", "time", "a", "img", "figure",
    "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "abbr": {"title"},
    "time": {"datetime"},
    "*": {"lang", "dir"},
}
_SCHEMES = {"http", "https", "mailto"}
_TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^'">])*>""")
_HEADING = re.compile(r"<(/?)h([1-6])>")
_FIRST_HEADING = re.compile(r"\s*<h([1-6])>(.*?)</h\1>", re.DOTALL)
_UNHELD = re.compile(r'<img(?![^>]*\bsrc=)(?:[^>]*?\balt="([^"]*)")?[^>]*>')
_FRAME = '<div class="scroll" role="region" aria-label="{}" tabindex="0">{}'
"""Round what may be wider than a phone: it is scrolled by the keyboard too."""
_WIDE = {"table": "Table", "pre": "Code"}


class Section(NamedTuple):
    """A section of a flow of text.

    Attributes:
        leaf: what it is.
        level: of its heading, from 2.
        heading: "" where it has none, or says the item's title again.
        body: HTML below the heading.
    """

    leaf: Leaf
    level: int
    heading: Markup
    body: Markup


def flow(item: Item, leaves: Sequence[Leaf], marks: Marks) -> list[Section]:
    """Return the sections of a text, one after another, each under its heading.

    Args:
        item: its record.
        leaves: of one file.
        marks: marks what was asked for.
    """
    levels = [_level(leaf) for leaf in leaves if leaf.title and not _is_title(leaf, item)]
    shift = 2 - min(levels, default=2)
    return [_section(item, leaf, shift, marks) for leaf in leaves]


def _section(item: Item, leaf: Leaf, shift: int, marks: Marks) -> Section:
    is_named = bool(leaf.title) and not _is_title(leaf, item)
    level = min(6, max(2, _level(leaf) + shift))
    heading = marked(marks(leaf.title)) if is_named else Markup()
    if not leaf.markup:
        return Section(leaf, level, heading, leaf_words(leaf, marks)[0])
    body = _clean(_FIRST_HEADING.sub("", leaf.markup, count=1) if leaf.title else leaf.markup, item)
    body = _HEADING.sub(
        lambda tag: f"<{tag[1]}h{min(6, max(level + 1, int(tag[2]) + shift))}>", body
    )
    return Section(leaf, level, heading, marked_html(body, marks))


def _level(leaf: Leaf) -> int:
    first = _FIRST_HEADING.match(leaf.markup)
    return int(first[1]) if first else 2


def _is_title(leaf: Leaf, item: Item) -> bool:
    return leaf.number == 1 and leaf.title.casefold() == item.title.casefold()


def _clean(markup: str, item: Item) -> str:
    """Return markup with the elements of _TAGS alone; a picture that is not held is its words."""
    cleaned = nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        attribute_filter=_filter_of(item),
        link_rel="nofollow noopener noreferrer",
    )
    cleaned = _UNHELD.sub(_in_words, cleaned)
    for tag, label in _WIDE.items():
        framed = _FRAME.format(label, f"<{tag}>")
        cleaned = cleaned.replace(f"<{tag}>", framed).replace(f"</{tag}>", f"</{tag}></div>")
    return cleaned


def _in_words(image: re.Match[str]) -> str:
    return f'<span class="unheld">[Picture: {image[1]}]</span>' if image[1] else ""


def _filter_of(item: Item) -> Callable[[str, str, str], str | None]:
    """Return what decides on each attribute: pictures are those of the item's own files."""
    pictures = {a.path for a in item.assets if a.media_type.startswith("image/")}

    def allow(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) == ("img", "src"):
            name = unquote(urlsplit(value).path).rpartition("/")[2]
            return f"/file/{item.id}/{quote(name)}" if name in pictures else None
        if (tag, attribute) == ("a", "href"):
            # A relative address pointed into the site that the post came from.
            return value if urlsplit(value).scheme in _SCHEMES else None
        return value

    return allow


def marked_html(cleaned: str, marks: Marks) -> Markup:
    """Mark what was asked for in the text of sanitised HTML, not in its tags."""
    out, at = [], 0
    for tag in _TAG.finditer(cleaned):
        out += [_marked_text(cleaned[at : tag.start()], marks), tag[0]]
        at = tag.end()
    out.append(_marked_text(cleaned[at:], marks))
    return Markup("".join(out))  # noqa: S704 - nh3 made it, and marks are added to its text


def _marked_text(text: str, marks: Marks) -> str:
    if not text.strip():
        return text
    snippet: Snippet = marks(html.unescape(text))
    return str(marked(snippet)) if snippet.marks else text
