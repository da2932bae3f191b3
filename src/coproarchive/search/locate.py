"""From a found item to its best slides: done for the hits shown, from the engine's own places.

The engine's document is the item, so that two words on different slides of a talk find it and
counts count talks. Which slides answer, and with which words, the postings say that it was found
by; only the texts of the few slides shown are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.extract.worker import Reader
from coproarchive.model import Asset, Item, Leaf, Part, Source
from coproarchive.search.answering import FIELD_NUMBERS, LEAF_TEXT, Spans, Wanted
from coproarchive.search.compile import Compiled, Compiler
from coproarchive.search.engines.base import SearchEngine, Where
from coproarchive.search.highlight import Highlighter, Mark, excerpt, whole
from coproarchive.search.kept import Kept, KeptLeaf, KeptText
from coproarchive.search.results import Hit, LeafHit, Snippet

BEST_LEAVES = 3
DESCRIPTION = "description"
DETAILS = "details"
MOST_PLACES = 12
"""So many places of a word are told."""

_TITLE = (0, FIELD_NUMBERS["title"])
_DESCRIPTION = (0, FIELD_NUMBERS["abstract"])
_NAMES = FIELD_NUMBERS["names"]
_NOWHERE = Where({}, b"")


def shown_leaves(item: Item, catalogue: Catalogue, reader: Reader) -> Iterator[tuple[Asset, Leaf]]:
    """Every leaf of the item that readers may see, file by file.

    The one place where slides that their author hid are left out, for search and pages alike.
    """
    leave_out = catalogue.series.hidden_slides == "leave-out"
    for asset, extraction in extractions(item, reader):
        for leaf in extraction.leaves:
            if not (leaf.hidden and leave_out):
                yield asset, leaf


def extractions(item: Item, reader: Reader) -> Iterator[tuple[Asset, Extraction]]:
    """What was read from the item's files, as far as it is known."""
    for asset in item.assets:
        extraction = reader.cached(asset.sha256, asset.media_type)
        if extraction is not None:
            yield asset, extraction


class _Answering(NamedTuple):
    """A leaf that has some of the words.

    Attributes:
        worth: how well it answers; larger is better.
        leaf: its texts.
        texts: answers in each of its texts, in the order of LEAF_FIELDS.
        clauses: which of the clauses it answers.
    """

    worth: tuple[int, int, int, int]
    leaf: KeptLeaf
    texts: tuple[Spans, ...]
    clauses: set[int]


