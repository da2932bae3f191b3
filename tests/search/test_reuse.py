"""Slides that stand in other talks too: which, in what order, and which do not count."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.extract.base import Extraction
from coproarchive.ingest.versions import other_versions, reuses_of_all
from coproarchive.library import Library
from coproarchive.model import (
    Asset,
    AssetRole,
    Contribution,
    Item,
    Leaf,
    Part,
    Series,
    Source,
    Visibility,
)
from coproarchive.search.discover.reuse import MOST_SPEAKERS, Reuses
from coproarchive.talks.sketch import SIZE, resemblance, sketches
from indexes import index_of
from known_texts import Texts

RYE = (
    "Rye in three steps\nmix the starter with coarse flour and warm water\nlet it rest for bubbles"
)
HEAT = "How heat moves\nfrom the hearth into the crust by contact and by rays from the vault above"
SALT = "Salt slows yeast\ntwo percent of the flour keeps dough firm and delays rising by an hour"
TITLE = (
    "Bread for all who live in Crumbtown and round about\na talk by Ada Baker at the market hall"
)
CLOSING = "Questions?\nwrite to the bakery behind the town hall in Crumbtown or come before eight"


def words(rng: random.Random, count: int) -> str:
    return " ".join(f"{rng.choice('bcdfglmnprst')}{rng.choice('aeiou')}{rng.randint(10, 999)}x"
                    for _ in range(count))  # fmt: skip


class Talks:
    """A growing archive of invented talks."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.reader = Texts()

    def add(
        self, name: str, slides: Sequence[str], *, date: str = "", people: str = "ada", **more: Any
    ) -> Item:
        """A talk of one deck; the title slide comes first."""
        sha256 = name.encode().hex().rjust(64, "0")
        self.reader.known[sha256] = Extraction(
            tuple(
                Leaf(n, "slide", s.partition("\n")[0], (Part(Source.TEXT, s.partition("\n")[2]),))
                for n, s in enumerate(slides, start=1)
            )
        )
        deck = Asset(path=f"{name}.pptx", role=AssetRole.SLIDES, media_type="a/b", size=1,
                     sha256=sha256)  # fmt: skip
        self.items[name] = Item(
            id=name, title=f"Talk {name}", date=date or None, assets=(deck,),
            people=tuple(Contribution(person=p) for p in people.split()), **more,
        )  # fmt: skip
        return self.items[name]

    @property
    def catalogue(self) -> Catalogue:
        whole = Catalogue(Series(title="Bread"), {}, self.items)
        digests = {i: whole.digest_of(x) for i, x in self.items.items()}
        return Catalogue(Series(title="Bread"), {}, self.items, digests=digests)

    def reuses(self, root: Path | None = None) -> Reuses:
        catalogue = self.catalogue
        return index_of(catalogue, self.reader, root).reuses(catalogue.for_public())


def told(reuses: Reuses, name: str, number: int) -> list[tuple[str, int, float]]:
    places = reuses.of_leaf(name, f"{name}.pptx", number)
    return [(r.item.id, r.number, r.similarity) for r in places]


def test_the_oldest_comes_first_then_the_newest_then_the_others() -> None:
    talks = Talks()
    for name, date in (("b", "2015"), ("a", "2012-05"), ("d", "2019"), ("c", "2017"), ("e", "")):
        talks.add(name, [TITLE, RYE], date=date)
    assert told(talks.reuses(), "c", 2) == [
        ("a", 2, 1.0), ("d", 2, 1.0), ("b", 2, 1.0), ("e", 2, 1.0)]  # fmt: skip


def test_a_slide_that_was_changed_a_little_is_nearly_the_same() -> None:
    talks = Talks()
    talks.add("a", [TITLE, RYE, HEAT])
    talks.add("b", [TITLE, SALT, HEAT.replace("contact", "touching")])
    reuses = talks.reuses()
    ((item, number, similarity),) = told(reuses, "a", 3)
    assert (item, number) == ("b", 3)
    assert 0.5 <= similarity < 1
    assert told(reuses, "a", 2) == told(reuses, "b", 2) == []
    assert list(reuses.of_item("b")) == [("b.pptx", 3)]


def test_titles_closing_slides_and_short_ones_do_not_count() -> None:
    talks = Talks()
    for name in "ab":
        talks.add(
            name,
            [TITLE, CLOSING, "Part two\nflour", f"Talk {name}\n{words(random.Random(name), 9)}"],
        )
    assert list(talks.reuses().groups()) == []


def test_what_many_speakers_have_is_a_template() -> None:
    """A notice of the organisers; one speaker's slide in as many talks is that speaker's own."""
    talks = Talks()
    for n in range(MOST_SPEAKERS + 1):
        talks.add(f"t{n}", [TITLE, RYE, *([HEAT] if n else [])], people=f"p{n}")
        talks.add(f"own{n}", [TITLE, SALT], people="ada")
    reuses = talks.reuses()
    assert told(reuses, "t1", 2) == []
    assert len(told(reuses, "t1", 3)) == MOST_SPEAKERS - 1
    assert len(told(reuses, "own1", 2)) == MOST_SPEAKERS


def test_footers_are_no_part_of_a_slide() -> None:
    talks = Talks()
    for name, footer in (
        ("a", "Autumn market of Crumbtown 2014"),
        ("b", "Guild of bakers, Oven College"),
    ):
        rng = random.Random(name)
        own = [f"{words(rng, 3)}\n{words(rng, 12)}" for _ in range(6)]
        talks.add(name, [f"{s}\n{footer}" for s in [TITLE, *own, RYE]])
    assert told(talks.reuses(), "a", 8) == [("b", 8, 1.0)]


