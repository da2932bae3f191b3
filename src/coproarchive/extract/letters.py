"""Letters that make no words: mojibake is mended where that is clear, broken fonts are noticed.

A PDF's font may say wrongly which letters it draws: the page looks right, and its text is
"Hspxjoh szf" for "Growing rye". Its letters are then as frequent as in no language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from coproarchive.extract.base import Extraction, Notice, listed
from coproarchive.extract.charset import decode
from coproarchive.extract.letter_pairs import letter_cost
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Severity

UNREADABLE = "letters-unreadable"
"""Code of the notice of a leaf whose letters make no words."""
MOJIBAKE = 3
"""Places of a leaf that are mojibake, and more than one in 20 letters, from which it is noticed."""
COSTLY, VERY_COSTLY = 5.05, 5.4
"""Cost of letters (see letter_pairs.letter_cost) from which they make no words: where there are
MANY, and where there are fewer. Of 1,450 pages of 150 real PDFs none reaches it; of passages of
those in which letters stand for others 95% do."""
MANY, LEAST, FEW = 30, 12, 8
"""Pairs of letters: many; least that tell anything; least where another page of the file tells."""
MOST = 500
"""Characters of a page by which its letters are judged."""
BEGINNING = 200
"""Characters of it that mostly tell that it can be read."""
USUAL = (
    "ing ion ent ati ter ers est con pro sch ung ich and the for tio res ver men ant tra ale ont "
    "sta per ell ist ere ien cha"
).split()
"""Triples of letters that are usual in Western languages."""
DIFFERENT = 4
"""Of USUAL, so many by which a page is no suspect: a quicker look than letter_cost's."""
ENOUGH = 3
"""Different words of COMMON that a page has and can then be read."""
COMMON = frozenset(
    "the and for with from that this are not you our was have "
    "der die und das mit von den für ist nicht ein eine auf sich "
    "les des une pour dans que est sur pas par qui avec "
    "los las del con para por como una más "
    "che per non con della sono gli "
    "het een van voor zijn niet met "
    "och att som för det är till "
    "ikke til den på af "
    "não uma dos com mais "
    "nie jest się dla oraz na "
    "yn yr mae gan "
    "για και του της των "
    "не на что для это как".split()
)
"""Words that prose is made of: a page with some of them can be read."""


def unreadable(pages: Sequence[str]) -> dict[int, str]:
    """Find pages most of whose letters make no words.

    Args:
        pages: text of each.

    Returns:
        Index of such a page -> what of it can be read.
    """
    suspect = {index: page for index, text in enumerate(pages) if (page := _suspect(text))}
    alone = {
        index
        for index, page in suspect.items()
        if page.pairs >= LEAST and page.cost >= (COSTLY if page.pairs >= MANY else VERY_COSTLY)
    }
    return {
        index: page.rest
        for index, page in suspect.items()
        if index in alone or (alone and page.pairs >= FEW and page.cost >= COSTLY)
    }


class _Suspect(NamedTuple):
    """A page with few of the words that prose is made of.

    Attributes:
        rest: its lines with such words.
        cost, pairs: of the letters in its other lines; see letter_pairs.letter_cost.
    """

    rest: str
    cost: float
    pairs: int


def _suspect(text: str) -> _Suspect | None:
    """Return what is suspect of a page; None where it has enough words that prose is made of, or
    hardly any Latin letters: those are what broken fonts say."""
    if len(COMMON.intersection(text[:BEGINNING].split())) >= ENOUGH:
        return None
    sample = text[:MOST]
    if len(COMMON.intersection(sample.split())) >= ENOUGH:
        return None
    usual = (triple for triple in USUAL if triple in sample)
    if next(islice(usual, DIFFERENT - 1, None), ""):
        return None
    lines: list[str] = []
    rest: list[str] = []
    for line in text.split("\n"):
        (lines if COMMON.isdisjoint(line.lower().split()) else rest).append(line)
    sample = "\n".join(lines)[:MOST]
    cost, pairs = letter_cost(sample)
    if cost < COSTLY or pairs * 2 < sum(map(str.isalpha, sample)):
        return None
    if sum(map(len, rest)) > sum(map(len, lines)):
        return None
    return _Suspect("\n".join(rest), cost, pairs)


