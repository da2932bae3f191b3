"""How long suggestions take, and how much memory, in archives of so many leaves.

    python benchmarks/suggestions.py [--leaves 10000,100000] [--texts DIR] [--json]

For each size, of a made-up archive: finding the phrases of all items and writing their log, as
indexing does; one item more; reading the log and making a Suggester of it, with the memory that
stays and its highest point (in a run of its own, as tracing memory takes time); and suggestions for
the beginnings, of one to twelve letters, of what stands on slides. What one more item costs in all,
speed.py measures.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from coproarchive.catalogue import Catalogue
from coproarchive.search.discover.phrases import PhraseLog, phrases_of
from coproarchive.search.discover.suggest import Suggester
from made_up import Archive, Talk

EACH = 300
"""Beginnings that are typed."""


def timed(run: Callable[[], Any]) -> float:
    """Seconds."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def write(log: PhraseLog, talks: list[Talk], digests: dict[str, str]) -> None:
    """Find and log the phrases of talks."""
    with log.appending() as append:
        for talk in talks:
            leaves = [(talk.title, ""), *zip(talk.headings, talk.bodies, strict=True)]
            found = phrases_of(leaves, "en")
            append(talk.id, digests[talk.id], digests[talk.id], found)


def size_figures(leaves: int, texts: Path | None, work: Path) -> dict[str, Any]:
    """The figures of one archive."""
    archive = Archive(leaves, work / "texts", texts)
    catalogue = archive.catalogue.for_public()
    digests = dict(catalogue.digests)
    path = work / "phrases.jsonl"
    finding = timed(lambda: write(PhraseLog(path), archive.talks, digests))

    def one_more() -> None:
        write(PhraseLog(path), archive.talks[:1], digests)
        PhraseLog(path).tidy(digests, at_once=False)

    adding = timed(one_more)
    reading = timed(lambda: PhraseLog(path).read(digests, digests))
    building = timed(lambda: made(path, catalogue, digests))
    kept, highest = _memory(path, catalogue, digests)
    suggester = made(path, catalogue, digests)
    rng = random.Random(7)
    typed = [_beginning(rng, archive) for _ in range(EACH)]
    answers = [len(suggester.suggest(text)) for text in typed]
    times = [timed(lambda text=text: suggester.suggest(text)) * 1000 for text in typed]  # type: ignore[misc]  # bound now
    return {
        "items": len(archive.talks),
        "finding_seconds": round(finding, 2),
        "log_mb": round(path.stat().st_size / 1e6, 1),
        "one_more_ms": round(adding * 1000, 1),
        "reading_seconds": round(reading, 2),
        "making_seconds": round(building, 2),
        "memory_mb": round(kept / 1e6, 2),
        "memory_highest_mb": round(highest / 1e6, 2),
        "phrases": suggester.phrases,
        "suggestion_p50_ms": round(float(np.percentile(times, 50)), 2),
        "suggestion_p95_ms": round(float(np.percentile(times, 95)), 2),
        "suggestion_worst_ms": round(max(times), 2),
        "answered": round(sum(1 for number in answers if number) / EACH, 2),
    }


def made(path: Path, catalogue: Catalogue, digests: dict[str, str]) -> Suggester:
    """What the first reader who types after a change waits for."""
    return Suggester(catalogue, PhraseLog(path).read(digests, digests))


def _beginning(rng: random.Random, archive: Archive) -> str:
    words = rng.choice(rng.choice(archive.talks).bodies).split()
    at = rng.randrange(len(words))
    return " ".join(words[at : at + 2])[: rng.randint(1, 12)]


def _memory(path: Path, catalogue: Catalogue, digests: dict[str, str]) -> tuple[int, int]:
    """Bytes that a Suggester keeps, and the most that making it takes."""
    tracemalloc.start()
    try:
        suggester = made(path, catalogue, digests)
        kept, highest = tracemalloc.get_traced_memory()
        assert suggester
        return kept, highest
    finally:
        tracemalloc.stop()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", default="10000,100000", help="sizes, commas between")
    parser.add_argument("--texts", type=Path, metavar="DIR", help="texts to sample")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    results = {}
    for leaves in arguments.leaves.split(","):
        with tempfile.TemporaryDirectory() as name:
            results[leaves] = size_figures(int(leaves), arguments.texts, Path(name))
    if arguments.json:
        print(json.dumps(results, indent=2))
        return 0
    for leaves, figures in results.items():
        print(f"\n{int(leaves):,} leaves")
        for name, value in figures.items():
            print(f"  {name.replace('_', ' '):28}{value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
