"""Adding files: copied, hashed, described; every file is accounted for."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coproarchive.errors import DuplicateError, IngestError, NotFoundError, SidecarError
from coproarchive.extract.base import Extraction, Metadata
from coproarchive.ingest.add import ItemDraft, add_files, read_files
from coproarchive.ingest.folder_plan import FolderReport, add_folder, group_files
from coproarchive.ingest.propose import propose
from coproarchive.library import Library
from coproarchive.model import Kind, Leaf, Role, Series
from coproarchive.settings import Settings
from coproarchive.store import Store, hash_file
from making import SEMINAR, make_deck, make_pdf


def test_a_deck_becomes_an_item_with_what_it_says_of_itself(library: Library, deck: Path) -> None:
    """Title from the deck, date from its name, people whom it names and the archive knows."""
    other = make_deck(deck.with_name("rolls 2018-05-04.pptx"), extra_title="Another deck")
    (file,) = read_files([other], library.catalogue(), library.reader)
    proposal = propose(file.path, file.extraction, library.catalogue())
    assert (proposal.title, proposal.date, proposal.people) == (
        "Another deck", "2018-05-04", ("ada-baker",),
    )  # fmt: skip
    added = add_files(
        library.store, library.catalogue(), library.reader, [other], ItemDraft(seminar=SEMINAR)
    )
    item = library.store.read_item(added.item.id)
    assert item.id == f"{SEMINAR}/another-deck"
    assert item.seminar == SEMINAR
    (asset,) = item.assets
    stored = library.store.asset_path(item.id, asset.path)
    assert stored.read_bytes() == other.read_bytes()
    assert hash_file(other) == (asset.size, asset.sha256)
    library.update_index()
    assert library.index().frequencies(["=another"]) == {"=another": 1}


def test_a_pair_waits_for_the_file_that_cannot_be_read_just_now(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the deck would be one item and its PDF, at the next run, another. Posts stand alone."""
    folder = tmp_path / "folder"
    make_deck(folder / "oats.pptx", extra_title="Oats in winter")
    make_pdf(folder / "Oats.pdf", ["Oats in winter"])
    (folder / "oats.md").write_text("# On oats\n\nPorridge.\n")

    def failing(path: Path) -> tuple[int, str]:
        if path.suffix == ".pdf":
            raise OSError(errno.EIO, "Input/output error", str(path))
        return hash_file(path)

    def add() -> FolderReport:
        return add_folder(
            library.store, library.catalogue(), library.reader, folder, ItemDraft()
        )  # fmt: skip

    with monkeypatch.context() as patch:
        patch.setattr("coproarchive.ingest.folder.hash_file", failing)
        report = add()
    assert [added.item.title for added in report.added] == ["On oats"]
    told = {problem.path: (problem.code, problem.message) for problem in report.problems}
    assert told["Oats.pdf"][0] == "not-readable"
    assert told["oats.pptx"] == (
        "not-added", "Oats.pdf beside it cannot be read just now; together they are one item.",
    )  # fmt: skip
    library.changed()
    (added,) = add().added
    assert {asset.path for asset in added.item.assets} == {"oats.pptx", "Oats.pdf"}


@pytest.mark.parametrize("name", ["people.yaml", "topics.yaml"])
def test_nothing_is_added_while_people_or_topics_cannot_be_read(
    library: Library, deck: Path, name: str
) -> None:
    """The record would lack its speakers for ever; a topic that is there would be `not there`."""
    path = library.store.root / name
    whole = path.read_text()
    path.write_text(whole + "x: [\n")
    library.changed()
    draft = ItemDraft(topics=("sourdough",))
    with pytest.raises(SidecarError) as refused:
        add_files(library.store, library.catalogue(), library.reader, [deck], draft)
    assert refused.value.path == name
    assert "Nothing was added" in str(refused.value)
    path.write_text(whole)
    library.changed()
    add_files(library.store, library.catalogue(), library.reader, [deck], draft)


def test_the_same_bytes_are_not_added_twice(library: Library, deck: Path) -> None:
    """An exact duplicate is refused with the place of the first, whatever it is called."""
    known = library.store.asset_path(f"{SEMINAR}/bread-for-all", "bread.pptx")
    copy = deck.with_name("copy.pptx")
    shutil.copy(known, copy)
    with pytest.raises(DuplicateError, match=r"bread-for-all/bread\.pptx"):
        add_files(library.store, library.catalogue(), library.reader, [copy], ItemDraft())


