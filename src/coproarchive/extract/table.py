"""Which extractor reads which media type: an explicit table, easy to find and to add to."""

from __future__ import annotations

import binascii
import errno
import importlib.util
import json
import lzma
import struct
import sys
import time
import traceback
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from lxml import etree

from coproarchive.errors import ExtractionError, LimitError, UnreadableError, UnsupportedError
from coproarchive.extract import letters, office
from coproarchive.extract.base import Extraction, Format, Helpers, Limits, Notice
from coproarchive.extract.language import with_languages
from coproarchive.vocabulary import Severity

FORMATS: tuple[Format, ...] = (
    Format("pdf", 7, frozenset({office.PDF}), "pdf:extract"),
    Format(
        "pptx",
        8,
        frozenset(
            {
                office.PPTX,
                "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
                "application/vnd.openxmlformats-officedocument.presentationml.template",
                "application/vnd.ms-powerpoint.presentation.macroenabled.12",
                "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
                "application/vnd.ms-powerpoint.template.macroenabled.12",
            }
        ),
        "pptx:extract",
    ),
    Format(
        "docx",
        5,
        frozenset(
            {
                office.DOCX,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
                "application/vnd.ms-word.document.macroenabled.12",
            }
        ),
        "docx:extract",
    ),
    Format("markdown", 6, frozenset({"text/markdown"}), "decks.detect:read_markdown"),
    Format("html", 5, frozenset({"text/html", "application/xhtml+xml"}), "decks.detect:read_html"),
    Format("text", 1, frozenset({"text/plain"}), "plain:extract"),
    Format(
        "quarto", 1, frozenset({"text/x-quarto", "text/x-r-markdown"}), "decks.pandoc_deck:extract"
    ),
    Format("notebook", 1, frozenset({"application/x-ipynb+json"}), "decks.notebook:extract"),
    Format("go-present", 1, frozenset({"text/x-go-present"}), "decks.go_present:extract"),
    Format("org", 1, frozenset({"text/org"}), "decks.org:extract"),
    Format("latex", 2, frozenset({"text/x-tex"}), "decks.latex:extract"),
    Format("rst", 1, frozenset({"text/x-rst"}), "decks.rst:extract"),
    Format("asciidoc", 1, frozenset({"text/asciidoc"}), "decks.asciidoc:extract"),
    Format("captions", 2, frozenset({"text/vtt", "application/x-subrip"}), "captions:extract"),
)
"""Which reader reads which media types: to add a format is to add a row and its module."""
OCR = "ocr-3"
"""Name and version of reading pictures by a machine; see ocr.py."""
PICTURED = frozenset({"pdf", "pptx"})
"""Names of the formats whose leaves have pictures that are read."""

NOT_READ = "file-not-read"
"""Code of a failure of this machine or programme: never kept as what the file is like."""
CHANGED = "file-changed"
"""Code of a file that is not the one that was archived; what it says is not read."""
PASSING = frozenset({NOT_READ, CHANGED})
"""Codes of what tells nothing of the archived file: the next run reads it again."""
CODES: dict[str, str] = {
    "file-unreadable": "the file is damaged, locked, or not what its name says",
    "file-unsupported": "there is no reader for this kind of file",
    NOT_READ: "this machine could not read the file just now; the next run tries again",
    "file-over-limit": "reading the file passed a limit of size, time or memory",
    "file-crashed-reader": "reading the file ended the reading process; the run went on",
    "file-damaged": "the file is damaged, but some of its text was read",
    "words-elsewhere": "a deck takes words from another file, which is not read",
    "file-inside-file": "a PDF or a deck carries another file, which is not searched",
    "file-empty": "the file was read and has no words in it",
    "slide-missing": "one slide of a deck is damaged; the others were read",
    "slide-part-missing": "a chart, diagram or notes page of a slide is damaged or too large",
    "leaf-without-text": "a page or slide has no words that could be searched",
    "leaf-without-title": "a slide has no title, by which screen readers tell slides apart; "
    "or pages of a PDF have none",
    "picture-without-alt": "pictures on a slide have no description for those who cannot see them",
    letters.UNREADABLE: "the letters of pages make no words, as their fonts or the file's charset "
    "say wrongly what they are",
    "front-matter-unread": "the lines between --- at the top of a post are not YAML",
    "text-cut": "a very long text, or words in pictures, are searchable only up to a limit",
}

