"""One request to the plain pages, without a server: what a reader is handed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from coproarchive.library import Library
from drills.scenes import settings_of


def fetched_all(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return status and body of /file/<place> of every public file of a scene's archive."""
    with contextlib.closing(Library(settings_of(folder))) as library:
        items = library.public().items.values()
        places = [f"{item.id}/{asset.path}" for item in items for asset in item.assets]
        return {place: _fetched(library, place) for place in places}


def fetched(folder: Path, place: str) -> tuple[int, bytes]:
    """Return status and body of /file/<place> of a scene's archive."""
    with contextlib.closing(Library(settings_of(folder))) as library:
        return _fetched(library, place)


def _fetched(library: Library, place: str) -> tuple[int, bytes]:
    from starlette.requests import Request

    from coproarchive.web.downloads import Downloads
    from coproarchive.web.pages import Pages

    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": f"/file/{place}", "query_string": b"",
        "raw_path": quote(f"/file/{place}").encode(), "headers": [(b"host", b"localhost")],
        "path_params": {"path": place}, "server": ("localhost", 80), "scheme": "http",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def answer() -> None:
        response = Downloads(library, Pages(library)).file(Request(scope))

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()  # the reader stays; nothing more is sent
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await response(scope, receive, send)

    asyncio.run(answer())
    body = b"".join(message.get("body", b"") for message in sent)
    return int(sent[0]["status"]), body
