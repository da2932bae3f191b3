"""Small invented archives that trials begin from. Nobody and nothing in them is real.

A scene is a folder: archive/, index/, in/ (files to be brought) and tmp/ (TMPDIR). It is made once
and copied for every trial.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import blogs
from coproarchive.desk import Desk
from coproarchive.desk.values import FieldEdit
from coproarchive.extract.worker import Job
from coproarchive.ingest.add import ItemDraft
from coproarchive.ingest.folder_plan import DescribeOptions, add_folder
from coproarchive.ingest.wordpress import Options, import_site
from coproarchive.ingest.wordpress.detect import source_of
from coproarchive.ingest.wordpress.fetch import Fetcher
from coproarchive.library import Library
from coproarchive.model import Contribution, Item
from coproarchive.settings import Settings
from coproarchive.store import hash_file, media_type_of_file, walk
from making import SEMINAR, make_archive, make_deck, make_pdf

PICTURED = "windmills"
"""The item whose pages have pictures."""
_POST = "By Fay Crumb\n\nI came for the bread and stayed for the talk about {}."


def settings_of(folder: Path) -> Settings:
    """Return the settings of a scene's archive and index."""
    return Settings(archive=folder / "archive", index=folder / "index", workers=1, office="off")


def make_scene(name: str, scenes: Path) -> Path:
    """Make a scene, unless it was made before; return its folder."""
    folder = scenes / name
    if not folder.exists():
        SCENES[name](folder)
        (folder / "tmp").mkdir(exist_ok=True)
    return folder


def _nothing(folder: Path) -> None:
    """Make files to be brought, and no archive."""
    files = folder / "in"
    make_deck(files / "Loaves of tomorrow 2019-03-02.pptx", extra_title="Loaves of tomorrow")
    make_pdf(files / "rye.pdf", ["Rye by night\nDark and dense", "Caraway and crust"])
    (files / "rye.md").write_text("# Rye by night\n\nNotes on caraway and rye.\n")
    below = files / "folder"
    make_deck(below / "oats.pptx", extra_title="Oats in winter")
    make_pdf(below / "oats.pdf", ["Oats in winter\nPorridge and groats"])
    make_pdf(below / "year" / "barley.pdf", ["Barley water", "Malt and kilns"])
    (below / "year" / "yeast.md").write_text("# Wild yeast\n\nYeast floats and waits.\n")
    (below / "year" / "notes.xyz").write_text("no kind of file of a talk")
    _blog(files, "advance orders", ["The oven door\nHinges and heat"])


def _blog(files: Path, about: str, record: list[str]) -> None:
    """Make an export of a small blog and the folder of its files."""
    posts = [*blogs.CLASSIC[:2], blogs.post(13, "What I took home", _POST.format(about))]
    posts += blogs.CLASSIC[3:5]
    blogs.write(files / "blog.xml", *posts)
    make_pdf(files / "media" / "record.pdf", record)
    make_deck(files / "media" / "door.pptx", extra_title="Who holds the oven door?")


def _unread(folder: Path) -> None:
    """Make an indexed archive; the texts of what is to be brought are not known."""
    _nothing(folder)
    make_archive(folder / "archive")
    shutil.rmtree(folder / "made")
    _update(folder)


def _talks(folder: Path) -> None:
    """Make an indexed archive that knows the texts of what is to be brought, so need not read."""
    shutil.copytree(make_scene("unread", folder.parent), folder)
    library = Library(settings_of(folder))
    files = [folder / "in" / entry.path for entry in walk(folder / "in") if entry.kind == "file"]
    jobs = [Job(path, hash_file(path)[1], media_type_of_file(path)) for path in files]
    for _ in library.reader.read_many(jobs):
        pass
    library.close()


def _stale(folder: Path) -> None:
    """Make an archive in which a record changed, one went and one came since it was indexed."""
    shutil.copytree(make_scene("talks", folder.parent), folder)
    store = Library(settings_of(folder)).store
    item = store.read_item("windmills")
    store.save_item(item.model_copy(update={"title": "Windmills at dusk", "topics": ()}))
    shutil.rmtree(folder / "archive" / "hostile")
    by_ada = (Contribution(person="ada-baker"),)
    item = Item(id=f"{SEMINAR}/rye-by-night", title="Rye by night", people=by_ada)
    store.add_item(item, {"rye.pdf": folder / "in" / "rye.pdf"})


