"""What a file's name and folders say: title, people, date and event, by the usual patterns.

"Title - Speaker - Event 2015.pdf", "name_05-16-2017.pptx", "2019-03-01-title.md",
"2015/leeds/growing_rye.pdf".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from coproarchive.ingest.describe.dates import DateMention, find_dates

GENERIC = frozenset(
    """slides slide slidedeck deck decks docs doc document documents talks talk presentation
    presentations pdf pdfs ppt pptx pptx powerpoint html media images image img assets files
    file downloads download desktop full final source src material materials lecture lectures
    content export exports output public static resources data examples example archive
    archives upload uploads temp tmp new old copy misc other others various english en
    part""".split()
)
"""Names of folders, and parts of names, that say nothing of what is in them."""
_VERSION = re.compile(
    r"[\s_-]*(?:\b|_)(?:v\d+(?:\.\d+)*|ver\.?\s?\d+|final(?:\s?final)?|rev\.?\s?\d+|draft|copy|export(?:ed)?|"
    r"slides?|handouts?|slideshare|compressed|small|web|print|16[x_-]9|4[x_-]3|\(\d+\))(?=$|[\s_-])",
    re.IGNORECASE,
)
_COUNT = re.compile(r"^\W*\d{1,3}(?:[.)_\s-]+)(?=\D)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"__+|\s+[-–—|]+\s*|\s*[-–—|]+\s+|\s*[–—|]\s*")


@dataclass(frozen=True, slots=True)
class FileName:
    """A file's name and folders, taken apart.

    Attributes:
        pieces: parts of the name between " - " or "__", as words; dates and versions left out.
        folders: names of the folders, the nearest first, as words, without dates.
        dates: dates of the name, then of the folders, the nearest first, each with its text.
    """

    pieces: tuple[str, ...]
    folders: tuple[str, ...]
    dates: tuple[tuple[str, DateMention], ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """What may be the title: the whole name, then its pieces, the longest first."""
        whole = " - ".join(self.pieces)
        telling = [p for p in self.pieces if p.casefold() not in GENERIC]
        by_length = sorted(telling, key=len, reverse=True)
        return tuple(dict.fromkeys((*by_length[:1], whole, *by_length[1:]))) if whole else ()


def taken_apart(
    stem: str, folders: Sequence[str] = (), *, is_day_first: bool | None = None
) -> FileName:
    """Take a file's name apart.

    Args:
        stem: the name without its ending.
        folders: names of the folders it lies in, the nearest first, as far as they are its own.
        is_day_first: how 05-02-2024 is read.
    """
    dates = [(stem, mention) for mention in find_dates(stem, is_day_first=is_day_first)]
    pieces = tuple(words for piece in _pieces(stem) if (words := in_words(piece)))
    names = []
    for folder in folders:
        dates += [(folder, mention) for mention in find_dates(folder, is_day_first=is_day_first)]
        if words := in_words(_without_dates(folder)):
            names.append(words)
    return FileName(pieces, tuple(names), tuple(dates))


def _pieces(stem: str) -> list[str]:
    bare = _VERSION.sub(" ", _COUNT.sub("", _without_dates(stem)))
    return [piece for piece in _APART.split(bare) if piece.strip(" _-.")]


def _without_dates(text: str) -> str:
    """Return the text without its full dates; a lone year stays, as events are named by it."""
    for mention in reversed(find_dates(text)):
        if mention.precision > 1:
            text = f"{text[: mention.start]} {text[mention.end :]}"
    return text


def in_words(piece: str) -> str:
    """Turn a piece of a file's name into words: "WhyRyeGrows" -> "Why Rye Grows"."""
    words = re.sub(r"[_+]+|(?<=\w)-(?=\w)|\.(?=\S)", " ", piece)
    words = " ".join(words.split()).strip(" -–—_.,")
    if " " not in words:
        words = _CAMEL.sub(" ", words)
    return (words[:1].upper() + words[1:]) if words else ""


def humanised(stem: str) -> str:
    """Turn a file's name into a title."""
    pieces = taken_apart(stem).pieces
    return " - ".join(pieces) or in_words(stem) or stem
