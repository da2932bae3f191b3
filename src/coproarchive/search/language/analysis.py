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
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import Stemmer

EXACT = "="
"""Marks the form as written, in the same vocabulary as the stems."""

LEAF_BITS = 20
"""A position is the leaf's number, shifted by so many bits, and the word's number in the leaf: no
phrase reaches from one slide into the next, and a position tells which slide it is on."""
WORD_MASK = (1 << LEAF_BITS) - 1
"""Of a position: the word's number in its leaf."""
MAX_LEAVES = 1 << 17
"""Leaves that are told apart in an item; what is behind counts as the last one."""

FIELD_SHIFT = LEAF_BITS + MAX_LEAVES.bit_length() - 1
"""Engines store the field's number, shifted by so many bits, and the position in the field."""

MAX_WORD = 64
"""Longer runs of letters are data, not words; their beginning is kept."""

_PLAIN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Symbols that carry meaning: C++, C#, F#, .NET, R&D, AT&T; N.H.S. is NHS.
_WORD = re.compile(
    r"[A-Za-z]\+\+|\b[A-Za-z]#|(?<!\w)\.(?=NET\b)|\b[A-Za-z]{1,3}&[A-Za-z]{1,3}\b|"
    r"(?<![\w.])(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?(?!\w)|" + _PLAIN.pattern
)
_WITH_JOINT = re.compile(rf"({_PLAIN.pattern})([-\u2010-\u2013 ](?=[^\W_]))?")
_FOREIGN = re.compile(r"[^\W\x00-\x7f]")
_SYMBOLS = r"[A-Za-z](?:\+\+|#|&[A-Za-z]|\.[A-Za-z])|\.NET"
_HAS_SYMBOLS = re.compile(_SYMBOLS)
_NEEDS_A_LOOK = re.compile(rf"{_SYMBOLS}|{_FOREIGN.pattern}|[-\u2010-\u2013'’]")
_HYPHENS = "-\u2010\u2011\u2012\u2013"
# Beginnings that are written joined, with a hyphen or apart, as the writer likes.
PREFIXES = {"co", "non", "pre", "post", "re", "multi", "anti", "inter", "semi", "sub", "e", "self"}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")

_CJK_PIECES = re.compile(rf"{_CJK.pattern}|[^{_CJK.pattern[1:-1]}]+")

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


class Token(NamedTuple):
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
    if "." in word:
        word = word.replace(".", "")
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    # Only the accents of letters that have a plain one: marks of other scripts are letters.
    plain = "".join(
        c for i, c in enumerate(decomposed)
        if not (unicodedata.combining(c) and i and decomposed[i - 1] < "\u0250")
    )  # fmt: skip
    return unicodedata.normalize("NFC", plain).replace("'", "")[:MAX_WORD]


def tokenize(text: str) -> list[Token]:
    """Words of a text in order, with their places in it."""
    tokens: list[Token] = []
    is_plain = text.isascii()
    lowered = text.lower() if is_plain else ""
    bounds = _words(text)
    following = [*(start for start, _ in bounds[1:]), -1][: len(bounds)]
    for (start, end), after in zip(bounds, following, strict=True):
        word = lowered[start:end]
        if not word.isalnum() or len(word) > MAX_WORD:
            word = fold(text[start:end])
            if not word:
                continue
        joins = after - end == 1 and (
            text[end] in _HYPHENS or (text[end] == " " and word in PREFIXES)
        )
        tokens.append(Token(word, start, end, joins))
    return tokens


def plain_words(text: str) -> list[str] | None:
    """Words of a text in which none joins the next; None where that takes a closer look."""
    if _NEEDS_A_LOOK.search(text):
        return None
    words = _PLAIN.findall(text.lower())
    if not PREFIXES.isdisjoint(words) or any(len(word) > MAX_WORD for word in words):
        return None
    return words


def bounds_of(text: str) -> list[tuple[int, int, bool]]:
    """Words of a text: first character, the first one after, and whether it joins the next."""
    if plain_words(text) is not None:
        return [(*match.span(), False) for match in _PLAIN.finditer(text)]
    return [(token.start, token.end, token.joins) for token in tokenize(text)]


