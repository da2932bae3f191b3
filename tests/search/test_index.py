"""The index of a whole archive: incremental, rebuilt beside, honest about what it cannot do."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import IndexStateError
from coproarchive.extract.blob_store import BlobStore
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.library import Library
from coproarchive.model import Visibility
from coproarchive.progress import Progress
from coproarchive.search.language import fields
from coproarchive.search.language.query import Query
from coproarchive.settings import Settings
from making import SEMINAR, make_archive, make_deck

BREAD = f"{SEMINAR}/bread-for-all"


def found(library: Library, text: str, **more: object) -> list[str]:
    """Ids found for a query."""
    query = Query.parse(text, **more)  # type: ignore[arg-type]  # parse's own keywords
    return [hit.id for hit in library.search(query).hits]


def test_only_what_changed_is_written(archive: Path, library: Library) -> None:
    """Nothing changed, nothing done; one record changed, one written; one removed, one removed."""
    again = library.update_index()
    assert (again.added, again.updated, again.removed, again.unchanged) == (0, 0, 0, 5)
    assert again.leaves == 0
    path = archive / "windmills" / "item.yaml"
    path.write_text(path.read_text().replace("Windmills", "Watermills"))
    changed = library.update_index()
    assert (changed.added, changed.updated, changed.removed) == (0, 1, 0)
    shutil.rmtree(archive / "a-post")
    removed = library.update_index()
    assert (removed.updated, removed.removed) == (0, 1)
    assert found(library, "watermills") == ["windmills"]
    assert found(library, "eaters") == []


def test_an_update_reads_no_text_of_what_did_not_change(
    archive: Path, library: Library, open_library: Callable[..., Library],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whether it is kept is asked, not what it says: at 100,000 slides that was half the time."""
    library.close()
    read: list[str] = []
    get = BlobStore.get

    def noted(blobs: BlobStore, sha256: str, reader: str) -> bytes | None:
        read.append(sha256)
        return get(blobs, sha256, reader)

    monkeypatch.setattr(BlobStore, "get", noted)
    path = archive / "windmills" / "item.yaml"
    path.write_text(path.read_text().replace("Windmills", "Watermills"))
    other = open_library(archive)
    assert other.update_index().updated == 1
    assert set(read) == {asset.sha256 for asset in other.public().items["windmills"].assets}


