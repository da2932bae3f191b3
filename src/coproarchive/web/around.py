"""What stands around a seminar, a person and a topic: neighbours, co-speakers, first slides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Item, Seminar
from coproarchive.web.leaves import Glimpse, glimpse

MOST_GLIMPSES = 24
"""Glimpses of a page, each read from the extracted texts; what follows has none."""
STRIP = 4
"""First slides at the top of a seminar's page."""
MOST_TOGETHER = 12


def glimpses_of(items: Sequence[Item], library: Library) -> dict[str, Glimpse]:
    """Return item id -> what a list shows of it, of the first items that have slides."""
    catalogue = library.public()
    seen = {item.id: glimpse(item, catalogue, library) for item in items[:MOST_GLIMPSES]}
    return {item_id: one for item_id, one in seen.items() if one.first}


def extent_of(seminar: Seminar, items: Sequence[Item]) -> str:
    """Return in words how many items and how many people a seminar has; "" without items."""
    if not items:
        return ""
    works = [*(item.people for item in items), *(s.people for s in seminar.programme)]
    people = len({c.person for who in works for c in who})
    parts = [f"{len(items)} item{'' if len(items) == 1 else 's'}"]
    parts += [f"{people} {'person' if people == 1 else 'people'}"] if people else []
    return ", ".join(parts)


def neighbours(seminar: Seminar, catalogue: Catalogue) -> tuple[Seminar | None, Seminar | None]:
    """Return the seminars before and after one, by date; undated ones have none."""
    if not seminar.date:
        return None, None
    ordered = sorted((s for s in catalogue.seminars.values() if s.date), key=_order)
    at = [s.id for s in ordered].index(seminar.id)
    before = ordered[at - 1] if at else None
    return before, ordered[at + 1] if at + 1 < len(ordered) else None


def _order(seminar: Seminar) -> tuple[str, str]:
    return seminar.date or "", seminar.id


def co_speakers(person_id: str, catalogue: Catalogue) -> Sequence[tuple[str, int]]:
    """Return ids of who contributed to the same items and sessions, and to how many of them."""
    together: Counter[str] = Counter()
    works = [i.people for i in catalogue.items_of_person(person_id)]
    works += [session.people for _, session in catalogue.sessions_of_person(person_id)]
    for people in works:
        together.update({c.person for c in people} - {person_id})
    ranked = sorted(together.items(), key=lambda pair: (-pair[1], catalogue.person_name(pair[0])))
    return ranked[:MOST_TOGETHER]


def years_of(items: Iterable[Item], catalogue: Catalogue) -> str:
    """Return the years of items in words: "2015 to 2018", "2016", "" where none has a date."""
    years = sorted(date[:4] for item in items if (date := catalogue.item_date(item)))
    if not years:
        return ""
    return years[0] if years[0] == years[-1] else f"{years[0]} to {years[-1]}"


def topics_of(items: Sequence[Item]) -> Mapping[str, int]:
    """Return topic id -> number of the items that are about it, the most frequent first."""
    counts = Counter(topic for item in items for topic in item.topics)
    return dict(counts.most_common(MOST_TOGETHER))
