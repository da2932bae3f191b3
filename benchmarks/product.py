"""This archive's search over a test collection: parsed, compiled and searched as for readers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from collection import DEPTH, Collection
from coproarchive.search.engines.seam import Document
from coproarchive.search.engines.whoosh.engine import WhooshEngine
from coproarchive.search.index.execute import run
from coproarchive.search.language.query import Query
from coproarchive.search.language.ranking import STANDARD, Weights
from coproarchive.search.language.rewrite import Rewriter
from coproarchive.search.language.synonyms import Synonyms

SCOPE = "seminar"
"""The facet that stands for a query's scope."""


class Product:
    """An index of the collection's documents, one an item.

    Args:
        collection: its documents.
    """

    def __init__(self, collection: Collection):
        self.collection = collection
        self._folder = tempfile.TemporaryDirectory()
        self._engine = WhooshEngine(Path(self._folder.name) / "index", create=True)
        self._engine.write(
            Document(
                id=d.id,
                digest=d.id,
                texts={"title": (d.title,) if d.title else (), "body": (d.text,)},
                facets={SCOPE: collection.scopes_of(d.id)},
                title=d.title,
            )
            for d in collection.docs
        )
        self.weigh(STANDARD)

    def weigh(self, weights: Weights) -> None:
        """Rank with these weights from now on."""
        self._engine.close()
        self._engine = WhooshEngine(Path(self._folder.name) / "index", weights=weights)
        self._snapshot = self._engine.snapshot()
        self._compiler = Rewriter(
            ["en"], Synonyms([]), self._snapshot.frequencies, self._snapshot.words, weights
        )

    def rank(self, text: str, scope: str = "") -> list[str]:
        """Ids, best first, at most DEPTH."""
        query = Query.parse(text, facets={SCOPE: [scope]} if scope else None, size=DEPTH)
        answer = run(self._snapshot, self._compiler, query, ())
        return [document for document, _ in (*answer.response.hits, *answer.response.near_misses)]

    def rankings(self, texts: list[str]) -> list[list[str]]:
        """A ranking for each text, within the scope of the query it belongs to."""
        pairs = zip(self.collection.queries, texts, strict=True)
        return [self.rank(text, question.scope) for question, text in pairs]

    def close(self) -> None:
        """Remove the index."""
        self._engine.close()
        self._folder.cleanup()
