"""What of single records everybody may see, rule by rule; test_catalogue.py puts them together."""

from __future__ import annotations

import pytest

from coproarchive.model import Asset, Item, Relation, SlideDescription, Visibility, Withdrawn
from coproarchive.public_records import (
    is_public,
    related,
    with_public_files,
    with_public_replacement,
)

TODAY = "2026-11-29"


def asset(path: str, **fields: object) -> Asset:
    values = {"path": path, "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}
    return Asset.model_validate(values | fields)


@pytest.mark.threat(10)
@pytest.mark.parametrize(
    ("fields", "is_seen"),
    [({}, True), ({"visibility": "hidden"}, False), ({"visibility": "members"}, False),
     ({"available": TODAY}, True), ({"available": "2026-11-30"}, False),
     ({"available": "2026-11-28"}, True), ({"available": TODAY, "visibility": "hidden"}, False)],
)  # fmt: skip
def test_a_record_is_for_everybody_from_its_day_on(fields: dict[str, str], is_seen: bool) -> None:
    """Both must allow it: who may see it, and the day."""
    assert is_public(asset("a.pdf", **fields), TODAY) is is_seen
    assert is_public(Item.model_validate({"id": "a", "title": "A", **fields}), TODAY) is is_seen


@pytest.mark.threat(10)
def test_what_is_said_of_slides_goes_with_their_file() -> None:
    """A file that is not public is in no list, and neither is a word about its slides."""
    files = (asset("seen.pdf"), asset("kept.pdf", visibility=Visibility.HIDDEN))
    slides = tuple(SlideDescription(file=f.path, number=1, title=f"Of {f.path}") for f in files)
    item = Item(id="a", title="A", assets=files, slides=slides)
    public = with_public_files(item, TODAY)
    assert [a.path for a in public.assets] == ["seen.pdf"]
    assert [s.title for s in public.slides] == ["Of seen.pdf"]
    whole = item.model_copy(update={"assets": files[:1], "slides": slides[:1]})
    assert with_public_files(whole, TODAY) is whole


@pytest.mark.threat(10)
def test_a_tombstone_names_public_items_only() -> None:
    """The reason and the day stay."""
    taken = Withdrawn(date="2020-01-02", reason="Asked for.", replacement="b")
    assert with_public_replacement(taken, {"b"}) == taken
    bare = with_public_replacement(taken, {"c"})
    assert bare == Withdrawn(date="2020-01-02", reason="Asked for.")
    assert with_public_replacement(bare, set()) == bare
    assert with_public_replacement(None, {"b"}) is None


@pytest.mark.threat(10)
def test_relations_lead_to_public_items_and_to_the_web() -> None:
    """Others are left out, whatever stands beside them."""
    web = Relation(type="references", url="https://example.org/")
    shown, hidden = (Relation(type="references", item=i) for i in ("b", "c"))
    item = Item(id="a", title="A", relations=(web, shown, hidden))
    public = {"b": Item(id="b", title="B")}
    assert related(item, public).relations == (web, shown)
    assert related(item, {}).relations == (web,)
