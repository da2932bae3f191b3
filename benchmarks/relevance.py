"""How well the search ranks, on public test collections and beside other engines.

    python benchmarks/relevance.py DIR... [--json]

Each DIR is a collection (see collection.py). Prints, per collection, a row for `coproarchive` and
one for each rival: nDCG@10, average precision, recall in the first hundred, share of queries with
no result, nDCG@10 with a slip of the finger in each query, and the p of a paired randomisation
test against ours. With --weights, what each other choice of weights would give, and leave-one-out:
for each collection the choice that the others would have made, and how that does on it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import rivals
from collection import Collection, Measures, measure, randomisation_p, with_typo
from coproarchive.search.language.ranking import STANDARD, Weights
from product import Product

OURS = "coproarchive"


def evaluate(collection: Collection, names: list[str]) -> dict[str, dict[str, Any]]:
    """Engine -> its measures, ours first."""
    texts = [q.text for q in collection.queries]
    slips = [with_typo(q.text, f"{collection.name}/{q.id}") for q in collection.queries]
    product = Product(collection)
    started = time.perf_counter()
    clean = measure(collection, product.rankings(texts))
    seconds = time.perf_counter() - started
    slipped = measure(collection, product.rankings(slips))
    product.close()
    rows = {OURS: _row(clean, slipped) | {"ms": round(1000 * seconds / len(texts), 2)}}
    for name in names:
        theirs = measure(collection, rivals.rankings(name, collection, texts))
        theirs_slipped = measure(collection, rivals.rankings(name, collection, slips))
        rows[name] = _row(theirs, theirs_slipped) | {
            "p": round(randomisation_p(clean.ndcg10, theirs.ndcg10), 4)
        }
    return rows


def _row(clean: Measures, slipped: Measures) -> dict[str, Any]:
    return clean.means() | {"typos": slipped.means()}


def show(results: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Tables for reading, the mean of the collections last."""
    shown = dict(results)
    if len(results) > 1:
        shown["mean of the collections"] = means(results)
    for name, rows in shown.items():
        print(f"\n{name}")
        print(f"  {'':14}{'nDCG@10':>9}{'MAP':>9}{'R@100':>9}{'empty':>9}{'typos':>9}{'p':>9}")
        for engine, row in rows.items():
            cells = [row[m] for m in ("ndcg10", "map", "recall100", "empty")]
            cells.append(row["typos"]["ndcg10"])
            figures = "".join(f"{cell:9.4f}" for cell in cells)
            p = f"{row['p']:9.4f}" if "p" in row else " " * 9
            print(f"  {engine:14}{figures}{p}")


def candidates() -> dict[str, Weights]:
    """Settings to choose from: the standard one, and each weight of it moved down and up."""
    moves: dict[str, tuple[float, ...]] = {
        "k1": (1.2, 2.0), "b": (0.45, 0.75), "rarity": (1.0, 1.4), "title": (0.0, 0.5),
        "exact": (0.0, 0.5), "repeated": (0.5, 1.5), "pair": (0.0, 0.5), "together": (0.0, 1.0),
    }  # fmt: skip
    found = {"standard": STANDARD}
    for name, values in moves.items():
        for value in values:
            found[f"{name} {value:g}"] = replace(STANDARD, **{name: value})
    for value in (1.0, 2.0):
        fields = {**STANDARD.fields, "title": value}
        found[f"title field {value:g}"] = replace(STANDARD, fields=fields)
    return found


def choose(collections: list[Collection]) -> None:
    """Table of nDCG@10 by setting and collection, then leave-one-out."""
    settings = candidates()
    scores = np.zeros((len(settings), len(collections)))
    for column, collection in enumerate(collections):
        product = Product(collection)
        texts = [q.text for q in collection.queries]
        for row, weights in enumerate(settings.values()):
            product.weigh(weights)
            scores[row, column] = np.mean(measure(collection, product.rankings(texts)).ndcg10)
        product.close()
    print(f"\n{'':20}" + "".join(f"{c.name[:9]:>10}" for c in collections) + f"{'mean':>10}")
    for name, row_scores in zip(settings, scores, strict=True):
        figures = "".join(f"{score:10.4f}" for score in row_scores)
        print(f"{name:20}{figures}{row_scores.mean():10.4f}")
    print("\nleave one out: chosen on the others, measured on")
    names = list(settings)
    left_out = []
    for column, collection in enumerate(collections):
        others = np.delete(scores, column, axis=1).mean(axis=1)
        best = int(np.argmax(others))
        left_out.append(scores[best, column])
        standard = f"(standard {scores[0, column]:.4f})"
        print(f"  {collection.name:14}{names[best]:20}{left_out[-1]:8.4f} {standard}")
    print(f"  {'mean':34}{np.mean(left_out):8.4f} (standard {scores[0].mean():.4f})")


def means(results: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Engine -> the mean of each measure over the collections."""
    engines = next(iter(results.values()))
    names = ("ndcg10", "map", "recall100", "empty")

    def mean(engine: str, measure_name: str, typos: bool) -> float:
        rows = [r[engine]["typos"] if typos else r[engine] for r in results.values()]
        return float(np.mean([row[measure_name] for row in rows]))

    return {
        engine: {n: mean(engine, n, False) for n in names}
        | {"typos": {n: mean(engine, n, True) for n in names}}
        for engine in engines
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    parser.add_argument("--weights", action="store_true", help="other choices, leave-one-out")
    parser.add_argument("--rivals", help="which, with commas between; none for ours alone")
    arguments = parser.parse_args()
    names, absent = rivals.available()
    if arguments.rivals is not None:
        names = [n for n in names if n in arguments.rivals.split(",")]
    elif absent:
        print(f"Not installed, left out: {', '.join(absent)}", file=sys.stderr)
    collections = []
    for folder in arguments.folders:
        try:
            collections.append(Collection.load(folder))
        except (OSError, ValueError, KeyError) as error:
            print(f"{folder} is no test collection: {error}", file=sys.stderr)
            return 2
    if arguments.weights:
        choose(collections)
        return 0
    results = {c.name: evaluate(c, names) for c in collections}
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
