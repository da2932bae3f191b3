"""Pictures of pages and slides, as WebP; run in a worker process, by pictures.py.

PDF by PDFium. Decks through LibreOffice into a PDF, which is kept beside the pictures because the
conversion takes seconds; hidden slides are drawn too, so that a slide's number is its page's.
Comments are never drawn, neither a deck's nor a PDF's: a picture shows what was shown to the room.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from coproarchive.errors import ExtractionError, UnreadableError
from coproarchive.extract import office
from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.fixity import is_archived
from coproarchive.extract.office import PDF, PPTX
from coproarchive.extract.table import format_of

VERSION = 4
QUALITY = 70
METHOD = 2
"""Effort of the WebP encoder, 0 to 6; at 4 encoding takes nearly as long as drawing."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What became of a request.

    Attributes:
        pictures: number of the page -> WebP.
        deck: path of the PDF that a deck was converted to, to be kept; "" where none was made.
        why: why nothing could be drawn, for the log; "" where something was.
        hashes: number of the page -> difference hash of its picture.
    """

    pictures: dict[int, bytes]
    deck: str = ""
    why: str = ""
    hashes: dict[int, int] = field(default_factory=dict)


def can_draw(media_type: str, office_path: str) -> bool:
    """Test whether pages of such files can be drawn here."""
    if media_type == PDF:
        return True
    deck = format_of(PPTX)
    return bool(office_path) and format_of(office.CONVERTED.get(media_type, media_type)) == deck


def draw(
    path: Path, sha256: str, media_type: str, numbers: list[int], width: int, slides: int,
    limits: Limits, helpers: Helpers, niceness: int = 0,
) -> Drawing:  # fmt: skip
    """Draw pages; whatever is wrong with the file is an answer, not an exception.

    Args:
        path: the file, or the PDF that was made of it before.
        sha256: of the file as it was archived: nothing is drawn of other bytes, and no reason kept.
            "" for a PDF that was made of it.
        media_type: of `path`.
        numbers: 1-based.
        width: pixels.
        slides: how many leaves the file has: where the drawing has another number of pages, none
            is shown, since it would be the wrong one.
        niceness: how far this process, and what it starts, stands back behind others.

    Raises:
        OSError: the system would not read or write just now, which is no fault of the file.
    """
    from coproarchive.extract.pdf import count_pages  # noqa: PLC0415 - for workers only

    _stand_back(niceness)
    if sha256 and not is_archived(path, sha256, limits):
        return Drawing({})
    try:
        if media_type == PDF:
            pictures, hashes = _draw(path, numbers, width)
            return Drawing(pictures, hashes=hashes)
        with office.converted(path, media_type, limits, helpers, to=PDF) as made:
            pages = count_pages(made)
            if pages != slides:
                return Drawing({}, why=f"LibreOffice draws {pages} pages of {slides} slides")
            deck = Path(helpers.scratch) / f"{made.parent.parent.name}.pdf"
            shutil.move(made, deck)
        pictures, hashes = _draw(deck, numbers, width)
        return Drawing(pictures, str(deck), hashes=hashes)
    except ExtractionError as error:
        return Drawing({}, why=error.message)
    except (MemoryError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:  # Pillow's own have none
            raise
        return Drawing({}, why=str(error) or type(error).__name__)


def _stand_back(niceness: int) -> None:
    """Raise this process's niceness to a number, if it is lower."""
    with contextlib.suppress(OSError, AttributeError):  # not on Windows
        before = os.nice(0)
        os.nice(max(0, niceness - before))


def _draw(path: Path, numbers: list[int], width: int) -> tuple[dict[int, bytes], dict[int, int]]:
    """Return WebP and difference hash of each page that can be drawn, by number."""
    from coproarchive.extract.pdf import draw_pages  # noqa: PLC0415 - for workers only

    made: dict[int, bytes] = {}
    hashes: dict[int, int] = {}
    for index, picture in draw_pages(path, [number - 1 for number in numbers], width):
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=QUALITY, method=METHOD)
        made[index + 1] = buffer.getvalue()
        hashes[index + 1] = difference_hash(picture.convert("L").resize((9, 8)).tobytes())
    if not made:
        raise UnreadableError("none of these pages can be drawn.", path.name)
    return made, hashes


def difference_hash(gray: bytes) -> int:
    """Return 64 bits: of each dot but the last of a row whether the next one is lighter.

    Neal Krawetz, "Kind of Like That" (2013).

    Args:
        gray: 8 rows of 9 dots, a byte each.
    """
    rows = (gray[9 * n : 9 * n + 9] for n in range(8))
    bits = (left < right for row in rows for left, right in pairwise(row))
    return sum(1 << place for place, bit in enumerate(bits) if bit)
