"""Sessions and guesses by the clock: how long, how many, and who gives way."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import argon2
import pytest
from starlette.requests import HTTPConnection

from coproarchive.errors import CoproArchiveError, RefusedError
from coproarchive.settings import Settings
from coproarchive.web import credentials, sessions
from coproarchive.web.access import (
    ANYBODY,
    COOKIE,
    Access,
    Visitor,
    visitor_of,
    visitor_of_request,
)
from coproarchive.web.credentials import KeeperLink, Password, read_password_file, same
from coproarchive.web.sessions import GuessLimit, Sessions
from serving import HERE, keeper_here

PASSWORD = "a long enough password"
HASH = argon2.PasswordHasher().hash(PASSWORD)


class Clock:
    """A clock that is put forward by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock that sessions and guesses are measured by."""
    by_hand = Clock()
    monkeypatch.setattr("coproarchive.web.sessions.time.monotonic", by_hand)
    yield by_hand


def guesses(limit: GuessLimit, address: str = "192.0.2.1") -> int:
    """Guess until it is refused; return how many guesses the address had."""
    number = 0
    while True:
        try:
            with limit.guess(address):
                number += 1
        except RefusedError as error:
            assert error.message == "too many wrong passwords came from your address."
            assert error.hint == "Wait half a minute."
            return number


# ---------------------------------------------------------------- sessions


@pytest.mark.threat(9)
def test_an_id_is_random_and_long() -> None:
    """256 bits, each time others; the server keeps no id, only its hash."""
    opened = Sessions()
    ids = {opened.start("x") for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"[\w-]{43}", session_id) for session_id in ids)
    assert not ids & set(opened._sessions)


@pytest.mark.threat(9)
def test_a_session_lasts_twelve_hours(clock: Clock) -> None:
    """Not a second longer."""
    opened = Sessions()
    session_id = opened.start("x")
    clock.now += 12 * 3600 - 1
    assert opened.is_open(session_id, "x")
    clock.now += 1
    assert not opened.is_open(session_id, "x")


@pytest.mark.threat(9)
def test_a_session_is_open_by_its_id_and_credential_only(clock: Clock) -> None:
    """No made-up id, no empty one, none that no text can be made of."""
    opened = Sessions()
    session_id = opened.start("x")
    assert not opened.is_open(session_id, "y")
    clock.now = 0.0  # a machine that has just started
    for made_up in ("", "x", "\udcff"):
        assert not opened.is_open(made_up, "x")
        assert not opened.is_open(made_up, "")
        opened.end(made_up)
    assert opened.is_open(session_id, "x")
    opened.end(session_id)
    assert not opened.is_open(session_id, "x")


@pytest.mark.threat(11)
def test_the_oldest_session_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are allowed stay; memory is bounded whoever signs in."""
    assert sessions.MAX_SESSIONS == 1_000
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 2)
    opened = Sessions()
    first, second = opened.start("x"), opened.start("x")
    assert opened.is_open(first, "x") and opened.is_open(second, "x")
    third = opened.start("x")
    assert [opened.is_open(i, "x") for i in (first, second, third)] == [False, True, True]


# ---------------------------------------------------------------- guesses


@pytest.mark.threat(9)
def test_an_address_has_ten_guesses_and_one_more_each_half_minute(clock: Clock) -> None:
    """Guesses that were refused cost nothing; those saved up are ten at most."""
    limit = GuessLimit()
    assert guesses(limit) == 10
    clock.now += 29.9
    assert guesses(limit) == 0
    clock.now += 0.2
    assert guesses(limit) == 1
    clock.now += 75
    assert guesses(limit) == 2
    clock.now += 3600
    assert guesses(limit) == 10
    assert guesses(limit, "192.0.2.2") == 10


@pytest.mark.threat(9)
def test_a_right_guess_is_given_back(clock: Clock) -> None:
    """One for one, and never beyond what an address has."""
    limit = GuessLimit()
    for _ in range(30):
        with limit.guess("192.0.2.1"):
            pass
        limit.refund("192.0.2.1")
    limit.refund("192.0.2.1")
    limit.refund("192.0.2.2")
    assert guesses(limit) == 10
    limit.refund("192.0.2.1")
    assert guesses(limit) == 1
    assert guesses(limit, "192.0.2.2") == 10


