"""PDF: a leaf a page. pypdfium2 reads the text; pypdf gives a second opinion and what PDFium lacks.

Why two: on 280 real talk PDFs pypdfium2 read 16 times as fast as pypdf and invented half as many
words, but dropped text outside the page or in overlays on 3% of pages. So pypdf is asked only for
pages on which PDFium found almost nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pypdf
import pypdfium2
from pypdf.errors import PyPdfError

from coproarchive.errors import UnreadableError
from coproarchive.extract.base import Extraction, Limits, Metadata, Notice
from coproarchive.extract.text import bounded, one_line, parts_of, real_title
from coproarchive.model import Leaf, Severity, Source

FEW = 25
"""Characters below which a page counts as nearly empty and pypdf is asked as well."""
MAX_TITLE = 150

# What PDFium puts where a word was divided at the end of a line.
_DIVIDED = re.compile(r"[\ufffe\u0002]\s*")
_HYPHENATED = re.compile(r"(?<=[a-zà-ÿ])[-\u2010]\n(?=[a-zà-ÿ]{2})")
_UPRIGHT = re.compile(r"(?:^\w\n){5,}\w?$", re.MULTILINE)

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class PdfExtractor:
    """Pages with their printed numbers, outline titles, notes by reviewers and attachments."""

    name: ClassVar[str] = "pdf"
    version: ClassVar[int] = 1
    media_types: ClassVar[frozenset[str]] = frozenset({"application/pdf"})

    def extract(self, path: Path, limits: Limits) -> Extraction:
        """See Extractor.extract."""
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            return self._without_pdfium(path, limits, str(error))
        structure = _Structure(path)
        try:
            outline = _outline(document)
            metadata = _metadata(document.get_metadata_dict(), structure)
            notices: list[Notice] = list(structure.notices())
            leaves = list(self._pages(document, structure, outline, notices, limits))
            return bounded(leaves, limits, metadata=metadata, notices=notices)
        finally:
            document.close()

    def _pages(
        self,
        document: pypdfium2.PdfDocument,
        structure: _Structure,
        outline: dict[int, str],
        notices: list[Notice],
        limits: Limits,
    ) -> Iterator[Leaf]:
        for index in range(min(len(document), limits.leaves + 1)):
            text = repair(_page_text(document, index))
            if len(text) < FEW:
                second = repair(structure.text(index))
                text = second if len(second) > 2 * len(text) else text
            title, text = _title_and_rest(text, outline.get(index, ""))
            parts = parts_of((Source.TEXT, text), *structure.annotations(index))
            if not title and not parts:
                notices.append(
                    Notice(
                        "leaf-without-text",
                        Severity.WARNING,
                        f"page {index + 1} has no searchable text.",
                        "It is a picture of a page: text recognition would make it searchable.",
                        leaf=index + 1,
                    )
                )
            label = ""
            with contextlib.suppress(pypdfium2.PdfiumError, UnicodeError):
                label = one_line(document.get_page_label(index) or "")
            yield Leaf(index + 1, "page", title, parts, "" if label == str(index + 1) else label)

    def _without_pdfium(self, path: Path, limits: Limits, why: str) -> Extraction:
        """PDFium refused the file: pypdf reads some that it does not."""
        structure = _Structure(path)
        if structure.reader is None or structure.encrypted:
            reason = (
                "it is locked with a password" if "assword" in why or structure.encrypted else why
            )
            raise UnreadableError(
                f"this PDF cannot be read: {reason}.",
                path.name,
                "Open it and save it anew without a lock.",
            )
        leaves = []
        for index in range(min(structure.pages, limits.leaves + 1)):
            title, text = _title_and_rest(repair(structure.text(index)), "")
            leaves.append(Leaf(index + 1, "page", title, parts_of((Source.TEXT, text))))
        if not any(leaf.title for leaf in leaves):
            raise UnreadableError("this PDF is damaged: no page could be read.", path.name)
        notice = Notice(
            "file-damaged", Severity.WARNING, "this PDF is damaged; text may be missing."
        )
        return bounded(leaves, limits, notices=[notice])


class _Structure:
    """What pypdf knows of the file; every question may go unanswered."""

    def __init__(self, path: Path):
        self.reader: pypdf.PdfReader | None = None
        self.encrypted = False
        self.pages = 0
        with _tolerated():
            reader = pypdf.PdfReader(path, strict=False)
            self.encrypted = reader.is_encrypted and not reader.decrypt("")
            if not self.encrypted:
                self.pages = len(reader.pages)
                self.reader = reader

    def text(self, index: int) -> str:
        """The page's text as pypdf reads it, "" where it cannot."""
        with _tolerated():
            if self.reader is not None and index < self.pages:
                return self.reader.pages[index].extract_text()
        return ""

    def annotations(self, index: int) -> list[tuple[Source, str]]:
        """Reviewers' notes and web links on the page."""
        found: list[tuple[Source, str]] = []
        with _tolerated():
            if self.reader is None or index >= self.pages:
                return found
            for reference in self.reader.pages[index].annotations or []:
                annotation = reference.get_object()
                contents = annotation.get("/Contents")
                if isinstance(contents, str) and annotation.get("/Subtype") != "/Link":
                    found.append((Source.ANNOTATION, contents))
                action = annotation.get("/A")
                address = action.get_object().get("/URI") if action is not None else None
                if isinstance(address, str):
                    found.append((Source.LINK, address))
        return found

    def language(self) -> str | None:
        """The document's language tag."""
        with _tolerated():
            if self.reader is not None:
                tag = self.reader.root_object.get("/Lang")
                if isinstance(tag, str) and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
                    return tag
        return None

    def notices(self) -> Iterator[Notice]:
        """Files inside the file, which nobody has looked at."""
        names: list[str] = []
        with _tolerated():
            if self.reader is not None:
                names = [one_line(name) for name in self.reader.attachments]
        for name in names:
            yield Notice(
                "file-inside-file",
                Severity.NOTE,
                f'the PDF carries an attachment, "{name}", which is not searched.',
                "Look at it, and add it as a file of its own if it belongs to the archive.",
            )


