"""The cluster drill: nodes and indexers are killed while an index is written and read.

    python benchmarks/drills/cluster.py [--kills 20] [--indexers 50] [--replicas 1] [--json]
    python benchmarks/drills/cluster.py --agree 2000 --shards 3

Three real OpenSearch nodes (scripts/opensearch_node.py) hold an index of three shards. One process
writes batches of documents, eight readers search. Nodes, the elected manager among them, are
killed (SIGKILL) one after the other and started again; then the indexer is killed at random
moments. Every write adds BATCH documents and replaces one that tells how many batches there are,
so that a reader sees by itself whether an answer is whole. `--agree` compares random requests with
the memory engine instead. Ends with exit code 1 where anything was lost, half, or went back, and
with 77 where no node can be run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from coproarchive.errors import CoproArchiveError
from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.opensearch.lease import Lease
from coproarchive.search.engines.opensearch.storage import OpenSearchStorage
from coproarchive.search.engines.seam import Document, Request, ServerOptions, Snapshot
from coproarchive.search.language.analysis import exact
from coproarchive.search.language.query_tree import MatchAll, Term

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import opensearch_node as node  # noqa: E402
from random_queries import RandomQueries, differences  # noqa: E402

SKIPPED = 77
BATCH = 5
READERS = 8
NODES, SHARDS = 3, 3
LEASE_SECONDS = 3.0
"""Shorter than in use, so that a killed indexer's successor does not wait long."""


def storage_of(options: ServerOptions) -> OpenSearchStorage:
    """Make a storage whose lock is given up soon."""
    storage = OpenSearchStorage(Path("unused"), options)
    lease = storage._lease
    storage._lease = Lease(lease._cluster, lease._state, LEASE_SECONDS, 60.0)
    return storage


# ------------------------------------------------------------------------------- writing


def batch_of(number: int) -> list[Document]:
    """Return the documents of a batch, and the one that counts batches."""
    text = f"bread number{number} " * 20
    documents = [
        Document(f"{number:05}-{n}", f"{number}", {"body": (text,)}, stored={"hit": b"x" * 500})
        for n in range(BATCH)
    ]
    counting = Document("count", f"{number}", {"title": ("counted",)})
    return [*documents, counting]


def write_batches(options: ServerOptions, log: Path) -> None:
    """Write batches until killed; note in the log each that was acknowledged, and each failure."""
    with log.open("a", encoding="utf-8") as file:
        while True:
            started = time.monotonic()
            try:
                storage = storage_of(options)
                with storage.lock():
                    engine = storage.open()
                    number = batches_in(engine.snapshot()) + 1
                    while True:
                        started = time.monotonic()
                        engine.write(batch_of(number))
                        file.write(f"written {number} {time.monotonic() - started:.2f}\n")
                        file.flush()
                        number += 1
            except CoproArchiveError as error:
                file.write(f"failed {time.monotonic() - started:.2f} {error}\n")
                file.flush()
                time.sleep(0.5)


def batches_in(snapshot: Snapshot) -> int:
    """Return how many batches a snapshot says that it has."""
    return int(snapshot.digests().get("count", 0))


# ------------------------------------------------------------------------------- reading


class Readers:
    """Threads that search, and notice what must not be.

    Attributes:
        counts: reads, failed reads, and what was wrong, by kind.
        slowest: seconds that an answer took at most.
    """

    def __init__(self, options: ServerOptions):
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        self.errors: list[str] = []
        self._options = options
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(READERS)]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        storage = OpenSearchStorage(Path("unused"), self._options)
        engine, last = None, 0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                if engine is None or not storage.is_current(engine):
                    engine = storage.open()
                snapshot = engine.snapshot()
                last = self._judge(snapshot, last)
                self.counts["reads"] += 1
            except CoproArchiveError as error:
                self.counts["failed reads"] += 1
                self.errors.append(str(error))
                engine = None
            self.slowest = max(self.slowest, time.monotonic() - started)
            time.sleep(0.1)

    def _judge(self, snapshot: Snapshot, last: int) -> int:
        """Search a snapshot; count what is wrong; return how many batches it has."""
        batches = batches_in(snapshot)
        everything = snapshot.search(Request(MatchAll(), limit=3)).total
        bread = snapshot.search(Request(Term(exact("bread")), facets=("kind",), limit=3))
        word = exact(f"number{max(batches, 1)}")
        newest = snapshot.search(Request(Term(word), limit=BATCH))
        frequency = snapshot.frequencies([word])[word]
        occurrences = snapshot.occurrences([i for i, _ in newest.hits], [word])
        expected = BATCH if batches else 0
        if everything != batches * BATCH + bool(batches) or bread.total != batches * BATCH:
            self.counts["half answers"] += 1
        if newest.total != expected or frequency != expected or len(occurrences) != expected:
            self.counts["wrong answers"] += 1
        if batches < last:
            self.counts["went back"] += 1
        return max(last, batches)


# -------------------------------------------------------------------------------- killing


def start_writer(options: ServerOptions, log: Path) -> subprocess.Popen[bytes]:
    """Start a process that writes batches."""
    command = [sys.executable, __file__, "--write", json.dumps(options.urls), options.index,
               str(options.replicas), str(log)]  # fmt: skip
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths})


