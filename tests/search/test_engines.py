"""One contract for every engine, and agreement with the slow one that says what queries mean."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.engines import ENGINES
from coproarchive.search.engines.memory import MemoryEngine
from coproarchive.search.engines.seam import (
    Document,
    IndexStorage,
    Occurrence,
    Occurrences,
    Request,
    Response,
    SearchEngine,
    Snapshot,
)
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from coproarchive.search.language.analysis import exact, fold, stem
from coproarchive.search.language.query_tree import (
    And,
    AtLeast,
    MatchAll,
    Not,
    Phrase,
    Prefix,
    Term,
)
from coproarchive.settings import Settings
from random_queries import WORDS, RandomQueries, assert_agrees, doc, ids


class TestContract:
    """What every engine of the table does."""

    @pytest.fixture(
        params=[
            pytest.param(name, marks=pytest.mark.opensearch) if name == "opensearch" else name
            for name in ENGINES
        ]
    )
    def storage(self, request: pytest.FixtureRequest, tmp_path: Path) -> IndexStorage:
        """A storage without an index."""
        if request.param == "opensearch":
            options = request.getfixturevalue("server_options")
            return ENGINES[request.param](tmp_path / "index", options)
        return ENGINES[request.param](tmp_path / "index")

    @pytest.fixture
    def empty(self, storage: IndexStorage) -> Iterator[SearchEngine]:
        """An index without documents."""
        with storage.lock(), storage.rebuilding():
            pass
        with contextlib.closing(storage.open()) as engine:
            yield engine

    @pytest.fixture
    def engine(self, empty: SearchEngine) -> SearchEngine:
        """An index of three documents."""
        engine = empty
        engine.write(
            [
                doc("a", "bread and butter", facets={"kind": ("talk",), "topic": ("x", "y")},
                    date="2017-01-01", title="Beta"),
                doc("b", ("bread", "butter"), facets={"kind": ("post",), "topic": ("y",)},
                    date="2018-01-01", title="alpha"),
                doc("c", "rye bread bread bread", facets={"kind": ("talk",)}, title="Gamma"),
            ]
        )  # fmt: skip
        return engine

    def test_all_words_anywhere(self, engine: SearchEngine) -> None:
        """Words are ANDed over the whole document."""
        node = And((Term(exact("bread")), Term(exact("butter"))))
        assert set(ids(engine, node)) == {"a", "b"}

    def test_phrases_stay_within_a_leaf(self, engine: SearchEngine) -> None:
        """A phrase never reaches from one leaf into the next."""
        assert ids(engine, Phrase((exact("bread"), exact("and")))) == ["a"]
        assert ids(engine, Phrase((exact("bread"), exact("butter")))) == []

    def test_without_prefix_some_and_everything(self, engine: SearchEngine) -> None:
        """The other query values mean what they say."""
        assert ids(engine, And((MatchAll(), Not(Term(exact("butter")))))) == ["c"]
        assert set(ids(engine, Prefix("but"))) == {"a", "b"}
        assert set(ids(engine, AtLeast((Term(exact("rye")), Term(exact("butter")))))) == {
            "a",
            "b",
            "c",
        }
        assert len(ids(engine, MatchAll())) == 3

    def test_counts_ignore_their_own_choice(self, engine: SearchEngine) -> None:
        """Values of one facet are alternatives; other facets narrow."""
        request = Request(
            MatchAll(), filters={"kind": frozenset({"talk"})}, facets=("kind", "topic")
        )
        response = engine.snapshot().search(request)
        assert response.total == 2
        assert response.facets == {"kind": {"talk": 2, "post": 1}, "topic": {"x": 1, "y": 1}}

    def test_sorting_is_total(self, engine: SearchEngine) -> None:
        """Newest first with undated last; titles without regard to case."""
        assert ids(engine, MatchAll(), sort="date") == ["b", "a", "c"]
        assert ids(engine, MatchAll(), sort="title") == ["b", "a", "c"]
        assert ids(engine, Term(exact("bread")))[0] == "c"

    def test_dates_are_a_range_with_both_ends(self, engine: SearchEngine) -> None:
        """Undated documents are in no range."""
        assert ids(engine, MatchAll(), dates=("2017-01-01", "2017-12-31")) == ["a"]
        assert ids(engine, MatchAll(), dates=("2017-06-01", "")) == ["b"]

    def test_paging_never_repeats(self, engine: SearchEngine) -> None:
        """Pages put together are all hits once."""
        engine.write([doc(f"n{i}", "same words") for i in range(25)])
        seen: list[str] = []
        for offset in range(0, 30, 7):
            response = engine.snapshot().search(Request(Term(stem("same")), offset=offset, limit=7))
            seen += [i for i, _ in response.hits]
            assert response.total == 25
        assert sorted(seen) == sorted(f"n{i}" for i in range(25))

    def test_writing_replaces_and_deletes(self, engine: SearchEngine) -> None:
        """A document of the same id takes the other's place."""
        engine.write([doc("a", "jam")], delete=["b"])
        assert ids(engine, Term(exact("butter"))) == []
        assert ids(engine, Term(exact("jam"))) == ["a"]
        assert dict(engine.snapshot().digests()) == {"a": "a", "c": "c"}

    def test_a_write_that_fails_changes_nothing(self, engine: SearchEngine) -> None:
        """All or nothing, and the next write goes through."""

        def broken() -> object:
            yield doc("z", "zest")
            raise RuntimeError("stop")

        with pytest.raises(Exception, match="stop"):
            engine.write(broken(), delete=["a"])  # type: ignore[arg-type]
        assert set(engine.snapshot().digests()) == {"a", "b", "c"}
        engine.write([doc("z", "zest")])
        assert ids(engine, Term(exact("zest"))) == ["z"]

    def test_an_empty_index_answers(self, empty: SearchEngine) -> None:
        """No documents, no hits, no error."""
        snapshot = empty.snapshot()
        assert snapshot.search(Request(Term("x"), facets=("kind",))).total == 0
        assert (snapshot.words(), snapshot.stored("hit"), snapshot.digests()) == ([], {}, {})
        assert snapshot.frequencies(["x"]) == {"x": 0}

    def test_a_snapshot_never_changes(self, engine: SearchEngine) -> None:
        """It is the same object until something is written, and answers as before after that."""
        before = engine.snapshot()
        assert engine.snapshot() is before
        engine.write([doc("d", "bread")], delete=["a"])
        assert engine.snapshot() is not before
        assert before.search(Request(Term(exact("bread")))).total == 3
        assert set(before.digests()) == {"a", "b", "c"}

    def test_occurrences_name_field_leaf_and_word(self, engine: SearchEngine) -> None:
        """In order; what is not there is left out."""
        texts = {"title": ("rye",), "body": ("bread", "rye bread rye")}
        engine.write([Document("d", texts=texts)])
        occurrences = engine.snapshot().occurrences(["d", "none"], [exact("rye"), "none"], ["br"])
        assert occurrences == {
            "d": Occurrences(
                {
                    exact("rye"): [
                        Occurrence("title", 0, 0),
                        Occurrence("body", 1, 0),
                        Occurrence("body", 1, 2),
                    ]
                },
                {"br": [Occurrence("body", 0, 0), Occurrence("body", 1, 1)]},
            )
        }

    def test_stored_bytes_are_given_back(self, engine: SearchEngine) -> None:
        """By name, of some documents or of all; replaced and deleted with their document."""
        engine.write([doc("d", "rye", stored={"one": b"1", "two": b""}), doc("e", "rye")])
        assert engine.snapshot().stored("one") == {"d": b"1"}
        assert engine.snapshot().stored("two", ["d", "e", "none"]) == {"d": b""}
        engine.write([doc("d", "rye", stored={"two": b"2"})])
        assert engine.snapshot().stored("one") == {}
        assert engine.snapshot().stored("two", ["d"]) == {"d": b"2"}
        engine.write([], delete=["d"])
        assert engine.snapshot().stored("two") == {}

    def test_frequencies_count_documents(self, engine: SearchEngine) -> None:
        """As the default does with searches; left-out documents do not count."""
        terms = [exact("bread"), exact("rye"), "none"]
        snapshot = engine.snapshot()
        assert snapshot.frequencies(terms) == dict(zip(terms, (3, 1, 0), strict=True))
        left_out = frozenset({"c"})
        assert snapshot.frequencies(terms, left_out) == dict(zip(terms, (2, 0, 0), strict=True))
        assert Snapshot.frequencies(snapshot, terms, left_out) == snapshot.frequencies(
            terms, left_out
        )

    def test_a_rebuild_is_swapped_in_whole(self, storage: IndexStorage) -> None:
        """Until then the generation before answers; after it, that one is no longer current."""
        with pytest.raises(IndexStateError):
            storage.open()
        with storage.rebuilding() as engine:
            engine.write([doc("a", "bread")])
        before = storage.open()
        with storage.rebuilding() as engine:
            engine.write([doc("b", "bread")])
            assert storage.is_current(before)
            assert ids(before, MatchAll()) == ["a"]
        assert not storage.is_current(before)
        before.close()
        after = storage.open()
        assert storage.is_current(after)
        assert ids(after, MatchAll()) == ["b"]
        after.close()

    def test_a_rebuild_that_fails_changes_nothing(self, storage: IndexStorage) -> None:
        """The generation before stays the current one."""
        with storage.rebuilding() as engine:
            engine.write([doc("a", "bread")])
        before = storage.open()
        with pytest.raises(EngineError), storage.rebuilding() as engine:
            engine.write([doc("b", "bread")])
            raise EngineError("the disk is full.")
        assert storage.is_current(before)
        assert ids(before, MatchAll()) == ["a"]
        before.close()


