"""Quarto, R Markdown and other Markdown for Pandoc: headings of one level, and rules, begin slides.

No code of it is run, and no file that it includes or computes is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coproarchive.extract.base import Extraction, Limits, Notice
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.markdown_deck import FLAVOURS, read_markdown_deck
from coproarchive.extract.decks.slides import (
    CutText,
    SlideText,
    deck,
    markdown_leaves,
    marked_lines,
    metadata_of,
    title_slide,
    without_marks,
    words_elsewhere,
)
from coproarchive.extract.front_matter import split_front_matter
from coproarchive.extract.html import read_post

if TYPE_CHECKING:
    from coproarchive.strict_yaml import Plain

_SHOWS = re.compile(
    r"revealjs|beamer|pptx|powerpoint|slidy|slideous|dzslides|\bs5\b|ioslides|xaringan|slides?\b|"
    r"_presentation",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*(?:#+[ \t]*)?$")
_ATTRIBUTES = re.compile(r"[ \t]*\{([^{}\n]{0,500})\}[ \t]*$")
_SPAN = re.compile(r"\[([^\[\]\n]{0,500})\]\{[^{}\n]{0,500}\}")
_PICTURE_ATTRIBUTES = re.compile(r"(!?\[[^\]\n]{0,2000}\]\([^)\n]{0,2000}\))\{[^{}\n]{0,500}\}")
_DIV = re.compile(r"^ {0,3}(:{3,})[ \t]*(.*?)[ \t]*:*[ \t]*$")
_CHUNK = re.compile(r"^( {0,3}(?:`{3,}|~{3,}))[ \t]*\{([^}\n]*)\}[ \t]*$")
_INCLUDE = re.compile(r"\{\{<\s*include\s+([^>]{1,300}?)\s*>\}\}")
_SHORTCODE = re.compile(r"\{\{<[^\n]{0,1000}?>\}\}")
_CHILD = re.compile(r"\bchild\s*=\s*['\"]([^'\"]{1,300})['\"]|^#\|\s*child:\s*(\S.*)$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOTES_DIV = re.compile(r"\bnotes\b")
_NOTES_BEGIN = re.compile(r"(?m)^ {0,3}:{3,}[ \t]*(?:\{[^}\n]*\.notes\b|notes\b)")
_HTML_NOTES = re.compile(
    r"<(?P<tag>div|aside)\b[^>\n]{0,300}class=[\"']?(?:[^\"'>\n]{0,200}\s)?notes\b[^>\n]{0,300}>"
    r"(?P<note>.*?)</(?P=tag)\s*>",
    re.DOTALL | re.IGNORECASE,
)
_PAUSE = re.compile(r"(?m)^\.[ \t]\.[ \t]\.[ \t]*$")
_RULE = re.compile(r"^(?:-{3,}|\*{3,}|_{3,})[ \t]*$")
_TITLE_BLOCK = re.compile(r"^%[ \t]+(.+)\n(?:%[ \t]*(.*)\n)?(?:%[ \t]*(.*)\n)?")


def extract(path: Path, limits: Limits) -> Extraction:
    """Read Quarto or R Markdown: by slide where it is to become slides, else by headings.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    text = decode(path.read_bytes())
    front, body, mistakes = split_front_matter(text)
    if "xaringan" in str(front.get("output")):
        return read_markdown_deck(front, plain_code(body), FLAVOURS["remark"], limits, mistakes)
    if is_pandoc_deck(front, body, named=True):
        return read_pandoc_deck(front, body, limits, mistakes)
    cut = cut_pandoc(body)
    elsewhere = includes_of(cut.bare)
    return read_post(
        plain_body(cut.bare), path.name, limits, metadata_of(front), mistakes + elsewhere
    )


def is_pandoc_deck(front: Mapping[str, Plain], body: str, *, named: bool = False) -> bool:
    """Tell whether a text is written to become slides.

    Args:
        named: whether the file's name says that it is for Quarto or R Markdown.
    """
    kinds = [front.get(key) for key in ("format", "output", "to")]
    words = " ".join(kind if isinstance(kind, str) else " ".join(map(str, kind or ()))
                     for kind in kinds)  # fmt: skip
    if _SHOWS.search(words) or front.keys() & {"slide-level", "slide_level"}:
        return True
    if not front and _TITLE_BLOCK.match(body):
        return True
    # Most posts have no colons side by side, and a line's start is sought slowly.
    has_notes = ":::" in body and bool(_NOTES_BEGIN.search(body))
    return has_notes or (named and bool(re.search(r"(?m)^---[ \t]*$", body)) and not any(kinds))


def read_pandoc_deck(
    front: Mapping[str, Plain], body: str, limits: Limits, mistakes: list[Notice]
) -> Extraction:
    """Read a deck as Pandoc makes slides of it: the title slide of the front matter first."""
    if not front and (match := _TITLE_BLOCK.match(body)):
        names = ("title", "author", "date")
        front = {name: value for name, value in zip(names, match.groups(), strict=True) if value}
        body = body[match.end() :]
    cut = cut_pandoc(body)
    notices = mistakes + includes_of(cut.text)
    first = title_slide(front)
    slides = [*([first] if first else []), *_slides(cut, _slide_level(front, cut.text))]
    leaves = markdown_leaves(slides, notices)
    return deck(leaves, limits, metadata_of(front), notices)


