"""Every change is told, small and readable, and can be taken back; by hand too."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coproarchive.check import check
from coproarchive.desk import Desk
from coproarchive.desk.edit import FieldConflictError
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Person
from coproarchive.store import Store
from coproarchive.store.changes import Activity, ChangeLog, applied
from making import SEMINAR, make_pdf

BREAD = f"{SEMINAR}/bread-for-all"


def sets(*texts: str) -> list[FieldEdit]:
    return [FieldEdit.parse(text) for text in texts]


def replayed(store: Store) -> None:
    """Assert that the history leads to what every record says, and that none is open."""
    assert not (store.root / ".history" / "open.jsonl").exists()
    for path in store.record_paths():
        states, digest = store.recorder.log.states(path)
        content = store.content(path)
        assert isinstance(content, dict)
        told = states if path in ("people.yaml", "topics.yaml") else states[""]
        assert told == content, path
        assert digest == store.digest(path), path


def test_an_edit_is_told_with_who_when_what_and_why(desk: Desk, library: Library) -> None:
    report = desk.edit([BREAD], sets("title=Bread for nearly all"), why="The speaker wrote")
    (change,) = desk.history(BREAD, 1)
    assert change.before == {"title": "Bread for all"}
    assert change.after == {"title": "Bread for nearly all"}
    assert (change.batch, change.activity.name) == (report.change, "edit")
    assert (change.activity.who, change.activity.why) == ("Ann Keeper", "The speaker wrote")
    assert change.when.endswith("+00:00")
    assert library.store.read_item(BREAD).title == "Bread for nearly all"
    replayed(library.store)


def test_what_was_there_before_the_history_is_its_beginning(desk: Desk, library: Library) -> None:
    """An archive that was made by hand, or by an older version, is told of once, as it is."""
    shutil.rmtree(library.store.root / ".history")
    desk.edit([BREAD], sets("date=2018"))
    changes = desk.history()
    assert [c.activity.name for c in changes[:2]] == ["edit", "begin"]
    assert {c.record for c in changes} >= {"archive.yaml", "people.yaml", f"{BREAD}/item.yaml"}
    replayed(library.store)
    with pytest.raises(IngestError, match="begins"):
        desk.undo(changes[1].batch)


def test_an_edit_keeps_comments_order_and_what_says_the_default(
    desk: Desk, library: Library
) -> None:
    path = library.store.root / "windmills" / "item.yaml"
    text = path.read_text().replace("title:", "kind: presentation # so far\n# the title\ntitle:")
    path.write_text(text)
    desk.edit(["windmills"], sets("title=Windmills at dusk"))
    assert path.read_text() == text.replace("title: Windmills", "title: Windmills at dusk")


def test_edits_by_hand_are_told_at_the_next_command(desk: Desk, library: Library) -> None:
    root = library.store.root
    desk.history()
    record = root / "windmills" / "item.yaml"
    record.write_text(record.read_text().replace("title: Windmills", "title: Mills"))
    people = root / "people.yaml"
    people.write_text(people.read_text().replace("Bo Miller", "Bo M. Miller"))
    shutil.rmtree(root / "held-elsewhere")
    changes = [c for c in desk.history() if c.activity.name == "by hand"]
    assert {(c.record, c.entry) for c in changes} == {
        ("windmills/item.yaml", ""), ("people.yaml", "bo-miller"), ("held-elsewhere/item.yaml", ""),
    }  # fmt: skip
    assert {c.activity.who for c in changes} == {record.owner()}
    mills = next(c for c in changes if c.record.startswith("windmills"))
    assert (mills.before, mills.after) == ({"title": "Windmills"}, {"title": "Mills"})
    assert len(desk.history()) == len(desk.history())  # told once
    desk.undo(mills.id)
    assert library.store.read_item("windmills").title == "Windmills"


def test_the_cache_of_what_records_were_does_not_decide(desk: Desk, library: Library) -> None:
    """It is derived: damaged, it makes no edit by hand that was none."""
    desk.history()
    cache = library.settings.index / "history.json"
    stored = json.loads(cache.read_bytes())
    for entry in stored["records"].values():
        entry[0], entry[1] = "0" * 64, None
    cache.write_text(json.dumps(stored))
    fresh = Library(library.settings)
    assert not [c for c in Desk(fresh).history() if c.activity.name == "by hand"]


def test_undo_takes_back_one_change_and_undo_can_be_undone(desk: Desk, library: Library) -> None:
    desk.edit([BREAD], sets("title=One", "abstract="))
    report = desk.undo("last")
    item = library.store.read_item(BREAD)
    assert (item.title, item.abstract) == ("Bread for all", "Why everybody should bake.")
    desk.undo(report.change)
    assert library.store.read_item(BREAD).title == "One"
    replayed(library.store)


def test_undo_of_what_is_undone_does_nothing(desk: Desk) -> None:
    change = desk.edit([BREAD], sets("title=One")).change
    assert desk.undo(change).diffs
    again = desk.undo(change)
    assert (again.diffs, again.change) == ((), "")


def test_undo_leaves_other_fields_and_refuses_what_was_changed_since(
    desk: Desk, library: Library
) -> None:
    first = desk.edit([BREAD], sets("title=One")).change
    desk.edit([BREAD], sets("date=2018"))
    later = desk.edit([BREAD], sets("title=Two")).change
    with pytest.raises(FieldConflictError, match='title: it is "Two" now') as raised:
        desk.undo(first)
    assert raised.value.conflicts[0].change == f"{later}.1"
    assert library.store.read_item(BREAD).title == "Two"
    desk.undo(first, force=True)
    item = library.store.read_item(BREAD)
    assert (item.title, item.date) == ("Bread for all", "2018")


def test_undo_to_a_moment(desk: Desk, library: Library) -> None:
    before = {p: library.store.content(p) for p in library.store.record_paths()}
    moment = desk.history(limit=1)[0].when
    desk.edit([BREAD], sets("title=One"))
    desk.edit([BREAD, "windmills"], sets("topics+=Proving", "people+=Zoe Zwieback"), make_new=True)
    desk.merge("person", "bo-miller", "ada-baker")
    record = library.store.root / "windmills" / "item.yaml"
    record.write_text(record.read_text() + "rights: Ask\n")  # by hand, and nobody looked since
    desk.undo(to=moment)
    assert {p: library.store.content(p) for p in library.store.record_paths()} == before
    replayed(library.store)


def test_undo_of_an_added_item_takes_it_out_and_gives_it_back(
    desk: Desk, library: Library, tmp_path: Path
) -> None:
    deck = make_pdf(tmp_path / "rye.pdf", ["Rye by night"])
    item = Item(id="rye", title="Rye by night")
    with library.store.activity(Activity("add")):
        library.store.add_item(item, {"rye.pdf": deck})
    report = desk.undo("last")
    assert "rye" not in library.store.item_ids()
    desk.undo(report.change)
    assert library.store.asset_path("rye", "rye.pdf").read_bytes() == deck.read_bytes()
    replayed(library.store)


def test_a_person_who_is_named_is_not_taken_out(desk: Desk, library: Library) -> None:
    with library.store.activity(Activity("write")):
        library.store.save_person(Person(id="zoe", names=("Zoe Zwieback",)))
    made = desk.history(limit=1)[0].batch
    desk.edit([BREAD], sets("people+=zoe"))
    with pytest.raises(Exception, match=f"still named by {BREAD}"):
        desk.undo(made)
    assert "zoe" in library.store.read_people()[0]


def test_two_who_edit_one_record_do_not_overwrite_each_other(desk: Desk, library: Library) -> None:
    """Another field is written beside; the same field is told, with what each wants."""
    seen = {"title": "Bread for all", "date": None}
    desk.edit([BREAD], sets("date=2018"), seen=seen)
    desk.edit([BREAD], sets("title=Mine"), seen=seen)  # another field than theirs
    with pytest.raises(FieldConflictError) as raised:
        desk.edit([BREAD], sets("title=Yours"), seen=seen)
    (conflict,) = raised.value.conflicts
    assert (conflict.expected, conflict.now, conflict.chosen) == ("Bread for all", "Mine", "Yours")
    assert conflict.who == "Ann Keeper"
    item = library.store.read_item(BREAD)
    assert (item.title, item.date) == ("Mine", "2018")


def test_a_killed_edit_is_told_if_it_was_written_and_only_then(library: Library) -> None:
    """Killed before its record is written, and after: the next writer settles what is told."""
    kill = (
        "import os, sys; from pathlib import Path\n"
        "from coproarchive.store import Store\n"
        "from coproarchive.store import files\n"
        "store = Store(Path(sys.argv[1])); item = store.read_item('windmills')\n"
        "store.recorder.begin()\n"
        "real = Path.replace\n"
        "def stop(path, target):\n"
        "    if str(target).endswith('item.yaml'):\n"
        "        if sys.argv[2] == 'after': real(path, target)\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return real(path, target)\n"
        "Path.replace = stop\n"
        "store.save_item(item.model_copy(update={'title': sys.argv[2]}))\n"
    )
    store = library.store
    for moment, is_told in (("before", False), ("after", True)):
        words = [sys.executable, "-c", kill, str(store.root), moment]
        assert subprocess.run(words, check=False).returncode == -9
        assert (store.root / ".history" / "open.jsonl").exists()
        with store.lock():
            pass
        titles = [c.after and c.after.get("title") for c in ChangeLog(store.root).changes()]
        assert (moment in titles) is is_told
        replayed(store)


def test_a_disk_that_is_full_leaves_neither_change_nor_line(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not written is not told either, in the same process."""
    store = library.store
    store.recorder.begin()
    before = len(list(store.recorder.log.changes()))
    import coproarchive.store as store_module

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "write_durably", full)
        with pytest.raises(Exception, match="full"):
            store.save_item(store.read_item("windmills").model_copy(update={"title": "X"}))
    assert store.read_item("windmills").title == "Windmills"
    assert len(list(store.recorder.log.changes())) == before
    replayed(store)


