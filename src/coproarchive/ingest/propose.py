"""What a file says of itself, as a proposal for its record: the archivist has the last word."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.extract.base import Extraction
from coproarchive.ingest.names import NameKey, name_key
from coproarchive.model import Kind, Leaf
from coproarchive.search.language.analysis import tokenize
from coproarchive.store import media_type_of_file

TOPIC_MENTIONS = 3
"""A topic is proposed when its words stand in the text so often, or once in the title."""
MAX_TOPICS = 6

_DATE = re.compile(r"(?<!\d)(20\d\d|19\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
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
        title: from the file's metadata, its first heading or its name, in this order.
        people: ids of known people whom the metadata or the first page names.
        unknown_people: names in the metadata that people.yaml does not have.
        date: EDTF, from the name or a post's own date; None where only the programme's clock says.
        topics: ids of topics that the text is often about.
        language: BCP 47, or None.
        kind: by the kind of file.
    """

    title: str
    people: tuple[str, ...]
    unknown_people: tuple[str, ...]
    date: str | None
    topics: tuple[str, ...]
    language: str | None
    kind: Kind


def propose(path: Path, extraction: Extraction, catalogue: Catalogue) -> Proposal:
    """Propose a record from what was read of the file."""
    leaves = extraction.leaves
    first = next((leaf.title for leaf in leaves[:3] if leaf.title), "")
    title = extraction.metadata.title or first or humanised(path.stem)
    names = _names_of(catalogue).by_key
    people: list[str] = []
    unknown: list[str] = []
    for author in extraction.metadata.authors:
        key = name_key(author)
        (people if key in names else unknown).append(names.get(key, author))
    opening = " ".join(leaf.title + " " + leaf.text for leaf in leaves[:1])
    people += [person for person in _named_in(opening, catalogue) if person not in people]
    return Proposal(
        title=title[:300],
        people=tuple(people),
        unknown_people=tuple(unknown),
        date=_date(path.stem) or _own_date(path, extraction),
        topics=_topics(title, leaves, catalogue),
        language=_language(extraction.metadata.language),
        kind=Kind.PRESENTATION if is_deck(extraction) else kind_of(media_type_of_file(path)),
    )


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


def humanised(stem: str) -> str:
    """Turn a file's name into a title: separators become spaces, a date at its front goes."""
    words = re.sub(r"[_\-+.]+", " ", _DATE.sub("", stem)).strip()
    return (words[:1].upper() + words[1:]) or stem


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


def _named_in(text: str, catalogue: Catalogue) -> list[str]:
    """Find people whose full name, of at least two words, stands in the text, in its order."""
    by_first = _names_of(catalogue).by_first
    words = tuple(token.word for token in tokenize(text[:5_000]))
    people: dict[str, None] = {}
    for at, word in enumerate(words):
        for name, person in by_first.get(word, ()):
            if words[at : at + len(name)] == name:
                people[person] = None
    return list(people)


def _topics(title: str, leaves: tuple[Leaf, ...], catalogue: Catalogue) -> tuple[str, ...]:
    text = " ".join(f"{leaf.title} {leaf.text}" for leaf in leaves)[:500_000]
    words = f" {' '.join(token.word for token in tokenize(text))} "
    in_title = f" {' '.join(token.word for token in tokenize(title))} "
    counts: Counter[str] = Counter()
    for topic in catalogue.topics.values():
        for label in (topic.label, *topic.alternatives):
            words_of_label = " ".join(token.word for token in tokenize(label))
            if words_of_label:
                counts[topic.id] += words.count(f" {words_of_label} ")
                counts[topic.id] += TOPIC_MENTIONS * in_title.count(f" {words_of_label} ")
    return tuple(t for t, n in counts.most_common(MAX_TOPICS) if n >= TOPIC_MENTIONS)


def _date(stem: str) -> str | None:
    match = _DATE.search(stem)
    return _valid(f"{match[1]}-{match[2]}-{match[3]}") if match else None


def _own_date(path: Path, extraction: Extraction) -> str | None:
    """Return a post's date. A deck's is that of its file, which is not the day of the talk."""
    if kind_of(media_type_of_file(path)) is Kind.POST and extraction.metadata.date:
        return _valid(extraction.metadata.date)
    return None


def _valid(date: str) -> str | None:
    try:
        edtf_bounds(date)
    except ValueError:
        return None
    return date


def _language(tag: str | None) -> str | None:
    return tag if tag and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2})?", tag) else None
