"""What the acts write and refuse, at the store alone: no command, no index, no file is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from coproarchive.desk.edit import FieldConflictError, edit_records, in_words
from coproarchive.desk.files import (
    add_forms,
    order_files,
    remove_file,
    replace_file,
    retitle_file,
)
from coproarchive.desk.purge import PURGED, plan_purge, purge_item
from coproarchive.desk.undo import changes_of, reversals, undo_changes
from coproarchive.desk.values import FieldEdit
from coproarchive.desk.visibility import MEMBERS_NOTE, set_visibility, withdraw_item
from coproarchive.errors import (
    ConflictError,
    CoproArchiveError,
    DuplicateError,
    IngestError,
    NotFoundError,
)
from coproarchive.model import (
    Contribution,
    Item,
    Person,
    Relation,
    Seminar,
    Series,
    Session,
    Topic,
    Visibility,
)
from coproarchive.store import Store, role_of
from coproarchive.store.changes import Activity, Change
from coproarchive.store.kept import put_back, set_assets


def act() -> Activity:
    """One more act of the keeper: a batch of its own."""
    return Activity("test", who="Ann Keeper")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two items, one with two files; a person, a topic and a seminar that name them."""
    store = Store.create(tmp_path / "archive", Series(title="T"))
    store.save_people([Person(id="bo", names=("Bo Miller",)), Person(id="cy", names=("Cy",))])
    store.save_topics([Topic(id="rye", label="Rye", alternatives=("Secale",))])
    for name in ("a.md", "b.vtt"):
        (tmp_path / name).write_text(f"WEBVTT {name}\n")
    by = (Contribution(person="bo"),)
    item = Item(id="talk", title="Talk", people=by, topics=("rye",))
    store.add_item(item, {name: tmp_path / name for name in ("a.md", "b.vtt")})
    store.save_item(Item(id="other", title="Other",
                         relations=(Relation(type="references", item="talk"),)))  # fmt: skip
    store.save_seminar(Seminar(id="s", title="S", programme=(Session(title="x", item="talk"),)))
    return store


def history(store: Store, named: str = "last") -> list[Change]:
    return changes_of(store, named)


def files(store: Store) -> list[str]:
    return [asset.path for asset in store.read_item("talk").assets]


def refused(acting: Callable[[], object], error: type[CoproArchiveError], words: str) -> None:
    with pytest.raises(error) as raised:
        acting()
    assert words in str(raised.value)


# ------------------------------------------------------------------------ visibility


def test_who_may_see_is_written_and_taken_out(store: Store) -> None:
    """A day and a kind of reader take each other's place; the default is not written."""
    report = set_visibility(store, ["talk", "other"], "hidden", act())
    assert [diff.name for diff in report.diffs] == ["talk", "other"]
    assert (report.diffs[0].before, report.diffs[0].after) == ({}, {"visibility": "hidden"})
    assert report.change == history(store)[0].batch and report.notes == ()
    assert set_visibility(store, ["talk"], "hidden", act()).diffs == ()
    set_visibility(store, ["talk"], "2999-01-31", act())
    talk = store.read_item("talk")
    assert (talk.visibility, talk.available) == (Visibility.PUBLIC, "2999-01-31")
    assert set_visibility(store, ["talk"], "members", act()).notes == (MEMBERS_NOTE,)
    assert store.read_item("talk").available is None
    set_visibility(store, ["talk", "other"], "public", act())
    text = (store.root / "talk" / "item.yaml").read_text()
    assert "visibility" not in text and "available" not in text


def test_a_preview_of_who_may_see_writes_nothing(store: Store) -> None:
    """It says what would be written."""
    before = (store.root / "talk" / "item.yaml").read_bytes()
    report = set_visibility(store, ["talk"], "hidden", act(), dry_run=True)
    assert report.diffs[0].after == {"visibility": "hidden"}
    assert (store.root / "talk" / "item.yaml").read_bytes() == before