def test_history_is_small_and_its_changes_apply(desk: Desk, library: Library) -> None:
    """A change of a title costs some hundred bytes, not a copy of the record."""
    desk.edit([BREAD], sets("abstract=" + "Crumbs and crusts. " * 200))
    change = desk.edit([BREAD], sets("title=Two")).change
    path = library.store.recorder.log.folder / f"{change[:4]}-{change[4:6]}" / f"{change}.jsonl"
    assert path.stat().st_size < 700
    states, _ = library.store.recorder.log.states(f"{BREAD}/item.yaml")
    (last,) = library.store.recorder.log.find(change)
    assert applied(states[""], last) == states[""]


def test_a_line_that_was_changed_is_named_and_not_used(desk: Desk, library: Library) -> None:
    """Any letter that becomes another, in heads and changes, and a file that was cut short."""
    change = desk.edit([BREAD], sets("title=Two"), why="shorter").change
    log = library.store.recorder.log
    path = log.folder / f"{change[:4]}-{change[4:6]}" / f"{change}.jsonl"
    whole = path.read_bytes()
    assert not list(log.damaged())
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert [file for file, _ in log.damaged()] == [path], place
    for cut in (whole[:-1], whole[:-9], b""):
        path.write_bytes(cut)
        assert [file for file, _ in log.damaged()] == [path], cut
    path.write_bytes(whole.replace(b'"Two"', b'"Six"'))
    assert not log.read(path)
    problems = check(library.store, library.catalogue(), library.reader)
    (problem,) = (p for p in problems if p.code == "history-damaged")
    assert problem.path == f".history/{path.parent.name}/{path.name}"
    assert "line 2" in problem.message


