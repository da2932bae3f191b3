"""The real blog, real exports and hostile ones, through the command line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from blogs import CLASSIC, write
from coproarchive.catalogue import Catalogue
from coproarchive.cli import main
from coproarchive.ingest.wordpress import Report, import_site
from coproarchive.ingest.wordpress.wxr import WxrSource
from coproarchive.library import Library
from coproarchive.model import Item, Kind, Series
from coproarchive.search.language.query import Query
from coproarchive.store import Store

pytestmark = pytest.mark.timeout(120)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(words)
    return int(stop.value.code or 0)


@pytest.fixture
def cli(store: Store, tmp_path: Path) -> Callable[..., int]:
    """The command line on the empty archive."""
    where = ("--archive", str(store.root), "--index", str(tmp_path / "index"))
    return lambda *words: run(*words, *where)


def test_one_command_brings_a_blog(
    cli: Callable[..., int], store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = str(write(tmp_path / "blog.xml", *CLASSIC))
    assert cli("import", "wordpress", export, "--dry-run") == 0
    assert "nothing was written" in capsys.readouterr().out
    assert not Catalogue.load(store).items
    saved = tmp_path / "report.md"
    assert cli("import", "wordpress", export, "--report", str(saved)) == 0
    shown = capsys.readouterr().out
    assert "3 posts, 3 attachments" in shown and "coproarchive import review" in shown
    assert "| post | " in saved.read_text() and "Guesses to confirm" in saved.read_text()
    assert cli("import", "wordpress", export, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"post": 3, "attachment": 3}
    assert {s["action"] for s in said["steps"]} == {"same", "missing"}
    assert cli("import", "review", "--confirm", "1", "--confirm", "2") == 0
    assert "2 confirmed" in capsys.readouterr().out
    assert cli("import", "review") == 0
    assert f"{len(said['guesses']) - 2} guesses" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "wordpress", "nowhere.xml"), "no such file"),
        (("import", "wordpress", "x.xml", "--include", "everything"), "cannot be included"),
        (("import", "review"), "nothing was imported yet"),
        (("import", "wordpress", "http://127.0.0.1:9/"), "--allow-private-addresses"),
    ],
)
def test_mistakes_are_messages(
    words: tuple[str, ...], said: str, cli: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(*words) == 50
    assert said in capsys.readouterr().err


def test_what_is_no_export_fails(
    cli: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.xml").write_text("<html>Please sign in</html>")
    assert cli("import", "wordpress", str(tmp_path / "x.xml")) == 50
    assert "not-an-export" in capsys.readouterr().out


# ------------------------------------------------------------------- the real blog


@pytest.fixture
def real(shared: Path, tmp_path: Path) -> tuple[Report, Catalogue, Store]:
    """The series' own blog, imported without its files."""
    store = Store.create(tmp_path / "real", Series(title="The series"))
    report = import_site(store, WxrSource([shared / "blog" / "coproduction-blog.wxr.xml"]))
    return report, Catalogue.load(store), store


Real = tuple[Report, Catalogue, Store]


def names(item: Item) -> set[str]:
    return {c.person for c in item.people}


@pytest.mark.shared
def test_the_blog_is_one_seminar(real: Real) -> None:
    _, found, _ = real
    (seminar,) = found.seminars.values()
    assert (seminar.number, seminar.date) == (6, "2017-07-06")
    assert seminar.place == "University of Huddersfield"
    assert [(s.start, s.title) for s in seminar.programme] == [
        ("09:30", "Registration (with tea and coffee available)"),
        ("10:00", "Opening"),
        ("10:15", "Co-production of mental health services: the art of the impossible?"),
        ("11:15", "Discussion of arising themes (with tea and coffee available)"),
        ("12:00", "Power-sharing within coercive environments"),
        ("12:45", "Lunch"),
        ("13:45", "Team Hudd"),
        ("15:00", "Tea and coffee and identification of the main points arising from "
         "presentations and discussions"),
        ("15:30", "Additional networking opportunity"),
    ]  # fmt: skip
    said = {s.title: {c.person for c in s.people} for s in seminar.programme}
    assert said["Opening"] == {"christine-rhodes", "pamela-fisher"}
    assert seminar.programme[4].description and "clear tension" in seminar.programme[4].description


