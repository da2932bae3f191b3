"""Which posts belong to which seminar, and what the seminar is called."""

from __future__ import annotations

import bisect
import datetime
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz

from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.names import NameKey, name_key
from coproarchive.ingest.wordpress.addresses import plain_address
from coproarchive.ingest.wordpress.survey import Entry, Findings, Survey
from coproarchive.ingest.wordpress.understand.talks import is_presentations, says_film
from coproarchive.ingest.wordpress.understand.when import without_dates
from coproarchive.model import ImportRules

_WORDS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
_NTH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_KIND = r"(?P<kind>seminar|workshop|webinar|symposium|conference|lecture|colloquium|round ?table)"
_NUMBERED = re.compile(
    rf"\b{_KIND}\s*(?:no\.?|number|nr\.?|#)?\s*[-–:]?\s*"
    rf"(?P<number>\d{{1,3}}|{'|'.join(_WORDS)})\b(?!\s*(?:%|per cent|people|\w*\s*20\d\d|"
    r"(?:st|nd|rd|th)?\s*(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)))",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b(?P<number>\d{{1,3}}(?:st|nd|rd|th)|{'|'.join(_NTH)})\s+{_KIND}\b", re.IGNORECASE
)
# Words that say what kind of post it is, and words that join them; neither names a seminar.
_KIND_WORDS = frozenset(
    """presentation presentations slide slides programme programmes program agenda schedule
    timetable
    summary summaries report reports photo photos video videos film films speaker speakers abstract
    abstracts bio bios biography biographies profiles registration register booking bookings venue
    material materials resource resources reminder note notes reflection reflections recording
    recordings download downloads details information announcement announcements call handout
    handouts talk talks invitation feedback guest uncategorized uncategorised news blog blogs event
    events general update updates featured home about welcome misc other""".split()
)
_JOINING = frozenset(
    """the a an our your of from for and on in at to now is are all new final full draft provisional
    updated day days seminar seminars workshop workshops webinar symposium symposia
    conference conferences webinars lectures series here
    online available post posts part one two three first second third 1 2 3 4 morning afternoon
    session sessions with by us join how get there who what happened next coming up past upcoming
    latest this""".split()
)
_LEAD = re.compile(
    r"^\W*(?:(?:the\s+)?(?:final\s+|full\s+|draft\s+|provisional\s+)?(?:programme|program|agenda|"
    r"schedule|invitation|announcement|save the date|join us|now booking|booking open|coming up|"
    r"announcing|reminder|slides|presentations|abstracts|report|summary|videos?)"
    r"(?:\s+(?:for|of|to|at|from))(?:\s+the)?)\s*[:–—-]?\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:(?:draft|final|full|provisional|seminar|workshop|event)\s+)*(?:programme|program|agenda|"
    r"schedule|invitation|summary|report|presentations?|slides|abstracts|videos?)\W*$",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"(\s*[:|–—()]\s*|\s+-\s+|,\s+)")
NAMES_THE_DAY = "it names the day"
SOON_DAYS = 45
"""A nameless post of slides or a summary belongs to a seminar that was so many days before."""


@dataclass
class Event:
    """A seminar as the blog speaks of it.

    Attributes:
        key: what makes its posts one: "rule:<seminar id>", "seminar 6", or a programme's post.
        members: keys of its posts.
        confidence: of each post's belonging, by key; with the rule that decided.
    """

    key: str
    number: int | None = None
    seminar_id: str = ""
    members: list[str] = field(default_factory=list)
    reasons: dict[str, tuple[str, str, float]] = field(default_factory=dict)

    def join(self, entry: Entry, line: str, rule: str, confidence: float) -> None:
        """Take a post in, and remember why."""
        if entry.key not in self.members:
            self.members.append(entry.key)
            self.reasons[entry.key] = (line[:300], rule, confidence)


