"""/desk/files/ID: the files of an item, their earlier versions, and what was taken out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.desk.edit import ActReport
from coproarchive.desk.versions import KeptFile, kept_file_named
from coproarchive.errors import DuplicateError, NotFoundError
from coproarchive.model import Asset, Item
from coproarchive.search.discover.reuse import OtherVersion
from coproarchive.store.reader import ITEM
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.received import received
from coproarchive.web.desk.visibility_pages import (
    WHO,
    chosen_visibility,
    visibility_in_words,
)


class Duplicate(NamedTuple):
    """Another place that has a file: its item's id and title, and the file's name there."""

    item_id: str
    title: str
    name: str


@dataclass(frozen=True, slots=True)
class FileCard:
    """A file of an item, with its forms.

    Attributes:
        asset: the file.
        who: may see it: "public", "members", "hidden", "day".
        twins: other places of the same bytes.
        versions: earlier ones, the last first.
        near: items of which it may be another version.
        number: of its forms on the page, from 1.
        is_first, is_last: where it stands among the others.
    """

    asset: Asset
    who: str
    twins: list[Duplicate]
    versions: list[KeptFile]
    near: list[OtherVersion]
    number: int
    is_first: bool
    is_last: bool


def files(r: DeskRequest) -> Response:
    """Show the files of an item, what was replaced, and what was taken out."""
    item = r.catalogue.item(r.path["item_id"])
    put_aside = [file for file in r.desk.kept_files(item.id) if not file.is_current]
    names = {asset.path for asset in item.assets}
    return r.page(
        "desk/files.html",
        f"Files of {item.title}",
        item=item,
        digest=r.library.store.digest(f"{item.id}/{ITEM}"),
        cards=list(_cards(r, item, put_aside)),
        bin=[file for file in put_aside if file.name not in names],
        mistaken=r.typed("name"),
        options=WHO,
        most_megabytes=r.library.settings.upload_file_mb,
    )


def _cards(r: DeskRequest, item: Item, put_aside: Sequence[KeptFile]) -> Iterable[FileCard]:
    for number, asset in enumerate(item.assets, start=1):
        yield FileCard(
            asset,
            "day" if asset.available else asset.visibility.value,
            twins_of(asset, item.id, r.catalogue),
            [file for file in put_aside if file.name == asset.path],
            _near(r, item, asset),
            number,
            number == 1,
            number == len(item.assets),
        )


def twins_of(asset: Asset, item_id: str, catalogue: Catalogue) -> list[Duplicate]:
    """Return where else the very bytes of a file are."""
    places = catalogue.by_sha256.get(asset.sha256, ())
    return [
        Duplicate(other, catalogue.items[other].title, name)
        for other, name in places
        if (other, name) != (item_id, asset.path)
    ]


def _near(r: DeskRequest, item: Item, asset: Asset) -> list[OtherVersion]:
    """Return items of which a file may be another version; none where it was not read yet."""
    extraction = r.library.reader.cached(asset.sha256, asset.media_type)
    return r.library.talks.other_versions([extraction], item.id) if extraction else []


# ------------------------------------------------------------------------ acts

Done = tuple[ActReport, str]
Act = Callable[[DeskRequest, str, str, Sequence[Path]], Done]


def change_files(r: DeskRequest) -> Response:
    """Carry out what a button asks for: `act` on the file `name`, with what `field` brings."""
    act = ACTS.get(r.typed("act"))
    if act is None:
        raise NotFoundError(f'there is no act "{r.typed("act")}" here.')
    if act is not _add and not r.typed("name"):
        # Without a file's name some acts would be of the item: it would be shown, or hidden, whole.
        raise NotFoundError("no file was named.", hint="Load the page again.")
    item_id, field = r.path["item_id"], r.typed("field")
    brought = received(r, field) if act in (_add, _replace) else contextlib.nullcontext(())
    with brought as paths, r.desk.unchanged(item_id, r.typed("digest"), "assets"):
        try:
            report, done = act(r, item_id, r.typed("name"), paths)
        except DuplicateError as error:
            mistake = f"{error.message[:1].upper()}{error.message[1:]}"
            raise InvalidFormError({field: mistake}) from error
    if not report.diffs:
        done = "Nothing was to be changed."
    notes = " ".join(report.notes)
    return r.done(f"{done} {notes}".strip(), f"/desk/files/{quote(item_id)}", undo=report.change)


def _add(r: DeskRequest, item_id: str, _: str, paths: Sequence[Path]) -> Done:
    report = r.desk.add_forms(item_id, paths, why=r.typed("why"))
    return report, f"Added: {', '.join(path.name for path in paths)}. {r.soon()}"


def _replace(r: DeskRequest, item_id: str, name: str, paths: Sequence[Path]) -> Done:
    report = r.desk.replace(item_id, paths[0], name=name, why=r.typed("why"))
    return report, f"{name} has a new version; the old one is kept. {r.soon()}"


def _retitle(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    report = r.desk.retitle_file(item_id, name, r.typed("title"), why=r.typed("why"))
    return report, f"The title of {name} is saved."


def _show_to(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    visible = chosen_visibility(r, f"day-{r.typed('number')}")
    report = r.desk.set_visibility([item_id], visible, file=name, why=r.typed("why"))
    return report, f"{name}: {visibility_in_words(visible)}."


def _remove(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    report = r.desk.remove_file(item_id, name, why=r.typed("why"))
    return report, f"{name} is in the bin: see below, to bring it back."


def _bring_back(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    file = kept_file_named(r.library.store, r.catalogue.item(item_id), name)
    report = r.desk.bring_back_file(item_id, name, why=r.typed("why"))
    return report, f"{file.name} is back. {r.soon()}"


def _earlier(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    return _moved(r, item_id, name, -1)


def _later(r: DeskRequest, item_id: str, name: str, _: Sequence[Path]) -> Done:
    return _moved(r, item_id, name, 1)


def _moved(r: DeskRequest, item_id: str, name: str, by: int) -> Done:
    """Move a file before, or behind, its neighbour."""
    names = [asset.path for asset in r.catalogue.item(item_id).assets]
    at = names.index(name) if name in names else 0
    names.insert(max(at + by, 0), names.pop(at))
    report = r.desk.order_files(item_id, names, why=r.typed("why"))
    return report, f"{name} is number {names.index(name) + 1} now." if name in names else ""


ACTS: dict[str, Act] = {
    "add": _add,
    "replace": _replace,
    "title": _retitle,
    "visibility": _show_to,
    "remove": _remove,
    "back": _bring_back,
    "earlier": _earlier,
    "later": _later,
}


def download(r: DeskRequest) -> Response:
    """Serve a file of an item as it is, hidden or not, or an earlier version of one."""
    item = r.catalogue.item(r.path["item_id"])
    name = r.path["name"]
    if any(asset.path == name for asset in item.assets):
        path, given_name = r.library.store.asset_path(item.id, name), name
    else:
        file = kept_file_named(r.library.store, item, name)
        path, given_name = file.path, file.name
    # Handed over, whatever it is: nothing of it runs here.
    return FileResponse(path, filename=given_name, media_type="application/octet-stream")


ROUTES = (
    DeskRoute("/desk/files/{item_id:path}/download/{name}", show=download),
    DeskRoute("/desk/files/{item_id:path}", show=files, act=change_files, takes_files=True),
)
