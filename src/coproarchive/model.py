"""The nouns: what an archive is made of, frozen and typed, with the field's standard terms.

Sidecar nouns (Series, Person, Topic, Seminar, Session, Item, Asset and their parts) are what the
YAML files say, field for field; unknown keys are refused. Leaf, Part, Problem are what reading the
files yields. Nothing here touches a disk.

Terms: dcterms = DCMI Metadata Terms, schema = schema.org, skos = SKOS, dcat = DCAT 3,
datacite = DataCite 4.6, premis = PREMIS 3, iiif = IIIF Presentation 3, edtf = ISO 8601-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from coproarchive.edtf import Day, EdtfDate
from coproarchive.leaf import Leaf, Part  # noqa: F401 - all that records say is found here
from coproarchive.record_types import (
    Clock,
    ItemId,
    LanguageTag,
    Line,
    Sha256,
    Slug,
    Text,
    WebAddress,
)
from coproarchive.vocabulary import (  # noqa: F401
    BESIDE,
    ID_PATTERN,
    ITEM_ID_PATTERN,
    WITHHELD_BY_DEFAULT,
    AssetRole,
    Kind,
    Role,
    Severity,
    Source,
    Visibility,
    WordSource,
)


class _Record(BaseModel):
    """Frozen; an unknown key is a mistake, not a note."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


# ------------------------------------------------------------- sidecar nouns


class Link(_Record):
    """A labelled web address (schema:url with schema:name)."""

    label: Line
    url: WebAddress


class Contribution(_Record):
    """A person in a role (datacite:creator/contributor; schema:Role).

    Attributes:
        person: id in people.yaml.
        role: what they did.
    """

    person: Slug
    role: Role = Role.SPEAKER


class ImportRules(_Record):
    """The archivist's rules for bringing a blog home.

    Attributes:
        seminars: blog category or tag -> seminar id.
        topics: blog category or tag -> topic id.
        ignore: categories and tags that mean nothing here.
    """

    seminars: dict[str, Slug] = Field(default_factory=dict)
    topics: dict[str, Slug] = Field(default_factory=dict)
    ignore: tuple[Line, ...] = ()


_HIDDEN_SLIDES = ("show", "leave-out")


class Series(_Record):
    """archive.yaml: the archive as a whole (dcat:Catalog, schema:EventSeries).

    Attributes:
        title, subtitle, description: dcterms:title, dcterms:alternative, dcterms:description.
        contact: an e-mail address or a sentence (dcat:contactPoint).
        address: where the archive is on the web (schema:url).
        languages: BCP 47 (dcterms:language); one is every item's, of several their words tell.
        rights: the statement shown on every page (dcterms:rights).
        facets: names of facets in the order shown; see search/fields.py.
        synonyms: groups of words that mean the same to a reader (skos:altLabel without a topic).
        withhold: words that readers do not get, in no way out; an item may release them.
        links: the series elsewhere (schema:sameAs).
        import_rules: how a blog's categories become seminars and topics; see ingest/wordpress.
        format: version of the records' format (dcterms:conformsTo); see store/upgrade.py.
    """

    title: Line
    subtitle: Line | None = None
    description: Text | None = None
    contact: Line | None = None
    address: WebAddress | None = None
    languages: tuple[LanguageTag, ...] = ()
    rights: Text | None = None
    facets: tuple[Slug, ...] = ("seminar", "speaker", "topic", "kind", "year")
    synonyms: tuple[tuple[Line, ...], ...] = ()
    withhold: tuple[WordSource, ...] = WITHHELD_BY_DEFAULT
    links: tuple[Link, ...] = ()
    import_rules: ImportRules | None = None
    format: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="before")
    @classmethod
    def _older_form(cls, values: object) -> object:
        """Read `hidden_slides: show` or `leave-out`, which `withhold` has taken the place of.

        Where both are there and differ, the slides stay withheld.
        """
        if not isinstance(values, dict) or values.get("hidden_slides") not in _HIDDEN_SLIDES:
            return values
        values = {**values}
        if values.pop("hidden_slides") == "show":
            values.setdefault("withhold", WITHHELD_BY_DEFAULT[:2])
        else:
            withhold = [*values.get("withhold", WITHHELD_BY_DEFAULT), WordSource.HIDDEN_SLIDES]
            values["withhold"] = list(dict.fromkeys(withhold))
        return values


