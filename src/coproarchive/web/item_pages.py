"""The pages of an item: an overview, one of each slide, and its words alone.

Each is whole without script; static/viewer.js adds keys, swiping and a larger picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Leaf
from coproarchive.pictures import WIDTHS
from coproarchive.publish.addresses import leaf_path
from coproarchive.publish.metadata import json_ld
from coproarchive.search.discover.reuse import Reuse
from coproarchive.search.discover.similar import SimilarLeaf
from coproarchive.search.document import aligned_item, extractions, item_language
from coproarchive.search.language.query import Query
from coproarchive.talks.forms import AlignedLeaf, Place
from coproarchive.talks.merging import with_twins
from coproarchive.web import item_views as views
from coproarchive.web import media, render
from coproarchive.web.citing import alt_text, citation_box
from coproarchive.web.file_views import NOT_OFFERED, file_views, pdf_address
from coproarchive.web.leaves import PICTURED, LeafPlace, find_leaf, groups_of, picture_path
from coproarchive.web.pages import Pages
from coproarchive.web.policies import SCRIPTED
from coproarchive.web.words import leaf_words, unmarked

MOST_WORDS = 5_000
"""Characters of a slide's words on its page; the copy in words has all."""
MOST_HITS = 60
"""Places of a talk that a slide's page lists; so many links are 6 KiB."""
MOST_PICTURES = 300
"""Pictures on an overview; what follows is listed by number and title."""
MOST_ASKED = 500
"""Characters of what is asked inside a talk."""


