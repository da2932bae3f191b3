"""The searchable and facetable fields: one row each, from which everything else is derived.

Engine schemas, what narrows results, URL parameters, tables in docs/reference and the index's
fingerprint all follow this table; a changed fingerprint means that the index is built anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

ANALYSIS_VERSION = 13
"""Raise it when analysis.py cuts or folds words otherwise, or an engine or hits/stored.py stores
otherwise."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the search document.

    Attributes:
        name: in queries (`title:power`), engine schemas and URLs.
        label: what readers see.
        description: for docs/reference.
        weight: how much its words count in ranking; 0 where it is not searched.
        facet: whether readers can narrow by it.
    """

    name: str
    label: str
    description: str
    weight: float = 0.0
    facet: bool = False

    @property
    def uses(self) -> str:
        """What it is used for, in words."""
        uses = [f"words (weight {self.weight:g})"] if self.weight else []
        return ", ".join([*uses, *(["narrowing"] if self.facet else [])])


FIELDS: tuple[Field, ...] = (
    Field("title", "Title", "title of the item", weight=1.5),
    Field("heading", "Slide titles", "titles of its slides, pages and sections", weight=1.25),
    Field("abstract", "Description", "the archivist's description", weight=1.0),
    Field("body", "Text", "words on its slides, pages and posts", weight=1.0),
    Field("notes", "Notes", "speaker notes, comments, descriptions of pictures", weight=0.75),
    Field("names", "Names", "people, topics with their other labels, seminar", weight=1.0),
    Field("seminar", "Seminar", "the seminar it belongs to", facet=True),
    Field("speaker", "Speaker", "people who contributed, in any role", facet=True),
    Field("topic", "Topic", "topics it is about", facet=True),
    Field("kind", "Kind", "presentation, post, programme, video or handout", facet=True),
    Field("language", "Language", "languages that its words are in", facet=True),
    Field("year", "Year", "year of its date, or of its seminar's", facet=True),
)

LEAF_FIELDS: tuple[str, ...] = ("heading", "body", "notes")
"""Text fields with one text a leaf, so that the same number is the same slide in each."""
TEXT_FIELDS: tuple[str, ...] = tuple(f.name for f in FIELDS if f.weight)
WEIGHTS: dict[str, float] = {f.name: f.weight for f in FIELDS if f.weight}
FACETS: tuple[str, ...] = tuple(f.name for f in FIELDS if f.facet)
LABELS: dict[str, str] = {f.name: f.label for f in FIELDS}


def fingerprint() -> str:
    """Return what changes when an index made now would answer otherwise than one made before."""
    # Weights are used at the moment of searching, so changing them asks for no rebuild.
    rows = [(f.name, bool(f.weight), f.facet) for f in FIELDS]
    return hashlib.sha256(json.dumps([ANALYSIS_VERSION, rows]).encode()).hexdigest()[:16]
