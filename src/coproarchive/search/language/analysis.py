"""Text analysis: the one way to cut and fold words for indexing, querying and highlighting.

Every word is indexed twice at the same position: as written (folded to lower case, without accents,
marked with "=") so that phrases and names match exactly, and as its Snowball stem so that
"detained" finds "detention". Compounds are also indexed joined: co-production, coproduction and
co production find each other.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import Stemmer

EXACT = "="
"""Prefix of terms that are words as written; in the same vocabulary as the stems."""

LEAF_BITS = 20
"""A position is the leaf's number, shifted by so many bits, and the word's number in the leaf: no
phrase reaches from one slide into the next, and a position tells its slide."""
WORD_MASK = (1 << LEAF_BITS) - 1
"""Of a position: the word's number in its leaf."""
MAX_LEAVES = 1 << 17
"""Leaves of an item that have numbers of their own; those after count as the last one."""

FIELD_SHIFT = LEAF_BITS + MAX_LEAVES.bit_length() - 1
"""Engines store the field's number, shifted by so many bits, and the position in the field."""

MAX_WORD = 64
"""Letters of a word that are indexed: longer runs are data."""

SHORT_TEXT = 4_096
"""Characters of a text whose words may be kept for a while."""

# Nothing is seen of these, and they do not end a word: apostrophes do not either.
_UNSEEN = r"\u200b-\u200d\u2060\ufeff"
_WITHIN = rf"(?:['’]|[{_UNSEEN}]+)"
_DASHES = r"\-\u00ad\u2010-\u2013"
# A soft hyphen stands where a line's end divided what may be a compound; see extract/pdf_text.py.
_JOINT = rf"(?:([{_DASHES} ])(?=[^\W_]))?"
_USUAL = re.compile(rf"([^\W_]+(?:{_WITHIN}[^\W_]+)*){_JOINT}")
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
_LETTER = rf"(?:(?![{_CJK}])[^\W_])"
# Symbols that carry meaning (C++, C#, R&D, AT&T; N.H.S. is NHS), and scripts that are written
# without spaces, which are cut into single characters.
_SPECIAL = re.compile(
    r"([A-Za-z]\+\+|\b[A-Za-z]#|\b[A-Za-z]{1,3}&[A-Za-z]{1,3}\b|"
    r"(?<![\w.])(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?(?!\w)|"
    rf"(?!\W)[{_CJK}](?:['’][sS](?!{_LETTER}))?|{_LETTER}+(?:{_WITHIN}{_LETTER}+)*){_JOINT}"
)
_IS_SPECIAL = re.compile(rf"[A-Za-z](?:\+\+|#|&[A-Za-z]|\.[A-Za-z])|[{_CJK}]")
_FOREIGN = re.compile(r"[^\W\x00-\x7f]")
# Marks that bind words or make others of them. Those that may stand anywhere come first, and what
# is around them after: so a search goes from one to the next.
_NOT_PLAIN = re.compile(
    rf"[{_DASHES}'’{_UNSEEN}#&+.](?:(?:(?<=[^\W_][{_DASHES}'’])|(?<=[{_UNSEEN}]))(?=[^\W_])"
    r"|(?<=[A-Za-z]#)|(?<=[A-Za-z]&)(?=[A-Za-z])|(?<=[A-Za-z]\+)\+|(?<=[A-Za-z]\.)(?=[A-Za-z]\.))"
)
_IS_UNSEEN = re.compile(rf"[{_UNSEEN}]")
_PLAIN = re.compile(r"[^\W_]+")
# Beginnings that are written joined, with a hyphen or apart, as the writer likes.
PREFIXES = {"co", "non", "pre", "post", "re", "multi", "anti", "inter", "semi", "sub", "e", "self"}

_QUESTION_WORDS = """
a about also am an and any anyone are as at be because been being but by can could did do does
doing each either etc for from had has have having he her here him his how i if in into is it its
just many me much my of on or our please shall she should so some such than that the their them
then there these they this those to us very was we were what when where whether which while who
whom whose why with would you your
"""
STOP_WORDS: frozenset[str] = frozenset(_QUESTION_WORDS.split())
"""Words that questions are made of; left out of queries that have other words."""

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
        word: as written, folded.
        start, end: offsets of its characters in the text.
        joins: whether a hyphen, or nothing but a space after a prefix, binds it to the next word.
    """

    word: str
    start: int
    end: int
    joins: bool = False


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Return a word in lower case, without accents of Latin letters and possessive endings."""
    word = re.sub(r"['’][sS]?$", "", _IS_UNSEEN.sub("", word)).replace("’", "'")
    if "." in word:
        word = word.replace(".", "")
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    # Only the accents of letters that have a plain one: marks of other scripts are letters.
    plain = "".join(
        c for i, c in enumerate(decomposed)
        if not (unicodedata.combining(c) and i and decomposed[i - 1] < "\u0250")
    )  # fmt: skip
    return unicodedata.normalize("NFC", plain).replace("'", "")[:MAX_WORD]


