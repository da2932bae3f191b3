"""What is done to every request and answer: headers that protect readers, honest 404s."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.web.pages import Pages

# Pages of Streamlit's own, and the prefixes that its server answers.
_STREAMLIT_PAGES = {"/", "/add", "/problems"}
_STREAMLIT_PREFIXES = ("/_stcore/", "/media/", "/component/", "/static/", "/favicon", "/manifest")
_OURS = (
    "/item/", "/seminar/", "/person/", "/topic/", "/file/", "/look/", "/seminars", "/people",
    "/topics", "/login", "/logout", "/healthz", "/robots.txt", "/sitemap.xml",
)  # fmt: skip

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Protect:
    """Security headers on every answer; downloads are sent as they are, not squeezed again.

    Streamlit compresses downloads on the fly, which costs seconds and loses the length, so the
    request for a file is passed on without its wish for compression.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, add headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith("/file/"):
            kept = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
            scope = {**scope, "headers": kept}

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["X-Frame-Options"] = "DENY"
                is_page = path.startswith(_OURS) and not path.startswith("/file/")
                if is_page and "content-security-policy" not in Headers(scope=message):
                    headers["Content-Security-Policy"] = PAGE_POLICY
            await send(message)

        await self._app(scope, receive, protected)


class NotFound:
    """A real 404 for addresses that nobody answers; Streamlit would answer 200 with its app."""

    def __init__(self, app: ASGIApp, pages: Pages):
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        path = scope.get("path", "")
        known = (
            scope["type"] != "http"
            or path in _STREAMLIT_PAGES
            or path.startswith((*_STREAMLIT_PREFIXES, *_OURS))
            or "/_stcore/" in path
            # Streamlit's page addresses its assets relative to itself.
            or path.startswith(("/add/", "/problems/"))
        )
        if known:
            await self._app(scope, receive, send)
            return
        response = self._pages.missing(Request(scope, receive))
        await response(scope, receive, send)