def test_what_cannot_be_added_changes_nothing(library: Library, tmp_path: Path) -> None:
    """No such file, no such seminar, a folder, a damaged file: a message and no new item."""
    before = library.store.item_ids()
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.4\nnothing else")
    good = make_pdf(tmp_path / "good.pdf", ["fine"])
    catalogue, reader = library.catalogue(), library.reader
    for paths, given, error in (
        ([tmp_path / "none.pdf"], ItemDraft(), IngestError),
        ([tmp_path], ItemDraft(), IngestError),
        ([damaged], ItemDraft(), IngestError),
        ([good, good], ItemDraft(), DuplicateError),
        ([good], ItemDraft(seminar="1-bakin"), NotFoundError),
        ([good], ItemDraft(topics=("nothing",)), NotFoundError),
    ):
        with pytest.raises(error):
            add_files(library.store, catalogue, reader, paths, given)
    assert library.store.item_ids() == before


def test_given_words_win_over_proposed_ones(library: Library, deck: Path) -> None:
    """A new name becomes a person; the role, kind and topics are those given."""
    given = ItemDraft(
        title="Mine", kind=Kind.HANDOUT, people=("Di New", "Ada Baker"), role=Role.AUTHOR,
        topics=("milling",), date="2001",
    )  # fmt: skip
    make_deck(deck, extra_title="Not in the archive")
    item = add_files(library.store, library.catalogue(), library.reader, [deck], given).item
    assert (item.title, item.kind, item.date, item.topics) == (
        "Mine", Kind.HANDOUT, "2001", ("milling",),
    )  # fmt: skip
    assert [(c.person, c.role) for c in item.people] == [
        ("di-new", Role.AUTHOR),
        ("ada-baker", Role.AUTHOR),
    ]
    assert library.store.read_people()[0]["di-new"].names == ("Di New",)