def test_whoosh_agrees_with_memory(tmp_path: Path) -> None:
    """On 2,000 random queries over changing documents: the same ids, totals, counts, scores."""
    engine = WhooshEngine(tmp_path, create=True)
    assert_agrees(engine, RandomQueries(20260), writes=4, requests=500, lookups=20, within=2e-4)


def test_many_threads_are_answered_as_one(tmp_path: Path) -> None:
    """A searcher's caches are shared by all who ask at the same time."""
    make = RandomQueries(7)
    engine = WhooshEngine(tmp_path, create=True)
    engine.write({d.id: d for d in (make.document() for _ in range(40))}.values())
    requests = [make.request() for _ in range(150)]
    terms = [exact(fold(word)) for word in WORDS]

    def ask(request: Request) -> tuple[Response, Mapping[str, Occurrences]]:
        snapshot = engine.snapshot()
        response = snapshot.search(request)
        return response, snapshot.occurrences([i for i, _ in response.hits], terms, ["co"])

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(ask, requests * 3))
    alone = WhooshEngine(tmp_path).snapshot()
    for request, (response, _) in zip(requests * 3, together, strict=True):
        assert alone.search(request) == response


@pytest.mark.parametrize("name", ["lucene", ""])
def test_an_engine_that_is_none_is_refused_with_the_names_of_all(name: str) -> None:
    """Where the settings are read, not at the first search."""
    with pytest.raises(ValueError, match="must be one of: whoosh, memory, opensearch"):
        Settings(engine=name)


