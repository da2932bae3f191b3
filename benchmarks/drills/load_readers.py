"""Readers of an archive: one over pages and files, one over Streamlit's protocol."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from load_archive import MadeUpArchive

TIMEOUT = 60.0
"""Seconds after which an answer counts as an error."""
PAGES = {
    "item": 30, "picture": 25, "file": 12, "seminar": 6, "person": 6, "topic": 5, "seminars": 3,
    "people": 3, "topics": 2, "suggest": 6, "csv": 1, "missing": 1,
}  # fmt: skip
"""Which share of clicks goes where."""


@dataclass
class Log:
    """What happened to every click.

    Attributes:
        seconds: kind -> how long each answer took.
        errors: what went wrong, in words.
        busy: answers 503 with Retry-After: a queue was full, and said so.
        reopened: connections that the server had closed between clicks; asked again, as browsers
            do.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    busy: int = 0
    reopened: int = 0


class PageReader:
    """Opens pages, pictures and files one after another, on connections that are kept."""

    def __init__(self, address: str, archive: MadeUpArchive, log: Log, seed: int):
        self._address = address
        self._archive = archive
        self._log = log
        self._chance = random.Random(seed)
        self._client = httpx2.AsyncClient(
            timeout=TIMEOUT, trust_env=False, headers={"Accept-Encoding": "gzip"}
        )

    async def click(self) -> None:
        """Ask for one address; note how long it took and whether it was right."""
        kind = self._chance.choices(list(PAGES), list(PAGES.values()))[0]
        address = self._address + self._path(kind)
        started = time.monotonic()
        try:
            try:
                answer = await self._client.get(address)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
                self._log.reopened += 1
                answer = await self._client.get(address)
        except httpx2.HTTPError as error:
            self._log.errors.append(f"{kind}: {type(error).__name__} {error}"[:200])
            return
        seconds = time.monotonic() - started
        if answer.status_code == 503 and "retry-after" in answer.headers:
            self._log.busy += 1
        elif answer.status_code != (404 if kind == "missing" else 200):
            self._log.errors.append(f"{kind}: {answer.status_code} {address}"[:200])
        elif kind == "file" and not answer.content.startswith(b"%PDF"):
            self._log.errors.append(f"{kind}: not the file, {address}"[:200])
        else:
            self._log.seconds[kind].append(seconds)

    def _path(self, kind: str) -> str:
        chance, archive = self._chance, self._archive
        item, word = chance.choice(archive.items), chance.choice(archive.words)
        return {
            "item": f"/item/{item}",
            "picture": f"/picture/{item}/slides.pdf/{chance.randint(1, 30)}-320.webp",
            "file": f"/file/{item}/slides.pdf",
            "seminar": f"/seminar/{chance.choice(archive.seminars)}",
            "person": f"/person/{chance.choice(archive.people)}",
            "topic": f"/topic/{chance.choice(archive.topics)}",
            "seminars": "/seminars", "people": "/people", "topics": "/topics",
            "suggest": f"/suggest?q={quote(word[: chance.randint(1, 5)])}",
            "csv": f"/results.csv?{urlencode({'q': word})}",
            "missing": f"/item/{quote(word)}/none",
        }[kind]  # fmt: skip

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class SearchReader:
    """Has the search page open: types words, follows choices, turns pages, as its script does."""

    def __init__(self, address: str, archive: MadeUpArchive, log: Log, seed: int):
        self._address = address
        self._archive = archive
        self._log = log
        self._chance = random.Random(seed)
        self._connection: object = None
        self._query = ""
        self._choices: list[str] = []
        self._next_page: list[str] = []

    async def click(self) -> None:
        """Do one thing that runs the page's script again; note how long until it has finished."""
        kind = "search: open" if self._connection is None else self._next_act()
        if kind == "search: words":
            words = self._chance.sample(self._archive.words, self._chance.choice([1, 1, 2]))
            self._query = urlencode({"q": " ".join(words)})
        elif kind == "search: narrow":
            self._query = self._chance.choice(self._choices)
        elif kind == "search: page":
            self._query = self._next_page[0]
        message = BackMsg()
        message.rerun_script.query_string = self._query
        started = time.monotonic()
        try:
            if self._connection is None:
                await self._open()
            await self._connection.send(message.SerializeToString())  # type: ignore[attr-defined]
            async with asyncio.timeout(TIMEOUT):
                wrong = await self._read()
        except (OSError, TimeoutError, ConnectionClosed) as error:
            self._log.errors.append(f"{kind}: {type(error).__name__} {error}"[:200])
            await self.close()
            return
        if wrong:
            self._log.errors.append(f"{kind}: {wrong}"[:300])
        else:
            self._log.seconds[kind].append(time.monotonic() - started)

    def _next_act(self) -> str:
        acts = {"search: words": 5, "search: narrow": 3, "search: page": 2}
        if not self._choices:
            del acts["search: narrow"]
        if not self._next_page:
            del acts["search: page"]
        return self._chance.choices(list(acts), list(acts.values()))[0]

    async def _open(self) -> None:
        address = self._address.replace("http://", "ws://", 1)
        self._connection = await connect(
            f"{address}/_stcore/stream", origin=self._address, subprotocols=["streamlit"],
            max_size=None, proxy=None, open_timeout=TIMEOUT,
        )  # fmt: skip

    async def _read(self) -> str:
        """Read until the script has finished; return what it says went wrong, "" if nothing."""
        said: list[str] = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self._connection.recv())  # type: ignore[attr-defined]
            kind = message.WhichOneof("type")
            if kind == "new_session":  # the script was begun anew
                said.clear()
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                said.append(_text_of(message.delta.new_element))
            elif kind == "script_finished":
                break
        page = "".join(said)
        self._choices = _queries(r'data-href="\?([^"]*)"', page)
        self._next_page = _queries(r'rel="next" href="\?([^"]*)"', page)
        wrong = [text for text in said if "exception: " in text or 'role="alert"' in text]
        is_drawn = re.search(r'class="(total|home)"', page)
        return wrong[0] if wrong else "" if is_drawn else "neither results nor the home were shown"

    async def close(self) -> None:
        """Close the page."""
        connection, self._connection, self._query = self._connection, None, ""
        if connection is not None:
            await connection.close()  # type: ignore[attr-defined]


def _queries(pattern: str, page: str) -> list[str]:
    """Return the queries of a page's links."""
    return [unescape(query) for query in re.findall(pattern, page)]


def _text_of(element: Any) -> str:
    """Return what an element says: markup of the page, or of the component that draws it."""
    match element.WhichOneof("type"):
        case "exception":
            return f"exception: {element.exception.type} {element.exception.message}"
        case "html":
            return str(element.html.body)
        case "bidi_component":
            data = json.loads(element.bidi_component.json or "{}")
            return str(data.get("html", ""))
    return ""


Reader = PageReader | SearchReader


async def read_for(reader: Reader, seconds: float, thinking: float, seed: int) -> None:
    """Click, think about so many seconds, and click again, until the time is over."""
    chance = random.Random(seed)
    until = time.monotonic() + seconds
    await asyncio.sleep(chance.uniform(0, min(thinking, seconds / 2)))
    while time.monotonic() < until:
        await reader.click()
        await asyncio.sleep(chance.uniform(0.5, 1.5) * thinking)
    await reader.close()
