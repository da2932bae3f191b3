"""What stands in a form's cells: from a record's values to texts, and back.

A cell's text is what its field has in the form: a string; for names and ticks a list of them; for
rows a list of columns with their texts. What the texts were made from and what they come to are
compared as texts, so that nothing counts as changed that nobody changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from starlette.datastructures import FormData

from coproarchive.desk.values import read_value
from coproarchive.errors import IngestError
from coproarchive.model import Item, Role
from coproarchive.strict_yaml import Plain
from coproarchive.web.desk.form_fields import FormField
from coproarchive.web.desk.names import (
    AmbiguousNameError,
    NameNoun,
    RecordNames,
    UnknownNameError,
)

Row = dict[str, str]
CellText = str | list[str] | list[Row]


class CellReader:
    """Reads cells into values.

    Args:
        names: of the archive's records.
        new_names: that are to become new records.

    Attributes:
        unknown: names that there are not, found while reading.
    """

    def __init__(self, names: RecordNames, new_names: Sequence[str] = ()):
        self._names = names
        self._new_names = frozenset(new_names)
        self.unknown: list[str] = []
        self.mistakes: list[str] = []

    def value(self, field: FormField, text: CellText) -> Plain:
        """Return the value of a field's cell; mistakes are collected, not raised."""
        if isinstance(text, str):
            return self._of_string(field, text.strip())
        if field.kind == "rows":
            rows = (self._row(field, row, n) for n, row in enumerate(_rows(text), start=1))
            return [row for row in rows if row] or None
        entries = [entry.strip() for entry in cast(list[str], text) if entry.strip()]
        if field.noun:
            entries = [self._id(field.noun, entry) for entry in entries]
        return list(dict.fromkeys(entries)) or None

    def _of_string(self, field: FormField, text: str) -> Plain:
        if not text or (field.kind == "choice" and text == field.default):
            return None
        if field.kind == "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        if field.kind == "groups":
            groups = (
                [w.strip() for w in line.split(",") if w.strip()] for line in text.split("\n")
            )
            return [cast(Plain, group) for group in groups if group]
        if field.kind == "people":
            return self._people(text)
        return self._id(field.noun, text) if field.noun else text

    def _people(self, text: str) -> Plain:
        try:
            contributions = read_value(Item, "people", text)
        except IngestError as error:
            self.mistakes.append(error.message)
            return None
        assert isinstance(contributions, list)
        return [
            c | {"person": self._id("person", str(c["person"]))}
            for c in contributions
            if isinstance(c, dict)
        ]

    def _row(self, field: FormField, row: Row, number: int) -> Plain:
        """Return a row's value; None of an empty one: a choice alone makes none."""
        written = [c for c in field.columns if row.get(_short(c), "").strip() and not c.options]
        if not written:
            return None
        before = len(self.mistakes)
        values = {_short(c): self.value(c, row.get(_short(c), "")) for c in field.columns}
        place = f"{field.label}, {number}: "
        self.mistakes[before:] = [place + mistake for mistake in self.mistakes[before:]]
        return {name: value for name, value in values.items() if value is not None}

    def _id(self, noun: NameNoun, text: str) -> str:
        if text in self._new_names:
            return text
        try:
            return self._names.id_of(noun, text)
        except UnknownNameError as error:
            if noun != "item":
                self.unknown.append(error.name)
            self.mistakes.append(str(error))
        except AmbiguousNameError as error:
            self.mistakes.append(str(error))
        return text


def with_ids(value: Plain, new_names: Collection[str]) -> Plain:
    """Return a value with an id in place of each name that has none yet, for the model to check."""
    if isinstance(value, list):
        return [with_ids(entry, new_names) for entry in value]
    if isinstance(value, dict):
        return {key: with_ids(entry, new_names) for key, entry in value.items()}
    return "new" if value in new_names else value


def _short(column: FormField) -> str:
    return column.name.rpartition(".")[2]


def _rows(text: CellText) -> list[Row]:
    return [row for row in text if isinstance(row, dict)]


def text_of(field: FormField, value: Plain, names: RecordNames) -> CellText:
    """Return the text of a field's cell for a value, as a record says it."""
    if isinstance(value, list):
        return _text_of_list(field, value, names)
    if field.kind in ("rows", "names", "ticks"):
        return []
    if value is None or isinstance(value, dict):
        return field.default
    return _name(field, value, names).replace("\r\n", "\n").strip()


def _text_of_list(field: FormField, entries: Sequence[Plain], names: RecordNames) -> CellText:
    records = [entry for entry in entries if isinstance(entry, dict)]
    match field.kind:
        case "rows":
            return [
                {_short(c): cast(str, text_of(c, row.get(_short(c)), names)) for c in field.columns}
                for row in records
            ]
        case "people":
            return "; ".join(_person(record, names) for record in records)
        case "groups":
            return "\n".join(", ".join(map(str, g)) for g in entries if isinstance(g, list))
        case "names" | "ticks":
            return [_name(field, str(entry), names) for entry in entries]
    return "\n".join(map(str, entries))


def _name(field: FormField, entry: str, names: RecordNames) -> str:
    return names.text_of(field.noun, entry) if field.noun else entry


def _person(contribution: Mapping[str, Plain], names: RecordNames) -> str:
    name = names.text_of("person", str(contribution.get("person", "")))
    role = contribution.get("role", Role.SPEAKER.value)
    return name if role == Role.SPEAKER.value else f"{name} ({role})"


def is_in_form(field: FormField, form: FormData) -> bool:
    """Tell whether a form that was sent has a field."""
    return any(name in form for name in (field.name, *(c.name for c in field.columns)))


def typed_text(field: FormField, form: FormData) -> CellText:
    """Return what a form sent for a field, after what a button of a row asks for."""
    if field.kind == "rows":
        columns = {_short(c): _strings(form, c.name) for c in field.columns}
        count = max(map(len, columns.values()), default=0)
        if any(len(texts) != count for texts in columns.values()):
            raise IngestError(
                f"{field.label}: the form came incomplete.",
                hint="Load the page again.",
            )
        rows = [{name: texts[n] for name, texts in columns.items()} for n in range(count)]
        button, _, place = _first(form, "rows").partition(".")
        name, _, number = place.rpartition(".")
        if name == field.name and number.isdecimal():
            rows = _rearranged(rows, button, int(number) - 1)
        return [row for row in rows if not _is_empty(field, row)]
    if field.kind in ("names", "ticks"):
        return [text for text in _strings(form, field.name) if text]
    return _first(form, field.name)


def _rearranged(rows: list[Row], button: str, at: int) -> list[Row]:
    """Return rows after a button was pressed: the row moved up or down, or taken out."""
    if not 0 <= at < len(rows):
        return rows
    row, others = rows[at], rows[:at] + rows[at + 1 :]
    if button == "remove":
        return others
    to = max(at - 1, 0) if button == "up" else at + 1
    return [*others[:to], row, *others[to:]]


def _first(form: FormData, name: str) -> str:
    return next(iter(_strings(form, name)), "")


def _is_empty(field: FormField, row: Row) -> bool:
    return not any(row[_short(c)] for c in field.columns if not c.options)


def _strings(form: FormData, name: str) -> list[str]:
    values = (value for value in form.getlist(name) if isinstance(value, str))
    return [value.replace("\r\n", "\n").strip() for value in values]
