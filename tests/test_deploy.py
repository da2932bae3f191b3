"""What is handed to whoever runs it: the files in deploy/, and that the documents show them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from coproarchive.cli import app
from coproarchive.settings import PREFIX, Settings
from image_steps import Stage, parse

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
OPERATE = ROOT / "docs" / "operate"
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}
COMMANDS = set(getattr(typer.main.get_command(app), "commands", {}))


@pytest.fixture(scope="module")
def stages() -> list[Stage]:
    """The stages of the Dockerfile; what `parse` does not know would have stopped it."""
    return parse((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """The one service of compose.yaml."""
    content = YAML(typ="safe").load(DEPLOY / "compose.yaml")
    assert list(content["services"]) == ["coproarchive"]
    service: dict[str, Any] = content["services"]["coproarchive"]
    return service


def test_the_image_is_made_of_what_is_locked(stages: list[Stage]) -> None:
    """pip takes what a lock file names, by hash, and nothing else; what is copied is there."""
    build, final = stages
    runs = [step.words[0] for stage in stages for step in stage.steps if step.name == "RUN"]
    pips = [command for run in runs for command in run.split(" && ") if " install " in command]
    pips = [command for command in pips if "/pip " in command]
    assert len(pips) == 3
    for command in pips:
        lock = re.search(r"--require-hashes -r (\S+)", command)
        assert (ROOT / lock[1]).is_file() if lock else "--no-deps" in command.split()
    assert not [run for run in runs if re.search(r"curl|wget|http:|git clone", run)]
    for step in build.steps:
        if step.name == "COPY":
            assert [name for name in step.words[:-1] if not (ROOT / name).exists()] == []
    assert [step.source for step in final.steps if step.name == "COPY"] == ["build"]
    assert {build.base, final.base} == {"docker.io/library/python:3.13-slim-bookworm"}


def test_the_image_runs_as_nobody_special(stages: list[Stage]) -> None:
    """A user by number, and nothing is done after it was changed to; the index is its own."""
    final = stages[-1]
    assert final.last("USER") == ("10001:10001",)
    after = [step.name for step in final.steps][[s.name for s in final.steps].index("USER") :]
    assert not {"RUN", "COPY"} & set(after)
    runs = " && ".join(step.words[0] for step in final.steps if step.name == "RUN")
    assert "useradd --uid 10001" in runs
    assert "install -d -m 0700 -o talks -g talks /srv/talks/index" in runs
    assert final.last("VOLUME") == ("/srv/talks/index",)


def test_the_image_serves_and_is_asked_whether_it_does(stages: list[Stage]) -> None:
    """Commands and variables are those of the software; /healthz is what is asked."""
    final = stages[-1]
    program, command = final.last("CMD")
    assert (program, command in COMMANDS) == ("coproarchive", True)
    ours = {name for name in final.environment if name.startswith(PREFIX)}
    assert ours == {"COPROARCHIVE_ARCHIVE", "COPROARCHIVE_INDEX", "COPROARCHIVE_HOST"}
    assert ours <= VARIABLES
    assert f":{Settings.model_fields['port'].default}/healthz" in final.last("HEALTHCHECK")[-1]
    assert final.last("EXPOSE") == (str(Settings.model_fields["port"].default),)


def test_compose_takes_from_the_container_what_it_does_not_need(
    stages: list[Stage], service: dict[str, Any]
) -> None:
    """Read-only root, no capabilities, no new rights, limits, loopback alone; the image's paths."""
    final = stages[-1]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == final.last("USER")[0]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    archive, index = service["volumes"]
    assert archive.endswith(f":{final.environment['COPROARCHIVE_ARCHIVE']}:ro")
    assert index == f"index:{final.environment['COPROARCHIVE_INDEX']}"
    assert service["tmpfs"][0].partition(":")[0] == final.environment["HOME"]
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


@pytest.mark.parametrize(
    "line",
    ["ADD x /", "RUN a \\", "RUN <<E", "CMD coproarchive serve", "COPY --chown=x a /", "run x",
     "HEALTHCHECK CMD curl x"],
)  # fmt: skip
def test_what_is_not_understood_is_refused(line: str) -> None:
    """An instruction that the trial could not follow is not passed over."""
    with pytest.raises(ValueError, match="line 2"):
        parse(f"FROM base\n{line}\n")


def test_arguments_and_variables_hold_from_their_line_on() -> None:
    """ARG before FROM names the base; a stage's own are its commands'; ENV comes in order."""
    text = "ARG BASE=a\nFROM ${BASE} AS one\nARG X=1\nENV A=1\nRUN x\nENV B=2\nFROM ${BASE}\n"
    one, two = parse(text, {"BASE": "b", "X": "2"})
    assert (one.base, one.name, one.arguments, two.base) == ("b", "one", {"X": "2"}, "b")
    assert (one.environment_before(1), one.environment) == ({"A": "1"}, {"A": "1", "B": "2"})


def blocks(page: str) -> str:
    """The blocks of code of a page of docs/operate."""
    text = (OPERATE / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    ("file", "page"),
    [
        ("Dockerfile", "container.md"),
        ("compose.yaml", "container.md"),
        ("coproarchive.service", "service.md"),
        ("nginx.conf", "proxy.md"),
    ],
)
def test_the_documents_show_the_file(file: str, page: str) -> None:
    """Whole and as it is, so that one can be read for the other."""
    assert (DEPLOY / file).read_text(encoding="utf-8") in blocks(page)
