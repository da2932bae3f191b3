"""Search engines behind one seam. ENGINES is the table of them: a new engine is a new row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from coproarchive.search.engines.seam import IndexStorage


def _whoosh(root: Path) -> IndexStorage:
    from coproarchive.search.engines.whoosh.generations import WhooshStorage  # noqa: PLC0415

    return WhooshStorage(root)


def _memory(root: Path) -> IndexStorage:
    from coproarchive.search.engines.memory import MemoryStorage  # noqa: PLC0415

    return MemoryStorage(root)


ENGINES: Mapping[str, Callable[[Path], IndexStorage]] = {"whoosh": _whoosh, "memory": _memory}
"""Name in the settings -> its storage below the folder of derived files; imported when called."""