class ItemPages:
    """Handlers of an item's pages.

    Args:
        library: what is served.
        pages: the other plain pages.
    """

    def __init__(self, library: Library, pages: Pages):
        self._library = library
        self._pages = pages

    # -------------------------------------------------------------- overview

    def item(self, request: Request) -> Response:
        """Serve /item/<id>: an overview; ?q= has words to find in it."""
        catalogue = self._library.public()
        item_id = request.path_params["item_id"]
        if tombstone := catalogue.tombstones.get(item_id):
            return self._tombstone(request, catalogue, tombstone)
        item = catalogue.items.get(item_id)
        if item is None:
            return self._pages.missing(request, f'There is nothing at "{item_id}" in this archive.')
        self._library.recover_texts(item)
        aligned = aligned_item(item, catalogue, self._library.reader)
        groups = groups_of(aligned)
        search = self._search(request, item, catalogue)
        overviews = [views.overview(item, g, search, self._shape(item, g[0])) for g in groups]
        recordings = media.recordings(item, None, self._language(item, catalogue))
        seminar = catalogue.seminars.get(item.seminar or "")
        base = self._pages.names.base(request)
        address = f"{base}/item/{item.id}"
        html = render.page(
            "item.html",
            catalogue,
            current="",
            title=item.title,
            **self._about(item, catalogue, address),
            address=address,
            search=search,
            most_pictures=MOST_PICTURES,
            overviews=overviews,
            only_in=aligned.sentences(),
            **self._cover(request, item, groups),
            cite=citation_box(
                catalogue, item, base, pdf_address=pdf_address(item, base, self._library)
            ),
            recordings=recordings,
            read_by={a.path: e.extractor for a, e in extractions(item, self._library.reader)},
            neighbours=views.neighbours(item, catalogue),
            similar=self._similar(item),
            sessions=views.sessions_of(item, seminar),
            relation_words=render.relation_words,
            item_title=lambda other: catalogue.items[other].title,
        )
        return HTMLResponse(html, headers=SCRIPTED)

    def _tombstone(self, request: Request, catalogue: Catalogue, item: Item) -> Response:
        """Return the page of an item that was taken back: when and why."""
        html = render.page(
            "withdrawn.html",
            catalogue,
            current="",
            title=item.title,
            item=item,
            item_title=lambda other: catalogue.items[other].title,
            address=f"{self._pages.names.base(request)}/item/{item.id}",
            seminar=catalogue.seminars.get(item.seminar or ""),
            language_of_item=self._language(item, catalogue),
        )
        return HTMLResponse(html, 410)

    def _about(self, item: Item, catalogue: Catalogue, address: str) -> dict[str, object]:
        """Return what every page of an item says of it."""
        seminar = catalogue.seminars.get(item.seminar or "")
        date = catalogue.item_date(item)
        described = json_ld(item, seminar, catalogue.person_name, date, address)
        return {
            "item": item,
            "seminar": seminar,
            "language_of_item": self._language(item, catalogue),
            "json_ld": render.script_json(described),
            "files": file_views(item, self._library),
            "not_offered": NOT_OFFERED,
        }

    def _shape(self, item: Item, first: AlignedLeaf | LeafPlace) -> str:
        """Return the shape of a file's pictures, by its first; "" where it has none."""
        asset, leaf = first.asset, first.leaf
        return self._picture(item, asset, leaf.number).shape if leaf.kind in PICTURED else ""

    def _cover(
        self, request: Request, item: Item, groups: Sequence[Sequence[AlignedLeaf]]
    ) -> dict[str, str]:
        """Return the address of the first slide's picture, "" where there is none, and its alt."""
        for first in (group[0] for group in groups):
            if first.leaf.kind in PICTURED:
                path = picture_path(item, first.asset.path, first.leaf.number, WIDTHS[1])
                address = self._pages.names.base(request) + path
                return {"cover": address, "cover_alt": alt_text(item, first.leaf, first.asset.path)}
        return {"cover": "", "cover_alt": ""}

    def _similar(self, item: Item) -> list[Item]:
        """Return similar items of other seminars: the page lists its own seminar's already."""
        try:
            similar = self._library.similar(item.id)
        except CoproArchiveError:
            return []  # without an index there is none; the page itself is whole
        return [s.item for s in similar if not item.seminar or s.item.seminar != item.seminar]

    # ------------------------------------------------------------ one leaf

    def leaf(self, kind: str, request: Request) -> Response:
        """Serve /item/<id>/<kind>/<number>: one slide, page, section or cue."""
        catalogue = self._library.public()
        owner, number = request.path_params["item_id"], request.path_params["number"]
        if tombstone := catalogue.tombstones.get(owner):
            return self._tombstone(request, catalogue, tombstone)
        place = find_leaf(f"{owner}/{kind}/{number}", catalogue, self._library)
        if place is None:
            return self._pages.missing(request, f"There is no such {kind} in this archive.")
        item = place.item
        base = self._pages.names.base(request)
        aligned = aligned_item(item, catalogue, self._library.reader)
        one = aligned.find(place.asset.path, place.leaf.number)
        leaf = one.leaf if one and _is_shown_from(place, one) else place.leaf
        second = next((cue.leaf.start for cue in one.cues), None) if one else None
        second = leaf.start if leaf.start is not None else second
        address = base + place.path
        search, reuses = self._search(request, item, catalogue, place), self._reuses(place)
        whole, cues = _whole(place, one)
        words, is_cut = leaf_words(whole, search.marks, MOST_WORDS)
        html = render.page(
            "leaf.html",
            catalogue,
            current="",
            title=f"{place.name}{f': {leaf.title}' if leaf.title else ''} – {item.title}",
            **self._about(item, catalogue, address),
            address=address,
            place=place,
            leaf=leaf,
            canonical=_canonical(base, item, one) or address,
            one=one,
            forms=views.other_forms(item, place, one),
            reuses=reuses,
            said=[(cue.leaf, leaf_words(cue.leaf, search.marks)[0]) for cue in cues],
            anchor=render.anchor(place.asset.path, kind, leaf.number, item.assets[0].path),
            heading=render.marked(search.marks(leaf.title)),
            cover=base + picture_path(item, place.asset.path, leaf.number, WIDTHS[1])
            if leaf.kind in PICTURED
            else "",
            cover_alt=alt_text(item, leaf, place.asset.path),
            alt=views.alt_of(item, place, one),
            words_of_leaf=words,
            is_cut=is_cut,
            search=search,
            most_hits=MOST_HITS,
            picture=self._place_picture(place),
            steps=[views.step(place, aligned, direction) for direction in (-1, 1)],
            rail=views.rail(place),
            shape=self._shape(item, place._replace(ordinal=0)),
            picture_path=picture_path,
            like=self._similar_leaves(place, reuses),
            leaf_path=leaf_path,
            recordings=media.recordings(item, second, self._language(item, catalogue)),
            elsewhere=views.elsewhere(item, second),
            cite=citation_box(catalogue, item, base, leaf, place.asset.path),
        )
        return HTMLResponse(html, headers=SCRIPTED)

    def _place_picture(self, place: LeafPlace) -> views.LeafPicture | None:
        """Return the leaf's picture; None where such leaves are never drawn."""
        if place.leaf.kind not in PICTURED or not self._library.can_picture(place.asset):
            return None
        return self._picture(place.item, place.asset, place.leaf.number)

    def _picture(self, item: Item, asset: Asset, number: int) -> views.LeafPicture:
        size = self._library.picture_size(item.id, asset, number)
        return views.leaf_picture(item, asset, number, size)

    def _reuses(self, place: LeafPlace) -> tuple[Reuse, ...]:
        """Return where a slide stands in other talks; nothing without an index."""
        try:
            return self._library.talks.reuse(place.item.id, place.asset.path, place.leaf.number)
        except CoproArchiveError:
            return ()

    def _similar_leaves(self, place: LeafPlace, reuses: Sequence[Reuse]) -> list[SimilarLeaf]:
        """Return slides like this one, but not the very slide in other talks."""
        named = {(reuse.item.id, reuse.path, reuse.number) for reuse in reuses}
        try:
            catalogue, leaf = self._library.public(), place.leaf
            like = self._library.ask(lambda i: i.similar_leaves(place.item, leaf, catalogue))
        except CoproArchiveError:
            return []
        return [s for s in like if (s.item.id, s.path, s.number) not in named]

    def _search(
        self, request: Request, item: Item, catalogue: Catalogue, place: LeafPlace | None = None
    ) -> views.TalkSearch:
        """Find what ?q= asks for in an item; nothing without an index, as the page is whole."""
        words = request.query_params.get("q", "")[:MOST_ASKED]
        query = Query.parse(words)
        if not query.clauses:
            return views.TalkSearch("", unmarked, ())
        try:
            language = place.leaf.language if place else ""
            language = language or self._language(item, catalogue)
            highlighter = self._library.index().highlighter(query, catalogue, language)
            hits = self._library.ask(lambda index: index.leaf_hits(item.id, query, catalogue))
        except CoproArchiveError:
            return views.TalkSearch(words, unmarked, ())
        suffix = views.TalkSearch(words, unmarked, ()).suffix
        current = (place.asset.path, place.leaf.number) if place else None
        talk_hits = tuple(
            views.TalkHit(
                hit,
                leaf_path(item, hit.asset, hit.kind, hit.number) + suffix,
                (hit.asset, hit.number) == current,
            )
            for hit in hits
        )
        return views.TalkSearch(words, highlighter.whole, talk_hits)

    def _language(self, item: Item, catalogue: Catalogue) -> str:
        return item_language(item, catalogue, self._library.reader)

    # ------------------------------------------------------- words alone

    def text(self, request: Request) -> Response:
        """Serve /item/<id>/text: all words, without pictures, for who cannot see them."""
        catalogue = self._library.public()
        item_id = request.path_params["item_id"]
        if f"{item_id}/text" in catalogue.items or f"{item_id}/text" in catalogue.tombstones:
            request.path_params["item_id"] = f"{item_id}/text"
            return self.item(request)
        if tombstone := catalogue.tombstones.get(item_id):
            return self._tombstone(request, catalogue, tombstone)
        item = catalogue.items.get(item_id)
        if item is None:
            return self._pages.missing(request, f'There is nothing at "{item_id}" in this archive.')
        self._library.recover_texts(item)
        groups = groups_of(aligned_item(item, catalogue, self._library.reader))
        address = f"{self._pages.names.base(request)}/item/{item.id}/text"
        html = render.page(
            "text.html",
            catalogue,
            current="",
            title=f"{item.title}, in words",
            **self._about(item, catalogue, address),
            address=address,
            files_in_words=[views.in_words(item, group) for group in groups],
            ask=views.contact_address(catalogue, address),
        )
        return HTMLResponse(html)


def _whole(place: LeafPlace, one: AlignedLeaf | None) -> tuple[Leaf, Sequence[Place]]:
    """Return a leaf with the words of its other forms, and what was said; itself in another form.

    Compared by place: leaves without what is withheld are made anew each time.
    """
    if one is None or not _is_shown_from(place, one):
        return place.leaf, ()
    return with_twins(one), one.cues


def _is_shown_from(place: LeafPlace, one: AlignedLeaf) -> bool:
    """Test whether a place is the first form of its slide."""
    return (one.asset.path, one.leaf.number) == (place.asset.path, place.leaf.number)


def _canonical(base: str, item: Item, one: AlignedLeaf | None) -> str:
    """Return the address under which a slide is shown, whichever of its forms was asked for."""
    if one is None:
        return ""
    return base + leaf_path(item, one.asset.path, one.leaf.kind, one.leaf.number)
