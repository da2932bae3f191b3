"""The acts as commands: what they do, what they refuse, and that the index follows at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coproarchive.cli import app
from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.search.language.query import Query
from coproarchive.settings import Settings
from making import SEMINAR, make_archive, make_pdf

BREAD = f"{SEMINAR}/bread-for-all"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    make_archive(folder / "archive")
    library = Library(settings_of(folder))
    library.update_index()
    library.close()
    return folder


def settings_of(folder: Path) -> Settings:
    return Settings(archive=folder / "archive", index=folder / "index", workers=1, office="off")


@pytest.fixture
def folder(indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(indexed, tmp_path / "copy")
    for name, value in {"WORKERS": "1", "OFFICE": "off", "WHO": "Ann Keeper"}.items():
        monkeypatch.setenv(f"COPROARCHIVE_{name}", value)
    return tmp_path / "copy"


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command with --json; return what it prints."""

    def run_command(*words: str | Path, fails: bool = False) -> Any:
        places = ["--archive", folder / "archive", "--index", folder / "index"]
        result = CliRunner().invoke(app, [*map(str, places), *map(str, words), "--json"])
        if fails:
            raised = result.exception
            assert isinstance(raised, CoproArchiveError | SystemExit), result.output
            return raised
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    return run_command


def titles(folder: Path, words: str) -> list[str]:
    library = Library(settings_of(folder))
    try:
        return [hit.title.text for hit in library.search(Query.parse(words)).hits]
    finally:
        library.close()


def test_an_edit_is_found_at_once(run: Run, folder: Path) -> None:
    run("edit", "windmills", "--set", "title=Tide mills", "--why", "It was about tides")
    assert titles(folder, "tide") == ["Tide mills"]
    (change, *_) = run("history", "windmills")
    assert change["who"] == "Ann Keeper"
    assert (change["what"], change["why"]) == ("edit", "It was about tides")
    assert (change["before"], change["after"]) == ({"title": "Windmills"}, {"title": "Tide mills"})
    run("undo", change["id"])
    assert titles(folder, "tide") == []


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("titel=X", 'no field "titel". Did you mean "title"'),
        ("title=", "title: is missing"),
        ("date=yesterday", "a date is written"),
        ("kind=film", "none of presentation"),
        ("topics=soardough", 'no topic "soardough". Did you mean "sourdough"'),
        ("people=Nobody Known", 'no person "Nobody Known"'),
        ("assets=[]", "coproarchive replace"),
        ("withdrawn={date: 2020, reason: x}", "coproarchive withdraw"),
        ("title", "is not FIELD=VALUE"),
        ("links+=x", 'has no field "links"'),
        ("held_at=x", "is a list of records"),
        ("title+=x", "one value"),
        ("relations=[{type: references, item: nowhere}]", "no such record"),
    ],
)
def test_an_edit_that_is_refused_writes_nothing(run: Run, folder: Path, assignment: str,
                                                message: str) -> None:  # fmt: skip
    before = (folder / "archive" / "windmills" / "item.yaml").read_bytes()
    raised = run("edit", "windmills", "--set", "date=2018", "--set", assignment, fails=True)
    assert message in str(raised)
    assert (folder / "archive" / "windmills" / "item.yaml").read_bytes() == before


def test_fields_of_every_kind(run: Run, folder: Path) -> None:
    from coproarchive.store import Store

    values = ("people=ada-baker (keynote); Bo Miller", "topics-=milling", "topics+=sourdough",
              "release=notes, comments", "held_at=[{label: a, url: 'https://example.org/b'}]",
              "abstract=One; two, three")  # fmt: skip
    run("edit", "windmills", *(w for v in values for w in ("--set", v)))
    item = Store(folder / "archive").read_item("windmills")
    assert [(c.person, c.role.value) for c in item.people] == [
        ("ada-baker", "keynote"), ("bo-miller", "speaker"),
    ]  # fmt: skip
    assert (item.topics, item.abstract) == (("sourdough",), "One; two, three")
    assert [r.value for r in item.release] == ["notes", "comments"]
    assert item.held_at[0].label == "a"
    run("edit", "person:ada-baker", "--set", "names=Ada Baker; Baker, Ada", "--set",
        "affiliations=")  # fmt: skip
    person = Store(folder / "archive").read_people()[0]["ada-baker"]
    assert (person.names, person.affiliations) == (("Ada Baker", "Baker, Ada"), ())
    run("edit", SEMINAR, "--set", "place=Loafham")
    run("edit", "archive.yaml", "--set", "languages=en, cy")
    assert Store(folder / "archive").read_series().languages == ("en", "cy")


