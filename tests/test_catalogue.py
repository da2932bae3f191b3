"""The whole archive in memory, and who may see what."""

from __future__ import annotations

from pathlib import Path

import pytest

from coproarchive.catalogue import Catalogue
from coproarchive.errors import NotFoundError
from coproarchive.model import (
    Asset,
    Contribution,
    Item,
    Kind,
    Person,
    Problem,
    Relation,
    Seminar,
    Series,
    Session,
    Severity,
    Topic,
    Visibility,
    Withdrawn,
)
from coproarchive.store import Store
from making import SEMINAR

HIDDEN = Visibility.HIDDEN
TAKEN_BACK = Withdrawn(date="2020-01-01", reason="The speaker asked for it.")


def by_ids(*people: str) -> tuple[Contribution, ...]:
    """Contributions of people."""
    return tuple(Contribution(person=person) for person in people)


def catalogue_of(
    *items: Item, seminars: tuple[Seminar, ...] = (), people: str = "", topics: str = ""
) -> Catalogue:
    """A catalogue in memory; people and topics by their ids, spaces between."""
    return Catalogue(
        Series(title="T"),
        {s.id: s for s in seminars},
        {i.id: i for i in items},
        {p: Person(id=p, names=(f"Name {p}",)) for p in people.split()},
        {t: Topic(id=t, label=f"Label {t}") for t in topics.split()},
        {i.id: f"digest {i.id}" for i in items},
    )


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


# ---------------------------------------------------------------- who may see what


def test_of_what_was_withdrawn_only_the_notice_stays() -> None:
    """Title, kind, date, seminar and why; not a word, file, name or topic of it besides."""
    item = Item(
        id="s/x", seminar="s", kind=Kind.POST, title="Taken back", date="2019", abstract="Secret",
        people=by_ids("ann"), topics=("t",), source="https://example.org/x", withdrawn=TAKEN_BACK,
        relations=(Relation(type="references", item="y"),),
        assets=(Asset(path="a.md", media_type="text/markdown", size=1, sha256="0" * 64),),
    )  # fmt: skip
    public = catalogue_of(item, people="ann", topics="t").for_public()
    assert public.tombstones == {
        "s/x": Item(id="s/x", seminar="s", kind=Kind.POST, title="Taken back", date="2019",
                    withdrawn=TAKEN_BACK)
    }  # fmt: skip
    assert (public.items, public.people, public.topics, public.digests) == ({}, {}, {}, {})
    assert not public.items_of_seminar("s")
    assert not public.by_old_path and not public.by_sha256


def test_what_is_hidden_and_withdrawn_leaves_no_tombstone() -> None:
    """A notice would tell that it was ever there."""
    hidden = Item(id="x", title="X", visibility=HIDDEN, withdrawn=TAKEN_BACK)
    assert catalogue_of(hidden).for_public().tombstones == {}
    shown = Item(id="x", title="X")
    assert catalogue_of(shown).for_public().tombstones == {}


def test_people_and_topics_are_shown_by_what_is_public_alone() -> None:
    """One public record is enough; without any record an entry is made for later, and shown."""
    seminar = Seminar(
        id="s", title="S", topics=("of-seminar",),
        programme=(
            Session(title="Lunch", people=by_ids("in-programme")),
            Session(title="Secret", people=by_ids("in-hidden-line", "in-both-lines"), item="b"),
            Session(title="Shown", people=by_ids("in-both-lines"), item="a"),
        ),
    )  # fmt: skip
    items = (
        Item(id="a", title="A", people=by_ids("shown", "both"), topics=("shown", "both")),
        Item(id="b", title="B", people=by_ids("hidden", "both"), topics=("hidden", "both"),
             visibility=HIDDEN),
        Item(id="c", title="C", people=by_ids("withdrawn"), topics=("withdrawn",),
             withdrawn=TAKEN_BACK),
    )  # fmt: skip
    people = "shown both hidden withdrawn later in-programme in-hidden-line in-both-lines"
    whole = catalogue_of(
        *items, seminars=(seminar,), people=people,
        topics="shown both hidden withdrawn later of-seminar",
    )  # fmt: skip
    public = whole.for_public()
    assert set(public.people) == {"shown", "both", "later", "in-programme", "in-both-lines"}
    assert set(public.topics) == {"shown", "both", "later", "of-seminar"}
    assert public.digests == {"a": "digest a"}
    assert public.series is whole.series
    assert [s.title for s in public.seminars["s"].programme] == ["Lunch", "Shown"]
    assert whole.tombstones == {}


