"""Words read from pictures by a machine: the extra `coproarchive[ocr]` (rapidocr, models included).

rapidocr 3 read 95% of the words on 20 slide pages with 93% precision, offline, in 2.3 s of CPU a
page at 1,000 pixels; tesseract 5.3 read 88%. Its models read Latin script and Chinese, no Cyrillic.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image, UnidentifiedImageError

Picture = Image.Image

WIDTH = 1_000
"""Pixels that a page is drawn wide for reading."""
MAX_PIXELS = 40_000_000
"""Pixels of a picture file that is opened; a bomb unpacks to more."""
LEAST = 24
"""Pixels of a picture's shorter side that hold a line of words."""
LONG = 2
"""Times that a picture may be as long as it is wide. rapidocr makes the shorter side 736 pixels, so
that a strip took four times the time and more memory than a worker has, or lost all its words."""
NARROW = 500
"""Pixels that a narrow strip counts as being wide."""
OVERLAP = 60
"""Pixels that pieces of a long picture share, so that no line is cut in two."""
MIDDLE, HARDLY = 160, 0.002
"""Brightness (0..255) below which a pixel is not light, and the share of those that is none: white
letters were meant for a dark slide, a chart's white area has dark letters beside it."""
SURE = 0.8
"""Lines that the machine is less sure of (0..1) are noise. On slides of the corpus's talks, right
or wrong by one letter were 7 of 29 lines between 0.75 and 0.8 and hardly any below, 16 of 49 up to
0.85, most of those above; 97% of all lines with letters are kept."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is to be read of one leaf.

    Attributes:
        number: of the leaf.
        pictures: draws or opens its pictures one by one, when it is called; None where it has
            none to be read.
    """

    number: int
    pictures: Callable[[], Iterator[Picture]] | None


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of words in a picture, and how sure the machine is of it (0..1)."""

    text: str
    sure: float


def pieces_of(picture: Picture) -> Iterator[Picture]:
    """Yield the picture as it is read: on paper, up to WIDTH pixels wide, a long one in pieces."""
    picture = on_paper(picture)
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, max(1, round(picture.height * WIDTH / picture.width))))
    most = LONG * max(picture.width, NARROW)
    for top in range(0, max(1, picture.height - OVERLAP), most - OVERLAP):
        yield picture.crop((0, top, picture.width, min(top + most, picture.height)))


def read_lines(piece: Picture) -> list[OcrLine]:
    """Return lines of a piece from top to bottom."""
    import numpy as np  # noqa: PLC0415 - heavy, and only the extra needs it here

    answer = _engine()(np.asarray(_less_long(piece)))
    read = zip(answer.txts or (), answer.scores or (), strict=False)
    return [OcrLine(str(text), float(score)) for text, score in read]


def _less_long(picture: Picture) -> Picture:
    """Return the picture with an empty edge at the right or below, where it is a strip."""
    across, down = picture.size
    size = (max(across, down // LONG), max(down, across // LONG))
    if size == picture.size:
        return picture
    padded = Image.new("RGB", size, picture.getpixel((0, 0)))
    padded.paste(picture)
    return padded


def on_paper(picture: Picture) -> Picture:
    """Remove transparency: on white, or on black where all that is drawn is light.

    Without paper, what is transparent would have whatever colour the programme left there.
    """
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    seen = picture.getchannel("A")
    shades = picture.convert("L").histogram(seen.point(lambda alpha: 255 * (alpha >= 128)))
    is_light = sum(shades[:MIDDLE]) <= HARDLY * sum(shades)
    paper = Image.new("RGB", picture.size, "black" if is_light else "white")
    paper.paste(picture, mask=seen)
    return paper


def open_picture(data: bytes) -> Image.Image | None:
    """Open a picture file; None where it is broken, too large, or too small to hold words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(data))
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < LEAST:
                return None
            picture.load()
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, MemoryError,
                Image.DecompressionBombError):  # fmt: skip
            return None
    return picture


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 - an extra, and seconds to load

    # One thread: the workers already keep every core busy.
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
