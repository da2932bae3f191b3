"""The pages that need no script: items, seminars, speakers and topics, readable on anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf, Seminar, Session
from coproarchive.publish.citation import citation, creators, json_ld
from coproarchive.search.document import extractions, shown_leaves
from coproarchive.search.hits.highlight import Highlighter
from coproarchive.search.hits.results import Snippet
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.language.query import Query
from coproarchive.web import render
from coproarchive.web.hosts import HostNames

NOT_OFFERED = (
    "This file is kept in the archive. It carries, or may carry, notes or comments that are not "
    "public, so it is not offered for download."
)
NOT_READY = "A copy without what is not public, made at the first download; that may take a moment."
LeafView = tuple[Leaf, str, Snippet, list[tuple[str, Snippet]]]


class FileView(NamedTuple):
    """A file of an item, as its page tells of it.

    Attributes:
        asset: its record.
        size: bytes of what is downloaded; None where that is not known yet.
        note: that it is a copy, and without what; "" where it is the file itself.
        is_offered: whether there is anything to download.
    """

    asset: Asset
    size: int | None
    note: str
    is_offered: bool = True


class Pages:
    """Handlers of page requests over one library.

    Attributes:
        names: what the pages' absolute addresses begin with.
    """

    def __init__(self, library: Library):
        self._library = library
        self.names = HostNames(library)

    def item(self, request: Request) -> Response:
        """Serve /item/<id>; ?q= has words to mark."""
        catalogue = self._library.public()
        item_id = request.path_params["item_id"]
        item = catalogue.items.get(item_id) or catalogue.tombstones.get(item_id)
        if item is None:
            return self.missing(request, f'There is nothing at "{item_id}" in this archive.')
        seminar = catalogue.seminars.get(item.seminar or "")
        address = f"{self.names.base(request)}/item/{item.id}"
        date = catalogue.item_date(item)

        def cited(leaf: Leaf | None = None, anchor: str = "") -> str:
            place = f"{address}#{anchor}" if anchor else address
            name = catalogue.person_name
            return citation(item, seminar, catalogue.series, name, date, place, leaf)

        if not item.withdrawn:
            self._library.recover_texts(item)
        html = render.page(
            "item.html",
            catalogue,
            current="",
            title=item.title,
            spoken=item.language or catalogue.series.languages[0],
            item=item,
            seminar=seminar,
            creators=creators(item),
            address=address,
            cited=cited,
            relation_words=render.relation_words,
            item_title=lambda other: catalogue.items[other].title,
            json_ld=render.script_json(
                json_ld(item, seminar, catalogue.person_name, date, address)
            ),
            files=[] if item.withdrawn else [self._file(item, asset) for asset in item.assets],
            not_offered=NOT_OFFERED,
            texts=[] if item.withdrawn else self._texts(item, catalogue, request),
            read_by={a.path: e.extractor for a, e in extractions(item, self._library.reader)},
            neighbours=_neighbours(item, catalogue),
            similar=[] if item.withdrawn else self._similar(item),
        )
        return HTMLResponse(html, 410 if item.withdrawn else 200)

    def _file(self, item: Item, asset: Asset) -> FileView:
        """Return what is said of a file for download."""
        try:
            download = self._library.download(item, asset)
        except NotFoundError:
            return FileView(asset, None, "")
        if download is None:
            return FileView(asset, None, NOT_READY)
        if not download.is_copy:
            return FileView(asset, asset.size, "", download.path is not None)
        assert download.path is not None, "a copy is a file"
        note = f"A copy without {download.without}." if download.without else "A copy."
        return FileView(asset, download.path.stat().st_size, note)

    def _texts(
        self, item: Item, catalogue: Catalogue, request: Request
    ) -> list[tuple[Asset, list[LeafView]]]:
        """Return each file's leaves, with their words marked."""
        marks = self._highlighter(item, catalogue, request)
        by_file: dict[str, tuple[Asset, list[LeafView]]] = {}
        first_file = item.assets[0].path if item.assets else ""
        for asset, leaf in shown_leaves(item, catalogue, self._library.reader):
            _, views = by_file.setdefault(asset.path, (asset, []))
            pieces = [
                (render.source_words(part.source.value, part.confidence), marks.whole(part.text))
                for part in leaf.parts
            ]
            views.append(
                (
                    leaf,
                    render.anchor(asset.path, leaf.kind, leaf.number, first_file),
                    marks.whole(leaf.title),
                    pieces,
                )
            )
        return list(by_file.values())

    def _similar(self, item: Item) -> list[Item]:
        """Return similar items of other seminars: the page lists its own seminar's already."""
        try:
            similar = self._library.similar(item.id)
        except CoproArchiveError:
            return []  # without an index there is none; the page itself is whole
        return [s.item for s in similar if not item.seminar or s.item.seminar != item.seminar]

    def _highlighter(self, item: Item, catalogue: Catalogue, request: Request) -> Highlighter:
        query = Query.parse(request.query_params.get("q", ""))
        language = item.language or catalogue.series.languages[0]
        if query.clauses:
            try:
                return self._library.index().highlighter(query, catalogue, language)
            except CoproArchiveError:
                pass  # without an index nothing is marked; the page itself is whole
        return Highlighter(TermTargets((), lambda word: (word,)), language)

    def seminar(self, request: Request) -> Response:
        """Serve /seminar/<id>."""
        catalogue = self._library.public()
        try:
            seminar = catalogue.seminar(request.path_params["seminar_id"])
        except NotFoundError:
            return self.missing(request, "There is no such seminar in this archive.")
        html = render.page(
            "seminar.html",
            catalogue,
            current="/seminars",
            title=seminar.title,
            seminar=seminar,
            items=catalogue.items_of_seminar(seminar.id),
        )
        return HTMLResponse(html)

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
        return self._about(
            catalogue, "/people", "speaker", person.name, facts, person.bio,
            catalogue.items_of_person(person.id), catalogue.sessions_of_person(person.id), links,
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
    ) -> Response:
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
        )
        return HTMLResponse(html)

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


def _neighbours(item: Item, catalogue: Catalogue) -> list[Item]:
    if not item.seminar:
        return []
    return [i for i in catalogue.items_of_seminar(item.seminar) if i.id != item.id]


def _when_and_where(seminar: Seminar) -> str:
    when = render.pretty_date(seminar.date) if seminar.date else ""
    return ", ".join(filter(None, [when, seminar.place]))
