"""Public copies of files, without what is withheld; in a worker process, by public_copies.py."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coproarchive.errors import ExtractionError
from coproarchive.extract import office
from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.office import CONVERTED, PDF
from coproarchive.vocabulary import WordSource

VERSION = 1
"""Raise it when copies are made otherwise."""
_OPEN = ("text/", "image/", "audio/", "video/")
TEXT_DECKS = frozenset(
    """
    text/markdown text/html application/xhtml+xml text/x-quarto text/x-r-markdown
    application/x-ipynb+json text/x-go-present text/org text/x-tex text/x-rst text/asciidoc
    """.split()
)
"""Texts that may be decks with notes; see text_copy.py."""
_LONG_POST = 4 * 1024 * 1024
"""Bytes of a post that is looked at here and not in a worker."""
_POSTS = frozenset(("text/markdown", "text/html", "application/xhtml+xml"))
_MAY_HAVE_NOTES = re.compile(
    rb"<!--|\?\?\?|^\s*\^|note|hide|hidden|disabled|exclude|handout|\x00",
    re.IGNORECASE | re.MULTILINE,
)
"""What a Markdown or HTML file has that has notes or hidden slides: most posts have none of it."""
_ALSO_OPEN = frozenset({"application/x-subrip", "application/json", "application/xml"})
_OFFICE = "application/vnd.openxmlformats-officedocument."
_WITH_MACROS = ".macroenabled"


@dataclass(frozen=True, slots=True)
class CopyMade:
    """What became of a file.

    Attributes:
        path: of the copy; "" where none was made.
        media_type: of the copy.
        removed: what the file has and the copy has not: values of WordSource, and INSIDE.
        why: why readers get no file at all; "" where they do.
    """

    path: str = ""
    media_type: str = ""
    removed: tuple[str, ...] = ()
    why: str = ""


OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""Errors that tell of the disk, not of the file: it is tried again."""


def is_open(media_type: str) -> bool:
    """Test whether such files have no place for notes, comments or hidden slides."""
    if media_type in TEXT_DECKS:
        return False
    return media_type.startswith(_OPEN) or media_type in _ALSO_OPEN


def has_nothing_withheld(path: Path, media_type: str) -> bool:
    """Test by a look at its bytes whether a post has no mark at all of notes or hidden slides.

    Raises:
        OSError: the file cannot be read.
    """
    if media_type not in _POSTS or path.stat().st_size > _LONG_POST:
        return False
    return not _MAY_HAVE_NOTES.search(path.read_bytes())


def can_copy(media_type: str, office_path: str) -> bool:
    """Test whether copies of such files can be made here."""
    return (
        media_type == PDF
        or media_type in TEXT_DECKS
        or media_type.startswith(_OFFICE)
        or _WITH_MACROS in media_type
        or (bool(office_path) and media_type in CONVERTED)
    )


def make_copy(
    path: Path, media_type: str, withheld: frozenset[WordSource], limits: Limits, helpers: Helpers
) -> CopyMade:
    """Make a copy in helpers.scratch where the file has withheld words; else say that it has none.

    Of formats that are converted to be read, the copy is always the converted one: that it has no
    notes does not tell that the original has none. Whatever goes wrong is an answer, not an
    exception: then readers get neither the file nor a copy.

    Raises:
        OSError: the disk is full or does not write just now, which is no fault of the file.
    """
    tempfile.tempdir = helpers.scratch  # the only folder in which this process may write
    handle, name = tempfile.mkstemp(prefix="copy-", dir=helpers.scratch)
    os.close(handle)
    target = Path(name)
    try:
        if media_type in CONVERTED:
            with office.converted(path, media_type, limits, helpers) as converted:
                removed = _copied(converted, CONVERTED[media_type], target, withheld, limits)
                if not removed:
                    converted.replace(target)
            return CopyMade(name, CONVERTED[media_type], tuple(sorted(removed)))
        removed = _copied(path, media_type, target, withheld, limits)
        if removed:
            return CopyMade(name, media_type, tuple(sorted(removed)))
        target.unlink()
    except ExtractionError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in OF_THE_DISK:
            raise error.__cause__ from None
        return CopyMade(why=error.message)
    except (MemoryError, RecursionError) as error:
        return CopyMade(why=f"no copy can be made of it ({type(error).__name__}).")
    return CopyMade()


def _copied(
    path: Path, media_type: str, target: Path, withheld: frozenset[WordSource], limits: Limits
) -> frozenset[str]:
    """Write a copy where the file has withheld words; see office_copy.copy_office_file."""
    if media_type == PDF:
        from coproarchive.extract.pdf_copy import copy_pdf  # noqa: PLC0415 - 200 ms

        return copy_pdf(path, target, withheld)
    if media_type in TEXT_DECKS:
        from coproarchive.extract.text_copy import copy_text_file  # noqa: PLC0415 - for workers

        return copy_text_file(path, media_type, target, withheld, limits)
    from coproarchive.extract.office_copy import copy_office_file  # noqa: PLC0415 - for workers

    return copy_office_file(path, target, withheld, limits)
