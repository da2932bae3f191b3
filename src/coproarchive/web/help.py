"""The documentation at /help: what mkdocs built into this package's folder `help`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from coproarchive.web.pages import Pages

FOLDER = Path(__file__).parent / "help"

# Allows mkdocs-material's own script, its search worker and its index; nothing from another site.
POLICY = (
    "default-src 'none'; script-src 'self' SCRIPTS; style-src 'self' STYLES; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Help:
    """Handlers of /help.

    Args:
        pages: answers where there is no page, or no documentation.
    """

    def __init__(self, pages: Pages):
        self._pages = pages
        self._files = _HelpFiles(directory=FOLDER, html=True, check_dir=False)
        self._index = FOLDER / "index.html"

    def redirect(self, request: Request) -> Response:
        """Redirect /help to /help/, from which the pages' relative links work."""
        return RedirectResponse(f"{request.scope.get('root_path', '')}/help/", 308)

    async def serve(self, request: Request) -> Response:
        """Serve a file below /help/, a folder's index.html, or a 404."""
        if not self._index.is_file():
            message = "The help was not built into this installation."
            hint = "Whoever keeps it can build it in a clone: python3 scripts/build_docs.py"
            return await run_in_threadpool(self._pages.message, "Help", message, 404, hint)
        path = self._files.get_path({"path": request.path_params["path"]})
        with contextlib.suppress(HTTPException):
            response = await self._files.get_response(path, request.scope)
            if response.status_code != 404:  # mkdocs' own page has no way back to the archive
                return response
        return await run_in_threadpool(self._pages.missing, request, "There is no such help page.")


class _HelpFiles(StaticFiles):
    """The files of the folder; Starlette refuses "..", absolute paths and links that leave it."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a response with a file; a page has its policy, in a 304 too."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        path = Path(full_path)
        if path.suffix == ".html":
            policy = policy_of(path.read_text(encoding="utf-8"))
            response.headers["Content-Security-Policy"] = policy
        return response


def policy_of(html: str) -> str:
    """Return the Content-Security-Policy of a page: its inline scripts and styles by their hash."""
    return POLICY.replace("SCRIPTS", _hashes("script", html)).replace(
        "STYLES", _hashes("style", html)
    )


def _hashes(element: str, html: str) -> str:
    """Return the CSP sources of a page's inline elements of this name."""
    texts = re.findall(rf"<{element}\b[^>]*>(.+?)</{element}>", html, re.DOTALL | re.IGNORECASE)
    digests = (hashlib.sha256(text.encode()).digest() for text in dict.fromkeys(texts))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
