"""iCalendar (RFC 5545) of a seminar: one event, with its programme in the description."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.model import Seminar

MEDIA_TYPE = "text/calendar; charset=utf-8"


def can_be_in_calendars(seminar: Seminar) -> bool:
    """Tell whether a seminar's days are known: a month or a year is no event.

    Nor is the last day of all, 9999-12-31, which stands for "open" and has no day after it.
    """
    ends = str(seminar.date or "").split("/")
    return all(len(end) == 10 for end in ends) and ends[-1] != datetime.date.max.isoformat()


def to_icalendar(seminar: Seminar, catalogue: Catalogue, address: str) -> bytes:
    """Return a calendar with the seminar.

    A seminar of one day lasts from its first session to the end of its last, in local time, as its
    programme says ("floating" in RFC 5545); any other lasts whole days.

    Args:
        seminar: whose days are known.
        catalogue: what the reader may see.
        address: of the seminar's page.
    """
    first, last = (datetime.date.fromisoformat(day) for day in edtf_bounds(str(seminar.date)))
    event = Event()
    event.add("uid", f"{seminar.id}@{urlsplit(address).hostname or 'coproarchive'}")
    # When it was written: its own day, so that the same record makes the same file.
    event.add("dtstamp", datetime.datetime.combine(first, datetime.time(), datetime.UTC))
    event.add("summary", seminar.title)
    event.add("url", address)
    if seminar.place:
        event.add("location", seminar.place)
    if description := _description(seminar, catalogue):
        event.add("description", description)
    starts = [s.start for s in seminar.programme if s.start]
    ends = [s.end for s in seminar.programme if s.end]
    if first == last and starts and ends and min(starts) < max(ends):
        event.add("dtstart", _at(first, min(starts)))
        event.add("dtend", _at(first, max(ends)))
    else:
        event.add("dtstart", first)
        event.add("dtend", last + datetime.timedelta(days=1))  # the first day after it
    calendar = Calendar()
    calendar.add("prodid", "-//coproarchive//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _at(day: datetime.date, clock: str) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.fromisoformat(clock))


def _description(seminar: Seminar, catalogue: Catalogue) -> str:
    lines = [seminar.description or ""]
    for session in seminar.programme:
        names = ", ".join(catalogue.person_name(c.person) for c in session.people)
        clock = "–".join(filter(None, (session.start, session.end)))
        lines.append(" ".join(filter(None, (clock, session.title, f"({names})" if names else ""))))
    return "\n".join(filter(None, lines))