@pytest.mark.shared
def test_its_presentations_posts_and_people(real: Real) -> None:
    report, found, _ = real
    talks = [i for i in found.items.values() if i.kind is Kind.PRESENTATION]
    assert {i.title: names(i) for i in talks} == {
        "Introduction": {"pamela-fisher", "christine-rhodes"},
        "Co-production of mental health services: the art of the impossible?": {"david-pilgrim"},
        "Power Sharing Within Coercive Environments?": {"charlotte-scott"},
    }
    assert all(i.held_at and i.seminar for i in talks)
    missing = {p.path for p in report.problems if p.code == "attachment-missing"}
    assert {i.id for i in talks} <= missing
    posts = {
        i.source_id.rpartition("#")[2]: i
        for i in found.items.values()
        if i.kind is Kind.POST and i.source_id
    }
    assert {n: names(i) for n, i in posts.items()} == {
        "101": {"leanne-winfield"}, "102": {"harminder-kaur"}, "103": {"chris-thompson"},
        "104": set(), "105": set(),
    }  # fmt: skip
    assert posts["104"].prepared_by == posts["105"].prepared_by == "ESRC Co-production"
    assert posts["101"].seminar is None and posts["102"].seminar
    (film,) = (i for i in found.items.values() if i.kind is Kind.VIDEO)
    assert names(film) == {"chris-thompson"} and film.seminar
    placed = {p.id: p.affiliations for p in found.people.values() if p.bio}
    assert len(placed) == 10
    assert placed["david-pilgrim"] == ("University of Liverpool", "University of Southampton")
    assert "University of Huddersfield" in placed["donna-kemp"]
    assert found.people["pamela-fisher"].affiliations == ("Leeds Beckett University",)
    assert report.counts == {"post": 5, "attachment": 3}
    assert not found.problems


@pytest.mark.shared
def test_a_search_finds_the_summary(real: Real, open_library: Callable[..., Library]) -> None:
    library = open_library(real[2].root)
    library.update_index()
    results = library.search(Query.parse("advance directives"))
    titles = [real[1].items[hit.id].title for hit in results.hits]
    assert titles[0] == "Co-production in Coercive Environments Seminar Summary"


# ------------------------------------------------------------------- real and hostile exports


@pytest.mark.shared
def test_counts_of_real_exports_are_those_of_the_files(shared: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((shared / "corpus" / "wordpress").rglob("*.xml"))):
        store = Store.create(tmp_path / str(number), Series(title="x"))
        report = import_site(store, WxrSource([path]))
        types = Counter(
            m[1].decode()
            for m in re.finditer(
                rb"<wp:post_type>(?:<!\[CDATA\[)?\s*(\w+)\s*(?:\]\]>)?</wp:post_type>",
                path.read_bytes(),
            )
        )
        for kind in ("page", "attachment"):
            assert report.counts[kind] == types[kind], (path, kind)
        assert report.counts["post"] >= types["post"], path
        found = Catalogue.load(store)
        assert not found.problems, (path, found.problems[:3])
        brought = [s for s in report.steps if s.noun in ("post", "page") and s.action == "new"]
        skipped = [s for s in report.of("skipped") if s.noun in ("post", "page")]
        assert len(brought) + len(skipped) == report.counts["post"] + report.counts["page"], path
        files = [s for s in report.steps if s.noun == "attachment"]
        assert len(files) == report.counts["attachment"], path


@pytest.mark.shared
def test_hostile_exports_end_as_records_and_problems(shared: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((shared / "hostile" / "files" / "wxr").glob("*.xml"))):
        store = Store.create(tmp_path / str(number), Series(title="x"))
        report = import_site(store, WxrSource([path]))
        assert report.problems or report.of("new") or report.of("skipped"), path
        found = Catalogue.load(store)
        assert not found.problems, (path, found.problems[:3])
        for file in store.root.rglob("*"):
            assert store.root in file.resolve().parents, path
            if file.is_file():
                assert "root:x:" not in file.read_text("utf-8", "replace"), path
