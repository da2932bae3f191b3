"""How long suggestions take, and how much memory, in archives of so many leaves.

    python benchmarks/suggestions.py [--leaves 10000,100000] [--texts DIR] [--json]

For each size, of a made-up archive: finding the phrases of all items and packing them, as
indexing does; one item more; unpacking them and making a Suggester of it, with the memory that
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
from coproarchive.search.discover.phrases import pack, phrases_of, unpack
from coproarchive.search.discover.suggest import Suggester
from made_up import Archive, Talk

EACH = 300
"""Beginnings that are typed."""


def timed(run: Callable[[], Any]) -> float:
    """Seconds."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def packed(talks: list[Talk], digests: dict[str, str]) -> dict[str, bytes]:
    """Extract and pack the phrases of talks."""
    phrases = {}
    for talk in talks:
        leaves = [(talk.title, ""), *zip(talk.headings, talk.bodies, strict=True)]
        phrases[talk.id] = pack(digests[talk.id], phrases_of(leaves, "en"))
    return phrases


def unpacked(stored: dict[str, bytes]) -> dict[str, str]:
    """Unpack the phrases of all talks."""
    return {item_id: unpack(data)[1] for item_id, data in stored.items()}


def size_figures(leaves: int, texts: Path | None, work: Path) -> dict[str, Any]:
    """The figures of one archive."""
    archive = Archive(leaves, work / "texts", texts)
    catalogue = archive.catalogue.for_public()
    digests = dict(catalogue.digests)
    stored: dict[str, bytes] = {}
    finding = timed(lambda: stored.update(packed(archive.talks, digests)))
    adding = timed(lambda: packed(archive.talks[:1], digests))
    reading = timed(lambda: unpacked(stored))
    building = timed(lambda: made(stored, catalogue))
    kept, highest = _memory(stored, catalogue)
    suggester = made(stored, catalogue)
    rng = random.Random(7)
    typed = [_beginning(rng, archive) for _ in range(EACH)]
    answers = [len(suggester.suggest(text)) for text in typed]
    times = [timed(lambda text=text: suggester.suggest(text)) * 1000 for text in typed]  # type: ignore[misc]  # bound now
    return {
        "items": len(archive.talks),
        "finding_seconds": round(finding, 2),
        "stored_mb": round(sum(map(len, stored.values())) / 1e6, 1),
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


def made(stored: dict[str, bytes], catalogue: Catalogue) -> Suggester:
    """What the first reader who types after a change waits for."""
    return Suggester(catalogue, unpacked(stored))


def _beginning(rng: random.Random, archive: Archive) -> str:
    words = rng.choice(rng.choice(archive.talks).bodies).split()
    at = rng.randrange(len(words))
    return " ".join(words[at : at + 2])[: rng.randint(1, 12)]


def _memory(stored: dict[str, bytes], catalogue: Catalogue) -> tuple[int, int]:
    """Bytes that a Suggester keeps, and the most that making it takes."""
    tracemalloc.start()
    try:
        suggester = made(stored, catalogue)
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
