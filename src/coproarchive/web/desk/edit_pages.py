"""Forms on which records are corrected: an item, a seminar, a person, a topic, the archive itself.

Only what was changed in the form is changed in the record: what others changed meanwhile in other
fields stays, and in the same field is shown beside what was typed, to choose from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from pydantic import BaseModel
from starlette.responses import Response

from coproarchive.desk.edit import FieldConflict, FieldConflictError
from coproarchive.desk.records import RecordName, content_of, field_mistakes, record_named
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.model import Item, Person, Seminar, Series, Topic
from coproarchive.store.changes import Fields
from coproarchive.store.reader import SERIES
from coproarchive.strict_yaml import Plain
from coproarchive.web.desk.form_fields import FormField, fields_of, main_fields
from coproarchive.web.desk.form_values import (
    CellReader,
    CellText,
    is_in_form,
    text_of,
    typed_text,
    with_ids,
)
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.names import RecordNames
from coproarchive.web.desk.proposals import proposals

THEIRS, MINE = "theirs", "mine"


class Editable(NamedTuple):
    """A kind of record that has a form.

    Attributes:
        word: in addresses.
        noun: its model.
        prefix: what stands before its id in the names that commands take.
        place: of its page for readers, without the id.
    """

    word: str
    noun: type[BaseModel]
    prefix: str
    place: str


EDITABLES = (
    Editable("item", Item, "", "/item/"),
    Editable("seminar", Seminar, "", "/seminar/"),
    Editable("person", Person, "person:", "/person/"),
    Editable("topic", Topic, "topic:", "/topic/"),
    Editable("series", Series, SERIES, "/about"),
)


@dataclass(frozen=True)
class FormCell:
    """A field of the form as it is shown.

    Attributes:
        field: what it is.
        text: what stands in it.
        mistake: what is wrong with it; "" for nothing.
        new_names: that there are not yet, to be ticked where they are to be made.
        conflict: what somebody else made of it meanwhile.
        their_text: the cell's text of it.
    """

    field: FormField
    text: CellText
    mistake: str = ""
    new_names: Sequence[str] = ()
    conflict: FieldConflict | None = None
    their_text: CellText = ""


class EditForm:
    """The form of one record, filled from the record and from what was typed.

    Args:
        r: the request.
        editable: the kind of its record.
    """

    def __init__(self, r: DeskRequest, editable: Editable):
        self.r = r
        self.editable = editable
        self.record = self._record()

    def _record(self) -> RecordName:
        record = record_named(self.r.library.store, self.named)
        if record.noun is not self.editable.noun:
            raise NotFoundError(f'there is no {self.editable.word} "{self.id}".')
        return record

    @property
    def id(self) -> str:
        """Id of the record; "" of the archive itself."""
        return self.r.path.get("record_id", "")

    @property
    def named(self) -> str:
        """The record's name, as commands take it."""
        return self.editable.prefix + self.id

    @property
    def address(self) -> str:
        """Address of this form."""
        return f"/desk/edit/{self.editable.word}" + (f"/{self.id}" if self.id else "")

    @property
    def fields(self) -> Sequence[FormField]:
        """The form's fields."""
        return fields_of(self.editable.noun)

    @property
    def names(self) -> RecordNames:
        """Names of the archive's records."""
        return self.r.names

    @cached_property
    def content(self) -> Fields:
        """What the record says now."""
        return content_of(self.r.library.store, self.record)

    @cached_property
    def seen(self) -> Fields:
        """What the record said when the form was first shown.

        Raises:
            IngestError: the form does not tell.
        """
        if not self.r.form:
            return self.content
        try:
            seen = json.loads(self.r.typed("seen"))
            if isinstance(seen, dict) and _is_plain(seen):
                return seen
        except (ValueError, RecursionError):  # cut short, or nested by somebody's program
            pass
        raise IngestError("the form came incomplete.", hint="Load the page again.")

    @cached_property
    def typed(self) -> Mapping[str, CellText]:
        """What stands in the cells that somebody changed, by field; without what they gave up."""
        if not self.r.form:
            return {}
        sent = [f for f in self.fields if is_in_form(f, self.r.form)
                and self.r.typed(f"choice.{f.name}") != THEIRS]  # fmt: skip
        texts = {f.name: typed_text(f, self.r.form) for f in sent}
        return {
            f.name: texts[f.name]
            for f in sent
            if texts[f.name] != text_of(f, self.seen.get(f.name), self.names)
        }

    # ------------------------------------------------------------------ saving

    def edits(self) -> tuple[list[FieldEdit], bool]:
        """Return what was changed, and whether new people or topics are to be made.

        Raises:
            InvalidFormError: something cannot be taken as it was typed.
        """
        values: dict[str, Plain] = {}
        mistakes: dict[str, str] = {}
        makes_new = False
        for field in self.fields:
            if self._is_unsettled(field):
                mistakes[field.name] = f"{field.label}: choose which of the two it shall be."
            if field.name not in self.typed:
                continue
            reader = self._reader(field)
            values[field.name] = reader.value(field, self.typed[field.name])
            makes_new = makes_new or bool(self.new_names(field))
            if reader.mistakes:
                mistakes[field.name] = " ".join(reader.mistakes)
        for name, sentences in self._model_mistakes(values).items():
            mistakes.setdefault(name, " ".join(sentences))
        if mistakes:
            raise InvalidFormError(mistakes)
        return [FieldEdit(n, "=", "" if v is None else v) for n, v in values.items()], makes_new

    def _is_unsettled(self, field: FormField) -> bool:
        """Tell whether a field was shown with two values, and neither was chosen."""
        is_asked = field.name in self.r.form.getlist("conflict")
        return is_asked and self.r.typed(f"choice.{field.name}") not in (THEIRS, MINE)

    def _model_mistakes(self, values: Mapping[str, Plain]) -> Mapping[str, list[str]]:
        """Return what the model says of the changed fields, by field, with their labels."""
        new_names = {name for field in self.fields for name in self.new_names(field)}
        new = {**self.content, **{n: with_ids(value, new_names) for n, value in values.items()}}
        labels = {field.name: field.label for field in self.fields}
        mistakes = field_mistakes(self.record, new)
        return {
            name: [f"{labels[name]}: {sentence}" for sentence in sentences]
            for name, sentences in mistakes.items()
            if name in values
        }

    def new_names(self, field: FormField) -> list[str]:
        """Return the names that were ticked to become new records."""
        return [n for n in self.r.form.getlist(f"new.{field.name}") if isinstance(n, str)]

    def _reader(self, field: FormField) -> CellReader:
        return CellReader(self.names, self.new_names(field))

    # ------------------------------------------------------------------ showing

    def cells(self) -> list[FormCell]:
        """Return the cells as they are to be shown."""
        error = self.r.error
        conflicts = error.conflicts if isinstance(error, FieldConflictError) else ()
        by_field = {c.field: c for c in conflicts}
        return [self._cell(field, by_field.get(field.name)) for field in self.fields]

    def _cell(self, field: FormField, conflict: FieldConflict | None) -> FormCell:
        now = text_of(field, self.shown_content.get(field.name), self.names)
        if field.name not in self.typed:
            return FormCell(field, now, self.r.mistakes.get(field.name, ""))
        text = self.typed[field.name]
        reader = self._reader(field)
        reader.value(field, text)
        new_names = dict.fromkeys([*self.new_names(field), *reader.unknown])
        mistake = self.r.mistakes.get(field.name, "")
        their_text = text_of(field, conflict.now, self.names) if conflict else ""
        return FormCell(field, text, mistake, tuple(new_names), conflict, their_text)

    @cached_property
    def shown_content(self) -> Fields:
        """What the fields that nobody typed in are filled with.

        After a conflict that is what the record says now: who saves again has seen it.
        """
        if self.r.form and not isinstance(self.r.error, FieldConflictError):
            return self.seen
        return self.content

    @property
    def seen_text(self) -> str:
        """What the form carries along: the record as it was shown."""
        return json.dumps(self.shown_content, ensure_ascii=False)


