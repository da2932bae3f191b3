"""/desk/batch: one field of all items that a search finds, previewed as diffs, changed at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import cast

from starlette.responses import Response

from coproarchive.desk.diffs import value_text
from coproarchive.desk.edit import ActReport, fingerprint
from coproarchive.desk.values import ELSEWHERE, FieldEdit, Operator, bare_type, item_type
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.model import Item
from coproarchive.record_keys import KEYS
from coproarchive.search.language.query import Query
from coproarchive.store.sidecar import plain
from coproarchive.web.desk.diff_view import diff_views, names_in
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.proposals import proposed_names
from coproarchive.web.search_address import params_of

MOST_ITEMS = 500
SHOWN_DIFFS = 50
_NOT_FOR_MANY = frozenset({"title", "source", "source_id", "slides", "held_at", "relations"})
"""Fields in which no two items say the same."""
FIRST_FIELD = "topics"
_OPERATORS: dict[bool, tuple[tuple[Operator, str], ...]] = {
    True: (("+=", "Add"), ("-=", "Take out"), ("=", "Set to just this (empty clears it)")),
    False: (("=", "Set to this (empty clears it)"),),
}


@dataclass(frozen=True, slots=True)
class BatchRow:
    """An item that may be changed: its id and title, date, and the field as it is, in words."""

    id: str
    title: str
    date: str
    value: str


@dataclass(frozen=True, slots=True)
class BatchEdit:
    """What the form asks for.

    Attributes:
        ids: of the items.
        edit: of the field.
        makes_new: whether people and topics that are not there are made.
    """

    ids: Sequence[str]
    edit: FieldEdit
    makes_new: bool


def batch_fields() -> list[tuple[str, str]]:
    """Return names and labels of the fields that can be changed in many items at once."""
    names = (n for n in Item.model_fields if n not in ELSEWHERE and n not in _NOT_FOR_MANY)
    return [(name, KEYS[Item][name].label) for name in names]


def batch(r: DeskRequest) -> Response:
    """Show what a search finds, to choose from, and one field to change: ?field=."""
    field = r.typed("field", r.query.get("field", FIRST_FIELD))
    labels = dict(batch_fields())
    if field not in labels:
        field = FIRST_FIELD
    query, params = _query(r)
    ids = r.desk.matching(query) if params else []
    also = r.typed("also")
    return r.page(
        "desk/batch.html",
        "Change many at once",
        rows=list(_rows(r, ids[:MOST_ITEMS], field)),
        total=len(ids),
        most=MOST_ITEMS,
        params=[(name, value) for name, values in params.items() for value in values],
        words=query.text,
        field=field,
        fields=batch_fields(),
        key=KEYS[Item][field],
        help=_help(field),
        operators=_OPERATORS[item_type(Item, field) is not None],
        choices=_choices(field),
        proposals=_proposals(r, field),
        also=also,
        ticked=frozenset(r.form.getlist("item")),
        which=r.typed("which", "all"),
    )


def _query(r: DeskRequest) -> tuple[Query, dict[str, list[str]]]:
    """Return what is searched for, and the parameters of its address."""
    query = Query.from_params(params_of(r.request))
    return query, query.to_params()


def _rows(r: DeskRequest, ids: Sequence[str], field: str) -> Iterator[BatchRow]:
    name_of = names_in(r.catalogue)
    for item_id in ids:
        item = r.catalogue.items[item_id]
        value = plain(item).get(field)
        date = r.catalogue.item_date(item) or ""
        yield BatchRow(item_id, item.title, date, value_text(field, value, name_of))


def _help(field: str) -> str:
    """Return what is to be written for a field."""
    if choices := _choices(field):
        return f"One of: {', '.join(choices)}."
    if field == "people":
        return "Names, with ; between them, and what they did: Ada Baker; Bo Miller (chair)."
    example = KEYS[Item][field].example.strip('[]"')
    several = ". Several with ; between them" if item_type(Item, field) is not None else ""
    return f"For example: {example}{several}."


def _choices(field: str) -> list[str]:
    """Return the values that a field takes, where they are few."""
    bare = item_type(Item, field) or bare_type(Item.model_fields[field].annotation)
    return [str(v.value) for v in bare] if isinstance(bare, type) and issubclass(bare, Enum) else []


def _proposals(r: DeskRequest, field: str) -> list[str]:
    """Return names to choose from for a field that takes names; none of a long list."""
    if field not in ("people", "topics"):
        return []
    return proposed_names(r.names, "person" if field == "people" else "topic")


# ------------------------------------------------------------------------ acts


def change_batch(r: DeskRequest) -> Response:
    """Show what would change (`act` preview), or do it (`act` apply)."""
    batch_edit = _batch_edit(r)
    if r.typed("act") != "apply":
        return _preview(r, batch_edit)
    report = r.desk.as_previewed(
        r.typed("previewed"), lambda is_dry: _edited(r, batch_edit, is_dry=is_dry)
    )
    count = len(report.diffs)
    done = f"{count} item{'' if count == 1 else 's'} changed. {r.soon()}"
    address = f"/desk/batch?{r.request.url.query}"
    return r.done(done, address, undo=report.change)


def _batch_edit(r: DeskRequest) -> BatchEdit:
    """Read the form. Raises InvalidFormError."""
    field, operator = r.typed("field"), r.typed("operator", "=")
    if field not in dict(batch_fields()):
        raise InvalidFormError({"field": "Choose a field."})
    if operator not in ("=", "+=", "-="):
        raise InvalidFormError({"operator": "Choose what is done with it."})
    value = r.typed("value").strip()
    if not value and operator != "=":
        raise InvalidFormError({"value": "Write what is added or taken out."})
    ids = [i for i in r.form.getlist("item") if isinstance(i, str)]
    if r.typed("act") != "apply" and r.typed("which") == "all":
        query, params = _query(r)
        ids = r.desk.matching(query)[:MOST_ITEMS] if params else []
    ids += r.typed("also").replace(",", " ").split()
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise InvalidFormError({"which": "Choose items first: tick them, or take all."})
    if len(ids) > MOST_ITEMS:
        raise InvalidFormError({"also": f"At most {MOST_ITEMS} items are changed at once."})
    edit = FieldEdit(field, cast(Operator, operator), value)
    return BatchEdit(ids, edit, bool(r.typed("new")))


def _edited(r: DeskRequest, batch_edit: BatchEdit, *, is_dry: bool) -> ActReport:
    """Edit the items; what is wrong with the value stands beside it."""
    try:
        return r.desk.edit(batch_edit.ids, [batch_edit.edit], why=r.typed("why"),
                           make_new=batch_edit.makes_new, dry_run=is_dry)  # fmt: skip
    except (NotFoundError, IngestError) as error:
        field = "also" if "no item" in error.message else "value"
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        if field == "value" and isinstance(error, NotFoundError):
            message += " If it is meant as a new one, say so below."
        raise InvalidFormError({field: message}) from error


def _preview(r: DeskRequest, batch_edit: BatchEdit) -> Response:
    report = _edited(r, batch_edit, is_dry=True)
    return r.page(
        "desk/batch_preview.html",
        "What would change",
        batch_edit=batch_edit,
        count=len(report.diffs),
        same=len(batch_edit.ids) - len(report.diffs),
        previewed=fingerprint(report.diffs),
        views=diff_views(report.diffs[:SHOWN_DIFFS], r.catalogue),
        why=r.typed("why"),
        query=r.request.url.query,
    )


ROUTES = (DeskRoute("/desk/batch", show=batch, act=change_batch, label="Change many"),)
