"""Recordings: held by the archive, and played here; or held elsewhere, and linked at the second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from coproarchive.model import Asset, Item

_PLAYED = ("video/", "audio/")
_CAPTIONS = {"text/vtt", "application/x-subrip"}


class Track(NamedTuple):
    """Captions of a recording: address, BCP 47 language, and label for readers."""

    address: str
    language: str
    label: str


class Recording(NamedTuple):
    """A recording that the archive holds.

    Attributes:
        element: "video" or "audio"; "video" of a sound recording too where there are captions,
            which browsers show in no other element.
        address: of the file, at the second.
        media_type: of it.
        tracks: captions.
    """

    element: str
    address: str
    media_type: str
    tracks: tuple[Track, ...]


def recordings(item: Item, second: float | None, language: str) -> list[Recording]:
    """Return the recordings that an item has, each at a second.

    Args:
        item: its record.
        second: where to begin; None for the beginning.
        language: of the item, where captions do not say another.
    """
    held = [asset for asset in item.assets if asset.media_type.startswith(_PLAYED)]
    at = f"#t={int(second)}" if second else ""
    held_recordings = []
    for asset in held:
        tracks = _tracks(item, asset, held, language)
        element = "video" if tracks else asset.media_type.partition("/")[0]
        address = f"/file/{item.id}/{quote(asset.path)}{at}"
        held_recordings.append(Recording(element, address, asset.media_type, tracks))
    return held_recordings


def _tracks(item: Item, asset: Asset, held: Sequence[Asset], language: str) -> tuple[Track, ...]:
    """Return the captions of a recording: those of its name, or all where there is one alone."""
    stem = asset.path.rpartition(".")[0]
    tracks = []
    for other in item.assets:
        name, _, ending = other.path.rpartition(".")
        is_its = name == stem or name.startswith(f"{stem}.") or len(held) == 1
        if other.media_type in _CAPTIONS and is_its:
            tag = re.search(r"\.([a-z]{2,3}(?:-[A-Za-z]{2,4})?)$", name)
            spoken = tag[1] if tag else language
            ending = "" if other.media_type == "text/vtt" else ".vtt"
            address = f"/file/{item.id}/{quote(other.path)}{ending}"
            tracks.append(Track(address, spoken, other.title or f"Captions ({spoken})"))
    return tuple(tracks)


def at_second(address: str, second: float) -> str:
    """Return a recording's address elsewhere at a second; "" where it is not known how to say it.

    As YouTube, Vimeo, Dailymotion and PeerTube document it, and W3C Media Fragments for files.
    """
    parts = urlsplit(address)
    host, whole = parts.netloc.lower().removeprefix("www.").removeprefix("m."), int(second)
    if host in ("youtube.com", "youtube-nocookie.com", "youtu.be"):
        return _with_parameter(address, "t", f"{whole}s")
    if host in ("vimeo.com", "player.vimeo.com"):
        return urlunsplit(parts._replace(fragment=f"t={whole}s"))
    if host == "dailymotion.com" or re.match(r"/(w|videos/watch)/[\w-]+$", parts.path):
        return _with_parameter(address, "start", str(whole))
    if re.search(r"\.(mp4|webm|mov|mp3|m4a|ogg|ogv)$", parts.path, re.IGNORECASE):
        return urlunsplit(parts._replace(fragment=f"t={whole}"))
    return ""


def _with_parameter(address: str, name: str, value: str) -> str:
    parts = urlsplit(address)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)])))
