"""Decks in Markdown with a rule between slides: Marp, Slidev, remark, reveal.js, Deckset and more.

Each framework has its own marks for notes, for slides that are left out, and for what is no word of
a slide; FLAVOURS names them. A text in none of these is a post.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from coproarchive.extract.base import Extraction, Limits, Notice
from coproarchive.extract.decks.slides import (
    CutText,
    SlideText,
    deck,
    markdown_leaves,
    marked_lines,
    metadata_of,
    without_marks,
    words_elsewhere,
)
from coproarchive.extract.front_matter import one_text, split_front_matter, yaml_mapping

if TYPE_CHECKING:
    from coproarchive.strict_yaml import Plain

_RULE = re.compile(r"^(?:-{3,}|\*{3,}|_{3,}|(?:- ){2,}-)[ \t]*$")
_COMMENT = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?^(?P=fence)[`~]*[ \t]*$|.*)"
    r"|(?P<tick>`{1,8})(?!`)[^\n]{0,1000}?(?<!`)(?P=tick)(?!`)"
    r"|<!--(?P<comment>.*?)(?:-->|\Z)",
    re.DOTALL | re.MULTILINE,
)
_KEY = re.compile(r"[A-Za-z_$][\w$-]*:(?:\s|$)")
_MARP_KEYS = frozenset(
    """
    marp theme style headingdivider lang math title author description keywords url image size
    paginate header footer class backgroundcolor backgroundimage backgroundposition backgroundrepeat
    backgroundsize color transition auto-scaling fit
    """.split()
)
_MARP_PICTURE = re.compile(
    r"^(?:bg|left|right|top|bottom|center|vertical|horizontal|fit|cover|contain|auto|blur|"
    r"brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia|"
    r"(?:left|right|w|h|width|height|blur|brightness|contrast|opacity|saturate|sepia|grayscale|"
    r"invert|hue-rotate|drop-shadow):\S*|\d+(?:\.\d+)?%|#[0-9a-f]{3,8})$",
    re.IGNORECASE,
)
_REMARK_KEY = re.compile(
    r"^(?:class|name|layout|template|count|exclude|background-[a-z]+)[ \t]*:", re.IGNORECASE
)
_REMARK_CLASS = re.compile(r"(?:\.[A-Za-z_][\w-]*)+\[")
_NOTE_LINE = re.compile(r"^\s*notes?:", re.IGNORECASE)
_PRESENTERM = re.compile(r"<!--\s*(?:end_slide|slide\b[^>]{0,200})\s*-->", re.IGNORECASE)
_ELEMENT = re.compile(r"^\s*\.(?:slide|element)\s*:")
_DECKSET = re.compile(r"\^ |(?:slidenumbers|autoscale|build-lists): ")
_OF_MARP = frozenset(("paginate", "size", "header", "footer", "class"))
_OF_SLIDEV = frozenset(
    """
    layout highlighter drawings canvaswidth mdc themeconfig routermode transition linenumbers
    aspectratio colorschema
    """.split()
)
_SNIPPET = re.compile(r"(?m)^<<<[ \t]*(\S+).*$")
_HIDDEN = re.compile(r"<!--\s*\.slide:[^>]{0,500}data-visibility=[\"']hidden")
_DIRECTIVE = re.compile(
    r"^\s*(?:end_slide|pause|stop|slide\b.*|(?:column|column_layout|reset_layout|jump_to_middle|"
    r"new_lines?|font_size|alignment|incremental_lists|include|no_footer)\s*:?.*|\.\.\.|more|"
    r"fit|omit in toc|_[\w-]+)\s*$",
    re.IGNORECASE,
)
_FRONT_OF_SLIDE = re.compile(r"^---\n(?:[A-Za-z][\w-]*:.*\n(?:[ \t]+\S.*\n)*)+---$", re.MULTILINE)
MIN_PLAIN_SLIDES = 4
"""Parts between rules that make a text a deck which no framework's mark tells."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """How a framework writes decks.

    Attributes:
        name: of the framework.
        after: pattern of a line after which the rest of a slide is its notes.
        note_line: pattern of a line that is a note.
        vertical: whether a line of four dashes or `--` parts slides too.
        increments: whether `--` alone shows more of the same slide.
        front: whether a slide may begin with YAML of its own.
        keys: whether a slide may begin with lines `key: value`.
    """

    name: str
    after: re.Pattern[str] | None = None
    note_line: re.Pattern[str] | None = None
    vertical: bool = False
    increments: bool = False
    front: bool = False
    keys: bool = False


FLAVOURS = {
    flavour.name: flavour
    for flavour in (
        Flavour("marp"),
        Flavour("slidev", front=True),
        Flavour("remark", after=re.compile(r"^\?\?\?[ \t]*$"), increments=True, keys=True),
        Flavour("reveal", after=_NOTE_LINE, vertical=True),
        Flavour("deckset", note_line=re.compile(r"^\^[ \t]?")),
        Flavour("presenterm"),
        Flavour("plain"),
    )
}


def flavour_of(front: Mapping[str, Plain], body: str) -> Flavour | None:
    """Tell which framework a text is written for, None for a post."""
    lines = [line.rstrip() for line, is_code in marked_lines(body) if not is_code]
    rules = sum(line == "---" for line in lines)
    name = ""
    if one_text(front.get("marp")) == "true" or re.search(r"<!--\s*marp:\s*true", body[:2000]):
        name = "marp"
    elif one_text(front.get("type")) == "slide" or {"revealoptions", "slideoptions"} & front.keys():
        name = "reveal"
    elif _PRESENTERM.search(body):
        name = "presenterm"
    elif rules:
        name = _by_marks(front, body, lines)
    if not name and rules >= MIN_PLAIN_SLIDES - 1 and _looks_like_slides(body):
        name = "plain"
    return FLAVOURS.get(name)


def _by_marks(front: Mapping[str, Plain], body: str, lines: list[str]) -> str:
    """Tell a framework by marks that mean nothing outside it, in a text that has rules."""
    theme = one_text(front.get("theme"))
    is_marp = theme in ("default", "gaia", "uncover") and bool(_OF_MARP & front.keys())
    tests = (
        ("remark", "???" in lines or bool(lines and _REMARK_KEY.match(lines[0]))),
        ("slidev", (theme and _OF_SLIDEV & front.keys()) or _FRONT_OF_SLIDE.search(body, 1)),
        ("marp", is_marp),
        ("reveal", {"separator", "verticalseparator"} & front.keys()),
        ("reveal", _any(_NOTE_LINE, lines) and _headed_share(body) >= 0.5),
        ("deckset", _any(_DECKSET, lines)),
        ("remark", _any(_REMARK_CLASS, lines)),
        ("slidev", re.search(r"^::\w+::$|<v-click", body, re.MULTILINE)),
    )
    return next((name for name, is_it in tests if is_it), "")


def _any(pattern: re.Pattern[str], lines: list[str]) -> bool:
    return any(map(pattern.match, lines))


def _parts(body: str) -> list[str]:
    return [part for part in re.split(r"(?m)^---[ \t]*$", body) if part.strip()]


def _headed_share(body: str) -> float:
    """Return which share of what is between rules begins with a heading or a picture."""
    parts = _parts(body)
    headed = sum(bool(re.match(r"\s*(?:#|!\[|.+\n(?:=+|-+)\s*$)", part)) for part in parts)
    return headed / len(parts) if parts else 0.0


def _looks_like_slides(body: str) -> bool:
    """Tell whether what is between rules is short and mostly begins with a heading."""
    parts = _parts(body)
    lengths = sorted(map(len, parts))
    return (
        len(parts) >= MIN_PLAIN_SLIDES
        and _headed_share(body) >= 0.6
        and lengths[len(lengths) // 2] < 800
    )


def read_markdown_deck(
    front: Mapping[str, Plain], body: str, flavour: Flavour, limits: Limits, mistakes: list[Notice]
) -> Extraction:
    """Read a deck in Markdown; its notes, and slides that are left out, are marked as such."""
    cut = cut_markdown(body, flavour)
    elsewhere: list[str] = []
    slides = list(slides_of(cut, flavour, elsewhere, _divider(front)))
    around = [one_text(front.get(key)) for key in ("header", "footer")] if slides else []
    if any(around):  # once a deck, as of other formats
        first = replace(slides[0], body="\n\n".join([slides[0].body, *filter(None, around)]))
        slides = [first, *slides[1:]]
    notices = mistakes + words_elsewhere(elsewhere)
    leaves = markdown_leaves(slides, notices)
    return deck(leaves, limits, metadata_of(front), notices)


def _divider(front: Mapping[str, Plain]) -> int:
    """Return the level of headings that begin slides (Marp), 0 for none."""
    value = front.get("headingdivider")
    levels = [int(v) for v in (value if isinstance(value, list) else [value])
              if isinstance(v, str) and v.isdecimal() and len(v) == 1]  # fmt: skip
    return max(levels, default=0)


# ------------------------------------------------------------------ cutting


def cut_markdown(body: str, flavour: Flavour) -> CutText:
    """Cut the notes of a deck out of its text."""
    cut = CutText()
    text = _COMMENT.sub(lambda match: _cut_comment(match, cut), without_marks(body))
    lines: list[str] = []
    noted: list[str] | None = None
    for line, is_code in marked_lines(text):
        ends = not is_code and (_is_rule(line) or (flavour.vertical and _is_vertical(line)))
        if noted is not None and (ends or (flavour.increments and line.rstrip() == "--")):
            lines.append(cut.add(_unmarked(cut, noted)) + "\n")
            noted = None
        if noted is not None:
            noted.append(line)
        elif flavour.after and not is_code and (match := flavour.after.match(line.rstrip("\r\n"))):
            noted = [line[match.end() :]]
        elif flavour.note_line and not is_code and (match := flavour.note_line.match(line)):
            lines.append(cut.add(_unmarked(cut, [line[match.end() :]])) + "\n")
        else:
            lines.append(line)
    if noted is not None:
        lines.append(cut.add(_unmarked(cut, noted)))
    cut.text = "".join(lines)
    return cut


def _unmarked(cut: CutText, lines: list[str]) -> str:
    """Return a note's text; comments inside it are part of it."""
    text, inside = cut.take("".join(lines))
    return "\n".join([text.strip(), *inside])


