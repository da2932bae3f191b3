"""Files on disk: durable writes, hashes, safe names, and a walk that follows no link."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import lzma
import os
import re
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from slugify import slugify as transliterate

from coproarchive.errors import FileSystemError, IngestError
from coproarchive.locking import temporary_name

T = TypeVar("T")

CHUNK = 1 << 20
MAX_DEPTH = 8
EMPTY_HINT = "Copy it again from where it came from."

# IANA names by ending, written out because the machine's own table differs from one to the next.
MEDIA_TYPES: dict[str, str] = {
    ".pdf": "application/pdf",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ppsx": "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ".potx": "application/vnd.openxmlformats-officedocument.presentationml.template",
    ".pptm": "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    ".ppsm": "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
    ".potm": "application/vnd.ms-powerpoint.template.macroenabled.12",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pps": "application/vnd.ms-powerpoint",
    ".pot": "application/vnd.ms-powerpoint",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".key": "application/vnd.apple.keynote",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".dotx": "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ".docm": "application/vnd.ms-word.document.macroenabled.12",
    ".doc": "application/msword",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".rtf": "application/rtf",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".xht": "application/xhtml+xml",
    ".qmd": "text/x-quarto",
    ".rmd": "text/x-r-markdown",
    ".ipynb": "application/x-ipynb+json",
    ".slide": "text/x-go-present",
    ".org": "text/org",
    ".tex": "text/x-tex",
    ".rst": "text/x-rst",
    ".adoc": "text/asciidoc",
    ".asciidoc": "text/asciidoc",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".ogv": "video/ogg",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".zip": "application/zip",
    ".csv": "text/csv",
    ".xml": "application/xml",
}

MAX_ENDING = 16
RACY_NS = 50_000_000
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


def media_type_of(name: str) -> str:
    """Return the IANA media type by ending; application/octet-stream where it is unknown."""
    return MEDIA_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")


def media_type_of_file(path: Path) -> str:
    """Return the IANA media type by a file's bytes where these say it, else by its name's ending.

    Bytes say it of PDF; of Office files by the content type of their main part (ECMA-376-2,
    10.1.2) or, before 2007, by the names of their streams; of OpenDocument, RTF and pictures. A PDF
    without an ending and a .pptx named .ppt are what they are; a web page or a notebook is one
    where its name says nothing of texts. What is named as a text and has zero bytes is none.

    Raises:
        OSError: the file cannot be read.
    """
    named = media_type_of(path.name)
    with path.open("rb") as file:
        start = file.read(8192)
        kind = _by_bytes(file, start, named)
    if kind:
        return kind
    is_wide = start.startswith(_UTF16_32) or _is_utf16(start)
    return _UNKNOWN if named in _TEXTS and b"\0" in start and not is_wide else named


_UNKNOWN = "application/octet-stream"
_TEXTS = frozenset(
    kind for kind in MEDIA_TYPES.values()
    if kind.startswith("text/") or kind in ("application/rtf", "application/x-subrip",
                                            "application/xhtml+xml", "application/x-ipynb+json")
)  # fmt: skip
_UTF16_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_MARKS = (
    (b"%PDF-", MEDIA_TYPES[".pdf"]), (b"{\\rtf", MEDIA_TYPES[".rtf"]),
    (b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
)  # fmt: skip
_OPEN_DOCUMENT = re.compile(rb"mimetype(application/vnd\.oasis\.opendocument\.[a-z-]+)PK")
_STREAMS = (("PowerPoint Document", ".ppt"), ("WordDocument", ".doc"))
"""Names of the main streams of Office files before 2007 ([MS-PPT] 2.1.2, [MS-DOC] 2.1.1)."""


def _by_bytes(file: BinaryIO, start: bytes, named: str) -> str:
    """Return the media type that a file's bytes tell, "" where they tell none."""
    if start.startswith(b"PK\x03\x04"):
        return _zip_kind(file, start, named)
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(file, start)
    for mark, kind in _MARKS:
        if start.startswith(mark) and (named not in _TEXTS or kind == MEDIA_TYPES[".pdf"]):
            return "" if named.startswith("image/") else kind
    return "" if named in _TEXTS else _text_kind(start, named)


def _text_kind(start: bytes, named: str) -> str:
    """Return the media type of a text that is not named as one, "" where it is no known text."""
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()[:4096]
    if text[:14].lower().startswith((b"<!doctype html", b"<html")):
        return MEDIA_TYPES[".html"]
    is_notebook = named == _UNKNOWN and text.startswith(b"{") and b'"cell_type"' in start
    return MEDIA_TYPES[".ipynb"] if is_notebook else ""


def _zip_kind(file: BinaryIO, start: bytes, named: str) -> str:
    """Return the media type of a zip-based file, "" where it is of none that is known."""
    if match := _OPEN_DOCUMENT.match(start, 30):
        kind = match[1].decode()
        return kind if kind in MEDIA_TYPES.values() else ""
    if not _has_small_directory(file):
        return ""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.NameToInfo
            if "[Content_Types].xml" not in names:
                return MEDIA_TYPES[".zip"] if named == _UNKNOWN and names else ""
            with archive.open("[Content_Types].xml") as part:
                main = re.search(rb'"(application/vnd\.[\w.-]+)\.main\+xml"', part.read(CHUNK))
    except (zipfile.BadZipFile, KeyError, *_ZIP_ERRORS):
        return ""
    kind = main[1].decode().lower() if main else ""
    kind += ".12" if kind.endswith("macroenabled") else ""
    return kind if kind in MEDIA_TYPES.values() else ""


