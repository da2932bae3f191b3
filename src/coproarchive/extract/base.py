"""The extractor seam: what a reader of one file format is given and gives back; what is public."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity, Source, WordSource

WITHHELD_WITH: dict[Source, WordSource] = {
    Source.NOTES: WordSource.NOTES,
    Source.COMMENT: WordSource.COMMENTS,
    Source.ANNOTATION: WordSource.COMMENTS,
}
"""Which words are withheld with which; those of hidden slides are told by Leaf.hidden."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on reading one file; passing one is a Notice, never silent.

    Attributes:
        seconds: wall-clock time for one file.
        memory: bytes of address space of a worker process.
        file_size: bytes of the file itself.
        unpacked_size: bytes that a zip-based file may unpack to.
        leaves: pages, slides or sections kept.
        leaf_characters: characters kept of one leaf.
        characters: characters kept of one file.
        workers: processes that read files side by side; 0 means one a core.
        placed_leaves: first leaves, and last ones, whose lines are kept with their places; 0 where
            no talk is described, as to look for them takes an eighth of the time for a file.
    """

    seconds: float = 120.0
    memory: int = 2 * 1024**3
    file_size: int = 1024**3
    unpacked_size: int = 1024**3
    leaves: int = 5_000
    leaf_characters: int = 200_000
    characters: int = 5_000_000
    workers: int = 0
    placed_leaves: int = 0


@dataclass(frozen=True, slots=True)
class Helpers:
    """Programmes beside the library that reading uses where they are there; it needs none.

    Attributes:
        office: LibreOffice's `soffice`, which converts old and foreign formats; "" without.
        ocr: whether pictures are read by a machine where pages and slides have no or few words.
        scratch: folder for conversions; whatever is left in it may be deleted.
    """

    office: str = ""
    ocr: bool = False
    scratch: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader has to say about a file; the caller, who knows the path, makes it a Problem.

    Attributes:
        code: as Problem.code ("file-unreadable", "leaf-without-text", "text-cut", ...).
        severity: error where nothing could be read, else warning or note.
        message, hint: as in Problem.
        leaf: 1-based number of the leaf it is about, or None for the file.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    leaf: int | None = None


LISTED = 10
"""Leaves that one notice names."""


def listed(names: Sequence[object], most: int = LISTED) -> str:
    """Return names in a row, the first `most` of them and how many more there are."""
    row = ", ".join(map(str, names[:most]))
    return f"{row} and {len(names) - most} more" if len(names) > most else row


def without_text(kind: str, number: int) -> Notice:
    """Return the notice of a page or slide on which there are no words."""
    return Notice(
        "leaf-without-text",
        Severity.NOTE,
        f"{kind} {number} has no searchable text.",
        "If it is a picture, describe it in the picture's alternative text, or have it read by "
        'the machine: pip install "coproarchive[ocr]"',
        leaf=number,
    )


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the file says of itself; a proposal for the archivist, never taken as truth.

    Attributes:
        title: "" where there is none or it is a program's own ("PowerPoint Presentation").
        authors: names as written.
        date: EDTF day of creation or of the text's own date, or None.
        language: BCP 47, or None.
        keywords: subjects or tags as written.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a page or slide as a viewer sees it.

    Attributes:
        leaf: 1-based number of the page or slide.
        text: clean, without line breaks.
        size: height of its letters, as a share (0..1) of the height of the page.
        top: upper edge of the line, 0..1 from the top of the page.
        role: of its box: "title", "subtitle", "footer", "date", or "" where that is not said.
    """

    leaf: int
    text: str
    size: float
    top: float
    role: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything read from one file.

    Attributes:
        leaves: in the file's order, numbered from 1.
        notices: in the order found; one of severity error where the file could not be read.
        metadata: what the file says of itself.
        extractor: name and version of the reader, e.g. "pdf 3"; "" where none read it.
        placed: lines of the first and the last leaves, by which a talk is described; () where the
            format has no layout, None where they were not looked for.
    """

    leaves: tuple[Leaf, ...] = ()
    notices: tuple[Notice, ...] = ()
    metadata: Metadata = field(default_factory=Metadata)
    extractor: str = ""
    placed: tuple[PlacedLine, ...] | None = None

    @property
    def failed(self) -> bool:
        """True where nothing could be read."""
        return not self.leaves and any(n.severity is Severity.ERROR for n in self.notices)


@dataclass(frozen=True, slots=True)
class Format:
    """A file format and its reader: a row of the table of formats.

    Attributes:
        name: of the reader, as extractions are cached by it.
        version: raising it makes every cached extraction of this format be read again.
        media_types: IANA names of such files.
        reader: "module:function" of this package; imported at the first file, as most are heavy.
    """

    name: str
    version: int
    media_types: frozenset[str]
    reader: str

    def read(self, path: Path, limits: Limits) -> Extraction:
        """Read a file: no network, no writing, no settings beyond the limits.

        Raises:
            UnreadableError, LimitError: nothing can be read; becomes a Notice of severity error.
        """
        function: Callable[[Path, Limits], Extraction]
        function = pkgutil.resolve_name(f"{__package__}.{self.reader}")
        return function(path, limits)


def complete(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """Yield leaves without those that show only a part of a slide which a later one has whole."""
    leaves = list(leaves)
    partial = {n for leaf in leaves for n in range(leaf.number - leaf.builds, leaf.number)}
    return (leaf for leaf in leaves if leaf.number not in partial)


def without_withheld(leaf: Leaf, withheld: frozenset[WordSource]) -> Leaf | None:
    """Return the leaf without withheld words; None where nothing of it may be seen.

    A slide or page without words is still one; a section that was made of comments is not.
    """
    if leaf.hidden and WordSource.HIDDEN_SLIDES in withheld:
        return None
    parts = tuple(p for p in leaf.parts if WITHHELD_WITH.get(p.source) not in withheld)
    if len(parts) == len(leaf.parts):
        return leaf
    if leaf.kind == "section" and not (leaf.title or parts):
        return None
    return replace(leaf, parts=parts)
