"""Controlled vocabularies: kinds, roles, visibility, sources of words, severities; forms of ids.

The nouns that use them, and the standards named here by their prefixes: model.py. Nothing is
imported here that takes long: commands say by these what they take.
"""

from __future__ import annotations

from enum import StrEnum

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}$"
ITEM_ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,99}(/[a-z0-9][a-z0-9._-]{0,99})?$"


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


class Severity(StrEnum):
    """How bad a problem is: an error makes `check` fail, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Source(StrEnum):
    """Where the words of a part stood in the file."""

    TITLE = "title"
    SECTION = "section"
    TEXT = "text"
    TABLE = "table"
    CHART = "chart"
    SMARTART = "SmartArt"
    MATH = "math"
    NOTES = "notes"
    COMMENT = "comment"
    ALT = "alt text"
    ANNOTATION = "annotation"
    LINK = "link"
    CAPTION = "caption"
    OCR = "OCR"
    PICTURE = "picture"
    LAYOUT = "layout"
    MACHINE_ALT = "machine-made alt text"


BESIDE = frozenset({
    Source.NOTES, Source.COMMENT, Source.ALT, Source.MACHINE_ALT, Source.ANNOTATION, Source.LINK,
})  # fmt: skip
"""Sources of words that do not stand on the page or slide itself."""