def test_one_file_is_hidden_and_the_others_stay(store: Store) -> None:
    """By its name; the item itself is as it was."""
    set_visibility(store, ["talk"], "hidden", act(), file="b.vtt")
    talk = store.read_item("talk")
    assert talk.visibility is Visibility.PUBLIC
    assert [a.visibility for a in talk.assets] == [Visibility.PUBLIC, Visibility.HIDDEN]
    refused(lambda: set_visibility(store, ["talk"], "hidden", act(), file="c"), NotFoundError,
            'no file "c"')  # fmt: skip


@pytest.mark.parametrize(
    ("visible", "words"),
    [("private", '"private" is none of public, members, hidden'), ("2027-2-30", "is none of"),
     ("2027-02-30", "there is no such date as 2027-02-30"), ("2027-01-31x", "is none of"),
     ("", "is none of")],
)  # fmt: skip
def test_no_other_word_says_who_may_see(store: Store, visible: str, words: str) -> None:
    """And of several items none is changed where one is not there."""
    refused(lambda: set_visibility(store, ["talk"], visible, act()), IngestError, words)
    refused(lambda: set_visibility(store, ["talk", "no"], "hidden", act()), NotFoundError, "no")
    assert store.read_item("talk").visibility is Visibility.PUBLIC


def test_what_is_taken_back_keeps_its_day(store: Store) -> None:
    """The reason and what is there instead may be said anew; the same again is not."""
    report = withdraw_item(store, "talk", " Asked for. ", act(), replacement="other")
    withdrawn = store.read_item("talk").withdrawn
    assert withdrawn
    assert (withdrawn.reason, withdrawn.replacement) == ("Asked for.", "other")
    assert report.change == history(store)[0].batch
    assert report.diffs[0].before == {}
    again = withdraw_item(store, "talk", "Asked for.", act(), replacement="other")
    assert again.notes == (f"It was taken back on {withdrawn.date}.",)
    assert (again.change, again.diffs) == ("", ())
    record = store.root / "talk" / "item.yaml"
    record.write_text(record.read_text().replace(withdrawn.date, "2020-02-03"))
    withdraw_item(store, "talk", "Another reason", act())
    withdrawn = store.read_item("talk").withdrawn
    assert withdrawn
    assert (withdrawn.date, withdrawn.reason) == ("2020-02-03", "Another reason")
    assert withdrawn.replacement is None


def test_what_takes_its_place_is_another_item_that_is_there(store: Store) -> None:
    """And there is a reason."""
    refused(lambda: withdraw_item(store, "talk", "x", act(), replacement="talk"), IngestError,
            "its own place")  # fmt: skip
    refused(lambda: withdraw_item(store, "talk", "x", act(), replacement="no"), NotFoundError, "no")
    refused(lambda: withdraw_item(store, "talk", "  ", act()), IngestError, "reason")
    assert store.read_item("talk").withdrawn is None


# ------------------------------------------------------------------------------ files


def test_a_form_is_added_once_under_a_free_name(store: Store, tmp_path: Path) -> None:
    """The same bytes are passed over; those of another item are refused."""
    new = tmp_path / "new" / "A.MD"
    new.parent.mkdir()
    new.write_text("# Anew\n")
    report = add_forms(store, "talk", [tmp_path / "a.md", new], act())
    assert files(store) == ["a.md", "b.vtt", "A-2.md"]
    assert (store.root / "talk" / "A-2.md").read_bytes() == new.read_bytes()
    assert report.change and report.diffs[0].name == "talk"
    assert add_forms(store, "talk", [new], act()).diffs == ()
    refused(lambda: add_forms(store, "other", [new], act()), DuplicateError, "talk/A-2.md")
    assert store.read_item("other").assets == ()


