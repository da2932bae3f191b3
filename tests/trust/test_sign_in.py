"""Who may act: sessions end on the server, guesses are limited, other sites' pages are refused."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import argon2
import pytest
from starlette.types import Message, Receive, Scope, Send

from coproarchive.errors import RefusedError
from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.web import sessions
from coproarchive.web.access import COOKIE, DEVICE, Access, Visitor, address_block, visitor_of
from coproarchive.web.credentials import Password
from coproarchive.web.hosts import HostNames
from coproarchive.web.middleware import Protect
from serving import HERE, keeper_here, token_of

PASSWORD = "a long enough password"
HASH = argon2.PasswordHasher().hash(PASSWORD)


def guarded() -> Access:
    """Return an access with a password, served to the network."""
    return Access(Settings(host="0.0.0.0", password_hash=HASH))


def from_address(address: str, session: str | None = "") -> Visitor:
    """Return a visitor from an address with a session's cookie."""
    return Visitor("archive.example", address, {COOKIE: session or ""}, "https://archive.example")


@pytest.mark.threat(9)
def test_signing_out_ends_the_session_on_the_server() -> None:
    """A copy of the cookie, and a page that is still open, may no more."""
    access = guarded()
    keeper = from_address("192.0.2.1", access.sign_in(PASSWORD))
    other = from_address("192.0.2.2", access.sign_in(PASSWORD))
    assert access.may("add", keeper)
    access.sign_out(keeper)
    assert not access.may("add", keeper)
    assert access.may("add", other)


@pytest.mark.threat(9)
def test_a_session_id_does_not_survive_signing_in_again() -> None:
    """An id that was planted in the browser, or is an old one, is worth nothing afterwards."""
    access = guarded()
    first = from_address("192.0.2.1", access.sign_in(PASSWORD))
    second = from_address("192.0.2.1", access.sign_in(PASSWORD, first))
    assert access.may("add", second)
    assert not access.may("add", first)


@pytest.mark.threat(9)
def test_a_session_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """After SESSION_SECONDS the cookie is worth nothing, wherever it is."""
    access = guarded()
    keeper = from_address("192.0.2.1", access.sign_in(PASSWORD))
    monkeypatch.setattr("coproarchive.web.sessions.time.monotonic", lambda: 1e12)
    assert not access.may("add", keeper)


@pytest.mark.threat(9)
def test_guesses_side_by_side_are_counted_before_they_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixty at once: at most ten are verified, one at a time; another address still signs in."""
    access = guarded()
    tried: list[str] = []
    at_once: list[int] = []
    running = 0

    def verify(_: object, __: str, password: str) -> bool:
        nonlocal running
        running += 1
        at_once.append(running)
        tried.append(password)
        running -= 1
        return password == PASSWORD or mismatch()

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)

    def guess(number: int) -> str:
        try:
            return str(access.sign_in(f"wrong {number}", from_address("192.0.2.66")))
        except RefusedError as error:
            return error.message

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(guess, range(60)))
    assert 1 <= len(tried) <= sessions.BURST
    assert max(at_once) == 1
    assert sum("too many" in answer for answer in answers) >= 60 - sessions.BURST
    assert access.sign_in(PASSWORD, from_address("192.0.2.1"))


def mismatch() -> bool:
    raise argon2.exceptions.VerifyMismatchError


@pytest.mark.threat(9)
def test_an_address_is_slowed_down_and_never_locked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who shares an address with a stranger, behind a proxy, has a guess again after a while."""
    now = 1_000.0
    monkeypatch.setattr("coproarchive.web.sessions.time.monotonic", lambda: now)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda *a: a[2] == PASSWORD or mismatch())
    access = guarded()
    shared = from_address("127.0.0.1")
    for _ in range(sessions.BURST):
        assert access.sign_in("wrong", shared) is None
    with pytest.raises(RefusedError, match="too many wrong passwords"):
        access.sign_in(PASSWORD, shared)
    now += sessions.REFILL_SECONDS
    assert access.sign_in(PASSWORD, shared)


@pytest.mark.threat(8)
@pytest.mark.parametrize(
    "header",
    """X-Forwarded-For Forwarded X-Real-IP Via X-Forwarded-Host X-Forwarded-Proto
    X-Forwarded-Server X-Client-IP CF-Connecting-IP True-Client-IP X-Original-Forwarded-For
    X-Forwarded X-Envoy-External-Address X-Forwarded-Port Cdn-Loop X-Scheme""".split(),
)
def test_whoever_sits_here_does_not_come_through_a_proxy(header: str) -> None:
    """Any header that only proxies send asks for a password."""
    here = {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501"}
    access = Access(Settings())
    proxied = visitor_of({**here, header: "203.0.113.7"}, "127.0.0.1", {})
    assert access.enter(token_of(access), proxied) is None
    cookies = keeper_here(access).cookies or {}
    assert access.may("add", visitor_of(here, "127.0.0.1", cookies))
    assert not access.may("add", replace(proxied, cookies=cookies))


def handshake(library: Library, origin: str, **more: str) -> str:
    """Open a WebSocket to a protected app; return the type of the first message that it sends."""
    sent: list[Message] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "127.0.0.1:8501", "origin": origin, **more}
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v],
        "client": ("127.0.0.1", 5000),
    }
    protect = Protect(app, Access(Settings()), HostNames(library))
    with ThreadPoolExecutor(1) as thread:  # a browser test may have left a loop running in ours
        thread.submit(asyncio.run, protect(scope, receive, send)).result()
    return str(sent[0]["type"])


