"""A post's HTML as clean Markdown and as plain lines: nothing that runs survives, by construction.

Only text, a fixed set of marks, and links of known schemes are written; text is escaped, so that
no reader of the Markdown can take any of it for HTML. What is left out is noted, never dropped
in silence.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import lxml.html
from lxml import etree

from coproarchive.extract.text import clean
from coproarchive.ingest.wordpress.addresses import canonical, plain_address, well_formed
from coproarchive.ingest.wordpress.shortcodes import Say, as_shown, typeset

MAX_CONTENT = 8 * 1024 * 1024
MAX_DEPTH = 150
"""Elements inside one another; what lies deeper is words only."""
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w-])")
EMAIL_REMOVED = "[e-mail address removed]"

_RUNS = frozenset(
    """script style noscript template meta base link form input button select textarea svg math
    applet frame frameset head""".split()
)
_FRAMES = frozenset(("iframe", "embed", "object", "video", "audio", "source", "track"))
_TEXT_BLOCKS = frozenset(
    """p div section article aside header footer main nav address details summary center figure
    figcaption fieldset legend dl dt dd body html""".split()
)
_SPECIAL = re.compile(r"([\\`*\[\]<>])")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+](?=\s)|=+\s*$|-{3,}\s*$|~{3}|\|)")
# What sites add to a post's text when they show it: sharing buttons, lists of other posts, and
# readers' comments, which stay out.
_ADDED = re.compile(
    r"(?:^|\s)(?:sharedaddy|sd-sharing|jp-relatedposts|jp-post-flair|wpcnt|addtoany_share_save_container|"
    r"wp-block-(?:archives|calendar|categories|latest-comments|latest-posts|rss|search|tag-cloud|loginout|"
    r"page-list)(?:__\w+)?|components-placeholder|post-views|comments-area|post-navigation|entry-meta|entry-footer)(?:\s|$)"
)
# An embedded page that the site could not show stands there as its address.
_LONE_ADDRESS = re.compile(r"(<(?:p|div)\b[^<>]*>)\s*(https?://[^\s<>\"']+)\s*(</(?:p|div)>)")
_NUMBERED = re.compile(r"^(\s*\d{1,9})([.)])(?=\s)")


@dataclass
class Notes:
    """What was met on the way; counted, so that a thousand alike are one line of the report."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def say(self, code: str, what: str) -> None:
        """Note something that was left out or not understood."""
        if len(self.counts) < 200 or (code, what) in self.counts:
            self.counts[code, what] += 1


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link, picture or embedded medium: its words and its address."""

    text: str
    url: str
    kind: str = "link"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a post, as a reader sees it.

    Attributes:
        text: plain words.
        heading: it is a heading (1..6), or 0.
        bold: all of it is bold, which authors use for headings.
        cells: of a table's row.
        anchors: links in it, in order.
    """

    text: str
    heading: int = 0
    bold: bool = False
    cells: tuple[str, ...] = ()
    anchors: tuple[Anchor, ...] = ()


class Body:
    """The content of one post, parsed once.

    Args:
        content: HTML.
        raw: as its author typed it; see source.Post.
        base: the post's address, to complete relative links.
        pictures: attachment id -> address.
        alternatives: plain_address of a file -> its address in full size, its alternative text.
        keep_email: leave e-mail addresses in the text.
    """

    def __init__(
        self,
        content: str,
        *,
        raw: bool,
        base: str = "",
        pictures: Mapping[str, str] | None = None,
        alternatives: Mapping[str, tuple[str, str]] | None = None,
        keep_email: bool = False,
    ):
        self.notes = Notes()
        self.base = base
        self.typeset = raw
        self.keep_email = keep_email
        self.alternatives = alternatives or {}
        if raw:
            content = as_shown(content, dict(pictures or {}), self.notes.say)
        else:
            content = _LONE_ADDRESS.sub(r'\1<a class="embed" href="\2">\2</a>\3', content)
        self.root = _tree(content, self.notes.say)

    def markdown(self) -> str:
        """Clean Markdown, ending in a newline; "" where there is no text."""
        blocks = _Writer(self).blocks(self.root)
        return "\n\n".join(blocks) + "\n" if blocks else ""

    def lines(self) -> list[TextLine]:
        """Return its lines in reading order; a <br> ends one, a table's row is one."""
        collector = _Lines(self)
        collector.walk(self.root, 0)
        collector.flush()
        return collector.lines

    def say_words(self, text: str) -> str:
        """Return text as the site shows it: typeset, clean, e-mail addresses out."""
        text = clean(text) if "\x00" in text else text
        if self.typeset:
            text = typeset(text)
        return self.without_email(text)

    def without_email(self, text: str) -> str:
        """Remove e-mail addresses, where they are not asked for."""
        if not self.keep_email and "@" in text:
            text, removed = EMAIL.subn(EMAIL_REMOVED, text)
            if removed:
                self.notes.say("e-mail-removed", "")
        return text

    def picture(self, url: str | None) -> tuple[str, str]:
        """Return a picture's address in full size, and the alternative text of its attachment."""
        full = self.address(url)
        return self.alternatives.get(plain_address(full), (full, "")) if full else ("", "")

    def leads_to_file(self, url: str) -> bool:
        """Return whether an address is that of a file of the source or of the page round it."""
        return plain_address(url) in self.alternatives

    def address(self, url: str | None) -> str:
        """Return a link that may be followed, complete; "" and a note for any other."""
        bare = re.sub(r"[\x00-\x20\x7f]+", "", url or "")
        if not bare or bare.startswith("#"):
            return ""
        try:
            full = urljoin(self.base, bare)
            scheme = urlsplit(full).scheme.lower()
        except ValueError:
            scheme, full = "broken", bare
        if scheme in ("http", "https"):
            full = well_formed(canonical(full))
            for mark, code in (("(", "%28"), (")", "%29"), ("<", "%3C"), (">", "%3E")):
                full = full.replace(mark, code)
            if not full:
                self.notes.say("link-removed", "broken or too long")
            return full
        if scheme == "mailto":
            if self.keep_email:
                return full
            self.notes.say("e-mail-removed", "")
        elif scheme not in ("tel", ""):
            self.notes.say("link-removed", scheme)
        return ""


