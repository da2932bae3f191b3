"""The `opensearch` engine on a real node: what it means, and that a write is whole or not at all.

Skipped, with what is missing, where no node can be run; see scripts/opensearch_node.py.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from coproarchive.errors import EngineError, IndexStateError, LockedError
from coproarchive.library import Library
from coproarchive.model import Severity
from coproarchive.search.engines.seam import Document, Request, ServerFault, ServerOptions
from coproarchive.search.language.analysis import exact
from coproarchive.search.language.query import Query
from coproarchive.search.language.query_tree import MatchAll, Term
from random_queries import RandomQueries, assert_agrees, doc, ids

pytest.importorskip("opensearchpy", reason="the extra opensearch is not installed")

from coproarchive.search.engines.opensearch import engine as engine_module
from coproarchive.search.engines.opensearch.cluster import Cluster
from coproarchive.search.engines.opensearch.commit import read_commit, write_commit
from coproarchive.search.engines.opensearch.engine import OpenSearchEngine
from coproarchive.search.engines.opensearch.lease import Lease
from coproarchive.search.engines.opensearch.state import SmallIndex
from coproarchive.search.engines.opensearch.storage import OpenSearchStorage

pytestmark = pytest.mark.opensearch
ROOT = Path("unused")


@pytest.fixture
def cluster(server_options: ServerOptions) -> Iterator[Cluster]:
    """The tests' node."""
    with contextlib.closing(Cluster(server_options)) as opened:
        yield opened


@pytest.fixture
def storage(server_options: ServerOptions) -> OpenSearchStorage:
    """A storage with an empty index."""
    made = OpenSearchStorage(ROOT, server_options)
    with made.lock(), made.rebuilding():
        pass
    return made


@pytest.fixture
def engine(storage: OpenSearchStorage) -> OpenSearchEngine:
    """An index of two documents."""
    opened = storage.open()
    opened.write([doc("a", "bread"), doc("b", "rye bread")])
    return opened


def rows(cluster: Cluster, engine: OpenSearchEngine, kind: str = "item") -> list[dict[str, Any]]:
    """Every row of a kind, dead ones too."""
    cluster.call(lambda client: client.indices.refresh(index=engine.index))
    body = {"size": 1000, "query": {"term": {"kind": kind}}}
    return [hit["_source"] for hit in cluster.search(engine.index, body)["hits"]["hits"]]


# -------------------------------------------------------------------------------- faults


def test_what_is_wrong_with_a_cluster_is_found(
    storage: OpenSearchStorage, server_options: ServerOptions, cluster: Cluster
) -> None:
    """Nothing at first; then blocked writes, and replicas that have no node to be on."""

    def faults(asked: OpenSearchStorage) -> list[ServerFault]:
        found = asked.server_faults()
        return [fault for fault in found if "the disk of node" not in fault.message]

    assert faults(storage) == []
    name = "index.blocks.read_only_allow_delete"

    def block(value: bool | None) -> None:
        index = f"{server_options.index}-g*"
        cluster.call(lambda c: c.indices.put_settings(index=index, body={name: value}))

    block(True)
    (fault,) = faults(storage)
    assert (fault.severity, name in fault.message) == (Severity.ERROR, True)
    block(None)
    other = replace(server_options, index=f"{server_options.index}-two", replicas=1)
    copied = OpenSearchStorage(ROOT, other)
    with copied.lock(), copied.rebuilding():
        pass
    (fault,) = faults(copied)
    assert (fault.severity, "yellow" in fault.message) == (Severity.WARNING, True)
    assert "COPROARCHIVE_OPENSEARCH_REPLICAS" in fault.hint


# ------------------------------------------------------------------------------- meaning


@pytest.mark.parametrize("shards", [1, 3])
def test_it_agrees_with_memory(server_options: ServerOptions, shards: int) -> None:
    """On random queries over changing documents: the same ids, totals, counts, scores.

    benchmarks/drills/cluster.py --agree asks 2,000 of each.
    """
    storage = OpenSearchStorage(ROOT, replace(server_options, shards=shards))
    with storage.lock(), storage.rebuilding():
        pass
    assert_agrees(
        storage.open(), RandomQueries(shards), writes=2, requests=60, lookups=5, within=1e-4
    )


