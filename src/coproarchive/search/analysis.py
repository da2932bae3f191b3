"""Words: one way to cut and fold text for indexing, querying and highlighting.

Every word is indexed twice at the same position: as it stands (folded to lower case, without
accents, marked with "=") so that phrases and names match exactly, and as its Snowball stem so that
"detained" finds "detention"'s kin. Compounds are also indexed joined: co-production, coproduction
and co production find each other.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

EXACT = "="
"""Marks the form as written, in the same vocabulary as the stems."""

LEAF_BITS = 20
"""A position is the leaf's number, shifted by so many bits, and the word's number in the leaf: no
phrase reaches from one slide into the next, and a position tells which slide it is on."""
MAX_LEAVES = 1 << 17
"""Leaves that are told apart in an item; what is behind counts as the last one."""

MAX_WORD = 64
"""Longer runs of letters are data, not words; their beginning is kept."""

# Symbols that carry meaning: C++, C#, F#, .NET, R&D, AT&T; UTF-8 and COVID-19 are compounds.
_WORD = re.compile(
    r"(?:[A-Za-z]\+\+|\b[A-Za-z]#|(?<!\w)\.(?=NET\b)|\b[A-Za-z]{1,3}&[A-Za-z]{1,3}\b|"
    r"[^\W_]+(?:['’](?=[^\W_])[^\W_]+)*)"
)
_HYPHENS = "-\u2010\u2011\u2012\u2013"
# Beginnings that are written joined, with a hyphen or apart, as the writer likes.
PREFIXES = {"co", "non", "pre", "post", "re", "multi", "anti", "inter", "semi", "sub", "e", "self"}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")

_QUESTION_WORDS = """
a about also am an and any anyone are as at be because been being but by can could did do does
doing each either etc for from had has have having he her here him his how i if in into is it its
just many me much my of on or our please shall she should so some such than that the their them
then there these they this those to us very was we were what when where whether which while who
whom whose why with would you your
"""
STOP_WORDS: frozenset[str] = frozenset(_QUESTION_WORDS.split())
"""Words that a question is made with; left out of queries that have others."""

_SNOWBALL = {
    "en": "english", "fr": "french", "de": "german", "es": "spanish", "it": "italian",
    "nl": "dutch", "pt": "portuguese", "sv": "swedish", "da": "danish", "no": "norwegian",
    "nb": "norwegian", "fi": "finnish", "ru": "russian", "hu": "hungarian", "ro": "romanian",
    "tr": "turkish", "ar": "arabic", "el": "greek", "ca": "catalan", "ga": "irish",
}  # fmt: skip
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        word: folded as written.
        start, end: its characters in the text.
        joins: whether a hyphen, or nothing but a space after a prefix, binds it to the next word.
    """

    word: str
    start: int
    end: int
    joins: bool = False


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Lower case, without accents and possessive endings; other scripts stay as they are."""
    word = re.sub(r"['’][sS]?$", "", word).replace("’", "'")
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    # Only the accents of letters that have a plain one: marks of other scripts are letters.
    plain = "".join(
        c for i, c in enumerate(decomposed)
        if not (unicodedata.combining(c) and i and decomposed[i - 1] < "\u0250")
    )  # fmt: skip
    return unicodedata.normalize("NFC", plain).replace("'", "")[:MAX_WORD]


def tokenize(text: str) -> Iterator[Token]:
    """Words of a text in order, with their places in it."""
    matches = list(_words(text))
    for number, (start, end) in enumerate(matches):
        word = fold(text[start:end])
        if not word:
            continue
        joins = False
        if number + 1 < len(matches):
            between = text[end : matches[number + 1][0]]
            joins = (len(between) == 1 and between in _HYPHENS) or (
                between == " " and word in PREFIXES
            )
        yield Token(word, start, end, joins)


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Bounds of words; scripts without spaces are cut into single characters."""
    for match in _WORD.finditer(text):
        if not _CJK.search(match[0]):
            yield match.span()
            continue
        start = match.start()
        for piece in re.finditer(rf"{_CJK.pattern}|[^{_CJK.pattern[1:-1]}]+", match[0]):
            yield start + piece.start(), start + piece.end()


def stem(word: str, language: str = "en") -> str:
    """The Snowball stem; the word itself where the language has no stemmer or it has digits."""
    name = _SNOWBALL.get(language.split("-", maxsplit=1)[0].lower())
    if name is None or not word.isalpha() or len(word) < 3:
        return word
    # PyStemmer's objects are not safe to share between threads.
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    if name not in stemmers:
        stemmers[name] = Stemmer.Stemmer(name, 20_000)
    return str(stemmers[name].stemWord(word))


def exact(word: str) -> str:
    """The indexed form of a word as it was written."""
    return EXACT + word


def invert(texts: Iterable[str], language: str) -> tuple[dict[str, list[int]], int]:
    """Terms of a field and where they stand.

    Args:
        texts: one a leaf.
        language: BCP 47 tag that chooses the stemmer.

    Returns:
        Term -> ascending positions (see LEAF_BITS); and the field's length in words.
    """
    terms: dict[str, list[int]] = {}
    length = 0
    for number, text in enumerate(texts):
        position = min(number, MAX_LEAVES - 1) << LEAF_BITS
        previous: Token | None = None
        for token in tokenize(text):
            _add(terms, token.word, position, language)
            if previous is not None and previous.joins:
                joined = previous.word + token.word
                # At both places, so that a phrase goes on before it and behind it.
                _add(terms, joined, position - 1, language)
                _add(terms, joined, position, language)
            previous = token
            position += 1
            length += 1
    for term, places in terms.items():
        terms[term] = sorted(set(places))
    return terms, length


def _add(terms: dict[str, list[int]], word: str, position: int, language: str) -> None:
    terms.setdefault(exact(word), []).append(position)
    terms.setdefault(stem(word, language), []).append(position)
