"""Sidecars: a YAML file to a noun and back, every mistake of the file in one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from coproarchive.errors import IngestError, SidecarError
from coproarchive.strict_yaml import Plain, YamlDocument, YamlMistakeError, YamlPath, parse

MAX_BYTES = 256 * 1024
MAX_TABLE_BYTES = 16 * 1024 * 1024
"""people.yaml and topics.yaml hold a whole archive's entries in one file."""

MAX_MISTAKES = 20
"""Mistakes of one record that are listed."""

RecordT = TypeVar("RecordT", bound=BaseModel)
T = TypeVar("T")


def read_document(data: bytes, path: str, limit: int = MAX_BYTES) -> YamlDocument:
    """Parse a sidecar's bytes.

    Raises:
        SidecarError: too large, not UTF-8, or not the YAML accepted here.
    """
    if len(data) > limit:
        raise SidecarError(
            f"this file has {len(data):,} bytes; a record may have {limit:,}.",
            path,
            "Move long texts into a file of the item.",
        )
    try:
        return parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SidecarError(
            f"this file is not UTF-8 (byte {error.start + 1}).", path, "Save it as UTF-8."
        ) from None
    except YamlMistakeError as error:
        raise SidecarError(f"line {error.line}: {error}.", path) from None


def build(noun: type[RecordT], document: YamlDocument, path: str, **derived: str | None) -> RecordT:
    """Build one record from a whole file; `derived` are fields that the folder's path gives.

    Raises:
        SidecarError: with every mistake of the file.
    """
    mistakes: list[str] = []
    record = _build_one(noun, document, (), mistakes, derived)
    if record is None:
        raise _mistakes_error(mistakes, path)
    return record


def build_table(
    noun: type[RecordT], document: YamlDocument, path: str
) -> tuple[dict[str, RecordT], list[str]]:
    """Build records by id from a file that maps ids to records; list the mistakes of those left
    out.

    Raises:
        SidecarError: the file is no mapping.
    """
    content = document.content
    if content is None:
        return {}, []
    if not isinstance(content, dict):
        raise SidecarError("line 1: this file lists records by id: `an-id:` and its fields.", path)
    records: dict[str, RecordT] = {}
    mistakes: list[str] = []
    for key in content:
        record = _build_one(noun, document, (key,), mistakes, {"id": key})
        if record is not None:
            records[key] = record
    return records, mistakes


def plain(record: BaseModel, without: Iterable[str] = ()) -> dict[str, Plain]:
    """Return a record as a sidecar says it: fields that have their default are left out."""
    left_out = set(without)
    content: dict[str, Plain] = {}
    for name, field in type(record).model_fields.items():
        value = getattr(record, name)
        if name in left_out or (value == field.get_default(call_default_factory=True)):
            continue
        content[name] = _plain(value)
    return content


def _plain(value: object) -> Plain:
    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(child) for child in value]
    if isinstance(value, Enum):
        return str(value.value)
    return None if value is None else str(value)


def _build_one(
    noun: type[RecordT],
    document: YamlDocument,
    at: YamlPath,
    mistakes: list[str],
    derived: dict[str, Any],
) -> RecordT | None:
    content: Plain = document.content
    for key in at:
        assert isinstance(content, dict)
        content = content[str(key)]
    where = f"line {document.line_of(at)}: "
    if not isinstance(content, dict):
        mistakes.append(f"{where}{_dotted(at)}a record is written as `field: value` lines.")
        return None
    forbidden = [key for key in derived if key in content]
    for key in forbidden:
        line = document.line_of((*at, key))
        mistakes.append(
            f'line {line}: {_dotted((*at, key))}is given by the folder; leave "{key}" out.'
        )
    # A key with nothing behind it is a field not filled in yet, not a mistake.
    fields = {key: value for key, value in content.items() if value is not None}
    try:
        record = noun.model_validate(fields | derived)
    except ValidationError as error:
        details = error.errors()
        more = len(details) - MAX_MISTAKES
        for detail in details[:MAX_MISTAKES]:
            place = (*at, *(part for part in detail["loc"] if not _is_marker(part)))
            line = document.line_of(place)
            mistakes.append(f"line {line}: {_dotted(place)}{_explain(noun, detail)}")
        if more > 0:
            mistakes.append(f"{where}and {more:,} more mistakes in this record.")
        return None
    return None if forbidden else record


def _is_marker(part: str | int) -> bool:
    """Return whether Pydantic added a part to the place of an error inside a validator."""
    return isinstance(part, str) and (part.startswith("function-") or part == "[key]")


