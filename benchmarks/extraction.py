"""How much of the words in real files is found, how much is invented, and how fast.

    python benchmarks/extraction.py FOLDER [--json] [--work FOLDER] [--only pdf|pptx|speed]

PDF: a word counts as there when two of pdftotext, pypdf and raw PDFium see it on the page; it
counts as invented when neither pdftotext nor pypdf sees it. PPTX: what LibreOffice draws on the
slide, less what stands on its layout, plus the notes; invented is what is neither drawn nor in the
slide's parts. Speed: pages a second through the isolated workers against raw PDFium in as many
processes, taken in turn. Needs pdftotext and soffice; LibreOffice's drawings are kept in --work.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pypdfium2

from coproarchive.extract.base import Extraction, Limits
from coproarchive.extract.table import extract
from coproarchive.extract.worker import Job, Reader
from coproarchive.model import Leaf, Source
from extraction_references import (
    SlideXml,
    Words,
    drawn_slides,
    majority,
    pdf_readings,
    unbroken,
    words,
)

PDF = "application/pdf"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
# What stands on the page itself; the rest (notes, links, alt text) no drawing shows.
DRAWN = {
    Source.TEXT, Source.TABLE, Source.CHART, Source.SMARTART, Source.MATH, Source.TITLE, Source.OCR,
}  # fmt: skip


@dataclass
class Score:
    """One file: words in the reference, found of them, words of ours, invented among them."""

    name: str
    expected: int = 0
    found: int = 0
    ours: int = 0
    invented: int = 0
    poppler_expected: int = 0
    poppler_found: int = 0
    lost: str = ""
    extra: str = ""


def leaf_words(leaf: Leaf, *, drawn_only: bool = False) -> Words:
    """Words of a leaf, its title among them."""
    parts = [p.text for p in leaf.parts if not drawn_only or p.source in DRAWN]
    return words("\n".join([leaf.title, *parts]))


def score_pdf(path: Path) -> Score | None:
    """None where no page of the file has text."""
    leaves = {leaf.number: leaf for leaf in _read(path, PDF).leaves}
    score = Score(path.name)
    lost: Words = Counter()
    extra: Words = Counter()
    for number, readings in enumerate(pdf_readings(path), start=1):
        reference = majority(readings)
        leaf = leaves.get(number, Leaf(number, "page"))
        ours = leaf_words(leaf, drawn_only=True)
        lost += reference - ours
        extra += ours - (readings[0] | readings[1])
        score.expected += reference.total()
        score.found += (reference & ours).total()
        score.poppler_expected += readings[0].total()
        score.poppler_found += (readings[0] & ours).total()
        score.ours += ours.total()
    return _finished(score, lost, extra)


def score_pptx(path: Path, work: Path) -> Score | None:
    """None where LibreOffice draws another number of slides, or none.

    Words of pictures of embedded objects count as drawn, and as lost.
    """
    drawn = drawn_slides(path, work)
    try:
        parts = SlideXml(path).slides()
    except Exception:  # noqa: BLE001 - a reference that gives up has no vote
        return None
    if drawn is None or len(drawn) != len(parts):
        return None
    leaves = {leaf.number: leaf for leaf in _read(path, PPTX).leaves}
    score = Score(path.name)
    lost: Words = Counter()
    extra: Words = Counter()
    for number, (shown, (notes, everything, layout)) in enumerate(
        zip(drawn, parts, strict=True), start=1
    ):
        reference = (unbroken(shown, everything) - layout) + notes
        ours = leaf_words(leaves.get(number, Leaf(number, "slide")))
        lost += reference - ours
        extra += leaf_words(leaves[number], drawn_only=True) - (shown | everything)
        score.expected += reference.total()
        score.found += (reference & ours).total()
        score.ours += ours.total()
    return _finished(score, lost, extra)


def _finished(score: Score, lost: Words, extra: Words) -> Score | None:
    score.invented = extra.total()
    score.lost = " ".join(f"{w}:{n}" for w, n in lost.most_common(12))
    score.extra = " ".join(f"{w}:{n}" for w, n in extra.most_common(8))
    return score if score.expected else None


def _read(path: Path, media_type: str) -> Extraction:
    return extract(path, media_type, Limits())


def raw_pages(path: Path) -> int:
    """What the raw library does: open the file, read the text of every page."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return 0
    for page in document:
        page.get_textpage().get_text_bounded()
    count = len(document)
    document.close()
    return count


