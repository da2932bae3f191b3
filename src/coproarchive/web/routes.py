"""Every HTTP address beside Streamlit's own, and who answers it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.operate.reindex import Reindexer
from coproarchive.web import render
from coproarchive.web.access import Access
from coproarchive.web.downloads import Downloads
from coproarchive.web.help import Help
from coproarchive.web.machine import Machine
from coproarchive.web.pages import Pages
from coproarchive.web.sign_in import SignIn


def routes(library: Library, access: Access, reindexer: Reindexer | None = None) -> list[BaseRoute]:
    """Return the routes, in the order in which they are tried.

    Args:
        library: what is served.
        access: who may do what.
        reindexer: updates the index, None where this process does not.
    """
    pages = Pages(library)
    downloads, machine = Downloads(library, pages), Machine(library, reindexer)
    sign_in, manual = SignIn(library, access, pages), Help(pages)

    def safe(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        @wraps(handler)
        def answer(request: Request) -> Response:
            try:
                return handler(request)
            except CoproArchiveError as error:
                # Its mistakes are not for readers; `check` lists them for the archivist.
                log(logging.ERROR, f"A page could not be made: {error.message}")
                return pages.unreadable()

        return answer

    async def login(request: Request) -> Response:
        form = await request.form(max_fields=5, max_files=0) if request.method == "POST" else None
        values = {k: v for k, v in form.items() if isinstance(v, str)} if form else None
        return await run_in_threadpool(safe(lambda r: sign_in.login(r, values)), request)

    return [
        Route("/item/{item_id:path}", safe(pages.item)),
        Route("/seminar/{seminar_id}", safe(pages.seminar)),
        Route("/person/{person_id}", safe(pages.person)),
        Route("/topic/{topic_id}", safe(pages.topic)),
        Route("/seminars", safe(pages.seminars)),
        Route("/people", safe(pages.people)),
        Route("/topics", safe(pages.topics)),
        Route("/file/{path:path}", safe(downloads.file)),
        Route("/picture/{path:path}", safe(downloads.picture)),
        Route("/help", manual.redirect),
        Route("/help/{path:path}", manual.serve),
        Route("/keeper", sign_in.enter),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", sign_in.logout, methods=["POST"]),
        Route("/look/site.css", _site_css),
        Route("/healthz", machine.health),
        Route("/robots.txt", safe(machine.robots)),
        Route("/sitemap.xml", safe(machine.sitemap)),
        Route("/suggest", safe(downloads.suggest)),
        Route("/results.csv", safe(downloads.results)),
    ]


def _site_css(_: Request) -> Response:
    """Serve /look/site.css: the styles of the pages that need no script."""
    headers = {"Cache-Control": "max-age=3600"}
    css = render.stylesheet("base", "pages", "parts")
    return Response(css, media_type="text/css; charset=utf-8", headers=headers)
