"""Front matter: what stands above a text about it, in YAML or TOML."""

from __future__ import annotations

import datetime
import re
import tomllib
from typing import TYPE_CHECKING

from coproarchive.extract.base import Notice
from coproarchive.extract.text import one_line
from coproarchive.vocabulary import Severity

if TYPE_CHECKING:
    from coproarchive.strict_yaml import Plain

MAX_LENGTH = 20_000
"""Characters between the marks; a longer block is text."""
_YAML = re.compile(r"^---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.DOTALL)
_TOML = re.compile(r"^\+\+\+[ \t]*\r?\n(.*?)\r?\n\+\+\+[ \t]*(?:\r?\n|$)", re.DOTALL)
# What R Markdown computes when it is rendered has no words yet.
_COMPUTED = re.compile(r"(?m)^(\s*[\w-]+:)[ \t]+(?:!(?:expr|r)\b.*|[\"']?`r .*)$")


def split_front_matter(text: str) -> tuple[dict[str, Plain], str, list[Notice]]:
    """Split YAML between two --- or TOML between two +++ at the top from the text below it.

    Keys come in lower case. What is no strict YAML is left out, with a notice; see strict_yaml. A
    block over MAX_LENGTH characters is none, and neither is one that is no mapping.
    """
    if (match := _TOML.match(text)) and len(match[1]) <= MAX_LENGTH:
        return _with_keys(*_toml(match[1]), text[match.end() :])
    if (match := _YAML.match(text)) and len(match[1]) <= MAX_LENGTH:
        return _with_keys(*yaml_mapping(match[1]), text[match.end() :])
    return {}, text, []


def _with_keys(
    content: Plain, mistakes: list[Notice], body: str
) -> tuple[dict[str, Plain], str, list[Notice]]:
    front = content if isinstance(content, dict) else {}
    return {key.lower(): value for key, value in front.items()}, body, mistakes


def yaml_mapping(text: str) -> tuple[Plain, list[Notice]]:
    """Read strict YAML; nothing and a notice where it is none."""
    from coproarchive.strict_yaml import YamlMistakeError, parse  # noqa: PLC0415 - 60 ms, seldom

    try:
        return parse(_COMPUTED.sub(r"\1", text)).content, []
    except YamlMistakeError as mistake:
        return None, [_unread(f"its line {mistake.line + 1}", str(mistake), "---")]


def _toml(text: str) -> tuple[Plain, list[Notice]]:
    try:
        return _plain(tomllib.loads(text.replace("\r\n", "\n")), 0), []
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as mistake:
        return None, [_unread("the TOML at its top", str(mistake)[:200], "+++")]


def _plain(value: object, depth: int) -> Plain:
    """Return TOML's values as YAML's are read: texts, mappings and lists."""
    if isinstance(value, dict) and depth < 12:
        return {str(key): _plain(child, depth + 1) for key, child in value.items()}
    if isinstance(value, list) and depth < 12:
        return [_plain(child, depth + 1) for child in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unread(place: str, why: str, mark: str) -> Notice:
    return Notice(
        "front-matter-unread",
        Severity.NOTE,
        f"title, author, date and tags were not taken from {place}, nor from those around it: "
        f"{why}.",
        f"Mend the lines between the two {mark} at the top; a value with a colon needs quotes.",
    )


def texts(value: Plain) -> list[str]:
    """Return the texts of a value: of one text those between commas, of a list its entries."""
    if isinstance(value, str):
        return [text for text in re.split(r"\s*[,;]\s*", value.strip()) if text]
    if isinstance(value, dict):  # a person or a tag with more about it
        named = value.get("name") or value.get("title") or value.get("label")
        if isinstance(named, dict):  # Quarto's name: {given: Ada, family: Baker}
            first, last = named.get("given"), named.get("family")
            named = named.get("literal") or " ".join(filter(None, map(one_text, (first, last))))
        return [text for text in [one_text(named)] if text]
    return [text for entry in value or [] for text in (
        [entry.strip()] if isinstance(entry, str) else texts(entry)) if text]  # fmt: skip


def one_text(value: Plain) -> str:
    """Return a value that is one text, on one line; else ""."""
    return one_line(value) if isinstance(value, str) else ""


def day(value: str) -> str | None:
    """Return the day at the start of a date and time, None where there is none."""
    match = re.match(r"\d{4}-\d{2}-\d{2}", value.strip())
    return match[0] if match else None
