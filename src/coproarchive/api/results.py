"""Search results as Python callers see them: plain text, and a table in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coproarchive.api import notebook
from coproarchive.api.items import ArchivedItem, ArchivedItems
from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.publish.addresses import leaf_path
from coproarchive.search.hits.results import Hit, LeafHit, Results


class SearchLeaf:
    """A slide, page or section that answers.

    Attributes:
        file: name in the item's folder.
        number: 1-based place in the file.
        label: the printed number or time, else the number.
        kind: page, slide, section or cue.
        title: its heading.
        snippet: the words around the best match.
        source: where those words stood ("text", "notes", "alt text", ...).
        start: seconds into the recording, where the words are of captions.
        forms: the same slide in other files, and captions of what was said then: file, kind and
            number of each.
        address: of this very leaf.
    """

    def __init__(self, leaf: LeafHit, item: ArchivedItem):
        self.file = leaf.asset
        self.number = leaf.number
        self.label = leaf.label or str(leaf.number)
        self.kind = leaf.kind
        self.title = leaf.title.text
        self.snippet = leaf.snippet.text
        self.source = leaf.source
        self.start = leaf.start
        self.forms = tuple((form.asset, form.kind, form.number) for form in leaf.forms)
        path = leaf_path(item.record, leaf.asset, leaf.kind, leaf.number)
        self.address = item.address.removesuffix(f"/item/{item.id}") + path

    def __repr__(self) -> str:
        return f"<{self.kind.capitalize()} {self.label}: {self.snippet or self.title}>"


class SearchHit:
    """An item that answers.

    Attributes:
        item: with people, date, topics and all its leaves.
        id, title, address: of the item.
        leaves: its best slides, pages and sections, best first.
        snippet: from the description, where that answers or no leaf does.
        missing: words of the query that are not in it.
        score: only comparable within one search.
    """

    def __init__(self, item: ArchivedItem, hit: Hit):
        self.item = item
        self.id, self.title, self.address = item.id, item.title, item.address
        self.leaves = tuple(SearchLeaf(leaf, item) for leaf in hit.leaves)
        self.snippet = hit.snippet.text
        self.missing = hit.missing
        self.score = hit.score

    def __repr__(self) -> str:
        return f"<{self.id!r}: {self.title}, {len(self.leaves)} leaves>"


class SearchResults:
    """A page of hits; iterable. A notebook shows it as a table with pictures.

    Attributes:
        hits: of this page, in order.
        near_misses: items that have only some of the words, where few have all; not counted.
        total: number of hits, all pages.
        leaves: number of slides, pages and sections that answer, of all hits, each once for all
            files that have it; None where the engine cannot count so many.
        pages: number of pages.
        facets: name -> label of a value -> number of items that have it.
        notes: how the query was understood, in sentences.
    """

    def __init__(self, library: Library, catalogue: Catalogue, results: Results):
        items = ArchivedItems(library, catalogue)

        def hits_of(hits: Iterable[Hit]) -> tuple[SearchHit, ...]:
            # What was hidden between the search and now is not shown.
            return tuple(SearchHit(items[hit.id], hit) for hit in hits if hit.id in items)

        self.hits, self.near_misses = hits_of(results.hits), hits_of(results.near_misses)
        self.total, self.pages, self.notes = results.total, results.pages, results.notes
        self.leaves = results.leaves
        self.facets = {f.name: {v.label: v.count for v in f.values} for f in results.facets}
        self._library, self._catalogue, self._results = library, catalogue, results

    def __iter__(self) -> Iterator[SearchHit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __repr__(self) -> str:
        page = f", page {self._results.query.page} of {self.pages}" if self.pages > 1 else ""
        return f"<{self.total} hits{page}: {list(self.hits)}>"

    def _repr_html_(self) -> str:
        """Render as a table with pictures of slides, for notebooks."""
        return notebook.table(self._results, self._library, self._catalogue)
