"""A picture of every page and slide: made when somebody first asks, in the background, and kept.

    index/pictures/<drawer's version>/<2 letters>/<sha256>/
        <number>-<width>.<checksum>.webp
        <number>.<hash>.<checksum>.dhash    empty: the name has the picture's difference hash
        slides.<checksum>.pdf               of a deck, see drawing.py
        not-drawn.txt                       why, and by which drawer
        whole.txt                           empty: all of the file was drawn ahead

The checksum is that of the file's bytes (CRC-32, 8 hexadecimal digits): a picture that differs is
named in the log, removed, and drawn again.

Nobody waits for a picture: until it is there, or where it cannot be drawn, a quiet card stands in.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import textwrap
import time
import uuid
import zlib
from collections.abc import Collection, Iterator
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from threading import Lock

from PIL import Image, ImageDraw, ImageFont

from coproarchive.extract.base import Helpers, Limits
from coproarchive.extract.drawing import VERSION, Drawing, can_draw, draw
from coproarchive.extract.office import PDF
from coproarchive.extract.worker import Job, Workers

WIDTHS = (320, 1000)
"""Pixels: beside a result, and as wide as a column of text."""
BLOCK = 12
"""Pages drawn at one opening of a file, since who looks at one looks at the next."""
WAITING = 200
"""Requests that may wait; more are turned away with a card, and come again with the reader."""
RETRY_SECONDS = 60.0
"""After a full disk or one that fails, the next drawing of the file is tried so much later."""

_WHOLE = "whole.txt"

log = logging.getLogger(__name__)

_PAPER, _INK, _QUIET, _LINE = "#f5f1e8", "#3a4448", "#7a8488", "#ddd4c5"


class Pictures:
    """Pictures of leaves. Thread-safe; no call waits for a drawing.

    Args:
        folder: where they are kept; may be deleted.
        limits: memory and seconds of one drawing.
        office: LibreOffice's `soffice`, "" for none.
        niceness: how far drawing stands back behind other work (POSIX nice).

    Attributes:
        folder: see above.
    """

    def __init__(self, folder: Path, limits: Limits, office: str, niceness: int = 0):
        self.folder = folder
        self._folder = folder / str(VERSION)
        self._niceness = niceness
        self._limits = limits
        self._helpers = Helpers(office)
        # One: drawing is for looks, reading and searching come first.
        self._workers = Workers(1, limits, folder.parent / "scratch")
        self._requests: set[tuple[str, int, int]] = set()
        self._not_before: dict[Path, float] = {}
        self._is_swept = False
        self._lock = Lock()

    def get(self, job: Job, number: int, width: int, leaves: int) -> Path | None:
        """Return the picture's file; None where it is not there yet, or never will be.

        Args:
            job: the file.
            number: 1-based page or slide.
            width: one of WIDTHS.
            leaves: how many pages or slides the file has.
        """
        folder = self._folder_of(job.sha256)
        path = _stored_picture(folder, f"{number}-{width}", "webp")
        if path is not None:
            return path
        if can_draw(job.media_type, self._helpers.office) and not self._gave_up(folder):
            self._draw(job, number, width, leaves)
        return None

    def hashes_of(self, sha256: str) -> dict[int, int]:
        """Return number of a page -> difference hash of its picture, of those that were drawn."""
        hashes = {}
        for path in self._folder_of(sha256).glob("*.*.*.dhash"):
            number, value, _ = path.name.split(".", 2)
            # A name can be damaged too: what was not written is no hash.
            if path.name == _name(f"{number}.{value}", f"{number}.{value}".encode(), "dhash"):
                hashes[int(number)] = int(value, 16)
        return hashes

    def can_draw(self, sha256: str, media_type: str) -> bool:
        """Test whether pictures of a file are there, or may come."""
        is_drawn = can_draw(media_type, self._helpers.office)
        return is_drawn and not self._gave_up(self._folder_of(sha256))

    def made_pdf(self, sha256: str, *, is_checked: bool) -> Path | None:
        """Return the PDF that was made of a deck, None where there is none.

        Args:
            sha256: of the deck.
            is_checked: whether its bytes are compared with its checksum.
        """
        folder = self._folder_of(sha256)
        if is_checked:
            return _stored_picture(folder, "slides", "pdf")
        return next(folder.glob("slides.*.pdf"), None)

    def is_to_draw(self, sha256: str, media_type: str) -> bool:
        """Test whether pictures of a file may be missing; see draw_ahead."""
        is_whole = (self._folder_of(sha256) / _WHOLE).exists()
        return not is_whole and self.can_draw(sha256, media_type)

    def draw_ahead(self, job: Job, leaves: int) -> Iterator[None]:
        """Draw the missing pictures of a file, a block a step, then note that they are there.

        The caller waits for the end of each drawing, and may stop.
        """
        folder = self._folder_of(job.sha256)
        for width in WIDTHS:
            for first in range(1, leaves + 1, BLOCK):
                block = range(first, min(first + BLOCK, leaves + 1))
                if any(not list(folder.glob(f"{n}-{width}.*.webp")) for n in block):
                    self._draw(job, first, width, leaves)
                    yield
                    if self._gave_up(folder):
                        return
        with contextlib.suppress(OSError):
            if folder.is_dir():
                (folder / _WHOLE).touch()

    def keep_only(self, hashes: Collection[str]) -> None:
        """Remove the pictures of all files but those with these hashes."""
        for folder in self._folder.glob("??/*"):
            if folder.name not in hashes:
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def is_drawing(self) -> bool:
        """Whether pictures are being drawn."""
        return bool(self._requests)

    @property
    def waiting(self) -> int:
        """Drawings that are asked for and not done."""
        return len(self._requests)

    def close(self) -> None:
        """Stop drawing."""
        self._workers.close()

    def _remove_other_versions(self) -> None:
        """Remove pictures that another version drew: nobody asks for them again."""
        for folder in self._folder.parent.glob("[0-9]*"):
            if folder != self._folder:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder_of(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    def _drawer(self) -> str:
        """Name the drawer and its limit: what one could not draw is tried again by another."""
        return f"{self._helpers.office or 'no office'} {self._limits.seconds:g} s"

    def _gave_up(self, folder: Path) -> bool:
        if time.monotonic() < self._not_before.get(folder, 0.0):
            return True
        try:
            first = (folder / "not-drawn.txt").read_text(encoding="utf-8").partition("\n")[0]
        except OSError:
            return False
        return first == self._drawer()

    def _draw(self, job: Job, number: int, width: int, leaves: int) -> None:
        first = (number - 1) // BLOCK * BLOCK + 1
        key = (job.sha256, first, width)
        folder = self._folder_of(job.sha256)
        with self._lock:
            if not self._is_swept:
                self._is_swept = True
                self._remove_other_versions()
            if key in self._requests or len(self._requests) >= WAITING:
                return
            deck = _stored_picture(folder, "slides", "pdf")
            is_converted = job.media_type == PDF or deck is not None
            if not is_converted and any(sha256 == job.sha256 for sha256, _, _ in self._requests):
                return  # a deck is converted once; what else is asked meanwhile comes again
            self._requests.add(key)
        numbers = [
            n
            for n in range(first, min(first + BLOCK, leaves + 1))
            if _stored_picture(folder, f"{n}-{width}", "webp") is None
        ]
        source = job if deck is None else Job(deck, "", PDF)
        scratch = self._workers.scratch
        helpers = Helpers(self._helpers.office, scratch=scratch)
        future = self._workers.schedule(
            draw, source.path, source.sha256, source.media_type, numbers, width, leaves,
            self._limits, helpers, self._niceness,
        )  # fmt: skip
        future.add_done_callback(lambda done: self._keep(done, key, folder, scratch))

    def _keep(
        self, done: Future[Drawing], key: tuple[str, int, int], folder: Path, scratch: str
    ) -> None:
        """Write a drawing's result, in the pool's thread, when it has ended, however it did."""
        drawn: Drawing | None
        # The index may have been deleted meanwhile, with what was converted: no fault of the file.
        is_lost = self._workers.has_lost(scratch)
        try:
            drawn = done.result(timeout=0)
        except BaseException as error:  # noqa: BLE001 - a crash, the time limit, or closing
            is_passing = done.cancelled() or (isinstance(error, OSError) and bool(error.errno))
            drawn = None if is_passing else Drawing({}, why=f"{type(error).__name__}")
            if is_passing and not is_lost:
                self._not_before[folder] = time.monotonic() + RETRY_SECONDS
        if drawn is not None and drawn.why and is_lost:
            drawn = None
        try:
            if drawn is not None:
                _write(drawn, key[2], folder, self._drawer(), Path(scratch))
        finally:
            with self._lock:
                self._requests.discard(key)


def _stored_picture(folder: Path, stem: str, ending: str) -> Path | None:
    """Return a file that is what was written; None where there is none."""
    for path in folder.glob(f"{stem}.*.{ending}"):
        with contextlib.suppress(OSError):
            if path.name == _name(stem, path.read_bytes(), ending):
                return path
            log.warning("%s: this picture is damaged and was removed; it is drawn again.", path)
            path.unlink()
    return None


def _name(stem: str, data: bytes, ending: str) -> str:
    return f"{stem}.{zlib.crc32(data):08x}.{ending}"


def _write(drawn: Drawing, width: int, folder: Path, drawer: str, scratch: Path) -> None:
    """Keep what was drawn; what a kill leaves half-written is in `scratch`, which is swept."""
    with contextlib.suppress(OSError):  # a full disk costs the pictures, no more
        folder.mkdir(parents=True, exist_ok=True)
        if drawn.deck:
            deck = Path(drawn.deck)
            shutil.move(deck, folder / _name("slides", deck.read_bytes(), "pdf"))
        if drawn.why:
            _write_whole(folder / "not-drawn.txt", f"{drawer}\n{drawn.why}\n".encode(), scratch)
        for number, picture in drawn.pictures.items():
            name = _name(f"{number}-{width}", picture, "webp")
            _write_whole(folder / name, picture, scratch)
        for number, value in drawn.hashes.items():
            stem = f"{number}.{value:016x}"
            if not any(folder.glob(f"{number}.*.dhash")):  # of another width
                _write_whole(folder / _name(stem, stem.encode(), "dhash"), b"", scratch)


def _write_whole(path: Path, data: bytes, scratch: Path) -> None:
    temporary = scratch / f"{uuid.uuid4().hex}.tmp"
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@lru_cache(maxsize=4096)
def size_of(picture: Path) -> tuple[int, int]:
    """Return width and height in pixels; the name of a picture has its checksum."""
    with Image.open(picture) as opened:
        return opened.size


# ------------------------------------------------------------------- cards


@lru_cache(maxsize=256)
def card(place: str, title: str, text: str, width: int) -> bytes:
    """Make a quiet card instead of a picture, as WebP: its place, its title, its first words.

    Letters that the built-in font does not have are shown as lines, as a sketch shows text.
    """
    height = width * 9 // 16
    picture = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(picture)
    edge = width // 16
    pen.rectangle((0, 0, width - 1, height - 1), outline=_LINE)
    pen.text((edge, edge // 2), place, font=_font(width // 24), fill=_QUIET)
    at = edge // 2 + width // 12
    if _can_write(f"{title}{text}"):
        at = _write_lines(pen, (edge, at), title, width, width // 15, 2, _INK)
        _write_lines(pen, (edge, at + edge // 3), text, width, width // 24, 5, _QUIET)
    else:
        for line in range(4):
            length = (width - 2 * edge) * (1.0, 0.8, 0.9, 0.5)[line]
            y = at + line * width // 14
            pen.rectangle((edge, y, edge + length, y + width // 60), fill=_LINE)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=0)
    return buffer.getvalue()


def _write_lines(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, size: int, most: int,
    ink: str,
) -> int:  # fmt: skip
    """Write lines that fit, at most so many; the place below them."""
    x, y = at
    room = max(8, int((width - 2 * x) / (size * 0.52)))
    lines = textwrap.wrap(text, room, max_lines=most, placeholder=" …")
    for line in lines:
        if y + size > width * 9 // 16 - x // 3:
            break
        pen.text((x, y), line, font=_font(size), fill=ink)
        y += size * 5 // 4
    return y


def _can_write(text: str) -> bool:
    return all(ord(letter) < 0x250 or letter in "–—‘’“”•…→€" for letter in text)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))
