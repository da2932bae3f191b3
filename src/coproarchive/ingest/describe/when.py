"""The date of a talk: on its slides, in its name, its folders, or said beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from coproarchive.ingest.describe.cover import Cover, TextBlock
from coproarchive.ingest.describe.dates import (
    DateMention,
    find_dates,
    is_another_day,
    without_date,
)

_EVENT = re.compile(
    r"conf|summit|symposi|workshop|seminar|meet-?up|\bdays?\b|congress|forum|colloqu|con\b|camp\b|"
    r"fest|school|course|lecture|spring|summer|autumn|fall|winter|semester|week|hack|tagung|"
    r"webinar|training|bootcamp|devcon|expo|tour|20\d\d\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateCandidate:
    """What may be the talk's date: EDTF, the words it was read from, where, and how sure, 0..1."""

    value: str
    line: str
    rule: str
    confidence: float


def dates_on(
    cover: Cover, title: str, created: str | None, *, is_day_first: bool | None
) -> list[DateCandidate]:
    """Find dates on the first and the last leaves.

    Args:
        cover: blocks of the file.
        title: the talk's title; a year in it is more often what it is about.
        created: EDTF day on which the file was made, if known: it speaks for a date near it.
        is_day_first: how 05-02-2024 is read.
    """
    candidates: list[DateCandidate] = []
    leaves = list(dict.fromkeys(block.leaf for block in cover.opening))
    for block in (*cover.opening, *cover.closing):
        if block in cover.closing:
            less, where = 0.4, "the last slides"
        elif block.leaf == leaves[0]:
            less, where = 0.0, "the first slide"
        else:
            less, where = 0.25, "the second slide"
        for line in block.lines:
            for mention in find_dates(line, is_day_first=is_day_first):
                sure = _sure(mention, line, block, title) - less
                sure += _beside_creation(mention, created)
                candidates.append(DateCandidate(mention.value, line, where, sure))
    return candidates


def _sure(mention: DateMention, line: str, block: TextBlock, title: str) -> float:
    sure = {3: 0.88, 2: 0.82}.get(mention.precision, 0.5)
    rest = re.sub(r"[\W_]+", " ", without_date(line)).split()
    if mention.precision == 1:
        if len(rest) <= 6 and (_EVENT.search(line) or block.role in ("footer", "subtitle", "date")):
            sure += 0.15
        sure -= 0.2 if mention.value in title else 0.0
        sure -= 0.2 if len(rest) > 10 else 0.0
    elif len(rest) <= 6:
        sure += 0.05
    sure -= 0.2 if len(line) > 140 else 0.0
    sure -= 0.5 if is_another_day(line) else 0.0
    return sure


def _beside_creation(mention: DateMention, created: str | None) -> float:
    if not created:
        return 0.0
    years = abs(int(mention.value[:4]) - int(created[:4]))
    if mention.value[:7] == created[:7] and mention.precision > 1:
        return 0.08
    return 0.06 if not years else 0.0 if years == 1 else -0.1


def dates_of_name(dates: Iterable[tuple[str, DateMention]], stem: str) -> list[DateCandidate]:
    """Return dates in a file's name and folders, the nearest first."""
    candidates = []
    for text, mention in dates:
        is_name = text == stem
        sure = {3: 0.92, 2: 0.88}.get(mention.precision, 0.72) - (0.0 if is_name else 0.05)
        rule = "the file's name" if is_name else "the folder's name"
        candidates.append(DateCandidate(mention.value, text, rule, sure))
    return candidates


def date_of(candidates: Iterable[DateCandidate]) -> DateCandidate | None:
    """Choose the likeliest date: named in two places it is surer, the more precise is taken."""
    ranked = sorted(candidates, key=lambda c: -c.confidence)
    if not ranked:
        return None
    best = ranked[0]
    agreeing = [c for c in ranked[1:] if c.confidence >= 0.3 and _are_one(best.value, c.value)]
    doubt = 1 - best.confidence
    for other in {c.rule: c for c in reversed(agreeing)}.values():
        if other.rule != best.rule:
            doubt *= 1 - 0.5 * other.confidence
    precise = max((best, *agreeing), key=lambda c: (len(c.value), c.confidence))
    best = precise if precise.confidence >= best.confidence - 0.35 else best
    against = [c for c in ranked if c.confidence >= 0.6 and not _are_one(best.value, c.value)]
    confidence = 1 - doubt - (0.15 if against else 0.0)
    return replace(best, confidence=round(max(0.05, min(0.98, confidence)), 2))


def _are_one(one: str, other: str) -> bool:
    """Tell whether one date is the other, said more precisely."""
    first, second = one.partition("/")[0], other.partition("/")[0]
    if one == other or first.startswith(second) or second.startswith(first):
        return True
    days = next((d for d in (one, other) if "/" in d), "")
    start, _, end = days.partition("/")
    single = other if days == one else one
    return bool(days) and start <= single <= end
