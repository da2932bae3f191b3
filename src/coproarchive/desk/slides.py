"""Titles and descriptions of single slides: written, carried to a new version, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coproarchive.desk.edit import (
    ActReport,
    FieldConflict,
    FieldConflictError,
    RecordDiff,
)
from coproarchive.desk.files import asset_named
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.extract.worker import Reader
from coproarchive.model import Asset, Item, Leaf, SlideDescription
from coproarchive.store import Store
from coproarchive.store.changes import Activity, fields_changed
from coproarchive.store.sidecar import plain, valid
from coproarchive.strict_yaml import Plain
from coproarchive.talks.descriptions import carried, descriptions_of, unplaced

SLIDE_FIELDS = ("title", "alt")
"""What of a slide is set by hand."""
_KINDS = ("slide", "page")


@dataclass(frozen=True, slots=True)
class SlideName:
    """Which slide of an item is meant.

    Attributes:
        item_id: of the item.
        number: 1-based place in the file.
        file: its name; "" for the first file that has slides or pages.
    """

    item_id: str
    number: int
    file: str = ""

    def __str__(self) -> str:
        """Return what people call it."""
        return f"{self.item_id}, {f'{self.file}, ' if self.file else ''}slide {self.number}"


def describe_slide(
    store: Store,
    reader: Reader,
    slide: SlideName,
    edits: Sequence[FieldEdit],
    activity: Activity,
    *,
    dry_run: bool = False,
    seen: Mapping[str, Plain] | None = None,
    takes: SlideDescription | None = None,
) -> ActReport:
    """Give a slide a title, or words for what is to be seen on it; "" takes them away.

    Args:
        store: of the archive.
        reader: has the texts of its files.
        slide: is to be described.
        edits: of `title` and `alt`, "=" alone.
        activity: what the history shall say.
        dry_run: whether only to say what would change.
        seen: what the editor saw in the fields before, by name: where one is another now, nothing
            is written.
        takes: a description that lost its slide, and goes as it is this slide's now.

    Raises:
        NotFoundError: no such item, file or slide.
        IngestError: a slide has no such field, or it does not take the value.
        FieldConflictError: a field is not what was seen.
    """
    values = {edit.field: _value(edit) for edit in edits}
    with store.activity(activity, is_dry=dry_run):
        item = store.read_item(slide.item_id)
        asset = asset_of_slide(store, reader, item, slide)
        old = descriptions_of(item).get((asset.path, slide.number))
        if seen is not None:
            _refuse_conflicts(store, slide, old, values, seen)
        base = {"file": asset.path, "number": slide.number, "sha256": asset.sha256}
        fields = (old.model_dump() if old else {}) | base | values
        new = valid(lambda: SlideDescription.model_validate(fields))
        slides = tuple(d for d in _replaced(item, old, new) if d != takes)
        return _saved(store, item, slides, activity, dry_run=dry_run)


def drop_description(
    store: Store, item_id: str, description: SlideDescription, activity: Activity
) -> ActReport:
    """Take out the description of a slide that a file has not any more. Raises NotFoundError."""
    with store.activity(activity):
        item = store.read_item(item_id)
        if description not in unplaced(item):
            raise NotFoundError("there is no such description any more.", item_id)
        slides = tuple(d for d in item.slides if d != description)
        return _saved(store, item, slides, activity)


def _value(edit: FieldEdit) -> str | None:
    if edit.field not in SLIDE_FIELDS:
        raise IngestError(
            f'a slide has no field "{edit.field}".', hint="There are: title, alt (its description)."
        )
    if edit.operator != "=" or not isinstance(edit.value, str):
        raise IngestError(f"{edit.field} is one value: write {edit.field}=VALUE.")
    return edit.value or None


def asset_of_slide(store: Store, reader: Reader, item: Item, slide: SlideName) -> Asset:
    """Return the file that a slide is in. Raises NotFoundError where there is no such slide."""
    assets = [asset_named(item, slide.file)] if slide.file else item.assets
    for asset in assets:
        leaves = _leaves(store, reader, item, asset)
        if not slide.file and not any(leaf.kind in _KINDS for leaf in leaves):
            continue
        if any(leaf.number == slide.number for leaf in leaves):
            return asset
        break
    raise NotFoundError(f"there is no slide {slide.number} in {slide.file or 'this item'}.",
                        item.id)  # fmt: skip


def _leaves(store: Store, reader: Reader, item: Item, asset: Asset) -> Sequence[Leaf]:
    """Return the leaves of an item's file, read now where that was not done before."""
    extraction = reader.cached(asset.sha256, asset.media_type)
    if extraction is None:
        path = store.asset_path(item.id, asset.path)
        extraction = reader.read(path, asset.sha256, asset.media_type)
    return extraction.leaves


