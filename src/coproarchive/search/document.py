"""What of an item is searched and shown: the one place that says so."""

from __future__ import annotations

from collections.abc import Iterator

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.extract.worker import Reader
from coproarchive.model import Asset, Item, Leaf
from coproarchive.search.hits.stored import About


def shown_leaves(item: Item, catalogue: Catalogue, reader: Reader) -> Iterator[tuple[Asset, Leaf]]:
    """Every leaf of the item that readers may see, file by file.

    The one place where slides that their author hid are left out, for search and pages alike.
    """
    leave_out = catalogue.series.hidden_slides == "leave-out"
    for asset, extraction in extractions(item, reader):
        for leaf in extraction.leaves:
            if not (leaf.hidden and leave_out):
                yield asset, leaf


def extractions(item: Item, reader: Reader) -> Iterator[tuple[Asset, Extraction]]:
    """What was read from the item's files, as far as it is known."""
    for asset in item.assets:
        extraction = reader.cached(asset.sha256, asset.media_type)
        if extraction is not None:
            yield asset, extraction


def record_of(item_id: str, catalogue: Catalogue) -> str:
    """What all that is shown of an item follows from, but for the texts of its files."""
    series = catalogue.series
    return f"{catalogue.digests.get(item_id)} {series.hidden_slides} {series.languages[0]}"


def about(item: Item, catalogue: Catalogue) -> About:
    """What is shown of an item beside its texts."""
    return About(
        item.kind.value,
        item.seminar,
        tuple(dict.fromkeys(c.person for c in item.people)),
        catalogue.item_date(item),
        item.language or catalogue.series.languages[0],
    )


def searchable_names(item: Item, catalogue: Catalogue) -> list[str]:
    """Names of people and topics with all their forms, and the seminar's title."""
    names = [
        n
        for c in item.people
        if c.person in catalogue.people
        for n in catalogue.people[c.person].names
    ]
    for topic_id in item.topics:
        if topic := catalogue.topics.get(topic_id):
            names += [topic.label, *topic.alternatives]
    seminar = catalogue.seminars.get(item.seminar or "")
    return [*names, seminar.title] if seminar else names
