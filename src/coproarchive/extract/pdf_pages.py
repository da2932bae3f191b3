"""What pages of a PDF tell of one another: which show a slide being built, and what stands beside.

Programmes export a slide with builds as several pages, each with a little more on it than the one
before. Some draw what comes later outside the page's box already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

MOST_BUILDS = 60
"""Pages after a page among which what stands outside its box is looked for."""
LEAST_LINES = 2
"""Lines of a page from which the next one may be its next build, where no printed number tells."""


def comes_later(outside: str, following: Sequence[str]) -> bool:
    """Test whether half of the lines outside a page's box stand inside those of following pages."""
    lines = _lines(outside)
    lines_inside = {line for text in following[:MOST_BUILDS] for line in _lines(text)}
    return bool(lines) and 2 * sum(line in lines_inside for line in lines) >= len(lines)


def builds_of(texts: Sequence[str], labels: Sequence[str]) -> dict[int, int]:
    """Find the pages on which a slide is complete.

    Args:
        texts: of the pages.
        labels: their printed numbers, "" where they have none.

    Returns:
        Index of such a page -> number of pages just before it that show a part of it.
    """
    complete: dict[int, int] = {}
    builds = 0
    pages = [*zip(texts, labels, strict=True), ("", "")]
    for index, ((text, label), (next_text, next_label)) in enumerate(pairwise(pages)):
        # Most pages differ in their first line already.
        begins = text.partition("\n")[0]
        is_like = begins and next_text.startswith(begins) and label == next_label
        if is_like and _is_build(_lines(text), _lines(next_text), is_numbered=label != ""):
            builds += 1
        elif builds:
            complete[index] = builds
            builds = 0
    return complete


def _is_build(lines: list[str], next_lines: list[str], *, is_numbered: bool) -> bool:
    """Test whether the page that follows shows the same slide with nothing less on it.

    Args:
        lines, next_lines: of the two pages.
        is_numbered: whether both have the same printed number, which is the slide's.
    """
    if not lines or not next_lines or lines[0] != next_lines[0]:
        return False
    if is_numbered:
        return not _words(lines) - _words(next_lines)
    if len(lines) < LEAST_LINES or len(next_lines) <= len(lines):
        return False
    remaining = iter(next_lines)
    return all(line in remaining for line in lines)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _words(lines: list[str]) -> Counter[str]:
    return Counter(word for line in lines for word in line.split())
