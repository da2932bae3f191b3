"""An archive of talks, described once, searched by seminar, speaker and topic; see `api`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coproarchive.api import Archive, create, open
    from coproarchive.errors import CoproArchiveError

    __version__: str

__all__ = ["Archive", "CoproArchiveError", "__version__", "create", "open"]


if not TYPE_CHECKING:  # else a type checker would take every name for one of the package

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used: `import coproarchive` alone costs nothing."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415

            return version("coproarchive")
        if name in __all__:
            from coproarchive import api  # noqa: PLC0415

            return getattr(api, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
