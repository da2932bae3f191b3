"""What programs ask: whether the archive is well, and what crawlers may read."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from coproarchive.errors import CoproArchiveError, IndexStateError
from coproarchive.library import Library
from coproarchive.web.hosts import HostNames


class Machine:
    """Handlers of /healthz, /robots.txt and /sitemap.xml."""

    def __init__(self, library: Library):
        self._library = library
        self._names = HostNames(library)

    def health(self, _: Request) -> Response:
        """Serve /healthz: whether the archive can be read and searched."""
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
        """Serve /robots.txt."""
        base = self._names.base(request)
        lines = ["User-agent: *", "Disallow: /add", "Disallow: /problems", "Disallow: /login"]
        return PlainTextResponse("\n".join([*lines, f"Sitemap: {base}/sitemap.xml\n"]))

    def sitemap(self, request: Request) -> Response:
        """Serve /sitemap.xml: pages that everybody may see, as many as a sitemap may hold."""
        catalogue = self._library.public()
        paths = ["/", "/seminars", "/people", "/topics"]
        paths += [f"/seminar/{s}" for s in catalogue.seminars]
        paths += [f"/item/{i}" for i in catalogue.items]
        paths += [f"/person/{p}" for p in catalogue.people]
        paths += [f"/topic/{t}" for t in catalogue.topics]
        base = self._names.base(request)
        entries = "".join(f"<url><loc>{base}{quote(path)}</loc></url>" for path in paths[:50_000])
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        xml = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{space}">{entries}</urlset>'
        return Response(xml, media_type="application/xml")
