"""The load drill: a hundred readers at once, while the index is updated and rebuilt.

    python benchmarks/drills/load.py --leaves 100000 --readers 100 --minutes 10

A made-up archive is served by `coproarchive serve`; a quarter of the readers have Streamlit's
search page open, the others ask for pages, pictures and files. Meanwhile records change and
`coproarchive index` runs again and again, now and then with --rebuild. First one reader alone does
the same, without thinking: times are best read as a ratio to that reader's, since readers, index
and server share this machine. Ends with exit code 1 at any error.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT / "src")]

from load_archive import MadeUpArchive  # noqa: E402
from load_readers import Log, PageReader, Reader, SearchReader, read_for  # noqa: E402
from serving import Served, serving  # noqa: E402


def memory_mb(pid: int) -> float:
    """Return what a process and those it started take (proportional set size), in megabytes."""
    kilobytes = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes = int(line.split()[1])
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            return kilobytes / 1024 + sum(memory_mb(int(c)) for c in thread.read_text().split())
    return kilobytes / 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Archivist:
    """Changes records and updates the index in another process, now and then rebuilding it."""

    def __init__(self, archive: MadeUpArchive, served: Served, pause: float, rebuild_every: int):
        self._archive = archive
        self._served = served
        self._pause = pause
        self._rebuild_every = rebuild_every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.updates = self.rebuilds = 0
        self.failures: list[str] = []

    def _work(self) -> None:
        number = 0
        while not self._stopped.wait(self._pause):
            number += 1
            for nth in range(3):
                self._archive.change(3 * number + nth)
            rebuild = number % self._rebuild_every == 0
            command = [sys.executable, "-m", "coproarchive", "index", *["--rebuild"] * rebuild]
            command += ["--archive", str(self._served.archive), "--index", str(self._served.index)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                self.failures.append(f"index: {done.returncode} {done.stderr[-300:]}")
            elif rebuild:
                self.rebuilds += 1
            else:
                self.updates += 1

    def __enter__(self) -> Archivist:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()


def percentiles(log: Log) -> dict[str, dict[str, float]]:
    """Return for each kind of click, and for searches and pages as a whole: number and times."""
    groups = dict(sorted(log.seconds.items()))
    searches = [s for kind, each in groups.items() if kind.startswith("search") for s in each]
    pages = [s for kind, each in groups.items() if not kind.startswith("search") for s in each]
    groups |= {"all searches": searches, "all pages": pages, "all": searches + pages}
    return {
        kind: {"number": len(each), **{
            f"p{q}": round(float(np.percentile(each, q)), 4) for q in (50, 95, 99)
        }}
        for kind, each in groups.items() if each
    }  # fmt: skip


async def alone(served: Served, archive: MadeUpArchive, clicks: int) -> Log:
    """One reader's clicks, without thinking: three of four on pages, as the readers' are."""
    log = Log()
    search = SearchReader(served.address, archive, log, 1)
    pages = PageReader(served.address, archive, log, 1)
    for number in range(clicks):
        await (search if number % 4 == 0 else pages).click()
    await search.close()
    await pages.close()
    return log


async def together(
    served: Served, archive: MadeUpArchive, readers: int, seconds: float, thinking: float
) -> tuple[Log, list[float]]:
    """Have all readers read; return what happened and the server's memory meanwhile."""
    log, memory = Log(), [memory_mb(served.pid)]

    async def watch() -> None:
        while True:
            await asyncio.sleep(max(seconds / 20, 0.2))
            memory.append(await asyncio.to_thread(memory_mb, served.pid))

    kinds = [SearchReader if n % 4 == 0 else PageReader for n in range(readers)]
    people: list[Reader] = [
        kind(served.address, archive, log, 10 + n) for n, kind in enumerate(kinds)
    ]
    watching = asyncio.create_task(watch())
    await asyncio.gather(
        *(read_for(reader, seconds, thinking, n) for n, reader in enumerate(people))
    )
    watching.cancel()
    return log, memory