def _is_plain(value: object) -> bool:
    """Tell whether a value of JSON is one that records have."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str)


def show(editable: Editable, r: DeskRequest) -> Response:
    """Show the form of a record."""
    form = EditForm(r, editable)
    cells = form.cells()
    main = {field.name for field in main_fields(editable.noun)}
    return r.page(
        "desk/edit.html",
        f"Edit: {_title(form)}",
        form=form,
        cells=[cell for cell in cells if cell.field.name in main],
        more=[cell for cell in cells if cell.field.name not in main],
        public_address=editable.place + form.id,
        proposals=proposals(form.names, r.catalogue, form.fields),
    )


def _title(form: EditForm) -> str:
    """Return what the record is called."""
    for name in ("title", "label", "names"):
        value = form.content.get(name)
        if value:
            return str(value[0] if isinstance(value, list) else value)
    return form.id


def save(editable: Editable, r: DeskRequest) -> Response:
    """Save what was changed in a form; a button of a row changes the form alone."""
    if r.typed("rows"):
        return show(editable, r)
    form = EditForm(r, editable)
    edits, makes_new = form.edits()
    report = r.desk.edit([form.named], edits, why=r.typed("why"), make_new=makes_new,
                         seen=form.seen)  # fmt: skip
    page = (editable.place + form.id, "See its page")
    if not report.diffs:
        return r.done("Nothing was changed.", form.address, link=page)
    return r.done(f"Saved. {r.soon()}", form.address, undo=report.change, link=page)


def _routes() -> tuple[DeskRoute, ...]:
    rows = []
    for editable in EDITABLES:
        path = f"/desk/edit/{editable.word}" + (
            "" if editable.noun is Series else "/{record_id:path}"
        )
        rows.append(DeskRoute(path, partial(show, editable), partial(save, editable)))
    return tuple(rows)


ROUTES = _routes()
