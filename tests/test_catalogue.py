"""The whole archive in memory, and who may see what."""

from __future__ import annotations

from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.store import Store
from making import SEMINAR


def test_a_broken_record_is_left_out_and_said(archive: Path) -> None:
    """One bad file costs its record only."""
    (archive / "windmills" / "item.yaml").write_text("title: [")
    catalogue = Catalogue.load(Store(archive))
    assert "windmills" not in catalogue.items
    assert len(catalogue.items) == 6
    assert [(p.code, p.path) for p in catalogue.problems] == [
        ("record-broken", "windmills/item.yaml")
    ]


def test_references_to_nobody_are_problems(archive: Path) -> None:
    """A misspelt person is named with its place and the likely person."""
    path = archive / "windmills" / "item.yaml"
    path.write_text(path.read_text().replace("bo-miller", "bo-miler"))
    (problem,) = Catalogue.load(Store(archive)).problems
    assert problem.code == "unknown-person"
    assert problem.field == "people[0].person"
    assert 'Did you mean "bo-miller"?' in problem.message


def test_hidden_means_hidden_everywhere(archive: Path) -> None:
    """Hidden items, and people and topics that only they name, are nowhere in the public view."""
    public = Catalogue.load(Store(archive)).for_public()
    assert f"{SEMINAR}/hidden-talk" not in public.items
    assert "cy-secret" not in public.people
    assert "hidden-topic" not in public.topics
    assert all(s.item != f"{SEMINAR}/hidden-talk" for s in public.seminars[SEMINAR].programme)
    assert not public.items_of_person("cy-secret")
    assert list(public.tombstones) == ["withdrawn"]


def test_look_ups_go_both_ways(archive: Path) -> None:
    """Items are found by person, topic and seminar, in the order of their dates."""
    catalogue = Catalogue.load(Store(archive))
    assert [i.id for i in catalogue.items_of_person("bo-miller")] == ["windmills", "a-post"]
    assert [i.id for i in catalogue.items_of_topic("sourdough")] == [
        f"{SEMINAR}/bread-for-all",
        "a-post",
    ]
    bread = catalogue.item(f"{SEMINAR}/bread-for-all")
    assert catalogue.item_date(bread) == "2018-05-04"
    with pytest.raises(NotFoundError, match="Did you mean"):
        catalogue.item("windmill")


def test_an_item_changes_when_its_person_or_topic_does(archive: Path) -> None:
    """The digest covers everything that the search document is made from."""
    before = Catalogue.load(Store(archive)).digests
    text = (archive / "topics.yaml").read_text().replace("levain", "leaven")
    (archive / "topics.yaml").write_text(text)
    after = Catalogue.load(Store(archive)).digests
    changed = {i for i in before if before[i] != after[i]}
    assert changed == {f"{SEMINAR}/bread-for-all", "a-post"}


def test_parsed_records_are_kept_between_processes(archive: Path, tmp_path: Path) -> None:
    """The cache of parsed records answers as the files do, and a damaged one is ignored."""
    cache = tmp_path / "index" / "sidecars.json"
    first = Catalogue.load(Store(archive, cache))
    assert cache.exists()
    read = Catalogue.load(Store(archive, cache))
    assert (read.items, read.people, read.seminars) == (first.items, first.people, first.seminars)
    cache.write_text("{")
    assert Catalogue.load(Store(archive, cache)).items == first.items
