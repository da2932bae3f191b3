"""Problems as work: grouped by what is to be done, each with the way to the very form."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from coproarchive.catalogue import Catalogue
from coproarchive.desk.snoozing import snooze_key
from coproarchive.extract import table
from coproarchive.model import Item, Problem, Severity
from coproarchive.publish.addresses import leaf_path

_PLACE = re.compile(r"(?:topics|people|relations|programme)\b")


class WorkGroup(NamedTuple):
    """Problems that ask for the same work.

    Attributes:
        id: in addresses and forms.
        title: what is to be done.
        why: what it is good for, in plain words.
        codes: of its problems.
    """

    id: str
    title: str
    why: str
    codes: Sequence[str]


_SPECIAL = (
    WorkGroup(
        "files", "Put damaged and missing files back",
        "What was archived is not there any more. A backup, or the one who gave the file, has it.",
        (table.CHANGED, "file-missing", "not-readable", "history-damaged"),
    ),
    WorkGroup(
        "records", "Put records right that cannot be read",
        "Until then, readers do not see what they describe.",
        ("record-broken", "bad-name", "too-deep"),
    ),
    WorkGroup(
        "references", "Correct names that lead nowhere",
        "A record names a person, a topic or an item that is not there.",
        ("unknown-person", "unknown-topic", "unknown-item"),
    ),
    WorkGroup(
        "unlisted", "Sort out files that no record names",
        "Nobody finds them: add them to an item, or move them out of the archive’s folder.",
        ("file-unlisted", "not-a-file", "name-clash", "item-empty"),
    ),
    WorkGroup(
        "public", "Decide what readers may see and download",
        "Notes, comments, addresses and telephone numbers are often not meant for everybody.",
        ("file-discloses", "file-not-offered"),
    ),
    WorkGroup(
        "same", "Look at what may be one and the same",
        "Two entries for one person, or one file in two items, make things harder to find. Only "
        "you can tell.",
        ("same-name", "duplicate-file", "orcid-wrong"),
    ),
    WorkGroup(
        "describe", "Describe slides for those who cannot see them",
        "Screen readers read titles and descriptions out, and a search finds them.",
        ("picture-without-alt", "leaf-without-title", "leaf-without-text", "slide-elsewhere"),
    ),
    WorkGroup(
        "tidy", "Tidy up, when there is time",
        "Nothing is wrong; something could be better.",
        ("person-unused", "topic-used-once", "address-missing"),
    ),
)  # fmt: skip
_READING = WorkGroup(
    "reading", "Look at files that could not be read well",
    "What is not read is not found. Often it helps to save the file anew and replace it.",
    (),
)  # fmt: skip
GROUPS = (*_SPECIAL[:4], _READING, *_SPECIAL[4:])
"""In the order in which they are worth doing."""


def group_of(code: str) -> WorkGroup:
    """Return the group of a problem's code."""
    return next((group for group in _SPECIAL if code in group.codes), _READING)


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem as it is shown.

    Attributes:
        key: of it, see snooze_key.
        problem: as `check` found it.
        title: of the record that it is in.
        detail: the place in it, in words.
        address: of the form, or page, on which it is put right; "" where there is none.
        label: what is done there.
        is_sure: whether it can be put right without a person.
    """

    key: str
    problem: Problem
    title: str
    detail: str
    address: str
    label: str
    is_sure: bool

    @property
    def is_error(self) -> bool:
        """Whether something is lost or left out."""
        return self.problem.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as it is shown: its rows, and of how many there are, how many a repair puts right."""

    group: WorkGroup
    rows: Sequence[ProblemRow]
    count: int
    sure: int


def group_views(
    problems: Iterable[Problem],
    catalogue: Catalogue,
    sure: Collection[tuple[str, str]],
    most: int,
    chosen: str = "",
) -> list[GroupView]:
    """Return problems by what is to be done, the most urgent first.

    Args:
        problems: that wait.
        catalogue: all records.
        sure: code and path of those that a repair puts right.
        most: rows of a group, unless it is the chosen one.
        chosen: id of the group that is shown whole.
    """
    by_group: dict[str, list[Problem]] = {}
    for problem in problems:
        by_group.setdefault(group_of(problem.code).id, []).append(problem)
    views = []
    for group in GROUPS:
        listed = by_group.get(group.id, [])
        first = listed if group.id == chosen else listed[:most]
        rows = [problem_row(p, catalogue, (p.code, p.path) in sure) for p in first]
        count_sure = sum((p.code, p.path) in sure for p in listed)
        if listed:
            views.append(GroupView(group, rows, len(listed), count_sure))
    return views


def problem_row(problem: Problem, catalogue: Catalogue, is_sure: bool) -> ProblemRow:
    """Return a problem with the title of its record and the way to the form."""
    title, detail, address, label = _place(problem, catalogue)
    return ProblemRow(snooze_key(problem), problem, title, detail, address, label, is_sure)


def _place(problem: Problem, catalogue: Catalogue) -> tuple[str, str, str, str]:
    """Return title, detail, address and label of the form of a problem."""
    folder, _, name = problem.path.rpartition("/")
    item = catalogue.items.get(folder)
    if problem.path == "people.yaml":
        person_id = problem.field.partition(".")[0]
        address = f"/desk/people/{person_id}" if person_id in catalogue.people else ""
        return catalogue.person_name(person_id), "a person", address, "Look at this person"
    if problem.path == "topics.yaml":
        topic_id = problem.field.partition(".")[0]
        address = f"/desk/topics/{topic_id}" if topic_id in catalogue.topics else ""
        return catalogue.topic_label(topic_id), "a topic", address, "Look at this topic"
    if problem.path == "archive.yaml":
        return catalogue.series.title, "the archive itself", "/desk/edit/series", "Edit"
    if name == "seminar.yaml":
        address = f"/desk/edit/seminar/{folder}" if folder in catalogue.seminars else ""
        return catalogue.seminar_title(folder), _in_words(problem.field), address, "Edit"
    if item is not None:
        return _place_in_item(problem, item, name)
    return problem.path, "", "", ""


def _place_in_item(problem: Problem, item: Item, name: str) -> tuple[str, str, str, str]:
    if problem.code == "slide-elsewhere":
        return item.title, "words of a slide", _first_slide(item), "Give them to a slide"
    if name == "item.yaml":
        if problem.code == "item-empty":
            return item.title, "", f"/desk/files/{item.id}", "Add a file"
        return item.title, _in_words(problem.field), f"/desk/edit/item/{item.id}", "Edit"
    if group_of(problem.code).id == "describe" and problem.field.isdigit():
        kind = "page" if name.lower().endswith(".pdf") else "slide"
        address = f"/desk/edit{leaf_path(item, name, kind, int(problem.field))}"
        return item.title, f"{kind} {problem.field} of {name}", address, "Describe this slide"
    if group_of(problem.code).id == "public":
        address = f"/desk/visibility/{quote(item.id)}"
        return item.title, name, address, "Who may see it"
    return item.title, name, f"/desk/files/{quote(item.id)}", "Files of this item"


def _first_slide(item: Item) -> str:
    description = item.slides[0] if item.slides else None
    asset = next((a for a in item.assets if description and a.path == description.file), None)
    asset = asset or (item.assets[0] if item.assets else None)
    if asset is None:
        return f"/desk/files/{quote(item.id)}"
    kind = "page" if asset.media_type == "application/pdf" else "slide"
    return f"/desk/edit{leaf_path(item, asset.path, kind, 1)}"


def _in_words(place: str) -> str:
    """Return a place in a record in words: its field."""
    match = _PLACE.match(place)
    return match[0] if match else ""
