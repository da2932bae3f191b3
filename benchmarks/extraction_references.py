"""What others see in the same files: the references that benchmarks/extraction.py measures by.

PDF: three independent readers a page (pdftotext, pypdf, raw PDFium), of which two leave out what
lies off the page's box, as no viewer shows it. PPTX: the page that
LibreOffice draws, read by pdftotext, and the words of the slide's XML parts. Word counts only, so
that order and punctuation do not matter.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import posixpath
import re
import shutil
import subprocess
import tempfile
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
from lxml import etree

Words = Counter[str]

_WORD = re.compile(r"[^\W\d_]{2,}")
_FURNITURE = {"dt", "ftr", "sldNum", "hdr", "sldImg"}
_ODP_FILTER = 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'


def words(text: str) -> Words:
    """Words of two letters or more, in lower case; numbers and single letters are left out.

    What a programme numbers by itself (list items, axes) would otherwise count as lost.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    return Counter(_WORD.findall(text.casefold()))


def pdf_readings(path: Path) -> list[tuple[Words, Words, Words]]:
    """A row a page: pdftotext, pypdf, raw PDFium; empty where a reader gives up."""
    poppler = poppler_pages(path)
    rows = []
    document = pypdfium2.PdfDocument(path)
    reader = pypdf.PdfReader(path)
    for index in range(len(document)):
        try:
            second = reader.pages[index].extract_text()
        except Exception:  # noqa: BLE001 - a reference that gives up has no vote
            second = ""
        raw = re.sub(r"[\ufffe\u0002]\s*", "", _on_the_page(document[index]))
        first = poppler[index] if index < len(poppler) else ""
        rows.append((words(first), words(second), words(raw)))
    document.close()
    return rows


def _on_the_page(page: pypdfium2.PdfPage) -> str:
    """Return the characters that raw PDFium sees, without those whose middle is off the page."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page.raw, ctypes.byref(box))
    text_page = page.get_textpage()
    edges = [ctypes.c_double() for _ in range(4)]
    shown = []
    for index in range(text_page.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(text_page.raw, index))
        has_place = not letter.isspace() and pdfium.FPDFText_GetCharBox(
            text_page.raw, index, *map(ctypes.byref, edges)
        )
        left, right, bottom, top = (edge.value for edge in edges)
        across, down = (left + right) / 2, (bottom + top) / 2
        is_shown = box.left <= across <= box.right and box.bottom <= down <= box.top
        shown.append(letter if is_shown or not has_place else " ")
    return "".join(shown)


def poppler_pages(path: Path) -> list[str]:
    """Text of every page as pdftotext has it, within its box; [] where it fails."""
    done = subprocess.run(
        ["pdftotext", "-cropbox", "-enc", "UTF-8", str(path), "-"],
        check=False,
        capture_output=True,
        timeout=120,
    )
    return done.stdout.decode("utf-8", "replace").split("\f")[:-1]


def majority(readings: tuple[Words, Words, Words]) -> Words:
    """Each word as often as at least two of the three readers saw it."""
    found: Words = Counter()
    for word in set().union(*readings):
        count = sorted(r[word] for r in readings)[1]
        if count:
            found[word] = count
    return found


def drawn_slides(path: Path, work: Path) -> list[Words] | None:
    """Words of each slide as LibreOffice draws it, hidden ones too; None where it cannot.

    Drawings are kept in `work` by the hash of the deck, since each takes seconds.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    drawn = work / f"{digest}.pdf"
    if not drawn.exists():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"{digest}.pptx"
            shutil.copyfile(path, copy)
            command = [
                "soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/p",
                "--convert-to", _ODP_FILTER, "--outdir", str(work), str(copy),
            ]  # fmt: skip
            try:
                subprocess.run(command, check=False, capture_output=True, timeout=180)
            except subprocess.TimeoutExpired:
                return None
    if not drawn.exists():
        return None
    kept = drawn.with_suffix(".json")
    if not kept.exists():
        kept.write_text(json.dumps(poppler_pages(drawn)))
    return [words(page) for page in json.loads(kept.read_text())]


