"""More like this: other items with the telling words of an item, or of one of its slides.

As Lucene's MoreLikeThis: the words with the highest tf-idf are searched.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item, Leaf
from coproarchive.search.cache import Cache
from coproarchive.search.document import (
    HIT,
    aligned_item,
    declared_language,
    item_language,
    searchable_names,
)
from coproarchive.search.engines.seam import Occurrences, Request, Snapshot
from coproarchive.search.hits.source import HitSource
from coproarchive.search.hits.stored import StoredItem, StoredLeaf
from coproarchive.search.language.analysis import STOP_WORDS, stem, words_of
from coproarchive.search.language.fields import LEAF_FIELDS
from coproarchive.search.language.query_tree import AtLeast, MatchAll, Term

if TYPE_CHECKING:
    from coproarchive.extract.worker import Reader

TELLING_WORDS = 25
"""Words that are searched for a text: more add time and noise."""
CANDIDATES = 80
"""Frequent words of the text of which the rarest are taken."""
RECORD_FACTOR = 4
"""How often a word of title or description counts, where one on a slide counts once."""
SHOWN_WORDS = 5
MIN_SHARED = 3
"""Telling words that both must have."""


@dataclass(frozen=True, slots=True)
class SimilarLeaf:
    """A leaf of another item like one.

    Attributes:
        item: its item's record.
        path: of its file.
        kind, number, label, title: of the leaf.
    """

    item: Item
    path: str
    kind: str
    number: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Similar:
    """An item like another.

    Attributes:
        item: its record.
        score: only comparable within one list.
        shared: telling words that both have, most telling first, as they stand in the first one.
    """

    item: Item
    score: float
    shared: tuple[str, ...]


def similar(
    snapshot: Snapshot,
    catalogue: Catalogue,
    reader: Reader,
    item: Item,
    leaf: int | None = None,
    *,
    exclude: frozenset[str] = frozenset(),
    limit: int = 5,
) -> tuple[Similar, ...]:
    """Find items like this one, most alike first.

    Args:
        snapshot: searched.
        catalogue: what the reader may see.
        reader: has the text of the files.
        item: more like this.
        leaf: a slide or page of its first file; None for the whole item.
        exclude: ids that the snapshot has and the reader may no longer see.
        limit: number of items.
    """
    language = item_language(item, catalogue, reader)
    counts = _counts(_texts(item, catalogue, reader, leaf))
    telling = _telling(snapshot, counts, language, exclude)
    if not telling:
        return ()
    node = AtLeast(
        tuple(Term(form, (), weight) for form, _, weight in telling), min(MIN_SHARED, len(telling))
    )
    response = snapshot.search(Request(node, exclude=exclude, limit=limit + 1))
    likes = [(i, score) for i, score in response.hits if i != item.id and i in catalogue.items]
    likes = likes[:limit]
    # Asked of the index: cutting the texts of five items into words took half of a page's time.
    occurrences = snapshot.occurrences([i for i, _ in likes], [form for form, _, _ in telling])
    return tuple(
        Similar(catalogue.items[i], score, _shared(telling, occurrences.get(i)))
        for i, score in likes
    )


def similar_leaves(
    snapshot: Snapshot,
    catalogue: Catalogue,
    item: Item,
    leaf: Leaf,
    sources: Cache[HitSource],
    *,
    exclude: frozenset[str] = frozenset(),
    limit: int = 4,
) -> tuple[SimilarLeaf, ...]:
    """Find leaves of other items with the telling words of one, the most alike of each item.

    Args:
        snapshot: searched.
        catalogue: what the reader may see.
        item: the leaf's own.
        leaf: more like this; as the reader sees it.
        sources: what hits are shown from, by item id.
        exclude: ids that the snapshot has and the reader may no longer see.
        limit: number of leaves.
    """
    language = leaf.language or declared_language(item, catalogue) or catalogue.language
    telling = _telling(snapshot, _counts([(leaf.title, 2), (leaf.text, 1)]), language, exclude)
    if len(telling) < MIN_SHARED:
        return ()
    node = AtLeast(tuple(Term(form, (), weight) for form, _, weight in telling), MIN_SHARED)
    response = snapshot.search(Request(node, exclude=exclude, limit=3 * limit))
    ids = [i for i, _ in response.hits if i != item.id and i in catalogue.items]
    occurrences = snapshot.occurrences(ids, [form for form, _, _ in telling])
    weights = {form: weight for form, _, weight in telling}
    likes: list[tuple[float, SimilarLeaf]] = []
    for item_id in ids:
        source = sources.get(item_id, lambda i=item_id: _source(snapshot, i, catalogue))  # type: ignore[misc]  # bound now
        best = _best_leaf(occurrences[item_id], weights, source)
        if best is not None:
            score, stored = best
            path = source.stored.assets[stored.asset][1]
            found_leaf = SimilarLeaf(catalogue.items[item_id], path, stored.kind, stored.number,
                                     stored.label, stored.texts[0])  # fmt: skip
            likes.append((score, found_leaf))
    likes.sort(key=lambda like: -like[0])
    return tuple(like for _, like in likes[:limit])


def _source(snapshot: Snapshot, item_id: str, catalogue: Catalogue) -> HitSource:
    stored = StoredItem(snapshot.stored(HIT, [item_id])[item_id])
    return HitSource(item_id, stored, catalogue)


def _best_leaf(
    occurrences: Occurrences, weights: dict[str, float], source: HitSource
) -> tuple[float, StoredLeaf] | None:
    """Return the leaf with the most telling words and their weight, if it has MIN_SHARED."""
    words: dict[int, set[str]] = defaultdict(set)
    for form in weights:
        for field, ordinal, _ in occurrences.terms.get(form, ()):
            if field in LEAF_FIELDS:
                words[ordinal].add(form)
    scored = [
        (sum(weights[form] for form in forms), -ordinal)
        for ordinal, forms in words.items()
        if len(forms) >= MIN_SHARED and source.shows(ordinal)
    ]
    if not scored:
        return None
    score, ordinal = max(scored)
    return score, source.stored.leaf(-ordinal)


def _texts(
    item: Item, catalogue: Catalogue, reader: Reader, leaf: int | None
) -> Iterable[tuple[str, int]]:
    """Yield the texts that words are taken from, and how often each counts."""
    if leaf is None:
        yield item.title, RECORD_FACTOR
        yield item.abstract or "", RECORD_FACTOR
        for name in searchable_names(item, catalogue):
            yield name, 1
    first = item.assets[0].path if item.assets else ""
    for aligned_leaf in aligned_item(item, catalogue, reader).leaves:
        if leaf is None or any((a.path, x.number) == (first, leaf) for a, x in aligned_leaf.places):
            yield aligned_leaf.leaf.title, 2
            yield aligned_leaf.leaf.text, 1


def _counts(texts: Iterable[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, weight in texts:
        for word, _ in words_of(text):
            if len(word) > 2 and word not in STOP_WORDS and not word.isdigit():
                counts[word] += weight
    return counts


def _telling(
    snapshot: Snapshot, counts: Counter[str], language: str, exclude: frozenset[str]
) -> list[tuple[str, str, float]]:
    """Return stem, word and weight of words often here and seldom, but not never, elsewhere."""
    total = snapshot.search(Request(MatchAll(), exclude=exclude, limit=0)).total
    telling: dict[str, tuple[str, str, float]] = {}
    forms = [(stem(word, language), word, n) for word, n in counts.most_common(CANDIDATES)]
    frequencies = snapshot.frequencies((form for form, _, _ in forms), exclude)
    for form, word, count in forms:
        frequency = frequencies[form]
        if form not in telling and 1 < frequency <= max(2, total // 2):
            telling[form] = (form, word, (1 + math.log(count)) * math.log(total / frequency))
    return sorted(telling.values(), key=lambda entry: -entry[2])[:TELLING_WORDS]


def _shared(
    telling: list[tuple[str, str, float]], occurrences: Occurrences | None
) -> tuple[str, ...]:
    """Return the first few telling words that an item has too."""
    has = occurrences.terms if occurrences else {}
    return tuple(word for form, word, _ in telling if form in has)[:SHOWN_WORDS]
