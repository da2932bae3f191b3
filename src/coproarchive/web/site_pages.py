"""Pages that an archive owes its readers: about, accessibility, privacy, contact.

Each has a text of ours; a Markdown file of that name beside archive.yaml takes its place.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.web import render

NAMES = {
    "about": "About this archive",
    "accessibility": "Accessibility",
    "privacy": "Privacy",
    "contact": "Contact",
}
"""Name in the address, and with .md of the file (store.SITE_TEXTS) -> title."""
MAX_BYTES = 200_000
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


class SitePages:
    """Handlers of /about, /accessibility, /privacy and /contact."""

    def __init__(self, library: Library):
        self._library = library

    def page(self, request: Request) -> Response:
        """Serve a page: the archive's own text, or ours."""
        name = request.url.path.strip("/")
        catalogue = self._library.public()
        text = own_text(self._library.settings.archive / f"{name}.md")
        if text is not None:
            html = render.page("own/text.html", catalogue, "", NAMES[name], text=text)
            return HTMLResponse(html)
        html = render.page(
            f"own/{name}.html",
            catalogue,
            "",
            NAMES[name],
            counts=_counts(catalogue),
            counts_empty=self._library.settings.count_empty == "on",
            seminars=[s for s in catalogue.seminars.values() if s.contact],
        )
        return HTMLResponse(html)


def own_text(path: Path) -> Markup | None:
    """Return an archive's own text as HTML, None where it has none.

    Markup in the Markdown is shown as text, and what it makes is sanitised. A link to a file, which
    may lead out of the archive, is not followed, and what is too large is left alone.
    """
    with contextlib.suppress(OSError):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
        clean = nh3.clean(_MARKDOWN.render(text), url_schemes={"http", "https", "mailto"})
        return Markup(clean)  # noqa: S704 - sanitised the line before
    return None


def _counts(catalogue: Catalogue) -> dict[str, int]:
    return {
        "items": len(catalogue.items),
        "seminars": len(catalogue.seminars),
        "speakers": len(catalogue.people),
    }
