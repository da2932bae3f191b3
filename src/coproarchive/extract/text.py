"""Clean text: what every extractor's words pass through before they become parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from coproarchive.extract.base import Extraction, Limits, Metadata, Notice, PlacedLine
from coproarchive.extract.made_up import is_made_up, without_prefix
from coproarchive.leaf import Leaf, Part
from coproarchive.vocabulary import Severity, Source

DIVIDED = "\ufffe"
"""PDFium's mark of a word that a line's end divides; `clean` makes a soft hyphen of it."""
SOFT_HYPHEN = "\u00ad"
"""Where a word was divided that may be a compound: it is found as one word and as two."""
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
     SOFT_HYPHEN: None}
)  # fmt: skip
# Nothing is seen of these, and they stand within words: zero-width and word-joining spaces, marks
# of the direction of writing, invisible operators. Joiners (U+200C, U+200D) shape letters and stay.
_UNSEEN = r"\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_CONTROL = re.compile(rf"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\uffff{_UNSEEN}]")
_DIVIDED_WORD = re.compile(rf"(?<=[^\W\d_]){DIVIDED}(?=[^\W\d_])")
_PRIVATE = re.compile(r"[\ue000-\uf8ff]")
# What a page seldom has; where none of it stands, most of the steps have nothing to do.
_ODD = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\ud800-\udfff\ue000-\uf8ff\ufb00-\ufb06\ufffe\uffff"
    rf"{_UNSEEN}]"
)
_OTHER_BLANK = re.compile(r"[^\S\n ]")
_GAPS = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Normalise text: NFC, one space between words, at most one empty line, no control characters.

    Removed: NUL and other controls, lone surrogates, private-use glyphs of symbol fonts, soft
    hyphens, spaces and marks of no width. Ligatures become letters.
    """
    if _ODD.search(text):
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n")
        text = _CONTROL.sub("", text.replace("\f", "\n").replace("\t", " "))
        text = _PRIVATE.sub(" ", text.translate(_LIGATURES))
        if DIVIDED in text:
            text = _DIVIDED_WORD.sub(SOFT_HYPHEN, text).replace(DIVIDED, "")
    other = not text.isascii()
    if other:
        text = unicodedata.normalize("NFC", text)
        other = _OTHER_BLANK.search(text) is not None
    if other or "  " in text or " \n" in text or "\n " in text:
        text = "\n".join([" ".join(line.split()) for line in text.split("\n")])
    return (_GAPS.sub("\n\n", text) if "\n\n\n" in text else text).strip("\n ")


def one_line(text: str) -> str:
    """Clean text without line breaks."""
    text = clean(text)
    return " ".join(text.split()) if "\n" in text else text


def real_title(title: str) -> str:
    """Return the title, or "" where a program made it up."""
    title = without_prefix(one_line(title))
    return "" if is_made_up(title) else title[:300]


WEB = ("http://", "https://", "mailto:")
"""How addresses begin that are kept of links; others lead within a file or to somebody's disk."""
LEVEL = "\x1d"
"""Before a line, once for each level of the list that it is in; `clean` removes it."""
CONTINUED = "\x1e"
"""Before a line that goes on with the line before."""
ANCHOR = "\x1f"
"""Between the address of a link and the words that carry it."""


def row_text(cells: Sequence[str]) -> str:
    """Return a table's row, with bars between its cells; "" where all are empty.

    A bar within a cell becomes a broken one, so that the row can be divided again.
    """
    return " | ".join(cell.replace("|", "¦") for cell in cells) if any(cells) else ""


def part(source: Source, text: str, confidence: float | None = None) -> Part | None:
    """Return a part of clean text, or None where nothing is left of it."""
    anchor = ""
    if source is Source.LINK and ANCHOR in text:
        text, _, anchor = text.partition(ANCHOR)
    plain = clean(text)
    if not plain:
        return None
    return Part(source, plain, confidence, _levels(text, plain), one_line(anchor))


def _levels(text: str, plain: str) -> tuple[int, ...]:
    """Return the level of each line of clean text that is not empty; () where none is said."""
    if LEVEL not in text:
        return ()
    levels: list[int] = []
    lines: list[str] = []
    # Cleaning makes several lines of one, or none, only where odd characters stand.
    is_plain = not _ODD.search(text.replace(LEVEL, "").replace(CONTINUED, ""))
    for line in text.split("\n"):
        bare = line.lstrip(LEVEL)
        first = -1 if line.startswith(CONTINUED) else min(len(line) - len(bare), 9)
        if is_plain:
            levels += [first] if bare.lstrip(CONTINUED).strip() else []
            continue
        pieces = [piece for piece in clean(bare).split("\n") if piece]
        levels += [first, *[-1] * (len(pieces) - 1)] if pieces else []
        lines += pieces
    expected = [line for line in plain.split("\n") if line]
    return tuple(levels) if len(levels) == len(expected) and lines in ([], expected) else ()


# A description or an address that is said twice says nothing more; a box on a slide is there twice.
_SAID_ONCE = {
    Source.LINK, Source.ALT, Source.MACHINE_ALT, Source.ANNOTATION, Source.COMMENT,
}  # fmt: skip


def parts_of(*pieces: tuple[Source, str]) -> tuple[Part, ...]:
    """Make parts of the pieces that have words; links, notes and descriptions each once."""
    made: list[Part] = []
    once: set[tuple[Source, str]] = set()
    for source, text in pieces:
        piece = part(source, text)
        if piece is None or (source in _SAID_ONCE and (source, piece.text) in once):
            continue
        once.add((source, piece.text))
        made.append(piece)
    return tuple(made)


def bounded(
    leaves: Iterable[Leaf],
    limits: Limits,
    *,
    metadata: Metadata | None = None,
    notices: Iterable[Notice] = (),
    placed: Iterable[PlacedLine] = (),
) -> Extraction:
    """Make an extraction within the limits; every cut is a notice."""
    retained: list[Leaf] = []
    all_notices = list(notices)
    left = limits.characters
    for leaf in leaves:
        if len(retained) == limits.leaves or left <= 0:
            all_notices.append(
                Notice(
                    "text-cut",
                    Severity.WARNING,
                    f"only the first {len(retained)} {leaf.kind}s are searchable.",
                    "The file itself is complete; split it to make the rest searchable.",
                )
            )
            break
        cut = _cut(leaf, min(limits.leaf_characters, left))
        if cut is not leaf:
            all_notices.append(
                Notice(
                    "text-cut",
                    Severity.WARNING,
                    f"{leaf.kind} {leaf.number} is very long; its end is not searchable.",
                    leaf=leaf.number,
                )
            )
        retained.append(cut)
        left -= len(cut.title) + sum(len(p.text) for p in cut.parts)
    return Extraction(
        tuple(retained), tuple(all_notices), metadata or Metadata(), placed=tuple(placed)
    )


def _cut(leaf: Leaf, room: int) -> Leaf:
    if len(leaf.title) + sum(len(p.text) for p in leaf.parts) <= room:
        return leaf
    title = leaf.title[:1000]
    room -= len(title)
    parts = []
    for piece in leaf.parts:
        parts.append(Part(piece.source, piece.text[: max(room, 0)], piece.confidence))
        room -= len(piece.text)
        if room <= 0:
            break
    return replace(leaf, title=title, parts=tuple(parts))
