"""The benchmarks run on any folder of their form and print what they promise."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from making import make_deck, make_pdf

ROOT = Path(__file__).resolve().parents[1]


def run_words(script: str, *words: str) -> str:
    """Run a benchmark; return what it prints."""
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), *words],
        capture_output=True, text=True, check=False, timeout=150,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return done.stdout


def run(script: str, *words: str) -> Any:
    """Run a benchmark with --json; return what it prints."""
    return json.loads(run_words(script, *words, "--json"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A PDF, a deck and a post with enough words for a query of each class."""
    folder = tmp_path / "files"
    folder.mkdir()
    make_pdf(folder / "a.pdf", ["Bread is baked by hand", "Ovens belong to everybody"])
    make_deck(folder / "b.pptx")
    text = "A baker kneads dough before morning and carries warm loaves to market. " * 20
    (folder / "c.md").write_text(f"# Morning\n\n{text}\n\n# Evening\n\n{text}\n")
    return folder


def test_every_benchmark_is_run_here() -> None:
    """One that nobody runs ends in an error when somebody does."""
    here = Path(__file__).read_text(encoding="utf-8")
    scripts = [p.name for p in (ROOT / "benchmarks").glob("*.py") if "__main__" in p.read_text()]
    assert [name for name in scripts if f'"{name}"' not in here] == []