@pytest.mark.threat(7)
@pytest.mark.parametrize(
    ("origin", "more", "answer"),
    [
        ("http://127.0.0.1:8501", {}, "websocket.accept"),
        ("http://127.0.0.1:9000", {}, "websocket.close"),
        ("http://localhost:8501", {}, "websocket.close"),
        ("https://evil.example", {}, "websocket.close"),
        ("null", {}, "websocket.close"),
        ("https://archive.example", {}, "websocket.accept"),
        ("https://a.example", {"x-forwarded-host": "a.example"}, "websocket.accept"),
        ("", {}, "websocket.accept"),
    ],
)
def test_a_page_of_another_site_opens_no_connection(
    archive: Path, library: Library, origin: str, more: dict[str, str], answer: str
) -> None:
    """Another port is another site: its page would act with the archivist's cookie."""
    with (archive / "archive.yaml").open("a") as record:
        record.write("address: https://archive.example\n")
    library.changed()
    assert handshake(library, origin, **more) == answer


@pytest.mark.threat(8)
def test_a_local_visitor_is_local_by_every_sign() -> None:
    """Host, peer and origin: each that is not this machine's own asks for a password."""
    access = Access(Settings())
    here = keeper_here(access)
    assert access.may("add", here)
    for other in (
        replace(here, host="archive.example", origin="http://archive.example"),
        replace(here, address="192.0.2.1"),
        replace(here, origin="http://archive.example"),
    ):
        assert not access.may("add", other)


@pytest.mark.threat(8)
def test_nobody_may_by_address_alone() -> None:
    """What a proxy's defaults make of anybody's request looks as if it came from this machine."""
    access = Access(Settings())
    assert not access.may("add", HERE)
    with pytest.raises(RefusedError, match="those who keep") as refused:
        access.require("add", HERE)
    assert "link that was printed" in str(refused.value.hint)


def test_the_printed_link_is_good_for_one_session() -> None:
    """Once, for the right secret, at this machine; not where there is a password."""
    access = Access(Settings())
    token = token_of(access)
    assert access.enter("", HERE) is None
    assert access.enter(token[:-1], HERE) is None
    assert access.enter(token, replace(HERE, address="192.0.2.1")) is None
    keeper = replace(HERE, cookies={COOKIE: access.enter(token, HERE) or ""})
    assert access.may("add", keeper)
    assert access.enter(token, HERE) is None
    access.sign_out(keeper)
    assert not access.may("add", keeper)
    assert guarded().enter("", HERE) is None
    assert not guarded().link


@pytest.mark.threat(9)
def test_a_new_password_ends_all_sessions(tmp_path: Path) -> None:
    """The password's file is read again when it changes; without a hash in it nobody signs in."""
    file = tmp_path / "password"
    file.write_text(HASH + "\n")
    access = Access(Settings(host="0.0.0.0", password_file=file))
    first = from_address("192.0.2.1", access.sign_in(PASSWORD))
    assert access.may("add", first)
    other = "another long password"
    file.write_text(argon2.PasswordHasher().hash(other) + "\n")
    assert not access.may("add", first)
    with pytest.raises(RefusedError, match="your sign-in has ended"):
        access.require("add", first)
    assert access.sign_in(PASSWORD) is None
    second = from_address("192.0.2.1", access.sign_in(other))
    assert access.may("add", second)
    for spoilt in ("", "no hash", "\udcff"):
        file.write_bytes(spoilt.encode(errors="surrogateescape"))
        assert not access.may("add", second)
        with pytest.raises(RefusedError):
            access.sign_in(other)
    file.unlink()
    assert not access.may("add", second)
    assert access.link is None


def test_a_local_page_with_a_password_file_has_no_link(tmp_path: Path) -> None:
    """A password that cannot be read is still one: nobody may without it."""
    settings = Settings(password_file=tmp_path / "missing")
    assert Password(settings).is_asked_for
    access = Access(settings)
    assert access.link is None
    assert not access.may("add", HERE)


def test_there_is_one_password() -> None:
    """Two places for it would leave open which is valid."""
    with pytest.raises(ValueError, match="not both"):
        Settings(password_hash=HASH, password_file=Path("x"))


def test_a_stranger_cannot_lock_the_keeper_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy that names no addresses, guessing without end: the keeper's browser signs in.

    Until it did once, it waits for its turn as everybody at that address.
    """
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda *a: a[2] == PASSWORD or mismatch())
    access = guarded()
    device = access.device_cookie()
    shared = from_address("127.0.0.1")
    for _ in range(sessions.BURST):
        assert access.sign_in("wrong", shared) is None
    with pytest.raises(RefusedError):
        access.sign_in(PASSWORD, shared)
    keeper = replace(shared, cookies={DEVICE: device})
    assert access.sign_in(PASSWORD, keeper)
    assert not access.may("add", keeper)  # the cookie itself gives no right
    for forged in (f"x{device}", device[:-1], f".{device.partition('.')[2]}", "", "a.b", "é.é"):
        with pytest.raises(RefusedError):
            access.sign_in(PASSWORD, replace(shared, cookies={DEVICE: forged}))
    for _ in range(sessions.BURST):  # whoever stole it guesses no more than anybody
        assert access.sign_in("wrong", keeper) is None
    with pytest.raises(RefusedError):
        access.sign_in(PASSWORD, keeper)
    elsewhere = Access(Settings(host="0.0.0.0", password_hash=argon2.PasswordHasher().hash("x")))
    assert elsewhere._device_of(keeper, elsewhere._password.hash()) == ""


def test_addresses_of_one_household_are_one_guesser() -> None:
    """Whoever has an IPv6 network has more addresses than there are guesses."""
    assert address_block("2001:db8:1:2:3::4") == address_block("2001:db8:1:2::9") != ""
    assert address_block("2001:db8:1:3::9") != address_block("2001:db8:1:2::9")
    assert address_block("::ffff:192.0.2.7") == address_block("192.0.2.7") == "192.0.2.7"
    assert address_block("") == ""
