"""Drills: kill, full disk, failing input and output, bit flips; exit code 1 at any loss.

    python benchmarks/drill.py kill --trials 100 --seed 1

Everything happens in copies of a small invented archive in a folder of its own. See
docs/develop/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT / "src")]
DRILLS = ("kill", "full-disk", "failing-io", "bit-flips")


def main() -> None:
    """Run one drill and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("drill", choices=DRILLS)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only",
        default="",
        help="what begins so: writers, or for bit-flips derived, records, originals",
    )
    parser.add_argument("--json", action="store_true", help="for a program to read")
    options = parser.parse_args()
    folder = Path(
        os.environ.get("DRILL_FOLDER") or tempfile.mkdtemp(prefix="drill-", dir=_memory())
    )
    try:
        sys.exit(_run(options, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Return a folder of a file system in memory, where there is one that can be written to."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _run(options: argparse.Namespace, folder: Path) -> int:
    # Nothing is left running that draws into a folder which is compared, or gone.
    os.environ["COPROARCHIVE_PICTURES_AHEAD"] = "off"
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")  # threads do not survive forks
    from drills import injector

    why_not = injector.restart_with_injector(folder)
    from drills import bit_flips, failing_io, full_disk, kill, processes
    from drills.trials import Ground

    runs = (kill.run, full_disk.run, failing_io.run, bit_flips.run)
    drills = dict(zip(DRILLS, runs, strict=True))
    processes.warm_up()
    started = time.monotonic()
    ground = Ground(folder / "ground", options.seed)
    tally = drills[options.drill](ground, options.trials, options.seed, options.only)
    if why_not:
        tally.notes.append(f"no faults at counted calls: {why_not}")
    found = {"drill": options.drill, "seed": options.seed, **tally.to_json()}
    found["seconds"] = round(time.monotonic() - started, 1)
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _print(found)
    return 1 if tally.losses else 0


def _print(found: dict[str, object]) -> None:
    print(*(f"{name} {found[name]}" for name in ("drill", "seed", "trials", "faults", "losses",
                                                 "named", "seconds")), sep=", ")  # fmt: skip
    rows = found["by_writer"]
    assert isinstance(rows, dict)
    for name, (trials, faults, lost) in rows.items():
        print(f"{name:28} {trials:5} trials {faults:5} faults {lost:4} with losses")
    outcomes = found["outcomes"]
    assert isinstance(outcomes, dict)
    for outcome, times in sorted(outcomes.items()):
        print(f"{outcome:44} {times:5}")
    for list_of in ("notes", "lost"):
        lines = found[list_of]
        assert isinstance(lines, list)
        print(*lines, sep="\n", end="\n" if lines else "")


if __name__ == "__main__":
    main()
