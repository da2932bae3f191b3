"""The Whoosh index: stock, written in bulk, with columns that are derived from it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coproarchive.errors import IndexStateError
from coproarchive.search.engines.columnar.postings import DOCUMENT_SHIFT, FIELD_BITS
from coproarchive.search.engines.seam import Document, Request
from coproarchive.search.engines.whoosh import integrity
from coproarchive.search.engines.whoosh.columns import (
    SegmentColumns,
    column_files,
    map_file,
    path_of,
)
from coproarchive.search.engines.whoosh.commit import MAX_SEGMENTS, choose_merged
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from coproarchive.search.engines.whoosh.generations import WhooshStorage
from coproarchive.search.engines.whoosh.inverter import Inverter
from coproarchive.search.engines.whoosh.stock import DurableStorage
from coproarchive.search.language.analysis import (
    FIELD_SHIFT,
    cut,
    exact,
    fold,
    invert,
    stem,
    words_of,
)
from coproarchive.search.language.fields import TEXT_FIELDS
from coproarchive.search.language.query_tree import Node, Phrase, Term

VOCABULARY = ["bread", "rye", "co-production", "C++", "講演", "naïve", "loaf", "loaves", "co op"]
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from([*VOCABULARY, "re", "self", "AT&T", "N.H.S.", "it's", "x_y", "a" * 70]),
            max_size=8,
        ).flatmap(
            lambda words: st.sampled_from([" ", "-", ". ", "  "]).map(lambda j: j.join(words))
        ),
    ),
    max_size=4,
)  # fmt: skip


def documents(rng: random.Random, first: int, count: int) -> list[Document]:
    """Documents with words in every field."""
    return [
        Document(
            f"d{first + n}",
            texts={
                name: tuple(
                    " ".join(rng.choices(VOCABULARY, k=rng.randint(0, 9)))
                    for _ in range(rng.randint(0, 3))
                )
                for name in TEXT_FIELDS
            },
            stored={"hit": f"crumbs {first + n}".encode()},
        )
        for n in range(count)
    ]


def build(folder: Path) -> WhooshEngine:
    """An index of several segments, with deleted documents."""
    engine = WhooshEngine(folder, create=True)
    rng = random.Random(7)
    engine.write(documents(rng, 0, 60))
    engine.write(documents(rng, 60, 5), [f"d{n}" for n in range(0, 20, 3)])
    return engine


def answers(engine: WhooshEngine) -> Any:
    """What it says to some requests."""
    snapshot = engine.snapshot()
    nodes: list[Node] = [
        Term(exact("rye")),
        Term(stem("loaves")),
        Phrase((exact("bread"), exact("rye"))),
    ]
    terms = [exact("coproduction"), exact("講"), stem("bread")]
    return (
        [snapshot.search(Request(node, limit=100)) for node in nodes],
        snapshot.occurrences([f"d{n}" for n in range(65)], terms, ["lo"]),
        snapshot.frequencies(terms),
        snapshot.words(),
        snapshot.stored("hit"),
    )


# ---------------------------------------------------------------------- stock Whoosh

PLAIN_WHOOSH = """
import json, sys, warnings
class Blocker:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "coproarchive":
            raise ImportError("not here")
sys.meta_path.insert(0, Blocker())
warnings.simplefilter("ignore")
from whoosh.index import open_dir
from whoosh.query import Or, Phrase, Term
queries = json.load(sys.stdin)
found = []
with open_dir(sys.argv[1]).searcher() as searcher:
    for words in queries["queries"]:
        nodes = [
            Phrase(field, words) if len(words) > 1 else Term(field, words[0])
            for field in queries["fields"]
        ]
        found.append(sorted(hit["id"] for hit in searcher.search(Or(nodes), limit=None)))
