"""What cells and fields of the page of adding offer: values, and the words for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.desk.drafts import DraftRow, DraftSet
from coproarchive.model import Item, Kind, Visibility, WordSource
from coproarchive.record_keys import KEYS
from coproarchive.web.desk.proposals import LANGUAGES, LICENCES

RELEASED = {
    WordSource.NOTES: "The speaker's notes",
    WordSource.COMMENTS: "Comments and their authors",
    WordSource.HIDDEN_SLIDES: "Hidden slides",
}
VISIBILITIES = {
    Visibility.PUBLIC: "Everybody",
    Visibility.MEMBERS: "Members",
    Visibility.HIDDEN: "Nobody: hidden",
}
DATE_HELP = "2017, 2017-07 or 2017-07-06"


def label_of(field: str) -> str:
    """Return what a field of an item is called."""
    return KEYS[Item][field].label


@dataclass(frozen=True)
class Choices:
    """What is offered, by value, with the words for it.

    Attributes:
        people, topics, seminars: of the archive, and new ones that rows name.
        licences, languages: those in use first.
    """

    people: dict[str, str]
    topics: dict[str, str]
    seminars: dict[str, str]
    licences: dict[str, str]
    languages: dict[str, str]


def choices_of(catalogue: Catalogue, draft: DraftSet) -> Choices:
    """Return what rows of a set may say."""
    rows = [row.values for row in draft.rows]
    people = {p.id: p.name for p in catalogue.people.values()}
    topics = {topic: catalogue.topic_label(topic) for topic in catalogue.topics}
    ordered = sorted(catalogue.seminars, key=lambda s: (catalogue.seminars[s].date or "", s))
    seminars = {s: catalogue.seminar_title(s) for s in reversed(ordered)}
    licences = {item.licence: item.licence for item in catalogue.items.values() if item.licence}
    tags = {item.language: item.language for item in catalogue.items.values() if item.language}
    tags |= {tag: tag for tag in catalogue.series.languages}
    return Choices(
        people | _new(people, (name for row in rows for name in row.people)),
        topics | _new(topics, (label for row in rows for label in row.topics)),
        seminars | _new(seminars, (row.seminar for row in rows)),
        _worded(licences | _new(licences, (row.licence for row in rows)), dict(LICENCES)),
        _worded(tags | _new(tags, (row.language for row in rows)), dict(LANGUAGES)),
    )


def _new(present: dict[str, str], values: Iterable[str]) -> dict[str, str]:
    return {value: value for value in values if value and value not in present}


def _worded(used: dict[str, str], common: dict[str, str]) -> dict[str, str]:
    """Return values with their words, those in use first."""
    values = dict.fromkeys([*used, *common])
    return {v: f"{common[v]} ({v})" if common.get(v) else v for v in values}


def kind_word(kind: Kind) -> str:
    """Return the word for a kind of item."""
    return kind.value.capitalize()


def name_of_row(draft: DraftSet, row: DraftRow) -> str:
    """Return how a row is named in messages: its number and title."""
    number = [other.id for other in draft.rows].index(row.id) + 1
    return f"{number}. {row.values.title or row.files[0]}"
