"""Values that a caller names, checked: of facets, dates, orders and pages."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Sequence

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.errors import CoproArchiveError, NotFoundError
from coproarchive.model import Kind
from coproarchive.store.sidecar import did_you_mean

Choice = str | Iterable[str]
"""A value of a facet, or several, of which one must hold: ids, or names as readers see them."""


def text_of(name: str, value: object) -> str:
    """Return the value if it is a text. Raises CoproArchiveError."""
    if not isinstance(value, str):
        raise CoproArchiveError(f"{name}: {value!r} is no text.", hint='For none write "".')
    return value


def texts_of(name: str, choice: object) -> tuple[str, ...]:
    """Return one value or several as texts. Raises CoproArchiveError."""
    values = [choice] if isinstance(choice, str | int) else choice
    if not isinstance(values, Iterable):
        message = f"{name}: {choice!r} is neither a text nor a list of texts."
        raise CoproArchiveError(message, hint="For none leave it out.")
    return tuple(map(str, values))


def refuse_unknown(names: Iterable[str], allowed: Sequence[str]) -> None:
    """Raise NotFoundError for the first name, with the nearest one that is allowed."""
    for name in names:
        message = f'a search cannot be narrowed by "{name}".{did_you_mean(name, allowed)}'
        raise NotFoundError(message, hint=f"It takes: {', '.join(allowed)}.")


def facet_values(
    chosen: Mapping[str, Choice], year: object, catalogue: Catalogue
) -> dict[str, tuple[str, ...]]:
    """Return facet -> ids of the chosen values, which are named by id or as readers see them.

    Raises:
        NotFoundError: there is no such value; with the nearest.
        CoproArchiveError: a year is none.
    """
    names: dict[str, dict[str, tuple[str, ...]]] = {
        "seminar": {s.id: (s.title,) for s in catalogue.seminars.values()},
        "speaker": {p.id: p.names for p in catalogue.people.values()},
        "topic": {t.id: (t.label, *t.alternatives) for t in catalogue.topics.values()},
        "kind": {kind.value: () for kind in Kind},
    }
    values = {
        facet: tuple(_value(facet, text, names[facet]) for text in texts_of(facet, choice))
        for facet, choice in chosen.items()
    }
    return values | {"year": tuple(map(year_of, texts_of("year", year)))}


def _value(facet: str, text: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """Return the id of the value with this id or name. Raises NotFoundError."""
    if text in names:
        return text
    ids = {name.casefold(): value for value, forms in names.items() for name in (value, *forms)}
    if text.casefold() not in ids:
        spellings = [*names, *(form for forms in names.values() for form in forms)]
        raise NotFoundError(f'there is no {facet} "{text}".{did_you_mean(text, spellings)}')
    return ids[text.casefold()]


def date_of(name: str, value: str | int) -> str:
    """Return an EDTF date, "" for none. Raises CoproArchiveError."""
    try:
        if value != "":
            edtf_bounds(str(value))
    except ValueError:
        message = f'{name}: "{value}" is no date.'
        raise CoproArchiveError(message, hint="Write 2017, 2017-07 or 2017-07-06.") from None
    return str(value)


def year_of(value: str) -> str:
    """Return a year of four digits. Raises CoproArchiveError."""
    if not re.fullmatch(r"\d{4}", value):
        raise CoproArchiveError(f'year: "{value}" is no year.', hint="Write it as 2017.")
    return value


def one_of(name: str, value: str, values: Sequence[str]) -> str:
    """Return the value if it is one of these. Raises NotFoundError, with the nearest."""
    if value not in values:
        message = f'{name}: there is no "{value}".{did_you_mean(value, values)}'
        raise NotFoundError(message, hint=f"It is one of: {', '.join(values)}.")
    return value


def at_least_one(name: str, value: object) -> int:
    """Return the whole number, of whichever type, if it is 1 or more. Raises CoproArchiveError."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # raises where it is none
    except TypeError:
        message = f"{name}: {value!r} is no whole number."
        raise CoproArchiveError(message, hint="It counts from 1.") from None
    if number < 1:
        raise CoproArchiveError(f"{name}: {number} is less than 1.", hint="It counts from 1.")
    return number
