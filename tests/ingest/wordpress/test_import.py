"""Importing again: what changed at the source comes, what the archivist edited stays."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from blogs import CLASSIC, SITE, UPLOADS, post, write
from coproarchive.catalogue import Catalogue
from coproarchive.errors import ArchiveError, FileSystemError, IngestError
from coproarchive.ingest.wordpress import (
    Options,
    Report,
    confirm,
    import_site,
    open_guesses,
    sites,
    wxr,
)
from coproarchive.ingest.wordpress.merge import ImportState
from coproarchive.ingest.wordpress.source import Post
from coproarchive.ingest.wordpress.wxr import WxrSource
from coproarchive.model import ImportRules, Kind, Person, Seminar, Series, Visibility
from coproarchive.store import Store
from coproarchive.store.files import open_plain, write_durably
from making import make_deck, make_pdf

Bring = Callable[..., Report]
Read = Callable[[], Catalogue]
PLAIN = post(1, "A loaf", "First words.", tags=["rye"])


def actions(report: Report) -> dict[str, str]:
    return {s.record: s.action for s in report.steps if s.noun == "post"}


def snapshot(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in root.rglob("*")
        if p.is_file() and p.name not in (".lock", ".revision")
    }


def without_history(files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave out what tells of times."""
    return {name: data for name, data in files.items() if not name.startswith(".history/")}


def test_a_second_run_changes_nothing(bring_items: Bring, store: Store) -> None:
    bring_items(*CLASSIC)
    before = snapshot(store.root)
    report = bring_items(*CLASSIC)
    assert {s.action for s in report.steps} <= {"same", "missing"}
    assert snapshot(store.root) == before


def test_a_dry_run_writes_nothing_and_says_the_same(bring_items: Bring, store: Store) -> None:
    before = snapshot(store.root)
    dry = bring_items(*CLASSIC, options=Options(dry_run=True))
    assert snapshot(store.root) == before
    wet = bring_items(*CLASSIC)
    assert [(s.action, s.record) for s in dry.steps] == [(s.action, s.record) for s in wet.steps]
    assert dry.dry_run and "nothing was written" in dry.to_markdown()


