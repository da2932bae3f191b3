"""Words drawn in Windows metafiles: charts and tables that were pasted into slides as pictures.

EMF, EMF+ and WMF list what is drawn, record by record, text as text; the sources are Microsoft's
open specifications [MS-EMF], [MS-EMFPLUS] and [MS-WMF]. Only records that draw text are read.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

NAMES = (".emf", ".wmf", ".emz", ".wmz")
MAX_UNPACKED = 30 * 1024**2
"""Bytes that a compressed metafile is unpacked to."""
MAX_RECORDS = 500_000
MAX_CHARACTERS = 100_000
MAX_STRING = 10_000
"""Characters of one string; a larger number is damage."""

_WORD = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff]")
_ANSI = "cp1252"
_IS_EMF = slice(40, 44)
_PLACEABLE = b"\xd7\xcd\xc6\x9a"  # of a WMF that was saved as a file
_GZIPPED = b"\x1f\x8b"
_NUMBERS = 0x10  # ETO_GLYPH_INDEX: numbers of a font's drawings stand in the place of letters
# Record types of EMF.
_END, _COMMENT, _TEXT_A, _TEXT_W, _SMALL_TEXT = 14, 70, 83, 84, 108
_NO_RECT, _SMALL_CHARACTERS = 0x100, 0x200
_PLUS_STRING = 0x401C
# Functions of WMF.
_TEXT_OUT, _EXT_TEXT_OUT = 0x0521, 0x0A32

DrawnText = tuple[int, str]
"""How far down in the picture, in its own units, and what."""


def words_in(data: bytes) -> str:
    """Return lines of the words that a metafile draws, each once; "" for none or a damaged file."""
    if data.startswith(_GZIPPED):
        with suppress(zlib.error):
            data = zlib.decompressobj(wbits=31).decompress(data, MAX_UNPACKED)
    lines: list[list[str]] = []
    before: int | None = None
    left = MAX_CHARACTERS
    # A record that says less than its type asks for ends the file.
    with suppress(struct.error):
        for down, text in _emf(data) if data[_IS_EMF] == b" EMF" else _wmf(data):
            if not lines or down != before:
                lines.append([])
            lines[-1] += text.replace("\0", "").split()
            before = down
            left -= len(text)
            if left < 0:
                break
    return "\n".join(dict.fromkeys(" ".join(pieces) for pieces in lines if _are_words(pieces)))


def _are_words(pieces: list[str]) -> bool:
    """Test that a line is not a formula, drawn letter by letter, nor numbers along an axis."""
    words = sum(1 for piece in pieces if _WORD.search(piece))
    return words > 0 and 2 * words >= len(pieces)


def _emf(data: bytes) -> Iterator[DrawnText]:
    at = 0
    for _ in range(MAX_RECORDS):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 8 or kind == _END:
            return
        record = data[at : at + size]
        if kind in (_TEXT_A, _TEXT_W):
            down, count, start, options = struct.unpack_from("<iIII", record, 40)
            yield from _string(record, down, count, start, options, is_wide=kind == _TEXT_W)
        elif kind == _SMALL_TEXT:
            down, count, options = struct.unpack_from("<iII", record, 12)
            start = 36 if options & _NO_RECT else 52
            is_wide = not options & _SMALL_CHARACTERS
            yield from _string(record, down, count, start, options, is_wide=is_wide)
        elif kind == _COMMENT and record[12:16] == b"EMF+":
            yield from _emf_plus(record[16:])
        at += size


def _emf_plus(records: bytes) -> Iterator[DrawnText]:
    at = 0
    for _ in range(MAX_RECORDS):
        if at + 12 > len(records):
            return
        kind, _, size = struct.unpack_from("<HHI", records, at)
        if size < 12:
            return
        if kind == _PLUS_STRING:
            record = records[at : at + size]
            (count,) = struct.unpack_from("<I", record, 20)
            (down,) = struct.unpack_from("<f", record, 28)
            place = int(down) if abs(down) < 1e9 else 0
            yield from _string(record, place, count, 40, 0, is_wide=True)
        at += size


def _wmf(data: bytes) -> Iterator[DrawnText]:
    at = 22 if data.startswith(_PLACEABLE) else 0
    at += 2 * struct.unpack_from("<H", data, at + 2)[0]  # words of the header
    for _ in range(MAX_RECORDS):
        words, function = struct.unpack_from("<IH", data, at)
        if words < 3 or not function:
            return
        record = data[at : at + 2 * words]
        if function == _EXT_TEXT_OUT:
            down, _, count, options = struct.unpack_from("<hhhH", record, 6)
            start = 22 if options & 0x6 else 14  # a rectangle to be filled or to cut at
            yield from _string(record, down, count, start, options, is_wide=False)
        elif function == _TEXT_OUT:
            (count,) = struct.unpack_from("<h", record, 6)
            after = 8 + count + count % 2
            (down,) = struct.unpack_from("<h", record, after) if 0 < count < MAX_STRING else (0,)
            yield from _string(record, down, count, 8, 0, is_wide=False)
        at += 2 * words


def _string(
    record: bytes, down: int, count: int, start: int, options: int, *, is_wide: bool
) -> Iterator[DrawnText]:
    """Return the string of a record, where it is one of letters."""
    if 0 < count <= MAX_STRING and not options & _NUMBERS:
        piece = record[start : start + (2 * count if is_wide else count)]
        if piece:
            yield down, piece.decode("utf-16-le" if is_wide else _ANSI, "ignore")
