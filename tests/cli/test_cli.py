"""The command line: the library's verbs, exit codes by family, JSON that programs can read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coproarchive.cli import main
from coproarchive.library import Library
from coproarchive.model import WordSource
from coproarchive.store import Store
from making import SEMINAR, make_deck, make_pdf
from ocr_fakes import pretend
from telling import make_telling_deck


class Run:
    """Runs commands over one archive and index."""

    def __init__(self, capsys: pytest.CaptureFixture[str], archive: Path, index: Path):
        self.capsys, self.archive, self.index = capsys, archive, index

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        with pytest.raises(SystemExit) as stop:
            main([*words, "--archive", str(self.archive), "--index", str(self.index)])
        out, err = self.capsys.readouterr()
        return int(stop.value.code or 0), out, err

    def json(self, *words: str) -> Any:
        """What a command that must succeed prints with --json."""
        code, out, err = self(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path) -> Run:
    return Run(capsys, archive, tmp_path / "index")


def test_index_says_what_it_did(run: Run) -> None:
    """Added, updated, removed, unchanged, problems, leaves, seconds."""
    first = run.json("index")
    assert (first["added"], first["unchanged"], first["rebuilt"]) == (5, 0, True)
    assert first["leaves"] > 5
    again = run.json("index")
    assert (again["added"], again["updated"], again["unchanged"], again["leaves"]) == (0, 0, 5, 0)
    code, out, _ = run("index", "--rebuild")
    assert code == 0
    assert "5 added" in out


def test_search_prints_what_a_program_needs(run: Run) -> None:
    """Total, query, notes, hits with leaves and marks as offsets, facets with counts."""
    run("index")
    found = run.json("search", "millstone", "--kind", "presentation", "--kind", "post")
    assert found["total"] == 1
    assert found["query"]["kind"] == ["presentation", "post"]
    (hit,) = found["hits"]
    assert hit["id"] == f"{SEMINAR}/bread-for-all"
    assert hit["speakers"] == ["ada-baker"]
    (leaf,) = hit["leaves"]
    assert (leaf["asset"], leaf["number"], leaf["title"]) == ("bread.pptx", 3, "Flours")
    (start, end) = leaf["snippet"]["marks"][0]
    assert leaf["snippet"]["text"][start:end] == "Millstone"
    kinds = {v["value"]: (v["count"], v["selected"]) for v in found["facets"]["kind"]}
    assert kinds == {"presentation": (1, True), "post": (0, True)}
    assert run.json("search")["total"] == 5
    assert run.json("search", "", "--year", "2017")["total"] == 1
    assert run.json("search", "bread", "-eaters", "--limit", "1")["total"] == 1


def test_search_for_people_to_read(run: Run) -> None:
    """Text with the ways to narrow, and no markup of ours for what a document says."""
    run("index")
    code, out, _ = run("search", "loaf", "--explain")
    assert code == 0
    assert "<script>alert('x')</script>" in out
    assert "Kind: " in out
    assert "loaf: title" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("search", "x", "--sort", "colour"), 2, "none of relevance, date, title"),
        (("search", "x", "--colour"), 2, "no option --colour"),
        (("show", "nothing"), 10, 'no item "nothing"'),
        (("add", "nowhere.pdf"), 50, "no such file"),
        (("unheard-of",), 2, "No such command"),
        (("search", "x"), 30, "Run: coproarchive index"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_a_code(
    run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    """One exit code a family of errors; never a traceback."""
    got, out, err = run(*words)
    assert got == code
    assert said in err
    assert "Traceback" not in out + err


def test_no_archive_says_how_to_begin_one(run: Run, tmp_path: Path) -> None:
    """A folder without archive.yaml is told apart from an empty archive."""
    run.archive = tmp_path / "none"
    code, _, err = run("index")
    assert code == 10
    assert "coproarchive init" in err
    assert run("init", "--title", "Mine")[0] == 0
    assert run.json("index")["added"] == 0
    assert run("init")[0] == 10


def test_check_exits_by_severity(run: Run) -> None:
    """0 where nothing is an error; 1 with codes, paths, fields, messages and hints."""
    assert run("check")[0] == 0
    (run.archive / "windmills" / "mill.pdf").unlink()
    code, out, _ = run("check", "--json")
    assert code == 1
    found = json.loads(out)
    assert found["errors"] == 1
    (problem,) = [p for p in found["problems"] if p["severity"] == "error"]
    assert (problem["code"], problem["path"]) == ("file-missing", "windmills/mill.pdf")
    assert problem["message"]
    assert problem["hint"]


def test_show_says_where_words_come_from(run: Run) -> None:
    """Each leaf with the source of its text; the extractor and its version."""
    shown = run.json("show", f"{SEMINAR}/bread-for-all", "--leaves")
    sources = {part["source"] for leaf in shown["leaves"] for part in leaf["parts"]}
    assert {"text", "table", "notes", "chart", "alt text"} <= sources
    code, out, _ = run("show", f"{SEMINAR}/bread-for-all", "--leaves")
    assert code == 0
    assert "Remember the rye anecdote" in out


def test_show_says_what_a_machine_read(
    run: Run, archive: Path, open_library: Callable[..., Library]
) -> None:
    """And how sure it was, beside the slide's own words, which have no such mark."""
    run("index")
    bread = f"{SEMINAR}/bread-for-all"
    pretend(open_library(archive), bread, "Proving basket", 0.913)
    leaf = run.json("show", bread, "--leaves")["leaves"][2]
    assert leaf["extractor"].endswith(" + ocr 3")
    assert leaf["parts"][-1] == {
        "source": "OCR", "text": "Proving basket", "confidence": 0.913, "withheld": False,
    }  # fmt: skip
    assert {part["confidence"] for part in leaf["parts"][:-1]} == {None}
    _, out, _ = run("show", bread, "--leaves")
    assert "OCR (91% sure): Proving basket" in out


