"""Atom feeds (RFC 4287) of items."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item
from coproarchive.publish.reference import creators, first_day, one_line

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
MAX_ENTRIES = 50
_NAMESPACE = "http://www.w3.org/2005/Atom"
_UNDATED = "1970-01-01"
"""Day of entries without a date: RFC 4287 asks for one, and it never moves."""


def to_atom(
    items: Iterable[Item], catalogue: Catalogue, *, title: str, base: str, address: str, page: str
) -> bytes:
    """Return a feed of items, in their order.

    Dates are those of the talks: the archive does not tell when it got them.

    Args:
        items: at most MAX_ENTRIES are in it.
        catalogue: what the reader may see.
        title: of the feed.
        base: what absolute addresses begin with.
        address: of this feed, without `base`.
        page: path of the page with the same items.
    """
    feed = etree.Element(f"{{{_NAMESPACE}}}feed", nsmap={None: _NAMESPACE})  # type: ignore[dict-item]
    listed = list(items)[:MAX_ENTRIES]
    updated = max((first_day(catalogue.item_date(i) or "") for i in listed), default="")
    series = catalogue.series
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", catalogue.language)
    _add(feed, "id", f"{base}{address}")
    _add(feed, "title", title)
    _add(feed, "updated", _timestamp(updated))
    _link(feed, f"{base}{address}", "self", "application/atom+xml")
    _link(feed, f"{base}{page}", "alternate", "text/html")
    _add(_add(feed, "author"), "name", series.title)
    if series.rights:
        _add(feed, "rights", series.rights)
    for item in listed:
        _entry(feed, item, catalogue, base)
    return etree.tostring(feed, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _entry(feed: etree._Element, item: Item, catalogue: Catalogue, base: str) -> None:
    entry = _add(feed, "entry")
    address = f"{base}/item/{item.id}"
    day = first_day(catalogue.item_date(item) or "")
    _add(entry, "id", address)
    _add(entry, "title", item.title)
    _add(entry, "updated", _timestamp(day))
    if day:
        _add(entry, "published", _timestamp(day))
    _link(entry, address, "alternate", "text/html")
    for person in creators(item):
        author = _add(entry, "author")
        _add(author, "name", catalogue.person_name(person))
        _add(author, "uri", f"{base}/person/{person}")
    for topic in item.topics:
        category = _add(entry, "category")
        category.set("term", topic)
        category.set("label", one_line(catalogue.topic_label(topic)))
    if item.seminar:
        category = _add(entry, "category")
        category.set("term", item.seminar)
        category.set("label", one_line(catalogue.seminar_title(item.seminar)))
    if item.rights:
        _add(entry, "rights", item.rights)
    _add(entry, "summary", item.abstract or _summary(item, catalogue))


def _summary(item: Item, catalogue: Catalogue) -> str:
    """Return a sentence of what is known, for an item without a description."""
    seminar = catalogue.seminar_title(item.seminar) if item.seminar else ""
    return ", ".join(filter(None, (item.kind.value.capitalize(), seminar)))


def _timestamp(day: str) -> str:
    """Return the beginning of a day as RFC 3339 has it."""
    start = datetime.fromisoformat(day or _UNDATED).replace(tzinfo=UTC)
    return start.isoformat().replace("+00:00", "Z")


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    element = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    if text:
        element.text = one_line(text)
    return element


def _link(parent: etree._Element, address: str, relation: str, media_type: str) -> None:
    link = _add(parent, "link")
    link.set("rel", relation)
    link.set("type", media_type)
    link.set("href", address)
