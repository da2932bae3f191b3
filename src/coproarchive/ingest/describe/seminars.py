"""The seminar of a talk: one that the archive has, its folder, or the event its slides name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.ingest.describe.cover import Cover
from coproarchive.ingest.describe.dates import find_dates, without_date
from coproarchive.ingest.describe.file_names import GENERIC, FileName, in_words
from coproarchive.ingest.describe.folding import folded_line, folded_words
from coproarchive.ingest.describe.surroundings import SHARED, Surroundings
from coproarchive.ingest.describe.titles import likeness

_EVENT = re.compile(
    r"\b(?:conference|summit|symposium|workshop|seminar|meet-?up|congress|forum|colloquium|"
    r"hackathon|webinar|unconference|konferenz|tagung|konferens|congrès|conférence|congreso|"
    r"jornadas|convegno|\w+con|\w+camp|\w+fest|\w+days?|masterclass|bootcamp|school|devdays|"
    r"user group)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SeminarCandidate:
    """What may be the seminar: its title, the words read, where they stood, how sure, 0..1."""

    title: str
    line: str
    rule: str
    confidence: float


def seminar_of_folder(folders: Sequence[str], stem: str, works: int) -> SeminarCandidate | None:
    """Return the nearest folder that is no talk's own and says something.

    Args:
        folders: names, the nearest first.
        stem: the file's name without its ending.
        works: number of works in the nearest folder.
    """
    for number, folder in enumerate(folders):
        name = folder.strip(" _-.")
        if not name or name.casefold() in GENERIC:
            continue
        is_own = number == 0 and works == 1 and likeness(in_words(name), in_words(stem)) >= 85
        if is_own and len(folders) > 1:
            continue
        title = re.sub(r"_+", " ", name).strip() if " " in name else in_words(name)
        return SeminarCandidate(title[:300], folder, "the folder's name", 0.9)
    return None


def seminars_named(
    cover: Cover, name: FileName, title: str, people: Iterable[str], around: Surroundings
) -> list[SeminarCandidate]:
    """Find events that the slides or the file's name say the talk was given at."""
    excluded = {title.casefold(), *(person.casefold() for person in people)}
    candidates: list[SeminarCandidate] = []
    for block in cover.opening:
        for line in block.lines:
            bare = " ".join(line.split())
            if not 3 <= len(bare) <= 90 or bare.casefold() in excluded or block.role == "title":
                continue
            if likeness(bare, title) >= 80:
                continue
            years = find_dates(bare)
            sure = 0.0
            if _EVENT.search(bare):
                sure = 0.62 if years else 0.5
            elif len(years) == 1 and years[0].precision == 1 and years[0].end == len(bare):
                sure = 0.5
            shared = around.lines[folded_line(line)]
            if sure and shared >= SHARED:
                sure += 0.2
            if sure:
                candidates.append(
                    SeminarCandidate(_title(bare), line, "a line of the slides", sure)
                )
    for piece in name.pieces[1:]:
        if _EVENT.search(piece) or (find_dates(piece) and re.search(r"[^\W\d_]{2}", piece)):
            candidates.append(SeminarCandidate(piece, piece, "the file's name", 0.6))
    return sorted(candidates, key=lambda c: -c.confidence)


def _title(line: str) -> str:
    """Return an event's name without the day and what stands after it; its year stays."""
    if all(mention.precision == 1 for mention in find_dates(line)):
        return line.strip(" ,;|–—-")
    pieces = [piece.strip(" ,;|–—-") for piece in without_date(line).split(" | ")]
    return next((piece for piece in pieces if len(piece) > 2), line)


def known_seminars(cover: Cover, name: FileName, catalogue: Catalogue) -> list[SeminarCandidate]:
    """Find the archive's own seminars by their titles and ids."""
    lines = [line for block in cover.opening for line in block.lines]
    texts = [*((t, "a line of the slides") for t in lines),
             *((t, "the folder's name") for t in name.folders),
             *((t, "the file's name") for t in name.pieces)]  # fmt: skip
    # Folded once, not for each seminar again.
    folded = [(f" {folded_words(text)} ", text, rule) for text, rule in texts]
    candidates = []
    for seminar in catalogue.seminars.values():
        title, own_id = f" {folded_words(seminar.title)} ", f" {folded_words(seminar.id)} "
        if len(title) < 8:
            continue
        for words, text, rule in folded:
            if title in words or words == own_id:
                candidates.append(SeminarCandidate(seminar.id, text, rule, 0.9))
                break
    return candidates if len(candidates) == 1 else []
