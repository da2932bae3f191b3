"""By which names this archive is known on the web, and what its own addresses begin with."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.settings import LOOPBACK
from coproarchive.web.access import host_name


class HostNames:
    """Decides which Host headers are believed: whoever asks may write anything into one.

    Args:
        library: its archive's address and its settings say the names.
    """

    def __init__(self, library: Library):
        self._library = library
        settings = library.settings
        self._allowed = frozenset(settings.hosts())
        self._names = {*LOOPBACK, settings.host.lower(), *self._allowed}

    @property
    def address(self) -> str:
        """The archive's own web address, "" where it has none or cannot be read."""
        try:
            return (self._library.public().series.address or "").rstrip("/")
        except CoproArchiveError:
            return ""

    def base(self, request: HTTPConnection) -> str:
        """Return what absolute addresses begin with, without a slash at the end.

        The archive's address; else as requested, if by a known name; else "", which makes the
        addresses relative.
        """
        if address := self.address:
            return address
        host = request.headers.get("host", "")
        return f"{request.url.scheme}://{host}" if self._is_known(request, host) else ""

    def is_refused(self, request: HTTPConnection) -> bool:
        """Tell whether the request came by a name that the setting allowed_hosts does not have."""
        return bool(self._allowed) and not self._is_known(request, request.headers.get("host", ""))

    def _is_known(self, request: HTTPConnection, host: str) -> bool:
        name = host_name(host)
        if not name:
            return False
        # Whoever asks by the very address that the connection came to was told no wrong name.
        own_address = str((request.scope.get("server") or ("",))[0])
        return name in self._names or name in (own_address, urlsplit(self.address).hostname)

    def is_foreign(self, request: HTTPConnection) -> bool:
        """Tell whether a page of another site asks.

        Browsers name the site of the page, port and all; what names none is no browser's page. Our
        own names are the Host that the request came to, what a proxy says was asked for, and the
        archive's address.
        """
        headers = request.headers
        if not headers.get("origin"):
            return False
        asked_by = urlsplit(headers["origin"]).netloc
        asked_for = (headers.get("host"), headers.get("x-forwarded-host"))
        return not asked_by or (
            asked_by not in asked_for and asked_by != urlsplit(self.address).netloc
        )
