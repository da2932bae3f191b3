"""How long work tells whoever is watching how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often and cheaply; may raise KeyboardInterrupt to stop the work safely."""

    def __call__(self, stage: str, done: int, total: int, what: str = "") -> None:
        """Report progress.

        Args:
            stage: a word for what is being done ("reading", "indexing").
            done: how many are done.
            total: how many there are, 0 where that is not known.
            what: the file or record at hand.
        """
        ...


def silent(stage: str, done: int, total: int, what: str = "") -> None:
    """Tell nobody."""
