"""Slides and marks of hits, from occurrences and stored texts: what cutting every text shows."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coproarchive.catalogue import Catalogue
from coproarchive.errors import IndexStateError
from coproarchive.extract.base import Extraction
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf, Part, Series, Source, Topic, WordSource
from coproarchive.search.hits.highlight import Highlighter, Mark, excerpt
from coproarchive.search.hits.results import Hit
from coproarchive.search.hits.stored import (
    SOURCES,
    About,
    IndexedLeaf,
    StoredItem,
    pack,
    texts_of,
)
from coproarchive.search.index.index import Index
from coproarchive.search.language.query import Query
from indexes import index_of
from known_texts import Texts

ABOUT = About("talk", None, ("ada", "bob"), "2017-06", "en")
WORDS = ["co-production", "coproduction", "co production", "Production", "production-line", "bread",
         "breads", "naïve", "C++", "N.H.S.", "nhs", "講演", "pre-bread", "R&D", "well-being's",
         "rye", "co-co", "non-co-production", "-", "\n", "…", "x" * 70]  # fmt: skip
text = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
parts = st.builds(
    Part, st.sampled_from([Source.TEXT, Source.NOTES, Source.LINK, Source.TABLE]), text
)
leaves = st.lists(
    st.tuples(text, st.lists(parts, max_size=3), st.booleans(), st.sampled_from(["", "iv"])),
    max_size=5,
)
records = st.tuples(text, text, st.lists(leaves, max_size=2))
asked = st.lists(
    st.one_of(
        st.sampled_from([w for w in WORDS if w not in "-\n…"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda w: f'"{" ".join(w)}"'),
        st.sampled_from(["co*", "pro*", "bre*", "-rye", '"production', "title:bread"]),
    ),
    min_size=1,
    max_size=3,
).map(" ".join)


def archive_of(rows: list[tuple[str, str, list[Any]]], reader: Texts, leave_out: bool) -> Catalogue:
    """A catalogue of items with files of leaves."""
    items = {}
    for number, (title, abstract, files) in enumerate(rows):
        assets = []
        for place, own in enumerate(files):
            sha256 = f"{number}{place}".rjust(64, "0")
            reader.known[sha256] = Extraction(
                tuple(
                    Leaf(n, "slide", heading, tuple(inside), label, hidden)
                    for n, (heading, inside, hidden, label) in enumerate(own, start=1)
                )
            )
            assets.append(
                Asset(path=f"{place}.pdf", media_type="application/pdf", size=1, sha256=sha256)
            )
        items[f"i{number}"] = Item(
            id=f"i{number}",
            title=title.strip() or "untitled",
            abstract=abstract.strip() or None,
            assets=tuple(assets),
        )
    series = Series(title="Bread", withhold=(WordSource.HIDDEN_SLIDES,) if leave_out else ())
    whole = Catalogue(series, {}, items)
    return Catalogue(series, {}, items, digests={i: whole.digest_of(x) for i, x in items.items()})


def seen(hit: Hit) -> list[Any]:
    """What a hit shows of slides and marks."""
    slides = [(x.asset, x.number, x.label, x.source, x.title, x.snippet) for x in hit.leaves]
    places = {word: set(own) for word, own in hit.matched.items()}
    return [hit.title, hit.snippet, slides, hit.more_leaves, places]


def looked_up(
    item: Item,
    highlighter: Highlighter,
    surfaces: list[str],
    reader: Texts,
    leave_out: bool,
    most: int,
) -> list[Any]:
    """The same by cutting every text into words."""
    found = []
    places: dict[str, set[str]] = {}

    def note(marks: list[Mark], place: str) -> None:
        for *_, clause in marks:
            places.setdefault(surfaces[clause], set()).add(place)

    ordinal = 0
    for asset in item.assets:
        for leaf in reader.known[asset.sha256].leaves:
            ordinal += 1
            marks = [highlighter.marks(text) for text in texts_of(leaf)]
            clauses = {clause for own in marks for *_, clause in own}
            if not clauses or (leaf.hidden and leave_out):
                continue
            note([m for own in marks for m in own], f"slide {leaf.label or leaf.number}")
            times = sum(map(len, marks))
            worth = (
                len(clauses),
                len({clause for *_, clause in marks[0]}),
                min(times, 20),
                -ordinal,
            )
            found.append((worth, asset.path, leaf, marks))
    found.sort(key=lambda entry: entry[0], reverse=True)
    title, described = highlighter.marks(item.title), highlighter.marks(item.abstract or "")
    note(title, "title")
    note(described, "description")
    wanted = item.abstract and (described or not found)
    return [
        highlighter.whole(item.title),
        excerpt(item.abstract or "", described if wanted else []) if wanted else excerpt("", []),
        [slide_of(path, leaf, marks, highlighter) for _, path, leaf, marks in found[:most]],
        max(0, len(found) - most),
        places,
    ]


def slide_of(
    path: str, leaf: Leaf, marks: list[list[Mark]], highlighter: Highlighter
) -> tuple[object, ...]:
    """What is shown of one slide."""
    shown: list[tuple[tuple[int, bool], Part, list[Mark]]] = []
    at = {False: 0, True: 0}
    for part in leaf.parts:
        noted = part.source in (Source.NOTES, Source.LINK)
        start, end = at[noted], at[noted] + len(part.text)
        at[noted] = end + (2 if noted else 1)
        inside = [
            (max(first, start) - start, min(behind, end) - start, clause)
            for first, behind, clause in marks[2 if noted else 1]
            if first < end and behind > start
        ]
        worth = (len({clause for *_, clause in inside}), part.source is not Source.LINK)
        shown.append((worth, part, inside))
    title = highlighter.whole(leaf.title)
    if not shown:
        return (path, leaf.number, leaf.label, "title", title, excerpt("", []))
    worth, part, inside = max(shown, key=lambda entry: entry[0])
    source = part.source.value if worth[0] or not leaf.title else "title"
    return (path, leaf.number, leaf.label, source, title, excerpt(part.text, inside))


@pytest.mark.parametrize("in_memory", [False, True])
@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(records, min_size=1, max_size=4),
    queries=st.lists(asked, min_size=4, max_size=8),
    leave_out=st.booleans(),
)
def test_places_show_what_the_texts_show(
    rows: list[Any], queries: list[str], leave_out: bool, in_memory: bool
) -> None:
    """Best slides, sources, marks and places of each hit, on random texts and queries."""
    reader: Any = Texts()
    catalogue = archive_of(rows, reader, leave_out)
    with tempfile.TemporaryDirectory() as folder:
        if in_memory:
            index = index_of(catalogue, reader)
        else:
            index = index_of(catalogue, reader, Path(folder))
        # Not known to be as they were indexed, records are read anew.
        doubtful = replace(catalogue, digests={})
        for said in queries:
            query = Query.parse(said)
            again = index.search(query, doubtful)
            compiled = index.run(query, catalogue).rewritten
            surfaces = [c.surface for c in compiled.marked_clauses]
            highlighter = index.highlighter(query, catalogue, "en")
            results = index.search(query, catalogue)
            assert (results.hits, results.near_misses) == (again.hits, again.near_misses), said
            for hits, most in ((results.hits, 3), (results.near_misses, 1)):
                for hit in hits:
                    item = catalogue.items[hit.id]
                    wanted = looked_up(item, highlighter, surfaces, reader, leave_out, most)
                    *shown, places = seen(hit)
                    *shown_wanted, all_places = wanted
                    assert shown == shown_wanted, said
                    # Of near misses the first two slides that have a word are told.
                    assert places.keys() == all_places.keys(), said
                    for word, own in places.items():
                        record = {p for p in all_places[word] if not p.startswith("slide")}
                        slides = len(all_places[word] - record)
                        assert record <= own <= all_places[word], said
                        assert len(own - record) == min(slides, 8 if most > 1 else 2), said
        index.close()


@settings(deadline=None)
@given(text, text, leaves)
def test_stored_bytes_give_texts_back(title: str, abstract: str, rows: list[Any]) -> None:
    """Every part, label and text as it was put in."""
    asset = Asset(path="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64)
    other = asset.model_copy(update={"path": "b.vtt"})
    own = [
        Leaf(n, "cue", heading, tuple(inside), label, hidden, n / 2)
        for n, (heading, inside, hidden, label) in enumerate(rows, start=1)
    ]
    indexed = [
        IndexedLeaf([(asset, leaf), *[(other, leaf)] * (leaf.number % 3)], leaf,
                    [number % 2 for number in range(len(leaf.parts))])
        for leaf in own
    ]  # fmt: skip
    kept = StoredItem(pack("record", ABOUT, title, abstract, ["Ada", "Bob"], indexed))
    assert (kept.record, kept.about) == ("record", ABOUT)
    assert (kept.title, kept.description, kept.names) == (title, abstract, ("Ada", "Bob"))
    assert kept.leaf_count == len(own)
    for ordinal, leaf in enumerate(own):
        found = kept.leaf(ordinal)
        assert kept.assets[found.asset] == (asset.sha256, asset.path)
        assert (found.number, found.kind, found.hidden) == (leaf.number, leaf.kind, leaf.hidden)
        assert (found.label, found.start) == (leaf.label, leaf.start)
        parts = (Part(SOURCES[s], found.texts[n][a:b]) for s, n, a, b, _ in found.parts)
        assert tuple(parts) == leaf.parts
        assert [part.form for part in found.parts] == [n % 2 for n in range(len(leaf.parts))]
        assert [kept.assets[form.asset][1] for form in found.forms] == ["b.vtt"] * (leaf.number % 3)
        assert {form[1:] for form in found.forms} <= {(leaf.number, "cue", leaf.label, leaf.start)}
        assert found.texts == texts_of(leaf)


def test_a_changed_record_is_shown_as_it_is_now(library: Library) -> None:
    """Before the index is updated: today's title; nothing where a file was taken out."""
    (before,) = library.search(Query.parse("rye anecdote")).hits
    item, public = library.store.read_item(before.id), library.public()

    def hits_with(**changes: object) -> tuple[Hit, ...]:
        items = {**public.items, item.id: item.model_copy(update=changes)}
        changed = Catalogue(public.series, public.seminars, items, public.people, public.topics)
        return library.index().search(Query.parse("rye anecdote"), changed).hits

    (hit,) = hits_with(title="Rye is another title")
    assert (hit.title.text, hit.title.marks) == ("Rye is another title", ((0, 3),))
    assert hit.leaves == before.leaves != ()
    assert hits_with(title="Rye is another title", assets=()) == ()


