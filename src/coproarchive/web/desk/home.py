"""/desk: what the desk has, what was changed last, and the way to every record, hidden ones too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import quote, unquote

from starlette.responses import JSONResponse, Response

from coproarchive.catalogue import Catalogue, folded
from coproarchive.desk.drafts import DraftSet, Shelf
from coproarchive.errors import NotFoundError
from coproarchive.model import Item, Visibility
from coproarchive.store.changes import BEGIN, Change
from coproarchive.web.desk.frame import DeskRequest, DeskRoute, InvalidFormError
from coproarchive.web.desk.names import NameNoun
from coproarchive.web.desk.problem_pages import counts_of
from coproarchive.web.sign_in import is_encrypted

KEEPER_NAME = "coproarchive_name"
"""Cookie: the name under which the history tells of what this browser's keeper does."""
NAME_SECONDS = 365 * 24 * 3600
MOST_LISTED = 60
MOST_CHANGES = 8
MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class RecordLink:
    """A record in a list of those that a name fits.

    Attributes:
        noun: "item", "person", "topic" or "seminar".
        id, label: of the record.
        detail: more, to tell it from others of its name.
    """

    noun: str
    id: str
    label: str
    detail: str = ""

    @property
    def edit_address(self) -> str:
        """Address of its form."""
        return f"/desk/edit/{self.noun}/{self.id}"


def home(r: DeskRequest) -> Response:
    """Show the desk: ?find= has words to look for a record by."""
    words = r.query.get("find", "")[:MOST_CHARACTERS]
    catalogue = r.catalogue
    found_links = list(find_records(catalogue, words)) if words.strip() else []
    return r.page(
        "desk/home.html",
        "The desk",
        words=words,
        links=found_links[:MOST_LISTED],
        more=max(len(found_links) - MOST_LISTED, 0),
        counts=_counts(catalogue),
        changes=latest_changes(r),
        waiting=waiting_sets(r),
        problems=counts_of(r),
        who=r.library.store.recorder.who,
    )


def waiting_sets(r: DeskRequest) -> list[DraftSet]:
    """Return the sets of files that wait to be added, the newest first."""
    return [draft for draft in Shelf(r.library.store.root).sets() if draft.count]


def _counts(catalogue: Catalogue) -> Sequence[tuple[str, int]]:
    items = catalogue.items.values()
    hidden = sum(i.visibility is not Visibility.PUBLIC for i in items)
    counts = [
        ("item", "items", len(catalogue.items)),
        ("of them hidden or for members", "of them hidden or for members", hidden),
        ("withdrawn", "withdrawn", sum(i.withdrawn is not None for i in items)),
        ("seminar", "seminars", len(catalogue.seminars)),
        ("person", "people", len(catalogue.people)),
        ("topic", "topics", len(catalogue.topics)),
    ]
    return [(one if count == 1 else many, count) for one, many, count in counts if count]


def latest_changes(r: DeskRequest) -> list[Change]:
    """Return the first changes of the latest batches, newest first."""
    batches = (b for b in r.library.store.recorder.log.batches() if b.activity.name != BEGIN)
    newest = (next(batch.changes(reverse=True), None) for batch in batches)
    return list(islice(filter(None, newest), MOST_CHANGES))


def find_records(catalogue: Catalogue, words: str) -> Iterator[RecordLink]:
    """Yield records whose name or id has all the words, items last."""
    pieces = folded(words).split()
    links = chain(_authority_links(catalogue), map(_item_link, catalogue.items.values()))
    for link in links:
        text = folded(f"{link.label} {link.id}")
        if all(piece in text for piece in pieces):
            yield link


def _authority_links(catalogue: Catalogue) -> Iterator[RecordLink]:
    for seminar in catalogue.seminars.values():
        yield RecordLink("seminar", seminar.id, seminar.title, seminar.date or "")
    for person in catalogue.people.values():
        yield RecordLink("person", person.id, person.name, "; ".join(person.affiliations))
    for topic in catalogue.topics.values():
        yield RecordLink("topic", topic.id, topic.label, ", ".join(topic.alternatives))


def _item_link(item: Item) -> RecordLink:
    state = "withdrawn" if item.withdrawn else ""
    if not state and item.visibility is not Visibility.PUBLIC:
        state = item.visibility.value
    return RecordLink("item", item.id, item.title, state)


def name_of_keeper(cookies: Mapping[str, str]) -> str:
    """Return the name that the keeper at a browser with these cookies gave, "" for none."""
    name = " ".join(unquote(cookies.get(KEEPER_NAME, "")).split())
    return name[:MOST_CHARACTERS] if name.isprintable() else ""


def set_name(r: DeskRequest) -> Response:
    """Remember the name that stands in the history for what is done from this browser."""
    name = " ".join(r.typed("who").split())
    if len(name) > MOST_CHARACTERS or not name.isprintable():
        raise InvalidFormError({"who": f"Write a name of at most {MOST_CHARACTERS} characters."})
    message = f"From now on the history names you as {name}." if name else "Your name is forgotten."
    response = r.done(message, "/desk")
    response.set_cookie(KEEPER_NAME, quote(name), NAME_SECONDS, httponly=True, samesite="lax",
                        secure=is_encrypted(r.request))  # fmt: skip
    return response


def names(r: DeskRequest) -> Response:
    """Return names that begin like what is typed, as JSON: for lists too long for a page."""
    nouns: dict[str, NameNoun] = {"person": "person", "topic": "topic", "item": "item"}
    noun = nouns.get(r.query.get("noun", ""))
    if noun is None:
        raise NotFoundError("there are no names of that.", hint="There are: person, topic, item.")
    return JSONResponse(r.names.beginning(noun, r.query.get("find", "")))


ROUTES = (
    DeskRoute("/desk", show=home, act=set_name, label="Desk"),
    DeskRoute("/desk/names", show=names),
)
