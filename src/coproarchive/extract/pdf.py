"""PDF: a leaf a page. PDFium reads text and structure; pypdf is asked where PDFium falls short.

Which reader, and why: on 128 talk and test PDFs with text (63,000 words; measured again by
benchmarks/extraction.py) this finds 99.7% of the words that pdftotext sees and 99.2% of those that
two of pdftotext, pypdf and PDFium see, and invents 0.2%; most of what is missing there stands
outside the page. Of the same words pdftotext finds 96.4%, pypdf 99.7% with twice as many invented.

- PDFium's text within the page's box first: text outside it is what no viewer shows. Where that
  is under half of all text, all is taken; a line that the box's edge cuts is taken whole.
- pypdf where a page draws text that PDFium does not give, or gives without spaces, and where
  PDFium refuses the file. It costs sixteen times as much a page, so it is not asked otherwise.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice, without_text
from coproarchive.extract.pdf_structure import (
    MAX_TITLE,
    Page,
    alternative_texts,
    attachments,
    document_information,
    has_labels,
    is_locked,
    is_tagged,
    language,
    opened_document,
    opened_page,
    outline,
    page_label,
    page_notes,
    page_text,
    remove_comments,
    text_objects,
)
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.model import Leaf, Severity, Source

if TYPE_CHECKING:  # drawing needs them, reading hardly ever
    from PIL import Image

    from coproarchive.extract.pdf_second import SecondOpinion

FEW = 25
"""Characters below which a page that draws more runs of text than that says too little."""
LONG = 18
"""Letters without a space from which a word may be several: three of them make a page suspect."""
VERY_LONG = 26
"""Letters without a space that make a page suspect by themselves."""
SHORT_LINES = 10
"""Characters a line on average below which lines of a single letter are looked for."""
LISTED = 10
"""Pages that one notice names."""
MAX_PIXELS = 2_000
"""Longest side of a drawn page."""

# What PDFium puts where a word was divided at the end of a line.
_DIVIDED = re.compile(r"[\ufffe\u0002]\s*")
_HYPHENATED = re.compile(r"(?<=[a-zà-ÿ])[-\u2010]\n(?=[a-zà-ÿ]{2})")
_UPRIGHT = re.compile(r"(?:^\w\n){5,}\w?$", re.MULTILINE)
_DOTS = re.compile(r"(?:^[.·•◦○●□■]\n){3,}", re.MULTILINE)  # navigation marks of slide themes
_WORD = re.compile(r"[^\W\d_]{2}")
# Small letters only: names in programmes LookLikeThis.
_LONG_WORD = re.compile(rf"[a-z\u00df-\u00ff\u03ac-\u03ce\u0430-\u045f]{{{LONG},}}")
# Letters of alphabets whose words have spaces between them.
_RUN_TOGETHER = re.compile(rf"[A-Za-z\u00c0-\u052f]{{{LONG},}}")

logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)


def extract(path: Path, limits: Limits) -> Extraction:
    """Read pages with their printed numbers, outline titles, notes by reviewers and attachments.

    Raises:
        UnreadableError, LimitError: see base.Format.read.
    """

    @functools.cache
    def second() -> SecondOpinion:
        from coproarchive.extract.pdf_second import SecondOpinion  # noqa: PLC0415 - .1 s, seldom

        return SecondOpinion(path)

    document = opened_document(path)
    if document is None:
        return _without_pdfium(second(), path, limits, is_locked=is_locked())
    try:
        metadata = _metadata(document)
        notices: list[Notice] = list(attachments(document))
        leaves = list(_pages(document, second, notices, limits))
        notices += _untitled(leaves)
        return bounded(leaves, limits, metadata=metadata, notices=notices)
    finally:
        document.close()


def _pages(
    document: pypdfium2.PdfDocument,
    second: Callable[[], SecondOpinion],
    notices: list[Notice],
    limits: Limits,
) -> Iterator[Leaf]:
    titles = outline(document)
    tagged = is_tagged(document)
    labelled = has_labels(document)
    left = limits.characters
    for index in range(min(len(document), limits.leaves + 1)):
        text, extra = _page(document, index, second, has_tags=tagged)
        title, text = title_and_rest(text, titles.get(index, ""))
        parts = parts_of((Source.TEXT, text), *extra)
        if not title and not any(p.source is not Source.LINK for p in parts):
            notices.append(without_text("page", index + 1))
        label = page_label(document, index) if labelled else ""
        yield Leaf(index + 1, "page", title, parts, label)
        left -= len(text)
        if left < -limits.leaf_characters:
            return  # beyond what is kept; `bounded` says so


def _untitled(leaves: list[Leaf]) -> Iterator[Notice]:
    """Yield one notice a file, of pages with words and no title; those without words have another.

    A page has a title by the outline or by its first line, so few have none: their first line is a
    whole paragraph, or all they have is a picture's description.
    """
    without = [
        leaf.number
        for leaf in leaves
        if not leaf.title and any(p.source is not Source.LINK for p in leaf.parts)
    ]
    if without:
        listed = ", ".join(map(str, without[:LISTED]))
        if len(without) > LISTED:
            listed += f" and {len(without) - LISTED} more"
        has = "has" if len(without) == 1 else "have"
        yield Notice(
            "leaf-without-title",
            Severity.NOTE,
            f"{len(without)} of {len(leaves)} pages {has} no title: page {listed}.",
            "Give them headings, or the file bookmarks, in the programme that made it, "
            "and export it anew.",
        )


def _page(
    document: pypdfium2.PdfDocument,
    index: int,
    second: Callable[[], SecondOpinion],
    *,
    has_tags: bool,
) -> tuple[str, list[tuple[Source, str]]]:
    """Return the page's text, and its notes and descriptions by source."""
    with opened_page(document, index) as page:
        if not page:
            return repair(second().text(index)), []
        drawn = _text(page)
        text = repair(drawn)
        if len(text) < FEW and text_objects(page) > len(text):
            other = repair(second().text(index))
            text = other if len(other) > 2 * len(text) else text
        elif is_run_together(drawn):  # not of words that were mended
            text = with_spaces(text, second().text(index))
        extra = page_notes(document, page)
        if has_tags:
            extra += alternative_texts(page)
        return text, extra