def _cut_comment(match: re.Match[str], cut: CutText) -> str:
    """Return what stands for a comment: itself where it is a setting, else the mark of a note."""
    comment = match["comment"]
    if comment is None or not comment.strip():
        return match[0] if comment is None else ""
    if _ELEMENT.match(comment) or _DIRECTIVE.match(comment) or _is_setting(comment):
        return match[0]
    return cut.add(re.sub(r"^\s*(?:speaker_)?notes?:\s*", "", comment, flags=re.IGNORECASE).strip())


def _is_setting(comment: str) -> bool:
    """Test for Marp's settings: YAML whose keys are all known."""
    if len(comment) > 2000 or not all(
        _KEY.match(line.strip()) or line[:1].isspace() or not line.strip()
        for line in comment.strip().splitlines()
    ):
        return False
    content, _ = yaml_mapping(comment.strip("\n"))
    keys = content.keys() if isinstance(content, dict) else ()
    return bool(keys) and all(key.lstrip("_$").lower() in _MARP_KEYS for key in keys)


def _is_rule(line: str) -> bool:
    return line.startswith(("---", "***", "___", "- -")) and bool(_RULE.match(line.rstrip("\r\n")))


def _is_vertical(line: str) -> bool:
    return line.rstrip() in ("--", "----", "+++", "***")


