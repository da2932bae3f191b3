"""LaTeX: Beamer's frames and their notes; other documents by section. TeX itself never runs.

The structure is read here; pylatexenc turns what is inside a frame into plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coproarchive.extract.base import Extraction, Limits, Metadata
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.slides import (
    CutText,
    SlidePieces,
    deck_of_pieces,
    shielded,
    unshielded,
    without_marks,
)
from coproarchive.extract.text import WEB, one_line, real_title
from coproarchive.vocabulary import Source

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

MAX_DEPTH = 200
"""Braces inside one another; a text that has more is read as far as that."""
_TOKEN = re.compile(
    r"\\(?:begin|end)[ \t]*\{(?P<environment>[A-Za-z*]+)\}|\\(?P<macro>[A-Za-z@]+)\*?"
)
_FRAMES = frozenset(("frame", "slide", "wideslide", "emptyslide"))
_NOTE_MACROS = frozenset(("note", "pnote", "pdfnote", "pdfpcnote", "speakernote"))
_NOTE_ENVIRONMENTS = ("note", "notes", "speakernotes")
# Macros and environments of talks, with their arguments as pylatexenc writes them.
_LAST = {
    "href": "{{", "textcolor": "[{{", "colorbox": "[{{", "resizebox": "{{{", "scalebox": "{[{",
    "parbox": "[{{", "only": "{", "uncover": "{", "visible": "{", "onslide": "", "alert": "{",
    "structure": "{", "makebox": "[[{", "framebox": "[[{", "rotatebox": "[{{", "foreignlanguage":
    "{{", "texorpdfstring": "{{", "hyperlink": "{{", "hypertarget": "{{", "footnote": "[{",
    "footnotetext": "[{", "caption": "[{", "emph": "{", "node": "",
}  # fmt: skip
_NO_WORDS = {
    "includegraphics": "*[[{", "tableofcontents": "[", "hspace": "*{", "vspace": "*{",
    "color": "[{", "label": "{", "pause": "[", "usebeamerfont": "{", "usebeamercolor": "*[{",
    "transdissolve": "",
    "setbeamertemplate": "{[{", "setbeamercolor": "{{", "setbeamerfont": "{{", "definecolor": "{{{",
    "addtocounter": "{{", "setcounter": "{{", "setlength": "{{", "rule": "[{{", "animate": "",
    "titlepage": "", "maketitle": "", "includemedia": "[{{", "movie": "[{{", "cite": "[[{",
    "bibliography": "{", "bibliographystyle": "{", "input": "{", "include": "{", "vfill": "",
    "framebreak": "", "today": "", "toprule": "", "midrule": "", "bottomrule": "", "hline": "",
    "cline": "{", "cmidrule": "[{", "column": "{", "tikzset": "{", "usetikzlibrary": "{",
    "pgfplotsset": "{",
    "lstinputlisting": "[{", "verbatiminput": "{", "subfile": "{", "hfill": "", "centering": "",
    "newcommand": "*{[[{", "renewcommand": "*{[[{", "fontsize": "{{", "thispagestyle": "{",
}  # fmt: skip
_ENVIRONMENTS = {
    "column": "[{", "minipage": "[[[{", "block": "", "columns": "[", "overprint": "[",
    "onlyenv": "", "lstlisting": "[", "minted": "[{", "semiverbatim": "", "Verbatim": "[",
    "tikzpicture": "[", "adjustbox": "{", "textblock": "{", "thebibliography": "{",
}  # fmt: skip
_SECTIONS = {"part": 0, "chapter": 0, "section": 1, "subsection": 2, "subsubsection": 3}
_INPUT = re.compile(
    r"\\(?:input|include|subfile|lstinputlisting|verbatiminput|import)\b"
    r"(?:\[[^\]\n]*\])?(?:\{([^}\n]{1,300})\}|[ \t]+([\w./-]{1,300}))"
)
_OVERLAY = re.compile(r"(\\[A-Za-z]+\*?)[ \t]*<[^<>{}\n]{1,60}>|\[<[^<>{}\n]{0,60}>\]")
_LINK = re.compile(r"\\(?:href|url)[ \t]*\{((?:[^{}\n]|\\[{}]){1,2000})\}")
_ALT = re.compile(r"\\includegraphics[ \t]*\[[^\]]{0,500}?\balt[ \t]*=[ \t]*\{([^{}]{0,1000})\}")
_BESIDE_NAME = re.compile(r"\\(?:inst|thanks|footnote|email)\s*\{[^{}]*\}")
_BETWEEN_NAMES = re.compile(r"\\and\b|\\\\|,|\bund\b|\band\b")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BREAK = re.compile(r"\\(?:and|AND|\\|newline|par)(?![A-Za-z])(?:\[[^\]\n]{0,20}\])?")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_BLOCK = re.compile(r"(?s)\\begin\{comment\}.*?(?:\\end\{comment\}|\Z)|\\iffalse\b.*?(?:\\fi\b|\Z)")
_VERBATIM_BLOCK = re.compile(
    r"(?s)(\\begin\{(verbatim\*?|lstlisting|minted|semiverbatim|Verbatim)\}"
    r"(?:\[[^\]\n]*\])?(?:(?<=\{minted\})\{[^}\n]*\}|(?<=\])\{\w+\})?)(.*?)(?=\\end\{\2\}|\Z)"
)
_MACRO = re.compile(
    r"\\(?:(?:re|provide)?newcommand\*?|def)[ \t]*\{?\\([A-Za-z]+)\}?[ \t]*\{([^{}#\\]{1,200})\}"
)
"""A macro without arguments that stands for plain words."""
_DRAWING = re.compile(r"(?s)\\begin\{(tikzpicture|pgfpicture)\}.*?(?:\\end\{\1\}|\Z)")
_NODE = re.compile(r"\bnode\b[^{};]{0,300}\{([^{}]{0,500})\}")
_OPTIONS = re.compile(r"[ \t]*(?:<[^<>\n]{0,80}>|\[[^\[\]\n]{0,300}\])")
_BLANKS = re.compile(r"\s+")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_TABULAR = re.compile(
    r"(?s)\\begin\{(tabular[xy*]?|array|longtable)\}((?:(?!\\begin\{).){0,20000}?)\\end\{\1\}"
)


def extract(path: Path, limits: Limits) -> Extraction:
    """Read a LaTeX document.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    cut = cut_latex(decode(path.read_bytes()))
    preamble, body = _halves(cut.text)
    body = _with_words_of_macros(preamble, body)
    shows = bool(re.search(r"\\(?:begin[ \t]*\{(?:frame|slide)\}|frame\b|frametitle\b)", body))
    about = _about(preamble + body)
    reader = _Latex(cut, about)
    slides = reader.frames(body) if shows else reader.sections(body)
    files = [a or b for a, b in _INPUT.findall(body)]
    return deck_of_pieces(slides, limits, about.metadata(), files, shows=shows)


