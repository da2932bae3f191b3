"""Fixtures that every room's tests share: a small invented archive and where real files are."""

from __future__ import annotations

import os
import signal
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import opensearch_node
from coproarchive.library import Library
from coproarchive.search.engines.seam import ServerOptions
from coproarchive.settings import Settings
from making import make_archive, make_deck

# What a test starts draws nothing that it does not ask for; see operate/test_pictures_ahead.py.
os.environ["COPROARCHIVE_PICTURES_AHEAD"] = "off"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files where there is one: COPRO_SHARED, or ../shared beside us."""
    named = os.environ.get("COPRO_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "corpus").is_dir():
        pytest.skip("no folder of real files: set COPRO_SHARED to run this test")
    return folder


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an OpenSearch node that runs for the tests, where one can be run."""
    pytest.importorskip("opensearchpy", reason="the extra opensearch is not installed")
    if lacking := opensearch_node.missing():
        pytest.skip(f"no OpenSearch node can be run here: install {lacking}")
    (started,) = opensearch_node.start(
        tmp_path_factory.mktemp("opensearch"), opensearch_node.free_port()
    )
    yield started.url
    started.stop(signal.SIGKILL)


@pytest.fixture
def server_options(opensearch: str) -> ServerOptions:
    """Of an index of its own on the tests' node."""
    return ServerOptions((opensearch,), index=f"test-{uuid.uuid4().hex[:12]}", replicas=0)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A copy of the small invented archive."""
    return make_archive(tmp_path / "archive")


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """A deck that is in no archive: its bytes are not those of one that was made just before."""
    path = make_deck(tmp_path / "loose" / "Bread for all 2018-05-04.pptx")
    with zipfile.ZipFile(path, "a") as package:
        package.comment = b"in no archive"
    return path


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    """Opens libraries over an archive, and closes them at the end."""
    opened: list[Library] = []

    def open_it(archive: Path, **settings: object) -> Library:
        given = {"archive": archive, "index": tmp_path / "index", "workers": 1} | settings
        library = Library(Settings(**given))  # type: ignore[arg-type]  # checked by pydantic
        opened.append(library)
        return library

    yield open_it
    for library in opened:
        library.close()


@pytest.fixture
def library(archive: Path, open_library: Callable[..., Library]) -> Library:
    """The small archive, indexed."""
    opened = open_library(archive)
    opened.update_index()
    return opened
