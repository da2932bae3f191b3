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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mutation.operators import Mutant, mutants_of
from mutation.trials import Outcome, Tests, Trials

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "coproarchive"
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.yaml")
_PAGES = "tests/web tests/trust/test_acts.py tests/trust/test_hosts.py tests/trust/test_threats.py"
_SIGN_IN = f"{_PAGES} tests/trust/test_sign_in.py tests/trust/test_sessions.py"
_STORE = (
    "tests/store tests/desk/test_history.py tests/trust/test_hiding.py tests/trust/test_strays.py "
    "tests/trust/test_writers.py tests/trust/test_disks.py tests/trust/test_folding_disk.py"
)
_COPIES = "tests/trust/test_public_copies.py tests/trust/test_withheld.py"
MODULES: dict[str, str] = {
    "catalogue.py": (
        "tests/test_catalogue.py tests/trust/test_hiding.py tests/search/test_hidden.py"
    ),
    "check.py": "tests/test_check.py tests/test_bundled.py",
    "public_copies.py": _COPIES,
    "public_records.py": (
        f"tests/test_public_records.py tests/test_catalogue.py tests/trust/test_hiding.py {_COPIES}"
    ),
    "store/*.py": _STORE,
    "ingest/add.py": "tests/ingest tests/store/test_store.py tests/trust/test_writers.py",
    "desk/*.py": "tests/desk",
    "web/access.py": _SIGN_IN,
    "web/credentials.py": _SIGN_IN,
    "web/sessions.py": _SIGN_IN,
    "web/sign_in.py": _SIGN_IN,
    "web/hosts.py": _SIGN_IN,
    "web/middleware.py": _SIGN_IN,
    "web/downloads.py": f"{_PAGES} {_COPIES} tests/desk/test_readers.py",
    "web/follow.py": _PAGES,
    "search/language/query*.py": "tests/search",
    "search/index/search_context.py": "tests/search",
    "extract/zips.py": "tests/extract/test_zips.py tests/extract/test_pptx.py",
}
"""Module -> its own tests, which alone are run to see what they reach: the others reach it by the
same doors, and running all of them takes many minutes."""


def tests_of(chosen: list[str]) -> list[str]:
    """Return the files and folders of tests of the chosen modules, each once."""
    named = {
        test: None
        for pattern, tests in MODULES.items()
        if any(_is_chosen(_inner(path), chosen) for path in PACKAGE.glob(pattern))
        for test in tests.split()
    }
    return [t for t in named if not any(t.startswith(f"{other}/") for other in named)]


def _inner(path: Path) -> str:
    return str(path.relative_to(PACKAGE).with_suffix(""))


def _is_chosen(inner: str, chosen: list[str]) -> bool:
    return not chosen or any(c in inner for c in chosen)


def files_of(chosen: list[str]) -> dict[str, Path]:
    """Return dotted name -> file of the modules, of those that are chosen by a part of the name."""
    found = {}
    for pattern in MODULES:
        for path in sorted(PACKAGE.glob(pattern)):
            parts = ["coproarchive", *(p for p in _inner(path).split("/") if p != "__init__")]
            if _is_chosen(_inner(path), chosen):
                found[".".join(parts)] = path
    return found


def measured(make: Callable[[list[str]], Trials], paths: list[str], cache: Path) -> Tests:
    """Return what each test runs.

    Kept for each file of tests until it changes, or the package, or what tests share: after one
    more test in a file, that file alone is run again.

    Args:
        make: makes the trials of some tests.
        paths: files and folders of tests.
        cache: a folder.
    """
    shared = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        if not path.name.startswith("test_"):
            shared.update(path.read_bytes())
    found = Tests()
    kept = {file: _kept_measure(file, shared.hexdigest(), cache) for file in _files_in(paths)}
    missing = [file for file, target in kept.items() if not target.is_file()]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        fresh = make([str(file) for file in missing]).measure(PACKAGE)
        for file in missing:
            kept[file].write_text(json.dumps(fresh.of_file(str(file))), encoding="utf-8")
    for target in kept.values():
        found.add(json.loads(target.read_text(encoding="utf-8")))
    return found


def _files_in(paths: list[str]) -> list[Path]:
    """Return the files of tests that paths name, from the clone on, each once."""
    files: dict[Path, None] = {}
    for path in map(ROOT.joinpath, paths):
        inside = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
        files |= dict.fromkeys(file.relative_to(ROOT) for file in inside)
    return list(files)


def _kept_measure(file: Path, shared: str, cache: Path) -> Path:
    digest = hashlib.sha256(shared.encode() + str(file).encode() + (ROOT / file).read_bytes())
    return cache / f"mutants-{digest.hexdigest()[:24]}.json"


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
    parser.add_argument("--tests", nargs="*", help="files and folders; else those of MODULES")
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
    paths = [str(file) for file in _files_in(options.tests or tests_of(options.module))]
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:

        def make(paths: list[str]) -> Trials:
            return Trials(ROOT, paths, files, Path(scratch), options.seconds)

        make(paths).run(mutants, measured(make, paths, cache), told)
    rows = figures(results, equivalents())
    if options.json:
        print(json.dumps(rows))
    else:
        report(rows, files, options.wide)
        print(f"{len(results)} mutants in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
