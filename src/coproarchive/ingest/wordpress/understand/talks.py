"""Presentations and films that a post links to, with title and speaker read from the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from coproarchive.ingest.names import NAME_TITLE, bare_name
from coproarchive.ingest.wordpress.content import Anchor, TextLine
from coproarchive.ingest.wordpress.understand.names import NAME, Gazetteer, is_name, named_people
from coproarchive.ingest.wordpress.understand.programme import (
    sentence_case,
    split_title,
    without_time,
)
from coproarchive.model import Role

MAX_WORDS = 500
"""Characters of a line that are read for a title and names; more is prose."""
DECKS = frozenset("pptx ppt ppsx pps potx pptm odp key".split())
PAPERS = frozenset("pdf docx doc odt rtf".split())
FILMS = frozenset("mp4 m4v webm mov mp3 m4a ogg ogv wav".split())
_DECK_HOSTS = re.compile(
    r"(?:^|\.)(?:slideshare\.net|speakerdeck\.com|prezi\.com|figshare\.com|zenodo\.org|osf\.io|"
    r"sway\.office\.com)$"
)
_FILM_HOSTS = re.compile(
    r"(?:^|\.)(?:youtube\.com|youtube-nocookie\.com|youtu\.be|vimeo\.com|videopress\.com|"
    r"dailymotion\.com|soundcloud\.com|mixcloud\.com|panopto\.\w+|mediasite\.\w+|kaltura\.com)$"
)
_CONTEXT = re.compile(
    r"\b(?:presentations?|slides?|decks?|powerpoints?|downloads?|materials|resources|handouts?|"
    r"talks|papers|recordings?)\b",
    re.IGNORECASE,
)
_FILM_WORDS = re.compile(
    r"\b(?:videos?|films?|recordings?|recorded|watch|podcasts?)\b", re.IGNORECASE
)
# What a line says of the download and not of the talk: what one does, and with what.
_THING = (
    r"(?:(?:power\s?point|pdf|pptx?)\s+)?(?:presentations?|slides?(?:\s+deck)?|decks?|power\s?points?|"
    r"pdf|pptx?|docx?|word|files?|talk|handouts?|recording|video|film|paper|links?|version)"
)
_SIZE = r"(?:\s*[,:]?\s*\(?\s*[\d.,]+\s*[kmg]i?b\s*\)?)?"
_DO = (
    r"(?:(?:please\s+)?(?:click|tap)\s+(?:here|on\s+the\s+link)(?:\s+(?:to|for)\s+\w+)?"
    rf"(?:\s+(?:the|his|her|their))?(?:\s+{_THING})?|(?:can\s+be\s+)?download(?:ed|able)?"
    rf"(?:\s+(?:the|his|her|their|my|this|as|a|full))*(?:\s+{_THING})?(?:\s+(?:from\s+)?here|\s+now)?|"
    r"(?:view(?:ed)?|see|open|read|get|watch|listen\s+to)\s+(?:(?:the|his|her|their|my|this|full)\s+)*"
    rf"(?:{_THING}(?:\s+here)?|here|more|now)|(?:slides?\s+)?(?:are\s+)?available\s+(?:here|to\s+download)|"
    r"opens\s+in\s+a\s+new\s+\w+|here)"
)
_IN_BRACKETS = re.compile(
    rf"[\[(]\s*(?:{_DO}|{_THING}|[\d.,]+\s*[kmg]b)(?:[\s,;|/–-]+(?:{_THING}|[\d.,]+\s*[kmg]b))*{_SIZE}"
    r"\s*[\])]",
    re.IGNORECASE,
)
_AT_END = re.compile(
    rf"(?:(?:^|(?<=[\s:;,–—|])){_DO}|(?:^|[:;,–—|]\s*|\s-\s*){_THING}(?:\s+here)?){_SIZE}\W*$",
    re.IGNORECASE,
)
_AT_START = re.compile(
    rf"^\W*(?:{_DO}|{_THING}){_SIZE}\s*(?:[:;–—|]|\s-|of\b|for\b)\s*", re.IGNORECASE
)
_OWNER = re.compile(
    rf"(?P<who>(?:{NAME_TITLE}\s+)*{NAME}(?:\s*(?:,|and|&)\s*(?:{NAME_TITLE}\s+)*{NAME})*)[’']s?\s+"
    r"(?i:(?:\w+\s+){0,2}(?:slides?|presentations?|talks?|keynote|power\s?points?|handouts?|paper|"
    r"lecture|deck|video|film|recording)\b)"
)
_OF = re.compile(
    r"^\W*(?i:slides?|presentation|talk|keynote|power\s?point|handout|paper|lecture|video|film|"
    r"recording)s?(?:\s+slides?)?\s*(?:by|from|of|:|–|-)\s*"
    rf"(?P<who>(?:{NAME_TITLE}\s+)*{NAME}.*)$"
)
_FIRST_NAME = re.compile(
    r"^\W*(?P<first>[A-Z][a-zà-ÿ]+)[’']s\s+(?:slides?|presentation|talk|power\s?point|handout|deck)\b"
)
_NUMBERED_LEAD = re.compile(
    r"^\W*(?:seminar|workshop|webinar|session|day)\s+\w{1,6}\s*[:–—-]\s*", re.I
)
# Papers that stand beside slides and are none.
_OTHER_PAPER = re.compile(
    r"(?:\b|_)(?:maps?|flyers?|posters?|leaflets?|programmes?|program|agenda|booking|forms?|directions|"
    r"parking|questionnaires?|evaluation|reports?|handbook|guides?|reading[ -]list|minutes|"
    r"biographies|bios|invitation|invite|transcripts?|terms|polic(?:y|ies))(?:\b|_)",
    re.IGNORECASE,
)
_KEYNOTE = re.compile(
    r"[\[(]?\b(?:key\s?note|plenary)(?:\s+(?:speaker|speech|address|talk))?\b[\])]?", re.I
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A presentation or film as read from a post.

    Attributes:
        title: "" where the line names only a speaker.
        urls: its files, the first speaks for it.
        film: it is a film or a sound recording.
        listed: it stood in a list of presentations, or its file is a deck.
    """

    title: str
    people: tuple[str, ...]
    role: Role
    urls: tuple[str, ...]
    film: bool
    listed: bool
    line: str
    rule: str
    confidence: float


