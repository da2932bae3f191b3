"""What is hidden changes nothing that a reader can see: no count, hit, correction or suggestion."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.model import (
    Asset,
    Contribution,
    Item,
    Leaf,
    Part,
    Person,
    Series,
    Source,
    Topic,
    Visibility,
)
from coproarchive.search.discover import suggest
from coproarchive.search.discover.suggest import Suggester
from coproarchive.search.index.index import Index
from coproarchive.search.language.query import Query
from indexes import index_of
from known_texts import Texts

WORDS = [
    "bread", "rye", "starter", "millstone", "co-production", "zanzibar", "unspeakable", "loaf"
]  # fmt: skip
QUERIES = ["", "bread", "zanzibr", "unspeakabel loaf", "zan*", "rye starter millstone", "-loaf",
           '"rye starter"', "ann topic:zanzibar",
           "bread rye starter millstone loaf zanzibar"]  # fmt: skip


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
records = st.tuples(
    texts,
    st.lists(texts, max_size=3),
    st.sampled_from("abcd"),
    st.sampled_from("xyz"),
    st.booleans(),
)


def catalogue_of(
    rows: list[tuple[str, list[str], str, str, bool]], reader: Texts, keep_hidden: bool, show: bool
) -> Catalogue:
    """The archive of these rows; with `show`, before anything was hidden."""
    items = {}
    for number, (title, slides, person, topic, is_hidden) in enumerate(rows):
        if is_hidden and not keep_hidden:
            continue
        sha256 = hashlib.sha256("|".join(slides).encode()).hexdigest()
        leaves = (
            Leaf(n, "slide", s.split()[0], (Part(Source.TEXT, s),)) for n, s in enumerate(slides, 1)
        )
        reader.known[sha256] = Extraction(tuple(leaves))
        items[f"i{number}"] = Item(
            id=f"i{number}",
            title=title,
            people=(Contribution(person=person),),
            topics=(topic,),
            visibility=Visibility.HIDDEN if is_hidden and not show else Visibility.PUBLIC,
            assets=(Asset(path="a.pdf", media_type="application/pdf", size=1, sha256=sha256),),
        )
    people = {p: Person(id=p, names=(f"Ann {p.upper()}",)) for p in {r[2] for r in rows}}
    topics = {t: Topic(id=t, label=f"Zanzibar {t}") for t in {r[3] for r in rows}}
    if not keep_hidden:
        named = {(i.people[0].person, i.topics[0]) for i in items.values()}
        people = {p: people[p] for p, _ in named}
        topics = {t: topics[t] for _, t in named}
    series = Series(title="Bread")
    whole = Catalogue(series, {}, items, dict(sorted(people.items())), dict(sorted(topics.items())))
    digests = {i: whole.digest_of(item) for i, item in items.items()}
    return Catalogue(series, {}, items, whole.people, whole.topics, digests)


def suggestions(index: Index, public: Catalogue) -> list[object]:
    """What is suggested for beginnings of all words; phrases that two items say are enough."""
    with patch.object(suggest, "RECURRING", 2):
        suggester = Suggester(public, index.phrases(public))
    return [repr(suggester.suggest(w[:2], limit=40)) for w in [*WORDS, "ann"]]


def answers(index: Index, catalogue: Catalogue, reader: Any, shown: list[str]) -> str:
    """Everything that readers can ask, as text."""
    public = catalogue.for_public()
    found: list[object] = [index.search(Query.parse(q), public).to_json() for q in QUERIES]
    found += suggestions(index, public)
    for item_id in shown:
        for leaf in (None, 1):
            likes = index.similar(public.items[item_id], public, reader, leaf)
            found.append([(s.item.id, s.score, s.shared) for s in likes])
    found += [index.ranking(Query.parse("bread"), public, 100), index.words()]
    return json.dumps(found, ensure_ascii=False, indent=1)


@pytest.mark.threat(10)
@settings(max_examples=25, deadline=None)
@given(st.lists(records, min_size=1, max_size=9))
def test_hidden_items_change_no_answer(
    rows: list[tuple[str, list[str], str, str, bool]],
) -> None:
    """Items that were public and then hidden: the archive answers as if they had never been."""
    reader: Any = Texts()
    shown = [f"i{n}" for n, row in enumerate(rows) if not row[-1]]
    with tempfile.TemporaryDirectory() as folder:
        before = catalogue_of(rows, reader, keep_hidden=True, show=True)
        after = catalogue_of(rows, reader, keep_hidden=True, show=False)
        exclude = catalogue_of(rows, reader, keep_hidden=False, show=False)
        index_of(before, reader, Path(folder) / "hidden").close()
        hidden = index_of(after, reader, Path(folder) / "hidden")
        never = index_of(exclude, reader, Path(folder) / "without")
        assert answers(hidden, after, reader, shown) == answers(never, exclude, reader, shown)
        hidden.close()
        never.close()


def told(index: Index, catalogue: Catalogue, reader: Any, shown: list[str]) -> str:
    """What readers are told but for scores and the order they make: totals, counts, words."""
    public = catalogue.for_public()
    found: list[object] = []
    for text in (*QUERIES, "bread topic:x", "zanzibar -rye", "unspeakable OR zanzibar"):
        for sort in ("relevance", "title"):
            answer = index.search(Query.parse(text, sort=sort), public).to_json()
            hits: Any = [*answer.pop("hits"), *answer.pop("partial_hits")]  # type: ignore[misc]
            ids = [hit["id"] for hit in hits]
            found += [answer, ids if sort == "title" else sorted(ids)]
    for item_id in shown:
        likes = index.similar(public.items[item_id], public, reader)
        found.append(sorted((s.item.id, sorted(s.shared)) for s in likes))
    found.append(sorted(i for i, _, _ in index.ranking(Query.parse("bread"), public, 100)))
    found += suggestions(index, public)
    return json.dumps(found, ensure_ascii=False, indent=1)


@pytest.mark.threat(10)
@pytest.mark.parametrize("in_memory", [False, True])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(records, min_size=1, max_size=6))
def test_what_is_hidden_is_out_before_the_index_is_updated(
    rows: list[tuple[str, list[str], str, str, bool]], in_memory: bool
) -> None:
    """Totals, counts, corrections, likes, suggestions: as if they had never been, at once."""
    reader: Any = Texts()
    shown = [f"i{n}" for n, row in enumerate(rows) if not row[-1]]
    before = catalogue_of(rows, reader, keep_hidden=True, show=True)
    after = catalogue_of(rows, reader, keep_hidden=True, show=False)
    exclude = catalogue_of(rows, reader, keep_hidden=False, show=False)
    with tempfile.TemporaryDirectory() as folder:
        indexes = []
        for name, catalogue in (("hidden", before), ("without", exclude)):
            indexes.append(index_of(catalogue, reader, None if in_memory else Path(folder) / name))
        hidden, never = indexes
        # What was kept while they could be seen must not be answered from.
        told(hidden, before, reader, shown)
        assert told(hidden, after, reader, shown) == told(never, exclude, reader, shown)
        hidden.close()
        never.close()
