"""The Python interface, as a researcher's script and notebook use it."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import coproarchive as ca
from coproarchive import api
from coproarchive.api import archive as archive_module
from coproarchive.api import notebook
from coproarchive.errors import (
    ArchiveError,
    CoproArchiveError,
    DuplicateError,
    FileSystemError,
    IndexStateError,
    IngestError,
    NotFoundError,
)
from making import HOSTILE, SEMINAR, make_archive, make_deck, make_pdf

BREAD = f"{SEMINAR}/bread-for-all"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def talks(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ca.Archive]:
    """The small archive, indexed and open, at `talks` in the current folder."""
    archive.rename(tmp_path / "talks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COPROARCHIVE_WORKERS", "1")
    with ca.open("talks") as opened:
        opened.update_index()
        yield opened


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script without a `__main__` guard in a folder."""
    script = folder / "script.py"
    script.write_text(code)
    return subprocess.run(
        [sys.executable, str(script)],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
    )


def test_importing_the_package_loads_nothing(tmp_path: Path) -> None:
    """What `import coproarchive` costs is left to what is used of it."""
    code = (
        "import sys; before = set(sys.modules); import coproarchive; assert coproarchive.__doc__\n"
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before}))\n"
        "print(sorted(dir(coproarchive)))\nprint(coproarchive.__version__)\n"
    )
    printed = run(code, tmp_path).stdout.splitlines()
    loaded = set(re.findall(r"\w+", printed[0]))
    assert "coproarchive" in loaded
    assert not loaded & {"pydantic", "numpy", "whoosh", "PIL", "lxml", "starlette", "streamlit"}
    assert {"'open'", "'create'", "'Archive'"} <= set(re.findall(r"'\w+'", printed[1]))
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", printed[2])
    with pytest.raises(AttributeError, match="opne"):
        ca.opne  # type: ignore[attr-defined]  # noqa: B018


def test_a_script_without_a_guard_adds_updates_searches(tmp_path: Path) -> None:
    """Reading processes do not run the caller's script again: it prints once."""
    make_deck(tmp_path / "bread.pptx")
    make_pdf(tmp_path / "mill.pdf", ["The wind mill\nStones turn slowly", "Grist and grain"])
    done = run(
        "import coproarchive as ca\n"
        "print('begun')\n"
        "with ca.create('talks', title='Bread') as archive:\n"
        "    archive.add('bread.pptx', speakers='Ada Baker', topics=['Sourdough'])\n"
        "    archive.add('mill.pdf', title='Windmills')\n"
        "    print(archive.update_index().added)\n"
        "    for hit in archive.search('millstone', topic='sourdough'):\n"
        "        print(hit.title, hit.leaves[0].number)\n",
        tmp_path,
    )
    assert (done.stdout, done.stderr) == ("begun\n2\nBread for all 3\n", "")


