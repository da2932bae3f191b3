"""Citations of an item or of one of its slides, as text; and metadata for crawlers.

schema.org types follow model.Kind; citation_* tags follow Google Scholar's inclusion guidelines
("Highwire Press" tags).
"""

from __future__ import annotations

from collections.abc import Callable

from coproarchive.model import Item, Kind, Leaf, Role, Seminar, Series

_TYPES = {
    Kind.PRESENTATION: "PresentationDigitalDocument",
    Kind.POST: "BlogPosting",
    Kind.PROGRAMME: "DigitalDocument",
    Kind.VIDEO: "VideoObject",
    Kind.HANDOUT: "DigitalDocument",
}
_MEDIUM = {
    Kind.PRESENTATION: "presentation",
    Kind.POST: "post",
    Kind.PROGRAMME: "programme",
    Kind.VIDEO: "video",
    Kind.HANDOUT: "handout",
}
_AUTHORS = (Role.SPEAKER, Role.KEYNOTE, Role.AUTHOR)


def creators(item: Item) -> list[str]:
    """Return ids of speakers and authors, else of every contributor."""
    ids = [c.person for c in item.people if c.role in _AUTHORS]
    return list(dict.fromkeys(ids or [c.person for c in item.people]))


def citation(
    item: Item,
    seminar: Seminar | None,
    series: Series,
    name_of: Callable[[str], str],
    date: str | None,
    address: str,
    leaf: Leaf | None = None,
) -> str:
    """Format as: Author (year). Title [medium, slide 3]. Seminar, place. Archive. Address."""
    names = [name_of(person) for person in creators(item)]
    people = (
        ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else ""
    )
    if not people and item.prepared_by:
        people = item.prepared_by
    place = f", {leaf.kind} {leaf.label or leaf.number}" if leaf else ""
    pieces = [
        f"{people} ({date[:4] if date else 'no date'})"
        if people
        else f"({date[:4] if date else 'no date'})",
        f"{item.title} [{_MEDIUM[item.kind]}{place}]",
        ", ".join(filter(None, [seminar.title, seminar.place])) if seminar else "",
        series.title,
        address,
    ]
    return ". ".join(piece.rstrip(".") for piece in pieces if piece)


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
