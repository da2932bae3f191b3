"""Diffs of fields for people: what a field said and says, in words, with the words that changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from coproarchive.store.changes import Fields
from coproarchive.strict_yaml import Plain

MOST_WORDS = 4000
"""Words and marks of a text beyond which lines are compared, as that takes quadratic time."""
_WORDS = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")

NameOf = Callable[[str, str], str]
"""Returns the name of a person or topic by noun and id."""


class DiffPiece(NamedTuple):
    """A run of a field's text.

    Attributes:
        text: as it stands.
        is_changed: whether the other text lacks it.
    """

    text: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """What a field said, and says.

    Attributes:
        field: its name.
        before, after: its text in pieces; () where it was, or is, empty.
    """

    field: str
    before: tuple[DiffPiece, ...]
    after: tuple[DiffPiece, ...]


def field_diffs(before: Fields | None, after: Fields | None, name_of: NameOf) -> list[FieldDiff]:
    """Return the diffs of the fields that a change names; of a record that came or went, all.

    Args:
        before, after: as in the history.
        name_of: of people and topics.
    """
    old, new = before or {}, after or {}
    return [
        FieldDiff(name, *text_diff(value_text(name, old.get(name), name_of),
                                   value_text(name, new.get(name), name_of)))
        for name in dict.fromkeys([*old, *new])
    ]  # fmt: skip


def text_diff(old: str, new: str) -> tuple[tuple[DiffPiece, ...], tuple[DiffPiece, ...]]:
    """Return two texts in pieces, those marked that the other lacks: words, of long texts lines.

    Where one is empty, nothing is marked in the other: all of it came or went.
    """
    if not old or not new:
        return _whole(old), _whole(new)
    words = _WORDS.findall(old), _WORDS.findall(new)
    if max(map(len, words)) > MOST_WORDS:
        words = old.splitlines(keepends=True), new.splitlines(keepends=True)
    before: list[DiffPiece] = []
    after: list[DiffPiece] = []
    for tag, a, b, c, d in SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        before.append(DiffPiece("".join(words[0][a:b]), tag != "equal"))
        after.append(DiffPiece("".join(words[1][c:d]), tag != "equal"))
    return _joined(before), _joined(after)


def _whole(text: str) -> tuple[DiffPiece, ...]:
    return (DiffPiece(text, False),) if text else ()


def _joined(pieces: Iterable[DiffPiece]) -> tuple[DiffPiece, ...]:
    """Join pieces that differ by no more than a space between them: "a big red" is one change."""
    joined: list[DiffPiece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if (
            piece.is_changed
            and len(joined) > 1
            and joined[-1].text == " "
            and joined[-2].is_changed
        ):
            joined[-2:] = [DiffPiece(f"{joined[-2].text} {piece.text}", True)]
        else:
            joined.append(piece)
    return tuple(joined)


# -------------------------------------------------------------------- values in words


def value_text(field: str, value: Plain, name_of: NameOf) -> str:
    """Return a field's value as people read it, an entry of a list a line."""
    return "\n".join(_lines(field, value, name_of))


def _lines(field: str, value: Plain, name_of: NameOf) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, list):
        for entry in value:
            yield _entry(field, entry, name_of)
    elif isinstance(value, dict):
        for key, inner in value.items():
            lines = list(_lines(key, inner, name_of))
            yield f"{key}: {'; '.join(lines)}"
    else:
        yield str(value)


def _entry(field: str, entry: Plain, name_of: NameOf) -> str:
    """Return an entry of a list on one line."""
    if isinstance(entry, list):
        return ", ".join(_entry(field, inner, name_of) for inner in entry)
    if not isinstance(entry, dict):
        return name_of("topic", str(entry)) if field == "topics" else str(entry)
    if "person" in entry:
        name = name_of("person", str(entry["person"]))
        return f"{name} ({entry['role']})" if "role" in entry else name
    if "sha256" in entry:
        return _file(entry)
    if field == "programme":
        return _session(entry, name_of)
    return ", ".join(f"{key}: {'; '.join(_lines(key, v, name_of))}" for key, v in entry.items())


def _file(asset: Mapping[str, Plain]) -> str:
    """Return a file of an item in words: its name, size and the beginning of its checksum."""
    details = [f"{int(str(asset.get('size', 0))):,} bytes", f"checksum {str(asset['sha256'])[:12]}"]
    details += [
        f"{key} {asset[key]}" for key in ("title", "visibility", "available") if key in asset
    ]
    return f"{asset.get('path')} ({', '.join(details)})"


def _session(session: Mapping[str, Plain], name_of: NameOf) -> str:
    """Return a line of a programme in words."""
    times = "–".join(str(session[key]) for key in ("start", "end") if key in session)
    people = session.get("people")
    names = [_entry("people", p, name_of) for p in people] if isinstance(people, list) else []
    rest = [str(session[key]) for key in ("item", "description") if key in session]
    return " · ".join(filter(None, [times, str(session.get("title", "")), ", ".join(names), *rest]))
