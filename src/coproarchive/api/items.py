"""Items as Python callers see them: names for ids, and the texts of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from coproarchive.catalogue import Catalogue
from coproarchive.library import Library
from coproarchive.model import Item, Leaf
from coproarchive.search.document import aligned_item, extractions
from coproarchive.talks.forms import aligned


class ArchivedItem:
    """A talk or a post: its record with names for ids, and the texts of its files.

    Attributes:
        record: as in item.yaml, with every field.
    """

    def __init__(
        self, library: Library, catalogue: Catalogue, record: Item, is_public: bool = True
    ):
        self.record = record
        self._library = library
        self._catalogue = catalogue
        self._is_public = is_public

    def __repr__(self) -> str:
        return f"<{self.record.kind.capitalize()} {self.id!r}: {self.title}>"

    @property
    def id(self) -> str:
        """The item's id, which is permanent."""
        return self.record.id

    @property
    def title(self) -> str:
        """The title."""
        return self.record.title

    @property
    def people(self) -> tuple[str, ...]:
        """Names of speakers and authors."""
        names = (self._catalogue.person_name(c.person) for c in self.record.people)
        return tuple(dict.fromkeys(names))

    @property
    def seminar(self) -> str:
        """The seminar's title, "" for none."""
        seminar = self.record.seminar
        return self._catalogue.seminar_title(seminar) if seminar else ""

    @property
    def topics(self) -> tuple[str, ...]:
        """Labels of topics."""
        return tuple(map(self._catalogue.topic_label, self.record.topics))

    @property
    def date(self) -> str:
        """The item's EDTF date, else its seminar's, "" for none."""
        return self._catalogue.item_date(self.record) or ""

    @property
    def address(self) -> str:
        """The address of the item's page; without the site's name where the archive has none."""
        return f"{(self._catalogue.series.address or '').rstrip('/')}/item/{self.id}"

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Slides, pages and sections with their text, each once for all files that have it.

        Files that were not read before are read now.
        """
        for asset in self.record.assets:
            reader = self._library.reader
            if reader.cached(asset.sha256, asset.media_type) is None:
                path = self._library.store.asset_path(self.id, asset.path)
                reader.read(path, asset.sha256, asset.media_type)
        item, reader = self.record, self._library.reader
        if self._is_public:
            aligned_leaves = aligned_item(item, self._catalogue, reader).leaves
        else:
            read = ((asset, leaf) for asset, e in extractions(item, reader) for leaf in e.leaves)
            language = item.language or self._catalogue.language
            aligned_leaves = aligned(read, language, reader.blobs).leaves
        return tuple(aligned_leaf.leaf for aligned_leaf in aligned_leaves)


class ArchivedItems(Mapping[str, ArchivedItem]):
    """Items by id, in the order of ids."""

    def __init__(self, library: Library, catalogue: Catalogue, is_public: bool = True):
        self._library = library
        self._catalogue = catalogue
        self._is_public = is_public

    def __getitem__(self, item_id: str) -> ArchivedItem:
        record = self._catalogue.items[item_id]
        return ArchivedItem(self._library, self._catalogue, record, self._is_public)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._catalogue.items))

    def __len__(self) -> int:
        return len(self._catalogue.items)

    def __repr__(self) -> str:
        first = [repr(item_id) for item_id in [*self][:3]]
        return f"<{len(self)} items: {', '.join(first)}{', ...' if len(self) > 3 else ''}>"
