"""Strict YAML 1.2: a small, safe part of the language, every scalar read as the text written.

Aliases, anchors, tags, duplicate keys, several documents and deep nesting are refused: none helps
an archivist, and each has been used to attack or to lose data without a word. Because scalars stay
text, `no` is a word, `2017-07-06` is what it says and 09:30 is no number.
"""

from __future__ import annotations

import datetime
import io
import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import LiteralScalarString

Plain = dict[str, "Plain"] | list["Plain"] | str | None
"""A sidecar's content: mappings, lists, text and nothing."""

YamlPath = tuple[str | int, ...]
"""Keys and positions from the top of the file down to a value."""

MAX_DEPTH = 12
_NULLS = {"", "~", "null", "Null", "NULL"}


class YamlMistakeError(ValueError):
    """The text is not the YAML that is accepted here; `line` is 1-based."""

    def __init__(self, message: str, line: int):
        self.line = line
        super().__init__(message)


@dataclass
class YamlDocument:
    """A parsed file: its content, and the line on which each value starts."""

    content: Plain = None
    lines: dict[YamlPath, int] = field(default_factory=dict)

    def line_of(self, place: YamlPath) -> int:
        """Return the 1-based line of the value, or of the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def parse(text: str) -> YamlDocument:
    """Read a document.

    Raises:
        YamlMistakeError: not YAML, or a part of YAML that is not accepted.
    """
    builder = _Builder()
    try:
        # Not "rt": that keeps comments, which nobody asks of events, for a sixth of the time.
        for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
            builder.take(event)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).split("\n")[0]
        raise YamlMistakeError(
            f"this is not YAML: {problem}", mark.line + 1 if mark else 1
        ) from None
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        if isinstance(error, YamlMistakeError):
            raise
        # The scanner's own slips on damaged text; the file is no more YAML for it.
        raise YamlMistakeError("this is not YAML", 1) from None
    return builder.document


class _Builder:
    """Builds plain values from parser events, without recursion."""

    def __init__(self) -> None:
        self.document = YamlDocument()
        self._open: list[tuple[dict[str, Plain] | list[Plain], YamlPath]] = []
        self._key: list[str | None] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlMistakeError("there is a second document after ---", line)
        elif isinstance(event, AliasEvent):
            raise YamlMistakeError("aliases (*name) are not used here", line)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
            self._key.pop()
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            self._value(event, line)

    def _value(
        self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, line: int
    ) -> None:
        if getattr(event, "anchor", None):
            raise YamlMistakeError("anchors (&name) are not used here", line)
        if _tagged(event):
            raise YamlMistakeError("tags (!name) are not used here", line)
        if self._awaits_key():
            self._take_key(event, line)
            return
        value: Plain
        if isinstance(event, ScalarEvent):
            value = None if event.style is None and event.value in _NULLS else str(event.value)
        else:
            value = {} if isinstance(event, MappingStartEvent) else []
        place = self._put(value)
        self.document.lines.setdefault(place, line)
        if isinstance(value, dict | list):
            if len(self._open) >= MAX_DEPTH:
                raise YamlMistakeError(f"this is nested more than {MAX_DEPTH} deep", line)
            self._open.append((value, place))
            self._key.append(None)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and self._key[-1] is None

    def _take_key(self, event: Event, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            raise YamlMistakeError("a key is a word, not a list or a mapping", line)
        mapping, place = self._open[-1]
        if event.value in mapping:
            raise YamlMistakeError(f'the key "{event.value}" stands here twice', line)
        self._key[-1] = event.value
        self.document.lines[(*place, event.value)] = line

    def _put(self, value: Plain) -> YamlPath:
        if not self._open:
            self.document.content = value
            return ()
        parent, place = self._open[-1]
        if isinstance(parent, list):
            parent.append(value)
            return (*place, len(parent) - 1)
        key = self._key[-1]
        assert key is not None
        parent[key] = value
        self._key[-1] = None
        return (*place, key)


def _tagged(event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> bool:
    """Return whether the writer put a tag; untagged values have none (or "!" when quoted)."""
    tag = getattr(event, "tag", None)
    return tag is not None and str(tag) not in ("None", "!")


# ------------------------------------------------------------------ writing


def render(content: Plain) -> str:
    """Write a new document in the house style: two spaces, lists indented, long text as blocks."""
    return _dump(_styled(content), offset=2)


class YamlText(NamedTuple):
    """A document as it is written, and as it is read."""

    text: str
    document: YamlDocument


def revise(text: str, content: Plain, old: Plain = None) -> YamlText:
    """Change the document's content and keep everything else.

    Comments, order, quoting and the lines of unchanged values stay as they are.

    Args:
        text: of the document.
        content: as it shall be.
        old: as it is; read from the text where it is None.
    """
    old = parse(text).content if old is None else old
    if old == content:
        return YamlText(text, parse(text))
    revised = _revised(text, content, old)
    # What is written must be read again as what was meant, whatever the document looked like.
    document = _read(revised)
    if document is None or document.content != content:
        revised = render(content)
        document = parse(revised)
    return YamlText(revised, document)


def _revised(text: str, content: Plain, old: Plain) -> str:
    """Return the document with another content; see revise."""
    if old is None:
        # Nothing but comments: they stay on top.
        return text.rstrip() + "\n" + render(content) if text.strip() else render(content)
    tree = _loader(2).load(text)
    if (
        not isinstance(tree, CommentedMap)
        or not isinstance(old, dict)
        or not isinstance(content, dict)
    ):
        return render(content)
    _merge_map(tree, old, content)
    unindented_lists = re.search(r"^([ ]*)[\w-]+:[ ]*\n\1- ", text, re.MULTILINE)
    return _dump(tree, offset=0 if unindented_lists else 2)


def append(text: str, entries: dict[str, Plain]) -> str | None:
    """Add new keys at the end of a mapping; None where that cannot be done so simply.

    The rest of the text is not touched and not parsed: tables of thousands of people grow quickly.
    """
    ends = re.search(r"^(\.\.\.|---|[{\[])", text, re.MULTILINE)
    added = render(entries)
    document = _read(added)
    if ends or not text.strip() or document is None or document.content != entries:
        return None
    return text.rstrip() + "\n" + added


def _read(text: str) -> YamlDocument | None:
    """Parse a document; None where it is none that is accepted here."""
    try:
        return parse(text)
    except YamlMistakeError:
        return None


def _merge_map(tree: CommentedMap, old: dict[str, Plain], new: dict[str, Plain]) -> None:
    for key in [k for k in tree if str(k) not in new]:
        del tree[key]
    by_name = {str(k): k for k in tree}
    for name, value in new.items():
        if name not in by_name:
            tree[name] = _styled(value)
        elif old.get(name) != value:
            tree[by_name[name]] = _merged(tree[by_name[name]], old.get(name), value)


def _merged(node: object, old: Plain, new: Plain) -> object:
    """Make the new value from the old node as far as it goes."""
    if isinstance(node, CommentedMap) and isinstance(old, dict) and isinstance(new, dict):
        _merge_map(node, old, new)
        return node
    if isinstance(node, CommentedSeq) and isinstance(old, list) and isinstance(new, list):
        _merge_list(node, old, new)
        return node
    return _styled(new)


def _merge_list(node: CommentedSeq, old: list[Plain], new: list[Plain]) -> None:
    """Replace changed entries; those that stay keep their nodes, and with them their comments."""
    before, after = [repr(value) for value in old], [repr(value) for value in new]
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for kind, i1, i2, j1, j2 in reversed(steps):
        if kind == "equal":
            continue
        both = min(i2 - i1, j2 - j1)
        for n in range(both):
            node[i1 + n] = _merged(node[i1 + n], old[i1 + n], new[j1 + n])
        for position in range(i2 - 1, i1 + both - 1, -1):
            del node[position]
        for n in range(both, j2 - j1):
            node.insert(i1 + n, _styled(new[j1 + n]))


def _styled(value: Plain) -> object:
    """Turn plain values into nodes that are pleasant to read."""
    if isinstance(value, dict):
        return CommentedMap((key, _styled(child)) for key, child in value.items())
    if isinstance(value, list):
        return CommentedSeq(_styled(child) for child in value)
    if isinstance(value, str):
        if "\n" in value and not re.search(r"[^\S\n]\n|[^\n\x20-\ud7ff\ue000-\ufffd]", value):
            return LiteralScalarString(value)
        # Numbers and dates are read back as text, so they need no quotes to stay themselves.
        if re.fullmatch(r"[1-9]\d{0,15}|0", value):
            return int(value)
        if re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])", value):
            return datetime.date.fromisoformat(value)
    return value


class _AsWritten(str):
    """A plain scalar that YAML would read as a number, a date or a truth value."""

    __slots__ = ()


class _Constructor(RoundTripConstructor):
    """Keeps every scalar as it is written."""


class _Representer(RoundTripRepresenter):
    """Writes scalars that were kept as they were."""


def _construct_as_written(constructor: RoundTripConstructor, node: ScalarNode) -> str:
    return _AsWritten(node.value)


def _represent_as_written(representer: RoundTripRepresenter, data: _AsWritten) -> ScalarNode:
    resolver = representer.dumper.resolver
    return ScalarNode(resolver.resolve(ScalarNode, str(data), (True, False)), str(data))


for _tag in ("int", "float", "bool", "timestamp"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct_as_written)
_Representer.add_representer(_AsWritten, _represent_as_written)


def _loader(offset: int) -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    return yaml


def _dump(tree: object, offset: int) -> str:
    buffer = io.StringIO()
    _loader(offset).dump(tree, buffer)
    return buffer.getvalue()
