"""When and where a seminar was, from its title and the lines of its announcement."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from coproarchive.ingest.wordpress.content import TextLine

READ = 2_000
"""Characters of a line in which dates are looked for."""
MAX_DATES = 12

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NTH = r"(?:\s?(?:st|nd|rd|th))?"
_WEEKDAY = (
    r"(?P<weekday>(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tues?|wed|thurs?|fri|sat|sun)"
)
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?:\b{_WEEKDAY}\b[,.]?\s+(?:the\s+)?)?\b(?P<day>[0-3]?\d){_NTH}"
        rf"(?:\s*(?:-|–|—|to|and|&)\s*(?P<last>[0-3]?\d){_NTH})?\s+(?:of\s+)?{_MONTH}"
        r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?",
        rf"(?:\b{_WEEKDAY}\b[,.]?\s+)?\b{_MONTH}\s+(?P<day>[0-3]?\d){_NTH}"
        rf"(?:\s*(?:-|–|—|to|and|&)\s*(?P<last>[0-3]?\d){_NTH})?(?![\d.:])"
        r"(?:,?\s+(?P<year>(?:19|20)\d\d)\b)?",
        r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        r"\b(?P<day>[0-3]?\d)[/.](?P<month>[01]?\d)[/.](?P<year>(?:19|20)\d\d)\b",
    )
)
_LABELLED = re.compile(r"^\W*(?:dates?|when|date and time|day)\s*[:–—-]", re.IGNORECASE)
_HAPPENS = re.compile(
    r"\b(?:took place|takes place|taking place|take place|was held|will be held|be held|held on|"
    r"happened on|join us|we met|gathered|seminar on|workshop on|event on|ran on)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:deadline|closing date|apply by|register (?:by|before)|submi\w+|born|published|updated|"
    r"posted|last modified|until|act of|since|no later than|by no later|next seminar|"
    r"book(?:ing)? (?:by|before)|please reply|rsvp)\b",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"^\W*(?:venue|where|location|place|address)\s*[:–—-]\s*(?P<place>.{3,200})$", re.IGNORECASE
)
_TIME = re.compile(
    r"(?:\bfrom\s+)?\b\d{1,2}(?:[.:]\d\d)?\s*(?:[ap]\.?m\.?|noon)?"
    r"(?:\s*(?:-|–|—|to|until)\s*\d{1,2}(?:[.:]\d\d)?\s*(?:[ap]\.?m\.?|noon)?)?(?=\W|$)",
    re.IGNORECASE,
)
_CAP = r"(?:St\.|[A-Z][\w’'&-]*)"
_WIDE = (
    r"(?:(?:East|West|North|South|New|Central|Northern|Western|British|Cape|St\.?)\s+(?:of\s+)?)"
)
INSTITUTION = re.compile(
    rf"(?:(?:{_CAP}\s+){{0,3}}University\s+of\s+(?:the\s+)?{_WIDE}*{_CAP}"
    rf"|(?:{_CAP}\s+){{1,4}}University(?:\s+of\s+{_CAP})?"
    rf"|(?:{_CAP}\s+(?:(?:and|of|for|&)\s+(?:the\s+)?)?){{1,7}}(?:Trust|Council|Institute|Hospital)\b"
    rf"|(?:{_CAP}\s+(?:(?:and|of|for|&)\s+)?){{1,5}}(?:Colleges?|Foundation|Charity|Museum|Library|"
    rf"Academy|Collective|Forum|Centre|Center|Hall|House)\b(?:,?\s+{_CAP})?)"
)
"""A university, trust, college or the like, by the form of its name."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A date or a place as read.

    Attributes:
        value: EDTF, or a name.
        line: the words it was read from.
        rule: why it was taken.
        confidence: 0..1.
    """

    value: str
    line: str
    rule: str
    confidence: float


def find_date(title: str, lines: Sequence[TextLine], published: str) -> Mention | None:
    """Find the day of the event that a post is about: the likeliest date in it, or None.

    Args:
        published: YYYY-MM-DD of the post, from which a missing year is taken; may be "".
    """
    best: Mention | None = None
    read_lines = [TextLine(title), *lines[:400]]
    for number, line in enumerate(read_lines):
        text = line.text[:READ]
        for value, match in islice(dates_in(text, published), MAX_DATES):
            score, rule = 0.35, "a date in the post"
            if number == 0:
                score, rule = 0.75, "a date in the title"
            elif _LABELLED.match(text):
                score, rule = 0.85, 'a line that begins with "Date"'
            elif _HAPPENS.search(text):
                score, rule = 0.75, "a date and words that say it happened then"
            elif len(line.text) < 140 and number < 16:
                score, rule = 0.7, "a date in a short line near the top"
            score += 0.1 if match.groupdict().get("weekday") else 0.0
            score -= 0.45 if _OTHER.search(text) else 0.0
            score -= 0.0 if match["year"] else 0.15
            if best is None or score > best.confidence:
                best = Mention(value, line.text[:300], rule, round(min(score, 0.95), 2))
    return best if best and best.confidence >= 0.5 else None


def dates_in(text: str, published: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield EDTF dates named in a text, with their matches; a missing year is the nearest one."""
    if not any(map(str.isdigit, text)):
        return
    for form in _FORMS:
        for match in form.finditer(text[:READ]):
            value = _value(match, published)
            if value:
                yield value, match


