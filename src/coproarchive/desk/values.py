"""Values as archivists write them, FIELD=VALUE, and as records say them."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel

from coproarchive.errors import IngestError
from coproarchive.model import Contribution, Role
from coproarchive.store.changes import Fields
from coproarchive.store.sidecar import did_you_mean
from coproarchive.strict_yaml import Plain, YamlMistakeError, parse

ELSEWHERE = {
    "id": "an id is the name of a folder, and part of addresses; it stays.",
    "seminar": "the seminar is the folder in which the item lies.",
    "format": "the format is written by: coproarchive upgrade",
    "assets": "files are changed by: coproarchive replace, coproarchive file",
    "slides": "slides are described by: coproarchive edit ID --slide N --set alt=...",
    "withdrawn": "items are taken back by: coproarchive withdraw",
    "former_ids": "former ids are written by: coproarchive merge, coproarchive rename",
}
"""Fields that `edit` does not set, and where they come from."""

Operator = Literal["=", "+=", "-="]


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """What shall become of a field.

    Attributes:
        field: its name.
        operator: "=" sets it, "+=" and "-=" add to a list or take out of it.
        value: text as archivists write it, "" to leave the field out; a list or mapping is taken
            as records say it.
    """

    field: str
    operator: Operator
    value: Plain

    @classmethod
    def parse(cls, text: str) -> FieldEdit:
        """Read FIELD=VALUE, FIELD+=VALUE or FIELD-=VALUE. Raises IngestError."""
        match = re.match(r"\s*([a-z_]+)\s*(\+=|-=|=)(.*)", text, re.DOTALL)
        if match is None:
            raise IngestError(f'"{text}" is not FIELD=VALUE, as in: --set "title=Rye by night"')
        return cls(match[1], typing.cast(Operator, match[2]), match[3].strip())


def edited(
    noun: type[BaseModel],
    content: Fields,
    edits: typing.Iterable[FieldEdit],
    person: Callable[[str], str] = str,
    topic: Callable[[str], str] = str,
) -> Fields:
    """Return a record's content after edits.

    Args:
        noun: what the record is.
        content: what it says.
        edits: applied one after the other.
        person: id of a person, by id or name.
        topic: id of a topic, by id or label.

    Raises:
        IngestError: no such field, or a value that it does not take.
    """
    new = dict(content)
    for edit in edits:
        _refuse(noun, edit)
        inner = item_type(noun, edit.field)
        value = edit.value
        if isinstance(value, str):
            value = read_value(noun, edit.field, value)
        if isinstance(value, list) and edit.field == "people":
            value = [_with_id(entry, person) for entry in value]
        if isinstance(value, list) and edit.field == "programme":
            value = [_with_ids(entry, person) for entry in value]
        if isinstance(value, list) and edit.field == "topics":
            value = [topic(str(entry)) for entry in value]
        if edit.operator != "=":
            if inner is None:
                raise IngestError(f"{edit.field} is one value: write {edit.field}=VALUE.")
            value = _combined(new.get(edit.field), value, edit.operator)
        if value is None or value == []:
            new.pop(edit.field, None)
        else:
            new[edit.field] = value
    return new


def _refuse(noun: type[BaseModel], edit: FieldEdit) -> None:
    if edit.field in ELSEWHERE and edit.field in noun.model_fields:
        raise IngestError(f"{edit.field} is not set by hand: {ELSEWHERE[edit.field]}")
    if edit.field not in noun.model_fields:
        names = [name for name in noun.model_fields if name not in ELSEWHERE]
        close = did_you_mean(edit.field, names) or f" There are: {', '.join(names)}."
        raise IngestError(f'a {noun.__name__.lower()} has no field "{edit.field}".{close}')


def _combined(old: Plain, value: Plain, operator: Operator) -> Plain:
    entries = list(old) if isinstance(old, list) else []
    named = value if isinstance(value, list) else []
    if operator == "-=":
        return [entry for entry in entries if not any(_is_same(entry, n) for n in named)]
    return entries + [n for n in named if not any(_is_same(entry, n) for entry in entries)]


def _is_same(entry: Plain, named: Plain) -> bool:
    """Tell whether two entries of a list are of one thing: of a person, whatever the role."""
    if isinstance(entry, dict) and isinstance(named, dict) and "person" in named:
        return entry.get("person") == named["person"]
    return entry == named


def read_value(noun: type[BaseModel], field: str, text: str) -> Plain:
    """Return the value of a field as a record says it; None of an empty text.

    Lists are written with ";" between entries (ids with commas too), people as
    "Ada Baker; bo-miller (keynote)", everything else of several parts in YAML's short form, as
    [{label: Slides, url: https://example.org/}].

    Raises:
        IngestError: it is not written so.
    """
    inner = item_type(noun, field)
    if not text:
        return None
    if text.startswith(("[", "{")) and (inner is not None or not _is_scalar(noun, field)):
        return _yaml(field, text)
    if inner is None:
        if not _is_scalar(noun, field):
            raise IngestError(f"{field} is written in YAML's short form: {{key: value}}")
        return text
    if inner is Contribution:
        return [_contribution(part) for part in _parts(text, ";")]
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        keys = ", ".join(f"{name}: ..." for name in inner.model_fields)
        raise IngestError(f"{field} is a list of records: write [{{{keys}}}]")
    return list(_parts(text, ";" if _takes_commas(noun, field) else ";,"))


def _parts(text: str, separators: str) -> list[str]:
    parts = re.split(f"[{separators}\n]", text)
    return [part.strip() for part in parts if part.strip()]


def _contribution(text: str) -> Plain:
    """Return a contribution written as "Ada Baker" or "ada-baker (keynote)"."""
    match = re.fullmatch(r"(.*\S)\s*\(([a-z]+)\)", text)
    if match and match[2] in {role.value for role in Role}:
        role = match[2]
        return {"person": match[1]} | ({"role": role} if role != Role.SPEAKER.value else {})
    return {"person": text}


def _with_id(entry: Plain, person: Callable[[str], str]) -> Plain:
    if isinstance(entry, dict) and isinstance(entry.get("person"), str):
        return entry | {"person": person(str(entry["person"]))}
    return entry


def _with_ids(session: Plain, person: Callable[[str], str]) -> Plain:
    """Return a session whose people are named by id."""
    people = session.get("people") if isinstance(session, dict) else None
    if isinstance(session, dict) and isinstance(people, list):
        named: list[Plain] = [_with_id(entry, person) for entry in people]
        return {**session, "people": named}
    return session


def _yaml(field: str, text: str) -> Plain:
    try:
        content = parse(f"value: {text}").content
    except YamlMistakeError as error:
        raise IngestError(f"{field}: {error}.") from None
    assert isinstance(content, dict)
    return content["value"]


def item_type(noun: type[BaseModel], field: str) -> Any:
    """Return of what a field is a list, None where it is none."""
    annotation = bare_type(noun.model_fields[field].annotation)
    if typing.get_origin(annotation) is tuple:
        return bare_type(typing.get_args(annotation)[0])
    return None


def bare_type(annotation: Any) -> Any:
    """Return a type without what constrains it, and without None."""
    if typing.get_origin(annotation) is typing.Annotated:
        return bare_type(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return bare_type(next(a for a in typing.get_args(annotation) if a is not type(None)))
    return annotation


def _is_scalar(noun: type[BaseModel], field: str) -> bool:
    bare = bare_type(noun.model_fields[field].annotation)
    return bare in (str, int) or (isinstance(bare, type) and issubclass(bare, Enum))


def _takes_commas(noun: type[BaseModel], field: str) -> bool:
    """Tell whether a list's entries may have commas in them: names do, ids do not."""
    annotation = bare_type(noun.model_fields[field].annotation)
    inner = typing.get_args(annotation)[0]
    if isinstance(inner, type) and issubclass(inner, Enum):
        return False
    return not any(getattr(m, "pattern", None) for m in getattr(inner, "__metadata__", ()))
