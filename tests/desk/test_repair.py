"""What is repaired without a guess, and what never is; problems that are left for now."""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coproarchive.check import CODES
from coproarchive.cli import app
from coproarchive.desk.repair import LEFT, SURE
from coproarchive.errors import CoproArchiveError
from coproarchive.library import Library
from coproarchive.model import Person
from coproarchive.settings import Settings
from coproarchive.store import Store, hash_file
from making import SEMINAR, make_archive, make_pdf

MILL = "windmills/item.yaml"
BREAD = f"{SEMINAR}/bread-for-all"
TOMORROW = (datetime.date.today() + datetime.timedelta(days=1)).isoformat()
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repair")
    make_archive(folder / "archive")
    settings = Settings(archive=folder / "archive", index=folder / "index", workers=1, office="off")
    library = Library(settings)
    library.check()  # reads the files and makes their copies, once for all tests
    library.update_index()
    library.close()
    return folder


@pytest.fixture
def archive(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    for name in ("WORKERS", "OFFICE"):
        monkeypatch.setenv(f"COPROARCHIVE_{name}", {"WORKERS": "1", "OFFICE": "off"}[name])
    return tmp_path / "copy" / "archive"


@pytest.fixture
def run(archive: Path) -> Run:
    """Run a command with --json; return what it prints, and a check's exit code in it."""

    def run_command(*words: str | Path) -> Any:
        places = ["--archive", archive, "--index", archive.parent / "index"]
        result = CliRunner().invoke(app, [*map(str, places), *map(str, words), "--json"])
        if isinstance(result.exception, CoproArchiveError):
            raise result.exception
        values = json.loads(result.stdout)
        return values | {"exit": result.exit_code} if isinstance(values, dict) else values

    return run_command


def edit(archive: Path, path: str, old: str, new: str) -> None:
    text = (archive / path).read_text()
    assert old in text
    (archive / path).write_text(text.replace(old, new, 1))


def codes(report: Any) -> set[str]:
    return {p["code"] for p in report["problems"] if p["severity"] != "note"}


def test_every_code_is_repaired_or_has_its_reason_why_not() -> None:
    assert set(SURE) | set(LEFT) == set(CODES)
    assert not set(SURE) & set(LEFT)


def test_a_record_is_written_as_the_format_has_it_and_strays_are_put_aside(
    archive: Path, run: Run
) -> None:
    edit(archive, MILL, "title:", "available: 2017-7-6\nTitle:")
    edit(archive, MILL, "  size:", "  # size:")
    edit(archive, MILL, "- milling", "- Milling")
    (archive / BREAD / "Thumbs.db").write_bytes(b"x")
    deck = Store(archive).read_item(BREAD).assets[0].path
    shutil.copy(archive / BREAD / deck, archive / BREAD / "copy.pptx")
    broken = (archive / MILL).read_text()
    planned = run("check", "--repair", "--dry-run")
    said = "\n".join(r["what"] for r in planned["repaired"]["repairs"])
    for word in ("2017-07-06", '"title"', "assets[0].size", "milling", "Thumbs.db", "copy.pptx"):
        assert word in said, said
    assert (archive / MILL).read_text() == broken, "a plan writes nothing"
    assert {p["code"] for p in planned["problems"] if p["repair"]} == {
        "record-broken",
        "file-unlisted",
    }
    done = run("check", "--repair", "--why", "tidying")
    assert not codes(done) & set(SURE), done["problems"]
    assert "# size:" in (archive / MILL).read_text(), "comments stay"
    aside = done["repaired"]["aside"]
    assert set(aside) == {f"{BREAD}/Thumbs.db", f"{BREAD}/copy.pptx"}
    assert all((archive / path).is_file() for path in aside.values())
    run("undo", done["repaired"]["change"])
    assert "record-broken" in codes(run("check"))


def test_ids_that_lead_on_and_sizes_are_written(archive: Path, run: Run) -> None:
    former = Person(id="bo-miller", names=("Bo Miller",), former_ids=("b-miller",))
    Store(archive).save_person(former)
    edit(archive, MILL, "bo-miller", "b-miller")
    edit(archive, MILL, "size: ", "size: 1")
    assert codes(run("check")) >= {"unknown-person", "file-changed"}
    done = run("check", "--repair", "--code", "unknown-person", "--code", "file-changed")
    assert {(r["code"], r["path"]) for r in done["repaired"]["repairs"]} == {
        ("unknown-person", MILL),
        ("file-changed", "windmills/mill.pdf"),
    }
    assert done["exit"] == 0
    item = Store(archive).read_item("windmills")
    assert item.people[0].person == "bo-miller"
    assert item.assets[0].size == (archive / "windmills/mill.pdf").stat().st_size


def test_a_file_is_put_back_from_under_another_name(archive: Path, run: Run) -> None:
    before = hash_file(archive / "windmills/mill.pdf")
    (archive / "windmills/mill.pdf").rename(archive / "windmills/the mill.pdf")
    done = run("check", "--repair")
    assert not codes(done) & set(SURE), done["problems"]
    assert hash_file(archive / "windmills/mill.pdf") == before
    assert not (archive / "windmills/the mill.pdf").exists()


def test_the_kept_original_is_put_back_and_the_changed_file_is_kept(
    archive: Path, run: Run
) -> None:
    original = (archive / "windmills/mill.pdf").read_bytes()
    (archive / "windmills/mill.pdf").write_bytes(b"%PDF- scribbled over")
    assert "file-changed" in codes(run("check", "--repair")), "the bytes are nowhere"
    kept = archive / ".kept/windmills"
    kept.mkdir(parents=True)
    digest = hashlib.sha256(original).hexdigest()
    (kept / f"20261129-120000-000000-{digest[:12]}-mill.pdf").write_bytes(original)
    assert "file-changed" not in codes(run("check", "--repair"))
    assert (archive / "windmills/mill.pdf").read_bytes() == original
    assert b"%PDF- scribbled over" in [p.read_bytes() for p in kept.glob("*-mill.pdf")]


def test_what_would_be_a_guess_is_left_alone(archive: Path, run: Run) -> None:
    edit(archive, MILL, "bo-miller", "bo-mller")
    edit(archive, MILL, "- milling", "- millin")
    make_pdf(archive / "windmills" / "more.pdf", ["More"])
    Store(archive).save_person(Person(id="baker-ada", names=("Baker, Ada",)))
    edit(archive, f"{BREAD}/item.yaml", "title:", "titel:")
    done = run("check", "--repair")
    assert done["repaired"]["repairs"] == []
    assert codes(done) >= {
        "unknown-person", "unknown-topic", "file-unlisted", "same-name", "record-broken",
    }  # fmt: skip


def test_only_the_codes_named_are_repaired(archive: Path, run: Run) -> None:
    (archive / "windmills/Thumbs.db").write_bytes(b"x")
    edit(archive, MILL, "- milling", "- Milling")
    assert run("check", "--repair", "--code", "file-unlisted")["repaired"]["records"] == []
    assert "record-broken" in codes(run("check"))


def test_a_problem_is_left_until_it_changes(archive: Path, run: Run) -> None:
    Store(archive).save_person(Person(id="baker-ada", names=("Baker, Ada",)))
    assert "same-name" in codes(run("check"))
    change = run("check", "--snooze", "same-name", "person:baker-ada", "--reason", "Two people.")
    assert change["records"][0]["after"]["reason"] == "Two people."
    checked = run("check")
    assert "same-name" not in codes(checked)
    assert [(p["code"], p["reason"]) for p in checked["snoozed"]] == [("same-name", "Two people.")]
    run("undo", change["change"])
    assert "same-name" in codes(run("check"))
    run("check", "--snooze", "same-name", "person:baker-ada", "--reason", "Two people.")
    run("check", "--wake", "same-name", "person:baker-ada")
    assert "same-name" in codes(run("check"))


def test_an_error_is_left_until_a_day_alone(archive: Path, run: Run) -> None:
    edit(archive, MILL, "- milling", "- millin")
    words = ("check", "--snooze", "unknown-topic", "windmills", "--reason", "Asked Bo.")
    for extra in ((), ("--until", "2020-01-01"), ("--until", "soon")):
        with pytest.raises(CoproArchiveError):
            run(*words, *extra)
    assert run("check")["exit"] == 1
    run(*words, "--until", TOMORROW)
    assert run("check")["exit"] == 0
    edit(archive, MILL, "- millin", "- mllin")
    assert run("check")["exit"] == 1, "it says something else now"


def test_problems_yaml_is_no_stray_file_and_its_mistakes_are_named(archive: Path, run: Run) -> None:
    (archive / "problems.yaml").write_text("x-1:\n  code: same-name\n")
    broken = [p["path"] for p in run("check")["problems"] if p["code"] == "record-broken"]
    assert broken == ["problems.yaml"] * len(broken) != []
    assert "file-unlisted" not in codes(run("check"))
