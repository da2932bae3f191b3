"""Memory and time of reading a large export, streamed from a generator through a pipe.

    python benchmarks/wordpress_big.py [--megabytes 200] [--posts 2000] [--import]

Without --import the export is read once, as the importer's passes do, and the process's largest
resident size is said for a tenth of the size and for the whole: it should not grow. With --import
an export of that size is written to a temporary folder and imported in a dry run.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from blogs import export, post
from coproarchive.ingest.wordpress import Options, import_site
from coproarchive.ingest.wordpress.wxr import WxrSource
from coproarchive.model import Series
from coproarchive.store import Store

WORDS = "Bread is baked by many hands, and the oven belongs to everybody who feeds it. " * 4


def pieces(megabytes: float, posts: int) -> Iterator[bytes]:
    """An export of so many megabytes in so many posts, every twentieth a seminar's programme."""
    head, tail = export().split("</channel>")
    yield head.encode()
    size = int(megabytes * 1024 * 1024 / posts)
    text = f"<p>{WORDS}</p>\n" * max(1, size // (len(WORDS) + 8))
    for number in range(1, posts + 1):
        day = f"{2000 + number % 20}-{number % 12 + 1:02}-{number % 28 + 1:02}"
        about = ""
        if number % 20 == 0:
            about = (
                f"<p>{day}</p><p>10.00 Welcome</p><p>10.30 Talk {number} by Ada Baker</p>"
                "<p>12.00 Lunch</p>"
            )
        yield post(number, f"Meeting of bakers, part {number}", about + text, date=day).encode()
    yield f"</channel>{tail}".encode()


def peak() -> float:
    """Largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(megabytes: float, posts: int) -> tuple[int, float]:
    """Read an export from a pipe; posts found and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xml"
        os.mkfifo(path)

        def write() -> None:
            with path.open("wb") as file:
                for piece in pieces(megabytes, posts):
                    file.write(piece)

        writer = threading.Thread(target=write)
        writer.start()
        start = time.perf_counter()
        found = sum(1 for _ in WxrSource([path]).posts())
        writer.join()
        return found, time.perf_counter() - start


def main() -> None:
    """Print a line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--posts", type=int, default=2_000)
    parser.add_argument("--import", action="store_true", dest="whole")
    given = parser.parse_args()
    if not given.whole:
        for share in (0.1, 1.0):
            size, posts = given.megabytes * share, max(1, int(given.posts * share))
            found, seconds = read(size, posts)
            print(f"{size:.0f} MB, {found} posts: {seconds:.1f} s, peak {peak():.0f} MiB")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xml"
        with path.open("wb") as file:
            for piece in pieces(given.megabytes, given.posts):
                file.write(piece)
        store = Store.create(Path(folder) / "archive", Series(title="Bread"))
        start = time.perf_counter()
        report = import_site(store, WxrSource([path]), Options(dry_run=True))
        seconds = time.perf_counter() - start
        print(f"{given.megabytes:.0f} MB, dry run: {report.summary()}")
        print(f"{seconds:.1f} s, peak {peak():.0f} MiB")


if __name__ == "__main__":
    main()
