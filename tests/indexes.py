"""Indexes of catalogues, made for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coproarchive.catalogue import Catalogue
from coproarchive.search.engines import ENGINES
from coproarchive.search.index.index import Index
from coproarchive.search.index.update import update_index


def index_of(catalogue: Catalogue, texts: Any, root: Path | None = None) -> Index:
    """Bring the index of a catalogue up to date and open it; in memory where no folder is named.

    Args:
        texts: stands for the archive's files and for the reader of them.
        root: folder of a `whoosh` index.
    """
    storage = ENGINES["whoosh" if root else "memory"](root or Path())
    update_index(storage, texts, catalogue, texts)
    return Index(storage)