_CONTINUES = "\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u2122"
_UTF8 = re.compile(
    f"[\u00c2-\u00df][{_CONTINUES}]|[\u00e0-\u00f4][{_CONTINUES}][{_CONTINUES}\u00c2-\u00f4]|\u00e2\u20ac"
    "|(?:[\u0420\u0421][^\\s\u0430-\u044f]){3}"
)
"""What UTF-8 looks like where it was read as Windows-1252, or as Windows-1251. A sequence of three
bytes may have lost one that stands for nothing in Windows-1252; two alone are letters of a word."""
_OTHER_ALPHABET = re.compile("[\u00c0-\u00ff]{4}")
"""What words of another alphabet look like where they were read as Windows-1252."""
_MAY_BE_SUSPECT = re.compile("[\u00c0-\u00ff\u0420\u0421\ufffd]")
"""With which of these _SUSPECT begins: most texts have none, and this tells it sooner."""
_SUSPECT = re.compile(f"\ufffd|{_UTF8.pattern}|{_OTHER_ALPHABET.pattern}")


def mended(text: str) -> str:
    """Return the text with its mojibake undone where that is clear, else as it is."""
    if text.isascii():
        return text
    if _UTF8.search(text):
        import ftfy  # noqa: PLC0415 - 40 ms, seldom

        text = ftfy.fix_encoding(text)
    if _OTHER_ALPHABET.search(text):
        text = _of_another_alphabet(text)
    return text


def _of_another_alphabet(text: str) -> str:
    """Return text whose words are of another alphabet, read as Windows-1252, in that alphabet."""
    letters = [c for c in text if c.isalpha()]
    high = sum("\u00c0" <= c <= "\u00ff" for c in letters)
    if high < LEAST or high * 2 < len(letters):
        return text
    try:
        data = text.encode("cp1252")
    except UnicodeEncodeError:
        return text
    other = decode(data)
    foreign = sum(c > "\u036f" for c in other if c.isalpha())
    return other if foreign >= high * 0.9 else text


def mended_extraction(extraction: Extraction) -> Extraction:
    """Return the extraction, its mojibake undone where that is clear, noticed where it is not."""
    suspect = {
        leaf.number
        for leaf in extraction.leaves
        if _is_suspect(leaf.title) or any(_is_suspect(part.text) for part in leaf.parts)
    }
    if not suspect and extraction.metadata.title.isascii():
        return extraction
    leaves = tuple(
        _mended_leaf(leaf) if leaf.number in suspect else leaf for leaf in extraction.leaves
    )
    metadata = extraction.metadata
    if not metadata.title.isascii():
        metadata = replace(metadata, title=mended(metadata.title))
    notices = [
        unreadable_notice(leaf.number)
        for leaf in leaves
        if leaf.number in suspect and _is_mojibake(leaf)
    ]
    return replace(
        extraction, leaves=leaves, metadata=metadata, notices=(*extraction.notices, *notices)
    )


def _text_of(leaf: Leaf) -> str:
    """Return the texts of a leaf that have other letters than ASCII."""
    texts = (leaf.title, *[part.text for part in leaf.parts])
    return "\n".join([text for text in texts if not text.isascii()])


def _is_suspect(text: str) -> bool:
    return not text.isascii() and bool(_MAY_BE_SUSPECT.search(text) and _SUSPECT.search(text))


def _mended_leaf(leaf: Leaf) -> Leaf:
    parts = tuple(
        part if part.text.isascii() else replace(part, text=mended(part.text))
        for part in leaf.parts
    )
    return replace(leaf, title=mended(leaf.title), parts=parts)


def _is_mojibake(leaf: Leaf) -> bool:
    """Test whether many letters of a leaf are still not those that were meant."""
    text = _text_of(leaf)
    lost = text.count("\ufffd")
    if _UTF8.search(text) or _OTHER_ALPHABET.search(text):
        from ftfy.badness import badness  # noqa: PLC0415 - 40 ms, seldom

        lost += badness(text)
    return lost >= MOJIBAKE and lost * 20 > sum(map(str.isalpha, text))


def unreadable_notice(leaf: int) -> Notice:
    """Return the notice of a leaf whose letters make no words."""
    return Notice(UNREADABLE, Severity.WARNING, "", leaf=leaf)


def one_notice(extraction: Extraction) -> tuple[Notice, ...]:
    """Return the extraction's notices, those of leaves whose letters make no words as one."""
    numbers = sorted({n.leaf or 0 for n in extraction.notices if n.code == UNREADABLE})
    if not numbers:
        return extraction.notices
    others = tuple(n for n in extraction.notices if n.code != UNREADABLE)
    kind = next((leaf.kind for leaf in extraction.leaves), "page")
    notice = Notice(
        UNREADABLE,
        Severity.WARNING,
        f"the letters of {len(numbers)} of {len(extraction.leaves)} {kind}s make no words: "
        f"{kind} {listed(numbers)}.",
        "Its fonts, or its charset, say wrongly which letters they are. Export the file anew from "
        "the programme that made it, or have its pages read by the machine: "
        'pip install "coproarchive[ocr]"',
        leaf=numbers[0] if len(numbers) == 1 else None,
    )
    return (*others, notice)
