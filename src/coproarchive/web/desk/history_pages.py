"""/desk/history and /desk/undo: what was changed, field by field, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from coproarchive.catalogue import Catalogue
from coproarchive.desk.history import Batch, HistoryFilter
from coproarchive.errors import NotFoundError
from coproarchive.store.changes import BEGIN, BY_HAND, Activity
from coproarchive.web.desk.diff_view import RecordDiffView, change_view, diff_views
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError

SHOWN_BATCHES = 20
SHOWN_DIFFS = 50
"""Records of one batch on a page."""
_ACTS = {
    BEGIN: "The archive as the history found it",
    BY_HAND: "Edited in the files, by hand",
    "add": "Added",
    "describe slide": "Slide described",
    "edit": "Edited",
    "file add": "Files added",
    "file back": "File brought back",
    "file order": "Files put in order",
    "file remove": "File put into the bin",
    "file title": "File named",
    "give back": "Given back to readers",
    "purge": "Purged",
    "replace": "File replaced",
    "undo": "Taken back",
    "visibility": "Shown or hidden",
    "withdraw": "Withdrawn",
    "write": "Written by a program",
}
"""Names of activities in words; others, as "merge person" and "import wordpress", say it."""
NOTHING_BEFORE = "The history begins here: there is nothing before it to go back to."


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch of the history.

    Attributes:
        id, when, who, why: see Batch and Activity.
        act: what was done, in words.
        until: when its last change was made.
        changes: the first of them.
        more: how many others there are.
        undoes: ids of the changes that it took back.
        can_be_undone: whether there is something before it.
    """

    id: str
    when: str
    act: str
    who: str
    why: str
    until: str
    changes: list[RecordDiffView]
    more: int
    undoes: tuple[str, ...]
    can_be_undone: bool


def act_in_words(name: str) -> str:
    """Return what was done, for people."""
    return _ACTS.get(name, name[:1].upper() + name[1:])


def _batch_view(batch: Batch, catalogue: Catalogue) -> BatchView:
    activity = batch.activity
    changes = [change_view(c, catalogue, is_listed=True) for c in batch.changes]
    return BatchView(
        batch.id,
        batch.changes[0].when if batch.changes else batch.until,
        act_in_words(activity.name),
        activity.who,
        activity.why,
        batch.until,
        changes,
        batch.count - len(changes),
        activity.undoes,
        activity.name != BEGIN,
    )


def history(r: DeskRequest) -> Response:
    """Show what was done, newest first: ?of= a record, ?who=, ?act=, ?before= a batch."""
    chosen = HistoryFilter(*(r.query.get(name, "").strip() for name in ("of", "who", "act")))
    batches = r.desk.batches(chosen, before=r.query.get("before", ""), limit=SHOWN_BATCHES + 1)
    is_more = len(batches) > SHOWN_BATCHES
    batches = batches[:SHOWN_BATCHES]
    params = {name: r.query.get(name, "") for name in ("of", "who", "act") if r.query.get(name)}
    older = urlencode({**params, "before": batches[-1].id}) if is_more else ""
    people, acts = r.desk.who_and_what()
    return r.page(
        "desk/history.html",
        "History",
        chosen=chosen,
        batches=[_batch_view(batch, r.catalogue) for batch in batches],
        older=older,
        people=people,
        acts=[(name, act_in_words(name)) for name in acts],
        is_narrowed=chosen != HistoryFilter() or "before" in r.query,
    )


def change(r: DeskRequest) -> Response:
    """Show a batch, or one change of it, as diffs of fields: ?page= of SHOWN_DIFFS records."""
    name = r.path["change"]
    changes = r.desk.changes(name)
    if not changes:
        raise NotFoundError("nothing was changed yet.")
    number = r.page_number
    first = (number - 1) * SHOWN_DIFFS
    page = changes[first : first + SHOWN_DIFFS]
    if not page:
        raise NotFoundError(f"this change has no page {number}.")
    activity: Activity = changes[0].activity
    return r.page(
        "desk/change.html",
        act_in_words(activity.name),
        change=changes[0].batch if name in ("last", changes[0].batch) else name,
        activity=activity,
        when=changes[0].when,
        until=changes[-1].when,
        count=len(changes),
        changes=[change_view(change, r.catalogue) for change in page],
        page=number,
        pages=-(-len(changes) // SHOWN_DIFFS),
        can_be_undone=activity.name != BEGIN,
        nothing_before=NOTHING_BEFORE,
    )


def undo_preview(r: DeskRequest) -> Response:
    """Show what taking back would change and what it cannot: ?change= or ?since= a moment."""
    named = r.typed("change") if r.form else r.query.get("change", "")
    since = r.typed("since") if r.form else r.query.get("since", "")
    if not named and not since:
        raise NotFoundError("no change was named.", hint="Choose one in the history.")
    plan = r.desk.plan_undo(named, to=since or None)
    return r.page(
        "desk/undo.html",
        "Back to this moment" if since else "Take back",
        named=named,
        since=since,
        plan=plan,
        count=len(plan.reversals),
        views=diff_views(plan.diffs[:SHOWN_DIFFS], r.catalogue),
        to=r.typed("to") or "/desk/history",
    )


def undo(r: DeskRequest) -> Response:
    """Take back a change, a batch, or all since a moment."""
    since = r.typed("since")
    if not since and not r.typed("change"):
        raise InvalidFormError({"change": "Choose a change in the history."})
    report = r.desk.undo(
        r.typed("change"), to=since or None, why=r.typed("why"), force=bool(r.typed("force"))
    )
    to = r.typed("to") or "/desk/history"
    notes = " ".join(report.notes)
    if not report.diffs:
        return r.done(f"There was nothing left to take back. {notes}".strip(), to)
    count = len(report.diffs)
    records = "It is as it was before." if count == 1 else f"{count} records are as before."
    return r.done(f"Taken back. {records} {notes}".strip(), to, undo=report.change)


ROUTES = (
    DeskRoute("/desk/history", show=history, label="History"),
    DeskRoute("/desk/history/{change}", show=change),
    DeskRoute("/desk/undo", show=undo_preview, act=undo),
)
