"""Phrases that an item's slides say: found when it is indexed, kept beside the index.

Suggestions need to know which phrases stand in several items, of those that readers may see now.
So what is kept is each item's own phrases, and they are counted when they are asked for. They are
appended to a log, a line an item, so that one more item costs one more line. A line names the
document that it was made with, and counts only while the engine has that document and the record
is as it was: a line of an update that was killed, or of an item changed since, is as if it were
not there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from coproarchive.search.language.analysis import STOP_WORDS, fold

VERSION = 2
"""Raise it when other phrases are found: items are then indexed anew."""
MOST_WORDS = 4
"""Telling words of a phrase at most."""
MOST_BOUND = 12
"""Words of it with those that hyphens bind, "of" and "and"."""
MOST_KEPT = 200
"""Phrases kept of an item. On 488 real files this finds 199 of the 200 phrases that stand in most
of them, and all of 1,400 others in several; a cap of 60 finds 166."""
BETWEEN = "|"
"""Between the phrases of an item; no phrase has it."""
STALE = 100
"""Lines that count for nothing, beyond as many as there are items, before the log is tidied."""

# Not around which a phrase is: words that say how, not what.
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


def key_of(phrase: str) -> str:
    """What is the same in all ways to write a phrase."""
    return " ".join(_keys(phrase))


def keys_of(phrases: str) -> list[str]:
    """Keys of phrases with BETWEEN between them."""
    if phrases.isascii() and "'" not in phrases:
        return phrases.lower().replace("-", " ").split(BETWEEN)
    return list(map(key_of, phrases.split(BETWEEN)))


def _keys(phrase: str) -> list[str]:
    """Its words, folded."""
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


def phrases_in(text: str, language: str) -> list[tuple[str, str]]:
    """Key and words as written of every phrase, wherever it stands.

    Two to four telling words side by side in one line, or with "of" and "and" between them; what
    hyphens bind is one word, and by itself a phrase. No numbers, no parts of addresses.

    Args:
        language: BCP 47.
    """
    exclude = _not_telling(language)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub("\n", text)
    found: list[tuple[str, str]] = []
    for run in _RUN.findall(text):
        words = _BETWEEN_WORDS.split(run)
        keys = _keys(run)
        count = len(words)
        line = " ".join(keys)
        plain = line == run
        starts = _starts(words)
        key_starts = starts if plain else _starts(keys)
        telling = [len(key) > 1 and key not in exclude for key in keys]
        # Whether a hyphen binds the word to the one before it, and one more behind the last.
        bound = [False, *(run[start - 1] != " " for start in starts[1:-1]), False]
        if True in bound:
            telling = _as_bound(telling, bound)
        for first in range(count - 1):
            if not telling[first] or bound[first]:
                continue
            start, key_start = starts[first], key_starts[first]
            told = 1
            for last in range(first + 1, min(first + MOST_BOUND, count)):
                if telling[last]:
                    told += not bound[last]
                    if told > MOST_WORDS:
                        break
                    if not bound[last + 1]:
                        key = line[key_start : key_starts[last + 1] - 1]
                        found.append((key, key if plain else run[start : starts[last + 1] - 1]))
                elif keys[last] not in _LINKS:
                    break
    return found


def _as_bound(telling: list[bool], bound: list[bool]) -> list[bool]:
    """Words that hyphens bind tell something together: in-depth, day-to-day, e-health."""
    found: list[bool] = []
    first = 0
    for end in (n for n in range(1, len(bound)) if not bound[n]):
        found += [any(telling[first:end])] * (end - first)
        first = end
    return found


def _starts(words: list[str]) -> list[int]:
    """Where each begins in a line of them, and where one more would."""
    return list(accumulate((len(word) + 1 for word in words), initial=0))


def phrases_of(leaves: Iterable[tuple[str, str]], language: str) -> list[str]:
    """Phrases that tell most of an item, as it mostly writes them.

    Those on many slides and in headings first; of those alike the shorter ones, which other items
    are likelier to say too.

    Args:
        leaves: heading and own words of each.
        language: BCP 47.
    """
    forms: Counter[tuple[str, str]] = Counter()
    worth: Counter[str] = Counter()
    for heading, own in leaves:
        headed, said = phrases_in(heading, language), phrases_in(own, language)
        forms.update(headed)
        forms.update(said)
        # In the order of reading, which decides between phrases alike.
        in_heading = dict.fromkeys(key for key, _ in headed)
        standing = dict.fromkeys([*in_heading, *(key for key, _ in said)])
        worth.update(standing.keys())
        worth.update(in_heading.keys())
        worth.update(in_heading.keys())  # a slide is about what its heading says
    kept = sorted(worth, key=lambda key: (-worth[key], key.count(" ")))[:MOST_KEPT]
    written: dict[str, dict[str, int]] = {key: {} for key in kept}
    for (key, form), count in forms.items():
        if key in written:
            written[key][form] = count
    return [most_written(written[key]) for key in kept]


def most_written(forms: Mapping[str, int]) -> str:
    """The commonest way to write a phrase; of those alike the one with fewest capitals.

    All in capitals, as headings are set, only where it is written in no other way.
    """
    if len(forms) == 1:
        return next(iter(forms))
    return min(forms, key=lambda f: (f.isupper(), -forms[f], sum(map(str.isupper, f)), f))


Append = Callable[[str, str, str, Sequence[str]], None]


class PhraseLog:
    """The phrases of the items of one index.

    Args:
        path: of the log; None keeps it in memory.
    """

    def __init__(self, path: Path | None):
        self._path = path
        self._lines: list[str] = []

    @contextlib.contextmanager
    def appending(self) -> Iterator[Append]:
        """Gives what takes an item's id, its document's digest, its record's and its phrases.

        What was taken is on the disk at the end: the engine commits after that.
        """
        if self._path is None:
            yield lambda *entry: self._lines.append(_line(*entry))
            return
        with self._path.open("a", encoding="utf-8") as file:

            def append(*entry: Any) -> None:
                # The break before it ends a line that was cut off, which then is none.
                file.write(f"\n{_line(*entry)}")

            yield append
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self, digests: Mapping[str, str], records: Mapping[str, str]) -> dict[str, str]:
        """Phrases of items, with BETWEEN between them.

        Args:
            digests: id -> digest of the document that is searched.
            records: id -> digest of the record as it is now.
        """
        found = {}
        for line in self._read_lines():
            entry = _entry(line)
            if entry is None:
                continue
            item_id, digest, record, phrases = entry
            if digests.get(item_id) == digest and records.get(item_id) == record:
                found[item_id] = phrases
        return found

    def tidy(self, digests: Mapping[str, str], *, at_once: bool) -> None:
        """Leave out the lines of other documents, at once or when there are many."""
        if not at_once and self._count() <= 2 * len(digests) + STALE:
            return
        kept: dict[str, str] = {}
        for line in self._read_lines():
            entry = _entry(line)
            if entry is not None and digests.get(entry[0]) == entry[1]:
                kept[entry[0]] = line
        if self._path is None:
            self._lines = list(kept.values())
            return
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text("".join(f"\n{line}\n" for line in kept.values()), encoding="utf-8")
        temporary.replace(self._path)

    def _count(self) -> int:
        """Lines, or a few more where some are damaged."""
        if self._path is None:
            return len(self._lines)
        return self._path.read_bytes().count(b"\n[") if self._path.exists() else 0

    def _read_lines(self) -> list[str]:
        if self._path is None:
            return self._lines
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return []
        return [line for line in lines if line]


def _line(item_id: str, digest: str, record: str, phrases: Sequence[str]) -> str:
    return json.dumps([item_id, digest, record, BETWEEN.join(phrases)], ensure_ascii=False)


def _entry(line: str) -> tuple[str, str, str, str] | None:
    """What `_line` was given; None for a line that is damaged: JSON that is cut off is none."""
    try:
        item_id, digest, record, phrases = json.loads(line)
    except (ValueError, TypeError):
        return None
    if not all(isinstance(part, str) for part in (item_id, digest, record, phrases)):
        return None
    return item_id, digest, record, phrases
