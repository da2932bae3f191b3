"""The benchmarks run on any folder of their form and print what they promise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(script: str, *words: str) -> Any:
    """What a benchmark prints with --json."""
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), *words, "--json"],
        capture_output=True, text=True, check=True, timeout=150,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Three documents and two queries, one of them with a scope."""
    folder = tmp_path / "bakers"
    folder.mkdir()
    docs = [
        {"id": "a#1", "title": "Rye bread", "text": "How to bake rye bread with a starter"},
        {"id": "a#2", "title": "Ovens", "text": "Ovens are hot"},
        {"id": "b#1", "title": "Rye fields", "text": "Rye grows on poor soil"},
    ]
    queries = [
        {"id": "1", "text": "what is a rye starter?"},
        {"id": "2", "text": "rye", "scope": "b#"},
    ]
    for name, rows in (("docs", docs), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (folder / "qrels.tsv").write_text("1\ta#1\t2\n1\tb#1\t1\n2\tb#1\t1\n")
    return folder


def test_relevance_is_measured_on_any_collection(collection: Path) -> None:
    """A row for us and one for each rival, with the measures by name."""
    rows = run("relevance.py", str(collection), "--rivals", "sqlite_fts5,whoosh_and")["bakers"]
    assert list(rows) == ["coproarchive", "sqlite_fts5", "whoosh_and"]
    ours = rows["coproarchive"]
    assert (ours["ndcg10"], ours["map"], ours["recall100"], ours["empty"]) == (1, 1, 1, 0)
    assert rows["whoosh_and"]["ndcg10"] < 1
    assert set(ours["typos"]) == {"ndcg10", "map", "recall100", "empty"}


def test_speed_is_measured_at_any_size() -> None:
    """Each class of query, cold and warm, for us and a rival; and what adding a talk costs."""
    results = run("speed.py", "--leaves", "90", "--queries", "2", "--rivals", "sqlite_fts5")
    assert results["talks"] == 3
    ours = results["engines"]["coproarchive"]
    assert set(ours["classes"]) == {"rare", "common", "several", "phrase", "prefix", "typo"}
    assert set(ours["classes"]["rare"]["cold"]) == {"p50", "p95"}
    assert ours["view_mb"] >= 0
    assert "one_more_update_seconds" in ours
    assert set(results["engines"]["sqlite_fts5"]["classes"]) == set(ours["classes"])


def test_suggestions_are_measured_at_any_size() -> None:
    """Time and memory of making them, and of one."""
    figures = run("suggestions.py", "--leaves", "900")["900"]
    assert figures["items"] == 30
    assert figures["phrases"] > 0
    assert 0 < figures["memory_mb"] <= figures["memory_highest_mb"]
    assert 0 < figures["answered"] <= 1
    assert figures["suggestion_p50_ms"] <= figures["suggestion_worst_ms"]
