"""One text of a slide's forms: what is searched and shown of it, each word once.

A twin's words are taken in line by line, where the slide has not the same words side by side: what
only the PDF has is found, and what both have counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from coproarchive.leaf import Leaf, Part
from coproarchive.search.language.analysis import words_of
from coproarchive.talks.forms import AlignedLeaf
from coproarchive.vocabulary import Source


class MergedLeaf(NamedTuple):
    """A leaf with the words of its other forms.

    Attributes:
        leaf: as it is shown, with parts of other forms after its own.
        forms_of_parts: of each part, the number among AlignedLeaf.places of the one that has it.
    """

    leaf: Leaf
    forms_of_parts: tuple[int, ...]


def merged(aligned: AlignedLeaf) -> MergedLeaf:
    """Merge the texts of a slide's forms."""
    leaf = aligned.leaf
    parts, origins = [*leaf.parts], [0] * len(leaf.parts)
    title = leaf.title
    on_slide = _KnownWords()
    if aligned.twins:
        for text in (leaf.title, "\n".join(p.text for p in leaf.parts)):
            on_slide.add(text)
    for number, (_, other) in enumerate(aligned.twins, start=1):
        if not title and other.title:
            title = other.title
            on_slide.add(title)
        for part in _only_there(other, on_slide):
            parts.append(part)
            origins.append(number)
            on_slide.add(part.text)
    for number, (_, cue) in enumerate(aligned.cues, start=1 + len(aligned.twins)):
        parts += cue.parts
        origins += [number] * len(cue.parts)
    if len(parts) == len(leaf.parts) and title == leaf.title:
        return MergedLeaf(leaf, tuple(origins))
    return MergedLeaf(replace(leaf, title=title, parts=tuple(parts)), tuple(origins))


def with_twins(aligned: AlignedLeaf) -> Leaf:
    """Return a slide with the words of its other forms, but not with what was said."""
    return merged(AlignedLeaf(aligned.place, aligned.twins)).leaf


class _KnownWords:
    """Words, and words side by side."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._pairs: set[tuple[str, str]] = set()

    def add(self, text: str) -> None:
        """Add the words of a text."""
        words = [word for word, _ in words_of(text)]
        self._words.update(words)
        self._pairs.update(pairwise(words))

    def has(self, words: Sequence[str]) -> bool:
        """Test whether words stand here side by side, or one alone."""
        return self._words.issuperset(words) and self._pairs.issuperset(pairwise(words))


def _only_there(leaf: Leaf, on_slide: _KnownWords) -> Iterator[Part]:
    """Yield the lines of a twin whose words the slide has not, as parts."""
    number = [str(leaf.number)]
    for part in (Part(Source.TITLE, leaf.title), *leaf.parts):
        lines = []
        for line in part.text.split("\n"):
            words = [word for word, _ in words_of(line)]
            if words and words != number and not on_slide.has(words):
                lines.append(line)
        if lines:
            yield replace(part, text="\n".join(lines))
