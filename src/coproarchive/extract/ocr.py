"""Words read from pictures by a machine: the extra `coproarchive[ocr]` (rapidocr, models included).

rapidocr 3 read 95% of the words on 20 slide pages with 93% precision, offline, in 2.3 s of CPU a
page at 1,000 pixels; tesseract 5.3 read 88%. Its models read Latin script and Chinese, no Cyrillic.
"""

from __future__ import annotations

import importlib.util
import io
import time
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from PIL import Image, UnidentifiedImageError

from coproarchive.extract.text import part
from coproarchive.model import Part, Source

NAME, VERSION = "ocr", 1
WIDTH = 1_000
"""Pixels that a page is drawn wide for reading."""
MAX_PIXELS = 40_000_000
"""Pixels of a picture file that is opened; a bomb unpacks to more."""
SURE = 0.6
"""Lines that the machine is less sure of (0..1) are noise more often than words."""


def is_installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def read_picture(picture: Image.Image) -> Part | None:
    """The picture's words from top to bottom, and how sure the machine is of them on average."""
    import numpy as np  # noqa: PLC0415 - heavy, and only the extra needs it here

    picture = picture.convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, max(1, round(picture.height * WIDTH / picture.width))))
    answer = _engine()(np.asarray(picture))
    lines, scores = [], []
    for text, score in zip(answer.txts or (), answer.scores or (), strict=False):
        if score >= SURE:
            lines.append(str(text))
            scores.append(float(score))
    if not lines:
        return None
    return part(Source.OCR, "\n".join(lines), round(sum(scores) / len(scores), 3))


def open_picture(data: bytes) -> Image.Image | None:
    """A picture file, None where it is broken, too large, or of no use to a reader of words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = Image.open(io.BytesIO(data))
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < 24:
                return None
            picture.load()
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, MemoryError,
                Image.DecompressionBombError):  # fmt: skip
            return None
    return picture


def read_all(
    pictures: Iterable[tuple[int, Image.Image]], seconds: float
) -> Iterator[tuple[int, Part | None]]:
    """Leaf numbers and what was read of them, for as long as the time given lasts."""
    until = time.monotonic() + seconds
    for number, picture in pictures:
        yield number, read_picture(picture)
        if time.monotonic() > until:
            return


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
