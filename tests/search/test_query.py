"""The query language: total, and every search is a URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coproarchive.search.language.analysis import invert, stem, tokenize
from coproarchive.search.language.query import MAX_CLAUSES, Query


def kinds(text: str) -> list[tuple[str, tuple[str, ...], bool]]:
    """Kind, words and exclusion of each clause."""
    return [(c.kind, c.words, c.excluded) for c in Query.parse(text).clauses]


def test_words_phrases_exclusions_and_prefixes() -> None:
    """The grammar that the page explains in four lines."""
    assert kinds('power "mental health act" -lunch detent*') == [
        ("word", ("power",), False),
        ("phrase", ("mental", "health", "act"), False),
        ("word", ("lunch",), True),
        ("prefix", ("detent",), False),
    ]


@pytest.mark.parametrize("text", ["co-production", "Co–production", "co production"])
def test_compounds_are_one_thing(text: str) -> None:
    """However it is written, a compound is asked for as its parts and as one word."""
    (clause,) = Query.parse(text).clauses
    assert (clause.kind, clause.joined) == ("compound", ("coproduction",))


def test_question_words_are_left_out_only_beside_others() -> None:
    """What is it that ... : the telling words are searched; "the who" still finds something."""
    assert kinds("what is an advance directive?") == [
        ("word", ("advance",), False),
        ("word", ("directive",), False),
    ]
    assert kinds("the who") == [("word", ("the",), False), ("word", ("who",), False)]


def test_fields_and_filters() -> None:
    """title: looks there; kind: and year: narrow; an unknown field is a word like any other."""
    query = Query.parse("title:bread kind:post year:2017 10:30")
    assert query.clauses[0].fields == ("title",)
    assert query.facets == {"kind": ("post",), "year": ("2017",)}
    assert [c.words[0] for c in query.clauses] == ["bread", "10", "30"]


def test_what_was_not_understood_is_said() -> None:
    """Notes tell the reader how the query was taken."""
    assert "not closed" in Query.parse('"open quote').notes[0]
    assert "3 letters" in Query.parse("co*").notes[0]
    assert "no date" in Query.parse("x", after="June").notes[0]
    assert "first 2000" in Query.parse("a" * 2500).notes[0]
    assert "first 200 words" in Query.parse(" ".join(f"w{n}" for n in range(300))).notes[0]
    assert "beginnings" in Query.parse("aaa* bbb* ccc* ddd* eee*").notes[0]
    assert len(Query.parse(" ".join(f"w{n}" for n in range(300))).clauses) == MAX_CLAUSES


@given(st.text(max_size=2500))
def test_anything_can_be_typed(text: str) -> None:
    """No text is a syntax error, and the URL of a query makes the same query."""
    query = Query.parse(text)
    assert Query.from_params(query.to_params()).clauses == query.clauses
    assert len(query.clauses) <= MAX_CLAUSES


@given(
    st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=12), max_size=3), max_size=6),
    st.lists(st.sampled_from(["9" * 30, "-1", "²", "0", "x"]), max_size=1),
)
def test_any_address_is_a_query(params: dict[str, list[str]], page: list[str]) -> None:
    """A mangled link opens a search, not an error."""
    query = Query.from_params(params | {"page": page})
    assert query.page >= 1


def test_choosing_and_unchoosing() -> None:
    """A facet choice is a new query on its first page; the old one is unchanged."""
    query = Query.parse("x", page=3)
    chosen = query.toggle("topic", "a").toggle("topic", "b")
    assert chosen.facets == {"topic": ("a", "b")}
    assert chosen.page == 1
    assert chosen.toggle("topic", "a").toggle("topic", "b").facets == {}
    assert query.facets == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("C and C++, C#", ["c", "and", "c++", "c#"]),
        ("R&D at AT&T", ["r&d", "at", "at&t"]),
        ("the patient's café", ["the", "patient", "cafe"]),
        ("snake_case", ["snake", "case"]),
        ("講演 talk", ["講", "演", "talk"]),
        ("don’t", ["dont"]),
    ],
)
def test_words_are_cut_as_readers_think_of_them(text: str, words: list[str]) -> None:
    """Symbols that carry meaning stay; accents, case and possessives do not matter."""
    assert [t.word for t in tokenize(text)] == words


def test_tokens_know_their_place() -> None:
    """Offsets point at the word in the original text."""
    text = "Naïve  co-production’s “end”"
    for token in tokenize(text):
        assert text[token.start : token.end].strip("“”’ -")


def test_compounds_are_indexed_joined_at_both_places() -> None:
    """So that phrases before and behind a compound are found in either spelling."""
    terms, length = invert(["of co-production of"], "en")
    assert terms["=coproduction"] == [1, 2]
    assert terms["=co"] == [1]
    assert length == 4


def test_stems_follow_the_language() -> None:
    """English endings are cut in English texts only."""
    assert stem("running", "en") == "run"
    assert stem("running", "xx") == "running"
