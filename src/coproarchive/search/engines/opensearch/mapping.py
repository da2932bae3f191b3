"""How a document is written: nothing is analysed by OpenSearch.

A text is written as lines, one a position, with "|" between the terms that share it: terms have
neither (some have blanks: U+FC5E folds to one and a mark). A leaf of LEAF_FIELDS is one position
of the field `leaf`, so that "on the same leaf" is a span query.

Rows have a `kind`:

    item      a document; its id says which item, and which write made it
    stored    bytes stored with a document, under a name
    terms     a part of the vocabulary of one commit
    commit    the commit document, see commit.py
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from coproarchive.errors import EngineError
from coproarchive.search.engines.seam import Document
from coproarchive.search.language import fields
from coproarchive.search.language.analysis import LEAF_BITS, invert
from coproarchive.search.language.fields import FACETS, LEAF_FIELDS, TEXT_FIELDS

FORMAT = 1
"""Raise it when rows are written otherwise."""
NEVER = 1 << 62
"""The write in which a row died that is alive."""
ANALYZER = "placed"
_BETWEEN_TERMS, _BETWEEN_POSITIONS = "|", "\n"
MAX_ID = 512
"""Bytes of a row's id: OpenSearch takes no longer one."""
MAX_LEAF = 1 << 20
"""Characters of all terms of a leaf: OpenSearch's longest token."""
MAX_ROW = 90 << 20
"""Bytes of a row: OpenSearch takes requests of 100 MB."""
MAX_TITLE = 8_000
"""Characters by which titles are sorted: four bytes each at most, and a term has 32,766."""


def index_body(shards: int, replicas: int) -> dict[str, Any]:
    """Return settings and mappings of an index."""
    keyword = {"type": "keyword"}
    text = {"type": "text", "analyzer": ANALYZER, "norms": False, "similarity": "frequency"}
    length = {"type": "integer", "index": False}
    hidden = {"type": "object", "enabled": False}
    return {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": replicas,
            "refresh_interval": -1,  # a write refreshes when it is complete
            "codec": "best_compression",
            "max_result_window": 1_000_000,
            "similarity": {
                "frequency": {
                    "type": "scripted",
                    "script": {"source": "return query.boost * doc.freq"},
                }
            },
            "analysis": {
                "tokenizer": {
                    "lines": {
                        "type": "char_group",
                        "tokenize_on_chars": [_BETWEEN_POSITIONS],
                        "max_token_length": MAX_LEAF,
                    }
                },
                "filter": {
                    "bars": {
                        "type": "pattern_capture",
                        "patterns": ["([^|]+)"],
                        "preserve_original": False,
                    }
                },
                "analyzer": {ANALYZER: {"tokenizer": "lines", "filter": ["bars"]}},
            },
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"fingerprint": fingerprint()},
            "properties": {
                "kind": keyword,
                "id": keyword,
                "born": {"type": "long"},
                "died": {"type": "long"},
                "digest": keyword | {"index": False},
                "title_order": keyword,
                "date": keyword,
                "facet": {"properties": dict.fromkeys(FACETS, keyword)},
                "length": {"properties": dict.fromkeys(TEXT_FIELDS, length)},
                "terms": keyword,
                **dict.fromkeys(TEXT_FIELDS, text),
                "leaf": text,
                # Of the other kinds of rows.
                "name": keyword,
                "row": keyword,
                "data": hidden,
            },
        },
    }


def fingerprint() -> str:
    """Return what changes when an index made now would answer otherwise than one made before."""
    return f"{FORMAT} {fields.fingerprint()}"


_BETWEEN_ROW_AND_NAME = "\x00"  # in no id of an item


def row_id(born: int, document_id: str) -> str:
    """Return the id of a document's row, by the write that made it."""
    return f"{born}/{document_id}"


def stored_id(row: str, name: str) -> str:
    """Return the id of the row of what is stored under a name with a document."""
    return f"{row}{_BETWEEN_ROW_AND_NAME}{name}"


def is_stored_id(row: str) -> bool:
    """Tell whether the id is of what is stored with a document, not of the document."""
    return _BETWEEN_ROW_AND_NAME in row


def rows_of(document: Document, born: int) -> Iterator[tuple[str, bytes]]:
    """Yield id and JSON of the rows of a document.

    Raises:
        EngineError: it passes a limit of OpenSearch.
    """
    row = row_id(born, document.id)
    longest = max([row, *(stored_id(row, name) for name in document.stored)], key=len)
    if len(longest.encode()) > MAX_ID:
        message = f"the item's id is longer than OpenSearch takes ({MAX_ID} bytes)."
        raise EngineError(message, document.id, "Give it a shorter id.")
    yield row, _json(document.id, _item_row(document, born))
    for name, data in document.stored.items():
        content = {"bytes": base64.b64encode(data).decode()}
        stored = {"kind": "stored", "name": name, "row": row, "born": born, "data": content}
        yield stored_id(row, name), _json(document.id, stored)


def _json(document_id: str, row: dict[str, Any]) -> bytes:
    # Half a pair of surrogates, which some files have, is no letter.
    data = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
    if len(data) > MAX_ROW:
        message = f"the item has more text than OpenSearch takes ({MAX_ROW >> 20} MB)."
        raise EngineError(message, document_id, "Divide its files among several items.")
    return data


def _item_row(document: Document, born: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": "item",
        "id": document.id,
        "born": born,
        "died": NEVER,
        "digest": document.digest,
        "title_order": document.title.casefold()[:MAX_TITLE],
        "facet": {name: list(values) for name, values in document.facets.items()},
        "length": {},
    }
    if document.date:
        row["date"] = document.date
    leaves: dict[int, set[str]] = defaultdict(set)
    terms_of_all: set[str] = set()
    for field in TEXT_FIELDS:
        texts = document.texts.get(field, ())
        terms, length = invert(texts, document.languages_of(field))
        if not length:
            continue
        row[field] = list(_lines(terms, len(texts)))
        row["length"][field] = length
        terms_of_all |= terms.keys()
        if field in LEAF_FIELDS:
            for term, positions in terms.items():
                for position in positions:
                    leaves[position >> LEAF_BITS].add(term)
    # Every leaf has a place, so that those of one number are not next to others.
    row["leaf"] = [_BETWEEN_TERMS.join(sorted(leaves[number])) for number in sorted(leaves)]
    if max(map(len, row["leaf"]), default=0) > MAX_LEAF:
        message = "a page of the item has more words than OpenSearch takes (1 MB)."
        raise EngineError(message, document.id, "Divide it into sections.")
    row["terms"] = sorted(terms_of_all)
    return row


def _lines(terms: dict[str, list[int]], leaves: int) -> Iterator[str]:
    """Yield the text of each leaf: a line a position, with its terms."""
    at: dict[int, list[str]] = defaultdict(list)
    for term, positions in terms.items():
        for position in positions:
            at[position].append(term)
    lines: list[list[str]] = [[] for _ in range(leaves)]
    for position in sorted(at):
        lines[position >> LEAF_BITS].append(_BETWEEN_TERMS.join(at[position]))
    return map(_BETWEEN_POSITIONS.join, lines)


def places_in(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and terms of each position in the text of a leaf, as `rows_of` wrote it."""
    if text:
        for number, line in enumerate(text.split(_BETWEEN_POSITIONS)):
            yield number, line.split(_BETWEEN_TERMS)


def query_text(terms: tuple[str, ...], *, together: bool) -> str:
    """Return the text of a match query: terms one after the other, or all at one position."""
    return (_BETWEEN_TERMS if together else _BETWEEN_POSITIONS).join(terms)
