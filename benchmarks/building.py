"""How long a rebuild from cached texts takes, and one more talk after it; beside an older checkout.

    python benchmarks/building.py --leaves N [--base CHECKOUT] [--json]

Each is measured in a process of its own, on the same made-up archive. CPU seconds are split into
making documents and the engine's writing of them; memory is the process's peak, the archive
included; bytes are those of the index folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


def updater(root: Path, archive: Any) -> Callable[[], Any]:
    """What brings the index up to date, in this checkout or one from before `update_index`."""
    import speed

    if hasattr(speed, "update_index"):
        storage = speed.ENGINES["whoosh"](root)
        return lambda: speed.update_index(
            storage, speed.NoStore(), archive.catalogue, archive.reader
        )
    return lambda: speed.Index.update(root, speed.NoStore(), archive.catalogue, archive.reader)


def engine_type() -> Any:
    """The engine's class; in an older checkout it was a module."""
    try:
        from coproarchive.search.engines.whoosh.engine import WhooshEngine
    except ImportError:
        from coproarchive.search.engines.whoosh import WhooshEngine  # type: ignore[attr-defined,no-redef]
    return WhooshEngine


def count_cpu(engine: Any) -> dict[str, float]:
    """Have the engine's `write` count CPU seconds, of documents and its own."""
    seconds = {"documents": 0.0, "engine": 0.0}
    write = engine.write

    def counted(documents: Iterable[Any]) -> Iterator[Any]:
        iterator = iter(documents)
        while True:
            started = time.process_time()
            document = next(iterator, None)
            seconds["documents"] += time.process_time() - started
            if document is None:
                return
            yield document

    def timed(self: Any, documents: Iterable[Any], delete: Iterable[str] = ()) -> None:
        started, before = time.process_time(), seconds["documents"]
        write(self, counted(documents), delete)
        spent = time.process_time() - started
        seconds["engine"] += spent - (seconds["documents"] - before)

    engine.write = timed
    return seconds


def measure(leaves: int) -> dict[str, float]:
    """Build an index with the checkout that is first on the path."""
    import resource

    from made_up import Archive

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "index"
        archive = Archive(leaves, Path(folder) / "texts", None)
        seconds = count_cpu(engine_type())
        update = updater(root, archive)
        started, cpu = time.perf_counter(), time.process_time()
        update()
        figures = {
            "seconds": time.perf_counter() - started,
            "cpu": time.process_time() - cpu,
            **seconds,
        }
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures["index_mb"] = sum(p.stat().st_size for p in root.rglob("*") if p.is_file()) / 1e6
        archive.add_talk("xyzzyword")
        update = updater(root, archive)
        started = time.perf_counter()
        update()
        figures["one_more_seconds"] = time.perf_counter() - started
    return {name: round(figure, 3) for name, figure in figures.items()}


def measure_checkout(checkout: Path, leaves: int) -> dict[str, float]:
    """Measure in a process whose modules are those of a checkout."""
    path = os.pathsep.join(str(checkout / name) for name in ("src", "benchmarks"))
    command = [sys.executable, __file__, "--leaves", str(leaves), "--measure"]
    # -P: or this file's folder, with newer modules, would come first.
    command.insert(1, "-P")
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{checkout}: {done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", type=int, default=10_000, metavar="N")
    parser.add_argument("--base", type=Path, metavar="CHECKOUT", help="an older one to compare")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.leaves)))
        return 0
    results: dict[str, Any] = {"now": measure_checkout(CHECKOUT, arguments.leaves)}
    if arguments.base:
        results["base"] = base = measure_checkout(arguments.base.resolve(), arguments.leaves)
        ratios = {name: base[name] / max(figure, 1e-3) for name, figure in results["now"].items()}
        results["ratio"] = {name: round(ratio, 2) for name, ratio in ratios.items()}
    if arguments.json:
        print(json.dumps(results, indent=2))
        return 0
    print(f"{'':20}" + "".join(f"{name:>12}" for name in results))
    for name in results["now"]:
        print(f"{name:20}" + "".join(f"{column[name]:12.2f}" for column in results.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
