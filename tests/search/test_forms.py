"""An item's deck, PDF and captions are one talk: each slide is found once and counted once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.model import (
    Asset,
    AssetRole,
    Item,
    Leaf,
    Part,
    Series,
    Source,
    Visibility,
    WordSource,
)
from coproarchive.search.hits.results import LeafForm, Results
from coproarchive.search.index.index import Index
from coproarchive.search.language.query import Query
from indexes import index_of
from known_texts import Texts

DECK = ["Welcome\nbread for everybody", "Ovens\nbrick ovens keep heat", "Hidden\nthe zanzibar loaf",
        "Milling\nstones turn slowly\nspelt and barley"]  # fmt: skip
PAGES = ["Welcome\nbread for everybody", "Ovens\nbrick ovens\nkeep heat\nthermal mass",
         "Milling\nstones turn slowly\nspelt and barley"]  # fmt: skip
SPOKEN = ["welcome everybody to bread", "an oven made of brick keeps its heat",
          "my grandmother had such an oven", "stones turn slowly when spelt is milled"]  # fmt: skip
FILES = {
    "talk.pptx": AssetRole.SLIDES,
    "talk.pdf": AssetRole.SLIDES,
    "talk.vtt": AssetRole.CAPTIONS,
}


def leaf(number: int, kind: str, text: str) -> Leaf:
    title, _, body = text.partition("\n") if kind == "slide" else ("", "", text)
    start = 30.0 * (number - 1) if kind == "cue" else None
    source = Source.CAPTION if kind == "cue" else Source.TEXT
    return Leaf(number, kind, title, (Part(source, body),), start=start)  # type: ignore[arg-type]  # one of its kinds


def archive_of(item_id: str = "ovens", **of_item: Any) -> tuple[Catalogue, Texts]:
    """A talk as deck, PDF and captions."""
    texts = {"talk.pptx": DECK, "talk.pdf": PAGES, "talk.vtt": SPOKEN}
    kinds = {"talk.pptx": "slide", "talk.pdf": "page", "talk.vtt": "cue"}
    reader, assets = Texts(), []
    for n, (path, role) in enumerate(FILES.items()):
        sha256 = str(n).rjust(64, "0")
        own = [leaf(k, kinds[path], text) for k, text in enumerate(texts[path], start=1)]
        if path == "talk.pptx":
            own[2] = replace(own[2], hidden=True)
            note = Part(Source.NOTES, "cough at the marzipan")
            own[1] = replace(own[1], parts=(*own[1].parts, note))
        reader.known[sha256] = Extraction(tuple(own))
        assets.append(Asset(path=path, role=role, media_type="a/b", size=1, sha256=sha256))
    item = Item(id=item_id, title="On baking", assets=tuple(assets), **of_item)
    return catalogue_of(item), reader


def catalogue_of(*items: Item, **of_series: Any) -> Catalogue:
    records = {item.id: item for item in items}
    series = Series(title="Bread", **of_series)
    digests = {i: Catalogue(series, {}, records).digest_of(x) for i, x in records.items()}
    return Catalogue(series, {}, records, digests=digests)


@pytest.fixture(params=["memory", "whoosh"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Index, Catalogue]:
    """An index of the talk."""
    catalogue, reader = archive_of()
    return index_of(catalogue, reader, tmp_path if request.param == "whoosh" else None), catalogue


def search(index: tuple[Index, Catalogue], text: str) -> Results:
    return index[0].search(Query.parse(text), index[1])


def test_a_slide_is_found_once_with_its_other_forms(index: tuple[Index, Catalogue]) -> None:
    results = search(index, "heat")
    (hit,) = results.hits
    (slide,) = hit.leaves
    assert (slide.asset, slide.kind, slide.number, slide.title.text) == (
        "talk.pptx", "slide", 2, "Ovens")  # fmt: skip
    assert slide.forms == (
        LeafForm("talk.pdf", 2, "page", ""),
        LeafForm("talk.vtt", 2, "cue", "", 30.0),
        LeafForm("talk.vtt", 3, "cue", "", 60.0),
    )
    assert (results.total, results.leaves, hit.more_leaves) == (1, 1, 0)
    told = results.to_json()
    assert told["leaves"] == 1
    assert told["hits"][0]["leaves"][0]["forms"][0]["asset"] == "talk.pdf"  # type: ignore[index]  # plain data


def test_slides_are_counted_once_for_all_files(index: tuple[Index, Catalogue]) -> None:
    """Bread stands on one slide, its page and a cue; everybody too; spelt on another."""
    assert search(index, "bread OR spelt").leaves in (2, None)
    assert search(index, "bread").leaves == 1
    assert search(index, "spelt").leaves == 1
    assert search(index, "zzz").leaves == 0


def test_words_that_only_one_form_has_are_found(index: tuple[Index, Catalogue]) -> None:
    (page,) = search(index, '"thermal mass"').hits[0].leaves
    assert (page.asset, page.number) == ("talk.pptx", 2)
    assert page.snippet.text == "thermal mass"
    (cue,) = search(index, "grandmother").hits[0].leaves
    assert (cue.asset, cue.number, cue.source, cue.start) == ("talk.pptx", 2, "caption", 60.0)


def test_words_on_both_forms_count_once_in_ranking(index: tuple[Index, Catalogue]) -> None:
    """A talk with its PDF is not better for it than one without."""
    engine = index[0]._engine  # the documents themselves
    places = engine.snapshot().occurrences(["ovens"], ["=heat"])["ovens"].terms["=heat"]
    assert [(o.field, o.leaf) for o in places] == [("body", 1), ("body", 1)]  # and the cue


def test_hidden_slides_and_notes_stand_in_no_form(index: tuple[Index, Catalogue]) -> None:
    for words in ("zanzibar", "marzipan", "Hidden"):
        assert search(index, words).total == 0
    assert all(f.number != 3 or f.asset != "talk.pptx" for hit in search(index, "milling").hits
               for leaf in hit.leaves for f in leaf.forms)  # fmt: skip


def test_what_was_withheld_since_is_not_shown_from_an_older_index() -> None:
    """Indexed with its hidden slides, the talk is left out of answers until it is made anew."""
    catalogue, reader = archive_of(release=(WordSource.HIDDEN_SLIDES,))
    index = index_of(catalogue, reader)
    assert index.search(Query.parse("zanzibar"), catalogue).total == 1
    stricter = catalogue_of(catalogue.items["ovens"].model_copy(update={"release": ()}))
    assert index.search(Query.parse("zanzibar"), stricter).total == 0
    assert index.search(Query.parse("heat"), stricter).total == 0


def test_a_form_that_was_taken_out_shows_nothing_any_more() -> None:
    """The index has its words still: the slide is not shown until it is made anew."""
    catalogue, reader = archive_of()
    index = index_of(catalogue, reader)
    item = catalogue.items["ovens"]
    without = catalogue_of(item.model_copy(update={"assets": item.assets[:2]}))
    (hit,) = index.search(Query.parse("grandmother"), without).hits
    assert hit.leaves == ()


def test_hidden_items_stay_hidden() -> None:
    catalogue, reader = archive_of(visibility=Visibility.HIDDEN)
    index = index_of(catalogue, reader)
    results = index.search(Query.parse("heat"), catalogue.for_public())
    assert (results.total, results.leaves) == (0, 0)
