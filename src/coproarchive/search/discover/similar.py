"""More like this: other items that have the telling words of an item, or of one of its slides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.extract.worker import Reader
from coproarchive.model import Item
from coproarchive.search.document import searchable_names, shown_leaves
from coproarchive.search.engines.seam import Request, Snapshot
from coproarchive.search.language.analysis import STOP_WORDS, stem, words_of
from coproarchive.search.language.query_tree import AtLeast, MatchAll, Term

TELLING = 25
"""Words that stand for a text: more add time and noise."""
CANDIDATES = 80
"""Frequent words of the text among which the rare ones are looked for."""
MENTIONED = 4
"""How often a word of title, description or names counts beside one on a slide."""
SHOWN_WORDS = 5
LEAST = 3
"""Telling words that must be shared."""


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
    engine: Snapshot,
    catalogue: Catalogue,
    reader: Reader,
    item: Item,
    leaf: int | None = None,
    *,
    exclude: frozenset[str] = frozenset(),
    most: int = 5,
) -> tuple[Similar, ...]:
    """Items like this one, most alike first.

    Args:
        engine: searched; holds what everybody may see.
        catalogue: what the reader may see.
        reader: has the text of the files.
        item: more like this.
        leaf: a slide or page of its first file; None for the whole item.
        without: ids that the engine has and the reader may no longer see.
        most: how many.
    """
    language = item.language or catalogue.series.languages[0]
    counts = _counts(_texts(item, catalogue, reader, leaf))
    telling = _telling(engine, counts, language, exclude)
    if not telling:
        return ()
    node = AtLeast(
        tuple(Term(form, (), weight) for form, _, weight in telling), min(LEAST, len(telling))
    )
    found = engine.search(Request(node, exclude=exclude, limit=most + 1))
    likes = [(i, score) for i, score in found.hits if i != item.id and i in catalogue.items]
    return tuple(
        Similar(catalogue.items[i], score, _shared(telling, catalogue.items[i], catalogue, reader))
        for i, score in likes[:most]
    )


def _texts(
    item: Item, catalogue: Catalogue, reader: Reader, leaf: int | None
) -> Iterable[tuple[str, int]]:
    """Texts that the words are taken from, and how much each counts."""
    if leaf is None:
        yield item.title, MENTIONED
        yield item.abstract or "", MENTIONED
        for name in searchable_names(item, catalogue):
            yield name, 1
    first = item.assets[0].path if item.assets else ""
    for asset, own in shown_leaves(item, catalogue, reader):
        if leaf is None or (asset.path == first and own.number == leaf):
            yield own.title, 2
            yield own.text, 1


def _counts(texts: Iterable[tuple[str, int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, weight in texts:
        for word, _ in words_of(text):
            if len(word) > 2 and word not in STOP_WORDS and not word.isdigit():
                counts[word] += weight
    return counts


def _telling(
    engine: Snapshot, counts: Counter[str], language: str, exclude: frozenset[str]
) -> list[tuple[str, str, float]]:
    """Stem, word and weight: often here, seldom elsewhere, and somewhere else at all."""
    total = engine.search(Request(MatchAll(), exclude=exclude, limit=0)).total
    found: dict[str, tuple[str, str, float]] = {}
    forms = [(stem(word, language), word, n) for word, n in counts.most_common(CANDIDATES)]
    frequencies = engine.frequencies((form for form, _, _ in forms), exclude)
    for form, word, count in forms:
        having = frequencies[form]
        if form not in found and 1 < having <= max(2, total // 2):
            found[form] = (form, word, (1 + math.log(count)) * math.log(total / having))
    return sorted(found.values(), key=lambda entry: -entry[2])[:TELLING]


def _shared(
    telling: list[tuple[str, str, float]],
    item: Item,
    catalogue: Catalogue,
    reader: Reader,
) -> tuple[str, ...]:
    """The first few telling words that this item has too."""
    language = item.language or catalogue.series.languages[0]
    texts = _texts(item, catalogue, reader, None)
    has = {stem(word, language) for text, _ in texts for word, _ in words_of(text)}
    return tuple(word for form, word, _ in telling if form in has)[:SHOWN_WORDS]
