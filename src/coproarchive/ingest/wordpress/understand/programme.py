"""Timed lines of a post as the sessions of a programme."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from coproarchive.ingest.wordpress.content import TextLine
from coproarchive.ingest.wordpress.understand.names import Gazetteer, named_people
from coproarchive.model import Role

MIN_SESSIONS = 3
_MAX_TITLE = 160
_HALF = r"(?:\s*(?P<{0}>[ap])\.?\s?m\b\.?)?"
_CLOCK = r"(?P<{0}>[01]?\d|2[0-3])(?:\s?[.:h]\s?(?P<{1}>[0-5]\d))?"
_TIME = re.compile(
    r"^[\s•*·\-–—(\[]*(?:from\s+|at\s+)?"
    + _CLOCK.format("h", "m") + _HALF.format("half") + r"(?:\s?h(?:rs)?\b)?"
    + r"(?:\s*(?:-|–|—|to|till|until)\s*"
    + _CLOCK.format("h2", "m2") + _HALF.format("half2") + r"(?:\s?h(?:rs)?\b)?)?"
    + r"[)\]]?\s*(?P<sep>[-–—:|,.]?)\s*(?P<rest>.*)$",
    re.DOTALL | re.IGNORECASE,
)  # fmt: skip
_ARMY = re.compile(r"^(\s*)([01]\d|2[0-3])([0-5]\d)(\s*[-–—]\s*)([01]\d|2[0-3])([0-5]\d)\b")
_BREAK = re.compile(
    r"^\W*(?:(?:tea|coffee|lunch|break|refreshments|registration|arrivals?|networking|dinner|buffet|"
    r"close|end|depart|comfort|pause|wine|drinks|reception|(?:additional|informal) networking)\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*(?P<label>keynote(?: (?:speech|address|lecture|talk|speaker))?s?(?: \d+)?|speakers?|"
    r"talk(?: \d+)?|paper(?: \d+)?|presentation(?: \d+)?|plenary|guest speaker|session \d+|"
    r"presenters?)\s*[:–—-]\s*",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\s*[,:(–—-]?\s*\b(?P<how>with|by|led by|chaired by|presented by|facilitated by|delivered by|"
    r"from|hosted by|introduced by|chair:|speakers?:|facilitators?:)\s+"
    r"(?P<who>[^()]+(?:\([^()]*\))?)\)?\s*$",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^\W*(?:(?:speakers?|presenters?|by)\s*:\s*(?P<who>.{3,120}?)[.;,|]?\s+(?:talk\s+)?title\s*:\s*"
    r"(?P<title>.+)|(?:talk\s+)?title\s*:\s*(?P<title2>.{3,200}?)[.;,|]?\s+(?:speakers?|presenters?|by)"
    r"\s*:\s*(?P<who2>.+))$",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"[“\"‘'](?P<title>[^“”\"]{4,220}?)[”\"’'](?=$|[\s,.;:)–—-])")
_DAY = re.compile(
    r"^\W*(?:day\s+(?:\d|one|two|three|four|five)|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_END = re.compile(
    r"^\W*(?:(?:speakers?|presenters?|contributors?|authors?)?\W{0,3}s?\s*(?:bio|biograph\w+|profiles?)\b|"
    r"about the (?:speakers?|presenters?)|abstracts?\b|how to (?:find|get|book)|venue\b|travel\b|"
    r"register\b|registration (?:is|link)|to (?:book|register)|for (?:more|further)|book(?:ing)? )",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session as read.

    Attributes:
        start, end: HH:MM, end "" where it is not said.
        people: names.
        role: of all of them.
        line: what it was read from.
        confidence: of title and people, 0..1; times are certain.
    """

    start: str
    end: str
    title: str
    people: tuple[str, ...]
    role: Role
    description: str
    line: str
    confidence: float


