"""Public copies of decks that are written as text: the source without notes and comments.

A copy is read again before anybody gets it; where anything withheld is still in it, there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import lxml.html

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import WITHHELD_WITH, Limits
from coproarchive.extract.charset import decode
from coproarchive.extract.decks import html_deck, notebook, pandoc_deck
from coproarchive.extract.decks.asciidoc import cut_asciidoc
from coproarchive.extract.decks.go_present import cut_present
from coproarchive.extract.decks.latex import cut_latex
from coproarchive.extract.decks.markdown_deck import FLAVOURS, cut_markdown, flavour_of
from coproarchive.extract.decks.org import cut_org
from coproarchive.extract.decks.rst import cut_rst
from coproarchive.extract.decks.slides import CutText
from coproarchive.extract.front_matter import split_front_matter
from coproarchive.extract.html import parse_html
from coproarchive.extract.table import format_of
from coproarchive.vocabulary import WordSource

_CUTTERS: dict[str, Callable[[str], CutText]] = {
    "org": cut_org,
    "latex": cut_latex,
    "rst": cut_rst,
    "asciidoc": cut_asciidoc,
    "go-present": cut_present,
}


def copy_text_file(
    path: Path, media_type: str, target: Path, withheld: frozenset[WordSource], limits: Limits
) -> frozenset[str]:
    """Write a copy where the file has withheld words.

    Returns:
        What the file has and the copy has not; nothing where the file may be had as it is.

    Raises:
        UnreadableError: what is withheld cannot be taken out.
    """
    format_ = format_of(media_type)
    assert format_ is not None, media_type
    text = decode(path.read_bytes())
    match format_.name:
        case "markdown" | "quarto":
            copy, removed = _markdown(text, named=format_.name == "quarto")
        case "html":
            copy, removed = _html(text, path.name, hidden=WordSource.HIDDEN_SLIDES in withheld)
        case "notebook":
            copy, removed = _notebook(path, hidden=WordSource.HIDDEN_SLIDES in withheld)
        case name:
            copy, removed = _bare(_CUTTERS[name](text))
    if not removed & withheld and not _withheld_in(path, media_type, withheld, limits):
        return frozenset()
    target.write_text(copy, encoding="utf-8")
    left = _withheld_in(target, media_type, withheld, limits)
    if left:
        raise UnreadableError(f"its {' and '.join(sorted(left))} cannot be taken out.", path.name)
    return frozenset(map(str, removed))


def _withheld_in(
    path: Path, media_type: str, withheld: frozenset[WordSource], limits: Limits
) -> frozenset[WordSource]:
    """Return what of the withheld kinds a reader finds in a file."""
    format_ = format_of(media_type)
    assert format_ is not None, media_type
    leaves = format_.read(path, limits).leaves
    kinds = {WITHHELD_WITH.get(part.source) for leaf in leaves for part in leaf.parts}
    if any(leaf.hidden for leaf in leaves):
        kinds.add(WordSource.HIDDEN_SLIDES)
    return frozenset(kind for kind in kinds if kind in withheld)


def _bare(cut: CutText) -> tuple[str, frozenset[WordSource]]:
    removed = {WordSource.NOTES} if cut.notes else set()
    return cut.bare, frozenset(removed | ({WordSource.COMMENTS} if cut.comments else set()))


def _markdown(text: str, *, named: bool) -> tuple[str, frozenset[WordSource]]:
    front, body, _ = split_front_matter(text)
    above = text[: len(text) - len(body)]
    flavour = None if named else flavour_of(front, body)
    if named and "xaringan" in str(front.get("output")):
        flavour = FLAVOURS["remark"]
    if flavour is not None:
        cut = cut_markdown(body, flavour)
    elif named or pandoc_deck.is_pandoc_deck(front, body):
        cut = pandoc_deck.cut_pandoc(body)
    else:
        return text, frozenset()
    copy, removed = _bare(cut)
    return above + copy, removed


def _html(text: str, name: str, *, hidden: bool) -> tuple[str, frozenset[WordSource]]:
    tree = parse_html(text, name)
    if html_deck.deck_in(tree) is None:
        return text, frozenset()
    removed = html_deck.without_notes(tree, hidden=hidden)
    copy = lxml.html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>")
    return re.sub(r"(?i)(<meta[^>]*charset=[\"']?)[\w-]+", r"\1utf-8", copy), removed


def _notebook(path: Path, *, hidden: bool) -> tuple[str, frozenset[WordSource]]:
    content = notebook.load(path)
    removed = notebook.without_notes(content, hidden=hidden)
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n", removed
