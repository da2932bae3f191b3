"""Extracted texts on the cluster: what one server read, the others need not read again."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Collection, Sequence

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import CoproArchiveError
from coproarchive.extract.blobs import Blobs, Key
from coproarchive.search.engines.opensearch.cluster import Cluster, Row
from coproarchive.search.engines.opensearch.state import SmallIndex

WAITING_BYTES = 4 << 20
MAX_BLOB = 64 << 20
"""Bytes of a text: OpenSearch takes requests of 100 MB. A larger one each server reads itself."""

ROWS_AT_ONCE = 1_000
"""Rows that are asked for in one request."""


class ClusterTexts(Blobs):
    """Rows by hash of the file and kind of reader; see Blobs. Thread-safe.

    Where the cluster does not answer, nothing is stored: texts are read from the files again.

    Args:
        cluster: where the index is.
        index: of texts alone.
    """

    def __init__(self, cluster: Cluster, index: SmallIndex):
        self._cluster = cluster
        self._index = index
        self._waiting: dict[Key, bytes] = {}
        self._lock = threading.Lock()

    def get(self, sha256: str, reader: str) -> bytes | None:
        """See Blobs.get."""
        row = self._row(sha256, reader)
        return base64.b64decode(row["bytes"]) if row and row["reader"] == reader else None

    def others(self, sha256: str, reader: str) -> list[bytes]:
        """See Blobs.others: the one by another version, if there is one."""
        row = self._row(sha256, reader)
        return [base64.b64decode(row["bytes"])] if row and row["reader"] != reader else []

    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """See Blobs.missing."""
        with self._lock:
            present = set(self._waiting)
        for start in range(0, len(keys), ROWS_AT_ONCE):
            ids = {_row_id(*key): key for key in keys[start : start + ROWS_AT_ONCE]}
            with contextlib.suppress(CoproArchiveError):
                rows = self._cluster.rows(self._index.name, list(ids), ["reader"])
                present |= {ids[i] for i, row in rows.items() if row["reader"] == ids[i][1]}
        return [key for key in keys if key not in present]

    def put(self, sha256: str, reader: str, data: bytes) -> None:
        """See Blobs.put."""
        if len(data) > MAX_BLOB:
            return
        with self._lock:
            self._waiting[sha256, reader] = data
            is_full = sum(map(len, self._waiting.values())) > WAITING_BYTES
        if is_full:
            self.flush()

    def keep_only(self, hashes: Collection[str], reader: str) -> None:
        """See Blobs.keep_only. All go: each server has its own beside it, from which they come."""
        with self._lock:
            self._waiting.clear()
        with contextlib.suppress(CoproArchiveError):
            self._index.delete()

    def flush(self) -> None:
        """See Blobs.flush."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        lines = []
        for (sha256, reader), data in waiting.items():
            lines.append(json.dumps({"index": {"_id": _row_id(sha256, reader)}}))
            lines.append(json.dumps({"reader": reader, "bytes": base64.b64encode(data).decode()}))
        body = "\n".join([*lines, ""])
        with contextlib.suppress(CoproArchiveError):
            self._index.create()
            self._cluster.call(lambda client: client.bulk(index=self._index.name, body=body))

    def close(self) -> None:
        """See Blobs.close."""
        self.flush()

    def _row(self, sha256: str, reader: str) -> Row | None:
        def request(client: OpenSearch) -> Row | None:
            try:
                row: Row = client.get(index=self._index.name, id=_row_id(sha256, reader))["_source"]
            except exceptions.NotFoundError:
                return None
            return row

        with contextlib.suppress(CoproArchiveError):
            row: Row | None = self._cluster.call(request)
            return row
        return None


def _row_id(sha256: str, reader: str) -> str:
    """Return the id of a text: that of a newer version of its reader ("pdf-3") is the same."""
    return f"{sha256} {reader.rpartition('-')[0] or reader}"