SAVE_ANEW = "Open it in the programme that made it and save it anew."
_MAGIC: dict[str, tuple[bytes, ...]] = {"pdf": (b"%PDF-",), "pptx": (b"PK",), "docx": (b"PK",)}
# What a file cannot bring about: no such file or no right to it, a full or failing disk.
_OF_THE_MACHINE = {
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS,
    errno.EMFILE, errno.ENFILE, errno.ENOTDIR, errno.ESTALE,
}  # fmt: skip
_ABOUT_DATA = (
    UnicodeError, EOFError, zlib.error, lzma.LZMAError, struct.error, binascii.Error,
    zipfile.BadZipFile, json.JSONDecodeError, etree.LxmlError,
)  # fmt: skip
"""What Python's library and lxml raise about the data that they are given."""
_LOOK_AGAIN = (
    "See that the disk has room and the file can be opened, and run coproarchive index again."
)
_REPORT_IT = "The file may be sound. Report this with the file, or with how it was made."
OCR_SHARE = 0.6
"""Share of the time for a file that reading its pictures may take."""
OCR_UNTIL = 0.85
"""Share of the time for a file after which no picture is begun: what else was read is not lost."""


def format_of(media_type: str) -> Format | None:
    """Return the format of this media type, None where nothing reads it."""
    return next((f for f in FORMATS if media_type in f.media_types), None)


def readable(media_type: str) -> bool:
    """Test whether files of this media type can be read without another programme."""
    return format_of(media_type) is not None


def wants_words(media_type: str) -> bool:
    """Test whether not reading such a file is a problem: of all but pictures and recordings."""
    return not media_type.startswith(("image/", "audio/", "video/"))


def reader_name(media_type: str, helpers: Helpers) -> str:
    """Name the readers of this media type, with versions: "pdf-3", "office-1+pptx-2",
    "pdf-3+ocr-1".

    "" where nobody does. A change of the name is a reason to read the file again.
    """
    name = ""
    if media_type in office.CONVERTED:
        if not helpers.office:
            return ""
        name, media_type = f"office-{office.VERSION}+", office.CONVERTED[media_type]
    format_ = format_of(media_type)
    if format_ is None:
        return ""
    name += f"{format_.name}-{format_.version}"
    if helpers.ocr and format_.name in PICTURED:
        name += f"+{OCR}"
    return name