@pytest.mark.threat(11)
def test_the_address_that_guessed_longest_ago_is_forgotten(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded; those that guess now are still counted."""
    assert sessions.MAX_ADDRESSES == 10_000
    monkeypatch.setattr(sessions, "MAX_ADDRESSES", 2)
    limit = GuessLimit()
    assert [guesses(limit, a) for a in ("a", "b", "a")] == [10, 10, 0]
    assert [guesses(limit, a) for a in ("c", "a", "c")] == [10, 0, 0]
    assert guesses(limit, "b") == 10


@pytest.mark.threat(11)
def test_five_at_most_wait_and_one_is_verified() -> None:
    """Who comes when they are full is told so at once, and has lost no guess."""
    limit = GuessLimit()
    verifying: list[int] = []

    def guess(number: int) -> None:
        with limit.guess(f"192.0.2.{number}"):
            verifying.append(number)

    with limit.guess("192.0.2.100"):
        waiting = [threading.Thread(target=guess, args=(n,)) for n in range(4)]
        for thread in waiting:
            thread.start()
        until = time.monotonic() + 20
        while limit._waiting._value and time.monotonic() < until:
            time.sleep(0.01)
        assert verifying == []
        for _ in range(20):
            with pytest.raises(RefusedError) as refused, limit.guess("192.0.2.200"):
                pytest.fail("verified beside another")
            assert refused.value.message == "too many people are signing in."
            assert refused.value.hint == "Try again in a few seconds."
    for thread in waiting:
        thread.join()
    assert sorted(verifying) == [0, 1, 2, 3]
    assert guesses(limit, "192.0.2.200") == 10


def test_a_guess_that_failed_lets_the_next_in() -> None:
    """Whatever happens while one is verified."""
    limit = GuessLimit()
    for number in range(8):
        with pytest.raises(ZeroDivisionError), limit.guess(f"198.51.100.{number}"):
            raise ZeroDivisionError
    assert guesses(limit) == 10


# ---------------------------------------------------------------- access


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify at once; argon2 takes its time by design."""

    def verify(_: object, valid: str, password: str) -> bool:
        assert valid == HASH
        if password != PASSWORD:
            raise argon2.exceptions.VerifyMismatchError
        return True

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)


@pytest.mark.usefixtures("quick")
def test_the_right_password_is_never_too_much() -> None:
    """A keeper may sign in as often as they like; a wrong one costs, the right one gives none."""
    access = Access(Settings(host="0.0.0.0", password_hash=HASH))
    for _ in range(15):
        assert access.sign_in(PASSWORD)
    for _ in range(10):
        assert access.sign_in("wrong") is None
    with pytest.raises(RefusedError, match="too many wrong passwords"):
        access.sign_in(PASSWORD)
    assert access.sign_in(PASSWORD, Visitor(address="192.0.2.9"))


def test_without_a_password_nobody_signs_in() -> None:
    """And it is said how to make one."""
    access = Access(Settings(host="0.0.0.0"))
    assert not access.can_sign_in and access.link is None
    with pytest.raises(RefusedError) as refused:
        access.sign_in("", ANYBODY)
    assert refused.value.message == "no password is set."
    assert refused.value.hint == "Make one: coproarchive password"


def test_a_refusal_says_what_to_do() -> None:
    """By whether there is a password, a link, or neither; and that a sign-in has ended."""
    refused = "this is for those who keep the archive."
    with_password = Access(Settings(password_hash=HASH))
    ended = Visitor(cookies={COOKIE: "an old one"})
    for access, visitor, message, hint in (
        (with_password, ANYBODY, refused, "Sign in first, at /login."),
        (with_password, ended, f"your sign-in has ended; {refused}", "Sign in first, at /login."),
        (Access(Settings()), HERE, refused,
         "Open the link that was printed where the page was started. It is good for one browser: "
         "for another, stop coproarchive and start it again."),
        (Access(Settings(host="0.0.0.0")), HERE, refused,
         "Nobody can sign in here until a password is set: coproarchive password"),
    ):  # fmt: skip
        with pytest.raises(RefusedError) as error:
            access.require("add", visitor)
        assert (error.value.message, error.value.hint) == (message, hint)
    access = Access(Settings())
    access.require("add", keeper_here(access))
    unasked = Access(Settings())
    keeper = replace(keeper_here(unasked), origin="")
    with pytest.raises(RefusedError) as still_open:
        unasked.require("add", keeper)
    assert still_open.value.message == refused, "the session has not ended"


@pytest.mark.threat(8)
def test_this_machine_has_three_names() -> None:
    """With any port; the peer may be unnamed; a page must ask, and from the very same address."""
    access = Access(Settings())
    keeper = keeper_here(access)
    for host in ("127.0.0.1", "127.0.0.1:80", "localhost:8501", "LOCALHOST", "[::1]:8501", "[::1]"):
        for address in ("", "127.0.0.1", "::1"):
            here = replace(keeper, host=host, origin=f"http://{host}", address=address)
            assert access.may("add", here), host
    for changed in ({"origin": ""}, {"host": ""}, {"host": "::1"}, {"address": "127.0.0.2"},
                    {"origin": "http://127.0.0.1:8502"}, {"proxied": True}, {"cookies": None},
                    {"cookies": {COOKIE: ""}}, {"cookies": {"other": "x"}}):  # fmt: skip
        assert not access.may("add", replace(keeper, **changed)), changed


