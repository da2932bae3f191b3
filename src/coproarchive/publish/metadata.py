"""Descriptions for machines in the head and body of a page.

schema.org types follow model.Kind; citation_* tags follow Google Scholar's inclusion guidelines
("Highwire Press" tags), DC.* tags the DCMI's terms in HTML; COinS is OpenURL (Z39.88-2004) in a
span, with the Dublin Core format that reference managers in browsers read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from coproarchive.model import Item, Kind, Seminar
from coproarchive.publish.reference import Reference, creators, one_line

_TYPES = {
    Kind.PRESENTATION: "PresentationDigitalDocument",
    Kind.POST: "BlogPosting",
    Kind.PROGRAMME: "DigitalDocument",
    Kind.VIDEO: "VideoObject",
    Kind.HANDOUT: "DigitalDocument",
}
_COINS_TYPES = {
    Kind.PRESENTATION: "presentation",
    Kind.POST: "blogPost",
    Kind.PROGRAMME: "document",
    Kind.VIDEO: "videoRecording",
    Kind.HANDOUT: "document",
}


def json_ld(
    item: Item,
    seminar: Seminar | None,
    name_of: Callable[[str], str],
    date: str | None,
    address: str,
) -> dict[str, object]:
    """Describe the record as schema.org data."""
    record: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": _TYPES[item.kind],
        "name": item.title,
        "url": address,
    }
    extras: dict[str, object] = {
        "description": item.abstract,
        "datePublished": date,
        "inLanguage": item.language,
        "license": item.licence,
        "creator": [{"@type": "Person", "name": name_of(p)} for p in creators(item)],
        "isPartOf": {"@type": "Event", "name": seminar.title} if seminar else None,
    }
    return record | {name: value for name, value in extras.items() if value}


def meta_tags(reference: Reference, pdf_address: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and content of each tag in the head of a page.

    Args:
        reference: what the page is about.
        pdf_address: of the whole work as a PDF that everybody gets, "" for none.
    """
    date = _scholar_date(reference.issued)
    tags = [
        ("citation_title", reference.title),
        *(("citation_author", name.inverted) for name in reference.authors),
        ("citation_publication_date", date),
        ("citation_conference_title", reference.event_title),
        ("citation_language", reference.language),
        ("citation_keywords", "; ".join(reference.keywords)),
        ("citation_publisher", reference.archive),
        ("citation_abstract_html_url", reference.address),
        ("citation_pdf_url", pdf_address),
        ("DC.title", reference.title),
        *(("DC.creator", name.inverted) for name in reference.authors),
        ("DC.date", reference.issued),
        ("DC.language", reference.language),
        ("DC.identifier", reference.address),
        ("DC.rights", reference.licence or reference.rights),
    ]
    yield from ((name, one_line(content)) for name, content in tags if content)


def _scholar_date(date: str) -> str:
    """Return the first day of a date as far as it is known: 2017/07/06, 2017/07 or 2017."""
    return date.partition("/")[0].replace("-", "/")


def coins(reference: Reference) -> str:
    """Return a ContextObject in key-encoded values, for the title of a span of class Z3988."""
    fields = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", _COINS_TYPES[reference.kind]),
        ("rft.title", reference.title),
        *(("rft.creator", name.inverted) for name in reference.authors),
        ("rft.date", reference.issued.partition("/")[0]),
        ("rft.source", reference.event_title or reference.archive),
        ("rft.publisher", reference.archive),
        ("rft.language", reference.language),
        ("rft.identifier", reference.address),
        ("rft.rights", reference.licence or reference.rights),
        ("rft.description", str(reference.locator).capitalize() if reference.locator else ""),
        *(("rft.subject", keyword) for keyword in reference.keywords),
    ]
    return urlencode([(name, one_line(value)) for name, value in fields if value])
