"""What a library tells of slides beyond search: an item's files aligned, and slides reused."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from coproarchive.errors import IndexStateError
from coproarchive.ingest.versions import other_versions, reuses_of_all
from coproarchive.search.discover.reuse import OtherVersion, Reuse, Reuses
from coproarchive.search.document import aligned_item
from coproarchive.search.index.index import Index
from coproarchive.talks.forms import AlignedItem

if TYPE_CHECKING:
    from coproarchive.extract.base import Extraction
    from coproarchive.library import Library


class TalkLibrary:
    """Answers of one library; `Library.talks` has it. Thread-safe.

    Args:
        library: whose records, texts and index are asked.
    """

    def __init__(self, library: Library):
        self._library = library
        self._versions: tuple[tuple[object, ...], Reuses] | None = None

    def alignment(self, item_id: str) -> AlignedItem:
        """Return the leaves of a public item, each slide once. Raises NotFoundError."""
        catalogue = self._library.public()
        item = catalogue.item(item_id)
        self._library.recover_texts(item)
        return aligned_item(item, catalogue, self._library.reader)

    def reuse(self, item_id: str, path: str, number: int) -> tuple[Reuse, ...]:
        """Return in which other public items a leaf stands too, the oldest and the newest first.

        Args:
            item_id: of the item.
            path, number: of the leaf, in any of the item's files.

        Raises:
            NotFoundError: there is no such public item.
            IndexStateError: there is no index.
        """
        leaf = self.alignment(item_id).find(path, number)
        if leaf is None:
            return ()
        return self._reuses().of_leaf(item_id, leaf.asset.path, leaf.leaf.number)

    def reuses(self, item_id: str) -> dict[tuple[str, int], tuple[Reuse, ...]]:
        """Return path and number of each leaf of a public item that others have too -> where.

        Raises:
            NotFoundError: there is no such public item.
            IndexStateError: there is no index.
        """
        self._library.public().item(item_id)
        return self._reuses().of_item(item_id)

    def reuse_groups(self) -> list[tuple[Reuse, ...]]:
        """Return the places of each slide that stands in several public items, by date.

        Raises:
            IndexStateError: there is no index.
        """
        return list(self._reuses().groups())

    def _reuses(self) -> Reuses:
        """Return what finds slides of public items in others. Raises IndexStateError."""
        catalogue, hashes_of = self._library.public(), self._library.pictures.hashes_of
        return self._library.ask(lambda index: index.reuses(catalogue, hashes_of))

    def other_versions(self, files: Iterable[Extraction], item_id: str = "") -> list[OtherVersion]:
        """Return items, hidden ones too, of which files may be another version, most alike first.

        For who keeps the archive.

        Args:
            files: what was read from each.
            item_id: of the item that has them already.
        """
        library, catalogue = self._library, self._library.catalogue()
        stored: Mapping[str, bytes] = {}
        version: object = None
        with contextlib.suppress(IndexStateError):
            stored, version = library.ask(Index.sketches), library.ask(Index.version)
        made_from = (catalogue, version)
        if self._versions is None or not all(map(operator.is_, self._versions[0], made_from)):
            self._versions = made_from, reuses_of_all(catalogue, stored, library.reader)
        return other_versions(files, self._versions[1], item_id)
