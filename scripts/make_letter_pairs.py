"""Make the table of extract/letter_pairs.py: how often a letter follows another, in 33 languages.

    python scripts/make_letter_pairs.py

English is that of the documentation and of the bundled archive's posts; the other languages' words
are their names of countries, languages, currencies, days and months, which Babel has of Unicode's
CLDR. Prints the rows; a pair's digit is twice the negative binary logarithm of its share (base 36).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

from babel import Locale

from coproarchive.extract.letter_pairs import LETTERS, pairs_of

ROOT = Path(__file__).parent.parent
OTHERS = (
    "de fr es it pt nl sv da nb fi pl cs sk hu ro tr hr sl et lv lt cy ga ca eu gl sq is id ms af "
    "sw"
).split()
OF_ENGLISH, OF_OTHERS, OF_ANY = 0.45, 0.5, 0.05
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Shares = dict[tuple[str, str], float]


def shares(text: str) -> Shares:
    """Return the share of each pair among those that begin with its first letter."""
    counts = Counter(pairs_of(text))
    firsts: Counter[str] = Counter()
    for (first, _), count in counts.items():
        firsts[first] += count
    return {pair: count / firsts[pair[0]] for pair, count in counts.items()}


def words_of(language: str) -> str:
    """Return the words that CLDR has of a language."""
    locale = Locale.parse(language)
    tables = (
        locale.territories, locale.languages, locale.currencies,
        locale.days["format"]["wide"], locale.months["format"]["wide"],
    )  # fmt: skip
    return " ".join(str(word) for table in tables for word in table.values())


def main() -> None:
    posts = sorted([*ROOT.glob("archive/**/*.md"), *ROOT.glob("docs/**/*.md")])
    english = shares(" ".join(re.sub(r"`[^`]*`", " ", p.read_text("utf-8")) for p in posts))
    others = [shares(words_of(language)) for language in OTHERS]
    for first in LETTERS:
        row = ""
        for after in LETTERS:
            pair = (first, after)
            of_others = sum(table.get(pair, 0.0) for table in others) / len(others)
            share = OF_ENGLISH * english.get(pair, 0.0) + OF_OTHERS * of_others
            row += DIGITS[round(-2 * math.log2(share + OF_ANY / len(LETTERS)))]
        print(f'    "{row}",')


if __name__ == "__main__":
    main()
