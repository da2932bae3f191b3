"""The README is true: its tables are the code's, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import readme_tables

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    """Settings, commands, fields and codes; `python scripts/readme_tables.py` makes them anew."""
    assert readme_tables.render(README) == README


def test_the_files_it_names_are_there() -> None:
    """Links, pictures and scripts."""
    named = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(
        r"python3 (scripts/\w+\.py)", README
    )
    assert len(named) >= 3
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_modules_of_its_walk_are_there() -> None:
    """The walk of one document names files of the package; each exists."""
    walk = README[README.index("**The walk of one document.**") :].split("\n\n")[0]
    named = set(re.findall(r"`((?:\w+/)*\w+\.py)`", walk))
    assert len(named) > 8
    package = ROOT / "src" / "coproarchive"
    folders = [package, package / "search"]
    assert [n for n in named if not any((f / n).exists() for f in folders)] == []
