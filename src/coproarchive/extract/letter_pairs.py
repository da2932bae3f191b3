"""How well the Latin letters of a text follow one another, in whichever language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

LETTERS = " abcdefghijklmnopqrstuvwxyz"
"""Those that are told apart; the first is the end of a word."""
# Twice the negative binary logarithm of a letter's share after another, in base 36: a row a first
# letter, a column the letter after it. Made by scripts/make_letter_pairs.py.
_ROWS = (
    "i7999a9bb8d998999fa77cc9gde",
    "6eca9fdaeaeb895fdh687ddfhbe",
    "a5heg5iie7fh7fh6ii7dh7fdi7i",
    "96idg6ei47hacgg5gi9da9hiigg",
    "47hea5fgf6fgggd6hib8hbhgidb",
    "49eb9becgcec9a7ddf66adcecdd",
    "57iihabbg5iicii6fi4ebaiiihi",
    "56dhg5iea7gecfd7gi8af7dfiei",
    "74ihg4iif6fhedf6iiceaahfifi",
    "78b9a9echfcb8c5adga66fahhge",
    "d5dfd5ihi6efhgf8eih3f7hhiih",
    "56gge4gid6ieddb7gib7e9gcidi",
    "75eg85edg5gc8gf7gigaa9fgich",
    "747fb5hie7hhcbg7aiiaibghiei",
    "57ha67h7g8fcdgd7hii88ceihcf",
    "6cdcbc9cgdeb795bai6999baggf",
    "95igc5gge7hi9hh6ci7b98ghibi",
    "79ifidiiieiidiiiiiiii1iiiii",
    "66da95gcg6hcebd7hic9a9dfibg",
    "38hai7iia7g7bgf9diea7aedied",
    "56ieh7hh56hhehf8hia8c9gegdg",
    "88aca8gag9fc896e9i687fdfffc",
    "b5igf2igi5hihifaiideidiiici",
    "84ihi7ii66ifgha7hiabidiiidi",
    "586di6ii85ihiefcaiii5giihbi",
    "36ecd8ifgbdccda9aia8abfeihf",
    "85dgh3iff5ffdid9higdgahhiea",
)
_COSTS = {
    (first, after): int(digit, 36) / 2
    for first, row in zip(LETTERS, _ROWS, strict=True)
    for after, digit in zip(LETTERS, row, strict=True)
}
_SIGN = 8.0
"""Cost of a sign within a word."""
_FOLDED = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_ADDRESS = re.compile(r"\S*(?:://|www\.|@|\d)\S*")
_WORD = re.compile(r"[a-z]{2,}")
_SIGN_WITHIN = re.compile(r"(?<=[a-z])[!\"#$%;<>?\\^`{|}~](?=[a-z])")


def pairs_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield each two letters side by side, and the ends of words with theirs; without accents."""
    return _pairs(_folded(text))


def _pairs(folded: str) -> Iterator[tuple[str, str]]:
    words = " ".join(_WORD.findall(folded))
    return pairwise(f" {words} ") if words else iter(())


def letter_cost(text: str) -> tuple[float, int]:
    """Return the mean cost of the pairs of letters in a text's words, and how many there are.

    Addresses are left out.

    The cost is the negative binary logarithm of a letter's share after the one before it: about 3.9
    in the words of a language, 5.7 where letters stand for others.
    """
    folded = _folded(_ADDRESS.sub(" ", text))
    costs = [*map(_COSTS.__getitem__, _pairs(folded))]
    costs += [_SIGN] * len(_SIGN_WITHIN.findall(folded))
    return (sum(costs) / len(costs) if costs else 0.0), len(costs)


def _folded(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return "".join(c for c in plain if not unicodedata.combining(c))