def test_alignment_is_compared_with_a_truth(tmp_path: Path) -> None:
    """What is wrong and what is missing is named by its numbers; unclear slides do not count."""
    texts = [f"Loaf {n} of {w}\nbaked with {w} by the {w} guild" for n, w in enumerate(
        ["rye", "spelt", "oats", "barley"])]  # fmt: skip
    make_pdf(tmp_path / "a.pdf", texts)
    make_pdf(tmp_path / "b.pdf", texts[:2] + texts[3:])
    row = {"one": "a.pdf", "other": "b.pdf", "unclear": [2], "pairs": [[1, 1], [3, 3]]}
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps([row]))
    told = run("alignment.py", str(tmp_path), "--truth", str(truth))
    assert (told["slides"], told["pairs"]) == (3, 2)
    (files,) = told["files"]
    assert (files["wrong"], files["missing"]) == ([[4, 3]], [[3, 3]])
    assert (told["precision"], told["recall"]) == (0.5, 0.5)


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Three documents and two queries, one of them with a scope."""
    folder = tmp_path / "bakers"
    folder.mkdir()
    docs = [
        {"id": "a#1", "title": "Rye bread", "text": "How to bake rye bread with a starter"},
        {"id": "a#2", "title": "Ovens", "text": "Ovens are hot"},
        {"id": "b#1", "title": "Rye fields", "text": "Rye grows on poor soil"},
    ]
    queries = [
        {"id": "1", "text": "what is a rye starter?"},
        {"id": "2", "text": "rye", "scope": "b#"},
    ]
    for name, rows in (("docs", docs), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (folder / "qrels.tsv").write_text("1\ta#1\t2\n1\tb#1\t1\n2\tb#1\t1\n")
    return folder


def test_relevance_is_measured_on_any_collection(collection: Path) -> None:
    """A row for us and one for each rival, with the measures by name."""
    rows = run("relevance.py", str(collection), "--rivals", "sqlite_fts5,whoosh_and")["bakers"]
    assert list(rows) == ["coproarchive", "sqlite_fts5", "whoosh_and"]
    ours = rows["coproarchive"]
    assert (ours["ndcg10"], ours["map"], ours["recall100"], ours["empty"]) == (1, 1, 1, 0)
    assert rows["whoosh_and"]["ndcg10"] < 1
    assert set(ours["typos"]) == {"ndcg10", "map", "recall100", "empty"}


def test_speed_is_measured_at_any_size() -> None:
    """Each class of query, cold and warm, for us and a rival; and what adding a talk costs."""
    results = run("speed.py", "--leaves", "90", "--queries", "2", "--rivals", "sqlite_fts5")
    assert results["talks"] == 3
    ours = results["engines"]["coproarchive"]
    assert set(ours["classes"]) == {"rare", "common", "several", "phrase", "prefix", "typo"}
    assert set(ours["classes"]["rare"]["cold"]) == {"p50", "p95"}
    assert ours["view_mb"] >= 0
    assert "one_more_update_seconds" in ours
    assert set(results["engines"]["sqlite_fts5"]["classes"]) == set(ours["classes"])


def test_how_well_a_folder_is_described_is_compared_with_a_truth(tmp_path: Path) -> None:
    """As named and renamed; what is wrong is listed; a file that nobody labelled does not count."""
    make_pdf(tmp_path / "why-rye-2016-05-04.pdf", ["Why rye", "Sow in October"])
    make_pdf(tmp_path / "other.pdf", ["Other things"])
    head = "file,title,speakers,date,seminar,kind,title_in,names_in,date_in"
    row = "why-rye-2016-05-04.pdf,Why rye,,2016-05-04,,talk,slides,,file"
    (tmp_path / "truth.csv").write_text(f"{head}\n{row}\n")
    figures = run("describe.py", str(tmp_path))
    assert figures["named"]["files"] == figures["renamed"]["files"] == 1
    assert figures["named"]["title"]["right"] == 1
    assert figures["named"]["dates"]["truth"] == 1


def test_slide_pages_are_measured_beside_a_static_file() -> None:
    """The first time and again, in milliseconds on the server; and how large they are."""
    figures = run("pages.py", "--leaves", "60", "--pages", "2")
    assert figures["pages"] == 2
    assert figures["again_ms"]["p50"] > 0
    assert figures["first_to_static"] > 0
    assert 1000 < figures["bytes_p50"] <= figures["bytes_most"] < 60 * 1024


def test_the_desks_pages_are_measured() -> None:
    """Finding, opening, saving, undoing and a batch, in milliseconds on the server."""
    figures = run("desk.py", "--items", "20", "--rounds", "1")
    assert figures["items"] == 20
    assert len(figures["ms"]) == 8
    assert all(used > 0 for _, used in figures["ms"].values())


@pytest.mark.shared
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_links_to_slides_of_real_decks_are_followed(shared: Path) -> None:
    """One slide of each deck: its own address, and the old one with script and without."""
    done = run("deep_links.py", "--shared", str(shared), "--slides", "1")
    assert done["links"] == 6 * done["slides"] == 36
    assert not done["off"]


def test_suggestions_are_measured_at_any_size() -> None:
    """Time and memory of making them, and of one."""
    figures = run("suggestions.py", "--leaves", "900")["900"]
    assert figures["items"] == 30
    assert figures["phrases"] > 0
    assert 0 < figures["memory_mb"] <= figures["memory_highest_mb"]
    assert 0 < figures["answered"] <= 1
    assert figures["suggestion_p50_ms"] <= figures["suggestion_worst_ms"]


def test_a_folder_of_files_is_measured_whole(files: Path) -> None:
    """Adding, reading and indexing; and an archive of any size beside SQLite."""
    results = run("archive.py", str(files), "--leaves", "60", "--queries", "2")
    assert results["folder"]["stored"] == 3
    assert results["folder"]["leaves"] >= 4
    assert results["sizes"]["60"]["p50_to_fts5"] > 0


def test_what_is_read_is_compared_with_what_others_read(files: Path) -> None:
    """Of words in PDFs and decks; by whichever references are there."""
    results = run("extraction.py", str(files), "--rounds", "1", "--workers", "1")
    for kind in ("pdf", "pptx"):
        assert 0 <= results[kind]["unscored"] <= 1
        assert 0 <= results[kind]["found"] <= 1
    assert results["speed"]


def test_hostile_files_are_counted_by_how_they_ended(files: Path) -> None:
    """No promise is broken by three good files."""
    results = run("hostile.py", str(files), "--seconds", "20")
    assert results["ended"] == {"text": 3}
    assert (results["written_outside_index"], results["network"]) == (
        [],
        "not reachable from a worker",
    )


def test_damaged_files_are_made_and_read(files: Path, tmp_path: Path) -> None:
    """For as long as is asked."""
    keep = str(tmp_path / "keep")
    assert "0 broken promises" in run_words(
        "fuzz_extraction.py", str(files), "--minutes", "0.02", "--keep", keep
    )


def test_what_the_desk_does_with_many_records_is_measured() -> None:
    """The history, lists and a batch, beside writing as many files."""
    figures = run("desk_acts.py", "--items", "20")
    assert (figures["items"], figures["many"]) == (20, 20)
    assert {"history", "people", "preview", "change all", "undo all"} <= figures["seconds"].keys()


def test_a_large_export_is_measured_at_any_size() -> None:
    """Read as a stream, and imported in a dry run."""
    assert "20 posts" in run_words("wordpress_big.py", "--megabytes", "1", "--posts", "20")
    imported = run_words("wordpress_big.py", "--megabytes", "1", "--posts", "20", "--import")
    assert "holds 20 posts" in imported


def test_indexing_is_measured_beside_recoll(files: Path) -> None:
    """Without a ratio where Recoll could not read what we read."""
    if shutil.which("recollindex") is None:
        pytest.skip("recollindex is not installed")
    results = run("recoll.py", str(files), "--rounds", "1")
    assert results["files"] == 3
    assert results["coproarchive"][0]["cpu"] > 0 and results["recoll"][0]["wall"] > 0
    assert bool(results["ratio"]) != bool(results["missing_helpers"])


def test_building_is_measured_at_any_size() -> None:
    """A rebuild, and one more talk after it."""
    figures = run("building.py", "--leaves", "90")["now"]
    assert 0 < figures["engine"] <= figures["cpu"]
    assert figures["one_more_seconds"] > 0


@pytest.mark.threat(5)
@pytest.mark.parametrize("target", ["records", "queries", "requests", "uploads"])
def test_random_examples_break_no_promise(target: str) -> None:
    """The fuzzer in its short form, always with the same examples."""
    said = run_words("fuzz.py", target, "--examples", "40", "--seed", "7")
    assert "0 failures" in said
    assert int(re.search(r"(\d+) executions", said)[1]) >= 20  # type: ignore[index]


@pytest.mark.opensearch
@pytest.mark.timeout(300)
def test_both_engines_are_timed_side_by_side(opensearch: str) -> None:
    """A tiny archive; every class of query is asked of the embedded one and of a node."""
    words = ("--leaves", "60", "--queries", "1", "--port", "9660", "--heap", "256m")
    results = run("cluster_speed.py", *words)
    for engine in ("whoosh", "opensearch"):
        assert set(results["classes"]) < set(results[engine])


@pytest.mark.parametrize(
    ("drill", "trials", "only"),
    [
        ("kill", 4, "add"),
        ("kill", 3, "index"),
        ("full-disk", 4, "seminar"),
        ("failing-io", 4, "check"),
        ("bit-flips", 4, "derived"),
    ],
)
def test_drills_lose_nothing(drill: str, trials: int, only: str) -> None:
    """A short form of each; the long form is run by hand, see docs/develop/benchmarks.md."""
    words = ("--trials", str(trials), "--seed", "5", "--only", only)
    found = run("drill.py", drill, *words)
    if found["notes"]:
        pytest.skip("; ".join(found["notes"]))
    assert (found["trials"], found["losses"], found["lost"]) == (trials, 0, [])
    assert found["faults"] > 0


def test_whatever_writes_is_drilled() -> None:
    """A new command joins the table of drills/writers.py by a row."""
    from drills.writers import ELSEWHERE, WRITERS, commands, commands_without_row

    assert commands_without_row() == []
    assert ELSEWHERE.keys() <= set(commands())
    assert len({writer.name for writer in WRITERS}) == len(WRITERS)


def test_what_is_said_to_write_nothing_writes_nothing(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Searching leaves the archive as it is, and in the index only what is derived anew."""
    from coproarchive.cli import main
    from drills.invariants import tree_of
    from drills.writers import ELSEWHERE

    places = ["--archive", str(archive), "--index", str(tmp_path / "index")]
    with pytest.raises(SystemExit):
        main(["index", *places])
    before = tree_of(archive), tree_of(tmp_path / "index")
    queries = {"search": "bread", "show": "a-post", "suggest": "br", "similar": "a-post"}
    queries |= {"reuse": "", "cite": "a-post", "figures": "", "file versions": "a-post"}
    assert ELSEWHERE.keys() == queries.keys() | {"serve", "password", "doctor"}
    for command, word in [*queries.items(), ("doctor", "")]:
        with pytest.raises(SystemExit) as stop:
            main([*command.split(), *filter(None, [word]), *places])
        assert stop.value.code in (0, None) or command == "doctor", capsys.readouterr().err
    assert (tree_of(archive), tree_of(tmp_path / "index")) == before


def test_load_is_measured_at_any_size() -> None:
    """Readers of pages and of the search, beside updates of the index."""
    words = "--leaves 90 --readers 4 --minutes 0.15 --thinking 0.4 --alone 24 --pause 1"
    found = run("drills/load.py", *words.split(), "--rebuild-every", "2")
    assert found["errors"] == []
    assert found["clicks"] > 8 and found["times"]["all searches"]["number"] > 0
    assert found["updates"] + found["rebuilds"] > 0
    assert set(found["memory_mb"]) == {"start", "middle", "end", "highest"}


def test_mutants_are_tried_by_the_tests_that_run_them() -> None:
    """A sample of one module, against its own tests."""
    words = "--module catalogue --sample 4 --seed 2 --tests tests/test_catalogue.py --seconds 5"
    row = run("mutants.py", *words.split())["catalogue"]
    assert row["tried"] == 4
    assert row["noticed"] + row["equivalent"] + len(row["survivors"]) == 4
    assert row["noticed"] > 0