def test_merged_segments_answer_the_same(tmp_path: Path) -> None:
    """Words of many documents, written in many commits that Whoosh merges, lose no place."""
    memory, whoosh = MemoryEngine(), WhooshEngine(tmp_path, create=True)
    for start in range(0, 120, 10):
        documents = [
            doc(f"d{n}", ("bread " * (n % 7 + 1), f"rye bread n{n}"))
            for n in range(start, start + 10)
        ]
        memory.write(documents, [f"d{start - 3}"])
        whoosh.write(documents, [f"d{start - 3}"])
    segments = len(list(tmp_path.glob("*.seg")))
    assert segments < 12
    every = sorted(memory.snapshot().digests())
    terms = [exact("bread"), exact("rye"), exact("n77")]
    assert memory.snapshot().occurrences(every, terms) == whoosh.snapshot().occurrences(
        every, terms
    )
    phrase = Request(Phrase((exact("rye"), exact("bread"))), limit=200)
    assert memory.snapshot().search(phrase).hits == whoosh.snapshot().search(phrase).hits


def test_a_failed_write_leaves_no_stored_bytes(tmp_path: Path) -> None:
    """What was appended is taken back; what was there stays whole."""
    engine = WhooshEngine(tmp_path, create=True)
    engine.write([doc("a", "bread", stored={"hit": b"crumbs"})])
    size = (tmp_path / "stored.bin").stat().st_size

    def broken() -> Iterator[Document]:
        yield doc("b", "rye", stored={"hit": b"more"})
        raise RuntimeError("stop")

    with pytest.raises(EngineError, match="stop"):
        engine.write(broken())
    assert (tmp_path / "stored.bin").stat().st_size == size
    assert engine.snapshot().stored("hit") == {"a": b"crumbs"}
    engine.write([doc("b", "rye", stored={"hit": b"more"})])
    assert WhooshEngine(tmp_path).snapshot().stored("hit") == {"a": b"crumbs", "b": b"more"}


