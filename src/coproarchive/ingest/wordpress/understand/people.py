"""Biographies of speakers, and who wrote a post."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from coproarchive.ingest.names import NAME_TITLE, POSTNOMINALS, NameKey, bare_name, name_key
from coproarchive.ingest.wordpress.content import TextLine
from coproarchive.ingest.wordpress.understand.names import (
    NAME,
    Gazetteer,
    is_name,
    is_organisation,
    named_people,
)
from coproarchive.ingest.wordpress.understand.talks import kind_of_link
from coproarchive.ingest.wordpress.understand.when import INSTITUTION

_SECTION = re.compile(
    r"^\W*(?:(?:the|our|about|meet)\s+)*(?:keynote\s+|guest\s+|invited\s+)?"
    r"(?:(?:speakers?|presenters?|contributors?|panel(?:l?ists?)?|chairs?|authors?|facilitators?|"
    r"team|writers?|people)['’]?s?['’]?\s*)?"
    r"(?:bio(?:graph(?:y|ies|ical\s+notes?))?s?|profiles?)\W*(?:of\s.{0,40})?$"
    r"|^\W*about\s+(?:the|our|your)\s+(?:speakers?|presenters?|authors?|contributors?|facilitators?|"
    r"panel\w*|chairs?)\b.{0,30}$"
    r"|^\W*(?:meet\s+)?(?:(?:the|our|keynote|guest|invited)\s+){0,2}(?:speakers?|presenters?|"
    r"contributors?|panel(?:l?ists)?|who(?:'|’)s\s+who)\W*$"
    r"|^\W*notes\s+on\s+(?:the\s+)?(?:speakers|contributors|presenters)\W*$",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"^\W*(?:(?:the\s+)?(?:provisional\s+|draft\s+|full\s+)?(?:programme|program|agenda|schedule|"
    r"timetable)|abstracts?|venue|how to|travel|register|registration|booking|to book|contact|"
    r"further information|downloads?|slides|presentations|resources|related|share this)\b.{0,60}$",
    re.IGNORECASE,
)
_VERB = (
    r"(?:is|was|are|has|had|have|works?|worked|joined|teach\w*|leads?|led|runs?|currently|holds?|"
    r"stud\w+|trained|lives?|writes?|wrote|graduated|became|speciali\w+|manage[sd]?|chairs?|"
    r"directs?|found\w+|co-?\w+|campaigns?|began|started|spent|qualified|brings|retired|lectures?|"
    r"researches|will|uses|cares|volunteers?|gained|completed|set|a|an|the)"
)
_AFTER = rf"(?P<letters>(?:[, ]+(?:{POSTNOMINALS})\b\.?)*)\s*(?P<bracket>\([^()]{{2,120}}\))?"
_BEGINS = re.compile(
    rf"^\W*(?:{NAME_TITLE}\s+)*(?P<name>{NAME})(?!\w){_AFTER}\s*"
    rf"(?:(?P<mark>[:–—-])\s*|,\s+)?(?P<rest>{_VERB}\b.*)$",
    re.DOTALL,
)
_LABELLED = re.compile(
    rf"^\W*(?:{NAME_TITLE}\s+)*(?P<name>{NAME})(?!\w){_AFTER}\s*(?P<mark>[:–—]|\s-)\s*"
    r"(?P<rest>\S+(?:\s+\S+){4,})$",
    re.DOTALL,
)
_HEAD = re.compile(
    rf"^\W*(?:{NAME_TITLE}\s+)*(?P<name>{NAME})(?!\w){_AFTER}"
    r"(?:\s*(?:,|[:–—|]|\s-)\s*(?P<place>[^.]{3,160}))?\W*$"
)
_PAST = re.compile(
    r"\b(?:trained|awarded|graduated|completed|previously|formerly?|before|studied|publi\w+|degree|"
    r"until|winner|originally|retired from)\b",
    re.IGNORECASE,
)
_PLACED = re.compile(
    rf"(?:\b(?:at|from|with|of|in|for|by|joined)|[,(–—-])\s+(?:the\s+)?({INSTITUTION.pattern})"
)
_NAME_PLACED = re.compile(
    rf"(?P<name>{NAME})(?!\w)(?:\s+(?:of|from|at)\s+|,\s+|\s+\()(?:the\s+)?(?P<place>{INSTITUTION.pattern})"
)
_BYLINE = re.compile(
    r"^\W*(?:(?:a\s+)?(?:guest\s+)?(?:blog|post|article|piece|words|summary|report|written|text|"
    r"posted|reflections?)\s+)*(?:by|from|author(?:ed by)?s?\s*:|writers?\s*:)\s*:?\s*(?P<who>.+)$",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(?:many\s+)?(?:thanks|thank\s+you|with\s+thanks|grateful)\s+to\s+(?P<who>.+?)\s+for\s+"
    r"(?:(?:her|his|their|this|the|writing|such|sharing|a)\s+)+(?:\w+\s+)?(?:contributions?|blogs?|"
    r"posts?|piece|article|summary|report|reflections?|story|words|guest)\b",
    re.IGNORECASE,
)
_IN_TITLE = re.compile(
    r"^(?P<title>.*?\S)\s*[\s.,:;–—|(-]\s*(?:(?:a\s+)?(?:guest\s+)?(?:blog|post|article|reflections?|"
    r"report|summary)\s+)?(?:written\s+)?by:?\s+(?P<who>[^()]+?)\)?\s*$",
    re.IGNORECASE,
)
_DID = re.compile(
    r"\b(?:led|chaired|organi[sz]ed|given|run|facilitated|presented|hosted|introduced|supported|"
    r"delivered|funded|inspired|co-?produced|made|talk|keynote|lecture|speech|presentation|"
    r"slides|video|film|seminar|workshop|session)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bio:
    """A person as a biography says who it is."""

    name: str
    text: str
    affiliations: tuple[str, ...]
    line: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post.

    Attributes:
        people: names, none where only an account of a group is known.
        title: the post's title without the by-line.
    """

    people: tuple[str, ...]
    title: str
    line: str
    rule: str
    confidence: float


