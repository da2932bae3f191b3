"""Phrases of an item's slides: extracted when it is indexed, stored with its document.

Suggestions need to know which phrases stand in several items, of those that readers may see now.
So each item's own phrases are stored, and counted when suggestions are asked for. They count only
while the item's record is as it was when it was indexed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, chain, pairwise, zip_longest

from coproarchive.search.language.analysis import STOP_WORDS, fold

VERSION = 2
"""Raise it when other phrases are extracted: items are then indexed anew."""
MAX_TELLING_WORDS = 4
"""Telling words of a phrase at most."""
MAX_WORDS = 12
"""Words of a phrase at most, with those that hyphens bind, "of" and "and"."""
MAX_PHRASES_OF_ITEM = 200
"""Phrases stored of an item. On 488 real files this finds 199 of the 200 phrases that stand in most
of them, and all of 1,400 others in several; a cap of 60 finds 166."""
BETWEEN = "|"
"""Between the phrases of an item; no phrase has it."""

# No phrase begins or ends with these: words that say how, not what.
_WEAK = """
able across add added allow allows already although always among another around available away
became become becomes bring came cannot come comes during else enough even ever everyone few find
follow following further gave get gets getting give given gives go goes going gone got here however
important instead keep know known last let lot made mainly make makes making may maybe might more
most must near needed nor not nothing now often once one ones only onto other others out over
perhaps possible put quite rather really said same say says see seem seen several show shows since
something sometimes still sure take taken takes tell than thanks then thing things think though
through thus together too took toward towards try trying under until up upon used useful using
various via want wants way ways whatever whether while within without yes yet all both every no per
""".split()
_STOP: dict[str, str] = {
    "de": "aber als am an auch auf aus bei bis das dass dem den der des die durch ein eine einem "
    "einen einer eines er es für hat im in ist kann können mehr mit nach nicht noch nur oder sich "
    "sie sind so über um und von vor war werden wie wird wir zu zum zur",
    "es": "al como con cuando de del desde donde el en entre es esta este ha hay la las le les lo "
    "los más muy no nos o para pero por que se ser si sin sobre son su sus también todo un una "
    "uno y ya",
    "fr": "à au aux avec ce ces cette comme dans de des dont du elle elles en est et être fait ici "
    "il ils je la le les leur leurs lui mais ne nous on ont ou où par pas plus pour qu que qui sa "
    "sans se ses son sont sous sur très un une vous y",
    "it": "a ai al alla alle anche che chi ci come con da dal dalla dei del della delle di e è gli "
    "ha i il in la le lo ma nel nella non o per più se si sono su sul sulla un una uno",
    "nl": "aan als bij dan dat de der deze die dit door een en er geen haar het hij ik in is kan "
    "maar meer met na naar niet nog of om onder ook op over te tot uit van voor was wat we wij "
    "worden wordt ze zijn zo",
    "pt": "a ao aos as até com como da das de do dos e é em entre era esta este eu foi há isso "
    "mais mas na não nas no nos o os ou para pela pelo por que se sem ser seu são sobre sua também "
    "um uma",
}
# May stand between the words of a phrase: freedom of information, health and safety.
_LINKS = frozenset("of and de du des di del della und et van".split())

_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
_LETTERS = r"[^\W\d_]+(?:['’][^\W\d_]+)*\b"
_JOINT = "[- \u2010\u2011]"
_RUN = re.compile(rf"\b{_LETTERS}(?:{_JOINT}{_LETTERS})+")
_BETWEEN_WORDS = re.compile(_JOINT)
_HYPHEN = re.compile("[-\u2010\u2011]")


def key_of(phrase: str) -> str:
    """Return the key of a phrase: the same however it is written."""
    return " ".join(_keys(phrase))


def keys_of(phrases: str) -> list[str]:
    """Return the keys of phrases with BETWEEN between them."""
    if phrases.isascii() and "'" not in phrases:
        return phrases.lower().replace("-", " ").split(BETWEEN)
    return list(map(key_of, phrases.split(BETWEEN)))


def _keys(phrase: str) -> list[str]:
    """Return the words of a phrase, folded."""
    if phrase.isascii() and "'" not in phrase:
        return phrase.lower().replace("-", " ").split(" ")
    return [fold(word) for word in _BETWEEN_WORDS.split(phrase)]


@lru_cache(maxsize=32)
def _not_telling(language: str) -> frozenset[str]:
    name = language.split("-", maxsplit=1)[0].lower()
    if name == "en":
        return STOP_WORDS.union(_WEAK)
    # Talks in other languages quote English.
    return STOP_WORDS.union(map(fold, _STOP.get(name, "").split()))


def phrases_in(text: str, language: str) -> tuple[list[str], list[str]]:
    """Return keys of every phrase in a text, in order, repeated ones too; and each as written.

    Two to four telling words side by side in one line, or with "of" and "and" between them; what
    hyphens bind is one word, and by itself a phrase. No numbers, no parts of addresses.

    Args:
        language: BCP 47.
    """
    exclude = _not_telling(language)
    if "\u00ad" in text:
        text = text.replace("\u00ad", "")  # a word that a line's end divided is mostly one
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub("\n", text)
    phrases: list[str] = []
    written: list[str] = []
    for run in _RUN.findall(text):
        words, keys = _BETWEEN_WORDS.split(run), _keys(run)
        telling = [len(key) > 1 and key not in exclude for key in keys]
        has_hyphen = _HYPHEN.search(run)
        for first, end in [(0, len(words))] if has_hyphen else _stretches(keys, telling):
            part, part_keys = words[first:end], keys[first:end]
            if not has_hyphen and all(telling[first:end]):
                joined = _side_by_side(part_keys)
                phrases += joined
                written += joined if part == part_keys else _side_by_side(part)
            else:
                part_of_run = run if has_hyphen else " ".join(part)
                for key, form in _in_run(part_of_run, part, part_keys, telling[first:end]):
                    phrases.append(key)
                    written.append(form)
    return phrases, written


def _stretches(keys: list[str], telling: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield first and end of words, two or more, with none between them that ends a phrase."""
    first = 0
    for number, tells in enumerate([*telling, False]):
        if not tells and (number == len(keys) or keys[number] not in _LINKS):
            if number - first > 1:
                yield first, number
            first = number + 1