def test_damaged_kept_bytes_are_said_not_shown(library: Library) -> None:
    """A changed byte, or a file cut short, is a message that names the mend."""
    path = next(library.settings.index.rglob("stored.bin"))
    data = path.read_bytes()
    path.write_bytes(bytes(byte ^ 1 for byte in data))
    with pytest.raises(IndexStateError, match="damaged") as damaged:
        library.search(Query.parse("bread"))
    assert "--rebuild" in (damaged.value.hint or "")
    path.write_bytes(data[:-1])
    with pytest.raises(IndexStateError, match=r"stored\.bin"):
        Index(library.index_storage)
    library.update_index()
    assert library.search(Query.parse("bread")).total


def test_a_slide_of_very_many_parts_is_kept() -> None:
    """A handout of one-cell tables can have more parts than two bytes count."""
    asset = Asset(path="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64)
    leaf = Leaf(1, "section", "Table", (Part(Source.TABLE, "x"),) * 70_000)
    kept = StoredItem(
        pack("", ABOUT, "Title", "", (), [IndexedLeaf([(asset, leaf)], leaf, [0] * 70_000)])
    )
    assert len(kept.leaf(0).parts) == 70_000


def test_every_name_of_an_item_answers() -> None:
    """Each is a text of its own: the second topic's other name is as good as the first's."""
    topics = {
        t: Topic(id=t, label=label, alternatives=(other,))
        for t, label, other in (("a", "Millstones", "Querns"), ("b", "Ovens", "Kilns"))
    }
    item = Item(id="i", title="Bread", topics=("a", "b"))
    whole = Catalogue(Series(title="Bread"), {}, {"i": item}, topics=topics)
    catalogue = Catalogue(
        whole.series, {}, whole.items, topics=topics, digests={"i": whole.digest_of(item)}
    )
    reader: Any = Texts()
    index = index_of(catalogue, reader)
    for word in ("millstones", "querns", "ovens", "kilns"):
        (hit,) = index.search(Query.parse(word, exact=True), catalogue).hits
        assert (hit.missing, dict(hit.matched)) == ((), {word: ("details",)})


def test_a_synonym_stands_for_its_own_words_only() -> None:
    """The other word, which has synonyms too, is still missing."""
    series = Series(title="Bread", synonyms=(("oven", "kiln"), ("mill", "quern")))
    items = {"i": Item(id="i", title="A kiln of clay")}
    whole = Catalogue(series, {}, items)
    catalogue = Catalogue(series, {}, items, digests={"i": whole.digest_of(items["i"])})
    reader: Any = Texts()
    index = index_of(catalogue, reader)
    (hit,) = index.search(Query.parse("oven mill"), catalogue).hits
    assert hit.missing == ("mill",)
    (hit,) = index.search(Query.parse("oven clay"), catalogue).hits
    assert hit.missing == ()