def test_a_folder_of_loose_files_is_a_start(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Into an archive of nothing but archive.yaml: a deck and its PDF are one item."""
    folder = tmp_path / "loose"
    make_deck(folder / "day" / "Talk.pptx")
    make_pdf(folder / "day" / "talk.pdf", ["Bread for all"])
    make_pdf(folder / "night" / "talk.pdf", ["Another talk"])
    (folder / "post.md").write_text("# A post\n\nwords\n")
    (folder / "recording.mp4").write_bytes(b"not really a film")
    (folder / "old.ppt").write_bytes(b"\xd0\xcf\x11\xe0 an old deck")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / "notes.tsv").write_text("a\tb\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    shutil.copy(folder / "post.md", folder / "same.md")
    (folder / "link.md").symlink_to(folder / "post.md")
    Store.create(tmp_path / "archive", Series(title="New"))
    library = open_library(tmp_path / "archive", office="off")
    report = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert report.files == 11
    assert report.files == report.stored + len(report.problems)
    assets = {a.item.id: [x.path for x in a.item.assets] for a in report.added}
    assert assets["bread-for-all"] == ["Talk.pptx", "talk.pdf"]
    assert sorted(map(tuple, assets.values())) == [
        ("Talk.pptx", "talk.pdf"), ("old.ppt",), ("post.md",), ("recording.mp4",), ("talk.pdf",),
    ]  # fmt: skip
    problems = {p.path: p.code for p in report.problems}
    assert problems == {
        "logo.png": "not-added", "notes.tsv": "not-added", "broken.pdf": "file-unreadable",
        "same.md": "duplicate-file", "link.md": "not-a-file",
    }  # fmt: skip
    library.changed()
    again = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert (again.stored, len(again.problems)) == (0, again.files)


@pytest.mark.parametrize(
    ("said", "told", "language"),
    [
        ("ru-RU", ["en", "en", "", "de"], None),
        ("en-GB", ["en", "en", "de"], "en-GB"),
        ("zh-CN", ["zh-Hans"], "zh-CN"),
        ("cy", [""], "cy"),
        ("nonsense", [""], None),
    ],
)
def test_a_files_language_is_believed_where_its_words_tell_no_other(
    library: Library, deck: Path, said: str, told: list[str], language: str | None
) -> None:
    """Decks say what the machine was set to; the words of each slide tell what they are in."""
    leaves = tuple(Leaf(n, "slide", "A title", language=each) for n, each in enumerate(told, 1))
    extraction = Extraction(leaves, metadata=Metadata(language=said))
    assert propose(deck, extraction, library.catalogue()).language == language


def test_captions_belong_to_the_recording_in_whose_language_they_are() -> None:
    """talk.en.vtt beside talk.mp4; two languages are two files of one work."""
    names = ("Talk.mp4", "talk.en.vtt", "talk.pt-BR.vtt", "talk.en-orig.srt", "v1.de.pdf", "v1.pdf")
    groups = group_files([Path(f"day/{name}") for name in (*names, "other.en.vtt")])
    assert sorted(sorted(path.name for path in group) for group in groups) == [
        ["Talk.mp4", "talk.en-orig.srt", "talk.en.vtt", "talk.pt-BR.vtt"],
        ["other.en.vtt"], ["v1.de.pdf"], ["v1.pdf"],
    ]  # fmt: skip
    assert len(group_files([Path("a/talk.vtt"), Path("a/TALK.vtt")])) == 2


@pytest.mark.threat(4)
def test_odd_file_names_are_kept_apart(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Names that only differ in case or in how letters are composed do not overwrite each other."""
    folder = tmp_path / "loose"
    folder.mkdir()
    names = ["a.md", "A.md", "e\u0301.md", "\u00e9.md", " lead.md", "-dash.md", "CON.md",
             "a;b|c&d.md", "=1+1.md",
             "zero\u200bwidth.md", "\u202emd.fdp.md", "x" * 200 + ".md"]  # fmt: skip
    made = []
    for number, name in enumerate(names):
        path = folder / name
        if not path.exists():
            path.write_text(f"# Title {number}\n\nword{number}\n")
            made.append(path)
    Store.create(tmp_path / "archive", Series(title="New"))
    library = open_library(tmp_path / "archive")
    report = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert report.stored == report.files == len(made)
    library.changed()
    assert not [p for p in library.check() if p.severity.value == "error"]
    kept = {hash_file(library.store.asset_path(a.item.id, a.item.assets[0].path))[1]
            for a in report.added}  # fmt: skip
    assert kept == {hash_file(path)[1] for path in made}


def _add_all(archive: Path, index: Path, folder: Path) -> None:
    library = Library(Settings(archive=archive, index=index, workers=1))
    add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    library.close()


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not of this system")
def test_adding_killed_at_any_moment_loses_nothing(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Whole items or none; the next run adds the rest."""
    folder = tmp_path / "loose"
    for number in range(60):
        make_pdf(folder / f"talk-{number}.pdf", [f"Talk {number}\nabout grain {number}"])
    archive = tmp_path / "archive"
    Store.create(archive, Series(title="New"))
    counts = []
    for kill_at in (1, 2, 7, 20, 21):
        adding = multiprocessing.get_context("spawn").Process(
            target=_add_all, args=(archive, tmp_path / "index", folder)
        )
        adding.start()
        while adding.is_alive() and len(list(archive.glob("*/item.yaml"))) < kill_at:
            time.sleep(0.001)
        assert adding.pid is not None
        os.kill(adding.pid, signal.SIGKILL)
        adding.join()
        counts.append(len(list(archive.glob("*/item.yaml"))))
        library = open_library(archive)
        assert [p for p in library.check() if p.severity.value != "note"] == []
        library.close()
    assert any(0 < count < 60 for count in counts)  # it was stopped on its way
    library = open_library(archive)
    add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    library.changed()
    assert len(library.catalogue().items) == 60


@pytest.mark.parametrize("wrong", [{"date": "July 2017"}, {"people": ("x" * 2000,)}])
def test_what_is_refused_leaves_no_trace(
    library: Library, archive: Path, deck: Path, wrong: dict[str, Any]
) -> None:
    """A field that cannot be written is told in plain words, before people or topics are made."""
    make_deck(deck, extra_title="Fresh")
    before = {p.name: p.read_bytes() for p in archive.glob("*.yaml")}
    with pytest.raises(IngestError) as refused:
        given = ItemDraft(**{"people": ("Ned New",), **wrong})
        add_files(library.store, library.catalogue(), library.reader, [deck], given)
    assert "pydantic" not in str(refused.value)
    assert {p.name: p.read_bytes() for p in archive.glob("*.yaml")} == before


def test_a_broken_seminar_is_said_to_be_broken(library: Library, archive: Path, deck: Path) -> None:
    """Not that there is none, and that one should be made."""
    path = archive / SEMINAR / "seminar.yaml"
    path.write_text(path.read_text() + "datte: x\n")
    library.changed()
    make_deck(deck, extra_title="Fresh")
    with pytest.raises(SidecarError, match="datte"):
        add_files(
            library.store, library.catalogue(), library.reader, [deck], ItemDraft(seminar=SEMINAR)
        )


def test_a_name_that_none_can_have_is_refused_before_anything_is_written(library: Library) -> None:
    """An empty topic among new ones, or a seminar of blanks: in words, and no new record."""
    for draft in (ItemDraft(topics=("New one", " ")), ItemDraft(seminar="\t", topics=("Other",))):
        with pytest.raises(IngestError, match="is empty"):
            library.with_new_records(draft)
    assert set(library.catalogue().topics) == {"sourdough", "milling", "hidden-topic"}