def cut_latex(text: str) -> CutText:
    r"""Cut notes (\note and its kin) and comments out of a LaTeX text."""
    cut = CutText()
    pieces = _VERBATIM_BLOCK.split(without_marks(text).replace("\r\n", "\n"))
    # Of each four pieces the second is the beginning of a verbatim block, the third the name of its
    # environment, the last what is in it.
    made: list[str] = []
    for place, piece in enumerate(pieces):
        if place % 4 == 1:
            made.append(piece)
        elif place % 4 == 3:
            made.append(shielded(piece))
        elif place % 4 == 0:
            bare, blocks = _BLOCK.subn("", piece)
            bare, comments = _COMMENT.subn(r"\1%", bare)
            cut.comments += blocks + comments - len(re.findall(r"%$", piece, re.MULTILINE))
            made.append(bare)
    cut.text = _without_notes("".join(made), cut)
    return cut


def _without_notes(text: str, cut: CutText) -> str:
    made: list[str] = []
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() < at:
            continue
        end = -1
        if match["macro"] in _NOTE_MACROS:
            start = _skip_options(text, match.end())
            if text[start : start + 1] == "{":
                end = group_end(text, start)
                note = text[start + 1 : end - 1]
        elif match["environment"] in _NOTE_ENVIRONMENTS and match[0].startswith("\\begin"):
            closing = f"\\end{{{match['environment']}}}"
            found_at = text.find(closing, match.end())
            note = text[_skip_options(text, match.end()) : found_at if found_at >= 0 else None]
            end = found_at + len(closing) if found_at >= 0 else len(text)
        if end >= 0:
            made += [text[at : match.start()], cut.add(note)]
            at = end
    return "".join([*made, text[at:]])


