"""What is done to every request and answer: headers that protect readers, honest 404s."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.web import app_paths, render
from coproarchive.web.access import COOKIE, Access, visitor_of_request
from coproarchive.web.hosts import HostNames
from coproarchive.web.pages import Pages
from coproarchive.web.policies import PAGE_POLICY
from coproarchive.web.sign_in import is_encrypted
from coproarchive.web.upload_route import PREFIX as UPLOADS

_UPLOAD_COOKIE = "_streamlit_xsrf"
"""Name of Streamlit's cookie against forged uploads: a random number, in each browser another."""

# Streamlit's bundle loads itself in pieces, styles elements in place and compiles components from
# blobs; nothing is loaded from another site.
APP_POLICY = (
    "default-src 'self'; script-src 'self' blob: HASHES; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Protect:
    """Security headers on every answer; downloads are sent as they are, not squeezed again.

    Streamlit compresses downloads on the fly, which costs seconds and loses the length, so the
    request for a file is passed on without its wish for compression.

    Args:
        app: what answers.
        access: decides who may upload.
        names: knows which names are ours.
        shell: the HTML that Streamlit's pages start from; its inline scripts are allowed by hash.
    """

    def __init__(self, app: ASGIApp, access: Access, names: HostNames, shell: str = ""):
        self._app = app
        self._access = access
        self._names = names
        hashes = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
            for script in re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
        )
        self._app_policy = APP_POLICY.replace("HASHES", hashes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, add headers to the answer."""
        if scope["type"] == "websocket":
            request = HTTPConnection(scope)
            if self._names.is_foreign(request) or self._names.is_refused(request):
                # Streamlit looks at the host only: a page of another port would act as the keeper.
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        # Starlette reads an address as UTF-8, and fails on one whose query has other bytes.
        query = _NOT_ASCII.sub(lambda byte: b"%%%02X" % ord(byte[0]), scope["query_string"])
        scope = {**scope, "query_string": query}
        if path.startswith("/file/"):
            headers = [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]
            scope = {**scope, "headers": headers}

        request = HTTPConnection(scope)
        is_keeper = COOKIE in request.cookies and self._access.may(
            "see-desk", visitor_of_request(request)
        )

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["X-Frame-Options"] = "DENY"
                self._keep_upload_token(request, headers)
                # What is hidden tomorrow must not come out of a proxy's cache, or a browser's.
                headers.setdefault("Cache-Control", "no-cache")
                if headers.get("content-type", "").startswith("text/html"):
                    # Keepers' pages have links to the desk: no cache gives them to anybody.
                    headers.add_vary_header("Cookie")
                    if is_keeper:
                        headers["Cache-Control"] = "private, no-store"
                if "content-security-policy" not in headers:
                    headers["Content-Security-Policy"] = (
                        self._app_policy if app_paths.is_page(path) else PAGE_POLICY
                    )
            await send(message)

        answer = self._refusal(request, path) or self._app
        with render.for_keeper(is_keeper):
            await answer(scope, receive, protected)

    def _keep_upload_token(self, request: HTTPConnection, headers: MutableHeaders) -> None:
        """Leave the cookie of uploads to who may upload, for TLS alone where there is TLS.

        Readers upload nothing, and no number is to tell one of them from another.
        """
        cookies = headers.getlist("set-cookie")
        if not any(cookie.startswith(f"{_UPLOAD_COOKIE}=") for cookie in cookies):
            return
        is_keeper = self._access.is_signed_in(visitor_of_request(request))
        del headers["set-cookie"]
        for cookie in cookies:
            if not cookie.startswith(f"{_UPLOAD_COOKIE}="):
                headers.append("set-cookie", cookie)
            elif is_keeper:
                is_plain = not is_encrypted(request) or "; secure" in cookie.lower()
                headers.append("set-cookie", cookie if is_plain else f"{cookie}; Secure")

    def _refusal(self, request: HTTPConnection, path: str) -> Response | None:
        """Return the answer to a request that goes no further, None for one that does."""
        if self._names.is_refused(request):
            return PlainTextResponse("This archive is not known by that name.", 400)
        if path.startswith(UPLOADS) and (
            self._names.is_foreign(request)
            or not self._access.may("add", visitor_of_request(request))
        ):
            # Streamlit takes uploads from whoever has its page open.
            return PlainTextResponse("Uploads are for those who keep the archive.", 403)
        return None


class NotFound:
    """A real 404 for addresses that nobody answers; Streamlit would answer 200 with its app.

    Args:
        app: what answers.
        pages: makes the answer.
        routes: ours.
    """

    def __init__(self, app: ASGIApp, pages: Pages, routes: Sequence[BaseRoute]):
        self._app = app
        self._pages = pages
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http" or self._is_known(scope):
            await self._app(scope, receive, send)
            return
        response = await run_in_threadpool(self._pages.missing, Request(scope, receive))
        await response(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        path = scope["path"]
        # Streamlit's pages ask for their assets relative to themselves: /add/static/... They also
        # ask whether the whole app is there (/add/_stcore/health); that Streamlit answers with 404,
        # which a browser's console shows, tells them that /add is a page.
        for page in app_paths.PAGES[1:]:
            if path.startswith(f"{page}/"):
                path = path.removeprefix(page)
        if path.startswith(app_paths.CLOSED):
            return False
        return (
            app_paths.is_page(scope["path"])
            or path.startswith(app_paths.PREFIXES)
            or any(route.matches(scope)[0] is not Match.NONE for route in self._routes)
        )