def kind_of_link(url: str) -> str:
    """Return "deck", "paper", "film" or "" for an address, by its ending or its host."""
    parts = urlsplit(url)
    ending = unquote(parts.path).rpartition(".")[2].lower()
    host = (parts.hostname or "").lower()
    if ending in DECKS or _DECK_HOSTS.search(host):
        return "deck"
    if ending in PAPERS:
        return "paper"
    if ending in FILMS or _FILM_HOSTS.search(host):
        return (
            "film"
            if len(parts.path) > 1 and not re.match(r"^/(?:user|channel|c|@)", parts.path)
            else ""
        )
    if host == "docs.google.com" and parts.path.startswith("/presentation"):
        return "deck"
    return "film" if host == "wordpress.tv" else ""


def is_presentations(text: str) -> bool:
    """Return whether a title, heading, category or tag announces presentations."""
    return bool(_CONTEXT.search(text))


def says_film(text: str) -> bool:
    """Return whether a title, category or sentence speaks of a film or recording."""
    return bool(_FILM_WORDS.search(text))


@dataclass
class _Context:
    """Where in the post the reader is."""

    context: bool
    heading: bool = False
    above: list[str] = field(default_factory=list)
    titled: bool = False


def find_talks(
    title: str,
    terms: Sequence[str],
    lines: Sequence[TextLine],
    gazetteer: Gazetteer,
    files: Mapping[str, str],
) -> list[Talk]:
    """Find decks, papers and films linked in a post, each once.

    Args:
        terms: names of its categories and tags.
        files: address of an attachment's page -> address of its file.
    """
    talks: dict[str, Talk] = {}
    context = _Context(any(is_presentations(t) for t in (title, *terms)))
    for line in lines:
        if (line.heading or line.bold) and not line.anchors:
            context.heading = is_presentations(line.text) if line.heading else context.heading
        anchors = [
            Anchor(a.text, files.get(a.url.rstrip("/"), a.url), a.kind)
            for a in line.anchors
            if a.kind != "picture"
        ]
        file_anchors = [a for a in anchors if kind_of_link(a.url)]
        if not file_anchors:
            _remember(line, context)
            continue
        for words, urls in _segments(line, file_anchors):
            films = tuple(url for url in urls if kind_of_link(url) == "film")
            decks = tuple(url for url in urls if url not in films)
            for some in filter(None, (decks, films)):
                talk = _talk(words, some, line, context, gazetteer)
                talks.setdefault(talk.urls[0], talk)
        if without_download(line.text):
            context.above = []
    return list(talks.values())


