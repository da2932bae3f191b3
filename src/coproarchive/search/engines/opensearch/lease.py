"""The lock that all machines share: a row on the cluster that its holder keeps alive.

No clocks are compared: who waits sees whether the row changes. A holder that is held up for longer
than LEASE_SECONDS loses the lock; what it writes then is refused by the commit document, which
moves by compare-and-set (commit.py).
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import CoproArchiveError, EngineError, LockedError
from coproarchive.search.engines.opensearch.cluster import Cluster
from coproarchive.search.engines.opensearch.state import SmallIndex

LEASE_SECONDS = 15.0
"""A lock whose holder does not change its row for so long is free."""
BEAT_SECONDS = 3.0
WAIT_SECONDS = 30.0
LOCK_ID = "lock"


class Lease:
    """A lock held by one process at a time.

    Args:
        cluster: where it is.
        state: the index that the row is in.
        lease_seconds: see LEASE_SECONDS.
        wait_seconds: see WAIT_SECONDS.
    """

    def __init__(
        self,
        cluster: Cluster,
        state: SmallIndex,
        lease_seconds: float = LEASE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ):
        self._cluster = cluster
        self._state = state
        self._lease_seconds = lease_seconds
        self._wait_seconds = wait_seconds
        self._owner = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex}"
        self._version: tuple[int, int] | None = None
        self._changing = threading.Lock()

    @property
    def is_held(self) -> bool:
        """Whether this process took the lock and did not give it back."""
        return self._version is not None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            LockedError: another process holds it.
        """
        self._acquire()
        stop = threading.Event()
        beats = threading.Thread(target=self._beat, args=(stop,), daemon=True)
        beats.start()
        try:
            yield
        finally:
            stop.set()
            beats.join()
            self._release()

    def confirm(self) -> None:
        """Make sure that the lock is still held.

        Raises:
            EngineError: it is not.
        """
        with self._changing:
            if self._version is not None:
                with contextlib.suppress(exceptions.ConflictError):
                    self._version = self._put(self._version)
                    return
        raise EngineError(
            "this process was held up, and another took over the update; nothing was changed.",
            self._cluster.place,
            "Run it again.",
        )

    def _acquire(self) -> None:
        self._state.create()
        end = time.monotonic() + self._wait_seconds
        seen: tuple[int, int] | None = None
        seen_at = 0.0
        while True:
            row = self._get()
            version = (row["_seq_no"], row["_primary_term"]) if row else None
            if version != seen:
                seen, seen_at = version, time.monotonic()
            is_free = version is None or time.monotonic() - seen_at > self._lease_seconds
            if is_free:
                with contextlib.suppress(exceptions.ConflictError):
                    self._version = self._put(version)
                    return
                row = self._get()
                if row and row["_source"].get("owner") == self._owner:
                    # Ours: the answer was lost with a node.
                    self._version = (row["_seq_no"], row["_primary_term"])
                    return
            elif time.monotonic() > end:
                raise self._is_held(row)
            time.sleep(0.2)

    def _is_held(self, row: dict[str, Any] | None) -> LockedError:
        holder = row["_source"].get("owner", "").split(" ") if row else []
        where = f" (on {holder[0]}, process {holder[1]})" if len(holder) > 1 else ""
        return LockedError(
            f"another process is updating the index{where}.",
            self._cluster.place,
            "Wait for it, then try again.",
        )

    def _get(self) -> dict[str, Any] | None:
        def request(client: OpenSearch) -> dict[str, Any] | None:
            try:
                row: dict[str, Any] = client.get(index=self._state.name, id=LOCK_ID)
            except exceptions.NotFoundError:
                return None
            return row

        row: dict[str, Any] | None = self._cluster.call(request)
        return row

    def _put(self, before: tuple[int, int] | None) -> tuple[int, int]:
        """Write the row if it is as it was; return its new version."""
        row = {"owner": self._owner, "beat": uuid.uuid4().hex}
        condition: dict[str, Any] = {"op_type": "create"}
        if before is not None:
            condition = {"if_seq_no": before[0], "if_primary_term": before[1]}
        reply = self._cluster.call(
            lambda client: client.index(index=self._state.name, id=LOCK_ID, body=row, **condition)
        )
        return reply["_seq_no"], reply["_primary_term"]

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(min(BEAT_SECONDS, self._lease_seconds / 4)):
            with contextlib.suppress(CoproArchiveError):
                self.confirm()

    def _release(self) -> None:
        with self._changing:
            version, self._version = self._version, None
        if version is None:
            return

        def request(client: OpenSearch) -> None:
            with contextlib.suppress(exceptions.NotFoundError, exceptions.ConflictError):
                client.delete(
                    index=self._state.name,
                    id=LOCK_ID,
                    params={"if_seq_no": version[0], "if_primary_term": version[1]},
                )

        # Where the cluster is gone, the lock ends by itself.
        with contextlib.suppress(CoproArchiveError):
            self._cluster.call(request)