def _side_by_side(words: list[str]) -> list[str]:
    """Join every two, three and four (MAX_TELLING_WORDS) words side by side, in their order."""
    twos = [f"{word} {after}" for word, after in pairwise(words)]
    threes = [f"{two} {word}" for two, word in zip(twos, words[2:], strict=False)]
    fours = [f"{three} {word}" for three, word in zip(threes, words[3:], strict=False)]
    return [phrase for row in zip_longest(twos, threes, fours) for phrase in row if phrase]


def _in_run(
    run: str, words: list[str], keys: list[str], telling: list[bool]
) -> Iterator[tuple[str, str]]:
    """Yield key and words as written of the phrases in a run of words.

    Args:
        run: words with a space or a hyphen between them.
        words, keys, telling: each word, its key, and whether it tells something.
    """
    count = len(words)
    line = " ".join(keys)
    starts, key_starts = _starts(words), _starts(keys)
    # Whether a hyphen binds each word to the one before, and one more after the last.
    bound = [False, *(run[start - 1] != " " for start in starts[1:-1]), False]
    if True in bound:
        telling = _as_bound(telling, bound)
    for first in range(count - 1):
        if not telling[first] or bound[first]:
            continue
        length = 1
        for last in range(first + 1, min(first + MAX_WORDS, count)):
            if telling[last]:
                length += not bound[last]
                if length > MAX_TELLING_WORDS:
                    break
                if not bound[last + 1]:
                    key = line[key_starts[first] : key_starts[last + 1] - 1]
                    yield key, run[starts[first] : starts[last + 1] - 1]
            elif keys[last] not in _LINKS:
                break


def _as_bound(telling: list[bool], bound: list[bool]) -> list[bool]:
    """Make words that hyphens bind tell something together: in-depth, day-to-day, e-health."""
    as_bound: list[bool] = []
    first = 0
    for end in (n for n in range(1, len(bound)) if not bound[n]):
        as_bound += [any(telling[first:end])] * (end - first)
        first = end
    return as_bound


def _starts(words: list[str]) -> list[int]:
    """Return the offset of each word in a line of them, and of one more."""
    return list(accumulate((len(word) + 1 for word in words), initial=0))


def phrases_of(leaves: Iterable[tuple[str, str]], language: str) -> list[str]:
    """Return the most telling phrases of an item, as it mostly writes them.

    Those on many slides and in headings come first; of equals the shorter ones, which other items
    are likelier to have too.

    Args:
        leaves: heading and body of each.
        language: BCP 47.
    """
    phrases: list[str] = []
    written: list[str] = []
    worth: Counter[str] = Counter()
    for heading, body in leaves:
        of_heading, headings_written = phrases_in(heading, language)
        of_body, bodies_written = phrases_in(body, language)
        phrases += of_heading
        phrases += of_body
        written += headings_written
        written += bodies_written
        # In the order of reading, which decides between equals.
        in_heading = dict.fromkeys(of_heading)
        in_leaf = dict.fromkeys(of_heading + of_body)
        # Three times what is in the heading: a slide is about its heading.
        worth.update(chain(in_leaf, in_heading, in_heading))
    forms: dict[str, Counter[str]] = {key: Counter() for key in _best(worth)}
    for key, form in zip(phrases, written, strict=True):
        if key in forms:
            forms[key][form] += 1
    return list(map(most_written, forms.values()))


def _best(worth: Counter[str]) -> list[str]:
    """Return the MAX_PHRASES_OF_ITEM phrases of most worth, of equals the shorter ones first."""
    least, room = 1, MAX_PHRASES_OF_ITEM
    for times, phrases in sorted(Counter(worth.values()).items(), reverse=True):
        least, room = times, room - phrases
        if room <= 0:
            break
    # Most phrases stand once; those that cannot be among the best need not be sorted.
    # One number sorts faster than a pair: a phrase has fewer spaces than MAX_WORDS.
    ranks = {
        key: key.count(" ") - MAX_WORDS * times for key, times in worth.items() if times >= least
    }
    return sorted(ranks, key=ranks.__getitem__)[:MAX_PHRASES_OF_ITEM]


def most_written(forms: Mapping[str, int]) -> str:
    """Return the commonest way to write a phrase; of equals the one with fewest capitals.

    All in capitals, as headings are set, only where it is written in no other way.
    """
    if len(forms) == 1:
        return next(iter(forms))
    return min(forms, key=lambda f: (f.isupper(), -forms[f], sum(map(str.isupper, f)), f))


def pack(record: str, phrases: Iterable[str]) -> bytes:
    """Return an item's phrases as bytes.

    Args:
        record: digest of the item's record, on one line.
        phrases: see phrases_of.
    """
    return f"{record}\n{BETWEEN.join(phrases)}".encode()


def unpack(data: bytes) -> tuple[str, str]:
    """Return the digest of the record, and the phrases with BETWEEN between them."""
    record, _, phrases = data.decode().partition("\n")
    return record, phrases