assert not any(name.startswith("coproarchive") for name in sys.modules)
print(json.dumps(found))
"""


def test_plain_whoosh_opens_the_index_and_answers_alike(tmp_path: Path) -> None:
    """200 term and phrase queries, where this software cannot be imported."""
    engine = build(tmp_path)
    rng = random.Random(3)
    texts = " ".join(VOCABULARY).replace("-", " ").split()
    words = [*dict.fromkeys(map(fold, texts)), "c++", "coproduction", "coop", "講", "演"]
    queries = [[exact(word)] for word in rng.choices(words, k=40)]
    queries += [[stem(word)] for word in rng.choices(words, k=40)]
    queries += [
        [exact(word) for word in rng.choices(words, k=rng.choice([2, 2, 3]))] for _ in range(120)
    ]
    whoosh = subprocess.run(
        [sys.executable, "-c", PLAIN_WHOOSH, str(tmp_path)],
        input=json.dumps({"queries": queries, "fields": TEXT_FIELDS}),
        capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    nodes: list[Node] = [Phrase(tuple(q)) if len(q) > 1 else Term(q[0]) for q in queries]
    hits = [engine.snapshot().search(Request(node, limit=100)).hits for node in nodes]
    ids = [sorted(document_id for document_id, _ in each) for each in hits]
    assert json.loads(whoosh.stdout) == ids
    assert sum(map(bool, ids)) > 100


# ---------------------------------------------------------------------- written in bulk


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(["en", "de", "xx"]))
def test_an_inverter_gives_what_invert_gives(texts: list[list[str]], language: str) -> None:
    """Compounds, symbols, accents, scripts without spaces: the same terms at the same places."""
    inverter = Inverter()
    expected: dict[str, list[int]] = {}
    for number, leaves in enumerate(texts):
        terms, length = invert(leaves, language)
        lengths = inverter.add(
            number, Document("a", texts={"body": tuple(leaves)}, language=language)
        )
        assert lengths[TEXT_FIELDS.index("body")] == length
        start = (number << DOCUMENT_SHIFT) | (TEXT_FIELDS.index("body") << FIELD_SHIFT)
        for term, positions in terms.items():
            expected.setdefault(term, []).extend(start + p for p in positions)
    inversion = inverter.finish()
    places = {
        term: inversion.places[inversion.starts[n] : inversion.starts[n + 1]].tolist()
        for n, term in enumerate(inversion.terms)
    }
    assert inversion.terms == sorted(inversion.terms)
    assert places == {term: sorted(set(each)) for term, each in expected.items()}


@given(TEXTS)
def test_a_plain_text_is_cut_as_any_other(texts: list[str]) -> None:
    """The short way for texts of plain words gives what `words_of` gives."""
    for text in (*texts, "\n".join(texts)):
        words, joints = map(list, cut(text))
        pairs = words_of(text)
        assert words == [word for word, _ in pairs]
        assert joints == [n for n, (_, joins) in enumerate(pairs[:-1]) if joins]


def places_of(leaf: Any, term: str) -> list[int]:
    """Where Whoosh's own postings of a segment have a term, as places with document numbers."""
    places = []
    for field, name in enumerate(TEXT_FIELDS):
        if (name, term) not in leaf:
            continue
        matcher = leaf.postings(name, term)
        while matcher.is_active():
            start = (matcher.id() << DOCUMENT_SHIFT) | (field << FIELD_SHIFT)
            places += [start + position for position in matcher.value_as("positions")]
            matcher.next()
    return sorted(places)