class Person(_Record):
    """One entry of people.yaml (schema:Person, datacite:creator).

    Attributes:
        id: the entry's key in people.yaml.
        names: the first is shown (schema:name), the others are found (schema:alternateName).
        affiliations: datacite:affiliation.
        orcid: datacite:nameIdentifier.
        bio: schema:description.
        former_ids: keys that the entry had before; their addresses lead here (dcterms:replaces).
    """

    id: Slug
    names: Annotated[tuple[Line, ...], Field(min_length=1)]
    affiliations: tuple[Line, ...] = ()
    orcid: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = (
        None
    )
    bio: Text | None = None
    links: tuple[Link, ...] = ()
    former_ids: tuple[Slug, ...] = ()

    @property
    def name(self) -> str:
        """The name shown."""
        return self.names[0]


class Topic(_Record):
    """One entry of topics.yaml (skos:Concept).

    Attributes:
        id: the entry's key in topics.yaml.
        label: skos:prefLabel.
        alternatives: skos:altLabel; searched as synonyms.
        broader: id of the wider topic (skos:broader).
        description: skos:scopeNote.
        former_ids: keys that the entry had before; their addresses lead here (dcterms:replaces).
    """

    id: Slug
    label: Line
    alternatives: tuple[Line, ...] = ()
    broader: Slug | None = None
    description: Text | None = None
    former_ids: tuple[Slug, ...] = ()


class Session(_Record):
    """A timed line of a programme (schema:subEvent).

    Attributes:
        start, end: HH:MM, local time of the seminar's place (schema:startDate, schema:endDate).
        title: schema:name.
        people: schema:performer.
        item: id of the item that the session left behind (schema:recordedIn).
        description: schema:description.
    """

    start: Clock | None = None
    end: Clock | None = None
    title: Line
    people: tuple[Contribution, ...] = ()
    item: ItemId | None = None
    description: Text | None = None


class Seminar(_Record):
    """<seminar>/seminar.yaml: one event (schema:Event).

    Attributes:
        id: the folder's name; not written in the file.
        title: schema:name.
        number: place in the series (schema:position).
        date: EDTF, an interval for several days (schema:startDate and schema:endDate).
        place: schema:location.
        description: schema:description.
        links: schema:url.
        contact: an e-mail address or a sentence (schema:organizer's contactPoint).
        programme: schema:subEvent, in order.
        topics: ids (schema:about).
        prepared_by: who wrote this record, where it was not the organisers.
    """

    id: Slug
    title: Line
    number: Annotated[int, Field(ge=1, le=10_000)] | None = None
    date: EdtfDate | None = None
    place: Line | None = None
    description: Text | None = None
    links: tuple[Link, ...] = ()
    contact: Line | None = None
    programme: tuple[Session, ...] = ()
    topics: tuple[Slug, ...] = ()
    source: WebAddress | None = None
    prepared_by: Line | None = None


class Asset(_Record):
    """One file of an item (schema:MediaObject, premis:File).

    Attributes:
        path: name inside the item's folder (premis:originalName).
        role: what the file is to the item.
        media_type: IANA media type (dcterms:format, schema:encodingFormat).
        size: bytes (premis:size, schema:contentSize).
        sha256: lower-case hex (premis:messageDigest).
        title: a reader's label for the file, where the name does not say enough.
        visibility: dcterms:accessRights, where the file is not for all who may see the item.
        available: the day from which on it is public (dcterms:available).
    """

    path: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    role: AssetRole = AssetRole.OTHER
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256
    title: Line | None = None
    visibility: Visibility = Visibility.PUBLIC
    available: Day | None = None

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if value.startswith((".", "/")) or set(value) & set("/\\\0") or not value.isprintable():
            raise ValueError("a file's path is a plain name inside the item's folder")
        return value


class SlideDescription(_Record):
    """What the archive says of one slide, page or section, beside what stands on it (iiif:Canvas).

    Attributes:
        file: name of the item's file that it is in (premis:originalName).
        number: 1-based place in that file.
        sha256: of the file that it was written for; in a later version it may be another slide.
        title: shown instead of the slide's own (iiif:label).
        alt: what is to be seen on it, for who cannot see it (schema:accessibilitySummary).
    """

    file: Line
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    sha256: Sha256 | None = None
    title: Line | None = None
    alt: Text | None = None