def test_a_new_version_takes_the_place_that_is_meant(store: Store, tmp_path: Path) -> None:
    """By its name or kind; what is not clear is asked for; a file's rights and title stay."""
    version = tmp_path / "v2" / "corrected.vtt"
    version.parent.mkdir()
    version.write_text("WEBVTT corrected\n")
    retitle_file(store, "talk", "b.vtt", " Captions ", act())
    set_visibility(store, ["talk"], "hidden", act(), file="b.vtt")
    replace_file(store, "talk", version, act())
    captions = store.read_item("talk").assets[1]
    assert (captions.path, captions.title, captions.visibility) == (
        "b.vtt", "Captions", Visibility.HIDDEN,
    )  # fmt: skip
    assert (store.root / "talk" / "b.vtt").read_bytes() == version.read_bytes()
    assert replace_file(store, "talk", version, act()).notes == ("It is this very file already.",)
    page = tmp_path / "v2" / "page.html"
    page.write_text("<h1>Page</h1>")
    refused(lambda: replace_file(store, "talk", page, act()), IngestError, "not clear which file")
    replace_file(store, "talk", page, act(), name="a.md")
    assert files(store) == ["page.html", "b.vtt"]
    assert store.read_item("talk").assets[0].media_type == "text/html"
    refused(lambda: replace_file(store, "other", page, act()), IngestError, "There are: none")
    refused(lambda: replace_file(store, "talk", page, act(), name="x"), NotFoundError, '"x"')


def test_the_only_file_is_the_one_that_is_meant(store: Store, tmp_path: Path) -> None:
    """Of whatever kind; and bytes that the item has already may be in a second place of it."""
    (tmp_path / "own.md").write_text("own")
    add_forms(store, "other", [tmp_path / "own.md"], act())
    page = tmp_path / "page.html"
    page.write_text("<h1>Page</h1>")
    replace_file(store, "other", page, act())
    assert [a.path for a in store.read_item("other").assets] == ["page.html"]
    replace_file(store, "talk", tmp_path / "b.vtt", act(), name="a.md")
    assert {a.sha256 for a in store.read_item("talk").assets} == {
        store.read_item("talk").assets[0].sha256
    }


def test_bytes_of_another_item_are_no_new_version(store: Store, tmp_path: Path) -> None:
    """One file is in one place."""
    (tmp_path / "own.md").write_text("own")
    add_forms(store, "other", [tmp_path / "own.md"], act())
    refused(lambda: replace_file(store, "other", tmp_path / "a.md", act()), DuplicateError,
            "talk/a.md")  # fmt: skip


def test_files_are_ordered_titled_and_taken_out(store: Store) -> None:
    """What is taken out is kept; nothing is written where nothing changes."""
    order_files(store, "talk", ["b.vtt", "b.vtt"], act())
    assert files(store) == ["b.vtt", "a.md"]
    assert order_files(store, "talk", ["b.vtt"], act()).diffs == ()
    retitle_file(store, "talk", "a.md", " Notes ", act())
    assert [a.title for a in store.read_item("talk").assets] == [None, "Notes"]
    retitle_file(store, "talk", "a.md", "", act())
    assert [a.title for a in store.read_item("talk").assets] == [None, None]
    text = (store.root / "talk" / "a.md").read_bytes()
    remove_file(store, "talk", "a.md", act())
    assert files(store) == ["b.vtt"]
    assert not (store.root / "talk" / "a.md").exists()
    undo_changes(store, history(store), act())
    assert (store.root / "talk" / "a.md").read_bytes() == text
    for acting in (lambda: remove_file(store, "talk", "c", act()),
                lambda: order_files(store, "talk", ["c"], act())):  # fmt: skip
        refused(acting, NotFoundError, 'no file "c". There are: b.vtt, a.md')
    refused(lambda: remove_file(store, "talk", "a.mdd", act()), NotFoundError, 'mean "a.md"')
    refused(lambda: remove_file(store, "other", "c", act()), NotFoundError, "There are: none")


