"""From a found item to its best slides: done for the hits shown, from the engine's own places.

The engine's document is the item, so that two words on different slides of a talk find it and
counts count talks. Which slides answer, and with which words, the postings say that it was found
by; only the texts of the few slides shown are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import NamedTuple

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item, Source
from coproarchive.search.cache import Cache
from coproarchive.search.document import HIT, about, record_of
from coproarchive.search.engines.seam import Occurrences, Snapshot
from coproarchive.search.hits.highlight import Highlighter, Mark, excerpt, whole
from coproarchive.search.hits.matches import (
    FIELD_NUMBERS,
    KEY_SHIFT,
    LEAF_TEXT,
    TermTargets,
    Texts,
    WordSpan,
    text_key,
)
from coproarchive.search.hits.results import Hit, LeafHit, Snippet
from coproarchive.search.hits.stored import (
    SOURCES,
    StoredItem,
    StoredLeaf,
    StoredText,
    count_of,
    span_of,
)
from coproarchive.search.language.rewrite import Rewriter, Rewritten

DESCRIPTION = "description"
DETAILS = "details"


class _Detail(NamedTuple):
    """How much is told of a hit: its best leaves, and so many leaves that have a word."""

    leaves: int
    places: int


_FULL, _NEAR = _Detail(3, 8), _Detail(1, 2)
"""Of what was asked for, and of what has only some of the words."""

ScoredDocs = Sequence[tuple[str, float]]
"""Ids and scores."""

_TITLE, _DESCRIPTION = text_key("title"), text_key("abstract")
_NAMES = FIELD_NUMBERS["names"]
_LEAF_MASK = (1 << KEY_SHIFT) - 1
_NO_SNIPPET = Snippet("")
_NONE: list[WordSpan] = []


LeafMatch = tuple[int, int, int, int, list[list[WordSpan]], Collection[int]]
"""A leaf that has some of the words; the best is the largest. How many of the clauses it answers,
how many in its heading, how often; less than 0 by its place among the item's leaves; answers in
each of its texts, in the order of LEAF_FIELDS; the clauses."""


class HitSource:
    """What is shown of an item, whatever was asked. Thread-safe: it does not change.

    Args:
        kept: of it, when it was indexed.
        item: as readers see it now; None where its record is what it was then.
        catalogue: what readers may see.

    Attributes:
        kind, seminar, speakers, date, language: see kept.About.
        title, description: of today.
        has_title, has_description: whether these are as they were indexed.
        hides: tells of an indexed leaf whether readers do not see it; None where they see all.
    """

    __slots__ = ("date", "description", "has_description", "has_title", "hides", "kept", "kind",
                 "language", "seminar", "speakers", "title")  # fmt: skip

    def __init__(self, kept: StoredItem, item: Item | None, catalogue: Catalogue):
        self.kept = kept
        of_today = kept.about if item is None else about(item, catalogue)
        self.kind, self.seminar, self.speakers, self.date, self.language = of_today
        self.title, self.description = kept.title[0], kept.description[0]
        self.has_title = self.has_description = True
        self.hides: Callable[[int], bool] | None = None
        if item is not None:
            self.title, self.description = item.title, item.abstract or ""
            self.has_title = self.title == kept.title[0]
            self.has_description = self.description == kept.description[0]
            self.hides = self._hidden(item, catalogue.series.hidden_slides == "leave-out")

    @property
    def size(self) -> int:
        """Bytes held when all was asked for."""
        return self.kept.size + 500

    def _hidden(self, item: Item, leave_out: bool) -> Callable[[int], bool] | None:
        kept = self.kept
        assets = {(asset.sha256, asset.path) for asset in item.assets}
        leave_out = leave_out and kept.has_hidden
        if not leave_out and assets.issuperset(kept.assets):
            return None

        def is_hidden(ordinal: int) -> bool:
            # The file may have been taken out of the record since.
            leaf = kept.leaf(ordinal)
            return (leaf.hidden and leave_out) or kept.assets[leaf.asset] not in assets

        return is_hidden


class Locator:
    """Makes hits of found ids.

    Args:
        compiled: what was searched.
        compiler: knows the forms of words.
        catalogue: what the reader may see: all that is found.
        engine: what found them.
        known: by id, what is shown of items that were hits before.
    """

    def __init__(
        self,
        compiled: Rewritten,
        compiler: Rewriter,
        catalogue: Catalogue,
        engine: Snapshot,
        known: Cache[HitSource],
    ):
        self._asked = [c for c in compiled.clauses if not c.excluded]
        self._clauses = (*self._asked, *compiled.alternatives)
        self._compiled = compiled
        self._compiler = compiler
        self._catalogue = catalogue
        self._engine = engine
        self._known = known
        self._wanted = TermTargets(self._clauses, compiler)
        self._is_one = len(self._clauses) == 1

    def hits(
        self, found: ScoredDocs, also: ScoredDocs = ()
    ) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
        """The items found, each with the slides that answer best; those beside, each with one."""
        wanted = self._wanted
        ids = [item_id for item_id, _ in (*found, *also)]
        occurrences = self._engine.occurrences(ids, wanted.terms, wanted.prefixes)
        return (
            tuple([self._hit(i, score, occurrences[i], _FULL) for i, score in found]),
            tuple([self._hit(i, score, occurrences[i], _NEAR) for i, score in also]),
        )

    def _shown(self, item_id: str) -> HitSource:
        data = self._engine.stored(HIT, [item_id])[item_id]
        catalogue, kept = self._catalogue, StoredItem(data)
        is_as_indexed = kept.record == record_of(item_id, catalogue)
        return HitSource(kept, None if is_as_indexed else catalogue.items[item_id], catalogue)

    def _hit(self, item_id: str, score: float, occurrences: Occurrences, detail: _Detail) -> Hit:
        shown = self._known.get(item_id, lambda: self._shown(item_id))
        kept, language, described = shown.kept, shown.language, shown.description
        answers = self._wanted.answers(occurrences, kept, language)
        leaves, named = self._answering(shown, answers)
        spans = answers.get(_TITLE)
        title = (
            _marks(kept.title, spans) if shown.has_title else self._looked_up(shown.title, language)
        )
        spans = answers.get(_DESCRIPTION)
        if shown.has_description:
            marks = _marks(kept.description, spans)
        else:
            marks = self._looked_up(described, language)
        matched = self._where(kept, leaves, title, marks, named, detail.places)
        wanted = described and (marks or not leaves)
        return Hit(
            id=item_id,
            title=whole(shown.title, title),
            kind=shown.kind,
            score=score,
            seminar=shown.seminar,
            speakers=shown.speakers,
            date=shown.date,
            leaves=tuple([_leaf_hit(leaf, kept) for leaf in leaves[: detail.leaves]]),
            more_leaves=max(0, len(leaves) - detail.leaves),
            snippet=excerpt(described, marks) if wanted else _NO_SNIPPET,
            missing=self._missing(matched),
            matched=matched,
        )

    def _looked_up(self, text: str, language: str) -> list[Mark]:
        """Answers in a text of the record that has changed since it was indexed."""
        return Highlighter(self._clauses, self._compiler.forms, language).marks(text)

    def _answering(self, shown: HitSource, answers: Texts) -> tuple[list[LeafMatch], set[int]]:
        """Answering leaves, best first: more of the words, in the title, more often, earlier.

        All the clauses that names answer.
        """
        by_leaf: dict[int, list[list[WordSpan]]] = {}
        named: set[int] = set()
        for key, spans in answers.items():
            field = key >> KEY_SHIFT
            number = LEAF_TEXT[field]
            if number is not None:
                leaf = key & _LEAF_MASK
                texts = by_leaf.get(leaf)
                if texts is None:
                    texts = by_leaf[leaf] = [_NONE, _NONE, _NONE]
                texts[number] = spans
            elif field == _NAMES:
                named.update(clause for _, _, clause in spans)
        leaves, hides = shown.kept.leaves, shown.hides
        found: list[LeafMatch] = []
        for ordinal, texts in by_leaf.items():
            if ordinal >= leaves or (hides is not None and hides(ordinal)):
                continue
            heading, own, notes = texts
            times = len(heading) + len(own) + len(notes)
            clauses: Collection[int]
            if times == 1 or self._is_one:
                clauses, headed = [(heading or own or notes)[0][2]], 1 if heading else 0
            else:
                clauses = {clause for spans in texts for _, _, clause in spans}
                headed = len({clause for _, _, clause in heading})
            found.append((len(clauses), headed, min(times, 20), -ordinal, texts, clauses))
        found.sort(reverse=True)
        return found, named

    def _where(
        self,
        kept: StoredItem,
        leaves: list[LeafMatch],
        title: list[Mark],
        marks: list[Mark],
        named: set[int],
        most: int,
    ) -> dict[str, tuple[str, ...]]:
        """Word of the query -> the places of the item it stands in."""
        places: dict[int, list[str]] = {}
        room: dict[int, int] = {}  # for how many leaves yet
        for *_, clause in title:
            places[clause] = ["title"]
        for clause in {clause for *_, clause in marks}:
            places.setdefault(clause, []).append(DESCRIPTION)
        for clause in named:
            places.setdefault(clause, []).append(DETAILS)
        wanted = len(self._clauses) * most
        for *_, minus, _, clauses in leaves:
            place = ""
            for clause in clauses:
                if (left := room.get(clause, most)) > 0:
                    place = place or kept.leaf(-minus).place
                    own = places.setdefault(clause, [])
                    if place not in own:
                        own.append(place)
                        room[clause] = left - 1
                        wanted -= 1
            if not wanted:
                break
        return {self._clauses[number].surface: tuple(places[number]) for number in sorted(places)}

    def _missing(self, matched: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Words asked for that stand nowhere in the item; a synonym found stands for its words."""
        missing = [c.surface for c in self._asked if c.surface not in matched]
        if missing and self._compiled.synonyms:
            synonyms = self._compiled.synonyms.items()
            found = [said for said, others in synonyms if not matched.keys().isdisjoint(others)]
            missing = [word for word in missing if not any(word in said for said in found)]
        return tuple(missing)


