"""Words about the keys of the archive's own record, of people, topics and seminars."""

from __future__ import annotations

from pydantic import BaseModel

from coproarchive import model
from coproarchive.record_keys.key import Key

ARCHIVE_KEYS: dict[type[BaseModel], dict[str, Key]] = {
    model.Series: {
        "title": Key(
            "Title", "Name of the archive, on every page", "Rye and other cereals", "dcterms:title"
        ),
        "subtitle": Key(
            "Second line", "A second line under the name", "A seminar series", "dcterms:alternative"
        ),
        "description": Key(
            "What the archive is",
            "What the archive holds and for whom, shown on the first page",
            "Talks from three years of seminars on cereals.",
            "dcterms:description",
        ),
        "contact": Key(
            "Contact",
            "Whom readers ask: an e-mail address or a sentence",
            "archive@example.org",
            "dcat:contactPoint",
        ),
        "address": Key(
            "Address on the web",
            "Where the archive is on the web; citations, the site map and CSV files begin with it",
            "https://talks.example.org",
            "schema:url",
        ),
        "languages": Key(
            "Languages",
            "Languages of the archive: one is that of all items which name none, of several their "
            "words tell; without it their words tell",
            "[en-GB, cy]",
            "dcterms:language",
            help="One in each line. One alone is every item's; of several the items' words tell",
        ),
        "rights": Key(
            "Rights",
            "Statement of rights, shown on every page",
            "Slides belong to their speakers.",
            "dcterms:rights",
        ),
        "facets": Key(
            "Ways to narrow a search",
            "Which ways to narrow a search are offered, in this order",
            "[speaker, topic, year]",
            help="One in each line, in the order in which readers see them",
        ),
        "synonyms": Key(
            "Words that mean the same",
            "Groups of words that mean the same to a reader; a search for one finds the others",
            "[[service user, patient], [sectioned, detained]]",
            "skos:altLabel",
            help="A group in each line, with commas between: a search for one finds the others",
        ),
        "withhold": Key(
            "Words of files that readers do not get",
            "Words of files that are not public: readers neither find, see nor download them",
            "[notes, comments, hidden-slides, metadata]",
            "dcterms:accessRights",
        ),
        "links": Key(
            "Links",
            "The series elsewhere on the web",
            "[{label: Blog, url: 'https://blog.example.org/'}]",
            "schema:sameAs",
        ),
        "import_rules": Key(
            "Rules for importing a blog",
            "How a blog's categories and tags become seminars and topics",
            "{topics: {rye: cereals}, ignore: [Odds]}",
        ),
        "format": Key(
            "Format",
            "Version of the records' format; written by `coproarchive init` and `upgrade`",
            "2",
            "dcterms:conformsTo",
        ),
    },
    model.ImportRules: {
        "seminars": Key(
            "Seminars",
            "Category or tag of the blog, and the id of the seminar it stands for",
            "{Spring meeting: spring-2018}",
        ),
        "topics": Key(
            "Topics",
            "Category or tag of the blog, and the id of the topic it stands for",
            "{rye: cereals}",
        ),
        "ignore": Key(
            "Ignored", "Categories and tags that mean nothing here", "[Odds, Uncategorised]"
        ),
    },
    model.Link: {
        "label": Key("Label", "What readers see", "The series' blog", "schema:name"),
        "url": Key("Address", "The address", "https://blog.example.org/", "schema:url"),
    },
    model.Person: {
        "id": Key(
            "Id",
            "Key of the entry in people.yaml; other records name the person by it",
            "ada-baker",
            "dcterms:identifier",
        ),
        "names": Key(
            "Names",
            "The first is shown; a search finds the others too",
            "[Ada Baker, A. Baker]",
            "schema:name, schema:alternateName",
            help="One in each line: the first is shown, and a search finds the others too",
        ),
        "affiliations": Key(
            "Affiliations",
            "Where the person worked at the time",
            "[University of Leeds]",
            "datacite:affiliation",
            help="Where the person worked at the time, one in each line",
        ),
        "orcid": Key(
            "ORCID",
            "ORCID, in four groups of four",
            "0000-0002-1825-0097",
            "datacite:nameIdentifier",
        ),
        "bio": Key(
            "About the person",
            "A few sentences about the person",
            "Bakes, and writes about baking.",
            "schema:description",
        ),
        "links": Key(
            "Links",
            "The person elsewhere on the web",
            "[{label: Home page, url: 'https://example.org/ada'}]",
            "schema:sameAs",
        ),
        "former_ids": Key(
            "Former ids",
            "Ids that the entry had before, whose addresses lead to it; written by `coproarchive "
            "merge` and `rename`",
            "[a-baker]",
            "dcterms:replaces",
        ),
    },
    model.Topic: {
        "id": Key(
            "Id",
            "Key of the entry in topics.yaml; other records name the topic by it",
            "cereals",
            "dcterms:identifier",
        ),
        "label": Key("Name", "What readers see", "Cereals", "skos:prefLabel"),
        "alternatives": Key(
            "Other words for it",
            "Other words that readers use for it; a search for one finds the topic",
            "[grain, corn]",
            "skos:altLabel",
            help="What else readers call it, one in each line; a search for one finds the topic",
        ),
        "broader": Key(
            "Wider topic",
            "Id of the wider topic that this one belongs to",
            "crops",
            "skos:broader",
            help="The wider topic that this one belongs to",
        ),
        "description": Key(
            "What falls under it",
            "What falls under the topic",
            "Grasses grown for their grain.",
            "skos:scopeNote",
        ),
        "former_ids": Key(
            "Former ids",
            "Ids that the entry had before, whose addresses lead to it; written by `coproarchive "
            "merge` and `rename`",
            "[corn]",
            "dcterms:replaces",
        ),
    },
    model.Seminar: {
        "id": Key(
            "Id",
            "Name of the seminar's folder; not written in the file",
            "1-beginnings",
            "dcterms:identifier",
        ),
        "title": Key("Title", "Its name", '"Seminar 1: Beginnings"', "schema:name"),
        "number": Key("Number in the series", "Its place in the series", "1", "schema:position"),
        "date": Key(
            "Date",
            "Day, month, year, or two of them with a slash between",
            "2024-05-02/2024-05-03",
            "schema:startDate, schema:endDate",
        ),
        "place": Key("Place", "Where it was", "Leeds", "schema:location"),
        "description": Key(
            "Description",
            "What it was about",
            "Forty people met to talk about rye.",
            "schema:description",
        ),
        "links": Key(
            "Links",
            "The seminar elsewhere on the web",
            "[{label: Announcement, url: 'https://example.org/1'}]",
            "schema:url",
            help="The seminar elsewhere on the web",
        ),
        "contact": Key(
            "Contact",
            "Whom to ask about it: an e-mail address or a sentence",
            "seminar@example.org",
            "schema:organizer",
        ),
        "programme": Key(
            "Programme",
            "Sessions in the order of the day",
            '[{start: "10:00", title: Welcome}]',
            "schema:subEvent",
        ),
        "topics": Key(
            "Topics",
            "Ids of topics that the whole seminar was about",
            "[cereals]",
            "schema:about",
            help="What the whole seminar was about: one topic in each field",
        ),
        "source": Key(
            "Made from",
            "Page that this record was made from",
            "https://example.org/programme",
            "dcterms:source",
        ),
        "prepared_by": Key(
            "Prepared by",
            "Who wrote the record, where it was not the organisers",
            "the archive, from the public programme",
            "dcterms:provenance",
        ),
    },
    model.Session: {
        "start": Key(
            "Begins", "When it begins, by the clock of the place", '"10:00"', "schema:startDate"
        ),
        "end": Key("Ends", "When it ends", '"11:15"', "schema:endDate"),
        "title": Key("Title", "What stands in the programme", '"Keynote: why rye"', "schema:name"),
        "people": Key(
            "People",
            "Who took part, with roles",
            "[{person: ada-baker, role: keynote}]",
            "schema:performer",
            help="Names with semicolons between: Ada Baker; Bo Miller (keynote)",
        ),
        "item": Key(
            "Talk or material",
            "Id of the item that the session left behind",
            "1-beginnings/why-rye",
            "schema:recordedIn",
            help="What the archive holds of it",
        ),
        "description": Key(
            "Description", "More about it", "With time for questions.", "schema:description"
        ),
    },
    model.Contribution: {
        "person": Key(
            "Person",
            "Id of an entry of people.yaml",
            "ada-baker",
            "datacite:creator",
            help="Name of the person",
        ),
        "role": Key("Role", "What the person did", "keynote", "datacite:contributorType"),
    },
    model.Snooze: {
        "id": Key(
            "Key",
            "Key of the entry in problems.yaml, made of the problem's code and place",
            "same-name-0c5a3ff2b91d",
            "dcterms:identifier",
        ),
        "code": Key("Code", "Code of the problem, see [problem codes](problems.md)", "same-name"),
        "path": Key("Where", "File or folder that the problem is in", "people.yaml"),
        "field": Key("Place", "Place in the file", "a-baker"),
        "message": Key(
            "Problem",
            "What the problem says; it is listed again when it says something else",
            "'\"A. Baker\" is a name of ada-baker too.'",
        ),
        "reason": Key(
            "Reason", "Why it is left", "Two people, mother and daughter.", "dcterms:description"
        ),
        "until": Key("Until", "Day on which it is listed again", "2027-01-31", "dcterms:valid"),
    },
}
