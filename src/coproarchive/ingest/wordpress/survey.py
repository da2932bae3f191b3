"""Reading a site twice: what is there and who is named, then what each post says.

Only what is understood is kept, never the posts' texts: a source of any size fits in memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from coproarchive.edtf import edtf_bounds
from coproarchive.extract.text import one_line
from coproarchive.ingest.wordpress.addresses import plain_address, well_formed
from coproarchive.ingest.wordpress.content import (
    EMAIL,
    EMAIL_REMOVED,
    Body,
    TextLine,
)
from coproarchive.ingest.wordpress.shortcodes import typeset
from coproarchive.ingest.wordpress.source import BlogSource, Options, Post, Site, TaxonomyTerm
from coproarchive.ingest.wordpress.understand.abstracts import Abstract, find_abstracts
from coproarchive.ingest.wordpress.understand.names import (
    TITLED,
    Gazetteer,
    is_name,
    is_organisation,
)
from coproarchive.ingest.wordpress.understand.people import (
    Author,
    Bio,
    find_author,
    find_biographies,
    find_places,
)
from coproarchive.ingest.wordpress.understand.programme import SessionLine, find_programme
from coproarchive.ingest.wordpress.understand.talks import Talk, find_talks, says_film
from coproarchive.ingest.wordpress.understand.when import Mention, dates_in, find_date, find_place
from coproarchive.progress import Progress

_OWN_TYPES = re.compile(
    r"^(?:post|page|attachment|.*(?:event|seminar|talk|lecture|workshop|news|stor(?:y|ies)|podcast|"
    r"project|article|session|resource).*)$"
)
_LISTING = re.compile(
    r"^/(?:category|tag|author|feed|page|wp-admin|wp-login|\d{4}(?:/\d\d){0,2}/?$)"
)
_STATUS = {"pending": "draft", "future": "draft", "auto-draft": "draft"}


@dataclass(slots=True)
class Entry:
    """A post, page or attachment without its text; see source.Post.

    Attributes:
        key: `source_id` of its item: the site, and its number there.
        skip: why it is not brought, "" if it is.
        hidden: it comes in hidden, because it was not public.
    """

    key: str
    id: str
    type: str
    title: str
    link: str
    slug: str
    date: str
    account: str
    parent: str
    terms: tuple[TaxonomyTerm, ...]
    attachment_url: str = ""
    alt: str = ""
    skip: str = ""
    hidden: bool = False

    @property
    def order(self) -> tuple[str, int, str]:
        """Sorts as the site does, whichever way it was read."""
        return self.date, int(self.id) if self.id.isdigit() else 0, self.key

    @property
    def where(self) -> str:
        """Its address, else its number, for reports."""
        return self.link or self.key


@dataclass(slots=True)
class Findings:
    """What one post says."""

    author: Author
    programme: list[SessionLine] = field(default_factory=list)
    bios: list[Bio] = field(default_factory=list)
    places: list[Bio] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    abstracts: list[Abstract] = field(default_factory=list)
    date: Mention | None = None
    place: Mention | None = None
    about: str = ""
    dates: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()
    film_line: str = ""
    notes: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass
class Survey:
    """A site as far as it was understood.

    Attributes:
        counts: type -> how many the source holds.
        comments: how many comments came with it; none is brought.
        files: address of an attachment's page, or short address -> address of its file.
        pictures: attachment number -> address of its file.
        alternatives: plain_address of a file, or of its page -> its address, alternative text.
    """

    site: Site
    entries: list[Entry] = field(default_factory=list)
    findings: dict[str, Findings] = field(default_factory=dict)
    gazetteer: Gazetteer = field(default_factory=Gazetteer)
    counts: Counter[str] = field(default_factory=Counter)
    comments: int = 0
    files: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    alternatives: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def attachments(self) -> list[Entry]:
        """Entries that are files."""
        return [e for e in self.entries if e.type == "attachment"]

    def body(self, post: Post, options: Options) -> Body:
        """Parse a post's content."""
        return Body(
            post.content,
            raw=post.raw,
            base=well_formed(post.link) or well_formed(self.site.address),
            pictures=self.pictures,
            alternatives=self.alternatives,
            keep_email="e-mail" in options.include,
        )


