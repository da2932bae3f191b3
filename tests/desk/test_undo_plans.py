"""What an undo would do is told before, and what it cannot do, with the reason."""

from __future__ import annotations

import pytest

from coproarchive.desk import Desk
from coproarchive.desk.history import HistoryFilter
from coproarchive.desk.values import FieldEdit
from coproarchive.errors import ConflictError
from coproarchive.library import Library
from making import SEMINAR

BREAD = f"{SEMINAR}/bread-for-all"


def sets(*texts: str) -> list[FieldEdit]:
    return [FieldEdit.parse(text) for text in texts]


def test_back_to_a_moment_leaves_what_was_purged_and_says_so(desk: Desk, library: Library) -> None:
    """Nothing of it is kept; the rest comes back all the same."""
    moment = desk.history(limit=1)[0].when
    desk.edit([BREAD], sets("title=One"))
    desk.edit(["windmills"], sets("title=Two"))
    purged = desk.purge("windmills")
    assert purged.files
    plan = desk.plan_undo(to=moment)
    assert [d.name for d in plan.diffs] == [BREAD]
    assert plan.impossible == (("windmills", "it was purged: nothing of it is kept."),)
    report = desk.undo(to=moment)
    assert library.store.read_item(BREAD).title == "Bread for all"
    assert "windmills stays as it is: it was purged" in report.notes[0]
    with pytest.raises(ConflictError, match="nothing can be taken back"):
        desk.undo(desk.history("windmills", 1)[0].id)


def test_an_edit_of_what_is_gone_is_told_before_anything_is_written(
    desk: Desk, library: Library
) -> None:
    """One edit of two items, of which one was taken out since: all or none, with the reason."""
    batch = desk.edit([BREAD, "windmills"], sets("rights=Ask")).change
    for path in sorted((library.store.root / "windmills").iterdir()):
        path.unlink()
    (library.store.root / "windmills").rmdir()
    plan = desk.plan_undo(batch)
    assert [d.name for d in plan.diffs] == [BREAD]
    assert plan.impossible[0][0] == "windmills"
    assert "take back first what took it out" in plan.impossible[0][1]


def test_a_file_whose_bytes_are_gone_is_told_of(desk: Desk, library: Library) -> None:
    change = desk.remove_file("windmills", "mill.pdf").change
    (kept,) = (library.store.root / ".kept" / "windmills").iterdir()
    kept.unlink()
    plan = desk.plan_undo(change)
    assert (plan.diffs, plan.impossible[0][0]) == ((), "windmills")
    assert "mill.pdf are not kept any more" in plan.impossible[0][1]


def test_conflicts_and_names_in_use_are_told_and_not_raised(desk: Desk) -> None:
    made = desk.edit([BREAD], sets("people+=Zoe Zwieback"), make_new=True)
    desk.edit(["windmills"], sets("people+=zoe-zwieback"))
    desk.edit([BREAD], sets("people=zoe-zwieback"))
    plan = desk.plan_undo(made.change)
    assert [(c.name, c.field) for c in plan.conflicts] == [(BREAD, "people")]
    assert plan.still_named == (("person:zoe-zwieback", ("windmills",)),)


def test_the_history_is_narrowed_and_paged_by_batches(desk: Desk, library: Library) -> None:
    first = desk.edit([BREAD, "windmills"], sets("rights=Ask")).change
    other = Desk(library, "Bo Keeper", is_indexing=False)
    second = other.set_visibility(["windmills"], "hidden").change
    third = desk.edit(["person:ada-baker"], sets("bio=Bakes.")).change
    assert [b.id for b in desk.batches()][:3] == [third, second, first]
    assert [b.id for b in desk.batches(HistoryFilter(who="Bo Keeper"))] == [second]
    assert [b.id for b in desk.batches(HistoryFilter(act="edit"))] == [third, first]
    assert [b.id for b in desk.batches(before=second, limit=1)] == [first]
    of_mill = desk.batches(HistoryFilter(of="windmills"))
    assert [(b.id, b.count) for b in of_mill[:2]] == [(second, 1), (first, 1)]
    assert desk.batches(HistoryFilter(of="person:ada-baker"))[0].id == third
    assert [c.batch for c in desk.history("windmills", who="Bo Keeper")] == [second]
    assert [c.id for c in desk.history(first)] == [f"{first}.2", f"{first}.1"]
