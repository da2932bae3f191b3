"""Abstracts of talks that stand apart from the programme."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coproarchive.ingest.wordpress.content import TextLine
from coproarchive.ingest.wordpress.understand.names import Gazetteer
from coproarchive.ingest.wordpress.understand.people import is_biographies
from coproarchive.ingest.wordpress.understand.programme import split_title, without_time

_SECTION = re.compile(
    r"^\W*(?:(?:the|talk|paper|presentation|speakers?['’]?)\s+)*"
    r"(?:abstracts?|summaries of (?:the )?talks)\W*$",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"^\W*(?:abstract|summary)\s*[:–—-]\s*(?P<text>.{40,})$", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Abstract:
    """What a talk was to be about, and by which title or names it is known."""

    title: str
    people: tuple[str, ...]
    text: str
    line: str


def find_abstracts(lines: Sequence[TextLine], gazetteer: Gazetteer) -> list[Abstract]:
    """Find paragraphs headed "Abstracts", or that begin "Abstract:" under a talk's title."""
    abstracts: list[Abstract] = []
    inside, level = False, 7
    head: list[str] = []
    for line in lines:
        if _SECTION.match(line.text):
            inside, level, head = True, line.heading or 7, []
            continue
        if is_biographies(line) or (inside and line.heading and line.heading < level):
            inside = False
        alone = _ALONE.match(line.text)
        text = alone["text"] if alone else line.text
        if (alone or (inside and len(line.text) > 150 and not line.heading)) and head:
            if abstracts and abstracts[-1].line == head[0]:
                abstracts[-1] = _made(head, f"{abstracts[-1].text}\n\n{text}", gazetteer)
            else:
                abstracts.append(_made(head, text, gazetteer))
        elif line.text:
            grown = not abstracts or abstracts[-1].line != (head[0] if head else "")
            head = [*head[-1:], line.text] if grown and len(line.text) < 200 else [line.text]
    return [a for a in abstracts if a.title or a.people]


def _made(head: list[str], text: str, gazetteer: Gazetteer) -> Abstract:
    title, people, _, _ = split_title(without_time(head[0]), gazetteer)
    for more in head[1:]:
        other, names, _, _ = split_title(without_time(more), gazetteer)
        title, people = title or other, people or names
    return Abstract(title, people, text.strip()[:20_000], head[0])