def unbroken(drawn: Words, written: Words) -> Words:
    """The words drawn, without pieces of written words that the drawing broke or ran together.

    LibreOffice breaks a word that is wider than its box, and pdftotext joins words of boxes that
    touch: "dispatch", "er" and "aggregateout" are then no words of the slide.
    """
    pieces = " ".join(written)
    kept: Words = Counter()
    for word, count in drawn.items():
        joins = any(len(w) > 2 and word.startswith(w) and word[len(w) :] in pieces for w in written)
        if word in written or not (word in pieces or joins):
            kept[word] = count
    return kept


class SlideXml:
    """The raw parts of each slide, read without the extractor's own code."""

    def __init__(self, path: Path):
        self._zip = zipfile.ZipFile(path)

    def slides(self) -> list[tuple[Words, Words, Words]]:
        """A row a slide: words of its notes, of everything belonging to it, of its layout."""
        rows = []
        main = "ppt/presentation.xml"
        relations = self._relations(main)
        for entry in self._xml(main).iter("{*}sldId"):
            relation = next((v for k, v in entry.items() if k.endswith("}id")), "")
            rows.append(self._slide(relations[relation][0]))
        return rows

    def _slide(self, part: str) -> tuple[Words, Words, Words]:
        notes: Words = Counter()
        everything = self._all_words(part)
        layout: Words = Counter()
        for target, kind in self._relations(part).values():
            if kind == "notesSlide":
                notes += self._shape_words(target, furniture=False)
                everything += self._all_words(target)
            elif kind == "slideLayout":
                layout += self._shape_words(target, furniture=True)
                for master, master_kind in self._relations(target).values():
                    if master_kind == "slideMaster":
                        layout += self._shape_words(master, furniture=True)
            elif target.endswith(".xml"):
                everything += self._all_words(target)
        layout += self._shape_words(part, furniture=True, only_furniture=True)
        return notes, everything, layout

    def _shape_words(self, part: str, *, furniture: bool, only_furniture: bool = False) -> Words:
        found: Words = Counter()
        root = self._xml(part)
        for shape in root.iter("{*}sp", "{*}graphicFrame"):
            holder = shape.find("./{*}nvSpPr/{*}nvPr/{*}ph")
            kind = holder.get("type", "body") if holder is not None else ""
            is_furniture = kind in _FURNITURE
            if (is_furniture and not furniture) or (only_furniture and not is_furniture):
                continue
            for paragraph in shape.iter("{*}p"):
                runs = (t for t in paragraph.iter("{*}t") if "slidenum" not in _field(t))
                found += words("".join(t.text or "" for t in runs))
        return found

    def _all_words(self, part: str) -> Words:
        root = self._xml(part)
        texts = " ".join("".join(t.text or "" for t in p.iter("{*}t")) for p in root.iter("{*}p"))
        other = " ".join(n.text or "" for n in root.iter("{*}v", "{*}text", "{*}t"))
        attributes = " ".join(
            f"{n.get('descr', '')} {n.get('title', '')}" for n in root.iter("{*}cNvPr")
        )
        return words(texts) | words(other) | words(attributes)

    def _xml(self, part: str) -> etree._Element:
        try:
            return etree.fromstring(self._zip.read(part))
        except (KeyError, etree.XMLSyntaxError):
            return etree.fromstring("<none/>")

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder, _, name = part.rpartition("/")
        root = self._xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            r.get("Id", ""): (
                posixpath.normpath(posixpath.join("/" + folder, r.get("Target", ""))).lstrip("/"),
                r.get("Type", "").rpartition("/")[2],
            )
            for r in root.iter("{*}Relationship")
            if r.get("TargetMode") != "External"
        }


def _field(node: etree._Element) -> str:
    parent = node.getparent()
    return parent.get("type", "") if parent is not None else ""
