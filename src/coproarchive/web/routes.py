"""Every HTTP address beside Streamlit's own, and who answers it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial, wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.operate.reindex import Reindexer
from coproarchive.publish.addresses import KINDS
from coproarchive.web import parts_page, render
from coproarchive.web.access import Access
from coproarchive.web.citing import Citing
from coproarchive.web.concurrency import (
    RETRY_SECONDS,
    BusyError,
    ConcurrencyLimit,
    RequestLimits,
)
from coproarchive.web.desk.routes import desk_routes
from coproarchive.web.downloads import Downloads
from coproarchive.web.follow import Follow
from coproarchive.web.help import Help
from coproarchive.web.item_pages import ItemPages
from coproarchive.web.machine import Machine
from coproarchive.web.over_time import PATH as OVER_TIME
from coproarchive.web.over_time import OverTime
from coproarchive.web.pages import Pages
from coproarchive.web.search_page import SearchPage
from coproarchive.web.sign_in import SignIn
from coproarchive.web.site_pages import NAMES, SitePages

Handler = Callable[[Request], Response]
SCRIPTS = ("cite", "pictures", "viewer", "desk")


def routes(
    library: Library,
    access: Access,
    reindexer: Reindexer | None = None,
    limits: RequestLimits | None = None,
) -> list[BaseRoute]:
    """Return the routes, in the order in which they are tried.

    Args:
        library: what is served.
        access: who may do what.
        reindexer: updates the index, None where this process does not.
        limits: shared with the search page; ones of the settings where None.
    """
    limits = limits or RequestLimits(library.settings)
    pages = Pages(library)
    downloads, machine = Downloads(library, pages), Machine(library, reindexer)
    sign_in, manual = SignIn(library, access, pages), Help(pages)

    safe, bounded = partial(_safe, pages), partial(_bounded, pages)

    async def login(request: Request) -> Response:
        form = await request.form(max_fields=5, max_files=0) if request.method == "POST" else None
        values = {k: v for k, v in form.items() if isinstance(v, str)} if form else None
        return await run_in_threadpool(safe(lambda r: sign_in.login(r, values)), request)

    return [
        *_item_routes(library, pages, limits),
        *_export_routes(library, pages, limits),
        *(Route(f"/{name}", bounded(limits.pages, SitePages(library).page)) for name in NAMES),
        Route("/seminar/{seminar_id}", bounded(limits.pages, pages.seminar)),
        Route("/person/{person_id}", bounded(limits.pages, pages.person)),
        Route("/topic/{topic_id}", bounded(limits.pages, pages.topic)),
        Route("/seminars", bounded(limits.pages, pages.seminars)),
        Route("/people", bounded(limits.pages, pages.people)),
        Route("/topics", bounded(limits.pages, pages.topics)),
        Route(OVER_TIME, bounded(limits.exports, OverTime(library).serve)),
        Route("/search", bounded(limits.searches, SearchPage(library).serve)),
        Route("/file/{path:path}", bounded(limits.files, downloads.file)),
        Route("/picture/{path:path}", bounded(limits.pictures, downloads.picture)),
        Route("/help", manual.redirect),
        Route("/help/{path:path}", manual.serve),
        Route("/keeper", sign_in.enter),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", sign_in.logout, methods=["POST"]),
        *desk_routes(library, access, pages, reindexer, limits),
        Route("/look/site.css", _site_css),
        Route(parts_page.PATH, safe(partial(parts_page.parts_page, library))),
        Route("/look/desk.css", _desk_css),
        *(Route(f"/look/{name}.js", partial(_script, name)) for name in SCRIPTS),
        Route("/healthz", machine.health),
        Route("/problems", _moved_problems),
        Route("/robots.txt", safe(machine.robots)),
        Route("/sitemap.xml", bounded(limits.pages, machine.sitemap)),
        Route("/suggest", bounded(limits.searches, downloads.suggest)),
    ]


def _moved_problems(_: Request) -> Response:
    """Serve /problems, which was the address of the desk's list of problems."""
    return RedirectResponse("/desk/problems", 308)


def _item_routes(library: Library, pages: Pages, limits: RequestLimits) -> list[Route]:
    """Return the routes of items, and of what is below an item's address."""
    items, citing = ItemPages(library, pages), Citing(library, pages)
    bounded = partial(_bounded, pages, limits.pages)
    leaves = [
        Route(f"/item/{{item_id:path}}/{kind}/{{number:int}}", bounded(partial(items.leaf, kind)))
        for kind in KINDS
    ]
    return [
        Route("/item/{item_id:path}/cite", bounded(citing.page)),
        Route("/item/{item_id:path}/cite.{format}", bounded(citing.file)),
        Route("/item/{item_id:path}/quote", bounded(citing.quote)),
        *leaves,
        Route("/item/{item_id:path}/text", bounded(items.text)),
        Route("/item/{item_id:path}", bounded(items.item)),
    ]


def _export_routes(library: Library, pages: Pages, limits: RequestLimits) -> list[Route]:
    """Return the routes of what is taken along and followed."""
    follow, bounded = Follow(library, pages), partial(_bounded, pages)
    return [
        Route("/seminar/{seminar_id}/files.zip", bounded(limits.files, follow.files)),
        Route("/seminar/{seminar_id}/event.ics", bounded(limits.pages, follow.calendar)),
        Route("/results.csv", bounded(limits.exports, follow.table)),
        Route("/results.bib", bounded(limits.exports, follow.references)),
        Route("/results.ris", bounded(limits.exports, follow.references)),
        Route("/feed.atom", bounded(limits.searches, follow.feed)),
    ]


def _safe(pages: Pages, handler: Handler) -> Handler:
    """Return a handler that answers an error of ours with a page that says nothing of it."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except CoproArchiveError as error:
            # Its mistakes are not for readers; `check` lists them for the archivist.
            log(logging.ERROR, f"A page could not be made: {error.message}")
            return pages.unreadable()

    return answer


def _bounded(
    pages: Pages, limit: ConcurrencyLimit, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """Return a safe handler that waits for its turn, and sends readers away past the queue."""
    answer = _safe(pages, handler)

    @wraps(handler)
    async def answer_in_turn(request: Request) -> Response:
        try:
            async with limit.turn_async():
                if await _is_gone(request):
                    raise ClientDisconnect
                return await run_in_threadpool(answer, request)
        except BusyError as error:
            text = f"{error.message.capitalize()} {error.hint}"
            return PlainTextResponse(text, 503, {"Retry-After": str(RETRY_SECONDS)})

    return answer_in_turn


async def _is_gone(request: Request) -> bool:
    """Tell whether the reader went away while the request waited.

    Asked twice: what comes first may be the request's own, empty body.
    """
    return await request.is_disconnected() or await request.is_disconnected()


def _site_css(_: Request) -> Response:
    """Serve /look/site.css: the styles of the pages that need no script."""
    return _stylesheet("base", "pages", "parts", "search", "citing", "viewer")


def _desk_css(_: Request) -> Response:
    """Serve /look/desk.css: what the desk's pages have besides."""
    return _stylesheet("desk", "desk_acts", "desk_care")


def _stylesheet(*names: str) -> Response:
    headers = {"Cache-Control": "max-age=3600"}
    css = render.stylesheet(*names)
    return Response(css, media_type="text/css; charset=utf-8", headers=headers)


def _script(name: str, _: Request) -> Response:
    """Serve /look/<name>.js: a script that adds to pages which are whole without it."""
    headers = {"Cache-Control": "max-age=3600"}
    script = render.script(name)
    return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)
