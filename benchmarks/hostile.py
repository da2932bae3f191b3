"""Every hostile file must end as text or as a named problem, and nothing else may happen.

    python benchmarks/hostile.py FOLDER [--big] [--seconds 20] [--json]

Reads every document below FOLDER in confined workers and reports how each ended, the parent's
memory, the slowest file, what was written outside the index folder, and whether a worker could
reach the network. With --big, cases are made that are too large to keep: see hostile_big.py.
Ends with exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import socket
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.util import get_temp_dir
from pathlib import Path

import hostile_big
from coproarchive.extract.base import Limits
from coproarchive.extract.office import find_office
from coproarchive.extract.table import CODES
from coproarchive.extract.worker import Reader
from coproarchive.store import media_type_of

SKIPPED = {".yaml", ".xml", ".tsv", ".svg"}  # sidecars and exports have readers of their own
PARENT_LIMIT = 500 * 1024**2


def peak_memory() -> int:
    """Bytes of memory that this process had at most.

    Not getrusage's figure where it can be helped: that one begins with what the parent had.
    """
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        line = next(line for line in lines if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def documents(folder: Path) -> list[Path]:
    """Files that an extractor is meant to read."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink())
    return [p for p in found if p.suffix.lower() not in SKIPPED and p.name != "README.md"]


def outside(roots: list[Path], inside: Path) -> set[str]:
    """Files below the roots, without those below `inside`."""
    found: set[str] = set()
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if Path(folder, f) != inside and f != ".venv"]
            found |= {os.path.join(folder, name) for name in files}
    return found


def read_all(
    paths: list[Path], reader: Reader
) -> tuple[Counter[str], list[str], list[tuple[float, str]]]:
    """Read files; return how they ended, broken promises, and the slowest of them."""
    ended: Counter[str] = Counter()
    broken: list[str] = []
    slow: list[tuple[float, str]] = []
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        started = time.monotonic()
        extraction = reader.read(path, digest, media_type_of(path.name))
        slow.append((round(time.monotonic() - started, 1), path.name))
        codes = {n.code for n in extraction.notices}
        if not codes <= set(CODES):
            broken.append(f"{path.name}: unknown codes {codes - set(CODES)}")
        has_text = any(leaf.title or leaf.parts for leaf in extraction.leaves)
        failed = next((n.code for n in extraction.notices if n.severity == "error"), "")
        if not (has_text or failed or "file-empty" in codes):
            broken.append(f"{path.name}: neither text nor a problem")
        ended["text" if has_text else failed or "file-empty"] += 1
        if has_text and codes & {"file-damaged", "slide-missing", "text-cut"}:
            ended["text with a problem"] += 1
    return ended, broken, sorted(slow, reverse=True)[:8]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--big", action="store_true")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as server:
        work = Path(name)
        index = work / "index"
        paths = documents(options.folder)
        if options.big:
            paths += hostile_big.make(work / "big")
        # multiprocessing's own folder of sockets is made before, where it always is.
        get_temp_dir()
        # Temporary files would go here; other programmes' do not.
        os.environ["TMPDIR"] = tempfile.tempdir = str(work)
        watched = [Path.cwd(), work, options.folder]
        before = outside(watched, index)
        limits = Limits(seconds=options.seconds, workers=1)
        with Reader(index / "extracted", limits, office=find_office("")) as reader:
            ended, broken, slow = read_all(paths, reader)
            port = server.getsockname()[1]
            network = reader._workers.schedule(hostile_big.try_the_network, port).result()
        written = sorted(outside(watched, index) - before)
    peak = peak_memory()
    if peak > PARENT_LIMIT:
        broken.append(f"the parent used {peak // 1024**2} MB")
    if slow[0][0] > 2 * options.seconds + 10:
        broken.append(f"{slow[0][1]} took {slow[0][0]} s")
    report = {
        "files": len(paths),
        "ended": dict(ended),
        "slowest": slow,
        "parent_peak_mb": peak // 1024**2,
        "written_outside_index": written,
        "network": network or "not reachable from a worker",
        "broken": broken + ([network] if network else []),
    }
    print(json.dumps(report, indent=1))
    return 1 if report["broken"] or written else 0


if __name__ == "__main__":
    sys.exit(main())
