"""Results of a search: items with their best slides, and facets to narrow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from coproarchive.search.language.query import Query


class Snippet(NamedTuple):
    """A piece of text and which of its characters answer the query.

    Attributes:
        text: plain text of the document; never markup.
        marks: (start, end) offsets into the text, ascending, not overlapping.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()


class LeafForm(NamedTuple):
    """Where a slide stands in another file of its item, or what was said while it was shown.

    Attributes:
        asset: file name in the item's folder.
        number, kind, label, start: as of LeafHit.
    """

    asset: str
    number: int
    kind: str
    label: str
    start: float | None = None


class LeafHit(NamedTuple):
    """A slide, page or section that answers, once for all files of the item that have it.

    Attributes:
        asset: file name in the item's folder.
        number: 1-based place in the file.
        kind: page, slide, section or cue.
        label: printed number or time, where it differs.
        title: its heading, with marks.
        snippet: the words around the best match.
        source: where those words stood ("text", "notes", "alt text", ...).
        start: seconds into the recording, where the words are of captions.
        forms: the same slide in other files, and captions of what was said then.
        language: BCP 47, where it is another than the item's; else "".
    """

    asset: str
    number: int
    kind: str
    label: str
    title: Snippet
    snippet: Snippet
    source: str
    start: float | None = None
    forms: tuple[LeafForm, ...] = ()
    language: str = ""


class Hit(NamedTuple):
    """An item that answers.

    Attributes:
        id, title, kind, seminar (id), speakers (ids), date: of the item.
        score: only comparable within one search.
        leaves: its best leaves, best first.
        more_leaves: how many others answer too.
        snippet: from the item's description, where that answers or no leaf does.
        missing: words of the query that are not in it.
        matched: word of the query -> where in the item it stands, the best places first.
        language: BCP 47, of its words.
    """

    id: str
    title: Snippet
    kind: str
    score: float
    seminar: str | None
    speakers: tuple[str, ...]
    date: str | None
    leaves: tuple[LeafHit, ...] = ()
    more_leaves: int = 0
    snippet: Snippet = Snippet("")
    missing: tuple[str, ...] = ()
    matched: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    language: str = ""


class FacetValue(NamedTuple):
    """A value of a facet: as in URLs, as readers see it, and how many items have it."""

    value: str
    label: str
    count: int  # type: ignore[assignment]  # not the tuple's own method, which nobody needs
    selected: bool


class Facet(NamedTuple):
    """A facet and its values, of which an item must have one of those chosen.

    FacetValues are made when they are asked for: of thousands a page shows few.

    Attributes:
        name, label: in URLs, and for readers.
        ranked: its values, most frequent first; years newest first.
        labels: of these values at least.
        counts: number of items with each value.
        chosen: values.
    """

    name: str
    label: str
    ranked: Sequence[str]
    labels: Mapping[str, str]
    counts: Mapping[str, int]
    chosen: tuple[str, ...]

    @property
    def values(self) -> tuple[FacetValue, ...]:
        """All values, in order."""
        return tuple(map(self._value, self.ranked))

    @property
    def selected(self) -> list[FacetValue]:
        """The chosen values, in order."""
        return [self._value(v) for v in self.ranked if v in self.chosen] if self.chosen else []

    def matching(self, text: str, limit: int) -> list[FacetValue]:
        """Return the first values whose label contains a text, in upper or lower case."""
        folded = text.casefold()
        values = (v for v in self.ranked if folded in self.labels[v].casefold())
        return list(map(self._value, islice(values, limit)))

    def _value(self, value: str) -> FacetValue:
        return FacetValue(value, self.labels[value], self.counts[value], value in self.chosen)


@dataclass(frozen=True)
class Results:
    """One page of results.

    Attributes:
        total: items found, all pages.
        full: how many of them have all that was asked for: all, or none of them where nothing has.
        hits: of this page, in order.
        near_misses: best items that have some of the words, where few have all; not counted.
        facets: in the archive's order; counts ignore the facet's own choice.
        query: what was asked.
        notes: how it was understood, in sentences for the reader.
        corrections: word as typed -> word searched instead.
        synonyms: words as typed -> also searched for.
        partial: nothing has all the words; these have some.
        leaves: slides, pages and sections that answer, of all items found, each once for all files
            of its item that have it; None where the engine cannot count so many.
    """

    total: int
    full: int
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    query: Query
    notes: tuple[str, ...] = ()
    corrections: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    partial: bool = False
    near_misses: tuple[Hit, ...] = ()
    leaves: int | None = None

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.query.size))

    def facet(self, name: str) -> Facet | None:
        """Return a facet by its name in URLs, None where these results have no such one."""
        return next((facet for facet in self.facets if facet.name == name), None)

    def to_json(self) -> dict[str, object]:
        """Return plain data for JSON; marks of snippets are offsets."""
        return {
            "total": self.total,
            "full": self.full,
            "leaves": self.leaves,
            "query": self.query.to_params() | {"page": self.query.page, "size": self.query.size},
            "notes": list(self.notes),
            "corrections": dict(self.corrections),
            "synonyms": {word: list(others) for word, others in self.synonyms.items()},
            "partial": self.partial,
            "hits": [_hit_json(hit) for hit in self.hits],
            "partial_hits": [_hit_json(hit) for hit in self.near_misses],
            "facets": {f.name: [v._asdict() for v in f.values] for f in self.facets},
        }


def _hit_json(hit: Hit) -> dict[str, object]:
    return {
        "id": hit.id,
        "title": hit.title.text,
        "kind": hit.kind,
        "score": hit.score,
        "seminar": hit.seminar,
        "speakers": list(hit.speakers),
        "date": hit.date,
        "leaves": [_leaf_json(leaf) for leaf in hit.leaves],
        "more_leaves": hit.more_leaves,
        "snippet": _snippet_json(hit.snippet),
        "missing": list(hit.missing),
        "matched": {word: list(places) for word, places in hit.matched.items()},
        "language": hit.language,
    }


def _leaf_json(leaf: LeafHit) -> dict[str, object]:
    return {
        "asset": leaf.asset,
        "number": leaf.number,
        "kind": leaf.kind,
        "label": leaf.label,
        "title": leaf.title.text,
        "snippet": _snippet_json(leaf.snippet),
        "source": leaf.source,
        "start": leaf.start,
        "forms": [form._asdict() for form in leaf.forms],
        "language": leaf.language,
    }


def _snippet_json(snippet: Snippet) -> dict[str, object]:
    return {"text": snippet.text, "marks": [list(mark) for mark in snippet.marks]}
