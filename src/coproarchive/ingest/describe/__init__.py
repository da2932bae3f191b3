"""Describe a talk from its files: title, people, date, seminar and topics, as guesses.

A guess says what was understood, from which words, by which rule, and how sure that is. Nothing
here reads a file again: extractions carry the lines of their first and last leaves as laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.extract.base import Extraction, Metadata
from coproarchive.ingest.describe.beside import ListedTalk
from coproarchive.ingest.describe.cover import Cover, cover_of
from coproarchive.ingest.describe.file_names import FileName, humanised, taken_apart
from coproarchive.ingest.describe.people import (
    NameMention,
    merged_names,
    names_in_pieces,
    names_on,
    written_authors,
)
from coproarchive.ingest.describe.seminars import (
    SeminarCandidate,
    known_seminars,
    seminar_of_folder,
    seminars_named,
)
from coproarchive.ingest.describe.surroundings import Surroundings
from coproarchive.ingest.describe.titles import TitleCandidate, likeness, title_of
from coproarchive.ingest.describe.topics import new_topics_in, topics_in
from coproarchive.ingest.describe.when import DateCandidate, date_of, dates_of_name, dates_on
from coproarchive.ingest.guesses import Guess
from coproarchive.ingest.names import NameKey, name_key
from coproarchive.search.language.analysis import tokenize

SURE = 0.7
"""Confidence from which a guess is written into a record: see docs/develop/benchmarks.md."""
SHOWN = 0.4
"""Confidence below which nobody is bothered with a guess."""
KNOWN_PERSON = 0.85
"""Confidence that a person of the archive, named on the first slide, gave the talk."""
KNOWN_AUTHOR = 0.6
"""Confidence that a person of the archive, whom the metadata or a file's name say, gave it."""
WRITTEN_TO_BE_USED = 0.9
"""Confidence of what a table or a bibliography says: somebody wrote it there to be used."""
SAID_IN = "said in "
"""How the rule begins of what a table, a bibliography or a README beside the file says."""

