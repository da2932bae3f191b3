"""reStructuredText by docutils: decks for Hovercraft, S5, reveal.js by slide, else by headings.

Docutils inserts no file, passes no raw markup, reads no configuration and runs nothing here.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import lxml.html

from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.slides import (
    CutText,
    SlideText,
    deck,
    tree_leaf,
    without_marks,
    words_elsewhere,
)
from coproarchive.extract.front_matter import day
from coproarchive.extract.html import parse_html, section_leaves
from coproarchive.extract.text import one_line, real_title

SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False, "raw_enabled": False, "_disable_config": True,
    "report_level": 5, "halt_level": 5, "input_encoding": "unicode", "embed_stylesheet": False,
    "stylesheet_path": None, "math_output": "LaTeX", "syntax_highlight": "none",
    "smart_quotes": False, "line_length_limit": 100_000, "warning_stream": "", "traceback": True,
    "doctitle_xform": True, "initial_header_level": 1, "cloak_email_addresses": False,
}  # fmt: skip
"""What docutils is told; a hostile file cannot tell it otherwise."""
_DIRECTIVE = re.compile(r"^([ \t]*)\.\.[ \t]+([\w:-]+)::[ \t]*(.*)$")
_COMMENT = re.compile(r"^([ \t]*)\.\.(?:[ \t]+(?!\[|_|\|)(?![\w:-]+::)(.*))?$")
_NOTES = frozenset(
    "notes presenternotes speaker-notes speakernote speakernotes revealjs-notes rv_note".split()
)
_SHOWS = re.compile(
    r"^\.\.[ \t]+(?:include::[ \t]+<s5defs\.txt>|slide::|nextslide::|revealjs[-_]\w+::|rv_\w+::|"
    r"notes::|slideconf::|presenternotes::)|^:data-[\w-]+:|^:(?:skip-help|css|theme|slide-\w+):",
    re.MULTILINE,
)
_RULES = re.compile(r"(?m)(?<=\n)[ \t]*\n-{4,}[ \t]*\n(?=[ \t]*\n)")
_HOVERCRAFT = re.compile(r"^:(?:data-[\w-]+|skip-help|auto-console|hovercraft-path):", re.MULTILINE)


def extract(path: Path, limits: Limits) -> Extraction:
    """Read reStructuredText.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    text = decode(path.read_bytes())
    cut = cut_rst(text)
    notices: list[Notice] = words_elsewhere(_files(cut.bare))
    if is_hovercraft(text):
        parts = _between_rules(cut.text)
        trees = [parse_html(_markup(part, cut), path.name) for part in parts]
        metadata = _metadata(next(filter(None, map(_title, parts)), ""), cut.bare)
        made = [tree_leaf(n, tree, SlideText(""), notices) for n, tree in enumerate(trees, start=1)]
        return deck(made, limits, metadata, notices)
    tree = parse_html(_markup(cut.text, cut), path.name)
    headings = [one_line(node.text_content()) for node in tree.iter("h1")]
    metadata = _metadata(next(iter(headings), ""), cut.bare)
    if not (cut.notes or _SHOWS.search(cut.bare)):
        return deck(section_leaves(tree), limits, metadata, notices)
    slides = [s for s in tree.iter("section") if _is_slide(s, cut.bare)]
    others = frozenset(slides)
    made = []
    for slide in (tree, *slides):
        leaf = tree_leaf(len(made) + 1, slide, SlideText(""), notices, others - {slide})
        if slide is not tree or leaf.title or leaf.parts:
            made.append(leaf)
    return deck(made, limits, metadata, notices)


def is_hovercraft(text: str) -> bool:
    """Tell whether a text is written for Hovercraft: by its fields, or by rules with notes between.

    A copy without notes may be taken for another document: its words are the same.
    """
    if _HOVERCRAFT.search(text):
        return True
    return len(_RULES.findall(text)) >= 2 and bool(re.search(r"(?m)^\.\. note::", text))


def _is_slide(section: lxml.html.HtmlElement, text: str) -> bool:
    """Tell whether a section is a slide: for reveal.js those below another are slides too."""
    depth = sum(parent.tag == "section" for parent in section.iterancestors())
    return depth == 0 or (depth == 1 and "revealjs" in text)


