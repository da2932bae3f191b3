"""The configuration file, coproarchive.toml: settings by their names, in TOML.

    archive = "archive"     # relative to the file's folder
    port = 8600
    count_empty = false

Every mistake is named with file and line: a key that is no setting, a value of another type, a line
that is not TOML. Read with the standard library's tomllib, which says no lines of keys: a file of
settings is flat, so they are looked for.
"""

from __future__ import annotations

import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from coproarchive.errors import CoproArchiveError
from coproarchive.store.sidecar import did_you_mean

NAME = "coproarchive.toml"
"""Looked for in the working folder."""

_TYPE_WORDS = {int: "a whole number", float: "a number", str: "text in quotes", list: "a list"}


class SettingsError(CoproArchiveError):
    """A setting is wrong; counts as wrong usage."""

    exit_code = 2


@dataclass(frozen=True)
class ConfigFile:
    """What a configuration file says.

    Attributes:
        path: of the file, absolute.
        values: setting -> value; folders are absolute.
        lines: setting -> number of its line, from 1.
    """

    path: Path
    values: Mapping[str, object]
    lines: Mapping[str, int]

    def place_of(self, name: str) -> str:
        """Return file and line of a setting."""
        return f"{self.path.name}, line {self.lines.get(name, 1)}"


def read_config(named: Path | str | None, fields: Mapping[str, FieldInfo]) -> ConfigFile | None:
    """Read a configuration file.

    Args:
        named: the file; None for coproarchive.toml in the working folder, if there is one.
        fields: the settings that it may have.

    Raises:
        SettingsError: it cannot be read, is not TOML, or has keys or values that no setting takes.
    """
    path = Path(named or NAME).absolute()
    if not named:
        if not path.is_file():
            return None
        _refuse_a_strangers(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except OSError as error:
        message = f"this configuration file cannot be read: {error.strerror}."
        raise SettingsError(message, path, "Name another: --config FILE") from None
    except UnicodeDecodeError:
        raise SettingsError("this file is not UTF-8 text.", path, "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"this is not TOML: {error}.", path, "Write: name = value") from None
    lines = {key: _line_of(key, text) for key in content}
    values: dict[str, object] = {}
    mistakes = []
    for key, value in content.items():
        if key not in fields:
            mistakes.append(f"line {lines[key]}: {_unknown(key, fields)}")
        elif problem := _wrong_type(value, fields[key]):
            mistakes.append(f"line {lines[key]}: {key} {problem}")
        else:
            values[key] = _value(value, fields[key], path.parent)
    if mistakes:
        raise SettingsError("\n  ".join(["settings are wrong.", *mistakes]), path)
    return ConfigFile(path, values, lines)


def _refuse_a_strangers(path: Path) -> None:
    """Refuse a file that another user put into the working folder: it can name a program to run."""
    status = path.stat()
    if os.name == "posix" and (status.st_uid not in (os.getuid(), 0) or status.st_mode & 0o002):
        raise SettingsError(
            "another user can write to this configuration file.",
            path,
            "Make it yours alone, or say that you mean it: --config FILE",
        )


def _line_of(key: str, text: str) -> int:
    """Return the number of the line on which a top-level key or table begins."""
    pattern = rf"""^\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]"""
    match = re.search(pattern, text, re.MULTILINE)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _unknown(key: str, fields: Mapping[str, FieldInfo]) -> str:
    meant = did_you_mean(key.lower().removeprefix("coproarchive_"), fields)
    return f'there is no setting "{key}".{meant}'


def _wrong_type(value: object, field: FieldInfo) -> str:
    """Return what is wrong with a value's type, "" where nothing is."""
    accepted = _accepted(field)
    if isinstance(value, bool):
        fits = _is_switch(field) or bool in accepted
    elif isinstance(value, list):
        fits = list in accepted and all(isinstance(part, str) for part in value)
    else:
        fits = type(value) in accepted or (isinstance(value, int) and float in accepted)
    if fits:
        return ""
    words = "true or false" if _is_switch(field) else _TYPE_WORDS[accepted[0]]
    return f"must be {words}."


def _accepted(field: FieldInfo) -> list[type]:
    """Return the TOML types that a setting takes, the usual one first."""
    kinds: list[type] = []
    for annotation in _alternatives(field.annotation):
        origin = typing.get_origin(annotation)
        if origin is typing.Literal:
            kinds.append(str)
        elif origin in (tuple, list) or annotation in (tuple, list):
            kinds.append(list)
        elif annotation in (int, float, bool):
            kinds.append(annotation)
        elif annotation is not type(None):
            kinds.append(str)
    return kinds


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return typing.get_args(annotation)
    return (annotation,)


def _is_switch(field: FieldInfo) -> bool:
    """Tell whether a setting is "on" or "off"."""
    return set(typing.get_args(field.annotation)) == {"on", "off"}


def _value(value: object, field: FieldInfo, folder: Path) -> object:
    """Return a value as the setting takes it; paths are those of the file's folder."""
    if isinstance(value, bool) and _is_switch(field):
        return "on" if value else "off"
    if Path in _alternatives(field.annotation) and isinstance(value, str):
        return str(folder / Path(value).expanduser())
    return value