def _skip_options(text: str, at: int) -> int:
    """Return the place behind blanks, an overlay <...> and options [...]."""
    while match := _OPTIONS.match(text, at):
        at = match.end()
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def group_end(text: str, start: int) -> int:
    """Return the place behind the brace that closes the one at `start`; the text's end for none."""
    depth, at = 0, start
    for match in _BRACE.finditer(text, start):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if depth == 0:
                return match.end()
        at = match.end()
    return max(len(text), at)


def _argument(text: str, at: int) -> tuple[str, int]:
    """Return the argument in braces behind overlays and options, and the place behind it."""
    start = _skip_options(text, at)
    if text[start : start + 1] != "{":
        return "", at
    end = group_end(text, start)
    return text[start + 1 : end - 1], end


def _with_words_of_macros(preamble: str, body: str) -> str:
    """Put words in the place of macros without arguments that stand for them."""
    words = dict(_MACRO.findall(preamble)[:200])
    if not words:
        return body
    names = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.sub(rf"\\({names})(?![A-Za-z])(?:\{{\}})?", lambda m: words[m[1]], body, count=10_000)


def _halves(text: str) -> tuple[str, str]:
    at = text.find("\\begin{document}")
    if at < 0:
        return "", text
    end = text.find("\\end{document}", at)
    return text[:at], text[at + len("\\begin{document}") : end if end >= 0 else None]


@dataclass(slots=True)
class _TitlePage:
    """What the title page of a document says, each value still in LaTeX."""

    values: dict[str, str] = field(default_factory=dict)

    def plain(self, name: str) -> str:
        return one_line(plain_latex(self.values.get(name, "")))

    def metadata(self) -> Metadata:
        authors = _BESIDE_NAME.sub("", self.values.get("author", ""))
        names = [one_line(plain_latex(name)) for name in _BETWEEN_NAMES.split(authors)]
        date = _DAY.search(self.plain("date"))
        return Metadata(
            real_title(self.plain("title")),
            tuple(name for name in names if any(map(str.isalpha, name))),
            date[0] if date else None,
        )

    def lines(self) -> list[str]:
        names = ("subtitle", "author", "institute", "date")
        values = (_BESIDE_NAME.sub("", self.values.get(name, "")) for name in names)
        return [plain_latex(_BREAK.sub("\n\n", value)) for value in values]


def _about(text: str) -> _TitlePage:
    about = _TitlePage()
    for match in re.finditer(r"\\(title|subtitle|author|institute|date)(?![A-Za-z])", text):
        value, end = _argument(text, match.end())
        if end > match.end() and match[1] not in about.values:
            about.values[match[1]] = value
    return about


