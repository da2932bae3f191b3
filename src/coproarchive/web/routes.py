"""Every HTTP address beside Streamlit's own: pages, downloads, sign-in, and what crawlers ask."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import BaseRoute, Route

from coproarchive import pictures
from coproarchive.errors import CoproArchiveError, IndexStateError, NotFoundError, RefusedError
from coproarchive.extract.worker import Job
from coproarchive.library import Library
from coproarchive.model import Asset, Leaf
from coproarchive.search.document import shown_leaves
from coproarchive.search.language.query import Query
from coproarchive.web import render
from coproarchive.web.access import COOKIE, SIGNED_IN_SECONDS, Access, Visitor, same
from coproarchive.web.pages import Pages

NONCE = "coproarchive_form"

# Shown by the browser itself; anything else is handed over as a file, so that nothing runs.
_INLINE = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}
_TEXT = {"text/markdown", "text/vtt", "text/plain"}


def routes(library: Library, access: Access) -> list[BaseRoute]:
    """The routes, in the order in which they are tried."""
    pages = Pages(library)
    other = _Other(library, access, pages)

    def safe(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        @wraps(handler)
        def answer(request: Request) -> Response:
            try:
                return handler(request)
            except CoproArchiveError:
                # What is wrong is told to who keeps the archive, by `check` and the page itself.
                return pages.unreadable()

        return answer

    async def login(request: Request) -> Response:
        form = await request.form(max_fields=5, max_files=0) if request.method == "POST" else None
        values = {k: v for k, v in form.items() if isinstance(v, str)} if form else None
        return await run_in_threadpool(safe(lambda r: other.login(r, values)), request)

    return [
        Route("/item/{item_id:path}", safe(pages.item)),
        Route("/seminar/{seminar_id}", safe(pages.seminar)),
        Route("/person/{person_id}", safe(pages.person)),
        Route("/topic/{topic_id}", safe(pages.topic)),
        Route("/seminars", safe(pages.seminars)),
        Route("/people", safe(pages.people)),
        Route("/topics", safe(pages.topics)),
        Route("/file/{path:path}", safe(other.file)),
        Route("/picture/{path:path}", safe(other.picture)),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", other.logout, methods=["POST"]),
        Route("/look/site.css", other.style),
        Route("/healthz", other.health),
        Route("/robots.txt", safe(other.robots)),
        Route("/sitemap.xml", safe(other.sitemap)),
        Route("/suggest", safe(other.suggest)),
        Route("/results.csv", safe(other.results)),
    ]


class _Other:
    """Handlers of everything that is not a page."""

    def __init__(self, library: Library, access: Access, pages: Pages):
        self._library = library
        self._access = access
        self._pages = pages

    def file(self, request: Request) -> Response:
        """/file/<item>/<name>: an original of an item that everybody may see."""
        item_id, _, name = request.path_params["path"].rpartition("/")
        item = self._library.public().items.get(item_id)
        asset = next((a for a in item.assets if a.path == name), None) if item else None
        if asset is None:
            return self._pages.missing(request, "There is no such file in this archive.")
        try:
            path = self._library.store.asset_path(item_id, name)
        except NotFoundError:
            return self._pages.message(
                "The file is missing", "Its record is here, but the file itself is not.", 404
            )
        media_type = asset.media_type
        if media_type in _TEXT:
            media_type += "; charset=utf-8"
        how = "inline" if asset.media_type in _INLINE else "attachment"
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if asset.media_type == "application/pdf":
            headers = {}  # browsers' own PDF viewers do not run in a sandbox
        return FileResponse(
            path,
            media_type=media_type,
            filename=name,
            content_disposition_type=how,
            headers=headers,
        )

    def picture(self, request: Request) -> Response:
        """/picture/<item>/<file>/<number>-<width>.webp: a page, or a card that stands in for it."""
        place, _, picture = request.path_params["path"].rpartition("/")
        item_id, _, name = place.rpartition("/")
        named = re.fullmatch(r"(\d{1,6})-(320|1000)\.webp", picture)
        catalogue = self._library.public()
        item = catalogue.items.get(item_id)
        if named is None or item is None:
            return PlainTextResponse("There is no such picture.", 404)
        number, width = int(named[1]), int(named[2])
        leaves = [
            (asset, leaf)
            for asset, leaf in shown_leaves(item, catalogue, self._library.reader)
            if asset.path == name and leaf.kind in ("page", "slide")
        ]
        found = next(((a, leaf) for a, leaf in leaves if leaf.number == number), None)
        if found is None:
            return PlainTextResponse("There is no such picture.", 404)
        return self._drawn(item_id, *found, width)

    def _drawn(self, item_id: str, asset: Asset, leaf: Leaf, width: int) -> Response:
        library = self._library
        read = library.reader.cached(asset.sha256, asset.media_type)
        with contextlib.suppress(NotFoundError):
            path = library.store.asset_path(item_id, asset.path)
            job = Job(path, asset.sha256, asset.media_type)
            last = read.leaves[-1].number if read else leaf.number
            drawn = library.pictures.get(job, leaf.number, width, last)
            if drawn is not None:
                # Kept by this reader's browser only: an item may be hidden tomorrow.
                headers = {"Cache-Control": "private, max-age=3600"}
                return FileResponse(drawn, media_type="image/webp", headers=headers)
        where = f"{leaf.kind.capitalize()} {leaf.label or leaf.number}"
        card = pictures.card(where, leaf.title, leaf.text[:400], width)
        return Response(card, media_type="image/webp", headers={"Cache-Control": "no-store"})

    def suggest(self, request: Request) -> Response:
        """/suggest?q=: what a reader may be about to type, as JSON."""
        found = self._library.suggest(request.query_params.get("q", ""))
        return JSONResponse([asdict(suggestion) for suggestion in found])

    def results(self, request: Request) -> Response:
        """/results.csv?...: what the search of the same address finds, as a table."""
        names = request.query_params.keys()
        query = Query.from_params({name: request.query_params.getlist(name) for name in names})
        headers = {"Content-Disposition": 'attachment; filename="results.csv"'}
        table = self._library.csv(query, self._base(request))
        return Response(table, media_type="text/csv; charset=utf-8", headers=headers)

    def login(self, request: Request, form: dict[str, str] | None) -> Response:
        """/login: a form, and what it sends."""
        if not self._access.can_sign_in:
            return self._pages.message(
                "Sign in", "No password is set, so nobody signs in here.", 404
            )
        if form is None:
            return self._login_page(request)
        nonce = request.cookies.get(NONCE, "")
        if not nonce or not same(form.get("token", ""), self._access.form_token(nonce)):
            return self._login_form("The form was too old. Please try again.")
        try:
            cookie = self._access.sign_in(form.get("password", ""))
        except RefusedError as error:
            return self._login_form(f"{error.message} {error.hint}")
        if cookie is None:
            return self._login_form("That is not the password.")
        response = RedirectResponse("/add", 303)
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=SIGNED_IN_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _login_page(self, request: Request) -> Response:
        if not self._access.is_signed_in(Visitor(cookies=request.cookies)):
            return self._login_form("")
        html = render.page("logout.html", self._library.public(), "", "Sign out")
        return Response(html, media_type="text/html; charset=utf-8")

    def _login_form(self, wrong: str) -> Response:
        nonce = secrets.token_urlsafe(24)
        html = render.page(
            "login.html",
            self._library.public(),
            "",
            "Sign in",
            wrong=wrong,
            token=self._access.form_token(nonce),
        )
        response = Response(html, 403 if wrong else 200, media_type="text/html; charset=utf-8")
        response.set_cookie(NONCE, nonce, max_age=1800, httponly=True, samesite="strict")
        return response

    def logout(self, request: Request) -> Response:
        """/logout: asked for by a page of ours only."""
        if request.headers.get("origin", "").partition("://")[2] != request.headers.get("host"):
            return PlainTextResponse("Sign out from the page itself: /login", 403)
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE)
        return response

    def style(self, _: Request) -> Response:
        """/look/site.css."""
        headers = {"Cache-Control": "max-age=3600"}
        css = render.stylesheet("base", "pages", "parts")
        return Response(css, media_type="text/css; charset=utf-8", headers=headers)

    def health(self, _: Request) -> Response:
        """/healthz: whether the archive can be read and searched."""
        try:
            items = len(self._library.public().items)
            self._library.index()
        except CoproArchiveError as error:
            is_index = isinstance(error, IndexStateError)
            message = error.message if is_index else "the archive's records are broken."
            hint = error.hint if is_index else "Run: coproarchive check"
            return JSONResponse({"ok": False, "message": message, "hint": hint}, 503)
        return JSONResponse({"ok": True, "items": items})

    def robots(self, request: Request) -> Response:
        """/robots.txt."""
        lines = ["User-agent: *", "Disallow: /add", "Disallow: /problems", "Disallow: /login"]
        return PlainTextResponse(
            "\n".join([*lines, f"Sitemap: {self._base(request)}/sitemap.xml\n"])
        )

    def sitemap(self, request: Request) -> Response:
        """/sitemap.xml: pages that everybody may see, as many as a sitemap may hold."""
        catalogue = self._library.public()
        paths = ["/", "/seminars", "/people", "/topics"]
        paths += [f"/seminar/{s}" for s in catalogue.seminars]
        paths += [f"/item/{i}" for i in catalogue.items]
        paths += [f"/person/{p}" for p in catalogue.people]
        paths += [f"/topic/{t}" for t in catalogue.topics]
        base = self._base(request)
        entries = "".join(f"<url><loc>{base}{quote(path)}</loc></url>" for path in paths[:50_000])
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        xml = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{space}">{entries}</urlset>'
        return Response(xml, media_type="application/xml")

    def _base(self, request: Request) -> str:
        address = self._library.public().series.address
        return (address or str(request.base_url)).rstrip("/")
