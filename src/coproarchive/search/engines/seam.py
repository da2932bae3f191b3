"""The engine seam: documents, query values, and what an engine does with them.

An engine knows no item, no file and no user. Queries are values, so that any engine can carry them
out, and one contract test says what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from coproarchive.search.language.query_tree import Node, Sort


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched: one item.

    Attributes:
        id: unique.
        digest: changes when the document would.
        texts: text field -> its texts, one a leaf; phrases never reach across two. In LEAF_FIELDS
            the same place is the same leaf, "" where it has none.
        language: BCP 47.
        facets: facet -> its values.
        date: first day, YYYY-MM-DD, "" where unknown.
        title: for sorting.
        stored: given back by Snapshot.where; engines do not look into it.
    """

    id: str
    digest: str = ""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date: str = ""
    title: str = ""
    stored: bytes = b""


class Where(NamedTuple):
    """What a document is shown from.

    Attributes:
        places: term -> ascending places of it in the document: the number of the field in
            TEXT_FIELDS, shifted by FIELD_SHIFT, and the position that analysis.invert gives.
        prefixed: prefix -> the same of all words that it stands for, each place once.
        kept: see Document.
    """

    places: Mapping[str, list[int]]
    prefixed: Mapping[str, list[int]]
    kept: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Request:
    """A search.

    Attributes:
        node: what must match.
        otherwise: what must match instead where no document matches `node`, whatever the filters;
            matches whatever `node` does.
        enough: by relevance, where fewer match `node`, whatever the filters, the page goes on with
            the best of what matches `fallback`, and all on it is scored by that.
        filters: facet -> values of which one must be there.
        dates: first and last day of a range, "" for open.
        without: ids that are as if they were not there, but for how rare words are.
        sort: best, newest or first in the alphabet; then newest, then by id.
        offset, limit: which of the ordered hits are returned.
        facets: facets to count.
    """

    node: Node
    fallback: Node | None = None
    fallback_below: int = 0
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    dates: tuple[str, str] = ("", "")
    exclude: frozenset[str] = frozenset()
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 10
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What was found.

    Attributes:
        total: number of matching documents.
        hits: ids and scores (rounded to 4 places) of the page asked for, in order.
        facets: facet -> value -> number of documents that match all but this facet's own choice.
        near_misses: how the page goes on with what matches only the request's `fallback`; not counted.
        is_other: whether it was `fallback` that had to match.
    """

    total: int
    hits: tuple[tuple[str, float], ...]
    facets: Mapping[str, Mapping[str, int]]
    near_misses: tuple[tuple[str, float], ...] = ()
    used_fallback: bool = False


class Snapshot(Protocol):
    """What an engine has after one write: it never changes. Safe to call from several threads."""

    def digests(self) -> Mapping[str, str]:
        """Id -> digest of every document."""
        ...

    def search(self, request: Request) -> Response:
        """Carry out a search."""
        ...

    def where(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> Mapping[str, Where]:
        """Where the terms stand in documents; ids that are not there are left out."""
        ...

    def frequency(self, term: str, exclude: frozenset[str] = frozenset()) -> int:
        """Number of documents, those ids left out, with the term in any text field."""
        ...

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """Every word as written that a document other than those has, sorted."""
        ...


class SearchEngine(Protocol):
    """What every engine can do. Safe to call from several threads."""

    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """Add or replace documents and delete ids: all of it or nothing.

        Raises:
            EngineError: nothing was changed.
        """
        ...

    def snapshot(self) -> Snapshot:
        """What it has now: the same object until something was written, by whichever process.

        Raises:
            IndexStateError: what was written is gone or damaged.
        """
        ...

    def close(self) -> None:
        """Let go of files."""
        ...