def _ole_kind(file: BinaryIO, start: bytes) -> str:
    """Return the media type of a compound file by its directory ([MS-CFB] 2.6), "" for others."""
    shift = int.from_bytes(start[30:32], "little")
    sector = int.from_bytes(start[48:52], "little")
    if shift not in (9, 12):
        return ""
    file.seek((sector + 1) << shift)
    directory = file.read(64 * 1024)
    for name, ending in _STREAMS:
        entry = name.encode("utf-16-le") + b"\0\0"
        if any(directory[at : at + 64].startswith(entry) for at in range(0, len(directory), 128)):
            return MEDIA_TYPES[ending]
    return ""


def name_by_kind(name: str, media_type: str) -> str:
    """Return a file's name with the ending that its media type has: a PDF's named talk.pptx, or
    talk, is talk.pdf. The name itself where its ending is right, or the type has none."""
    if media_type_of(name) == media_type or media_type not in MEDIA_TYPES.values():
        return name
    ending = next(e for e, kind in MEDIA_TYPES.items() if kind == media_type)
    stem, suffix = os.path.splitext(name)
    return (stem if suffix.lower() in MEDIA_TYPES else name) + ending


def _is_utf16(start: bytes) -> bool:
    """Test whether bytes may be UTF-16 without a mark: zeros in pairs, at one place of each."""
    zeros = [start[0::2].count(0), start[1::2].count(0)]
    return min(zeros) == 0 and max(zeros) > len(start) / 40


_ZIP_ERRORS = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error,
               lzma.LZMAError, struct.error)  # fmt: skip
"""What zipfile raises on damaged files besides BadZipFile and KeyError."""


def _has_small_directory(file: BinaryIO) -> bool:
    """Test a zip file's end record, as zipfile reads a directory whole: under 1 MiB, no zip64."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - (1 << 16)))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22 or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        return False
    return int.from_bytes(tail[at + 12 : at + 16], "little") < CHUNK


Stamp = tuple[int, int, int, int]
"""Times of the last change in nanoseconds (mtime, ctime), bytes, and inode of a file."""


def stamp_of(path: Path | str) -> Stamp | None:
    """Return a file's stamp, None where it is missing or changed just now.

    Clocks of file systems tick in milliseconds: a file that was changed within the last tick could
    change again and keep its stamp. An mtime can be set (`cp -p`, `rsync -t`), a ctime cannot.
    """
    try:
        state = os.lstat(path)
    except OSError:
        return None
    now = time.time_ns()
    if min(abs(now - state.st_mtime_ns), abs(now - state.st_ctime_ns)) < RACY_NS:
        return None
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino


def hash_file(path: Path) -> tuple[int, str]:
    """Return size in bytes and lower-case hex sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def identify_source(path: Path) -> tuple[int, str, str]:
    """Return size, sha256 and media type of a file that is to be brought into the archive.

    Raises:
        IngestError: there is none, it is empty, or it cannot be read.
    """
    try:
        if path.is_symlink() or not path.is_file():
            raise IngestError("there is no such file.", path)
        size, sha256 = hash_file(path)
        if not size:
            raise IngestError("this file is empty.", path, EMPTY_HINT)
        return size, sha256, media_type_of_file(path)
    except OSError as error:
        raise IngestError(f"cannot be read: {error.strerror}.", path) from None


def slugify(text: str, fallback: str = "item") -> str:
    """Return an id for a title: a-z, 0-9 and dashes, at most 80 characters.

    Other scripts are transliterated by python-slugify with text-unidecode, which is used under the
    Artistic License; Unidecode, which it can use instead, is GPL and must not be installed.
    """
    slug = transliterate(text, entities=False, decimal=False, hexadecimal=False, max_length=80)
    return f"{fallback}-{slug}".strip("-") if not slug or _RESERVED.match(slug) else slug


def is_used(path: Path) -> bool:
    """Tell whether a name is in use; an empty folder, which a killed run may leave, uses none."""
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def unique(base: str, is_taken: Callable[[str], bool], ending: str = "") -> str:
    """Return the base and its ending, with "-2", "-3", ... between them where that is taken."""
    numbered = (f"{base}-{number}{ending}" for number in count(2))
    return next(name for name in chain([base + ending], numbered) if not is_taken(name))


def unique_file_name(name: str, others: Iterable[str]) -> str:
    """Return a file's name, numbered where the item has one that some disks take for the same."""
    used_names = {folded_name(other) for other in others} | {"item.yaml", "seminar.yaml"}
    stem, ending = os.path.splitext(name)
    return unique(stem, lambda candidate: folded_name(candidate) in used_names, ending)


