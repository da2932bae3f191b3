"""Changes and diffs as the desk's pages show them: names for ids, labels for fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.desk.diffs import DiffPiece, NameOf, field_diffs
from coproarchive.desk.edit import RecordDiff
from coproarchive.desk.records import name_of_change
from coproarchive.model import Item, Person, Seminar, Series, Topic
from coproarchive.record_keys import KEYS
from coproarchive.store.changes import Change, Fields
from coproarchive.store.reader import ITEM, SEMINAR, SERIES


@dataclass(frozen=True, slots=True)
class FieldDiffView:
    """A field that changed: its label, and its text before and after, in pieces."""

    label: str
    before: tuple[DiffPiece, ...]
    after: tuple[DiffPiece, ...]


@dataclass(frozen=True, slots=True)
class RecordDiffView:
    """What changed, or would, in one record.

    Attributes:
        name: as commands take it.
        label: title or name; the id where the record is gone.
        noun: "item", "seminar", "person", "topic" or "archive".
        address: of its form, "" where it is gone.
        state: "made" or "taken out", "" where it was there and stays.
        diffs: its fields.
        change: id of the change in the history, "" where it is none yet.
    """

    name: str
    label: str
    noun: str
    address: str
    state: str
    diffs: Sequence[FieldDiffView]
    change: str = ""


_NOUNS: dict[str, type[Item] | type[Seminar] | type[Person] | type[Topic] | type[Series]] = {
    "item": Item,
    "seminar": Seminar,
    "person": Person,
    "topic": Topic,
    "archive": Series,
}


def change_view(change: Change, catalogue: Catalogue, *, is_listed: bool = False) -> RecordDiffView:
    """Return a change of the history.

    Args:
        change: of a record.
        catalogue: whose names stand for ids.
        is_listed: whether it is one of many in a list, which says of fields only that they changed.
    """
    name = name_of_change(change.record, change.entry)
    noun = {ITEM: "item", SEMINAR: "seminar", SERIES: "archive"}.get(
        change.record.rpartition("/")[2], name.partition(":")[0]
    )
    before, after = change.before, change.after
    if is_listed:
        before = None if before is None else dict.fromkeys(before)
        after = None if after is None else dict.fromkeys(after)
    return _view(name, noun, before, after, catalogue, change.id)


def diff_views(diffs: Iterable[RecordDiff], catalogue: Catalogue) -> list[RecordDiffView]:
    """Return what an act changes, by record."""
    return [_view(d.name, _noun(d.name, catalogue), d.before, d.after, catalogue) for d in diffs]


def _noun(name: str, catalogue: Catalogue) -> str:
    word, colon, _ = name.partition(":")
    if colon:
        return word
    if name == SERIES:
        return "archive"
    return "seminar" if name in catalogue.seminars else "item"


def _view(
    name: str,
    noun: str,
    before: Fields | None,
    after: Fields | None,
    catalogue: Catalogue,
    change: str = "",
) -> RecordDiffView:
    keys = KEYS[_NOUNS[noun]]
    diffs = [
        FieldDiffView(keys[d.field].label if d.field in keys else d.field, d.before, d.after)
        for d in field_diffs(before, after, names_in(catalogue))
    ]
    state = "made" if before is None else "taken out" if after is None else ""
    label, address = label_and_address(name, noun, catalogue)
    return RecordDiffView(name, label, noun, address, state, diffs, change)


def names_in(catalogue: Catalogue) -> NameOf:
    """Return what names the people and topics of a catalogue."""
    name_of = {"person": catalogue.person_name, "topic": catalogue.topic_label}
    return lambda noun, key: name_of[noun](key)


def label_and_address(name: str, noun: str, catalogue: Catalogue) -> tuple[str, str]:
    """Return the title or name of a record, and the address of its form; its id if it is gone."""
    if noun == "archive":
        return catalogue.series.title, "/desk/edit/series"
    key = name.rpartition(":")[2]
    labels = {
        "item": catalogue.items[key].title if key in catalogue.items else "",
        "seminar": catalogue.seminars[key].title if key in catalogue.seminars else "",
        "person": catalogue.people[key].name if key in catalogue.people else "",
        "topic": catalogue.topics[key].label if key in catalogue.topics else "",
    }
    return (labels[noun], f"/desk/edit/{noun}/{key}") if labels[noun] else (key, "")
