"""What of a draft, a proposal and files ends up in the record: no file is read here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import DuplicateError, IngestError
from coproarchive.extract.base import Extraction, Notice
from coproarchive.ingest.add import ItemDraft, SourceFile, add_files, add_item, speaks_first
from coproarchive.ingest.describe import Description
from coproarchive.ingest.propose import Proposal
from coproarchive.library import Library
from coproarchive.model import (
    Contribution,
    Kind,
    Leaf,
    Person,
    Role,
    Seminar,
    Series,
    Severity,
    Topic,
    Visibility,
    WordSource,
)
from coproarchive.store import Store, hash_file, media_type_of_file

PROPOSED = Proposal("Proposed", ("bo",), ("Nobody Known",), "2018", ("rye",), "cy", Kind.POST,
                    Description(()))  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.create(tmp_path / "archive", Series(title="T"))
    store.save_people([Person(id="bo", names=("Bo",)), Person(id="di", names=("Di",))])
    store.save_topics([Topic(id="rye", label="Rye"), Topic(id="oats", label="Oats")])
    store.save_seminar(Seminar(id="s", title="S"))
    return store


def source(path: Path, text: str, *notices: Notice) -> SourceFile:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    extraction = Extraction((Leaf(1, "section", "Words"),), notices)
    return SourceFile(path, hash_file(path)[1], media_type_of_file(path), extraction)


def test_every_field_of_a_draft_is_in_the_record(store: Store, tmp_path: Path) -> None:
    """What is to be hidden is hidden from the first moment on."""
    draft = ItemDraft(
        seminar="s", title="Drafted", kind=Kind.HANDOUT, people=("di", "Di", "Ed New"),
        role=Role.KEYNOTE, topics=("oats",), date="2019-01-02", abstract="An abstract",
        rights="Theirs", licence="CC0-1.0", language="de", visibility=Visibility.HIDDEN,
        available="2999-01-31", release=(WordSource.NOTES,),
    )  # fmt: skip
    files = [source(tmp_path / "a.md", "# A\n")]
    item = add_item(store, Catalogue.load(store), files, draft, PROPOSED).item
    assert item == store.read_item("s/drafted")
    assert [(c.person, c.role) for c in item.people] == [
        ("di", Role.KEYNOTE), ("ed-new", Role.KEYNOTE),
    ]  # fmt: skip
    told = item.model_dump()
    for name in ("seminar", "title", "kind", "topics", "date", "abstract", "rights", "licence",
                 "language", "visibility", "available", "release"):  # fmt: skip
        assert told[name] == getattr(draft, name), name


def test_what_a_draft_leaves_open_is_proposed(store: Store, tmp_path: Path) -> None:
    """And nothing is released or hidden that nobody spoke of; authors write posts."""
    catalogue = Catalogue.load(store)
    added = add_item(store, catalogue, [source(tmp_path / "a.md", "# A\n")], ItemDraft(), PROPOSED)
    item = added.item
    assert (item.id, item.title, item.date, item.language) == (
        "proposed", "Proposed", "2018", "cy",
    )  # fmt: skip
    assert (item.topics, item.kind) == (("rye",), Kind.POST)
    assert item.people == (Contribution(person="bo", role=Role.AUTHOR),)
    assert (item.visibility, item.available, item.release) == (Visibility.PUBLIC, None, ())
    assert added.unknown_people == ("Nobody Known",)
    talk = replace(PROPOSED, kind=Kind.PRESENTATION)
    files = [source(tmp_path / "b.md", "# B\n")]
    second = add_item(store, catalogue, files, ItemDraft(topics=()), talk).item
    assert (second.id, second.topics) == ("proposed-2", ())
    assert second.people == (Contribution(person="bo", role=Role.SPEAKER),)
    third = [source(tmp_path / "c.md", "# C\n")]
    named = add_item(store, catalogue, third, ItemDraft(people=("di",)), talk)
    assert named.unknown_people == ()


def test_problems_name_the_file_as_it_is_kept(store: Store, tmp_path: Path) -> None:
    """A name that says something else is mended, and that is said; so is what readers noticed."""
    notice = Notice("text-cut", Severity.WARNING, "Only so much was read.", "Look at it.", 7)
    pdf = source(tmp_path / "talk.md", "%PDF-1.4\n", notice)
    pdf = replace(pdf, media_type="application/pdf")
    twin = source(tmp_path / "x" / "talk.pdf", "%PDF-1.5\n")
    added = add_item(store, Catalogue.load(store), [pdf, twin], ItemDraft(), PROPOSED)
    assert [a.path for a in added.item.assets] == ["talk.pdf", "talk-2.pdf"]
    mended, cut = added.problems
    assert (mended.code, mended.path) == ("name-mended", "proposed/talk.pdf")
    assert '"talk.md" is not what its name says: by its bytes it is a PDF file' in mended.message
    assert (cut.code, cut.path, cut.field, cut.hint) == (
        "text-cut", "proposed/talk.pdf", "7", "Look at it.",
    )  # fmt: skip
    assert (tmp_path / "archive" / "proposed" / "talk-2.pdf").read_bytes() == b"%PDF-1.5\n"


def test_decks_speak_before_pdfs_and_posts(tmp_path: Path) -> None:
    """Of two of a kind the one whose name comes first."""
    files = [source(tmp_path / name, name) for name in ("b.html", "a.md", "b.pdf", "a.pdf", "z")]
    kinds = ("text/html", "text/markdown", "application/pdf", "application/pdf", "image/png")
    files = [replace(f, media_type=kind) for f, kind in zip(files, kinds, strict=True)]
    ordered = sorted(files, key=speaks_first)
    assert [f.path.name for f in ordered] == ["a.pdf", "b.pdf", "a.md", "b.html", "z"]


def test_what_is_no_file_or_twice_the_same_is_refused(library: Library, tmp_path: Path) -> None:
    """By its path, with what to do."""
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    for path in (first, second):
        path.write_text("# The same\n")
    places = (library.store, library.catalogue(), library.reader)
    with pytest.raises(IngestError, match="no file was named"):
        add_files(*places, [], ItemDraft())
    with pytest.raises(IngestError, match="this is a folder") as raised:
        add_files(*places, [first, tmp_path], ItemDraft())
    assert raised.value.hint == "To add all in it: coproarchive add --recursive"
    with pytest.raises(DuplicateError, match="named twice") as raised_twice:
        add_files(*places, [first, second], ItemDraft())
    assert str(first) in str(raised_twice.value)
