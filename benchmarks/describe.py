"""How well a folder is described: titles, speakers, dates and seminars against what people read.

    python benchmarks/describe.py DIR [--truth FILE] [--half a|b] [--kind K] [--wrong] [--json]

DIR holds the files and truth.csv (or --truth names it): columns file (relative to DIR), title,
speakers (";" between them), date (EDTF), seminar; an empty cell says that neither the slides nor
the names tell it, so that any proposal for it is wrong. " | " stands between two titles, " / "
between two forms of a name, that are both right. Optional columns: kind (for --kind), and title_in,
names_in, date_in: where it is told: "slides" for the first two slides, "name", "folder", "handle".

Each file is described twice: as named, and copied to a folder where it is called 0001.pdf,
0002.pptx, ..., so that only its slides can tell. --half a or b takes every second file, by the hash
of its name, so that rules can be tuned on one half and measured on the other.

A title is right where its words are those of the truth (without case and punctuation), or differ by
less than a tenth of their letters, or where one of the two has the subtitle of the other. A speaker
is right where family and given name agree. A date is right where it is the truth's or the truth's
year or month; "exact" counts those that are all of it.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from coproarchive.ingest.describe import DATE, SEMINAR, SPEAKER, SURE, Description
from coproarchive.ingest.folder_plan import DescribeOptions, plan_folder
from coproarchive.ingest.names import name_key
from coproarchive.library import Library
from coproarchive.model import Series
from coproarchive.settings import Settings
from coproarchive.store import Store

BINS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file and what a person read of it."""

    file: str
    title: str
    speakers: tuple[str, ...]
    date: str
    seminar: str
    names_in: str = ""
    date_in: str = ""
    title_in: str = ""
    kind: str = ""


@dataclass
class Tally:
    """Counts of one field: what is true, what was proposed, what of it is right."""

    truth: int = 0
    proposed: int = 0
    right: int = 0
    found: int = 0
    exact: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.proposed if self.proposed else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.truth if self.truth else 1.0


@dataclass
class Outcome:
    """All of a run."""

    files: int = 0
    unread: list[str] = field(default_factory=list)
    title: Tally = field(default_factory=Tally)
    speakers: Tally = field(default_factory=Tally)
    dates: Tally = field(default_factory=Tally)
    seminars: Tally = field(default_factory=Tally)
    wrong: list[tuple[str, str, str, str, float, str]] = field(default_factory=list)
    said: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)


def read_truth(path: Path) -> list[Labelled]:
    """Read truth.csv; columns may stand in any order."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Labelled(
            row["file"].strip(),
            (row.get("title") or "").strip(),
            tuple(s.strip() for s in re.split(r"[;|]", row.get("speakers") or "") if s.strip()),
            *(
                (row.get(name) or "").strip()
                for name in ("date", "seminar", "names_in", "date_in", "title_in", "kind")
            ),
        )
        for row in rows
    ]


def half_of(file: str) -> str:
    """Return "a" or "b", by the hash of the file's name."""
    return "ab"[hashlib.sha256(file.encode()).digest()[0] % 2]


def folded(text: str) -> str:
    """Return a text's words in small letters without punctuation."""
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def same_title(proposed: str, truth: str) -> bool:
    """Tell whether a title is one of the truth's; see the module."""
    return any(_is_title(proposed, one) for one in truth.split(" | "))


def _is_title(proposed: str, truth: str) -> bool:
    one, other = folded(proposed), folded(truth)
    if not one or not other:
        return one == other
    if one.replace(" ", "") == other.replace(" ", "") or fuzz.ratio(one, other) >= 90:
        return True
    mark = r":\s|：|\s[–—-]\s|[?!.]\s"
    if one == folded(re.split(mark, truth)[0]) or other == folded(re.split(mark, proposed)[0]):
        return True
    short, long = sorted((one, other), key=len)
    # A subtitle on a line of its own stands after the title without a mark.
    return long.startswith(f"{short} ") and len(short) >= 10


def same_person(proposed: str, truth: str) -> bool:
    """Tell whether two names are one person's; initials and middle names may be missing."""
    return any(_is_person(proposed, one) for one in truth.split(" / "))


def _is_person(proposed: str, truth: str) -> bool:
    one, other = name_key(proposed), name_key(truth)
    long, others = {w for w in one if len(w) > 1}, {w for w in other if len(w) > 1}
    return one == other or len(long & others) >= 2


