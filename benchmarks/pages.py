"""How soon a slide's page leaves the server, in an archive of many slides, beside a static file.

    python benchmarks/pages.py [--leaves 100000] [--pages 300] [--json]

The app's own routes with what stands before them, asked in this process as a server would ask: no
socket, no browser. Pages of random slides of a made-up archive, with words to find in every third,
each the first time that it is asked for; then again. The static file has the size of the usual page
and is answered by the same stack. Ends with exit code 1 where the median is 10 ms or more.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

import speed
from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.store import Store
from coproarchive.web.access import Access
from coproarchive.web.hosts import HostNames
from coproarchive.web.middleware import Protect
from coproarchive.web.routes import routes
from made_up import Archive

MOST_MS = 10.0
"""Milliseconds that the median may take."""


def library_of(archive: Archive, root: Path) -> Library:
    """Open a library whose records and texts are the made-up archive's, over a built index."""
    Store.create(root / "archive", archive.catalogue.series)
    settings = Settings(archive=root / "archive", index=root / "index", office="off")
    library = Library(settings)
    catalogue = archive.catalogue
    public = catalogue.for_public()
    library.__dict__["reader"] = archive.reader
    library.public = lambda: public  # type: ignore[method-assign]  # no record lies on the disk
    library.catalogue = lambda *_: catalogue  # type: ignore[method-assign]
    return library


class Asker:
    """Asks an app for pages, one after another.

    Args:
        app: to ask.
    """

    def __init__(self, app: Any):
        self._app = app
        self._loop = asyncio.new_event_loop()

    def ask(self, address: str) -> tuple[float, int]:
        """Return milliseconds and bytes of an answer. Raises ValueError for any but a 200."""
        path, _, query = address.partition("?")
        sent: list[Any] = []
        requests = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            # A file is sent until whoever asked is gone, who stays here.
            return requests.pop() if requests else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
            "root_path": "", "query_string": query.encode(), "http_version": "1.1",
            "headers": [(b"host", b"127.0.0.1:8501")], "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 8501), "scheme": "http", "app": self._app,
        }  # fmt: skip
        started = time.perf_counter()
        self._loop.run_until_complete(self._app(scope, receive, send))
        took = (time.perf_counter() - started) * 1000
        if sent[0]["status"] != 200:
            raise ValueError(f"{address}: {sent[0]['status']}")
        return took, sum(len(message.get("body", b"")) for message in sent[1:])


def figures(leaves: int, pages: int, root: Path) -> dict[str, Any]:
    """Build, ask, and return medians, 95th percentiles and ratios."""
    archive = Archive(leaves, root / "texts", None)
    speed.build(root / "index", leaves, root / "other", None)
    library = library_of(archive, root)
    static = root / "page.html"

    def file(_: Request) -> Response:
        return FileResponse(static)

    app = Starlette(
        routes=[Route("/static", file), *routes(library, Access(library.settings))],
        middleware=[Middleware(Protect, access=Access(library.settings), names=HostNames(library))],
    )
    asker, rng = Asker(app), random.Random(3)
    addresses = []
    for number in range(pages):
        talk = rng.choice(archive.talks)
        leaf = rng.randint(1, len(talk.bodies))
        word = rng.choice(talk.bodies[leaf - 1].split())
        addresses.append(f"/item/{talk.id}/page/{leaf}" + (f"?q={word}" if number % 3 == 0 else ""))
    asker.ask(addresses[0])  # opens the index
    gc.collect()
    gc.freeze()  # as the server does when it is warm
    first = [asker.ask(address) for address in addresses]
    again = [asker.ask(address)[0] for address in addresses]
    size = int(np.median([size for _, size in first]))
    static.write_bytes(b"x" * size)
    asker.ask("/static")
    statics = [asker.ask("/static")[0] for _ in addresses]
    library.close()
    cold = speed.summary([took for took, _ in first])
    baseline = speed.summary(statics)
    return {
        "leaves": sum(len(talk.bodies) for talk in archive.talks),
        "pages": pages,
        "first_ms": cold,
        "again_ms": speed.summary(again),
        "static_ms": baseline,
        "first_to_static": round(cold["p50"] / baseline["p50"], 1),
        "bytes_p50": size,
        "bytes_most": max(size for _, size in first),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--leaves", type=int, default=100_000, metavar="N")
    parser.add_argument("--pages", type=int, default=300, metavar="N")
    parser.add_argument("--json", action="store_true", help="for a program to read")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = figures(arguments.leaves, arguments.pages, Path(folder))
    if arguments.json:
        print(json.dumps(told, indent=2))
    else:
        print("\n".join(f"{name.replace('_', ' '):20}{value}" for name, value in told.items()))
    return 0 if told["first_ms"]["p50"] < MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