def test_many_are_edited_at_once_after_a_preview(run: Run, folder: Path) -> None:
    words = ("edit", "--query", "bread", "--set", "licence=CC-BY-4.0")
    preview = run(*words, "--dry-run")
    assert not [c for c in run("history") if c["what"] == "edit"]
    done = run(*words)
    assert done["records"] == preview["records"]
    assert {r["record"] for r in done["records"]} == {BREAD, "a-post"}
    assert run("edit", "--topic", "milling", "--set", "rights=Ask", "--dry-run")["records"]
    raised = run("edit", "--query", "xylophone", "--set", "date=2018", fails=True)
    assert "finds nothing" in str(raised)
    assert len(run("undo", done["change"])["records"]) == 2


def test_two_programs_compare_and_set(run: Run) -> None:
    run("edit", "windmills", "--set", "title=Theirs")
    words = ("edit", "windmills", "--set", "title=Mine", "--seen", "title=Windmills")
    assert 'it is "Theirs" now, not "Windmills" (changed by Ann Keeper' in str(
        run(*words, fails=True)
    )
    run("edit", "windmills", "--set", "title=Mine", "--seen", "title=Theirs")


def test_a_program_names_the_record_that_it_read(run: Run) -> None:
    """By its sha256: what others changed since in other fields stays, in the same one is told."""
    digest = run("show", "windmills")["digest"]
    run("edit", "windmills", "--set", "title=Theirs")
    run("edit", "windmills", "--set", "date=2018", "--digest", digest)
    refused = run("edit", "windmills", "--set", "title=Mine", "--digest", digest, fails=True)
    assert 'title: it is "Theirs" now, not "Windmills"' in str(refused)
    assert "nothing is told" in str(
        run("edit", "windmills", "--set", "title=Mine", "--digest", "0" * 64, fails=True)
    )
    shown = run("show", "windmills")
    assert (shown["title"], shown["date"]) == ("Theirs", "2018")


def test_visibility_holds_at_once_and_for_single_files(run: Run, folder: Path) -> None:
    assert titles(folder, "grist") == ["Windmills"]
    run("visibility", "windmills", "hidden")
    assert titles(folder, "grist") == []
    run("visibility", "windmills", "public", "--why", "They agreed")
    run("visibility", "windmills", "hidden", "--file", "mill.pdf")
    assert titles(folder, "grist") == []
    assert titles(folder, "windmills") == ["Windmills"]
    assert "no accounts" in run("visibility", "windmills", "members")["notes"][0]
    assert titles(folder, "windmills") == []
    assert "none of public" in str(run("visibility", "windmills", "tomorrow", fails=True))
    assert "no such date" in str(run("visibility", "windmills", "2027-02-30", fails=True))


