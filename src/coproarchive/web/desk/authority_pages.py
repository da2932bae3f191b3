"""/desk/people and /desk/topics: what may be wrong with them; merging, renaming and splitting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from coproarchive.catalogue import Catalogue, folded
from coproarchive.desk.edit import ActReport, fingerprint
from coproarchive.desk.references import Noun
from coproarchive.desk.registers import RegisterRow, register
from coproarchive.errors import NotFoundError
from coproarchive.web.desk.diff_view import diff_views
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.proposals import proposed_names

SHOWN_ROWS = 200
SHOWN_DIFFS = 50
_PATHS: dict[Noun, str] = {"person": "/desk/people", "topic": "/desk/topics"}
_TITLES: dict[Noun, str] = {"person": "People", "topic": "Topics"}


class RegisterFilter(NamedTuple):
    """Rows that may need work: a name for the address, a label, and which they are."""

    name: str
    label: str
    takes: Callable[[RegisterRow], bool]


FILTERS: dict[Noun, tuple[RegisterFilter, ...]] = {
    "person": (
        RegisterFilter("namesakes", "share a name", lambda row: bool(row.namesakes)),
        RegisterFilter("orcid", "have a wrong ORCID", lambda row: row.has_wrong_orcid),
        RegisterFilter("unused", "are named by nothing", lambda row: row.is_unused),
    ),
    "topic": (
        RegisterFilter("namesakes", "share a name", lambda row: bool(row.namesakes)),
        RegisterFilter("once", "are used once", lambda row: row.is_used_once),
        RegisterFilter("unused", "are named by nothing", lambda row: row.is_unused),
    ),
}


@dataclass(frozen=True, slots=True)
class NamingRecord:
    """An item or seminar that names an entry: its id, title and date."""

    id: str
    title: str
    date: str


def list_of(noun: Noun, r: DeskRequest) -> Response:
    """Show the people or topics: ?show= a filter, ?find= words, ?page=."""
    rows = register(noun, r.catalogue)
    filters = [(f.name, f.label, sum(map(f.takes, rows))) for f in FILTERS[noun]]
    chosen = next((f for f in FILTERS[noun] if f.name == r.query.get("show")), None)
    words = r.query.get("find", "")[:100]
    matching = [row for row in rows if (chosen is None or chosen.takes(row)) and _has(row, words)]
    number = max(r.page_number, 1)
    first = (number - 1) * SHOWN_ROWS
    params = {"show": chosen.name if chosen else "", "find": words}
    return r.page(
        "desk/register.html",
        _TITLES[noun],
        path=_PATHS[noun],
        noun=noun,
        label_of=partial(_label, noun, catalogue=r.catalogue),
        rows=matching[first : first + SHOWN_ROWS],
        total=len(rows),
        count=len(matching),
        filters=filters,
        chosen=chosen.name if chosen else "",
        words=words,
        page=number,
        pages=-(-len(matching) // SHOWN_ROWS),
        address=urlencode({name: value for name, value in params.items() if value}),
    )


def _has(row: RegisterRow, words: str) -> bool:
    text = folded(" ".join((row.id, row.name, *row.others)))
    return all(word in text for word in folded(words).split())


def entry(noun: Noun, r: DeskRequest) -> Response:
    """Show one person or topic: what names it, and what can be done with it."""
    key = r.path["key"]
    catalogue = r.catalogue
    row = next((row for row in register(noun, catalogue) if row.id == key), None)
    if row is None:
        raise NotFoundError(f'there is no {noun} "{key}".')
    return r.page(
        "desk/entry.html",
        row.name,
        row=row,
        noun=noun,
        path=_PATHS[noun],
        records=list(_naming(noun, key, catalogue)),
        namesakes=[(k, r.names.text_of(noun, k)) for k in row.namesakes],
        proposals=proposed_names(r.names, noun),
        ticked=frozenset(r.form.getlist("item")),
    )


def _label(noun: Noun, key: str, catalogue: Catalogue) -> str:
    return catalogue.person_name(key) if noun == "person" else catalogue.topic_label(key)


def _naming(noun: Noun, key: str, catalogue: Catalogue) -> Iterable[NamingRecord]:
    """Yield the items and seminars that name an entry."""
    if noun == "person":
        items = catalogue.items_of_person(key)
        seminars = list(dict.fromkeys(s.id for s, _ in catalogue.sessions_of_person(key)))
    else:
        items = catalogue.items_of_topic(key)
        seminars = [s.id for s in catalogue.seminars.values() if key in s.topics]
    for item in items:
        yield NamingRecord(item.id, item.title, catalogue.item_date(item) or "")
    for seminar_id in seminars:
        seminar = catalogue.seminars[seminar_id]
        yield NamingRecord(seminar.id, seminar.title, seminar.date or "")


# ------------------------------------------------------------------------ acts


class EntryAct(NamedTuple):
    """What is to be done with an entry.

    Attributes:
        title: of its preview.
        call: does it; is given whether it is a dry run.
        done: what is said then.
        to: id of the entry whose page follows.
    """

    title: str
    call: Callable[[bool], ActReport]
    done: str
    to: str


def change_entry(noun: Noun, r: DeskRequest) -> Response:
    """Show what merging, renaming or splitting would change, or do it (`sure`)."""
    acts = {"merge": _merge, "rename": _rename, "split": _split}
    make = acts.get(r.typed("act"))
    if make is None:
        raise NotFoundError(f'there is no act "{r.typed("act")}" here.')
    act = make(noun, r.path["key"], r)
    if not r.typed("previewed"):
        return _preview(noun, act, r)
    report = r.desk.as_previewed(r.typed("previewed"), act.call)
    done = " ".join([act.done, *report.notes])
    return r.done(done, f"{_PATHS[noun]}/{act.to}", undo=report.change)


def _preview(noun: Noun, act: EntryAct, r: DeskRequest) -> Response:
    report = act.call(True)
    posted = [(k, v) for k, v in r.form.multi_items()
              if isinstance(v, str) and k not in ("token", "previewed")]  # fmt: skip
    return r.page(
        "desk/entry_preview.html",
        act.title,
        back=f"{_PATHS[noun]}/{r.path['key']}",
        fields=posted,
        count=len(report.diffs),
        previewed=fingerprint(report.diffs),
        views=diff_views(report.diffs[:SHOWN_DIFFS], r.catalogue),
        notes=report.notes,
    )


def _merge(noun: Noun, key: str, r: DeskRequest) -> EntryAct:
    into = r.id_named(noun, "into")
    if into == key:
        raise InvalidFormError({"into": "Name another one than this."})
    label = _label(noun, into, r.catalogue)
    old = _label(noun, key, r.catalogue)
    call = partial(r.desk.merge, noun, key, into, why=r.typed("why"))
    return EntryAct(
        f"Merge {old} into {label}",
        lambda is_dry: call(dry_run=is_dry),
        f"{old} is {label} now; the old address leads here.",
        into,
    )


def _rename(noun: Noun, key: str, r: DeskRequest) -> EntryAct:
    new = r.typed("new_id").strip()
    if not new or new == key:
        raise InvalidFormError({"new_id": "Write another id: small letters, digits and dashes."})
    call = partial(r.desk.rename, noun, key, new, why=r.typed("why"))
    return EntryAct(
        f"Give {key} the id {new}",
        lambda is_dry: call(dry_run=is_dry),
        f"Its id is {new} now; the old address leads here.",
        new,
    )


def _split(noun: Noun, key: str, r: DeskRequest) -> EntryAct:
    name = r.typed("new_name").strip()
    items = [i for i in r.form.getlist("item") if isinstance(i, str)]
    mistakes = {}
    if not name:
        mistakes["new_name"] = "Write the name of the new one."
    if not items:
        mistakes["items"] = "Tick the records that are to name the new one."
    if mistakes:
        raise InvalidFormError(mistakes)
    call: Callable[..., ActReport] = partial(
        r.desk.split, noun, key, name, items, why=r.typed("why")
    )
    return EntryAct(
        f"Split {name} from {_label(noun, key, r.catalogue)}",
        lambda is_dry: call(dry_run=is_dry),
        f"{name} has an entry of their own now." if noun == "person" else f"{name} is a topic now.",
        key,
    )


def _routes(noun: Noun) -> Sequence[DeskRoute]:
    path = _PATHS[noun]
    return (
        DeskRoute(path, show=partial(list_of, noun), label=_TITLES[noun]),
        DeskRoute(f"{path}/{{key}}", show=partial(entry, noun), act=partial(change_entry, noun)),
    )


ROUTES = (*_routes("person"), *_routes("topic"))
