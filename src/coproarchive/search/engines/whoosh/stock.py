"""Whoosh itself: the index's schema, of stock fields alone, and the files of its folder.

The index opens with plain Whoosh 2.7.4, without this software: nothing in it names a class of ours.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coproarchive.search.engines.columnar.searcher import DocRecord
from coproarchive.search.language.fields import TEXT_FIELDS

with warnings.catch_warnings():
    # Whoosh 2.7.4 has unescaped backslashes in strings; they mean what they say.
    warnings.simplefilter("ignore")
    from whoosh.analysis import SpaceSeparatedTokenizer
    from whoosh.codec.whoosh3 import W3Codec
    from whoosh.fields import ID, STORED, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import TOC, FileIndex, LockError, clean_files
    from whoosh.index import IndexError as WhooshIndexError
    from whoosh.util.numeric import length_to_byte

__all__ = [
    "INDEX_NAME", "TOC", "DurableStorage", "FileIndex", "LockError", "Schema",
    "W3Codec", "WhooshIndexError", "clean_files", "length_to_byte", "pack_record",
    "schema", "unpack_record",
]  # fmt: skip

INDEX_NAME = "MAIN"
"""Whoosh's usual name of the only index in a folder."""


def schema() -> Schema:
    """Return the schema: id, a record as JSON, and a field for each of TEXT_FIELDS.

    Terms are those of language/analysis.py: stems, and words as written marked with "=" at the same
    positions. Positions are analysis.invert's: a phrase never reaches across two leaves.
    """
    texts = {name: TEXT(analyzer=SpaceSeparatedTokenizer()) for name in TEXT_FIELDS}
    return Schema(id=ID(unique=True, stored=True), record=STORED(), **texts)


def pack_record(record: DocRecord) -> str:
    """Return what the field `record` stores of a document: all but its id, as JSON."""
    return json.dumps({
        "digest": record.digest, "lengths": record.lengths, "facets": dict(record.facets),
        "date": record.date, "title": record.title, "stored": dict(record.stored),
    })  # fmt: skip


def unpack_record(stored: Mapping[str, str]) -> DocRecord:
    """Return the document that Whoosh's stored fields are of."""
    record = json.loads(stored["record"])
    return DocRecord(
        stored["id"],
        record["digest"],
        tuple(record["lengths"]),
        {name: tuple(values) for name, values in record["facets"].items()},
        record["date"],
        record["title"],
        {name: tuple(place) for name, place in record["stored"].items()},
    )


class DurableStorage(FileStorage):  # type: ignore[misc]  # whoosh has no types
    """Syncs files before the table of contents names them, and the folder after: Whoosh does not.

    Only the user can write to its files, whatever the umask: what others can write is not opened.
    """

    def create_file(self, name: str, *args: Any, **options: Any) -> Any:
        """Create a file that only the user can read and write."""
        Path(self.folder, name).touch(0o600)
        return super().create_file(name, *args, **options)

    def temp_storage(self, name: str) -> Any:
        """Create a folder below this one, for the user alone."""
        Path(self.folder, name).mkdir(0o700, exist_ok=True)
        return super().temp_storage(name)

    def lock(self, name: str) -> Any:
        """Return Whoosh's lock, made of a file for the user alone."""
        Path(self.folder, name).touch(0o600)
        return super().lock(name)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename durably; segments, which the new table of contents names, are synced first."""
        folder = Path(self.folder)
        for path in folder.iterdir():
            if path.is_file() and not path.name.endswith("LOCK"):
                _sync(path)
        super().rename_file(oldname, newname, safe)
        if os.name != "nt":
            _sync(folder)


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
