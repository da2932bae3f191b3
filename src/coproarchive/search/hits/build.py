"""From ids to hits: stored texts, matches in them, marks, done for the page of hits that is shown.

An engine's document is the item, so that two words on different slides of a talk match it and
counts count talks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from coproarchive.catalogue import Catalogue
from coproarchive.model import Source
from coproarchive.search.cache import Cache
from coproarchive.search.document import HIT
from coproarchive.search.engines.seam import Occurrences, Snapshot
from coproarchive.search.hits.highlight import Highlighter, Mark, excerpt, marks_of, whole
from coproarchive.search.hits.matches import ItemMatches, LeafMatch, match_item
from coproarchive.search.hits.results import Hit, LeafForm, LeafHit, Snippet
from coproarchive.search.hits.source import HitSource
from coproarchive.search.hits.stored import SOURCES, StoredItem, StoredLeaf, StoredPart
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.language.fields import LEAF_FIELDS
from coproarchive.search.language.rewrite import Rewriter, Rewritten

DESCRIPTION = "description"
DETAILS = "details"
_NO_SNIPPET = Snippet("")


class _Detail(NamedTuple):
    """How much is shown of a hit: leaves, and leaves named for each word."""

    leaves: int
    places: int


_NEAR = _Detail(leaves=1, places=2)
"""Of near misses."""
_PLACES = 8
"""Leaves that a hit names for each word."""


class HitBuilder:
    """Makes hits of ids.

    Args:
        rewritten: what was searched.
        rewriter: which rewrote it.
        catalogue: what the reader may see: every id.
        snapshot: which was searched.
        sources: cached, by id.
    """

    def __init__(
        self,
        rewritten: Rewritten,
        rewriter: Rewriter,
        catalogue: Catalogue,
        snapshot: Snapshot,
        sources: Cache[HitSource],
    ):
        self._rewritten = rewritten
        self._clauses = rewritten.marked_clauses
        self._targets = TermTargets(self._clauses, rewriter.forms)
        self._catalogue = catalogue
        self._snapshot = snapshot
        self._sources = sources
        self._highlighters: dict[str, Highlighter] = {}

    def hits(
        self,
        full: Sequence[tuple[str, float]],
        near_misses: Sequence[tuple[str, float]],
        leaves: int,
    ) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
        """Return the hits of ids and scores, and those of near misses, which show less.

        Args:
            full: ids and scores of hits.
            near_misses: likewise.
            leaves: how many leaves are shown of a hit.
        """
        detail = _Detail(leaves, _PLACES)
        ids = [item_id for item_id, _ in (*full, *near_misses)]
        targets = self._targets
        self._snapshot.prefetch(ids, HIT)
        occurrences = self._snapshot.occurrences(ids, targets.indexed_terms, targets.prefixes)
        return (
            tuple([self._hit(i, score, occurrences[i], detail) for i, score in full]),
            tuple([self._hit(i, score, occurrences[i], _NEAR) for i, score in near_misses]),
        )

    def leaves(self, item_id: str) -> tuple[LeafHit, ...]:
        """Return every leaf of an item that answers, in the item's order."""
        targets = self._targets
        self._snapshot.prefetch([item_id], HIT)
        occurrences = self._snapshot.occurrences(
            [item_id], targets.indexed_terms, targets.prefixes
        )[item_id]
        source = self._sources.get(item_id, lambda: self._source(item_id))
        stored = source.stored
        as_indexed = self._highlighter(stored.about.language)
        matches = match_item(stored, source.shows, occurrences, targets, as_indexed)
        in_order = sorted(matches.leaves, key=lambda match: match.ordinal)
        return tuple(_leaf_hit(match, stored) for match in in_order)

    def _source(self, item_id: str) -> HitSource:
        stored = StoredItem(self._snapshot.stored(HIT, [item_id])[item_id])
        return HitSource(item_id, stored, self._catalogue)

    def _highlighter(self, language: str) -> Highlighter:
        if language not in self._highlighters:
            self._highlighters[language] = Highlighter(self._targets, language)
        return self._highlighters[language]

    def _hit(self, item_id: str, score: float, occurrences: Occurrences, detail: _Detail) -> Hit:
        source = self._sources.get(item_id, lambda: self._source(item_id))
        about, description = source.about, source.description
        as_indexed = self._highlighter(source.stored.about.language)
        matches = match_item(source.stored, source.shows, occurrences, self._targets, as_indexed)
        if source.is_as_indexed:
            title_marks = marks_of(source.title, matches.title)
            description_marks = marks_of(description, matches.description)
        else:
            of_today = self._highlighter(about.language)
            title_marks, description_marks = map(of_today.marks, (source.title, description))
        matched = self._matched(source.stored, title_marks, description_marks, matches, detail)
        is_described = description and (description_marks or not matches.leaves)
        best = matches.leaves[: detail.leaves]
        return Hit(
            id=item_id,
            title=whole(source.title, title_marks),
            kind=about.kind,
            score=score,
            seminar=about.seminar,
            speakers=about.speakers,
            date=about.date,
            leaves=tuple([_leaf_hit(match, source.stored) for match in best]),
            more_leaves=max(0, len(matches.leaves) - detail.leaves),
            snippet=excerpt(description, description_marks) if is_described else _NO_SNIPPET,
            missing=self._missing(matched),
            matched=matched,
            language=about.language,
        )

    def _matched(
        self,
        stored: StoredItem,
        title: list[Mark],
        description: list[Mark],
        matches: ItemMatches,
        detail: _Detail,
    ) -> dict[str, tuple[str, ...]]:
        """Return word of the query -> places of the item that answer, the first few leaves."""
        places: dict[int, list[str]] = {}
        for clauses, place in (
            ({clause for *_, clause in title}, "title"),
            ({clause for *_, clause in description}, DESCRIPTION),
            (matches.names, DETAILS),
        ):
            for clause in clauses:
                places.setdefault(clause, []).append(place)
        # For how many leaves there is room yet.
        room = {n: detail.places for n, c in enumerate(self._clauses) if not c.excluded}
        for match in matches.leaves:
            if not room:
                break
            place = ""
            for clause in match.clauses & room.keys():
                place = place or stored.leaf(match.ordinal).place
                places_of_clause = places.setdefault(clause, [])
                if place not in places_of_clause:
                    places_of_clause.append(place)
                    room[clause] -= 1
                    if not room[clause]:
                        del room[clause]
        return {self._clauses[number].surface: tuple(places[number]) for number in sorted(places)}

    def _missing(self, matched: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return the words of the query that the item lacks; one of its synonyms stands for it."""
        surfaces = [c.surface for c in self._rewritten.clauses if not c.excluded]
        missing = [surface for surface in surfaces if surface not in matched]
        synonyms = self._rewritten.synonyms.items()
        replaced = [words for words, others in synonyms if not matched.keys().isdisjoint(others)]
        return tuple(s for s in missing if not any(s in words for words in replaced))


def _leaf_hit(match: LeafMatch, stored: StoredItem) -> LeafHit:
    """Return a leaf with an excerpt from the part that answers most."""
    leaf = stored.leaf(match.ordinal)
    title, *marks_of_texts = (
        marks_of(text, match.answers.get(field, ()))
        for field, text in zip(LEAF_FIELDS, leaf.texts, strict=True)
    )
    parts = [_part_match(part, leaf, marks_of_texts[part.text - 1]) for part in leaf.parts]
    best = max(parts, key=_PartMatch.worth, default=None)
    spoken = leaf.forms[best.form - 1].start if best and best.form else leaf.start
    return LeafHit(
        asset=stored.assets[leaf.asset][1],
        number=leaf.number,
        kind=leaf.kind,
        label=leaf.label,
        title=whole(leaf.texts[0], title),
        snippet=excerpt(best.text, best.marks) if best else _NO_SNIPPET,
        source=(best.source if best and (best.marks or not leaf.texts[0]) else Source.TITLE).value,
        start=spoken,
        forms=tuple(LeafForm(stored.assets[form.asset][1], *form[1:]) for form in leaf.forms),
        language=leaf.language,
    )


class _PartMatch(NamedTuple):
    """The answers in a part of a leaf."""

    source: Source
    text: str
    marks: list[Mark]
    form: int

    def worth(self) -> tuple[int, bool]:
        """Return the sort key: more clauses; addresses of links after others."""
        return len({clause for *_, clause in self.marks}), self.source is not Source.LINK


def _part_match(part: StoredPart, leaf: StoredLeaf, marks: list[Mark]) -> _PartMatch:
    """Return the answers in a part; a phrase may go on in the next: each shows its share."""
    _, number, start, end, form = part
    inside = [
        (max(first, start) - start, min(after, end) - start, clause)
        for first, after, clause in marks
        if first < end and after > start
    ]
    return _PartMatch(SOURCES[part.source], leaf.texts[number][start:end], inside, form)
