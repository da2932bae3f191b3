"""Records corrected on a page: what is typed is saved, what is wrong is said beside its cell."""

from __future__ import annotations

import time
from typing import Any

import lxml.html
import pytest
from pydantic import BaseModel

from coproarchive.desk import Desk
from coproarchive.desk.values import ELSEWHERE, FieldEdit
from coproarchive.errors import IngestError
from coproarchive.library import Library
from coproarchive.model import Item, Person, Seminar, Series, Topic
from coproarchive.operate.reindex import Reindexer
from coproarchive.record_keys import KEYS
from coproarchive.search.language.query import Query
from coproarchive.web.desk.form_fields import NOT_HERE, fields_of
from making import SEMINAR
from serving import desk_of, fields_in

BREAD = f"{SEMINAR}/bread-for-all"


def test_a_title_is_corrected_and_taken_back(library: Library) -> None:
    """Saved, said, searchable; Undo beside the notice brings the old one back."""
    with desk_of(library) as desk:
        address = f"/desk/edit/item/{BREAD}"
        fields = desk.form(address)
        assert fields["title"] == "Bread for all"
        saved = desk.post(address, fields | {"title": "Bread for everybody"})
        page = desk.follow(saved).text
        assert "Saved." in page
        assert library.store.read_item(BREAD).title == "Bread for everybody"
        undo = page.partition('name="change" value="')[2].partition('"')[0]
        undone = desk.post("/desk/undo", {"change": undo, "to": address})
        assert "Taken back" in desk.follow(undone).text
        assert library.store.read_item(BREAD).title == "Bread for all"


def test_a_form_sent_unchanged_changes_nothing(library: Library) -> None:
    """Of every record of the archive: what a browser sends back is what the record says."""
    store = library.store
    forms = [f"item/{i}" for i in store.item_ids()] + [f"seminar/{s}" for s in store.seminar_ids()]
    forms += [f"person/{p}" for p in store.read_people()[0]]
    forms += [f"topic/{t}" for t in store.read_topics()[0]] + ["series"]
    with desk_of(library) as desk:
        for form in forms:
            address = f"/desk/edit/{form}"
            answer = desk.post(address, desk.form(address))
            assert answer.status_code == 303, form
            assert "Nothing was changed" in desk.follow(answer).text, form


def test_two_people_change_different_fields_of_one_record(library: Library) -> None:
    """Neither's change is lost, and nobody is asked."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as ada, desk_of(library) as bo:
        adas, bos = ada.form(address), bo.form(address)
        assert ada.post(address, adas | {"title": "Bread, by Ada"}).status_code == 303
        assert bo.post(address, bos | {"abstract": "By Bo."}).status_code == 303
    item = library.store.read_item(BREAD)
    assert (item.title, item.abstract) == ("Bread, by Ada", "By Bo.")


def test_two_people_change_the_same_field(library: Library) -> None:
    """Both values are shown; nothing is written until one is chosen; what else was typed stays."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as ada, desk_of(library) as bo:
        bo.post("/desk", {"who": "Bo"})
        adas, bos = ada.form(address), bo.form(address)
        bo.post(address, bos | {"title": "Bo's title", "licence": "CC-BY-4.0"})
        typed = adas | {"title": "Ada's title", "abstract": "Ada's words."}
        shown = ada.post(address, typed)
        assert shown.status_code == 409
        assert "Bo changed this meanwhile" in shown.text.replace("</strong>", "")
        again = fields_in(shown.text)
        assert again["title"] == "Ada's title"
        assert again["abstract"] == "Ada's words."
        assert again["licence"] == "CC-BY-4.0"
        assert library.store.read_item(BREAD).title == "Bo's title"
        unsettled = ada.post(address, again)
        assert unsettled.status_code == 422
        assert "choose which of the two" in unsettled.text
        saved = ada.post(address, again | {"choice.title": "theirs"})
        assert saved.status_code == 303
        item = library.store.read_item(BREAD)
        assert (item.title, item.abstract, item.licence) == (
            "Bo's title", "Ada's words.", "CC-BY-4.0"
        )  # fmt: skip
        mine = ada.post(address, again | {"choice.title": "mine"})
        assert mine.status_code == 303
        assert library.store.read_item(BREAD).title == "Ada's title"


