"""The files of Streamlit's page are sent compressed: its scripts are 2.3 MB, and 0.6 MB so.

Streamlit's server compresses what is made at the moment, and leaves its files as they are since
compressing each answer anew costs more than it saves. Here each is compressed once and kept.
"""

from __future__ import annotations

import gzip
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coproarchive.web.whole_answer import send_rewritten

FOLDER = "/static/"
_TYPES = re.compile(r"(text/|application/(javascript|json)|image/svg)")
_ACCEPTED = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
LEAST = 1_000
"""Bytes from which compressing is worth it."""
MOST_KEPT = 300
"""Files whose compressed form is kept; Streamlit has fewer."""


class Compressed:
    """Middleware that compresses files of FOLDER, each once, for browsers that take gzip.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._packed_files: dict[tuple[str, str], bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; compress the answer where it is a whole file."""
        if not _may_compress(scope):
            await self._app(scope, receive, send)
            return

        async def compressed(start: Message, body: bytes) -> bytes:
            headers = MutableHeaders(scope=start)
            is_plain_text = (
                _TYPES.match(headers.get("content-type", "")) and "content-encoding" not in headers
            )
            if "accept-encoding" not in headers.get("vary", "").lower():
                headers.add_vary_header("Accept-Encoding")
            if start["status"] == 200 and is_plain_text and len(body) >= LEAST:
                body = await self._packed(scope["path"], headers.get("etag", ""), body)
                headers["content-encoding"] = "gzip"
                headers["content-length"] = str(len(body))
                if "etag" in headers:
                    headers["etag"] = f"W/{headers['etag'].removeprefix('W/')}"
            return body

        await send_rewritten(self._app, scope, receive, send, compressed)

    async def _packed(self, path: str, etag: str, body: bytes) -> bytes:
        """Return a file compressed; what has a validator is kept."""
        packed = self._packed_files.get((path, etag))
        if packed is None:
            packed = await run_in_threadpool(gzip.compress, body, 6, mtime=0)
            if etag and len(self._packed_files) < MOST_KEPT:
                self._packed_files[path, etag] = packed
        return packed


def _may_compress(scope: Scope) -> bool:
    """Tell whether a request is for a whole file of FOLDER, from a browser that takes gzip."""
    if scope["type"] != "http" or not scope["path"].startswith(FOLDER):
        return False
    headers = Headers(scope=scope)
    is_whole = scope["method"] == "GET" and "range" not in headers
    return is_whole and _ACCEPTED.search(headers.get("accept-encoding", "")) is not None
