"""The leak drill in its short form: what is hidden changes no answer that a reader can get."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route

from leak import leaks
from leak_answers import UncoveredError, addresses
from leak_archives import World

DRILL = Path(__file__).resolve().parents[2] / "benchmarks" / "drills" / "leak.py"


@pytest.mark.threat(16)
@pytest.mark.threat(10)
@pytest.mark.timeout(600)
def test_nothing_hidden_changes_an_answer() -> None:
    """Every route, page, command and call: as of the archive without what is hidden."""
    words = ["--pairs", "1", "--items", "7", "--seed", "1", "--quick", "--json"]
    command = [sys.executable, str(DRILL), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["leaks"] == []
    assert told["questions"] > 1_000


def answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("")


@pytest.mark.threat(10)
@pytest.mark.parametrize(
    "added",
    [Route("/feed/{name}", answer), Mount("/oai", routes=[Route("/{verb}", answer)])],
)
def test_a_route_that_the_drill_does_not_know_fails_it(added: BaseRoute) -> None:
    """A new way out is covered from the day on which it is added."""
    known = [Route("/item/{item_id:path}", answer), Route("/seminars", answer)]
    assert "/item/x" in addresses(known, World(items=["x"]))["/item/{item_id:path}"]
    with pytest.raises(UncoveredError, match="PARAMETERS"):
        addresses(Starlette(routes=[*known, added]).routes, World())


@pytest.mark.threat(10)
def test_the_drill_sees_a_difference_and_a_word_that_nobody_asked_for() -> None:
    """Its own two questions are answered: what differs, and what is said of its own accord."""
    world = World(silent=["ossifragrant"])
    same = {"GET /x": [200, "a", {}], "log": "x"}
    assert leaks(same, dict(same), world) == []
    assert leaks(same, {**same, "GET /x": [404, "a", {}]}, world)
    assert leaks({**same, "GET /y": 1}, same, world)
    assert leaks({**same, "log": "An Ossifragrant talk"}, same, world)
