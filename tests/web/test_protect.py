"""What is done to every request and answer, asked of the middleware itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.web import render
from coproarchive.web.access import COOKIE, Access
from coproarchive.web.hosts import HostNames
from coproarchive.web.middleware import Protect
from serving import client_of, keeper_here

OWN = "127.0.0.1:8501"
UPLOAD = "/_stcore/upload_file/a/b"


class Asked:
    """One request through the middleware, and what came of it.

    Attributes:
        passed: the scope that the app was given; None where it was not asked.
        sent: the messages that came back.
    """

    def __init__(self, protect: Protect, cell: list[Scope], scope: dict[str, Any]):
        self.sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        with ThreadPoolExecutor(1) as thread:  # a browser test may have left a loop in ours
            thread.submit(asyncio.run, protect(scope, receive, send)).result()
        self.passed = cell[0] if cell else None

    @property
    def status(self) -> int:
        """Of an HTTP answer."""
        return int(self.sent[0]["status"])

    def headers(self, name: str) -> list[str]:
        """The values of a header."""
        return [v.decode() for k, v in self.sent[0]["headers"] if k.decode().lower() == name]


def ask(
    library: Library,
    path: str = "/item/x",
    *,
    answers: dict[str, str] | None = None,
    access: Access | None = None,
    shell: str = "",
    kind: str = "http",
    query: bytes = b"",
    scheme: str = "http",
    **headers: str,
) -> Asked:
    """Ask for a path; the app behind answers 200 with the headers `answers`."""
    cell: list[Scope] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        cell.append(scope)
        if scope["type"] == "http":
            raw = [(k.lower().encode(), v.encode()) for k, v in (answers or {}).items()]
            await send({"type": "http.response.start", "status": 200, "headers": raw})
            await send({"type": "http.response.body", "body": b"app"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})

    given = {"host": OWN} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = {
        "type": kind, "path": path, "query_string": query, "scheme": scheme, "method": "GET",
        "server": ("192.0.2.7", 8501), "client": ("127.0.0.1", 5),
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }  # fmt: skip
    access = access or Access(Settings())
    return Asked(Protect(app, access, HostNames(library), shell), cell, scope)


@pytest.mark.threat(1)
def test_every_answer_tells_the_browser_what_it_may_not(library: Library) -> None:
    """No guessing of types, no frames, no address for other sites, nothing kept unasked."""
    asked = ask(library)
    assert asked.status == 200
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-cache"),
        ("content-security-policy",
         "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    ):  # fmt: skip
        assert asked.headers(name) == [value]
    assert asked.sent[1] == {"type": "http.response.body", "body": b"app"}


def test_who_keeps_the_archive_finds_the_way_to_add_on_every_page(library: Library) -> None:
    """After opening the printed link, and after signing out no more; readers never."""
    access = Access(Settings())

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await HTMLResponse(render.header(library.public(), "/"))(scope, receive, send)

    app = Protect(page, access, HostNames(library))
    keeper = keeper_here(access)
    client = TestClient(app, f"http://{OWN}", client=("127.0.0.1", 50_000))
    assert 'href="/add"' not in client.get("/seminars").text
    client.cookies.set(COOKIE, "made-up")
    assert 'href="/add"' not in client.get("/seminars").text
    client.cookies.set(COOKIE, (keeper.cookies or {})[COOKIE])
    assert '<a href="/add">Add</a>' in client.get("/seminars").text
    access.sign_out(keeper)
    assert 'href="/add"' not in client.get("/seminars").text


def test_what_an_answer_says_itself_stays(library: Library) -> None:
    """Its own policy and its own word on caches."""
    own = {"Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}
    asked = ask(library, answers=own)
    assert asked.headers("content-security-policy") == ["sandbox"]
    assert asked.headers("cache-control") == ["no-store"]


@pytest.mark.threat(1)
@pytest.mark.parametrize("path", ["/", "/add", "/add/"])
def test_pages_of_streamlit_run_their_own_scripts_only(library: Library, path: str) -> None:
    """Those in its shell, by hash; none of another site, no plug-in, no frame."""
    first, second = "run()", "more(\n)"
    shell = f"<html><script>{first}</script><b></b><script>{second}</script></html>"
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in (first, second)
    )
    (policy,) = ask(library, path, shell=shell).headers("content-security-policy")
    assert policy == (
        f"default-src 'self'; script-src 'self' blob: {hashes}; style-src 'self' "
        "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def test_a_download_is_not_squeezed_and_other_bytes_are_spelt_out(library: Library) -> None:
    """Files alone lose the wish for compression; a query that is no UTF-8 is made ASCII."""
    asked = ask(library, "/file/x/y", accept_encoding="gzip", accept="*/*")
    assert asked.passed is not None
    assert [k for k, _ in asked.passed["headers"]] == [b"host", b"accept"]
    page = ask(library, "/item/file/", accept_encoding="gzip", query=b"q=\xe9\xff&a=b")
    assert page.passed is not None
    assert (b"accept-encoding", b"gzip") in page.passed["headers"]
    assert page.passed["query_string"] == b"q=%E9%FF&a=b"


@pytest.mark.threat(7)
def test_what_is_no_request_is_passed_on(library: Library) -> None:
    """The start and the end of the server, and a page of our own that opens a connection."""
    assert ask(library, kind="lifespan").passed is not None
    assert ask(library, kind="websocket", origin=f"http://{OWN}").sent == [
        {"type": "websocket.accept"}
    ]
    foreign = ask(library, kind="websocket", origin="http://127.0.0.1:1")
    assert foreign.sent == [{"type": "websocket.close", "code": 1008}]
    assert foreign.passed is None


@pytest.mark.threat(8)
def test_uploads_need_a_keeper_and_our_own_page(library: Library) -> None:
    """Each alone is not enough; the app is not asked."""
    access = Access(Settings())
    (session,) = (keeper_here(access).cookies or {}).values()
    cookie, origin = f"coproarchive_keeper={session}", f"http://{OWN}"
    assert ask(library, UPLOAD, access=access, cookie=cookie, origin=origin).status == 200
    for wrong in ({"cookie": cookie, "origin": "http://127.0.0.1:1"}, {"origin": origin},
                  {"cookie": cookie}):  # fmt: skip
        refused = ask(library, UPLOAD, access=access, **wrong)  # type: ignore[arg-type]
        assert (refused.status, refused.passed) == (403, None)
        assert refused.sent[1]["body"] == b"Uploads are for those who keep the archive."
        assert refused.headers("x-content-type-options") == ["nosniff"]
    assert ask(library, "/_stcore/health", access=access).status == 200


@pytest.mark.threat(8)
def test_the_cookie_of_uploads_is_for_keepers(library: Library) -> None:
    """Other cookies pass; over TLS it is for TLS alone, and says so once."""
    access = Access(Settings())
    (session,) = (keeper_here(access).cookies or {}).values()
    keeper = f"coproarchive_keeper={session}"

    def cookies(given: str, **asked: str) -> list[str]:
        answers = {"Set-Cookie": given}
        return ask(library, answers=answers, access=access, **asked).headers(  # type: ignore[arg-type]
            "set-cookie"
        )

    token = "_streamlit_xsrf=1; Path=/"
    assert cookies("other=1") == ["other=1"]
    assert cookies("x_streamlit_xsrf=1") == ["x_streamlit_xsrf=1"]
    assert cookies(token) == []
    assert cookies(token, cookie=keeper) == [token]
    assert cookies(token, cookie=keeper, scheme="https") == [f"{token}; Secure"]
    assert cookies(f"{token}; SECURE", cookie=keeper, scheme="https") == [f"{token}; SECURE"]


@pytest.mark.threat(8)
def test_names_and_sites_that_are_ours(library: Library) -> None:
    """The address that was connected to, the setting's host, and what a proxy was asked for."""
    names = HostNames(library)
    assert names.address == ""
    assert not ask(library, host="anything.example").headers("x") and names
    strict = Library(library.settings.model_copy(update={"allowed_hosts": "talks.lan"}))
    named = Library(
        library.settings.model_copy(update={"allowed_hosts": "talks.lan", "host": "Served.LAN"})
    )
    assert ask(named, host="served.lan").status == 200
    for host, status in (
        ("talks.lan", 200), ("192.0.2.7:8501", 200), ("localhost", 200), ("127.0.0.1:1", 200),
        ("other.lan", 400), ("", 400), ("talks.lan.evil.example", 400),
    ):  # fmt: skip
        asked = ask(strict, host=host)
        assert (host, asked.status) == (host, status)
        if status == 400:
            assert asked.sent[1]["body"] == b"This archive is not known by that name."
            assert asked.passed is None
    closed = ask(strict, kind="websocket", host="other.lan", origin="http://other.lan")
    assert closed.sent == [{"type": "websocket.close", "code": 1008}]
    for origin, more, opened in (
        ("http://x.lan", {"x_forwarded_host": "x.lan"}, True),
        ("http://x.lan", {"x_forwarded_host": "y.lan"}, False),
        ("null", {}, False),
        ("http://", {"host": ""}, False),
    ):
        asked = ask(library, kind="websocket", origin=origin, **more)  # type: ignore[arg-type]
        assert (asked.passed is not None) is opened, origin


@pytest.mark.threat(3)
def test_what_is_said_to_browsers_to_the_letter(library: Library) -> None:
    """An empty policy is none; a file is handed over under its name, in a sandbox."""
    with client_of(library) as client:
        page, file = client.get("/seminars"), client.get("/file/a-post/post.md")
        for answer in (page, file):
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert file.headers["content-disposition"] == 'attachment; filename="post.md"'
        assert client.get("/picture/a-post/x.webp").text == "There is no such picture."
        for path in ("/file/a-post/post.md.pdf", "/file/a-post/x.vtt", "/nothing/add/"):
            assert client.get(path).status_code == 404
        refused = client.get("/keeper?token=guess")
        assert "This link opens nothing" in refused.text
        assert "It was used already" in refused.text
        assert "For a new link, stop coproarchive" in refused.text
