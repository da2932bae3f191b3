"""What an import plans to write: data, made by planner.py and carried out by apply.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.wordpress.survey import Entry
from coproarchive.model import ImportRules, Item, Link, Person, Seminar, Topic


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file that an item shall hold.

    Attributes:
        url: its address.
        label: what a reader is told of it, where it is held elsewhere.
        from_site: it lies on the site itself, so that it can be looked for and fetched.
    """

    url: str
    label: str
    from_site: bool


@dataclass(slots=True)
class PlannedItem:
    """An item as it shall be, but for its assets and `held_at`, which its files decide.

    Attributes:
        post: key of the post whose text becomes post.md, "" for none.
    """

    item: Item
    post: str = ""
    files: tuple[FileReference, ...] = ()


@dataclass
class Plan:
    """Every record that the archive shall have after an import."""

    seminars: list[Seminar] = field(default_factory=list)
    items: list[PlannedItem] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    guesses: list[Guess] = field(default_factory=list)
    rules: ImportRules = field(default_factory=ImportRules)
    unused_programmes: list[Entry] = field(default_factory=list)
    loose: list[Entry] = field(default_factory=list)


def link_of(file: FileReference) -> Link:
    """Return the link to a file that the archive does not hold."""
    return Link(label=file.label or "file", url=file.url)
