"""The presentations and films of a site, each once, whichever posts link to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from coproarchive.ingest.names import name_key
from coproarchive.ingest.wordpress.programmes import alike
from coproarchive.ingest.wordpress.seminars import Groups
from coproarchive.ingest.wordpress.survey import Entry, Survey
from coproarchive.ingest.wordpress.understand.talks import Talk, says_film, title_of_file
from coproarchive.model import Role


@dataclass(frozen=True, slots=True)
class TalkItem:
    """A presentation or film that becomes an item.

    Attributes:
        post: where it is linked.
        read: title, people and addresses as read.
        fallback: its title where neither line nor programme gives one.
        people: who it is by where the line names nobody.
    """

    source_id: str
    post: Entry
    read: Talk
    fallback: str
    people: tuple[str, ...] = ()


def talk_items(survey: Survey, groups: Groups) -> list[TalkItem]:
    """Return decks, listed papers and films; two files of one talk in one seminar are one item."""
    by_url = {a.attachment_url: a for a in survey.attachments if a.attachment_url}
    made: list[TalkItem] = []
    seen: dict[str, int] = {}
    for entry in sorted(groups.entries.values(), key=lambda e: e.order):
        findings = survey.findings[entry.key]
        for talk in findings.talks:
            if not (talk.listed or talk.film):
                continue
            fresh = TalkItem(
                _source_id(talk.urls[0], by_url, survey.site.key),
                entry, talk, _fallback(talk, entry, findings.author.title, by_url),
                findings.author.people if talk.film else (),
            )  # fmt: skip
            at = seen.get(fresh.source_id)
            at = at if at is not None else _same(made, fresh, groups)
            if at is None:
                seen[fresh.source_id] = len(made)
                made.append(fresh)
            else:
                seen[fresh.source_id] = at
                made[at] = _together(made[at], fresh)
    return made


def _source_id(url: str, by_url: dict[str, Entry], site: str) -> str:
    if url in by_url:
        return by_url[url].key
    parts = urlsplit(url)
    named = f"{site}#link:{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    if len(named) > 300:
        named = f"{site}#link:{hashlib.sha256(named.encode()).hexdigest()}"
    return named


def _fallback(talk: Talk, entry: Entry, title: str, by_url: dict[str, Entry]) -> str:
    if talk.film:
        return title or entry.title or "Recording"
    if talk.people:
        return f"Presentation by {' and '.join(talk.people)}"
    file = by_url.get(talk.urls[0])
    return (file.title if file else "") or title_of_file(talk.urls[0])


def _same(made: list[TalkItem], fresh: TalkItem, groups: Groups) -> int | None:
    """Return the position of an item that is this talk in another file of the same seminar."""
    mine = {name_key(p) for p in fresh.read.people}
    event = groups.of.get(fresh.post.key)
    for n, other in enumerate(made):
        if event is None or groups.of.get(other.post.key) is not event:
            continue
        other_people = {name_key(p) for p in other.read.people}
        if (
            other.read.film == fresh.read.film
            and mine == other_people
            and alike(other.read.title, fresh.read.title)
        ):
            return n
    return None


def _together(one: TalkItem, other: TalkItem) -> TalkItem:
    """Merge two mentions of a talk: words of the surer one, files of both."""
    first, second = sorted((one, other), key=lambda t: -t.read.confidence)
    urls = tuple(dict.fromkeys((*one.read.urls, *other.read.urls)))
    read = replace(first.read, urls=urls, title=first.read.title or second.read.title,
                   people=first.read.people or second.read.people)  # fmt: skip
    return replace(one, read=read, people=one.people or other.people)


def films_without_address(survey: Survey, groups: Groups) -> Iterator[TalkItem]:
    """Yield posts filed under videos that speak of one, whose film the source does not name."""
    for entry in sorted(groups.entries.values(), key=lambda e: e.order):
        findings = survey.findings[entry.key]
        if not findings.film_line or any(t.film for t in findings.talks):
            continue
        if not any(says_film(term.name) for term in entry.terms):
            continue
        author = findings.author
        read = Talk(author.title or entry.title, author.people, Role.SPEAKER, (), True, False,
                    findings.film_line, "filed under videos, and speaks of one", 0.5)  # fmt: skip
        yield TalkItem(f"{entry.key}/video", entry, read, entry.title or "Video")
