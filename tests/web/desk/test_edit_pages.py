"""Records corrected on a page: what is typed is saved, what is wrong is said beside its cell."""

from __future__ import annotations

from coproarchive.library import Library
from making import SEMINAR
from serving import desk_of

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
