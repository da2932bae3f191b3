"""A made-up archive for measuring speed: talks of about thirty leaves, words as unequal as real.

Words follow Zipf's law with the pool of letters of English, or are sampled from texts of a folder
that is named; nobody in it is real.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.extract.cache import packed
from coproarchive.extract.worker import Reader
from coproarchive.model import (
    Asset,
    AssetRole,
    Contribution,
    Item,
    Kind,
    Leaf,
    Part,
    Person,
    Seminar,
    Series,
    Source,
    Topic,
)

LEAVES_A_TALK = 30
MEDIA_TYPE = "application/pdf"
_STARTS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "pr",
    "st",
    "tr",
    "",
]
_VOWELS = ["a", "e", "i", "o", "u", "ea", "ou"]
_ENDS = ["", "n", "r", "s", "t", "l", "nd", "st", "rm"]
_TAILS = ["", "", "", "s", "ed", "ing", "ation", "al", "er"]


@dataclass(frozen=True)
class Talk:
    """A talk as engines other than ours are given it."""

    id: str
    title: str
    headings: tuple[str, ...]
    bodies: tuple[str, ...]
    facets: dict[str, tuple[str, ...]]


class Words:
    """Draws texts.

    Args:
        rng: source of chance.
        folder: texts to sample (.jsonl with a "text", .txt, .md); None makes words up.
    """

    def __init__(self, rng: random.Random, folder: Path | None):
        self._rng = rng
        self._sentences = _sentences(folder) if folder else []
        self._pool: list[str] = []
        if not self._sentences:
            words: dict[str, None] = {}
            while len(words) < 60_000:
                syllables = rng.choice([1, 2, 2, 3])
                stem = "".join(
                    rng.choice(_STARTS) + rng.choice(_VOWELS) + rng.choice(_ENDS)
                    for _ in range(syllables)
                )
                words[stem + rng.choice(_TAILS)] = None
            self._pool = list(words)
            self._weights = [0.0]
            for rank in range(1, len(self._pool) + 1):
                self._weights.append(self._weights[-1] + 1 / (rank + 2.7))
            self._weights.pop(0)

    def text(self, length: int) -> str:
        """About so many words."""
        if self._sentences:
            found: list[str] = []
            while len(found) < length:
                found += self._rng.choice(self._sentences)
            return " ".join(found[:length])
        return " ".join(self._rng.choices(self._pool, cum_weights=self._weights, k=max(length, 1)))


def _sentences(folder: Path) -> list[list[str]]:
    texts: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".jsonl":
            rows = (json.loads(line) for line in path.read_text().splitlines() if line)
            texts += [str(row.get("text", "")) for row in rows]
        elif path.suffix in (".txt", ".md"):
            texts.append(path.read_text(errors="replace"))
    split = (re.split(r"(?<=[.!?])\s+", text) for text in texts)
    return [words for pieces in split for piece in pieces if len(words := piece.split()) > 2]


class Archive:
    """A catalogue, the texts of its files in a reader's cache, and the same as plain talks.

    Args:
        leaves: about how many slides in all.
        folder: where the reader keeps texts.
        texts: see Words.
    """

    def __init__(self, leaves: int, folder: Path, texts: Path | None):
        self.rng = random.Random(leaves)
        self._words = Words(self.rng, texts)
        self.reader = Reader(folder)
        self.talks: list[Talk] = []
        self._items: dict[str, Item] = {}
        count = max(1, leaves // LEAVES_A_TALK)
        self._seminars = {
            f"{n}-seminar": Seminar(
                id=f"{n}-seminar", title=f"Seminar {n}: {self._words.text(4)}",
                date=f"{2005 + n % 20}-0{1 + n % 9}-1{n % 9}",
            )
            for n in range(1, count // 12 + 2)
        }  # fmt: skip
        self._people = {
            f"p{n}": Person(id=f"p{n}", names=(self._words.text(2).title(),))
            for n in range(count // 3 + 2)
        }
        self._topics = {f"t{n}": Topic(id=f"t{n}", label=self._words.text(2)) for n in range(60)}
        for _ in range(count):
            self.add_talk()

    @property
    def catalogue(self) -> Catalogue:
        """A snapshot, as the store would give it."""
        series = Series(title="Made up", withhold=())
        whole = Catalogue(series, self._seminars, self._items, self._people, self._topics)
        digests = {i: whole.digest_of(item) for i, item in self._items.items()}
        return Catalogue(series, self._seminars, self._items, self._people, self._topics, digests)

    def add_talk(self, extra: str = "") -> Talk:
        """One more talk; `extra` stands on its first slide."""
        rng = self.rng
        seminar = rng.choice(list(self._seminars))
        number = len(self._items)
        item_id = f"{seminar}/talk-{number}"
        leaves = max(1, int(rng.gauss(LEAVES_A_TALK, 8)))
        headings = tuple(self._words.text(rng.randint(2, 6)) for _ in range(leaves))
        bodies = tuple(
            self._words.text(int(rng.lognormvariate(3.5, 0.6)) + 1) for _ in range(leaves)
        )
        bodies = (f"{extra} {bodies[0]}".strip(), *bodies[1:])
        sha256 = hashlib.sha256(item_id.encode()).hexdigest()
        kind = rng.choice([Kind.PRESENTATION, Kind.PRESENTATION, Kind.POST])
        people = [f"p{min(int(rng.expovariate(6) * len(self._people)), len(self._people) - 1)}"]
        topics = tuple(sorted({f"t{min(int(rng.expovariate(0.08)), 59)}" for _ in range(2)}))
        item = Item(
            id=item_id, seminar=seminar, kind=kind, title=self._words.text(6),
            abstract=self._words.text(30), people=(Contribution(person=people[0]),),
            topics=topics,
            assets=(Asset(path="slides.pdf", role=AssetRole.SLIDES, media_type=MEDIA_TYPE,
                          size=1, sha256=sha256),),
        )  # fmt: skip
        found = (
            Leaf(n, "page", title, (Part(Source.TEXT, body),))
            for n, (title, body) in enumerate(zip(headings, bodies, strict=True), start=1)
        )
        extraction = Extraction(tuple(found))
        self.reader._cache.put(sha256, MEDIA_TYPE, packed(extraction, self.reader.limits))
        self._items[item_id] = item
        year = (self._seminars[seminar].date or "")[:4]
        facets = {
            "seminar": (seminar,), "speaker": tuple(people), "topic": topics,
            "kind": (kind.value,), "year": (year,),
        }  # fmt: skip
        talk = Talk(item_id, item.title, headings, bodies, facets)
        self.talks.append(talk)
        return talk

    def queries(self, each: int) -> dict[str, list[str]]:
        """Class of query -> so many queries of it."""
        rng = random.Random(5)
        having: Counter[str] = Counter()
        for talk in self.talks:
            having.update(set(re.findall(r"[a-z]{4,}", " ".join(talk.bodies).lower())))
        ranked = [word for word, _ in having.most_common()]
        rare = [word for word in ranked if having[word] <= 5]
        middle = [w for w in ranked[200 : max(len(ranked) // 4, 400)] if len(w) >= 6] or ranked

        def leaf() -> list[str]:
            while True:
                words = rng.choice(rng.choice(self.talks).bodies).lower().split()
                words = [w for w in words if re.fullmatch("[a-z]+", w)]
                if len(words) >= 6:
                    return words

        def phrase() -> str:
            words, length = leaf(), rng.choice([2, 2, 3])
            at = rng.randrange(len(words) - length)
            return f'"{" ".join(words[at : at + length])}"'

        def slip(word: str) -> str:
            at = rng.randrange(1, len(word) - 1)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

        def several() -> str:
            return " ".join(rng.sample(sorted(set(leaf())), k=rng.choice([2, 3])))

        return {
            "rare": [rng.choice(rare or ranked[-50:]) for _ in range(each)],
            "common": [rng.choice(ranked[:60]) for _ in range(each)],
            "several": [several() for _ in range(each)],
            "phrase": [phrase() for _ in range(each)],
            "prefix": [f"{rng.choice(middle)[:4]}*" for _ in range(each)],
            "typo": [slip(rng.choice(middle)) for _ in range(each)],
        }
