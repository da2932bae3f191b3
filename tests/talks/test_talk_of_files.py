"""A deck, its PDF and captions, added as files: one talk in the index, in commands, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pptx import Presentation

from coproarchive.cli import main
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.talks import forms


@pytest.fixture
def run(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs commands on the small archive."""

    def run_it(*words: str) -> tuple[int, str]:
        place = ["--archive", str(archive), "--index", str(tmp_path / "index")]
        with pytest.raises(SystemExit) as stop:
            main([*place, *words])
        return int(stop.value.code or 0), capsys.readouterr().out

    return run_it


def test_a_talk_in_three_files_is_one(
    talk: list[Path],
    run: Callable[..., tuple[int, str]],
    archive: Path,
    open_library: Callable[..., Library],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each slide is found and counted once; the alignment is kept, and made again where lost."""
    assert run("add", *map(str, talk), "--title", "Ovens")[0] == 0
    assert run("index")[0] == 0
    _, text = run("search", "heat", "--json")
    told = json.loads(text)
    (hit,) = [hit for hit in told["hits"] if hit["id"] == "ovens"]
    assert [(leaf["asset"], leaf["number"]) for leaf in hit["leaves"]] == [
        ("ovens.pptx", 2), ("ovens.pptx", 3)]  # fmt: skip
    assert [(f["asset"], f["number"]) for f in hit["leaves"][0]["forms"]] == [
        ("ovens.pdf", 1), ("ovens.vtt", 1)]  # fmt: skip
    assert told["leaves"] == 2
    assert "2 slides" in run("search", "heat")[1]
    monkeypatch.setattr(forms, "align", None)  # what is kept is not made again
    monkeypatch.setattr(forms, "align_cues", None)
    library = open_library(archive)
    item = library.talks.alignment("ovens")
    assert item.sentences() == [
        "Slide 1 is only in ovens.pptx.", "Page 4 is only in ovens.pdf."]  # fmt: skip
    assert [len(leaf.places) for leaf in item.leaves] == [1, 3, 3, 3, 1]
    (said,) = library.search(Query.parse("gramophone")).hits[0].leaves
    assert (said.asset, said.number, said.source, said.start) == ("ovens.pptx", 3, "caption", 60)
    monkeypatch.undo()
    for path in (library.settings.index / "extracted").iterdir():
        path.unlink()
    lost = open_library(archive)
    assert len(lost.talks.alignment("ovens").leaves) == len(item.leaves)


def test_a_slide_in_two_talks_is_told_by_command(
    talk: list[Path], run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """Adding the second talk asks whether it is a new version; `reuse` names the slides."""
    run("add", str(talk[0]), "--title", "Ovens", "--date", "2015")
    run("index")
    deck = Presentation(str(talk[0]))
    extra = deck.slides.add_slide(deck.slide_layouts[1])
    extra.shapes.title.text = "Sources"
    again = tmp_path / "again.pptx"
    deck.save(str(again))
    asks = "A new version of ovens  Ovens? 3 of 3 slides are the same, or nearly."
    assert asks in run("add", str(again), "--dry-run")[1]
    _, said = run("add", str(again), "--title", "Ovens again", "--date", "2019")
    assert asks in said
    assert run("reuse", "ovens", "--json")[1].strip() == "[]"  # not indexed yet
    run("index")
    told = json.loads(run("reuse", "ovens", "--json")[1])
    assert [(slide["asset"], slide["number"]) for slide in told] == [
        ("ovens.pptx", 2), ("ovens.pptx", 3), ("ovens.pptx", 4)]  # fmt: skip
    assert told[0]["places"][0]["id"] == "ovens-again"
    assert told[0]["places"][0]["similarity"] == 1
    whole = json.loads(run("reuse", "--json")[1])
    assert [[p["id"] for p in group["places"]] for group in whole] == [["ovens", "ovens-again"]] * 3
    assert "Ovens again" in run("reuse", "ovens")[1]
    assert "in 2 talks" in run("reuse")[1]
    assert run("reuse", "1-baking/hidden-talk")[0] != 0