def same_date(proposed: str, truth: str) -> bool:
    """Tell whether a date is the truth's, or no more of it than its year or month."""
    first, start = proposed.partition("/")[0], truth.partition("/")[0]
    return (
        proposed == truth
        or start.startswith(first)
        or ("/" in truth and start <= first <= truth.partition("/")[2])
    )


def score(outcome: Outcome, label: Labelled, description: Description, least: float) -> None:
    """Hold one description against its truth."""
    outcome.files += 1
    note = outcome.wrong.append
    title = description.title
    right = same_title(title.value, label.title)
    is_told = bool(label.title)
    outcome.title.truth += is_told
    outcome.title.proposed += is_told
    outcome.title.right += is_told and right
    outcome.title.found += is_told and right
    if is_told:
        outcome.said.setdefault("title", []).append((title.confidence, right))
    if is_told and not right:
        note(("title", label.file, title.value, label.title, title.confidence, title.rule))
    speakers = description.of(SPEAKER)
    for guess in speakers:
        right = any(same_person(guess.value, s) for s in label.speakers)
        outcome.said.setdefault("speaker", []).append((guess.confidence, right))
        if guess.confidence >= least:
            outcome.speakers.proposed += 1
            outcome.speakers.right += right
            if not right:
                note(
                    (
                        "speaker",
                        label.file,
                        guess.value,
                        "; ".join(label.speakers),
                        guess.confidence,
                        guess.rule,
                    )
                )
    sure = [g.value for g in speakers if g.confidence >= least]
    if label.names_in in ("", "slides"):
        outcome.speakers.truth += len(label.speakers)
        missed = [s for s in label.speakers if not any(same_person(v, s) for v in sure)]
        outcome.speakers.found += len(label.speakers) - len(missed)
        for one in missed:
            note(("speaker missed", label.file, "", one, 0.0, ""))
    _score_date(outcome, label, description, least)
    _score_seminar(outcome, label, description)


def _score_date(outcome: Outcome, label: Labelled, description: Description, least: float) -> None:
    dates = description.of(DATE)
    outcome.dates.truth += bool(label.date)
    if dates:
        right = bool(label.date) and same_date(dates[0].value, label.date)
        outcome.said.setdefault("date", []).append((dates[0].confidence, right))
        if dates[0].confidence >= least:
            outcome.dates.proposed += 1
            outcome.dates.right += right
            outcome.dates.found += right
            outcome.dates.exact += dates[0].value == label.date
            if not right:
                note = (
                    "date",
                    label.file,
                    dates[0].value,
                    label.date,
                    dates[0].confidence,
                    dates[0].rule,
                )
                outcome.wrong.append(note)
    if label.date and not (dates and dates[0].confidence >= least):
        outcome.wrong.append(
            ("date missed", label.file, dates[0].value if dates else "", label.date, 0.0, "")
        )


def _score_seminar(outcome: Outcome, label: Labelled, description: Description) -> None:
    named = [g for g in (description.folder_seminar, *description.of(SEMINAR)) if g]
    outcome.seminars.truth += bool(label.seminar)
    if named and label.seminar:
        outcome.seminars.proposed += 1
        right = any(
            fuzz.token_set_ratio(folded(g.value), folded(label.seminar)) >= 85 for g in named
        )
        outcome.seminars.right += right
        outcome.seminars.found += right


def described(folder: Path, work: Path) -> dict[str, Description]:
    """Describe all files of a folder as `add --recursive --describe` does; by their paths in it."""
    archive = work / "archive"
    if not archive.exists():
        Store.create(archive, Series(title="Benchmark"))
    library = Library(Settings(archive=archive, index=work / "index"))
    try:
        plan = plan_folder(library.catalogue(), library.reader, folder, DescribeOptions())
        return {
            path.relative_to(folder).as_posix(): talk.description
            for talk in plan.talks
            for path in talk.paths
        }
    finally:
        library.close()


def laid(
    labels: Sequence[Labelled], source: Path, folder: Path, *, renamed: bool
) -> dict[str, str]:
    """Lay the files into a folder; return their paths there by those of the truth."""
    places = {}
    for number, label in enumerate(labels, start=1):
        original = source / label.file
        if not original.is_file():
            continue
        place = f"{number:04}{original.suffix.lower()}" if renamed else label.file
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(original, target)
        except OSError:
            shutil.copyfile(original, target)
        places[label.file] = place
    return places