def _text(page: Page) -> str:
    inside, whole = page_text(page)
    if len(inside) * 2 < len(whole):
        return whole
    return inside if len(inside) == len(whole) else _uncut(inside, whole)


def _uncut(inside: str, whole: str) -> str:
    """Return the text inside the page's box; lines that the box's edge cuts are taken whole."""
    lines = whole.splitlines()
    complete = set(lines)
    begun: dict[str, list[str]] = {}
    for line in lines:
        begun.setdefault(line[:12], []).append(line)

    def uncut(line: str) -> str:
        if line in complete or len(line) < 12:
            return line
        ends = line[-4:]
        fits = (w for w in begun.get(line[:12], ()) if w.startswith(line) or w.endswith(ends))
        return next(fits, line)

    return "\n".join(uncut(line) for line in inside.splitlines())


def _without_pdfium(
    second: SecondOpinion, path: Path, limits: Limits, *, is_locked: bool
) -> Extraction:
    """Read by pypdf a file that PDFium refuses."""
    if is_locked or second.is_locked:
        raise UnreadableError(
            "this PDF cannot be read: it is locked with a password.",
            path.name,
            "Open it and save it anew without a lock.",
        )
    leaves = []
    for index in range(min(second.pages, limits.leaves + 1)):
        title, text = title_and_rest(repair(second.text(index)), "")
        leaves.append(Leaf(index + 1, "page", title, parts_of((Source.TEXT, text))))
    if not any(leaf.title for leaf in leaves):
        raise UnreadableError(
            "this PDF is damaged: no page could be read.",
            path.name,
            "Open it in a PDF viewer; if it shows there, print it to a new PDF.",
        )
    notice = Notice(
        "file-damaged",
        Severity.WARNING,
        "this PDF is damaged; text may be missing.",
        "Open it in a PDF viewer and print it to a new PDF.",
    )
    return bounded(leaves, limits, notices=[notice])


