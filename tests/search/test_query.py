"""The query language: total, and every search is a URL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coproarchive.search.language.analysis import invert, stem, tokenize
from coproarchive.search.language.query import MAX_CLAUSES, Clause, Query


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


def test_what_has_no_width_does_not_end_a_word() -> None:
    """Pasted from a page, or written in Persian; a divided word is one and two."""
    for text in ("super\u200bmarket", "super\u2060market", "super\u200cmarket"):
        assert [token.word for token in tokenize(text)] == ["supermarket"]
        assert kinds(text) == [("word", ("supermarket",), False)]
    terms, _ = invert(["of well\u00adknown of"], "en")
    assert terms["=wellknown"] == [1, 2] and terms["=known"] == [2]


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


def test_an_address_says_the_whole_search() -> None:
    """What is chosen is in the link, what is usual is not, and the link brings it all back."""
    query = Query.parse(
        "rye", facets={"topic": ["a", "b"]}, after="2017", before="2018-05", sort="date", page=3,
        exact=True,
    )  # fmt: skip
    assert query.to_params() == {
        "q": ["rye"], "topic": ["a", "b"], "after": ["2017"], "before": ["2018-05"],
        "sort": ["date"], "page": ["3"], "exact": ["1"],
    }  # fmt: skip
    assert Query.from_params(query.to_params()) == query
    assert Query.parse("").to_params() == {}
    assert Query.from_params({}) == Query()
    assert Query.from_params({"q": ["a", "b"], "page": ["123456"]}).page == 100_000
    for wrong in ("1234567", "²", "-1", "1 "):
        assert Query.from_params({"page": [wrong]}).page == 1
    assert not Query.from_params({"exact": ["yes"]}).exact
    assert Query.from_params({}, size=25).size == 25


def test_values_out_of_range_become_the_nearest() -> None:
    """Pages and sizes have ends; an order or a facet that there is not is passed over."""
    asked = [Query.parse("x", page=page, size=page) for page in (-5, 0, 1, 10**9)]
    assert [query.page for query in asked] == [1, 1, 1, 100_000]
    assert [query.size for query in asked] == [1, 1, 1, 1000]
    assert (Query.parse("x").page, Query.parse("x").size) == (1, 10)
    assert Query.parse("x", sort="luck").sort == "relevance"
    facets = {"topic": ["a", "", "a", "b"], "kind": [""], "colour": ["red"]}
    assert Query.parse("x", facets=facets).facets == {"topic": ("a", "b")}
    without = Query.parse("x", facets={"topic": ["-a", "b"]})
    assert (without.facets, without.without) == ({"topic": ("b",)}, {"topic": ("a",)})
    assert [c.surface for c in Query.parse("co-op,rye").clauses] == ["co op", "rye"]


def test_a_search_without_conditions_is_empty() -> None:
    """Then everything is listed; any one condition makes a difference."""
    assert Query.parse(" ?! ").is_empty
    conditions: list[dict[str, object]] = [
        {"after": "2017"}, {"before": "2017"}, {"facets": {"topic": ["a"]}},
        {"facets": {"topic": ["-a"]}},
    ]  # fmt: skip
    assert not any(Query.parse("", **c).is_empty for c in conditions)  # type: ignore[arg-type]
    assert not Query.parse("-rye").is_empty
    query = Query.parse("rye -wheat")
    assert [c.words for c in query.positive] == [("rye",)]


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("rye", Clause("word", ("rye",), ("rye",), "rye")),
        ("Rye-", Clause("word", ("rye",), ("rye",), "Rye-")),
        ("-rye", Clause("word", ("rye",), ("rye",), "rye", excluded=True)),
        ("−rye", Clause("word", ("rye",), ("rye",), "rye", excluded=True)),
        ("Title:rye", Clause("word", ("rye",), ("rye",), "rye", ("title",))),
        ("slide:rye", Clause("word", ("rye",), ("rye",), "rye", ("heading",))),
        ("text:rye", Clause("word", ("rye",), ("rye",), "rye", ("body",))),
        ("description:rye", Clause("word", ("rye",), ("rye",), "rye", ("abstract",))),
        ("speaker:ada", Clause("word", ("ada",), ("ada",), "ada", ("names",))),
        ("person:ada", Clause("word", ("ada",), ("ada",), "ada", ("names",))),
        ("topic:rye", Clause("word", ("rye",), ("rye",), "rye", ("names",))),
        ("seminar:rye", Clause("word", ("rye",), ("rye",), "rye", ("names",))),
        ("-notes:rye", Clause("word", ("rye",), ("rye",), "rye", ("notes",), True)),
        ("bak*", Clause("prefix", ("bak",), ("bak",), "bak*")),
        ("-body:bak*", Clause("prefix", ("bak",), ("bak",), "bak*", ("body",), True)),
        ("ba*", Clause("word", ("ba",), ("ba",), "ba*")),
        ("co-op-run", Clause("compound", ("co", "op", "run"), ("cooprun",), "co-op-run")),
        ("Co Production", Clause("compound", ("co", "production"), ("coproduction",),
                                 "Co Production")),
        ('"co-run by"', Clause("phrase", ("co", "run", "by"), ("corun", "by"), '"co-run by"')),
        ('-title:"of rye"', Clause("phrase", ("of", "rye"), ("of", "rye"), '"of rye"', ("title",),
                                   True)),
        ("“of rye”", Clause("phrase", ("of", "rye"), ("of", "rye"), '"of rye"')),
    ],
)  # fmt: skip
def test_each_way_to_ask(text: str, clause: Clause) -> None:
    """A piece of a query is one condition, with where to look and how it was typed."""
    query = Query.parse(text)
    assert query.clauses == (clause,)
    assert query.notes == () or text == "ba*"


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("x/co-op", [("word", ("x",)), ("compound", ("co", "op"))]),
        ("co -production", [("word", ("co",)), ("word", ("production",))]),
        ("title:co production", [("word", ("co",)), ("word", ("production",))]),
        ('co "production"', [("word", ("co",)), ("phrase", ("production",))]),
        ("rye production", [("word", ("rye",)), ("word", ("production",))]),
        ("rye co production", [("word", ("rye",)), ("compound", ("co", "production"))]),
        ("-the rye", [("word", ("the",)), ("word", ("rye",))]),
        ("the -rye", [("word", ("the",)), ("word", ("rye",))]),
        ('"the" rye', [("phrase", ("the",)), ("word", ("rye",))]),
        ("Shop:rye", [("word", ("shop",)), ("word", ("rye",))]),
        ('shop:"rye bread"', [("word", ("shop",)), ("phrase", ("rye", "bread"))]),
        ("-kind:post", [("word", ("kind",)), ("word", ("post",))]),
        ('rye "" * -', [("word", ("rye",))]),
    ],
)
def test_what_is_bound_and_what_is_not(text: str, clauses: list[tuple[str, object]]) -> None:
    """Two words are one thing only side by side, of one field, and both wanted."""
    assert [(c.kind, c.words) for c in Query.parse(text).clauses] == clauses


def test_filters_narrow_however_they_are_typed() -> None:
    """In capitals, in quotes, twice, and beside what is chosen already."""
    typed = Query.parse('KIND:Post kind:"talk" kind:post', facets={"kind": ["film"]})
    assert (typed.facets, typed.clauses) == ({"kind": ("film", "post", "talk")}, ())


def test_limits_are_reached_only_beyond_them() -> None:
    """As much as is allowed is searched whole, and nothing is said."""
    words = " ".join(f"w{n}" for n in range(MAX_CLAUSES))
    assert Query.parse(words).notes == ()
    assert Query.parse("a" * 2000).notes == ()
    assert len(Query.parse("a" * 2001).text) == 2000
    four = Query.parse("aaa* bbb* ccc* ddd* zz")
    assert (four.notes, [c.kind for c in four.clauses]) == ((), [*["prefix"] * 4, "word"])
    more = Query.parse("aaa* bbb* ccc* ddd* eee* fff*")
    assert [c.kind for c in more.clauses] == [*["prefix"] * 4, "word", "word"]
    assert len(more.notes) == 1


def test_a_quote_left_open_is_words() -> None:
    """They are searched in the field that was named, and it is said once."""
    opened = Query.parse('rye title:"bread oven')
    assert [(c.kind, c.words, c.fields) for c in opened.clauses] == [
        ("word", ("rye",), ()), ("word", ("bread",), ("title",)), ("word", ("oven",), ("title",)),
    ]  # fmt: skip
    assert opened.notes == ("The quote was not closed: its words were searched separately.",)
    assert all(c.excluded for c in Query.parse('-"rye bread').clauses)


def test_a_wrong_date_is_said_and_not_used() -> None:
    """The right ones are; a long wrong one is shown by its beginning."""
    query = Query.parse("x", after="2017-07", before="J" * 50)
    assert (query.after, query.before) == ("2017-07", "")
    assert query.notes == (f'"{"J" * 20}" is no date: write 2017, 2017-07 or 2017-07-06.',)
    assert Query.parse("x", after="y", before="y").notes == (
        '"y" is no date: write 2017, 2017-07 or 2017-07-06.',
    )


def test_choosing_and_unchoosing() -> None:
    """A facet choice is a new query on its first page; the old one is unchanged."""
    query = Query.parse("x", page=3)
    chosen = query.toggle("topic", "a").toggle("topic", "b")
    assert chosen.facets == {"topic": ("a", "b")}
    assert chosen.page == 1
    assert chosen.toggle("topic", "a").facets == {"topic": ("b",)}
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