def test_a_page_takes_three_requests_at_most(
    archive: Path, open_library: Callable[..., Library], opensearch: str, server_options: Any
) -> None:
    """Frequencies, hits with facets, texts; one fewer when the same was asked before."""
    settings = {
        "engine": "opensearch", "opensearch_url": opensearch, "opensearch_replicas": 0,
        "opensearch_index": server_options.index,
    }  # fmt: skip
    library = open_library(archive, **settings)
    library.update_index()
    library.search(Query.parse("bread"))  # reads what belongs to the commit
    cluster = library.index_storage._cluster  # type: ignore[attr-defined]
    engine_module.FRESH_SECONDS, before = 60.0, engine_module.FRESH_SECONDS
    try:
        for text in ("rye bread", "sourdough", '"rye bread"', "brea*", "breed", "bread or butter"):
            sent = cluster.requests
            library.search(Query.parse(text))
            assert cluster.requests - sent <= 3, text
    finally:
        engine_module.FRESH_SECONDS = before


# ------------------------------------------------------------------------- whole or not at all


def test_a_write_that_stops_half_way_is_never_seen(
    storage: OpenSearchStorage, engine: OpenSearchEngine, cluster: Cluster, monkeypatch: Any
) -> None:
    """Its rows are there, as after SIGKILL, and nobody sees them; the next write removes them."""

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(OpenSearchEngine, "_forget", lambda *_: None)
    for module, step in ((OpenSearchEngine, "_commit_of"), (OpenSearchEngine, "_deaths")):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, die)
            with pytest.raises(Killed):
                engine.write([doc("c", "bread"), doc("a", "jam")], delete=["b"])
        assert len(rows(cluster, engine)) > 2
        for opened in (engine, storage.open()):
            assert set(ids(opened, Term(exact("bread")))) == {"a", "b"}
            assert ids(opened, Term(exact("jam"))) == []
    engine.write([doc("d", "bread")])
    assert set(ids(storage.open(), MatchAll())) == {"a", "b", "d"}
    assert {row["id"] for row in rows(cluster, engine)} == {"a", "b", "d"}


def test_a_writer_that_was_held_up_changes_nothing(
    storage: OpenSearchStorage, engine: OpenSearchEngine
) -> None:
    """Another wrote meanwhile: the commit document does not move back, and its rows stay unseen."""
    late = storage.open()

    def slow() -> Iterator[Document]:
        yield doc("late", "bread")
        engine.write([doc("c", "bread")], delete=["a"])

    with pytest.raises(EngineError, match="another process wrote"):
        late.write(slow(), delete=["b"])
    assert set(ids(storage.open(), MatchAll())) == {"b", "c"}
    engine.write([doc("d", "bread")])
    assert set(ids(storage.open(), MatchAll())) == {"b", "c", "d"}


