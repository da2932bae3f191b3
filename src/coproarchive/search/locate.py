"""From a found item to its best slides: done for the hits shown, from the cached text.

The engine's document is the item, so that two words on different slides of a talk find it and
counts count talks. Which slides answer is found here: 20-35 ms for 20 talks of 30 slides measured,
against 340-420 ms for slides as documents of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.extract.worker import Reader
from coproarchive.model import Asset, Item, Leaf, Source
from coproarchive.search.compile import Compiled, Compiler
from coproarchive.search.highlight import Highlighter
from coproarchive.search.leaves import TITLE, KnownLeaves, LeafWords
from coproarchive.search.results import Hit, LeafHit, Snippet

BEST_LEAVES = 3
DESCRIPTION = "description"
DETAILS = "details"


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


@dataclass(frozen=True, slots=True)
class _Answering:
    """A leaf that has some of the words.

    Attributes:
        worth: how well it answers; larger is better.
        clauses: which of the clauses it answers.
        parts: number of its part, or TITLE -> clause -> how often.
    """

    worth: tuple[int, int, int, int]
    clauses: set[int]
    asset: Asset
    leaf: Leaf
    parts: dict[int, dict[int, int]]


class Locator:
    """Makes hits of found ids.

    Args:
        compiled: what was searched.
        compiler: knows the forms of words.
        catalogue: what the reader may see.
        reader: has the text of the files.
        known: words of files looked at before.
    """

    def __init__(
        self,
        compiled: Compiled,
        compiler: Compiler,
        catalogue: Catalogue,
        reader: Reader,
        known: KnownLeaves,
    ):
        self._asked = [c for c in compiled.clauses if not c.excluded]
        self._clauses = (*self._asked, *compiled.alternatives)
        self._compiled = compiled
        self._compiler = compiler
        self._catalogue = catalogue
        self._reader = reader
        self._known = known
        self._highlighters: dict[str, Highlighter] = {}

    def hit(self, item: Item, score: float) -> Hit:
        """The item with the slides that answer best."""
        highlighter = self._highlighter(item.language or self._catalogue.series.languages[0])
        leaves = self._answering(item, highlighter)
        matched = self._where(item, highlighter, leaves)
        described = item.abstract or ""
        marks = highlighter.marks(described)
        wanted = described and (marks or not leaves)
        return Hit(
            id=item.id,
            title=highlighter.whole(item.title),
            kind=item.kind.value,
            score=score,
            seminar=item.seminar,
            speakers=tuple(dict.fromkeys(c.person for c in item.people)),
            date=self._catalogue.item_date(item),
            leaves=tuple(_leaf_hit(leaf, highlighter) for leaf in leaves[:BEST_LEAVES]),
            more_leaves=max(0, len(leaves) - BEST_LEAVES),
            snippet=highlighter.excerpt(described, marks) if wanted else Snippet(""),
            missing=self._missing(matched),
            matched=matched,
        )

    def _leaf_words(self, asset: Asset) -> LeafWords | None:
        key = (asset.sha256, asset.media_type)
        if (known := self._known.known(key)) is not None:
            return known
        extraction = self._reader.cached(*key)
        if extraction is None or extraction.failed:
            return None
        return self._known.of(key, extraction.leaves)

    def _highlighter(self, language: str) -> Highlighter:
        if language not in self._highlighters:
            made = Highlighter(self._clauses, self._compiler.forms, language)
            self._highlighters[language] = made
        return self._highlighters[language]

    def _answering(self, item: Item, highlighter: Highlighter) -> list[_Answering]:
        """Answering leaves, best first: more of the words, in the title, more often, earlier."""
        if not self._clauses:
            return []
        found = []
        leave_out = self._catalogue.series.hidden_slides == "leave-out"
        for asset in item.assets:
            words = self._leaf_words(asset)
            for number, parts in (highlighter.in_leaves(words) if words else {}).items():
                leaf = words.leaves[number]  # type: ignore[union-attr]  # there are parts
                if leaf.hidden and leave_out:
                    continue
                clauses = {clause for counts in parts.values() for clause in counts}
                times = sum(sum(counts.values()) for counts in parts.values())
                worth = (len(clauses), len(parts.get(TITLE, ())), min(times, 20), -number)
                found.append(_Answering(worth, clauses, asset, leaf, parts))
        found.sort(key=lambda leaf: leaf.worth, reverse=True)
        return found

    def _where(
        self, item: Item, highlighter: Highlighter, leaves: list[_Answering]
    ) -> dict[str, tuple[str, ...]]:
        """Word of the query -> the places of the item it stands in."""
        places: dict[int, list[str]] = {}
        names = " \n".join(searchable_names(item, self._catalogue))
        for place, text in (
            ("title", item.title),
            (DESCRIPTION, item.abstract or ""),
            (DETAILS, names),
        ):
            for clause in highlighter.counts(text):
                places.setdefault(clause, []).append(place)
        for found in leaves:
            leaf = found.leaf
            for clause in found.clauses:
                places.setdefault(clause, []).append(f"{leaf.kind} {leaf.label or leaf.number}")
        return {
            self._clauses[n].surface: tuple(dict.fromkeys(found))[:12]
            for n, found in sorted(places.items())
        }

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


def _leaf_hit(found: _Answering, highlighter: Highlighter) -> LeafHit:
    """The leaf with an excerpt from the part that answers most."""
    leaf = found.leaf
    best = max(
        enumerate(leaf.parts),
        key=lambda pair: (len(found.parts.get(pair[0], ())), pair[1].source is not Source.LINK),
        default=None,
    )
    snippet, source = Snippet(""), Source.TITLE
    if best is not None:
        number, part = best
        snippet = highlighter.excerpt(part.text)
        source = part.source if number in found.parts or not leaf.title else Source.TITLE
    return LeafHit(
        asset=found.asset.path,
        number=leaf.number,
        kind=leaf.kind,
        label=leaf.label,
        title=highlighter.whole(leaf.title),
        snippet=snippet,
        source=source.value,
        start=leaf.start,
    )
