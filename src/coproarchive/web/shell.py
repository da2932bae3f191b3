"""The HTML that Streamlit's pages start from, made the archive's own before it is sent.

Until its scripts have run it would show Streamlit's title, and without script nothing but a notice;
styles that come with the first message would move the page once it is there.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.web import app_paths, render
from coproarchive.web.search_page import PATH, SearchPage
from coproarchive.web.whole_answer import send_rewritten

STYLES, SCRIPT = "/look/app.css", "/look/pictures.js"
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_AGENTS = re.compile(r'<link rel="service-desc"[^>]*>')
"""Streamlit's pointer to an interface that is not offered here."""
_NO_SCRIPT = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)


class Shell:
    """Middleware that rewrites the HTML of Streamlit's pages.

    Args:
        app: what answers.
        library: has the archive's title, and what readers without script see.
    """

    def __init__(self, app: ASGIApp, library: Library):
        self._app = app
        self._library = library

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; rewrite the answer where it is the page of an address of ours."""
        if scope["type"] != "http" or not app_paths.is_page(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def rewritten(start: Message, body: bytes) -> bytes:
            headers = MutableHeaders(scope=start)
            if "text/html" in headers.get("content-type", "") and body:
                html = await run_in_threadpool(self._page, body.decode(), scope["path"])
                body = html.encode()
            for name in ("etag", "last-modified"):
                del headers[name]
            if body:
                headers["content-length"] = str(len(body))
            return body

        # A part of the page, or a squeezed one, could not be rewritten.
        unwanted = {b"range", b"if-none-match", b"if-modified-since", b"accept-encoding"}
        headers = [(k, v) for k, v in scope["headers"] if k.lower() not in unwanted]
        scope = {**scope, "headers": headers}
        await send_rewritten(self._app, scope, receive, send, rewritten)

    def _without_script(self, path: str) -> Markup:
        """Return what readers see who have no script: the home, or that a page needs it."""
        if path == "/":
            return SearchPage(self._library).home(searched_at=PATH)
        return Markup("<p>This page works in browsers with JavaScript only.</p>")

    def _page(self, html: str, path: str) -> str:
        """Return the page with the archive's title, styles and what is there without script."""
        try:
            catalogue = self._library.public()
            title = catalogue.series.title
            description = (catalogue.series.description or title)[:300]
            without_script = render.header(catalogue, path) + self._without_script(path)
        except CoproArchiveError:
            # The page itself says what is wrong, to those who may know.
            title = description = "An archive"
            without_script = Markup("<p>This cannot be shown just now.</p>")
        styles = f'<link rel="stylesheet" href="{STYLES}"><script src="{SCRIPT}" defer></script>'
        about = f'<meta name="description" content="{escape(description)}">'
        head = f"<title>{escape(title)}</title>{about}{styles}"
        plain = f'<link rel="stylesheet" href="/look/site.css"><main>{without_script}</main>'
        html = _TITLE.sub(lambda _: head, html, count=1)
        html = _AGENTS.sub("", html)
        html = _NO_SCRIPT.sub(lambda _: f"<noscript>{plain}</noscript>", html, count=1)
        name = "search" if path == "/" else "keeper"
        return html.replace("<html ", f'<html data-page="{name}" ', 1)
