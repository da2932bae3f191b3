"""What is whole in a zip file whose end is missing: its directory, but not its parts."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from coproarchive.extract.base import Limits

MOST = 256 * 1024**2
"""Bytes that the parts of such a file may unpack to, together: they are held in memory."""
CHUNK = 64 * 1024
"""Bytes that are unpacked at a time."""
_HEADER = struct.Struct("<4s5H3L2H")
_START = b"PK\x03\x04"
_LOCKED, _SIZES_AFTER, _UTF8 = 0x1, 0x8, 0x800  # bits of a part's flags: APPNOTE.TXT 4.4.4
_STORED, _DEFLATED = 0, 8


def rescued(path: Path, limits: Limits, most_parts: int) -> zipfile.ZipFile | None:
    """Return a zip file, in memory, of the parts that are whole; None where there are none."""
    data = path.read_bytes()
    held = io.BytesIO()
    count = 0
    with zipfile.ZipFile(held, "w") as made:
        for name, content in _parts(data, min(MOST, limits.unpacked_size)):
            if count == most_parts:
                break
            if name not in made.NameToInfo:
                made.writestr(name, content)
                count += 1
    return zipfile.ZipFile(held) if count else None


def _parts(data: bytes, room: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of whole parts, until they fill the room in bytes."""
    at = data.find(_START)
    while at >= 0 and at + _HEADER.size <= len(data):
        _, _, flags, method, _, _, checksum, packed, _, name_size, extra = _HEADER.unpack_from(
            data, at
        )
        start = at + _HEADER.size + name_size + extra
        name = data[at + _HEADER.size : at + _HEADER.size + name_size]
        content, end = None, start
        if not flags & _LOCKED:
            sized = None if flags & _SIZES_AFTER and not packed else packed
            content, end = _content(data, start, sized, method, room)
        if content is not None and (sized is None or zlib.crc32(content) == checksum):
            room -= len(content)
            if room < 0:
                return
            yield name.decode("utf-8" if flags & _UTF8 else "cp437", "replace"), content
        at = data.find(_START, max(end, at + 4))


def _content(
    data: bytes, start: int, size: int | None, method: int, room: int
) -> tuple[bytes | None, int]:
    """Return what a part unpacks to, None where it is not whole, and where it ends.

    Args:
        size: bytes in the file; None where they are only told after the part.
        room: bytes that it may unpack to.
    """
    if method == _STORED and size is not None:
        is_whole = start + size <= len(data)
        return (data[start : start + size] if is_whole else None), start + size
    if method != _DEFLATED:
        return None, start
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    end = len(data) if size is None else min(len(data), start + size)
    pieces: list[bytes] = []
    at = start
    try:
        while at < end and not unpacker.eof:
            chunk = data[at : min(at + CHUNK, end)]
            at += len(chunk)
            pieces.append(unpacker.decompress(chunk, room + 1))
            room -= len(pieces[-1])
            if room < 0 or unpacker.unconsumed_tail:
                return None, start
    except zlib.error:
        return None, start
    return (b"".join(pieces) if unpacker.eof else None), at - len(unpacker.unused_data)