def test_groups_name_each_slide_once_in_the_order_of_dates() -> None:
    talks = Talks()
    talks.add("b", [TITLE, RYE, HEAT], date="2015")
    talks.add("a", [TITLE, HEAT, RYE], date="2012")
    talks.add("c", [TITLE, RYE, SALT], date="2018")
    groups = [[(r.item.id, r.number) for r in group] for group in talks.reuses().groups()]
    assert groups == [[("a", 2), ("b", 3)], [("a", 3), ("b", 2), ("c", 2)]]


def test_hidden_items_and_changed_records_are_not_told() -> None:
    talks = Talks()
    talks.add("a", [TITLE, RYE])
    talks.add("b", [TITLE, RYE], visibility=Visibility.HIDDEN)
    assert list(talks.reuses().groups()) == []
    # Hidden after it was indexed.
    talks.add("c", [TITLE, RYE])
    catalogue = talks.catalogue
    index = index_of(catalogue, talks.reader)
    assert told(index.reuses(catalogue.for_public()), "a", 2) == [("c", 2, 1.0)]
    talks.add("c", [TITLE, RYE], visibility=Visibility.HIDDEN)
    assert told(index.reuses(talks.catalogue.for_public()), "a", 2) == []


def test_an_update_changes_what_is_told(tmp_path: Path) -> None:
    talks = Talks()
    talks.add("a", [TITLE, RYE])
    assert len(talks.reuses(tmp_path)) == 1
    talks.add("b", [TITLE, RYE])
    assert told(talks.reuses(tmp_path), "a", 2) == [("b", 2, 1.0)]


@pytest.mark.parametrize("changed", [0, 3, 10])
def test_resemblance_is_that_of_the_shingles(changed: int) -> None:
    """Bottom sketches estimate the Jaccard index of all shingles within a few hundredths."""
    rng, errors = random.Random(changed), []
    for _ in range(60):
        one = words(rng, 60).split()
        other = [*one]
        for place in rng.sample(range(60), changed):
            other[place] = "other"
        sets = [{tuple(w[n : n + 3]) for n in range(58)} for w in (one, other)]
        exact = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        of_one, of_other = sketches([one, other])
        assert len(of_one) == SIZE
        errors.append(resemblance(of_one, of_other) - exact)
    assert abs(sum(errors) / len(errors)) < 0.04


def test_pictures_without_words_are_known_by_their_hash() -> None:
    """A few bits may differ; plain grounds, and what a talk has twice, tell nothing."""
    talks = Talks()
    talks.add("a", [TITLE, "", "", "", "", RYE], date="2010")
    talks.add("b", [TITLE, RYE, "", "", "", "Thanks"], date="2012")
    oven, mill, ground = 0xF0F0_3C3C_00FF_1234, 0x1248_8421_FF00_0FF0, 0b111
    drawn = {
        "a": {2: oven, 3: ground, 4: mill, 5: mill},
        "b": {3: ground, 4: oven ^ 0b101, 5: mill},
    }
    by_hash = {talks.items[name].assets[0].sha256: hashes for name, hashes in drawn.items()}
    catalogue = talks.catalogue
    index = index_of(catalogue, talks.reader)
    reuses = index.reuses(catalogue.for_public(), lambda sha256: by_hash[sha256])
    assert told(reuses, "a", 2) == [("b", 4, 0.97)]
    assert sorted(number for _, number in reuses.of_item("a")) == [2, 6]
    assert sorted(number for _, number in reuses.of_item("b")) == [2, 4]


# -------------------------------------------------------------- other versions


def versions(
    talks: Talks, file: Extraction, stored: Mapping[str, bytes]
) -> list[tuple[str, int, int]]:
    reuses = reuses_of_all(talks.catalogue, stored, talks.reader)  # type: ignore[arg-type]  # stands for a reader
    return [(v.item.id, v.slides, v.of) for v in other_versions([file], reuses)]


def test_a_new_version_is_known_by_most_of_its_slides() -> None:
    """Also of a hidden item, and of one that is not indexed yet; not by one slide in common."""
    rng = random.Random(5)
    own = [f"{words(rng, 3)}\n{words(rng, 14)}" for _ in range(9)]
    talks = Talks()
    talks.add("a", [TITLE, *own[:6]], visibility=Visibility.HIDDEN)
    talks.add("b", [TITLE, *own[:1], RYE, HEAT, SALT])
    talks.add("new", [TITLE, *own[1:8]])
    new = talks.reader.known[talks.items.pop("new").assets[0].sha256]
    assert versions(talks, new, {}) == [("a", 5, 7)]
    index = index_of(talks.catalogue, talks.reader)
    assert versions(talks, new, index.sketches()) == [("a", 5, 7)]


def test_a_library_tells_of_its_talks(library: Library) -> None:
    """Slides of a real file, aligned; none of the invented talks has another's slides."""
    bread = "1-baking/bread-for-all"
    item = library.talks.alignment(bread)
    assert [leaf.leaf.number for leaf in item.leaves] == [1, 2, 3, 4]  # the fifth is hidden
    assert library.talks.reuse(bread, item.leaves[1].asset.path, 2) == ()
    assert library.talks.reuses(bread) == {}
    assert library.talks.reuse_groups() == []