class _Latex:
    """Reads frames or sections of a document's body."""

    def __init__(self, cut: CutText, about: _TitlePage):
        self._cut = cut
        self._about = about
        self._section = ""
        self._notes: list[str] = []

    def frames(self, body: str) -> Iterator[SlidePieces]:
        """Yield frames; notes between two belong to the one before (Beamer User Guide, 19)."""
        last: SlidePieces | None = None
        at = 0
        for match in _TOKEN.finditer(body):
            if match.start() < at:
                continue
            between = self._cut.take(body[at : match.start()])[1]
            if between:
                last = last or SlidePieces()
                last.notes += map(plain_latex, between)
            at = match.end()
            frame: SlidePieces | None = None
            if match["environment"] in _FRAMES and match[0].startswith("\\begin"):
                closing = f"\\end{{{match['environment']}}}"
                end = body.find(closing, at)
                inside = body[at : end if end >= 0 else None]
                frame = self._frame(inside, is_environment=True)
                at = end + len(closing) if end >= 0 else len(body)
            elif match["macro"] == "frame":
                inside, at = _argument(body, at)
                frame = self._frame(inside, is_environment=False)
            elif match["macro"] in ("maketitle", "titlepage"):
                frame = self._frame("\\titlepage", is_environment=False)
            elif match["macro"] in _SECTIONS:
                title, at = _argument(body, at)
                self._section = one_line(plain_latex(title))
            if frame is not None:
                if last is not None:
                    yield last
                last = frame
        if rest := self._cut.take(body[at:])[1]:
            last = last or SlidePieces()
            last.notes += map(plain_latex, rest)
        if last is not None:
            yield last

    def _frame(self, text: str, *, is_environment: bool) -> SlidePieces:
        text, notes = self._cut.take(text)
        slide = SlidePieces(section=self._section, notes=[plain_latex(note) for note in notes])
        self._section = ""
        titles: list[str] = []
        if is_environment:
            text = text[_skip_options(text, 0) :]
            for _ in range(2):  # {title}{subtitle}
                if text.startswith("{") and (end := group_end(text, 0)) <= len(text):
                    titles.append(text[1 : end - 1])
                    text = re.sub(r"^[ \t]*\n?[ \t]*(?=\{)", "", text[end:])
        for name in ("framesubtitle", "frametitle", "slidetitle"):
            if match := re.search(rf"\\{name}(?![A-Za-z])", text):
                title, end = _argument(text, match.end())
                text = text[: match.start()] + text[end:]
                titles.insert(0, title) if name != "framesubtitle" else titles.append(title)
        slide.title = one_line(plain_latex(titles[0])) if titles else ""
        slide.lines += map(plain_latex, titles[1:])
        if re.search(r"\\(?:titlepage|maketitle)(?![A-Za-z])", text):
            slide.title = slide.title or self._about.plain("title")
            slide.lines += self._about.lines()
        self._fill(slide, text)
        return slide

    def _fill(self, slide: SlidePieces, text: str) -> None:
        for _, rows in _TABULAR.findall(text):
            slide.extra.append((Source.TABLE, _table_text(rows)))
        slide.lines.append(plain_latex(_TABULAR.sub("\n", text)))
        for link in _LINK.findall(text):
            if link.startswith(WEB):
                slide.extra.append((Source.LINK, re.sub(r"\\([#%&_~{}])", r"\1", link)))
        slide.extra += [(Source.ALT, plain_latex(alt)) for alt in _ALT.findall(text)]

    def sections(self, body: str) -> Iterator[SlidePieces]:
        """Yield sections of a document that is no deck."""
        now = SlidePieces(self._about.plain("title"), lines=self._about.lines())
        at = 0
        for match in _TOKEN.finditer(body):
            if match["macro"] in _SECTIONS and match.start() >= at:
                self._take(now, body[at : match.start()])
                if not now.is_empty:
                    yield now
                title, at = _argument(body, match.end())
                now = SlidePieces(one_line(plain_latex(title)))
        self._take(now, body[at:])
        if not now.is_empty:
            yield now

    def _take(self, slide: SlidePieces, text: str) -> None:
        text, notes = self._cut.take(text)
        slide.notes += map(plain_latex, notes)
        self._fill(slide, text)


