"""What is wrong with a cluster, and what its keeper does about it. Changes nothing there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch

from coproarchive.errors import CoproArchiveError
from coproarchive.model import Severity
from coproarchive.search.engines.opensearch.cluster import Cluster, Reply, check_version
from coproarchive.search.engines.opensearch.lease import BEAT_SECONDS, LOCK_ID
from coproarchive.search.engines.seam import ServerFault, ServerOptions

ASK_SECONDS = 5.0
"""How long one node is waited for."""
MOST_CLAUSES = 16_384
"""Parts that a question of coproarchive's may have; see docs/operate/cluster.md."""
DEFAULT_CLAUSES = 1_024
"""What OpenSearch allows where nothing is set (IndexSearcher.getMaxClauseCount)."""
FLOOD_STAGE = 0.95
"""Part of a disk that is used when OpenSearch stops writing, by default."""
HIGH_WATERMARK = 0.90
_CLAUSES = "indices.query.bool.max_clause_count"


def faults_of(options: ServerOptions) -> Iterator[ServerFault]:
    """Yield what is wrong, what stops the archive first.

    Args:
        options: of the cluster; each of its addresses is asked.
    """
    silent, answering = _addresses(options)
    severity = Severity.WARNING if answering else Severity.ERROR
    yield from (_fault(error, severity) for error in silent)
    if not answering:
        return
    with contextlib.closing(Cluster(replace(options, urls=answering), 0.0, ASK_SECONDS)) as cluster:
        for look in (_version, _rights, _shards, _blocks, _disks, _clauses, _lock):
            try:
                yield from look(cluster, options)
            except CoproArchiveError as error:
                yield _fault(error, Severity.ERROR)


def _addresses(options: ServerOptions) -> tuple[list[CoproArchiveError], tuple[str, ...]]:
    """Ask each address; return why some do not answer, and those that do."""
    silent, answering = [], []
    for url in options.urls:
        with contextlib.closing(Cluster(replace(options, urls=(url,)), 0.0, ASK_SECONDS)) as node:
            try:
                node.call(lambda client: client.info())
                answering.append(url)
            except CoproArchiveError as error:
                silent.append(error)
    return silent, tuple(answering)


def _fault(error: CoproArchiveError, severity: Severity) -> ServerFault:
    where = f"{error.path}: " if error.path else ""
    return ServerFault(severity, f"{where}{error.message}", error.hint or "")


def _version(cluster: Cluster, _: ServerOptions) -> Iterator[ServerFault]:
    """Yield that the cluster is no OpenSearch, or too old, or of several versions."""
    check_version(cluster)
    versions = {node["version"] for node in _nodes(cluster, "nodes.*.version")}
    if len(versions) > 1:
        message = f"its nodes are of several versions: {', '.join(sorted(versions))}."
        yield ServerFault(Severity.WARNING, message, "Upgrade the others, one after another.")


def _rights(cluster: Cluster, options: ServerOptions) -> Iterator[ServerFault]:
    """Yield which of the rights to read are missing; those to write show when it is written."""
    name = options.index
    requests: tuple[Callable[[OpenSearch], Any], ...] = (
        lambda client: client.indices.get_alias(index=f"{name}*"),
        lambda client: client.indices.get_mapping(index=f"{name}*"),
        lambda client: client.search(index=f"{name}*", body={"size": 0}),
    )
    for request in requests:
        try:
            cluster.call(request)
        except CoproArchiveError as error:
            yield _fault(error, Severity.ERROR)


def _shards(cluster: Cluster, options: ServerOptions) -> Iterator[ServerFault]:
    """Yield that shards of this archive's indexes are missing (red) or have no replica (yellow)."""
    health: Reply = cluster.call(lambda c: c.cluster.health(index=f"{options.index}*"))
    missing = health["unassigned_shards"]
    if health["status"] == "red":
        yield ServerFault(
            Severity.ERROR,
            f"the cluster is red: of {missing} shards no node has the data.",
            "Bring the lost node back; if it is lost for ever: coproarchive index --rebuild",
        )
    elif health["status"] == "yellow":
        hint = "Wait; if it stays so, ask the cluster why: GET _cluster/allocation/explain"
        if health["number_of_data_nodes"] <= options.replicas:
            hint = "Add a node; or set COPROARCHIVE_OPENSEARCH_REPLICAS to less than the nodes " \
                   "there are, and run: coproarchive index --rebuild"  # fmt: skip
        message = f"the cluster is yellow: {missing} replicas are nowhere; a lost node loses more."
        yield ServerFault(Severity.WARNING, message, hint)


