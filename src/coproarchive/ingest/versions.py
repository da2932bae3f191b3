"""Whether files that are added are new versions of what the archive has.

For who keeps the archive: hidden items are compared too, and what is not indexed yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.model import Item
from coproarchive.search.discover.reuse import OtherVersion, Reuses
from coproarchive.search.document import extractions, record_of
from coproarchive.talks import sketch
from coproarchive.talks.sketch import SketchedLeaf

if TYPE_CHECKING:
    from coproarchive.extract.worker import Reader

MOST_UNINDEXED = 2_000
"""Items whose text is looked at here because the index does not have them."""


def reuses_of_all(catalogue: Catalogue, stored: Mapping[str, bytes], reader: Reader) -> Reuses:
    """Return what finds slides of every item of an archive, also of those that are not public.

    Args:
        catalogue: every record.
        stored: sketches that the index has, by item.
        reader: has the texts of those that it has not.
    """
    sketches = dict(stored)
    room = MOST_UNINDEXED
    for item in catalogue.items.values():
        record = record_of(item.id, catalogue)
        if room and (item.id not in stored or sketch.unpack(stored[item.id])[0] != record):
            room -= 1
            sketches[item.id] = sketch.pack(record, _sketches_of_item(item, reader))
    return Reuses(sketches, catalogue)


def other_versions(
    files: Iterable[Extraction], reuses: Reuses, item_id: str = ""
) -> list[OtherVersion]:
    """Return items of which files may be another version, most alike first.

    Args:
        files: what was read from each.
        reuses: of the archive; see reuses_of_all.
        item_id: of the item that the files are in already, which is none of them.
    """
    sketched = (sketch.sketches_of([("", leaf) for leaf in file.leaves]) for file in files)
    # The file that tells most speaks for the others, which are its other forms.
    versions = reuses.other_versions(max(sketched, key=len, default=[]))
    return [version for version in versions if version.item.id != item_id]


def _sketches_of_item(item: Item, reader: Reader) -> list[SketchedLeaf]:
    read = extractions(item, reader)
    return sketch.sketches_of([(asset.path, leaf) for asset, e in read for leaf in e.leaves])
