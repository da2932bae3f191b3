"""What of single records everybody may see: rules that catalogue.py puts together."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeVar

from coproarchive.model import Asset, Item, Seminar, Visibility, Withdrawn

T = TypeVar("T")


def is_public(record: Item | Asset, today: str) -> bool:
    """Tell whether everybody may see an item or a file on a day."""
    return record.visibility is Visibility.PUBLIC and (record.available or "") <= today


def with_public_files(item: Item, today: str) -> Item:
    """Return the item with those files, and descriptions of slides, that everybody may see."""
    assets = tuple(asset for asset in item.assets if is_public(asset, today))
    names = {asset.path for asset in assets}
    slides = tuple(description for description in item.slides if description.file in names)
    if (len(assets), len(slides)) == (len(item.assets), len(item.slides)):
        return item
    return item.model_copy(update={"assets": assets, "slides": slides})


def with_public_replacement(
    withdrawn: Withdrawn | None, public: Container[str]
) -> Withdrawn | None:
    """Return what a tombstone says, without an item in its place that is not public."""
    if withdrawn is None or withdrawn.replacement is None or withdrawn.replacement in public:
        return withdrawn
    return withdrawn.model_copy(update={"replacement": None})


def public_programme(seminar: Seminar, public: Container[str]) -> Seminar:
    """Return the seminar without the programme lines of items that are not public.

    A line repeats title, description and speaker of its item, so the whole line goes.
    """
    programme = tuple(s for s in seminar.programme if s.item is None or s.item in public)
    if len(programme) == len(seminar.programme):
        return seminar
    return seminar.model_copy(update={"programme": programme})


def related(item: Item, public: Mapping[str, Item]) -> Item:
    """Return the item with relations to public items only."""
    if all(r.item is None or r.item in public for r in item.relations):
        return item
    relations = tuple(r for r in item.relations if r.item is None or r.item in public)
    return item.model_copy(update={"relations": relations})


def without_hidden_only(
    table: Mapping[str, T],
    not_public: Iterable[Item | Seminar],
    public: Iterable[Item | Seminar],
    ids_of: Callable[[Item | Seminar], Iterable[str]],
) -> dict[str, T]:
    """Return the table's entries but for those that only non-public records refer to."""
    named = {i for record in public for i in ids_of(record)}
    only_hidden = {i for record in not_public for i in ids_of(record)} - named
    return {key: entry for key, entry in table.items() if key not in only_hidden}


def people_of(record: Item | Seminar) -> Iterable[str]:
    """Return the ids of the people whom a record names."""
    if isinstance(record, Item):
        return [c.person for c in record.people]
    return [c.person for session in record.programme for c in session.people]