def test_mistakes_stand_beside_their_cells_and_nothing_is_lost(library: Library) -> None:
    """Every field that cannot be taken is named with what to write; what is right stays too."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        typed = desk.form(address) | {
            "title": "", "date": "6 July", "language": "English", "abstract": "Kept.",
            "people.person": ["Nobody At All", "Ada Baker"], "people.role": ["keynote", "speaker"],
            "source": "www.example.org",
        }  # fmt: skip
        shown = desk.post(address, typed)
        assert shown.status_code == 422
        page: Any = lxml.html.document_fromstring(shown.text)
        wrong = {p.get("id", ""): p.text_content() for p in page.find_class("mistake")}
        assert set(wrong) == {
            f"{n}-wrong" for n in ("title", "date", "language", "people", "source")
        }
        assert "2017-07-06" in wrong["date-wrong"]
        assert "en-GB" in wrong["language-wrong"]
        assert "nobody called “Nobody At All” here yet" in wrong["people-wrong"]
        again = fields_in(shown.text)
        assert (again["abstract"], again["date"]) == ("Kept.", "6 July")
        assert again["people.person"][:2] == ["Nobody At All", "Ada Baker"]
        assert again["people.role"][:2] == ["keynote", "speaker"]
    assert library.store.read_item(BREAD).abstract != "Kept."


def test_a_new_person_is_made_when_ticked_and_near_names_are_shown(library: Library) -> None:
    """No identity is guessed: a name that is not known is asked about, with those that are near."""
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        typed = desk.form(address) | {"people.person": ["Ada Bakr"], "people.role": ["author"]}
        asked = desk.post(address, typed)
        assert "Did you mean “Ada Baker”?" in asked.text
        assert 'name="new.people" value="Ada Bakr"' in asked.text
        again = fields_in(asked.text) | {"new.people": "Ada Bakr"}
        assert desk.post(address, again).status_code == 303
    people = library.store.read_people()[0]
    assert people["ada-bakr"].name == "Ada Bakr"
    contribution = library.store.read_item(BREAD).people[0]
    assert (contribution.person, contribution.role.value) == ("ada-bakr", "author")


def test_people_of_one_name_are_told_apart_by_their_id(library: Library) -> None:
    """The form shows the id where a name is not enough, and asks where it was left out."""
    library.store.save_person(
        Person(id="ada-baker-2", names=("Ada Baker",), affiliations=("Leeds",))
    )
    address = f"/desk/edit/item/{BREAD}"
    with desk_of(library) as desk:
        form = desk.form(address)
        assert "Ada Baker [ada-baker]" in form["people.person"]
        asked = desk.post(
            address, form | {"people.person": ["Ada Baker"], "people.role": ["author"]}
        )
        assert asked.status_code == 422
        assert "“Ada Baker [ada-baker-2]” (Leeds)" in asked.text
        named = {"people.person": ["Ada Baker [ada-baker-2]"], "people.role": ["author"]}
        assert desk.post(address, form | named).status_code == 303
    assert library.store.read_item(BREAD).people[0].person == "ada-baker-2"


def test_an_orcid_is_checked_by_its_last_digit(library: Library) -> None:
    """As a whole and digit by digit; the right one is saved."""
    address = "/desk/edit/person/ada-baker"
    with desk_of(library) as desk:
        form = desk.form(address)
        wrong = desk.post(address, form | {"orcid": "0000-0002-1825-0098"})
        assert wrong.status_code == 422
        assert "its last digit does not fit" in wrong.text
        assert desk.post(address, form | {"orcid": "0000-0002-1825-0097"}).status_code == 303
    assert library.store.read_people()[0]["ada-baker"].orcid == "0000-0002-1825-0097"
    with pytest.raises(IngestError, match="last digit"):
        Desk(library).edit(["person:ada-baker"], [FieldEdit("orcid", "=", "0000-0002-1825-0098")])


def test_a_programme_is_edited_without_script(library: Library) -> None:
    """Lines are moved, removed and added by buttons that post; nothing is saved before Save."""
    address = f"/desk/edit/seminar/{SEMINAR}"
    with desk_of(library) as desk:
        form = desk.form(address)
        titles = [t for t in form["programme.title"] if t]
        assert len(titles) > 1
        moved = desk.post(address, form | {"rows": "down.programme.1"})
        assert moved.status_code == 200
        again = fields_in(moved.text)
        assert again["programme.title"][:2] == [titles[1], titles[0]]
        assert library.store.read_seminar(SEMINAR).programme[0].title == titles[0]
        removed = fields_in(desk.post(address, again | {"rows": "remove.programme.1"}).text)
        assert [t for t in removed["programme.title"] if t] == [titles[0], *titles[2:]]
        end = len([t for t in removed["programme.title"] if t])
        removed["programme.title"][end] = "Clearing up"
        removed["programme.start"][end] = "16:00"
        removed["programme.people"][end] = "Ada Baker; Bo Miller (organiser)"
        removed["programme.item"][end] = "Bread for all"
        answer = desk.post(address, removed)
        assert answer.status_code == 303, answer.text
    programme = library.store.read_seminar(SEMINAR).programme
    assert [s.title for s in programme] == [titles[0], *titles[2:], "Clearing up"]
    last = programme[-1]
    assert [(c.person, c.role.value) for c in last.people] == [
        ("ada-baker", "speaker"), ("bo-miller", "organiser"),
    ]  # fmt: skip
    assert last.item == BREAD


def test_a_line_of_the_programme_that_is_wrong_is_named(library: Library) -> None:
    """By its number and its cell."""
    address = f"/desk/edit/seminar/{SEMINAR}"
    with desk_of(library) as desk:
        form = desk.form(address)
        form["programme.start"][0] = "nine"
        shown = desk.post(address, form)
        assert shown.status_code == 422
        assert "09:30" in shown.text
        assert fields_in(shown.text)["programme.start"][0] == "nine"


def test_topics_of_a_seminar_are_shown_and_typed_by_name(library: Library) -> None:
    """As those of items are; a new one is ticked to be made."""
    Desk(library).edit([SEMINAR], [FieldEdit.parse("topics=sourdough")])
    address = f"/desk/edit/seminar/{SEMINAR}"
    with desk_of(library) as desk:
        form = desk.form(address)
        assert form["topics"] == ["Sourdough", "", ""]
        form["topics"] = ["Levain", "Oven spring", ""]
        refused = desk.post(address, form)
        assert refused.status_code == 422
        assert 'name="new.topics" value="Oven spring"' in refused.text
        assert desk.post(address, form | {"new.topics": "Oven spring"}).status_code == 303
    assert library.store.read_seminar(SEMINAR).topics == ("sourdough", "oven-spring")


def test_what_is_saved_is_searchable_at_once(library: Library) -> None:
    """The index's update is woken, and does not wait for more changes."""
    reindexer = Reindexer(library)
    with desk_of(library, reindexer) as desk:
        address = f"/desk/edit/item/{BREAD}"
        answer = desk.post(address, desk.form(address) | {"title": "Ossifragrant bread"})
        assert "found by search in a moment" in desk.follow(answer).text
    assert not library.search(Query.parse("ossifragrant")).total
    assert reindexer.is_due(time.monotonic())


