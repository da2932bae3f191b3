"""Who may add to the archive: the one place that decides it, asked at the act.

Reading needs nobody's leave. Adding is for whoever signed in with the archivist's password or,
where there is none, opened the link that is printed where the page is served, in a browser there.
Roles come later behind the same question.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import argon2
from starlette.requests import HTTPConnection

from coproarchive.errors import RefusedError
from coproarchive.settings import LOOPBACK, Settings
from coproarchive.web.credentials import KeeperLink, Password, same
from coproarchive.web.sessions import GuessLimit, Sessions

Act = Literal["add", "edit", "see-desk"]
COOKIE = "coproarchive_keeper"
DEVICE = "coproarchive_device"
"""Cookie of a browser that signed in before."""
_LINK = "link"
"""What sessions were opened with that the printed link began."""


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


def host_name(value: str) -> str:
    """Return the name or address in a Host header, in small letters; "" where there is none.

    A Host goes into links: one with other characters than names, addresses and ports have is none.
    """
    well_formed = re.fullmatch(r"(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:[0-9]{1,5})?", value.lower())
    return well_formed[1].strip("[]").rstrip(".") if well_formed else ""


class Access:
    """Answers `may`; signs archivists in and out. Thread-safe."""

    def __init__(self, settings: Settings):
        self._password = Password(settings)
        is_local = settings.host in LOOPBACK and not self._password.is_asked_for
        self.link = KeeperLink() if is_local else None
        self._form_key = secrets.token_bytes(32)
        self._sessions = Sessions()
        self._limit = GuessLimit()

    @property
    def can_sign_in(self) -> bool:
        """Whether keepers sign in with a password."""
        return self._password.is_asked_for

    def may(self, act: Act, visitor: Visitor) -> bool:
        """Return whether the visitor may do it."""
        if not self.is_signed_in(visitor):
            return False
        # Browsers name the asking page with everything that changes something; not with a request
        # for a page, which changes nothing.
        is_named = bool(visitor.origin) or act == "see-desk"
        return self.can_sign_in or (is_named and _is_here(visitor))

    def require(self, act: Act, visitor: Visitor) -> None:
        """Raise RefusedError unless the visitor may do it."""
        if self.may(act, visitor):
            return
        if self.can_sign_in:
            hint = "Sign in first, at /login."
        elif self.link:
            hint = (
                "Open the link that was printed where the page was started. It is good for one "
                "browser: for another, stop coproarchive and start it again."
            )
        else:
            hint = "Nobody can sign in here until a password is set: coproarchive password"
        cookie = (visitor.cookies or {}).get(COOKIE)
        ended = "your sign-in has ended; " if cookie and not self.is_signed_in(visitor) else ""
        raise RefusedError(f"{ended}this is for those who keep the archive.", hint=hint)

    def is_signed_in(self, visitor: Visitor) -> bool:
        """Tell whether the visitor's cookie is the id of an open session."""
        credential = self._password.hash() if self.can_sign_in else _LINK
        return self._sessions.is_open((visitor.cookies or {}).get(COOKIE, ""), credential)

    def sign_in(self, password: str, visitor: Visitor = ANYBODY) -> str | None:
        """Return the id of a new session for the right password, None for a wrong one.

        A session that the visitor has already is ended: an id never survives a sign-in.

        Raises:
            RefusedError: there is no password, or too many guesses came from this address.
        """
        valid = self._password.hash()
        if not valid:
            raise RefusedError("no password is set.", hint="Make one: coproarchive password")
        device = self._device_of(visitor, valid)
        guesser = f"browser {device}" if device else address_block(visitor.address)
        with self._limit.guess(guesser, is_known=bool(device)):
            try:
                argon2.PasswordHasher().verify(valid, password)
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
                return None
        self._limit.refund(guesser)
        self.sign_out(visitor)
        return self._sessions.start(valid)

    def device_cookie(self) -> str:
        """Return the value of DEVICE for a browser that signed in; good until the password changes.

        It gives no right: only guesses of the browser's own, which no stranger can use up.
        """
        device = secrets.token_urlsafe(12)
        return f"{device}.{_device_tag(device, self._password.hash())}"

    def _device_of(self, visitor: Visitor, valid: str) -> str:
        """Return the id of a browser that signed in with the valid password before, else ""."""
        device, _, tag = (visitor.cookies or {}).get(DEVICE, "").partition(".")
        return device if same(tag, _device_tag(device, valid)) else ""

    def enter(self, token: str, visitor: Visitor) -> str | None:
        """Return the id of a new session for the secret of the printed link, None for another.

        The link is for a browser at this machine: whoever opens it through a proxy is turned away,
        and it stays good.
        """
        if self.link is None or not _is_here(visitor) or not self.link.take(token):
            return None
        self.sign_out(visitor)
        return self._sessions.start(_LINK)

    def sign_out(self, visitor: Visitor) -> None:
        """End the visitor's session: its cookie, its open pages and their connections."""
        self._sessions.end((visitor.cookies or {}).get(COOKIE, ""))

    def form_token(self, nonce: str) -> str:
        """Return the token that the sign-in form must send with the nonce cookie (against CSRF)."""
        return hmac.new(self._form_key, nonce.encode(), hashlib.sha256).hexdigest()


def _device_tag(device: str, password_hash: str) -> str:
    """Make the signature of a browser's id, from what only the server knows."""
    key = hashlib.sha256(b"device " + password_hash.encode()).digest()
    return hmac.new(key, device.encode(errors="replace"), hashlib.sha256).hexdigest()


def address_block(address: str) -> str:
    """Return the part of an address that one household has: IPv4 all of it, IPv6 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def _is_here(visitor: Visitor) -> bool:
    """Return whether the visitor seems to sit at this machine: nothing in the request denies it.

    Not enough by itself: a proxy on this machine that adds nothing to the request looks the same.
    """
    asked_by = visitor.origin.partition("://")[2] or visitor.host
    return (
        not visitor.proxied
        and asked_by == visitor.host
        and host_name(visitor.host) in LOOPBACK
        and visitor.address in ("", *LOOPBACK)
    )
