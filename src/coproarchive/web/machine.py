"""What programs ask: whether the archive is well, and what crawlers may read."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from coproarchive.library import Library
from coproarchive.operate import health
from coproarchive.operate.reindex import Reindexer
from coproarchive.web.hosts import HostNames


class Machine:
    """Handlers of /healthz, /robots.txt and /sitemap.xml.

    Args:
        library: what is served.
        reindexer: updates its index, None where this process does not.
    """

    def __init__(self, library: Library, reindexer: Reindexer | None = None):
        self._library = library
        self._reindexer = reindexer
        self._names = HostNames(library)

    def health(self, _: Request) -> Response:
        """Serve /healthz: 200 while readers can be served, 503 while not, and the reasons."""
        fails = self._reindexer is not None and self._reindexer.state.fails
        seen = health.look(
            self._library, indexing_fails=fails, is_indexed_here=self._reindexer is not None
        )
        answer: dict[str, object] = {
            "ok": seen.status != "unavailable",
            "status": seen.status,
            "reasons": [
                {"code": reason.code, "message": reason.message, "hint": reason.hint}
                for reason in seen.reasons
            ],
        }
        if seen.items is not None:
            answer["items"] = seen.items
        if not answer["ok"]:
            answer |= {"message": seen.reasons[0].message, "hint": seen.reasons[0].hint}
        return JSONResponse(answer, 200 if answer["ok"] else 503, {"Cache-Control": "no-store"})

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