def test_dead_rows_are_removed_after_a_while(
    engine: OpenSearchEngine, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what they stored; a snapshot that old says so instead of answering too little."""
    engine.write([doc("a", "jam", stored={"hit": b"1"})])
    old = engine.snapshot()
    engine.write([doc("a", "tea", stored={"hit": b"2"})])
    assert len(rows(cluster, engine)) == 4
    assert old.stored("hit") == {"a": b"1"}
    fresh = OpenSearchEngine(cluster, engine.index)
    monkeypatch.setattr(engine_module, "GRACE_SECONDS", -1.0)
    engine.write([doc("c", "milk")])
    assert sorted(row["id"] for row in rows(cluster, engine)) == ["a", "b", "c"]
    assert len(rows(cluster, engine, "stored")) == 1
    assert fresh.snapshot().stored("hit") == {"a": b"2"}
    too_old = type(old)(cluster, engine.index, old.commit, fresh._rows)
    with pytest.raises(IndexStateError, match="changed meanwhile"):
        too_old.digests()


def test_two_servers_see_one_index(
    storage: OpenSearchStorage, engine: OpenSearchEngine, server_options: ServerOptions
) -> None:
    """A commit and a rebuild of one show in the other within a moment."""
    other = OpenSearchStorage(ROOT, server_options)
    reader = other.open()
    engine.write([doc("c", "bread")], delete=["a"])
    time.sleep(engine_module.FRESH_SECONDS + 0.1)
    assert set(ids(reader, MatchAll())) == {"b", "c"}
    with storage.lock(), storage.rebuilding() as anew:
        anew.write([doc("z", "bread")])
        assert set(ids(reader, MatchAll())) == {"b", "c"}
    time.sleep(engine_module.FRESH_SECONDS + 0.1)
    assert not other.is_current(reader)
    assert set(ids(other.open(), MatchAll())) == {"z"}


def test_another_archive_on_the_cluster_is_left_alone(server_options: ServerOptions) -> None:
    """Though its name begins with ours."""
    ours = OpenSearchStorage(ROOT, server_options)
    theirs = OpenSearchStorage(ROOT, replace(server_options, index=f"{server_options.index}-g"))
    for storage in (theirs, ours, ours):
        with storage.lock(), storage.rebuilding() as anew:
            anew.write([doc("a", "bread")])
    with ours.lock():
        pass
    assert ids(theirs.open(), MatchAll()) == ["a"]


def test_a_second_server_reads_no_file_again(
    archive: Path, open_library: Callable[..., Library], tmp_path: Path, opensearch: str,
    server_options: ServerOptions,
) -> None:  # fmt: skip
    """Texts, hits, suggestions, and searches without results are those of all servers."""
    settings = {
        "engine": "opensearch", "opensearch_url": opensearch, "opensearch_replicas": 0,
        "opensearch_index": server_options.index,
    }  # fmt: skip
    first = open_library(archive, index=tmp_path / "one", **settings)
    second = open_library(archive, index=tmp_path / "two", **settings)
    first.update_index()
    assert first.reader.scheduled > 0
    query = Query.parse("bread")
    assert second.search(query) == first.search(query)
    assert second.suggest("b") == first.suggest("b")
    assert second.update_index().added == 0
    items = second.public().items.values()
    texts = [second.reader.cached(a.sha256, a.media_type) for i in items for a in i.assets]
    assert any(texts)
    assert second.reader.scheduled == 0
    for library in (first, second, second):
        library.unanswered.count(Query.parse("qqqqq"))
    assert first.unanswered.most() == [("qqqqq", 3)]


# ------------------------------------------------------------------------------------ lock


def test_one_process_at_a_time(cluster: Cluster, server_options: ServerOptions) -> None:
    """The second is told who holds it; one that no longer beats loses it."""
    state = SmallIndex(cluster, f"{server_options.index}-state", 0)
    first = Lease(cluster, state, lease_seconds=1.0, wait_seconds=2.5)
    second = Lease(cluster, state, lease_seconds=1.0, wait_seconds=2.5)
    with first.held():
        with pytest.raises(LockedError, match="another process is updating the index \\(on "):
            second._acquire()
        first.confirm()
    with second.held():
        second.confirm()
    first._acquire()  # and is killed: no beats, no release
    with second.held():
        second.confirm()
        with pytest.raises(EngineError, match="another took over"):
            first.confirm()


# ---------------------------------------------------------------------------------- errors


def answer_always(status: int, kind: str) -> HTTPServer:
    """A server that answers everything with one error."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = f'{{"error": {{"type": "{kind}", "reason": "{kind}"}}, "status": {status}}}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_HEAD = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (401, "security_exception", "does not know this user"),
        (403, "security_exception", "does not let this user"),
        (403, "cluster_block_exception", "disks are nearly full"),
        (404, "index_not_found_exception", "there is no index on the cluster"),
        (400, "too_many_clauses", "max_clause_count"),
        (503, "no_shard_available_action_exception", "overloaded or lacks nodes"),
        (429, "rejected_execution_exception", "overloaded or lacks nodes"),
        (400, "weird_exception", "refused a request \\(weird_exception\\)"),
    ],
)
def test_what_is_wrong_with_the_cluster_is_said(status: int, kind: str, message: str) -> None:
    """With what to do, and no traceback's words."""
    server = answer_always(status, kind)
    options = ServerOptions((f"http://127.0.0.1:{server.server_port}",))
    with (
        contextlib.closing(Cluster(options, retry_seconds=0.3)) as cluster,
        pytest.raises((EngineError, IndexStateError), match=message),
    ):
        cluster.search("any", {})
    server.shutdown()
    server.server_close()