def _dotted(place: YamlPath) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return f"{text}: " if text else ""


def valid(make: Callable[[], T]) -> T:
    """Return what `make` makes of typed values.

    Raises:
        IngestError: a value is not what its field takes: the first mistake, in plain words.
    """
    try:
        return make()
    except ValidationError as error:
        detail = error.errors()[0]
        where = _dotted(tuple(part for part in detail["loc"] if not _is_marker(part)))
        raise IngestError(f"{where}{_explain(BaseModel, detail)}") from None


def mistakes_by_field(noun: type[BaseModel], values: Mapping[str, object]) -> dict[str, list[str]]:
    """Return what is wrong with a record's fields, in plain words, with the place inside each."""
    try:
        noun.model_validate(dict(values))
    except ValidationError as error:
        mistakes: dict[str, list[str]] = {}
        for detail in error.errors()[:MAX_MISTAKES]:
            name, *places = (part for part in detail["loc"] if not _is_marker(part))
            sentence = _dotted(tuple(places)) + _explain(noun, detail)
            mistakes.setdefault(str(name), []).append(sentence)
        return mistakes
    return {}


_SAID: dict[str, str] = {
    "missing": "is missing.",
    "string_type": "is text, not a list or a mapping.",
    "tuple_type": "is a list: each line under it starts with a dash.",
    "dict_type": "is a mapping: `key: value` lines.",
    "model_type": "is a record: `field: value` lines under it.",
    "model_attributes_type": "is a record: `field: value` lines under it.",
    "int_parsing": "is a whole number.",
    "int_type": "is a whole number.",
    "string_too_short": "is empty.",
    "too_short": "needs at least one entry.",
}


def _explain(noun: type[BaseModel], detail: ErrorDetails) -> str:
    """Describe one mistake in plain words, with a guess at what was meant."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        fields = [name for name in _model_at(noun, detail["loc"][:-1]).model_fields if name != "id"]
        return f'there is no field "{key}".' + (
            did_you_mean(key, fields) or f" Known: {', '.join(fields)}."
        )
    value = detail.get("input")
    if kind in ("enum", "literal_error"):
        expected = str(detail.get("ctx", {}).get("expected", ""))
        values = [value.strip(" '") for value in expected.replace(" or ", ", ").split(",")]
        return f'"{value}" is none of {", ".join(values)}.' + did_you_mean(str(value), values)
    if kind == "string_pattern_mismatch":
        return f'"{_short(value)}" {_pattern_hint(str(detail["loc"][-1]))}'
    if kind == "value_error":
        return f'"{_short(value)}": {str(detail["msg"]).removeprefix("Value error, ")}.'
    return _SAID.get(kind, f"{detail['msg']}.")


def _pattern_hint(field: str) -> str:
    hints = {
        "start": "is no time of day: write 09:30.",
        "end": "is no time of day: write 09:30.",
        "orcid": "is no ORCID: write 0000-0002-1825-0097.",
        "language": "is no language tag: write en, en-GB or cy.",
        "languages": "is no language tag: write en, en-GB or cy.",
        "sha256": "is no sha256: 64 characters of 0-9 and a-f.",
        "media_type": "is no media type: write application/pdf.",
    }
    return hints.get(field, "is no id: an id has a-z, 0-9, dashes, dots and underscores.")


def _model_at(noun: type[BaseModel], place: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model that describes the record at a place inside another."""
    current: type[BaseModel] = noun
    for part in place:
        if isinstance(part, str) and part in current.model_fields:
            current = _inner_model(current.model_fields[part].annotation) or current
    return current


def model_of(noun: type[BaseModel], field: str) -> type[BaseModel] | None:
    """Return the record that a field holds, or a list of them; None where it holds values."""
    return _inner_model(noun.model_fields[field].annotation)


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if model := _inner_model(argument):
            return model
    return None


def did_you_mean(word: str, valid_words: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the nearest valid word, "" where none is near."""
    from rapidfuzz import fuzz, process

    best = process.extractOne(word, list(valid_words), scorer=fuzz.ratio, score_cutoff=60)
    return f' Did you mean "{best[0]}"?' if best else ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _mistakes_error(mistakes: list[str], path: str) -> SidecarError:
    if len(mistakes) == 1:
        return SidecarError(mistakes[0], path)
    listed = "\n".join(f"  {mistake}" for mistake in mistakes)
    return SidecarError(f"{len(mistakes)} mistakes:\n{listed}", path)
