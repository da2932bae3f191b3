"""Streamlit's cookie against forged uploads: for who may upload, and for nobody else."""

from __future__ import annotations

import argon2
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from coproarchive.library import Library
from coproarchive.settings import Settings
from coproarchive.web.access import COOKIE, Access
from coproarchive.web.hosts import HostNames
from coproarchive.web.middleware import Protect

PASSWORD = "a long invented password"
TOKEN = "_streamlit_xsrf=2|1|2|3; Path=/; SameSite=Lax"


async def as_streamlit(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
    """Answer with the token's cookie and another."""
    response = Response("ok")
    response.headers.append("set-cookie", TOKEN)
    response.headers.append("set-cookie", "other=1")
    await response(scope, receive, send)


@pytest.fixture
def access() -> Access:
    """With a password."""
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    return Access(Settings(password_hash=hashed))


def cookies_of(access: Access, library: Library, address: str, session_id: str) -> list[str]:
    """What the answer to a browser with this session sets."""
    client = TestClient(Protect(as_streamlit, access, HostNames(library)), base_url=address)
    client.cookies.set(COOKIE, session_id)
    return client.get("/_stcore/health").headers.get_list("set-cookie")


def test_a_reader_gets_none(access: Access, library: Library) -> None:
    """Another cookie is not touched."""
    assert cookies_of(access, library, "https://testserver", "made-up") == ["other=1"]


@pytest.mark.parametrize(
    ("address", "token"), [("http://testserver", TOKEN), ("https://testserver", f"{TOKEN}; Secure")]
)
def test_a_keeper_gets_it(access: Access, library: Library, address: str, token: str) -> None:
    """For TLS alone where the browser talks TLS."""
    session_id = access.sign_in(PASSWORD)
    assert session_id
    assert cookies_of(access, library, address, session_id) == [token, "other=1"]
