"""How fast the search is, on a made-up archive and beside other engines.

    python benchmarks/speed.py --leaves N [--texts DIR] [--json]

Every query does all that a page of results needs: total, counts of five facets, the first ten
results with excerpts; ours also finds the best slides of each and marks the words. Cold is the
first time that a query is asked after opening, warm the median of three times after that. All
engines hold one document a talk and run in turn in one process; our index was built in another, as
`coproarchive index` builds it for `serve`. Our page fills up with near misses where few talks have
all words, and so does that of tantivy, which is the rival to be measured by: p50 and p95 of every
class at or below its own. What is slower is listed ("slower_than_tantivy").
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import speed_rivals
from coproarchive.search.engines import ENGINES
from coproarchive.search.index.index import Index
from coproarchive.search.index.update import update_index
from coproarchive.search.language.analysis import invert
from coproarchive.search.language.query import Query
from made_up import Archive

WARM = 3


class NoStore:
    """Stands for the archive's folder: texts are known, so no file is opened."""

    def asset_path(self, item_id: str, name: str) -> Path:
        return Path(item_id) / name


def timed(run: Callable[[], Any]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1000


def summary(times: list[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.percentile(times, 50)), 3),
        "p95": round(float(np.percentile(times, 95)), 3),
    }


def ask_all(
    queries: dict[str, list[str]], search: Callable[[str, str], Any]
) -> dict[str, dict[str, dict[str, float]]]:
    """Class of query -> cold and warm -> p50 and p95 in milliseconds."""
    # As the page does at its start: what is there is not looked through at every collection.
    gc.collect()
    gc.freeze()
    found = {}
    for kind, texts in queries.items():
        cold = [timed(lambda t=t, k=kind: search(k, t)) for t in texts]  # type: ignore[misc]  # bound now
        warm = [
            statistics.median(timed(lambda t=t, k=kind: search(k, t)) for _ in range(WARM))  # type: ignore[misc]  # bound now
            for t in texts
        ]
        found[kind] = {"cold": summary(cold), "warm": summary(warm)}
    return found


def build(root: Path, leaves: int, folder: Path, texts: Path | None) -> float:
    """Index the same made-up archive; seconds."""
    archive = Archive(leaves, folder, texts)
    return update_index(
        ENGINES["whoosh"](root), NoStore(), archive.catalogue, archive.reader
    ).seconds  # type: ignore[arg-type]  # see NoStore


def ours(
    archive: Archive, root: Path, queries: dict[str, list[str]], seconds: float
) -> dict[str, Any]:
    """Open what was built in so many seconds, ask; add one talk and ask for it."""
    leaves = sum(len(t.bodies) for t in archive.talks)
    catalogue = archive.catalogue
    cutting = timed(lambda: [invert(t.bodies, "en") for t in archive.talks[:300]]) / 1000
    cut = sum(len(t.bodies) for t in archive.talks[:300])
    archive.reader._cache._recent.clear()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    index: list[Index] = []
    opening = timed(lambda: index.append(Index(ENGINES["whoosh"](root))))
    first = timed(lambda: index[0].search(Query.parse(queries["several"][0]), catalogue))
    classes = ask_all(queries, lambda _, text: index[0].search(Query.parse(text), catalogue))
    engine_only = ask_all(queries, lambda _, text: index[0].run(Query.parse(text), catalogue))
    view = index[0]._engine.snapshot()  # type: ignore[attr-defined]  # the whoosh engine's
    archive.add_talk("xyzzyword")
    added = archive.catalogue
    started = time.perf_counter()
    update_index(ENGINES["whoosh"](root), NoStore(), added, archive.reader)  # type: ignore[arg-type]  # see NoStore
    update = time.perf_counter() - started
    started = time.perf_counter()
    total = index[0].search(Query.parse("xyzzyword"), added).total
    after = time.perf_counter() - started
    assert total == 1, "the new talk was not found"
    index[0].close()
    return {
        "classes": classes,
        "engine_only": engine_only,
        "build_leaves_per_second": round(leaves / seconds),
        "cutting_leaves_per_second": round(cut / cutting),
        "build_seconds": round(seconds, 2),
        "opening_ms": round(opening),
        "first_query_ms": round(first),
        "view_mb": round(view.nbytes / 1e6, 1),
        # Pages of these files count among the process's, and go when memory is short.
        "mapped_mb": round(
            sum(p.stat().st_size for p in (root / "generations").rglob("*.bin")) / 1e6
        ),
        "process_mb_more": round(
            (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
        ),
        "one_more_update_seconds": round(update, 2),
        "first_query_after_commit_seconds": round(after, 3),
    }


def slower_than(rival: str, engines: dict[str, Any]) -> list[str]:
    """Return the classes, states and percentiles in which ours takes longer than a rival."""
    return [
        f"{kind} {state} {percentile}: {figures[percentile]} > {other[percentile]} ms"
        for kind, states in engines["coproarchive"]["classes"].items()
        for state, figures in states.items()
        for other in [engines[rival]["classes"][kind][state]]
        for percentile in figures
        if figures[percentile] > other[percentile]
    ]


def show(results: dict[str, Any]) -> None:
    """Tables for reading."""
    print(f"\n{results['leaves']:,} leaves in {results['talks']:,} talks; p50/p95 in milliseconds")
    engines = results["engines"]
    for state in ("cold", "warm"):
        print(f"\n{state:10}" + "".join(f"{name:>20}" for name in engines))
        for kind in next(iter(engines.values()))["classes"]:
            cells = [e["classes"][kind][state] for e in engines.values()]
            print(f"{kind:10}" + "".join(f"{c['p50']:12.2f}/{c['p95']:7.2f}" for c in cells))
    for name, engine in engines.items():
        rest = {k: v for k, v in engine.items() if k not in ("classes", "engine_only")}
        print(f"\n{name}: " + ", ".join(f"{k} {v}" for k, v in rest.items()))
    if "slower_than_tantivy" in results:
        print("\nslower than tantivy: " + ("; ".join(results["slower_than_tantivy"]) or "nothing"))
    print("\nours without locating and marking, warm:")
    for kind, cell in engines["coproarchive"]["engine_only"].items():
        print(f"  {kind:10}{cell['warm']['p50']:8.2f}/{cell['warm']['p95']:7.2f}")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", type=int, default=10_000, metavar="N")
    parser.add_argument("--texts", type=Path, metavar="DIR", help="texts to sample")
    parser.add_argument("--queries", type=int, default=50, metavar="N", help="of each class")
    parser.add_argument("--rivals", help="which, with commas between; none for ours alone")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    names, absent = speed_rivals.available()
    if arguments.rivals is not None:
        names = [n for n in names if n in arguments.rivals.split(",")]
    elif absent:
        print(f"Not installed, left out: {', '.join(absent)}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(arguments.leaves, Path(folder) / "texts", arguments.texts)
        queries = archive.queries(arguments.queries)
        talks = list(archive.talks)
        root = Path(folder) / "index"
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            task = other.submit(
                build, root, arguments.leaves, Path(folder) / "other", arguments.texts
            )
            seconds = task.result()
        engines = {"coproarchive": ours(archive, root, queries, seconds)}
        for name in names:
            rival = speed_rivals.MAKERS[name][1](talks, Path(folder) / name)
            classes = ask_all(queries, rival.search)
            engines[name] = {"classes": classes, "build_seconds": round(rival.build_seconds, 2)}
    leaves = sum(len(t.bodies) for t in talks)
    results = {"leaves": leaves, "talks": len(talks), "engines": engines}
    if "tantivy" in engines:
        results["slower_than_tantivy"] = slower_than("tantivy", engines)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