def test_records_are_found_by_name_hidden_ones_too(library: Library) -> None:
    """A keeper finds what readers do not; of what is not there it is said what to try."""
    with desk_of(library) as desk:
        assert "/desk/edit/item/" in desk.get("/desk?find=secret+recipe").text
        assert "/desk/edit/person/ada-baker" in desk.get("/desk?find=BAKER").text
        assert "Try one word of it" in desk.get("/desk?find=xylophone").text
        assert desk.get("/desk/names?noun=person&find=bak").json() == ["Ada Baker"]


@pytest.mark.parametrize("noun", [Item, Seminar, Person, Topic, Series])
def test_every_field_of_the_model_is_on_a_form_or_said_not_to_be(noun: type[BaseModel]) -> None:
    """A field that the model gains is on its form, with the words of the reference."""
    on_form = {field.name for field in fields_of(noun)}
    elsewhere = {*ELSEWHERE, *NOT_HERE.get(noun, ())}
    assert on_form | (elsewhere & set(noun.model_fields)) == set(noun.model_fields)
    for field in fields_of(noun):
        assert field.label == KEYS[noun][field.name].label
        assert field.help


def test_readers_pages_have_an_edit_link_for_keepers(library: Library) -> None:
    """On the page of each kind of record; readers have none (see test_desk_acts.py)."""
    pages = {
        f"/item/{BREAD}": f"/desk/edit/item/{BREAD}",
        f"/item/{BREAD}/slide/3": f"/desk/edit/item/{BREAD}/slide/3",
        f"/seminar/{SEMINAR}": f"/desk/edit/seminar/{SEMINAR}",
        "/person/ada-baker": "/desk/edit/person/ada-baker",
        "/topic/sourdough": "/desk/edit/topic/sourdough",
        "/about": "/desk/edit/series",
    }
    with desk_of(library) as desk:
        for page, form in pages.items():
            assert f'href="{form}"' in desk.get(page).text, page
        desk.client.cookies.clear()
        for page in pages:
            assert "/desk" not in desk.get(page).text, page
