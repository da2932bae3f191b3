"""Politely and safely over HTTP: addresses checked when connecting, sizes and redirects bounded.

The address that is checked is the one that is connected to, so a name that answers differently the
second time leads nowhere. Nothing is sent but the request: no cookie, no sign-in.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from coproarchive.errors import IngestError

MAX_REDIRECTS = 5
TRIES = 5
MAX_WAIT = 60.0
"""Seconds that a busy server's "Retry-After" is heeded for."""
MAX_SECONDS = 900.0
"""Seconds that one answer may take."""
MAX_PAGE = 64 * 1024 * 1024
"""Bytes of one page of a site's REST interface."""
_AGAIN = frozenset((429, 500, 502, 503, 504))
_MOVED = frozenset((301, 302, 303, 307, 308))
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server said.

    Attributes:
        headers: names in lower case.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """Parse the body as JSON. Raises ValueError."""
        return json.loads(self.body.decode("utf-8-sig"))


class Fetcher:
    """Fetches from public addresses.

    Args:
        allow_private: also from this machine and its network.
        pause: seconds between requests.
        timeout: seconds of silence after which a request is given up.
        sleep: waits; given by tests.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        pause: float = 0.2,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.allow_private, self.pause, self.timeout, self.sleep = (
            allow_private, pause, timeout, sleep,
        )  # fmt: skip
        self.requests = 0

    def get(self, url: str, limit: int = MAX_PAGE) -> HttpResponse:
        """Return the response of an address, whatever its status.

        Raises:
            IngestError: no answer, a private address, too many redirects or bytes.
        """
        pieces: list[bytes] = []
        status, headers = self._follow(url, limit, pieces.append)
        return HttpResponse(status, headers, b"".join(pieces))

    def save(self, url: str, path: Path, limit: int) -> None:
        """Put a file on the disk.

        Raises:
            IngestError: as `get`, or the server has no such file.
        """
        try:
            with path.open("wb") as file:
                status, _ = self._follow(url, limit, file.write)
            if status != 200:
                raise IngestError(f"the server answers {status}.", url)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _follow(
        self, url: str, limit: int, take: Callable[[bytes], object]
    ) -> tuple[int, dict[str, str]]:
        for _ in range(MAX_REDIRECTS + 1):
            status, headers = self._patiently(url, limit, take)
            if status not in _MOVED or not headers.get("location"):
                return status, headers
            url = urljoin(url, headers["location"])
        raise IngestError(f"the address redirects more than {MAX_REDIRECTS} times.", url)

    def _patiently(
        self, url: str, limit: int, take: Callable[[bytes], object]
    ) -> tuple[int, dict[str, str]]:
        """Try once, and again where the server is busy or the line fails, each time later."""
        failure = ""
        for attempt in range(TRIES):
            if self.requests:
                self.sleep(self.pause)
            self.requests += 1
            try:
                status, headers = self._once(url, limit, take)
            except (OSError, http.client.HTTPException) as error:
                failure, retry_after = str(error) or type(error).__name__, ""
            else:
                if status not in _AGAIN:
                    return status, headers
                failure = f"the server answers {status}"
                retry_after = headers.get("retry-after", "")
            if attempt + 1 < TRIES:
                wait = float(retry_after) if retry_after.isdigit() else 2.0**attempt
                self.sleep(min(wait, MAX_WAIT))
        raise IngestError(f"no answer after {TRIES} tries: {failure}.", url, "Try again later.")

    def _once(
        self, url: str, limit: int, take: Callable[[bytes], object]
    ) -> tuple[int, dict[str, str]]:
        parts = urlsplit(url)
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        if parts.query:
            target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
        connection = self._connect(url)
        try:
            connection.request(
                "GET",
                target,
                headers={
                    "User-Agent": "coproarchive (archive import)",
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
            )
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            if response.status == 200:
                for chunk in _body(response, limit, url):
                    take(chunk)
            return response.status, headers
        finally:
            connection.close()

    def _connect(self, url: str) -> http.client.HTTPConnection:
        """Open a connection to the very IP address that was checked."""
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme not in ("http", "https") or not host:
            raise IngestError("only http and https addresses are fetched.", url)
        secure = parts.scheme == "https"
        port = port or (443 if secure else 80)
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        allowed = [f for f in resolved if self.allow_private or is_public(str(f[4][0]))]
        if not allowed:
            raise IngestError(
                "this address is on this machine or its network; it is not fetched.",
                url,
                "If it is meant: --allow-private-addresses",
            )
        address = str(allowed[0][4][0])
        line = socket.create_connection((address, port), timeout=self.timeout)
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        usual = port == (443 if secure else 80)  # the Host line names other ports only
        connection = http.client.HTTPConnection(host, 80 if usual else port, timeout=self.timeout)
        connection.sock = line
        return connection


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the open net, also if it carries another inside."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner: list[ipaddress.IPv4Address | None] = []
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    if any(i is not None and not i.is_global for i in inner):
        return False
    return (ip.is_global or any(inner)) and not ip.is_multicast


def _body(response: http.client.HTTPResponse, limit: int, url: str) -> Iterator[bytes]:
    declared = response.getheader("Content-Length") or ""
    if declared.isdigit() and int(declared) > limit:
        raise IngestError(f"the file has {int(declared):,} bytes; {limit:,} are allowed.", url)
    size, until = 0, time.monotonic() + MAX_SECONDS
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise IngestError(f"the file has more than {limit:,} bytes, which are allowed.", url)
        if time.monotonic() > until:
            raise IngestError(f"the file did not come within {MAX_SECONDS:.0f} seconds.", url)
        yield chunk
    if declared.isdigit() and size < int(declared):
        raise http.client.IncompleteRead(b"", int(declared) - size)