def test_relations_lead_to_public_items_and_to_the_web_only() -> None:
    """Those to what is hidden or withdrawn are not in it; the others are, in their order."""
    relations = (
        Relation(type="references", item="hidden"),
        Relation(type="is-about", url="https://example.org"),
        Relation(type="has-part", item="shown"),
        Relation(type="has-version", item="withdrawn"),
    )
    public = catalogue_of(
        Item(id="a", title="A", relations=relations),
        Item(id="hidden", title="H", visibility=HIDDEN),
        Item(id="shown", title="S"),
        Item(id="withdrawn", title="W", withdrawn=TAKEN_BACK),
    ).for_public()
    assert public.items["a"].relations == relations[1:3]


@pytest.mark.parametrize("to", [("hidden",), ("hidden", "hidden"), ("shown", "hidden")])
def test_no_relation_leads_to_what_is_hidden(to: tuple[str, ...]) -> None:
    """However many there are, and if there is no other."""
    relations = tuple(Relation(type="references", item=item) for item in to)
    public = catalogue_of(
        Item(id="a", title="A", relations=relations),
        Item(id="hidden", title="H", visibility=HIDDEN),
        Item(id="shown", title="S"),
    ).for_public()
    assert [r.item for r in public.items["a"].relations] == [i for i in to if i == "shown"]


def test_one_public_item_is_enough_for_its_seminar() -> None:
    """A seminar without a programme is hidden only if all its items are."""
    seminar = Seminar(id="s", title="S")
    items = [
        Item(id=f"s/{n}", seminar="s", title="T", visibility=HIDDEN if n else Visibility.PUBLIC)
        for n in range(3)
    ]
    assert set(catalogue_of(*items, seminars=(seminar,)).for_public().seminars) == {"s"}
    assert not catalogue_of(*items[1:], seminars=(seminar,)).for_public().seminars


def test_topics_that_are_broader_of_each_other_end() -> None:
    """A circle in the archivist's topics hides and shows as a line does."""
    topics = {
        "a": Topic(id="a", label="A", broader="b"),
        "b": Topic(id="b", label="B", broader="a"),
        "c": Topic(id="c", label="C", broader="nowhere"),
    }
    for visibility, left in ((HIDDEN, {"c"}), (Visibility.PUBLIC, {"a", "b", "c"})):
        items = {"x": Item(id="x", title="X", topics=("a",), visibility=visibility)}
        items["y"] = Item(id="y", title="Y", topics=("c",))
        public = Catalogue(Series(title="T"), {}, items, {}, topics).for_public()
        assert set(public.topics) == left


# ---------------------------------------------------------------- look-ups


def test_what_is_not_there_is_said_with_the_nearest() -> None:
    """For each kind of record; names and titles fall back on the id."""
    whole = catalogue_of(
        Item(id="rye-bread", title="Rye"), seminars=(Seminar(id="s-one", title="One"),),
        people="ada-baker", topics="sourdough",
    )  # fmt: skip
    asked = {
        "item": (whole.item, "rye-bred", "rye-bread"),
        "seminar": (whole.seminar, "s-on", "s-one"),
        "person": (whole.person, "ada-bake", "ada-baker"),
        "topic": (whole.topic, "sourdoug", "sourdough"),
    }
    for noun, (ask, wrong, right) in asked.items():
        assert ask(right).id == right  # type: ignore[attr-defined]  # every record has one
        with pytest.raises(NotFoundError) as error:
            ask(wrong)
        assert error.value.message == f'there is no {noun} "{wrong}". Did you mean "{right}"?'
    assert (whole.person_name("ada-baker"), whole.person_name("x")) == ("Name ada-baker", "x")
    assert (whole.topic_label("sourdough"), whole.topic_label("x")) == ("Label sourdough", "x")
    assert (whole.seminar_title("s-one"), whole.seminar_title("x")) == ("One", "x")