def _unindexed(folder: Path) -> None:
    """Make an archive without an index."""
    shutil.copytree(make_scene("unread", folder.parent), folder)
    shutil.rmtree(folder / "index")


def _edited(folder: Path) -> None:
    """Make an archive with a history: an item was edited, got a second file, and a new version."""
    shutil.copytree(make_scene("talks", folder.parent), folder)
    library = Library(settings_of(folder))
    desk = Desk(library, "Nia Keeper")
    desk.edit([PICTURED], [FieldEdit.parse("title=Windmills at dusk")], why="as the speaker wrote")
    desk.add_forms(PICTURED, [folder / "in" / "rye.md"])
    desk.replace(PICTURED, folder / "in" / "rye.pdf")
    desk.remove_file("a-post", "post.md")
    desk.withdraw("a-post", "Asked for.")
    library.close()


def _repairable(folder: Path) -> None:
    """Make an archive in which records and files can surely be put right; see desk/repair.py."""
    shutil.copytree(make_scene("edited", folder.parent), folder)
    archive = folder / "archive"
    record = archive / PICTURED / "item.yaml"
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace("title:", "available: 2017-7-6\ntitle:", 1), encoding="utf-8")
    bread = archive / SEMINAR / "bread-for-all"
    deck = next(bread.glob("*.pptx"))
    deck.rename(deck.with_name("a deck.pptx"))
    (bread / "Thumbs.db").write_bytes(b"not a picture")


def _bagged(folder: Path) -> None:
    """Make an archive with a history, two backups, and an edit since."""
    shutil.copytree(make_scene("edited", folder.parent), folder)
    library = Library(settings_of(folder))
    desk = Desk(library, "Nia Keeper")
    desk.back_up(folder / "in" / "bags")
    desk.edit([PICTURED], [FieldEdit.parse("date=2018")])
    desk.back_up(folder / "in" / "bags")
    library.close()


def _old(folder: Path) -> None:
    """Make an archive of format 1, which archive.yaml does not name."""
    shutil.copytree(make_scene("talks", folder.parent), folder)
    record = folder / "archive" / "archive.yaml"
    lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
    record.write_text("".join(line for line in lines if not line.startswith("format:")))


def _described(folder: Path) -> None:
    """Make an archive to which a folder was added whose descriptions wait to be confirmed."""
    shutil.copytree(make_scene("talks", folder.parent), folder)
    library = Library(settings_of(folder))
    place = (library.store, library.catalogue(), library.reader)
    add_folder(*place, folder / "in" / "folder", ItemDraft(), options=DescribeOptions())
    library.close()


def _imported(folder: Path) -> None:
    """Make an archive with a blog that was brought, indexed; the blog has changed since."""
    shutil.copytree(make_scene("talks", folder.parent), folder)
    files = folder / "in"
    source = source_of([str(files / "blog.xml")], Fetcher(), folder / "index" / "import")
    import_site(Library(settings_of(folder)).store, source, Options(media=files / "media"))
    _update(folder)
    _blog(files, "ovens that are shared by a street", ["The oven door\nHinges, heat and hands"])


def _pictured(folder: Path) -> None:
    """Make an archive with a blog that was brought, and pictures of one item's pages."""
    shutil.copytree(make_scene("imported", folder.parent), folder)
    library = Library(settings_of(folder))
    item = library.public().items[PICTURED]
    until = time.monotonic() + 30
    while not all(library.picture(item.id, item.assets[0], n, 320) for n in (1, 2)):
        assert time.monotonic() < until, "no pictures are drawn"
        time.sleep(0.01)
    library.close()


def _update(folder: Path) -> None:
    library = Library(settings_of(folder))
    library.update_index()
    library.close()


SCENES: dict[str, Callable[[Path], None]] = {
    "nothing": _nothing,
    "unread": _unread,
    "talks": _talks,
    "stale": _stale,
    "unindexed": _unindexed,
    "old": _old,
    "described": _described,
    "edited": _edited,
    "repairable": _repairable,
    "bagged": _bagged,
    "imported": _imported,
    "pictured": _pictured,
}
