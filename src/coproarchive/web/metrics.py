"""Figures for Prometheus: what is counted here, and the server of its own that hands them out.

Never on the page's port, where anybody could ask. Routes stand in them as templates and nothing in
them tells readers apart; items are the public ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.web.concurrency import RequestLimits

REGISTRY = CollectorRegistry(auto_describe=True)
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter(
    "coproarchive_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "coproarchive_request_seconds", "Seconds until a request was answered.", ("route",),
    buckets=_BUCKETS, registry=REGISTRY,
)  # fmt: skip
RUN_SECONDS = Histogram(
    "coproarchive_page_run_seconds", "Seconds of a run of a Streamlit page.", ("page",),
    buckets=_BUCKETS, registry=REGISTRY,
)  # fmt: skip
SEARCHES = Counter(
    "coproarchive_searches", "Searches, by whether anything was found.", ("found",),
    registry=REGISTRY,
)  # fmt: skip
OPEN_PAGES = Gauge("coproarchive_open_pages", "Streamlit pages that are open.", registry=REGISTRY)
SIGN_IN_REFUSALS = Counter(
    "coproarchive_sign_in_refusals", "Sign-ins refused: wrong password, too many guesses.",
    ("reason",), registry=REGISTRY,
)  # fmt: skip

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)


class LibraryCollector(Collector):
    """Looks at the archive and its index when it is asked.

    Args:
        library: what is served.
        reindexer: updates its index, None where this process does not.
        limits: of what is expensive.
    """

    def __init__(
        self, library: Library, reindexer: Reindexer | None, limits: RequestLimits | None = None
    ):
        self._limits = limits
        self._library = library
        self._reindexer = reindexer

    def collect(self) -> Iterator[Metric]:
        """Yield the figures that can be had just now."""
        if self._limits is not None:
            family = GaugeMetricFamily(
                "coproarchive_requests_waiting", "Expensive requests that wait for their turn.",
                labels=("kind",),
            )  # fmt: skip
            for kind, limit in vars(self._limits).items():
                family.add_metric((kind,), limit.queued)
            yield family
        try:
            items = len(self._library.public().items)
        except CoproArchiveError:
            return  # the alarm is /healthz, and the absence of these
        yield GaugeMetricFamily("coproarchive_items", "Public items.", items)
        written_at = self._library.index_storage.written_at()
        if written_at is not None:
            yield GaugeMetricFamily(
                "coproarchive_index_age_seconds", "Seconds since the index was last written.",
                max(0.0, time.time() - written_at),
            )  # fmt: skip
        yield GaugeMetricFamily(
            "coproarchive_pictures_waiting", "Drawings of slides that are asked for and not done.",
            self._library.pictures.waiting,
        )  # fmt: skip
        yield from self._of_index()

    def _of_index(self) -> Iterator[Metric]:
        try:
            is_behind = self._library.is_outdated()
        except CoproArchiveError:
            is_behind = True
        yield GaugeMetricFamily(
            "coproarchive_index_behind", "Whether records differ from the index.", int(is_behind)
        )
        if self._reindexer is not None:
            state = self._reindexer.state
            yield GaugeMetricFamily(
                "coproarchive_indexing", "Whether the index is updated now.", int(state.is_running)
            )
            family = CounterMetricFamily(
                "coproarchive_index_updates", "Updates of the index.", labels=("outcome",)
            )
            family.add_metric(("done",), state.updates)
            family.add_metric(("failed",), state.failures)
            yield family


class MetricsServer:
    """Hands the figures out at /metrics.

    Args:
        host, port: address of its own.
        collector: of what is asked for at the time.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(self, host: str, port: int, collector: Collector):
        self._collector = collector
        self._server: WSGIServer
        self._thread: threading.Thread
        self._server, self._thread = start_http_server(port, host, REGISTRY)
        REGISTRY.register(collector)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        REGISTRY.unregister(self._collector)
