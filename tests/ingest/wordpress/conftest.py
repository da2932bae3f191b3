"""An archive to import into, and a way to do it in one call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blogs import write
from coproarchive.catalogue import Catalogue
from coproarchive.ingest.wordpress import Options, Report, import_site
from coproarchive.ingest.wordpress.wxr import WxrSource
from coproarchive.model import Series
from coproarchive.store import Store

Bring = Callable[..., Report]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty archive."""
    return Store.create(tmp_path / "empty", Series(title="Bread"))


@pytest.fixture
def bring_items(store: Store, tmp_path: Path) -> Bring:
    """Imports the items of an export."""

    def run(*items: str, options: Options | None = None) -> Report:
        path = write(tmp_path / "export.xml", *items)
        return import_site(store, WxrSource([path]), options)

    return run


@pytest.fixture
def catalogue(store: Store) -> Callable[[], Catalogue]:
    """The archive as it stands."""
    return lambda: Catalogue.load(store)