class Locator:
    """Makes hits of found ids.

    Args:
        compiled: what was searched.
        compiler: knows the forms of words.
        catalogue: what the reader may see.
        engine: that found them.
    """

    def __init__(
        self, compiled: Compiled, compiler: Compiler, catalogue: Catalogue, engine: SearchEngine
    ):
        self._asked = [c for c in compiled.clauses if not c.excluded]
        self._clauses = (*self._asked, *compiled.alternatives)
        self._compiled = compiled
        self._compiler = compiler
        self._catalogue = catalogue
        self._engine = engine
        prefixes = {c.words[0]: () for c in self._clauses if c.kind == "prefix"}
        expanded = {prefix: engine.expansions(prefix) for prefix in prefixes}
        self._wanted = Wanted(self._clauses, compiler, expanded)

    def hits(self, found: Sequence[tuple[str, float]]) -> tuple[Hit, ...]:
        """The items found, each with the slides that answer best.

        Those that the catalogue does not have are left out: another process may have written since
        it was compared with the engine.
        """
        items = [(self._catalogue.items[i], s) for i, s in found if i in self._catalogue.items]
        where = self._engine.where((item.id for item, _ in items), self._wanted.terms)
        return tuple(self._hit(item, score, where.get(item.id, _NOWHERE)) for item, score in items)

    def _hit(self, item: Item, score: float, where: Where) -> Hit:
        kept = Kept(where.kept)
        language = item.language or self._catalogue.series.languages[0]
        answers = self._wanted.answers(where.places, kept, language)
        leaves = self._answering(item, kept, answers)
        described = item.abstract or ""
        title = self._marks(item.title, kept.title, answers.get(_TITLE, {}), language)
        marks = self._marks(described, kept.description, answers.get(_DESCRIPTION, {}), language)
        matched = self._where(leaves, title, marks, self._named(item, kept, answers, language))
        wanted = described and (marks or not leaves)
        return Hit(
            id=item.id,
            title=whole(item.title, title),
            kind=item.kind.value,
            score=score,
            seminar=item.seminar,
            speakers=tuple(dict.fromkeys(c.person for c in item.people)),
            date=self._catalogue.item_date(item),
            leaves=tuple(_leaf_hit(leaf, kept) for leaf in leaves[:BEST_LEAVES]),
            more_leaves=max(0, len(leaves) - BEST_LEAVES),
            snippet=excerpt(described, marks) if wanted else Snippet(""),
            missing=self._missing(matched),
            matched=matched,
        )

    def _highlighter(self, language: str) -> Highlighter:
        return Highlighter(self._clauses, self._compiler.forms, language)

    def _marks(self, text: str, kept: KeptText, spans: Spans, language: str) -> list[Mark]:
        """Answers in a text of the record, which may have changed since it was indexed."""
        if not spans and not text:
            return []
        if text == kept.text:
            return _marks(kept, spans)
        return self._highlighter(language).marks(text)

    def _named(
        self, item: Item, kept: Kept, answers: Mapping[tuple[int, int], Spans], language: str
    ) -> set[int]:
        """Clauses that names answer."""
        names = "\n".join(searchable_names(item, self._catalogue))
        if names == kept.names.text:
            return {c for (_, field), own in answers.items() if field == _NAMES for c in own}
        highlighter = self._highlighter(language)
        return {mark.clause for mark in highlighter.marks(names)}

    def _answering(
        self, item: Item, kept: Kept, answers: Mapping[tuple[int, int], Spans]
    ) -> list[_Answering]:
        """Answering leaves, best first: more of the words, in the title, more often, earlier."""
        assets = {(asset.sha256, asset.path) for asset in item.assets}
        leave_out = self._catalogue.series.hidden_slides == "leave-out"
        texts: dict[int, list[Spans]] = {}
        for (ordinal, field), spans in answers.items():
            number = LEAF_TEXT.get(field)
            if number is not None and ordinal < kept.leaves:
                if ordinal not in texts:
                    texts[ordinal] = [{}, {}, {}]
                texts[ordinal][number] = spans
        found = []
        for ordinal in sorted(texts):
            leaf, own = kept.leaf(ordinal), texts[ordinal]
            if (leaf.hidden and leave_out) or kept.assets[leaf.asset] not in assets:
                continue
            clauses = own[0].keys() | own[1].keys() | own[2].keys()
            times = 0
            for text in own:
                for each in text.values():
                    times += len(each)
            worth = (len(clauses), len(own[0]), min(times, 20), -leaf.number)
            found.append(_Answering(worth, leaf, tuple(own), clauses))
        found.sort(key=_worth, reverse=True)
        return found

    def _where(
        self, leaves: list[_Answering], title: list[Mark], marks: list[Mark], named: set[int]
    ) -> dict[str, tuple[str, ...]]:
        """Word of the query -> the places of the item it stands in."""
        places: dict[int, list[str]] = {}
        for place, clauses in (
            ("title", {mark.clause for mark in title}),
            (DESCRIPTION, {mark.clause for mark in marks}),
            (DETAILS, named),
        ):
            for clause in clauses:
                places.setdefault(clause, []).append(place)
        unfilled = set(range(len(self._clauses)))
        for found in leaves:
            wanted = found.clauses & unfilled
            if not wanted:
                continue
            leaf = found.leaf
            place = f"{leaf.kind} {leaf.label or leaf.number}"
            for clause in wanted:
                own = places.setdefault(clause, [])
                if place not in own:
                    own.append(place)
                if len(own) >= MOST_PLACES:
                    unfilled.discard(clause)
        told: dict[str, list[str]] = {}
        for number, own in sorted(places.items()):
            told[self._clauses[number].surface] = own
        return {surface: tuple(own) for surface, own in told.items()}

    def _missing(self, matched: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Words asked for that stand nowhere in the item; a synonym found stands for its word."""
        if self._compiled.synonyms and any(
            c.surface in matched for c in self._compiled.alternatives
        ):
            said = " ".join(self._compiled.synonyms)
            return tuple(
                c.surface for c in self._asked if c.surface not in matched and c.surface not in said
            )
        return tuple(c.surface for c in self._asked if c.surface not in matched)


_worth = attrgetter("worth")


def searchable_names(item: Item, catalogue: Catalogue) -> list[str]:
    """Names of people and topics with all their forms, and the seminar's title."""
    names = [
        n
        for c in item.people
        if c.person in catalogue.people
        for n in catalogue.people[c.person].names
    ]
    for topic_id in item.topics:
        if topic := catalogue.topics.get(topic_id):
            names += [topic.label, *topic.alternatives]
    seminar = catalogue.seminars.get(item.seminar or "")
    return [*names, seminar.title] if seminar else names


def _marks(text: KeptText, spans: Spans) -> list[Mark]:
    """Answers as characters, ascending."""
    if not spans:
        return []
    found = {
        Mark(text.bounds(first)[0], text.bounds(last)[1], clause)
        for clause, own in spans.items()
        for first, last in own
        if last < text.count
    }
    return sorted(found, key=lambda m: (m.start, -m.end))


def _leaf_hit(found: _Answering, kept: Kept) -> LeafHit:
    """The leaf with an excerpt from the part that answers most."""
    leaf = found.leaf
    marks = [_marks(text, spans) for text, spans in zip(leaf.texts, found.texts, strict=True)]
    title = leaf.texts[0].text
    best: tuple[tuple[int, bool], Part, list[Mark]] | None = None
    for part, number, start in leaf.parts():
        end = start + len(part.text)
        # A phrase may go from one box into the next: each shows its part of it.
        inside = marks[number]
        if start or end < len(leaf.texts[number].text):
            inside = [
                Mark(max(m.start, start) - start, min(m.end, end) - start, m.clause)
                for m in inside
                if m.start < end and m.end > start
            ]
        worth = (len({m.clause for m in inside}), part.source is not Source.LINK)
        if best is None or worth > best[0]:
            best = worth, part, inside
    snippet, source = Snippet(""), Source.TITLE
    if best is not None:
        worth, part, inside = best
        snippet = excerpt(part.text, inside)
        source = part.source if worth[0] or not title else Source.TITLE
    return LeafHit(
        asset=kept.assets[leaf.asset][1],
        number=leaf.number,
        kind=leaf.kind,
        label=leaf.label,
        title=whole(title, marks[0]),
        snippet=snippet,
        source=source.value,
        start=leaf.start,
    )
