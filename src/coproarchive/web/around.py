"""What stands around a seminar, a person and a topic: neighbours, co-speakers, first slides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item, Seminar
from coproarchive.web.search_view import FirstSlide, picture_of

MOST_PICTURES = 24
"""First slides of a page, each read from the extracted texts; what follows has none."""
MOST_TOGETHER = 12


def first_pictures(items: Iterable[Item], first_slide: FirstSlide) -> dict[str, str]:
    """Return item id -> address of the picture of its first slide, of the first items."""
    pictures = {}
    for item, _ in zip(items, range(MOST_PICTURES), strict=False):
        if slide := first_slide(item):
            pictures[item.id] = picture_of(slide, item)
    return pictures


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
