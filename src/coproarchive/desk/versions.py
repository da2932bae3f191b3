"""Earlier versions of an item's files, and files that were taken out: listed, and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from coproarchive.desk.edit import ActReport
from coproarchive.desk.files import CarrySlides, changed_files, keep_slides
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.model import Asset, Item, Visibility
from coproarchive.store import Store, hash_file, media_type_of_file, role_of, unique_file_name
from coproarchive.store.changes import ID_FORM, Activity
from coproarchive.store.kept import KEPT, KEPT_NAME
from coproarchive.store.reader import ITEM, checked_id
from coproarchive.store.sidecar import did_you_mean


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was replaced or taken out.

    Attributes:
        path: where it is kept.
        name: that it had in the item.
        when: ISO 8601, UTC: when it was replaced or taken out.
        size: bytes.
        is_current: whether the item has these very bytes again.
    """

    path: Path
    name: str
    when: str
    size: int
    is_current: bool

    @property
    def id(self) -> str:
        """The name by which it is brought back."""
        return self.path.name


def kept_files(store: Store, item: Item) -> list[KeptFile]:
    """Return the files of an item that are kept aside, the last that was put aside first."""
    folder = store.root / KEPT / checked_id(item.id)
    if not folder.is_dir():
        return []
    digests = [asset.sha256 for asset in item.assets]
    files: list[KeptFile] = []
    for path in sorted(folder.iterdir(), reverse=True):
        match = KEPT_NAME.fullmatch(path.name)
        if match and path.is_file() and not path.is_symlink():
            when = datetime.strptime(match["when"], ID_FORM).replace(tzinfo=UTC)
            is_current = any(digest.startswith(match["sha256"]) for digest in digests)
            files.append(KeptFile(path, match["name"], when.isoformat(), path.stat().st_size,
                                 is_current))  # fmt: skip
    return files


def kept_file_named(store: Store, item: Item, name: str) -> KeptFile:
    """Return a kept file by its id or, where the item has none of that name, by its name: the last.

    Raises:
        NotFoundError: there is none, with the nearest.
        IngestError: the item has another file of that name, so one of its versions is meant.
    """
    files = kept_files(store, item)
    for file in files:
        if name == file.id:
            return file
        if name == file.name:
            if not file.is_current and any(a.path == name for a in item.assets):
                raise IngestError("the item has a file of this name: say which version is meant.",
                                  f"{item.id}/{name}",
                                  f"To see them: coproarchive file versions {item.id}")  # fmt: skip
            return file
    names = list(dict.fromkeys(file.name for file in files))
    close = did_you_mean(name, names) or f" There are: {', '.join(names) or 'none'}."
    raise NotFoundError(f'no file "{name}" of this item is kept.{close}', item.id)


def bring_back_file(
    store: Store, item_id: str, name: str, activity: Activity, carry: CarrySlides = keep_slides
) -> ActReport:
    """Give an item a file again that was replaced or taken out; what is in its place is kept.

    Args:
        store: of the archive.
        item_id: of an item.
        name: see kept_file_named.
        activity: what the history shall say.
        carry: see replace_file.

    Raises:
        NotFoundError: no such item, or no such file is kept.
    """
    with store.activity(activity):
        item = store.read_item(item_id)
        file = kept_file_named(store, item, name)
        size, sha256 = hash_file(file.path)
        if any(asset.sha256 == sha256 for asset in item.assets):
            return ActReport(notes=("The item has this very file already.",))
        asset = _described(store, item, file, size, sha256)
        assets, slides = list(item.assets), item.slides
        places = [n for n, other in enumerate(assets) if other.path == asset.path]
        if places:
            old = assets[places[0]]
            # As for a new version: whoever may not see the one does not get the other.
            rights = {"title": old.title, "visibility": old.visibility, "available": old.available}
            assets[places[0]] = asset.model_copy(update=rights)
            slides = carry(item, old, asset, file.path)
        else:
            assets.append(asset)
        return changed_files(store, item, assets, activity, {asset.path: file.path}, slides)


def _described(store: Store, item: Item, file: KeptFile, size: int, sha256: str) -> Asset:
    """Return what the record said of a file when the item had it."""
    for change in store.recorder.log.of_record(f"{item.id}/{ITEM}"):
        listed = (change.before or {}).get("assets")
        for asset in listed if isinstance(listed, list) else []:
            if isinstance(asset, dict) and asset.get("sha256") == sha256:
                return Asset.model_validate(asset)
    media_type = media_type_of_file(file.path)
    names = [asset.path for asset in item.assets if asset.media_type != media_type]
    # Nothing tells who might see it, so it is hidden until somebody says that all may.
    return Asset(path=unique_file_name(file.name, names), role=role_of(media_type),
                 media_type=media_type, size=size, sha256=sha256,
                 visibility=Visibility.HIDDEN)  # fmt: skip
