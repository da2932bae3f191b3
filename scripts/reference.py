"""Write what the documents take from the code: python scripts/reference.py [--check].

Tables stand in docs/reference between two comments, `<!-- name -->` and `<!-- end of name -->`;
JSON Schemas of the records stand in docs/reference/schema.
tests/test_docs.py holds both to the code.
"""

from __future__ import annotations

import json
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from coproarchive import errors
from coproarchive.check import CODES
from coproarchive.cli import app
from coproarchive.desk import repair
from coproarchive.extract.table import CODES as FILE_CODES
from coproarchive.extract.table import FORMATS
from coproarchive.ingest.wordpress.report import CODES as IMPORT_CODES
from coproarchive.record_keys import KEYS
from coproarchive.search.language import query
from coproarchive.search.language.fields import FIELDS
from coproarchive.settings import Settings
from coproarchive.store.files import MEDIA_TYPES
from record_files import PARTS, RECORDS, TABLES

PAGES = Path(__file__).resolve().parents[1] / "docs" / "reference"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in line) + " |"
        for line in lines
    )


# ------------------------------------------------------------------- records


def records() -> str:
    """Return a section for each file of records, then one for each part of a record."""
    sections = []
    for name, (record, derived, sentence) in RECORDS.items():
        sections.append(
            f"## {name}.yaml\n\n{sentence}\n\nSchema: [schema/{name}.json](schema/{name}.json)\n\n"
            + _keys_table(record, derived)
        )
    for part, sentence in PARTS.items():
        sections.append(f"## {part.__name__}\n\n{sentence}\n\n{_keys_table(part, ())}")
    return "\n\n".join(sections)


def _keys_table(record: type[BaseModel], derived: tuple[str, ...]) -> str:
    rows = []
    for name, field in record.model_fields.items():
        key = KEYS[record][name]
        must = "by its place" if name in derived else "yes" if field.is_required() else ""
        rows.append(
            (f"`{name}`", type_words(field), must, f"{key.meaning}{_default(field)}",
             f"`{key.example}`", key.term)
        )  # fmt: skip
    return table(("key", "type", "required", "meaning", "example", "standard term"), rows)


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True) if not field.is_required() else None
    if default in (None, (), {}):
        return ""
    value = ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    return f" [{value}]"


def type_words(field: FieldInfo) -> str:
    """Return a field's type in words: "text", "list of id", "one of a, b"."""
    whole: Any = field.annotation
    for constraint in field.metadata:  # pydantic takes them apart where they stand outermost
        whole = typing.Annotated[whole, constraint]
    return _type_words(whole)


