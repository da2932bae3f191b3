"""What can be put right in a record without a guess: forms of writing, ids that lead on, sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from coproarchive.catalogue import Catalogue
from coproarchive.desk.values import item_type
from coproarchive.errors import NotFoundError
from coproarchive.extract import table
from coproarchive.model import (
    Contribution,
    Item,
    Relation,
    Seminar,
    Session,
    Topic,
    Withdrawn,
)
from coproarchive.store import Store, hash_file, media_type_of_file, role_of
from coproarchive.store.changes import Fields
from coproarchive.store.sidecar import model_of
from coproarchive.strict_yaml import Plain

BROKEN, ELSEWHERE = "record-broken", "slide-elsewhere"


@dataclass
class RecordMend:
    """A record that is being mended.

    Attributes:
        content: what it says, mended so far.
        sentences: code and path of the problem ("" for the record's), and what was mended in words.
    """

    content: Fields
    sentences: list[tuple[str, str, str]] = field(default_factory=list)

    def say(self, code: str, sentence: str, path: str = "") -> None:
        """Note what was mended."""
        self.sentences.append((code, path, sentence))


# ------------------------------------------------------------------- how values are written

_ORCID = re.compile(r"(?:https?://)?(?:www\.)?orcid\.org/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?")
_LOOSE_DAY = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_LOOSE_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")


def _orcid(value: str) -> str:
    match = _ORCID.fullmatch(value)
    return match[1] if match else value


def _date(value: str) -> str:
    """Return a date with two digits a month and day; the year stands first, so none is guessed."""
    return "/".join(_day(end) for end in value.split("/"))


def _day(value: str) -> str:
    match = _LOOSE_DAY.fullmatch(value)
    if match is None:
        return value
    return "-".join([match[1], *(f"{int(number):02}" for number in match.groups()[1:] if number)])


def _clock(value: str) -> str:
    match = _LOOSE_CLOCK.fullmatch(value)
    return f"{int(match[1]):02}:{match[2]}" if match else value


def _language(value: str) -> str:
    return value.replace("_", "-")


WRITTEN: Mapping[str, Callable[[str], str]] = {
    "orcid": _orcid, "date": _date, "available": _date, "start": _clock, "end": _clock,
    "language": _language, "languages": _language, "sha256": str.lower, "media_type": str.lower,
    "role": str.lower, "kind": str.lower, "visibility": str.lower,
}  # fmt: skip
"""Field -> how its value is written as the format has it, where that is sure."""


def mend_form(mend: RecordMend, noun: type[BaseModel], place: str = "") -> None:
    """Write keys and values of a record as the format has them, where they can mean one thing only.

    Args:
        mend: the record, or a record inside one.
        noun: what it is.
        place: of it in the file, "" for all of it.
    """
    content = dict(mend.content)
    for key in list(content):
        proper = key.strip().lower().replace("-", "_").replace(" ", "_")
        if key not in noun.model_fields and proper in noun.model_fields and proper not in content:
            content = {(proper if k == key else k): value for k, value in content.items()}
            mend.say(BROKEN, f'{place}the field "{key}" becomes "{proper}"')
    for key, value in content.items():
        if key in noun.model_fields:
            content[key] = _mended_value(mend, noun, key, value, place)
    mend.content = content


def _mended_value(
    mend: RecordMend, noun: type[BaseModel], key: str, value: Plain, place: str
) -> Plain:
    inner = model_of(noun, key)
    if isinstance(value, dict) and inner is not None and item_type(noun, key) is None:
        return _mended_record(mend, inner, value, f"{place}{key}.")
    if isinstance(value, list):
        return [
            _mended_record(mend, inner, entry, f"{place}{key}[{number}].")
            if isinstance(entry, dict) and inner is not None
            else _rewritten(mend, key, entry, f"{place}{key}[{number}]")
            for number, entry in enumerate(value)
        ]
    return _rewritten(mend, key, value, f"{place}{key}")


def _mended_record(mend: RecordMend, noun: type[BaseModel], content: Fields, place: str) -> Fields:
    part = RecordMend(content, mend.sentences)
    mend_form(part, noun, place)
    return part.content


def _rewritten(mend: RecordMend, key: str, value: Plain, place: str) -> Plain:
    if not isinstance(value, str) or key not in WRITTEN:
        return value
    written = WRITTEN[key](value.strip())
    if written != value.strip():
        mend.say(BROKEN, f"{place}: {value} becomes {written}")
        return written
    return value


# ----------------------------------------------------------------------- ids that lead on


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids that records may name.

    Attributes:
        people, topics, items: that there are.
        former: noun -> id that an entry had before -> its id.
    """

    people: frozenset[str]
    topics: frozenset[str]
    items: frozenset[str]
    former: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Ids:
        """Take them from a catalogue."""
        people, topics = frozenset(catalogue.people), frozenset(catalogue.topics)
        return cls(people, topics, frozenset(catalogue.items), catalogue.by_former_id)

    def proper(self, noun: str, named: str) -> str:
        """Return the id that is surely meant, itself where none surely is.

        Surely: it is the id that an entry had before it was merged or renamed, or differs from one
        in letter case and spaces around it alone. One that is merely like another is not.
        """
        table = {"person": self.people, "topic": self.topics, "item": self.items}[noun]
        if named in table:
            return named
        candidates = (named.strip().lower(), self.former.get(noun, {}).get(named.strip().lower()))
        return next((c for c in candidates if c and c in table), named)


def mend_references(mend: RecordMend, noun: type[BaseModel], ids: Ids, place: str = "") -> None:
    """Write the ids of people, topics and items that a record surely means."""
    content = dict(mend.content)
    for key, value in content.items():
        kind = _REFERENCES.get((noun, key))
        if kind and isinstance(value, list):
            content[key] = [
                _proper(mend, ids, kind, entry, f"{place}{key}[{number}]")
                for number, entry in enumerate(value)
            ]
        elif kind:
            content[key] = _proper(mend, ids, kind, value, f"{place}{key}")
        elif key in noun.model_fields and isinstance(value, list):
            content[key] = _with_proper_ids(mend, ids, model_of(noun, key), value, f"{place}{key}")
    mend.content = content


_REFERENCES: Mapping[tuple[type[BaseModel], str], str] = {
    (Contribution, "person"): "person",
    (Item, "topics"): "topic",
    (Seminar, "topics"): "topic",
    (Topic, "broader"): "topic",
    (Session, "item"): "item",
    (Relation, "item"): "item",
    (Withdrawn, "replacement"): "item",
}
"""Record and field -> whose id, or ids, stand in it."""


def _proper(mend: RecordMend, ids: Ids, kind: str, value: Plain, at: str) -> Plain:
    if not isinstance(value, str):
        return value
    meant = ids.proper(kind, value)
    if meant != value:
        mend.say(f"unknown-{kind}", f"{at}: {value} becomes {meant}")
    return meant


def _with_proper_ids(
    mend: RecordMend, ids: Ids, noun: type[BaseModel] | None, records: list[Plain], place: str
) -> list[Plain]:
    """Return the records of a list with the ids that they surely mean."""
    mended: list[Plain] = []
    for number, entry in enumerate(records):
        if noun is None or not isinstance(entry, dict):
            mended.append(entry)
            continue
        part = RecordMend(entry, mend.sentences)
        mend_references(part, noun, ids, f"{place}[{number}].")
        mended.append(part.content)
    return mended


# --------------------------------------------------------------------------- files of an item


def mend_assets(mend: RecordMend, store: Store, item_id: str) -> None:
    """Write sizes, checksums, media types and roles that a record lacks of files that are there.

    A checksum that is written is never changed: the file must be the one that it says.
    """
    listed = mend.content.get("assets")
    if not isinstance(listed, list):
        return
    assets = [
        _mended_asset(mend, store, item_id, entry, f"assets[{number}]")
        if isinstance(entry, dict)
        else entry
        for number, entry in enumerate(listed)
    ]
    mend.content = {**mend.content, "assets": assets}


def _mended_asset(
    mend: RecordMend, store: Store, item_id: str, entry: Fields, place: str
) -> Fields:
    is_known = all(entry.get(key) is not None for key in ("media_type", "sha256"))
    try:
        path = store.asset_path(item_id, str(entry.get("path") or ""))
        if is_known and entry.get("size") == str(path.stat().st_size):
            return entry  # nothing to be mended, so a recording need not be read
        size, sha256 = hash_file(path)
    except (NotFoundError, OSError):
        return entry
    if entry.get("sha256") not in (None, sha256):
        return entry
    media_type = str(entry.get("media_type") or media_type_of_file(path))
    facts = {"media_type": media_type, "size": str(size), "sha256": sha256}
    mended = {**entry}
    for key, value in facts.items():
        if mended.get(key) is None or (key == "size" and mended[key] != value):
            code = BROKEN if mended.get(key) is None else table.CHANGED
            name = f"{item_id}/{entry['path']}" if code == table.CHANGED else ""
            mend.say(code, f"{place}.{key} becomes {value}, as {entry['path']} has it", name)
            mended[key] = value
    if "role" not in entry and mended != entry:
        mended["role"] = role_of(media_type).value
    return mended


def mend_slides(mend: RecordMend) -> None:
    """Name the file that a description of a slide belongs to, where it was renamed by hand."""
    files = {str(a["sha256"]): str(a["path"]) for a in _entries(mend, "assets") if "sha256" in a}
    slides: list[Plain] = []
    for entry in _entries(mend, "slides"):
        name = files.get(str(entry.get("sha256")))
        if name is not None and name != entry.get("file"):
            mend.say(ELSEWHERE, f"slides: {entry.get('file')} is {name} now")
            entry = {**entry, "file": name}  # noqa: PLW2901 - the entry as it is written
        slides.append(entry)
    if slides:
        mend.content = {**mend.content, "slides": slides}


def _entries(mend: RecordMend, key: str) -> Iterator[dict[str, Any]]:
    entries = mend.content.get(key)
    yield from (e for e in entries if isinstance(e, dict)) if isinstance(entries, list) else ()
