"""What all servers share beside documents: the lock's row, counted searches, and their index."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import CoproArchiveError
from coproarchive.search.engines.opensearch.cluster import Cluster, Reply, create_index
from coproarchive.search.engines.tally import Tally


class SmallIndex:
    """An index with one shard, whose rows are read by their id.

    Args:
        cluster: where it is.
        name: of the index.
        replicas: copies of the shard.
        properties: mapping of the fields that are searched.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        replicas: int,
        properties: Mapping[str, Any] = MappingProxyType({}),
    ):
        self.name = name
        self._cluster = cluster
        self._replicas = replicas
        self._properties = properties
        self._is_there = False

    def create(self) -> None:
        """Create the index where it is not there yet."""
        if self._is_there:
            return
        body = {
            "settings": {"number_of_shards": 1, "number_of_replicas": self._replicas},
            "mappings": {"dynamic": False, "properties": dict(self._properties)},
        }
        create_index(self._cluster, self.name, body)
        self._is_there = True

    def delete(self) -> None:
        """Delete the index with all its rows, where it is there."""
        self._is_there = False
        self._cluster.call(
            lambda client: client.indices.delete(index=self.name, ignore_unavailable=True)
        )


TALLY_FIELDS = {"words": {"type": "keyword"}, "count": {"type": "long"}}
"""Fields of a counted search; the lock's row has others, which are not searched."""


class ClusterTally(Tally):
    """Counts in rows of the state index; counts of all servers add up.

    Args:
        cluster: where it is.
        state: the index.
    """

    def __init__(self, cluster: Cluster, state: SmallIndex):
        self._cluster = cluster
        self._state = state

    def add(self, words: str) -> None:
        """See Tally.add; where the cluster does not answer, it is not counted."""
        body = {
            "script": {"source": "ctx._source.count += 1"},
            "upsert": {"words": words, "count": 1},
        }
        row = "search " + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
        with contextlib.suppress(CoproArchiveError, exceptions.ConflictError):
            self._state.create()
            self._cluster.call(
                lambda client: client.update(
                    index=self._state.name, id=row, body=body, params={"retry_on_conflict": 3}
                )
            )

    def most(self, number: int) -> list[tuple[str, int]]:
        """See Tally.most."""
        body = {
            "query": {"exists": {"field": "count"}},
            "sort": [{"count": "desc"}, "words"],
            "size": number,
        }

        def request(client: OpenSearch) -> Reply:
            client.indices.refresh(index=self._state.name)
            reply: Reply = client.search(index=self._state.name, body=body)
            return reply

        with contextlib.suppress(CoproArchiveError):
            self._state.create()
            rows = [hit["_source"] for hit in self._cluster.call(request)["hits"]["hits"]]
            return [(row["words"], row["count"]) for row in rows]
        return []