def run(
    labels: Sequence[Labelled], source: Path, *, renamed: bool, least: float, work: Path
) -> Outcome:
    """Describe the files, as named or renamed, and hold them against the truth."""
    outcome = Outcome()
    folder = work / ("renamed" if renamed else "named") / source.resolve().name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    places = laid(labels, source, folder, renamed=renamed)
    descriptions = described(folder, work)
    for label in labels:
        description = descriptions.get(places.get(label.file, ""))
        if description is None:
            outcome.unread.append(label.file)
            continue
        told = label
        if renamed:
            untold = {
                field_name: empty
                for field_name, empty, where in (
                    ("title", "", label.title_in),
                    ("speakers", (), label.names_in),
                    ("date", "", label.date_in),
                )
                if where in ("name", "folder")
            }
            told = replace(label, seminar="", **untold)  # type: ignore[arg-type]
        score(outcome, told, description, least)
    return outcome


def calibration(
    said: dict[str, list[tuple[float, bool]]],
) -> list[tuple[str, str, int, float, float]]:
    """Return field, bin, number of guesses, mean confidence and share that is right."""
    rows = []
    for kind, guesses in said.items():
        for low, high in pairwise(BINS):
            inside = [(c, right) for c, right in guesses if low <= c < high]
            if inside:
                mean = sum(c for c, _ in inside) / len(inside)
                rows.append(
                    (
                        kind,
                        f"{low:.1f}-{min(high, 1):.1f}",
                        len(inside),
                        mean,
                        sum(r for _, r in inside) / len(inside),
                    )
                )
    return rows


def show(name: str, outcome: Outcome, *, wrong: bool) -> None:
    """Print one run."""
    title, speakers, dates, seminars = (
        outcome.title,
        outcome.speakers,
        outcome.dates,
        outcome.seminars,
    )
    print(f"{name}: {outcome.files} files, {len(outcome.unread)} not described")
    print(f"  titles    right     {title.right}/{title.truth} = {title.recall:.3f}")
    print(f"  speakers  precision {speakers.right}/{speakers.proposed} = {speakers.precision:.3f}  "
          f"recall {speakers.found}/{speakers.truth} = {speakers.recall:.3f}")  # fmt: skip
    print(f"  dates     precision {dates.right}/{dates.proposed} = {dates.precision:.3f}  "
          f"recall {dates.found}/{dates.truth} = {dates.recall:.3f}  "
          f"exact {dates.exact}")  # fmt: skip
    print(f"  seminars  found     {seminars.found}/{seminars.truth}")
    print("  calibration: field, confidence, guesses, mean confidence, right")
    for kind, bounds, count, mean, share in calibration(outcome.said):
        print(f"    {kind:8} {bounds}  {count:4}  {mean:.2f}  {share:.2f}")
    for file in outcome.unread:
        print(f"  not described: {file}")
    for kind, file, value, truth, sure, rule in outcome.wrong if wrong else ():
        print(f"  {kind}: {file}\n      proposed {value!r} ({sure:.2f}, {rule}); read {truth!r}")


def main(words: Iterable[str] | None = None) -> int:
    """Run it; exit code 0 whatever the figures are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path, help="default: truth.csv in the folder")
    parser.add_argument("--named", action="store_true", help="as named only")
    parser.add_argument("--renamed", action="store_true", help="renamed only")
    parser.add_argument("--half", choices=("a", "b"))
    parser.add_argument("--kind", help="only files whose column kind says so")
    parser.add_argument(
        "--least", type=float, default=SURE, help="confidence from which a guess counts"
    )
    parser.add_argument("--wrong", action="store_true", help="list what is wrong or missed")
    parser.add_argument("--work", type=Path, help="folder in which texts are kept between runs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(None if words is None else list(words))
    truth = options.truth or options.folder / "truth.csv"
    labels = [
        label
        for label in read_truth(truth)
        if options.half in (None, half_of(label.file)) and options.kind in (None, label.kind)
    ]
    both = options.named == options.renamed
    modes = [
        m for m, is_on in ((False, options.named or both), (True, options.renamed or both)) if is_on
    ]
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        outcomes = {
            "renamed" if renamed else "named": run(
                labels, options.folder, renamed=renamed, least=options.least, work=work
            )
            for renamed in modes
        }
    if options.json:
        print(json.dumps({name: asdict(outcome) for name, outcome in outcomes.items()}, indent=1))
        return 0
    for name, outcome in outcomes.items():
        show(name, outcome, wrong=options.wrong)
    return 0


if __name__ == "__main__":
    sys.exit(main())
