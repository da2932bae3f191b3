"""Files of an item: a new version, one more form, another title or order, and taking one out.

Nothing is lost: what is replaced or taken out is kept, dated, and comes back with `undo`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from coproarchive.desk.edit import ActReport, RecordDiff
from coproarchive.errors import DuplicateError, IngestError, NotFoundError
from coproarchive.model import Asset, Item, SlideDescription
from coproarchive.store import (
    Store,
    role_of,
    safe_name,
    unique_file_name,
)
from coproarchive.store.changes import Activity, fields_changed
from coproarchive.store.files import identify_source
from coproarchive.store.kept import set_assets
from coproarchive.store.sidecar import did_you_mean, plain, valid

CarrySlides = Callable[[Item, Asset, Asset, Path], tuple[SlideDescription, ...]]
"""What an item says of its slides once a file is replaced: of the item, the file as it was and as
it will be, and where its new bytes are."""


def keep_slides(item: Item, *_: object) -> tuple[SlideDescription, ...]:
    """Return what an item says of its slides as it is."""
    return item.slides


def replace_file(
    store: Store,
    item_id: str,
    path: Path,
    activity: Activity,
    *,
    name: str = "",
    carry: CarrySlides = keep_slides,
) -> ActReport:
    """Put a new version of a file in the place of the old one, which is kept.

    Args:
        store: of the archive.
        item_id: of an item.
        path: of the new version.
        activity: what the history shall say.
        name: of the file that it replaces; where it is "", the one of its name, else the only one
            of its kind. The new version keeps that name, where it is of the same kind.
        carry: takes what the record says of single slides to the new version.

    Raises:
        NotFoundError: there is no such item or file.
        IngestError: which file is replaced is not clear, or the new one cannot be read.
        DuplicateError: the archive has these bytes elsewhere.
    """
    size, sha256, media_type = identify_source(path)
    with store.activity(activity):
        item = store.read_item(item_id)
        old = _replaced(item, path, media_type, name)
        if old.sha256 == sha256:
            return ActReport(notes=("It is this very file already.",))
        _refuse_known(store, item, path, sha256)
        new_name = old.path if old.media_type == media_type else _free_name(item, path, old.path)
        fresh = {"path": new_name, "media_type": media_type, "size": size, "sha256": sha256}
        new = old.model_copy(update=fresh)
        assets = [new if a is old else a for a in item.assets]
        slides = carry(item, old, new, path)
        return changed_files(store, item, assets, activity, {new_name: path}, slides)


def add_forms(store: Store, item_id: str, paths: Sequence[Path], activity: Activity) -> ActReport:
    """Add files to an item: another form of the talk, captions, a recording.

    Raises:
        NotFoundError: there is no such item.
        IngestError: a file cannot be read.
        DuplicateError: the archive has these bytes elsewhere.
    """
    looked_at = [(path, *identify_source(path)) for path in paths]
    with store.activity(activity):
        item = store.read_item(item_id)
        assets, sources = list(item.assets), {}
        for path, size, sha256, media_type in looked_at:
            if any(a.sha256 == sha256 for a in assets):
                continue
            _refuse_known(store, item, path, sha256)
            name = unique_file_name(safe_name(path.name), (a.path for a in assets))
            asset = Asset(path=name, role=role_of(media_type), media_type=media_type, size=size,
                          sha256=sha256)  # fmt: skip
            assets.append(asset)
            sources[name] = path
        return changed_files(store, item, assets, activity, sources)


def remove_file(store: Store, item_id: str, name: str, activity: Activity) -> ActReport:
    """Take a file out of an item; it is kept. Raises NotFoundError."""
    with store.activity(activity):
        item = store.read_item(item_id)
        asset = asset_named(item, name)
        assets = [a for a in item.assets if a.path != asset.path]
        return changed_files(store, item, assets, activity)


def retitle_file(
    store: Store, item_id: str, name: str, title: str, activity: Activity
) -> ActReport:
    """Give a file the title that readers see; "" for its name. Raises as replace_file."""
    with store.activity(activity):
        item = store.read_item(item_id)
        asset = asset_named(item, name)
        values = asset.model_dump() | {"title": title.strip() or None}
        titled = valid(lambda: Asset.model_validate(values))
        assets = [titled if a.path == asset.path else a for a in item.assets]
        return changed_files(store, item, assets, activity)


def order_files(store: Store, item_id: str, names: Sequence[str], activity: Activity) -> ActReport:
    """Put files first, in this order; the others follow as they are. Raises NotFoundError."""
    with store.activity(activity):
        item = store.read_item(item_id)
        first = [asset_named(item, name) for name in dict.fromkeys(names)]
        assets = [*first, *(a for a in item.assets if a not in first)]
        return changed_files(store, item, assets, activity)


def asset_named(item: Item, name: str) -> Asset:
    """Return a file of an item by name. Raises NotFoundError, with the nearest."""
    for asset in item.assets:
        if asset.path == name:
            return asset
    names = [a.path for a in item.assets]
    close = did_you_mean(name, names) or f" There are: {', '.join(names) or 'none'}."
    raise NotFoundError(f'the item has no file "{name}".{close}', item.id)


def changed_files(
    store: Store,
    item: Item,
    assets: Iterable[Asset],
    activity: Activity,
    sources: dict[str, Path] | None = None,
    slides: tuple[SlideDescription, ...] | None = None,
) -> ActReport:
    """Write an item's files, if they are other ones now.

    Args:
        store: of the archive.
        item: as it is.
        assets: as they shall be.
        activity: what the history shall say.
        sources: name of a file -> where its bytes are, where the archive has them not yet.
        slides: what the record says of single slides; as it says now, where it is None.
    """
    assets = tuple(assets)
    if assets == item.assets:
        return ActReport()
    written = set_assets(store, item.id, assets, sources, slides)
    old, new = (plain(i, without=("id", "seminar")) for i in (item, written))
    return ActReport(activity.batch, (RecordDiff(item.id, *fields_changed(old, new)),))


def _refuse_known(store: Store, item: Item, path: Path, sha256: str) -> None:
    place = store.places_by_sha256().get(sha256)
    if place is not None and place.rpartition("/")[0] != item.id:
        raise DuplicateError(f"the archive has this very file already: {place}.", path)


def _replaced(item: Item, path: Path, media_type: str, name: str) -> Asset:
    """Return the file that a new version is of. Raises NotFoundError, IngestError."""
    if name:
        return asset_named(item, name)
    same_name = [a for a in item.assets if a.path == safe_name(path.name)]
    of_kind = same_name or [a for a in item.assets if a.media_type == media_type]
    candidates = of_kind or (list(item.assets) if len(item.assets) == 1 else [])
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(a.path for a in item.assets) or "none"
    raise IngestError(
        "it is not clear which file this is a new version of.",
        path,
        f"Name it: --name FILE. There are: {names}. To add it beside them: "
        f"coproarchive file add {item.id} FILE",
    )


def _free_name(item: Item, path: Path, old: str) -> str:
    return unique_file_name(safe_name(path.name), (a.path for a in item.assets if a.path != old))
