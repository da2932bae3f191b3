"""The engine seam: documents, requests, and what a search engine does with them.

An engine knows no item, no file and no user. Queries are values (language/query_tree.py), so that
any engine can carry them out; tests/search/test_engines.py says what every engine must do, and the
`memory` engine what queries mean. engines/__init__.py lists the engines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import ClassVar, NamedTuple

from coproarchive.errors import IndexStateError
from coproarchive.extract.blobs import Blobs
from coproarchive.model import Severity
from coproarchive.search.engines.tally import FileTally, Tally
from coproarchive.search.language.fields import LEAF_FIELDS
from coproarchive.search.language.query_tree import Node, Sort, Term


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
        stored: name -> bytes that Snapshot.stored returns; engines do not look into them.
        leaf_languages: of the texts of LEAF_FIELDS, where some are in another; else ().
    """

    id: str
    digest: str = ""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "en"
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date: str = ""
    title: str = ""
    stored: Mapping[str, bytes] = field(default_factory=dict)
    leaf_languages: tuple[str, ...] = ()

    def languages_of(self, name: str) -> Iterable[str]:
        """Return the language of each text of a field."""
        if self.leaf_languages and name in LEAF_FIELDS:
            return self.leaf_languages
        return repeat(self.language)


class Occurrence(NamedTuple):
    """One place of a term in a document.

    Attributes:
        field: of TEXT_FIELDS.
        leaf: number of the text among the field's texts, from 0.
        word: number of the word in that text, from 0; see analysis.invert.
    """

    field: str
    leaf: int
    word: int


class Occurrences(NamedTuple):
    """Places of terms in one document, in the order of TEXT_FIELDS, then of leaves and words.

    Attributes:
        terms: term -> its occurrences; terms that the document does not have are left out.
        prefixes: prefix -> occurrences of all words that it expands to, each place once.
    """

    terms: Mapping[str, list[Occurrence]]
    prefixes: Mapping[str, list[Occurrence]]