def survey_site(
    source: BlogSource, options: Options, names: list[str], progress: Progress
) -> Survey:
    """Read the source twice.

    Args:
        names: people the archive knows already.
    """
    survey = Survey(source.site)
    survey.gazetteer.add(names)
    for number, (key, post) in enumerate(keyed(source), start=1):
        progress("reading", number, 0, post.title)
        entry = _entry(key, post, source.site, options)
        survey.entries.append(entry)
        survey.counts[post.type] += 1
        survey.comments += post.comments
        if entry.attachment_url:
            survey.pictures[entry.id] = entry.attachment_url
            bare = plain_address(entry.attachment_url)
            for place in filter(None, (bare, plain_address(entry.link))):
                survey.alternatives[place] = (entry.attachment_url, entry.alt)
            survey.files[entry.link.rstrip("/")] = entry.attachment_url
        elif not entry.skip:
            _meet(post, entry, survey)
    _hide_with_parents(survey.entries)
    total = len(survey.entries)
    for number, ((_, post), entry) in enumerate(
        zip(keyed(source), survey.entries, strict=False), 1
    ):
        progress("understanding", number, total, entry.title)
        if entry.type != "attachment" and not entry.skip:
            survey.findings[entry.key] = _understand(post, entry, survey, options)
    return survey


def _hide_with_parents(entries: list[Entry]) -> None:
    """Mark the attachments of posts that are not public: "inherit" is their parent's status."""
    not_public = {e.id: e for e in entries if e.hidden and e.type != "attachment"}
    for entry in entries:
        parent = not_public.get(entry.parent)
        if entry.type == "attachment" and parent:
            entry.hidden = True
            if parent.skip and not entry.skip:
                entry.skip = f"it belongs to a post that is {parent.skip}"


def keyed(source: BlogSource) -> Iterator[tuple[str, Post]]:
    """Yield posts with the `source_id` of each; a number used twice still gives two."""
    seen: Counter[str] = Counter()
    for post in source.posts():
        path = urlsplit(well_formed(post.link)).path.strip("/") if not post.id else ""
        name = one_line(f"{post.id or path or post.slug}") or "no-number"
        key = f"{source.site.key}#{name}"[:900]
        seen[key] += 1
        yield key if seen[key] == 1 else f"{key}~{seen[key]}", post


def _entry(key: str, post: Post, site: Site, options: Options) -> Entry:
    status = _STATUS.get(post.status, post.status)
    reasons = {status} & {"private", "draft", "trash"} | ({"password"} if post.protected else set())
    skip = ""
    if not _OWN_TYPES.match(post.type):
        skip = f"\"{post.type}\" is WordPress's or a plugin's own, not for readers"
    elif reasons - options.include:
        skip = f"not public: {', '.join(sorted(reasons - options.include))}"
    elif status not in ("publish", "inherit", "private", "draft", "trash"):
        skip = f'not public: status "{status[:40]}"'
    elif post.type != "attachment" and not (post.title.strip() or post.content.strip()):
        skip = "it has neither title nor text"
    elif post.type == "attachment" and not well_formed(post.attachment_url):
        skip = "it has no web address of a file"
    title = one_line(EMAIL.sub(EMAIL_REMOVED, post.title) if "@" in post.title else post.title)
    return Entry(
        key=key,
        id=post.id,
        type=post.type,
        title=_rendered_title(title, raw=post.raw)[:1_000],
        link=well_formed(post.link),
        slug=post.slug,
        date=_day(post.date),
        account=one_line(site.authors.get(post.creator, post.creator))[:200],
        parent=post.parent,
        terms=post.terms,
        attachment_url="" if skip else well_formed(post.attachment_url),
        alt=one_line(post.alt)[:1_000],
        skip=skip,
        hidden=bool(reasons),
    )