def _marks(text: StoredText, spans: list[WordSpan] | None) -> list[Mark]:
    """Answers as characters, ascending."""
    if not spans:
        return []
    found = []
    count = count_of(text)
    for first, last, clause in spans:
        if last < count:
            start, end = span_of(text, first)
            found.append((start, end if first == last else span_of(text, last)[1], clause))
    if len(found) > 1:
        found.sort(key=lambda mark: (mark[0], -mark[1]))
    return found


def _leaf_hit(found: LeafMatch, kept: StoredItem) -> LeafHit:
    """The leaf with an excerpt from the part that answers most."""
    *_, minus, texts, _ = found
    leaf = kept.leaf(-minus)
    heading = leaf.texts[0]
    title = whole(heading[0], _marks(heading, texts[0]))
    source, inside, snippet = _best_part(leaf, texts)
    return LeafHit(
        asset=kept.assets[leaf.asset][1],
        number=leaf.number,
        kind=leaf.kind,
        label=leaf.label,
        title=title,
        snippet=snippet,
        source=(source if inside or not title.text else Source.TITLE).value,
        start=leaf.start,
    )


def _best_part(
    leaf: StoredLeaf, answers: list[list[WordSpan]]
) -> tuple[Source, list[Mark], Snippet]:
    """Source of the part that answers most, its answers, and an excerpt."""
    if not leaf.parts:
        return Source.TITLE, [], _NO_SNIPPET
    if len(leaf.parts) == 1:
        ((source, number, _, _),) = leaf.parts
        inside = _marks(leaf.texts[number], answers[number])
        return SOURCES[source], inside, excerpt(leaf.texts[number][0], inside)
    marks = [_marks(text, spans) for text, spans in zip(leaf.texts, answers, strict=True)]
    found = []
    for part in leaf.parts:
        source, number, start, end = part
        # A phrase may go from one box into the next: each shows its part of it.
        inside = [
            (max(first, start) - start, min(behind, end) - start, clause)
            for first, behind, clause in marks[number]
            if first < end and behind > start
        ]
        clauses = {clause for *_, clause in inside}
        found.append((len(clauses), SOURCES[source] is not Source.LINK, inside, part))
    *_, inside, (source, number, start, end) = max(found, key=itemgetter(0, 1))
    return SOURCES[source], inside, excerpt(leaf.texts[number][0][start:end], inside)
