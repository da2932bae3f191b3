"""Zip files of talks: each is added as the files in it, as a folder of its name would be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from coproarchive.errors import ExtractionError
from coproarchive.extract.table import readable
from coproarchive.extract.worker import Reader
from coproarchive.model import AssetRole, Problem, Severity
from coproarchive.store import media_type_of_file, role_of, walk

ZIP = "application/zip"
_HINT = "If it belongs to the talk, unpack the zip file and add it by its name."
# What stands beside decks: programs of their frameworks, notes of their makers, thumbnails.
_BESIDE = re.compile(
    r"(?:^|/)(?:node_modules|reveal\.?js|lib|libs|dist|plugins?|vendor|css|js|tests?|fonts|themes?|"
    r"assets|[^/]+_files|__pycache__|\.[^/]+)/"
    r"|(?:^|/)(?:readme|licen[cs]e|changelog|contributing|authors|requirements)(?:\.\w+)?$",
    re.IGNORECASE,
)


@dataclass
class OpenedZips:
    """Files to add, zip files among them opened.

    Attributes:
        paths: those that were named, or came out of zip files.
        places: where each came from that lay in a zip file, as people are told: "talk.zip/a.pptx".
        problems: one for each file that stays in its zip file.
    """

    paths: list[Path] = field(default_factory=list)
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def open_zips(paths: Sequence[Path], reader: Reader) -> OpenedZips:
    """Replace zip files by the files of talks in them.

    A zip file that cannot be unpacked, or has none in it, stays as it is.
    """
    opened = OpenedZips()
    for path in paths:
        if path.is_symlink() or not path.is_file() or media_type_of_file(path) != ZIP:
            opened.paths.append(path)
            continue
        try:
            folder, unpacked = reader.unpack(path)
        except ExtractionError as error:
            opened.paths.append(path)
            opened.problems.append(_stays(path.name, error.message, error.hint or _HINT))
            continue
        files = [entry.path for entry in walk(folder, with_system=True) if entry.kind == "file"]
        chosen = _of_a_talk(folder, files)
        if not chosen:
            opened.paths.append(path)
            continue
        for name in chosen:
            opened.paths.append(folder / name)
            opened.places[folder / name] = f"{path.name}/{name}"
        opened.problems += [
            _stays(f"{path.name}/{name}", "this is no kind of file of a talk.")
            for name in files
            if name not in chosen
        ]
        opened.problems += [
            _stays(f"{path.name}/{name}", f"{reason}.") for name, reason in unpacked.refused
        ]
    return opened


def _of_a_talk(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the files with words or recordings, and pictures that have the name of one."""
    kinds = {name: media_type_of_file(folder / name) for name in names if not _BESIDE.search(name)}
    spoken = {
        name for name, kind in kinds.items()
        if kind != ZIP and role_of(kind) not in (AssetRole.OTHER, AssetRole.PICTURE)
        and (readable(kind) or role_of(kind) is not AssetRole.POST)
    }  # fmt: skip
    stems = {PurePosixPath(name).with_suffix("") for name in spoken}
    return [
        name for name, kind in kinds.items()
        if name in spoken
        or (role_of(kind) is AssetRole.PICTURE and PurePosixPath(name).with_suffix("") in stems)
    ]  # fmt: skip


def _stays(place: str, message: str, hint: str = _HINT) -> Problem:
    return Problem("not-added", Severity.WARNING, place, message, hint=hint)
