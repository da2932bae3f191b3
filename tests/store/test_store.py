"""The archive's files: strict in, durable out, never lost."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coproarchive.catalogue import Catalogue
from coproarchive.errors import (
    ArchiveError,
    ConflictError,
    IngestError,
    NotFoundError,
    SidecarError,
)
from coproarchive.model import Contribution, Item, Kind, Person, Role, Seminar, Series
from coproarchive.store import Store, safe_name, slugify, unique_file_name
from coproarchive.strict_yaml import Plain, YamlMistakeError, parse, render, revise
from making import make_archive

SIDECAR = """\
# The talk of the year
title: 'Bread: a "story"'   # quoted on purpose
date: 2017-07-06
people:
  - person: ada   # first
    role: speaker
  - {person: bo}
"""


def test_scalars_stay_the_text_that_was_written() -> None:
    """`no` is a word, a date is what it says, and a time of day is no number."""
    content = parse("a: no\nb: 2017-07-06\nc: 09:30\nd: 010\ne:\n").content
    assert content == {"a": "no", "b": "2017-07-06", "c": "09:30", "d": "010", "e": None}


@pytest.mark.parametrize("style", [">", ">-", "|", "|-"])
def test_long_texts_have_no_marks_of_the_parser(style: str) -> None:
    """Folded and literal texts are the words that were written, and survive an edit."""
    text = f"a: {style}\n  one two\n  three\n\n  four\nb: 1\n"
    content = parse(text).content
    assert isinstance(content, dict)
    joined = "one two\nthree\n\nfour" if style[0] == "|" else "one two three\nfour"
    assert str(content["a"]).rstrip("\n") == joined
    assert parse(revise(text, {**content, "b": "2"}).text).content == {**content, "b": "2"}


@pytest.mark.threat(14)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", "anchors"),
        ("a: !!python/object:os.system x\n", "tags"),
        ("a: 1\na: 2\n", "twice"),
        ("--- 1\n--- 2\n", "second document"),
        ("[" * 50, "deep"),
        ("a: b: c\n", "not YAML"),
        ("? [a]\n: b\n", "key is a word"),
    ],
)
def test_dangerous_or_doubtful_yaml_is_refused(text: str, said: str) -> None:
    """Aliases, tags, duplicates and depth are mistakes with a line, not surprises."""
    with pytest.raises(YamlMistakeError, match=said) as caught:
        parse(text)
    assert caught.value.line >= 1


def test_changing_one_field_changes_only_its_line() -> None:
    """Comments, order and quoting survive an edit; an unchanged record is not rewritten."""
    content = parse(SIDECAR).content
    assert isinstance(content, dict)
    assert revise(SIDECAR, content).text == SIDECAR
    changed = revise(SIDECAR, content | {"date": "2018"}).text
    before, after = SIDECAR.splitlines(), changed.splitlines()
    assert [a for a, b in zip(after, before, strict=True) if a != b] == ["date: 2018"]


# Control characters never reach a record: extract/text.py and the forms take them out.
CHARACTERS = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]) | st.just("\n")
TEXT = st.text(CHARACTERS, max_size=30)
KEY = st.text(CHARACTERS, min_size=1, max_size=8)
PLAIN = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.threat(15)
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEY, PLAIN, max_size=4))
def test_what_is_written_is_read_back(content: dict[str, Plain]) -> None:
    """Any text survives writing and reading, whatever YAML would make of it unquoted."""
    assert parse(render(content)).content == content


def test_all_mistakes_of_a_file_are_told_at_once(archive: Path) -> None:
    """One message names every mistake with its line, its field and a guess at what was meant."""
    (archive / "a-post" / "item.yaml").write_text(
        "titel: x\nkind: psot\ndate: 2017-13\npeople:\n  - person: Not An Id\n"
    )
    with pytest.raises(SidecarError) as caught:
        Store(archive).read_item("a-post")
    message = str(caught.value)
    for piece in ('line 1: titel', 'Did you mean "title"', 'Did you mean "post"', "line 3: date",
                  "line 5: people[0].person", "title: is missing"):  # fmt: skip
        assert piece in message


def test_a_saved_item_is_read_back_equal(archive: Path) -> None:
    """Saving loses nothing of a record."""
    store = Store(archive)
    item = Item(
        id="a-post",
        kind=Kind.VIDEO,
        title="Yes: 'no' # not a comment",
        abstract="Two\n\nparagraphs\n",
        people=(Contribution(person="ada-baker", role=Role.KEYNOTE),),
        date="2017-07/2018",
        language="cy",
        source="https://example.org/?a=b&c=d",
        assets=store.read_item("a-post").assets,
    )
    store.save_item(item)
    assert store.read_item("a-post") == item.model_copy(update={"abstract": "Two\n\nparagraphs"})


def test_a_change_made_meanwhile_is_not_overwritten(archive: Path) -> None:
    """Saving what was read before somebody else's change is refused."""
    store = Store(archive)
    digest = store.digest("a-post/item.yaml")
    item = store.read_item("a-post")
    store.save_item(item.model_copy(update={"title": "First"}), expected_digest=digest)
    with pytest.raises(ConflictError):
        store.save_item(item.model_copy(update={"title": "Second"}), expected_digest=digest)
    assert store.read_item("a-post").title == "First"


