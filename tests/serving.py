"""What tests know of a page that is served, and of who keeps it."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import lxml.html
import pytest
from httpx2 import Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.operate.reindex import Reindexer
from coproarchive.web.access import COOKIE, Access, Visitor
from coproarchive.web.hosts import HostNames
from coproarchive.web.middleware import NotFound, Protect
from coproarchive.web.pages import Pages
from coproarchive.web.routes import routes

HERE = Visitor("127.0.0.1:8501", "127.0.0.1", {}, "http://127.0.0.1:8501")
"""A browser on the machine that serves the page, before its user opened the printed link."""


@dataclass(frozen=True)
class Served:
    """A running page and the folders it is served from.

    Attributes:
        address: what its addresses begin with.
        archive: its folder.
        index: the folder of its index.
        pid: its process.
        link: that was printed for its keeper, "" where there is none.
    """

    address: str
    archive: Path
    index: Path
    pid: int
    link: str

    @property
    def port(self) -> int:
        """The port it is served on."""
        return int(self.address.rpartition(":")[2])


def keeper_here(access: Access, visitor: Visitor = HERE) -> Visitor:
    """The visitor, after opening the link that is printed where the page is served."""
    assert access.link
    session_id = access.enter(token_of(access), visitor)
    assert session_id
    return replace(visitor, cookies={COOKIE: session_id})


def token_of(access: Access) -> str:
    """The secret in the printed link."""
    assert access.link
    return access.link.path.partition("token=")[2]


@contextlib.contextmanager
def serving(folder: Path, archive: Path, port: int = 0, **environment: str) -> Iterator[Served]:
    """`coproarchive serve` as an archivist starts it, until the block ends.

    Args:
        folder: for the index and the log.
        archive: to serve.
        port: to serve it on; 0 for a free one.
        environment: variables of the process beside those of this one.
    """
    index = folder / "index"
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "coproarchive", "serve", "--port", str(port)]
    command += ["--archive", str(archive), "--index", str(index)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=os.environ | environment
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(process, f"{address}/healthz", folder / "log")
            text = (folder / "log").read_text()
            link = re.search(r"http://\S+/keeper\?token=\S+", text)
            yield Served(address, archive, index, process.pid, link[0] if link else "")
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return once the address answers; fail where the process ends or takes a minute."""
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(log.read_text())


METHODS = ["GET", "POST", "PUT"]


def client_of(
    library: Library,
    access: Access | None = None,
    address: str = "testclient",
    reindexer: Reindexer | None = None,
) -> TestClient:
    """The routes with their middleware, and a stand-in for Streamlit's own page.

    Args:
        address: of the client.
        reindexer: of the process.
    """
    # As Streamlit does: whatever is asked, its page is the answer.
    streamlit = Route("/{path:path}", lambda _: PlainTextResponse("streamlit"), methods=METHODS)
    access = access or Access(library.settings)
    ours = routes(library, access, reindexer)
    app = Starlette(
        routes=[*ours, streamlit],
        middleware=[
            Middleware(Protect, access=access, names=HostNames(library)),
            Middleware(NotFound, pages=Pages(library), routes=ours),
        ],
    )
    return TestClient(app, base_url=HERE.origin, client=(address, 50_000))


class DeskClient:
    """A keeper's browser at this machine, signed in by the printed link.

    Args:
        client: of the app.
    """

    def __init__(self, client: TestClient):
        self.client = client

    def get(self, address: str) -> Response:
        """Open a page."""
        return self.client.get(address, follow_redirects=False)

    def post(self, address: str, fields: Mapping[str, Any] | None = None, **sent: Any) -> Response:
        """Send a form: its token and the Origin are added, where they are not given."""
        headers = {"Origin": HERE.origin} | sent.pop("headers", {})
        data = {"token": self.token()} | dict(fields or {})
        return self.client.post(address, data=data, headers=headers, follow_redirects=False, **sent)

    def token(self) -> str:
        """The token of the session's forms."""
        return token_in(self.get("/desk").text)

    def follow(self, answer: Response) -> Response:
        """Open the page that an answer leads to."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def form(self, address: str) -> dict[str, Any]:
        """What a browser would send of the longest form of a page, were nothing changed."""
        return fields_in(self.get(address).text)


def token_in(html: str) -> str:
    """The token of a page's form."""
    return html.partition('name="token" value="')[2].partition('"')[0]


def fields_in(html: str) -> dict[str, Any]:
    """What a browser would send of the form with the most fields."""
    page: Any = lxml.html.document_fromstring(html)
    form = max(page.forms, key=lambda f: len(f.inputs))
    fields: dict[str, Any] = {}
    texts = {area.get("name") for area in form.iter("textarea")}
    for name, value in form.form_values():
        # As browsers do: the line break after the tag is none of the text.
        text = value.removeprefix("\n") if name in texts else value
        fields.setdefault(name, []).append(text)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


@contextlib.contextmanager
def desk_of(library: Library, reindexer: Reindexer | None = None) -> Iterator[DeskClient]:
    """The desk of a library, opened by its keeper."""
    access = Access(library.settings)
    with client_of(library, access, "127.0.0.1", reindexer) as client:
        assert access.link
        client.get(access.link.path)
        yield DeskClient(client)


def addresses_of(table: Iterable[object], values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield an address of each route for each of the values that its parameters may have.

    Args:
        table: routes.
        values: name and convertor of a parameter, as routes have it -> what to put there; "x"
            where there is none.
    """
    for route in table:
        path = getattr(route, "path", "")
        names = re.findall(r"\{([^}]*)\}", path)
        for chosen in itertools.product(*(values.get(name, ["x"]) for name in names)):
            address = path
            for name, value in zip(names, chosen, strict=True):
                address = address.replace(f"{{{name}}}", value, 1)
            yield address


async def asked_raw(app: Any, path: str, query: bytes = b"") -> tuple[int, bytes]:
    """Ask an app what no client would send, a path or a query; return status and body."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": quote(path).encode(),
        "root_path": "", "query_string": query, "headers": [(b"host", b"127.0.0.1:8501")],
        "client": ("192.0.2.1", 5), "server": ("127.0.0.1", 8501), "scheme": "http",
        "http_version": "1.1", "app": app,
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])
