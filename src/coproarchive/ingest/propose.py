"""What a file says of itself, as a proposal for its record: the archivist has the last word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.ingest.describe import (
    DATE,
    SEMINAR,
    SPEAKER,
    SURE,
    TOPIC,
    Description,
    describe,
    person_of,
)
from coproarchive.ingest.describe.surroundings import Surroundings
from coproarchive.ingest.guesses import Guess
from coproarchive.model import Kind
from coproarchive.store import media_type_of_file

OFFERED = 0.5
"""Confidence from which a name that the archive does not know is offered to the archivist."""
_BY_HAND = ("text/", "application/xhtml", "application/x-ipynb")
"""Media types whose metadata somebody typed."""
_KINDS = {
    "text/markdown": Kind.POST,
    "text/html": Kind.POST,
    "application/xhtml+xml": Kind.POST,
    "text/x-quarto": Kind.POST,
    "text/x-r-markdown": Kind.POST,
    "text/org": Kind.POST,
    "text/x-rst": Kind.POST,
    "text/asciidoc": Kind.POST,
    "text/x-tex": Kind.HANDOUT,
    "application/x-ipynb+json": Kind.HANDOUT,
    "text/plain": Kind.POST,
    "text/vtt": Kind.VIDEO,
    "application/x-subrip": Kind.VIDEO,
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A record as the file suggests it.

    Attributes:
        title: the likeliest; see describe.titles.
        people: ids of known people who seem to have given the talk.
        unknown_people: names of others who seem to have, which people.yaml does not have.
        date: EDTF, or None.
        topics: ids of topics that the text is often about.
        language: BCP 47, or None.
        kind: by the kind of file.
        description: all guesses, with their sources and how sure they are.
        seminar: id of the archive's own seminar that the file seems to be of, or None.
    """

    title: str
    people: tuple[str, ...]
    unknown_people: tuple[str, ...]
    date: str | None
    topics: tuple[str, ...]
    language: str | None
    kind: Kind
    description: Description
    seminar: str | None = None

    @property
    def likely_people(self) -> tuple[str, ...]:
        """Names that people.yaml does not have, of people who are likely to have given the talk."""
        likely = {guess.value for guess in self.description.of(SPEAKER, SURE)}
        return tuple(name for name in self.unknown_people if name in likely)

    def written(self, least: float) -> tuple[Guess, ...]:
        """Return the guesses that go into a record: the title, and what is at least so sure."""
        of_others = (g for kind in (SPEAKER, DATE, TOPIC) for g in self.description.of(kind, least))
        return (self.description.title, *of_others)


def propose(
    path: Path,
    extraction: Extraction,
    catalogue: Catalogue,
    surroundings: Surroundings | None = None,
    *,
    least: float = SURE,
) -> Proposal:
    """Propose a record from what was read of the file.

    Args:
        path: of the file that speaks for the item.
        extraction: what was read of it.
        catalogue: what the archive knows.
        surroundings: what its folder tells.
        least: confidence, 0..1, from which date, topics and people are proposed.
    """
    media_type = media_type_of_file(path)
    kind = Kind.PRESENTATION if is_deck(extraction) else kind_of(media_type)
    description = describe(
        path,
        extraction,
        catalogue,
        surroundings,
        is_post=kind is Kind.POST,
        is_by_hand=media_type.startswith(_BY_HAND),
        is_titled=media_type.startswith("text/") and media_type != "text/html",
    )
    people, unknown = _people(description.of(SPEAKER), catalogue, least)
    dates = description.of(DATE, least)
    seminars = [guess.value for guess in description.of(SEMINAR, least)]
    return Proposal(
        title=description.title.value[:300],
        people=people,
        unknown_people=unknown,
        date=dates[0].value if dates else None,
        topics=tuple(guess.value for guess in description.of(TOPIC, least)),
        language=_language(extraction),
        kind=kind,
        description=description,
        seminar=next((s for s in seminars if s in catalogue.seminars), None),
    )


def _people(
    guesses: Iterable[Guess], catalogue: Catalogue, least: float
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ids of those whom the archive knows, and names of the others."""
    people: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for guess in guesses:
        if guess.confidence < min(least, OFFERED):
            continue
        if person := person_of(guess.value, catalogue):
            people[person] = None
        else:
            unknown[guess.value] = None
    return tuple(people), tuple(unknown)


def is_deck(extraction: Extraction) -> bool:
    """Test whether a file was read by its slides, as Markdown and HTML may be."""
    return any(leaf.kind == "slide" for leaf in extraction.leaves)


def kind_of(media_type: str) -> Kind:
    """Return what an item of one such file usually is."""
    if media_type in _KINDS:
        return _KINDS[media_type]
    if media_type.startswith(("video/", "audio/")):
        return Kind.VIDEO
    return (
        Kind.HANDOUT if "word" in media_type or media_type.endswith("text") else Kind.PRESENTATION
    )


def _language(extraction: Extraction) -> str | None:
    """Return the language that a file says it is in, None where most of its leaves tell another.

    What a file says is the setting of the machine it was made on: English decks say ru-RU.
    """
    tag = extraction.metadata.language
    if not tag or not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2})?", tag):
        return None
    languages = (leaf.language.partition("-")[0] for leaf in extraction.leaves)
    counts = Counter(language for language in languages if language)
    commonest = [language for language, _ in counts.most_common(1)]
    return tag if not commonest or commonest == [tag.partition("-")[0].lower()] else None