@contextlib.contextmanager
def _tolerated() -> Iterator[None]:
    """Damaged files make pypdf raise almost anything; its answers are extras, so none is lost."""
    with contextlib.suppress(
        PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError,
        RecursionError, NotImplementedError, ZeroDivisionError, AssertionError, OverflowError,
    ):  # fmt: skip
        yield


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    try:
        page = document[index]
        text_page = page.get_textpage()
        text: str = text_page.get_text_bounded()
        whole: str = text_page.get_text_range()
        # Bounded text leaves out hidden overlays, but sometimes nearly everything with them.
        text = whole if len(text) * 2 < len(whole) else text
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError:
        return ""
    return text


def repair(text: str) -> str:
    """Mend what PDFs do to words: divided at line ends, letters one a line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _DIVIDED.sub("", text)
    text = _HYPHENATED.sub("", text)
    return _UPRIGHT.sub(lambda match: match[0].replace("\n", "") + "\n", text).strip()


def _title_and_rest(text: str, outlined: str) -> tuple[str, str]:
    """The page's heading, and its text without it.

    The outline's entry if the page has one, else the first line that has words.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        heading = one_line(line)
        if re.search(r"[^\W\d_]{2}", heading):
            if outlined and not heading.startswith(outlined[:20]):
                return outlined, text
            if len(heading) > MAX_TITLE:
                return outlined, text
            return outlined or heading, "\n".join(lines[:number] + lines[number + 1 :])
    return outlined, text


def _outline(document: pypdfium2.PdfDocument) -> dict[int, str]:
    """Page index -> the first outline entry that points at it."""
    titles: dict[int, str] = {}
    with contextlib.suppress(pypdfium2.PdfiumError, UnicodeError, RecursionError):
        for number, bookmark in enumerate(document.get_toc(max_depth=4)):
            if number > 5_000:
                break
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = real_title(bookmark.get_title())
            if index is not None and title:
                titles.setdefault(index, title[:MAX_TITLE])
    return titles


def _metadata(info: dict[str, str], structure: _Structure) -> Metadata:
    authors = re.split(r"\s*(?:;|,| and |&)\s*", one_line(info.get("Author", "")))
    keywords = re.split(r"\s*[;,]\s*", one_line(info.get("Keywords", "")))
    return Metadata(
        title=real_title(info.get("Title", "")),
        authors=tuple(a for a in authors if re.search(r"[^\W\d_]{2}", a)),
        date=pdf_date(info.get("CreationDate", "")),
        language=structure.language(),
        keywords=tuple(k for k in keywords if k),
    )


def pdf_date(value: str) -> str | None:
    """YYYY-MM-DD of a PDF date (D:20170706120000+01'00'), None where it is none."""
    match = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", value)
    if match:
        with contextlib.suppress(ValueError):
            return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    return None
