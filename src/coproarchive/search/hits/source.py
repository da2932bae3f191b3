"""What is shown of an item, whatever was asked: its stored texts and its record of today."""

from __future__ import annotations

from coproarchive.catalogue import Catalogue
from coproarchive.model import WordSource
from coproarchive.search.document import about, declared_language, record_of
from coproarchive.search.hits.stored import StoredItem


class HitSource:
    """What hits of one item are shown from. Thread-safe: it does not change.

    Args:
        item_id: of the item.
        stored: its texts, as they were indexed.
        catalogue: what readers may see; its record counts where it has changed since.

    Attributes:
        stored: see above.
        about, title, description: as readers see them now.
        is_as_indexed: whether these three are those that were indexed.
    """

    __slots__ = ("_assets", "_leaves_out_hidden", "about", "description", "is_as_indexed",
                 "stored", "title")  # fmt: skip

    def __init__(self, item_id: str, stored: StoredItem, catalogue: Catalogue):
        self.stored = stored
        self.about, self.title, self.description = stored.about, stored.title, stored.description
        self._assets: frozenset[tuple[str, str]] | None = None
        self._leaves_out_hidden = False
        self.is_as_indexed = stored.record == record_of(item_id, catalogue)
        if not self.is_as_indexed:
            item = catalogue.items[item_id]
            language = declared_language(item, catalogue) or stored.about.language
            self.about = about(item, catalogue, language)
            self.title, self.description = item.title, item.abstract or ""
            # A file may have been taken out of the record.
            assets = frozenset((asset.sha256, asset.path) for asset in item.assets)
            self._assets = None if assets.issuperset(stored.assets) else assets
            leaves_out = WordSource.HIDDEN_SLIDES in catalogue.withheld(item)
            self._leaves_out_hidden = leaves_out and stored.has_hidden

    @property
    def size(self) -> int:
        """Bytes of memory when every leaf was asked for."""
        return self.stored.size + 500

    def shows(self, ordinal: int) -> bool:
        """Tell whether readers see a leaf, by its place among the stored ones."""
        if self._assets is None and not self._leaves_out_hidden:
            return True
        leaf = self.stored.leaf(ordinal)
        if leaf.hidden and self._leaves_out_hidden:
            return False
        if self._assets is None:
            return True
        # With a form that was taken out since, its words stand there until the index is updated.
        numbers = (leaf.asset, *(form.asset for form in leaf.forms))
        return all(self.stored.assets[number] in self._assets for number in numbers)