@pytest.mark.parametrize("at_once", [1, 1 << 30])
@pytest.mark.parametrize("block", [2, 2048])
def test_columns_have_what_whoosh_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, block: int
) -> None:
    """Every place of every word, in segments as written and as merged, is in both forms."""
    monkeypatch.setattr("coproarchive.search.engines.whoosh.writer._PLACES_AT_ONCE", at_once)
    monkeypatch.setattr("coproarchive.search.engines.whoosh.writer.BLOCK", block)
    rng = random.Random(7)
    engine = WhooshEngine(tmp_path, create=True)
    for first, count in ((0, 30), (30, 20), (50, 1), (51, 1)):
        engine.write(documents(rng, first, count))
    terms = 0
    with DurableStorage(str(tmp_path)).open_index().reader() as reader:
        for leaf, _ in reader.leaf_readers():
            name = leaf.segment().segment_id()
            columns = SegmentColumns(name, map_file(path_of(tmp_path, name)))
            lexicon = {term.decode() for field in TEXT_FIELDS for term in leaf.lexicon(field)}
            assert sorted(lexicon) == columns.terms
            for number, term in enumerate(columns.terms):
                places = places_of(leaf, term)
                postings = columns.postings(number, number)
                assert postings.places.tolist() == places
                entries = Counter(place >> FIELD_SHIFT for place in places)
                assert postings.entries.tolist() == sorted(entries)
                assert postings.counts.tolist() == [entries[entry] for entry in sorted(entries)]
                owners = {entry >> FIELD_BITS for entry in entries}
                assert columns.document_counts[number] == len(owners)
                assert columns.number(term) == number
                terms += 1
    assert terms > 50


def test_batches_become_segments_that_answer_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents that do not fit one batch, one of them given twice."""
    whole = documents(random.Random(5), 0, 40)
    one = WhooshEngine(tmp_path / "one", create=True)
    one.write(whole)
    monkeypatch.setattr("coproarchive.search.engines.whoosh.commit.BATCH_PLACES", 500)
    many = WhooshEngine(tmp_path / "many", create=True)
    many.write([*documents(random.Random(6), 3, 1), *whole[:4], *whole[3:]])
    assert len(column_files(tmp_path / "many")) > 2
    assert answers(one) == answers(many)


def test_single_updates_leave_few_segments(tmp_path: Path) -> None:
    """Hundreds of writes of one document, half of them of one that was there."""
    engine = WhooshEngine(tmp_path, create=True)
    for number in range(150):
        engine.write(documents(random.Random(number), number % 75, 1))
    assert len(engine.snapshot().digests()) == 75
    assert len(column_files(tmp_path)) <= MAX_SEGMENTS
    other = WhooshEngine(tmp_path / "other", create=True)
    other.write(d for n in range(75, 150) for d in documents(random.Random(n), n - 75, 1))
    assert answers(engine)[1:] == answers(other)[1:]


def test_what_is_merged() -> None:
    """Small ones together, a large one alone, unless there are too many or most is deleted."""
    assert choose_merged([(1_000, False), (100, False)], 100, 15) == [1]
    assert choose_merged([(100, False), (150, False), (9_000_000, False)], 100, 15) == [0, 1]
    assert choose_merged([(9_000_000, False)], 100, 15) == []
    assert choose_merged([(9_000_000, True)], 100, 15) == [0]
    frozen = [(300_000 + n, False) for n in range(16)]
    assert choose_merged(frozen, 100, 15) == [0]


# ---------------------------------------------------------------------- derived columns


@pytest.mark.parametrize("harm", ["deleted", "empty", "cut", "version", "other segment"])
def test_columns_are_made_again_from_whoosh(tmp_path: Path, harm: str) -> None:
    """The same answers, from columns that are whole again."""
    expected = answers(build(tmp_path))
    before = {path: path.read_bytes() for path in column_files(tmp_path).values()}
    (path, data), (_, other) = list(before.items())
    if harm == "deleted":
        path.unlink()
    else:
        broken = {
            "empty": b"", "cut": data[:-9], "other segment": other,
            "version": data.replace(b"COPRCOL1", b"COPRCOL0"),
        }  # fmt: skip
        assert broken[harm] != data
        path.write_bytes(broken[harm])
    assert answers(WhooshEngine(tmp_path)) == expected
    for name, path in column_files(tmp_path).items():
        SegmentColumns(name, map_file(path))


def test_any_damaged_byte_of_columns_is_noticed(tmp_path: Path) -> None:
    """Each byte of a small file."""
    WhooshEngine(tmp_path, create=True).write([Document("a", texts={"body": ("rye bread",)})])
    ((name, path),) = column_files(tmp_path).items()
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        engine = WhooshEngine(tmp_path)
        assert engine.snapshot().frequencies([exact("rye")]) == {exact("rye"): 1}
        assert path.read_bytes() == data, (name, at)


def test_any_damaged_byte_of_the_table_of_contents_is_named(tmp_path: Path) -> None:
    """It says which documents are deleted, and what to unpickle."""
    engine = WhooshEngine(tmp_path, create=True)
    engine.write(documents(random.Random(1), 0, 3))
    engine.write([], ["d1"])
    (path,) = tmp_path.glob("*.toc")
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
        with pytest.raises(IndexStateError, match="damaged"):
            WhooshEngine(tmp_path)


def test_columns_that_cannot_be_written_are_made_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of a read-only file system is searched all the same."""
    expected = answers(build(tmp_path))
    for path in column_files(tmp_path).values():
        path.unlink()

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("coproarchive.search.engines.whoosh.columns.write_columns", refuse)
    assert answers(WhooshEngine(tmp_path)) == expected
    assert not column_files(tmp_path)


