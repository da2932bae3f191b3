"""What the home shows: what the archive is, its seminars in time, its newest talks, its topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.model import Item, Kind
from coproarchive.search.document import declared_language
from coproarchive.web.render import pretty_date
from coproarchive.web.search_view import Choice, Glimpses

NEWEST = 4
TOPICS = 24
MOST_SEMINARS = 60
"""Seminars of the timeline, the last ones; all are on the seminars' page."""
LABELLED = 6
LABEL_LETTERS = 28
LETTER_WIDTH = 1.0
"""Percent of the line that a letter of a label takes at most, where the line is shortest."""
LEVELS = 2


@dataclass(frozen=True, slots=True)
class NewTalk:
    """A talk with its first slide; `picture` is "" where it has none."""

    href: str
    title: str
    picture: str
    about: str
    language: str


@dataclass(frozen=True, slots=True)
class SeminarDot:
    """A seminar on the timeline.

    Attributes:
        href, title, when, count: of the seminar.
        left: in percent of the line.
        radius: in pixels, by the number of its items.
        year: of its date.
        label: the title, shortened, "" where there is no room for it.
        level: how high the label stands, from 0.
        anchor: which end of the label is at the dot, as SVG says it.
    """

    href: str
    title: str
    when: str
    year: str
    count: int
    left: float
    radius: int
    label: str = ""
    level: int = 0
    anchor: str = "middle"


@dataclass(frozen=True)
class HomeView:
    """The page at the archive's address.

    Attributes:
        counts: one sentence on what is here.
        example: words to try, from the archive; "" where it is empty.
        seminars: from the first to the last.
        years: labels under the timeline and where they stand, in percent of it.
        topics: by number of items.
    """

    counts: str
    example: str
    seminars: Sequence[SeminarDot]
    years: Sequence[tuple[str, float]]
    newest: Sequence[NewTalk]
    topics: Sequence[Choice]


def home_view(catalogue: Catalogue, glimpses: Glimpses) -> HomeView:
    """Make what the home shows.

    Args:
        catalogue: what the reader may see.
        glimpses: of the newest talks, for their pictures.
    """
    seminars, years = _timeline(catalogue)
    topics = sorted(
        ((t, len(catalogue.items_of_topic(t.id))) for t in catalogue.topics.values()),
        key=lambda pair: (-pair[1], pair[0].label.casefold()),
    )
    return HomeView(
        counts=_counts(catalogue),
        example=next((t.label for t, count in topics if count), ""),
        seminars=seminars,
        years=years,
        newest=[_newest(item, catalogue, glimpses) for item in newest_items(catalogue)],
        topics=[Choice(t.label, f"/topic/{t.id}", False, n) for t, n in topics[:TOPICS] if n],
    )


def newest_items(catalogue: Catalogue, limit: int = NEWEST) -> list[Item]:
    """Return the newest presentations and recordings first, then whatever else there is."""
    talks = (Kind.PRESENTATION, Kind.VIDEO)

    def order(item: Item) -> tuple[bool, str, bool, str]:
        return item.kind in talks, catalogue.item_date(item) or "", bool(item.assets), item.id

    return sorted(catalogue.items.values(), key=order, reverse=True)[:limit]


def _counts(catalogue: Catalogue) -> str:
    """Say how many items, seminars and years there are."""
    if not catalogue.items:
        return "Nothing is here yet."
    items, seminars = len(catalogue.items), len(catalogue.seminars)
    parts = [f"{items:,} {'talk or post' if items == 1 else 'talks and posts'}"]
    if seminars:
        parts.append(f"from {seminars:,} seminar{'' if seminars == 1 else 's'}")
    dates = sorted(d[:4] for i in catalogue.items.values() if (d := catalogue.item_date(i)))
    span = f", {dates[0]} to {dates[-1]}" if dates and dates[0] != dates[-1] else ""
    return f"{' '.join(parts)}{span}. Search the words of every slide, look at it, cite it."


def _timeline(catalogue: Catalogue) -> tuple[list[SeminarDot], list[tuple[str, float]]]:
    """Return the dated seminars along a line, and the years under it."""
    dated = sorted((s.date, s.id) for s in catalogue.seminars.values() if s.date)[-MOST_SEMINARS:]
    if len(dated) < 2:
        return [], []
    days = {seminar_id: _years_since_0(date) for date, seminar_id in dated}
    first, last = int(min(days.values())), int(max(days.values())) + 1
    most = max(len(catalogue.items_of_seminar(s)) for _, s in dated) or 1
    dots = []
    for date, seminar_id in dated:
        count = len(catalogue.items_of_seminar(seminar_id))
        left = round(100 * (days[seminar_id] - first) / (last - first), 1)
        radius = round(4 + 6 * (count / most) ** 0.5)
        title = catalogue.seminar_title(seminar_id)
        when = pretty_date(date)
        dots.append(
            SeminarDot(f"/seminar/{seminar_id}", title, when, date[:4], count, left, radius)
        )
    step = max(1, -(-(last - first) // 8))
    years = [
        (str(year), round(100 * (year - first) / (last - first), 1))
        for year in range(first, last, step)
    ]
    return _labelled(dots), years


def _labelled(dots: list[SeminarDot]) -> list[SeminarDot]:
    """Return the dots, those with most items labelled where labels do not meet."""
    occupied: list[tuple[int, float, float]] = []
    labels: dict[str, SeminarDot] = {}
    for dot in sorted(dots, key=lambda d: -d.count)[:LABELLED]:
        label = shorten(dot.title, LABEL_LETTERS, placeholder="…")
        width = LETTER_WIDTH * len(label)
        anchor, start = "middle", dot.left - width / 2
        if start < 0:
            anchor, start = "start", dot.left
        elif start + width > 100:
            anchor, start = "end", dot.left - width
        for level in range(LEVELS):
            if all(n != level or start >= b or start + width <= a for n, a, b in occupied):
                occupied.append((level, start, start + width))
                labels[dot.href] = replace(dot, label=label, level=level, anchor=anchor)
                break
    return [labels.get(dot.href, dot) for dot in dots]


def _years_since_0(date: str) -> float:
    """Return the first day of an EDTF date as a year with a fraction."""
    year, month, day = map(int, edtf_bounds(date)[0].split("-"))
    return year + (month - 1) / 12 + (day - 1) / 365


def _newest(item: Item, catalogue: Catalogue, glimpses: Glimpses) -> NewTalk:
    names = ", ".join(catalogue.person_name(c.person) for c in item.people[:3])
    seminar = catalogue.seminars.get(item.seminar or "")
    date = catalogue.item_date(item)
    about = [names, seminar.title if seminar else "", pretty_date(date) if date else ""]
    return NewTalk(
        f"/item/{item.id}",
        item.title,
        glimpses(item).picture,
        " · ".join(filter(None, about)),
        declared_language(item, catalogue) or catalogue.language,
    )
