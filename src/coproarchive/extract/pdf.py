"""PDF: a leaf a page. PDFium reads text and structure; pypdf is asked where PDFium falls short.

Which reader, and why: on 127 talk and test PDFs with text (61,000 words; measured again by
benchmarks/extraction.py) this finds 99.7% of the words that pdftotext sees and 99.9% of those on
the page that two of pdftotext, pypdf and PDFium see, and invents 0.2%. Of the words of the whole
file pdftotext finds 96.4%, pypdf 99.7% with twice as many invented.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import (
    Extraction,
    Limits,
    Metadata,
    Notice,
    PlacedLine,
    listed,
    without_text,
)
from coproarchive.extract.letters import unreadable, unreadable_notice
from coproarchive.extract.made_up import authors_in
from coproarchive.extract.pdf_pages import MOST_BUILDS, builds_of, comes_later
from coproarchive.extract.pdf_placed import placed_lines
from coproarchive.extract.pdf_structure import (
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
from coproarchive.extract.pdf_text import (
    is_divided,
    is_run_together,
    repair,
    title_and_rest,
    with_spaces,
    words_of,
)
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source

if TYPE_CHECKING:  # drawing needs them, reading hardly ever
    from PIL import Image

    from coproarchive.extract.pdf_second import SecondOpinion

FEW = 25
"""Characters below which a page that draws more runs of text than that says too little."""
MAX_PIXELS = 2_000
"""Longest side of a drawn page."""

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
        placed: list[PlacedLine] = []
        leaves = list(_pages(document, second, notices, limits, placed))
        notices += _untitled(leaves)
        return bounded(leaves, limits, metadata=metadata, notices=notices, placed=placed)
    finally:
        document.close()


def _pages(
    document: pypdfium2.PdfDocument,
    second: Callable[[], SecondOpinion],
    notices: list[Notice],
    limits: Limits,
    placed: list[PlacedLine],
) -> Iterator[Leaf]:
    titles = outline(document)
    pages = list(_read_pages(document, second, limits, placed))
    texts = _texts(pages)
    unread = _second_readings(texts, second)
    builds = builds_of(texts, _printed(pages)) if len(pages) > 1 else {}
    for index, page in enumerate(pages):
        title, text = title_and_rest(texts[index], titles.get(index, ""))
        parts = parts_of((Source.TEXT, text), *page.extra)
        if index in unread:
            notices.append(unreadable_notice(index + 1))
        elif not title and not any(p.source is not Source.LINK for p in parts):
            notices.append(without_text("page", index + 1))
        label, before = page.label, builds.get(index, 0)
        if before:
            label = _range_label(label, index + 1 - before, index + 1)
        yield Leaf(index + 1, "page", title, parts, label, builds=before)


def _printed(pages: list[_PageRead]) -> list[str]:
    """Return the printed number of each page, "" where none differs from the page's place."""
    if not any(page.label for page in pages):
        return [""] * len(pages)
    return [page.label or str(number) for number, page in enumerate(pages, start=1)]


def _range_label(label: str, first: int, last: int) -> str:
    """Return what a slide of several pages is called."""
    return f"{label} (pages {first}–{last} of the file)" if label else f"{first}–{last}"


@dataclass(slots=True)
class _PageRead:
    """A page as PDFium gave it.

    Attributes:
        text: within its box.
        outside: all of its text, where most stands outside the box; else "".
        other: what pypdf reads, where it was asked.
        is_run_together: whether words seem to have lost their spaces.
        extra: notes and descriptions by source.
        label: printed number, "" where it is the page's place.
    """

    text: str
    outside: str = ""
    other: str = ""
    is_run_together: bool = False
    extra: list[tuple[Source, str]] = field(default_factory=list)
    label: str = ""


