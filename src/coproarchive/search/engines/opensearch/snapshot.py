"""Reading: the documents of one commit."""

from __future__ import annotations

import base64
import bisect
import json
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

from coproarchive.errors import EngineError, IndexStateError
from coproarchive.search.cache import Cache
from coproarchive.search.engines.leaves import answering_leaves
from coproarchive.search.engines.opensearch.cluster import Cluster, Reply, Row
from coproarchive.search.engines.opensearch.commit import CommitPoint
from coproarchive.search.engines.opensearch.mapping import (
    is_stored_id,
    places_in,
    row_id,
    stored_id,
)
from coproarchive.search.engines.opensearch.queries import (
    OsQuery,
    QueryBuilder,
    TermGroup,
    groups_of,
    has_one_of,
    rounded,
)
from coproarchive.search.engines.seam import (
    Occurrence,
    Occurrences,
    Request,
    Response,
    Snapshot,
)
from coproarchive.search.language.analysis import EXACT, LEAF_BITS
from coproarchive.search.language.fields import LEAF_FIELDS, TEXT_FIELDS
from coproarchive.search.language.query_tree import MAX_EXPANSIONS, Node
from coproarchive.search.language.ranking import PLACES

MAX_EXCLUDED = 65_536
"""Ids in a query: OpenSearch takes no more."""
MOST_COUNTED = 30
"""Documents whose leaves are counted: their texts are read for it, as those of hits are."""
MAX_VALUES = 65_535
"""Values of a facet that are counted: OpenSearch's search.max_buckets."""
SCAN_ROWS = 10_000
"""Rows of a reply when all are read."""
SCAN_STORED = 1_000
CACHED_ROWS = 64 << 20
"""Bytes cached of the rows of documents; rows never change."""


class _Indexed(NamedTuple):
    """A document: its digest, and the number of the write that made its row."""

    digest: str
    born: int


