"""The commit document: which rows a reader sees.

A bulk of OpenSearch is not carried out as a whole, and a point in time dies with its node. So every
write has a number, rows say in which write they were born and died, and one document names the last
write that was completed; it moves by compare-and-set. A write that stops half-way has a number that
no commit names: its rows are never seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.engines.opensearch.cluster import Cluster

COMMIT_ID = "commit"


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """What the commit document says.

    Attributes:
        number: of the last completed write, 0 before the first.
        next: the number of the next write.
        abandoned: numbers below `number` of writes that were never completed.
        documents: number of documents.
        lengths: text field -> mean length in words of the documents that have it.
        term_rows: in how many rows the vocabulary is.
        times: number -> when it was completed, seconds since 1970 by the writer's clock.
        token: of the writer who wrote this, so that it knows its own.
    """

    number: int = 0
    next: int = 1
    abandoned: tuple[int, ...] = ()
    documents: int = 0
    lengths: Mapping[str, float] = field(default_factory=dict)
    term_rows: int = 0
    times: Mapping[str, float] = field(default_factory=dict)
    token: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> CommitPoint:
        """Make the commit from what is stored."""
        return cls(**{**data, "abandoned": tuple(data["abandoned"])})

    @property
    def data(self) -> dict[str, Any]:
        """What is stored."""
        return asdict(self)

    def alive(self) -> dict[str, Any]:
        """Return the query for the rows of documents that this commit has."""
        died: list[dict[str, Any]] = [{"range": {"died": {"gt": self.number}}}]
        query: dict[str, Any] = {
            "filter": [{"term": {"kind": "item"}}, {"range": {"born": {"lte": self.number}}}]
        }
        if self.abandoned:
            abandoned = list(self.abandoned)
            died.append({"terms": {"died": abandoned}})
            query["must_not"] = [{"terms": {"born": abandoned}}]
        query["filter"].append({"bool": {"should": died, "minimum_should_match": 1}})
        return {"bool": query}

    def reserving(self, token: str) -> CommitPoint:
        """Return the commit document after a writer took the next number."""
        return replace(self, next=self.next + 1, token=token)

    def completing(self, number: int, when: float) -> CommitPoint:
        """Return the commit document after the write with this number, but for its figures.

        Args:
            number: of the write.
            when: seconds since 1970.
        """
        abandoned = (*self.abandoned, *range(self.number + 1, number))
        recent = dict(sorted(self.times.items(), key=lambda pair: int(pair[0]))[-20:])
        times = {**recent, str(number): when}
        return replace(self, number=number, abandoned=abandoned, times=times)


@dataclass(frozen=True, slots=True)
class VersionedCommit:
    """A commit document as it was read.

    Attributes:
        index: the concrete index that it is in.
        commit: what it says.
        sequence, term: OpenSearch's sequence number and primary term, for compare-and-set.
    """

    index: str
    commit: CommitPoint
    sequence: int
    term: int


def read_commit(cluster: Cluster, index: str) -> VersionedCommit:
    """Read the commit document of an index or alias, as it is now on the primary shard.

    Raises:
        IndexStateError: there is none.
        EngineError: the cluster did not answer.
    """

    def request(client: OpenSearch) -> dict[str, Any] | None:
        try:
            reply: dict[str, Any] = client.get(index=index, id=COMMIT_ID)
        except exceptions.NotFoundError as error:
            if error.error == "index_not_found_exception":
                raise
            return None
        return reply

    reply = cluster.call(request)
    if reply is None:
        raise IndexStateError(
            "the index on the cluster is not complete.", cluster.place, "Run: coproarchive index"
        )
    commit = CommitPoint.of(reply["_source"]["data"])
    return VersionedCommit(reply["_index"], commit, reply["_seq_no"], reply["_primary_term"])


def write_commit(
    cluster: Cluster, before: VersionedCommit | None, index: str, after: CommitPoint
) -> VersionedCommit:
    """Replace the commit document if nobody else did since it was read; return it as it is now.

    Args:
        cluster: where the index is.
        before: as it was read; None to write the first.
        index: concrete index.
        after: what it will say; with a token of its own.

    Raises:
        EngineError: somebody else did, or the cluster did not answer.
    """
    row = {"kind": "commit", "data": after.data}
    condition: dict[str, Any] = {"op_type": "create"}
    if before is not None:
        condition = {"if_seq_no": before.sequence, "if_primary_term": before.term}
    try:
        reply = cluster.call(
            lambda client: client.index(index=index, id=COMMIT_ID, body=row, **condition)
        )
    except exceptions.ConflictError:
        # The answer to a first attempt may have been lost with a node, and it was carried out.
        now = read_commit(cluster, index)
        if now.commit.token == after.token:
            return now
        raise EngineError(
            "another process wrote to the index at the same time; nothing was changed.",
            cluster.place,
            "Run it again.",
        ) from None
    return VersionedCommit(index, after, reply["_seq_no"], reply["_primary_term"])