def _tree(content: str, say: Say) -> lxml.html.HtmlElement:
    parser = lxml.html.HTMLParser(
        no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    if len(content) > MAX_CONTENT:
        say("text-cut", f"after {MAX_CONTENT:,} characters")
    text = f"<div>{content[:MAX_CONTENT]}</div>".encode("utf-8", "replace").replace(b"\x00", b"")
    try:
        tree = lxml.html.document_fromstring(text, parser=parser)
        if any("depth" in error.message for error in parser.error_log):  # the parser gave up there
            say("too-deep", "")
            words = html.escape(re.sub(r"<[^<>]*>", " ", content[:MAX_CONTENT]))
            return lxml.html.document_fromstring(f"<div>{words}</div>")
        for node in [n for n in tree.iter() if _ADDED.search(f"{n.get('class')} {n.get('id')}")]:
            if node.getparent() is not None:
                node.drop_tree()  # type: ignore[attr-defined]  # the stubs take it for plain XML
        if _flattened(tree):
            say("too-deep", "")
        return tree
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return lxml.html.document_fromstring(b"<div></div>")


def _flattened(tree: lxml.html.HtmlElement) -> bool:
    """Cut what is nested deeper than MAX_DEPTH to its words; return whether anything was."""
    deep, level = 0, [tree]
    while level and deep < MAX_DEPTH:
        level = [child for node in level for child in node]
        deep += 1
    flattened = False
    for node in level:
        if len(node):
            flattened = True
            words = " ".join(node.itertext())
            del node[:]
            node.text = words
    return flattened


def _tag(node: lxml.html.HtmlElement) -> str:
    return node.tag if isinstance(node.tag, str) else ""


class _Writer:
    """Markdown of a tree that is at most MAX_DEPTH deep, hence recursion is bounded."""

    def __init__(self, body: Body):
        self.body = body

    def blocks(self, node: lxml.html.HtmlElement) -> list[str]:
        """Return the blocks below a node, each without blank lines around it."""
        blocks: list[str] = []
        run = [self._text(node.text)]
        for child in node:
            tag = _tag(child)
            if self._is_block(child, tag):
                self._end(run, blocks)
                run = []
                blocks += self._block(child, tag)
            else:
                run.append(self._inline(child))
            run.append(self._text(child.tail))
        self._end(run, blocks)
        return blocks

    def _is_block(self, node: lxml.html.HtmlElement, tag: str) -> bool:
        if tag in _TEXT_BLOCKS or re.fullmatch(r"h[1-6]", tag):
            return True
        if tag in ("ul", "ol", "menu", "blockquote", "pre", "table", "hr", *_FRAMES, *_RUNS):
            return True
        return tag not in ("br", "img") and any(self._is_block(c, _tag(c)) for c in node)

    def _block(  # noqa: PLR0911 - a return a kind of element
        self, node: lxml.html.HtmlElement, tag: str
    ) -> list[str]:
        if tag in _RUNS:
            if tag not in ("style", "noscript", "template", "head") or len(node):
                self.body.notes.say("markup-removed", tag)
            return []
        if re.fullmatch(r"h[1-6]", tag):
            text = " ".join(self._line(node).split())
            return [f"{'#' * int(tag[1])} {text}"] if text else []
        if tag in ("ul", "ol", "menu"):
            return self._list(node, ordered=tag == "ol")
        if tag == "blockquote":
            inner = "\n\n".join(self.blocks(node))
            return ["\n".join(f"> {line}".rstrip() for line in inner.splitlines())] if inner else []
        if tag == "pre":
            text = self.body.without_email("".join(node.itertext())).strip("\n")
            fence = "`" * max(3, 1 + max((len(m) for m in re.findall(r"`+", text)), default=0))
            return [f"{fence}\n{text}\n{fence}"] if text.strip() else []
        if tag == "table":
            return self._table(node)
        if tag == "hr":
            return ["* * *"]  # three dashes at the top would be front matter
        if tag in _FRAMES:
            return self._frame(node, tag)
        return self.blocks(node)

    def _list(self, node: lxml.html.HtmlElement, *, ordered: bool) -> list[str]:
        lines: list[str] = []
        for number, child in enumerate(node, start=1):
            mark = f"{number}. " if ordered else "- "
            blocks = self.blocks(child) if _tag(child) not in _RUNS else []
            tight = all(b.startswith(("- ", "1. ")) for b in blocks[1:])
            inner = ("\n" if tight else "\n\n").join(blocks)
            if inner:
                pad = " " * len(mark)
                first, *others = inner.splitlines()
                lines.append(mark + first)
                lines += [pad + line if line else "" for line in others]
        return ["\n".join(lines)] if lines else []

    def _table(self, table: lxml.html.HtmlElement) -> list[str]:
        rows = [
            [
                " ".join("<br>".join(self.blocks(cell)).replace("<br>", " / ").split()).replace(
                    "|", "\\|"
                )
                for cell in row.iterchildren("td", "th")
            ]
            for row in table.iter("tr")
        ]
        rows = [row for row in rows if any(row)]
        caption = [t for c in table.iterchildren("caption") for t in self.blocks(c)]
        if not rows:
            return caption
        width = max(len(row) for row in rows)
        text = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        text.insert(1, "|" + " --- |" * width)
        return [*caption, "\n".join(text)]

    def _frame(self, node: lxml.html.HtmlElement, tag: str) -> list[str]:
        urls = [
            u
            for n in node.iter()
            for u in (n.get("src") or n.get("data") or n.get("data-src"),)
            if u
        ]
        links = dict.fromkeys(filter(None, (self.body.address(u) for u in urls)))
        label = escape(self.body.without_email(node.get("title") or ""))
        if not links:
            self.body.notes.say("markup-removed", tag)
        markdown = [f"[{label or escape(url)}]({url})" for url in links]
        words = "" if tag in ("iframe", "embed") else "".join(node.itertext())
        more = escape(" ".join(self.body.say_words(words).split()))
        return markdown + ([more] if more and more not in map(escape, links) else [])

    def _end(self, run: list[str], blocks: list[str]) -> None:
        lines = [line.strip(" \t") for line in "".join(run).split("\n")]
        text = re.sub(r"^(?:\\?\n)+|(?:\\\n)+$", "", "\n".join(lines)).strip()
        text = re.sub(r"\n(?:\\?\n)+", "\n", text)
        if text:
            blocks.append("\n".join(_guarded(line) for line in text.split("\n")))

    def _text(self, text: str | None) -> str:
        return escape(re.sub(r"[ \t\r\n]+", " ", self.body.say_words(text))) if text else ""

    def _line(self, node: lxml.html.HtmlElement) -> str:
        pieces = [self._text(node.text)]
        for child in node:
            pieces += [self._inline(child), self._text(child.tail)]
        return "".join(pieces)

    def _inline(  # noqa: PLR0911 - a return a kind of element
        self, node: lxml.html.HtmlElement
    ) -> str:
        tag = _tag(node)
        if not tag or tag in _RUNS:
            if tag:
                self.body.notes.say("markup-removed", tag)
            return ""
        if tag == "br":
            return "\\\n"
        if tag == "img":
            return self._picture(node)
        inner = self._line(node)
        if tag in ("strong", "b") and inner.strip():
            return _wrapped(inner, "**")
        if tag in ("em", "i", "cite") and inner.strip():
            return _wrapped(inner, "*")
        if tag in ("code", "kbd", "tt") and inner.strip() and "`" not in inner:
            return f"`{self.body.without_email(''.join(node.itertext()))}`".replace("\n", " ")
        if tag in ("del", "s", "strike") and inner.strip():
            return _wrapped(inner, "~~")
        if tag == "a":
            return self._link(node, inner)
        return inner

    def _link(self, node: lxml.html.HtmlElement, inner: str) -> str:
        url = self.body.address(node.get("href"))
        if inner.startswith("![") and len(node) == 1 and self.body.leads_to_file(url):
            return inner  # a picture that leads to itself, as galleries on the site do
        text = " ".join(inner.replace("\\\n", " ").split())
        if not url or not text:
            return inner
        lead = " " if inner[:1].isspace() or _is_button(node) else ""
        return f"{lead}[{text}]({url})" + (" " if inner[-1:].isspace() else "")

    def _picture(self, node: lxml.html.HtmlElement) -> str:
        url, attachment_alt = self.body.picture(node.get("src"))
        alt = escape(" ".join(self.body.without_email(node.get("alt") or attachment_alt).split()))
        if not url:
            self.body.notes.say("markup-removed", "img")
            return alt
        return f"![{alt}]({url})"


def _is_button(node: lxml.html.HtmlElement) -> bool:
    """Return whether a link is a file block's "Download", which only a style sets apart."""
    return "wp-block-file__button" in (node.get("class") or "")


def escape(text: str) -> str:
    """Escape text so that no Markdown reader takes it for markup."""
    text = _SPECIAL.sub(r"\\\1", text)
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)
    return re.sub(r"&(?=#?\w{1,31};)", r"\\&", text)


