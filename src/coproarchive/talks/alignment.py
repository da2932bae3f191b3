"""Alignment of two forms of one talk: which page of a PDF is which slide of a deck, and when a
slide was spoken of.

Leaves with the very same words are paired first, then those that are alike. Both in order, with
gaps, so that the sum is greatest (Needleman and Wunsch 1970, no cost of a gap). What is left over
is paired wherever it stands, if it is nearly the same (moved slides), and by place, where the same
number of leaves without a pair stands between two pairs on both sides (pictures without words).

Captions are aligned by Viterbi's algorithm: slides are the states, and never go back.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coproarchive.leaf import Leaf
from coproarchive.search.language.analysis import STOP_WORDS, cut, stem
from coproarchive.vocabulary import BESIDE

VERSION = 1
"""Raise it when other leaves are paired: items are then indexed anew."""
ALIKE = 0.4
"""Similarity from which two leaves in order are one slide."""
NEARLY = 0.9
"""Similarity from which two leaves are surely one slide."""
MOVED = 0.75
"""Similarity from which two leaves are one slide wherever they stand."""
MOVED_WORDS = 4
"""Different words of a slide that is found wherever it stands."""
IN_PLACE = 0.12
"""Similarity from which two leaves are one slide where their neighbours are."""
EVERYWHERE = 0.5
"""Share of a file's leaves from which a word is its template's, and tells of no leaf."""
FEW_LEAVES = 6
"""Leaves of a file that are too few to tell its template by."""
MOST_CELLS = 4_000_000
"""Pairs of leaves that are compared: two files of 2,000. Of larger ones only equal words count."""
SPOKEN = 0.1
"""Cosine from which what is said is evidence for the slide."""
LEAST_SPOKEN = 0.15
"""Share of cues with evidence, without which captions belong to no slides."""
SKIP_COST = 0.02
"""Of passing over a slide while captions are aligned."""

Matrix = NDArray[np.float32]


class Pair(NamedTuple):
    """A leaf of one file and the same of another: their places, from 0, and similarity, 0 to 1."""

    one: int
    other: int
    similarity: float


def texts_on(leaf: Leaf) -> list[str]:
    """Return the texts that stand on a leaf itself: no notes, comments or descriptions."""
    return [leaf.title, *(p.text for p in leaf.parts if p.source not in BESIDE)]


def words_on(leaf: Leaf) -> list[str]:
    """Return the folded words that stand on a leaf itself, in order, but for its own number."""
    numbering = {str(leaf.number), leaf.label.casefold()}
    words = [*cut(leaf.title)[0], *cut(leaf.body)[0]]
    return words if numbering.isdisjoint(words) else [w for w in words if w not in numbering]


def align(one: Sequence[Leaf], other: Sequence[Leaf]) -> tuple[Pair, ...]:
    """Align the leaves of two files by their words and order.

    Returns:
        Pairs, by their place in the first file; no leaf is in two of them.
    """
    words = [[words_on(leaf) for leaf in leaves] for leaves in (one, other)]
    same = _same(*words)
    if len(one) * len(other) > MOST_CELLS or not (one and other):
        return tuple(_in_order_of_same(same))
    template = template_words(words[0]) | template_words(words[1])
    sets = [[frozenset(leaf) - template for leaf in leaves] for leaves in words]
    similarity = _similarity(*sets)
    for i, places in same.items():
        similarity[i, places] = 1.0
    pairs = _in_order(similarity)
    pairs += _moved(similarity, sets[0], pairs)
    pairs += _in_place(similarity, sets, pairs)
    return tuple(sorted(Pair(i, j, round(float(similarity[i, j]), 3)) for i, j in pairs))


def _same(one: list[list[str]], other: list[list[str]]) -> dict[int, list[int]]:
    """Return place in the first file -> places in the other with the same words in order."""
    places: dict[tuple[str, ...], list[int]] = {}
    for j, words in enumerate(other):
        if words:
            places.setdefault(tuple(words), []).append(j)
    same = ((i, places.get(tuple(words))) for i, words in enumerate(one) if words)
    return {i: where for i, where in same if where}


def _in_order_of_same(same: dict[int, list[int]]) -> list[Pair]:
    """Pair leaves of the same words, each with the first that is free, in order."""
    pairs: list[Pair] = []
    after = -1
    for i, places in same.items():
        j = next((place for place in places if place > after), None)
        if j is not None:
            pairs.append(Pair(i, j, 1.0))
            after = j
    return pairs


def template_words(leaves: list[list[str]]) -> frozenset[str]:
    """Return the words that stand on most leaves of a file: footers, the event's name."""
    if len(leaves) < FEW_LEAVES:
        return frozenset()
    counts: Counter[str] = Counter()
    for words in leaves:
        counts.update(set(words))
    return frozenset(w for w, count in counts.items() if count >= EVERYWHERE * len(leaves))


