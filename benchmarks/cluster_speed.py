"""How fast the engine on an OpenSearch node is, beside the embedded one on the same archive.

    python benchmarks/cluster_speed.py --leaves N [--queries 20] [--shards 1] [--json]

Both index the same made-up archive and are asked the same six classes of queries in one run, with
all that a page of results needs; see speed.py. The node (scripts/opensearch_node.py) runs on this
machine, so client and server share its cores: read the ratios. CPU is in milliseconds a page, of
this process and of the node. Exit code 77 where no node can be run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import opensearch_node as node
from coproarchive.search.engines import ENGINES
from coproarchive.search.engines.seam import IndexStorage, ServerOptions
from coproarchive.search.index.index import Index
from coproarchive.search.index.update import update_index
from coproarchive.search.language.query import Query
from made_up import Archive
from speed import NoStore, summary, timed

SKIPPED = 77
WARM = 3


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(
    storage: IndexStorage, archive: Archive, queries: dict[str, list[str]], server: int
) -> dict[str, Any]:
    """Build an index, and ask it; `server` is the node's process, 0 for none."""

    def cpu() -> float:
        return time.process_time() + (cpu_of(server) if server else 0)

    started, spent = time.perf_counter(), cpu()
    update_index(storage, NoStore(), archive.catalogue, archive.reader)  # type: ignore[arg-type]  # see NoStore
    figures: dict[str, Any] = {
        "build": {"seconds": time.perf_counter() - started, "cpu_seconds": cpu() - spent}
    }
    index, catalogue = Index(storage), archive.catalogue

    def search(text: str) -> Callable[[], Any]:
        return lambda: index.search(Query.parse(text), catalogue)

    figures["first_query_ms"] = timed(search(queries["several"][0]))
    for kind, texts in queries.items():
        cold = [timed(search(text)) for text in texts]
        spent = cpu()
        warm = [timed(search(text)) for text in texts for _ in range(WARM)]
        figures[kind] = {
            "cold": summary(cold),
            "warm": summary(warm),
            "cpu_ms": (cpu() - spent) * 1000 / len(warm),
        }
    index.close()
    return figures


def show(results: dict[str, Any]) -> None:
    """Print the table for reading."""
    ours, theirs = results["whoosh"], results["opensearch"]
    print(f"{results['leaves']:,} leaves, {results['shards']} shards; p50/p95 in milliseconds")
    print(f"{'':10}{'whoosh cold':>16}{'warm':>16}{'opensearch cold':>18}{'warm':>16}{'CPU':>16}")
    for kind in results["classes"]:
        cells = [
            f"{e[kind][s]['p50']:.2f}/{e[kind][s]['p95']:.2f}"
            for e in (ours, theirs)
            for s in ("cold", "warm")
        ]
        cpu = f"{ours[kind]['cpu_ms']:.1f} : {theirs[kind]['cpu_ms']:.1f}"
        print(f"{kind:10}{cells[0]:>16}{cells[1]:>16}{cells[2]:>18}{cells[3]:>16}{cpu:>16}")
    for name in ("seconds", "cpu_seconds"):
        one, other = ours["build"][name], theirs["build"][name]
        print(f"building, {name}: {one:.1f} : {other:.1f}, {other / one:.2f} times")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", type=int, default=10_000, metavar="N")
    parser.add_argument("--queries", type=int, default=20, metavar="N", help="of each class")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--port", type=int, default=9740, help="of the node")
    parser.add_argument("--heap", default="1g", help="of the node")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    if lacking := node.missing():
        print(f"skipped: no OpenSearch node can be run here; install {lacking}")
        return SKIPPED
    node.HEAP = arguments.heap
    # With the better compiler, as a server would run: the last option counts.
    node.JAVA_OPTIONS.append("-XX:TieredStopAtLevel=4")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        archive = Archive(arguments.leaves, work / "texts", None)
        queries = archive.queries(arguments.queries)
        (alone,) = node.start(work / "cluster", arguments.port)
        options = ServerOptions((alone.url,), index="speed", shards=arguments.shards, replicas=0)
        try:
            results: dict[str, Any] = {
                "leaves": sum(len(talk.bodies) for talk in archive.talks),
                "shards": arguments.shards,
                "classes": list(queries),
                "whoosh": measure(ENGINES["whoosh"](work / "index"), archive, queries, 0),
                "opensearch": measure(
                    ENGINES["opensearch"](work / "none", options),
                    archive,
                    queries,
                    alone.process.pid,
                ),
            }
        finally:
            alone.stop(signal.SIGKILL)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