def find_programme(lines: Sequence[TextLine], gazetteer: Gazetteer) -> list[SessionLine]:
    """Find the programme in a post: three or more lines that begin with a time; else nothing."""
    timed = [(n, t) for n, line in enumerate(lines) if (t := _timed(line))]
    if len(timed) < MIN_SESSIONS:
        return []
    sessions: list[SessionLine] = []
    clock = 0
    for place, (n, match) in enumerate(timed):
        stop = timed[place + 1][0] if place + 1 < len(timed) else n + 1 + _usual_gap(timed)
        below = []
        before = lines[timed[place - 1][0] + 1 : n] if place else ()
        clock = 0 if any(_DAY.match(line.text) for line in before) else clock
        for line in lines[n + 1 : stop]:
            if line.heading or _END.match(line.text) or _DAY.match(line.text):
                break
            below.append(line.text)
        start, clock = _clock(match["h"], match["m"], match["half"] or match["half2"], clock)
        end = ""
        if match["h2"]:
            end, clock = _clock(match["h2"], match["m2"], match["half2"], clock)
        rest = match["rest"].strip()
        if not rest and below:
            rest = below.pop(0)
        cells = tuple(c for c in lines[n].cells[1:] if c.strip())
        read = _session(rest, cells, below, gazetteer)
        sessions.append(replace(read, start=start, end=end, line=lines[n].text[:400]))
    return [s for s in sessions if s.title] if len(sessions) >= MIN_SESSIONS else []


