"""The worked examples of docs/develop run as they stand on their pages."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
import types
from pathlib import Path

import pytest

from coproarchive.extract import table
from coproarchive.extract.base import Format, Limits
from coproarchive.ingest.wordpress import import_site
from coproarchive.model import Series
from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.seam import Document, Request, SearchEngine
from coproarchive.search.language.query_tree import Phrase, Term
from coproarchive.store import Store

DEVELOP = Path(__file__).resolve().parents[1] / "docs" / "develop"


def module_of(page: str, path: str, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The module that a page shows below its path, imported under its name."""
    text = (DEVELOP / page).read_text(encoding="utf-8")
    match = re.search(rf"^`{re.escape(path)}`:\n\n```python\n(.*?)```", text, re.M | re.S)
    assert match, f"{page} shows no {path}"
    name = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    module = types.ModuleType(name)
    module.__file__ = path
    monkeypatch.setitem(sys.modules, name, module)
    parent, _, child = name.rpartition(".")
    if parent.startswith("coproarchive"):
        monkeypatch.setattr(importlib.import_module(parent), child, module, raising=False)
    exec(compile(match[1], path, "exec"), module.__dict__)
    return module


def test_the_format_reads_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reader of format.md behind its row, tried by the page's own test."""
    module_of("format.md", "src/coproarchive/extract/outline.py", monkeypatch)
    row = Format("outline", 1, frozenset({"text/x-outline"}), "outline:extract")
    monkeypatch.setattr(table, "FORMATS", (*table.FORMATS, row))
    monkeypatch.setitem(
        importlib.import_module("coproarchive.store.files").MEDIA_TYPES,
        ".outline",
        "text/x-outline",
    )
    own = module_of("format.md", "tests/extract/test_outline.py", monkeypatch)
    tests = [value for name, value in vars(own).items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test(tmp_path)
    assert table.extract(Path(__file__), "text/x-outline", Limits()).failed


def documents() -> list[Document]:
    bodies = {"a": "power sharing within", "b": "sharing some power", "c": "rye"}
    return [
        Document(
            i,
            i,
            {"body": (body,)},
            facets={"kind": ("post",)},
            stored={"texts": b"\0" + i.encode()},
        )
        for i, body in bodies.items()
    ]


def asked(engine: SearchEngine) -> list[object]:
    """Answers to a word, a phrase, and what is stored."""
    snapshot = engine.snapshot()
    nodes = (Term("power"), Phrase(("power", "sharing")), Term("wheat"))
    answers: list[object] = [snapshot.search(Request(node, facets=("kind",))) for node in nodes]
    return [
        *answers,
        snapshot.occurrences("abc", ["power"]),
        snapshot.stored("texts"),
        snapshot.words(),
    ]


def test_the_engine_answers_as_the_memory_engine_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also after it was opened anew, after a write, and after a rebuild that failed."""
    path = "src/coproarchive/search/engines/jsonfile.py"
    module = module_of("engine.md", path, monkeypatch)
    storage, memory = module.JsonFileStorage(tmp_path / "index"), MemoryEngine()
    with storage.lock(), storage.rebuilding() as engine:
        engine.write(documents())
    memory.write(documents())
    engine = storage.open()
    assert asked(engine) == asked(memory)
    engine.write([Document("d", "d", {"body": ("power",)})], ["a"])
    memory.write([Document("d", "d", {"body": ("power",)})], ["a"])
    assert asked(engine) == asked(storage.open()) == asked(memory)
    with contextlib.suppress(ZeroDivisionError), storage.lock(), storage.rebuilding():
        raise ZeroDivisionError
    assert storage.is_current(engine)
    with storage.lock(), storage.rebuilding():
        pass
    assert not storage.is_current(engine)


def test_the_source_is_imported_and_known_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A post becomes an item, an object without a title a problem; twice changes nothing."""
    path = "src/coproarchive/ingest/wordpress/json_posts.py"
    module = module_of("source.md", path, monkeypatch)
    text = (DEVELOP / "source.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.S)
    assert example
    posts = tmp_path / "posts.json"
    posts.write_text(json.dumps([*json.loads(example[1]), {"id": 8}]), encoding="utf-8")
    store = Store.create(tmp_path / "archive", Series(title="Bread"))
    first = import_site(store, module.JsonSource(posts))
    assert [s.title for s in first.steps if s.noun == "post"] == ["Why rye"]
    assert [p.code for p in first.problems] == ["item-broken"]
    again = import_site(store, module.JsonSource(posts))
    assert {s.action for s in again.steps} <= {"same", "stored"}