# ---------------------------------------------------------------------- other processes


def test_a_commit_between_two_looks_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process merges segments away between the list of their checks and their reading."""
    writer = WhooshEngine(tmp_path, create=True)
    writer.write([Document("a", texts={"body": ("rye",)})])
    commits = iter([[Document("a", texts={"body": ("oat",)})]])

    def commit_first(folder: Path, generation: int) -> None:
        for documents in commits:
            writer.write(documents)
        integrity.compare_checks(folder, generation)

    checks = tmp_path / "checks-1.json"
    before = checks.read_text()
    monkeypatch.setattr("coproarchive.search.engines.whoosh.engine.compare_checks", commit_first)
    monkeypatch.setattr(
        "coproarchive.search.engines.whoosh.integrity._read_checks",
        lambda path: json.loads(before if path == checks else path.read_text()),
    )
    reader = WhooshEngine(tmp_path)
    assert reader.snapshot().words() == ["oat"]


def test_a_rebuild_while_an_index_is_opened_is_no_damage(tmp_path: Path) -> None:
    """The generation that was current is removed before it is opened."""

    class Slow(WhooshStorage):
        rebuilds = 2

        def _open_generation(self, current: dict[str, str] | None) -> WhooshEngine:
            if self.rebuilds:
                self.rebuilds -= 1
                rebuild(str(self.rebuilds))
            return super()._open_generation(current)

    def rebuild(word: str) -> None:
        storage = WhooshStorage(tmp_path)
        with storage.lock(), storage.rebuilding() as engine:
            engine.write([Document("a", texts={"body": (word,)})])

    rebuild("first")
    engine = Slow(tmp_path).open()
    rebuild("last")
    # What was opened stays open while its folder is removed.
    assert engine.folder.name == "3"
    assert not engine.folder.exists()


@pytest.mark.parametrize("name", ["clean_files", "TOC.write"])
def test_an_interrupted_commit_is_there_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Ctrl-C before and after the table of contents names the new segment."""
    engine = WhooshEngine(tmp_path, create=True)
    engine.write([Document("a", texts={"body": ("rye",)})])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"coproarchive.search.engines.whoosh.commit.{name}", interrupt)
        engine.write([Document("b", texts={"body": ("oat",)})])
    expected = ["oat", "rye"] if name == "clean_files" else ["rye"]
    assert WhooshEngine(tmp_path).snapshot().words() == expected
    assert engine.snapshot().words() == expected
    engine.write([Document("c", texts={"body": ("zea",)})])
    assert WhooshEngine(tmp_path).snapshot().words() == [*expected, "zea"]