def cut_pandoc(body: str) -> CutText:
    """Cut notes (`::: notes`, <div class="notes">) and comments out of a text."""
    cut = CutText()
    pieces: list[str] = []
    noted: list[str] | None = None
    depth = 0
    for line, is_code in marked_lines(without_marks(body)):
        match = None if is_code else _DIV.match(line.rstrip("\r\n"))
        opens, closes = bool(match and match[2]), bool(match and not match[2])
        if noted is None:
            if match and opens and _NOTES_DIV.search(match[2]):
                noted, depth = [], 1
            else:
                pieces.append(line)
            continue
        depth += opens - closes
        if depth <= 0:
            pieces.append(cut.add("".join(noted)) + "\n")
            noted = None
        else:
            noted.append(line)
    if noted is not None:
        pieces.append(cut.add("".join(noted)))
    text = _HTML_NOTES.sub(lambda match: cut.add(match["note"]), "".join(pieces))
    cut.text, cut.comments = _COMMENT.subn(_kept_note, text)
    return cut


def _kept_note(match: re.Match[str]) -> str:
    """Return the marks of notes inside a comment; the comment itself goes."""
    return "".join(re.findall("\ue000\\d+\ue001", match[0]))


def includes_of(text: str) -> list[Notice]:
    """Return the notice of files that a text includes."""
    children = [a or b for a, b in _CHILD.findall(text)]
    return words_elsewhere([*_INCLUDE.findall(text), *children])


def _slide_level(front: Mapping[str, Plain], text: str) -> int:
    """Return the level of headings that begin slides.

    By default the highest that is followed by something else than a heading (Pandoc User's Guide,
    Structuring the slide show); R Markdown's and Quarto's is 2.
    """
    named = front.get("slide-level") or front.get("slide_level")
    if isinstance(named, str) and named.isdecimal():
        return min(max(int(named), 1), 6)
    levels: set[int] = set()
    last = 0
    for line, is_code in marked_lines(text):
        match = None if is_code else _HEADING.match(line.rstrip("\r\n"))
        if match:
            last = len(match[1])
        elif last and line.strip():
            levels.add(last)
            last = 0
    return min(levels, default=2)


@dataclass(slots=True)
class _Heading:
    """A heading that begins a slide, and what follows it."""

    level: int = 0
    title: str = ""
    attributes: str = ""


def _slides(cut: CutText, level: int) -> Iterator[SlideText]:
    heading = _Heading()
    lines: list[str] = []
    for line, is_code in marked_lines(cut.text):
        match = None if is_code else _HEADING.match(line.rstrip("\r\n"))
        is_rule = not is_code and bool(_RULE.match(line.rstrip("\r\n")))
        begins = match is not None and len(match[1]) <= level
        if begins or (is_rule and not _is_underline(lines)):
            if heading.title or "".join(lines).strip():
                yield _made(cut, heading, lines)
            heading, lines = _Heading(), []
            if begins and match:
                attributes = _ATTRIBUTES.search(match[2])
                title = _ATTRIBUTES.sub("", match[2])
                heading = _Heading(len(match[1]), title, attributes[1] if attributes else "")
        else:
            lines.append(line)
    if heading.title or "".join(lines).strip():
        yield _made(cut, heading, lines)


def _is_underline(lines: list[str]) -> bool:
    """Tell whether a row of dashes stands right below a line, of which it makes a heading."""
    return bool(lines and lines[-1].strip()) and not re.match(
        r"\s*(?:[>|\ue000:-]|\*|\d+[.)])", lines[-1]
    )


def _made(cut: CutText, heading: _Heading, lines: list[str]) -> SlideText:
    body, notes = cut.take("".join(lines))
    title, more = cut.take(heading.title)
    attributes = heading.attributes
    hidden = "visibility" in attributes and bool(re.search(r"visibility=.?hidden", attributes))
    return SlideText(
        plain_body(f"# {title}\n\n{body}" if title.strip() else body), (*notes, *more),
        hidden=hidden,
    )  # fmt: skip


def plain_body(text: str) -> str:
    """Return Markdown that any reader understands: without divs, attributes and shortcodes."""
    lines = []
    for line, is_code in marked_lines(plain_code(text)):
        if is_code:
            lines.append(line)
        elif _DIV.match(line.rstrip("\r\n")):
            lines.append("\n")
        else:
            bare = _PICTURE_ATTRIBUTES.sub(r"\1", line)
            bare = _SHORTCODE.sub(" ", _SPAN.sub(r"\1", bare))
            lines.append(_ATTRIBUTES.sub("", bare.rstrip()) + "\n" if bare[0] == "#" else bare)
    return _PAUSE.sub("", "".join(lines))


def plain_code(text: str) -> str:
    """Return the text with chunks of code as plain code blocks, without their options."""
    lines = []
    for line, _ in marked_lines(text):
        match = _CHUNK.match(line.rstrip("\r\n"))
        if not line.startswith("#|"):
            lines.append(f"{match[1]}\n" if match else line)
    return "".join(lines)