class Relation(_Record):
    """How this item belongs to another (datacite:relatedIdentifier).

    Attributes:
        type: datacite:relationType in lower case with dashes.
        item: the other item's id, or
        url: an address outside the archive.
    """

    type: Literal[
        "is-part-of", "has-part", "references", "is-referenced-by", "is-version-of", "has-version",
        "is-derived-from", "is-supplement-to", "is-about", "is-summary-of",
    ]  # fmt: skip
    item: ItemId | None = None
    url: WebAddress | None = None


class Withdrawn(_Record):
    """When and why an item was taken back (a tombstone; datacite: Findable -> Registered).

    Attributes:
        date: EDTF (premis:eventDateTime).
        reason: a sentence for readers (premis:eventDetail).
        replacement: id of the item that takes its place (dcterms:isReplacedBy).
    """

    date: EdtfDate
    reason: Line
    replacement: ItemId | None = None


class Item(_Record):
    """<seminar>/<item>/item.yaml or <item>/item.yaml: one intellectual work.

    schema:PresentationDigitalDocument, schema:BlogPosting, schema:VideoObject or
    schema:DigitalDocument by kind.

    Attributes:
        id: the folder's path below archive/, with "/"; not written in the file.
        seminar: id of the seminar whose folder it lies in (schema:isPartOf); not written either.
        kind: dcterms:type.
        title: dcterms:title.  abstract: dcterms:abstract.
        people: dcterms:creator and dcterms:contributor, by role.
        date: EDTF (dcterms:date); without one the seminar's date stands in where one is needed.
        topics: ids (dcterms:subject).
        language: BCP 47 (dcterms:language).
        rights: a sentence (dcterms:rights).  licence: SPDX id or address (dcterms:license).
        visibility: dcterms:accessRights.
        available: the day from which on it is public (dcterms:available).
        release: words that the archive withholds, and this item does not (dcterms:accessRights).
        assets: the files (schema:associatedMedia).
        slides: titles and descriptions of single slides (schema:hasPart).
        held_at: where files are that the archive does not hold (dcterms:isFormatOf).
        relations: datacite:relatedIdentifier.
        source: original address (dcterms:source).
        source_id: its id at the source, by which a second import knows it (dcterms:identifier).
        prepared_by: who wrote the record or its files, where it was not the people named.
        withdrawn: the tombstone.
    """

    id: ItemId
    seminar: Slug | None = None
    kind: Kind = Kind.PRESENTATION
    title: Line
    abstract: Text | None = None
    people: tuple[Contribution, ...] = ()
    date: EdtfDate | None = None
    topics: tuple[Slug, ...] = ()
    language: LanguageTag | None = None
    rights: Text | None = None
    licence: Line | None = None
    visibility: Visibility = Visibility.PUBLIC
    available: Day | None = None
    release: tuple[WordSource, ...] = ()
    assets: tuple[Asset, ...] = ()
    slides: tuple[SlideDescription, ...] = ()
    held_at: tuple[Link, ...] = ()
    relations: tuple[Relation, ...] = ()
    source: WebAddress | None = None
    source_id: Line | None = None
    prepared_by: Line | None = None
    withdrawn: Withdrawn | None = None


class Snooze(_Record):
    """One entry of problems.yaml: a problem that its keeper leaves for now.

    Attributes:
        id: the entry's key in problems.yaml.
        code, path, field, message: of the problem, see Problem; it is back when it says otherwise.
        reason: why it is left.
        until: the day on which it is back.
    """

    id: Slug
    code: Slug
    path: Line
    field: Line | None = None
    message: Text
    reason: Line
    until: Day | None = None


# ------------------------------------------------------ what reading files yields


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the archive that its keeper can mend.

    Attributes:
        code: stable and greppable, e.g. "file-changed"; a row in docs/reference/problems.md.
        severity: see Severity.
        path: file or folder, relative to archive/, with "/".
        field: the place in the file ("people[0].person", "slide 3"), "" for all of it.
        message: what is wrong.
        hint: what to do.
        repair: name of an automatic repair that `check --repair` offers, if any.
    """

    code: str
    severity: Severity
    path: str
    message: str
    field: str = ""
    hint: str = ""
    repair: str | None = None