def test_bytes_that_changed_while_they_were_brought_are_refused(
    store: Store, tmp_path: Path
) -> None:
    """Nothing is written, and nothing is put aside."""
    before = store.read_item("talk")
    source = tmp_path / "new.md"
    source.write_text("one")
    wrong = [*before.assets, before.assets[0].model_copy(update={"path": "new.md"})]
    wrong[-1] = wrong[-1].model_copy(update={"sha256": "0" * 64})
    for place, words in ((source, "not what its checksum says"), (tmp_path / "no", "cannot be")):
        acting = partial(set_assets, store, "talk", wrong, {"new.md": place})
        refused(acting, IngestError, words)
    refused(partial(set_assets, store, "talk", wrong), IngestError, "")
    assert store.read_item("talk") == before
    assert not (store.root / "talk" / "new.md").exists() and not (store.root / ".kept").exists()


def test_a_file_that_is_put_back_leaves_what_was_there(store: Store, tmp_path: Path) -> None:
    """Damaged or not: it is kept beside; other bytes than the record's are not put there."""
    asset, good = store.read_item("talk").assets[0], tmp_path / "a.md"
    (store.root / "talk" / "a.md").write_text("damaged")
    refused(partial(put_back, store, "talk", asset, tmp_path / "b.vtt"), IngestError, "checksum")
    assert (store.root / "talk" / "a.md").read_text() == "damaged"
    put_back(store, "talk", asset, good)
    assert (store.root / "talk" / "a.md").read_bytes() == good.read_bytes()
    kept = [p.read_text() for p in (store.root / ".kept" / "talk").iterdir() if p.is_file()]
    assert kept == ["damaged"]


@pytest.mark.parametrize(
    ("media_type", "role"),
    [("application/vnd.apple.keynote", "slides"), ("application/vnd.ms-powerpoint", "slides"),
     ("application/msword", "handout"), ("application/rtf", "handout"),
     ("application/vnd.oasis.opendocument.text", "handout"), ("image/png", "picture"),
     ("audio/mpeg", "recording"), ("application/zip", "other"), ("text/x-other", "other")],
)  # fmt: skip
def test_what_a_file_is_to_its_item_by_its_kind(media_type: str, role: str) -> None:
    """Until somebody says otherwise."""
    assert role_of(media_type).value == role


# ------------------------------------------------------------------------------- edit


def edits(*texts: str) -> list[FieldEdit]:
    return [FieldEdit.parse(text) for text in texts]


def test_all_records_are_edited_or_none(store: Store) -> None:
    """A record that is not there, or does not take it, stops the others; a preview writes none."""
    for names in (["talk", "nothing"], ["talk", "person:nobody"]):
        refused(partial(edit_records, store, names, edits("title=X"), act()), NotFoundError, "no")
    report = edit_records(store, ["talk", "other"], edits("title=X"), act(), dry_run=True)
    assert [d.before for d in report.diffs] == [{"title": "Talk"}, {"title": "Other"}]
    assert store.read_item("talk").title == "Talk"
    report = edit_records(store, ["talk", "other"], edits("title=Other"), act())
    assert [d.name for d in report.diffs] == ["talk"]


def test_new_people_and_topics_are_made_when_asked_for(store: Store) -> None:
    """Known ones are found by every name they have, without regard to case; others are refused."""
    wanted = edits("people=bo miller; Di Fir; Di Fir", "topics=secale; Spelt")
    for word, edit in (("person", wanted[0]), ("topic", wanted[1])):
        acting = partial(edit_records, store, ["other"], [edit], act())
        refused(acting, NotFoundError, f"there is no {word}")
    edit_records(store, ["other"], wanted, act(), make_new=True, dry_run=True)
    assert set(store.read_people()[0]) == {"bo", "cy"}
    edit_records(store, ["other"], wanted, act(), make_new=True)
    other = store.read_item("other")
    assert {c.person for c in other.people} == {"bo", "di-fir"}
    assert other.topics == ("rye", "spelt")
    assert store.read_people()[0]["di-fir"].names == ("Di Fir",)
    assert store.read_topics()[0]["spelt"].label == "Spelt"