def repair(text: str) -> str:
    """Undo what PDFs do to words: divided at line ends, letters one a line, rows of dots."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\ufffe" in text or "\x02" in text:
        text = _DIVIDED.sub("", text)
    if "-\n" in text or "\u2010\n" in text:
        text = _HYPHENATED.sub("", text)
    if len(text) < SHORT_LINES * text.count("\n"):
        text = _DOTS.sub("", text)
        text = _UPRIGHT.sub(lambda match: match[0].replace("\n", ""), text)
    return text.strip()


def is_run_together(text: str) -> bool:
    """Test whether words seem to have lost the spaces between them."""
    long = _LONG_WORD.findall(text)
    return len(long) >= 3 or any(len(word) >= VERY_LONG for word in long)


def with_spaces(text: str, other: str) -> str:
    """Divide runs of letters of the text where the other reading divides the same letters."""
    other = " ".join(other.split())
    at = [i for i, letter in enumerate(other) if letter != " "]
    letters = "".join(other[i] for i in at)

    def divided(match: re.Match[str]) -> str:
        start = letters.find(match[0])
        return match[0] if start < 0 else other[at[start] : at[start + len(match[0]) - 1] + 1]

    return _RUN_TOGETHER.sub(divided, text)


def title_and_rest(text: str, outlined: str) -> tuple[str, str]:
    """Split the page's heading from its text.

    The outline's entry if the page has one, else the first line that has words. A heading that
    says more than the outline does is taken whole, so that no word is lost.
    """
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        heading = one_line(text[start:end])
        if _WORD.search(heading):
            rest = (text[:start] + text[end + 1 :]).rstrip("\n")
            if heading.casefold().startswith(outlined.casefold()):
                return (heading, rest) if len(heading) <= MAX_TITLE else (outlined, text)
            return outlined, rest if outlined.casefold().startswith(heading.casefold()) else text
        start = end + 1
    return outlined, text


def _metadata(document: pypdfium2.PdfDocument) -> Metadata:
    authors = re.split(r"\s*(?:;|,| and |&)\s*", one_line(document_information(document, "Author")))
    keywords = re.split(r"\s*[;,]\s*", one_line(document_information(document, "Keywords")))
    return Metadata(
        title=real_title(document_information(document, "Title")),
        authors=tuple(a for a in authors if _WORD.search(a)),
        date=pdf_date(document_information(document, "CreationDate")),
        language=language(document),
        keywords=tuple(k for k in keywords if k),
    )


def pdf_date(value: str) -> str | None:
    """Return a PDF date (D:20170706120000+01'00') as YYYY-MM-DD, None where it is none."""
    match = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", value)
    if match:
        with contextlib.suppress(ValueError):
            return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    return None


def count_pages(path: Path) -> int:
    """Count the file's pages. Raises UnreadableError."""
    document = opened_for_drawing(path)
    try:
        return len(document)
    finally:
        document.close()


def opened_for_drawing(path: Path) -> pypdfium2.PdfDocument:
    """Open the document, to be closed by the caller. Raises UnreadableError where PDFium cannot."""
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(f"this PDF cannot be drawn: {error}.", path.name) from None


def draw_pages(path: Path, indexes: list[int], width: int) -> Iterator[tuple[int, Image.Image]]:
    """Draw pages, `width` pixels wide or less; pages that cannot be drawn are left out.

    Raises:
        UnreadableError: PDFium cannot open the file.
    """
    document = opened_for_drawing(path)
    try:
        for index in indexes:
            with contextlib.suppress(pypdfium2.PdfiumError, ValueError):
                if index < len(document):
                    yield index, draw_page(document[index], width)
    finally:
        document.close()


def draw_page(
    page: pypdfium2.PdfPage,
    width: int,
    area: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
) -> Image.Image:
    """Draw the page, or an area of it, `width` pixels wide or less; close the page.

    What reviewers wrote over it is not drawn.

    Args:
        area: left, bottom, right and top edge as shares of the page as it is seen.

    Raises:
        ValueError, PdfiumError: it cannot be drawn.
    """
    try:
        remove_comments(page.raw)
        across, down = page.get_size()
        left, bottom, right, top = area
        shown_across, shown_down = across * (right - left), down * (top - bottom)
        if shown_across <= 0 or shown_down <= 0:
            raise ValueError("the page has no size")
        scale = min(width / shown_across, MAX_PIXELS / shown_down)
        crop = (left * across, bottom * down, (1 - right) * across, (1 - top) * down)
        picture: Image.Image = page.render(scale=scale, crop=crop).to_pil().convert("RGB")
        return picture
    finally:
        page.close()