def _blocks(cluster: Cluster, options: ServerOptions) -> Iterator[ServerFault]:
    """Yield which indexes take no writes, or that the whole cluster takes none."""
    blocked: Mapping[str, Any] = cluster.call(
        lambda c: c.indices.get_settings(index=f"{options.index}*", flat_settings=True)
    )
    for index, answer in sorted(blocked.items()):
        yield from _blocks_in(index, answer["settings"], "index.blocks.")
    settings: Mapping[str, Any] = cluster.call(lambda c: c.cluster.get_settings(flat_settings=True))
    for scope in ("persistent", "transient"):
        yield from _blocks_in("the cluster", settings[scope], "cluster.blocks.")


def _blocks_in(what: str, settings: Mapping[str, Any], prefix: str) -> Iterator[ServerFault]:
    """Yield the blocks that are set among the settings of an index, or of the cluster."""
    for name in (n for n in settings if n.startswith(prefix) and str(settings[n]) == "true"):
        hint = f"Somebody set {name}; take it back in the cluster's settings."
        if name.endswith(("allow_delete", "create_index.auto_release")):
            hint = "Make room on the disks of its nodes; OpenSearch then opens it again by itself."
        yield ServerFault(Severity.ERROR, f"{what} takes no writes ({name}).", hint)


def _disks(cluster: Cluster, _: ServerOptions) -> Iterator[ServerFault]:
    """Yield which nodes' disks are nearly full."""
    stats: Reply = cluster.call(lambda c: c.nodes.stats(metric="fs"))
    for node in stats["nodes"].values():
        total = node["fs"]["total"]
        if total.get("total_in_bytes", 0) <= 0:
            continue
        used = 1 - total["available_in_bytes"] / total["total_in_bytes"]
        if used >= HIGH_WATERMARK:
            message = (
                f"the disk of node {node['name']} is {used:.0%} full; "
                f"at {FLOOD_STAGE:.0%} nothing is written any more."
            )
            yield ServerFault(Severity.WARNING, message, "Make room there, or add a node.")


def _clauses(cluster: Cluster, _: ServerOptions) -> Iterator[ServerFault]:
    """Yield that long questions will be refused."""
    settings: Reply = cluster.call(lambda c: c.cluster.get_settings(flat_settings=True))
    of_cluster = settings["transient"].get(_CLAUSES) or settings["persistent"].get(_CLAUSES)
    limits = [of_cluster] if of_cluster else [
        _setting(node.get("settings", {})) for node in _nodes(cluster, "nodes.*.settings.indices")
    ]  # fmt: skip
    least = min((int(limit or DEFAULT_CLAUSES) for limit in limits), default=DEFAULT_CLAUSES)
    if least < MOST_CLAUSES:
        yield ServerFault(
            Severity.WARNING,
            f"a question may have {least:,} parts; one of sixty words needs {MOST_CLAUSES:,}.",
            f"Set {_CLAUSES}: {MOST_CLAUSES} in opensearch.yml of every node, and restart it.",
        )


def _setting(settings: Mapping[str, Any]) -> str | None:
    """Return a node's own limit of clauses, None where its opensearch.yml has none."""
    inner: Any = settings
    for key in _CLAUSES.split("."):
        inner = inner.get(key) if isinstance(inner, Mapping) else None
    return inner if isinstance(inner, str) else None


def _nodes(cluster: Cluster, filter_path: str) -> list[Mapping[str, Any]]:
    """Return what the nodes say of themselves, as far as filter_path names it."""
    reply: Reply = cluster.call(lambda c: c.nodes.info(filter_path=filter_path))
    return list(reply.get("nodes", {}).values())


def _lock(cluster: Cluster, options: ServerOptions) -> Iterator[ServerFault]:
    """Yield who updates the index, and whether that process is alive: it renews its row."""
    before = _lease(cluster, options)
    if before is None:
        return
    host, process = [*before["owner"].split(" "), "?", "?"][:2]
    time.sleep(BEAT_SECONDS + 1)
    after = _lease(cluster, options)
    if after is None:
        return
    if after["beat"] != before["beat"]:
        message = f"process {process} on {host} is updating the index."
        yield ServerFault(Severity.NOTE, message, "Others wait until it is done.")
    else:
        message = f"process {process} on {host} ended while it updated the index."
        yield ServerFault(Severity.NOTE, message, "Run: coproarchive index; it takes over.")


def _lease(cluster: Cluster, options: ServerOptions) -> Mapping[str, Any] | None:
    """Return the lock's row, None where nobody holds it."""
    rows = cluster.rows(f"{options.index}-state", [LOCK_ID], ["owner", "beat"])
    return rows.get(LOCK_ID)
