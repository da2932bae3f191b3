"""Downloads: originals, pictures of slides, and suggestions."""

from __future__ import annotations

import contextlib
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from coproarchive import pictures
from coproarchive.errors import NotFoundError
from coproarchive.extract.captions import as_webvtt
from coproarchive.extract.charset import decode
from coproarchive.library import DAMAGED, Library
from coproarchive.model import Asset, Item, Leaf
from coproarchive.search.document import shown_leaves
from coproarchive.web.file_views import NOT_OFFERED
from coproarchive.web.leaves import PICTURED, name_of
from coproarchive.web.made_pdf import made_pdf
from coproarchive.web.pages import Pages

if TYPE_CHECKING:
    from coproarchive.public_copies import Download

# Shown by the browser itself; anything else is handed over as a file, so that nothing runs.
_INLINE = {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}
_DAMAGED = (
    "The bytes of this file are not those that were archived, so they are not handed out. Those "
    "who keep the archive can put it back from a copy; its record and its words are here."
)
MOST_CAPTIONS = 5_000_000
"""Bytes of captions that are turned into another format on their way to a player."""
_TEXT = {"text/markdown", "text/vtt", "text/plain"}


def _file(download: Download) -> Response:
    """Serve a file; what browsers do not show safely is saved by them."""
    media_type = download.media_type
    if media_type in _TEXT:
        media_type += "; charset=utf-8"
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    if media_type == "application/pdf":
        # Browsers' own PDF viewers do not run in a sandbox, nor where nothing may be loaded.
        headers = {"Content-Security-Policy": "frame-ancestors 'none'"}
    assert download.path is not None, "nothing to hand over"
    return FileResponse(
        download.path,
        media_type=media_type,
        filename=download.name,
        content_disposition_type="inline" if download.media_type in _INLINE else "attachment",
        headers=headers,
    )


class Downloads:
    """Handlers of requests for files and data of what everybody may see."""

    def __init__(self, library: Library, pages: Pages):
        self._library = library
        self._pages = pages

    def file(self, request: Request) -> Response:
        """Serve /file/<item>/<name>: a file of an item that everybody may see, or its copy."""
        item_id, _, name = request.path_params["path"].rpartition("/")
        item = self._library.public().items.get(item_id)
        asset = next((a for a in item.assets if a.path == name), None) if item else None
        if item is None or asset is None:
            derived = self._derived(item, name) if item else None
            return derived or self._pages.missing(request, "There is no such file in this archive.")
        try:
            download = self._library.download(item, asset, make=True)
        except NotFoundError:
            return self._pages.message(
                "The file is missing", "Its record is here, but the file itself is not.", 404
            )
        if download is None:
            busy = self._pages.message(
                "Not just now", "This file is being made ready. Please come again in a minute.", 503
            )
            busy.headers["Retry-After"] = "60"
            return busy
        if download.why == DAMAGED:
            return self._pages.message("The file is damaged", _DAMAGED, 503)
        if download.path is None:
            return self._pages.message("Not offered here", NOT_OFFERED, 403)
        return _file(download)

    def _derived(self, item: Item, name: str) -> Response | None:
        """Return what is made of a file: the PDF of a deck, SRT captions as WebVTT."""
        stem, _, ending = name.rpartition(".")
        asset = next((a for a in item.assets if a.path == stem), None)
        if asset is None:
            return None
        if ending == "pdf":
            made = made_pdf(item, asset, self._library)
            return _file(made) if made and made.path else None
        if (ending, asset.media_type) == ("vtt", "application/x-subrip"):
            with contextlib.suppress(NotFoundError):
                download = self._library.download(item, asset, make=True)
                if download and download.path and asset.size <= MOST_CAPTIONS:
                    text = decode(download.path.read_bytes())
                    return Response(as_webvtt(text), media_type="text/vtt; charset=utf-8")
        return None

    def picture(self, request: Request) -> Response:
        """Serve /picture/<item>/<file>/<number>-<width>.webp: a page, or a card instead of it."""
        place, _, picture = request.path_params["path"].rpartition("/")
        item_id, _, name = place.rpartition("/")
        size = re.fullmatch(r"(\d{1,6})-(320|1000)\.webp", picture)
        catalogue = self._library.public()
        item = catalogue.items.get(item_id)
        if size is None or item is None:
            return PlainTextResponse("There is no such picture.", 404)
        number, width = int(size[1]), int(size[2])
        self._library.recover_texts(item)
        for asset, leaf in shown_leaves(item, catalogue, self._library.reader):
            if (asset.path, leaf.number) == (name, number) and leaf.kind in PICTURED:
                return self._picture(item_id, asset, leaf, width)
        return PlainTextResponse("There is no such picture.", 404)

    def _picture(self, item_id: str, asset: Asset, leaf: Leaf, width: int) -> Response:
        picture = self._library.picture(item_id, asset, leaf.number, width)
        if picture is not None:
            # Cached by this reader's browser only: an item may be hidden tomorrow.
            headers = {"Cache-Control": "private, max-age=3600"}
            return FileResponse(picture, media_type="image/webp", headers=headers)
        card = pictures.card(name_of(leaf), leaf.title, leaf.text[:400], width)
        return Response(card, media_type="image/webp", headers={"Cache-Control": "no-store"})

    def suggest(self, request: Request) -> Response:
        """Serve /suggest?q=: completions of a query, as JSON."""
        suggestions = self._library.suggest(request.query_params.get("q", ""))
        return JSONResponse([asdict(suggestion) for suggestion in suggestions])
