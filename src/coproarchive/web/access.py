"""Who may add to the archive: the one place that decides it, asked at the act.

Reading needs nobody's leave. Adding is for whoever sits at the machine the page is served from, or
has signed in with the archivist's password. Roles come later behind the same question.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import argon2

from coproarchive.errors import RefusedError
from coproarchive.settings import Settings

Act = Literal["add", "see-problems"]
COOKIE = "coproarchive_keeper"
SIGNED_IN_SECONDS = 12 * 3600
TRIES, TRY_SECONDS = 10, 300.0
"""So many wrong passwords in so many seconds, from anywhere, and sign-in pauses."""

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


_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


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
        any(headers.get(name) for name in _PROXIES),
    )


def same(first: str, second: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(first.encode(errors="replace"), second.encode())


def _host_name(value: str) -> str:
    """Return the name or address in a Host header, without its port."""
    name = value if value.endswith("]") else value.rsplit(":", 1)[0]
    return name.strip("[]")


class Access:
    """Answers `may`; signs and checks the archivist's cookie. Thread-safe."""

    def __init__(self, settings: Settings):
        self._local = settings.host in _LOOPBACK
        self._hash = settings.password_hash
        # A new key each start: signing in again after a restart is a fair price for no key file.
        self._key = secrets.token_bytes(32)
        self._wrong: list[float] = []
        self._lock = threading.Lock()

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
        """Verify the visitor's cookie: its signature and its expiry."""
        token = (visitor.cookies or {}).get(COOKIE, "")
        expiry, _, signature = token.partition(".")
        if not re.fullmatch(r"[0-9]{1,12}", expiry) or int(expiry) < time.time():
            return False
        return same(signature, self._sign(f"keeper:{expiry}"))

    def sign_in(self, password: str) -> str | None:
        """Return the cookie's value for the right password, None for a wrong one.

        Raises:
            RefusedError: there is no password, or too many wrong ones came in.
        """
        if not self._hash:
            raise RefusedError("no password is set.", hint="Make one: coproarchive password")
        with self._lock:
            self._wrong = [t for t in self._wrong if time.monotonic() - t < TRY_SECONDS]
            if len(self._wrong) >= TRIES:
                raise RefusedError("too many wrong passwords.", hint="Wait five minutes.")
        try:
            argon2.PasswordHasher().verify(self._hash, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            with self._lock:
                self._wrong.append(time.monotonic())
            return None
        expiry = str(int(time.time()) + SIGNED_IN_SECONDS)
        return f"{expiry}.{self._sign(f'keeper:{expiry}')}"

    def form_token(self, nonce: str) -> str:
        """Return the token that the sign-in form must send with the nonce cookie (against CSRF)."""
        return self._sign(f"form:{nonce}")

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