def test_items_come_by_their_first_day_then_by_id() -> None:
    """A seminar's day stands in for one that is not said; without any, they are last."""
    seminar = Seminar(id="s", title="S", date="2018-05-04")
    items = [
        Item(id="none", title="N", people=by_ids("ann"), topics=("t",)),
        Item(id="s/b", seminar="s", title="B", people=by_ids("ann", "ann"), topics=("t",)),
        Item(id="s/a", seminar="s", title="A", people=by_ids("ann"), topics=("t",)),
        Item(id="s/own", seminar="s", title="O", date="2017", people=by_ids("ann"), topics=("t",)),
        Item(id="later", title="L", date="2019", people=by_ids("ann"), topics=("t",)),
    ]
    whole = catalogue_of(*items, seminars=(seminar,))
    order = ["s/own", "s/a", "s/b", "later", "none"]
    assert [i.id for i in whole.items_of_person("ann")] == order
    assert [i.id for i in whole.items_of_topic("t")] == order
    assert [i.id for i in whole.items_of_seminar("s")] == order[:3]
    assert whole.items_of_seminar("x") == whole.items_of_person("x") == whole.items_of_topic("x")
    assert whole.items_of_topic("x") == () == whole.sessions_of_person("x")
    whole_year = Item(id="year", title="Y", date="2018", people=by_ids("bob"))
    month = Item(id="month", title="M", date="2018-03", people=by_ids("bob"))
    by_first_day = catalogue_of(month, whole_year).items_of_person("bob")
    assert [i.id for i in by_first_day] == ["year", "month"]
    assert [whole.item_date(i) for i in items] == [None, "2018-05-04", "2018-05-04", "2017", "2019"]


def test_sessions_of_a_person_are_listed_once_each() -> None:
    """In the order of seminars and programmes."""
    first, second = Session(title="1", people=by_ids("ann", "ann")), Session(title="2")
    third = Session(title="3", people=by_ids("bob", "ann"))
    one, two = (
        Seminar(id="s1", title="S", programme=(first, second)),
        Seminar(id="s2", title="S", programme=(third,)),
    )
    whole = catalogue_of(seminars=(one, two))
    assert whole.sessions_of_person("ann") == ((one, first), (two, third))
    assert whole.sessions_of_person("bob") == ((two, third),)


