"""The arrays beside Whoosh's segments: the same places, and none without its segment."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coproarchive.search.engines.columnar.postings import (
    DOCUMENT_SHIFT,
    FIELD_BITS,
    FIELD_MASK,
)
from coproarchive.search.engines.seam import Document
from coproarchive.search.engines.whoosh.columns import SegmentArrays, path_of
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from coproarchive.search.engines.whoosh.format import WORDS, DurableStorage
from coproarchive.search.language.analysis import FIELD_SHIFT
from coproarchive.search.language.fields import TEXT_FIELDS

SAID = ["bread", "rye", "co-production", "C++", "講演", "naïve", "loaf", "loaves"]


def documents(rng: random.Random, first: int, count: int) -> list[Document]:
    """Documents with words in every field."""
    return [
        Document(
            f"d{first + n}",
            texts={
                name: tuple(
                    " ".join(rng.choices(SAID, k=rng.randint(0, 9)))
                    for _ in range(rng.randint(0, 3))
                )
                for name in TEXT_FIELDS
            },
        )
        for n in range(count)
    ]


def places_of(leaf: Any, term: str) -> list[int]:
    """Where Whoosh's own postings of a segment have a term, as places with document numbers."""
    matcher = leaf.postings(WORDS, term)
    found = []
    while matcher.is_active():
        own = np.frombuffer(matcher.value(), "<i8").tolist()
        found += [(matcher.id() << DOCUMENT_SHIFT) + place for place in own]
        matcher.next()
    return found


@pytest.mark.parametrize("at_once", [1, 1 << 30])
def test_arrays_have_what_whoosh_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Every place of every word, in segments as written and as merged, is in both forms."""
    monkeypatch.setattr("coproarchive.search.engines.whoosh.columns._AT_ONCE", at_once)
    rng = random.Random(7)
    engine = WhooshEngine(tmp_path, create=True)
    for first, count in ((0, 30), (30, 20), (50, 1), (51, 1)):
        engine.write(documents(rng, first, count))
    terms = 0
    with DurableStorage(str(tmp_path)).open_index().reader() as reader:
        for leaf, _ in reader.leaf_readers():
            arrays = SegmentArrays(path_of(tmp_path, leaf.segment().segment_id()))
            assert [term.decode() for term in leaf.lexicon(WORDS)] == arrays.terms
            for number, term in enumerate(arrays.terms):
                wanted = places_of(leaf, term)
                postings = arrays.postings(number, number)
                assert postings.places.tolist() == wanted
                own = Counter(place >> FIELD_SHIFT for place in wanted)
                assert postings.entries.tolist() == sorted(own)
                assert postings.counts.tolist() == [own[entry] for entry in sorted(own)]
                assert arrays.documents(number) == len({entry >> FIELD_BITS for entry in own})
                assert arrays.fields(number) == sum(1 << n for n in {e & FIELD_MASK for e in own})
                assert arrays.number(term) == number
                terms += 1
    assert terms > 50


def test_arrays_of_no_segment_are_swept(tmp_path: Path) -> None:
    """What a killed or failed write left behind goes at the next one."""
    engine = WhooshEngine(tmp_path, create=True)
    (tmp_path / "arrays-MAIN_gone.bin").write_bytes(b"half")
    engine.write(documents(random.Random(1), 0, 1))
    (left,) = tmp_path.glob("arrays-*")
    assert left.name != "arrays-MAIN_gone.bin"