def without_dates(text: str) -> str:
    """Replace each date by a bar."""
    for form in _FORMS:
        text = form.sub(" | ", text)
    return text


def find_place(  # noqa: PLR0911 - a return a way of writing
    lines: Sequence[TextLine], when: Mention | None
) -> Mention | None:
    """Find where the event was: a labelled line, or what stands beside its date."""
    for line in lines[:200]:
        venue = _VENUE.match(line.text)
        if venue and not re.match(r"\W*(?:to be|tba|tbc)", venue["place"], re.IGNORECASE):
            return Mention(venue["place"].strip(" ."), line.text[:300], "a labelled line", 0.9)
    if when is None:
        return None
    at = next((n for n, line in enumerate(lines) if line.text[:300] == when.line), None)
    if at is None:
        for text in (when.line, *(line.text for line in lines[:6] if len(line.text) < 100)):
            named = INSTITUTION.search(text)
            if named:
                place = named[0] if text == when.line else text.strip(" .")
                return Mention(place, text, "near the date in the title", 0.6)
        return None
    beside = _beside(lines[at].text)
    if beside:
        return Mention(beside, when.line, "beside the date", 0.8 if len(when.line) < 140 else 0.7)
    for near in (at + 1, at - 1, at + 2):
        if 0 <= near < len(lines) and 0 < len(lines[near].text) < 120:
            named = INSTITUTION.search(lines[near].text)
            if named:
                return Mention(
                    lines[near].text.strip(" ."), lines[near].text, "next to the date", 0.6
                )
    return None


def _beside(text: str) -> str:
    named = re.search(rf"\b(?:at|in)\s+(?:the\s+)?({INSTITUTION.pattern}(?:,\s+{_CAP})?)", text)
    if named:
        return named[1].strip(" ,.")
    if re.search(r"\b(?:online|zoom|webinar via|teams)\b", text, re.IGNORECASE):
        return "Online"
    if len(text) >= 140:
        return ""
    rest = re.sub(r"(?i)^\W*(?:date|when|date and time)\s*[:–—-]", "", without_dates(text))
    rest = _TIME.sub(" | ", rest)
    pieces = [p.strip(" ,.;:–—-()") for p in re.split(r"\s*\|\s*", rest)]
    pieces = [re.sub(r"(?i)^(?:at|in|on)\s+(?:the\s+)?", "", p) for p in pieces if len(p) > 2]
    pieces = [p for p in pieces if p[:1].isupper() and not re.search(r"[.!?]\s", p)]
    pieces = [p for p in pieces if not re.fullmatch(r"(?:[A-Z]{2,4}|[Tt]\.?[Bb]\.?[AaCc])", p)]
    return pieces[0] if len(pieces) == 1 and _is_place(pieces[0]) else ""


def _is_place(text: str) -> bool:
    words = text.split()
    named = sum(w[:1].isupper() or w in ("of", "the", "and", "&", "at") for w in words)
    return bool(INSTITUTION.search(text)) or (len(words) <= 4 and named == len(words))


def _value(match: re.Match[str], published: str) -> str:
    parts = match.groupdict()
    month = parts["month"].lower().rstrip(".")
    number = int(month) if month.isdigit() else _month_number(month)
    day, last = int(parts["day"]), int(parts.get("last") or 0)
    try:
        year = int(parts["year"]) if parts["year"] else _near(number, day, published)
        first = datetime.date(year, number, day)
        end = datetime.date(year, number, last) if last else first
    except (ValueError, OverflowError):
        return ""
    if end < first:
        return ""
    return first.isoformat() if end == first else f"{first}/{end}"


def _month_number(month: str) -> int:
    return next(n for n, name in enumerate(_MONTHS, start=1) if name.startswith(month[:3]))


def _near(month: int, day: int, published: str) -> int:
    """Return the year that puts the day nearest to 60 days after the post.

    Raises:
        ValueError: the post has no date, or there is no such day.
    """
    base = datetime.date.fromisoformat(published) + datetime.timedelta(days=60)
    years = (base.year - 1, base.year, base.year + 1)
    return min(years, key=lambda y: abs((datetime.date(y, month, min(day, 28)) - base).days))