TITLE, SPEAKER, DATE, SEMINAR, TOPIC, NEW_TOPIC = (
    "title", "speaker", "date", "seminar", "topic", "new topic",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Description:
    """What is understood of a talk.

    Attributes:
        guesses: by kind, the surest first within each; a title is always among them. The value of a
            person is a name, of a topic or a known seminar its id.
        folder_seminar: the seminar that the file's folder makes, where it makes one.
    """

    guesses: tuple[Guess, ...]
    folder_seminar: Guess | None = None

    def of(self, kind: str, least: float = 0.0) -> list[Guess]:
        """Return guesses of a kind that are at least so sure."""
        return [g for g in self.guesses if g.kind == kind and g.confidence >= least]

    @property
    def title(self) -> Guess:
        """The likeliest title."""
        return self.of(TITLE)[0]


def describe(
    path: Path,
    extraction: Extraction,
    catalogue: Catalogue,
    surroundings: Surroundings | None = None,
    *,
    is_post: bool = False,
    is_by_hand: bool = False,
    is_titled: bool = False,
) -> Description:
    """Describe a talk by the file that speaks for it.

    Args:
        path: of the file, as the archivist has it.
        extraction: what was read of it.
        catalogue: people, topics and seminars that the archive has.
        surroundings: what the folder's other files tell; None where the file stands alone.
        is_post: whether the file is a post, whose own title, authors and date are its record.
        is_by_hand: whether authors and date of the metadata were written by hand, as those of front
            matter are, and not by a program.
        is_titled: whether the title of the metadata was written as the text's own, as that of front
            matter is, and \\title; pages and programs have a site's or a template's there.
    """
    talk = _evidence(path, extraction, catalogue, surroundings or Surroundings())
    title = _title(talk, is_post=is_post, is_titled=is_titled)
    people = _people(talk, title.title, is_post=is_post, is_by_hand=is_by_hand)
    date = _date(talk, title.title, is_post=is_post, is_by_hand=is_by_hand)
    file = talk.file
    guesses = [Guess(TITLE, title.title, title.line[:300], title.rule, title.confidence, file)]
    guesses += [Guess(SPEAKER, p.name, p.line[:300], p.rule, p.confidence, file) for p in people]
    if date is not None:
        guesses.append(Guess(DATE, date.value, date.line[:300], date.rule, date.confidence, file))
    guesses += _seminars(talk, title.title, [person.name for person in people])
    guesses += _topics(talk, title.title)
    of_folder = seminar_of_folder(talk.folders, path.stem, talk.around.works[path.parent])
    return Description(
        tuple(g for g in guesses if g.kind == TITLE or g.confidence >= SHOWN),
        _guess(of_folder, file) if of_folder else None,
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a talk is described by.

    Attributes:
        path: of the file that speaks for it.
        file: its path below the folder, or its name.
        folders: names of the folders it lies in, the nearest first.
        metadata: what the file says of itself.
        cover: its first and last leaves.
        name: its name and folders, taken apart.
        entries: what is said of it beside it.
        around, catalogue: what its folder and the archive know.
    """

    path: Path
    file: str
    folders: list[str]
    metadata: Metadata
    cover: Cover
    name: FileName
    entries: list[ListedTalk]
    around: Surroundings
    catalogue: Catalogue


def _evidence(
    path: Path, extraction: Extraction, catalogue: Catalogue, around: Surroundings
) -> _Evidence:
    """Bring together what a talk is described by."""
    cover = cover_of(extraction)
    folders = around.folders_of(path)
    name = taken_apart(path.stem, folders[:-1] or folders, is_day_first=around.is_day_first)
    file = path.name
    if around.folder is not None and path.is_relative_to(around.folder):
        file = path.relative_to(around.folder).as_posix()
    headings = [leaf.title for leaf in cover.leaves[:1] if leaf.title]
    entries = around.entries.of(file, (*name.titles, *headings))
    return _Evidence(
        path, file, folders, extraction.metadata, cover, name, entries, around, catalogue
    )


def _guess(candidate: SeminarCandidate, file: str) -> Guess:
    return Guess(
        SEMINAR, candidate.title, candidate.line[:300], candidate.rule, candidate.confidence, file
    )


# ----------------------------------------------------------------------- title


def _title(talk: _Evidence, *, is_post: bool, is_titled: bool) -> TitleCandidate:
    """Choose a title: what is said beside the file, a text's own, else the cover's."""
    metadata = talk.metadata.title
    metadata = "" if not is_titled and talk.around.is_stale(metadata) else metadata
    listed = next((entry for entry in talk.entries if entry.title), None)
    if (is_post or is_titled) and metadata:
        best = TitleCandidate(metadata, metadata, "the text's own title", 1.0, 0.95)
    else:
        best = title_of(talk.cover, metadata, talk.name.titles) or TitleCandidate(
            humanised(talk.path.stem), talk.path.name, "the file's name", 0.0, 0.3
        )
    if listed is None:
        return best
    agrees = likeness(listed.title, best.title) >= 85
    if agrees and listed.confidence < WRITTEN_TO_BE_USED:
        return replace(best, confidence=0.97, rule=f"{best.rule}, and {listed.place}")
    if listed.confidence >= min(best.confidence, WRITTEN_TO_BE_USED):
        return TitleCandidate(
            listed.title, listed.line, f"{SAID_IN}{listed.place}", 1.0, listed.confidence
        )
    return best


# ---------------------------------------------------------------------- people


def _people(talk: _Evidence, title: str, *, is_post: bool, is_by_hand: bool) -> list[NameMention]:
    """Return people, the likeliest first; those whom the archive knows under their names there."""
    mentions = [
        NameMention(person, entry.line, f"{SAID_IN}{entry.place}", entry.confidence)
        for entry in talk.entries
        for person in entry.speakers
    ]
    if any(mention.confidence >= WRITTEN_TO_BE_USED for mention in mentions):
        return merged_names(mentions)
    authors = written_authors(talk.metadata.authors, is_post=is_post or is_by_hand)
    if is_post or is_by_hand:
        mentions += [NameMention(a, a, "the file's own author", 0.9) for a in authors]
    if not is_post:
        mentions += _on_slides(talk, title, authors)
    archived = _names_of(talk.catalogue)
    as_known = [
        replace(
            m,
            name=talk.catalogue.person_name(archived.by_key[m.key]),
            confidence=max(m.confidence, KNOWN_AUTHOR),
        )
        if m.key in archived.by_key
        else m
        for m in merged_names(mentions)
    ]
    return sorted(as_known, key=lambda m: -m.confidence) if is_post else _in_order(as_known)


def _on_slides(talk: _Evidence, title: str, authors: Sequence[str]) -> list[NameMention]:
    """Find people on slides, in the file's name and in metadata that a program wrote."""
    cover = talk.cover
    mentions = names_on(cover, title, authors, talk.path.stem, talk.around.vocabulary)
    # "Ada Baker (AB)" on a slide and "AB" in the file's name are one person.
    lines = " ".join(mention.line for mention in mentions).casefold()
    keys = {mention.key for mention in mentions}
    mentions += [
        mention
        for mention in names_in_pieces(talk.name.pieces)
        if not keys or mention.name.casefold() not in lines or mention.key in keys
    ]
    mentions += [NameMention(a, a, "the file's metadata alone", 0.45) for a in authors]
    archived = _names_of(talk.catalogue)
    first = cover.leaves[0].number if cover.leaves else 0
    return mentions + [
        NameMention(person, block.text[:300], "a person of the archive", KNOWN_PERSON)
        for block in cover.opening
        if block.leaf == first
        for person in _named_in(block.text, archived, talk.catalogue)
    ]


def _in_order(mentions: list[NameMention]) -> list[NameMention]:
    """Keep the order of the slides among those that will be written, before all others."""
    sure = [m for m in mentions if m.confidence >= SURE]
    return sure + sorted((m for m in mentions if m.confidence < SURE), key=lambda m: -m.confidence)


@dataclass(frozen=True, slots=True)
class _Names:
    """Everybody's names, ready to be looked up.

    Attributes:
        by_key: name_key -> person id.
        by_first: first word -> (words, person id) of names of at least two words.
    """

    by_key: dict[NameKey, str]
    by_first: dict[str, list[tuple[tuple[str, ...], str]]]


_NAMES: WeakKeyDictionary[Catalogue, _Names] = WeakKeyDictionary()
"""Made once a catalogue: forms and folders ask for the same names again and again."""


def _names_of(catalogue: Catalogue) -> _Names:
    names = _NAMES.get(catalogue)
    if names is None:
        names = _Names({}, {})
        for person in catalogue.people.values():
            for name in person.names:
                names.by_key.setdefault(name_key(name), person.id)
                words = tuple(token.word for token in tokenize(name))
                if len(words) > 1:
                    names.by_first.setdefault(words[0], []).append((words, person.id))
        _NAMES[catalogue] = names
    return names


def person_of(name: str, catalogue: Catalogue) -> str | None:
    """Return the id of the person of this name, None where the archive has none."""
    return _names_of(catalogue).by_key.get(name_key(name))


def _named_in(text: str, names: _Names, catalogue: Catalogue) -> list[str]:
    """Find people whose full name, of at least two words, stands in the text, in its order."""
    words = tuple(token.word for token in tokenize(text[:5_000]))
    people: dict[str, None] = {}
    for at, word in enumerate(words):
        for name, person in names.by_first.get(word, ()):
            if words[at : at + len(name)] == name:
                people[catalogue.person_name(person)] = None
    return list(people)


# ------------------------------------------------------------------------ date


def _date(talk: _Evidence, title: str, *, is_post: bool, is_by_hand: bool) -> DateCandidate | None:
    """Choose the talk's date."""
    created = talk.metadata.date
    candidates = [
        DateCandidate(entry.date, entry.line, f"{SAID_IN}{entry.place}", entry.confidence)
        for entry in talk.entries
        if entry.date
    ]
    candidates += dates_of_name(talk.name.dates, talk.path.stem)
    if (is_post or is_by_hand) and created:
        candidates.append(DateCandidate(created, created, "the file's own date", 0.95))
    if not is_post:
        order = talk.around.is_day_first
        candidates += dates_on(talk.cover, title, created, is_day_first=order)
    return date_of(c for c in candidates if _is_edtf(c.value))


def _is_edtf(date: str) -> bool:
    try:
        edtf_bounds(date)
    except ValueError:
        return False
    return True


# ----------------------------------------------------------- seminar and topics


def _seminars(talk: _Evidence, title: str, people: Iterable[str]) -> list[Guess]:
    candidates = [
        SeminarCandidate(e.seminar, e.line, f"{SAID_IN}{e.place}", e.confidence)
        for e in talk.entries
        if e.seminar
    ]
    candidates += known_seminars(talk.cover, talk.name, talk.catalogue)
    candidates += seminars_named(talk.cover, talk.name, title, people, talk.around)
    candidates.sort(key=lambda candidate: -candidate.confidence)
    return [_guess(candidate, talk.file) for candidate in candidates[:1]]


def _topics(talk: _Evidence, title: str) -> list[Guess]:
    catalogue, leaves, file = talk.catalogue, talk.cover.leaves, talk.file
    ids = {topic.label.casefold(): topic.id for topic in catalogue.topics.values()}
    listed = {
        (topic if topic in catalogue.topics else ids.get(topic.casefold(), "")): entry
        for entry in talk.entries
        for topic in entry.topics
    }
    guesses = [
        Guess(TOPIC, t, e.line[:300], f"{SAID_IN}{e.place}", e.confidence, file)
        for t, e in listed.items()
        if t
    ]
    mentioned = [(t, n) for t, n in topics_in(title, leaves, catalogue) if t not in listed]
    guesses += [
        Guess(
            TOPIC, t, f"{n} mentions", "the archive's topic words", min(0.9, 0.6 + 0.04 * n), file
        )
        for t, n in mentioned
    ]
    labels = {catalogue.topic_label(t).casefold() for t, _ in mentioned}
    new = new_topics_in(leaves, talk.metadata.language or catalogue.language)
    return guesses + [
        Guess(
            NEW_TOPIC, phrase, f"on {n} slides", "a frequent phrase", min(0.6, 0.3 + 0.02 * n), file
        )
        for phrase, n in new
        if phrase.casefold() not in labels
    ]