def test_what_was_wrong_before_is_no_reason_to_refuse(store: Store) -> None:
    """A record may name somebody who is gone; what it is changed to may not."""
    record = store.root / "other" / "item.yaml"
    record.write_text(record.read_text() + "people: [{person: gone}]\n")
    edit_records(store, ["other"], edits("title=New"), act())
    assert store.read_item("other").title == "New"
    refused(lambda: edit_records(store, ["other"], edits("relations=[{type: references, item: x}]"),
                                 act()), NotFoundError, "x")  # fmt: skip


def test_fields_that_are_not_what_was_seen_are_named(store: Store) -> None:
    """By whom they were changed, and how; nothing is written. The same choice is no conflict."""
    digest = store.digest("talk/item.yaml")
    first = edit_records(store, ["talk"], edits("title=Theirs", "rights=CC"), act())
    for guard in ({"seen": {"title": "Talk"}}, {"digest": digest}):
        with pytest.raises(FieldConflictError) as raised:
            edit_records(store, ["talk"], edits("title=Mine"), act(), **guard)
        (conflict,) = raised.value.conflicts
        assert (conflict.field, conflict.expected, conflict.now, conflict.chosen) == (
            "title", "Talk", "Theirs", "Mine",
        )  # fmt: skip
        assert (conflict.change, conflict.who) == (history(store, first.change)[0].id, "Ann Keeper")
        assert 'it is "Theirs" now, not "Talk" (changed by Ann Keeper' in str(raised.value)
        assert raised.value.message.startswith("changed meanwhile; nothing was written.")
    edit_records(store, ["talk"], edits("title=Theirs"), act(), digest=digest)
    edit_records(store, ["talk"], edits("abstract=Free"), act(), digest=digest)
    assert store.read_item("talk").abstract == "Free"
    refused(lambda: edit_records(store, ["talk"], edits("title=M"), act(), digest="0" * 64),
            ConflictError, "of which nothing is told")  # fmt: skip


def test_values_are_said_in_words() -> None:
    """On one line, cut where they are long."""
    assert in_words(None) == in_words([]) == "empty"
    assert in_words(["a", {"b": "c\n d"}]) == '"a", {b: "c d"}'
    assert in_words("x" * 80) == f'"{"x" * 80}"'
    assert in_words("x" * 81) == f'"{"x" * 80}..."'


# ------------------------------------------------------------------------------ purge


def test_a_purge_says_what_it_destroys(store: Store, tmp_path: Path) -> None:
    """Files with their sizes, earlier versions, changes, and who names it; and changes nothing."""
    (tmp_path / "v2.md").write_text("second")
    replace_file(store, "talk", tmp_path / "v2.md", act(), name="a.md")
    plan = plan_purge(store, "talk")
    paths = [path for path, _ in plan.files]
    assert set(paths) >= {"talk/item.yaml", "talk/a.md", "talk/b.vtt"}
    assert any(path.startswith(".kept/talk/") for path in paths)
    assert plan.size == sum((store.root / path).stat().st_size for path in paths)
    assert dict(plan.files)["talk/a.md"] == 6
    assert plan.named_by == ("other", "s")
    assert plan.changes == 2
    assert store.read_item("talk").title == "Talk"
    withdraw_item(store, "other", "x", act(), replacement="talk")
    edit_records(store, ["other"], edits("relations="), act())
    assert plan_purge(store, "talk").named_by == ("other", "s")
    assert plan_purge(store, "other").named_by == ()


