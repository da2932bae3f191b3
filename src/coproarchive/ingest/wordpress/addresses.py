"""Web addresses brought to one form, so that the same thing has the same address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SIZED = re.compile(r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)")
_FILM = re.compile(
    r"^https?://(?:(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com/(?:embed/|watch\?(?:[^#]*&)?v=|shorts/|v/)"
    r"|youtu\.be/)(?P<tube>[\w-]{6,20})[^\s]*|player\.vimeo\.com/video/(?P<vimeo>\d+)[^\s]*)$"
)


MAX_ADDRESS = 2_000


def well_formed(url: str) -> str:
    """Return the address, if it is one of the web that a record may hold; else ""."""
    url = "".join(url.split())
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        sound = False
    return url if sound and len(url) <= MAX_ADDRESS and url.isprintable() else ""


def plain_address(url: str) -> str:
    """Return host and path, the same with and without https, www, a picture's size and a fragment.

    Args:
        url: a `well_formed` address, or "".
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    path = _SIZED.sub("", parts.path).rstrip("/")
    number = re.search(r"(?:^|&)((?:p|page_id|attachment_id)=\d+)", parts.query)
    return f"{host}{path}" + (f"/?{number[1]}" if number and not path else "")


def canonical(url: str) -> str:
    """Replace a film's players and short addresses by its page; drop a player's own mark."""
    return _FILM.sub(_page, re.sub(r"\?_=\d+$", "", url))


def _page(match: re.Match[str]) -> str:
    if match["tube"]:
        return f"https://www.youtube.com/watch?v={match['tube']}"
    return f"https://vimeo.com/{match['vimeo']}"