def is_biographies(line: TextLine) -> bool:
    """Return whether biographies begin under this line."""
    return len(line.text) < 80 and bool(_SECTION.match(line.text))


def find_biographies(
    lines: Sequence[TextLine], gazetteer: Gazetteer, title: str = "", subject: Sequence[str] = ()
) -> list[Bio]:
    """Find people of the sections headed "Speaker biographies", "About the speakers" and the like.

    Args:
        title: of the post: a post named "Speaker biographies" is one section.
        subject: names of whom the post is: a paragraph that begins with one is theirs.
    """
    bios: list[Bio] = []
    inside = is_biographies(TextLine(title))
    level, fresh = 7, False
    for line in lines:
        if is_biographies(line):
            inside, level, fresh = True, line.heading or 7, False
            continue
        ends = line.heading and line.heading <= level and not _head(line)
        if inside and (ends or (len(line.text) < 80 and _OVER.match(line.text))):
            inside = False
        begun = _begun(line, gazetteer, strict=not inside)
        if begun and (inside or name_key(begun.name) in {name_key(s) for s in subject}):
            bios.append(begun)
            fresh = inside
        elif inside and fresh and bios and _goes_on(line):
            bios[-1] = replace(bios[-1], text=f"{bios[-1].text}\n\n{line.text}".strip())
    return [_placed(bio) for bio in _merged(bios)]


def _head(line: TextLine) -> re.Match[str] | None:
    match = _HEAD.match(line.text) if len(line.text) < 200 else None
    return match if match and is_name(match["name"]) else None


def _goes_on(line: TextLine) -> bool:
    """Return whether a line without a name at its start is more of the biography above."""
    text = line.text
    return (
        bool(text) and not line.heading and (len(text) > 60 or text.rstrip().endswith((".", "!")))
    )


def _begun(line: TextLine, gazetteer: Gazetteer, *, strict: bool) -> Bio | None:
    """Read the biography that begins with this line, if one does."""
    if len(line.cells) >= 2 and is_name(line.cells[0]):
        name, text = bare_name(line.cells[0]), "\n".join(c for c in line.cells[1:] if c)
        return Bio(name, text, (), line.text[:300], "a row of a table", 0.8)
    for form, rule, confidence in (
        (_BEGINS, "begins with a name", 0.9),
        (_LABELLED, "name: text", 0.8),
    ):
        match = form.match(line.text)
        if match and is_name(match["name"]):
            placed = (match["bracket"].strip("() "),) if _where(match["bracket"]) else ()
            name, text = bare_name(match["name"]), line.text.strip()
            return Bio(name, text, placed, line.text[:300], rule, confidence)
    head = None if strict else _head(line)
    if head and (line.heading or line.bold or gazetteer.has(head["name"]) or _where(head["place"])):
        place = head["place"] or (head["bracket"] or "").strip("() ")
        return Bio(
            bare_name(head["name"]), "", (place.strip(" ,"),) if _where(place) else (),
            line.text[:300], "a name as a heading", 0.8,
        )  # fmt: skip
    return None


