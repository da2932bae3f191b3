"""Which pages and slides the machine reads, and what is kept of what it read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from coproarchive.errors import ExtractionError
from coproarchive.extract import ocr
from coproarchive.extract.base import Extraction, Limits, Notice, listed
from coproarchive.extract.letters import UNREADABLE
from coproarchive.extract.pdf_pictures import page_views
from coproarchive.extract.pptx_pictures import slide_views
from coproarchive.extract.text import part
from coproarchive.leaf import Leaf, Part
from coproarchive.vocabulary import Severity, Source

FEW = 30
"""Words beside the title from which a leaf speaks for itself. On the corpus's few-worded leaves the
pictures gave 22 words a second of reading below 10 words, 17 up to 20, 17 up to 30, 11 up to 40."""
COVERED = 0.15
"""Share of a leaf (0..1) that its pictures cover at least, to be read although it has words. Those
that covered 0.1 to 0.15 gave 9 words a second there, larger ones 20."""
NEW = 3
"""Words that pictures add at least to a leaf that has words; a logo or a photograph has fewer."""
SAME = 85
"""Likeness (0..100) from which a line repeats what the leaf says, misread letters and all."""
ALIKE = 80
"""Likeness (0..100) from which a long word is another one, misread."""
SHORT = 6
"""Letters of a line below which it repeats only whole words, not letters within them."""
GRACE = 0.05
"""Share of the time for a file in which leaves whose pictures are not read are still named."""
MORE = (
    "Raise COPROARCHIVE_READ_SECONDS (a picture takes two or three) or COPROARCHIVE_READ_MEMORY_MB."
)

_WORDLESS = frozenset({"leaf-without-text", UNREADABLE})
"""Codes of the notices of leaves whose words the machine may yet read."""
# What a viewer sees besides the title; notes and comments stand elsewhere.
_SEEN = {
    Source.TEXT, Source.TABLE, Source.CHART, Source.SMARTART, Source.MATH, Source.PICTURE,
}  # fmt: skip
_SAID = _SEEN | {Source.ALT, Source.LAYOUT}
# Two letters; of Chinese and Japanese, two characters.
_WORD = re.compile(r"[\u3040-\u9fff]{2}|[^\W\d_\u3040-\u9fff]{2,}")
# A year is worth finding; the numbers along a chart's axis are not.
_WORTH = re.compile(rf"{_WORD.pattern}|\d{{4}}")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"\d{4,}")
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass
class _ReadPictures:
    """What came of reading views.

    Attributes:
        parts: parts by the number of their leaf.
        unread: numbers of leaves with pictures that were not read.
        has_more: whether leaves after these were not even looked at.
    """

    parts: dict[int, Part] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)
    has_more: bool = False


def with_ocr(
    extraction: Extraction, path: Path, reader: str, limits: Limits, until: float
) -> Extraction:
    """Return the extraction with the words of its pictures, as many as can be read in time.

    Leaves without words come first, then those with few words beside large pictures; theirs are
    kept, and lines that repeat them are left out.

    Args:
        extraction: what the reader of the format found.
        path: the file.
        reader: one of READERS.
        limits: as Extractor.extract.
        until: when to stop, by time.monotonic().
    """
    leaves = {leaf.number: leaf for leaf in extraction.leaves}
    noticed = {n.leaf for n in extraction.notices if n.code in _WORDLESS}
    wordless = [number for number in leaves if number in noticed]
    few = sorted(few_worded(extraction.leaves) - noticed)
    if not wordless and not few:
        return extraction
    try:
        with _views(path, reader, wordless, few, limits) as views:
            reading = _read(views, leaves, wordless, until, GRACE * limits.seconds)
    except ExtractionError:
        return extraction  # a damaged file, of which something was read; its notice says so
    kind = extraction.leaves[0].kind
    notices = [
        _after_ocr(n, reading, kind) if n.code == "leaf-without-text" else n
        for n in extraction.notices
        if n.code not in _WORDLESS or n.leaf not in reading.parts
    ]
    # Those without words have a notice each, unless some of their pictures were read.
    late = [n for n in reading.unread if n not in wordless or n in reading.parts]
    if late or reading.has_more:
        notices.append(_not_read(late, kind, has_more=reading.has_more))
    return replace(
        extraction,
        leaves=tuple(_with_part(leaf, reading.parts.get(leaf.number)) for leaf in leaves.values()),
        notices=tuple(notices),
    )


def few_worded(leaves: Iterable[Leaf]) -> set[int]:
    """Return numbers of leaves with few words beside their title.

    Lines that stand on half of the leaves, whatever numbers are in them, are the theme's and do
    not count: a footer alone often has a dozen words.
    """
    lines = {leaf.number: list(_seen_lines(leaf)) for leaf in leaves}
    seen = Counter(line for rows in lines.values() for line in {_DIGITS.sub("#", x) for x in rows})
    theme = {line for line, times in seen.items() if times >= max(3, len(lines) / 2)}
    return {
        number
        for number, rows in lines.items()
        if sum(len(_WORD.findall(x)) for x in rows if _DIGITS.sub("#", x) not in theme) < FEW
    }


def _seen_lines(leaf: Leaf) -> Iterator[str]:
    for piece in leaf.parts:
        if piece.source in _SEEN:
            yield from piece.text.split("\n")


def _views(
    path: Path, reader: str, wordless: list[int], few: list[int], limits: Limits
) -> AbstractContextManager[Iterator[ocr.View]]:
    if reader == "pdf":
        return page_views(path, wordless, few, width=ocr.WIDTH, share=COVERED)
    return slide_views(path, wordless, few, limits, share=COVERED)


def _read(
    views: Iterator[ocr.View],
    leaves: dict[int, Leaf],
    wordless: Collection[int],
    until: float,
    grace: float,
) -> _ReadPictures:
    """Read views until the time is over; for a grace, in seconds, see which are left."""
    reading = _ReadPictures()
    for view in views:
        now = monotonic()
        if now > until + grace and view.number not in wordless:
            reading.has_more = True
            break
        if view.pictures is None:
            continue
        lines, is_all = _lines(view.pictures, until) if now < until else ([], False)
        if not is_all:
            reading.unread.append(view.number)
        made = worth_keeping(lines, leaves[view.number])
        if made is not None:
            reading.parts[view.number] = made
    return reading


def _lines(
    pictures: Callable[[], Iterator[ocr.Picture]], until: float
) -> tuple[list[ocr.OcrLine], bool]:
    """Return lines of the pictures, and whether every picture was read."""
    lines: list[ocr.OcrLine] = []
    try:
        for piece in (piece for picture in pictures() for piece in ocr.pieces_of(picture)):
            if monotonic() >= until:
                return lines, False
            lines += _new_lines(ocr.read_lines(piece), lines)
    except Exception:  # noqa: BLE001 - the machine raises anything; the leaf's own words stay
        return lines, False
    return lines, True


def _new_lines(read: list[ocr.OcrLine], before: list[ocr.OcrLine]) -> list[ocr.OcrLine]:
    """Return lines of a piece without those of its upper edge that the piece before ended with."""
    repeated = {line.text for line in before[-2:]}
    return [line for n, line in enumerate(read) if n > 1 or line.text not in repeated]


def worth_keeping(lines: Iterable[ocr.OcrLine], leaf: Leaf) -> Part | None:
    """Return the lines that are words and that the leaf lacks; None where they are few.

    How sure the machine is of them is the average.
    """
    pieces = (piece.text for piece in leaf.parts if piece.source in _SAID)
    leaf_words = _LeafWords(" ".join([leaf.title, *pieces]))
    new = [
        line
        for line in lines
        if line.sure >= ocr.SURE and _WORTH.search(line.text) and not leaf_words.has(line.text)
    ]
    text = "\n".join(line.text for line in new)
    if not new or (leaf_words.letters and len(_WORD.findall(text)) < NEW):
        return None
    return part(Source.OCR, text, round(sum(line.sure for line in new) / len(new), 3))


class _LeafWords:
    """What a leaf says itself, to be compared with lines that may be read a little wrong."""

    def __init__(self, text: str):
        self.letters = _letters(text)
        self._words = {_letters(word) for word in text.split()}
        self._numbers = set(_NUMBER.findall(text))

    def has(self, line: str) -> bool:
        """Test whether a line repeats what the leaf says."""
        letters = _letters(line)
        if len(letters) < SHORT:
            spaceless = not letters.isascii()
            return letters in self._words or (spaceless and letters in self.letters)
        from rapidfuzz import fuzz  # noqa: PLC0415 - a hundredth of a second of every worker

        # Where the line is longer, the leaf's words are part of it, not it of them.
        if len(letters) > len(self.letters) or not self._numbers.issuperset(_NUMBER.findall(line)):
            return False
        is_like = fuzz.partial_ratio(letters, self.letters) >= SAME
        return is_like and all(map(self._knows, line.split()))

    def _knows(self, word: str) -> bool:
        """Test whether the leaf has a word, perhaps misread; exclusion is not inclusion."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - as above

        letters = _letters(word)
        if len(letters) < SHORT or letters in self.letters:
            return True
        near = process.extractOne(letters, self._words, scorer=fuzz.ratio, score_cutoff=ALIKE)
        return near is not None