def test_old_addresses_and_files_lead_to_items() -> None:
    """By the path of the address without its last slash, and by hash; a bare site leads nowhere."""
    asset = Asset(path="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64)
    other = asset.model_copy(update={"path": "b.pdf"})
    whole = catalogue_of(
        Item(id="x", title="X", source="https://blog.example/2019/rye/", assets=(asset, other)),
        Item(id="y", title="Y", source="https://blog.example/", assets=(asset,)),
        Item(id="z", title="Z"),
    )
    assert whole.by_old_path == {"/2019/rye": "x"}
    assert whole.by_sha256 == {"0" * 64: (("x", "a.pdf"), ("x", "b.pdf"), ("y", "a.pdf"))}


def test_the_digest_covers_what_an_item_takes_from_others() -> None:
    """Title and day of its seminar, names of its people, labels of its topics; of no others."""

    def digest(**changed: str) -> str:
        said = {"title": "S", "date": "2018", "name": "Ann", "label": "T", "also": "U"} | changed
        whole = Catalogue(
            Series(title="T"),
            {"s": Seminar(id="s", title=said["title"], date=said["date"])},
            {},
            {"ann": Person(id="ann", names=(said["name"],)),
             "bob": Person(id="bob", names=(changed.get("other", "Bob"),))},
            {"t": Topic(id="t", label=said["label"], alternatives=(said["also"],)),
             "u": Topic(id="u", label=changed.get("other", "Other"))},
        )  # fmt: skip
        item = Item(id="s/x", seminar="s", title=changed.get("own", "X"),
                    people=by_ids("ann", "nobody"), topics=("t", "nothing"))  # fmt: skip
        return whole.digest_of(item)

    fields = ("title", "date", "name", "label", "also", "own")
    assert len({digest(), *(digest(**{name: "2020"}) for name in fields)}) == 1 + len(fields)
    assert digest(other="Changed") == digest()
    people = [("a", "b"), ("ab",)]
    split = [
        Catalogue(Series(title="T"), people={"ann": Person(id="ann", names=names)}).digest_of(
            Item(id="x", title="X", people=by_ids("ann"))
        )
        for names in people
    ]
    assert split[0] != split[1], "two names are not one"


# ---------------------------------------------------------------- reading


def broken(path: str, **said: str) -> Problem:
    """The problem of a record that cannot be read."""
    hint = said.get("hint", "Correct the file.")
    return Problem("record-broken", Severity.ERROR, path, said["message"], hint=hint)


def test_a_table_that_cannot_be_read_is_one_problem(archive: Path) -> None:
    """Not one for each record that refers to it; a mistake in one entry costs that entry."""
    (archive / "people.yaml").write_text("- a list\n")
    catalogue = Catalogue.load(Store(archive))
    message = "line 1: this file lists records by id: `an-id:` and its fields."
    assert catalogue.problems == (broken("people.yaml", message=message),)
    assert catalogue.people == {}
    (archive / "people.yaml").write_text("ada-baker:\n  names: []\nbo-miller: {names: [Bo]}\n")
    (archive / "topics.yaml").write_text("- a list\n")
    problems = Catalogue.load(Store(archive)).problems
    assert [p.path for p in problems if p.code == "record-broken"] == ["people.yaml", "topics.yaml"]
    assert {p.code for p in problems} == {"record-broken"}, "people.yaml is read only in part"


def test_every_reference_is_followed(archive: Path) -> None:
    """Each that leads nowhere is named by file, place and noun."""
    (archive / "windmills" / "item.yaml").write_text(
        "title: W\npeople: [{person: no-one}]\ntopics: [milling, no-topic]\n"
        "relations: [{type: references, url: 'https://example.org'}, {type: references, item: x}]\n"
    )
    (archive / SEMINAR / "seminar.yaml").write_text(
        "title: S\ntopics: [milling, no-topic]\nprogramme:\n- title: A\n"
        "- title: B\n  item: no-item\n  people: [{person: ada-baker}, {person: no-one}]\n"
    )
    with (archive / "topics.yaml").open("a") as file:
        file.write("narrow: {label: Narrow, broader: no-topic}\n")
    problems = Catalogue.load(Store(archive)).problems
    assert [(p.path, p.code, p.field) for p in problems] == [
        ("windmills/item.yaml", "unknown-person", "people[0].person"),
        ("windmills/item.yaml", "unknown-topic", "topics[1]"),
        ("windmills/item.yaml", "unknown-item", "relations[1].item"),
        (f"{SEMINAR}/seminar.yaml", "unknown-topic", "topics[1]"),
        (f"{SEMINAR}/seminar.yaml", "unknown-person", "programme[1].people[1].person"),
        (f"{SEMINAR}/seminar.yaml", "unknown-item", "programme[1].item"),
        ("topics.yaml", "unknown-topic", "narrow.broader"),
    ]
    assert {p.severity for p in problems} == {Severity.ERROR}
    assert problems[0].message.startswith('there is no person "no-one" in people.yaml.')
    assert problems[1].message.startswith('there is no topic "no-topic" in topics.yaml.')
    assert problems[2].message.startswith('there is no item "x" in the archive.')
    assert [p.hint for p in problems[:2]] == [
        "Correct the id, or add the person.", "Correct the id, or add the topic.",
    ]  # fmt: skip


def test_reading_says_how_far_it_is(archive: Path) -> None:
    """Record by record; a broken seminar and a broken item cost themselves only."""
    (archive / SEMINAR / "seminar.yaml").write_text("title: [")
    told: list[tuple[str, int, int, str]] = []
    catalogue = Catalogue.load(Store(archive), lambda *step: told.append(step))
    assert [(what, number, of) for what, number, of, _ in told] == [
        ("reading records", n, 7) for n in range(1, 8)
    ]
    assert [p.path for p in catalogue.problems] == [f"{SEMINAR}/seminar.yaml"]
    assert catalogue.seminars == {}
    (archive / "a-post" / "item.yaml").write_bytes(b"title: \xe9\n")
    hints = [p.hint for p in Catalogue.load(Store(archive)).problems]
    assert hints[:2] == ["Correct the file.", "Save it as UTF-8."]
    assert set(catalogue.digests) == set(catalogue.items)
