"""RIS (Research Information Systems' specification of 2011): a tag a line, UTF-8, CRLF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coproarchive.model import Kind
from coproarchive.publish.reference import Reference, date_parts, one_line

TYPES: dict[Kind, str] = {
    Kind.PRESENTATION: "SLIDE",
    Kind.POST: "BLOG",
    Kind.PROGRAMME: "GEN",
    Kind.VIDEO: "VIDEO",
    Kind.HANDOUT: "GEN",
}


def to_ris(references: Iterable[Reference]) -> str:
    """Return one record for each reference."""
    return "\r\n".join(map(_record, references))


def _record(reference: Reference) -> str:
    lines = [f"{tag}  - {value}" for tag, text in _tags(reference) if (value := one_line(text))]
    return "\r\n".join([f"TY  - {TYPES[reference.kind]}", *lines, "ER  - ", ""])


def _tags(reference: Reference) -> Iterator[tuple[str, str]]:
    yield "ID", reference.id
    yield from (("AU", name.inverted) for name in reference.authors)
    yield "TI", reference.title
    # The seminar is the talk's place of publication; a post's is the archive that holds it.
    yield "T2", reference.event_title or reference.archive
    if reference.issued:
        year, month, day = (*date_parts(reference.issued)[0], 0, 0)[:3]
        yield "PY", f"{year:04}"
        yield "DA", f"{year:04}/{f'{month:02}' if month else ''}/{f'{day:02}' if day else ''}/"
    yield "CY", reference.event_place
    yield "PB", reference.archive
    yield "M3", reference.genre
    if reference.locator:
        yield "SP", reference.locator.label
        yield "N1", str(reference.locator).capitalize()
    yield "UR", reference.address
    yield "LA", reference.language
    yield from (("KW", keyword) for keyword in reference.keywords)
    yield "AB", reference.abstract
    yield "C1", reference.licence or reference.rights
