"""Writing: new rows first, then one commit document, so that a write is whole or not at all."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import threading
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from coproarchive.errors import CoproArchiveError, EngineError
from coproarchive.search.cache import Cache
from coproarchive.search.engines.opensearch.cluster import Cluster, Reply, Row
from coproarchive.search.engines.opensearch.commit import (
    CommitPoint,
    read_commit,
    write_commit,
)
from coproarchive.search.engines.opensearch.mapping import rows_of
from coproarchive.search.engines.opensearch.snapshot import (
    CACHED_ROWS,
    SCAN_ROWS,
    OpenSearchSnapshot,
    read_vocabulary,
)
from coproarchive.search.engines.seam import Document, SearchEngine
from coproarchive.search.language.fields import TEXT_FIELDS

FRESH_SECONDS = 1.0
"""For so long a reader does not ask whether another process wrote."""
BULK_BYTES = 8 << 20
BULK_ROWS = 500
TERMS_IN_A_ROW = 50_000
GRACE_SECONDS = 120.0
"""Rows that died are removed so long after the commit in which they died: a page that is being
made may still read them."""


class OpenSearchEngine(SearchEngine):
    """One generation of an index. Thread-safe.

    Args:
        cluster: where it is.
        index: concrete index, see storage.py.
    """

    def __init__(self, cluster: Cluster, index: str):
        self.index = index
        self._cluster = cluster
        self._rows: Cache[Row] = Cache(CACHED_ROWS, _size_of)
        self._lock = threading.Lock()
        self._snapshot: OpenSearchSnapshot | None = None
        self._looked = 0.0

    def snapshot(self) -> OpenSearchSnapshot:
        """See SearchEngine.snapshot; another process's write shows after FRESH_SECONDS."""
        with self._lock:
            now = time.monotonic()
            if self._snapshot is None or now - self._looked > FRESH_SECONDS:
                commit = read_commit(self._cluster, self.index).commit
                self._see(commit)
                self._looked = now
            assert self._snapshot is not None
            return self._snapshot

    def _see(self, commit: CommitPoint) -> None:
        """Make the snapshot that of a commit, unless it is that already or of a later one."""
        if self._snapshot is None or self._snapshot.commit.number < commit.number:
            self._snapshot = OpenSearchSnapshot(self._cluster, self.index, commit, self._rows)

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """See SearchEngine.write."""
        token = uuid.uuid4().hex
        number = 0
        try:
            read = read_commit(self._cluster, self.index)
            before = write_commit(self._cluster, read, self.index, read.commit.reserving(token))
            number = read.commit.next  # ours only now: what failed before is nobody's to remove
            commit = self._write_rows(before.commit, number, documents, delete)
            write_commit(self._cluster, before, self.index, commit)
        except BaseException as error:
            if number:
                self._forget(number)
            if isinstance(error, CoproArchiveError) or not isinstance(error, Exception):
                raise
            raise EngineError(f"writing failed ({error}).", self._cluster.place) from error
        with self._lock:
            self._see(commit)
        self._remove_dead(commit)

    def _write_rows(
        self,
        before: CommitPoint,
        number: int,
        documents: Iterable[Document],
        delete: Iterable[str],
    ) -> CommitPoint:
        """Write new rows and mark those that they replace; return what the commit will say."""
        replaced = set(delete)

        def actions() -> Iterator[tuple[dict[str, Any], bytes]]:
            for document in documents:
                replaced.add(document.id)
                for row, data in rows_of(document, number):
                    yield {"index": {"_id": row}}, data

        self._bulk(actions())
        # What earlier writes left unrefreshed is seen by the search for rows that die.
        self._refresh()
        self._bulk(self._deaths(before, number, sorted(replaced)))
        self._refresh()
        return self._commit_of(before.completing(number, time.time()))

    def _deaths(
        self, commit: CommitPoint, number: int, ids: list[str]
    ) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield the updates of the rows that die, each only as it was read."""
        update = json.dumps({"doc": {"died": number}}).encode()
        for start in range(0, len(ids), SCAN_ROWS):
            alive = commit.alive()
            alive["bool"]["filter"].append({"terms": {"id": ids[start : start + SCAN_ROWS]}})
            body = {
                "query": alive,
                "size": SCAN_ROWS,
                "_source": False,
                "seq_no_primary_term": True,
            }
            for hit in self._cluster.search(self.index, body)["hits"]["hits"]:
                condition = {
                    "_id": hit["_id"],
                    "if_seq_no": hit["_seq_no"],
                    "if_primary_term": hit["_primary_term"],
                }
                yield {"update": condition}, update

    def _commit_of(self, after: CommitPoint) -> CommitPoint:
        """Return the commit document of a write whose rows are all there, with its figures."""
        means = {name: {"avg": {"field": f"length.{name}"}} for name in TEXT_FIELDS}
        body = {"size": 0, "query": after.alive(), "track_total_hits": True, "aggs": means}
        reply = self._cluster.search(self.index, body)
        vocabulary = read_vocabulary(self._cluster, self.index, after.alive())
        parts = list(_chunks(vocabulary.items(), TERMS_IN_A_ROW))
        self._bulk(
            (
                {"index": {"_id": f"{after.number}/terms/{part}"}},
                json.dumps(
                    {"kind": "terms", "born": after.number, "data": {"bytes": _packed(dict(terms))}}
                ).encode(),
            )
            for part, terms in enumerate(parts)
        )
        return replace(
            after,
            documents=reply["hits"]["total"]["value"],
            lengths={n: reply["aggregations"][n]["value"] or 0.0 for n in TEXT_FIELDS},
            term_rows=len(parts),
        )

    def _bulk(self, actions: Iterable[tuple[dict[str, Any], bytes]]) -> None:
        """Write rows, some megabytes at a time.

        Raises:
            EngineError: one of them could not be written.
        """
        batch: list[bytes] = []
        size = 0
        for action, row in actions:
            lines = [json.dumps(action).encode(), row] if row else [json.dumps(action).encode()]
            batch.append(b"\n".join([*lines, b""]))
            size += len(row)
            if size > BULK_BYTES or len(batch) >= BULK_ROWS:
                self._send(batch)
                batch, size = [], 0
        if batch:
            self._send(batch)

    def _send(self, batch: list[bytes]) -> None:
        """Send a bulk request; what the cluster was too busy for is sent again."""
        body = b"".join(batch)
        reply: Reply = self._cluster.call(lambda client: client.bulk(index=self.index, body=body))
        again: list[bytes] = []
        for rows, item in zip(batch, reply["items"], strict=True):
            (result,) = item.values()
            if result["status"] == 429:
                again.append(rows)
            elif result["status"] >= 300 and "delete" not in item:
                error = result.get("error", {})
                if error.get("type") == "cluster_block_exception":
                    raise self._cluster.blocked()
                raise EngineError(
                    f"a row was not written ({error.get('type')}: {error.get('reason')}); "
                    "the index was not changed.",
                    self._cluster.place,
                )
        if again:
            time.sleep(1.0)
            self._send(again)

    def _refresh(self) -> None:
        """Make every copy of every shard see what was written."""
        reply = self._cluster.call(lambda client: client.indices.refresh(index=self.index))
        if reply["_shards"]["failed"]:
            raise EngineError(
                "a copy of the index did not take part in the write; nothing was changed.",
                self._cluster.place,
                "Run it again when the cluster is green.",
            )

    def _forget(self, number: int) -> None:
        """Remove the rows of a write that failed, if the cluster lets us; nobody sees them."""
        with contextlib.suppress(CoproArchiveError):
            self._refresh()
            self._delete({"term": {"born": number}})

    def _remove_dead(self, commit: CommitPoint) -> None:
        """Remove rows that died a while ago or were never born; the next write tries it again."""
        old = [int(n) for n, when in commit.times.items() if when < time.time() - GRACE_SECONDS]
        limit = max(old, default=0)
        abandoned = list(commit.abandoned)
        died = {"range": {"died": {"lte": limit}}}
        # A row that died in an abandoned write is alive.
        dead = {"bool": {"filter": [died], "must_not": [{"terms": {"died": abandoned}}]}}
        old_terms = [{"term": {"kind": "terms"}}, {"range": {"born": {"lt": limit}}}]
        with contextlib.suppress(CoproArchiveError):
            while self._delete(dead):
                self._refresh()
            self._delete({"bool": {"filter": old_terms}})
            self._delete({"terms": {"born": abandoned}})

    def _delete(self, query: dict[str, Any]) -> int:
        """Delete rows, SCAN_ROWS at most, and what is stored with them; return how many rows.

        The module that deletes by query is not in every cluster.
        """
        rows = self._ids_of(query)
        stored: list[str] = []
        for start in range(0, len(rows), 1_000):
            stored += self._ids_of({"terms": {"row": rows[start : start + 1_000]}})
        # What is stored goes first: were this stopped, the rows would still tell of it.
        self._bulk(({"delete": {"_id": row}}, b"") for row in [*stored, *rows])
        return len(rows)

    def _ids_of(self, query: dict[str, Any]) -> list[str]:
        """Return ids of rows, SCAN_ROWS at most."""
        body = {"query": query, "size": SCAN_ROWS, "_source": False, "sort": ["_doc"]}
        return [hit["_id"] for hit in self._cluster.search(self.index, body)["hits"]["hits"]]


def _size_of(row: Row) -> int:
    """Return about how many bytes of memory a row takes."""
    texts = (text for value in row.values() if isinstance(value, list) for text in value)
    data = row.get("data", {}).get("bytes", "")
    return 1_000 + len(data) + sum(map(len, texts))


def _chunks(items: Iterable[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    """Yield items in lists of some length."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _packed(terms: dict[str, int]) -> str:
    data = json.dumps(terms, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(data)).decode()