def _day(date: str) -> str:
    try:
        edtf_bounds(date)
    except ValueError:
        return ""
    return date


def _rendered_title(title: str, *, raw: bool) -> str:
    """Return a title as the site shows it, without markup."""
    title = re.sub(r"</?[a-zA-Z][^<>]{0,200}>", "", title)
    return " ".join((typeset(title) if raw else title).split())


def _meet(post: Post, entry: Entry, survey: Survey) -> None:
    """Remember who is named, so that a name is known wherever it stands."""
    if is_name(entry.account) and not is_organisation(entry.account):
        survey.gazetteer.add([entry.account])
    body = Body(post.content, raw=post.raw, base=entry.link)
    lines = body.lines()
    for line in lines:
        survey.gazetteer.add(
            m["name"] for m in TITLED.finditer(line.text[:20_000]) if is_name(m["name"])
        )
    survey.gazetteer.add(bio.name for bio in find_biographies(lines, survey.gazetteer, entry.title))
    survey.gazetteer.add(n for s in find_programme(lines, survey.gazetteer) for n in s.people)
    author = find_author(entry.title, lines, "", survey.gazetteer, last_lines=False)
    survey.gazetteer.add(author.people)


def _understand(post: Post, entry: Entry, survey: Survey, options: Options) -> Findings:
    body = survey.body(post, options)
    lines = body.lines()
    programme = find_programme(lines, survey.gazetteer)
    bios = find_biographies(lines, survey.gazetteer, entry.title)
    author = find_author(
        entry.title, lines, entry.account, survey.gazetteer, last_lines=not (programme or bios)
    )
    if author.people and not bios:
        bios = find_biographies(lines, survey.gazetteer, entry.title, author.people)
    when = find_date(entry.title, lines, entry.date)
    terms = [term.name for term in entry.terms]
    film = (
        next((x.text for x in lines if says_film(x.text)), "") if any(map(says_film, terms)) else ""
    )
    return Findings(
        author=author,
        programme=programme,
        bios=bios,
        places=find_places(lines, survey.gazetteer),
        talks=find_talks(entry.title, terms, lines, survey.gazetteer, survey.files),
        abstracts=find_abstracts(lines, survey.gazetteer),
        date=when,
        place=find_place(lines, when),
        about=_about(lines) if programme else "",
        dates=frozenset(
            value
            for line in lines[:2_000]
            for value, match in dates_in(line.text, entry.date)
            if match["year"]
        ),
        links=_own_links(lines, survey.site),
        film_line=film[:300],
        notes=dict(body.notes.counts),
    )


def _about(lines: list[TextLine]) -> str:
    """Return an announcement's description of the seminar: the longest paragraph at its top."""
    top = [
        line.text for line in lines[:12] if len(line.text) > 150 and not re.match(r"\d", line.text)
    ]
    return max(top, key=len, default="")[:5_000]


def _own_links(lines: list[TextLine], site: Site) -> tuple[str, ...]:
    """Return addresses on the site itself that a post links to or shows."""
    addresses: dict[str, None] = {}
    for line in lines:
        for anchor in line.anchors:
            bare = plain_address(anchor.url)
            if is_own(bare, site) and not _LISTING.match("/" + bare.partition("/")[2]):
                addresses[bare] = None
    return tuple(addresses)[:2_000]


def is_own(bare: str, site: Site) -> bool:
    """Return whether a `plain_address` is one of the site's pages or files."""
    host = bare.partition("/")[0]
    home = site.key.partition("/")[0]
    return host in (home, home.replace(".wordpress.com", ".files.wordpress.com"))


def known_addresses(entries: list[Entry], site: Site) -> Mapping[str, Entry]:
    """Map each plain_address to the entry that answers there."""
    answering: dict[str, Entry] = {}
    for entry in entries:
        for url in (entry.link, entry.attachment_url):
            if url:
                answering[plain_address(url)] = entry
        if entry.id:
            for name in ("p", "page_id", "attachment_id"):
                answering[f"{site.key.partition('/')[0]}/?{name}={entry.id}"] = entry
    return answering