class Groups:
    """The events of a site.

    Args:
        survey: what the posts of the site say.
        rules: categories and tags that the archivist gave to seminars.
    """

    def __init__(self, survey: Survey, rules: ImportRules):
        self.survey = survey
        self.rules = rules
        self.entries = {e.key: e for e in survey.entries if e.key in survey.findings}
        self.events: dict[str, Event] = {}
        self.of: dict[str, Event] = {}
        ordered = sorted(self.entries.values(), key=lambda e: e.order)
        for entry in ordered:
            self._by_name(entry)
        for entry in ordered:
            if entry.key not in self.of and self._findings(entry).programme:
                self._by_programme(entry)
        traces = _Traces(self)
        for entry in ordered:
            if entry.key not in self.of:
                self._by_likeness(entry, traces)
        self.events = {k: e for k, e in self.events.items() if self._is_event(e)}
        self.of = {key: e for e in self.events.values() for key in e.members}

    def _findings(self, entry: Entry) -> Findings:
        return self.survey.findings[entry.key]

    def _event(self, key: str, number: int | None = None, seminar_id: str = "") -> Event:
        return self.events.setdefault(key, Event(key, number, seminar_id))

    def _take(self, event: Event, entry: Entry, line: str, rule: str, confidence: float) -> None:
        event.join(entry, line, rule, confidence)
        self.of[entry.key] = event

    def _by_name(self, entry: Entry) -> None:
        """Assign by the archivist's rule, a numbered category or tag, or a numbered title."""
        for term in entry.terms:
            ruled = rule_for(self.rules.seminars, term.name, term.slug)
            if ruled:
                event = self._event(f"rule:{ruled}", None, ruled)
                self._take(event, entry, term.name, "rule in archive.yaml", 1.0)
                return
        terms = [t.name for t in entry.terms if not ignored(self.rules, t.name, t.slug)]
        numbered = [(entry.title, "numbered in the title")]
        for text, rule in numbered + [(t, "numbered category or tag") for t in terms]:
            if number := number_in(text):
                kind, value = number
                self._take(self._event(f"{kind} {value}", value), entry, text, rule, 0.9)
                return

    def _by_programme(self, entry: Entry) -> None:
        """Begin a seminar from a post with a programme, or join one of its date or name."""
        mine = self._findings(entry)
        name = event_title(entry.title)
        for event in self.events.values():
            others = [self.entries[k] for k in event.members]
            same_name = any(_alike(name, event_title(o.title)) for o in others)
            days = {f.date.value for o in others if (f := self._findings(o)).date and f.programme}
            if same_name and (not mine.date or not days or mine.date.value in days):
                self._take(event, entry, entry.title, "the same name", 0.75)
                return
            if mine.date and mine.date.value in days:
                self._take(event, entry, mine.date.line, "the same day", 0.7)
                return
        self._take(
            self._event(f"post:{entry.key}"), entry, entry.title, "it holds a programme", 0.9
        )

    def _by_likeness(self, entry: Entry, traces: _Traces) -> None:
        """Assign a post to the event that it most likely speaks of, if one is likely enough."""
        best: tuple[float, str, str, Event] | None = None
        many_days = traces.days_named(self._findings(entry)) > 1
        for key in traces.events_near(entry, self._findings(entry)):
            event = self.events[key]
            read = self._likeness(entry, event)
            if read and many_days and read[2] == NAMES_THE_DAY:
                continue  # a calendar of several seminars is of none
            if read and (best is None or read[0] > best[0]):
                best = (*read, event)
        if best:
            sure, line, rule, event = best
            self._take(event, entry, line, rule, sure)

    def _likeness(  # noqa: PLR0911 - a return a reason
        self, entry: Entry, event: Event
    ) -> tuple[float, str, str] | None:
        mine = self._findings(entry)
        others = [self.entries[k] for k in event.members if event.reasons[k][2] > 0.65]
        for other in others:
            other_findings = self._findings(other)
            if not (other_findings.programme or event.number or event.seminar_id):
                continue
            name = event_title(other.title)
            if len(name.split()) > 1 and _alike(name, event_title(entry.title)):
                return 0.75, entry.title, "the same name"
            near = _days(other_findings, entry.date) in range(-60, 200)
            if mine.talks and near and _speakers(mine) & _speakers(other_findings):
                return 0.72, mine.talks[0].line, "slides of people of the programme"
            shared_people = {name_key(b.name) for b in mine.bios} & _speakers(other_findings)
            if len(shared_people) > 1 or (
                shared_people and len(shared_people) == len(_speakers(other_findings))
            ):
                return 0.7, mine.bios[0].line, "biographies of people of the programme"
            if other.link and plain_address(other.link) in mine.links:
                return 0.7, other.link, "it links to the announcement"
            if (
                other_findings.programme
                and other_findings.date
                and other_findings.date.value in mine.dates
            ):
                return 0.68, other_findings.date.value, NAMES_THE_DAY
            if (
                other_findings.programme
                and _about_an_event(entry)
                and _days(other_findings, entry.date) in range(SOON_DAYS)
            ):
                gap = _days(other_findings, entry.date)
                return 0.55 - gap / 1_000, entry.title, "posted soon after the day"
        return None

    def _is_event(self, event: Event) -> bool:
        """Return whether there is more to a seminar than one post with a number in its title."""
        if event.seminar_id or len(event.members) > 1:
            return True
        only = self._findings(self.entries[event.members[0]])
        return bool(only.programme or only.date or only.talks)

    def guesses(self, event: Event, record: str) -> list[Guess]:
        """Return the assignment of each post that no rule of the archivist decided, as guesses."""
        return [
            Guess("part of seminar", record, line, rule, sure, self.entries[key].where, record)
            for key, (line, rule, sure) in event.reasons.items()
            if sure < 1
        ]


