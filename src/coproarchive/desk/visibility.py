"""Who may see an item or a file, and from when on; taking an item back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.desk.files import asset_named
from coproarchive.desk.records import content_of, record_named, write_fields
from coproarchive.errors import IngestError
from coproarchive.model import Item, Visibility, Withdrawn
from coproarchive.store import Store
from coproarchive.store.changes import Activity, Fields, fields_changed
from coproarchive.store.sidecar import valid

MEMBERS_NOTE = (
    "This archive has no accounts for members yet: until it has, only those who keep it see what "
    "is for members, as with what is hidden."
)


def set_visibility(
    store: Store,
    names: Sequence[str],
    visible: str,
    activity: Activity,
    *,
    file: str = "",
    dry_run: bool = False,
) -> ActReport:
    """Set who may see items, or one file of an item.

    Args:
        store: of the archive.
        names: ids of items.
        visible: "public", "members", "hidden", or a day: public from then on.
        activity: what the history shall say.
        file: name of the file that is meant, "" for the item.
        dry_run: whether only to say what would change.

    Raises:
        NotFoundError: no such item or file.
        IngestError: none of these values.
    """
    fields = _fields_of(visible)
    diffs = []
    with store.activity(activity, is_dry=dry_run):
        plan = []
        for name in names:
            item = store.read_item(name)
            record = record_named(store, name)
            content = content_of(store, record)
            new = _with(content, fields) if not file else _of_file(item, content, file, fields)
            valid(lambda new=new, item=item: Item.model_validate({**new, "id": item.id}))  # type: ignore[misc]  # bound now
            if new != content:
                plan.append((record, new))
                diffs.append(RecordDiff(name, *fields_changed(content, new)))
        for record, new in plan if not dry_run else ():
            write_fields(store, record, new)
    notes = (MEMBERS_NOTE,) if fields["visibility"] == Visibility.MEMBERS.value else ()
    return ActReport(activity.batch, tuple(diffs), notes)


def _fields_of(visible: str) -> dict[str, str | None]:
    """Return what a record says of a visibility; None leaves a field out."""
    if visible in {v.value for v in Visibility}:
        return {"visibility": visible if visible != Visibility.PUBLIC else None, "available": None}
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", visible):  # whether there is such a day the model says
        return {"visibility": None, "available": visible}
    words = ", ".join(v.value for v in Visibility)
    raise IngestError(f'"{visible}" is none of {words}, and no day: 2027-01-31.')


def _with(content: Fields, fields: dict[str, str | None]) -> Fields:
    others = {k: v for k, v in content.items() if k not in fields}
    return others | {k: v for k, v in fields.items() if v is not None}


def _of_file(item: Item, content: Fields, file: str, fields: dict[str, str | None]) -> Fields:
    asset = asset_named(item, file)
    assets = content["assets"]
    assert isinstance(assets, list)
    return content | {
        "assets": [
            _with(a, fields) if isinstance(a, dict) and a.get("path") == asset.path else a
            for a in assets
        ]
    }


def withdraw_item(
    store: Store,
    item_id: str,
    reason: str,
    activity: Activity,
    *,
    replacement: str | None = None,
) -> ActReport:
    """Take an item back: its address says since when, why, and what is there instead.

    Its record and files stay in the archive, where only those see them who keep it; `undo` gives it
    back.

    Raises:
        NotFoundError: no such item, or no such replacement.
        IngestError: no reason, or it is its own replacement.
    """
    with store.activity(activity):
        item = store.read_item(item_id)
        if replacement is not None:
            store.read_item(replacement)
            if replacement == item_id:
                raise IngestError("an item cannot take its own place.")
        old = item.withdrawn
        if old is not None and (old.reason, old.replacement) == (reason.strip(), replacement):
            return ActReport(notes=(f"It was taken back on {old.date}.",))
        day = old.date if old is not None else date.today().isoformat()
        withdrawn = valid(lambda: Withdrawn(date=day, reason=reason, replacement=replacement))
        record = record_named(store, item_id)
        content = content_of(store, record)
        tombstone = {"date": withdrawn.date, "reason": withdrawn.reason}
        more = {"replacement": withdrawn.replacement} if withdrawn.replacement else {}
        new = content | {"withdrawn": {**tombstone, **more}}
        write_fields(store, record, new)
    return ActReport(activity.batch, (RecordDiff(item_id, *fields_changed(content, new)),))


def return_item(store: Store, item_id: str, activity: Activity) -> ActReport:
    """Give a withdrawn item back to its readers, as it was. Raises NotFoundError: no such item."""
    with store.activity(activity):
        if store.read_item(item_id).withdrawn is None:
            return ActReport(notes=("It was not withdrawn.",))
        record = record_named(store, item_id)
        content = content_of(store, record)
        new = {key: value for key, value in content.items() if key != "withdrawn"}
        write_fields(store, record, new)
    return ActReport(activity.batch, (RecordDiff(item_id, *fields_changed(content, new)),))