def test_who_asks_a_cluster_that_is_away_waits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as long again for each of a page's questions; an answer ends it."""
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("coproarchive.search.engines.opensearch.cluster.time.sleep", sleep)
    monkeypatch.setattr(
        "coproarchive.search.engines.opensearch.cluster.time.monotonic", lambda: now[0]
    )
    with contextlib.closing(Cluster(ServerOptions(("http://127.0.0.1:9",)))) as cluster:
        waits = []
        for reachable in (False, False, True, False):
            before = sum(slept)
            if reachable:
                cluster.call(lambda _: {})
            else:
                with pytest.raises(EngineError):
                    cluster.search("any", {})
            waits.append(sum(slept) - before)
    assert 25 < waits[0] <= 30
    assert waits[1] <= 1
    assert waits[2] == 0
    assert 25 < waits[3] <= 30


def test_a_cluster_that_is_not_there_is_said() -> None:
    """With the setting to look at, and no password."""
    options = ServerOptions(("http://ann:s3cret@127.0.0.1:9",), password="s3cret", api_key="s3cret")
    assert "s3cret" not in repr(options).replace(options.urls[0], "")
    with (
        contextlib.closing(Cluster(options, retry_seconds=0.3)) as cluster,
        pytest.raises(EngineError, match=r"cannot be reached.*OPENSEARCH_URL") as refused,
    ):
        cluster.search("any", {})
    assert "s3cret" not in str(refused.value)
    with pytest.raises(EngineError, match="needs the address"):
        OpenSearchStorage(ROOT, ServerOptions())


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (doc("x" * 600, "bread"), "longer than OpenSearch takes"),
        (doc("x", " ".join(f"{n:08}word" for n in range(60_000))), "more words than"),
        (doc("x", "bread", stored={"hit": bytes(80 << 20)}), "more text than"),
    ],
)
def test_limits_of_opensearch_are_named(
    engine: OpenSearchEngine, document: Document, message: str
) -> None:
    """Before anything is changed, with the item."""
    with pytest.raises(EngineError, match=message):
        engine.write([document])
    assert set(engine.snapshot().digests()) == {"a", "b"}


def test_too_many_hidden_items_are_named(engine: OpenSearchEngine) -> None:
    """OpenSearch would refuse the query."""
    exclude = frozenset(f"x{n}" for n in range(70_000))
    with pytest.raises(EngineError, match=r"65,536 items.*coproarchive index"):
        engine.snapshot().search(Request(MatchAll(), exclude=exclude))


def test_the_commit_document_moves_by_compare_and_set(
    engine: OpenSearchEngine, cluster: Cluster
) -> None:
    """Two who read the same version cannot both replace it; a repeated request is no fault."""
    version = read_commit(cluster, engine.index)
    mine = version.commit.reserving("mine")
    write_commit(cluster, version, engine.index, mine)
    write_commit(cluster, version, engine.index, mine)  # the answer was lost, and it is sent again
    with pytest.raises(EngineError, match="another process wrote"):
        write_commit(cluster, version, engine.index, version.commit.reserving("theirs"))


# ----------------------------------------------------------------------------------- drills


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "words", [("--agree", "40", "--shards", "2"), ("--kills", "1", "--indexers", "1")]
)
def test_the_drill_loses_nothing(opensearch: str, words: tuple[str, ...]) -> None:
    """Its short form; the long one is run by hand, see docs/develop/benchmarks.md."""
    script = Path(__file__).resolve().parents[2] / "benchmarks/drills/cluster.py"
    port = "9640"
    done = subprocess.run(
        [sys.executable, str(script), *words, "--port", port, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
