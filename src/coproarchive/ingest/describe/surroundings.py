"""What files of one folder share: it tells a template's title and an event's name from a talk's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coproarchive.extract.base import Extraction
from coproarchive.ingest.describe.beside import Entries, entries_beside
from coproarchive.ingest.describe.cover import cover_of
from coproarchive.ingest.describe.dates import find_dates
from coproarchive.ingest.describe.folding import folded_line

FEW_WORDS, MAX_WORDS = 3_000, 200_000
"""Different words below which a folder's talks tell nothing of a word they lack; and enough."""
SHARED = 3
"""Works with one line on their covers from which it is their event's or their house's."""


@dataclass(frozen=True)
class Surroundings:
    """What else is in the folder.

    Attributes:
        folder: to which paths are relative; None where a file stands alone.
        titles: number of works whose metadata have a title, in small letters.
        lines: number of works on whose covers a line stands, in small letters.
        works: number of works in each folder.
        entries: what tables, bibliographies and READMEs say.
        is_day_first: how 05-02-2024 is read here, as other names tell it; None: untold.
        vocabulary: words that stand in small letters in the works; none where there are few works.
    """

    folder: Path | None = None
    titles: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    works: Counter[Path] = field(default_factory=Counter)
    entries: Entries = field(default_factory=Entries)
    is_day_first: bool | None = None
    vocabulary: frozenset[str] = frozenset()

    def folders_of(self, path: Path) -> list[str]:
        """Return names of the folders between the root and a file, the nearest first.

        With the root's own name last: what was named on the command line says something too.
        """
        if self.folder is None:
            return []
        try:
            inside = path.parent.relative_to(self.folder)
        except ValueError:
            return []
        return [*reversed(inside.parts), self.folder.absolute().name]

    def is_stale(self, title: str) -> bool:
        """Tell whether a metadata title is of several works, so that it is a template's."""
        return self.titles[title.casefold()] > 1


def surroundings_of(
    folder: Path, works: Iterable[Sequence[tuple[Path, Extraction]]], others: Iterable[Path] = ()
) -> Surroundings:
    """Look through a folder's works for what they share.

    Args:
        folder: the folder.
        works: files of each work, with what was read of them.
        others: further files, among which tables and READMEs may be.
    """
    titles: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    counts: Counter[Path] = Counter()
    orders: Counter[bool] = Counter()
    vocabulary: set[str] = set()
    paths = set(others)
    for files in works:
        path, extraction = files[0]
        paths.update(each for each, _ in files)
        counts[path.parent] += 1
        if extraction.metadata.title:
            titles[extraction.metadata.title.casefold()] += 1
        cover = cover_of(extraction)
        if len(vocabulary) < MAX_WORDS:
            vocabulary |= cover.common_words
        lines.update({folded_line(line) for b in cover.opening for line in b.lines})
        are_day_first = (mention.is_day_first for mention in find_dates(path.stem))
        orders.update(order for order in are_day_first if order is not None)
    order = orders.most_common(1)[0][0] if len(orders) == 1 else None
    words = frozenset(vocabulary) if len(vocabulary) >= FEW_WORDS else frozenset()
    return Surroundings(folder, titles, lines, counts, entries_beside(folder, paths), order, words)
