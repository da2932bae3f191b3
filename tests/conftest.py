"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files where there is one: COPRO_SHARED, or ../shared beside us."""
    named = os.environ.get("COPRO_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "corpus").is_dir():
        pytest.skip("no folder of real files: set COPRO_SHARED to run this test")
    return folder