# ------------------------------------------------------------------ slides


def slides_of(
    cut: CutText, flavour: Flavour, elsewhere: list[str], divider: int = 0
) -> Iterator[SlideText]:
    """Yield slides; names of files that some are taken from are added to `elsewhere`."""
    for lines in _divided(cut.text, flavour, divider):
        front, body = _own_settings(lines, flavour)
        if front.get("layout") == "true" and flavour.keys:
            continue  # a template: it is not shown itself
        text, notes = cut.take(body)
        if flavour.front:
            elsewhere += [front.get("src", ""), *_SNIPPET.findall(text)]
            text = _SNIPPET.sub("", text)
        hidden = any(front.get(key) == "true" for key in ("hide", "disabled", "exclude"))
        hidden = hidden or bool(_HIDDEN.search(text))
        text = _without_marks_of(flavour, text)
        title = front.get("title", "") if flavour.front else ""
        headed = re.search(r"^#{1,6}[ \t]|^.+\n(?:=+|-+)[ \t]*$", text, re.MULTILINE)
        yield SlideText(text, notes, "" if headed else title, hidden=hidden)


def _divided(text: str, flavour: Flavour, divider: int) -> Iterator[list[str]]:
    """Yield the lines of each slide; an empty one between two rules is a slide too."""
    lines: list[str] = []
    pending = list(marked_lines(_PRESENTERM.sub("\n---\n", text)))
    number, empty = 0, True
    heading = re.compile(rf"^#{{1,{divider}}}[ \t]") if divider else None
    while number < len(pending):
        line, is_code = pending[number]
        number += 1
        if not is_code and heading and heading.match(line) and "".join(lines).strip():
            yield lines
            lines = []
        if is_code or not (_is_rule(line) or (flavour.vertical and _is_vertical(line))):
            lines.append("\n" if flavour.increments and line.rstrip() == "--" else line)
            continue
        if line.startswith("-") and _is_underline(lines, flavour):
            lines.append(line)
            continue
        if not empty or "".join(lines).strip():
            yield lines
        empty, lines = False, []
        number = _skip_front(pending, number, lines) if flavour.front else number
    if "".join(lines).strip():
        yield lines


