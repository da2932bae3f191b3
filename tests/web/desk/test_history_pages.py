"""/desk/history and /desk/undo: diffs with the words that changed, undone singly or to a moment."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

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


@pytest.fixture
def keeper(library: Library) -> Desk:
    return Desk(library, "Ann Keeper")


def sets(*texts: str) -> list[FieldEdit]:
    return [FieldEdit.parse(text) for text in texts]


def test_a_change_is_shown_as_words_and_undone(
    page: DeskClient, keeper: Desk, library: Library
) -> None:
    batch = keeper.edit(
        [BREAD], sets("title=Bread for most", "people=Bo Miller"), why="Asked"
    ).change
    shown = page.get("/desk/history").text
    assert f'href="/desk/history/{batch}"' in shown
    assert "Ann Keeper: Asked" in shown
    change = page.get(f"/desk/history/{batch}").text
    assert "Bread for <del>all</del>" in change
    assert "Bread for <ins>most</ins>" in change
    assert "<del>Ada Baker" in change  # by name, not by id
    done = page.post("/desk/undo", {"change": batch, "to": "/desk/history"})
    assert "Taken back" in page.follow(done).text
    assert library.store.read_item(BREAD).title == "Bread for all"
    again = page.post("/desk/undo", {"change": f"{batch}.1"})
    assert "nothing left to take back" in page.follow(again).text


def test_the_history_is_narrowed_and_turned(page: DeskClient, keeper: Desk) -> None:
    mill = keeper.edit(["windmills"], sets("title=Tide mills")).change
    other = keeper.edit([BREAD], sets("title=One")).change
    shown = page.get("/desk/history?of=windmills").text
    assert mill in shown
    assert other not in shown
    assert other not in page.get(f"/desk/history?before={other}&act=edit&who=Ann+Keeper").text
    assert "Nothing in the history is like that" in page.get("/desk/history?of=nowhere").text
    assert page.get("/desk/history/20200101-000000-000000").status_code == 404


def test_what_was_edited_by_hand_is_told_as_such(page: DeskClient, library: Library) -> None:
    record = library.store.root / "windmills" / "item.yaml"
    record.write_text(record.read_text().replace("title: Windmills", "title: Mills"))
    assert "Edited in the files, by hand" in page.get("/desk/history").text


def test_back_to_a_moment_is_seen_first(page: DeskClient, keeper: Desk, library: Library) -> None:
    moment = keeper.history(limit=1)[0].when
    keeper.edit([BREAD], sets("title=One"))
    keeper.edit(["windmills"], sets("title=Two"))
    keeper.purge("windmills")
    preview = page.get(f"/desk/undo?since={quote(moment)}").text
    assert "windmills: it was purged" in preview
    assert "1 record would be as before" in preview
    assert library.store.read_item(BREAD).title == "One"
    done = page.post("/desk/undo", {"since": moment, "why": "A slip"})
    assert "windmills stays as it is" in page.follow(done).text
    assert library.store.read_item(BREAD).title == "Bread for all"


def test_what_was_changed_since_is_said_and_taken_back_by_a_second_word(
    page: DeskClient, keeper: Desk, library: Library
) -> None:
    first = keeper.edit([BREAD], sets("title=One")).change
    keeper.edit([BREAD], sets("title=Two"))
    refused = page.post("/desk/undo", {"change": first})
    assert refused.status_code == 409
    assert "changed by Ann Keeper" in refused.text
    assert library.store.read_item(BREAD).title == "Two"
    assert page.post("/desk/undo", {"change": first, "force": "yes"}).status_code == 303
    assert library.store.read_item(BREAD).title == "Bread for all"
