"""Beyond the list of hits: suggestions, similar items, tables, what found nothing, hard queries."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.model import Contribution, Item
from coproarchive.search.discover.export import harmless
from coproarchive.search.discover.unanswered import Unanswered
from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.seam import Document
from coproarchive.search.engines.tally import MAX_SEARCHES, FileTally
from coproarchive.search.index.execute import run
from coproarchive.search.language.analysis import fold, tokenize, words_of
from coproarchive.search.language.query import MAX_PREFIXES, Query
from coproarchive.search.language.rewrite import Rewriter
from coproarchive.search.language.spelling import Spelling
from coproarchive.search.language.synonyms import Synonyms
from making import SEMINAR

BREAD = f"{SEMINAR}/bread-for-all"


# ---------------------------------------------------------------- suggestions


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("ad", "speaker", "Ada Baker"),
        ("baker", "speaker", "Ada Baker"),
        ("lev", "topic", "Sourdough"),
        ("bread f", "title", "Bread for all"),
        ("baking tog", "seminar", "Seminar 1: Baking together"),
    ],
)
def test_what_may_be_meant_is_suggested(library: Library, typed: str, kind: str, text: str) -> None:
    """People, topics by any of their labels, seminars and titles, wherever their words begin so."""
    assert (kind, text) in [(s.kind, s.text) for s in library.suggest(typed)]


def test_suggestions_never_tell_of_hidden_items(library: Library) -> None:
    """Nor of people and topics that only hidden items name; nor of nothing at all."""
    for typed in ("zan", "cy", "hidden", "withdrawn", "", "  ", "*"):
        assert library.suggest(typed) == []


def test_phrases_that_recur_are_suggested(archive: Path, library: Library) -> None:
    """Telling words side by side in three titles or descriptions; slides: test_phrases.py."""
    for number in range(3):
        record = Item(id=f"more-{number}", title=f"On crusty loaves, {number}")
        library.store.add_item(record, {})
    library.changed()
    found = library.suggest("crus")
    assert (found[0].kind, found[0].text, found[0].count) == ("phrase", "crusty loaves", 3)


# -------------------------------------------------------------------- similar


def test_similar_items_share_telling_words(library: Library) -> None:
    """Not the item itself, and with the words that both have."""
    ada = Contribution(person="ada-baker")
    library.store.add_item(
        Item(id="rye", title="Sourdough starter and rye, an anecdote", people=(ada,)), {}
    )
    library.update_index()
    found = library.similar(BREAD)
    rye = next(s for s in found if s.item.id == "rye")
    assert {"sourdough", "starter"} <= set(rye.shared)
    assert BREAD not in [s.item.id for s in found]
    by_slide = library.similar(BREAD, leaf=2)
    assert by_slide[0].item.id == "rye"
    with pytest.raises(NotFoundError):
        library.similar(f"{SEMINAR}/hidden-talk")


# ------------------------------------------------------------- full and partial


def test_full_matches_come_first_and_partial_ones_after(library: Library) -> None:
    """Until a page is full; who uses signs, or wants the words as typed, gets full ones only."""
    results = library.search(Query.parse("bread eaters"))
    assert (results.full, results.total, results.partial) == (1, 1, False)
    assert [hit.missing for hit in results.hits] == [()]
    assert [hit.missing for hit in results.near_misses] == [("eaters",)]
    assert sum(v.count for f in results.facets if f.name == "kind" for v in f.values) == 1
    for query in (
        Query.parse("bread eaters", exact=True),
        Query.parse('bread "eaters"'),
        Query.parse("bread eaters -windmills"),
        Query.parse("bread eaters", sort="title"),
    ):
        strict = library.search(query)
        assert [hit.id for hit in strict.hits] == ["a-post"]
        assert (strict.full, strict.total, strict.near_misses) == (1, 1, ())


def test_narrowing_only_narrows(library: Library) -> None:
    """A choice never brings in partial matches that were not there before."""
    whole = library.search(Query.parse("bread eaters"))
    for facet in whole.facets:
        for value in facet.values:
            chosen = library.search(whole.query.toggle(facet.name, value.value))
            assert chosen.total == value.count <= whole.total


# ---------------------------------------------------------------------- table


def test_results_are_a_table(library: Library) -> None:
    """One row an item, all pages, with names for ids and an address."""
    table = library.csv(Query.parse("bread", size=1), "https://bread.example")
    rows = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff"))))
    assert len(rows) == library.search(Query.parse("bread")).total == 2
    bread = next(row for row in rows if row["id"] == BREAD)
    assert bread["speakers"] == "Ada Baker"
    assert bread["all words"] == "yes"
    assert bread["address"] == f"https://bread.example/item/{BREAD}"


@pytest.mark.threat(15)
@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@sum", "\t=1", " =1", "\r=1", "\n=1", "\uff1d1+1", "\uff0b1", "\uff201",
     "\uff0d1", "\ufe661", "\u22121", "\u200b=1", "\ufeff=1", "\u00ad\u2060 =1", "\u200b\uff1d1",
     "\x00=1", "\u034f=1", "\u3164=1", "\u3000+1", "\u2028@x"],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str) -> None:
    """A spreadsheet that opens the table runs nothing."""
    assert harmless(cell) == f"'{cell}"
    assert harmless("plain = text") == "plain = text"


# --------------------------------------------------------------- found nothing


def test_what_found_nothing_is_counted_in_bounds(tmp_path: Path) -> None:
    """Words only; what looks like a person's own data is left out; the file stays small."""
    counted = Unanswered(FileTally(tmp_path / "nothing-found.json"))
    for text in ("flatbread ovens", "Flatbread  ovens?", "me@example.org", "call 0207946000"):
        counted.count(Query.parse(text))
    assert counted.most() == [("flatbread ovens", 2)]
    for number in range(MAX_SEARCHES + 20):
        counted.count(Query.parse(f"word{number}"))
    assert len(counted.most(10_000)) <= MAX_SEARCHES
    assert counted.most()[0] == ("flatbread ovens", 2)
    (tmp_path / "nothing-found.json").write_text("damaged")
    assert counted.most() == []
    off = Unanswered(None)
    off.count(Query.parse("flatbread"))
    assert off.most() == []


