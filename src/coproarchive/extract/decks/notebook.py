"""Jupyter notebooks: cells by slide where they have slideshow metadata, else by headings.

Nothing of a notebook is run; what its outputs say in words is read, what they draw is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.charset import decode
from coproarchive.extract.decks.slides import SlideText, deck, markdown_leaf
from coproarchive.extract.html import read_post
from coproarchive.extract.text import real_title
from coproarchive.vocabulary import WordSource

MAX_CELLS = 20_000
MAX_OUTPUT = 20_000
"""Characters of one cell's outputs; what a loop prints says little more after that."""
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_DRAWN = re.compile(r"^\s*<(?:[\w.]+ )?(?:Figure|matplotlib|IPython|Axes|module)\b[^>]*>\s*$")
_FENCES = re.compile(r"`{3,}")


@dataclass(slots=True)
class Cell:
    """A cell as it is read.

    Attributes:
        kind: "slide", "subslide", "fragment", "skip", "notes" or "" (nbconvert's slide types).
        text: as Markdown.
    """

    kind: str
    text: str


@dataclass(slots=True)
class _Pending:
    """A slide whose cells are not all there yet."""

    texts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def slide(self) -> SlideText:
        return SlideText("\n\n".join(self.texts), tuple(self.notes))


def extract(path: Path, limits: Limits) -> Extraction:
    """Read a notebook of format 3 or 4 (nbformat).

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """
    notebook = load(path)
    cells = list(cells_of(notebook))
    metadata = _metadata(notebook)
    if not any(cell.kind in ("slide", "subslide") for cell in cells):
        text = "\n\n".join(cell.text for cell in cells)
        return read_post(text, path.name, limits, metadata, [])
    notices: list[Notice] = []
    leaves = [markdown_leaf(n, slide, notices) for n, slide in enumerate(_slides(cells), start=1)]
    return deck(leaves, limits, metadata, notices)


def load(path: Path) -> dict[str, Any]:
    """Parse a notebook.

    Raises:
        UnreadableError: it is none.
    """
    try:
        notebook = json.loads(decode(path.read_bytes()))
    except ValueError:
        notebook = None
    if not isinstance(notebook, dict) or not isinstance(_raw_cells(notebook), list):
        raise UnreadableError(
            "this is not a notebook, or it is damaged.",
            path.name,
            "Open it in Jupyter and save it.",
        )
    return notebook


def _raw_cells(notebook: dict[str, Any]) -> Any:
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list):  # format 3
        return [c for s in sheets if isinstance(s, dict) for c in _listed(s.get("cells"))]
    return notebook.get("cells")


def cells_of(notebook: dict[str, Any]) -> Iterator[Cell]:
    """Yield the cells that have words."""
    for raw in _raw_cells(notebook)[:MAX_CELLS]:
        if not isinstance(raw, dict):
            continue
        text = _joined(raw.get("source", raw.get("input")))
        match raw.get("cell_type"):
            case "heading":  # format 3
                level = raw.get("level")
                text = f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {text}"
            case "code":
                text = _fenced(text) + _outputs(raw)
            case "raw":
                text = _fenced(text)
        yield Cell(slide_type(raw), text)


def slide_type(raw: dict[str, Any]) -> str:
    """Return what a cell is in the slide show; "" where it goes on with what is before it."""
    metadata = raw.get("metadata")
    show = metadata.get("slideshow") if isinstance(metadata, dict) else None
    kind = show.get("slide_type") if isinstance(show, dict) else None
    return kind if isinstance(kind, str) and kind != "-" else ""


def _slides(cells: list[Cell]) -> Iterator[SlideText]:
    """Yield slides; a cell that is skipped is a hidden one."""
    pending = _Pending()
    for cell in cells:
        if cell.kind in ("slide", "subslide") and (pending.texts or pending.notes):
            yield pending.slide()
            pending = _Pending()
        if cell.kind == "skip":
            if pending.texts or pending.notes:
                yield pending.slide()
                pending = _Pending()
            yield SlideText(cell.text, hidden=True)
        elif cell.kind == "notes":
            pending.notes.append(cell.text)
        elif cell.text.strip():
            pending.texts.append(cell.text)
    if pending.texts or pending.notes:
        yield pending.slide()


def _outputs(raw: dict[str, Any]) -> str:
    """Return the words of a cell's outputs, as Markdown."""
    texts: list[str] = []
    for output in _listed(raw.get("outputs")):
        if isinstance(output, dict):
            texts.append(_output(output))
    text = "\n\n".join(filter(None, texts))
    return f"\n\n{text[:MAX_OUTPUT]}\n" if text else ""


def _output(output: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return _fenced(f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}")
    if output.get("output_type") == "stream":
        return _fenced(_joined(output.get("text")))
    data = output.get("data")
    data = data if isinstance(data, dict) else output  # format 3 has them beside the type
    for kind in ("text/markdown", "text/html", "html"):
        if text := _joined(data.get(kind)):
            return re.sub(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", "", text, flags=re.S | re.I)
    plain = _joined(data.get("text/plain", data.get("text")))
    return "" if _DRAWN.match(plain) else _fenced(plain)


def _joined(value: object) -> str:
    """Return a text that may be given by lines."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return _ANSI.sub("", value) if isinstance(value, str) else ""


def _fenced(text: str) -> str:
    if not text.strip():
        return ""
    fence = "`" * max(3, 1 + max(map(len, _FENCES.findall(text)), default=0))
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _metadata(notebook: dict[str, Any]) -> Metadata:
    about = notebook.get("metadata")
    about = about if isinstance(about, dict) else {}
    names = [a.get("name") if isinstance(a, dict) else a for a in _listed(about.get("authors"))]
    title = about.get("title")
    return Metadata(
        title=real_title(title) if isinstance(title, str) else "",
        authors=tuple(name for name in names if isinstance(name, str) and name.strip()),
    )


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def without_notes(notebook: dict[str, Any], *, hidden: bool) -> frozenset[WordSource]:
    """Take notes out of a notebook, and skipped cells where asked; return what was there."""
    kinds = {"notes": WordSource.NOTES}
    if hidden:
        kinds["skip"] = WordSource.HIDDEN_SLIDES
    removed: set[WordSource] = set()
    sheets = [sheet for sheet in _listed(notebook.get("worksheets")) if isinstance(sheet, dict)]
    for holder in (notebook, *sheets):
        cells = _listed(holder.get("cells"))
        types = [slide_type(cell) if isinstance(cell, dict) else "" for cell in cells]
        removed |= {kinds[kind] for kind in types if kind in kinds}
        if cells:
            holder["cells"] = [c for c, t in zip(cells, types, strict=True) if t not in kinds]
    return frozenset(removed)
