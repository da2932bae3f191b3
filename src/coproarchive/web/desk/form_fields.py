"""Fields of the desk's forms, made from the model: what each is, what it is called, what it takes.

A field that the model gains is on its form at once; a type that no form can show is a TypeError.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any, Literal

from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from coproarchive.desk.values import ELSEWHERE, bare_type, item_type
from coproarchive.model import Contribution, Item, Line, Seminar, Series, Session, Text, Topic
from coproarchive.record_keys import KEYS, Key
from coproarchive.web.desk.names import NameNoun

FieldKind = Literal[
    "line", "number", "text", "choice", "ticks", "lines", "groups", "names", "rows", "people"
]
"""A line; a number; a longer text; one of several; some of several; a list with an entry in each
line; a list of such lists, with commas; names of records, each in a field of its own; rows of
columns; people on one line, with semicolons between."""

NOT_HERE: dict[type[BaseModel], tuple[str, ...]] = {
    Item: ("visibility", "available"),
    Series: ("import_rules",),
}
"""Fields that other pages set, or that are written in the file."""
_NAMES: dict[tuple[type[BaseModel], str], NameNoun] = {
    (Contribution, "person"): "person",
    (Item, "topics"): "topic",
    (Seminar, "topics"): "topic",
    (Topic, "broader"): "topic",
    (Session, "item"): "item",
}
_MAIN: dict[type[BaseModel], tuple[str, ...]] = {
    Item: ("title", "kind", "people", "date", "topics", "abstract", "language", "licence"),
}
"""Fields that come first, and in which order; others follow under "More"."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form.

    Attributes:
        name: of the model's field; of a column, with that of the rows and a dot before.
        kind: how it is filled in.
        key: its words.
        is_required: whether the record must have it.
        is_formal: whether it is a line that is not any text: a date, a number, an address.
        options: value and label of each choice.
        default: what stands for it where the record says nothing.
        columns: of rows.
        noun: what its names name; "" where it has none.
        suggests: what a list of proposals is made of: "language", "licence"; "" for none.
    """

    name: str
    kind: FieldKind
    key: Key
    is_required: bool = False
    is_formal: bool = False
    options: tuple[tuple[str, str], ...] = ()
    default: str = ""
    columns: tuple[FormField, ...] = ()
    noun: NameNoun | Literal[""] = ""
    suggests: str = ""

    @property
    def label(self) -> str:
        """What the form calls it."""
        return self.key.label

    @property
    def help(self) -> str:
        """What to write there."""
        help_words = self.key.help or self.key.meaning
        if not self.is_formal:
            return f"{help_words}."
        return f"{help_words}. For example: " + self.key.example.strip('"')


@lru_cache(maxsize=16)
def fields_of(noun: type[BaseModel]) -> tuple[FormField, ...]:
    """Return the fields of a record's form, in the order of the form."""
    left_out = {*ELSEWHERE, *NOT_HERE.get(noun, ())}
    fields = {name: _field(noun, name, info)
              for name, info in noun.model_fields.items() if name not in left_out}  # fmt: skip
    first = [fields[name] for name in _MAIN.get(noun, ())]
    return (*first, *(f for f in fields.values() if f not in first))


def main_fields(noun: type[BaseModel]) -> tuple[FormField, ...]:
    """Return those fields that are shown at once."""
    names = _MAIN.get(noun)
    return tuple(f for f in fields_of(noun) if names is None or f.name in names)


def _field(noun: type[BaseModel], name: str, info: FieldInfo) -> FormField:
    """Return the form's field for a field of the model."""
    made = FormField(
        name,
        _kind(noun, name, info),
        KEYS[noun][name],
        info.is_required(),
        _is_formal(info) and (noun, name) not in _NAMES,
        _options(noun, name),
        _default(info),
        noun=_NAMES.get((noun, name), ""),
        suggests={"language": "language", "languages": "language", "licence": "licence"}.get(
            name, ""
        ),
    )
    if made.kind != "rows":
        return made
    inner = item_type(noun, name)
    columns = (_field(inner, column, i) for column, i in inner.model_fields.items())
    return replace(made, columns=tuple(replace(c, name=f"{name}.{c.name}") for c in columns))


def _kind(noun: type[BaseModel], name: str, info: FieldInfo) -> FieldKind:
    inner = item_type(noun, name)
    if inner is None:
        return _kind_of_value(info)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "people" if noun is Session and inner is Contribution else "rows"
    if isinstance(inner, type) and issubclass(inner, Enum):
        return "ticks"
    if typing.get_origin(inner) is tuple:
        return "groups"
    return "names" if (noun, name) in _NAMES else "lines"


def _kind_of_value(info: FieldInfo) -> FieldKind:
    bare = bare_type(info.annotation)
    if _choices(bare):
        return "choice"
    if bare is int:
        return "number"
    if bare is not str:
        raise TypeError(f"no form shows {bare}")
    return "text" if _most_characters(info) == _most_of(Text) else "line"


def _is_formal(info: FieldInfo) -> bool:
    """Tell whether a text has a form, by a pattern or a function of the model."""
    bare = bare_type(info.annotation)
    constraints = [*info.metadata, *_constraints(info.annotation)]
    has_form = any(
        getattr(c, "pattern", None) or isinstance(c, AfterValidator) for c in constraints
    )
    return bare is int or (bare is str and has_form)


def _most_characters(info: FieldInfo) -> int:
    """Return how long a text may be, 0 where its type does not say."""
    constraints = [*info.metadata, *_constraints(info.annotation)]
    return max((getattr(c, "max_length", None) or 0 for c in constraints), default=0)


def _constraints(annotation: Any) -> list[Any]:
    """Return what constrains a type, inside a union too."""
    found_constraints = list(getattr(annotation, "__metadata__", ()))
    for argument in typing.get_args(annotation):
        found_constraints += _constraints(argument)
    return found_constraints


def _most_of(annotation: Any) -> int:
    return max(getattr(c, "max_length", None) or 0 for c in _constraints(annotation))


def _choices(bare: Any) -> Sequence[str]:
    if isinstance(bare, type) and issubclass(bare, Enum):
        return [str(member.value) for member in bare]
    if typing.get_origin(bare) is Literal:
        return list(map(str, typing.get_args(bare)))
    return []


def _options(noun: type[BaseModel], name: str) -> tuple[tuple[str, str], ...]:
    bare = item_type(noun, name) or bare_type(noun.model_fields[name].annotation)
    return tuple((c, c.replace("-", " ").capitalize()) for c in _choices(bare))


def _default(info: FieldInfo) -> str:
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return str(default.value) if isinstance(default, Enum) else ""


LONGEST_LINE = _most_of(Line)