def _usual_gap(timed: Sequence[tuple[int, re.Match[str]]]) -> int:
    """Return the median number of lines under a time, for the last one, which has no next."""
    gaps = sorted(b - a - 1 for (a, _), (b, _) in pairwise(timed))
    return min(gaps[len(gaps) // 2], 4)


def without_time(text: str) -> str:
    """Remove a time at the start of words, and what marks it off."""
    match = _timed(TextLine(text))
    return match["rest"].strip() if match else text


def _timed(line: TextLine) -> re.Match[str] | None:
    text = line.cells[0] if line.cells else line.text
    text = _ARMY.sub(r"\1\2:\3\4\5:\6", text)
    match = _TIME.match(text)
    if match is None or (not match["m"] and not match["half"] and not match["half2"]):
        return None
    following = match["rest"][:1]
    if following.isdigit() or (following in "%£$€" and following):
        return None  # "9.30 per cent", "10.5 million": a number
    if (
        not match["half"]
        and not match["h2"]
        and match["rest"][:8]
        .casefold()
        .startswith(("million", "per cent", "percent", "billion", "%"))
    ):
        return None
    if line.cells and not match["rest"].strip():
        match = _TIME.match(f"{text.strip()} | {' | '.join(line.cells[1:])}") or match
    return match


def _clock(hour: str, minute: str | None, half: str | None, after: int) -> tuple[str, int]:
    """Return HH:MM and minutes since midnight; an hour that would go back is after noon."""
    h, m = int(hour), int(minute or 0)
    if half:
        h = h % 12 + (12 if half.lower() == "p" else 0)
    elif h < 12 and ((h < 9 and h * 60 + m < after) or (not after and h < 7)):
        h += 12
    return f"{h:02}:{m:02}", h * 60 + m


def _session(
    rest: str, cells: tuple[str, ...], below: list[str], gazetteer: Gazetteer
) -> SessionLine:
    if len(cells) < 2 and "\n" in rest:
        rest, *others = [line for line in rest.split("\n") if line.strip()] or [""]
        below = [*others, *below]
    role = _role(rest)
    label = None if _LABELLED.match(rest) else _LABEL.match(rest)
    text = rest[label.end() :] if label else rest
    description = "\n".join(below)
    if _BREAK.match(text) and len(text) < 200:
        return _read(_capital(text), (), role, description, 0.9)
    if cells and len(cells) > 1:
        title, people = _from_cells(cells, gazetteer)
        if title:
            return _read(title, people, role, description, 0.8 if people else 0.6)
    title, people, more, sure = split_title(text, gazetteer)
    if not people and below:
        people, below = _from_below(below, gazetteer)
        description = "\n".join(below)
    description = "\n".join(filter(None, [more, description]))
    if not title and people and below:
        title, description = below[0][:_MAX_TITLE], "\n".join(below[1:])
    if not title:
        title = _capital(text[:_MAX_TITLE]) or "Session"
    return _read(title, people, role, description, sure)


def _role(text: str) -> Role:
    if re.match(r"^\W*(?:key\s?note|plenary)|.{0,250}\bkeynote\b", text, re.IGNORECASE):
        return Role.KEYNOTE
    if re.search(r"\b(?:facilitat\w+|moderated|hosted|chair\w*)\b\W", text[:250], re.IGNORECASE):
        return Role.FACILITATOR
    return Role.SPEAKER


def _read(
    title: str, people: tuple[str, ...], role: Role, description: str, sure: float
) -> SessionLine:
    return SessionLine("", "", title.strip(), people, role, description.strip(), "", sure)


def split_title(  # noqa: PLR0911 - a return a way of writing
    text: str, gazetteer: Gazetteer
) -> tuple[str, tuple[str, ...], str, float]:
    """Split words after a time into title, people, what follows, and the confidence."""
    text = re.sub(r"\b(Prof|Dr|Mr|Mrs|Ms|Revd?)\.(?=\s)", r"\1", text.strip(" |"))
    labelled = _LABELLED.match(text)
    if labelled and (
        people := _people_before_place(labelled["who"] or labelled["who2"], gazetteer)
    ):
        title, more = _first_sentence(labelled["title"] or labelled["title2"])
        return title, people, more, 0.9
    shout = _shouted(text, gazetteer)
    if shout:
        return shout
    quoted = _QUOTED.search(text)
    if quoted:
        around = (text[: quoted.start()] + " " + text[quoted.end() :]).strip(" ,:;–—-|")
        around = re.sub(
            r"^(?:by|with|on|speaks on|will (?:speak|talk) (?:on|about))\s+", "", around
        )
        people = _people_before_place(around, gazetteer)
        if people:
            return quoted["title"].strip(" ,."), people, "", 0.85
    leading, rest = gazetteer.leading(text)
    if leading and rest and not re.match(r"^(?:&|and\b|,?\s*[a-z])", rest):
        title, more = _first_sentence(re.sub(r"^\([^)]*\)\s*[:,–—-]?\s*", "", rest))
        return title, (leading,), more, 0.75
    for mark in (" | ", " – ", " — ", " - ", ": ", ", "):
        read = _divided(text, mark, gazetteer)
        if read:
            return read
    by = _WITH.search(text[:400]) if len(text) < 400 else None
    if by:
        people = _people_before_place(by["who"], gazetteer)
        if people:
            return _capital(text[: by.start()]), people, "", 0.8
    bracket = re.match(r"^(?P<title>.{3,200})\((?P<who>[^()]+)\)$", text)
    if bracket and (people := _people_before_place(bracket["who"], gazetteer)):
        return bracket["title"].strip(), people, "", 0.75
    if (people := named_people(text, gazetteer)) and (len(people) > 1 or gazetteer.has(text)):
        return "", people, "", 0.6
    title, more = _first_sentence(text)
    return _capital(title), (), more, 0.5 if more else 0.7


def _divided(
    text: str, mark: str, gazetteer: Gazetteer
) -> tuple[str, tuple[str, ...], str, float] | None:
    """Split "Title – Name" or "Name: Title": the side that is names, known ones first."""
    if mark not in text[:300]:
        return None
    first, _, second = text.partition(mark)
    _, _, last = text.rpartition(mark)
    head = text[: len(text) - len(last) - len(mark)]
    for title, who in ((second, first), (head, last), (first, second)):
        people = _people_before_place(who, gazetteer)
        if people and (mark != ", " or all(gazetteer.has(p) for p in people)):
            sure = 0.85 if all(gazetteer.has(p) for p in people) else 0.65
            named, more = _first_sentence(title)
            return named, people, more, sure
    return None


def _people_before_place(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Read names with, perhaps, "(University of X)" or ", University of X" after them."""
    text = text.strip(" ,:;–—-|.")
    people = named_people(text, gazetteer)
    if not people and "," in text:
        people = named_people(text.partition(",")[0], gazetteer)
    return people


def _shouted(text: str, gazetteer: Gazetteer) -> tuple[str, tuple[str, ...], str, float] | None:
    """Split names, a TITLE IN CAPITALS, then prose: programmes typed where bold is not at hand."""
    match = re.search(r"(?<![\w’'])(?:[A-Z][A-Z’'&,:/-]+[?!.]?(?:\s+|$)|[&AI]\s+){2,}", text)
    if not match or sum(c.isalpha() for c in match[0]) < 8:
        return None
    caps = match[0].strip()
    more = text[match.end() :].strip()
    if more and not caps.endswith(("?", "!", ".", ":")) and len(caps.split()[-1]) == 1:
        caps, more = caps[:-1].strip(), f"{caps[-1]} {more}"  # "… THE END A study": the A is prose
    before = text[: match.start()].strip(" ,:;–—-")
    people = _people_before_place(before, gazetteer) if before else ()
    if before and not people:
        return None
    if not before and not people and more:
        people = _people_before_place(more, gazetteer)
        more = "" if people else more
    return sentence_case(caps), people, more, 0.85 if people else 0.6


def sentence_case(text: str) -> str:
    """Lower SHOUTED WORDS, but a capital at the start and after a stop; known short forms stay."""
    if any(c.islower() for c in text):
        return text.strip()
    lowered = text.strip(" :").lower()
    lowered = re.sub(r"(^|[?!]\s+)(\w)", lambda m: m[1] + m[2].upper(), lowered)
    return re.sub(r"\b(nhs|uk|usa|eu|esrc|phd|amhp|mha)\b", lambda m: m[1].upper(), lowered)


def _from_cells(cells: tuple[str, ...], gazetteer: Gazetteer) -> tuple[str, tuple[str, ...]]:
    """Read title and people of a table's row; columns may stand either way round."""
    for who in (*range(1, len(cells)), 0):
        people = _people_before_place(cells[who].replace("\n", ", "), gazetteer)
        if people:
            title = next(c for n, c in enumerate(cells) if n != who)
            return " ".join(title.split())[:300], people
    return " ".join(cells[0].split())[:300], ()


def _from_below(below: list[str], gazetteer: Gazetteer) -> tuple[tuple[str, ...], list[str]]:
    """Read a line of names right under the title."""
    first = re.sub(r"^(?:by|with|speakers?:|presented by)\s+", "", below[0], flags=re.IGNORECASE)
    people = _people_before_place(first, gazetteer) if len(first) < 160 else ()
    return (people, below[1:]) if people else ((), below)


def _first_sentence(text: str) -> tuple[str, str]:
    """Return a title of at most _MAX_TITLE characters, and the whole text where it says more."""
    text = text.strip(" |")
    stray = re.match(r"^[‘'“\"]?([^’'”\".!?]{3,60})[’'”\"]\s+(?=[A-Z])", text)
    if stray and stray[1].count("‘") == 0:
        return stray[1].strip(), text[stray.end() :]
    if len(text) <= _MAX_TITLE and not re.search(r"[.!?]\s+[A-Z]", text):
        return text.strip(), ""
    sentence = re.match(r"^(.{8,160}?[.?!])\s+(?=[A-Z“‘\"])", text)
    if sentence:
        return sentence[1].rstrip("."), text[sentence.end() :]
    cut = text[:_MAX_TITLE].rpartition(" ")[0] or text[:_MAX_TITLE]
    return f"{cut} …", text


def _capital(text: str) -> str:
    text = text.strip(" .:,;–—-|")
    text = sentence_case(text) if len(text) > 3 or text.upper() in ("TEA", "END") else text
    return text[:1].upper() + text[1:]