def _where(text: str | None) -> bool:
    return bool(text) and bool(INSTITUTION.search(f"{text}"))


def _merged(bios: list[Bio]) -> list[Bio]:
    """Merge biographies of one person: the longest replaces the others."""
    by_key: dict[NameKey, Bio] = {}
    for bio in bios:
        longest = by_key.get(name_key(bio.name))
        if longest is None or len(bio.text) > len(longest.text):
            placed = bio.affiliations or (longest.affiliations if longest else ())
            by_key[name_key(bio.name)] = replace(bio, affiliations=placed)
    return list(by_key.values())


def _placed(bio: Bio) -> Bio:
    """Read affiliations of the first sentence, else of the first later one in the present."""
    if bio.affiliations:
        return bio
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z])", bio.text)
    for number, sentence in enumerate(sentences):
        if number and _PAST.search(sentence):
            continue
        named = [m[1].strip(" ,") for m in _PLACED.finditer(sentence)]
        if named:
            return replace(bio, affiliations=tuple(dict.fromkeys(named))[:3])
    return bio


def find_places(lines: Sequence[TextLine], gazetteer: Gazetteer) -> list[Bio]:
    """Find affiliations: "Dr Ada Baker of Oven College", "Ada Baker (Oven College)"."""
    bios: dict[NameKey, Bio] = {}
    for line in lines:
        for match in _NAME_PLACED.finditer(line.text[:20_000]):
            name = match["name"]
            if gazetteer.has(name) and is_name(name):
                bio = Bio(
                    gazetteer.preferred_form(name), "", (match["place"].strip(" ,."),), match[0],
                    "a sentence that places them", 0.7,
                )  # fmt: skip
                bios.setdefault(name_key(name), bio)
    return list(bios.values())


def find_author(  # noqa: PLR0911 - a return a place to look
    title: str,
    lines: Sequence[TextLine],
    account: str,
    gazetteer: Gazetteer,
    *,
    last_lines: bool = True,
) -> Author:
    """Find who wrote the post: by its title, first lines, last lines and account, in this order.

    Args:
        account: display name of the account; a group's name gives no person.
        last_lines: whether a name alone at the end is a signature (not under a programme).
    """
    by = _IN_TITLE.match(title)
    if by and not _DID.search(by["title"]):
        people = named_people(by["who"], gazetteer)
        if people:
            return Author(
                people, by["title"].strip(" .,:;–—|-") or title, title, "by NAME in the title", 0.95
            )
    written = [line for line in lines if line.text.strip(" *•·–—-_")]
    for line in written[:3]:
        people = _signed(line.text, gazetteer) if len(line.text) < 160 else ()
        if people:
            return Author(people, title, line.text, "by NAME in the first lines", 0.9)
    for line in reversed(written[-5:] if last_lines else []):
        if any(kind_of_link(a.url) for a in line.anchors):
            break  # names above a download are speakers
        if line.anchors:
            continue
        thanks = _THANKS.search(line.text[:400])
        people = named_people(thanks["who"], gazetteer) if thanks else ()
        if people:
            return Author(people, title, line.text[:300], "thanks for the contribution", 0.8)
        people = _signed(line.text, gazetteer) or _signature(line.text, gazetteer)
        if people:
            return Author(people, title, line.text, "a name in the last lines", 0.85)
    about = _BEGINS.match(written[-1].text) if last_lines and written else None
    if about and is_name(about["name"]) and re.match(r"(?:is|works)\b", about["rest"]):
        name = bare_name(about["name"])
        return Author((name,), title, written[-1].text[:300], "the last line is about NAME", 0.6)
    if account and is_name(account) and not is_organisation(account):
        return Author((bare_name(account),), title, account, "the account's name", 0.9)
    return Author((), title, account, "an account that is no person's", 0.0)


def _signed(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Read names from a line that is a by-line and nothing else."""
    by = _BYLINE.match(text) if len(text) < 160 else None
    if not by:
        return ()
    return named_people(by["who"], gazetteer) or named_people(
        by["who"].partition(",")[0], gazetteer
    )


def _signature(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Read a line that is a name, perhaps with a description after a comma."""
    if len(text) > 120 or ":" in text:
        return ()
    text = text.strip(" *–—-~_.")
    head, _, after = text.partition(",")
    if (
        is_name(head)
        and (not after or len(after.split()) <= 10)
        and len(bare_name(head).split()) >= 2
    ):
        return (gazetteer.preferred_form(head),)
    return named_people(text, gazetteer) if re.search(r"\s(?:and|&)\s", text) else ()
