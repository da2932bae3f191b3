"""Small types and controlled vocabularies of the records: ids, lines, tags, kinds, roles.

The nouns that are made of them, and the standards named here by their prefixes: model.py.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
ITEM_ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}(/[a-z0-9][a-z0-9._-]{0,99})?$"

Slug = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
ItemId = Annotated[str, StringConstraints(pattern=ITEM_ID_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LanguageTag = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-[A-Za-z]{2}|-\d{3})?$")
]


def _web_address(value: str) -> str:
    if not re.match(r"^https?://[^\s/]+", value):
        raise ValueError("a web address starts with http:// or https://")
    return value


WebAddress = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_web_address)]


class Kind(StrEnum):
    """What an item is (dcterms:type; schema.org class in brackets)."""

    PRESENTATION = "presentation"  # PresentationDigitalDocument
    POST = "post"  # BlogPosting
    PROGRAMME = "programme"  # DigitalDocument
    VIDEO = "video"  # VideoObject
    HANDOUT = "handout"  # DigitalDocument


class Role(StrEnum):
    """What a person did for an item or a session (datacite:contributorType, schema:roleName)."""

    SPEAKER = "speaker"
    KEYNOTE = "keynote"
    AUTHOR = "author"
    ORGANISER = "organiser"
    FACILITATOR = "facilitator"


class AssetRole(StrEnum):
    """What a file is to its item (premis:objectCategory is always file; iiif behaviour differs)."""

    SLIDES = "slides"
    POST = "post"
    HANDOUT = "handout"
    CAPTIONS = "captions"
    RECORDING = "recording"
    PICTURE = "picture"
    OTHER = "other"


class Visibility(StrEnum):
    """Who may see an item or a file (dcterms:accessRights): everyone, or who keeps the archive.

    While an archive has no accounts for members, what is for them is seen as what is hidden.
    """

    PUBLIC = "public"
    MEMBERS = "members"
    HIDDEN = "hidden"


class WordSource(StrEnum):
    """Words of a file that an archive may withhold from readers (dcterms:accessRights)."""

    NOTES = "notes"
    COMMENTS = "comments"
    HIDDEN_SLIDES = "hidden-slides"
    METADATA = "metadata"


WITHHELD_BY_DEFAULT = (WordSource.NOTES, WordSource.COMMENTS, WordSource.HIDDEN_SLIDES)
"""What speakers and reviewers wrote for each other is not public because a file was archived."""