def _remember(line: TextLine, context: _Context) -> None:
    if line.heading:
        context.above = []
    if line.text:
        context.above = [*context.above[-2:], line.text]
        context.titled = bool(line.heading or line.bold)


def _segments(line: TextLine, anchors: list[Anchor]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the words that belong to each address of a line; files of one talk come together."""
    text = line.text
    if line.cells or len(anchors) == 1:
        yield text, tuple(dict.fromkeys(a.url for a in anchors))
        return
    named = [a for a in anchors if len(without_download(a.text)) > 3]
    if len({a.url for a in named}) < 2:
        spots = _spots(text, anchors)
        between = [without_download(text[a:b]) for (_, a), (b, _) in pairwise(spots)]
        if not any(len(words) > 12 for words in between):
            yield text, tuple(dict.fromkeys(a.url for a in anchors))
            return
        start = 0  # "Title one: download. Title two: download": each label ends its talk
        for anchor, (_, end) in zip(anchors, spots, strict=True):
            yield text[start:end], (anchor.url,)
            start = end
        return
    spots = _spots(text, named)
    for n, anchor in enumerate(named):
        begin = spots[n][0] if n else 0
        end = spots[n + 1][0] if n + 1 < len(named) else len(text)
        yield re.sub(r"[\s,;•·|]+(?:and)?\s*$", "", text[begin:end]), (anchor.url,)


def _spots(text: str, anchors: list[Anchor]) -> list[tuple[int, int]]:
    spots, position = [], 0
    for anchor in anchors:
        at = text.find(anchor.text, position)
        start = at if at >= 0 else position
        position = start + len(anchor.text)
        spots.append((start, position))
    return spots


def without_download(text: str) -> str:
    """Remove "download here", "(PDF, 2 MB)" and the like."""
    previous = ""
    while previous != text:
        previous = text
        text = _AT_END.sub("", _IN_BRACKETS.sub(" ", text)).rstrip(" •·*|:;,–—-…>→»")
        text = _AT_START.sub("", re.sub(r"\bhttps?://\S+", " ", text))
    text = re.sub(r"[\[(]\s*[\])]", " ", " ".join(text.split()))
    return text.strip(" \t•·*|:;,–—-…>→»")


def _talk(
    text: str, urls: tuple[str, ...], line: TextLine, context: _Context, gazetteer: Gazetteer
) -> Talk:
    text = text[:MAX_WORDS]
    kinds = {kind_of_link(url) for url in urls}
    listed = context.context or context.heading or "deck" in kinds
    film = kinds == {"film"}
    keynote = bool(_KEYNOTE.search(text))
    title, people, rule, sure = _read(text, line, gazetteer)
    if not title and not people and context.above:
        title, people, rule, sure = _from_above(context.above, gazetteer)
        if film and not people and not context.titled:
            title, rule, sure = "", "", 0.0
        keynote = keynote or any(_KEYNOTE.search(a) for a in context.above)
    if not film and not listed and people:
        listed = bool(_CONTEXT.search(text))
    if "deck" not in kinds and not people and _OTHER_PAPER.search(f"{text} {urls[0]}"):
        listed = False
    return Talk(
        title[:300], people, Role.KEYNOTE if keynote else Role.SPEAKER, urls, film, listed,
        line.text[:300] or " / ".join(context.above)[:300] or urls[0],
        rule or "an address of its kind",
        sure or 0.4,
    )  # fmt: skip


def _read(
    text: str, line: TextLine, gazetteer: Gazetteer
) -> tuple[str, tuple[str, ...], str, float]:
    bare = re.sub(r"^\W*(?:[Dd]ownload|[Vv]iew|[Ss]ee|[Rr]ead|[Ww]atch)\s+", "", text)
    owner = _OWNER.search(bare) or _OF.match(bare.strip(" •·*–—-"))
    if owner and (people := _owners(owner["who"], gazetteer)):
        return "", people, "NAME's presentation", 0.8
    if line.cells:
        return _row(line, gazetteer)
    first = _FIRST_NAME.search(bare)
    if first and (name := gazetteer.by_first(first["first"])):
        return "", (name,), "a first name's presentation", 0.55
    bare = _NUMBERED_LEAD.sub("", bare)
    words = without_time(without_download(_KEYNOTE.sub(" ", bare)))
    words = re.sub(r"\(\s*\)|\[\s*\]", "", words).strip(" •·*:;,–—-|.")
    if len(words) < 3:
        return "", (), "", 0.0
    if is_name(words) or gazetteer.has(words):
        return "", named_people(words, gazetteer), "a line that is a name", 0.75
    title, people, _, sure = split_title(words, gazetteer)
    rule = "title and names in the line" if people else "the line as a title"
    return title, people, rule, sure if people else min(sure, 0.5)


def _owners(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Read names of "Jane Smith, University of X" or "Jane Smith and Ann Jones"."""
    text = without_download(text)
    return named_people(text, gazetteer) or named_people(text.partition(",")[0], gazetteer)


def _row(line: TextLine, gazetteer: Gazetteer) -> tuple[str, tuple[str, ...], str, float]:
    cells = [
        without_time(without_download(_KEYNOTE.sub(" ", c.replace("\n", ", ")))) for c in line.cells
    ]
    cells = [c for c in cells if len(c) > 2]
    for n, cell in enumerate(cells):
        people = named_people(cell, gazetteer) or named_people(cell.partition(",")[0], gazetteer)
        if people:
            others = [c for m, c in enumerate(cells) if m != n]
            return max(others, key=len, default=""), people, "a row of a table", 0.85
    if not cells:
        return "", (), "", 0.0
    title, people, _, sure = split_title(max(cells, key=len), gazetteer)
    return title, people, "a row of a table", sure if people else 0.5


def _from_above(above: list[str], gazetteer: Gazetteer) -> tuple[str, tuple[str, ...], str, float]:
    """Read title and people from the words above a link that is alone on its line."""
    words = [without_download(_KEYNOTE.sub(" ", a)) for a in above]
    words = [w for w in words if len(w) > 2 and len(w) < 250]
    for n in range(len(words) - 1, -1, -1):
        bare = re.sub(r"(?i)^(?:by|with|speakers?:?|presented by|from)\s+", "", words[n])
        people = named_people(bare, gazetteer) or named_people(bare.partition(",")[0], gazetteer)
        if people:
            title = words[n - 1] if n else ""
            after = words[n + 1] if n + 1 < len(words) else ""
            title_line = title or after
            return _tidy(title_line), people, "the lines above the link", 0.7
    for text in reversed(words):
        title, people, _, sure = split_title(text, gazetteer)
        if people:
            return title, people, "the line above the link", min(sure, 0.7)
    return (_tidy(words[-1]), (), "the line above the link", 0.4) if words else ("", (), "", 0.0)


def _tidy(text: str) -> str:
    text = sentence_case(text.strip(" .:;,–—-“”‘’\"'"))
    return text[:1].upper() + text[1:]


def title_of_file(url: str) -> str:
    """Make a title from a file's name, where no line gives one."""
    stem = unquote(urlsplit(url).path).rpartition("/")[2].rpartition(".")[0]
    words = " ".join(re.sub(r"[_\-+.]+", " ", stem).split())
    return bare_name(words[:1].upper() + words[1:]) or "Presentation"
