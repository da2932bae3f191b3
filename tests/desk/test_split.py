"""One entry that is two: what names the new one, and what goes with it."""

from __future__ import annotations

import pytest

from coproarchive.desk import Desk
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import IngestError, NotFoundError
from coproarchive.library import Library
from coproarchive.model import Contribution, Session
from making import SEMINAR

BREAD = f"{SEMINAR}/bread-for-all"


def sets(*texts: str) -> list[FieldEdit]:
    return [FieldEdit.parse(text) for text in texts]


def people_of(library: Library, item_id: str) -> list[str]:
    return [c.person for c in library.store.read_item(item_id).people]


def test_a_split_takes_back_a_merge(desk: Desk, library: Library) -> None:
    """The name and the old id go with the new entry; lines of a programme with their item."""
    store = library.store
    desk.merge("person", "bo-miller", "ada-baker")
    seminar = store.read_seminar(SEMINAR)
    by_ada = (Contribution(person="ada-baker"),)
    lines = (Session(title="One", item="a-post", people=by_ada), Session(title="B", people=by_ada))
    store.save_seminar(seminar.model_copy(update={"programme": lines}))
    preview = desk.split("person", "ada-baker", "Bo Miller", ["a-post"], dry_run=True)
    assert "bo-miller" not in store.read_people()[0]
    report = desk.split("person", "ada-baker", "Bo  Miller", ["a-post"], why="Two people")
    assert report.diffs == preview.diffs
    people = store.read_people()[0]
    assert people["bo-miller"].names == ("Bo Miller",)
    assert (people["ada-baker"].names, people["ada-baker"].former_ids) == (
        ("Ada Baker", "A. Baker"), (),
    )  # fmt: skip
    assert people_of(library, "a-post") == ["bo-miller"]
    assert people_of(library, BREAD) == ["ada-baker"]
    programme = store.read_seminar(SEMINAR).programme
    assert [[c.person for c in s.people] for s in programme] == [["bo-miller"], ["ada-baker"]]
    assert desk.split("person", "ada-baker", "Bo Miller", ["a-post"]).diffs == ()  # once more
    desk.undo(report.change)
    assert people_of(library, "a-post") == ["ada-baker"]
    assert "bo-miller" not in store.read_people()[0]


def test_a_namesake_gets_an_id_of_their_own(desk: Desk, library: Library) -> None:
    """Two people of one name: the entry that is there already is not taken for the new one."""
    report = desk.split("person", "ada-baker", "Bo Miller", [BREAD])
    assert report.diffs[0].name == "person:bo-miller-2"
    assert people_of(library, BREAD) == ["bo-miller-2"]
    assert "affiliations" in report.notes[0]


def test_a_topic_is_split(desk: Desk, library: Library) -> None:
    desk.edit([SEMINAR, BREAD], sets("topics=milling"))
    desk.split("topic", "milling", "Wind power", [BREAD, SEMINAR])
    assert library.store.read_item(BREAD).topics == ("wind-power",)
    assert library.store.read_seminar(SEMINAR).topics == ("wind-power",)
    assert library.store.read_item("windmills").topics == ("milling",)


def test_a_split_that_means_nothing_is_refused(desk: Desk) -> None:
    for name, items, error in (
        ("Bo", [BREAD, "nowhere"], NotFoundError),
        ("Bo", ["held-elsewhere"], IngestError),
        (" ", [BREAD], IngestError),
        ("Bo", [], IngestError),
    ):
        with pytest.raises(error):
            desk.split("person", "ada-baker", name, items)
    with pytest.raises(NotFoundError):
        desk.split("person", "nobody", "Bo", [BREAD])
