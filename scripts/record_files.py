"""Which files of an archive have which records, and which parts records have, in sentences."""

from __future__ import annotations

from pydantic import BaseModel

from coproarchive import model

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
    "problems": (
        model.Snooze,
        ("id",),
        "`problems.yaml`: keys, and under each a problem that is left for now; written by "
        "`coproarchive check --snooze`.",
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

TABLES = ("people", "topics", "problems")
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