def test_what_a_killed_commit_left_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed behind its table of contents: old segments, no checksums, temporary files."""
    engine = WhooshEngine(tmp_path, create=True)
    engine.write([Document("a", texts={"body": ("rye",)})])
    with monkeypatch.context() as patch:
        for name in ("commit.clean_files", "engine.note_checks"):
            patch.setattr(f"coproarchive.search.engines.whoosh.{name}", lambda *_: None)
        engine.write([Document("a", texts={"body": ("oat",)})])
    (tmp_path / "checks-2.tmp").touch()
    (tmp_path / ".columns-x").touch()
    next_one = WhooshEngine(tmp_path)
    next_one.tidy()
    assert next_one.snapshot().words() == ["oat"]
    kinds = Counter(path.name.partition("_")[0].partition("-")[0] for path in tmp_path.iterdir())
    assert kinds == {"": 1, "MAIN": 1, "columns": 1, "checks": 1, "WRITELOCK": 1}
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    next_one.tidy()
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


# ---------------------------------------------------------------------- closed to others


@pytest.mark.threat(14)
@pytest.mark.skipif(os.name == "nt", reason="modes are not of this system")
@pytest.mark.parametrize(
    ("place", "mode"),
    [
        (".", 0o777), (".", 0o770), ("generations", 0o775), ("generations/1", 0o720),
        ("generations/1", 0o702), ("generations/1/*.toc", 0o664), ("generations/1/*.seg", 0o606),
        ("generations/1/columns-*", 0o620), ("generations/1/stored.bin", 0o602),
    ],
)  # fmt: skip
def test_what_others_can_write_is_not_opened(tmp_path: Path, place: str, mode: int) -> None:
    """Whoosh's files are pickles: from what others could write, anybody's code would run."""
    storage = WhooshStorage(tmp_path / "index")
    with storage.lock(), storage.rebuilding() as engine:
        engine.write(documents(random.Random(1), 0, 2))
    storage.open().close()
    target = tmp_path / "index" if place == "." else next((tmp_path / "index").glob(place))
    target.chmod(mode)
    with pytest.raises(IndexStateError, match="other users") as refused:
        storage.open()
    assert "--rebuild" in (refused.value.hint or "")
    with storage.lock(), storage.rebuilding() as engine:
        engine.write(documents(random.Random(1), 0, 2))
    storage.open().close()


@pytest.mark.threat(14)
@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("place", [".", "generations", "generations/1", "generations/1/*.toc"])
def test_what_belongs_to_another_user_is_not_opened(tmp_path: Path, place: str) -> None:
    """Its owner can give himself the right to write."""
    storage = WhooshStorage(tmp_path / "index")
    with storage.lock(), storage.rebuilding() as engine:
        engine.write(documents(random.Random(1), 0, 2))
    target = tmp_path / "index" if place == "." else next((tmp_path / "index").glob(place))
    os.chown(target, 12345, -1)
    with pytest.raises(IndexStateError, match="other users"):
        storage.open()


@pytest.mark.skipif(os.name == "nt", reason="modes are not of this system")
def test_an_umask_for_groups_makes_an_index_that_opens(tmp_path: Path) -> None:
    """As users have it whose group is theirs alone: what is made is closed to others."""
    before = os.umask(0o002)
    try:
        storage = WhooshStorage(tmp_path / "index")
        storage.root.mkdir()
        with storage.lock(), storage.rebuilding() as engine:
            engine.write(documents(random.Random(1), 0, 3))
        opened = storage.open()
        opened.write(documents(random.Random(2), 3, 2))
        assert len(storage.open().snapshot().digests()) == 5
    finally:
        os.umask(before)


# ---------------------------------------------------------------------- benchmark


def test_the_benchmark_of_building_measures(tmp_path: Path) -> None:
    """On a tiny archive, beside itself as another checkout."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, str(root / "benchmarks" / "building.py"), "--leaves", "60", "--json",
         "--base", str(root)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    results = json.loads(done.stdout)
    assert list(results) == ["now", "base", "ratio"]
    assert results["now"]["peak_mb"] > 10
    assert all(results["now"][name] > 0 for name in ("documents", "engine", "one_more_seconds"))
