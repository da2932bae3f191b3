"""What a citation says of an item, or of one place in it, before any style or format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coproarchive.catalogue import Catalogue
from coproarchive.edtf import edtf_bounds
from coproarchive.model import Item, Kind, Leaf, Role
from coproarchive.publish.addresses import leaf_path
from coproarchive.publish.person_names import CitedName, cited_name

_AUTHORS = (Role.SPEAKER, Role.KEYNOTE, Role.AUTHOR)
GENRES: dict[Kind, str] = {
    Kind.PRESENTATION: "Presentation",
    Kind.POST: "Blog post",
    Kind.PROGRAMME: "Programme",
    Kind.VIDEO: "Video",
    Kind.HANDOUT: "Handout",
}


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in the work (CSL: locator and its label).

    Attributes:
        kind: slide, page, section or cue.
        number: 1-based place in the file, as in addresses.
        label: what readers call it: the printed number, or the time of a recording.
    """

    kind: str
    number: int
    label: str

    def __str__(self) -> str:
        return self.label if self.kind == "cue" else f"{self.kind} {self.label}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A work that is cited; names after CSL 1.0.2, with EDTF dates.

    Attributes:
        id: citation key, the same for ever; letters, digits and `._:-` alone.
        kind: of the item.
        title: of the item.
        authors: speakers and authors.
        issued: the one publication date: the item's, else its seminar's; "" for none.
        event_title, event_place, event_date: of the seminar; "" for none.
        archive: the archive's title (CSL: publisher, container-title).
        address: of the item's page, or of the place's.
        language: BCP 47.
        keywords: labels of topics.
        abstract, licence, rights: of the item; "" for none.
        locator: the place, None for the whole.
    """

    id: str
    kind: Kind
    title: str
    authors: tuple[CitedName, ...]
    issued: str
    event_title: str
    event_place: str
    event_date: str
    archive: str
    address: str
    language: str
    keywords: tuple[str, ...]
    abstract: str
    licence: str
    rights: str
    locator: Locator | None = None

    @property
    def genre(self) -> str:
        """What kind of work it is, in a word."""
        return GENRES[self.kind]


def creators(item: Item) -> list[str]:
    """Return ids of speakers and authors, else of every contributor."""
    ids = [c.person for c in item.people if c.role in _AUTHORS]
    return list(dict.fromkeys(ids or [c.person for c in item.people]))


def reference_to(
    item: Item, catalogue: Catalogue, base: str, leaf: Leaf | None = None, file: str = ""
) -> Reference:
    """Return what is cited of an item.

    Args:
        item: its record.
        catalogue: what the reader may see.
        base: what absolute addresses begin with.
        leaf: the place that is cited, None for the whole item.
        file: path of the asset that has the leaf.
    """
    seminar = catalogue.seminars.get(item.seminar or "")
    locator = Locator(leaf.kind, leaf.number, leaf.label or str(leaf.number)) if leaf else None
    path = leaf_path(item, file, leaf.kind, leaf.number) if leaf else f"/item/{item.id}"
    # ID/slide/3 or ID/FILE/slide/3: letters and digits of it are the citation's key.
    *names, number = path.removeprefix("/item/").split("/")
    key = ":".join(names) + (f"-{number}" if leaf else f":{number}" if names else number)
    return Reference(
        id=re.sub(r"[^A-Za-z0-9._:-]", "-", key),
        kind=item.kind,
        title=" ".join(item.title.split()),
        authors=tuple(_authors(item, catalogue)),
        issued=catalogue.item_date(item) or "",
        event_title=seminar.title if seminar else "",
        event_place=(seminar.place or "") if seminar else "",
        event_date=(seminar.date or "") if seminar else "",
        archive=catalogue.series.title,
        address=base + path,
        language=item.language or next(iter(catalogue.series.languages), ""),
        keywords=tuple(map(catalogue.topic_label, item.topics)),
        abstract=item.abstract or "",
        licence=item.licence or "",
        rights=item.rights or "",
        locator=locator,
    )


def _authors(item: Item, catalogue: Catalogue) -> Iterator[CitedName]:
    for person_id in creators(item):
        person = catalogue.people.get(person_id)
        yield cited_name(person.name, person.names[1:]) if person else CitedName(literal=person_id)


def date_parts(date: str) -> list[list[int]]:
    """Return an EDTF date or interval as CSL has it: [[2017, 7, 6]], or two of them."""
    ends = [[int(number) for number in end.split("-")] for end in date.split("/") if end]
    return ends[:1] if len(ends) == 2 and ends[0] == ends[1] else ends


def first_day(date: str) -> str:
    """Return the first day of an EDTF date as YYYY-MM-DD, "" for none."""
    return edtf_bounds(date)[0] if date else ""


def one_line(text: str) -> str:
    """Return a text on one line: without controls, and without every sign that ends a line.

    Control characters (Cc), and the separators U+2028 and U+2029, at which parsers cut lines.
    """
    visible = "".join(c if c.isprintable() or c in "\u200c\u200d\u00ad" else " " for c in text)
    return " ".join(visible.split())
