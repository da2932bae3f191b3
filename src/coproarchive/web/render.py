"""Templates: every value is escaped; what a document says is text, whatever it looks like."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

from coproarchive.catalogue import Catalogue
from coproarchive.model import Asset
from coproarchive.publish.addresses import anchor_of_file
from coproarchive.search.hits.results import Snippet
from coproarchive.search.language.query import MAX_CHARACTERS

LANGUAGE = "en-GB"
"""Of the pages' own words; an item's words have the item's language."""

NAV: tuple[tuple[str, str], ...] = (
    ("/seminars", "Seminars"),
    ("/people", "Speakers"),
    ("/topics", "Topics"),
)

KEEPERS_NAV = (*NAV, ("/desk", "Desk"), ("/add", "Add"))
_is_for_keeper: ContextVar[bool] = ContextVar("is_for_keeper", default=False)


@contextlib.contextmanager
def for_keeper(is_keeper: bool) -> Iterator[None]:
    """Render pages for who keeps the archive, or for readers, while the block runs."""
    token = _is_for_keeper.set(is_keeper)
    try:
        yield
    finally:
        _is_for_keeper.reset(token)


def navigation() -> tuple[tuple[str, str], ...]:
    """Return the entries of the navigation bar: address and label."""
    return KEEPERS_NAV if _is_for_keeper.get() else NAV


# Named here because strftime follows the machine's language, not the page's.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_FILE_KINDS = {
    "application/pdf": "PDF",
    "text/markdown": "Text",
    "text/plain": "Text",
    "text/html": "Web page",
    "application/xhtml+xml": "Web page",
    "application/x-ipynb+json": "Notebook",
    "text/x-tex": "LaTeX",
    "application/zip": "Zip file",
    "text/vtt": "Captions",
    "application/x-subrip": "Captions",
    "application/vnd.oasis.opendocument.presentation": "OpenDocument slides",
    "application/vnd.apple.keynote": "Keynote",
}
_GENERAL_KINDS = {"image": "Picture", "audio": "Sound recording", "video": "Video", "text": "Text"}
_SOURCES = {
    "text": "",
    "title": "",
    "section": "Section of the talk",
    "table": "From a table",
    "chart": "From a chart",
    "SmartArt": "From a diagram",
    "math": "Formula",
    "notes": "From the speaker’s notes",
    "comment": "From a comment",
    "alt text": "Description of a picture",
    "machine-made alt text": "Description of a picture, made by a machine",
    "layout": "From the deck’s layout",
    "annotation": "From a note on the page",
    "link": "Link",
    "caption": "Spoken words",
    "OCR": "Read from a picture by a machine",
    "picture": "In a drawing",
}


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Load the templates of this package; undefined names in them are errors."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("coproarchive.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, catalogue: Catalogue, current: str, title: str, **values: object) -> str:
    """Render a whole page of HTML.

    Args:
        template: file name.
        catalogue: what the reader may see.
        current: path of the navigation entry that this page belongs to.
        title: for the browser's tab.
        values: what the template is given besides.
    """
    common = _shared(catalogue) | {"current": current, "title": title}
    return environment().get_template(template).render(common | values)


def fragment(template: str, catalogue: Catalogue, **values: object) -> Markup:
    """Render a piece of a page: a template without a frame."""
    html = environment().get_template(template).render(_shared(catalogue) | values)
    return Markup(html)  # noqa: S704 - the template escapes every value


def _shared(catalogue: Catalogue) -> dict[str, object]:
    """Return what every template is given."""
    return {
        "language": LANGUAGE,
        "series": catalogue.series,
        "declared_language": catalogue.language,
        "nav": navigation(),
        "may_edit": _is_for_keeper.get(),
        "searched_at": "/search",
        "search_words": "",
        "most_characters": MAX_CHARACTERS,
        "name": catalogue.person_name,
        "label": catalogue.topic_label,
        "date": catalogue.item_date,
        "pretty": pretty_date,
        "marked": marked,
        "kind_of_file": kind_of_file,
    }


@lru_cache(maxsize=16)
def stylesheet(*names: str) -> str:
    """Return the named stylesheets of web/static, joined."""
    static = files("coproarchive.web").joinpath("static")
    return "".join(static.joinpath(f"{name}.css").read_text(encoding="utf-8") for name in names)


@lru_cache(maxsize=16)
def script(name: str) -> str:
    """Return the named script of web/static."""
    static = files("coproarchive.web").joinpath("static")
    return static.joinpath(f"{name}.js").read_text(encoding="utf-8")


def header(
    catalogue: Catalogue, current: str, words: str = "", searched_at: str = "/search"
) -> Markup:
    """Render the bar on top, for pages that are not templates.

    Args:
        catalogue: what the reader may see.
        current: path of the page.
        words: in the search field.
        searched_at: address of the search page.
    """
    return fragment(
        "_header.html", catalogue, current=current, search_words=words, searched_at=searched_at
    )


def footer(catalogue: Catalogue) -> Markup:
    """Render the footer, for pages that are not templates."""
    return fragment("_footer.html", catalogue)


def marked(snippet: Snippet) -> Markup:
    """Escape the snippet's text, with <mark> round each match."""
    html, at = Markup(), 0
    for start, end in snippet.marks:
        html += escape(snippet.text[at:start])
        html += Markup("<mark>{}</mark>").format(snippet.text[start:end])
        at = end
    return html + escape(snippet.text[at:])


def anchor(file: str, kind: str, number: int, first_file: str) -> str:
    """Return a leaf's fragment in its item's page: slide-3, or file-slide-3 for later files."""
    place = f"{kind}-{number}"
    return place if file == first_file else f"{anchor_of_file(file)}-{place}"


_RELATIONS = {
    "is-part-of": "Part of",
    "has-part": "Has as a part",
    "references": "Refers to",
    "is-referenced-by": "Referred to by",
    "is-version-of": "Another version of",
    "has-version": "Has another version",
    "is-derived-from": "Made from",
    "is-supplement-to": "Belongs to",
    "is-about": "About",
    "is-summary-of": "A summary of",
}


def relation_words(relation: str) -> str:
    """Return a relation between items in readers' words."""
    return _RELATIONS.get(relation, relation)


def source_words(source: str, confidence: float | None = None) -> str:
    """Return a text's source in readers' words; "" for plain text."""
    words = _SOURCES.get(source, source)
    return words if confidence is None else f"{words}, {confidence:.0%} sure"


def kind_of_file(asset: Asset) -> str:
    """Return what readers call this kind of file."""
    return kind_of_media_type(asset.media_type)


def kind_of_media_type(media_type: str) -> str:
    """Return what readers call files of a media type."""
    if media_type in _FILE_KINDS:
        return _FILE_KINDS[media_type]
    if "presentation" in media_type or "powerpoint" in media_type:
        return "PowerPoint"
    if "word" in media_type:
        return "Word document"
    return _GENERAL_KINDS.get(media_type.partition("/")[0], "File")


def pretty_date(value: str) -> str:
    """Format an EDTF date: 6 July 2017, July 2017, 2017, or two of them with "to" between."""
    return " to ".join(_pretty(piece) for piece in value.split("/") if piece)


def _pretty(value: str) -> str:
    pieces = value.split("-")
    if len(pieces) == 1:
        return value
    month = _MONTHS[int(pieces[1]) - 1]
    if len(pieces) == 2:
        return f"{month} {pieces[0]}"
    return f"{datetime.date.fromisoformat(value).day} {month} {pieces[0]}"


def script_json(value: object) -> Markup:
    """Serialise to JSON that cannot end the script element around it."""
    text = json.dumps(value, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped here