def _similarity(one: list[frozenset[str]], other: list[frozenset[str]]) -> Matrix:
    """Return the similarity of every leaf of one file to every leaf of the other.

    Seven tenths the Jaccard index, three tenths the overlap coefficient, of words that count by
    their rarity: the second keeps a slide together of which one form has fewer words.
    """
    holders: dict[str, tuple[list[int], list[int]]] = {}
    for which, leaves in enumerate((one, other)):
        for place, words in enumerate(leaves):
            for word in words:
                holders.setdefault(word, ([], []))[which].append(place)
    total = len(one) + len(other)
    weight = {
        word: math.log(1 + total / (len(in_one) + len(in_other)))
        for word, (in_one, in_other) in holders.items()
    }
    shared: Matrix = np.zeros((len(one), len(other)), np.float32)
    for word, (in_one, in_other) in holders.items():
        if in_one and in_other:
            shared[np.ix_(in_one, in_other)] += weight[word]
    sums_of_one, sums_of_other = (
        np.array([sum(map(weight.__getitem__, words)) for words in leaves], np.float32)
        for leaves in (one, other)
    )
    union = np.maximum(sums_of_one[:, None] + sums_of_other[None, :] - shared, 1e-6)
    smaller = np.maximum(np.minimum(sums_of_one[:, None], sums_of_other[None, :]), 1e-6)
    similarity: Matrix = 0.7 * shared / union + 0.3 * shared / smaller
    return np.minimum(similarity, 0.999)