def _is_underline(lines: list[str], flavour: Flavour) -> bool:
    """Tell whether a row of dashes makes a heading of the line of text above (CommonMark 4.3).

    Frameworks that divide the text before they read it as Markdown take it for a rule all the same.
    """
    if flavour.front or flavour.keys or flavour.vertical or not lines or not lines[-1].strip():
        return False
    return not re.match(r"[#>|\-*`\ue000]|\s*(?:<|!\[|\d+[.)])", lines[-1])


def _skip_front(pending: list[tuple[str, bool]], number: int, lines: list[str]) -> int:
    """Take YAML that begins right after a slide's rule with it, up to the rule that ends it."""
    if number >= len(pending) or not pending[number][0].strip():
        return number
    for end in range(number, min(number + 200, len(pending))):
        line, is_code = pending[end]
        if is_code:
            return number
        if line.rstrip() == "---":
            inside = [text for text, _ in pending[number:end]]
            if not all(_KEY.match(t) or not t.strip() or t[0] in " \t-#" for t in inside):
                return number
            lines += ["---\n", *inside, "---\n"]
            return end + 1
    return number


def _own_settings(lines: list[str], flavour: Flavour) -> tuple[dict[str, str], str]:
    """Split what a slide says of itself at its top from its text."""
    if flavour.front and lines and lines[0] == "---\n":
        front, body, _ = split_front_matter("".join(lines))
        return {key: one_text(value) for key, value in front.items()}, body
    settings: dict[str, str] = {}
    at = 0
    if flavour.keys:
        while at < len(lines) and (not lines[at].strip() or _REMARK_KEY.match(lines[at])):
            if lines[at].strip():
                key, _, value = lines[at].partition(":")
                settings[key.strip().lower()] = value.strip()
            at += 1
    return settings, "".join(lines[at:])


def _without_marks_of(flavour: Flavour, text: str) -> str:
    """Remove what a framework writes into a slide and nobody sees on it."""
    match flavour.name:
        case "remark":
            return _without_classes(text)
        case "slidev":
            return re.sub(r"(?m)^::[\w-]+::[ \t]*$", "", text)
        case "deckset":
            settings = r"(?m)^(?:\[\.[\w-]+:[^\]\n]*\]|(?:slidenumbers|autoscale|build-lists|theme|"
            return re.sub(rf"{settings}slide-transition|slidecount|footer-style):.*)$", "", text)
        case "marp":
            return re.sub(r"!\[([^\]\n]{0,300})\]", _picture, text)
        case _:
            return text


def _picture(match: re.Match[str]) -> str:
    """Leave of a picture's description what is no setting of Marp's."""
    words = match[1].split()
    return "![" + " ".join(word for word in words if not _MARP_PICTURE.match(word)) + "]"


def _without_classes(text: str) -> str:
    """Remove remark's `.class[` and the bracket that closes it; code stays as it is."""
    pieces: list[str] = []
    for line, is_code in marked_lines(text):
        pieces.append(line if is_code else f"\ue002{line}")
    out: list[str] = []
    opened: list[bool] = []
    for piece in pieces:
        if not piece.startswith("\ue002"):
            out.append(piece)
            continue
        line, at = piece[1:], 0
        while at < len(line):
            character = line[at]
            if (
                character == "."
                and (match := _REMARK_CLASS.match(line, at))
                and (at == 0 or not line[at - 1].isalnum())
            ):
                opened.append(True)
                at = match.end()
                continue
            if character == "[":
                opened.append(False)
            if character == "]" and opened and opened.pop():
                at += 1
                continue
            out.append(character)
            at += 1
    return "".join(out)
