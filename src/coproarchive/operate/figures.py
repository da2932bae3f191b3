"""Figures of an archive: how much there is, in which formats, how well described, and what is
searched for in vain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

from coproarchive.catalogue import Catalogue
from coproarchive.extract.worker import Reader
from coproarchive.library import Library
from coproarchive.model import Asset, Item, Visibility
from coproarchive.talks.descriptions import descriptions_of

MOST_SEARCHES = 20


class FormatCount(NamedTuple):
    """A media type: files of it, and their size in bytes."""

    media_type: str
    files: int
    size: int


class YearGrowth(NamedTuple):
    """A year: items of it, and those up to its end."""

    year: int
    items: int
    total: int


class Coverage(NamedTuple):
    """In how many of how many something is filled in."""

    name: str
    filled: int
    of: int

    @property
    def percent(self) -> float:
        """Share, in percent."""
        return 100 * self.filled / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What an archive holds, hidden items counted too.

    Attributes:
        counts: of items by state, seminars, people, topics and files, in words.
        leaves: kind of leaf -> how many there are in files that were read.
        unread: files that were not read yet, of those that can be.
        formats: by number of files.
        years: from the first to the last in which there are items.
        undated: items without a year.
        coverage: of metadata in items, and of words for who cannot see slides.
        unanswered: words that were searched for in vain, and how often.
        counts_searches: whether such searches are counted.
    """

    counts: Mapping[str, int]
    leaves: Mapping[str, int]
    unread: int
    formats: Sequence[FormatCount]
    years: Sequence[YearGrowth]
    undated: int
    coverage: Sequence[Coverage]
    unanswered: Sequence[tuple[str, int]]
    counts_searches: bool


class FileFacts(NamedTuple):
    """What is counted of a file: its leaves by kind, and those that lack words.

    Attributes:
        leaves: kind -> number.
        without_alt: numbers of leaves with a picture that its author did not describe.
        without_title: numbers of leaves without a title.
    """

    leaves: Mapping[str, int]
    without_alt: frozenset[int]
    without_title: frozenset[int]


_FACTS: WeakKeyDictionary[Reader, dict[str, FileFacts]] = WeakKeyDictionary()


def facts_of(reader: Reader, asset: Asset) -> FileFacts | None:
    """Return the facts of a file, remembered while the process lives; None where it is not read."""
    known_facts = _FACTS.setdefault(reader, {})
    if asset.sha256 not in known_facts:
        extraction = reader.cached(asset.sha256, asset.media_type)
        if extraction is None:
            return None

        def lacking(code: str) -> frozenset[int]:
            return frozenset(n.leaf for n in extraction.notices if n.code == code and n.leaf)

        known_facts[asset.sha256] = FileFacts(
            Counter(leaf.kind for leaf in extraction.leaves),
            lacking("picture-without-alt"),
            lacking("leaf-without-title"),
        )
    return known_facts[asset.sha256]


def figures_of(library: Library) -> Figures:
    """Count what an archive holds. Raises ArchiveError."""
    catalogue, reader = library.catalogue(), library.reader
    items = [item for item in catalogue.items.values() if not item.withdrawn]
    files = [(item, asset, facts_of(reader, asset)) for item in items for asset in item.assets]
    leaves: Counter[str] = Counter()
    for _, _, facts in files:
        leaves.update(facts.leaves if facts else {})
    dates = [catalogue.item_date(item) for item in items]
    return Figures(
        _counts(catalogue, items),
        dict(leaves),
        sum(facts is None for _, _, facts in files),
        _formats(items),
        _years([int(date[:4]) for date in dates if date]),
        sum(date is None for date in dates),
        [*_coverage(catalogue, items), *_slide_coverage(files)],
        library.unanswered.most(MOST_SEARCHES),
        library.settings.count_empty == "on",
    )


def _counts(catalogue: Catalogue, items: Sequence[Item]) -> dict[str, int]:
    public = catalogue.for_public()
    return {
        "items": len(items),
        "public items": len(public.items),
        "hidden items": sum(item.visibility is not Visibility.PUBLIC for item in items),
        "withdrawn items": len(catalogue.items) - len(items),
        "seminars": len(catalogue.seminars),
        "people": len(catalogue.people),
        "topics": len(catalogue.topics),
        "files": sum(len(item.assets) for item in items),
        "bytes": sum(asset.size for item in items for asset in item.assets),
    }


def _formats(items: Sequence[Item]) -> list[FormatCount]:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for item in items:
        for asset in item.assets:
            files[asset.media_type] += 1
            sizes[asset.media_type] += asset.size
    return [FormatCount(kind, count, sizes[kind]) for kind, count in files.most_common()]


def _years(years: Sequence[int]) -> list[YearGrowth]:
    counted = Counter(years)
    total, rows = 0, []
    for year in range(min(counted), max(counted) + 1) if counted else ():
        total += counted[year]
        rows.append(YearGrowth(year, counted[year], total))
    return rows


def _coverage(catalogue: Catalogue, items: Sequence[Item]) -> list[Coverage]:
    tests: Mapping[str, Callable[[Item], object]] = {
        "people": lambda item: item.people,
        "date": catalogue.item_date,
        "seminar": lambda item: item.seminar,
        "topics": lambda item: item.topics,
        "description": lambda item: item.abstract,
        "licence": lambda item: item.licence or item.rights or catalogue.series.rights,
        "language": lambda item: item.language or len(catalogue.series.languages) == 1,
    }
    return [
        Coverage(name, sum(bool(test(item)) for item in items), len(items))
        for name, test in tests.items()
    ]


def _slide_coverage(files: Sequence[tuple[Item, Asset, FileFacts | None]]) -> list[Coverage]:
    """Return of how many slides and pages pictures are described, and which have titles."""
    slides = with_alt = with_title = 0
    for item, asset, facts in files:
        of_file = sum(facts.leaves.get(kind, 0) for kind in ("slide", "page")) if facts else 0
        if facts is None or not of_file:
            continue
        described = {n: d for (path, n), d in descriptions_of(item).items() if path == asset.path}
        slides += of_file
        with_alt += of_file - len(facts.without_alt - {n for n, d in described.items() if d.alt})
        titled = {n for n, d in described.items() if d.title}
        with_title += of_file - len(facts.without_title - titled)
    return [
        Coverage("slides whose pictures are described", with_alt, slides),
        Coverage("slides with a title", with_title, slides),
    ]