@contextlib.contextmanager
def made(folder: Path | None, leaves: int) -> Iterator[tuple[Path, MadeUpArchive]]:
    """Make the archive, or take what stands in the folder."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
        yield folder, MadeUpArchive(folder / "archive", leaves)


def drill(options: argparse.Namespace) -> dict[str, Any]:
    """Run the drill; return its figures."""
    with made(options.folder, options.leaves) as (folder, archive):
        index = ["--archive", str(archive.folder), "--index", str(folder / "index")]
        subprocess.run([sys.executable, "-m", "coproarchive", "index", *index], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        started = time.monotonic()
        with serving(folder, archive.folder, COPROARCHIVE_OFFICE="off") as served:
            opened = time.monotonic() - started
            one = asyncio.run(alone(served, archive, options.alone))
            cpu, own_cpu, began = cpu_seconds(served.pid), time.process_time(), time.monotonic()
            with Archivist(archive, served, options.pause, options.rebuild_every) as archivist:
                log, memory = asyncio.run(together(
                    served, archive, options.readers, options.minutes * 60, options.thinking
                ))  # fmt: skip
            seconds = time.monotonic() - began
            server_cpu = (cpu_seconds(served.pid) - cpu) / seconds
        many, single = percentiles(log), percentiles(one)
        third = max(len(memory) // 3, 1)
        return {
            "leaves": options.leaves, "readers": options.readers, "seconds": round(seconds),
            "opened_seconds": round(opened, 1),
            "clicks": sum(map(len, log.seconds.values())),
            "errors": log.errors + one.errors + archivist.failures,
            "busy": log.busy, "reopened": log.reopened,
            "updates": archivist.updates, "rebuilds": archivist.rebuilds,
            "times": many, "alone": single,
            "p95_ratio": {k: round(many[k]["p95"] / single[k]["p95"], 1)
                          for k in many if k in single and single[k]["p95"]},
            "memory_mb": {
                "start": round(memory[0]), "middle": round(float(np.median(memory[third:-third]))),
                "end": round(float(np.median(memory[-third:]))), "highest": round(max(memory)),
            },
            "server_cpu": round(server_cpu, 2),
            "readers_cpu": round((time.process_time() - own_cpu) / seconds, 2),
        }  # fmt: skip


def report(found: dict[str, Any]) -> None:
    """Print the figures as a table."""
    print(f"{found['leaves']} leaves, {found['readers']} readers, {found['seconds']} s, "
          f"{found['clicks']} clicks, {len(found['errors'])} errors, {found['busy']} refused as "
          f"busy, {found['reopened']} connections opened again; {found['updates']} updates and "
          f"{found['rebuilds']} rebuilds of the index beside")  # fmt: skip
    print(
        f"\n{'seconds':18}{'clicks':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'alone p95':>11}{'ratio':>7}"
    )
    for kind, row in found["times"].items():
        single = found["alone"].get(kind, {}).get("p95", float("nan"))
        ratio = found["p95_ratio"].get(kind, float("nan"))
        print(f"{kind:18}{row['number']:8}{row['p50']:9.3f}{row['p95']:9.3f}{row['p99']:9.3f}"
              f"{single:11.3f}{ratio:7.1f}")  # fmt: skip
    memory = ", ".join(f"{name} {mb}" for name, mb in found["memory_mb"].items())
    print(f"\nserver's memory, MB: {memory}; processors taken: server {found['server_cpu']}, "
          f"readers {found['readers_cpu']}; readers, index and server share "
          f"{os.cpu_count()}")  # fmt: skip
    for error in found["errors"][:20]:
        print("error:", error)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=100, help="a quarter of them search")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--thinking", type=float, default=8, help="seconds between clicks")
    parser.add_argument("--alone", type=int, default=200, help="clicks of one reader, before")
    parser.add_argument("--pause", type=float, default=20, help="seconds between updates")
    parser.add_argument("--rebuild-every", type=int, default=4, help="updates")
    parser.add_argument("--folder", type=Path, help="keep archive and index here, for the next run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = drill(options)
    if options.json:
        print(json.dumps(found))
    else:
        report(found)
    return 1 if found["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
