"""Random records, queries, requests and uploads: only answers and named errors may come back.

    python benchmarks/fuzz.py TARGET [--minutes 30] [--examples N] [--seed 1]

TARGET is records, queries, requests or uploads. Examples are made by hypothesis, in batches with
seeds that follow one another; each failure is made small and printed with its batch's seed
(--seed N --examples 200 makes the same batch again). What is tried and what must hold stands in
fuzz_targets.py. Ends with exit code 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from fuzz_targets import TARGETS

BATCH = 200
"""Examples with one seed."""


def batch(
    strategy: st.SearchStrategy[Any], check: Callable[[Any], None], number: int, examples: int
) -> Exception | None:
    """Try examples of one seed; return what went wrong with the smallest of them, if anything."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(strategy)
    def run(example: Any) -> None:
        check(example)

    try:
        run()
    except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
        return error
    return None


def where(error: Exception) -> str:
    """Return the innermost place of an error, by which its like are counted together."""
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    frames = traceback.extract_tb(inner.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(inner).__name__} at {place}"


def main() -> int:
    """Fuzz one target; print executions and failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=list(TARGETS))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--examples", type=int, default=0, help="so many, instead of minutes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    found: Counter[str] = Counter()
    tried = 0
    with tempfile.TemporaryDirectory() as name, TARGETS[options.target](Path(name)) as target:

        def check(example: Any) -> None:
            nonlocal tried
            tried += 1
            target.check(example)

        for number in count(options.seed):
            error = batch(target.examples, check, number, options.examples or BATCH)
            if error is not None:
                found[where(error)] += 1
                if found[where(error)] == 1:
                    print(f"seed {number}: {where(error)}", flush=True)
                    traceback.print_exception(error)
            if options.examples or time.monotonic() > until:
                break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    batches = number - options.seed + 1
    print(f"{options.target}: {tried} executions in {batches} batches from seed {options.seed}; "
          f"{sum(found.values())} failures of {len(found)} kinds; {peak} MB")  # fmt: skip
    for place, times in found.most_common():
        print(f"  {times} x {place}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
