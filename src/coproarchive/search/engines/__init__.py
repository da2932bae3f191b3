"""Search engines behind one seam. ENGINES is the table of them: a new engine is a new row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from coproarchive.errors import EngineError
from coproarchive.search.engines.seam import IndexStorage, ServerOptions

_NO_SERVER = ServerOptions()


class StorageMaker(Protocol):
    """Makes an engine's storage."""

    def __call__(self, root: Path, options: ServerOptions = _NO_SERVER, /) -> IndexStorage:
        """Return the storage, by the folder of derived files; options are those of a server."""
        ...


def _whoosh(root: Path, _: ServerOptions = _NO_SERVER) -> IndexStorage:
    from coproarchive.search.engines.whoosh.generations import WhooshStorage  # noqa: PLC0415

    return WhooshStorage(root)


def _memory(root: Path, _: ServerOptions = _NO_SERVER) -> IndexStorage:
    from coproarchive.search.engines.memory import MemoryStorage  # noqa: PLC0415

    return MemoryStorage(root)


def _opensearch(root: Path, options: ServerOptions = _NO_SERVER) -> IndexStorage:
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


ENGINES: Mapping[str, StorageMaker] = {
    "whoosh": _whoosh,
    "memory": _memory,
    "opensearch": _opensearch,
}
"""Name in the settings -> what makes its storage; its modules are imported when it is called."""
