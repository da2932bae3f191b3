"""The leak drill: what is hidden changes no answer that a reader can get.

    python benchmarks/drills/leak.py [--pairs 20] [--seed 1] [--items 14] [--quick] [--json]

Each pair is an archive with hidden and withdrawn items, and the same archive without them. Both are
asked everything that readers can ask (leak_answers.py); a leak is a question that they answer
differently, or a word of what is hidden that stands where nobody asked for it. Ends with exit code
1 where there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from leak_archives import World, make_pair

HERE = Path(__file__).resolve().parent


def answers_of(pair: Path, quick: bool, which: str) -> dict[str, Any]:
    """Ask one archive of a pair, in a process of its own."""
    place = pair / f"serving-{which}" / "archive"
    place.parent.mkdir()
    (pair / which).rename(place)
    target = pair / f"{which}.json"
    environment = os.environ | {
        "COPROARCHIVE_ARCHIVE": str(place),
        "COPROARCHIVE_INDEX": str(place.parent / "index"),
        "COPROARCHIVE_WORKERS": "1",
        "COPROARCHIVE_OFFICE": "off",
        "COPROARCHIVE_PICTURES_AHEAD": "off",
        "COLUMNS": "200",
    }
    words = [str(place), str(place.parent / "index"), str(pair / "world.json"), str(target)]
    command = [sys.executable, str(HERE / "leak_answers.py"), *words, *(["--quick"] * quick)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    place.rename(pair / which)
    if done.returncode:
        raise RuntimeError(f"the archive could not be asked: {done.stderr[-3000:]}")
    answers = json.loads(target.read_text(encoding="utf-8"))
    answers["printed"] = done.stdout + done.stderr
    return dict(answers)


def leaks(full: dict[str, Any], bare: dict[str, Any], world: World) -> list[str]:
    """Return a line for each question that tells of what is hidden."""
    found = []
    for question in dict.fromkeys([*full, *bare]):
        told, expected = full.get(question), bare.get(question)
        if question not in ("log", "printed") and told != expected:
            found.append(f"{question}: {difference(told, expected)}")
        text = json.dumps(told, ensure_ascii=False).casefold()
        found += [f'{question}: says "{word}"' for word in world.silent if word in text]
    return found


def difference(told: object, expected: object) -> str:
    """Return where two answers first differ, with what stands around it."""
    one, other = json.dumps(told, ensure_ascii=False), json.dumps(expected, ensure_ascii=False)
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(at - 60, 0) : at + 80]!r}, without it {other[max(at - 60, 0) : at + 80]!r}"


def try_pair(folder: Path, seed: int, size: int, quick: bool = False) -> tuple[int, list[str]]:
    """Make a pair and ask it; return the number of questions and the leaks."""
    world = make_pair(folder, seed, size)
    with ThreadPoolExecutor(2) as pool:
        full, bare = pool.map(partial(answers_of, folder, quick), ("full", "bare"))
    return len(full), [f"seed {seed}: {line}" for line in leaks(full, bare, world)]


def main() -> int:
    """Try pairs; print how many questions were asked and what leaked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--items", type=int, default=14)
    parser.add_argument("--quick", action="store_true", help="few methods and headers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    asked, found = 0, []
    with tempfile.TemporaryDirectory() as name:
        for seed in range(options.seed, options.seed + options.pairs):
            questions, leaked = try_pair(Path(name) / str(seed), seed, options.items, options.quick)
            asked += questions
            found += leaked
            if not options.json:
                print(f"seed {seed}: {questions} questions, {len(leaked)} leaks", flush=True)
                print("\n".join(line[:600] for line in leaked[:20]), flush=True)
    if options.json:
        print(json.dumps({"pairs": options.pairs, "questions": asked, "leaks": found}))
    else:
        print(f"{options.pairs} pairs, {asked} questions, {len(found)} leaks")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
