"""/desk/batch, /desk/people and /desk/topics: many records at once, previewed, then changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from httpx2 import Response

from coproarchive.desk import Desk
from coproarchive.desk.values import FieldEdit
from coproarchive.library import Library
from making import SEMINAR
from serving import DeskClient, desk_of

BREAD = f"{SEMINAR}/bread-for-all"


@pytest.fixture
def page(library: Library) -> Iterator[DeskClient]:
    with desk_of(library) as desk:
        yield desk


def confirmed(page: DeskClient, preview: Response) -> Response:
    """Send the form of a preview as a browser does."""
    html: Any = lxml.html.document_fromstring(preview.text)
    form = max(html.forms, key=lambda f: len(f.inputs))
    fields: dict[str, Any] = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    fields |= {b.get("name"): b.get("value") for b in form.iter("button") if b.get("name")}
    return page.post(form.action, fields)


def test_results_of_a_search_are_changed_at_once(page: DeskClient, library: Library) -> None:
    address = "/desk/batch?q=bread&field=licence"
    shown = page.get(address).text
    assert "Bread for all" in shown
    fields = {"field": "licence", "operator": "=", "value": "CC-BY-4.0", "which": "all",
              "act": "preview"}  # fmt: skip
    preview = page.post(address, fields)
    assert "2 items would change" in preview.text
    assert "CC-BY-4.0</dd>" in preview.text
    assert library.store.read_item(BREAD).licence is None
    done = confirmed(page, preview)
    assert "2 items changed" in page.follow(done).text
    assert library.store.read_item(BREAD).licence == "CC-BY-4.0"
    assert library.store.read_item("a-post").licence == "CC-BY-4.0"
    page.post("/desk/undo", {"change": Desk(library).history(limit=1)[0].batch})
    assert library.store.read_item("a-post").licence is None


def test_ticked_and_hidden_items_and_what_changed_since(page: DeskClient, library: Library) -> None:
    fields = {
        "field": "topics",
        "operator": "+=",
        "value": "Proving; sourdough",
        "new": "yes",
        "which": "ticked",
        "item": ["a-post"],
        "also": "windmills",
        "act": "preview",
    }
    preview = page.post("/desk/batch?q=bread", fields)
    assert "2 items would change" in preview.text
    Desk(library).edit(["windmills"], [FieldEdit.parse("topics=")])
    late = confirmed(page, preview)
    assert late.status_code == 409
    assert "proving" not in library.store.read_topics()[0]
    assert confirmed(page, page.post("/desk/batch?q=bread", fields)).status_code == 303
    assert "proving" in library.store.read_item("windmills").topics


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"which": "ticked"}, "which", "Choose items first"),
        ({"also": "nowhere", "value": "x"}, "also", "no item or seminar"),
        ({"field": "topics", "operator": "+=", "value": "Soardough"}, "value", "Did you mean"),
        ({"field": "date", "value": "yesterday"}, "value", "a date is written"),
        ({"field": "topics", "operator": "-=", "value": ""}, "value", "Write what is"),
    ],
)
def test_a_batch_that_cannot_be_is_told_beside_the_field(
    page: DeskClient, fields: dict[str, str], field: str, message: str
) -> None:
    usual = {"field": "rights", "operator": "=", "value": "Ask", "which": "all", "act": "preview"}
    refused = page.post("/desk/batch?q=bread", usual | fields)
    assert refused.status_code == 422
    assert message in refused.text
    assert f'href="#{field}"' in refused.text


def test_lists_say_what_may_be_wrong(page: DeskClient, library: Library) -> None:
    Desk(library).edit(["person:bo-miller"], [FieldEdit.parse("names=Bo Miller; A. Baker")])
    people = library.store.root / "people.yaml"
    wrong = "bo-miller:\n  orcid: 0000-0002-1825-0098\n"
    people.write_text(people.read_text().replace("bo-miller:\n", wrong))
    library.changed()
    listed = page.get("/desk/people").text
    assert "2 share a name" in listed
    assert "1 have a wrong ORCID" in listed
    assert "Bo Miller" in page.get("/desk/people?show=orcid").text
    assert "Cy Secret" not in page.get("/desk/people?show=orcid").text
    assert "Ada Baker" in page.get("/desk/people?find=a+bak").text
    assert "are used once" in page.get("/desk/topics").text
    assert "merge them" in page.get("/desk/people/bo-miller").text
    assert page.get("/desk/people/nobody").status_code == 404


def test_people_are_merged_split_and_renamed(page: DeskClient, library: Library) -> None:
    preview = page.post("/desk/people/bo-miller", {"act": "merge", "into": "Ada Baker"})
    assert "Merge Bo Miller into Ada Baker" in preview.text
    assert "bo-miller" in library.store.read_people()[0]
    assert "the old address leads here" in page.follow(confirmed(page, preview)).text
    assert page.client.get("/person/bo-miller", follow_redirects=False).status_code == 301
    split = page.post(
        "/desk/people/ada-baker", {"act": "split", "new_name": "Bo Miller", "item": "a-post"}
    )
    assert confirmed(page, split).status_code == 303
    assert "bo-miller" in library.store.read_people()[0]
    renamed = page.post("/desk/topics/milling", {"act": "rename", "new_id": "mills"})
    assert confirmed(page, renamed).headers["location"].startswith("/desk/topics/mills")
    assert page.client.get("/topic/milling", follow_redirects=False).headers["location"] == (
        "/topic/mills"
    )
    for fields, mistake in (
        ({"act": "merge", "into": "Nobody Here"}, "into"),
        ({"act": "split", "new_name": "", "item": "a-post"}, "new_name"),
        ({"act": "split", "new_name": "X"}, "items"),
        ({"act": "rename", "new_id": "ada-baker"}, "new_id"),
    ):
        refused = page.post("/desk/people/ada-baker", fields)
        assert (refused.status_code, f'id="{mistake}-wrong"' in refused.text) == (422, True)