def test_another_process_commit_is_seen(tmp_path: Path) -> None:
    """A search after somebody else's write answers from it, without opening the index anew."""
    writer = WhooshEngine(tmp_path, create=True)
    writer.write([doc("a", "bread")])
    reader = WhooshEngine(tmp_path)
    assert ids(reader, MatchAll()) == ["a"]
    writer.write([doc("b", "butter")], delete=["a"])
    assert ids(reader, MatchAll()) == ["b"]


@pytest.mark.parametrize("pattern", ["MAIN_*.seg", "stored.bin"])
def test_a_damaged_index_says_so(tmp_path: Path, pattern: str) -> None:
    """Changed bytes are found when the index is opened, not answered from."""
    documents = [
        doc("a", "bread", stored={"hit": b"crumbs"}),
        doc("b", "butter", stored={"hit": b"more crumbs"}),
    ]
    WhooshEngine(tmp_path, create=True).write(documents)
    (file,) = tmp_path.glob(pattern)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    for checks in tmp_path.glob("checks-*.json"):
        if not pattern.startswith("MAIN"):
            # A process killed behind its commit wrote none; these have their own checksums.
            checks.unlink()
    engine: WhooshEngine | None = None
    for _ in range(2):  # said each time, not answered from the second time
        with pytest.raises(IndexStateError, match="damaged"):
            engine = engine or WhooshEngine(tmp_path)
            engine.snapshot()


@pytest.mark.parametrize("left", [b"", b"{", b"[]"])
def test_half_written_checks_are_no_checks(tmp_path: Path, left: bytes) -> None:
    """The commit stands, later writes too."""
    engine = WhooshEngine(tmp_path, create=True)
    engine.write([doc("a", "bread")])
    (checks,) = tmp_path.glob("checks-*.json")
    checks.write_bytes(left)
    WhooshEngine(tmp_path).write([doc("b", "rye")])
    assert ids(WhooshEngine(tmp_path), MatchAll()) == ["a", "b"]


def test_an_index_that_others_can_write_is_not_opened(tmp_path: Path) -> None:
    """Whoosh's files are pickles: a folder open to everybody would run anybody's code."""
    folder = tmp_path / "engine"
    WhooshEngine(folder, create=True).write([doc("a", "bread")])
    folder.chmod(0o777)
    with pytest.raises(IndexStateError, match="other users"):
        WhooshEngine(folder)
