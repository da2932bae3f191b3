"""Readers of an archive: one over pages and files, one over Streamlit's protocol."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
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
    """Has the search page open: types words, ticks boxes, turns pages."""

    def __init__(self, address: str, archive: MadeUpArchive, log: Log, seed: int):
        self._address = address
        self._archive = archive
        self._log = log
        self._chance = random.Random(seed)
        self._connection: object = None
        self._query = ""
        self._states: dict[str, str | bool] = {}
        self._widgets: dict[str, list[str]] = {}

    async def click(self) -> None:
        """Do one thing that runs the page's script again; note how long until it has finished."""
        kind = "search: open" if self._connection is None else self._next_act()
        message = BackMsg()
        if kind == "search: words":
            self._states[self._widgets["words"][0]] = " ".join(
                self._chance.sample(self._archive.words, self._chance.choice([1, 1, 2]))
            )
        elif kind == "search: narrow":
            box = self._chance.choice(self._widgets["narrow"])
            self._states[box] = not self._states.get(box, False)
        elif kind == "search: page":
            button = message.rerun_script.widget_states.widgets.add()
            button.id, button.trigger_value = self._widgets["button"][-1], True
        message.rerun_script.query_string = self._query
        for name, value in self._states.items():
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = name
            if isinstance(value, bool):
                widget.bool_value = value
            else:
                widget.string_value = value
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
        if not self._widgets.get("narrow"):
            del acts["search: narrow"]
        if not self._widgets.get("button"):
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
        widgets: dict[str, list[str]] = defaultdict(list)
        said: list[str] = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self._connection.recv())  # type: ignore[attr-defined]
            kind = message.WhichOneof("type")
            if kind == "new_session":  # the script was begun anew
                widgets.clear()
                said.clear()
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                _note(message.delta.new_element, widgets, said)
            elif kind == "script_finished":
                break
        self._widgets = widgets
        known = {i for ids in widgets.values() for i in ids}
        self._states = {i: v for i, v in self._states.items() if i in known}
        wrong = [text for text in said if "exception: " in text or 'role="alert"' in text]
        found = any("found" in text for text in said)
        return wrong[0] if wrong else "" if found else "no number of results was shown"

    async def close(self) -> None:
        """Close the page."""
        connection, self._connection, self._query, self._states = self._connection, None, "", {}
        if connection is not None:
            await connection.close()  # type: ignore[attr-defined]


def _note(element: Any, widgets: dict[str, list[str]], said: list[str]) -> None:
    """Note what a reader can use next, and what the page says."""
    name = element.WhichOneof("type")
    if name == "exception":
        said.append(f"exception: {element.exception.type} {element.exception.message}")
    elif name == "html":
        said.append(element.html.body)
    elif name == "text_input" and element.text_input.id.endswith("-words"):
        widgets["words"].append(element.text_input.id)
    elif name == "checkbox":
        widgets["narrow"].append(element.checkbox.id)
    elif name == "button" and element.button.label == "Next page" and not element.button.disabled:
        widgets["button"].append(element.button.id)


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
