"""/desk/visibility/ID: who may see an item, taking it back, and what destroying it would mean."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response

from coproarchive.desk.edit import ActReport
from coproarchive.desk.visibility import MEMBERS_NOTE
from coproarchive.errors import NotFoundError
from coproarchive.model import Visibility
from coproarchive.store.reader import ITEM
from coproarchive.web import render
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError

WHO = (
    ("public", "everybody"),
    ("members", "members"),
    ("hidden", "only those who keep the archive"),
    ("day", "everybody, from a day on"),
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_PROPOSED = 2_000
"""Items beyond which a page does not propose all their titles."""


def chosen_visibility(r: DeskRequest, day_field: str) -> str:
    """Return what a form chose, as set_visibility takes it. Raises InvalidFormError."""
    who = r.typed("who")
    if who != "day":
        return who
    day = r.typed(day_field).strip()
    if not _DAY.fullmatch(day):
        raise InvalidFormError({day_field: "Write the day: 2027-01-31."})
    return day


def visibility_in_words(visible: str) -> str:
    """Return who may see something from now on."""
    if _DAY.fullmatch(visible):
        return f"everybody may see it from {render.pretty_date(visible)} on"
    words = {
        Visibility.PUBLIC.value: "everybody may see it",
        Visibility.MEMBERS.value: "it is for members",
        Visibility.HIDDEN.value: "it is hidden from readers",
    }
    return words[visible]


def visibility(r: DeskRequest) -> Response:
    """Show who may see an item, whether it was taken back, and what a purge would destroy."""
    item = r.catalogue.item(r.path["item_id"])
    instead = item.withdrawn.replacement if item.withdrawn else None
    proposes = len(r.catalogue.items) <= MOST_PROPOSED
    return r.page(
        "desk/visibility.html",
        f"Who may see {item.title}",
        item=item,
        digest=r.library.store.digest(f"{item.id}/{ITEM}"),
        options=WHO,
        who="day" if item.available else item.visibility.value,
        members_note=MEMBERS_NOTE,
        items=r.names.all("item") if proposes else [],
        plan=r.desk.plan_purge(item.id),
        replacement=r.names.text_of("item", instead) if instead else "",
    )


def change_visibility(r: DeskRequest) -> Response:
    """Set who may see an item, take it back, or give it back: `act` says which."""
    item_id = r.path["item_id"]
    acts = {"show": _show_to, "withdraw": _withdraw, "return": _return}
    act = acts.get(r.typed("act"))
    if act is None:
        raise NotFoundError(f'there is no act "{r.typed("act")}" here.')
    fields = ("visibility", "available") if act is _show_to else ("withdrawn",)
    with r.desk.unchanged(item_id, r.typed("digest"), *fields):
        report, done = act(r, item_id)
    if not report.diffs:
        done = "Nothing was to be changed."
    notes = " ".join(note for note in report.notes if note != MEMBERS_NOTE)
    link = (f"/item/{quote(item_id)}", "What readers see at its address")
    address = f"/desk/visibility/{quote(item_id)}"
    return r.done(f"{done} {notes}".strip(), address, undo=report.change, link=link)


def _show_to(r: DeskRequest, item_id: str) -> tuple[ActReport, str]:
    visible = chosen_visibility(r, "day")
    report = r.desk.set_visibility([item_id], visible, why=r.typed("why"))
    words = visibility_in_words(visible)
    return report, f"{words[:1].upper()}{words[1:]}."


def _withdraw(r: DeskRequest, item_id: str) -> tuple[ActReport, str]:
    reason = r.typed("reason").strip()
    if not reason:
        raise InvalidFormError({"reason": "Readers need a reason: a sentence is enough."})
    is_replaced = bool(r.typed("replacement").strip())
    replacement = r.id_named("item", "replacement") if is_replaced else None
    report = r.desk.withdraw(item_id, reason, replacement=replacement)
    return report, "It is taken back: its address says since when, and why."


def _return(r: DeskRequest, item_id: str) -> tuple[ActReport, str]:
    return r.desk.return_item(item_id), "It is given back to its readers."


ROUTES = (DeskRoute("/desk/visibility/{item_id:path}", show=visibility, act=change_visibility),)
