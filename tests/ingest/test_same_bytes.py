"""The same files make the same archive, byte for byte: however they are named, on every Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Series
from coproarchive.settings import Settings
from coproarchive.store import Store
from text_decks import DECKS

CHOSEN = ("marp.md", "reveal.html", "notebook.ipynb", "talk.slide", "talk.adoc")
RECORD = """\
title: Growing md
date: 2024-05-02
assets:
  - path: marp.md
    role: slides
    media_type: text/markdown
    size: 196
    sha256: 5d79473b4f3969b44675608d4ea4230d6ebd1b79cf7733596163d8ec1bdc02c0
"""


def archived(archive: Path, files: list[Path]) -> dict[str, bytes]:
    """Add the files as an item each; return the archive's files but those that are hidden."""
    Store.create(archive, Series(title="Bakers"))
    with_limits = Settings(archive=archive, index=archive.parent / "index", workers=1)
    library = Library(with_limits)
    try:
        for file in files:
            draft = ItemDraft(title=f"Growing {file.suffix[1:]}", date="2024-05-02")
            add_files(library.store, library.catalogue(), library.reader, [file], draft)
            library.changed()
    finally:
        library.close()
    found = (path for path in archive.rglob("*") if path.is_file())
    names = {path.relative_to(archive): path for path in found}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in names.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def test_the_same_files_make_the_same_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By relative and absolute paths, with blanks and letters of other scripts in them.

    The record is written out, so that every Python that runs this test makes the same.
    """
    made = {}
    for name in ("plain", "Größe 北京 a\u0301"):
        folder = tmp_path / name / "in"
        folder.mkdir(parents=True)
        for deck in DECKS:
            if deck.name in CHOSEN:
                (folder / deck.name).write_text(deck.text, encoding="utf-8", newline="\n")
        files = sorted(folder.iterdir())
        made[f"{name}, absolute"] = archived(folder.parent / "a" / "archive", files)
        monkeypatch.chdir(folder.parent)
        relative = [file.relative_to(folder.parent) for file in files]
        made[f"{name}, relative"] = archived(Path("b") / "archive", relative)
    first = made["plain, absolute"]
    assert [name for name, archive in made.items() if archive != first] == []
    assert len(first) == 1 + 2 * len(CHOSEN)
    assert first["growing-md/item.yaml"].decode() == RECORD
