"""Generations on a cluster: an alias names the current one, and moves at once.

NAME-1, NAME-2    generations: an index each
NAME              alias of the current one
NAME-state        the lock, see lease.py
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import CoproArchiveError, EngineError, IndexStateError
from coproarchive.search.engines.opensearch.cluster import Cluster, check_version, create_index
from coproarchive.search.engines.opensearch.commit import CommitPoint, write_commit
from coproarchive.search.engines.opensearch.engine import FRESH_SECONDS, OpenSearchEngine
from coproarchive.search.engines.opensearch.health import faults_of
from coproarchive.search.engines.opensearch.lease import Lease
from coproarchive.search.engines.opensearch.mapping import fingerprint, index_body
from coproarchive.search.engines.opensearch.state import TALLY_FIELDS, ClusterTally, SmallIndex
from coproarchive.search.engines.opensearch.texts import ClusterTexts
from coproarchive.search.engines.seam import (
    IndexStorage,
    SearchEngine,
    ServerFault,
    ServerOptions,
)

RUN_INDEX = "Run: coproarchive index"


class OpenSearchStorage(IndexStorage):
    """Generations on a cluster, see IndexStorage.

    Args:
        root: folder of what this machine derives; nothing of the index is in it.
        options: of the cluster.
    """

    def __init__(self, root: Path, options: ServerOptions):
        super().__init__(root)
        if not options.urls:
            raise EngineError(
                "the engine opensearch needs the address of a cluster.",
                hint="Set COPROARCHIVE_OPENSEARCH_URL, such as https://search.example.org:9200",
            )
        self._options = options
        self._alias = options.index
        self._cluster = Cluster(options)
        self._state = SmallIndex(
            self._cluster, f"{options.index}-state", options.replicas, TALLY_FIELDS
        )
        self._lease = Lease(self._cluster, self._state)
        self._looked: tuple[float, str | None] = (0.0, None)
        self._is_known = False

    def open(self) -> OpenSearchEngine:
        """See IndexStorage.open."""
        if refusal := self.refusal():
            raise refusal
        index = self._current()
        assert index is not None
        self._looked = (time.monotonic(), index)
        engine = OpenSearchEngine(self._cluster, index)
        engine.snapshot()
        return engine

    def refusal(self) -> IndexStateError | None:
        """See IndexStorage.refusal."""
        index = self._current()
        if index is None:
            return IndexStateError("there is no index yet.", self._cluster.place, RUN_INDEX)
        mapping = self._cluster.call(lambda client: client.indices.get_mapping(index=index))
        made_by = mapping.get(index, {}).get("mappings", {}).get("_meta", {}).get("fingerprint")
        if made_by != fingerprint():
            message = "the index was made by another version of this software."
            return IndexStateError(message, self._cluster.place, RUN_INDEX)
        return None

    @property
    def place(self) -> str:
        """See IndexStorage.place."""
        return f"{self._cluster.place}, index {self._alias}"

    def server_faults(self) -> list[ServerFault]:
        """See IndexStorage.server_faults."""
        return list(faults_of(self._options))

    def is_current(self, engine: SearchEngine) -> bool:
        """See IndexStorage.is_current; another process's rebuild shows after FRESH_SECONDS."""
        looked, index = self._looked
        if time.monotonic() - looked > FRESH_SECONDS:
            index = self._current()
            self._looked = (time.monotonic(), index)
        return isinstance(engine, OpenSearchEngine) and engine.index == index

    @contextlib.contextmanager
    def rebuilding(self) -> Iterator[OpenSearchEngine]:
        """See IndexStorage.rebuilding."""
        if not self._is_known:
            check_version(self._cluster)
            self._is_known = True
        before = self._current()
        numbers = map(self._number_of, self._generations())
        index = f"{self._alias}-g{max(numbers, default=0) + 1}"
        body = index_body(self._options.shards, self._options.replicas)
        create_index(self._cluster, index, body)
        try:
            write_commit(self._cluster, None, index, CommitPoint(token=index))
            yield OpenSearchEngine(self._cluster, index)
            if self._lease.is_held:
                self._lease.confirm()
            self._move_alias(before, index)
        except BaseException:
            with contextlib.suppress(CoproArchiveError):
                self._remove(index)
            raise
        self._looked = (time.monotonic(), index)

    def tally(self) -> ClusterTally:
        """See IndexStorage.tally."""
        return ClusterTally(self._cluster, self._state)

    def texts(self) -> ClusterTexts:
        """See IndexStorage.texts."""
        index = SmallIndex(self._cluster, f"{self._alias}-texts", self._options.replicas)
        return ClusterTexts(self._cluster, index)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """See IndexStorage.lock."""
        with self._lease.held():
            current = self._current()
            for index in self._generations():
                if index != current:
                    self._remove(index)
            yield

    def _current(self) -> str | None:
        """Return the index that the alias names, None where there is none."""

        def request(client: OpenSearch) -> list[str]:
            try:
                return list(client.indices.get_alias(name=self._alias))
            except exceptions.NotFoundError:
                return []

        indexes: list[str] = self._cluster.call(request)
        return max(indexes, key=self._number_of) if indexes else None

    def _generations(self) -> list[str]:
        """Return every generation, those that killed rebuilds left among them."""
        reply = self._cluster.call(
            lambda client: client.indices.get(index=f"{self._alias}-g*", expand_wildcards="open")
        )
        return [index for index in reply if self._number_of(index)]

    def _number_of(self, index: str) -> int:
        """Return the number of a generation; 0 for indexes of others."""
        match = re.fullmatch(rf"{re.escape(self._alias)}-g(\d+)", index)
        return int(match[1]) if match else 0

    def _move_alias(self, before: str | None, index: str) -> None:
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self._alias}}]
        if before is not None:
            actions.append({"remove": {"index": before, "alias": self._alias}})
        self._cluster.call(lambda client: client.indices.update_aliases(body={"actions": actions}))

    def _remove(self, index: str) -> None:
        self._cluster.call(
            lambda client: client.indices.delete(index=index, ignore_unavailable=True)
        )
