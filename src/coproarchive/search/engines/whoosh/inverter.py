"""Documents and segments turned into one sorted array of places: all files are written from it.

Whoosh sorts one Python tuple a posting. Here a batch of documents becomes two arrays, numbers of
terms and places (see columnar.postings.DOCUMENT_SHIFT), which are sorted once.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coproarchive.search.engines.columnar.postings import DOCUMENT_SHIFT, Numbers
from coproarchive.search.engines.seam import Document
from coproarchive.search.language.analysis import (
    FIELD_SHIFT,
    LEAF_BITS,
    MAX_LEAVES,
    cut,
    exact,
    stem,
)
from coproarchive.search.language.fields import TEXT_FIELDS

TermNumbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Inversion:
    """Every place of every term.

    Attributes:
        terms: in alphabetical order.
        starts: int64, one more than terms: number of each term's first place, and of all places.
        places: int64, ascending for each term, each once.
    """

    terms: list[str]
    starts: Numbers
    places: Numbers


class Inverter:
    """Gathers the places of documents, then those of segments, by ascending document number."""

    def __init__(self) -> None:
        self._terms: dict[str, int] = {}
        self._words: dict[str, _WordNumbers] = {}
        self._exact_terms, self._stem_terms = array("i"), array("i")
        # Runs of words: number of each word, first place and number of words of each run.
        self._numbers, self._starts, self._counts = array("i"), array("q"), array("q")
        self._joined_numbers, self._joined_places = array("i"), array("q")
        self._sorted: list[tuple[TermNumbers, Numbers]] = []
        self._sorted_size = 0

    @property
    def size(self) -> int:
        """Number of places, nearly."""
        return self._sorted_size + 2 * (len(self._numbers) + len(self._joined_numbers))

    def add_places(self, terms: list[str], numbers: TermNumbers, places: Numbers) -> None:
        """Add places of documents with higher numbers than those of all others so far.

        Args:
            terms: each once.
            numbers: index among the terms of each place.
            places: int64, ascending for each term.
        """
        term_numbers = [self._terms.setdefault(term, len(self._terms)) for term in terms]
        self._sorted.append((np.array(term_numbers, np.int32)[numbers], places))
        self._sorted_size += len(places)

    def add(self, number: int, document: Document) -> tuple[int, ...]:
        """Cut the texts of the document with this number; return the words in each text field."""
        lengths = []
        for field, name in enumerate(TEXT_FIELDS):
            before = len(self._numbers)
            field_start = (number << DOCUMENT_SHIFT) | (field << FIELD_SHIFT)
            texts = zip(document.texts.get(name, ()), document.languages_of(name), strict=False)
            for leaf, (text, language) in enumerate(texts):
                numbers_of = self._words.get(language) or self._numbers_in(language)
                words, joints = cut(text)
                start = field_start | (min(leaf, MAX_LEAVES - 1) << LEAF_BITS)
                self._numbers.extend(map(numbers_of.__getitem__, words))
                self._starts.append(start)
                self._counts.append(len(words))
                for joint in joints:
                    # At both halves, so that a phrase goes on before them and after them.
                    joined = numbers_of[words[joint] + words[joint + 1]]
                    self._joined_numbers.extend((joined, joined))
                    self._joined_places.extend((start + joint, start + joint + 1))
            lengths.append(len(self._numbers) - before)
        return tuple(lengths)

    def _numbers_in(self, language: str) -> _WordNumbers:
        """Return the numbers of words in a language, made when first asked for."""
        numbers = _WordNumbers(language, self._terms, self._exact_terms, self._stem_terms)
        return self._words.setdefault(language, numbers)

    def finish(self) -> Inversion:
        """Return all places, sorted; nothing can be added any more."""
        words, places = self._word_places()
        parts = [
            (np.array(terms, np.int32)[words], places)
            for terms in (self._exact_terms, self._stem_terms)
        ]
        parts += self._sorted
        self._sorted.clear()
        terms = sorted(self._terms)
        ranks = np.zeros(len(terms), np.int32)
        ranks[[self._terms[term] for term in terms]] = np.arange(len(terms), dtype=np.int32)
        ranked = ranks[np.concatenate([part for part, _ in parts])]
        places = np.concatenate([part for _, part in parts])
        del parts, words
        order = _order_of(ranked)
        ranked, places = ranked[order], places[order]
        # The stem of a joined word may be that of its half, at the same place.
        is_first = np.ones(len(places), bool)
        is_first[1:] = (places[1:] != places[:-1]) | (ranked[1:] != ranked[:-1])
        if not is_first.all():
            ranked, places = ranked[is_first], places[is_first]
        counts = np.bincount(ranked, minlength=len(terms))
        used = counts.nonzero()[0]
        starts = np.concatenate([[0], counts[used].cumsum()]).astype(np.int64)
        return Inversion([terms[n] for n in used.tolist()], starts, places)

    def _word_places(self) -> tuple[TermNumbers, Numbers]:
        """Return number and place of every word and joined word, places ascending."""
        words = np.array(self._numbers, np.int32)
        counts: Numbers = np.array(self._counts, np.int64)
        before: Numbers = counts.cumsum() - counts
        starts: Numbers = np.array(self._starts, np.int64) - before
        places: Numbers = np.arange(len(words), dtype=np.int64)
        places += np.repeat(starts, counts)
        if self._joined_numbers:
            words = np.concatenate([words, np.array(self._joined_numbers, np.int32)])
            places = np.concatenate([places, np.array(self._joined_places, np.int64)])
            order = places.argsort(kind="stable")
            words, places = words[order], places[order]
        return words, places


class _WordNumbers(dict[str, int]):
    """Word of one language -> its number, given when first asked for.

    Args:
        language: BCP 47.
        terms: term -> number; new ones are added.
        exact_terms, stem_terms: numbers of a word's two terms, by the number of the word.
    """

    def __init__(self, language: str, terms: dict[str, int], *term_arrays: Any):
        super().__init__()
        self._language = language
        self._terms = terms
        self._exact_terms, self._stem_terms = term_arrays

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self._exact_terms)
        terms = self._terms
        self._exact_terms.append(terms.setdefault(exact(word), len(terms)))
        self._stem_terms.append(terms.setdefault(stem(word, self._language), len(terms)))
        return number


def _order_of(numbers: TermNumbers) -> Numbers:
    """Return the stable order of numbers.

    numpy sorts 16 bits by radix, far faster than it compares 32: the lower half, then the upper.
    """
    order: Numbers = (numbers & 0xFFFF).astype(np.uint16).argsort(kind="stable")
    upper = (numbers >> 16).astype(np.uint16)
    return order[upper[order].argsort(kind="stable")] if upper.any() else order