def _guarded(line: str) -> str:
    line = _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}", line)
    return _NUMBERED.sub(r"\1\\\2", line)


def _wrapped(inner: str, mark: str) -> str:
    """Put the mark close around the words, spaces outside it, one run a line."""
    out = []
    for line in inner.split("\n"):
        tail = "\\" if line.endswith("\\") else ""
        core = line.removesuffix("\\") if tail else line
        bare = core.strip()
        lead = core[: len(core) - len(core.lstrip())]
        rest = core[len(core.rstrip()) :]
        out.append(f"{lead}{mark}{bare}{mark}{rest}{tail}" if bare else line)
    return "\n".join(out)


class _Lines:
    def __init__(self, body: Body):
        self.body = body
        self.lines: list[TextLine] = []
        self.words: list[str] = []
        self.anchors: list[Anchor] = []
        self.heading = 0
        self.plain = False  # a letter of the line is not bold

    def walk(self, node: lxml.html.HtmlElement, bold: int) -> None:
        tag = _tag(node)
        if not tag or tag in _RUNS:
            return
        if tag == "tr":
            self._row(node)
            return
        block = tag in _TEXT_BLOCKS or tag in ("li", "blockquote", "pre", "ul", "ol", "table", "hr")
        level = int(tag[1]) if re.fullmatch(r"h[1-6]", tag) else 0
        if block or level or tag == "br":
            self.flush()
        self.heading = level or self.heading
        if tag == "a" and self.words and not self.words[-1][-1:].isspace():
            self.words.append(" " if _is_button(node) else "")
        self._anchor(node, tag)
        bold += tag in ("strong", "b")
        self._say(node.text, bold)
        for child in node:
            self.walk(child, bold)
            self._say(child.tail, bold)
        if block or level:
            self.flush()

    def _say(self, text: str | None, bold: int) -> None:
        if text:
            words = self.body.say_words(text)
            self.words.append(words)
            self.plain = self.plain or (not bold and any(map(str.isalnum, words)))

    def _anchor(self, node: lxml.html.HtmlElement, tag: str) -> None:
        kinds = {"a": ("href", "link"), "img": ("src", "picture")}
        attribute, kind = kinds.get(tag, ("src", "medium" if tag in _FRAMES else ""))
        url = self.body.address(node.get(attribute) or node.get("data")) if kind else ""
        url = self.body.picture(url)[0] if kind == "picture" else url
        if url:
            words = "".join(node.itertext()) or node.get("title") or node.get("alt") or ""
            kind = "medium" if "embed" in (node.get("class") or "").split() else kind
            text = " ".join(self.body.say_words(words).split())
            self.anchors.append(Anchor(text, url, kind))

    def _row(self, row: lxml.html.HtmlElement) -> None:
        self.flush()
        cells = []
        for cell in row.iterchildren("td", "th"):
            inner = _Lines(self.body)
            inner.walk(cell, 0)
            inner.flush()
            cells.append("\n".join(line.text for line in inner.lines if line.text))
            self.anchors += [a for line in inner.lines for a in line.anchors]
        self.lines.append(
            TextLine(" | ".join(c.replace("\n", " ") for c in cells), 0, False, tuple(cells),
                     tuple(self.anchors))
        )  # fmt: skip
        self.anchors = []

    def flush(self) -> None:
        text = " ".join("".join(self.words).split())
        if text or self.anchors:
            bold = bool(text) and not self.plain and any(c.isalnum() for c in text)
            self.lines.append(TextLine(text, self.heading, bold, (), tuple(self.anchors)))
        self.words, self.anchors, self.heading, self.plain = [], [], 0, False
