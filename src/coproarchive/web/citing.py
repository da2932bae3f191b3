"""Citations on pages and as files, and the card that quotes a slide."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.library import Library
from coproarchive.model import Item, Leaf, Source
from coproarchive.pictures import WIDTHS
from coproarchive.publish import csl
from coproarchive.publish.citation import plain_citation
from coproarchive.publish.formats import BY_SUFFIX, FORMATS
from coproarchive.publish.metadata import coins, meta_tags
from coproarchive.publish.reference import Locator, Reference, reference_to
from coproarchive.talks.descriptions import descriptions_of
from coproarchive.web import render
from coproarchive.web.leaves import PICTURED, find_leaf, name_of, picture_path
from coproarchive.web.pages import Pages
from coproarchive.web.policies import SCRIPTED

MAX_ALT = 500
"""Characters of alternative text: screen readers read it in one go."""
MAX_QUOTE = 600
_BESIDE = frozenset({Source.NOTES, Source.COMMENT, Source.ANNOTATION, Source.LINK})
"""Sources of words that do not stand on a leaf itself."""
_NO_REFERENCE = PlainTextResponse("There is no such reference in this archive.", 404)


class ReferenceFile(NamedTuple):
    """A reference in one format, as pages show it."""

    label: str
    suffix: str
    media_type: str
    text: str


class CitationBox(NamedTuple):
    """What templates/_cite.html and _cite_head.html show.

    Attributes:
        noun: what is cited: talk, post, slide, page, ...
        path: of the page of what is cited.
        address: the whole address that is cited.
        plain: in one line, in no style.
        files: in each format.
        styles: name and label of each style.
        coins: title of the span.
        tags: name and content of tags for the head.
        locator: the place, None for a whole item.
    """

    noun: str
    path: str
    address: str
    plain: str
    files: tuple[ReferenceFile, ...]
    styles: tuple[tuple[str, str], ...]
    coins: str
    tags: tuple[tuple[str, str], ...]
    locator: Locator | None


_NOUNS = {"presentation": "talk", "cue": "passage"}


def citation_box(
    catalogue: Catalogue,
    item: Item,
    base: str,
    leaf: Leaf | None = None,
    file: str = "",
    *,
    pdf_address: str = "",
) -> CitationBox:
    """Return what a page shows for citing an item, or one leaf of it.

    Args:
        catalogue: what the reader may see.
        item: its record.
        base: what absolute addresses begin with.
        leaf: the place that is cited, None for the whole item.
        file: path of the asset that has the leaf.
        pdf_address: of the whole as a PDF that everybody gets, "" for none.
    """
    reference = reference_to(item, catalogue, base, leaf, file)
    kind = leaf.kind if leaf else item.kind.value
    return CitationBox(
        noun=_NOUNS.get(kind, kind),
        path=reference.address.removeprefix(base),
        address=reference.address,
        plain=plain_citation(reference),
        files=tuple(
            ReferenceFile(row.label, row.suffix, row.media_type, row.write([reference]))
            for row in FORMATS.values()
        ),
        styles=tuple((name, style.label) for name, style in csl.STYLES.items()),
        coins=coins(reference),
        tags=tuple(meta_tags(reference, pdf_address)),
        locator=reference.locator,
    )


class Citing:
    """Handlers of addresses below an item's, or below that of one of its slides.

    Args:
        library: what is cited.
        pages: knows what addresses begin with, and answers where there is nothing.
    """

    def __init__(self, library: Library, pages: Pages):
        self._library = library
        self._pages = pages

    def file(self, request: Request) -> Response:
        """Serve .../cite.bib, cite.ris and cite.csl.json, and cite.txt?style=&locale=."""
        suffix = request.path_params["format"]
        row = BY_SUFFIX.get(suffix)
        try:
            catalogue, item, leaf, path = self._place(request)
        except NotFoundError:
            return _NO_REFERENCE
        reference = reference_to(item, catalogue, self._pages.names.base(request), leaf, path)
        if suffix == "txt":
            return _styled_text(request, reference)
        if row is None:
            return _NO_REFERENCE
        name = f"{reference.id.replace(':', '-')}.{row.suffix}"
        return Response(
            row.write([reference]),
            media_type=f"{row.media_type}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def page(self, request: Request) -> Response:
        """Serve .../cite: every style and every format."""
        try:
            catalogue, item, leaf, path = self._place(request)
        except NotFoundError as error:
            return self._pages.missing(request, error.message)
        base = self._pages.names.base(request)
        reference = reference_to(item, catalogue, base, leaf, path)
        today = datetime.date.today()
        styles = [
            (name, style.label, csl.styled(reference, name, accessed=today))
            for name, style in csl.STYLES.items()
        ]
        html = render.page(
            "cite.html", catalogue, "", f"Cite: {item.title}",
            item=item, spoken=reference.language, styles=styles, locale=csl.LOCALE,
            cite=citation_box(catalogue, item, base, leaf, path),
        )  # fmt: skip
        return HTMLResponse(html, headers=SCRIPTED)

    def quote(self, request: Request) -> Response:
        """Serve .../slide/<n>/quote: a card with picture, words, citation and licence."""
        try:
            catalogue, item, leaf, path = self._place(request)
        except NotFoundError as error:
            return self._pages.missing(request, error.message)
        if leaf is None:
            return self._pages.missing(request, "Only a slide, page or section can be quoted.")
        base = self._pages.names.base(request)
        cite = citation_box(catalogue, item, base, leaf, path)
        text = csl.styled(reference_to(item, catalogue, base, leaf, path), "apa")
        quoted = shortened(own_words(leaf) or leaf.title, MAX_QUOTE).split("\n")
        picture = picture_path(item, path, leaf.number, WIDTHS[1])
        html = render.page(
            "quote.html", catalogue, "", f"Quote {cite.locator}: {item.title}",
            item=item, spoken=item.language or catalogue.language, cite=cite, text=text,
            picture=picture if leaf.kind in PICTURED else "",
            quoted=[line for line in quoted if line.strip()],
            alt=alt_text(item, leaf, path), licence=item.licence, rights=item.rights,
            plain=plain_quote(quoted, text, item),
            file_name=f"{item.id.replace('/', '-')}-{leaf.kind}-{leaf.number}",
        )  # fmt: skip
        return HTMLResponse(html, headers=SCRIPTED)

    def _place(self, request: Request) -> tuple[Catalogue, Item, Leaf | None, str]:
        """Return what an address names: an item, or a leaf and its file. Raises NotFoundError."""
        catalogue = self._library.public()
        path = request.path_params["item_id"]
        if place := find_leaf(path, catalogue, self._library):
            return catalogue, place.item, place.leaf, place.asset.path
        return catalogue, catalogue.item(path), None, ""


def _styled_text(request: Request, reference: Reference) -> Response:
    """Answer with a citation in a style: the entry, and below it what is for the text."""
    style = request.query_params.get("style", "apa")
    if style not in csl.STYLES:
        names = ", ".join(csl.STYLES)
        return PlainTextResponse(f"There is no such style here: there are {names}.", 404)
    locale = request.query_params.get("locale", csl.LOCALE)
    text = csl.styled(reference, style, locale=locale, accessed=datetime.date.today())
    return PlainTextResponse(f"{text.entry}\n{text.in_text}\n")


def shortened(text: str, length: int) -> str:
    """Return a text, or its first whole words and an ellipsis, at most `length` characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    return cut[: max(cut.rfind(" "), cut.rfind("\n"), length // 2)].rstrip() + "…"


def own_words(leaf: Leaf) -> str:
    """Return what stands on a leaf, without notes, comments and addresses of links."""
    return "\n".join(part.text for part in leaf.parts if part.source not in _BESIDE)


def alt_text(item: Item, leaf: Leaf, path: str) -> str:
    """Return what a picture of a leaf shows: where it is from, and its description or its words.

    The description is what the record says of it, whole; words are cut.

    Args:
        item: its record.
        leaf: as readers see it.
        path: of the file that it is in.
    """
    place = f"{name_of(leaf)} of “{item.title}”"
    description = descriptions_of(item).get((path, leaf.number))
    if description and description.alt:
        return f"{place}: {description.alt}"
    lines = [line.strip() for line in (leaf.title, *own_words(leaf).split("\n")) if line.strip()]
    words = " ".join(line if line[-1] in ".!?:;," else f"{line}." for line in lines)
    return shortened(f"{place}: {words}" if words else f"{place}, without words.", MAX_ALT)


def plain_quote(lines: list[str], text: csl.StyledCitation, item: Item) -> str:
    """Return the card as plain text."""
    licence = f"Licence: {item.licence}" if item.licence else ""
    words = "\n".join(lines)
    pieces = (f"“{words}” {text.in_text}" if words else "", text.entry, licence)
    return "\n\n".join(filter(None, pieces))
