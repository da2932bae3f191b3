"""The small archive, not indexed, and who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.desk import Desk
from coproarchive.library import Library


@pytest.fixture
def library(archive: Path, open_library: Callable[..., Library]) -> Library:
    """The small archive, without an index."""
    return open_library(archive, office="off")


@pytest.fixture
def desk(library: Library) -> Desk:
    """The acts, without their index: tests/desk/test_desk.py has it follow."""
    return Desk(library, "Ann Keeper", is_indexing=False)
