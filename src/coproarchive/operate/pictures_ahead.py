"""Pictures drawn before anybody asks: by `index` when it is done, and by `serve` all the time.

One file after another, newest talks first, in a worker that gives way to everything else; never
into a disk that has little room. What is drawn is noted in the folder of the file's pictures, so
that the next round passes over it.
"""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import threading
import time
from collections.abc import Iterator

from coproarchive.catalogue import Catalogue
from coproarchive.errors import CoproArchiveError
from coproarchive.extract.worker import Job
from coproarchive.library import Library
from coproarchive.logs import log
from coproarchive.model import Asset, Item
from coproarchive.pictures import Pictures
from coproarchive.progress import Progress, silent

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
        self._pictures = Pictures(
            library.pictures.folder, library.settings.limits(), library.office, NICENESS
        )
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
            except Exception as error:  # noqa: BLE001 - the next round may do better
                log(logging.ERROR, "Pictures could not be drawn ahead.", error=error)
                self._stop.wait(60)

    def draw(self, progress: Progress = silent, seconds: float = math.inf) -> bool:
        """Draw what is missing, until it is there or the time is over.

        Returns:
            Whether all is there that can be drawn.
        """
        until = time.monotonic() + seconds
        catalogue = self._library.public()
        files = list(self._files(catalogue))
        for number, (item, asset) in enumerate(files, start=1):
            if self._stop.is_set() or time.monotonic() > until or not self._has_room():
                return False
            progress("drawing pictures", number, len(files), asset.path)
            self._draw_file(item, asset, until)
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
