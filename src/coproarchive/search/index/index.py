"""An opened index: carries out searches, from a query to results.

    index/extracted/    texts by hash of the file (extract/cache.py)
    index/...           the engine's, see its IndexStorage

Everything here is derived from archive/ and may be deleted. The digest of each document is stored
in the engine itself, so that what is indexed and what is thought to be indexed cannot differ; so is
all that hits, suggestions and reports need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from coproarchive.catalogue import Catalogue
from coproarchive.model import Item, Leaf
from coproarchive.search.discover import phrases
from coproarchive.search.discover.reuse import Reuses
from coproarchive.search.discover.similar import Similar, SimilarLeaf, similar, similar_leaves
from coproarchive.search.document import PHRASES, SKETCHES, record_of
from coproarchive.search.engines.seam import IndexStorage
from coproarchive.search.hits.build import HitBuilder
from coproarchive.search.hits.highlight import Highlighter
from coproarchive.search.hits.results import LeafHit, Results
from coproarchive.search.hits.targets import TermTargets
from coproarchive.search.index.execute import Outcome
from coproarchive.search.index.present import facets_of, notes_of
from coproarchive.search.index.search_context import SearchContext
from coproarchive.search.language.query import MAX_SIZE, Query

if TYPE_CHECKING:
    from coproarchive.extract.worker import Reader

NEAR_MISSES = 5
"""So many of what has only some of the words are shown behind the few that have all."""


class Index:
    """The current generation of an index, opened. Thread-safe.

    Args:
        storage: of the index.

    Raises:
        IndexStateError: there is none, it was made by another version, or it is damaged.
    """

    def __init__(self, storage: IndexStorage):
        self._storage = storage
        self._engine = storage.open()
        self._context: SearchContext | None = None
        self._reuses: tuple[SearchContext, Reuses] | None = None
        self._reusing = Lock()

    @property
    def is_current(self) -> bool:
        """Whether no newer generation was swapped in, and this one is still there."""
        return self._storage.is_current(self._engine)

    def close(self) -> None:
        """Close the engine's files and connections."""
        self._engine.close()

    def version(self) -> object:
        """Return another value after each update that changed something, by whichever process."""
        return self._engine.snapshot()

    def digests(self) -> Mapping[str, str]:
        """Return id -> digest of each document; see update.document_digests."""
        return self._engine.snapshot().digests()

    def phrases(self, catalogue: Catalogue) -> Mapping[str, str]:
        """Return id -> phrases of the item's record and slides, phrases.BETWEEN between them.

        Args:
            catalogue: what the reader may see. Of what is not in it, or has changed since it was
                indexed, nothing is told.
        """
        stored = self._engine.snapshot().stored(PHRASES)
        unpacked = (
            (i, *phrases.unpack(data)) for i, data in stored.items() if i in catalogue.items
        )
        return {i: text for i, record, text in unpacked if record == record_of(i, catalogue)}

    def words(self) -> list[str]:
        """Return every word in the index, sorted."""
        return self._engine.snapshot().words()

    def frequencies(self, terms: Iterable[str]) -> Mapping[str, int]:
        """Return term -> number of items with it."""
        return self._engine.snapshot().frequencies(terms)

    def search(self, query: Query, catalogue: Catalogue) -> Results:
        """Find items and their best slides.

        Args:
            query: what a reader asks.
            catalogue: what the reader may see.
        """
        context = self._context_of(catalogue)
        outcome = context.run(query)
        rewritten, response = outcome.rewritten, outcome.response
        builder = HitBuilder(
            rewritten, context.rewriter, catalogue, context.snapshot, context.hit_sources
        )
        hits, near_misses = builder.hits(
            response.hits, response.near_misses[:NEAR_MISSES], leaves=query.leaves
        )
        return Results(
            total=response.total,
            full=outcome.full,
            hits=hits,
            near_misses=near_misses,
            facets=facets_of(response, query, catalogue, context.labels),
            query=query,
            notes=notes_of(query, outcome, catalogue),
            corrections=rewritten.corrections,
            synonyms={word: tuple(others) for word, others in rewritten.synonyms.items()},
            partial=outcome.partial and not rewritten.is_question,
            leaves=response.leaves,
        )

    def run(self, query: Query, catalogue: Catalogue) -> Outcome:
        """Run a query without making its hits readable."""
        return self._context_of(catalogue).run(query)

    def ranking(
        self, query: Query, catalogue: Catalogue, limit: int
    ) -> list[tuple[str, float, bool | None]]:
        """Return id, score and whether it has all the words, of the hits from the first page on.

        Of a long question that is not known: None.
        """
        ranking: list[tuple[str, float, bool | None]] = []
        for page in range(1, -(-limit // MAX_SIZE) + 1):
            page_query = replace(query, page=page, size=min(MAX_SIZE, limit))
            outcome = self.run(page_query, catalogue)
            for number, (item_id, score) in enumerate(outcome.response.hits, start=len(ranking)):
                is_full = None if outcome.rewritten.is_question else number < outcome.full
                ranking.append((item_id, score, is_full))
            if len(outcome.response.hits) < page_query.size:
                break
        return ranking[:limit]

    def similar(
        self, item: Item, catalogue: Catalogue, reader: Reader, leaf: int | None = None
    ) -> tuple[Similar, ...]:
        """Find items like this one, or like one leaf of its first file; see similar.similar."""
        context = self._context_of(catalogue)
        return similar(context.snapshot, catalogue, reader, item, leaf, exclude=context.exclude)

    def sketches(self) -> Mapping[str, bytes]:
        """Return id -> sketches of the item's slides, of what is public; see talks.sketch."""
        return self._engine.snapshot().stored(SKETCHES)

    def reuses(
        self,
        catalogue: Catalogue,
        pictures: Callable[[str], Mapping[int, int]] = lambda _: {},
    ) -> Reuses:
        """Return what finds slides of public items in others; made once for an update.

        Args:
            catalogue: what the reader may see.
            pictures: returns, by the hash of a file, number of a page -> hash of its picture.
        """
        context = self._context_of(catalogue)
        with self._reusing:
            if self._reuses is None or self._reuses[0] is not context:
                stored = context.snapshot.stored(SKETCHES)
                public = {i: data for i, data in stored.items() if i not in context.exclude}
                self._reuses = context, Reuses(public, catalogue, pictures)
            return self._reuses[1]

    def leaf_hits(self, item_id: str, query: Query, catalogue: Catalogue) -> tuple[LeafHit, ...]:
        """Return every leaf of an item that answers a query, in the item's order.

        As in hits; none of an item that is not indexed, or not as the reader may see it.
        """
        context = self._context_of(catalogue)
        if item_id in context.exclude or item_id not in context.snapshot.digests():
            return ()
        builder = HitBuilder(
            context.rewriter.rewrite(query), context.rewriter, catalogue, context.snapshot,
            context.hit_sources,
        )  # fmt: skip
        return builder.leaves(item_id)

    def similar_leaves(
        self, item: Item, leaf: Leaf, catalogue: Catalogue
    ) -> tuple[SimilarLeaf, ...]:
        """Find leaves of other items like one of this item; see similar.similar_leaves."""
        context = self._context_of(catalogue)
        return similar_leaves(
            context.snapshot, catalogue, item, leaf, context.hit_sources, exclude=context.exclude
        )

    def highlighter(self, query: Query, catalogue: Catalogue, language: str) -> Highlighter:
        """Make what marks answers to the query in texts of a language, as in hits."""
        rewriter = self._context_of(catalogue).rewriter
        clauses = rewriter.rewrite(query).marked_clauses
        return Highlighter(TermTargets(clauses, rewriter.forms), language)

    def _context_of(self, catalogue: Catalogue) -> SearchContext:
        """Return the context of this catalogue and the engine's snapshot of now."""
        snapshot, context = self._engine.snapshot(), self._context
        if (
            context is None
            or context.snapshot is not snapshot
            or context.catalogue is not catalogue
        ):
            context = self._context = SearchContext.of(catalogue, snapshot)
        return context