def test_docstrings_are_true(talks: ca.Archive) -> None:
    """Every example of the interface's documentation gives what it says."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    tests = finder.find(api, extraglobs={"archive": talks})
    tests += finder.find(archive_module, extraglobs={"archive": talks})
    assert sum(bool(test.examples) for test in tests) >= 8
    for test in tests:
        runner.run(test)
    assert runner.summarize().failed == 0


def test_a_missing_archive_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"create\(.*create=True"):
        ca.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    with ca.open(tmp_path / "none", create=True, title="Bread") as made:
        assert made.title == "Bread"
        assert len(made.items) == 0
    with pytest.raises(ArchiveError):
        ca.create(tmp_path / "none", title="Again")
    with pytest.raises(IngestError):
        ca.create(tmp_path / "empty", title="")


def test_a_search_says_where_it_is_answered(talks: ca.Archive) -> None:
    results = talks.search("millstone")
    assert (results.total, len(results), results.pages) == (1, 1, 1)
    hit = results.hits[0]
    assert (hit.id, hit.title, hit.item.people) == (BREAD, "Bread for all", ("Ada Baker",))
    assert hit.item.seminar == "Seminar 1: Baking together"
    leaf = hit.leaves[0]
    assert (leaf.file, leaf.number, leaf.label, leaf.kind) == ("bread.pptx", 3, "3", "slide")
    assert leaf.title == "Flours"
    assert "Millstone" in leaf.snippet
    assert leaf.address == f"/item/{BREAD}/slide/3"
    assert results.facets["speaker"] == {"Ada Baker": 1}
    assert "Bread for all" in repr(results)


@pytest.mark.parametrize(
    ("narrowing", "ids"),
    [
        ({"topic": "milling"}, {"windmills", "a-post"}),
        ({"topic": "LEVAIN"}, {BREAD, "a-post"}),
        ({"speaker": ["Bo Miller", "ada-baker"]}, {BREAD, "windmills", "a-post"}),
        ({"seminar": "Seminar 1: Baking together"}, {BREAD}),
        ({"kind": "post"}, {"a-post", "hostile"}),
        ({"year": 2017}, {"windmills"}),
        ({"year": [2017, "2019"]}, {"windmills", "a-post"}),
        ({"after": 2018}, {BREAD, "a-post"}),
        ({"before": "2018-05"}, {BREAD, "windmills"}),
        ({"sort": "title", "size": 1, "page": 2}, {BREAD}),
    ],
)
def test_a_search_is_narrowed(
    talks: ca.Archive, narrowing: dict[str, object], ids: set[str]
) -> None:
    results = talks.search(**narrowing)  # type: ignore[arg-type]
    assert {hit.id for hit in results} == ids


@pytest.mark.parametrize(
    ("narrowing", "message"),
    [
        ({"topics": "milling"}, 'Did you mean "topic"'),
        ({"topic": "miling"}, 'Did you mean "milling"'),
        ({"speaker": "Ada Bakker"}, 'Did you mean "Ada Baker"'),
        ({"topic": "hidden-topic"}, 'no topic "hidden-topic"'),
        ({"speaker": "Cy Secret"}, 'no speaker "Cy Secret"'),
        ({"kind": "posts"}, 'Did you mean "post"'),
        ({"year": "MMXVII"}, "Write it as 2017"),
        ({"after": "yesterday"}, "2017-07-06"),
        ({"sort": "dat"}, 'Did you mean "date"'),
        ({"page": 0}, "less than 1"),
        ({"page": "two"}, "no whole number"),
        ({"size": 1.5}, "no whole number"),
        ({"topic": None}, "neither a text nor a list"),
        ({"year": 2017.5}, "neither a text nor a list"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    talks: ca.Archive, narrowing: dict[str, object], message: str
) -> None:
    with pytest.raises(CoproArchiveError, match=re.escape(message)):
        talks.search("bread", **narrowing)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, 5, b"bread", ["bread"]])
def test_what_is_no_text_is_said(talks: ca.Archive, value: Any) -> None:
    """Each call says so; none stumbles over it somewhere inside."""
    for call in (talks.search, talks.suggest, talks.item, talks.similar):
        with pytest.raises(CoproArchiveError, match="is no text"):
            call(value)


def test_no_archive_and_no_index_where_a_file_is(tmp_path: Path) -> None:
    """A name that is taken is said, with what to do."""
    (tmp_path / "taken").touch()
    with pytest.raises(FileSystemError, match="Name another folder"):
        ca.create(tmp_path / "taken", title="Talks")
    with (
        ca.create(tmp_path / "talks", title="Talks", index=tmp_path / "taken") as archive,
        pytest.raises(FileSystemError, match=r"Name another folder: .*--index"),
    ):
        archive.update_index()


def test_readers_see_what_is_public(talks: ca.Archive) -> None:
    """Hidden and withdrawn items and hidden slides are in the archivist's view only."""
    hidden = f"{SEMINAR}/hidden-talk"
    assert hidden not in talks.items
    assert talks.search("zanzibar").total == 0
    with pytest.raises(NotFoundError):
        talks.item(hidden)
    with pytest.raises(NotFoundError):
        talks.similar(hidden)
    assert talks.all_items[hidden].leaves[0].title == "Zanzibar"
    assert "Secret recipe" not in [leaf.title for leaf in talks.item(BREAD).leaves]
    assert "Secret recipe" in [leaf.title for leaf in talks.all_items[BREAD].leaves]


