"""How well the letters of a text fit a language: by how frequent each is in it."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter

from charset_normalizer.constant import FREQUENCIES

_LETTERS = re.compile(r"[^\W\d_]")
# By rank in a language, from the most frequent letter on; those not among them are rarer still.
_SHARES = (
    .115, .09, .08, .075, .068, .063, .06, .055, .045, .04, .036, .032, .028, .025, .022, .02, .018,
    .016, .014, .012, .01, .008, .006, .004, .002, .0015,
)  # fmt: skip
_RARE = math.log(0.0006)
BEYOND = "\u0e80"
"""The first letter after the alphabets: Latin to Arabic, those of India, Thai."""


@functools.cache
def _languages() -> list[dict[str, float]]:
    """Return the logarithm of each letter's frequency, for each language written in letters."""
    tables = []
    for letters in FREQUENCIES.values():
        if max(letters) < BEYOND:
            ranked = dict.fromkeys(c.casefold() for c in letters)
            tables.append({c: math.log(s) for c, s in zip(ranked, _SHARES, strict=False)})
    return tables


def letter_fit(text: str) -> float:
    """Return the mean logarithm of the letters' frequencies in the language that fits best."""
    counts = Counter(_LETTERS.findall(text.casefold()))
    total = counts.total() or 1
    return max(
        sum(n * table.get(letter, _RARE) for letter, n in counts.items()) / total
        for table in _languages()
    )
