"""The pages that need no script: seminars, speakers and topics; for items see item_pages.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import Item, Seminar, Session
from coproarchive.publish.calendar_file import can_be_in_calendars
from coproarchive.web import render
from coproarchive.web.around import (
    STRIP,
    co_speakers,
    extent_of,
    glimpses_of,
    neighbours,
    topics_of,
    years_of,
)
from coproarchive.web.hosts import HostNames
from coproarchive.web.policies import SCRIPTED


class Pages:
    """Handlers of page requests over one library.

    Attributes:
        names: what the pages' absolute addresses begin with.
    """

    def __init__(self, library: Library):
        self._library = library
        self.names = HostNames(library)

    def seminar(self, request: Request) -> Response:
        """Serve /seminar/<id>."""
        catalogue = self._library.public()
        try:
            seminar = catalogue.seminar(request.path_params["seminar_id"])
        except NotFoundError:
            return self.missing(request, "There is no such seminar in this archive.")
        items = catalogue.items_of_seminar(seminar.id)
        glimpses = glimpses_of(items, self._library)
        html = render.page(
            "seminar.html",
            catalogue,
            current="/seminars",
            title=seminar.title,
            seminar=seminar,
            has_day=can_be_in_calendars(seminar),
            items=items,
            extent=extent_of(seminar, items),
            strip=[item for item in items if item.id in glimpses][:STRIP],
            starts={s.item: s.start for s in seminar.programme if s.item and s.start},
            glimpses=glimpses,
            neighbours=neighbours(seminar, catalogue),
        )
        return HTMLResponse(html, headers=SCRIPTED)

    def person(self, request: Request) -> Response:
        """Serve /person/<id>."""
        catalogue = self._library.public()
        try:
            person = catalogue.person(request.path_params["person_id"])
        except NotFoundError:
            return self._moved(request, catalogue, "person")
        links = [(link.url, link.label) for link in person.links]
        if person.orcid:
            links.insert(0, (f"https://orcid.org/{person.orcid}", f"ORCID {person.orcid}"))
        facts = [*person.affiliations, *(f"Also known as {n}" for n in person.names[1:])]
        items = catalogue.items_of_person(person.id)
        others = co_speakers(person.id, catalogue)
        groups = {
            "Together with": [(f"/person/{p}", catalogue.person_name(p), n) for p, n in others],
            "Topics": _topic_links(items, catalogue),
        }
        return self._about(
            catalogue, "/people", "speaker", person.name, facts, person.bio,
            items, catalogue.sessions_of_person(person.id), links, groups,
            narrowing=f"speaker={person.id}", edited_at=f"person/{person.id}",
        )  # fmt: skip

    def topic(self, request: Request) -> Response:
        """Serve /topic/<id>."""
        catalogue = self._library.public()
        try:
            topic = catalogue.topic(request.path_params["topic_id"])
        except NotFoundError:
            return self._moved(request, catalogue, "topic")
        facts = [f"Also: {', '.join(topic.alternatives)}"] if topic.alternatives else []
        near = [t for t in catalogue.topics.values() if t.broader == topic.id]
        links = [(f"/topic/{t.id}", f"Narrower: {t.label}") for t in near]
        if wider := catalogue.topics.get(topic.broader or ""):
            links.insert(0, (f"/topic/{wider.id}", f"Wider: {wider.label}"))
        return self._about(
            catalogue, "/topics", "topic", topic.label, facts, topic.description,
            catalogue.items_of_topic(topic.id), (), links,
            narrowing=f"topic={topic.id}", edited_at=f"topic/{topic.id}",
        )  # fmt: skip

    def _moved(self, request: Request, catalogue: Catalogue, noun: str) -> Response:
        """Redirect the address of a person or topic that has another id now; else serve a 404."""
        new = catalogue.by_former_id[noun].get(request.path_params[f"{noun}_id"])
        if new is not None:
            return RedirectResponse(f"/{noun}/{new}", 301)
        return self.missing(request, f"There is no such {noun} in this archive.")

    def _about(
        self,
        catalogue: Catalogue,
        current: str,
        noun: str,
        title: str,
        facts: list[str],
        text: str | None,
        items: tuple[Item, ...],
        sessions: tuple[tuple[Seminar, Session], ...] = (),
        links: Iterable[tuple[str, str]] = (),
        groups: Mapping[str, Sequence[tuple[str, str, int]]] = {},
        *,
        narrowing: str,
        edited_at: str,
    ) -> Response:
        if years := years_of(items, catalogue):
            facts = [*facts, years]
        html = render.page(
            "about.html",
            catalogue,
            current,
            title,
            noun=noun,
            facts=facts,
            text=text,
            items=items,
            sessions=sessions,
            links=links,
            narrowing=narrowing,
            edited_at=edited_at,
            groups=groups,
            glimpses=glimpses_of(items, self._library),
        )
        return HTMLResponse(html, headers=SCRIPTED)

    def seminars(self, _: Request) -> Response:
        """Serve /seminars, newest first."""
        catalogue = self._library.public()
        ordered = sorted(
            catalogue.seminars.values(), key=lambda s: (s.date or "", s.id), reverse=True
        )
        rows = (
            (f"/seminar/{s.id}", s.title, _when_and_where(s), len(catalogue.items_of_seminar(s.id)))
            for s in ordered
        )
        return self._list(catalogue, "/seminars", "Seminars", rows)

    def people(self, _: Request) -> Response:
        """Serve /people, by last name."""
        catalogue = self._library.public()
        ordered = sorted(
            catalogue.people.values(), key=lambda p: (p.name.split()[-1].casefold(), p.name)
        )
        rows = (
            (
                f"/person/{p.id}",
                p.name,
                "; ".join(p.affiliations),
                len(catalogue.items_of_person(p.id)),
            )
            for p in ordered
        )
        return self._list(catalogue, "/people", "Speakers and authors", rows)

    def topics(self, _: Request) -> Response:
        """Serve /topics, by label."""
        catalogue = self._library.public()
        ordered = sorted(catalogue.topics.values(), key=lambda t: t.label.casefold())
        rows = (
            (
                f"/topic/{t.id}",
                t.label,
                ", ".join(t.alternatives),
                len(catalogue.items_of_topic(t.id)),
            )
            for t in ordered
        )
        return self._list(catalogue, "/topics", "Topics", rows)

    def _list(
        self,
        catalogue: Catalogue,
        current: str,
        title: str,
        rows: Iterable[tuple[str, str, str, int]],
    ) -> Response:
        return HTMLResponse(render.page("list.html", catalogue, current, title, rows=list(rows)))

    def missing(self, request: Request, message: str = "There is no such page.") -> Response:
        """Serve a 404; redirect an address of the blog that the archive was made from."""
        try:
            moved = self._library.public().by_old_path.get(request.url.path.rstrip("/"))
        except CoproArchiveError:
            moved = None
        if moved:
            return RedirectResponse(f"/item/{moved}", 301)
        return self.message("Not found", message, 404)

    def message(self, title: str, message: str, status: int, hint: str = "") -> Response:
        """Serve a page with one message."""
        try:
            catalogue = self._library.public()
        except CoproArchiveError:
            return self.unreadable()
        html = render.page("message.html", catalogue, "", title, message=message, hint=hint)
        return HTMLResponse(html, status)

    def unreadable(self) -> Response:
        """Serve a 503: the archive's records are broken, so that no page can be made of them."""
        return PlainTextResponse(
            "This archive cannot be shown just now. Whoever keeps it can see why: "
            "coproarchive check",
            503,
        )


def _topic_links(items: Sequence[Item], catalogue: Catalogue) -> list[tuple[str, str, int]]:
    """Return address, label and number of items of the topics that items are about."""
    counts = topics_of(items).items()
    return [(f"/topic/{t}", catalogue.topic_label(t), count) for t, count in counts]


def _when_and_where(seminar: Seminar) -> str:
    when = render.pretty_date(seminar.date) if seminar.date else ""
    return ", ".join(filter(None, [when, seminar.place]))
