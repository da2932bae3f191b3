"""Which small changes to the code do the tests notice?

Of the modules that decide who sees, who may and what is written: each mutant (a condition negated,
a constant one off, a call left out, ...) is tried against the tests that run the changed line. One
that no test notices is a survivor: a promise that nobody holds the code to, or a change without
effect. Those without effect stand in mutants_equivalent.yaml, each with its reason.

    python benchmarks/mutants.py --module catalogue --sample 50 --seed 1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mutation.operators import Mutant, mutants_of
from mutation.trials import Outcome, Tests, Trials

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "coproarchive"
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.yaml")
MODULES = (
    "catalogue.py check.py store/*.py web/access.py web/credentials.py web/hosts.py "
    "web/sessions.py web/sign_in.py web/downloads.py web/middleware.py search/language/query*.py "
    "extract/zips.py ingest/add.py search/index/search_context.py"
).split()
TESTS = (
    "tests/web tests/store tests/trust tests/search tests/ingest tests/api tests/extract tests/ui "
    "tests/cli tests/test_catalogue.py tests/test_check.py tests/test_bundled.py"
).split()


def files_of(chosen: list[str]) -> dict[str, Path]:
    """Return dotted name -> file of the modules, of those that are chosen by a part of the name."""
    found = {}
    for pattern in MODULES:
        for path in sorted(PACKAGE.glob(pattern)):
            inner = path.relative_to(PACKAGE).with_suffix("")
            parts = ["coproarchive", *(p for p in inner.parts if p != "__init__")]
            if not chosen or any(c in str(inner) for c in chosen):
                found[".".join(parts)] = path
    return found


def measured(trials: Trials, paths: list[str], cache: Path) -> Tests:
    """Return what each test runs; kept until the package or a test changes."""
    digest = hashlib.sha256(repr(paths).encode())
    for path in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        digest.update(path.read_bytes())
    kept = cache / f"mutants-{digest.hexdigest()[:16]}.json"
    if kept.is_file():
        found = json.loads(kept.read_text(encoding="utf-8"))
        lines = {f: {int(n): t for n, t in ls.items()} for f, ls in found["lines"].items()}
        return Tests(found["seconds"], lines)
    tests = trials.measure(PACKAGE)
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"seconds": tests.seconds, "lines": tests.lines}), encoding="utf-8")
    return tests


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the changes without effect: place, before, after -> reason."""
    listed = YAML(typ="safe").load(EQUIVALENT.read_text(encoding="utf-8")) or {}
    return {
        (place, entry["before"], entry["after"]): entry["because"]
        for place, entries in listed.items()
        for entry in entries
    }


def place_of(mutant: Mutant) -> str:
    """Return module and function, as mutants_equivalent.yaml names them."""
    return f"{mutant.module.removeprefix('coproarchive.')}:{mutant.function}"


def figures(results: list[tuple[Mutant, Outcome]], reasons: dict[Any, str]) -> dict[str, Any]:
    """Count per module: tried, noticed, without effect; and list the survivors."""
    counts: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"tried": 0, "noticed": 0, "equivalent": 0, "survivors": []}
    )
    for mutant, outcome in sorted(results, key=lambda r: (r[0].module, r[0].line)):
        row = counts[mutant.module.removeprefix("coproarchive.")]
        row["tried"] += 1
        if outcome.noticed_by:
            row["noticed"] += 1
        elif (place_of(mutant), mutant.before, mutant.after) in reasons:
            row["equivalent"] += 1
        else:
            row["survivors"].append({
                "line": mutant.line, "function": mutant.function, "before": mutant.before,
                "after": mutant.after, "tests": outcome.tests,
            })  # fmt: skip
    return dict(counts)


def share(row: dict[str, Any]) -> float:
    """Return which share of the mutants that have an effect was noticed, from 0 to 1."""
    real = row["tried"] - row["equivalent"]
    return row["noticed"] / real if real else 1.0


def report(rows: dict[str, Any], files: dict[str, Path], shown: int) -> None:
    """Print survivors, then a table."""
    for module, row in rows.items():
        path = files[f"coproarchive.{module}"].relative_to(ROOT)
        for s in row["survivors"]:
            said = "" if s["tests"] else "  [no test runs it]"
            print(f"{path}:{s['line']}: {s['before'][:shown]}\n    -> {s['after'][:shown]}{said}")
    print(f"\n{'module':34}{'mutants':>9}{'noticed':>9}{'without effect':>16}{'share':>8}")
    total = {"tried": 0, "noticed": 0, "equivalent": 0}
    for module, row in rows.items():
        for key in total:
            total[key] += row[key]
        print(
            f"{module:34}{row['tried']:9}{row['noticed']:9}{row['equivalent']:16}{share(row):8.1%}"
        )
    print(
        f"{'all':34}{total['tried']:9}{total['noticed']:9}{total['equivalent']:16}{share(total):8.1%}"
    )


def main() -> None:
    """Make mutants, try them, print what survived."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--module", action="append", default=[], help="a part of its path; repeat")
    parser.add_argument("--sample", type=int, help="so many mutants of each module, by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", default=TESTS, help="files and folders of tests")
    parser.add_argument("--seconds", type=float, default=15, help="tests of one mutant, at most")
    parser.add_argument("--wide", type=int, default=160, help="characters shown of a statement")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--progress", action="store_true")
    options = parser.parse_args()
    files = files_of(options.module)
    chance = random.Random(options.seed)
    mutants: list[Mutant] = []
    for name, path in files.items():
        made = mutants_of(name, path.read_text(encoding="utf-8"))
        mutants += (
            made if options.sample is None else chance.sample(made, min(options.sample, len(made)))
        )
    results: list[tuple[Mutant, Outcome]] = []
    started = time.monotonic()

    def told(mutant: Mutant, outcome: Outcome) -> None:
        results.append((mutant, outcome))
        if options.progress:
            after = f"{len(results)}/{len(mutants)}, {time.monotonic() - started:.0f} s"
            how = outcome.noticed_by or f"SURVIVED: {mutant.before} -> {mutant.after}"
            print(after, f"{outcome.seconds:.1f}", place_of(mutant), mutant.line, how[:200],
                  file=sys.stderr, flush=True)  # fmt: skip

    cache = Path(tempfile.gettempdir()) / "coproarchive-mutants"
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        trials = Trials(ROOT, options.tests, files, Path(scratch), options.seconds)
        trials.run(mutants, measured(trials, options.tests, cache), told)
    rows = figures(results, equivalents())
    if options.json:
        print(json.dumps(rows))
    else:
        report(rows, files, options.wide)
        print(f"{len(results)} mutants in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
