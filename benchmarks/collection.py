"""Test collections for ranking, and the measures taken on them.

A collection is a folder with docs.jsonl (id, title, text), queries.jsonl (id, text, sometimes
scope: only documents whose id starts with it are candidates) and qrels.tsv (query id, document id,
grade).
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DEPTH = 1000
"""Ranks that are looked at for average precision."""


@dataclass(frozen=True, slots=True)
class Doc:
    """A document of a collection."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A query of a collection; `scope` is the beginning of its candidates' ids, "" for all."""

    id: str
    text: str
    scope: str = ""


@dataclass(frozen=True)
class Collection:
    """Documents, queries that have a relevant document, and query -> document -> grade."""

    name: str
    docs: tuple[Doc, ...]
    queries: tuple[Question, ...]
    grades: dict[str, dict[str, float]]

    @classmethod
    def load(cls, folder: Path) -> Collection:
        """Read a folder. Raises OSError, ValueError and KeyError where it is not of that form."""
        docs = tuple(
            Doc(str(d["id"]), str(d.get("title") or ""), str(d.get("text") or ""))
            for d in _lines(folder / "docs.jsonl")
        )
        grades: dict[str, dict[str, float]] = {}
        for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
            cells = line.split("\t")
            if len(cells) >= 3 and _is_number(cells[-1]):
                grades.setdefault(cells[0], {})[cells[-2]] = float(cells[-1])
        queries = tuple(
            Question(str(q["id"]), str(q["text"]), str(q.get("scope") or ""))
            for q in _lines(folder / "queries.jsonl")
            if any(grade > 0 for grade in grades.get(str(q["id"]), {}).values())
        )
        return cls(folder.name, docs, queries, grades)

    def scopes_of(self, document_id: str) -> tuple[str, ...]:
        """Which of the queries' scopes the document is in."""
        return tuple(s for s in self.scopes if document_id.startswith(s))

    @property
    def scopes(self) -> tuple[str, ...]:
        """Every scope that a query names."""
        return tuple(dict.fromkeys(q.scope for q in self.queries if q.scope))


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def with_typo(text: str, seed: str) -> str:
    """The text with one slip in one of its words of five letters or more."""
    rng = random.Random(seed)
    words = text.split()
    places = [n for n, w in enumerate(words) if len(w) >= 5 and w.isalpha()]
    if not places:
        return text
    place = rng.choice(places)
    word = words[place]
    at = rng.randrange(1, len(word) - 1)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    words[place] = rng.choice([
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ])  # fmt: skip
    return " ".join(words)


# ------------------------------------------------------------------- measures


@dataclass(frozen=True)
class Measures:
    """Per query, in the order of the collection's queries."""

    ndcg10: list[float]
    ap: list[float]
    recall100: list[float]
    empty: list[float]

    def means(self) -> dict[str, float]:
        """Mean of each measure, rounded to four places; `empty` is the share without results."""
        means = {
            "ndcg10": np.mean(self.ndcg10),
            "map": np.mean(self.ap),
            "recall100": np.mean(self.recall100),
            "empty": np.mean(self.empty),
        }
        return {name: round(float(value), 4) for name, value in means.items()}


def measure(collection: Collection, rankings: list[list[str]]) -> Measures:
    """Judge a ranking a query.

    nDCG@10 with gain = grade and discount log2(rank + 1) (Jarvelin and Kekalainen 2002); average
    precision over the first DEPTH; a query without results scores 0.
    """
    found = Measures([], [], [], [])
    for question, ranking in zip(collection.queries, rankings, strict=True):
        grades = collection.grades[question.id]
        relevant = {d for d, grade in grades.items() if grade > 0}
        found.ndcg10.append(_ndcg(ranking[:10], grades))
        found.ap.append(_average_precision(ranking[:DEPTH], relevant))
        found.recall100.append(len(relevant.intersection(ranking[:100])) / len(relevant))
        found.empty.append(float(not ranking))
    return found


def _ndcg(ranking: list[str], grades: dict[str, float]) -> float:
    ideal = sorted((g for g in grades.values() if g > 0), reverse=True)[:10]
    gains = (max(grades.get(d, 0.0), 0.0) for d in ranking)
    best = sum(g / math.log2(n + 2) for n, g in enumerate(ideal))
    return sum(g / math.log2(n + 2) for n, g in enumerate(gains)) / best


def _average_precision(ranking: list[str], relevant: set[str]) -> float:
    hits, total = 0, 0.0
    for rank, document in enumerate(ranking, start=1):
        if document in relevant:
            hits += 1
            total += hits / rank
    return total / len(relevant)


def randomisation_p(ours: list[float], theirs: list[float], rounds: int = 10_000) -> float:
    """Two-sided p of a paired randomisation test (Smucker, Allan and Carterette 2007)."""
    differences = np.asarray(ours) - np.asarray(theirs)
    rng = np.random.default_rng(7)
    seen = 0
    observed = abs(differences.sum()) - 1e-12
    for _ in range(10):
        signs = rng.choice((-1.0, 1.0), (rounds // 10, len(differences)))
        seen += int(np.count_nonzero(np.abs(signs @ differences) >= observed))
    return (seen + 1) / (rounds + 1)
