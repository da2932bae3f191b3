"""In which code page a text was written: by its mark, its bytes, what it says, its letters.

UTF-8 comes before what a page declares, since hardly anything else is valid UTF-8 by accident; what
a page declares comes before charset-normalizer's guess, unless its letters contradict it.
"""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from coproarchive.extract.letter_frequencies import letter_fit

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 4_096
"""Bytes by which UTF-16 and UTF-32 without a mark are told, and in which a page says its own."""
GUESSED = 64 * 1024
"""Bytes that charset-normalizer is given."""
HIGH = 3
"""Bytes beyond ASCII below which nothing but Windows-1252 is guessed, if that has no odd signs."""
GOOD = 2
"""Letters beyond ASCII that are valid UTF-8, for each byte that is not, from which a file is UTF-8
with bytes that are damaged or were pasted."""

_ESCAPES = {b"\x1b$)C": "iso2022_kr", b"\x1b$": "iso2022_jp_2", b"\x1b(J": "iso2022_jp_2"}
_DECLARED = re.compile(
    rb"""(?:<meta[^>]{0,200}?charset\s*=|<\?xml[^>]{0,200}?encoding\s*=|^@charset)\s*["']?\s*([\w:.-]{2,40})""",
    re.IGNORECASE,
)
# What browsers take these names for (WHATWG Encoding Standard, "Names and labels").
_MEANT = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874",
    "tis-620": "cp874", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
    "euc_kr": "cp949", "johab": "johab", "big5": "big5hkscs",
}  # fmt: skip
# Codecs that turn bytes into other bytes, or carry out escapes, are none of a page's.
_CODE_PAGE = re.compile(
    r"(cp|windows|iso|latin|koi8|mac|gb|big5|euc|shift|johab|hz|tis|ascii|kz|ptcp)"
)
_CANDIDATES = [
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "koi8_u", "cp1253", "iso8859_7", "cp1254",
    "cp1255", "cp1256", "cp1257", "iso8859_5", "iso8859_15", "mac_roman", "cp932", "euc_jp",
    "gb18030", "big5", "cp949", "cp874", "cp866", "cp437", "cp850", "cp852",
]  # fmt: skip
_QUOTES = frozenset("‘’“”–—…")
_SEVERAL_BYTES = frozenset({"cp932", "euc_jp", "gb18030", "big5", "cp949"})
_ONE_BYTE = tuple(name for name in _CANDIDATES if name not in _SEVERAL_BYTES)
# Controls, signs within words or after them, capitals within words, letters of two scripts in one.
_STRANGE = re.compile(
    r"[\x80-\x9f\u2500-\u25ff]|[а-яѐ-џ][А-ЯЀ-Џ]|[α-ω][Α-Ω]|[^\W\d_][^\w\s'’.,;:!?()\[\]{}<>/&\"“”»«+*=%–—-]|"
    r"[^\w\s'’.,;:!?()\[\]{}<>/&\"“”»«„‚#@*+=¿¡$€£§°–—-][^\W\d_]|[a-zà-öø-ÿ][À-ÖØ-Þ]|"
    r"[a-zA-Z][\u0370-\u06ff\u3040-\ud7af]|[\u0370-\u06ff\u3040-\ud7af][a-zA-Z]"
)
_BAD = re.compile("[\udc80-\udcff]+")
_EAST_ASIAN = re.compile(r"[\n -~\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_HIGH = re.compile(rb"[\x80-\xff]")
_MARKUP = re.compile(rb"<[^>]{0,2000}>")
_OTHER = re.compile(r"[^\x00-\x7f\udc80-\udcff]")


def decode(data: bytes) -> str:
    """Decode a text file; never fails. Bytes that are no letters become U+FFFD."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    if wide := _without_mark(data):
        return wide
    data = data.replace(b"\x00", b"")
    for escape, name in _ESCAPES.items():
        if escape in data and (text := _strictly(data, name)) is not None:
            return text
    text = data.decode("utf-8", "surrogateescape")
    bad = sum(len(run) for run in _BAD.findall(text))
    if not bad:
        return text
    if len(_OTHER.findall(text)) >= GOOD * bad:
        return _BAD.sub(_mended, text)
    text_declared = _as_declared(data)
    return _guessed(data) if text_declared is None else text_declared


def _without_mark(data: bytes) -> str | None:
    """Decode UTF-16 or UTF-32 that has no mark, told by where its zeros stand; None for others."""
    sample = data[:SAMPLE]
    if len(sample) < 4 or b"\x00" not in sample:
        return None
    zeros = [sample[place::4].count(0) / (len(sample) / 4) for place in range(4)]
    if min(zeros[1:]) > 0.9 and zeros[0] < 0.5:
        name = "utf-32-le"
    elif min(zeros[:3]) > 0.9 and zeros[3] < 0.5:
        name = "utf-32-be"
    elif min(zeros[1], zeros[3]) > 0.05 and max(zeros[0], zeros[2]) < 0.01:
        name = "utf-16-le"
    elif min(zeros[0], zeros[2]) > 0.05 and max(zeros[1], zeros[3]) < 0.01:
        name = "utf-16-be"
    else:
        return _of_two_bytes(data)
    text = data.decode(name, "replace")
    return None if text.count("\ufffd") > len(text) / 50 else text


def _of_two_bytes(data: bytes) -> str | None:
    """Decode UTF-16 of Chinese, Japanese or Korean: only its line ends have zeros."""
    for name in ("utf-16-le", "utf-16-be"):
        text = _strictly(data, name)
        if text and len(_EAST_ASIAN.findall(text)) > 0.95 * len(text):
            return text
    return None


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _mended(bad: re.Match[str]) -> str:
    """Return what bytes in a UTF-8 file mean that are not UTF-8.

    Letters and quotation marks of Windows-1252 were pasted; anything else, and half a letter at the
    end of a file that was cut off, is unknown.
    """
    text = bad.string
    pasted = bad[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    beside = text[max(0, bad.start() - 1) : bad.start()] + text[bad.end() : bad.end() + 1]
    if bad.end() < len(text) and (
        (pasted.isalpha() and any(c.isalpha() for c in beside)) or pasted in _QUOTES
    ):
        return pasted
    return "\ufffd"


def _as_declared(data: bytes) -> str | None:
    """Decode as the page says; None where it says nothing, or what its letters contradict."""
    match = _DECLARED.search(data[:SAMPLE])
    if not match:
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except (LookupError, ValueError):
        return None
    name = _MEANT.get(name, name)
    if not _CODE_PAGE.match(name):
        return None
    text = data.decode(name, "replace")
    letters = len(_OTHER.findall(text))
    if text.count("\ufffd") * 50 > letters:
        return None
    return text if _is_plausible(data, name) else None


def _guessed(data: bytes) -> str:
    """Decode by the letters of the lines that have others than ASCII.

    charset-normalizer tells scripts apart, and code pages of several bytes a letter; which of the
    code pages with one byte a letter it is, in a few words, is told by `_strangeness`.
    """
    sample = _sample(data)
    best = charset_normalizer.from_bytes(sample, cp_isolation=_CANDIDATES).best()
    name = best.encoding if best else "cp1252"
    decoded = {other: _strictly(sample, other) for other in (name, *_ONE_BYTE)}
    strange = {o: _strangeness(text) for o, text in decoded.items() if text is not None}
    if len(_HIGH.findall(sample)) < HIGH and strange.get("cp1252", (1, 0.0))[0] == 0:
        return data.decode("cp1252", "replace")
    best_name = min(strange, key=strange.__getitem__, default="cp1252")
    if name in _SEVERAL_BYTES and name in strange and strange[name][0] <= strange[best_name][0]:
        best_name = name  # the letters of these are in no table of frequencies
    return data.decode(best_name, "replace")


def _strangeness(text: str) -> tuple[int, float]:
    """Return how little a text looks like words: signs and capitals within words, rare letters."""
    signs = len(_STRANGE.findall(text))
    return signs, -letter_fit(text)


def _is_plausible(data: bytes, name: str) -> bool:
    matches = charset_normalizer.from_bytes(
        _sample(data), cp_isolation=[name], enable_fallback=False
    )
    return matches.best() is not None


def _sample(data: bytes) -> bytes:
    lines = (line for line in _MARKUP.sub(b" ", data).splitlines() if not line.isascii())
    return b"\n".join(lines)[:GUESSED]
