"""Read the part of a Dockerfile's language that deploy/Dockerfile is written in.

See https://docs.docker.com/reference/dockerfile/. Continued lines, heredocs and flags other than
those below are refused, so that nothing is passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

KNOWN = {
    "ARG", "CMD", "COPY", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME",
    "WORKDIR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction.

    Attributes:
        name: in capitals, one of KNOWN.
        words: what stands behind it, of RUN and of ENV in one piece.
        source: name of the stage that a COPY takes from, "" for the clone.
    """

    name: str
    words: tuple[str, ...]
    source: str = ""


@dataclass
class Stage:
    """What stands between one FROM and the next.

    Attributes:
        base: as FROM names it, with arguments filled in.
        name: "" where it has none.
        steps: in order.
        arguments: of ARG, with their values.
    """

    base: str
    name: str = ""
    steps: list[Step] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)

    def last(self, name: str) -> tuple[str, ...]:
        """Return the words of the last instruction of this name, () where there is none."""
        return next((s.words for s in reversed(self.steps) if s.name == name), ())

    @property
    def environment(self) -> dict[str, str]:
        """Variables of all ENV instructions."""
        return self.environment_before(len(self.steps))

    def environment_before(self, number: int) -> dict[str, str]:
        """Variables of the ENV instructions before the step of this number."""
        words = (step.words[0] for step in self.steps[:number] if step.name == "ENV")
        return dict(word.split("=", 1) for word in words)


def parse(text: str, arguments: dict[str, str] | None = None) -> list[Stage]:
    """Return the stages of a Dockerfile.

    Args:
        text: its text.
        arguments: values for ARG in the place of their defaults.

    Raises:
        ValueError: an instruction or form that is not understood, with its line.
    """
    given = arguments or {}
    before: dict[str, str] = {}
    stages: list[Stage] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if name not in KNOWN or rest.endswith("\\") or "<<" in rest:
            raise ValueError(f"line {number} is not understood: {line}")
        if name == "ARG":
            key, _, value = rest.partition("=")
            target = stages[-1].arguments if stages else before
            target[key] = given.get(key, value.strip('"'))
        elif name == "FROM":
            base, _, stage = re.sub(r"\$\{(\w+)\}", lambda m: before[m[1]], rest).partition(" AS ")
            stages.append(Stage(base, stage))
        else:
            stages[-1].steps.append(_step(name, rest, number))
    return stages


def _step(name: str, rest: str, number: int) -> Step:
    """Return an instruction other than ARG and FROM. Raises ValueError."""
    if name in ("RUN", "ENV"):
        return Step(name, (rest,))
    if name == "HEALTHCHECK":
        rest = rest.partition("CMD ")[2]
    if rest.startswith("["):
        return Step(name, tuple(json.loads(rest)))
    if name in ("CMD", "HEALTHCHECK"):
        raise ValueError(f"line {number}: write {name} as a list of words, without a shell")
    words = rest.split()
    source = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
    if any(word.startswith("--") for word in words):
        raise ValueError(f"line {number} has an option that is not understood")
    return Step(name, tuple(words), source)
