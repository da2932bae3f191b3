"""Search results in a notebook: a table that needs no network, with pictures of slides in it."""

from __future__ import annotations

import base64
import time

from markupsafe import Markup

from coproarchive import pictures
from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Asset
from coproarchive.search.hits.results import Hit, LeafHit, Results
from coproarchive.web import render

DRAWING_SECONDS = 3.0
"""How long a table waits for pictures; for those that are not there by then cards stand in."""
WIDTH = 320
"""Pixels of a picture, which is shown at half of them."""

_TABLE = Markup(
    "<p>{}</p>{}<table><thead><tr><th>Slide</th><th>Talk</th><th>Words</th></tr></thead>"
    "<tbody>{}</tbody></table>"
)
_ROW = Markup(
    '<tr><td>{}</td><td style="text-align:left"><strong>{}</strong><br>{}</td>'
    '<td style="text-align:left">{}</td></tr>'
)
_IMAGE = Markup('<img src="data:image/webp;base64,{}" alt="{}" width="160">')


def table(results: Results, library: Library, catalogue: Catalogue) -> str:
    """Render a page of hits, each with its best slides, as HTML in which all text is escaped."""
    hits = [h for h in (*results.hits, *results.near_misses) if h.id in catalogue.items]
    leaves = [(hit, leaf) for hit in hits for leaf in hit.leaves[:1]]
    _draw(leaves, library, catalogue)
    rows = Markup("").join(_row(hit, library, catalogue) for hit in hits)
    page = f", page {results.query.page} of {results.pages}" if results.pages > 1 else ""
    total = f"{results.total:,} {'item' if results.total == 1 else 'items'} found{page}"
    notes = Markup("").join(Markup("<p><em>{}</em></p>").format(note) for note in results.notes)
    return str(_TABLE.format(total, notes, rows))


def _draw(leaves: list[tuple[Hit, LeafHit]], library: Library, catalogue: Catalogue) -> None:
    """Ask for the pictures, all at once, and wait for them a little."""
    for hit, leaf in leaves:
        if leaf.kind in ("page", "slide"):
            library.picture(hit.id, _asset(hit, leaf, catalogue), leaf.number, WIDTH)
    end = time.monotonic() + DRAWING_SECONDS
    while library.pictures.is_drawing and time.monotonic() < end:
        time.sleep(0.05)


def _row(hit: Hit, library: Library, catalogue: Catalogue) -> Markup:
    names = ", ".join(map(catalogue.person_name, hit.speakers))
    seminar = catalogue.seminar_title(hit.seminar) if hit.seminar else ""
    date = render.pretty_date(hit.date) if hit.date else ""
    about = " · ".join(filter(None, (names, seminar, date)))
    words = [render.marked(hit.snippet)] if hit.snippet.text else []
    for leaf in hit.leaves:
        source = render.source_words(leaf.source)
        place = f"{_place(leaf)} ({source})" if source else _place(leaf)
        texts = (render.marked(leaf.title), render.marked(leaf.snippet))
        words.append(Markup("<strong>{}:</strong> {} {}").format(place, *texts))
    image = _image(hit, hit.leaves[0], library, catalogue) if hit.leaves else ""
    return _ROW.format(image, render.marked(hit.title), about, Markup("<br>").join(words))


def _image(hit: Hit, leaf: LeafHit, library: Library, catalogue: Catalogue) -> Markup:
    """Return the leaf's picture, or a card, as an image whose data are in the page."""
    if leaf.kind not in ("page", "slide"):
        return Markup()
    path = library.picture(hit.id, _asset(hit, leaf, catalogue), leaf.number, WIDTH)
    if path is not None:
        data = path.read_bytes()
    else:
        data = pictures.card(_place(leaf), leaf.title.text, leaf.snippet.text, WIDTH)
    alt = ": ".join(filter(None, (_place(leaf), leaf.title.text)))
    return _IMAGE.format(base64.b64encode(data).decode(), alt)


def _place(leaf: LeafHit) -> str:
    return f"{leaf.kind.capitalize()} {leaf.label or leaf.number}"


def _asset(hit: Hit, leaf: LeafHit, catalogue: Catalogue) -> Asset:
    return next(a for a in catalogue.items[hit.id].assets if a.path == leaf.asset)
