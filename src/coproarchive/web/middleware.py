"""What is done to every request and answer: headers that protect readers, honest 404s."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.web.pages import Pages

# Pages of Streamlit's own, and the prefixes that its server answers.
_STREAMLIT_PAGES = {"/", "/add", "/problems"}
_STREAMLIT_PREFIXES = ("/_stcore/", "/media/", "/component/", "/static/", "/favicon", "/manifest")
_OURS = (
    "/item/", "/seminar/", "/person/", "/topic/", "/file/", "/picture/", "/look/", "/seminars",
    "/people", "/topics", "/login", "/logout", "/healthz", "/robots.txt", "/sitemap.xml",
    "/suggest", "/results.csv",
)  # fmt: skip

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

# Streamlit's bundle loads itself in pieces, styles elements in place and compiles components from
# blobs; nothing is loaded from another site.
APP_POLICY = (
    "default-src 'self'; script-src 'self' blob: HASHES; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Protect:
    """Security headers on every answer; downloads are sent as they are, not squeezed again.

    Streamlit compresses downloads on the fly, which costs seconds and loses the length, so the
    request for a file is passed on without its wish for compression.

    Args:
        app: what answers.
        shell: the HTML that Streamlit's pages start from; its inline scripts are allowed by hash.
    """

    def __init__(self, app: ASGIApp, shell: str = ""):
        self._app = app
        hashes = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
            for script in re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
        )
        self._app_policy = APP_POLICY.replace("HASHES", hashes)

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
                if "content-security-policy" not in headers and not path.startswith("/file/"):
                    is_streamlit = path in _STREAMLIT_PAGES
                    headers["Content-Security-Policy"] = (
                        self._app_policy if is_streamlit else PAGE_POLICY
                    )
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