@pytest.mark.parametrize("name", ["people.yaml", "topics.yaml", "a-loaf/item.yaml"])
@pytest.mark.parametrize("wrong", ["disk", "record"])
def test_nothing_is_imported_while_a_record_cannot_be_read(
    bring_items: Bring, store: Store, monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    """Whom it names would be made anew, and what stands there be written over."""
    bring_items(*CLASSIC, PLAIN)
    path = store.root / name
    if wrong == "record":
        path.write_text(path.read_text() + "x: [\n")
    before = snapshot(store.root)

    def failing(asked: Path) -> BinaryIO:
        if asked == path:
            raise OSError(errno.EIO, "Input/output error", str(asked))
        return open_plain(asked)

    changed = (*CLASSIC[1:], post(1, "A better loaf", "Other words.", tags=["rye"]))
    with monkeypatch.context() as patch, pytest.raises(ArchiveError, match="Nothing is imported"):
        if wrong == "disk":
            patch.setattr("coproarchive.store.reader.open_plain", failing)
        bring_items(*changed)
    assert snapshot(store.root) == before
    if wrong == "disk":
        assert "changed" in {step.action for step in bring_items(*changed).steps}


def test_people_that_could_not_be_written_are_written_by_the_next_run(
    bring_items: Bring, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the blog tells of those whom the archive knew: it was not removed by anybody."""
    store.save_person(Person(id="bo-miller", names=("Bo Miller",)))

    def full(*_: object) -> None:
        raise FileSystemError(OSError(errno.ENOSPC, "No space left on device"), "people.yaml")

    with monkeypatch.context() as patch, pytest.raises(FileSystemError):
        patch.setattr(Store, "save_people", full)
        bring_items(*CLASSIC)
    bring_items(*CLASSIC)
    people, _ = store.read_people()
    assert people["bo-miller"].affiliations == ("University of Crumbtown",)


def test_an_export_that_cannot_be_read_just_now_stops_the_import(
    bring_items: Bring, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whichever of the times that it is read; the next run is as if nothing had been."""
    fresh = Store.create(store.root.parent / "fresh", Series(title="Bread"))
    source = WxrSource([write(store.root.parent / "clean.xml", *CLASSIC)])
    import_site(fresh, source)
    read = wxr._ExportFile._read
    times = fails_at = 0

    def failing(file: Any, stream: BinaryIO) -> Iterator[Post]:
        nonlocal times
        times += 1
        if times == fails_at:
            raise OSError(errno.EIO, "Input/output error")
        return read(file, stream)

    for fails_at in (1, 2, 3):  # noqa: B007 - `failing` looks at it
        times = 0
        with monkeypatch.context() as patch, pytest.raises(FileSystemError, match=r"export\.xml"):
            patch.setattr(wxr._ExportFile, "_read", failing)
            bring_items(*CLASSIC)
    bring_items(*CLASSIC)
    assert without_history(snapshot(store.root)) == without_history(snapshot(fresh.root))


def test_a_change_at_the_source_comes(bring_items: Bring, store: Store, catalogue: Read) -> None:
    bring_items(PLAIN)
    report = bring_items(post(1, "A better loaf", "Other words.", tags=["rye"]))
    assert actions(report) == {"a-loaf": "changed"}
    item = catalogue().items["a-loaf"]
    assert item.title == "A better loaf"
    assert store.asset_path("a-loaf", "post.md").read_text() == "# A better loaf\n\nOther words.\n"
    assert item.assets[0].sha256 == store.digest("a-loaf/post.md")


@pytest.mark.parametrize("is_new", [True, False])
def test_a_run_killed_between_a_file_and_its_record_is_made_good(
    bring_items: Bring, store: Store, catalogue: Read, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    """The next run writes the record of the file that is there, new or changed."""
    bring_items(post(1, "A loaf", "" if is_new else "First words.", tags=["rye"]))
    if is_new:
        (store.root / "a-loaf" / "post.md").unlink()
        item = catalogue().items["a-loaf"]
        store.save_item(item.model_copy(update={"assets": ()}))

    real = write_durably

    def killed(path: Path, data: bytes, scratch: Path | None = None) -> None:
        if path.name == "item.yaml":
            raise KeyboardInterrupt
        real(path, data, scratch)

    changed = post(1, "A loaf", "Other words.", tags=["rye"])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("coproarchive.store.write_durably", killed)
        patch.setattr(ImportState, "save", lambda _: None)
        bring_items(changed)
    text = (store.root / "a-loaf" / "post.md").read_bytes()
    assert (
        b"Other" in text
    ) is is_new  # what was replaced is put back, until its record is written
    report = bring_items(changed)
    assert [p.code for p in report.problems if p.code == "record-refused"] == []
    (asset,) = catalogue().items["a-loaf"].assets
    assert asset.sha256 == store.digest("a-loaf/post.md")


def test_what_the_archivist_edited_stays(bring_items: Bring, store: Store, catalogue: Read) -> None:
    bring_items(PLAIN)
    item = catalogue().items["a-loaf"]
    store.save_item(item.model_copy(update={"title": "The loaf", "abstract": "Mine."}))
    store.replace_file("a-loaf", "post.md", b"# The loaf\n\nMy words.\n")
    report = bring_items(PLAIN)
    assert actions(report) == {"a-loaf": "same"}
    kept = catalogue().items["a-loaf"]
    assert (kept.title, kept.abstract) == ("The loaf", "Mine.")
    assert b"My words" in store.asset_path("a-loaf", "post.md").read_bytes()


def test_both_changed_is_a_conflict_told_each_time(
    bring_items: Bring, store: Store, catalogue: Read
) -> None:
    bring_items(PLAIN)
    item = catalogue().items["a-loaf"]
    store.save_item(item.model_copy(update={"title": "The loaf"}))
    store.replace_file("a-loaf", "post.md", b"# The loaf\n\nMy words.\n")
    for _ in range(2):
        report = bring_items(
            post(1, "A better loaf", "Other words.", tags=["rye"], date="2018-05-02")
        )
        assert actions(report) == {"a-loaf": "conflict"}
        said = [p.message for p in report.problems if p.code == "conflict"]
        assert [m.split()[0] for m in said] == ["title", "post.md"]
    kept = catalogue().items["a-loaf"]
    assert (kept.title, kept.date) == ("The loaf", "2018-05-02"), "fields that nobody edited follow"
    assert b"My words" in store.asset_path("a-loaf", "post.md").read_bytes()


def test_what_was_moved_is_known_and_what_was_removed_stays_away(
    bring_items: Bring, store: Store, catalogue: Read
) -> None:
    bring_items(PLAIN, post(2, "Crumbs", "x"))
    store.save_seminar(Seminar(id="mine", title="Mine"))
    (store.root / "a-loaf").rename(store.root / "mine" / "loaf")
    for path in sorted((store.root / "crumbs").iterdir()):
        path.unlink()
    (store.root / "crumbs").rmdir()
    report = bring_items(PLAIN, post(2, "Crumbs", "x"), post(3, "Crust", "y"))
    assert actions(report) == {"mine/loaf": "same", "crumbs": "skipped", "crust": "new"}
    assert set(catalogue().items) == {"mine/loaf", "crust"}


def test_a_post_gone_from_the_source_is_kept(bring_items: Bring, catalogue: Read) -> None:
    bring_items(PLAIN, post(2, "Crumbs", "x"))
    report = bring_items(PLAIN)
    assert [p.path for p in report.problems if p.code == "gone-at-source"] == ["crumbs"]
    assert "crumbs" in catalogue().items


def test_a_stopped_run_goes_on(store: Store, tmp_path: Path, catalogue: Read) -> None:
    source = WxrSource([write(tmp_path / "a.xml", *CLASSIC)])

    def stop(stage: str, done: int, total: int, what: str = "") -> None:
        if stage == "importing" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_site(store, source, progress=stop)
    half = set(catalogue().items)
    report = import_site(store, WxrSource([write(tmp_path / "a.xml", *CLASSIC)]))
    assert len(half) == 2 and len(catalogue().items) == 5
    assert {s.record for s in report.steps if s.action == "same"} >= half


def test_a_run_killed_before_its_state_adds_nothing_twice(
    bring_items: Bring, store: Store, catalogue: Read
) -> None:
    bring_items(*CLASSIC)
    for path in (store.root / ".state").iterdir():
        path.unlink()
    before = {k: v for k, v in snapshot(store.root).items() if not k.startswith(".")}
    report = bring_items(*CLASSIC)
    assert not report.of("new") and not report.of("conflict")
    assert {k: v for k, v in snapshot(store.root).items() if not k.startswith(".")} == before


NOT_PUBLIC = (
    post(1, "Open"),
    post(2, "Draft", status="draft"),
    post(3, "Private", status="private"),
    post(4, "Binned", status="trash"),
    post(5, "Locked", password="x"),
    post(6, "Later", status="future"),
    post(7, "Order 66", kind="shop_order"),
    post(8, "Message of Ada", kind="feedback"),
)


def test_what_is_not_public_stays_out(bring_items: Bring, catalogue: Read) -> None:
    report = bring_items(*NOT_PUBLIC)
    assert set(catalogue().items) == {"open"}
    assert len(report.of("skipped")) == 7 and all(s.why for s in report.of("skipped"))
    assert sum(report.counts.values()) == 8


def test_what_was_asked_for_comes_in_hidden(bring_items: Bring, catalogue: Read) -> None:
    bring_items(*NOT_PUBLIC, options=Options(include=frozenset({"draft", "password", "private"})))
    found = {i: item.visibility for i, item in catalogue().items.items()}
    hidden = Visibility.HIDDEN
    assert found == {
        "open": Visibility.PUBLIC, "draft": hidden, "private": hidden, "locked": hidden,
        "later": hidden,
    }  # fmt: skip


def test_comments_and_addresses_stay_out(bring_items: Bring, store: Store) -> None:
    comment = (
        "<wp:comment><wp:comment_author_email>reader@example.org</wp:comment_author_email>"
        "<wp:comment_content>Nice loaf</wp:comment_content></wp:comment>"
    )
    report = bring_items(post(1, "Ask ed@example.org", "Write to ed@example.org", extra=comment))
    everything = b"".join(snapshot(store.root).values()) + json.dumps(report.to_json()).encode()
    assert b"@example.org" not in everything and b"Nice loaf" not in everything
    assert report.comments == 1


def test_rules_of_the_archivist(store: Store, bring_items: Bring, catalogue: Read) -> None:
    rules = ImportRules(
        seminars={"Spring": "spring-2018"}, topics={"rye": "cereals"}, ignore=("Odds",)
    )
    store.save_series(Series(title="Bread", import_rules=rules))
    store.save_seminar(Seminar(id="spring-2018", title="Spring meeting"))
    report = bring_items(
        post(1, "A loaf", "x", terms=["Spring"], tags=["rye", "Odds", "wheat"]),
        options=Options(new_topics=False),
    )
    item = catalogue().items["spring-2018/a-loaf"]
    assert item.topics == ("cereals",)
    assert [p.code for p in report.problems] == ["rule-unknown"]
    assert catalogue().seminars["spring-2018"].title == "Spring meeting"


def test_people_known_already_are_joined(store: Store, bring_items: Bring, catalogue: Read) -> None:
    store.save_person(Person(id="bo", names=("Bo Miller", "B. Miller"), bio="My own words."))
    bring_items(*CLASSIC)
    found = catalogue()
    assert "bo-miller" not in found.people
    assert found.people["bo"].bio == "My own words."
    assert found.people["bo"].affiliations == ("University of Crumbtown",), (
        "an empty field is filled"
    )
    assert {"bo"} == {c.person for i in found.items_of_person("bo") for c in i.people}


def test_files_at_hand_come_in(
    bring_items: Bring, store: Store, tmp_path: Path, catalogue: Read
) -> None:
    media = tmp_path / "media"
    make_deck(media / "2018" / "05" / "door.pptx")
    make_deck(media / "2017" / "05" / "door.pptx", extra_title="The wrong year")
    make_pdf(media / "record.pdf", ["x"])
    (media / "map.pdf").write_text("<html>Not found</html>")
    first = bring_items(*CLASSIC)
    missing = [p for p in first.problems if p.code == "attachment-missing"]
    assert len(missing) == 3
    report = bring_items(*CLASSIC, options=Options(media=media))
    door = catalogue().items["2-ovens-and-power/who-holds-the-oven-door"]
    assert [a.path for a in door.assets] == ["door.pptx"] and door.held_at == ()
    assert door.assets[0].sha256 == _sha(media / "2018" / "05" / "door.pptx")
    assert [p.code for p in report.problems] == ["attachment-refused"]
    assert {s.title: s.action for s in report.steps if s.noun == "attachment"} == {
        "door": "stored", "record": "stored", "map": "missing",
    }  # fmt: skip
    again = bring_items(*CLASSIC)
    assert not again.of("changed"), "without the folder, what was stored stays"


def test_pictures_come_with_their_words(
    bring_items: Bring, store: Store, tmp_path: Path, catalogue: Read
) -> None:
    from PIL import Image

    (tmp_path / "m").mkdir()
    Image.new("RGB", (4, 4), "#a74").save(tmp_path / "m" / "loaf.jpg")
    bring_items(
        post(1, "A loaf", f'[caption]<img src="{UPLOADS}/loaf-300x200.jpg" alt=""> Ours[/caption]'),
        post(2, "loaf", file=f"{UPLOADS}/loaf.jpg", alt="A brown loaf", parent=1),
        options=Options(media=tmp_path / "m"),
    )
    text = store.asset_path("a-loaf", "post.md").read_text()
    assert text == "# A loaf\n\n![A brown loaf](loaf.jpg)\n\nOurs\n"
    assert {a.path for a in catalogue().items["a-loaf"].assets} == {"post.md", "loaf.jpg"}


def test_attachments_that_no_post_names(bring_items: Bring, catalogue: Read) -> None:
    report = bring_items(
        post(1, "Leaflet", file=f"{UPLOADS}/leaflet.pdf"),
        post(2, "Logo", file=f"{UPLOADS}/logo.png"),
    )
    assert catalogue().items["leaflet"].kind is Kind.HANDOUT
    assert [(s.title, s.why) for s in report.of("skipped")] == [
        ("Logo", "a picture that no post shows")
    ]


def test_dead_links_are_those_of_the_site_itself(bring_items: Bring) -> None:
    links = f'<a href="{SITE}/2018/a-loaf/">ok</a> <a href="{SITE}/gone/">no</a> <a href="https://else.org/x">?</a>'
    report = bring_items(PLAIN, post(2, "Links", links))
    assert [(p.code, "/gone" in p.message) for p in report.problems] == [("link-dead", True)]


def test_two_posts_of_one_number_are_both_brought(bring_items: Bring, catalogue: Read) -> None:
    report = bring_items(PLAIN, post(1, "Another", "y"))
    assert set(catalogue().items) == {"a-loaf", "another"}
    assert [p.code for p in report.problems] == ["id-twice"]
    assert not bring_items(PLAIN, post(1, "Another", "y")).of("new")


def test_old_addresses_lead_to_new_records(bring_items: Bring) -> None:
    report = bring_items(*CLASSIC)
    assert report.redirects[f"{UPLOADS}/door.pptx"] == "2-ovens-and-power/who-holds-the-oven-door"
    assert (
        report.redirects[f"{SITE}/2018/slides-from-the-day/"]
        == "2-ovens-and-power/slides-from-the-day"
    )


def test_guesses_wait_until_they_are_confirmed(bring_items: Bring, store: Store) -> None:
    report = bring_items(*CLASSIC)
    (site,) = sites(store)
    waiting = open_guesses(store, site)
    assert len(waiting) == len(report.guesses) > 10
    assert [g.confidence for g in waiting] == sorted(g.confidence for g in waiting)
    assert confirm(store, site, lambda n: n == 1) == 1
    again = bring_items(*CLASSIC)
    assert len(open_guesses(store, site)) == len(again.guesses) == len(waiting) - 1


def test_a_folder_that_is_not_there(bring_items: Bring) -> None:
    with pytest.raises(IngestError, match="no such folder"):
        bring_items(PLAIN, options=Options(media=Path("/nowhere/at/all")))


def _sha(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("status", ["private", "draft", "locked"])
def test_files_of_a_post_that_is_not_public_stay_out_with_it(
    bring_items: Bring, catalogue: Read, status: str
) -> None:
    """WordPress gives an attachment ("inherit") the status of its post."""
    locked = {"password": "x"} if status == "locked" else {"status": status}
    items = (
        post(1, "Internal budget", "Figures.", **locked),  # type: ignore[arg-type]  # of `post`
        post(2, "Budget 2024", file=f"{UPLOADS}/budget.pdf", parent=1),
        post(3, "Handout", file=f"{UPLOADS}/handout.pdf"),
    )
    bring_items(*items)
    assert set(catalogue().items) == {"handout"}
    include = frozenset({"password" if status == "locked" else status})
    bring_items(*items, options=Options(include=include))
    assert set(catalogue().items) == {"handout", "internal-budget"}  # which took its file
    assert set(catalogue().for_public().items) == {"handout"}


def test_an_address_is_no_topic(bring_items: Bring, catalogue: Read) -> None:
    """A tag may be somebody's e-mail address."""
    bring_items(post(1, "A loaf", "Words.", tags=["rye", "ada@example.org"]))
    assert [topic.label for topic in catalogue().topics.values()] == ["rye"]