def _in_order(similarity: Matrix) -> list[tuple[int, int]]:
    """Pair leaves that are alike, in order, so that the sum of the pairs' gains is greatest."""
    # Squares, and twice for the same words: two half matches never outweigh a whole one.
    gain = np.where(similarity >= ALIKE, similarity**2, -1.0)
    # What is nearly the same as a leaf wherever it stands is no match for one that is like it.
    is_nearly = similarity >= NEARLY
    is_elsewhere = np.logical_or.outer(is_nearly.any(axis=1), is_nearly.any(axis=0))
    gain[is_elsewhere & ~is_nearly] = -1.0
    gain[similarity >= 1.0] = 2.0
    rows, columns = gain.shape
    best = np.zeros((rows + 1, columns + 1), np.float32)
    for i in range(rows):
        best[i + 1, 1:] = np.maximum(best[i, 1:], best[i, :-1] + gain[i])
        np.maximum.accumulate(best[i + 1], out=best[i + 1])
    pairs: list[tuple[int, int]] = []
    i, j = rows, columns
    while i and j:
        if best[i, j] == best[i, j - 1]:
            j -= 1
        elif best[i, j] == best[i - 1, j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _moved(
    similarity: Matrix, one: list[frozenset[str]], pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pair leaves without a pair that are nearly the same, each other's best, wherever they are."""
    free = similarity.copy()
    free[[i for i, _ in pairs], :] = 0
    free[:, [j for _, j in pairs]] = 0
    moved = []
    for i in np.flatnonzero(free.max(axis=1, initial=0) >= MOVED).tolist():
        j = int(free[i].argmax())
        is_the_only = (similarity[i] >= 1).sum() == (similarity[:, j] >= 1).sum() == 1
        tells = len(one[i]) >= MOVED_WORDS or is_the_only
        if free[i, j] >= MOVED and int(free[:, j].argmax()) == i and tells:
            moved.append((i, j))
            free[i, :] = 0
            free[:, j] = 0
    return moved


def _in_place(
    similarity: Matrix, sets: list[list[frozenset[str]]], pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pair what stands between two neighbouring pairs, where it is as much on both sides."""
    rows, columns = similarity.shape
    with_pair = {i for i, _ in pairs}, {j for _, j in pairs}
    ordered = sorted(pairs)
    filled = []
    if not pairs:
        return []
    for (i, j), (next_i, next_j) in zip(
        [(-1, -1), *ordered], [*ordered, (rows, columns)], strict=True
    ):
        free_i = [k for k in range(i + 1, next_i) if k not in with_pair[0]]
        free_j = [k for k in range(j + 1, next_j) if k not in with_pair[1]]
        if len(free_i) == len(free_j):
            filled += [
                (k, m)
                for k, m in zip(free_i, free_j, strict=True)
                if similarity[k, m] >= IN_PLACE or not (sets[0][k] and sets[1][m])
            ]
    return filled


# ------------------------------------------------------------------- captions


def align_cues(slides: Sequence[Leaf], cues: Sequence[Leaf], language: str) -> tuple[int, ...]:
    """Align what was said with slides.

    Args:
        slides: in order.
        cues: of a recording, in order.
        language: BCP 47, for stems.

    Returns:
        The place of the slide, from 0, of each cue; () where they have too little in common.
    """
    if not slides or not cues or len(slides) * len(cues) > MOST_CELLS:
        return ()
    cosine = _cosine(_stems(slides, language), _stems(cues, language))
    path = _never_back(cosine)
    on_path = cosine[np.arange(len(cues)), path]
    evidence = np.flatnonzero(on_path >= SPOKEN)
    is_enough = len(evidence) >= max(2, LEAST_SPOKEN * len(cues))
    # What is said fits its slide better than any slide: a talk on the same matter does not.
    is_telling = len(slides) == 1 or on_path.mean() >= 1.5 * cosine.mean()
    return tuple(path.tolist()) if is_enough and is_telling else ()


def _stems(leaves: Sequence[Leaf], language: str) -> list[Counter[str]]:
    """Count the stems of each leaf's words, without those that questions are made of."""
    return [
        Counter(stem(word, language) for word in words_on(leaf) if word not in STOP_WORDS)
        for leaf in leaves
    ]


def _cosine(slides: list[Counter[str]], cues: list[Counter[str]]) -> Matrix:
    """Return the cosine of tf-idf of every cue to every slide; words not on slides do not count."""
    holders: dict[str, list[int]] = {}
    for place, counts in enumerate(slides):
        for word in counts:
            holders.setdefault(word, []).append(place)
    weight = {w: math.log(1 + len(slides) / len(places)) for w, places in holders.items()}

    def norm(counts: Counter[str]) -> float:
        squares = ((1 + math.log(n)) ** 2 * weight.get(w, 0.0) ** 2 for w, n in counts.items())
        return math.sqrt(sum(squares)) or 1.0

    norms = np.array(list(map(norm, slides)), np.float32)
    cosine: Matrix = np.zeros((len(cues), len(slides)), np.float32)
    for row, counts in enumerate(cues):
        for word, n in counts.items():
            for place in holders.get(word, ()):
                times = (1 + math.log(n)) * (1 + math.log(slides[place][word]))
                cosine[row, place] += times * weight[word] ** 2
        cosine[row] /= norm(counts) * norms
    return cosine


def _never_back(cosine: Matrix) -> NDArray[np.int64]:
    """Return the slide of each cue, so that the sum of cosines is greatest and no slide is left
    for an earlier one; passing over slides costs a little."""
    rows, columns = cosine.shape
    places = np.arange(columns)
    came_from = np.zeros((rows, columns), np.int64)
    best = cosine[0] - SKIP_COST * places
    for row in range(1, rows):
        # The best slide before each, as far as skipping goes: a running maximum.
        reached = best + SKIP_COST * places
        leader = np.maximum.accumulate(reached)
        is_new = np.concatenate(([True], reached[1:] > leader[:-1]))
        ahead = np.maximum.accumulate(np.where(is_new, places, 0))
        moved = np.concatenate(([-np.inf], leader[:-1] - SKIP_COST * (places[1:] - 1)))
        stays = best >= moved
        came_from[row] = np.where(stays, places, np.concatenate(([0], ahead[:-1])))
        best = np.where(stays, best, moved) + cosine[row]
    path = np.zeros(rows, np.int64)
    path[-1] = int(best.argmax())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path