# ------------------------------------------------------------------------ words


@given(st.text(max_size=200))
def test_words_have_their_places(text: str) -> None:
    """Cutting with places gives the words that cutting without them gives, each in its place."""
    tokens = tokenize(text)
    assert words_of(text) == [(token.word, token.joins) for token in tokens]
    assert [token.word for token in tokens] == [fold(text[t.start : t.end]) for t in tokens]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The N.H.S. and trusts", "NHS"),
        ("NHS trusts", "N.H.S."),
        ("coproduction", "co-production"),
        ("co-production", "coproduction"),
        ("co production", "Co-Production"),
        ("written in C++", "c++"),
        ("R&D budgets", "r&d"),
        ("UTF-8 text", "utf-8"),
        ("the patient’s voice", "patients' voices"),
        ("naïve café", "naive cafe"),
        ("naive cafe", "naïve café"),
        ("COVID-19 wards", "covid 19"),
        ("detained under section 136", "136"),
        ("障害者の権利", "権利"),
        ("well-being", "wellbeing"),
        ("an organization", "organisations"),
        ("challenging behaviour", "behaviors"),
        ("programs for carers", "programme"),
    ],
)
def test_words_find_each_other(text: str, query: str) -> None:
    """However a word is written in a text and in a query."""
    engine = MemoryEngine()
    engine.write(
        [Document("it", texts={"body": (text,)}), Document("other", texts={"body": ("x",)})]
    )
    snapshot = engine.snapshot()
    rewriter = Rewriter(["en"], Synonyms([]), snapshot.frequencies, snapshot.words)
    answer = run(snapshot, rewriter, Query.parse(query), ())
    assert [i for i, _ in answer.response.hits] == ["it"]
    assert answer.full == 1


# ------------------------------------------------------------------ hard queries


@pytest.mark.parametrize(
    "text",
    ["*" * 400, "(" * 5000, ")" * 5000, '"' * 399, "NOT " * 500, "a* " * 300, "-" * 2000,
     " ".join(f"{a}{b}e*" for a in "bcdfg" for b in "aeiou"), "x" * 5000, "title:" * 300,
     "\x00\u202e" * 200, "bread " * 400, '"' + "bread rye " * 150 + '"'],
)  # fmt: skip
def test_hard_queries_are_answered(library: Library, text: str) -> None:
    """None raises, none expands without bound, and each says what was left out."""
    query = Query.parse(text)
    assert sum(c.kind == "prefix" for c in query.clauses) <= MAX_PREFIXES
    results = library.search(query)
    assert results.total >= 0
    assert len(query.text) <= 2000


words = st.text("abcdefgé講x", min_size=2, max_size=11)


@given(st.sets(words, max_size=60), words, st.booleans())
def test_the_nearest_words_are_those_of_the_least_distance(
    known: set[str], word: str, near: bool
) -> None:
    """The nearest words are those that comparing with every word finds."""
    if near and known:
        one = min(known)
        word = one[1:] if len(one) > 3 else f"{one}x"
    slips = 2 if len(word) >= 8 else 1
    distances = {w: OSA.distance(word, w) for w in known}
    ranks = {w: (d, w[0] != word[0]) for w, d in distances.items() if d <= slips}
    best = {w for w, rank in ranks.items() if rank == min(ranks.values())}
    assert set(Spelling(sorted(known)).nearest(word)) == best


def test_very_long_words_of_the_archive_correct_nothing_and_break_nothing() -> None:
    """A compound of two long halves is a word too."""
    assert Spelling(["a" * 64 + "b" * 64, "bread"]).nearest("breadd") == ["bread"]
    assert Spelling(["a" * 64 + "b" * 64, "bread"]).nearest("a" * 64) == []
