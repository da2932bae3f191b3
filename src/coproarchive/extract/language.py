"""In which language a file and each of its leaves are written, where that is clear.

By its script, where that is one language's; else by the small words that each language is made of,
where there are enough of them. What is not clear is left open: it counts as what is around it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from coproarchive.extract.base import Extraction
from coproarchive.leaf import Leaf
from coproarchive.vocabulary import Source

SAMPLE = 6_000
"""Characters of a file by which its language is told: some of each leaf."""
MOST_OF_LEAF = 2_000
"""Characters of a leaf by which its language is told."""
OFTEN, OFTEN_IN_LEAF = 6, 3
"""Small words of a language that a file, and that a leaf in another language, has at least."""
CLEARLY = 1.5
"""Times that these weigh as much as those of any other language."""
DIFFERENT = 2
"""Different small words, of two letters or more, that a language is told by at least."""
BEGINNING, ENOUGH = 400, 3
"""Characters at a leaf's beginning, and how many different small words of its file's language in
them, by which it is in that."""
LETTERS = 8
"""Letters of a script from which it tells a language; and they are more than a third of all."""

COMMON: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and of to for in with on is are that this from by we you it as be or not how "
        "what can our at have was will which their your more",
        "de": "der die das und in zu den mit von für auf ist im eine ein nicht des dem sich wir "
        "sind oder wie werden auch bei zur zum einer einen als aus durch nach",
        "fr": "le la les de des du et en un une pour dans est que qui sur par au aux avec pas nous "
        "ce cette plus sont ou leur ses être vous",
        "es": "el la los las de del y en un una para que es por con se no como más al su son lo "
        "o entre sus pero está muy sin sobre",
        "it": "il la le gli di del della dei e in un una per che è con non si come al sono da più "
        "nel alla delle questo anche sul nella",
        "pt": "o a os as de do da dos das e em um uma para que é com por não no na se mais como "
        "ao são ou sua pela pelo também nos",
        "ca": "el la els les de del i en un una per que és amb no com més al són o dels aquest "
        "aquesta ha pel també seva",
        "gl": "unha unhas máis non súa polo cunha tamén ese esta ao",
        "ro": "și în de la cu pe nu un o este care sau din pentru mai sunt ale al fi prin către "
        "sau dar unei",
        "nl": "de het een van en in is voor op met dat te zijn niet aan er om door ook bij naar "
        "worden wij deze dit wordt tot uit",
        "sv": "och att i en ett av är för på som med den det till inte har vi om från eller kan "
        "också var sig",
        "da": "og at i en et af er for på som med den det til ikke har vi om fra eller kan også "
        "hvor bliver",
        "no": "og å i en et av er for på som med den det til ikke har vi om fra eller kan også "
        "hvor blir jeg",
        "is": "og að í á er sem við um til en ekki með fyrir því það af eru var frá",
        "fi": "ja on ei se että kun oli myös mutta tai ovat joka kuin sen olla voi mitä ovat sekä",
        "et": "ja on ei see et kui oli ka aga või mis kes ning oma selle veel siis",
        "lt": "ir yra ne tai kad kaip buvo bet arba su į iš už dėl apie kuri šis",
        "lv": "un ir nav tas ka kā bija bet vai ar uz no par kas šis arī tiek",
        "pl": "i w na z do nie się jest to że o dla jak przez od po oraz są lub ale czy być który",
        "cs": "a v na je se že do pro s z jako o by není ale nebo jsou podle který které při",
        "sk": "a v na je sa že do pre s z ako o by nie ale alebo sú podľa ktorý ktoré pri",
        "sl": "in v na je se da za s z kot o bi ni ali so pri ki tudi iz po",
        "hr": "i u na je se da za s iz kao o bi nije ali ili su od koji koja što prema",
        "hu": "a az és hogy nem is egy van ez meg de csak vagy mint ki el már volt lehet",
        "sq": "dhe në të e për me një nga që është si por ka janë më kjo",
        "tr": "ve bir bu için ile da de olarak çok daha ne olan gibi en var kadar ama",
        "cy": "y yr a yn i o ac ar mae am gan fod eu nid wedi hyn neu ei oedd sydd wrth",
        "ga": "an na agus ar is le go a do de bhí tá ag sé níl chun",
        "eu": "eta da bat ez du izan dira baina edo ere hau den egin",
        "id": "dan yang di untuk dengan dari ini itu pada tidak adalah dalam oleh atau kami juga",
        "vi": "và của là có không cho được các trong một người với những để này",
        "ru": "и в не на что с по как это к для от из у за но или мы при их",
        "uk": "і в не на що з та як це до для від із у за або й ми при їх",
        "bg": "и в на не за да от се с по че е са или като при ние",
        "sr": "у је са из као није али су од који",
        "mk": "во со од како ќе што не се или",
        "el": "και το της να η του τα με για που από στο είναι σε των οι την",
    }.items()
}
"""Words that prose is made of."""
_LANGUAGES: dict[str, list[str]] = {}
"""Word -> the languages that have it among their small ones; the more, the less it tells."""
for _language, _words in COMMON.items():
    for _word in _words:
        _LANGUAGES.setdefault(_word, []).append(_language)

_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"), "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u4e00-\u9fff]"), "he": re.compile("[\u05d0-\u05ea]"),
    "th": re.compile("[\u0e01-\u0e2e]"), "hi": re.compile("[\u0904-\u0939]"),
    "bn": re.compile("[\u0985-\u09b9]"), "gu": re.compile("[\u0a85-\u0ab9]"),
    "ta": re.compile("[\u0b85-\u0bb9]"), "te": re.compile("[\u0c05-\u0c39]"),
    "hy": re.compile("[\u0531-\u0587]"), "ka": re.compile("[\u10d0-\u10ff]"),
    "fa": re.compile("[\u067e\u0686\u0698\u06af]"), "ar": re.compile("[\u0621-\u064a]"),
}  # fmt: skip
"""Letters of each; Japanese and Persian come before those whose letters they share."""
_LEAST = {"ja": 4, "fa": 3}
_OTHER_SCRIPT = re.compile("[\u0531-\u0590\u05d0-\u1fff\u3040-\ud7af]")
_TOLD_BY = {Source.TEXT, Source.TABLE, Source.SMARTART, Source.CAPTION, Source.NOTES, Source.OCR}


def with_languages(extraction: Extraction) -> Extraction:
    """Return the extraction, with the language of each leaf where it is clear."""
    if not extraction.leaves:
        return extraction
    texts = [_text_of(leaf) for leaf in extraction.leaves]
    room = max(200, SAMPLE // len(texts))
    main = language_of("\n".join([text[:room] for text in texts])[:SAMPLE], OFTEN)
    leaves = [
        replace(leaf, language=language) if language else leaf
        for leaf, text in zip(extraction.leaves, texts, strict=True)
        for language in [_of_leaf(text[:MOST_OF_LEAF], main)]
    ]
    return replace(extraction, leaves=tuple(leaves))


def language_of(text: str, least: int) -> str:
    """Return the language of a text by its BCP 47 tag, "" where it is not clear.

    Args:
        text: some of it is enough.
        least: how many of a language's small words it has at least.
    """
    if not text.isascii() and _OTHER_SCRIPT.search(text) and (language := _by_script(text)):
        return language
    words = [word for word in text.lower().split() if word in _LANGUAGES]
    if len(words) < least:
        return ""
    telling: dict[str, float] = {}
    for word in words:
        languages = _LANGUAGES[word]
        weight = 1 / len(languages)
        for language in languages:
            telling[language] = telling.get(language, 0.0) + weight
    best = max(telling, key=telling.__getitem__)
    present = [word for word in words if word in COMMON[best]]
    # Single letters alone are variables and axes.
    if len(present) < least or len({word for word in present if len(word) > 1}) < DIFFERENT:
        return ""
    most = telling.pop(best)
    return best if most >= CLEARLY * max(telling.values(), default=0.0) else ""


def _text_of(leaf: Leaf) -> str:
    return "\n".join([leaf.title, *[p.text for p in leaf.parts if p.source in _TOLD_BY]])


def _by_script(text: str) -> str:
    """Return the language whose script a third of the letters are of, "" for shared scripts."""
    letters = sum(map(str.isalpha, text))
    for language, script in _SCRIPTS.items():
        count = len(script.findall(text))
        if language in _LEAST:
            if count >= _LEAST[language] and count * 20 > letters:
                return language
        elif count >= LETTERS and count * 3 > letters:
            return language
    return ""


def _of_leaf(text: str, main: str) -> str:
    """Return the language of a leaf in a file of a language: another where its words say so."""
    if main in COMMON and (text.isascii() or not _OTHER_SCRIPT.search(text)):
        for length in (BEGINNING // 3, BEGINNING):  # a third tells it of most
            if len(COMMON[main].intersection(text[:length].lower().split())) >= ENOUGH:
                return main
    return language_of(text, OFTEN_IN_LEAF) or main
