"""What follows from a catalogue and an engine's snapshot, made once for the pair of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from coproarchive.catalogue import Catalogue
from coproarchive.search.cache import Cache
from coproarchive.search.document import may_tell
from coproarchive.search.engines.seam import Request, Snapshot
from coproarchive.search.hits.source import HitSource
from coproarchive.search.index.execute import Outcome, run
from coproarchive.search.index.present import Labels
from coproarchive.search.language import fields
from coproarchive.search.language.query import Query
from coproarchive.search.language.query_tree import MatchAll
from coproarchive.search.language.rewrite import Rewriter
from coproarchive.search.language.synonyms import Synonyms

HIT_SOURCE_BYTES = 48 << 20
"""Bytes cached of what hits are shown from: the same items are hits again and again."""


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What searches need of a catalogue and a snapshot: making it reads every record and every id.

    Attributes:
        catalogue, snapshot: those two.
        rewriter: of queries.
        exclude: ids of documents that readers may not be told of.
        labels: of the catalogue's facet values.
        facets: that are counted.
        hit_sources: cache of what hits are shown from, by item id.
    """

    catalogue: Catalogue
    snapshot: Snapshot
    rewriter: Rewriter
    exclude: frozenset[str]
    labels: Labels
    facets: tuple[str, ...]
    hit_sources: Cache[HitSource]

    @classmethod
    def of(cls, catalogue: Catalogue, snapshot: Snapshot) -> SearchContext:
        """Make the context of a catalogue and a snapshot."""
        # Hidden or withdrawn after the index was brought up to date, or with words in it that are
        # withheld by now: out of every answer at once.
        exclude = frozenset(
            i
            for i, digest in snapshot.digests().items()
            if i not in catalogue.items or may_tell(catalogue.items[i], catalogue, digest)
        )
        topics = ((t.label, *t.alternatives) for t in catalogue.topics.values())
        rewriter = Rewriter(
            _languages(catalogue, snapshot, exclude),
            Synonyms([*catalogue.series.synonyms, *topics]),
            partial(snapshot.frequencies, exclude=exclude),
            partial(snapshot.words, exclude),
        )
        # With the first question, which waits anyway, rather than with the first misspelt one.
        rewriter.prepare()
        facets = tuple(f for f in catalogue.series.facets if f in fields.FACETS)
        hit_sources: Cache[HitSource] = Cache(HIT_SOURCE_BYTES, lambda source: source.size)
        return cls(catalogue, snapshot, rewriter, exclude, Labels(catalogue), facets, hit_sources)

    def run(self, query: Query) -> Outcome:
        """Run a query on the snapshot; see execute.run."""
        return run(self.snapshot, self.rewriter, query, self.facets, self.exclude)


def _languages(catalogue: Catalogue, snapshot: Snapshot, exclude: frozenset[str]) -> list[str]:
    """Return the languages that words may be in: the archive's, then those of what is indexed."""
    request = Request(MatchAll(), exclude=exclude, limit=0, facets=("language",))
    indexed = snapshot.search(request).facets.get("language", {})
    return list(dict.fromkeys([*catalogue.series.languages, *sorted(indexed), catalogue.language]))
