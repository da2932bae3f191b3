"""A seminar's programme from the posts that hold one, abstracts, and whose slides are whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rapidfuzz import fuzz

from coproarchive.ingest.names import NameKey, name_key
from coproarchive.ingest.wordpress.survey import Entry, Findings
from coproarchive.ingest.wordpress.understand.abstracts import Abstract
from coproarchive.ingest.wordpress.understand.programme import SessionLine
from coproarchive.ingest.wordpress.understand.talks import Talk
from coproarchive.search.language.analysis import tokenize

ALIKE = 85
"""Two titles are one from this likeness on (0..100, rapidfuzz's ratio of `title_words`)."""


def sessions_of(
    parts: Sequence[tuple[Entry, Findings]], abstracts: Sequence[Abstract]
) -> tuple[list[tuple[Entry, SessionLine]], list[Entry]]:
    """Return the sessions in order, each with its post, and posts that repeat a programme.

    Args:
        parts: posts of one seminar that hold a programme.
        abstracts: of all its posts.
    """
    used: list[list[tuple[Entry, SessionLine]]] = []
    again: list[Entry] = []
    for entry, findings in sorted(parts, key=lambda p: p[0].order):
        mine = [(entry, session) for session in findings.programme]
        same = next((old for old in used if _repeats(old, mine)), None)
        if same is None:
            used.append(mine)
        elif len(mine) >= 0.6 * len(same):  # the later telling counts
            again.append(same[0][0])
            used[used.index(same)] = mine
        else:
            again.append(entry)
    if len(used) > 1 and _follow_each_other(used):
        used.sort(key=lambda part: part[0][1].start)
    return [(e, described(s, abstracts)) for part in used for e, s in part], again


def _repeats(old: list[tuple[Entry, SessionLine]], new: list[tuple[Entry, SessionLine]]) -> bool:
    titles = [s.title for _, s in old]
    shared = sum(any(alike(s.title, title) for title in titles) for _, s in new)
    return shared >= 0.3 * min(len(old), len(new)) and not _follow_each_other([old, new])


def _follow_each_other(parts: list[list[tuple[Entry, SessionLine]]]) -> bool:
    """Return whether one part ends before the other begins: a morning and an afternoon."""
    spans = sorted((min(s.start for _, s in p), max(s.start for _, s in p)) for p in parts)
    return all(a[1] < b[0] for a, b in pairwise(spans))


def alike(one: str, other: str) -> bool:
    """Return whether two titles are the same but for case, marks and order."""
    return bool(one and other) and fuzz.ratio(title_words(one), title_words(other)) >= ALIKE


def title_words(title: str) -> str:
    """Return the sorted words of a title, without case, accents and marks."""
    return " ".join(sorted(token.word for token in tokenize(title)))


def described(session: SessionLine, abstracts: Sequence[Abstract]) -> SessionLine:
    """Give the session the abstract that stands elsewhere, where it has none."""
    if len(session.description) > 80:
        return session
    for abstract in abstracts:
        same_people = bool(session.people) and _keys(abstract.people) == _keys(session.people)
        if alike(abstract.title, session.title) or same_people:
            return replace(session, description=abstract.text)
    return session


def session_of(talk: Talk, sessions: Sequence[SessionLine]) -> int | None:
    """Return which session a talk is: by title, else by its people if one session has them."""
    for n, session in enumerate(sessions):
        if alike(talk.title, session.title):
            return n
    mine = _keys(talk.people)
    exact = [n for n, s in enumerate(sessions) if mine and mine == _keys(s.people)]
    if len(exact) == 1:
        return exact[0]
    overlapping = [n for n, s in enumerate(sessions) if mine and mine & _keys(s.people)]
    return overlapping[0] if len(overlapping) == 1 else None


def _keys(people: Sequence[str]) -> set[NameKey]:
    return {name_key(p) for p in people}