def _type_words(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _text_words(annotation)
    if origin in (types.UnionType, typing.Union):
        return _type_words(next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"list of {_type_words(arguments[0])}"
    if origin is dict:
        return "mapping"
    if origin is typing.Literal:
        return "one of " + ", ".join(map(str, arguments))
    return _class_words(annotation)


def _class_words(annotation: type[Any]) -> str:
    if issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if issubclass(annotation, Enum):
        return "one of " + ", ".join(m.value for m in annotation)
    return {int: "whole number", str: "text"}[annotation]


def _text_words(annotation: Any) -> str:
    from coproarchive import model  # noqa: PLC0415

    names = {
        "Slug": "id", "ItemId": "item id", "Text": "text", "Line": "line of text",
        "Clock": "time of day", "Sha256": "sha256 in hex", "LanguageTag": "language tag (BCP 47)",
        "WebAddress": "web address", "EdtfDate": "date (EDTF level 0)",
    }  # fmt: skip
    for name, words in names.items():
        if getattr(model, name) == annotation:
            return words
    return _type_words(typing.get_args(annotation)[0])


def schemas() -> dict[str, str]:
    """Return file name -> JSON Schema of the records in it, for editors of YAML."""
    return {f"{name}.json": _dump(_file_schema(name)) for name in RECORDS}


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _file_schema(name: str) -> dict[str, Any]:
    record, derived, sentence = RECORDS[name]
    schema = record.model_json_schema()
    definitions = {d: _for_editor(s, d) for d, s in schema.pop("$defs", {}).items()}
    schema = _for_editor(schema, record.__name__)
    for key in derived:
        schema["properties"].pop(key, None)
        if key in schema.get("required", []):
            schema["required"].remove(key)
    schema["description"] = sentence.replace("`", "")
    head: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if name in TABLES:
        entry = schema | {"type": ["object", "null"]}
        schema = {
            "title": f"{name}.yaml",
            "type": ["object", "null"],
            "description": schema.pop("description"),
            "additionalProperties": entry,
        }
    return head | schema | ({"$defs": definitions} if definitions else {})


def _for_editor(schema: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a record's schema as an editor needs it: with meanings, and for YAML as we read it.

    Every scalar is read as the text written, so that an editor's numbers and truth values are text
    here; and a key with nothing behind it is one that is not filled in yet.
    """
    record = next((r for r in KEYS if r.__name__ == name), None)
    if record is None:
        return schema
    required = set(schema.get("required", []))
    for key, value in schema["properties"].items():
        words = KEYS[record][key]
        value.pop("title", None)
        value.pop("default", None)
        loose = _loose(value)
        if key not in required and "anyOf" not in loose:
            loose = {"anyOf": [loose, {"type": "null"}]}
        term = f" ({words.term})" if words.term else ""
        schema["properties"][key] = {"description": f"{words.meaning}{term}."} | loose
    schema["description"] = PARTS.get(record, schema["title"]).replace("`", "")
    return schema


def _loose(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_loose(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _loose(value) for key, value in schema.items()}
    if made.get("type") == "string" and not {"enum", "const"} & made.keys():
        made["type"] = ["string", "number", "boolean"]
    return made


# ------------------------------------------------------- settings, commands


def settings() -> str:
    """Return one row a setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        rows.append((f"`COPROARCHIVE_{name.upper()}`", default, field.description or ""))
    return table(("setting", "default", "what it is"), rows)


def commands() -> str:
    """Return a section for each command: what it does, its arguments and its options."""
    return "\n\n".join(
        _command_section(name, command)
        for name, command in leaf_commands(typer.main.get_command(app))
    )


def leaf_commands(command: Any, before: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the full name and the command of everything that can be run."""
    if hasattr(command, "commands"):
        for name, child in sorted(command.commands.items()):
            yield from leaf_commands(child, f"{before} {name}".strip())
        return
    yield before, command


def _command_section(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join(["coproarchive", name, *(p.metavar or p.name.upper() for p in arguments)]) + (
        " [OPTIONS]" if options else ""
    )
    rows = [(f"`{p.metavar or p.name.upper()}`", p.help or "") for p in arguments]
    rows += [(_option(p), p.help or "") for p in options if "--help" not in p.opts]
    text = " ".join((command.help or "").split())
    listed = "\n\n" + table(("argument or option", "meaning"), rows) if rows else ""
    return f"## {name}\n\n```\n{usage}\n```\n\n{text}{listed}"


def _option(parameter: Any) -> str:
    names = " ".join(f"`{o}`" for o in (*parameter.opts, *parameter.secondary_opts))
    annotation = parameter.type_descriptor.annotation
    if members := getattr(annotation, "__members__", None):
        return f"{names} " + ", ".join(f"`{m.value}`" for m in members.values())
    if parameter.is_flag:
        return names
    return f"{names} {parameter.metavar or ('NUMBER' if annotation is int else 'TEXT')}"


def _subclasses(error: type[errors.CoproArchiveError]) -> list[type[errors.CoproArchiveError]]:
    """Return the error's direct subclasses in errors.py."""
    return [e for e in error.__subclasses__() if e.__module__ == errors.__name__]


def exit_codes() -> str:
    """Return one row an exit code, from the tree of errors and the command line."""
    rows = [
        ("0", "done"),
        ("1", "`check` found errors, `verify` damage, or `doctor` something to be mended"),
        ("2", "a wrong command, option or setting"),
    ]
    families: dict[int, type[errors.CoproArchiveError]] = {}
    # Those of rooms that happen to be imported have the code of the tree's root, or one of these.
    for error in _subclasses(errors.CoproArchiveError):
        families[error.exit_code] = error
    for code, error in sorted(families.items()):
        kinds = ", ".join(f"`{e.__name__}`" for e in _subclasses(error))
        sentence = (error.__doc__ or "").split("\n")[0].rstrip(".")
        rows.append(
            (str(code), f"`{error.__name__}`: {sentence}" + (f" ({kinds})" if kinds else ""))
        )
    rows.append((str(errors.CoproArchiveError.exit_code), "an error of none of these families"))
    rows.append(("130", "stopped with Ctrl-C; what was finished is kept"))
    rows.append(("143", "stopped by SIGTERM, as seen by a shell; what was finished is kept"))
    return table(("exit code", "meaning"), rows)


# ------------------------------------------------------------ codes, fields


def problem_codes() -> str:
    """Return one row a problem code."""
    rows = ((f"`{c}`", d, repair.SURE.get(c, "")) for c, d in sorted(CODES.items()))
    return table(("code", "what is wrong", "what check --repair does"), rows)


def left_codes() -> str:
    """Return one row a problem code that is never repaired, but for those of reading files."""
    rows = ((f"`{c}`", why) for c, why in sorted(repair.LEFT.items()) if c not in FILE_CODES)
    return table(("code", "why it is left to a person"), rows)


def import_codes() -> str:
    """Return one row a code of an import's report."""
    return table(("code", "what it says"), ((f"`{c}`", d) for c, d in sorted(IMPORT_CODES.items())))


def fields() -> str:
    """Return one row a searchable or facetable field."""
    return table(
        ("field", "what it holds", "used for"),
        ((f"`{f.name}`", f.description, f.uses) for f in FIELDS),
    )


def query_names() -> str:
    """Return one row a name that may stand before a colon in a query."""
    names: dict[str, tuple[str, ...]] = query._FIELD_NAMES
    rows = [(f"`{n}:`", ", ".join(f"`{f}`" for f in fs)) for n, fs in names.items()]
    rows += [(f"`{n}:`", "narrows, as the choice of that name does") for n in query._FILTERS]
    return table(("written", "looks in"), rows)


def query_limits() -> str:
    """Return one row a limit on queries."""
    rows = [
        ("characters of a query", query.MAX_CHARACTERS),
        ("words of a query", query.MAX_CLAUSES),
        ("letters before a star, at least", query.MIN_PREFIX),
        ("words with a star", query.MAX_PREFIXES),
        ("results a page", query.MAX_SIZE),
    ]
    return table(("limit", "value"), ((what, f"{value:,}") for what, value in rows))


def formats() -> str:
    """Return one row a format that is read: endings, reader, version."""
    rows = []
    for format_ in FORMATS:
        endings = [e for e, media in MEDIA_TYPES.items() if media in format_.media_types]
        named = " ".join(f"`{e}`" for e in endings)
        rows.append((named, f"`{format_.name}`", str(format_.version)))
    return table(("endings", "reader", "version"), rows)


PIECES: dict[str, Callable[[], str]] = {
    "records": records,
    "settings": settings,
    "commands": commands,
    "exit codes": exit_codes,
    "problem codes": problem_codes,
    "left codes": left_codes,
    "import codes": import_codes,
    "fields": fields,
    "query names": query_names,
    "query limits": query_limits,
    "formats": formats,
}


def render(text: str) -> str:
    """Return a page with every piece between its two comments made anew."""

    def piece(match: re.Match[str]) -> str:
        return f"{match[1]}\n\n{PIECES[match[2]]()}\n\n{match[3]}"

    names = "|".join(PIECES)
    pattern = rf"(<!-- ({names}) -->)\n.*?(<!-- end of \2 -->)"
    return re.sub(pattern, piece, text, flags=re.DOTALL)


def outdated() -> dict[Path, str]:
    """Return path -> new text of every page and schema that is not as the code has it."""
    made = {page: render(page.read_text(encoding="utf-8")) for page in sorted(PAGES.glob("*.md"))}
    made |= {PAGES / "schema" / name: text for name, text in schemas().items()}
    return {
        path: text
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    """Write the pages, or with --check say which are not as the code has them."""
    pages = outdated()
    if "--check" in sys.argv:
        for path in pages:
            print(f"{path.name} differs from the code: run python scripts/reference.py")
        return int(bool(pages))
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
