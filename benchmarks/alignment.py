"""How many slides of two forms of a talk are paired rightly, and how fast.

    python benchmarks/alignment.py FOLDER [--truth FILE] [--work FOLDER] [--json]

FOLDER holds the files that the truth names. A row of the truth is two files and the numbers of the
leaves that are the same slide, looked at by hand; where the second file is a change of the first
(slides taken out, moved), LibreOffice makes its PDF, which is kept in --work. Every leaf of the
first file that is in no pair of the truth has none, but for those that are `unclear`: a slide that
was divided in two, or one of its builds. Precision is the share of our pairs that are
right, recall the share of the right ones that are ours. Needs soffice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pptx import Presentation

from coproarchive.extract.base import Limits
from coproarchive.extract.table import extract
from coproarchive.model import Leaf
from coproarchive.store.files import media_type_of
from coproarchive.talks.alignment import align

TRUTH = Path(__file__).resolve().with_name("alignment_truth.json")


@dataclass
class Score:
    """Of two files: slides of the first, pairs in the truth, ours, and right ones among ours.

    Attributes:
        wrong, missing: pairs of numbers.
        milliseconds: of the alignment.
    """

    name: str
    slides: int
    expected: int
    ours: int
    right: int
    wrong: list[tuple[int, int]]
    missing: list[tuple[int, int]]
    milliseconds: float


def order_of(count: int, change: dict[str, Any]) -> list[int]:
    """Return the numbers of a deck's slides in the order of a change.

    Args:
        count: slides of the deck.
        change: `without`, numbers that are taken out; `moved`, of each block first and last number
            and the number after which it then stands.
    """
    order = [n for n in range(1, count + 1) if n not in change.get("without", [])]
    for first, last, after in change.get("moved", []):
        block = [n for n in order if first <= n <= last]
        order = [n for n in order if n not in block]
        place = order.index(after) + 1 if after else 0
        order[place:place] = block
    return order


def changed_pdf(deck: Path, change: dict[str, Any], work: Path) -> Path:
    """Return the PDF of a deck with slides taken out and moved, made by LibreOffice."""
    name = f"{deck.stem} {json.dumps(change, separators=(',', ':'))}".replace('"', "")
    pdf = work / f"{name}.pdf"
    if pdf.exists():
        return pdf
    presentation = Presentation(str(deck))
    listed = presentation.slides._sldIdLst
    slides = list(listed)
    for slide in slides:
        listed.remove(slide)
    for number in order_of(len(slides), change):
        listed.append(slides[number - 1])
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "changed.pptx"
        presentation.save(str(made))
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
                   "--convert-to", "pdf", "--outdir", folder, str(made)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        shutil.move(made.with_suffix(".pdf"), pdf)
    return pdf


def leaves_of(path: Path) -> list[Leaf]:
    """Return the leaves of a file that readers see where hidden slides are withheld."""
    extraction = extract(path, media_type_of(path.name), Limits())
    return [leaf for leaf in extraction.leaves if not leaf.hidden]


def score(row: dict[str, Any], folder: Path, work: Path) -> Score:
    """Align two files and compare with the truth."""
    one = folder / row["one"]
    other = folder / row["other"] if "other" in row else changed_pdf(one, row["change"], work)
    first, second = leaves_of(one), leaves_of(other)
    started = time.perf_counter()
    pairs = align(first, second)
    took = time.perf_counter() - started
    unclear = set(row["unclear"])
    ours = {(first[p.one].number, second[p.other].number) for p in pairs}
    ours = {pair for pair in ours if pair[0] not in unclear}
    truth = {(a, b) for a, b in row["pairs"]}
    name = f"{one.name} / {other.name if 'other' in row else json.dumps(row['change'])}"
    return Score(
        name,
        len(first) - len(unclear),
        len(truth),
        len(ours),
        len(ours & truth),
        sorted(ours - truth),
        sorted(truth - ours),
        round(1000 * took, 1),
    )


def main() -> int:
    """Print a line for each pair of files, and precision and recall of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--work", type=Path, help="where LibreOffice's PDFs are kept")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = json.loads(options.truth.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        scores = [score(row, options.folder, work) for row in rows]
    slides, expected, ours, right = (
        sum(getattr(s, name) for s in scores) for name in ("slides", "expected", "ours", "right")
    )
    totals = {
        "slides": slides,
        "pairs": expected,
        "precision": round(right / ours, 4) if ours else 0.0,
        "recall": round(right / expected, 4) if expected else 0.0,
        "milliseconds": round(sum(s.milliseconds for s in scores), 1),
    }
    if options.json:
        print(json.dumps({**totals, "files": [asdict(s) for s in scores]}))
        return 0
    for s in scores:
        print(f"{s.name}: {s.slides} slides, {s.right} of {s.expected} pairs, {s.ours - s.right} "
              f"wrong, {s.milliseconds} ms")  # fmt: skip
        if s.wrong or s.missing:
            print(f"   wrong {s.wrong}  missing {s.missing}")
    print(totals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
