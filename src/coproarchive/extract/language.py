"""In which language a file and each of its leaves are written, where that is clear.

The small words that a language is made of tell it, where there are enough of them. Where there are
not, py3langid is asked, which knows languages by the byte sequences of their texts: its model takes
0.7 s and 100 MB of the process that first needs it.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace
from typing import Any

from coproarchive.extract.base import Extraction
from coproarchive.model import Leaf, Source

LEAST = 60
"""Letters of a file from which its language is told."""
LEAST_OF_LEAF = 40
"""Letters of a leaf from which it may be in another language than its file."""
SURE, SURE_OF_LEAF = 0.9, 0.995
"""Probabilities from which a language is clear, of a file and of one leaf."""
SAMPLE = 6_000
"""Characters of a file by which its language is told: some of each leaf."""
MOST_OF_LEAF = 2_000
"""Characters of a leaf by which its language is told."""
OFTEN, CLEARLY = 8, 2.0
"""How many of the words that a language is made of a file has at least to be in it, and how many
times as many as of any other's; where it has fewer, py3langid is asked."""
LANGUAGES = (
    "ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka ko lt "
    "lv mk ms mt nl no pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur vi zh"
).split()
"""Those that are told (ISO 639-1): a slide of few words fits some rare language by accident."""
COMMON: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to in for with on is are that this from by we you it as be or not how "
        "what can our an at",
        "de": "der die das und in zu den mit von für auf ist im eine ein nicht des dem sich wir "
        "sind oder wie werden auch bei zur zum",
        "fr": "le la les de des du et en un une pour dans est que qui sur par au aux avec pas nous "
        "ce plus sont ou",
        "es": "el la los las de del y en un una para que es por con se no como más al su son lo "
        "o entre",
        "it": "il la le gli di del della dei e in un una per che è con non si come al sono da più "
        "nel alla",
        "pt": "o a os as de do da dos das e em um uma para que é com não por no na se mais como "
        "ao são ou",
        "nl": "de het een van en in is voor op met dat te zijn niet aan er om door ook bij naar "
        "worden wij",
        "sv": "och att i en ett av är för på som med den det till inte har vi om från eller kan",
        "da": "og at i en et af er for på som med den det til ikke har vi om fra eller kan der",
        "no": "og å i en et av er for på som med den det til ikke har vi om fra eller kan",
        "fi": "ja on ei se että kun oli myös mutta tai ovat joka kuin sen olla voi",
        "pl": "i w na z do nie się jest to że o dla jak przez od po oraz są lub",
        "cs": "a v na je se že do pro s z jako o by není ale nebo jsou podle",
        "sk": "a v na je sa že do pre s z ako o by nie ale alebo sú podľa",
        "hu": "a az és hogy nem is egy van ez meg de csak vagy mint",
        "ro": "și în de la cu pe nu o un este care sau din pentru mai sunt",
        "tr": "ve bir bu için ile da de olarak çok daha ne olan gibi",
        "cy": "y yr a yn i o ac ar mae am gan fod eu nid wedi hyn neu ei oedd",
        "ga": "an na agus ar i is le go a do de bhí tá ag",
        "ru": "и в не на что с по как это к для от из у за но или",
        "uk": "і в не на що з та як це до для від із у за але або й",
        "bg": "и в на не за да от се с по че е са или като",
        "el": "και το της να η του τα με για που από στο είναι σε των",
    }.items()
}
"""Words that prose is made of, and that tell the language where several stand together."""


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - see above

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier


def detected(text: str, sure: float) -> str:
    """Return the language of a text by its BCP 47 tag, "" where that is not so sure (0..1)."""
    try:
        identifier = _identifier()
    except (OSError, MemoryError):  # no file is left unread for want of its language
        return ""
    language, probability = identifier.classify(text)
    return str(language) if probability >= sure else ""


def with_languages(extraction: Extraction) -> Extraction:
    """Return the extraction, the language of each leaf told where it is clear."""
    texts = [_text_of(leaf) for leaf in extraction.leaves]
    room = max(200, SAMPLE // max(1, len(texts)))
    main = _told_of("\n".join(text[:room] for text in texts)[:SAMPLE], LEAST, SURE)
    leaves = tuple(
        _with_language(leaf, text, main)
        for leaf, text in zip(extraction.leaves, texts, strict=True)
    )
    return replace(extraction, leaves=leaves)


_TOLD_BY = {Source.TEXT, Source.TABLE, Source.SMARTART, Source.CAPTION, Source.NOTES, Source.OCR}


def _text_of(leaf: Leaf) -> str:
    return "\n".join([leaf.title, *(p.text for p in leaf.parts if p.source in _TOLD_BY)])


def _told_of(text: str, least: int, sure: float) -> str:
    """Return the language of a text of so many letters, "" where it is not clear."""
    if sum(map(str.isalpha, text)) < least:
        return ""
    words = Counter(text.lower().split())
    counts = {name: sum(words[word] for word in common) for name, common in COMMON.items()}
    (best, most), (_, second) = Counter(counts).most_common(2)
    if most >= OFTEN and most >= CLEARLY * second:
        return best
    return detected(text, sure)


def _with_language(leaf: Leaf, text: str, main: str) -> Leaf:
    """Return the leaf with its language: another than the file's where its words say so."""
    language = main
    if not _is_in(text, main):
        language = _told_of(text[:MOST_OF_LEAF], LEAST_OF_LEAF, SURE_OF_LEAF) or main
    return replace(leaf, language=language) if language else leaf


def _is_in(text: str, language: str) -> bool:
    """Test whether a text has as many of the words that its file's language is made of as of any
    other's, and some."""
    words = set(text[:MOST_OF_LEAF].lower().split())
    mine = len(words & COMMON.get(language, frozenset()))
    return mine > 0 and all(mine >= len(words & other) for other in COMMON.values())
