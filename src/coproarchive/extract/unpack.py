"""Zip files of talks: unpacked in a confined process, bounded and checked, into their own folder.

What is in a zip file inside it, encrypted, a link, or named to lie elsewhere is left where it is,
and named.
"""

from __future__ import annotations

import contextlib
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from coproarchive.errors import LimitError, UnreadableError
from coproarchive.extract.base import Limits
from coproarchive.extract.zips import Package

MAX_FILES = 2_000
"""Files taken from one zip file; a talk's has a deck and what belongs to it."""
MAX_DEPTH = 8
CHUNK = 1 << 20
_LINK = 0o120000
_TYPE = 0o170000
_DAMAGED = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError,
    struct.error, zipfile.BadZipFile,
)  # fmt: skip
"""What zipfile and its unpackers raise on damaged members; OSError too (bz2, a seek to nowhere)."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f:*?"<>|]')


@dataclass(frozen=True, slots=True)
class UnpackedZip:
    """What came out of a zip file.

    Attributes:
        files: paths of the files, in the zip file's order, with "/" and relative to the folder.
        refused: name and reason of each that stayed inside.
    """

    files: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def unpack(path: Path, folder: Path, limits: Limits) -> UnpackedZip:
    """Unpack a zip file into a folder.

    Raises:
        UnreadableError: no zip file, or nothing in it can be unpacked.
        LimitError: it has more than MAX_FILES files, or they unpack to too much.
    """
    files: list[str] = []
    refused: list[tuple[str, str]] = []
    with Package.open(path, limits) as package:
        members = [m for m in package.archive.infolist() if not m.filename.endswith("/")]
        if len(members) > MAX_FILES:
            raise LimitError(
                f"this zip file has {len(members):,} files; up to {MAX_FILES:,} are taken.",
                path.name,
                "Unpack it, and add the files of the talk.",
            )
        for member in members:
            name = _decoded(member)
            place = _place(name)
            reason = _refusal(member, place)
            if place is not None and not reason:
                target = folder / place
                if target.exists():
                    reason = "the zip file has this name twice"
                else:
                    reason = _write(package.archive, member, target)
            if reason or place is None:
                refused.append((name[:300], reason))
            else:
                files.append(place)
    if not files:
        why = f" ({refused[0][1]})" if refused else ""
        raise UnreadableError(
            f"nothing in this zip file can be unpacked{why}.",
            path.name,
            "Unpack it, and add the files.",
        )
    return UnpackedZip(tuple(files), tuple(refused))


def _decoded(member: zipfile.ZipInfo) -> str:
    """Return a member's name; many programs write UTF-8 and do not say so (APPNOTE, appendix D)."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name


def _place(name: str) -> str | None:
    """Return where below the folder a file of this name goes, None where that is nowhere."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
    is_outside = name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or ".." in parts
    if is_outside or not parts or len(parts) > MAX_DEPTH:
        return None
    parts = [_UNFIT.sub("", part).strip(" ") for part in parts]
    if any(not part.strip(".") or len(part.encode("utf-8", "replace")) > 200 for part in parts):
        return None
    return "/".join(part.encode("utf-8", "replace").decode() for part in parts)


def _refusal(member: zipfile.ZipInfo, place: str | None) -> str:
    """Return why a member stays inside, "" where nothing is against it."""
    if place is None:
        return "its name lies outside the zip file, or too deep in it"
    if member.flag_bits & 1:
        return "it is locked with a password"
    if (member.external_attr >> 16) & _TYPE == _LINK:
        return "it is a link"
    return "it is empty" if not member.file_size else ""


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> str:
    """Write a member to the disk, no further than its size is said to be; return what went wrong.

    Raises:
        OSError: the disk does not take it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        reading = archive.open(member)
    except (KeyError, *_DAMAGED):
        return "it is damaged, or packed in a way that is not read here"
    with reading, target.open("xb") as writing:
        left = member.file_size
        while left >= 0:
            try:
                data = reading.read(min(CHUNK, left + 1))
            except _DAMAGED:
                break
            if not data:
                return ""
            writing.write(data)
            left -= len(data)
    target.unlink()
    return "it is damaged"