@dataclass(frozen=True, slots=True)
class Request:
    """A search.

    Attributes:
        node: what must match.
        fallback: what must match instead where no document matches `node`, whatever the filters;
            matches whatever `node` does.
        fallback_below: by relevance, where fewer match `node`, whatever the filters, the page goes
            on with the best of what matches `fallback`, and all on it is scored by that.
        filters: facet -> values of which one must be there.
        without: facet -> values of which none may be there.
        dates: first and last day of a range, "" for open.
        exclude: ids that are as if they were not there, but for how rare words are.
        sort: best, newest or first in the alphabet; then newest, then by id.
        offset, limit: which of the ordered hits are returned.
        facets: facets to count.
        counts_leaves: whether the leaves that answer are counted.
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
    counts_leaves: bool = False
    without: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """Answer to a request.

    Attributes:
        total: number of matching documents.
        hits: ids and scores (rounded to 4 places) of the page asked for, in order.
        facets: facet -> value -> number of documents that match all but this facet's own choice.
        near_misses: how the page goes on with what matches only the request's `fallback`; not
            counted.
        used_fallback: whether `fallback` had to match instead of `node`.
        leaves: number of leaves of the matching documents that answer, see
            leaves.answering_leaves; None where they were not to be counted, or would take long.
    """

    total: int
    hits: tuple[tuple[str, float], ...]
    facets: Mapping[str, Mapping[str, int]]
    near_misses: tuple[tuple[str, float], ...] = ()
    used_fallback: bool = False
    leaves: int | None = None


class Snapshot(ABC):
    """The documents of an engine after one write: never changes. Safe to call from many threads."""

    @abstractmethod
    def digests(self) -> Mapping[str, str]:
        """Return id -> digest of every document."""

    @abstractmethod
    def search(self, request: Request) -> Response:
        """Carry out a request."""

    @abstractmethod
    def occurrences(
        self, ids: Iterable[str], terms: Iterable[str], prefixes: Iterable[str] = ()
    ) -> Mapping[str, Occurrences]:
        """Return id -> occurrences of the terms and prefixes; unknown ids are left out."""

    @abstractmethod
    def stored(self, name: str, ids: Iterable[str] | None = None) -> Mapping[str, bytes]:
        """Return id -> bytes stored under a name, of these documents or of all.

        Documents without the name, and unknown ids, are left out.
        """

    def prefetch(self, ids: Iterable[str], name: str) -> None:
        """Read ahead for `occurrences` of these documents, and for what they store under a name.

        For an engine that is far away: it asks once for all.
        """
        return

    def frequencies(
        self, terms: Iterable[str], exclude: frozenset[str] = frozenset()
    ) -> Mapping[str, int]:
        """Return term -> number of documents, without those ids, with it in any text field."""
        return {t: self.search(Request(Term(t), exclude=exclude, limit=0)).total for t in terms}

    def words(self, exclude: frozenset[str] = frozenset()) -> list[str]:
        """Return every word as written of the documents without those ids, sorted.

        Words are corrected to one of these. An engine that cannot list them returns none, and no
        word is corrected.
        """
        return []


class SearchEngine(ABC):
    """One index of documents, opened. Safe to call from many threads."""

    @abstractmethod
    def write(self, documents: Iterable[Document], delete: Iterable[str] = ()) -> None:
        """Add or replace documents and delete ids: all of it or nothing.

        Raises:
            EngineError: nothing was changed.
        """

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Return the documents as of now: the same object until a write, by whichever process.

        Raises:
            IndexStateError: what was written is gone or damaged.
        """

    def tidy(self) -> None:
        """Clean up after a write that was killed; the caller keeps other writers out."""
        return

    def close(self) -> None:
        """Close files and connections."""
        return


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What an engine on a server is told; the others do not look at it.

    Attributes:
        urls: addresses of its nodes.
        user, password, api_key: credentials; "" for none.
        ca_file: certificate of the authority to trust; None for the system's.
        index: what the names of its indexes begin with; every archive has a name of its own.
        shards, replicas: of a new index.
    """

    urls: tuple[str, ...] = ()
    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca_file: Path | None = None
    index: str = "coproarchive"
    shards: int = 1
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class ServerFault:
    """Something wrong with a server that keeps indexes.

    Attributes:
        severity: an error stops searches or updates, the others do not yet.
        message: what is wrong.
        hint: what its keeper does.
    """

    severity: Severity
    message: str
    hint: str


class IndexStorage(ABC):
    """Where an engine keeps the generations of one index; one of them is current.

    Args:
        root: folder of everything derived from the archive.
    """

    is_persistent: ClassVar[bool] = True
    """Whether another process finds the index; otherwise each fills its own before searching."""

    def __init__(self, root: Path):
        self.root = root

    @abstractmethod
    def open(self) -> SearchEngine:
        """Open the current generation.

        Raises:
            IndexStateError: there is none, it was made by another version, or it is damaged.
        """

    def refusal(self) -> IndexStateError | None:
        """Return what `open` raises by the version of the index alone; nothing is written."""
        return None

    def written_at(self) -> float | None:
        """Return when the index was last written, in seconds of the epoch; None if not known."""
        return None

    @abstractmethod
    def is_current(self, engine: SearchEngine) -> bool:
        """Tell whether this opened generation is still there and still the current one."""

    @abstractmethod
    def rebuilding(self) -> AbstractContextManager[SearchEngine]:
        """Open an empty generation beside the current one, which is searched meanwhile.

        Left without an error, it is closed and becomes current at once; the others are removed.
        Left with an error, or killed, the current one stays.
        """

    @property
    def place(self) -> str:
        """Where the index is, for messages."""
        return str(self.root)

    def server_faults(self) -> list[ServerFault] | None:
        """Return what is wrong with the server that keeps the index; None where there is none.

        Nothing is changed, and nobody is waited for long: for `doctor`.
        """
        return None

    def tally(self) -> Tally:
        """Return where searches without results are counted, by all servers of this index."""
        return FileTally(self.root / "nothing-found.json")

    def texts(self) -> Blobs | None:
        """Return where all servers share extracted texts; None where there is but one server."""
        return None

    @abstractmethod
    def lock(self) -> AbstractContextManager[None]:
        """Lock this index for one update, and remove what killed rebuilds left.

        Raises:
            LockedError: another process is updating it.
        """
