"""`doctor` over a search cluster: each fault of a made-up one, with what to do about it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from coproarchive.operate.doctor import diagnose
from coproarchive.operate.findings import Finding, State
from coproarchive.settings import load_settings

pytest.importorskip("opensearchpy", reason="the extra opensearch is not installed")

from coproarchive.search.engines.opensearch import health

GB = 1024**3
SOUND: dict[str, Any] = {
    "/": {"version": {"number": "3.9.0", "distribution": "opensearch"}},
    "/_nodes": {"nodes": {"a": {"version": "3.9.0", "settings": {
        "indices": {"query": {"bool": {"max_clause_count": "16384"}}}}}}},
    "/talks*/_alias": {},
    "/talks*/_mapping": {},
    "/talks*/_search": {"hits": {"hits": []}},
    "/_cluster/health/talks*": {
        "status": "green", "unassigned_shards": 0, "number_of_data_nodes": 3},
    "/talks*/_settings": {"talks-g1": {"settings": {"index.number_of_shards": "1"}}},
    "/_cluster/settings": {"persistent": {}, "transient": {}},
    "/_nodes/stats/fs": {"nodes": {"a": {"name": "one", "fs": {"total": {
        "total_in_bytes": 100 * GB, "available_in_bytes": 50 * GB}}}}},
    "/talks-state/_mget": {"docs": [{"_id": "lock", "found": False}]},
}  # fmt: skip
"""What a cluster answers with which nothing is wrong."""
Ask = Callable[..., list[Finding]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Run doctor over a cluster that answers as SOUND, but for some addresses."""
    answers: dict[str, Any] = {}
    times: dict[str, int] = {}

    class Node(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = unquote(urlsplit(self.path).path)
            times[path] = times.get(path, 0) + 1
            status, body = 200, answers.get(path, {"error": "no such thing"})
            if path not in answers:
                status = 404
            if isinstance(body, tuple):
                status, body = body
            if callable(body):
                body = body(times[path])
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_POST = do_HEAD = do_GET  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def look(also: str = "", **changed: Any) -> list[Finding]:
        answers.clear()
        times.clear()
        answers.update(SOUND | changed)
        named = {
            "archive": tmp_path / "archive", "index": tmp_path / "index", "ocr": "off",
            "office": "off", "engine": "opensearch", "opensearch_index": "talks",
            "opensearch_url": f"http://127.0.0.1:{server.server_port}{also}",
        }  # fmt: skip
        found = diagnose(load_settings(named)).findings
        return [finding for finding in found if finding.area == "cluster"]

    yield look
    server.shutdown()
    server.server_close()
    thread.join()


def refused(right: str) -> tuple[int, dict[str, Any]]:
    """Return the answer to a user who lacks a right, as the security plugin words it."""
    reason = f"no permissions for [{right}] and User [name=ann]"
    return 403, {"error": {"type": "security_exception", "reason": reason}, "status": 403}


def test_a_sound_cluster_is_well(ask: Ask) -> None:
    (finding,) = ask()
    assert finding.state is State.WELL
    assert "index talks" in finding.message


CASES: dict[str, tuple[dict[str, Any], State, str, str]] = {
    "red": (
        {"/_cluster/health/talks*": {
            "status": "red", "unassigned_shards": 2, "number_of_data_nodes": 2}},
        State.PROBLEM, "red: of 2 shards no node has the data", "index --rebuild",
    ),
    "yellow": (
        {"/_cluster/health/talks*": {
            "status": "yellow", "unassigned_shards": 3, "number_of_data_nodes": 3}},
        State.NOTE, "yellow: 3 replicas", "allocation/explain",
    ),
    "one node": (
        {"/_cluster/health/talks*": {
            "status": "yellow", "unassigned_shards": 3, "number_of_data_nodes": 1}},
        State.NOTE, "yellow", "COPROARCHIVE_OPENSEARCH_REPLICAS",
    ),
    "full disk": (
        {"/talks*/_settings": {"talks-g1": {"settings": {
            "index.blocks.read_only_allow_delete": "true"}}}},
        State.PROBLEM, "alks-g1 takes no writes", "Make room",
    ),
    "read-only": (
        {"/_cluster/settings": {
            "persistent": {"cluster.blocks.read_only": "true"}, "transient": {}}},
        State.PROBLEM, "The cluster takes no writes", "cluster.blocks.read_only",
    ),
    "nearly full": (
        {"/_nodes/stats/fs": {"nodes": {"a": {"name": "one", "fs": {"total": {
            "total_in_bytes": 100 * GB, "available_in_bytes": 8 * GB}}}}}},
        State.NOTE, "node one is 92% full", "Make room",
    ),
    "old": (
        {"/": {"version": {"number": "1.3.2", "distribution": "opensearch"}}},
        State.PROBLEM, "1.3.2; OpenSearch 2 or newer", "Upgrade",
    ),
    "elasticsearch": (
        {"/": {"version": {"number": "8.11.0"}}},
        State.PROBLEM, "Elasticsearch 8.11.0", "COPROARCHIVE_OPENSEARCH_URL",
    ),
    "clauses": (
        {"/_nodes": {"nodes": {"a": {"version": "3.9.0", "settings": {}}}}},
        State.NOTE, "1,024 parts", "max_clause_count: 16384",
    ),
    "clauses of the cluster": (
        {"/_cluster/settings": {
            "persistent": {"indices.query.bool.max_clause_count": "2048"}, "transient": {}}},
        State.NOTE, "2,048 parts", "max_clause_count: 16384",
    ),
    "versions": (
        {"/_nodes": {"nodes": {
            name: {"version": version, "settings": {
                "indices": {"query": {"bool": {"max_clause_count": "16384"}}}}}
            for name, version in (("a", "3.9.0"), ("b", "3.8.0"))}}},
        State.NOTE, "3.8.0, 3.9.0", "Upgrade the others",
    ),
    "no user": (
        {"/": (401, {"error": "Unauthorized"})},
        State.PROBLEM, "does not know this user", "COPROARCHIVE_OPENSEARCH_USER",
    ),
    "a right": (
        {"/talks*/_search": refused("indices:data/read/search")},
        State.PROBLEM, "(indices:data/read/search)", "docs/operate/cluster.md",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_fault_comes_with_what_to_do(ask: Ask, case: str) -> None:
    changed, state, message, hint = CASES[case]
    (finding,) = ask(**changed)
    assert (finding.state, message in finding.message) == (state, True), finding
    assert hint in finding.hint


def test_an_address_that_does_not_answer_is_named(ask: Ask) -> None:
    """A note where another answers, else a problem; nobody is waited for half a minute."""
    (finding,) = ask(",http://127.0.0.1:9")
    assert (finding.state, "127.0.0.1:9" in finding.message) == (State.NOTE, True)
    (finding,) = ask(**{"/": (503, {})})
    assert finding.state is State.PROBLEM


def test_what_is_no_address_is_said(tmp_path: Path) -> None:
    """A typing mistake in the settings is no traceback."""
    for url in ("http://127.0.0.1:92:00", "http://[::1", "http://127.0.0.1:99999"):
        named = {"archive": tmp_path, "engine": "opensearch", "opensearch_url": url}
        rows = diagnose(load_settings(named)).findings
        (finding,) = [row for row in rows if "OPENSEARCH_URL" in row.hint]
        assert (finding.state, "no address" in finding.message) == (State.PROBLEM, True)


@pytest.mark.parametrize("is_alive", [True, False])
def test_who_holds_the_lock_is_named(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, is_alive: bool
) -> None:
    """Alive is who renews the row."""
    monkeypatch.setattr(health, "BEAT_SECONDS", -1.0)

    def row(time: int) -> dict[str, Any]:
        source = {"owner": "box1 4711 abc", "beat": f"{time if is_alive else 0}"}
        return {"docs": [{"_id": "lock", "found": True, "_source": source}]}

    (finding,) = ask(**{"/talks-state/_mget": row})
    assert finding.state is State.NOTE
    assert "4711 on box1" in finding.message
    assert ("is updating" in finding.message) == is_alive