def speed(paths: list[Path], rounds: int, workers: int) -> dict[str, float]:
    """Pages a second, isolated and raw, by turns in one run; medians of the rounds."""
    jobs = [Job(p, hashlib.sha256(p.read_bytes()).hexdigest(), PDF) for p in paths]
    ours, raw, again = [], [], []
    with ProcessPoolExecutor(workers) as pool:
        # Files that the raw library refuses cost it nothing, and us a second opinion.
        opened = zip(list(pool.map(raw_pages, paths)), jobs, strict=True)
        jobs = [job for pages, job in opened if pages]
        paths = [job.path for job in jobs]
        for _ in range(rounds):
            started = time.perf_counter()
            pages = sum(pool.map(raw_pages, paths))
            raw.append(pages / (time.perf_counter() - started))
            with tempfile.TemporaryDirectory() as folder:
                with Reader(Path(folder), Limits(workers=workers)) as reader:
                    _start(reader, workers)
                    started = time.perf_counter()
                    read = sum(len(e.leaves) for _, e in reader.read_many(jobs))
                    ours.append(read / (time.perf_counter() - started))
                with Reader(Path(folder), Limits(workers=workers)) as reader:
                    started = time.perf_counter()
                    list(reader.read_many(jobs))
                    again.append(time.perf_counter() - started)
                    assert reader.scheduled == 0, "a second run read files again"
    return {
        "isolated_pages_per_second": statistics.median(ours),
        "raw_pages_per_second": statistics.median(raw),
        "ratio": statistics.median(o / r for o, r in zip(ours, raw, strict=True)),
        "second_run_seconds": statistics.median(again),
        "second_run_extractions": 0,
    }


def _start(reader: Reader, workers: int) -> None:
    """Have every worker up, as the raw ones are: their start is paid once a run, not once a file.

    Each is given a pause to take; one file would find the first of them up, and time the others'.
    """
    pauses = [reader._workers.schedule(time.sleep, 0.2) for _ in range(workers)]
    for pause in pauses:
        pause.result()


def summary(scores: list[Score]) -> dict[str, float]:
    """Totals over all words."""
    expected = sum(s.expected for s in scores) or 1
    poppler = sum(s.poppler_expected for s in scores)
    out = {
        "files": len(scores),
        "words": expected,
        "found": sum(s.found for s in scores) / expected,
        "invented": sum(s.invented for s in scores) / max(1, sum(s.ours for s in scores)),
    }
    if poppler:
        out["found_of_pdftotext"] = sum(s.poppler_found for s in scores) / poppler
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "drawn-slides")
    parser.add_argument("--only", choices=("pdf", "pptx", "speed"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    pdfs = sorted(options.folder.rglob("*.pdf"))
    decks = sorted(options.folder.rglob("*.pptx"))
    report: dict[str, object] = {}
    with ProcessPoolExecutor(options.workers) as pool:
        for name, paths in (("pdf", pdfs), ("pptx", decks)):
            if options.only not in (None, name):
                continue
            tasks = [
                pool.submit(score_pdf, p)
                if name == "pdf"
                else pool.submit(score_pptx, p, options.work)
                for p in paths
            ]
            scores = [s for task in tasks if (s := _result(task)) is not None]
            report[name] = summary(scores) | {"unscored": len(paths) - len(scores)}
            worst = sorted(scores, key=lambda s: s.found - s.expected)[:12]
            worst += sorted(scores, key=lambda s: -s.invented)[:8]
            report[f"{name}_worst"] = [asdict(s) for s in worst]
    if options.only in (None, "speed"):
        report["speed"] = speed(pdfs, options.rounds, options.workers)
    if options.json:
        print(json.dumps(report, indent=1))
        return
    for key, value in report.items():
        if isinstance(value, dict):
            print(key, " ".join(f"{k}={v:.4g}" for k, v in value.items()))
        else:
            for row in value:  # type: ignore[attr-defined]
                print(
                    f"  {row['found']}/{row['expected']} invented {row['invented']}  {row['name']}"
                    f"\n      lost: {row['lost']}\n      invented: {row['extra']}"
                )


def _result(task: object) -> Score | None:
    try:
        return task.result()  # type: ignore[attr-defined, no-any-return]
    except Exception as error:  # noqa: BLE001 - odd files: the references raise anything
        print(f"not scored: {type(error).__name__}: {error}", file=sys.stderr)
        return None


if __name__ == "__main__":
    main()
