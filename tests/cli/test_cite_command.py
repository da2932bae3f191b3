"""The command `cite`, and the same from Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import rispy
from typer.testing import CliRunner, Result

import coproarchive
from coproarchive.cli import app
from coproarchive.errors import NotFoundError
from coproarchive.publish.csl import STYLES
from coproarchive.publish.formats import FORMATS
from making import SEMINAR

BREAD = f"{SEMINAR}/bread-for-all"
Run = Callable[..., Result]


@pytest.fixture
def run(archive: Path, tmp_path: Path) -> Run:
    def run_it(*words: str) -> Result:
        place = ["--archive", str(archive), "--index", str(tmp_path / "index")]
        return CliRunner().invoke(app, [*place, "cite", *words])

    return run_it


def test_a_slide_in_each_style_and_format(run: Run, archive: Path, tmp_path: Path) -> None:
    """By id or address, before anything was indexed; Python says the same."""
    with coproarchive.open(archive, index=tmp_path / "index") as opened:
        for style in STYLES:
            told = run(f"{BREAD}#slide-3", "--style", style)
            assert told.exit_code == 0, told.output
            assert told.stdout.strip() == opened.cite(f"{BREAD}#slide-3", style=style)  # type: ignore[arg-type]
            assert "lide 3)" in told.stdout
        for name in FORMATS:
            told = run(f"/item/{BREAD}/slide/3", "--format", name)
            cited = opened.cite(f"{BREAD}#slide-3", format=name)  # type: ignore[arg-type]
            assert told.stdout.splitlines() == cited.splitlines()
        with pytest.raises(NotFoundError, match="has no slide 5"):  # hidden by its author
            opened.cite(f"{BREAD}#slide-5")
    several = rispy.loads(run(BREAD, "a-post", "--format", "ris").stdout)
    assert [r["type_of_reference"] for r in several] == ["SLIDE", "BLOG"]
    assert json.loads(run("windmills", "--format", "csl-json").stdout)[0]["issued"] == {
        "date-parts": [[2017]]
    }


def test_a_place_that_is_not_there(run: Run) -> None:
    """Says so, with the nearest id; a hidden talk is as one that is not there."""
    told = run("windmill")
    assert told.exit_code
    assert isinstance(told.exception, NotFoundError)
    assert "windmills" in told.exception.message
    assert "there is no item" in str(run(f"{SEMINAR}/hidden-talk").exception)