def test_its_seconds_are_all_that_passed(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in which the records were read too."""
    catalogue = library.catalogue

    def slowly(*arguments: Progress) -> Catalogue:
        time.sleep(0.2)
        return catalogue(*arguments)

    monkeypatch.setattr(library, "catalogue", slowly)
    assert library.update_index().seconds >= 0.2


def test_an_opened_index_follows_updates_and_rebuilds(archive: Path, library: Library) -> None:
    """Searching goes on while others write; a new generation is taken up by itself."""
    assert found(library, "millstone") == [BREAD]
    library.update_index(rebuild=True)
    assert found(library, "millstone") == [BREAD]
    assert [p.name for p in (library.settings.index / "generations").iterdir()] == ["2"]


def test_the_best_slides_are_shown_with_marks(library: Library) -> None:
    """A hit names the slide, its title, the source of the words, and where they stand in it."""
    (hit,) = library.search(Query.parse("rye anecdote")).hits
    (leaf,) = hit.leaves
    assert (leaf.asset, leaf.number, leaf.title.text, leaf.source) == (
        "bread.pptx", 2, "Sourdough", "notes",
    )  # fmt: skip
    marked = [leaf.snippet.text[a:b] for a, b in leaf.snippet.marks]
    assert marked == ["rye", "anecdote"]
    assert hit.matched == {"rye": ("slide 2",), "anecdote": ("slide 2",)}


@pytest.mark.parametrize(
    "text",
    ["protein", "millstone", "baguettes", "crust", "feed the starter", '"wait for a day"', "levain",
     "ada baker", "crumbtown OR baking", "sourd*", "grist"],
)  # fmt: skip
def test_every_place_words_stand_in_is_searched(library: Library, text: str) -> None:
    """Tables, groups, charts, alternative texts, notes, names and other labels are found."""
    assert found(library, text)


def test_slides_hidden_by_their_author_are_left_out(archive: Path, library: Library) -> None:
    """By default a hidden slide is in no search; the archive can decide otherwise."""
    assert found(library, "recipe") == []
    path = archive / "archive.yaml"
    path.write_text(path.read_text() + "hidden_slides: show\n")
    library.update_index()
    assert found(library, "recipe") == [BREAD]


def test_a_word_nobody_knows_is_corrected_and_said(library: Library) -> None:
    """A slip finds what was meant; "exact" searches it as typed."""
    results = library.search(Query.parse("sourdogh"))
    assert results.corrections == {"sourdogh": "sourdough"}
    assert results.total == 2
    assert "sourdogh" in results.notes[0]
    assert library.search(Query.parse("sourdogh", exact=True)).total == 0


def test_some_of_the_words_are_better_than_nothing(library: Library) -> None:
    """When nothing has all words, what has some is shown, with what is missing."""
    results = library.search(Query.parse("millstone eaters"))
    assert results.partial
    missing = {hit.id: hit.missing for hit in results.hits}
    assert missing == {BREAD: ("eaters",), "a-post": ("millstone",)}


def test_synonyms_are_searched_and_said(archive: Path, library: Library) -> None:
    """Archivists' groups of words find each other, phrases too, and can be turned off."""
    path = archive / "archive.yaml"
    path.write_text(path.read_text() + "synonyms:\n  - [flatbread, feed the starter]\n")
    library.update_index()
    results = library.search(Query.parse("flatbread"))
    assert [hit.id for hit in results.hits] == [BREAD]
    assert results.synonyms == {"flatbread": ("feed the starter",)}
    assert results.hits[0].leaves[0].number == 2
    assert not results.hits[0].missing
    assert library.search(Query.parse("flatbread", exact=True)).total == 0


def test_a_word_is_no_synonym_of_its_plural(archive: Path, library: Library) -> None:
    """A topic may list both; either finds the other without being told."""
    path = archive / "archive.yaml"
    path.write_text(
        path.read_text() + "synonyms:\n  - [ovens, oven, hearth]\n  - [loaves, loave]\n"
    )
    library.update_index()
    assert library.search(Query.parse("oven")).synonyms == {"oven": ("hearth",)}
    assert library.search(Query.parse("loaves")).synonyms == {}


def test_facets_narrow_with_counts_of_items(library: Library) -> None:
    """An empty query lists everything; labels are names; chosen values are selected."""
    results = library.search(Query.parse("", facets={"topic": ["milling"]}))
    assert {hit.id for hit in results.hits} == {"windmills", "a-post"}
    topic = next(f for f in results.facets if f.name == "topic")
    assert [(v.value, v.label, v.count, v.selected) for v in topic.values] == [
        ("milling", "Milling", 2, True),
        ("sourdough", "Sourdough", 2, False),
    ]
    year = next(f for f in results.facets if f.name == "year")
    assert [v.value for v in year.values] == ["2019", "2017"]


def test_hidden_items_change_no_answer(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    """Every query is answered as by an archive that never had the hidden items."""
    whole = make_archive(tmp_path / "whole")
    exclude = make_archive(tmp_path / "without")
    shutil.rmtree(exclude / SEMINAR / "hidden-talk")
    shutil.rmtree(exclude / "withdrawn")
    for name, end in (("people.yaml", "cy-secret"), ("topics.yaml", "hidden-topic")):
        text = (exclude / name).read_text()
        start = text.index(f"{end}:")
        following = text.find("\nhostile:", start)
        rest = text[following + 1 :] if following >= 0 else ""
        (exclude / name).write_text(text[:start] + rest)
    seminar = exclude / SEMINAR / "seminar.yaml"
    seminar.write_text(seminar.read_text().replace(f"item: {SEMINAR}/hidden-talk", ""))
    answers = []
    for archive in (whole, exclude):
        library = open_library(archive, index=tmp_path / f"index-{archive.name}")
        library.update_index()
        queries = ["", "zanzibar", "zanzibr", "zan*", "cy secret", "unspeakable loaf", "loaf",
                   "hidden topic", "bread", '"zanzibar loaf"', "-loaf"]  # fmt: skip
        answers.append([library.search(Query.parse(q)).to_json() for q in queries])
    assert answers[0] == answers[1]


def test_hiding_an_item_takes_it_out(archive: Path, library: Library) -> None:
    """What is hidden now is found no more, even before the index is updated."""
    store = library.store
    post = store.read_item("a-post")
    store.save_item(post.model_copy(update={"visibility": Visibility.HIDDEN}))
    library.changed()
    assert "a-post" not in found(library, "bread")
    library.update_index()
    assert library.search(Query.parse("eaters")).total == 0


def test_a_missing_or_foreign_index_says_what_to_run(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index, or one of another version: a message that ends in the command, and a mend."""
    shutil.rmtree(library.settings.index)
    with pytest.raises(IndexStateError, match="no index") as missing:
        library.search(Query.parse("bread"))
    assert missing.value.hint == "Run: coproarchive index"
    library.update_index()
    assert found(library, "bread")
    library.close()
    monkeypatch.setattr(fields, "ANALYSIS_VERSION", 99)
    with pytest.raises(IndexStateError, match="another version"):
        library.search(Query.parse("bread"))
    assert library.update_index().rebuilt


def test_unreadable_files_are_problems_and_stop_nothing(archive: Path, library: Library) -> None:
    """A damaged or missing file costs its own words; the report and the next one name it."""
    (archive / "windmills" / "mill.pdf").unlink()
    post = library.store.read_item("a-post")
    library.store.replace_file("a-post", "post.md", b"")
    assert post.title
    for report in (library.update_index(), library.update_index(rebuild=True)):
        codes = {(p.path, p.code) for p in report.problems}
        assert ("a-post/post.md", "file-unreadable") in codes
    assert found(library, "windmills") == ["windmills"]


def test_the_memory_engine_serves_the_same_library(
    archive: Path, library: Library, open_library: Callable[..., Library]
) -> None:
    """The engine is a setting; answers are the same."""
    memory = open_library(archive, engine="memory")
    for text in ("", "bread", "millstone eaters", "sourdogh", '"wait for"'):
        query = Query.parse(text)
        assert memory.search(query).to_json() == library.search(query).to_json()
    assert memory.index() is memory.index()  # not made anew for each question
    before = memory.index()
    memory.changed()
    assert memory.index() is not before


def _update(archive: Path, index: Path) -> None:
    Library(Settings(archive=archive, index=index, workers=1)).update_index(rebuild=True)


@pytest.mark.threat(17)
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not of this system")
@pytest.mark.parametrize("moment", [1.0, 1.6, 2.0, 2.4])
def test_a_killed_update_leaves_an_index_that_works(
    archive: Path, library: Library, moment: float
) -> None:
    """Killed at any moment, the old index answers, or says that it must be made anew."""
    rebuilding = multiprocessing.get_context("spawn").Process(
        target=_update, args=(archive, library.settings.index)
    )
    rebuilding.start()
    time.sleep(moment)
    assert rebuilding.pid is not None
    os.kill(rebuilding.pid, signal.SIGKILL)
    rebuilding.join()
    assert found(library, "millstone") == [BREAD]
    library.update_index()
    assert len(list((library.settings.index / "generations").iterdir())) == 1


def test_an_index_is_written_whatever_a_script_made_of_chance(library: Library, deck: Path) -> None:
    """After the same random.seed() twice, Whoosh would give two segments one name."""
    for number in range(2):
        other = make_deck(deck.with_name(f"{number}.pptx"), extra_title=f"Deck {number}")
        add_files(library.store, library.catalogue(), library.reader, [other], ItemDraft())
        random.seed(1)
        assert library.update_index().added == 1