def _replaced(
    item: Item, old: SlideDescription | None, new: SlideDescription
) -> tuple[SlideDescription, ...]:
    """Return an item's descriptions with one in the place of another; an empty one goes."""
    entry = (new,) if new.title or new.alt else ()
    if old is None:
        return (*item.slides, *entry)
    number = next(n for n, d in enumerate(item.slides) if d is old)
    return (*item.slides[:number], *entry, *item.slides[number + 1 :])


def _saved(
    store: Store,
    item: Item,
    slides: tuple[SlideDescription, ...],
    activity: Activity,
    *,
    dry_run: bool = False,
) -> ActReport:
    if slides == item.slides:
        return ActReport()
    new = item.model_copy(update={"slides": slides})
    if not dry_run:
        store.save_item(new)
    contents = (plain(i, without=("id", "seminar")) for i in (item, new))
    return ActReport(activity.batch, (RecordDiff(item.id, *fields_changed(*contents)),))


def _refuse_conflicts(
    store: Store,
    slide: SlideName,
    old: SlideDescription | None,
    values: Mapping[str, str | None],
    seen: Mapping[str, Plain],
) -> None:
    """Raise FieldConflictError where a field that would change is not what was seen."""
    conflicts = []
    for name, chosen in values.items():
        now: str | None = getattr(old, name) if old else None
        if name in seen and (now or "") not in (seen[name], chosen or ""):
            changes = store.recorder.log.of_record(f"{slide.item_id}/item.yaml")
            by = next((c for c in changes if "slides" in c.fields), None)
            change, who = (by.id, by.activity.who) if by else ("", "")
            conflicts.append(
                FieldConflict(str(slide), name, seen[name] or None, now, chosen, change, who)
            )
    if conflicts:
        raise FieldConflictError(conflicts, "Look at what it says now, then choose.")


def carry_slides(
    store: Store, reader: Reader, item: Item, old: Asset, new: Asset, path: Path
) -> tuple[SlideDescription, ...]:
    """Return an item's descriptions after a file is replaced; see talks.descriptions.carried.

    Args:
        store: of the archive.
        reader: reads both versions.
        item: as it is.
        old: the file that is replaced.
        new: the file in its place.
        path: where the new bytes are.
    """
    if not any(d.file == old.path for d in item.slides):
        return item.slides
    new_leaves = reader.read(path, new.sha256, new.media_type).leaves
    return carried(item.slides, old, new, _leaves(store, reader, item, old), new_leaves)


# ------------------------------------------------------------------ taken back


def merged_slides(now: Plain, before: Plain, after: Plain) -> list[Plain] | None:
    """Return the descriptions of now with those that a change made as they were before it.

    Those that others gave to other slides since stay.

    Args:
        now, before, after: the field `slides` of a record, now and around the change.

    Returns:
        None where the change's own slides were described anew since.
    """
    if now == after:
        return list(before) if isinstance(before, list) else []
    entries, old, new = (_by_place(value) for value in (now, before, after))
    touched = [place for place in {**old, **new} if old.get(place) != new.get(place)]
    if any(entries.get(place) not in (new.get(place), old.get(place)) for place in touched):
        return None
    merged = {place: entry for place, entry in entries.items() if place not in touched}
    merged |= {place: old[place] for place in touched if place in old}
    return list(merged.values())


def _by_place(value: Plain) -> dict[tuple[str, ...], Plain]:
    entries = value if isinstance(value, list) else []
    return {
        tuple(str(entry.get(key)) for key in ("file", "number", "sha256")): entry
        for entry in entries
        if isinstance(entry, dict)
    }