def test_a_visitor_is_what_the_request_says() -> None:
    """Empty where it says nothing; headers of proxies count in any case of letters."""
    headers = {"host": "a.example", "origin": "https://a.example", "accept": "*/*"}
    assert visitor_of(headers, "192.0.2.1", {"c": "1"}) == Visitor(
        "a.example", "192.0.2.1", {"c": "1"}, "https://a.example", False
    )
    assert visitor_of({}, "", {}) == Visitor("", "", {}, "", False)
    sent = [(b"host", b"a.example"), (b"via", b"x"), (b"cookie", b"c=1")]
    scope = {"type": "http", "headers": sent, "client": ("192.0.2.1", 5)}
    asked = Visitor("a.example", "192.0.2.1", {"c": "1"}, "", True)
    assert visitor_of_request(HTTPConnection(scope)) == asked
    unnamed = visitor_of_request(HTTPConnection({**scope, "client": None}))
    assert unnamed == replace(asked, address="")
    for header in ("VIA", "X-Forwarded-Anything", "CF-Ray", "x-azure-ref", "X-Amzn-Trace-Id"):
        assert visitor_of({header: ""}, "", {}).proxied
    for header in ("Cookie", "X-Requested-With", "Forward"):
        assert not visitor_of({header: ""}, "", {}).proxied


@pytest.mark.threat(7)
def test_a_form_token_is_of_its_nonce_and_of_this_process() -> None:
    """Nobody can make one up, and one of another form or start is worth nothing."""
    one, other = Access(Settings()), Access(Settings())
    token = one.form_token("n")
    assert re.fullmatch("[0-9a-f]{64}", token)
    assert token == one.form_token("n")
    assert len({token, one.form_token("m"), other.form_token("n"), one.form_token("")}) == 4


@pytest.mark.threat(9)
def test_the_printed_secret_is_long_random_and_good_once() -> None:
    """A wrong one does not use it up."""
    link, other = KeeperLink(), KeeperLink()
    token = link.path.removeprefix("/keeper?token=")
    assert re.fullmatch(r"[\w-]{43}", token)
    assert link.path != other.path
    assert not link.take("") and not link.take("\udcff") and not link.take(token + "x")
    assert link.take(token)
    assert not link.take(token) and not link.take("")
    assert not link.take(link._token), "whatever is left of it"
    assert same("é", "é") and not same("é", "e")


# ---------------------------------------------------------------- the file of a password


def test_a_password_file_is_read_when_it_changes_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its time says; a file of the same size in its place is another."""
    file = tmp_path / "password"
    file.write_text(f"\n {HASH}\n")
    read: list[Path] = []

    def reading(path: Path) -> str:
        read.append(path)
        return read_password_file(path)

    monkeypatch.setattr(credentials, "read_password_file", reading)
    password = Password(Settings(password_file=file))
    assert password.is_asked_for
    assert [password.hash(), password.hash()] == [HASH, HASH]
    assert read == [file]
    times = file.stat()
    other = HASH[:-1] + ("A" if HASH[-1] != "A" else "B")
    fresh = tmp_path / "fresh"
    fresh.write_text(f"\n {other}\n")
    os.utime(fresh, ns=(times.st_atime_ns, times.st_mtime_ns))
    fresh.replace(file)
    assert [password.hash(), password.hash()] == [other, other]
    assert len(read) == 2
    fixed = Password(Settings(password_hash=HASH))
    assert (fixed.hash(), fixed.is_asked_for) == (HASH, True)
    none = Password(Settings())
    assert (none.hash(), none.is_asked_for) == ("", False)


def test_a_password_file_that_is_none_closes_the_door_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, with the path; and again when it went wrong again."""
    file = tmp_path / "password"
    password = Password(Settings(password_file=file))
    assert [password.hash(), password.hash()] == ["", ""]
    (record,) = caplog.records
    assert "Nobody can sign in" in record.getMessage()
    file.write_text(HASH)
    assert password.hash() == HASH
    for spoilt in (b"no hash", b"\xff", b"", HASH.encode()[:-60]):
        file.write_bytes(spoilt)
        assert password.hash() == ""
    assert len(caplog.records) == 2
    assert password.is_asked_for


def test_what_is_wrong_with_a_password_file_is_said(tmp_path: Path) -> None:
    """That it cannot be read, or that it is none; and how to make one. A large one is not read."""
    hint = "Write one: coproarchive password --file PATH"
    for content, message in (
        (None, "the password file cannot be read: No such file or directory."),
        (b"no hash", "this is no password file."),
        (b"\xff\xfe", "this is no password file."),
        (b" " * 10_000 + HASH.encode(), "this is no password file."),
    ):
        file = tmp_path / "password"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(CoproArchiveError) as error:
            read_password_file(file)
        assert (error.value.message, error.value.path, error.value.hint) == (
            message, str(file), hint,
        )  # fmt: skip
    file.write_bytes(b" " * 9_000 + HASH.encode() + b" " * 3_000)
    assert read_password_file(file) == HASH