def test_add_and_find_again(run: Run, tmp_path: Path) -> None:
    """A seminar, a file added to it, the index, a search."""
    deck = make_deck(tmp_path / "new.pptx", extra_title="Rolls and buns")
    assert run("seminar", "2-rolls", "--title", "Rolls")[0] == 0
    added = run.json("add", str(deck), "--seminar", "2-rolls", "--speaker", "Flo Our")
    assert added["items"][0]["id"] == "2-rolls/rolls-and-buns"
    run("index")
    found = run.json("search", "buns", "--seminar", "2-rolls", "--speaker", "flo-our")
    assert found["total"] == 1
    code, _, err = run("add", str(deck))
    assert code == 50
    assert "already" in err


def test_add_a_folder(run: Run, tmp_path: Path) -> None:
    """Files in = files in items + problems."""
    folder = tmp_path / "loose"
    make_pdf(folder / "one.pdf", ["One"])
    (folder / "two.tsv").write_text("x")
    report = run.json("add", "--recursive", str(folder))
    assert (report["files"], report["stored"], len(report["problems"])) == (2, 1, 1)


def test_a_damaged_record_costs_only_itself(run: Run) -> None:
    """The others are indexed and found; the mistake is named with its line."""
    path = run.archive / "windmills" / "item.yaml"
    path.write_text(path.read_text() + "spekers: [x]\n")
    report = run.json("index")
    assert report["added"] == 4
    (problem,) = [p for p in report["problems"] if p["code"] == "record-broken"]
    assert "line " in problem["message"]
    assert "spekers" in problem["message"]


def test_options_may_stand_before_the_command(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """--archive and --index are taken anywhere; settings come from the environment too."""
    with pytest.raises(SystemExit) as stop:
        main(["--archive", str(run.archive), "--index", str(run.index), "index", "--json"])
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["added"] == 5


def test_stopping_says_what_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no traceback: exit code 130, and a sentence."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coproarchive.search.index.update.update_index", stopped)
    code, _, err = run("index")
    assert code == 130
    assert err.startswith("Stopped. What was finished is kept")


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_ctrl_c_is_never_a_traceback(moment: str) -> None:
    """While the command is imported, while it works, and while the interpreter ends."""
    press = "os.kill(os.getpid(), signal.SIGINT)"
    script = f"""
import atexit, builtins, os, signal, sys
# What a shell starts in the background ignores the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
import coproarchive.__main__ as command
sys.argv = ["coproarchive", "check"]
real = builtins.__import__
def watched(name, *rest, **more):
    if name == {{"before": "typer", "within": "coproarchive.settings"}}.get({moment!r}):
        builtins.__import__ = real
        {press}
    return real(name, *rest, **more)
builtins.__import__ = watched
if {moment!r} == "after":
    atexit.register(lambda: {press})
command.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    if moment == "within":
        assert done.returncode == 130
        assert done.stderr.startswith("Stopped.")
    else:
        assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """COPROARCHIVE_PORT=abc is no traceback."""
    monkeypatch.setenv("COPROARCHIVE_PORT", "abc")
    code, _, err = run("check")
    assert code == 2
    assert "port" in err


def test_a_missing_index_is_made_by_index_again(run: Run) -> None:
    """Deleting index/ loses nothing."""
    run("index")
    shutil.rmtree(run.index)
    assert run("search", "bread")[0] == 30
    assert run.json("index")["added"] == 5
    assert run.json("search", "bread")["total"] == 2


def test_suggest_similar_and_tables(run: Run) -> None:
    """What may be meant, what is alike and why, and all results as a table."""
    run("index")
    assert run.json("suggest", "bo")[0]["id"] == "bo-miller"
    likes = run.json("similar", f"{SEMINAR}/bread-for-all")
    assert likes[0]["id"] == "a-post"
    assert "bread" in likes[0]["shared"]
    assert run.json("similar", f"{SEMINAR}/bread-for-all", "--leaf", "99") == []
    assert run("similar", "no-such-item")[0] == run("show", "no-such-item")[0]
    code, out, _ = run("search", "bread", "--csv")
    assert code == 0
    assert out.splitlines()[0].endswith("topics,all words,score,address,id")
    assert len(out.splitlines()) == 3


def test_what_a_deck_would_tell_is_said_before_it_is_added(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    """With --dry-run nothing is added; `add` says it again; --release is written and said."""
    deck = make_telling_deck(tmp_path / "told.pptx", inside=False)
    before = sorted(archive.rglob("*"))
    _, out, _ = run("add", str(deck), "--dry-run")
    assert "Not public: speaker's notes on slides 1, 2; comments on slide 1;" in " ".join(
        out.split()
    )
    assert sorted(p for p in archive.rglob("*") if ".lock" not in p.name) == [
        p for p in before if ".lock" not in p.name
    ]
    (found,) = run.json("add", str(deck), "--dry-run")["disclosures"]
    assert found == {
        "file": "told.pptx", "notes": 2, "comments": 1, "hidden": 1, "addresses": 0,
        "telephones": 0, "withheld": ["comments", "hidden-slides", "notes"],
    }  # fmt: skip
    _, out, _ = run("add", str(deck), "--title", "Told", "--release", "notes")
    added = " ".join(out.split())
    assert "Everybody can read: speaker's notes on slides 1, 2." in added
    assert "Not public: comments on slide 1" in added
    assert Store(archive).read_item("told").release == (WordSource.NOTES,)