def _letters(text: str) -> str:
    """Return letters and digits only: the machine runs words together."""
    return _NO_LETTER.sub("", text).casefold()


def _with_part(leaf: Leaf, made: Part | None) -> Leaf:
    return leaf if made is None else replace(leaf, parts=(*leaf.parts, made))


def _after_ocr(notice: Notice, reading: _ReadPictures, kind: str) -> Notice:
    """Return the notice of a leaf that is without text although pictures are read."""
    if notice.leaf in reading.unread:
        return replace(
            notice,
            code="text-cut",
            severity=Severity.WARNING,
            message=f"there was no time or memory to read what the picture of {kind} {notice.leaf} "
            "says.",
            hint=MORE,
        )
    return replace(notice, hint="If it is a picture, describe it in its alternative text.")


def _not_read(numbers: list[int], kind: str, *, has_more: bool) -> Notice:
    """Return one notice a file, of leaves with searchable words and unread pictures."""
    plural = "s" if len(numbers) > 1 else ""
    whose = f"{len(numbers)} {kind}{plural} ({kind} {listed(numbers)})"
    if has_more:
        # How many of them have pictures was not seen any more.
        whose = f"{whose}, and perhaps of later ones" if numbers else f"the later {kind}s"
    return Notice(
        "text-cut",
        Severity.WARNING,
        f"there was no time or memory to read the pictures of {whose}.",
        MORE,
    )
