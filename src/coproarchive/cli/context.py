"""What every command is given: the settings, and the library opened from them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import typer

from coproarchive.errors import CoproArchiveError

if TYPE_CHECKING:
    from coproarchive.library import Library
    from coproarchive.settings import Settings


class SettingsError(CoproArchiveError):
    """A setting is wrong; counts as wrong usage."""

    exit_code = 2


class CliState:
    """The settings of one run and, once a command asks for it, the library.

    Args:
        folders: "archive" and "index" as far as the command line names them.
    """

    def __init__(self, **folders: str):
        self._folders = {name: folder for name, folder in folders.items() if folder}

    @cached_property
    def settings(self) -> Settings:
        """Settings from the environment, overruled by the command line. Raises SettingsError."""
        from pydantic import ValidationError

        from coproarchive.settings import Settings

        try:
            return Settings.model_validate(self._folders)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise SettingsError(f"A setting is wrong: {name}: {first['msg']}.") from None

    @cached_property
    def library(self) -> Library:
        """The archive and its index, opened as far as they are asked for."""
        from coproarchive.library import Library

        return Library(self.settings)

    def close(self) -> None:
        """Stop the reading processes and close the index, if they were opened."""
        if "library" in self.__dict__:
            self.library.close()


def state_of(context: typer.Context) -> CliState:
    """Return the state of this run."""
    state = context.obj
    assert isinstance(state, CliState)
    return state
