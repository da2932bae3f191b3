"""The columnar searcher's parts: caches, facet counts, how scored documents are combined."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coproarchive.search.cache import Cache
from coproarchive.search.engines.columnar.facets import FacetColumns
from coproarchive.search.engines.columnar.postings import (
    ScoredDocs,
    dis_max,
    intersect_scored,
    ranges,
    union,
)


def test_a_cache_keeps_what_is_used_and_its_limit() -> None:
    """What is asked for stays; what is not goes; bytes stay below the limit."""
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key * 10

    cache: Cache[str] = Cache(200, len)
    for number in range(100):
        assert cache.get("a", lambda: make("a")) == "a" * 10
        cache.get(number, lambda: make("b"))
        assert cache.nbytes <= 200
    assert made.count("a") == 1
    assert made.count("b") == 100
    cache.get(0, lambda: make("b"))
    assert made.count("b") == 101
    assert cache.get("large", lambda: "c" * 201) == "c" * 201
    assert cache.nbytes <= 200
    assert cache.get("a", lambda: make("d")) == "a" * 10


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("xyzuv"), max_size=3)),
        max_size=24,
    ),
    st.sets(st.integers(0, 23)),
)
def test_facets_of_few_and_of_many_documents(
    rows: list[dict[str, list[str]]], chosen: set[int]
) -> None:
    """Counted as going through the documents counts them, a value once a document."""
    facets = [{name: tuple(values) for name, values in row.items()} for row in rows]
    documents = sorted(n for n in chosen if n < len(rows))
    wanted = {
        name: Counter(v for n in documents for v in set(facets[n].get(name, ()))) for name in "abd"
    }
    assert FacetColumns(facets).count(np.array(documents, np.int64), "abd") == wanted


scored = st.dictionaries(st.integers(0, 30), st.integers(1, 9))


def docs(scores: dict[int, int]) -> ScoredDocs:
    """Make scored documents of number -> score."""
    numbers = sorted(scores)
    return ScoredDocs(np.array(numbers, np.int64), np.array([scores[n] for n in numbers], float))


def as_dict(results: ScoredDocs) -> dict[int, float]:
    """Return number -> score; the numbers are ascending."""
    numbers = results.documents.tolist()
    assert numbers == sorted(set(numbers))
    return dict(zip(numbers, results.scores.tolist(), strict=True))


@given(scored, scored)
def test_scored_documents_are_combined_as_sets_are(a: dict[int, int], b: dict[int, int]) -> None:
    """Intersection, union and bonus add up, dis_max takes the best."""
    one, other = docs(a), docs(b)
    assert as_dict(intersect_scored(one, other)) == {n: a[n] + b[n] for n in a.keys() & b}
    sums = {n: a.get(n, 0) + b.get(n, 0) for n in a.keys() | b}
    assert as_dict(union([one, other], 31, least=1)) == sums
    both = {n: total for n, total in sums.items() if n in a and n in b}
    assert as_dict(union([one, other], 31, least=2)) == both
    best = {n: max(a.get(n, 0), b.get(n, 0)) for n in a.keys() | b}
    assert as_dict(dis_max([one, other], 31)) == best
    assert as_dict(one.plus(other)) == {n: score + b.get(n, 0) for n, score in a.items()}


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_ranges_are_every_number_of_each(pairs: list[tuple[int, int]]) -> None:
    """Empty ones are left out."""
    starts = np.array([start for start, _ in pairs], np.int64)
    ends = np.array([start + length for start, length in pairs], np.int64)
    numbers = [n for start, length in pairs for n in range(start, start + length)]
    assert ranges(starts, ends).tolist() == numbers
