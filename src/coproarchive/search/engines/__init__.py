"""Search engines behind one seam. ENGINES is the table of them: a new engine is a new row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from coproarchive.errors import EngineError
from coproarchive.search.engines.seam import IndexStorage, ServerOptions


def _whoosh(root: Path, _: ServerOptions) -> IndexStorage:
    from coproarchive.search.engines.whoosh.generations import WhooshStorage  # noqa: PLC0415

    return WhooshStorage(root)


def _memory(root: Path, _: ServerOptions) -> IndexStorage:
    from coproarchive.search.engines.memory import MemoryStorage  # noqa: PLC0415

    return MemoryStorage(root)


def _opensearch(root: Path, options: ServerOptions) -> IndexStorage:
    try:
        from coproarchive.search.engines.opensearch.storage import (  # noqa: PLC0415
            OpenSearchStorage,
        )
    except ImportError:
        raise EngineError(
            "the engine opensearch is not installed.",
            hint='Run: pip install "coproarchive[opensearch]"',
        ) from None
    return OpenSearchStorage(root, options)


ENGINES: Mapping[str, Callable[[Path, ServerOptions], IndexStorage]] = {
    "whoosh": _whoosh,
    "memory": _memory,
    "opensearch": _opensearch,
}
"""Name in the settings -> its storage, by the folder of derived files; imported when called."""