def _read_pages(
    document: pypdfium2.PdfDocument,
    second: Callable[[], SecondOpinion],
    limits: Limits,
    placed: list[PlacedLine],
) -> Iterator[_PageRead]:
    tagged = is_tagged(document)
    labelled = has_labels(document)
    left = limits.characters
    count = len(document)
    for index in range(min(count, limits.leaves + 1)):
        is_end = min(index, count - 1 - index) < limits.placed_leaves
        page = _page(document, index, second, placed if is_end else None, has_tags=tagged)
        if labelled:
            page.label = page_label(document, index)
        yield page
        left -= len(page.text)
        if left < -limits.leaf_characters:
            return  # beyond what is kept; `bounded` says so


def _texts(pages: list[_PageRead]) -> list[str]:
    """Return the pages' texts, as far as they tell it of one another."""
    for index, page in enumerate(pages):
        if page.outside:
            following = [repair(other.text) for other in pages[index + 1 : index + 1 + MOST_BUILDS]]
            lines = set(repair(page.text).split("\n"))
            beside = "\n".join(x for x in repair(page.outside).split("\n") if x not in lines)
            if not comes_later(beside, following):
                page.text = page.outside
    words: frozenset[str] = frozenset()
    if any(is_divided(page.text) for page in pages):
        words = words_of(page.text for page in pages)
    texts = []
    for page in pages:
        text = repair(page.text, words)
        if page.is_run_together:
            text = with_spaces(text, page.other)
        elif page.other:
            other = repair(page.other, words)
            text = other if len(other) > 2 * len(text) else text
        texts.append(text)
    return texts


def _second_readings(texts: list[str], second: Callable[[], SecondOpinion]) -> set[int]:
    """Replace the texts of pages whose letters make no words; return indexes of those unread."""
    unread = unreadable(texts)
    others = {index: repair(second().text(index)) for index in unread}
    still = unreadable(list(others.values())) if others else {}
    for place, (index, other) in enumerate(others.items()):
        is_better = place not in still and sum(map(str.isalpha, other)) >= FEW
        texts[index] = other if is_better else unread[index]
        if is_better:
            unread.pop(index)
    return set(unread)


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
        has = "has" if len(without) == 1 else "have"
        yield Notice(
            "leaf-without-title",
            Severity.NOTE,
            f"{len(without)} of {len(leaves)} pages {has} no title: page {listed(without)}.",
            "Give them headings, or the file bookmarks, in the programme that made it, "
            "and export it anew.",
        )


def _page(
    document: pypdfium2.PdfDocument,
    index: int,
    second: Callable[[], SecondOpinion],
    placed: list[PlacedLine] | None,
    *,
    has_tags: bool,
) -> _PageRead:
    """Read a page; ask pypdf where PDFium says too little of it.

    Args:
        document, index: the page.
        second: another reader.
        placed: to which the page's lines are added as laid out; None: they are not looked at.
        has_tags: whether the document has descriptions of pictures.
    """
    with opened_page(document, index) as page:
        if not page:
            return _PageRead(second().text(index))

        def look(text_page: object, count: int) -> None:
            if placed is not None:
                placed.extend(placed_lines(page, text_page, count, index + 1))

        inside, whole = page_text(page, look)
        is_beside = len(inside) * 2 < len(whole)
        read = _PageRead(inside if is_beside or inside == whole else _uncut(inside, whole))
        read.outside = whole if is_beside else ""
        repaired = repair(read.outside or read.text)
        drawn = len(repaired)
        if drawn < FEW and text_objects(page) > drawn:
            read.other = second().text(index)
        elif is_run_together(read.text):  # not of words that were mended
            read.is_run_together = True
            read.other = second().text(index)
        if not (read.outside or is_divided(read.text)):
            read.text = repaired  # nothing that other pages tell would change it
        read.extra = page_notes(document, page)
        if has_tags:
            read.extra += alternative_texts(page)
        return read


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


def _metadata(document: pypdfium2.PdfDocument) -> Metadata:
    keywords = re.split(r"\s*[;,]\s*", one_line(document_information(document, "Keywords")))
    return Metadata(
        title=real_title(document_information(document, "Title")),
        authors=authors_in(one_line(document_information(document, "Author"))),
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