def cut_rst(text: str) -> CutText:
    """Cut notes (directives of NOTES; in Hovercraft `note`) and comments out of a text."""
    cut = CutText()
    text = without_marks(text).replace("\r\n", "\n").expandtabs(8)
    names = _NOTES | ({"note"} if is_hovercraft(text) else frozenset())
    made: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        directive, comment = _DIRECTIVE.match(lines[at]), _COMMENT.match(lines[at])
        is_note = bool(directive and directive[2].lower() in names)
        if not is_note and not comment:
            made.append(lines[at])
            at += 1
            continue
        match = directive if is_note else comment
        assert match is not None
        end = _block_end(lines, at + 1, len(match[1]))
        if is_note and directive:
            body = "\n".join([directive[3], *(line.strip() for line in lines[at + 1 : end])])
            made += ["", match[1] + cut.add(body.strip()), ""]
        else:
            cut.comments += 1
            made.append("")
        at = end
    cut.text = "\n".join(made)
    return cut


def _block_end(lines: list[str], at: int, indent: int) -> int:
    """Return the number of the line behind a block that is indented more than so many blanks."""
    end = at
    while at < len(lines) and (
        not lines[at].strip() or len(lines[at]) - len(lines[at].lstrip()) > indent
    ):
        at += 1
        if lines[at - 1].strip():
            end = at
    return end


def _files(text: str) -> list[str]:
    """Return names of files that directives would insert."""
    files = []
    for line in text.splitlines():
        match = _DIRECTIVE.match(line)
        if match and match[2] in ("include", "literalinclude") and not match[3].startswith("<"):
            files.append(match[3])
        elif option := re.match(r"^[ \t]+:(?:file|url):[ \t]*(\S.*)$", line):
            files.append(option[1])
    return files


def _between_rules(text: str) -> list[str]:
    """Return what stands between transitions, without the fields that Hovercraft reads."""
    parts = re.split(r"(?m)(?:^|\n)[ \t]*\n([-=*_~^#+.]{4,})[ \t]*\n(?=[ \t]*\n|\Z)", f"\n{text}\n")
    texts = [re.sub(r"(?m)^:[\w-]+:.*$", "", part) for part in parts[::2]]
    return [text for text in texts if text.strip()]


def _title(text: str) -> str:
    match = re.search(r"(?m)^(\S.*)\n([-=*_~^#+.\"'`:])\2{2,}[ \t]*$", text)
    return one_line(match[1]) if match else ""


def _markup(text: str, cut: CutText) -> str:
    """Return the HTML that docutils makes of a text, with notes as elements of class "notes"."""
    from docutils.core import publish_parts  # noqa: PLC0415 - one format's library, 150 ms
    from docutils.utils import SystemMessage  # noqa: PLC0415 - see above

    try:
        parts = publish_parts(_with_known_names(text), writer="html5", settings_overrides=SETTINGS)
    except (SystemMessage, ValueError, IndexError, KeyError, AttributeError, TypeError,
            AssertionError):  # fmt: skip
        # Docutils gives up on the whole text; its words are there all the same.
        parts = {"html_body": f"<pre>{html.escape(text)}</pre>"}
    return re.sub("\ue000(\\d+)\ue001", lambda m: _note(m, cut), f"<div>{parts['html_body']}</div>")


def _note(match: re.Match[str], cut: CutText) -> str:
    number = int(match[1])
    text = cut.notes[number] if number < len(cut.notes) else ""
    return f'<span class="notes">{html.escape(text)}</span>'


def _with_known_names(text: str) -> str:
    """Return a text in which docutils knows every directive and role: others keep their words."""
    from docutils.parsers.rst.languages import en  # noqa: PLC0415 - one format's library

    directives = en.directives.keys() | {"code-block", "sourcecode"}
    made: list[str] = []
    for line in text.split("\n"):
        match = _DIRECTIVE.match(line)
        if not match or match[2].lower() in directives:
            made.append(line)
            continue
        made.append(f"{match[1]}.. container::")
        if match[3]:
            made += ["", f"{match[1]}   {match[3]}", ""]
    roles = en.roles.keys()
    return re.sub(
        r":([\w+-]{1,40}(?::[\w+-]{1,40})*):`([^`\n<]{1,500})(?:\s<[^`\n>]{1,500}>)?`",
        lambda m: m[0] if m[1].lower() in roles else m[2],
        "\n".join(made),
    )


def _metadata(title: str, text: str) -> Metadata:
    """Return what the fields at the top say."""
    fields = {
        key.lower(): one_line(value)
        for key, value in re.findall(r"(?m)^:([A-Za-z]{1,30}):[ \t]+(\S.*)$", text[:20_000])
    }
    names = re.split(r"\s*[;,]\s*", fields.get("authors") or fields.get("author") or "")
    return Metadata(
        real_title(fields.get("title") or title),
        tuple(name for name in names if name),
        day(fields.get("date", "")),
        fields.get("language") or None,
        tuple(k.strip() for k in fields.get("keywords", "").split(",") if k.strip()),
    )
