"""The blog's files: looked for in a folder, fetched where that is asked for, their type checked."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from coproarchive.errors import IngestError
from coproarchive.store import media_type_of, walk

_STARTS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF",),
    "png": (b"\x89PNG",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF8",),
    "webp": (b"RIFF",),
    "rtf": (b"{\\rtf",),
    **dict.fromkeys(("ppt", "pps", "doc"), (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")),
    **dict.fromkeys(
        ("pptx", "ppsx", "potx", "pptm", "docx", "odp", "odt", "zip", "key"), (b"PK\x03\x04",)
    ),
}
_PICTURE_SIZE = re.compile(r"-\d{2,4}x\d{2,4}(?=\.\w{3,4}$)")


class Fetches(Protocol):
    """Saves what an address gives; see fetch.Fetcher.save."""

    def save(self, url: str, path: Path, limit: int) -> None:
        """Save the file at an address. Raises IngestError."""
        ...


class Media:
    """Finds files by their address. A context: what was fetched is deleted at its end.

    Args:
        folder: files at hand, in any arrangement of folders; WordPress's own is known best.
        fetcher: fetches what is not at hand; None fetches nothing.
        max_file: bytes of one file.
        make_folder: makes one for what is fetched, which another run sweeps if this one is killed.

    Attributes:
        refused: address -> why its file was not taken.

    Raises:
        IngestError: there is no such folder.
    """

    def __init__(
        self,
        folder: Path | None,
        fetcher: Fetches | None,
        max_file: int,
        make_folder: Callable[[], Path],
    ):
        self.fetcher, self.max_file = fetcher, max_file
        self._make_folder = make_folder
        self.refused: dict[str, str] = {}
        self._paths: dict[str, Path | None] = {}
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._work: Path | None = None
        if folder is not None:
            if not folder.is_dir():
                raise IngestError("there is no such folder.", folder)
            for entry in walk(folder, max_depth=20):
                if entry.kind == "file":
                    path = folder / entry.path
                    self._by_name[path.name.casefold()].append(path)

    def __enter__(self) -> Media:
        return self

    def __exit__(self, *_: object) -> None:
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)

    def find(self, url: str) -> Path | None:
        """Return a local copy of the file at an address, or None."""
        if url not in self._paths:
            path = self._local(url) or self._fetched(url)
            why = unsound(path, url, self.max_file) if path else ""
            if why:
                self.refused[url] = why
            self._paths[url] = None if why else path
        return self._paths[url]

    def _local(self, url: str) -> Path | None:
        name = unquote(urlsplit(url).path).rpartition("/")[2].casefold()
        for candidate in (name, _PICTURE_SIZE.sub("", name)):
            paths = self._by_name.get(candidate, [])
            if paths:
                return max(paths, key=lambda p: (_shared_end(p, url), -len(p.parts), str(p)))
        return None

    def _fetched(self, url: str) -> Path | None:
        if self.fetcher is None:
            return None
        if self._work is None:
            self._work = self._make_folder()
        path = self._work / f"{len(self._paths)}"
        try:
            self.fetcher.save(url, path, self.max_file)
        except IngestError as error:
            self.refused[url] = error.message
            return None
        return path


def _shared_end(path: Path, url: str) -> int:
    """Count the folders at the end of the path that are those of the address."""
    url_parts = [unquote(p).casefold() for p in urlsplit(url).path.split("/")][::-1]
    shared = 0
    for mine, url_part in zip([p.casefold() for p in path.parts[::-1]], url_parts, strict=False):
        if mine != url_part:
            break
        shared += 1
    return shared


def unsound(path: Path, url: str, max_file: int) -> str:
    """Return why a file is refused, "" where it is what its address says."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    ending = name.rpartition(".")[2].lower()
    if media_type_of(name) in ("application/octet-stream", "text/html", "image/svg+xml"):
        return f'files that end in "{ending[:20]}" are not taken'
    size = path.stat().st_size
    if size == 0:
        return "the file is empty"
    if size > max_file:
        return f"the file has {size:,} bytes; {max_file:,} are allowed"
    with path.open("rb") as file:
        start = file.read(1_024)
    signatures = _STARTS.get(ending)
    if signatures and not any(
        mark in (start if ending == "pdf" else start[:8]) for mark in signatures
    ):
        return f"its bytes are not those of a {ending} file"
    if not signatures and re.match(rb"\s*<(?:!doctype|html)", start, re.IGNORECASE):
        return "it is a web page and not the file"
    return ""
