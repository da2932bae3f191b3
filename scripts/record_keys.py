"""What each key of each record means, with an example in YAML and the standard term beside it.

Types, defaults, limits and allowed values come from coproarchive.model; this table adds the words.
tests/test_docs.py holds it to the model: no key more, no key less, and every example is accepted.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel

from coproarchive import model


class Key(NamedTuple):
    """The words about one key of a record.

    Attributes:
        meaning: one sentence without a full stop.
        example: the value as it stands in a YAML file.
        term: the standard term, "" where no vocabulary has one.
    """

    meaning: str
    example: str
    term: str = ""


KEYS: dict[type[BaseModel], dict[str, Key]] = {
    model.Series: {
        "title": Key(
            "Name of the archive, on every page", "Rye and other cereals", "dcterms:title"
        ),
        "subtitle": Key("A second line under the name", "A seminar series", "dcterms:alternative"),
        "description": Key(
            "What the archive holds and for whom, shown on the first page",
            "Talks from three years of seminars on cereals.",
            "dcterms:description",
        ),
        "contact": Key(
            "Whom readers ask: an e-mail address or a sentence",
            "archive@example.org",
            "dcat:contactPoint",
        ),
        "address": Key(
            "Where the archive is on the web; citations, the site map and CSV files begin with it",
            "https://talks.example.org",
            "schema:url",
        ),
        "languages": Key(
            "Languages of the archive: one is that of all items which name none, of several their "
            "words tell; without it their words tell",
            "[en-GB, cy]",
            "dcterms:language",
        ),
        "rights": Key(
            "Statement of rights, shown on every page",
            "Slides belong to their speakers.",
            "dcterms:rights",
        ),
        "facets": Key(
            "Which ways to narrow a search are offered, in this order",
            "[speaker, topic, year]",
        ),
        "synonyms": Key(
            "Groups of words that mean the same to a reader; a search for one finds the others",
            "[[service user, patient], [sectioned, detained]]",
            "skos:altLabel",
        ),
        "withhold": Key(
            "Words of files that are not public: readers neither find, see nor download them",
            "[notes, comments, hidden-slides, metadata]",
            "dcterms:accessRights",
        ),
        "links": Key(
            "The series elsewhere on the web",
            "[{label: Blog, url: 'https://blog.example.org/'}]",
            "schema:sameAs",
        ),
        "import_rules": Key(
            "How a blog's categories and tags become seminars and topics",
            "{topics: {rye: cereals}, ignore: [Odds]}",
        ),
        "format": Key(
            "Version of the records' format; written by `coproarchive init` and `upgrade`",
            "2",
            "dcterms:conformsTo",
        ),
    },
    model.ImportRules: {
        "seminars": Key(
            "Category or tag of the blog, and the id of the seminar it stands for",
            "{Spring meeting: spring-2018}",
        ),
        "topics": Key(
            "Category or tag of the blog, and the id of the topic it stands for", "{rye: cereals}"
        ),
        "ignore": Key("Categories and tags that mean nothing here", "[Odds, Uncategorised]"),
    },
    model.Link: {
        "label": Key("What readers see", "The series' blog", "schema:name"),
        "url": Key("The address", "https://blog.example.org/", "schema:url"),
    },
    model.Person: {
        "id": Key(
            "Key of the entry in people.yaml; other records name the person by it",
            "ada-baker",
            "dcterms:identifier",
        ),
        "names": Key(
            "The first is shown; a search finds the others too",
            "[Ada Baker, A. Baker]",
            "schema:name, schema:alternateName",
        ),
        "affiliations": Key(
            "Where the person worked at the time", "[University of Leeds]", "datacite:affiliation"
        ),
        "orcid": Key(
            "ORCID, in four groups of four", "0000-0002-1825-0097", "datacite:nameIdentifier"
        ),
        "bio": Key(
            "A few sentences about the person",
            "Bakes, and writes about baking.",
            "schema:description",
        ),
        "links": Key(
            "The person elsewhere on the web",
            "[{label: Home page, url: 'https://example.org/ada'}]",
            "schema:sameAs",
        ),
        "former_ids": Key(
            "Ids that the entry had before, whose addresses lead to it; written by `coproarchive "
            "merge` and `rename`",
            "[a-baker]",
            "dcterms:replaces",
        ),
    },
    model.Topic: {
        "id": Key(
            "Key of the entry in topics.yaml; other records name the topic by it",
            "cereals",
            "dcterms:identifier",
        ),
        "label": Key("What readers see", "Cereals", "skos:prefLabel"),
        "alternatives": Key(
            "Other words that readers use for it; a search for one finds the topic",
            "[grain, corn]",
            "skos:altLabel",
        ),
        "broader": Key("Id of the wider topic that this one belongs to", "crops", "skos:broader"),
        "description": Key(
            "What falls under the topic", "Grasses grown for their grain.", "skos:scopeNote"
        ),
        "former_ids": Key(
            "Ids that the entry had before, whose addresses lead to it; written by `coproarchive "
            "merge` and `rename`",
            "[corn]",
            "dcterms:replaces",
        ),
    },
    model.Seminar: {
        "id": Key(
            "Name of the seminar's folder; not written in the file",
            "1-beginnings",
            "dcterms:identifier",
        ),
        "title": Key("Its name", '"Seminar 1: Beginnings"', "schema:name"),
        "number": Key("Its place in the series", "1", "schema:position"),
        "date": Key(
            "Day, month, year, or two of them with a slash between",
            "2024-05-02/2024-05-03",
            "schema:startDate, schema:endDate",
        ),
        "place": Key("Where it was", "Leeds", "schema:location"),
        "description": Key(
            "What it was about", "Forty people met to talk about rye.", "schema:description"
        ),
        "links": Key(
            "The seminar elsewhere on the web",
            "[{label: Announcement, url: 'https://example.org/1'}]",
            "schema:url",
        ),
        "contact": Key(
            "Whom to ask about it: an e-mail address or a sentence",
            "seminar@example.org",
            "schema:organizer",
        ),
        "programme": Key(
            "Sessions in the order of the day",
            '[{start: "10:00", title: Welcome}]',
            "schema:subEvent",
        ),
        "topics": Key(
            "Ids of topics that the whole seminar was about", "[cereals]", "schema:about"
        ),
        "source": Key(
            "Page that this record was made from", "https://example.org/programme", "dcterms:source"
        ),
        "prepared_by": Key(
            "Who wrote the record, where it was not the organisers",
            "the archive, from the public programme",
            "dcterms:provenance",
        ),
    },
    model.Session: {
        "start": Key("When it begins, by the clock of the place", '"10:00"', "schema:startDate"),
        "end": Key("When it ends", '"11:15"', "schema:endDate"),
        "title": Key("What stands in the programme", '"Keynote: why rye"', "schema:name"),
        "people": Key(
            "Who took part, with roles", "[{person: ada-baker, role: keynote}]", "schema:performer"
        ),
        "item": Key(
            "Id of the item that the session left behind",
            "1-beginnings/why-rye",
            "schema:recordedIn",
        ),
        "description": Key("More about it", "With time for questions.", "schema:description"),
    },
    model.Contribution: {
        "person": Key("Id of an entry of people.yaml", "ada-baker", "datacite:creator"),
        "role": Key("What the person did", "keynote", "datacite:contributorType"),
    },
    model.Item: {
        "id": Key(
            "Path of the item's folder below the archive's; not written in the file",
            "1-beginnings/why-rye",
            "dcterms:identifier",
        ),
        "seminar": Key(
            "Id of the seminar in whose folder the item lies; not written in the file",
            "1-beginnings",
            "schema:isPartOf",
        ),
        "kind": Key("What the item is", "presentation", "dcterms:type"),
        "title": Key("Its title", "Why rye", "dcterms:title"),
        "abstract": Key(
            "What it is about, in plain words; searched and shown",
            "What rye needs, and what it gives back.",
            "dcterms:abstract",
        ),
        "people": Key(
            "Who made or gave it, with roles",
            "[{person: ada-baker}]",
            "dcterms:creator, dcterms:contributor",
        ),
        "date": Key(
            "Day, month or year; without one the seminar's date stands in",
            "2024-05-02",
            "dcterms:date",
        ),
        "topics": Key("Ids of topics that it is about", "[cereals]", "dcterms:subject"),
        "language": Key(
            "Its language; without one the archive's first", "en-GB", "dcterms:language"
        ),
        "rights": Key(
            "A sentence about rights", "The slides belong to the speaker.", "dcterms:rights"
        ),
        "licence": Key(
            "Licence: its SPDX identifier, or an address", "CC-BY-4.0", "dcterms:license"
        ),
        "visibility": Key(
            "Whether everybody may see it, or only who keeps the archive; for members is, while "
            "there are no accounts for them, only for who keeps the archive too",
            "hidden",
            "dcterms:accessRights",
        ),
        "available": Key(
            "The day from which on everybody may see it; before, only who keeps the archive",
            "2027-01-31",
            "dcterms:available",
        ),
        "release": Key(
            "Words that the archive withholds and that of this item's files are public",
            "[notes]",
            "dcterms:accessRights",
        ),
        "assets": Key(
            "The files in the item's folder; written by `coproarchive add`",
            "[{path: why-rye.pdf, role: slides, media_type: application/pdf, size: 81234, "
            "sha256: 63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce}]",
            "schema:associatedMedia",
        ),
        "slides": Key(
            "Titles of single slides, and words for who cannot see what is on them; written by "
            "`coproarchive edit ID --slide N`",
            "[{file: why-rye.pdf, number: 3, alt: 'A field of rye, seen from above.'}]",
            "schema:hasPart",
        ),
        "held_at": Key(
            "Where files are that the archive does not hold",
            "[{label: Slides on the blog, url: 'https://blog.example.org/rye'}]",
            "dcterms:isFormatOf",
        ),
        "relations": Key(
            "How it belongs to other items or pages",
            "[{type: is-summary-of, item: 1-beginnings/why-rye}]",
            "datacite:relatedIdentifier",
        ),
        "source": Key(
            "Address that it was brought from; the old address leads to the item",
            "https://blog.example.org/2024/05/rye/",
            "dcterms:source",
        ),
        "source_id": Key(
            "Its number at the source, by which a second import knows it again",
            "blog.example.org#17",
            "dcterms:identifier",
        ),
        "prepared_by": Key(
            "Who wrote the record or its files, where it was not the people named",
            "the archive, from the public programme",
            "dcterms:provenance",
        ),
        "withdrawn": Key(
            "When and why it was taken back; its page then shows title, date and reason",
            "{date: 2024-06-01, reason: at the speaker's wish}",
            "premis:event",
        ),
    },
    model.Asset: {
        "path": Key("Name of the file in the item's folder", "why-rye.pdf", "premis:originalName"),
        "role": Key("What the file is to the item", "slides"),
        "media_type": Key("IANA media type", "application/pdf", "dcterms:format"),
        "size": Key("Bytes", "81234", "premis:size"),
        "sha256": Key(
            "Checksum, by which a change of the file is noticed",
            "63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce",
            "premis:messageDigest",
        ),
        "title": Key(
            "Label for readers, where the file's name does not say enough",
            "Slides with notes",
            "schema:name",
        ),
        "visibility": Key(
            "Whether all who may see the item may see and find this file too",
            "hidden",
            "dcterms:accessRights",
        ),
        "available": Key(
            "The day from which on everybody may see this file", "2027-01-31", "dcterms:available"
        ),
    },
    model.SlideDescription: {
        "file": Key("Name of the item's file that it is in", "why-rye.pdf", "premis:originalName"),
        "number": Key("Its place in that file, from 1", "3", "schema:position"),
        "sha256": Key(
            "Checksum of the file that it was written for; where the file is another one now, the "
            "description is kept and shown nowhere",
            "63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce",
            "premis:messageDigest",
        ),
        "title": Key("Shown instead of the slide's own title", "Where rye grows", "iiif:label"),
        "alt": Key(
            "What is to be seen on it, for who cannot see it; shown and searched",
            "A field of rye, seen from above.",
            "schema:accessibilitySummary",
        ),
    },
    model.Relation: {
        "type": Key(
            "How the other one stands to this item", "is-summary-of", "datacite:relationType"
        ),
        "item": Key("Id of the other item, if the archive holds it", "1-beginnings/why-rye"),
        "url": Key(
            "Address of the other one, if the archive does not hold it",
            "https://example.org/report",
        ),
    },
    model.Withdrawn: {
        "date": Key("When", "2024-06-01", "dcterms:date"),
        "reason": Key(
            "Why, in a sentence for readers", "at the speaker's wish", "premis:eventDetail"
        ),
        "replacement": Key(
            "Id of the item that takes its place", "1-beginnings/why-oats", "dcterms:isReplacedBy"
        ),
    },
}

RECORDS: dict[str, tuple[type[BaseModel], tuple[str, ...], str]] = {
    "archive": (model.Series, (), "`archive.yaml`: the archive as a whole (dcat:Catalog)."),
    "people": (
        model.Person,
        ("id",),
        "`people.yaml`: ids, and under each the person (schema:Person, datacite:creator).",
    ),
    "topics": (
        model.Topic,
        ("id",),
        "`topics.yaml`: ids, and under each the topic (skos:Concept).",
    ),
    "seminar": (
        model.Seminar,
        ("id",),
        "`<seminar>/seminar.yaml`: one event (schema:Event).",
    ),
    "item": (
        model.Item,
        ("id", "seminar"),
        "`<seminar>/<item>/item.yaml` or `<item>/item.yaml`: one work "
        "(by kind schema:PresentationDigitalDocument, BlogPosting, VideoObject, DigitalDocument).",
    ),
}
"""File -> its record, the keys that its folder or table gives, and a sentence about it."""

TABLES = ("people", "topics")
"""Files that map ids to records."""

PARTS: dict[type[BaseModel], str] = {
    model.Link: "A labelled web address, in lists such as `links` and `held_at`.",
    model.ImportRules: "`import_rules` of archive.yaml.",
    model.Session: "A line of a seminar's `programme`.",
    model.Contribution: "An entry of `people` in items and sessions.",
    model.Asset: "An entry of an item's `assets`.",
    model.SlideDescription: "An entry of an item's `slides`: what is said of one slide or page.",
    model.Relation: "An entry of an item's `relations`: `type`, and `item` or `url`.",
    model.Withdrawn: "`withdrawn` of an item.",
}