class OpenSearchSnapshot(Snapshot):
    """The documents of one commit. Thread-safe.

    Args:
        cluster: where the index is.
        index: concrete index.
        commit: which rows are seen, and figures of them.
        rows: cache of rows, shared by the snapshots of an engine.
    """

    def __init__(self, cluster: Cluster, index: str, commit: CommitPoint, rows: Cache[Row]):
        self.commit = commit
        self._cluster = cluster
        self._index = index
        self._rows = rows
        self._frequencies: dict[TermGroup, int] = {}
        self._lock = threading.Lock()

    # --------------------------------------------------------- known of a commit

    def digests(self) -> Mapping[str, str]:
        """See Snapshot.digests."""
        return {document_id: indexed.digest for document_id, indexed in self._indexed.items()}

    @cached_property
    def _indexed(self) -> dict[str, _Indexed]:
        body = {"query": self.commit.alive(), "sort": ["id"], "docvalue_fields": ["digest", "born"]}
        indexed = {}
        for hit in self._scan(body, SCAN_ROWS):
            fields = hit["fields"]
            indexed[hit["sort"][0]] = _Indexed(fields["digest"][0], fields["born"][0])
        if len(indexed) != self.commit.documents:
            # Rows that died long ago are removed: this snapshot is too old to be read.
            raise _moved_on(self._cluster)
        return indexed

    def _scan(self, body: dict[str, Any], size: int, *, source: object = False) -> Iterator[Reply]:
        """Yield every hit of a search that is sorted by something unique."""
        body = {**body, "size": size, "track_total_hits": False}
        body |= {"_source": source} if source else {"stored_fields": "_none_"}
        while hits := self._cluster.search(self._index, body)["hits"]["hits"]:
            yield from hits
            if len(hits) < size:
                return
            body["search_after"] = hits[-1]["sort"]

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        """Term -> number of documents with it in any text field, in alphabetical order."""
        ids = [f"{self.commit.number}/terms/{part}" for part in range(self.commit.term_rows)]
        rows = self._cluster.rows(self._index, ids, ["data"])
        if len(rows) != len(ids):
            raise _moved_on(self._cluster)
        vocabulary: dict[str, int] = {}
        for part in ids:
            packed = base64.b64decode(rows[part]["data"]["bytes"])
            vocabulary |= json.loads(zlib.decompress(packed))
        return vocabulary

    @cached_property
    def _words(self) -> list[str]:
        return _words_of(self._vocabulary)

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """See Snapshot.words."""
        exclude = exclude & self._indexed.keys()
        if not exclude:
            return self._words
        return _words_of(read_vocabulary(self._cluster, self._index, self._alive(exclude)))

    def frequencies(
        self, terms: Iterable[str], exclude: frozenset[str] = frozenset()
    ) -> dict[str, int]:
        """See Snapshot.frequencies."""
        terms = list(dict.fromkeys(terms))
        vocabulary = self._vocabulary
        exclude = exclude & self._indexed.keys()
        counted = [term for term in terms if term in vocabulary] if exclude else []
        frequencies = {term: vocabulary.get(term, 0) for term in terms}
        if counted:
            queries = {str(n): has_one_of((t,), TEXT_FIELDS) for n, t in enumerate(counted)}
            counts = self._counts(queries, exclude)
            frequencies |= {term: counts[str(n)] for n, term in enumerate(counted)}
        return frequencies

    # ------------------------------------------------------------------ searching

    def search(self, request: Request) -> Response:
        """See Snapshot.search: two requests at most."""
        everywhere = self._prepare(request)
        node, fallback = request.node, request.fallback
        used_fallback = fallback is not None and not everywhere
        is_filled = (
            fallback is not None
            and 0 < everywhere < request.fallback_below
            and request.sort == "relevance"
        )
        if fallback is not None and used_fallback:
            node = fallback
        ranked = self._builder.query(fallback if is_filled and fallback is not None else node)
        matching = self._builder.query(node, scored=False)
        bodies_of = _SearchBodies(request, self._alive(request.exclude), ranked)
        bodies = [bodies_of.body(only=[matching] if is_filled else [], facets=request.facets)]
        if is_filled:
            # From the first on: how many of them are on the page, the other reply says.
            bodies.append(bodies_of.body(never=[matching]))
        reply, *near = self._cluster.search_many(self._index, bodies)
        total = reply["hits"]["total"]["value"]
        hits = _hits(reply)
        near_misses: tuple[tuple[str, float], ...] = ()
        room = request.offset + request.limit - max(total, request.offset)
        if near and room > 0:
            start = max(0, request.offset - total)
            near_misses = _hits(near[0])[start : start + room]
        facets = {
            name: {
                bucket["key"]: bucket["doc_count"]
                for bucket in reply["aggregations"][f"facet {name}"]["values"]["buckets"]
            }
            for name in request.facets
        }
        page = hits[request.offset - bodies_of.first :][: request.limit]
        leaves = self._count_leaves(node, [i for i, _ in hits], total) if bodies_of.counts else None
        return Response(total, page, facets, near_misses, used_fallback, leaves)

    def _count_leaves(self, node: Node, ids: list[str], total: int) -> int | None:
        """Count the leaves that answer a query, where it matches so few documents as are read."""
        if total > MOST_COUNTED:
            return None
        rows = self._fetch(list(self._row_ids(ids).values()))
        return sum(
            len(answering_leaves(node, _positions(row), self._expand)) for row in rows.values()
        )

    @cached_property
    def _builder(self) -> QueryBuilder:
        return QueryBuilder(
            self.commit.documents, self.commit.lengths, self._frequencies, self._expand
        )

    def _expand(self, prefix: str) -> tuple[str, ...]:
        """Return the terms that a prefix stands for."""
        start = bisect.bisect_left(self._words, prefix)
        following = self._words[start : start + MAX_EXPANSIONS]
        return tuple(EXACT + word for word in following if word.startswith(prefix))

    def _prepare(self, request: Request) -> int:
        """Ask for what scores need and is not known yet.

        Returns:
            How many documents match the request's node, whatever the filters; 0 where there is no
            fallback.
        """
        nodes: list[Node] = [request.node]
        if request.fallback is not None:
            nodes.append(request.fallback)
        groups = set().union(*(groups_of(node, self._expand) for node in nodes))
        unknown = []
        for group in groups - self._frequencies.keys():
            terms, fields = group
            if len(terms) == 1 and fields == TEXT_FIELDS:
                self._frequencies[group] = self._vocabulary.get(terms[0], 0)
            else:
                unknown.append(group)
        queries = {str(n): has_one_of(*group) for n, group in enumerate(unknown)}
        if request.fallback is not None:
            matching = self._builder.query(request.node, scored=False)
            queries["node"] = {"bool": {"filter": [matching, self._alive(request.exclude)]}}
        counts = self._counts(queries, frozenset()) if queries else {}
        self._frequencies.update({group: counts[str(n)] for n, group in enumerate(unknown)})
        return counts.get("node", 0)

    def _counts(self, queries: Mapping[str, OsQuery], exclude: frozenset[str]) -> dict[str, int]:
        """Count the documents of several queries in one request."""
        body = {
            "size": 0,
            "query": self._alive(exclude),
            "aggs": {"counts": {"filters": {"filters": dict(queries)}}},
        }
        buckets = self._cluster.search(self._index, body)["aggregations"]["counts"]["buckets"]
        return {name: bucket["doc_count"] for name, bucket in buckets.items()}

    def _alive(self, exclude: frozenset[str]) -> OsQuery:
        """Return the query for the documents of this commit without those ids."""
        alive = self.commit.alive()
        if exclude:
            if len(exclude) > MAX_EXCLUDED:
                message = f"more than {MAX_EXCLUDED:,} items were hidden or removed since indexing."
                raise EngineError(message, self._cluster.place, "Run: coproarchive index")
            alive["bool"].setdefault("must_not", []).append({"terms": {"id": sorted(exclude)}})
        return alive

    # ----------------------------------------------------------------- documents

    def prefetch(self, ids: Iterable[str], name: str) -> None:
        """See Snapshot.prefetch: one request."""
        rows = self._row_ids(ids).values()
        self._fetch([*rows, *(stored_id(row, name) for row in rows)])

    def occurrences(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> dict[str, Occurrences]:
        """See Snapshot.occurrences."""
        by_term = {term: {term} for term in terms}
        by_prefix = {prefix: set(self._expand(prefix)) for prefix in prefixes}
        row_ids = self._row_ids(ids)
        rows = self._fetch(list(row_ids.values()))
        return {
            document_id: Occurrences(
                _occurrences(rows[row], by_term), _occurrences(rows[row], by_prefix)
            )
            for document_id, row in row_ids.items()
        }

    def stored(self, name: str, ids: Iterable[str] | None = None) -> dict[str, bytes]:
        """See Snapshot.stored."""
        if ids is not None:
            row_ids = self._row_ids(ids)
            rows = self._fetch([stored_id(row, name) for row in row_ids.values()])
            stored = {i: rows[stored_id(row, name)] for i, row in row_ids.items()}
            return {i: _bytes_of(row) for i, row in stored.items() if row}
        alive = {row_id(indexed.born, i): i for i, indexed in self._indexed.items()}
        query = {"bool": {"filter": [{"term": {"kind": "stored"}}, {"term": {"name": name}}]}}
        body = {"query": query, "sort": ["row"]}
        hits = self._scan(body, SCAN_STORED, source=["data"])
        return {
            alive[hit["sort"][0]]: _bytes_of(hit["_source"])
            for hit in hits
            if hit["sort"][0] in alive
        }

    def _row_ids(self, ids: Iterable[str]) -> dict[str, str]:
        indexed = self._indexed
        return {i: row_id(indexed[i].born, i) for i in ids if i in indexed}

    def _fetch(self, ids: list[str]) -> dict[str, Row]:
        """Return id -> row, from the cache or in one request; {} for what a document lacks."""
        rows = {row: cached for row in ids if (cached := self._rows.peek(row)) is not None}
        missing = [row for row in ids if row not in rows]
        fetched = self._cluster.rows(self._index, missing, [*TEXT_FIELDS, "data"])
        for row in missing:
            if row not in fetched and not is_stored_id(row):
                raise _moved_on(self._cluster)
            rows[row] = fetched.get(row, {})
            self._rows.get(row, partial(rows.__getitem__, row))
        return rows


class _SearchBodies:
    """The searches of one request: what they share."""

    def __init__(self, request: Request, alive: OsQuery, ranked: OsQuery):
        self._request = request
        self.counts = request.counts_leaves
        # To count the leaves of few documents, all of them are asked for.
        self.first = 0 if self.counts and request.offset < MOST_COUNTED else request.offset
        self._alive = alive
        self._ranked = ranked
        self._narrowing = {
            name: _narrowed(name, request)
            for name in {**request.filters, **request.without}
            if request.filters.get(name) or request.without.get(name)
        }
        first, last = request.dates
        bounds = ({"gte": first} if first else {}) | ({"lte": last} if last else {})
        self._dates = [{"range": {"date": bounds}}] if bounds else []

    def body(
        self,
        only: Iterable[OsQuery] = (),
        never: Iterable[OsQuery] = (),
        facets: tuple[str, ...] | None = None,
    ) -> dict[str, Any]:
        """Return the body of a search.

        Args:
            only, never: what hits match and do not match, beside the ranked query.
            facets: to be counted; None for the near misses, all of them up to the page's end.
        """
        request = self._request
        clauses = {
            "must": self._ranked,
            "filter": [self._alive, *only],
            "must_not": list(never),
        }
        newest = {"date": {"order": "desc", "missing": "_last"}}
        sort = {
            "relevance": ["_score", newest, "id"],
            "date": [newest, "id"],
            "title": ["title_order", "id"],
        }[request.sort]
        body: dict[str, Any] = {
            "query": rounded({"bool": clauses}),
            # Nothing is fetched: a hit's id is what it is sorted by last.
            "stored_fields": "_none_",
            "sort": sort,
            "track_scores": True,
            "post_filter": {"bool": {"filter": [*self._dates, *self._narrowing.values()]}},
        }
        if facets is None:
            return {**body, "size": request.offset + request.limit, "track_total_hits": False}
        aggregations = {f"facet {name}": self._counting(name) for name in facets}
        size = max(request.offset + request.limit, MOST_COUNTED * self.counts) - self.first
        page = {"from": self.first, "size": size, "track_total_hits": True}
        return {**body, **page, "aggs": aggregations}

    def _counting(self, name: str) -> dict[str, Any]:
        """Return the aggregation that counts a facet as if nothing were chosen in it."""
        others = [query for other, query in self._narrowing.items() if other != name]
        return {
            "filter": {"bool": {"filter": [*self._dates, *others]}},
            "aggs": {"values": {"terms": {"field": f"facet.{name}", "size": MAX_VALUES}}},
        }


def _narrowed(name: str, request: Request) -> OsQuery:
    """Return the query for documents that pass the request's choice in a facet."""
    field = f"facet.{name}"
    chosen, excluded = request.filters.get(name), request.without.get(name)
    return {
        "bool": {
            "filter": [{"terms": {field: sorted(chosen)}}] if chosen else [],
            "must_not": [{"terms": {field: sorted(excluded)}}] if excluded else [],
        }
    }


def read_vocabulary(cluster: Cluster, index: str, alive: OsQuery) -> dict[str, int]:
    """Count the documents of every term, in alphabetical order.

    Args:
        cluster: where the index is.
        index: concrete index.
        alive: query for the documents.
    """
    source: dict[str, Any] = {
        "size": SCAN_ROWS,
        "sources": [{"term": {"terms": {"field": "terms"}}}],
    }
    body = {"size": 0, "query": alive, "aggs": {"terms": {"composite": source}}}
    vocabulary: dict[str, int] = {}
    while True:
        reply = cluster.search(index, body)["aggregations"]["terms"]
        vocabulary |= {b["key"]["term"]: b["doc_count"] for b in reply["buckets"]}
        if "after_key" not in reply:
            return vocabulary
        source["after"] = reply["after_key"]


def _moved_on(cluster: Cluster) -> IndexStateError:
    """Return the error of a snapshot that is too old to be read: the caller takes a newer one."""
    return IndexStateError(
        "the index on the cluster was changed meanwhile.", cluster.place, "Try again."
    )


def _words_of(vocabulary: Mapping[str, int]) -> list[str]:
    """Return the words as written, in the order of Python's strings."""
    return sorted(term.removeprefix(EXACT) for term in vocabulary if term.startswith(EXACT))


def _hits(reply: Reply) -> tuple[tuple[str, float], ...]:
    return tuple((h["sort"][-1], round(h["_score"], PLACES)) for h in reply["hits"]["hits"])


def _positions(row: Row) -> dict[str, dict[str, list[int]]]:
    """Return field -> term -> positions, of the fields of leaves."""
    positions: dict[str, dict[str, list[int]]] = {name: {} for name in LEAF_FIELDS}
    for field, terms_of_field in positions.items():
        for leaf, text in enumerate(row.get(field, ())):
            for word, terms in places_in(text):
                for term in terms:
                    terms_of_field.setdefault(term, []).append((leaf << LEAF_BITS) + word)
    return positions


def _bytes_of(row: Row) -> bytes:
    return base64.b64decode(row["data"]["bytes"])


def _occurrences(row: Row, terms: Mapping[str, set[str]]) -> dict[str, list[Occurrence]]:
    """Return name -> occurrences of its terms in a row; names without any are left out."""
    names: dict[str, list[str]] = {}
    for name, group in terms.items():
        for term in group:
            names.setdefault(term, []).append(name)
    occurrences: dict[str, list[Occurrence]] = {}
    if not names:
        return occurrences
    for field in TEXT_FIELDS:
        for leaf, text in enumerate(row.get(field, ())):
            for word, terms_here in places_in(text):
                for name in {name for term in terms_here for name in names.get(term, ())}:
                    occurrences.setdefault(name, []).append(Occurrence(field, leaf, word))
    return occurrences
