"""Sketches of slides, by which the same slide is known in another talk.

A sketch is the bottom of the hashes of a slide's shingles, words three by three (Broder 1997, "On
the resemblance and containment of documents"): from two sketches the Jaccard index of the shingles
can be estimated, exactly where a slide has no more of them than a sketch holds.

Slides that say little have none: titles, "Questions?", a heading alone. Words that stand on most
slides of an item, such as footers, are left out first. A slide that is a picture without words is
known by the difference hash of its picture, where it was drawn (extract/drawing.py).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from coproarchive.leaf import Leaf
from coproarchive.search.language.analysis import STOP_WORDS, fold, words_of
from coproarchive.talks.alignment import template_words, texts_on, words_on

VERSION = 1
"""Raise it when other sketches are made: items are then indexed anew."""
SIZE = 24
"""Hashes of a sketch at most."""
SHINGLE = 3
"""Words of a shingle."""
_FACTOR = np.uint32(0x9E3779B1)
_HASH_BITS = np.uint64(32)
_NO_HASH = (1 << 64) - 1
LEAST_WORDS = 8
"""Different telling words of a slide that is looked for elsewhere."""
CLOSING_WORDS = 30
"""Words of a closing slide at most."""
_CLOSING = frozenset(
    map(
        fold,
        "questions question thanks thank q&a qa discussion acknowledgements acknowledgments merci "
        "danke fragen gracias preguntas grazie domande bedankt vragen obrigado perguntas diolch "
        "cwestiynau contact kontakt references bibliography literature literatur agenda outline "
        "contents overview inhalt sommaire índice programme".split(),
    )
)
"""First words of headings of slides that every talk has."""

_ADDRESS = re.compile(r"@\w|https?:|www\.|\w\.(?:com|org|net|io|edu|ac\.uk)\b", re.IGNORECASE)

Sketches = NDArray[np.uint32]


class SketchedLeaf(NamedTuple):
    """A leaf by which it is known elsewhere.

    Attributes:
        path: of its file.
        number, kind, label: see model.Leaf.
        whole: hash of all its words in order; 0 where it has none, and is known by its picture.
        sketch: bottom hashes of its shingles, ascending; at most SIZE.
    """

    path: str
    number: int
    kind: str
    label: str
    whole: int
    sketch: tuple[int, ...]


def sketches_of(
    leaves: Sequence[tuple[str, Leaf]], record_words: Collection[str] = ()
) -> list[SketchedLeaf]:
    """Sketch the leaves of an item that say enough.

    Args:
        leaves: path of the file, and leaf, each slide once, without what is withheld.
        record_words: folded words of its title, people and seminar, which tell of no slide.
    """
    words = [words_on(leaf) for _, leaf in leaves]
    template = template_words(words)
    telling = [[w for w in row if w not in template] for row in words] if template else words
    chosen = []
    for place, (_, leaf) in enumerate(leaves):
        is_slide = leaf.kind in ("page", "slide")
        is_last = place == len(leaves) - 1
        if is_slide and (place == 0 or (is_last and _is_closing(leaf, words[place]))):
            continue
        if (is_slide and not telling[place]) or _tells(leaf, telling[place], record_words):
            chosen.append(place)
    sketched = []
    for place, hashes in zip(chosen, sketches([telling[n] for n in chosen]), strict=True):
        path, leaf = leaves[place]
        whole = zlib.crc32(" ".join(telling[place]).encode())
        sketched.append(SketchedLeaf(path, leaf.number, leaf.kind, leaf.label, whole, hashes))
    return sketched


def sketches(texts: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
    """Return the SIZE least hashes of each text's words three by three, ascending."""
    lengths = list(map(len, texts))
    word_hashes = map(zlib.crc32, map(str.encode, chain.from_iterable(texts)))
    hashes = np.fromiter(word_hashes, np.uint32, sum(lengths))
    owners = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    is_within = owners[:-2] == owners[2:]
    shingles = ((hashes[:-2] * _FACTOR + hashes[1:-1]) * _FACTOR + hashes[2:])[is_within]
    # Of all texts at once: a call of numpy for each would take longer than its work.
    ordered = np.sort((owners[:-2][is_within] << _HASH_BITS) | _mixed(shingles))
    ordered = ordered[np.diff(ordered, prepend=np.uint64(_NO_HASH)) != 0]
    bounds = ordered.searchsorted(np.arange(len(texts) + 1, dtype=np.uint64) << _HASH_BITS)
    least = ordered.astype(np.uint32).tolist()
    return [
        tuple(least[start : min(end, start + SIZE)]) for start, end in pairwise(bounds.tolist())
    ]


def resemblance(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimate the Jaccard index of the shingles of two sketches, 0 to 1."""
    bottom = sorted({*one, *other})[:SIZE]
    shared = set(one).intersection(other)
    return sum(h in shared for h in bottom) / len(bottom) if bottom else 0.0


def _mixed(values: Sketches) -> Sketches:
    """Return hashes in an order of their own: those of texts that are alike lie side by side.

    The finaliser of MurmurHash3.
    """
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def _is_closing(leaf: Leaf, words: Sequence[str]) -> bool:
    """Test whether the last slide only says how to reach the speaker."""
    return len(words) <= CLOSING_WORDS and any(map(_ADDRESS.search, texts_on(leaf)))


def _tells(leaf: Leaf, words: Sequence[str], record_words: Collection[str]) -> bool:
    """Test whether a slide is one that is looked for elsewhere: no title, no closing slide."""
    if leaf.kind == "cue":
        return False
    different = set(words).difference(STOP_WORDS, record_words)
    if len([w for w in different if len(w) > 1 and not w.isdigit()]) < LEAST_WORDS:
        return False
    first = next((word for word, _ in words_of(leaf.title)), next(iter(words), ""))
    return not (first in _CLOSING and len(words) <= CLOSING_WORDS)


def pack(record: str, sketched: Iterable[SketchedLeaf]) -> bytes:
    """Return an item's sketches as bytes.

    Args:
        record: digest of the item's record.
        sketched: leaves.
    """
    rows = list(sketched)
    hashes = np.array([h for row in rows for h in row.sketch], "<u4").tobytes()
    heads = [(*row[:5], len(row.sketch)) for row in rows]
    packed: bytes = msgpack.packb((record, heads, hashes), unicode_errors="surrogatepass")
    return packed


def unpack(data: bytes) -> tuple[str, list[tuple[str, int, str, str, int, int]], Sketches]:
    """Return the digest of the record; of each leaf path, number, kind, label, hash and the number
    of hashes of its sketch; and all these hashes, leaf after leaf."""
    record, heads, hashes = msgpack.unpackb(data, use_list=False, unicode_errors="surrogatepass")
    return record, list(heads), np.frombuffer(hashes, "<u4")
