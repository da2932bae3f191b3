"""What readers take along and follow: results as files, feeds, a seminar's files and its day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.model import Item, Seminar
from coproarchive.publish import atom, calendar_file
from coproarchive.publish.formats import BY_SUFFIX
from coproarchive.publish.reference import reference_to
from coproarchive.publish.seminar_files import MAX_BYTES, bytes_of, seminar_files
from coproarchive.publish.slide_table import slide_table
from coproarchive.publish.zip_stream import zip_stream
from coproarchive.search.index.present import label_of
from coproarchive.search.language.query import Query
from coproarchive.web.pages import Pages
from coproarchive.web.search_address import params_of

RETRY = {"Retry-After": "60"}


def feed_title(query: Query, catalogue: Catalogue) -> str:
    """Return what a feed is called: what narrows it, and the archive."""
    pieces = [f"“{query.text}”"] if query.text else []
    pieces += [
        label_of(facet, value, catalogue)
        for facet, values in query.facets.items()
        for value in values
    ]
    pieces += [
        f"not {label_of(facet, value, catalogue)}"
        for facet, values in query.without.items()
        for value in values
    ]
    return " – ".join(
        [", ".join(pieces), catalogue.series.title] if pieces else [catalogue.series.title]
    )


def _items_of(
    hits: Iterable[tuple[str, float, bool | None]], catalogue: Catalogue
) -> Iterator[Item]:
    return (catalogue.items[item_id] for item_id, *_ in hits if item_id in catalogue.items)


class Follow:
    """Handlers of /results.bib, /results.ris, /results.csv, /feed.atom, and a seminar's files."""

    def __init__(self, library: Library, pages: Pages):
        self._library = library
        self._pages = pages

    def references(self, request: Request) -> Response:
        """Serve /results.bib and /results.ris: references to all hits of a search."""
        suffix = request.url.path.rpartition(".")[2]
        row = BY_SUFFIX[suffix]
        catalogue, base = self._library.public(), self._pages.names.base(request)
        hits = self._library.ranking(Query.from_params(params_of(request)))
        references = (reference_to(item, catalogue, base) for item in _items_of(hits, catalogue))
        headers = {"Content-Disposition": f'attachment; filename="results.{suffix}"'}
        media_type = f"{row.media_type}; charset=utf-8"
        return Response(row.write(references), media_type=media_type, headers=headers)

    def table(self, request: Request) -> Response:
        """Serve /results.csv: all hits of a search as a table; slides=1 has a row a slide."""
        query, base = Query.from_params(params_of(request)), self._pages.names.base(request)
        if request.query_params.get("slides") == "1":
            table, name = slide_table(self._library, query, base), "slides.csv"
        else:
            table, name = self._library.csv(query, base), "results.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(table, media_type="text/csv; charset=utf-8", headers=headers)

    def feed(self, request: Request) -> Response:
        """Serve /feed.atom: the newest hits of a search; of everything without one."""
        catalogue = self._library.public()
        query = replace(Query.from_params(params_of(request)), page=1, sort="date")
        hits = self._library.ranking(query, atom.MAX_ENTRIES)
        parameters = urlencode(replace(query, sort="relevance").to_params(), doseq=True)
        suffix = f"?{parameters}" if parameters else ""
        feed = atom.to_atom(
            _items_of(hits, catalogue),
            catalogue,
            title=feed_title(query, catalogue),
            base=self._pages.names.base(request),
            address=f"/feed.atom{suffix}",
            page=f"/search{suffix}",
        )
        return Response(feed, media_type=atom.MEDIA_TYPE)

    def files(self, request: Request) -> Response:
        """Serve /seminar/<id>/files.zip: every file of it that everybody gets."""
        catalogue = self._library.public()
        seminar = self._seminar(request)
        if seminar is None or not catalogue.items_of_seminar(seminar.id):
            return PlainTextResponse("There are no files of such a seminar.", 404)
        size = bytes_of(catalogue, seminar)
        if size > MAX_BYTES:
            return self._pages.message(
                "Too much at once",
                f"These files are {size / 1024**3:.1f} GB together.",
                413,
                "Please download them from the pages of the talks.",
            )
        made = seminar_files(self._library, catalogue, seminar, self._pages.names.base(request))
        if made.unready:
            text = "Some of these files are being made ready. Please come again in a minute."
            return PlainTextResponse(text, 503, RETRY)
        headers = {
            "Content-Disposition": f'attachment; filename="{seminar.id}.zip"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return StreamingResponse(
            zip_stream(made.entries), media_type="application/zip", headers=headers
        )

    def calendar(self, request: Request) -> Response:
        """Serve /seminar/<id>/event.ics: the seminar for a calendar."""
        seminar = self._seminar(request)
        if seminar is None or not calendar_file.can_be_in_calendars(seminar):
            return PlainTextResponse("There is no seminar with a day of its own here.", 404)
        address = f"{self._pages.names.base(request)}/seminar/{seminar.id}"
        body = calendar_file.to_icalendar(seminar, self._library.public(), address)
        headers = {"Content-Disposition": f'attachment; filename="{seminar.id}.ics"'}
        return Response(body, media_type=calendar_file.MEDIA_TYPE, headers=headers)

    def _seminar(self, request: Request) -> Seminar | None:
        try:
            return self._library.public().seminar(request.path_params["seminar_id"])
        except NotFoundError:
            return None