class _Traces:
    """What posts that belong to no event yet may share with one, so that few pairs are compared."""

    def __init__(self, groups: Groups):
        self.events: dict[str | NameKey, set[str]] = defaultdict(set)
        self.days: list[tuple[str, str]] = []
        for event in groups.events.values():
            for key in event.members:
                entry, findings = groups.entries[key], groups.survey.findings[key]
                link = {plain_address(entry.link)} if entry.link else set()
                for trace in _long_words(event_title(entry.title)) | _speakers(findings) | link:
                    self.events[trace].add(event.key)
                if findings.programme and findings.date:
                    self.events[findings.date.value].add(event.key)
                    self.days.append((findings.date.value[:10], event.key))
        for empty in ("", ()):
            self.events.pop(empty, None)
        self.days.sort()

    def days_named(self, findings: Findings) -> int:
        """Count the seminars whose days a post names."""
        event_days = {day for day, _ in self.days}
        return len({d[:10] for d in findings.dates} & event_days)

    def events_near(self, entry: Entry, findings: Findings) -> list[str]:
        """Return keys of events that share a word of the name, a person, a link or a day with a
        post.
        """
        people = _speakers(findings) | {name_key(b.name) for b in findings.bios}
        traces = _long_words(event_title(entry.title)) | people | {*findings.links, *findings.dates}
        near = {key for trace in traces for key in self.events.get(trace, ())}
        at = bisect.bisect_right(self.days, (entry.date, "\uffff"))
        near |= {key for _, key in self.days[max(0, at - 3) : at]}
        return sorted(near)


def _long_words(text: str) -> set[str]:
    return {w for w in re.findall(r"\w+", text.casefold()) if len(w) > 3} or {text.casefold()}


def number_in(text: str) -> tuple[str, int] | None:
    """Read kind and number of "Seminar 6", "Workshop two" or "the sixth seminar"."""
    match = _NUMBERED.search(text) or _ORDINAL.search(text)
    if not match:
        return None
    word = match["number"].lower()
    if word in _WORDS:
        number = _WORDS.index(word) + 1
    elif word in _NTH:
        number = _NTH.index(word) + 1
    else:
        number = int(re.sub(r"\D", "", word))
    return (match["kind"].lower().replace("round table", "roundtable"), number) if number else None


@lru_cache(maxsize=100_000)
def event_title(title: str) -> str:
    """Return the seminar's name in a post's title, without number, day, "Programme for" and
    "summary".
    """
    bare = without_dates(_ORDINAL.sub(" | ", _NUMBERED.sub(" | ", title)))
    pieces = _BREAKS.split(_TAIL.sub("", _LEAD.sub("", bare)))
    while pieces and is_generic(pieces[0]):
        pieces.pop(0)
    while pieces and is_generic(pieces[-1]):
        pieces.pop()
    return "".join(pieces).strip(" .:;,–—-|")


def is_generic(text: str) -> bool:
    """Return whether words only say what kind of post it is, and not what it is about."""
    words = re.findall(r"\w+", re.sub(r"[’']s\b", "", text).casefold())
    return all(w in _KIND_WORDS or w in _JOINING for w in words) or number_in(text) is not None


def rule_for(rules: Mapping[str, str], name: str, slug: str) -> str:
    """Return what the archivist's rule makes of a category or tag, "" where there is none."""
    folded = {key.casefold(): value for key, value in rules.items()}
    return folded.get(name.casefold(), "") or folded.get(slug.casefold(), "")


def ignored(rules: ImportRules, name: str, slug: str) -> bool:
    """Return whether the archivist's rules ignore a category or tag."""
    return {name.casefold(), slug.casefold()} & {i.casefold() for i in rules.ignore} != set()


def _alike(one: str, other: str) -> bool:
    if not one or not other:
        return False
    if one.casefold() == other.casefold():
        return True
    return fuzz.token_sort_ratio(one.casefold(), other.casefold()) >= 85 or (
        min(len(one.split()), len(other.split())) >= 3
        and fuzz.token_set_ratio(one.casefold(), other.casefold()) >= 95
    )


def _speakers(findings: Findings) -> set[NameKey]:
    named = [s.people for s in findings.programme] + [t.people for t in findings.talks]
    return {name_key(person) for people in named for person in people}


def _days(findings: Findings, published: str) -> int:
    """Return days from the event to a post, a large number where either is unknown."""
    if not findings.date or not published:
        return 10_000
    day = findings.date.value.partition("/")[0]
    return (datetime.date.fromisoformat(published) - datetime.date.fromisoformat(day)).days


def _about_an_event(entry: Entry) -> bool:
    labels = (entry.title, *(t.name for t in entry.terms))
    return any(
        is_presentations(s)
        or says_film(s)
        or re.search(r"\b(?:summary|report|reflections?|seminar|workshop)\b", s, re.I)
        for s in labels
    )
