"""What is wrong with rows of files that wait, told before anything is written: by row and field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.desk.drafts.record import DraftRow, DraftSet
from coproarchive.errors import IngestError
from coproarchive.model import Item, Person, Seminar, Topic
from coproarchive.store.sidecar import valid

GIVES_AWAY, FILES = "gives away", "files"
"""Fields of a mistake that are none of the record."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that keeps a row from being saved.

    Attributes:
        row: id of the row.
        field: of its values, GIVES_AWAY or FILES.
        message: a sentence: what is wrong and what to do.
    """

    row: str
    field: str
    message: str


def mistakes_of(draft: DraftSet, catalogue: Catalogue) -> dict[str, list[Mistake]]:
    """Return the mistakes of each row that has some, by its id."""
    by_row = {row.id: _of_row(draft, row, catalogue) for row in draft.rows}
    return {row_id: mistakes for row_id, mistakes in by_row.items() if mistakes}


def _of_row(draft: DraftSet, row: DraftRow, catalogue: Catalogue) -> list[Mistake]:
    values = row.values
    mistakes: list[Mistake] = []

    def look(field: str, make: Callable[[], object]) -> None:
        try:
            valid(make)
        except IngestError as error:
            mistakes.append(Mistake(row.id, field, _sentence(error.message, field)))

    for path in row.files:
        copies = catalogue.by_sha256.get(draft.files[path].sha256) if path in draft.files else None
        if copies:
            message = f"the archive has {path.rpartition('/')[2]} already: {copies[0][0]}."
            mistakes.append(Mistake(row.id, FILES, message))
    if row.replaces:
        if row.replaces not in catalogue.items:
            message = f"there is no item {row.replaces} any more; choose again."
            mistakes.append(Mistake(row.id, FILES, message))
        return [*mistakes, *_given_away(row)]
    if not values.title.strip():
        mistakes.append(Mistake(row.id, "title", "a title is needed."))
    checks: Mapping[str, Callable[[], object]] = {
        "title": lambda: Item(id="x", title=values.title or "x"),
        "date": lambda: Item(id="x", title="x", date=values.date or None),
        "abstract": lambda: Item(id="x", title="x", abstract=values.abstract or None),
        "licence": lambda: Item(id="x", title="x", licence=values.licence or None),
        "language": lambda: Item(id="x", title="x", language=values.language or None),
        "available": lambda: Item(id="x", title="x", available=values.available or None),
        "people": lambda: [Person(id="x", names=(name,)) for name in values.people],
        "topics": lambda: [Topic(id="x", label=label) for label in values.topics],
        "seminar": lambda: Seminar(id="x", title=values.seminar or "x"),
    }
    for field, make in checks.items():
        look(field, make)
    return [*mistakes, *_given_away(row)]


def _given_away(row: DraftRow) -> list[Mistake]:
    """Ask for a look at what everybody would read of people."""
    if row.is_looked_at or not row.given_away:
        return []
    is_public = row.values.visibility == "public" and not row.values.available
    if not is_public and not row.replaces:
        return []
    message = f"{row.given_away[0]} Look at it and tick “Looked at”, or hide the item."
    return [Mistake(row.id, GIVES_AWAY, message)]


_SAID = {
    "language": "write a language by its code: en, de, pt-BR.",
    "available": "write the day as 2027-01-31.",
    "people": "a name is one line of text.",
}


def _sentence(message: str, field: str) -> str:
    return _SAID.get(field, message.rpartition(": ")[2] if ": " in message[:20] else message)
