"""The command line answers at once: what is heavy is imported by the commands that need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coproarchive.library import Library

READERS = {
    "PIL", "docx", "jinja2", "lxml", "markdown_it", "pebble", "pptx", "pypdf", "pypdfium2",
}  # fmt: skip
SERVERS = {"argon2", "pandas", "pyarrow", "starlette", "streamlit"}
SEARCH = {"Stemmer", "msgpack", "numpy", "whoosh"}
SLOW = {"asyncio", "filelock", "multiprocessing", "pydantic_settings", "rapidfuzz"}
PROGRAMME = """
import sys
from coproarchive.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print("\\nimported", *{name.split(".")[0] for name in sys.modules})
"""


def imported(*words: str) -> set[str]:
    """Packages and modules that a command imports, by their first name."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMME, *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("\nimported ", 1)[1].split())


@pytest.mark.parametrize(
    "words", [("--help",), ("--version",), ("add", "--help"), ("edit", "--help")]
)
def test_to_say_how_it_is_used_little_is_imported(words: tuple[str, ...]) -> None:
    """Not even what searches."""
    modules = imported(*words)
    assert "typer" in modules
    assert not modules & (READERS | SERVERS | SEARCH | SLOW | {"ruamel"})
    # Typer itself makes the options of a command with pydantic.
    assert len(words) > 1 or "pydantic" not in modules


@pytest.mark.parametrize("words", [("search", "loaf"), ("suggest", "lo"), ("search", "--json")])
def test_a_search_imports_no_reader_and_no_server(
    library: Library, archive: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Texts are in the index; nothing is read again and nothing is served."""
    library.close()
    modules = imported(*words, "--archive", str(archive), "--index", str(tmp_path / "index"))
    assert "whoosh" in modules
    assert not modules & (READERS | SERVERS | SLOW)
