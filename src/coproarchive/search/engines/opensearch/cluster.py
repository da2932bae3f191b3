"""The connection to a cluster: reads are tried again, and errors say what a keeper can do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearch, exceptions

from coproarchive.errors import CoproArchiveError, EngineError, IndexStateError
from coproarchive.search.engines.seam import ServerOptions

RETRY_SECONDS = 30.0
"""A request is tried again for so long: a cluster needs some seconds to do without a lost node."""
AWAY_SECONDS = 1.0
"""Likewise, while the cluster is away: the node that is asked first may not be the one that is
back."""
REQUEST_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_BUSY = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses of a cluster that may answer in a moment; 500 is what a search gets whose node was
lost."""
LEAST_VERSION = (2, 0)

Reply = dict[str, Any]
Row = dict[str, Any]


class Cluster:
    """An OpenSearch cluster, by one or several of its nodes. Thread-safe.

    Args:
        options: addresses, credentials and the certificate to trust.
        retry_seconds: see RETRY_SECONDS.
        request_seconds: how long one answer is waited for.

    Attributes:
        requests: how many requests were sent.
    """

    def __init__(
        self,
        options: ServerOptions,
        retry_seconds: float = RETRY_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
    ):
        self.requests = 0
        self._urls = options.urls
        self._retry_seconds = retry_seconds
        self._is_away = False
        settings: dict[str, Any] = {}
        if options.api_key:
            settings["headers"] = {"Authorization": f"ApiKey {options.api_key}"}
        elif options.user:
            settings["http_auth"] = (options.user, options.password)
        if options.ca_file:
            settings["ca_certs"] = str(options.ca_file)
        try:
            self._client = OpenSearch(
                list(options.urls),
                timeout=request_seconds,
                max_retries=0,  # `call` tries again, and knows for how long
                verify_certs=True,
                http_compress=True,
                **settings,
            )
        except ValueError as error:
            raise EngineError(
                f"this is no address of a cluster ({error}).",
                ", ".join(re.sub(r"//[^@/]*@", "//", url) for url in options.urls),
                "Correct COPROARCHIVE_OPENSEARCH_URL.",
            ) from None

    @property
    def place(self) -> str:
        """Where the cluster is, for messages: without a password that stands in an address."""
        parts = map(urlsplit, self._urls)
        return ", ".join(f"{part.scheme}://{part.netloc.rpartition('@')[2]}" for part in parts)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, request: Callable[[OpenSearch], Any]) -> Any:
        """Send a request, again where the cluster did not answer, for RETRY_SECONDS.

        Once a request has waited so long in vain, the next ones wait AWAY_SECONDS only, until one
        is answered (a circuit breaker).

        Args:
            request: must do no harm when it is carried out twice.

        Raises:
            IndexStateError: the index is not there.
            EngineError: anything else, with what to do.
            opensearchpy.exceptions.ConflictError: a compare-and-set failed.
        """
        seconds = min(self._retry_seconds, AWAY_SECONDS) if self._is_away else self._retry_seconds
        end = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            self.requests += 1
            try:
                answer = request(self._client)
            except exceptions.ConflictError:
                raise
            except exceptions.OpenSearchException as error:
                may_pass = _may_pass(error)
                if not may_pass or time.monotonic() + pause > end:
                    # A page asks several times, and readers queue: not thirty seconds each.
                    self._is_away = may_pass
                    raise self.meaning_of(error) from error
            else:
                self._is_away = False
                return answer
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def search(self, index: str, body: Mapping[str, Any]) -> Reply:
        """Search; a shard that does not answer is an error, never a smaller number."""
        reply: Reply = self.call(
            lambda client: client.search(
                index=index, body=body, params={"allow_partial_search_results": "false"}
            )
        )
        return reply

    def search_many(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> list[Reply]:
        """Carry out several searches in one request; see `search`."""
        head = {"allow_partial_search_results": False}
        lines = [line for body in bodies for line in (head, body)]

        def request(client: OpenSearch) -> list[Reply]:
            replies: list[Reply] = client.msearch(index=index, body=lines)["responses"]
            for reply in replies:
                if "error" in reply:
                    raise _error_of(reply["status"], reply["error"])
            return replies

        answer: list[Reply] = self.call(request)
        return answer

    def rows(self, index: str, ids: list[str], fields: list[str]) -> dict[str, Row]:
        """Return id -> source of the rows with these ids; rows that are not there are left out."""
        if not ids:
            return {}
        reply = self.call(
            lambda client: client.mget(index=index, body={"ids": ids}, _source_includes=fields)
        )
        for row in reply["docs"]:
            if "error" in row:
                raise self.meaning_of(_error_of(500, row["error"]))
        return {row["_id"]: row["_source"] for row in reply["docs"] if row.get("found")}

    def blocked(self) -> EngineError:
        """Return the error of a cluster that takes no writes."""
        return EngineError(
            "the search cluster writes nothing now: its disks are nearly full, or it is read-only.",
            self.place,
            "Make room on its disks; it writes again by itself.",
        )

    def meaning_of(self, error: exceptions.OpenSearchException) -> CoproArchiveError:
        """Return the error to raise: what is wrong with the cluster, and what to do."""
        kind, text = _kind_of(error), str(getattr(error, "info", "") or error)
        message, hint = f"the search cluster refused a request ({kind}).", None
        if isinstance(error, exceptions.SSLError):
            message = "the search cluster's certificate cannot be trusted."
            hint = "Name the file of its authority: COPROARCHIVE_OPENSEARCH_CA_FILE."
        elif isinstance(error, exceptions.ConnectionError):
            message = "the search cluster cannot be reached."
            hint = "Is it running? Check COPROARCHIVE_OPENSEARCH_URL and the network."
        elif isinstance(error, exceptions.AuthenticationException):
            message = "the search cluster does not know this user, or the password is wrong."
            hint = "Check COPROARCHIVE_OPENSEARCH_USER and ..._PASSWORD, or ..._API_KEY."
        elif "cluster_block_exception" in text or "index_create_block" in text:
            return self.blocked()
        elif isinstance(error, exceptions.AuthorizationException):
            right = re.search(r"\[((?:cluster|indices):[\w:/*]+)\]", text)
            which = f" ({right[1]})" if right else ""
            message = f"the search cluster does not let this user do that{which}."
            hint = "Give it the rights that docs/operate/cluster.md lists."
        elif kind == "index_not_found_exception":
            return IndexStateError(
                "there is no index on the cluster.", self.place, "Run: coproarchive index"
            )
        elif "too_many_clauses" in text or "maxClauseCount" in text:
            message = "the query has more parts than the search cluster allows."
            hint = "Raise indices.query.bool.max_clause_count in its opensearch.yml to 16384."
        elif getattr(error, "status_code", None) in _BUSY:
            message = f"the search cluster is overloaded or lacks nodes ({kind})."
            hint = "Look at its health: GET _cluster/health."
        return EngineError(message, self.place, hint)


def check_version(cluster: Cluster) -> None:
    """Refuse a cluster that is no OpenSearch, or too old a one. Raises EngineError."""
    version = cluster.call(lambda client: client.info())["version"]
    number = tuple(int(part) for part in version["number"].split(".")[:2])
    if version.get("distribution") != "opensearch" or number < LEAST_VERSION:
        raise EngineError(
            f"the cluster is {version.get('distribution', 'Elasticsearch')} "
            f"{version['number']}; OpenSearch {LEAST_VERSION[0]} or newer is needed.",
            cluster.place,
            "Upgrade it, or name another: COPROARCHIVE_OPENSEARCH_URL.",
        )


def create_index(cluster: Cluster, index: str, body: Mapping[str, Any]) -> None:
    """Create an index; that it is there already, by an attempt whose answer was lost, is fine."""

    def request(client: OpenSearch) -> None:
        try:
            client.indices.create(index=index, body=body)
        except exceptions.RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    cluster.call(request)


def _may_pass(error: exceptions.OpenSearchException) -> bool:
    """Tell whether the same request may be answered in a moment."""
    if isinstance(error, exceptions.SSLError):
        return False
    return isinstance(error, exceptions.ConnectionError) or _status_of(error) in _BUSY


def _status_of(error: exceptions.OpenSearchException) -> object:
    return error.status_code if isinstance(error, exceptions.TransportError) else None


def _kind_of(error: exceptions.OpenSearchException) -> str:
    return str(error.error) if isinstance(error, exceptions.TransportError) else str(error)


def _error_of(status: int, error: Any) -> exceptions.TransportError:
    """Return what a part of an answer says as the error that the client raises for a whole one."""
    kind = error.get("type", "unknown") if isinstance(error, dict) else str(error)
    if "circuit_breaking" in kind or "rejected_execution" in kind:
        status = 429
    return exceptions.TransportError(status, kind, {"error": error})
