"""What PDFs do to words, undone: divided at line ends, without spaces, letters one a line.

A word that a line's end divides may be one ("produc-tion") or a compound ("well-known"). The rest
of the file mostly tells; where it does not, a soft hyphen stands there, by which the analysis of
words finds both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from coproarchive.extract.pdf_structure import MAX_TITLE
from coproarchive.extract.text import DIVIDED, SOFT_HYPHEN, one_line

LONG = 18
"""Letters without a space from which a word may be several: three of them make a page suspect."""
VERY_LONG = 26
"""Letters without a space that make a page suspect by themselves."""
SHORT_LINES = 10
"""Characters a line on average below which lines of a single letter are looked for."""

# What PDFium puts where a word was divided at the end of a line; and what it leaves there.
_AT_LINE_END = re.compile(
    r"([^\W\d_]{0,40})(?:[\ufffe\x02]\s*|(?<=[a-zà-ÿ])[-\u2010]\n(?=[a-zà-ÿ]{2}))([^\W\d_]{0,40})"
)
_UPRIGHT = re.compile(r"(?:^\w\n){5,}\w?$", re.MULTILINE)
_DOTS = re.compile(r"(?:^[.·•◦○●□■]\n){3,}", re.MULTILINE)  # navigation marks of slide themes
_WORD = re.compile(r"[^\W\d_]{2}")
# Small letters only: names in programmes LookLikeThis.
_LONG_WORD = re.compile(rf"[a-z\u00df-\u00ff\u03ac-\u03ce\u0430-\u045f]{{{LONG},}}")
# Letters of alphabets whose words have spaces between them.
_RUN_TOGETHER = re.compile(rf"[A-Za-z\u00c0-\u052f]{{{LONG},}}")


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of pages between blanks, in lower case; compounds with "-".

    Words with a comma behind them are others: it is enough that most words stand without somewhere.
    """
    whole = "\n".join(texts).casefold().replace("\u2010", "-").replace("\u2011", "-")
    return frozenset(whole.split())


def is_divided(text: str) -> bool:
    """Test whether a line's end divides a word of the text as it was read."""
    return (
        "\ufffe" in text or "\x02" in text or "-\r\n" in text or "-\n" in text or "\u2010\r" in text
    )


def repair(text: str, words: frozenset[str] = frozenset()) -> str:
    """Undo what a PDF did to words.

    Args:
        text: of a page, as it was read.
        words: of the whole file; see words_of.
    """
    text = _with_plain_ends(text)
    if is_divided(text) or "\u2010\n" in text:
        text = _AT_LINE_END.sub(lambda ends: _joined(ends[1], ends[2], words), text)
    if len(text) < SHORT_LINES * text.count("\n"):
        text = _DOTS.sub("", text)
        text = _UPRIGHT.sub(lambda match: match[0].replace("\n", ""), text)
    return text.strip()


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _joined(before: str, after: str, words: frozenset[str]) -> str:
    """Join the two sides of a line's end as the rest of the file writes the word."""
    if not before or not after:
        return before + after
    first, last = before.casefold(), after.casefold()
    if f"{first}-{last}" in words:
        return f"{before}-{after}"
    if first + last in words:
        return before + after
    return f"{before}{DIVIDED}{after}"


def is_run_together(text: str) -> bool:
    """Test whether words seem to have lost the spaces between them."""
    long = _LONG_WORD.findall(text)
    return len(long) >= 3 or any(len(word) >= VERY_LONG for word in long)


def with_spaces(text: str, other: str) -> str:
    """Divide runs of letters of the text where the other reading divides the same letters."""
    other = " ".join(other.split())
    at = [i for i, letter in enumerate(other) if letter != " "]
    letters = "".join(other[i] for i in at)

    def divided(match: re.Match[str]) -> str:
        start = letters.find(match[0])
        return match[0] if start < 0 else other[at[start] : at[start + len(match[0]) - 1] + 1]

    return _RUN_TOGETHER.sub(divided, text)


def title_and_rest(text: str, outlined: str) -> tuple[str, str]:
    """Split the page's heading from its text.

    The outline's entry if the page has one, else the first line that has words. A heading that
    says more than the outline does is taken whole, so that no word is lost. Titles have no soft
    hyphens; a heading with one stays in the text too, where its word is found both ways.
    """
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        heading = one_line(text[start:end])
        if _WORD.search(heading):
            rest = (text[:start] + text[end + 1 :]).rstrip("\n")
            if SOFT_HYPHEN in heading:
                heading, rest = heading.replace(SOFT_HYPHEN, ""), text
            if heading.casefold().startswith(outlined.casefold()):
                return (heading, rest) if len(heading) <= MAX_TITLE else (outlined, text)
            return outlined, rest if outlined.casefold().startswith(heading.casefold()) else text
        start = end + 1
    return outlined, text