def test_a_purge_leaves_no_byte_and_no_word(store: Store) -> None:
    """Other items, who did what when, and their words stay; again it finds nothing left to do."""
    edit_records(store, ["talk", "other"], edits("abstract=Told in confidence"), act())
    words = len(changes_of(store, "last"))
    assert purge_item(store, "talk", act()).item_id == "talk"
    assert not (store.root / "talk").exists() and not (store.root / ".kept" / "talk").exists()
    told = [c for c in store.recorder.log.changes() if c.record == "talk/item.yaml"]
    assert told
    for change in told:
        values = [*(change.before or {}).values(), *(change.after or {}).values()]
        assert set(values) <= {PURGED}
    kept = [c for c in store.recorder.log.changes() if c.record == "other/item.yaml"]
    assert kept[0].after == {"abstract": "Told in confidence"} and words == 2
    for path in (store.root / ".history").rglob("*"):
        assert not path.is_file() or path.read_text().count("Told in confidence") <= 1
    assert store.read_item("other").abstract == "Told in confidence"
    assert any(change.after == {"abstract": PURGED} for change in told)
    again = plan_purge(store, "talk")
    assert (again.files, again.changes) == ((), 0)
    refused(lambda: purge_item(store, "never", act()), NotFoundError, "there was none")
    refused(lambda: plan_purge(store, "../talk"), NotFoundError, "")