@pytest.mark.threat(17)
def test_an_item_is_added_whole_or_not_at_all(archive: Path, tmp_path: Path) -> None:
    """A file that cannot be copied leaves no trace of the item."""
    store = Store(archive)
    good = tmp_path / "good.md"
    good.write_text("# x")
    with pytest.raises(IngestError):
        store.add_item(Item(id="new", title="New"), {"a.md": good, "b.md": tmp_path / "missing"})
    assert not (archive / "new").exists()
    assert not list((archive / ".staging").iterdir())


def test_what_could_not_be_removed_is_removed_before_the_lock_is_let_go(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that failed for a moment leaves no temporary folder behind a run that says `done`."""
    store = Store(archive)
    remove = shutil.rmtree

    def failing(*_: object, **__: object) -> None:
        monkeypatch.setattr(shutil, "rmtree", remove)

    source = archive / "a-post" / "item.yaml"
    with store.lock():
        monkeypatch.setattr(shutil, "rmtree", failing)
        store.add_files("a-post", {"more.md": source})
        assert list((archive / ".staging").iterdir())
    assert not list((archive / ".staging").iterdir())


@pytest.mark.threat(4)
@pytest.mark.parametrize("name", ["../a-post/item.yaml", "item.yaml/..", ".lock", "a\\b"])
def test_files_outside_the_item_are_never_given_out(archive: Path, name: str) -> None:
    """A file's name cannot climb out of its item's folder."""
    with pytest.raises(NotFoundError):
        Store(archive).asset_path("a-post", name)


@pytest.mark.threat(4)
def test_links_are_not_followed(archive: Path, tmp_path: Path) -> None:
    """A link inside the archive shows nobody what lies outside."""
    outside = tmp_path / "outside.md"
    outside.write_text("private")
    (archive / "a-post" / "link.md").symlink_to(outside)
    with pytest.raises(NotFoundError):
        Store(archive).asset_path("a-post", "link.md")
    (archive / "windmills" / "item.yaml").unlink()
    (archive / "windmills" / "item.yaml").symlink_to(outside)
    with pytest.raises(SidecarError, match="link"):
        Store(archive).read_item("windmills")


@pytest.mark.threat(4)
@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Talk (final).PPTX", "Talk (final).pptx"),
        ("../../etc/passwd", "etcpasswd"),
        ("CON.pdf", "file-CON.pdf"),
        ("a\nb\u202ec.pdf", "a bc.pdf"),
        (".hidden", "hidden"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_file_names_are_kept_as_far_as_they_are_safe(name: str, safe: str) -> None:
    """Readers download a file under its own name, on any system."""
    assert safe_name(name) == safe


def test_ids_come_from_titles() -> None:
    """An id is readable and has nothing that a file system could mind."""
    assert slugify("Co-production: naïve & more!") == "co-production-naive-more"
    assert slugify("Øyvind Łukasz Straße", "person") == "oyvind-lukasz-strasse"
    assert slugify("Анна Иванова") == "anna-ivanova"
    assert slugify("李明") == "li-ming"
    assert slugify("?!") == "item"
    assert len(slugify("word " * 50)) <= 80
    assert slugify("CON") == "item-con"


def test_an_importers_state_stays_where_it_was(tmp_path: Path) -> None:
    """The file's name does not follow the ids': an upgraded archive still finds it."""
    store = Store.create(tmp_path, Series(title="Test"))
    store.write_state("wordpress-straße-übung-1", {"version": 1})
    assert (tmp_path / ".state" / "wordpress-strae-ubung-1.json").is_file()
    assert store.read_state("wordpress-straße-übung-1") == {"version": 1}


@pytest.mark.parametrize(
    ("names", "free"),
    [((), "talk.pdf"), (("TALK.pdf",), "talk-2.pdf"), (("talk.pdf", "talk-2.pdf"), "talk-3.pdf")],
)
def test_a_taken_file_name_is_numbered(names: tuple[str, ...], free: str) -> None:
    """The number stands before the ending; letter case makes no other name."""
    assert unique_file_name("talk.pdf", names) == free


def _add_people(root: Path, prefix: str) -> None:
    store = Store(root)
    for number in range(8):
        store.save_person(Person(id=f"{prefix}-{number}", names=(f"{prefix} {number}",)))


@pytest.mark.threat(17)
def test_writers_side_by_side_lose_nothing(tmp_path: Path) -> None:
    """Three processes that edit one file keep each other's changes."""
    Store.create(tmp_path, Series(title="T"))
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_people, args=(tmp_path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    people, mistakes = Store(tmp_path).read_people()
    assert len(people) == 24
    assert not mistakes


def _add_without_end(root: Path, source: Path) -> None:
    store = Store(root)
    for number in range(10_000):
        store.add_item(Item(id=f"item-{number}", title=f"T {number}"), {"f.md": source})


@pytest.mark.threat(17)
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not of this system")
@pytest.mark.parametrize("moment", [0.9, 1.1, 1.3])
def test_a_killed_add_leaves_a_sound_archive(tmp_path: Path, moment: float) -> None:
    """Whatever the moment, every item is whole, and the next writer goes on."""
    root = make_archive(tmp_path / "archive")
    source = tmp_path / "source.md"
    source.write_text("# x\n" * 10_000)
    adding = multiprocessing.get_context("spawn").Process(
        target=_add_without_end, args=(root, source)
    )
    adding.start()
    time.sleep(moment)
    assert adding.pid is not None
    os.kill(adding.pid, signal.SIGKILL)
    adding.join()
    store = Store(root)
    catalogue = Catalogue.load(store)
    assert not catalogue.problems
    for item in catalogue.items.values():
        for asset in item.assets:
            assert store.asset_path(item.id, asset.path).stat().st_size == asset.size
    store.add_item(Item(id="afterwards", title="After"), {"f.md": source})
    assert not list((root / ".staging").iterdir())


def test_untouched_scalars_stay_as_they_are_written() -> None:
    """Signs, truth values, times and dates that nobody changed keep their form."""
    text = "title: +1\nflag: True\nwhen: 2017-07-06T10:00:00Z\ndate: 2017-07-06\nlast: x\n"
    content = parse(text).content
    assert isinstance(content, dict)
    assert revise(text, {**content, "last": "y"}).text == text.replace("last: x", "last: y")


def test_list_entries_keep_their_comments() -> None:
    """Taking out the first of a list leaves the others' comments with them."""
    text = "people:\n  - person: a   # first\n  - person: b   # second\n  - person: c   # third\n"
    content: Plain = {"people": [{"person": "b"}, {"person": "c"}]}
    revised = revise(text, content).text
    assert parse(revised).content == content
    assert "person: b   # second" in revised
    assert "person: c   # third" in revised


def test_a_table_of_comments_keeps_them(archive: Path) -> None:
    """The first entry is written below what the archivist noted."""
    store = Store(archive)
    (archive / "people.yaml").write_text("# Who is who: ask Jo\n")
    store.save_person(Person(id="new-one", names=("New One",)))
    assert (archive / "people.yaml").read_text().startswith("# Who is who: ask Jo\n")
    assert list(store.read_people()[0]) == ["new-one"]


def test_new_entries_are_put_at_the_end(archive: Path) -> None:
    """Everything above them stays to the byte; mistakes in them are still told by their line."""
    before = (archive / "people.yaml").read_text()
    store = Store(archive)
    store.read_people()
    store.save_person(Person(id="zed", names=("Zed: a name", "no")))
    after = (archive / "people.yaml").read_text()
    assert after.startswith(before.rstrip())
    assert store.read_people()[0]["zed"].names == ("Zed: a name", "no")
    fresh = Store(archive)
    assert fresh.read_people()[0] == store.read_people()[0]
    flow = "{a: {names: [A]}}\n"
    (archive / "people.yaml").write_text(flow)
    store.save_person(Person(id="b", names=("B",)))
    assert set(store.read_people()[0]) == {"a", "b"}


def test_a_seminar_is_not_made_over_an_item(archive: Path) -> None:
    """One folder is one record: what is added to it later would not be seen."""
    with pytest.raises(ArchiveError, match="item of this name"):
        Store(archive).save_seminar(Seminar(id="windmills", title="X"))


@pytest.mark.parametrize("name", ["Dr. " + "x" * 180, "." + "é" * 200, "a" * 300 + ".pdf"])
def test_long_names_are_cut(name: str) -> None:
    """Whatever stands behind the last dot."""
    assert len(safe_name(name).encode()) <= 150


def test_what_a_killed_init_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """Nothing else is written there before the archive is begun."""
    stray = tmp_path / "archive" / ".staging" / ".archive.yaml.123.tmp"
    stray.parent.mkdir(parents=True)
    stray.write_text("title: half")
    Store.create(tmp_path / "archive", Series(title="Talks"))
    assert not stray.exists()


def test_an_empty_folder_takes_no_id(tmp_path: Path, deck: Path) -> None:
    """A run that was killed may have left it; the next one uses the very name."""
    store = Store(make_archive(tmp_path / "talks"))
    (store.root / "9-rolling" / "loaves").mkdir(parents=True)
    assert store.free_id("loaves", "9-rolling") == "9-rolling/loaves"
    store.add_item(Item(id="9-rolling/loaves", title="Loaves"), {"d.pptx": deck})
    assert store.free_id("loaves", "9-rolling") == "9-rolling/loaves-2"
    (store.root / "10-resting").mkdir()
    assert store.free_id("10-resting") == "10-resting"