def test_lines_of_before_there_were_checksums_are_believed(desk: Desk, library: Library) -> None:
    change = desk.edit([BREAD], sets("title=Two")).change
    log = library.store.recorder.log
    path = log.folder / f"{change[:4]}-{change[4:6]}" / f"{change}.jsonl"
    path.write_bytes(re.sub(rb', "crc": "\w+"', b"", path.read_bytes()))
    assert not list(log.damaged())
    assert [c.after for c in log.read(path)] == [{"title": "Two"}]


def test_a_change_that_is_not_there_is_named(desk: Desk) -> None:
    for name in ("20200101-000000-000000", "nonsense", "../../etc"):
        with pytest.raises(NotFoundError, match="no change"):
            desk.undo(name)


def test_replaced_files_come_back(desk: Desk, library: Library, tmp_path: Path) -> None:
    """A new version keeps the old one, dated; undo puts it back."""
    store = library.store
    old = store.asset_path("windmills", "mill.pdf").read_bytes()
    new = make_pdf(tmp_path / "new.pdf", ["Sails and vanes"])
    report = desk.replace("windmills", new)
    (asset,) = store.read_item("windmills").assets
    assert isinstance(asset, Asset)
    assert (asset.path, asset.size) == ("mill.pdf", new.stat().st_size)
    (kept,) = (store.root / ".kept" / "windmills").iterdir()
    assert kept.read_bytes() == old
    assert kept.name.endswith("-mill.pdf")
    desk.undo(report.change)
    assert store.asset_path("windmills", "mill.pdf").read_bytes() == old
    desk.undo("last")
    assert store.asset_path("windmills", "mill.pdf").read_bytes() == new.read_bytes()
    replayed(store)


def test_an_import_is_one_batch_and_is_undone_as_one(desk: Desk, library: Library) -> None:
    """Items, people, seminars and topics that it brought go; what was there is as it was."""
    from blogs import CLASSIC, write
    from coproarchive.ingest.wordpress import import_site
    from coproarchive.ingest.wordpress.wxr import WxrSource

    store = library.store
    before = {p: store.content(p) for p in store.record_paths()}
    import_site(store, WxrSource([write(store.root.parent / "blog.xml", *CLASSIC)]))
    brought = [c for c in desk.history() if c.activity.name == "import wordpress"]
    assert len({c.batch for c in brought}) == 1
    assert len(store.item_ids()) > len(before) - 4
    desk.undo(brought[0].batch)
    assert {p: store.content(p) for p in store.record_paths()} == before
    replayed(store)
    desk.undo("last")
    assert any(p.endswith("post.md") for p in map(str, store.root.rglob("post.md")))
    replayed(store)


def test_what_is_added_from_a_folder_is_one_batch(library: Library, tmp_path: Path) -> None:
    """Though others may write between two of its items."""
    from coproarchive.ingest.add import ItemDraft
    from coproarchive.ingest.folder_plan import add_folder

    folder = tmp_path / "loose"
    folder.mkdir()
    for n in range(3):
        (folder / f"post {n}.md").write_text(f"# Loaf number {n}\n\nBread {n}.\n")
    store = library.store
    add_folder(store, library.catalogue(), library.reader, folder, ItemDraft())
    added = [c for c in store.recorder.log.changes() if c.activity.name == "add"]
    assert [c.id.rpartition(".")[2] for c in added] == ["3", "2", "1"]
    assert len({c.batch for c in added}) == 1
    replayed(store)
    library.close()