def test_an_embargo_ends_by_itself(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a library that is open: on that day it is public, and before it is nowhere."""
    import datetime

    run("visibility", "windmills", "2099-01-31")
    library = Library(settings_of(folder))
    assert "windmills" not in library.public().items
    assert library.public().changes_on == "2099-01-31"

    class Day(datetime.date):
        @classmethod
        def today(cls) -> Day:
            return cls(2099, 1, 31)

    monkeypatch.setattr(datetime, "date", Day)
    assert "windmills" in library.public().items
    assert library.is_outdated()
    library.update_index()
    assert [hit.title.text for hit in library.search(Query.parse("grist")).hits] == ["Windmills"]
    library.close()


def test_what_is_withdrawn_says_why_and_what_is_there_instead(run: Run, folder: Path) -> None:
    words = ("withdraw", "windmills", "--reason", "The speaker asked.", "--replacement", "a-post")
    change = run(*words)["change"]
    library = Library(settings_of(folder))
    tombstone = library.public().tombstones["windmills"].withdrawn
    assert tombstone is not None
    assert (tombstone.reason, tombstone.replacement) == ("The speaker asked.", "a-post")
    assert run(*words)["records"] == []
    run("visibility", "a-post", "hidden")
    tombstone = library.public().tombstones["windmills"].withdrawn
    assert tombstone is not None
    assert tombstone.replacement is None
    run("undo", change)
    assert "windmills" in library.public().items
    library.close()


def test_a_merged_person_is_found_by_both_names_and_addresses(run: Run, folder: Path) -> None:
    run("merge", "person", "bo-miller", "ada-baker", "--why", "One pen name")
    library = Library(settings_of(folder))
    catalogue = library.public()
    assert "bo-miller" not in catalogue.people
    assert catalogue.people["ada-baker"].names == ("Ada Baker", "A. Baker", "Bo Miller")
    assert catalogue.by_former_id["person"] == {"bo-miller": "ada-baker"}
    assert [c.person for c in catalogue.items["a-post"].people] == ["ada-baker"]
    assert {i.id for i in catalogue.items_of_person("ada-baker")} == {BREAD, "windmills", "a-post"}
    assert run("merge", "person", "bo-miller", "ada-baker")["records"] == []
    run("undo", "last")
    assert set(library.public().people) >= {"bo-miller", "ada-baker"}
    assert [c.person for c in library.public().items["a-post"].people] == ["ada-baker", "bo-miller"]
    library.close()


def test_two_people_with_two_orcids_are_not_merged(run: Run) -> None:
    run("edit", "person:ada-baker", "--set", "orcid=0000-0002-1825-0097")
    run("edit", "person:bo-miller", "--set", "orcid=0000-0001-5109-3700")
    assert "two people" in str(run("merge", "person", "bo-miller", "ada-baker", fails=True))


def test_a_topic_gets_another_id(run: Run, folder: Path) -> None:
    run("edit", "topic:sourdough", "--set", "broader=milling")
    run("rename", "topic", "milling", "mills")
    library = Library(settings_of(folder))
    assert library.public().topics["sourdough"].broader == "mills"
    assert library.public().items["windmills"].topics == ("mills",)
    assert library.public().by_former_id["topic"] == {"milling": "mills"}
    library.close()


def test_files_are_added_named_ordered_and_taken_out(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    handout = make_pdf(tmp_path / "handout.pdf", ["Quern stones"])
    run("file", "add", "windmills", handout)
    assert titles(folder, "quern") == ["Windmills"]
    run("file", "title", "windmills", "handout.pdf", "Handout")
    run("file", "order", "windmills", "handout.pdf")
    assets = json.loads(json.dumps(run("show", "windmills")["assets"]))
    assert [(a["path"], a.get("title")) for a in assets] == [
        ("handout.pdf", "Handout"), ("mill.pdf", None),
    ]  # fmt: skip
    run("file", "remove", "windmills", "handout.pdf")
    assert titles(folder, "quern") == []
    assert not (folder / "archive" / "windmills" / "handout.pdf").exists()
    run("undo", "last")
    assert titles(folder, "quern") == ["Windmills"]
    raised = run("replace", "windmills", make_pdf(tmp_path / "other.pdf", ["Third"]), fails=True)
    assert "--name FILE" in str(raised)


def test_a_split_and_what_was_taken_back_in_the_terminal(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    words = ("split", "person", "ada-baker", "--into", "A. Baker", "--items", BREAD)
    assert run(*words, "--dry-run")["records"][0]["record"] == "person:a-baker"
    run(*words)
    assert run("history", "person:a-baker", "--what", "split person", "--who", "Ann Keeper")
    run("replace", "windmills", make_pdf(tmp_path / "new.pdf", ["Sails"]))
    (kept,) = run("file", "versions", "windmills")
    assert (kept["name"], kept["is_current"]) == ("mill.pdf", False)
    run("file", "back", "windmills", kept["id"])
    assert titles(folder, "grist") == ["Windmills"]
    run("withdraw", "windmills", "--reason", "The speaker asked.")
    run("withdraw", "windmills", "--back")
    assert titles(folder, "grist") == ["Windmills"]
    assert "or --back" in str(run("withdraw", "windmills", fails=True))


def made_of(folder: Path) -> str:
    """Names and bytes of all files in the index; texts in it are compressed, their hashes not."""
    files = [path for path in (folder / "index").rglob("*") if path.is_file()]
    return "\n".join(f"{path} {path.read_bytes().decode('latin-1')}" for path in files)


def test_a_purge_says_what_it_destroys_and_leaves_no_word(run: Run, folder: Path) -> None:
    run("edit", "windmills", "--set", "abstract=Zephyrs and quernstones")
    data = (folder / "archive" / "windmills" / "mill.pdf").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert digest in made_of(folder)
    plan = run("purge", "windmills")
    assert (plan["destroyed"], plan["changes"]) == (False, 2)
    assert (folder / "archive" / "windmills").exists()
    assert run("purge", "windmills", "--yes")["destroyed"]
    assert titles(folder, "zephyrs") == []
    assert not (folder / "archive" / "windmills").exists()
    left = b"".join(p.read_bytes() for p in (folder / "archive").rglob("*") if p.is_file())
    assert b"quernstones" not in left
    left_in_index = made_of(folder)
    assert not [w for w in ("quernstones", "Windmills", digest) if w in left_in_index]
    assert run("history", "windmills")[0]["what"] == "purge"
    assert run("purge", "windmills", "--yes")["files"] == []  # as after a run that was killed
    assert "there was none" in str(run("purge", "windmils", "--yes", fails=True))