def folded_name(name: str) -> str:
    """Return what is the same of names that a disk may take for one: letter case, composition.

    macOS and Windows fold letter case; HFS+ decomposes letters and APFS takes both forms for one
    (Unicode Standard Annex #15).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def safe_name(name: str) -> str:
    """Return the file's name as far as it is safe on every system a reader may download it to."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = "".join(" " if c.isspace() else c for c in name)
    name = "".join(c for c in name if c.isprintable() and c not in '/\\:*?"<>|')
    stem, suffix = os.path.splitext(name)
    if len(suffix.encode()) > MAX_ENDING:  # a sentence with a dot in it, not an ending
        stem, suffix = name, ""
    stem = re.sub(r" +", " ", stem).strip(" .")
    suffix = suffix.lower().strip(" ")
    if not stem or _RESERVED.match(stem):
        stem = f"file-{stem}".strip("-")
    while len(stem.encode()) + len(suffix.encode()) > 150:
        stem = stem[:-1]
    return stem + suffix


def write_durably(path: Path, data: bytes, scratch: Path | None = None) -> None:
    """Replace a file as a whole: after a crash there is the old content or the new one.

    A temporary file, fsync, rename, fsync of the folder (measured: 0 violations in 80 kills,
    against 17 for a plain write).

    Args:
        path: the file to replace.
        data: its new content.
        scratch: folder of the same file system for the temporary file, which stays there when the
            process is killed; the file's own folder where none is named.

    Raises:
        FileSystemError: it cannot be written; it is as it was.
    """
    name = temporary_name(path.name)
    temporary = scratch / name if scratch else path.with_name(name)
    try:
        temporary.parent.mkdir(exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            _synced(file)
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise FileSystemError(error, path) from error
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside the folder survive a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading: no link is followed and no device or pipe is waited on.

    Raises:
        OSError: not a regular file, or not readable.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "is not a regular file", str(path))
    return os.fdopen(handle, "rb")


def copy_hashed(source: Path, target: Path) -> tuple[int, str]:
    """Copy a regular file durably; size in bytes and sha256 of what was copied.

    Raises:
        OSError: its `filename` is the one that could not be read or written.
    """
    digest = hashlib.sha256()
    size = 0
    with open_plain(source) as reading, target.open("xb") as writing:
        while chunk := _with_path(source, lambda: reading.read(CHUNK)):
            digest.update(chunk)
            size += len(chunk)
            _with_path(target, lambda chunk=chunk: writing.write(chunk))  # type: ignore[misc]  # bound now
        _with_path(target, lambda: _synced(writing))
    return size, digest.hexdigest()


def _synced(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _with_path(path: Path, call: Callable[[], T]) -> T:
    """Return what a call returns; an OSError names the file, as one of `open` does by itself."""
    try:
        return call()
    except OSError as error:
        error.filename = str(path)
        raise


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """Something found below a folder.

    Attributes:
        path: relative to the folder, with "/".
        kind: "file", "folder", "link", "special" (pipe, device), "unreadable", "too-deep" or
            "system" (a hidden name, or one that an operating system or office program left).
        size: bytes, of files.
    """

    path: str
    kind: Literal["file", "folder", "link", "special", "unreadable", "too-deep", "system"]
    size: int = 0


_OF_SYSTEMS = re.compile(r"\.|~\$|(__macosx|thumbs\.db|desktop\.ini)$", re.IGNORECASE)
"""Hidden names, office programs' locks, and what macOS and Windows leave in folders and zips."""


def is_of_system(name: str) -> bool:
    """Tell whether a file has a name that no person gave it: hidden, a lock, a folder's picture."""
    return bool(_OF_SYSTEMS.match(name))


def walk(
    root: Path, *, max_depth: int = MAX_DEPTH, with_system: bool = False
) -> Iterator[FolderEntry]:
    """Yield everything below a folder, sorted; no link is followed.

    Args:
        root: the folder.
        max_depth: folders below one another at most.
        with_system: whether names are told that no person gave (see FolderEntry.kind), without what
            is in such a folder; else hidden names are passed over, and the others are as any.
    """
    pending = [(root, "", 0)]
    while pending:
        folder, prefix, depth = pending.pop()
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            yield FolderEntry(prefix.rstrip("/"), "unreadable")
            continue
        below = []
        for name in names:
            path = folder / name
            relative = prefix + name
            if with_system and is_of_system(name):
                yield FolderEntry(relative, "system")
                continue
            if name.startswith("."):
                continue
            mode = path.lstat()
            if stat.S_ISDIR(mode.st_mode):
                if depth + 1 > max_depth:
                    yield FolderEntry(relative, "too-deep")
                    continue
                yield FolderEntry(relative, "folder")
                below.append((path, relative + "/", depth + 1))
            elif stat.S_ISLNK(mode.st_mode):
                yield FolderEntry(relative, "link")
            elif not stat.S_ISREG(mode.st_mode):
                yield FolderEntry(relative, "special")
            elif not os.access(path, os.R_OK):
                yield FolderEntry(relative, "unreadable", mode.st_size)
            else:
                yield FolderEntry(relative, "file", mode.st_size)
        pending.extend(reversed(below))