def words_of(text: str) -> list[tuple[str, bool]]:
    """Words of a text in order, and whether each joins the next: tokenize without places.

    Three times as fast, for indexing and for finding which slides answer.
    """
    if _HAS_SYMBOLS.search(text) or _FOREIGN.search(text):
        return [(token.word, token.joins) for token in tokenize(text)]
    found = []
    for as_written, joint in _WITH_JOINT.findall(text.lower()):
        word = as_written
        if not word.isalnum() or len(word) > MAX_WORD:
            word = fold(word)
            if not word:
                continue
        found.append((word, joint != "" and (joint != " " or word in PREFIXES)))
    return found


def _words(text: str) -> list[tuple[int, int]]:
    """Bounds of words; scripts without spaces are cut into single characters."""
    pattern = _WORD if _HAS_SYMBOLS.search(text) else _PLAIN
    bounds = [match.span() for match in pattern.finditer(text)]
    if text.isascii() or not _CJK.search(text):
        return bounds
    return [
        (start + piece.start(), start + piece.end())
        for start, end in bounds
        for piece in _CJK_PIECES.finditer(text[start:end])
    ]


# American endings and their British ones: the stemmer cuts "organization" to "organ", and
# "organisation" to "organis". Not capsize, not prize.
_AMERICAN = [
    (re.compile(r"^(\w{3,}(?<!s))iz(e|es|ed|er|ers|ing|ation|ations|ational|able)$"), r"\1is\2"),
    (re.compile(r"^(analy|cataly|paraly)z(\w+)$"), r"\1s\2"),
    (
        re.compile(
            r"^(behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rum|sav|tum|vig)or"
            r"(s|ed|ing|al|able|ite|ful|less|hood|hoods)?$"
        ),
        r"\1our\2",
    ),
    (re.compile(r"^(cent|theat|fib|lit)er(s)?$"), r"\1re\2"),
    (re.compile(r"^centered$"), "centred"),
    (re.compile(r"^(def|off|pret|lic)ense(s|less)?$"), r"\1ence\2"),
    (re.compile(r"^(catal|dial|anal)og(s)?$"), r"\1ogue\2"),
    (re.compile(r"^(counsel|travel|model|label|cancel|signal)(ing|ed|er|ers|or|ors)$"), r"\1l\2"),
    (re.compile(r"^(p|orthop)ed(iatric|iatrics|iatrician|iatricians|ic|ics)$"), r"\1aed\2"),
    (re.compile(r"^program(s)?$"), r"programme\1"),
    (re.compile(r"^(judg|acknowledg)ment(s)?$"), r"\1ement\2"),
]


_IS_AMERICAN = re.compile("|".join(pattern.pattern for pattern, _ in _AMERICAN))


def british(word: str) -> str:
    """An English word in British spelling, so that either spelling finds the other."""
    if not _IS_AMERICAN.match(word):
        return word
    for pattern, spelling in _AMERICAN:
        word = pattern.sub(spelling, word)
    return word


@lru_cache(maxsize=200_000)
def stem(word: str, language: str = "en") -> str:
    """The Snowball stem; the word itself where the language has no stemmer or it has digits."""
    name = _SNOWBALL.get(language.split("-", maxsplit=1)[0].lower())
    if name is None or not word.isalpha() or len(word) < 3:
        return word
    if name == "english":
        word = british(word)
    # PyStemmer's objects are not safe to share between threads.
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    if name not in stemmers:
        stemmers[name] = Stemmer.Stemmer(name, 0)
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
    lists: dict[str, tuple[list[int], list[int]]] = {}
    disordered: set[str] = set()
    length = 0

    def of(word: str) -> tuple[list[int], list[int]]:
        found = lists.get(word)
        if found is None:
            stemmed = terms.setdefault(stem(word, language), [])
            found = lists[word] = (terms.setdefault(exact(word), []), stemmed)
        return found

    for number, text in enumerate(texts):
        position = min(number, MAX_LEAVES - 1) << LEAF_BITS
        before = ""
        for word, joins in words_of(text):
            as_written, stemmed = of(word)
            as_written.append(position)
            stemmed.append(position)
            if before:
                # At both places, so that a phrase goes on before it and behind it.
                for places in of(before + word):
                    places.extend((position - 1, position))
                disordered.add(before + word)
            before = word if joins else ""
            position += 1
            length += 1
    for word in disordered:
        for places in of(word):
            places[:] = sorted(set(places))
    return terms, length
