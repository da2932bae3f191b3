"""The floors of the house: a module imports only from floors below its own."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "coproarchive"

# Longest prefix wins. The second value names the room: modules of one room may import each other.
FLOORS: dict[str, tuple[int, str]] = {
    "errors": (1, "nouns"),
    "locking": (1, "nouns"),
    "edtf": (1, "nouns"),
    "leaf": (1, "nouns"),
    "model": (1, "nouns"),
    "record_types": (1, "nouns"),
    "vocabulary": (1, "nouns"),
    "record_keys": (1, "nouns"),
    "progress": (1, "nouns"),
    "logs": (2, "logs"),
    "strict_yaml": (1, "strict_yaml"),
    "store": (2, "store"),
    "extract": (2, "extract"),
    "search.cache": (1, "search.cache"),
    "search.language": (2, "search.language"),
    "search": (2, "search"),
    "catalogue": (3, "catalogue"),
    "public_records": (3, "catalogue"),
    "talks": (3, "talks"),
    "settings": (4, "settings"),
    "config_file": (4, "settings"),
    "search.engines": (3, "search.engines"),
    "search.hits.stored": (3, "search.hits.stored"),
    "search.discover.phrases": (3, "search.discover.phrases"),
    "search.document": (4, "search.document"),
    "search.hits": (5, "search.hits"),
    "search.discover": (6, "search.discover"),
    "search.index": (7, "search.index"),
    "ingest": (8, "ingest"),
    "check": (8, "check"),
    "pictures": (8, "pictures"),
    "public_copies": (8, "public_copies"),
    "library": (9, "library"),
    "talk_library": (9, "library"),
    "operate": (10, "operate"),
    "desk": (10, "desk"),
    "publish": (10, "publish"),
    "web": (11, "web"),
    "ui": (12, "ui"),
    "cli": (12, "cli"),
    "api": (12, "api"),
    "__main__": (13, "main"),
}

# Which package only one room may import, and which room that is.
GUARDED: dict[str, tuple[str, ...]] = {
    "streamlit": ("ui", "app"),
    "uvicorn": ("ui.serving",),
    "prometheus_client": ("web.metrics",),
    "whoosh": ("search.engines.whoosh",),
    "opensearchpy": ("search.engines.opensearch",),
    "pypdf": ("extract.pdf",),
    "pypdfium2": ("extract.pdf",),
    "pptx": ("extract.opc",),
    "docx": ("extract.opc",),
    "pebble": ("extract.worker",),
    "rapidocr": ("extract.ocr",),
    "PIL": ("extract.pdf", "extract.ocr", "extract.table", "pictures"),
    "ruamel": ("strict_yaml",),
    "docutils": ("extract.decks.rst",),
    "pylatexenc": ("extract.decks.latex",),
    "citeproc": ("publish.csl",),
    "icalendar": ("publish.calendar_file",),
}


def modules() -> list[Path]:
    """Every module of the package, and app.py."""
    return sorted(PACKAGE.rglob("*.py")) + [p for p in [ROOT / "app.py"] if p.exists()]


def name_of(path: Path) -> str:
    """The dotted name below coproarchive."""
    if path.name == "app.py" and path.parent == ROOT:
        return "app"
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def floor_of(name: str) -> tuple[int, str]:
    """Floor and room of a module; the package itself and app.py stand on top."""
    if name in ("", "app"):
        return (13, "app")
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in FLOORS:
            return FLOORS[prefix]
    raise AssertionError(
        f"{name} stands on no floor: add it to FLOORS and to docs/develop/architecture.md"
    )


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Line and dotted name of everything the module imports, inside functions too."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports in full"
            base = node.module or ""
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: name_of(p) or "package")
def test_imports_go_down(path: Path) -> None:
    """A module imports from its own room and from lower floors, never from siblings or above."""
    floor, room = floor_of(name_of(path))
    wrong = []
    for line, target in imports_of(path):
        if not target.startswith("coproarchive."):
            continue
        below, other = floor_of(target.removeprefix("coproarchive."))
        if other != room and below >= floor:
            wrong.append(f"{path.name}:{line} ({room}, floor {floor}) imports {target} ({below})")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules(), ids=lambda p: name_of(p) or "package")
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    """Only the room that owns a library imports it, so that it can be replaced there."""
    name = name_of(path)
    wrong = []
    for line, target in imports_of(path):
        owners = GUARDED.get(target.split(".")[0])
        if owners and not any(name == o or name.startswith((f"{o}.", f"{o}_")) for o in owners):
            wrong.append(f"{path.name}:{line} imports {target}, which belongs to {owners}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules(), ids=lambda p: name_of(p) or "package")
def test_modules_and_functions_stay_small(path: Path) -> None:
    """A module stays under 500 lines and a function under 60."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 500, f"{path.name} has {text.count(chr(10))} lines"
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert not long, "\n".join(long)


def test_no_script_has_the_name_of_a_library() -> None:
    """A script's folder comes first on the path: its requests.py would be taken for the library."""
    folders = ("tests", "scripts", "benchmarks", "benchmarks/drills")
    scripts = {path.stem for folder in folders for path in (ROOT / folder).glob("[!_]*.py")}
    assert not scripts & (sys.stdlib_module_names | packages_distributions().keys())
