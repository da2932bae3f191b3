"""How long a first `index` of a folder takes beside Recoll, a desktop search (Debian: recollcmd).

    python benchmarks/recoll.py FOLDER [FOLDER...] [--rounds 3] [--json]

The folders' files are copied once; of the copy an archive is made, which is not measured. Each
round runs `coproarchive index` on that archive and `recollindex` on the copy, one after the other,
both without anything from an earlier round but the system's file cache. Wall time and CPU are those
of the whole process with all that it started. Machines are noisy: compare the ratios. None is given
where Recoll lacks the programmes by which it reads PDFs and decks (Debian: poppler-utils,
python3-lxml). Exit code 77 where recollindex is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SKIPPED = 77
"""Exit code of a test that is skipped, as automake has it."""

Figures = dict[str, float]
"""Seconds: "wall", and "cpu" with that of children."""


def adopt_orphans() -> None:
    """Become the parent of processes whose own has ended, so that their CPU is counted (Linux).

    Workers are children of a server, for which the process that started it does not wait.
    """
    pr_set_child_subreaper = 36  # prctl(2)
    if ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0):
        raise OSError("the CPU of all processes cannot be counted here")


def run(command: list[str], environment: dict[str, str] | None = None) -> Figures:
    """Run a command to its end, and wait for what it leaves behind; see adopt_orphans.

    Raises:
        RuntimeError: it failed; with the end of what it printed.
    """
    before = os.times()
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    wall = time.perf_counter() - started
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    after = os.times()
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return {"wall": wall, "cpu": sum(after[2:4]) - sum(before[2:4])}


def measure(folders: list[Path], rounds: int, recollindex: str, work: Path) -> dict[str, Any]:
    """Index the folders' files with both, in turn; return the rounds' figures and their ratios."""
    files, archive, conf = work / "files", work / "archive", work / "recoll"
    for folder in folders:
        shutil.copytree(folder, files / folder.name)
    command = [sys.executable, "-m", "coproarchive", "--archive", str(archive), "--index"]
    adopt_orphans()
    run([*command, str(work / "adding"), "init"])
    run([*command, str(work / "adding"), "add", "--recursive", str(files)])
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for _ in range(rounds):
        shutil.rmtree(conf, ignore_errors=True)
        conf.mkdir()
        (conf / "recoll.conf").write_text(f"topdirs = {files}\n")
        theirs.append(run([recollindex, "-c", str(conf)], {**os.environ, "HOME": str(work)}))
        shutil.rmtree(work / "index", ignore_errors=True)
        # Recoll draws no pictures.
        environment = {**os.environ, "COPROARCHIVE_PICTURES_AHEAD": "off"}
        ours.append(run([*command, str(work / "index"), "index"], environment))
    missing = conf / "missing"
    lacking = missing.read_text(errors="replace").strip() if missing.is_file() else ""
    return {
        "files": sum(1 for path in files.rglob("*") if path.is_file()),
        "coproarchive": ours,
        "recoll": theirs,
        "missing_helpers": lacking,
        # Who leaves files unread is no measure for who reads them.
        "ratio": {}
        if lacking
        else {
            kind: round(
                statistics.median(o[kind] / r[kind] for o, r in zip(ours, theirs, strict=True)), 2
            )
            for kind in ("wall", "cpu")
        },
    }


def show(results: dict[str, Any]) -> None:
    """Print figures for reading."""
    print(f"{results['files']} files; seconds")
    print(f"{'round':>8}{'ours wall':>12}{'cpu':>8}{'Recoll wall':>14}{'cpu':>8}")
    rounds = zip(results["coproarchive"], results["recoll"], strict=True)
    for number, (ours, theirs) in enumerate(rounds, start=1):
        print(f"{number:8}{ours['wall']:12.2f}{ours['cpu']:8.2f}{theirs['wall']:14.2f}"
              f"{theirs['cpu']:8.2f}")  # fmt: skip
    if ratio := results["ratio"]:
        print(f"ours to Recoll, median of rounds: wall {ratio['wall']:.2f}, CPU {ratio['cpu']:.2f}")
    else:
        print("no comparison: Recoll left files unread, as it lacks (Debian: poppler-utils, "
              f"python3-lxml)\n{results['missing_helpers']}")  # fmt: skip


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="folder")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each [3]")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder")
    recollindex = shutil.which("recollindex")
    if recollindex is None:
        print("skipped: recollindex is not installed (Debian: apt install recollcmd)")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        results = measure(arguments.folders, arguments.rounds, recollindex, Path(name))
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