def test_a_purge_takes_earlier_versions_and_follows_no_link(store: Store, tmp_path: Path) -> None:
    """What lies behind a link is not the archive's; nothing waits to be removed later."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    (store.root / "talk" / "link").symlink_to(outside)
    (store.root / "talk" / "link.txt").symlink_to(outside / "mine.txt")
    (store.root / "talk" / "folder").mkdir()
    (tmp_path / "v2.md").write_text("second")
    replace_file(store, "talk", tmp_path / "v2.md", act(), name="a.md")
    listed = {path for path, _ in plan_purge(store, "talk").files}
    assert {p for p in listed if p.startswith("talk/")} == {
        "talk/item.yaml", "talk/a.md", "talk/b.vtt",
    }  # fmt: skip
    purge_item(store, "talk", act())
    assert (outside / "mine.txt").read_text() == "mine"
    left = {p.name for p in store.root.rglob("*") if p.is_file() and p.suffix in (".md", ".vtt")}
    assert left == set()


def test_what_was_put_there_by_hand_is_purged_too(store: Store) -> None:
    """The history tells nothing of it yet."""
    (store.root / "by-hand").mkdir()
    (store.root / "by-hand" / "item.yaml").write_text("title: By hand\n")
    assert plan_purge(store, "by-hand").files == (("by-hand/item.yaml", 15),)
    purge_item(store, "by-hand", act())
    assert not (store.root / "by-hand").exists()


# ------------------------------------------------------------------------------- undo


def test_changes_that_come_to_nothing_are_no_reversal(store: Store) -> None:
    """Of several changes of a field the first value comes back; untouched fields are left out."""
    for title in ("B", "C", "Talk"):
        edit_records(store, ["talk"], edits(f"title={title}"), act())
    log = store.recorder.log
    mine = [
        c for c in log.changes() if c.record == "talk/item.yaml" and list(c.fields) == ["title"]
    ]
    assert len(mine) == 3
    assert reversals(mine) == []
    (reversal,) = reversals(mine[1:])  # newest first: without the last one
    assert (reversal.before, reversal.after) == ({"title": "Talk"}, {"title": "C"})


def test_undo_by_force_takes_later_words_with_it(store: Store) -> None:
    """Without force they are named and stay; a preview writes nothing."""
    first = edit_records(store, ["talk"], edits("title=B"), act()).change
    later = edit_records(store, ["talk"], edits("title=C"), act())
    with pytest.raises(FieldConflictError) as raised:
        undo_changes(store, history(store, first), act())
    (conflict,) = raised.value.conflicts
    assert (conflict.expected, conflict.now, conflict.chosen) == ("B", "C", "Talk")
    assert conflict.change == history(store, later.change)[0].id
    undo_changes(store, history(store, first), act(), force=True, dry_run=True)
    assert store.read_item("talk").title == "C"
    report = undo_changes(store, history(store, first), act(), force=True)
    assert store.read_item("talk").title == "Talk"
    assert report.change and report.diffs[0].after == {"title": "Talk"}


def test_who_is_named_stays_and_what_is_not_there_is_said(store: Store) -> None:
    """Entries that would go are named by items, seminars, or by nothing."""
    with store.activity(act()):
        store.save_person(Person(id="di", names=("Di",)))
    made = history(store)[0].batch
    edit_records(store, ["other"], edits("people=di"), act())
    refused(lambda: undo_changes(store, history(store, made), act()), ConflictError, "by other")
    edit_records(store, ["other"], edits("people="), act())
    edit_records(store, ["s"], edits("programme=[{title: x, people: [{person: di}]}]"), act())
    refused(lambda: undo_changes(store, history(store, made), act()), ConflictError, "by s")
    edit_records(store, ["s"], edits("programme="), act())
    undo_changes(store, history(store, made), act())
    assert "di" not in store.read_people()[0]
    undo_changes(store, history(store), act())
    assert store.read_people()[0]["di"].name == "Di"


def test_what_came_went_and_came_again_is_summed_up(store: Store) -> None:
    """A field that was taken out is in no sum; an entry that is there again is as it is now."""
    edit_records(store, ["talk"], edits("abstract=Words"), act())
    edit_records(store, ["talk"], edits("abstract="), act())
    told = [c for c in store.recorder.log.changes() if [*c.fields] == ["abstract"]]
    assert len(told) == 2
    assert reversals(told) == []
    with store.activity(act()):
        store.save_person(Person(id="di", names=("Di",)))
    made = history(store)
    undo_changes(store, made, act())
    gone = history(store)
    undo_changes(store, gone, act())
    assert undo_changes(store, gone, act()).diffs == ()  # it is there again already
    edit_records(store, ["person:di"], edits("names=Di; Diana"), act())
    all_of_it = [c for c in store.recorder.log.changes() if c.entry == "di"]
    (reversal,) = reversals(all_of_it)
    assert (reversal.before, reversal.after) == (None, {"names": ["Di", "Diana"]})


def test_a_seminar_with_talks_in_it_stays(store: Store) -> None:
    """Its folder has them; what is to be done first is said."""
    with store.activity(act()):
        store.save_seminar(Seminar(id="new", title="New"))
    made = history(store)
    store.save_item(Item(id="new/talk", seminar="new", title="In it"))
    with pytest.raises(ConflictError) as raised:
        undo_changes(store, made, act())
    assert "new: still named by new/talk" in raised.value.message
    assert "Change those first, then test again." in (raised.value.hint or "")
    assert store.read_seminar("new").title == "New"


def test_who_did_it_is_said_by_the_act_or_by_the_server(store: Store) -> None:
    """The setting's name stands in where the act has none, and only there."""
    store.recorder.who = "Server"
    edit_records(store, ["talk"], edits("title=B"), Activity("test"))
    assert history(store)[0].activity.who == "Server"
    edit_records(store, ["talk"], edits("title=C"), act())
    assert history(store)[0].activity.who == "Ann Keeper"


def test_a_time_is_written_as_iso_says(store: Store) -> None:
    """And "last" is not the beginning of the history."""
    refused(lambda: changes_of(store, "", to="yesterday"), IngestError, "is no time")
    assert changes_of(store, "", to="2999-01-01") == []
    edit_records(store, ["talk"], edits("title=B"), act())
    since = changes_of(store, "", to="2000-01-01T00:00")
    assert [[*c.fields] for c in since if c.activity.name == "test"][-1:] == [["title"]]
    assert [*history(store)[0].fields] == ["title"]
    refused(lambda: changes_of(store, "nonsense"), NotFoundError, "nonsense")