def test_files_and_folders_are_added(talks: ca.Archive, tmp_path: Path) -> None:
    """New people, topics and seminars are made; what is not added is named."""
    make_pdf(tmp_path / "rye.pdf", ["Rye rises slowly"])
    (item,) = talks.add(
        "rye.pdf",
        title="Rye",
        speakers=["Ada Baker", "Di Rye"],
        seminar="Seminar 2: Rye",
        topics=["Milling", "Rye"],
        date=2020,
    )
    assert item.people == ("Ada Baker", "Di Rye")
    assert item.topics == ("Milling", "Rye")
    assert item.seminar == "Seminar 2: Rye"
    stale = talks.search("rises")
    assert stale.total == 0
    assert "archive.update_index()" in stale.notes[-1]
    assert talks.update_index().added == 1
    found = talks.search("rises", seminar="Seminar 2: Rye")
    assert (found.total, found.notes) == (1, ())
    with pytest.raises(DuplicateError):
        talks.add("rye.pdf")
    loose = tmp_path / "loose"
    make_pdf(loose / "oats.pdf", ["Oats"])
    (loose / "noise.xyz").write_text("?")
    added = talks.add(loose, speakers="Bo Miller")
    assert [len(added), [p.path for p in added.problems]] == [1, ["noise.xyz"]]
    with pytest.raises(IngestError, match="one item"):
        talks.add(loose, title="All")


def test_a_refused_addition_leaves_no_record(talks: ca.Archive, tmp_path: Path) -> None:
    """A title that cannot be written makes no topic and no seminar."""
    make_pdf(tmp_path / "rye.pdf", ["Rye"])
    before = {p: p.read_bytes() for p in Path("talks").rglob("*.yaml")}
    with pytest.raises(CoproArchiveError):
        talks.add("rye.pdf", title="x" * 5000, topics="New", seminar="New")
    assert {p: p.read_bytes() for p in Path("talks").rglob("*.yaml")} == before


def test_without_an_index_it_says_how_one_is_made(talks: ca.Archive) -> None:
    talks.close()
    shutil.rmtree(talks.library.settings.index)
    with ca.open("talks") as reopened:
        for ask in (lambda: reopened.search("bread"), lambda: reopened.similar(BREAD)):
            with pytest.raises(IndexStateError, match=r"archive\.update_index\(\)"):
                ask()
        assert [s.text for s in reopened.suggest("wind")] == ["Windmills"]


def test_a_notebook_shows_a_table_with_pictures(
    talks: ca.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was drawn is in the table itself, with a text for those who do not see it."""
    monkeypatch.setattr(notebook, "DRAWING_SECONDS", 60.0)
    table = talks.search("grist")._repr_html_()
    assert "1 item found" in table
    assert "<mark>Grist</mark>" in table
    assert re.search(r'<img src="data:image/webp;base64,[\w+/=]{200,}" alt="Page 2[":]', table)
    picture = talks.library.picture(
        "windmills", talks.item("windmills").record.assets[0], 2, notebook.WIDTH
    )
    assert picture is not None  # drawn, not a card
    assert "http" not in table


@pytest.mark.threat(1)
def test_a_notebook_is_shown_text_not_markup(talks: ca.Archive) -> None:
    table = talks.search("evil loaf")._repr_html_()
    assert "&lt;script&gt;" in table
    assert "<script" not in table
    assert HOSTILE not in table


def test_the_archive_is_checked(talks: ca.Archive) -> None:
    (talks.library.settings.archive / "windmills" / "mill.pdf").unlink()
    assert [p.code for p in talks.check() if p.severity == "error"] == ["file-missing"]


def test_a_folder_of_another_name_has_its_own_index(tmp_path: Path) -> None:
    """As on the command line, so that both share one."""
    make_archive(tmp_path / "talks")
    with ca.open(tmp_path / "talks") as opened:
        assert opened.library.settings.index == tmp_path / "talks-index"
    with ca.open(tmp_path / "talks", index=tmp_path / "elsewhere") as opened:
        assert opened.library.settings.index == tmp_path / "elsewhere"