def ocr_is_installed() -> bool:
    """Test whether the extra `coproarchive[ocr]` is there."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def is_quick(media_type: str, helpers: Helpers) -> bool:
    """Test whether reading such a file takes no other programme and no reading of pictures."""
    return "+" not in reader_name(media_type, helpers)


def extract(
    path: Path, media_type: str, limits: Limits, helpers: Helpers | None = None
) -> Extraction:
    """Read one file in this process; whatever goes wrong becomes a notice.

    Nothing here guards against crashes and endless loops: Reader runs it in a worker process.
    """
    helpers = helpers or Helpers()
    try:
        return _extract(path, media_type, limits, helpers)
    except LimitError as error:
        notice = _error("file-over-limit", error.message, error.hint)
    except UnsupportedError as error:
        # Nothing is wrong with the file: it is kept whole, only its words are not searched.
        notice = Notice("file-unsupported", Severity.WARNING, error.message, error.hint or "")
    except ExtractionError as error:
        notice = _error("file-unreadable", error.message, error.hint)
    except MemoryError:
        notice = _error(
            "file-over-limit",
            f"reading it needs more than {limits.memory // 1024**2:,} MB of memory.",
            "Save it anew in a smaller size, or raise COPROARCHIVE_READ_MEMORY_MB.",
        )
    except RecursionError:
        notice = _error("file-unreadable", "this file is nested too deeply to be read.", SAVE_ANEW)
    except (office.SetUpError, ImportError, NameError) as error:
        notice = _not_read(f"{type(error).__name__}: {error}")
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            notice = _not_read(str(error.strerror))
        else:
            notice = _error(
                "file-unreadable", f"this file cannot be read: {error.strerror or error}."
            )
    except Exception as error:  # noqa: BLE001 - libraries raise anything on hostile files
        kind = type(error).__name__
        if place := _our_fault(error):
            notice = _not_read(f"coproarchive itself failed: {kind} in {place}", _REPORT_IT)
        else:
            notice = _error("file-unreadable", f"this file is damaged ({kind}).", SAVE_ANEW)
    return Extraction(notices=(notice,))


def _our_fault(error: Exception) -> str:
    """Return the place in this package where an error arose that no file should bring about.

    It is ours where the innermost code that is not Python's own library is of this package: a
    foreign library that gives up on a file tells of the file. So does what Python's own library
    raises about data.
    """
    if isinstance(error, _ABOUT_DATA):
        return ""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package == __name__.partition(".")[0]:
            place = f"{module}, line {line}"
        elif package not in sys.stdlib_module_names:
            place = ""
    return place


def _extract(path: Path, media_type: str, limits: Limits, helpers: Helpers) -> Extraction:
    named = reader_name(media_type, helpers)
    if not named and media_type not in office.CONVERTED:
        raise UnsupportedError(
            "there is no reader for this kind of file.",
            path.name,
            "It is kept and can be downloaded, but not searched.",
        )
    _check_size(path, limits)
    until = time.monotonic() + OCR_UNTIL * limits.seconds
    if media_type in office.CONVERTED:
        with office.converted(path, media_type, limits, helpers) as made:
            extraction = _read(made, office.CONVERTED[media_type], limits, helpers, until)
    else:
        extraction = _read(path, media_type, limits, helpers, until)
    notices = letters.one_notice(extraction)
    if not any(leaf.title or leaf.parts for leaf in extraction.leaves):
        empty = Notice(
            "file-empty",
            Severity.WARNING,
            "no words were found in this file.",
            "It can be downloaded, but a search finds it by its record only.",
        )
        notices = (*notices, empty)
    extractor = named.replace("-", " ").replace("+", " + ")
    placed = (extraction.placed or ()) if limits.placed_leaves else None
    return replace(extraction, notices=notices, extractor=extractor, placed=placed)


def _check_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    if size > limits.file_size:
        raise LimitError(
            f"this file has {size:,} bytes; up to {limits.file_size:,} are read.",
            path.name,
            "Raise COPROARCHIVE_FILE_SIZE_MB to read it.",
        )
    if size == 0:
        raise UnreadableError("this file is empty.", path.name, "Add it again from where it was.")


def _read(
    path: Path, media_type: str, limits: Limits, helpers: Helpers, until: float
) -> Extraction:
    """Read a file of a format that has a reader; pictures until a time by time.monotonic()."""
    format_ = format_of(media_type)
    assert format_ is not None, media_type
    _check_magic(path, format_.name)
    extraction = with_languages(letters.mended_extraction(format_.read(path, limits)))
    if helpers.ocr and format_.name in PICTURED:
        from coproarchive.extract import ocr_leaves  # noqa: PLC0415 - heavy, and an extra

        until = min(until, time.monotonic() + OCR_SHARE * limits.seconds)
        return ocr_leaves.with_ocr(extraction, path, format_.name, limits, until)
    return extraction


def _check_magic(path: Path, name: str) -> None:
    magic = _MAGIC.get(name)
    with path.open("rb") as file:
        start = file.read(1024)
    if magic and not any(mark in start for mark in magic):
        locked = start.startswith(b"\xd0\xcf\x11\xe0")
        raise UnreadableError(
            "this file is locked with a password, or in an older format."
            if locked
            else "this file is not what its name says.",
            path.name,
            SAVE_ANEW,
        )


def _not_read(why: str, hint: str = _LOOK_AGAIN) -> Notice:
    return _error(NOT_READ, f"it could not be read just now ({why}).", hint)


def _error(code: str, message: str, hint: str | None = None) -> Notice:
    return Notice(code, Severity.ERROR, message, hint or "")
