"""Words about the keys of items, and of the parts that their records have."""

from __future__ import annotations

from pydantic import BaseModel

from coproarchive import model
from coproarchive.record_keys.key import Key

ITEM_KEYS: dict[type[BaseModel], dict[str, Key]] = {
    model.Item: {
        "id": Key(
            "Id",
            "Path of the item's folder below the archive's; not written in the file",
            "1-beginnings/why-rye",
            "dcterms:identifier",
        ),
        "seminar": Key(
            "Seminar",
            "Id of the seminar in whose folder the item lies; not written in the file",
            "1-beginnings",
            "schema:isPartOf",
        ),
        "kind": Key("What it is", "What the item is", "presentation", "dcterms:type"),
        "title": Key("Title", "Its title", "Why rye", "dcterms:title"),
        "abstract": Key(
            "Description",
            "What it is about, in plain words; searched and shown",
            "What rye needs, and what it gives back.",
            "dcterms:abstract",
        ),
        "people": Key(
            "People",
            "Who made or gave it, with roles",
            "[{person: ada-baker}]",
            "dcterms:creator, dcterms:contributor",
            help="Who made or gave it: one person in each line",
        ),
        "date": Key(
            "Date",
            "Day, month or year; without one the seminar's date stands in",
            "2024-05-02",
            "dcterms:date",
        ),
        "topics": Key(
            "Topics",
            "Ids of topics that it is about",
            "[cereals]",
            "dcterms:subject",
            help="What it is about: one topic in each field",
        ),
        "language": Key(
            "Language",
            "Its language; without one the archive's first",
            "en-GB",
            "dcterms:language",
            help="Its language: en-GB, cy, de; without one the archive's, or what its words tell",
        ),
        "rights": Key(
            "Rights",
            "A sentence about rights",
            "The slides belong to the speaker.",
            "dcterms:rights",
        ),
        "licence": Key(
            "Licence", "Licence: its SPDX identifier, or an address", "CC-BY-4.0", "dcterms:license"
        ),
        "visibility": Key(
            "Who may see it",
            "Whether everybody may see it, or only who keeps the archive; for members is, while "
            "there are no accounts for them, only for who keeps the archive too",
            "hidden",
            "dcterms:accessRights",
        ),
        "available": Key(
            "Public from",
            "The day from which on everybody may see it; before, only who keeps the archive",
            "2027-01-31",
            "dcterms:available",
        ),
        "release": Key(
            "Made public all the same",
            "Words that the archive withholds and that of this item's files are public",
            "[notes]",
            "dcterms:accessRights",
            help="What of this item's files readers get, though the archive withholds it",
        ),
        "assets": Key(
            "Files",
            "The files in the item's folder; written by `coproarchive add`",
            "[{path: why-rye.pdf, role: slides, media_type: application/pdf, size: 81234, "
            "sha256: 63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce}]",
            "schema:associatedMedia",
        ),
        "slides": Key(
            "Slides",
            "Titles of single slides, and words for who cannot see what is on them; written by "
            "`coproarchive edit ID --slide N`",
            "[{file: why-rye.pdf, number: 3, alt: 'A field of rye, seen from above.'}]",
            "schema:hasPart",
        ),
        "held_at": Key(
            "Held elsewhere",
            "Where files are that the archive does not hold",
            "[{label: Slides on the blog, url: 'https://blog.example.org/rye'}]",
            "dcterms:isFormatOf",
        ),
        "relations": Key(
            "Related",
            "How it belongs to other items or pages",
            "[{type: is-summary-of, item: 1-beginnings/why-rye}]",
            "datacite:relatedIdentifier",
            help="Other items here, or pages elsewhere",
        ),
        "source": Key(
            "First published at",
            "Address that it was brought from; the old address leads to the item",
            "https://blog.example.org/2024/05/rye/",
            "dcterms:source",
            help="Address that it was brought from; whoever still has the old address arrives here",
        ),
        "source_id": Key(
            "Number at the source",
            "Its number at the source, by which a second import knows it again",
            "blog.example.org#17",
            "dcterms:identifier",
        ),
        "prepared_by": Key(
            "Prepared by",
            "Who wrote the record or its files, where it was not the people named",
            "the archive, from the public programme",
            "dcterms:provenance",
        ),
        "withdrawn": Key(
            "Withdrawn",
            "When and why it was taken back; its page then shows title, date and reason",
            "{date: 2024-06-01, reason: at the speaker's wish}",
            "premis:event",
        ),
    },
    model.Asset: {
        "path": Key(
            "Name", "Name of the file in the item's folder", "why-rye.pdf", "premis:originalName"
        ),
        "role": Key("Role", "What the file is to the item", "slides"),
        "media_type": Key("Media type", "IANA media type", "application/pdf", "dcterms:format"),
        "size": Key("Size", "Bytes", "81234", "premis:size"),
        "sha256": Key(
            "Checksum",
            "Checksum, by which a change of the file is noticed",
            "63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce",
            "premis:messageDigest",
        ),
        "title": Key(
            "Title",
            "Label for readers, where the file's name does not say enough",
            "Slides with notes",
            "schema:name",
        ),
        "visibility": Key(
            "Who may see it",
            "Whether all who may see the item may see and find this file too",
            "hidden",
            "dcterms:accessRights",
        ),
        "available": Key(
            "Public from",
            "The day from which on everybody may see this file",
            "2027-01-31",
            "dcterms:available",
        ),
    },
    model.SlideDescription: {
        "file": Key(
            "File", "Name of the item's file that it is in", "why-rye.pdf", "premis:originalName"
        ),
        "number": Key("Number", "Its place in that file, from 1", "3", "schema:position"),
        "sha256": Key(
            "Checksum",
            "Checksum of the file that it was written for; where the file is another one now, the "
            "description is kept and shown nowhere",
            "63786d73a854dc367d54ebbf00982d7ed025f2aa995eaedaadf21cd79926edce",
            "premis:messageDigest",
        ),
        "title": Key(
            "Title", "Shown instead of the slide's own title", "Where rye grows", "iiif:label"
        ),
        "alt": Key(
            "Description, for those who cannot see it",
            "What is to be seen on it, for who cannot see it; shown and searched",
            "A field of rye, seen from above.",
            "schema:accessibilitySummary",
        ),
    },
    model.Relation: {
        "type": Key(
            "How", "How the other one stands to this item", "is-summary-of", "datacite:relationType"
        ),
        "item": Key(
            "Item here",
            "Id of the other item, if the archive holds it",
            "1-beginnings/why-rye",
            help="The other item, if the archive holds it",
        ),
        "url": Key(
            "Address elsewhere",
            "Address of the other one, if the archive does not hold it",
            "https://example.org/report",
        ),
    },
    model.Withdrawn: {
        "date": Key("Date", "When", "2024-06-01", "dcterms:date"),
        "reason": Key(
            "Reason",
            "Why, in a sentence for readers",
            "at the speaker's wish",
            "premis:eventDetail",
        ),
        "replacement": Key(
            "Replaced by",
            "Id of the item that takes its place",
            "1-beginnings/why-oats",
            "dcterms:isReplacedBy",
        ),
    },
}
