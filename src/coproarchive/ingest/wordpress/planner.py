"""From what was understood to the records that the archive shall have: data, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from coproarchive.catalogue import Catalogue
from coproarchive.extract.text import one_line
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.names import bare_name, name_key
from coproarchive.ingest.wordpress.addresses import plain_address
from coproarchive.ingest.wordpress.content import EMAIL
from coproarchive.ingest.wordpress.plan import FileReference, Plan, PlannedItem
from coproarchive.ingest.wordpress.programmes import session_of, sessions_of, title_words
from coproarchive.ingest.wordpress.seminars import (
    Event,
    Groups,
    event_title,
    ignored,
    is_generic,
    rule_for,
)
from coproarchive.ingest.wordpress.source import Options
from coproarchive.ingest.wordpress.survey import Entry, Findings, Survey
from coproarchive.ingest.wordpress.talk_items import TalkItem, films_without_address, talk_items
from coproarchive.ingest.wordpress.understand.people import Bio
from coproarchive.ingest.wordpress.understand.programme import SessionLine
from coproarchive.ingest.wordpress.understand.when import Mention
from coproarchive.model import (
    Contribution,
    ImportRules,
    Item,
    Kind,
    Person,
    Role,
    Seminar,
    Session,
    Topic,
    Visibility,
)
from coproarchive.store import slugify, unique


def make_plan(
    survey: Survey, catalogue: Catalogue, known_ids: dict[str, str], options: Options
) -> Plan:
    """Plan the records that the archive shall have.

    Args:
        known_ids: source id -> id of the record made of it before.
    """
    return _Planner(survey, catalogue, known_ids, options).plan


class _Planner:
    def __init__(
        self, survey: Survey, catalogue: Catalogue, known_ids: dict[str, str], options: Options
    ):
        self.survey, self.catalogue, self.options = survey, catalogue, options
        self.rules = catalogue.series.import_rules or ImportRules()
        self.plan = Plan(rules=self.rules)
        self.known_ids = dict(known_ids)
        for item in catalogue.items.values():
            if item.source_id:
                self.known_ids[item.source_id] = item.id
        self.used_ids = {*catalogue.items, *catalogue.seminars}
        self.person_ids = {name_key(n): p.id for p in catalogue.people.values() for n in p.names}
        self.named: set[str] = set()
        self.topic_ids = {
            label.casefold(): t.id
            for t in catalogue.topics.values()
            for label in (t.label, *t.alternatives, t.id)
        }
        self.files = {a.attachment_url: a for a in survey.attachments if a.attachment_url}
        self.groups = Groups(survey, self.rules)
        self.seminar_ids: dict[str, str] = {}
        self.sessions: dict[str, list[SessionLine]] = {}
        for event in self.groups.events.values():
            self._seminar(event)
        self.session_titles: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for key, sessions in self.sessions.items():
            for n, session in enumerate(sessions):
                if session.people and len(session.title.split()) > 2:
                    self.session_titles[title_words(session.title)].append((key, n))
        self._posts()
        self._talks()
        self._loose_files()
        self._biographies()

    # ------------------------------------------------------------- people and topics

    def person(self, name: str) -> str:
        """Return the id of a person, new or in the archive."""
        bare = bare_name(name)[:200]
        key = name_key(bare)
        if key not in self.person_ids:
            new_id = unique(
                slugify(bare, "person"),
                lambda i: i in self.catalogue.people or i in self.plan.people,
            )
            self.person_ids[key] = new_id
            self.plan.people[new_id] = Person(id=new_id, names=(bare,))
        self.named.add(self.person_ids[key])
        return self.person_ids[key]

    def people(self, names: Iterable[str], role: Role) -> tuple[Contribution, ...]:
        ids = dict.fromkeys(self.person(name) for name in names)
        return tuple(Contribution(person=p, role=role) for p in ids)

    def topics(self, entry: Entry) -> tuple[str, ...]:
        """Return topics by the archivist's rules; a tag without one is a topic of its own name."""
        event = self.groups.of.get(entry.key)
        topics: dict[str, None] = {}
        for term in entry.terms:
            ruled = rule_for(self.rules.topics, term.name, term.slug)
            topic = ruled or self.topic_ids.get(term.name[:200].casefold(), "")
            if ruled or ignored(self.rules, term.name, term.slug):
                topics.update({ruled: None} if ruled else {})
                continue
            if EMAIL.search(term.name):
                continue  # somebody's address is no topic
            if is_generic(term.name) or rule_for(self.rules.seminars, term.name, term.slug):
                continue
            if event and event_title(entry.title).casefold() == term.name.casefold():
                continue
            if not topic and self.options.new_topics and term.domain in ("post_tag", "category"):
                topic = self._topic(term.name)
                self.topic_ids[term.name[:200].casefold()] = topic
            if topic:
                topics[topic] = None
        return tuple(topics)

    def _topic(self, label: str) -> str:
        """Add a topic to the plan and return its id."""
        topic = unique(
            slugify(label, "topic"),
            lambda i: i in self.catalogue.topics or i in self.plan.topics,
        )
        self.plan.topics[topic] = Topic(id=topic, label=label[:200])
        return topic

    # ------------------------------------------------------------- seminars

    def _seminar(self, event: Event) -> None:
        members = [(self.groups.entries[k], self.survey.findings[k]) for k in event.members]
        members.sort(key=lambda m: m[0].order)
        with_programme = [m for m in members if m[1].programme]
        sessions, again = sessions_of(with_programme, [a for _, f in members for a in f.abstracts])
        self.plan.unused_programmes += again
        main = with_programme[0] if with_programme else members[0]
        title, titled = self._title(event, [main, *members])
        date, place = self._surest(members, "date"), self._surest(members, "place")
        day = date[0].value if date else ""
        seminar_id = event.seminar_id or self._seminar_id(event, title, day)
        self.seminar_ids[event.key] = seminar_id
        self.sessions[event.key] = [s for _, s in sessions]
        self.plan.seminars.append(
            Seminar(
                id=seminar_id,
                title=title,
                number=event.number,
                date=day or None,
                place=(place[0].value.strip()[:1_000] or None) if place else None,
                description=main[1].about or None,
                programme=tuple(self._session(s) for _, s in sessions),
                source=main[0].link or None,
                prepared_by=f"the archive, from the blog “{self.blog}”"[:900],
            )
        )
        mention = Mention(title, titled.title, "title of its post", 0.7)
        self._guess_of(titled, seminar_id, "seminar title", title, mention)
        for kind, read in (("date", date), ("place", place)):
            if read:
                self._guess_of(read[1], seminar_id, kind, read[0].value, read[0])
        for entry, s in sessions:
            value = f"{s.start} {s.title}" + (f" ({', '.join(s.people)})" if s.people else "")
            mention = Mention(value, s.line[:300], "a line with a time", s.confidence)
            self._guess_of(entry, seminar_id, "session", value, mention)
        self.plan.guesses += self.groups.guesses(event, seminar_id)

    @property
    def blog(self) -> str:
        """What the blog is called."""
        return self.survey.site.name or self.survey.site.key

    def _surest(
        self, members: list[tuple[Entry, Findings]], what: str
    ) -> tuple[Mention, Entry] | None:
        """Return the date or place that posts give: of a programme first, then the likeliest."""
        read = [(getattr(f, what), e, bool(f.programme)) for e, f in members if getattr(f, what)]
        best = max(read, key=lambda r: (r[2], r[0].confidence), default=None)
        return (best[0], best[1]) if best else None

    def _title(self, event: Event, members: list[tuple[Entry, Findings]]) -> tuple[str, Entry]:
        """Return the first post's title that names the seminar and not only a kind of post."""
        named = [(entry, findings) for entry, findings in members if event_title(entry.title)]
        announcing = [e for e, findings in named if findings.programme]
        numbered = [e for e, _ in named if event.number and str(event.number) in e.title]
        if best := announcing or numbered:
            return self._tidied(best[0].title, event), best[0]
        if named:
            return event_title(named[0][0].title), named[0][0]
        first = members[0][0]
        kind = event.key.split()[0].capitalize() if event.number else ""
        return (f"{kind} {event.number}" if event.number else first.title or "Seminar"), first

    def _tidied(self, title: str, event: Event) -> str:
        name = event_title(title)
        kind = event.key.split()[0].capitalize()
        return f"{kind} {event.number}: {name}" if event.number else name

    def _seminar_id(self, event: Event, title: str, date: str) -> str:
        """Return the archive's own seminar of the same number, day or name; else a new id."""
        for seminar in self.catalogue.seminars.values():
            same_name = event_title(seminar.title).casefold() == event_title(title).casefold()
            same_day = bool(date) and seminar.date == date
            same_number = event.number is not None and seminar.number == event.number
            if (same_number or same_name) and (same_day or not (seminar.date and date)):
                return seminar.id
        name = event_title(title)
        slug = slugify(f"{event.number or ''} {name}" if name else title, "seminar")
        return self._free(_short(slug), "")

    def _session(self, s: SessionLine) -> Session:
        return Session(
            start=s.start or None,
            end=s.end or None,
            title=s.title[:1_000],
            people=self.people(s.people, s.role),
            description=s.description[:20_000] or None,
        )

    # ------------------------------------------------------------- items

    def _free(self, slug: str, seminar: str) -> str:
        path = unique(f"{seminar}/{slug}" if seminar else slug, self.used_ids.__contains__)
        self.used_ids.add(path)
        return path

    def _id(self, source_id: str, title: str, seminar: str) -> str:
        return self.known_ids.get(source_id) or self._free(_short(slugify(title)), seminar)

    def seminar_of(self, key: str) -> str:
        """Return the id of the seminar that a post belongs to, "" for none."""
        event = self.groups.of.get(key)
        return self.seminar_ids[event.key] if event else ""

    def _posts(self) -> None:
        listed = {
            u
            for f in self.survey.findings.values()
            for t in f.talks
            if t.listed or t.film
            for u in t.urls
        }
        attached: dict[str, list[Entry]] = {}
        for file in self.survey.attachments:
            if not file.skip and file.attachment_url not in listed:
                attached.setdefault(file.parent, []).append(file)
        for entry in sorted(self.groups.entries.values(), key=lambda e: e.order):
            findings = self.survey.findings[entry.key]
            author = findings.author
            seminar = self.seminar_of(entry.key)
            title = author.title or entry.title or f"Post of {entry.date or 'unknown date'}"
            account = "" if "@" in entry.account else entry.account
            item = Item(
                id=self._id(entry.key, unquote(entry.slug) or title, seminar),
                seminar=seminar or None,
                kind=Kind.POST,
                title=title[:1_000],
                people=self.people(author.people, Role.AUTHOR),
                date=entry.date or None,
                topics=self.topics(entry),
                visibility=Visibility.HIDDEN if entry.hidden else Visibility.PUBLIC,
                source=entry.link or None,
                source_id=entry.key,
                prepared_by=(account[:200] or None) if not author.people else None,
            )
            files = {u: None for t in findings.talks if not (t.listed or t.film) for u in t.urls}
            mine = [a for a in attached.get(entry.id, []) if entry.id]
            files |= {a.attachment_url: None for a in mine}
            self.plan.items.append(
                PlannedItem(item, entry.key, tuple(map(self.file_reference, files)))
            )
            if author.people:
                self._guess_of(entry, item.id, "author", ", ".join(author.people), author)

    def _guess_of(self, entry: Entry, record: str, kind: str, value: str, read: object) -> None:
        line, rule = getattr(read, "line", ""), getattr(read, "rule", "")
        sure = getattr(read, "confidence", 0.5)
        self.plan.guesses.append(Guess(kind, value, line, rule, sure, entry.where, record))

    def file_reference(self, url: str) -> FileReference:
        """Return a file by its address, with the label that its attachment gives it."""
        file = self.files.get(url)
        name = one_line(unquote(urlsplit(url).path).rpartition("/")[2])
        label = file.title if file and file.title else name or url
        return FileReference(url, label[:300], file is not None or _uploaded(url))

    def _talks(self) -> None:
        for talk in [
            *talk_items(self.survey, self.groups),
            *films_without_address(self.survey, self.groups),
        ]:
            self._talk(talk)

    def _talk(self, talk: TalkItem) -> None:
        event_key, at = self._session_of(talk)
        seminar = self.seminar_ids.get(event_key, "")
        sessions = self.sessions.get(event_key, [])
        session = sessions[at] if at is not None else None
        title, people, role = talk.read.title, talk.read.people, talk.read.role
        if session:
            title, people = title or session.title, people or session.people
            role = Role.KEYNOTE if Role.KEYNOTE in (role, session.role) else role
        title = title or talk.fallback
        item = Item(
            id=self._id(talk.source_id, title, seminar),
            seminar=seminar or None,
            kind=Kind.VIDEO if talk.read.film else Kind.PRESENTATION,
            title=title[:1_000],
            abstract=(session.description[:20_000] or None)
            if session and not talk.read.film
            else None,
            people=self.people(people or talk.people, role),
            date=None if seminar else talk.post.date or None,
            topics=() if not talk.read.film else self.topics(talk.post),
            visibility=Visibility.HIDDEN if talk.post.hidden else Visibility.PUBLIC,
            source=talk.read.urls[0] if talk.read.urls else talk.post.link or None,
            source_id=talk.source_id,
        )
        self.plan.items.append(
            PlannedItem(item, "", tuple(map(self.file_reference, talk.read.urls)))
        )
        value = f"{title} ({', '.join(people or talk.people) or 'nobody named'})"
        self._guess_of(talk.post, item.id, item.kind.value, value, talk.read)
        if at is not None and not talk.read.film:
            self._point(seminar, at, item.id)

    def _session_of(self, talk: TalkItem) -> tuple[str, int | None]:
        """Return event and session of a talk: of its title in any seminar, else its post's."""
        event = self.groups.of.get(talk.post.key)
        post_event = event.key if event else ""
        titled = self.session_titles.get(title_words(talk.read.title), ())
        if titled and post_event not in {key for key, _ in titled} and len(titled) == 1:
            return titled[0]
        return post_event, session_of(talk.read, self.sessions.get(post_event, []))

    def _point(self, seminar_id: str, at: int, item_id: str) -> None:
        """Let the programme's line point at the slides it left behind."""
        for n, seminar in enumerate(self.plan.seminars):
            if (
                seminar.id == seminar_id
                and at < len(seminar.programme)
                and not seminar.programme[at].item
            ):
                lines = list(seminar.programme)
                lines[at] = lines[at].model_copy(update={"item": item_id})
                self.plan.seminars[n] = seminar.model_copy(update={"programme": tuple(lines)})

    def _loose_files(self) -> None:
        """Make items of documents that no post took; report such pictures."""
        planned = {plain_address(w.url) for p in self.plan.items for w in p.files}
        linked = {link for f in self.survey.findings.values() for link in f.links}
        for file in sorted(self.survey.attachments, key=lambda e: e.order):
            bare = plain_address(file.attachment_url) if file.attachment_url else ""
            if file.skip or bare in planned or bare in linked:
                continue
            if _picture(file.attachment_url):
                self.plan.loose.append(file)
                continue
            title = file.title or unquote(file.slug) or "File"
            item = Item(
                id=self._id(file.key, title, ""),
                kind=Kind.HANDOUT,
                title=title[:1_000],
                date=file.date or None,
                visibility=Visibility.HIDDEN if file.hidden else Visibility.PUBLIC,
                source=file.attachment_url,
                source_id=file.key,
            )
            self.plan.items.append(
                PlannedItem(item, "", (self.file_reference(file.attachment_url),))
            )
            mention = Mention(title, file.title, "a file that no post links to", 0.4)
            self._guess_of(file, item.id, "handout", title, mention)

    def _biographies(self) -> None:
        """Plan people as posts describe them: of several biographies of one person the longest."""
        best: dict[str, tuple[Entry, Bio]] = {}
        for entry in sorted(self.groups.entries.values(), key=lambda e: e.order):
            for bio in self.survey.findings[entry.key].bios:
                person_id = self.person(bio.name)
                if person_id not in best or len(bio.text) > len(best[person_id][1].text):
                    best[person_id] = (entry, bio)
        self._places(best)
        for person_id, (entry, bio) in best.items():
            person = self.plan.people.get(person_id) or self.catalogue.people[person_id]
            self.plan.people[person_id] = Person(
                id=person_id,
                names=person.names,
                affiliations=bio.affiliations,
                bio=bio.text[:20_000] or None,
            )
            value = f"{bio.name}: {', '.join(bio.affiliations) or 'no affiliation found'}"
            self._guess_of(entry, person_id, "biography", value, bio)

    def _places(self, best: dict[str, tuple[Entry, Bio]]) -> None:
        """Add affiliations from sentences, where no biography gives one."""
        for entry in sorted(self.groups.entries.values(), key=lambda e: e.order):
            for placed in self.survey.findings[entry.key].places:
                person_id = self.person_ids.get(name_key(placed.name), "")
                if person_id not in self.named:
                    continue
                if person_id not in best:
                    best[person_id] = (entry, placed)
                elif not best[person_id][1].affiliations:
                    source, bio = best[person_id]
                    best[person_id] = (source, replace(bio, affiliations=placed.affiliations))


def _short(slug: str) -> str:
    """Shorten a slug to at most 60 characters, cut between words."""
    return slug if len(slug) <= 60 else (slug[:60].rpartition("-")[0] or slug[:60]).strip("-")


def _uploaded(url: str) -> bool:
    return "/wp-content/uploads/" in urlsplit(url).path or ".files.wordpress.com/" in url


def _picture(url: str) -> bool:
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    return ending in ("jpg", "jpeg", "png", "gif", "webp", "svg", "bmp", "ico", "avif", "heic")
