"""Pictures drawn before anybody asks: by `index` when it is done, and by `serve` all the time.

One file after another, newest talks first, in a worker that gives way to everything else; never
into a disk that has little room. What is drawn is noted in the folder of the file's pictures, so
that the next round passes over it. `index` leaves it to a process of its own
(`python -m coproarchive.operate.pictures_ahead`), which ends after INDEX_SECONDS; of several
processes one draws.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping

from filelock import FileLock, Timeout

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError
from coproarchive.extract.worker import Job
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.model import Asset, Item
from coproarchive.pictures import Pictures
from coproarchive.settings import load_settings

ROOM = 2_000_000_000
"""Bytes of the disk that pictures drawn ahead leave free."""
NICENESS = 15
"""How far drawing stands back behind other work (POSIX nice)."""
INDEX_SECONDS = 600.0
"""How long `index` draws at most; `serve` draws the rest."""
LOOK_SECONDS = 5.0
"""Seconds between two looks at whether records changed."""


class PicturesAhead:
    """Draws the pictures of an archive that are not there yet.

    Args:
        library: whose public items are drawn.
    """

    def __init__(self, library: Library):
        self._library = library
        settings = library.settings
        folder = settings.index / "pictures"
        self._pictures = Pictures(folder, settings.limits(), library.office, NICENESS)
        self._lock = FileLock(folder / "ahead.lock", timeout=0)
        self._drawn_for: Catalogue | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to draw in a thread, now and after each change of records."""
        self._thread = threading.Thread(target=self._run, name="pictures-ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop drawing."""
        self._stop.set()
        self._pictures.close()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                with contextlib.suppress(CoproArchiveError):  # readers are told when they ask
                    if self._library.public() is not self._drawn_for:
                        self.draw()
                    self._stop.wait(LOOK_SECONDS)
            except Exception as error:  # noqa: BLE001 - the next round may do better
                log(logging.ERROR, "Pictures could not be drawn ahead.", error=error)
                self._stop.wait(60)

    def draw(self, seconds: float = math.inf) -> bool:
        """Draw what is missing, until it is there or the time is over.

        Returns:
            Whether all is there that can be drawn; not where another process draws.

        Raises:
            ArchiveError: the records cannot be read.
        """
        until = time.monotonic() + seconds
        catalogue = self._library.public()
        files = list(self._files(catalogue))
        if not files:
            self._drawn_for = catalogue
            return True
        try:
            self._pictures.folder.mkdir(parents=True, exist_ok=True)
            with self._lock:
                for item, asset in files:
                    if self._stop.is_set() or time.monotonic() > until or not self._has_room():
                        return False
                    self._draw_file(item, asset, until)
        except (Timeout, OSError):  # a full or read-only disk costs the pictures, no more
            return False
        self._drawn_for = catalogue
        return True

    def _files(self, catalogue: Catalogue) -> Iterator[tuple[Item, Asset]]:
        """Yield the files that are not drawn yet, those of the newest talks first."""
        for item in sorted(catalogue.items.values(), key=catalogue.order, reverse=True):
            for asset in item.assets:
                if self._pictures.is_to_draw(asset.sha256, asset.media_type):
                    yield item, asset

    def _draw_file(self, item: Item, asset: Asset, until: float) -> None:
        extraction = self._library.reader.cached(asset.sha256, asset.media_type)
        if extraction is None or not extraction.leaves:
            return  # not read yet: it comes with the next round
        with contextlib.suppress(CoproArchiveError):
            path = self._library.store.asset_path(item.id, asset.path)
            job = Job(path, asset.sha256, asset.media_type)
            steps = self._pictures.draw_ahead(job, extraction.leaves[-1].number)
            for _ in steps:
                while self._pictures.is_drawing and not self._stop.is_set():
                    time.sleep(0.02)
                if self._stop.is_set() or time.monotonic() > until:
                    return

    def _has_room(self) -> bool:
        folder = self._library.settings.index
        with contextlib.suppress(OSError):
            return shutil.disk_usage(folder).free > ROOM
        return False


def draw_aside(environment: Mapping[str, str]) -> None:
    """Begin to draw in a process of its own, which nobody waits for.

    Args:
        environment: of that process; has the settings.
    """
    command = [sys.executable, "-P", "-m", "coproarchive.operate.pictures_ahead"]
    nothing = subprocess.DEVNULL
    with contextlib.suppress(OSError):
        subprocess.Popen(  # noqa: S603 - our own interpreter
            command, env=dict(environment), stdin=nothing, stdout=nothing, stderr=nothing,
            start_new_session=True,
        )  # fmt: skip


def main() -> int:
    """Draw for INDEX_SECONDS at most, with low priority; return an exit code of errors.py."""
    with contextlib.suppress(OSError, AttributeError):  # not on Windows
        os.nice(NICENESS)
    with contextlib.closing(Library(load_settings().settings)) as library:
        ahead = PicturesAhead(library)
        try:
            ahead.draw(INDEX_SECONDS)
        except CoproArchiveError as error:
            return error.exit_code
        finally:
            ahead.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