def words_of(text: str) -> list[tuple[str, bool]]:
    """Cut a text into words: each folded, and whether it joins the next (see Token)."""
    is_ascii = not _FOREIGN.search(text)
    pattern = _SPECIAL if _IS_SPECIAL.search(text) else _USUAL
    # Lower case for all at once: ASCII letters keep their places.
    words = pattern.findall(text.lower() if is_ascii else text)
    return [
        (
            word := w if is_ascii and w.isalnum() and len(w) <= MAX_WORD else fold(w),
            joint != "" and (joint != " " or word in PREFIXES),
        )
        for w, joint in words
    ]


def spans_of(text: str) -> list[tuple[int, int]]:
    """Return the offsets of the words that `words_of` returns: first character, after the last."""
    pattern = _SPECIAL if _IS_SPECIAL.search(text) else _USUAL
    return [match.span(1) for match in pattern.finditer(text)]


def cut(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Cut a text as `words_of` does; return words, and numbers of those that join the next."""
    return _cut_lately(text) if len(text) < SHORT_TEXT else _cut(text)


def _cut(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    plain = _plain_words(text)
    if plain is not None:
        return tuple(plain), ()
    words: list[str] = []
    joints: list[int] = []
    # No word goes over the end of a line, and most lines are plain.
    for line in text.split("\n"):
        of_line = _plain_words(line)
        if of_line is None:
            pairs = words_of(line)
            joints += [n for n, (_, joins) in enumerate(pairs, start=len(words)) if joins]
            of_line = [word for word, _ in pairs]
        words += of_line
    return tuple(words), tuple(joints)


# A slide is cut for its sketch, and soon after for the index.
_cut_lately = lru_cache(maxsize=512)(_cut)


def _plain_words(text: str) -> list[str] | None:
    """Return the words of a text that need nothing but lower case; None where others may be."""
    if _NOT_PLAIN.search(text) or not (text.isascii() or not _FOREIGN.search(text)):
        return None
    words = _PLAIN.findall(text.lower())
    is_long = len(text) > MAX_WORD and max(map(len, words), default=0) > MAX_WORD
    return None if is_long or not PREFIXES.isdisjoint(words) else words


def tokenize(text: str) -> list[Token]:
    """Cut a text into words as `words_of` does, with their places."""
    words = zip(words_of(text), spans_of(text), strict=True)
    return [Token(word, start, end, joins) for (word, joins), (start, end) in words]


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
    """Return an English word in British spelling, so that either spelling finds the other."""
    if not _IS_AMERICAN.match(word):
        return word
    for pattern, spelling in _AMERICAN:
        word = pattern.sub(spelling, word)
    return word


@lru_cache(maxsize=200_000)
def stem(word: str, language: str = "en") -> str:
    """Return the Snowball stem of a word; words with digits, or of other languages, as they are."""
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
    """Return the term of a word as written."""
    return EXACT + word


def invert(
    texts: Iterable[str], languages: str | Iterable[str]
) -> tuple[dict[str, list[int]], int]:
    """Invert the texts of a field.

    Args:
        texts: one a leaf.
        languages: BCP 47 tags that choose the stemmer, one a text at least; or one for all.

    Returns:
        Term -> ascending positions (see LEAF_BITS); and the field's length in words. The joined
        word of a compound has the positions of both its halves.
    """
    terms: dict[str, list[int]] = {}
    lists: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    disordered: set[tuple[str, str]] = set()
    length = 0
    tags = repeat(languages) if isinstance(languages, str) else languages

    def positions_of(word: str, language: str) -> tuple[list[int], list[int]]:
        positions = lists.get((word, language))
        if positions is None:
            stemmed = terms.setdefault(stem(word, language), [])
            positions = lists[word, language] = (terms.setdefault(exact(word), []), stemmed)
        return positions

    for number, (text, language) in enumerate(zip(texts, tags, strict=False)):
        position = min(number, MAX_LEAVES - 1) << LEAF_BITS
        before = ""
        for word, joins in words_of(text):
            as_written, stemmed = positions_of(word, language)
            as_written.append(position)
            stemmed.append(position)
            if before:
                # At both, so that a phrase goes on before it and after it.
                for positions in positions_of(before + word, language):
                    positions.extend((position - 1, position))
                disordered.add((before + word, language))
            before = word if joins else ""
            position += 1
            length += 1
    for word, language in disordered:
        for positions in positions_of(word, language):
            positions[:] = sorted(set(positions))
    return terms, length