def _table_text(rows: str) -> str:
    """Return a table's rows as lines, without the columns' form at its beginning."""
    rows = re.sub(r"^\s*(?:\[[^\]]*\]|\{(?:[^{}]|\{[^{}]*\})*\})*", "", rows)
    lines = []
    for row in re.split(r"\\\\(?:\[[^\]\n]*\])?|\\tabularnewline", rows):
        cells = (one_line(plain_latex(cell)) for cell in re.split(r"(?<!\\)&", row))
        lines.append(" | ".join(cell for cell in cells if cell))
    return "\n".join(filter(None, lines))


# ------------------------------------------------------------------ plain text


def plain_latex(text: str) -> str:
    """Return a piece of LaTeX as plain text, formulas as they are written."""
    text = _DRAWING.sub(lambda m: "\n".join(_NODE.findall(m[0])), text)
    text = _OVERLAY.sub(lambda m: m[1] or "", text)
    if "\\" not in text and not any(mark in text for mark in "{}$%~`'"):
        return unshielded(text)
    from pylatexenc.latexwalker import LatexWalker  # noqa: PLC0415 - one format's library

    converter, context = _converter()
    walker = LatexWalker(_flattened(text), latex_context=context, tolerant_parsing=True)
    made: str
    try:
        made = converter.nodelist_to_text(walker.get_latex_nodes()[0])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # What is no LaTeX loses its marks alone: its words are there all the same.
        made = re.sub(r"\\[A-Za-z@]+\*?|[\\{}~]", " ", text)
    return unshielded(re.sub(r"(?m)^[ \t]*\*[ \t]+", "", made))


def _flattened(text: str) -> str:
    """Return the text without the braces that stand deeper than MAX_DEPTH."""
    if text.count("{") <= MAX_DEPTH and text.count("\\begin") <= MAX_DEPTH:
        return text
    depth = 0
    made: list[str] = []
    for piece in re.split(r"(\\.|[{}])", text, flags=re.DOTALL):
        if piece == "{":
            depth += 1
        if piece not in ("{", "}") or depth <= MAX_DEPTH:
            made.append(piece)
        if piece == "}":
            depth = max(0, depth - 1)
    return "".join(made)


@cache
def _converter() -> tuple[LatexNodes2Text, Any]:
    """Return the converter, and what it knows of macros: what changes how words look goes, what
    they say stays."""
    from pylatexenc import latex2text, latexwalker, macrospec  # noqa: PLC0415 - see above

    texts = latex2text.get_default_latex_context_db()
    texts.add_context_category(
        "talks",
        prepend=True,
        macros=[latex2text.MacroTextSpec(name, simplify_repl=_last_argument) for name in _LAST]
        + [latex2text.MacroTextSpec(name, simplify_repl="") for name in _NO_WORDS],
        environments=[
            latex2text.EnvironmentTextSpec(name, simplify_repl="%s") for name in _ENVIRONMENTS
        ],
    )
    parsed = latexwalker.get_default_latex_context_db()
    parsed.add_context_category(
        "talks",
        prepend=True,
        macros=[macrospec.std_macro(name, arguments) for name, arguments in
                (_LAST | _NO_WORDS).items()],
        environments=[
            macrospec.std_environment(name, arguments) for name, arguments in _ENVIRONMENTS.items()
        ],
    )  # fmt: skip
    converter = latex2text.LatexNodes2Text(
        latex_context=texts, math_mode="verbatim", strict_latex_spaces=False, keep_comments=False
    )
    return converter, parsed


def _last_argument(node: Any, l2tobj: Any) -> str:
    """Return the text of a macro's last argument: its words, behind addresses and colours."""
    arguments = node.nodeargd.argnlist if node.nodeargd else ()
    text: str = l2tobj.nodelist_to_text([arguments[-1]]) if arguments and arguments[-1] else ""
    return text
