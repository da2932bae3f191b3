"""What stands before everything else: an id for each request, its line in the log, its failure."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.logs import log, new_request_id
from coproarchive.web import app_paths
from coproarchive.web.metrics import OPEN_PAGES, REQUEST_SECONDS, REQUESTS

CLOSED_BY_READER = 499
"""Status that is logged where the reader went away before the answer (nginx's number)."""
UNKNOWN = "(unknown)"
"""Stands for the addresses that no route answers."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_FAILED = (
    "Something went wrong here, and it was not you. Please try again in a moment.\n"
    "If it stays so, tell the keeper of the archive this number: {}\n"
)


class Observe:
    """Gives every request an id (returned as X-Request-ID) and logs it when it is answered.

    An exception that nobody meant is logged with its traceback; the reader is told the id only.

    Args:
        app: what answers.
        routes: ours, whose templates stand in the log instead of addresses.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]):
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id()
        started = time.monotonic()
        status = 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        except ClientDisconnect:
            status = status or CLOSED_BY_READER
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no reader's business
            log(logging.ERROR, "A request failed.", error=error, route=self.route_of(scope))
            if not status:
                await _failed(request_id)(scope, receive, with_id)
            status = 500
        finally:
            self._log_request(scope, status or CLOSED_BY_READER, time.monotonic() - started)

    def _log_request(self, scope: Scope, status: int, seconds: float) -> None:
        route = self.route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        REQUESTS.labels(method, route, str(status)).inc()
        REQUEST_SECONDS.labels(route).observe(seconds)
        is_asset = route.startswith(app_paths.PREFIXES) and status < 400
        log(
            logging.DEBUG if is_asset else logging.INFO,
            f"{method} {route} {status} in {seconds * 1000:.0f} ms",
            method=method, route=route, status=status, seconds=round(seconds, 4),
        )  # fmt: skip

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record how long a page of Streamlit's was open."""
        new_request_id()
        started = time.monotonic()
        OPEN_PAGES.inc()
        try:
            await self._app(scope, receive, send)
        finally:
            OPEN_PAGES.dec()
            seconds = time.monotonic() - started
            log(
                logging.DEBUG, f"A page was open for {seconds:.0f} s",
                route=self.route_of(scope), seconds=round(seconds, 1),
            )  # fmt: skip

    def route_of(self, scope: Scope) -> str:
        """Return the template of the route that answers a request."""
        path: str = scope["path"]
        if app_paths.is_page(path):
            return path.rstrip("/") or "/"
        for prefix in app_paths.PREFIXES:
            if path.startswith(prefix):
                return f"{prefix}{{path}}" if prefix.endswith("/") else prefix
        for route in self._routes:
            # A route of another method is still the one that was asked.
            if route.matches(scope)[0] is not Match.NONE:
                return str(getattr(route, "path", UNKNOWN)).replace(":path}", "}")
        return UNKNOWN


def _failed(request_id: str) -> PlainTextResponse:
    """Return what a reader is told of an exception that nobody meant."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return PlainTextResponse(_FAILED.format(request_id), 500, headers)