def acknowledged(log: Path) -> int:
    """Return the number of the last batch that was acknowledged."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return max([int(line.split()[1]) for line in lines if line.startswith("written")], default=0)


def kill_nodes(nodes: list[Any], rng: random.Random, kills: int) -> list[float]:
    """Kill nodes one after the other, every third time the manager; return seconds to green."""
    seconds = []
    for number in range(kills):
        victim = rng.choice(nodes)
        if number % 3 == 0:
            (manager,) = nodes[0].ask_list("/_cat/cluster_manager?format=json")
            victim = next(n for n in nodes if f"node-{n.port}" == manager["node"])
        victim.stop(signal.SIGKILL)
        time.sleep(rng.uniform(1.0, 4.0))
        started = time.monotonic()
        victim.start()
        victim.wait("green", len(nodes))
        seconds.append(time.monotonic() - started)
        print(f"kill {number + 1}: {victim.url} green after {seconds[-1]:.1f} s", file=sys.stderr)
    return seconds


def drill(work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run both parts on one cluster; return figures."""
    rng = random.Random(arguments.seed)
    log = work / "written.log"
    nodes = node.start(work / "cluster", arguments.port, NODES)
    options = ServerOptions(
        tuple(n.url for n in nodes), index="drill", shards=SHARDS, replicas=arguments.replicas
    )
    try:
        storage = storage_of(options)
        with storage.lock(), storage.rebuilding():
            pass
        figures: dict[str, Any] = {"node kills": arguments.kills, "replicas": arguments.replicas}
        with Readers(options) as readers:
            writer = start_writer(options, log)
            time.sleep(3)
            green = kill_nodes(nodes, rng, arguments.kills)
            for _ in range(arguments.indexers):
                time.sleep(rng.uniform(0.2, 3.0) + LEASE_SECONDS)
                writer.kill()
                writer.wait()
                writer = start_writer(options, log)
            time.sleep(3)
            writer.kill()
            writer.wait()
        lines = log.read_text(encoding="utf-8").splitlines()
        last = batches_in(storage_of(options).open().snapshot())
        figures |= {
            "indexer kills": arguments.indexers,
            "batches acknowledged": acknowledged(log),
            # The last one may have been carried out without an answer.
            "batches lost": max(0, acknowledged(log) - last),
            "failed writes": sum(line.startswith("failed") for line in lines),
            "slowest read": round(readers.slowest, 2),
            "to green": [round(s, 1) for s in green],
            **{name: readers.counts[name] for name in
               ("reads", "failed reads", "half answers", "wrong answers", "went back")},
            "errors": readers.errors[:5],
            "write errors": [line for line in lines if line.startswith("failed")][:5],
        }  # fmt: skip
        return figures
    finally:
        for one in nodes:
            one.stop(signal.SIGKILL)


# ---------------------------------------------------------------------------- agreement


def agree(url: str, requests: int, shards: int, seed: int) -> dict[str, Any]:
    """Put random requests to the memory engine too; return how many differ, by what differs."""
    make = RandomQueries(seed)
    options = ServerOptions((url,), index=f"agree-{seed}-{shards}", shards=shards, replicas=0)
    storage = storage_of(options)
    with storage.lock(), storage.rebuilding():
        pass
    memory, engine = MemoryEngine(), storage.open()
    counts: Counter[str] = Counter()
    for _ in range(4):
        documents = {d.id: d for d in (make.document() for _ in range(25))}
        gone = [i for i in (f"d{make.rng.randint(0, 60)}" for _ in range(3)) if i not in documents]
        memory.write(documents.values(), gone)
        engine.write(documents.values(), gone)
        one, other = memory.snapshot(), engine.snapshot()
        counts["digests"] += one.digests() != other.digests()
        counts["words"] += one.words() != other.words()
        for _ in range(requests // 4):
            request = make.request()
            counts["requests"] += 1
            counts.update(differences(one.search(request), other.search(request), 1e-4))
    return {"shards": shards, **counts}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20, help="of nodes [20]")
    parser.add_argument("--indexers", type=int, default=50, help="kills of the indexer [50]")
    parser.add_argument("--replicas", type=int, default=1, help="copies of each shard [1]")
    parser.add_argument("--agree", type=int, default=0, metavar="N", help="compare N requests")
    parser.add_argument("--shards", type=int, default=SHARDS, help="of the index compared [3]")
    parser.add_argument("--port", type=int, default=9240, help="of the first node [9240]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument("--write", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        urls, index, replicas, log = arguments.write
        options = ServerOptions(
            tuple(json.loads(urls)), index=index, shards=SHARDS, replicas=int(replicas)
        )
        write_batches(options, Path(log))
    if lacking := node.missing():
        print(f"skipped: no OpenSearch node can be run here; install {lacking}")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if arguments.agree:
            (alone,) = node.start(work, arguments.port)
            figures = agree(alone.url, arguments.agree, arguments.shards, arguments.seed)
            alone.stop(signal.SIGKILL)
            faults = sum(n for k, n in figures.items() if k not in ("shards", "requests"))
        else:
            figures = drill(work, arguments)
            wrong = ("batches lost", "failed reads", "half answers", "wrong answers", "went back")
            faults = sum(figures[name] for name in wrong)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, figure in figures.items():
            print(f"{name:22} {figure}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
