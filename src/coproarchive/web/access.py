"""Who may add to the archive: the one place that decides it, asked at the act.

Reading needs nobody's leave. Adding is for whoever sits at the machine the page is served from, or
has signed in with the archivist's password. Roles come later behind the same question.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import argon2
from starlette.requests import HTTPConnection

from coproarchive.errors import RefusedError
from coproarchive.settings import Settings
from coproarchive.web.sessions import GuessLimit, Sessions

Act = Literal["add", "see-problems"]
COOKIE = "coproarchive_keeper"

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as the request says.

    Attributes:
        host: the Host header: the name by which the browser knows this server.
        address: the client's network address, "" where the server does not say.
        cookies: as sent.
        origin: the Origin header, "" where there is none: the site whose page asks.
        proxied: whether a header says that a proxy passed the request on.
    """

    host: str = ""
    address: str = ""
    cookies: Mapping[str, str] | None = None
    origin: str = ""
    proxied: bool = False


ANYBODY = Visitor()
_PROXY_HEADERS = frozenset(
    "via forwarded cdn-loop client-ip true-client-ip x-client-ip x-cluster-client-ip "
    "cf-connecting-ip fastly-client-ip x-real-ip x-scheme x-original-host".split()
)
_PROXY_PREFIXES = ("x-forwarded", "x-original-forwarded", "x-envoy", "x-amzn", "cf-", "x-azure")


def visitor_of(headers: Mapping[str, str], address: str, cookies: Mapping[str, str]) -> Visitor:
    """Return the visitor of a request.

    Args:
        headers: looked up without regard to case.
        address: the client's, "" where it is not known.
        cookies: as sent.
    """
    return Visitor(
        headers.get("host") or "",
        address,
        cookies,
        headers.get("origin") or "",
        any(map(_tells_of_a_proxy, headers)),
    )


def visitor_of_request(request: HTTPConnection) -> Visitor:
    """Return the visitor of an HTTP request or of a WebSocket's handshake."""
    address = request.client.host if request.client else ""
    return visitor_of(request.headers, address, request.cookies)


def _tells_of_a_proxy(header: str) -> bool:
    """Tell whether only proxies send a header of this name."""
    name = header.lower()
    return name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES)


def same(first: str, second: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(first.encode(errors="replace"), second.encode())


def _host_name(value: str) -> str:
    """Return the name or address in a Host header, without its port."""
    name = value if value.endswith("]") else value.rsplit(":", 1)[0]
    return name.strip("[]")


class Access:
    """Answers `may`; signs archivists in and out. Thread-safe."""

    def __init__(self, settings: Settings):
        self._local = settings.host in _LOOPBACK
        self._hash = settings.password_hash
        self._form_key = secrets.token_bytes(32)
        self._sessions = Sessions()
        self._limit = GuessLimit()

    @property
    def can_sign_in(self) -> bool:
        """Whether a password is set."""
        return bool(self._hash)

    def may(self, act: Act, visitor: Visitor) -> bool:
        """Return whether the visitor may do it."""
        del act  # every act is the archivist's for now
        return self._is_local(visitor) or self.is_signed_in(visitor)

    def require(self, act: Act, visitor: Visitor) -> None:
        """Raise RefusedError unless the visitor may do it."""
        if not self.may(act, visitor):
            raise RefusedError(
                "this is for those who keep the archive.",
                hint="Sign in first, at /login."
                if self.can_sign_in
                else "Open the page at the machine it is served from, or set a password: "
                "coproarchive password",
            )

    def _is_local(self, visitor: Visitor) -> bool:
        """Return whether the visitor sits at this machine.

        The page is then served to this machine alone, and requested by one of its own names.

        The names matter because a web page elsewhere can make its own name point here, and because
        a proxy on this machine asks from here on behalf of anybody.
        """
        if not self._local or self._hash or visitor.proxied:
            return False
        # The very address of this page, port and all: another program's page on this machine, and a
        # proxy's readers, come from elsewhere. Browsers name it with everything that changes.
        asked_by = visitor.origin.partition("://")[2]
        return (
            asked_by == visitor.host
            and _host_name(visitor.host) in _LOOPBACK
            and visitor.address in ("", *_LOOPBACK)
        )

    def is_signed_in(self, visitor: Visitor) -> bool:
        """Tell whether the visitor's cookie is the id of an open session."""
        return self._sessions.is_open((visitor.cookies or {}).get(COOKIE, ""))

    def sign_in(self, password: str, visitor: Visitor = ANYBODY) -> str | None:
        """Return the id of a new session for the right password, None for a wrong one.

        A session that the visitor has already is ended: an id never survives a sign-in.

        Raises:
            RefusedError: there is no password, or too many guesses came from this address.
        """
        if not self._hash:
            raise RefusedError("no password is set.", hint="Make one: coproarchive password")
        with self._limit.guess(visitor.address):
            try:
                argon2.PasswordHasher().verify(self._hash, password)
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
                return None
        self._limit.refund(visitor.address)
        self.sign_out(visitor)
        return self._sessions.start()

    def sign_out(self, visitor: Visitor) -> None:
        """End the visitor's session: its cookie, its open pages and their connections."""
        self._sessions.end((visitor.cookies or {}).get(COOKIE, ""))

    def form_token(self, nonce: str) -> str:
        """Return the token that the sign-in form must send with the nonce cookie (against CSRF)."""
        return hmac.new(self._form_key, nonce.encode(), hashlib.sha256).hexdigest()
