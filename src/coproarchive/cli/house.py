"""What every command is given: the settings, and the library opened from them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import typer

from coproarchive.library import Library
from coproarchive.settings import Settings


def settings_from(archive: str = "", index: str = "") -> Settings:
    """Settings from the environment, overruled by the options that were given."""
    given: dict[str, Any] = {}
    if archive:
        given["archive"] = archive
    if index:
        given["index"] = index
    return Settings(**given)


class House:
    """The settings and, once asked for, the library."""

    def __init__(self, settings: Settings):
        self.settings = settings

    @cached_property
    def library(self) -> Library:
        """The archive and its index, opened as far as they are asked for."""
        return Library(self.settings)

    def close(self) -> None:
        """Stop the reading processes and close the index, if they were opened."""
        if "library" in self.__dict__:
            self.library.close()


def house_of(context: typer.Context) -> House:
    """The house of this run."""
    house = context.obj
    assert isinstance(house, House)
    return house
