"""CSL-JSON: what reference managers and CSL processors read (schema csl-data of CSL 1.0.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from coproarchive.model import Kind
from coproarchive.publish.person_names import CitedName
from coproarchive.publish.reference import Reference, date_parts, one_line

TYPES: dict[Kind, str] = {
    Kind.PRESENTATION: "speech",
    Kind.POST: "post-weblog",
    Kind.PROGRAMME: "document",
    Kind.VIDEO: "motion_picture",
    Kind.HANDOUT: "document",
}


def to_csl_json(references: Iterable[Reference]) -> str:
    """Return a JSON array with an object for each reference."""
    data = [csl_item(reference) for reference in references]
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def csl_item(reference: Reference) -> dict[str, object]:
    """Return a reference as an object of CSL-JSON, without what is not known."""
    is_post = reference.kind is Kind.POST
    values: dict[str, object] = {
        "author": [_name(name) for name in reference.authors],
        "title": one_line(reference.title),
        "issued": _date(reference.issued),
        "genre": "" if is_post else reference.genre,
        "event-title": one_line(reference.event_title),
        "event-place": one_line(reference.event_place),
        "event-date": _date(reference.event_date),
        "container-title": one_line(reference.archive) if is_post else "",
        "publisher": "" if is_post else one_line(reference.archive),
        "URL": one_line(reference.address),
        "language": reference.language,
        "keyword": ", ".join(map(one_line, reference.keywords)),
        "abstract": reference.abstract,
        "locator": reference.locator.label if reference.locator else "",
        "note": str(reference.locator).capitalize() if reference.locator else "",
    }
    filled = {name: value for name, value in values.items() if value}
    return {"id": reference.id, "type": TYPES[reference.kind], **filled}


def _date(date: str) -> dict[str, object]:
    return {"date-parts": date_parts(date)} if date else {}


def _name(name: CitedName) -> dict[str, str]:
    if name.literal:
        return {"literal": one_line(name.literal)}
    parts = {
        "family": name.family_name,
        "given": name.given_name,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: one_line(value) for part, value in parts.items() if value}
