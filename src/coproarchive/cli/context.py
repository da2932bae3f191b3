"""What every command is given: the settings, and the library opened from them."""

from __future__ import annotations

import os
import shlex
from functools import cached_property
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from coproarchive.library import Library
    from coproarchive.settings import LoadedSettings, Settings


class CliState:
    """The settings of one run and, once a command asks for it, the library.

    Args:
        config: the configuration file that the command line names, "" for none.
        folders: "archive" and "index" as far as the command line names them.
    """

    def __init__(self, config: str = "", **folders: str):
        self._config = config or None
        self._folders = {name: folder for name, folder in folders.items() if folder}

    @cached_property
    def loaded(self) -> LoadedSettings:
        """The settings and where each came from. Raises SettingsError."""
        from coproarchive.settings import load_settings

        return load_settings(self._folders, self._config)

    @property
    def settings(self) -> Settings:
        """The settings of this run. Raises SettingsError."""
        return self.loaded.settings

    @cached_property
    def library(self) -> Library:
        """The archive and its index, opened as far as they are asked for."""
        from coproarchive.library import Library

        return Library(self.settings)

    def command(self, words: str) -> str:
        """Return a command to be typed next, for the archive, index and settings of this run."""
        options = {**self._folders, **({"config": self._config} if self._config else {})}
        named = (f"--{name} {shlex.quote(value)}" for name, value in options.items())
        return " ".join(("coproarchive", words, *named))

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a process that is to have the settings of this run."""
        variables = os.environ | {
            "COPROARCHIVE_ARCHIVE": str(self.settings.archive),
            "COPROARCHIVE_INDEX": str(self.settings.index),
        }
        if self.loaded.config:
            variables["COPROARCHIVE_CONFIG"] = str(self.loaded.config.path)
        return variables

    def close(self) -> None:
        """Stop the reading processes and close the index, if they were opened."""
        if "library" in self.__dict__:
            self.library.close()


def state_of(context: typer.Context) -> CliState:
    """Return the state of this run."""
    state = context.obj
    assert isinstance(state, CliState)
    return state
