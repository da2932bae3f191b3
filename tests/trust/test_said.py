"""What is passed over, refused or unknown is said, and never at a length nobody can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from coproarchive.cli import main
from coproarchive.errors import IngestError
from coproarchive.ingest.add import ItemDraft, add_files
from coproarchive.ingest.folder_plan import add_folder
from coproarchive.library import Library
from coproarchive.store import media_type_of_file
from coproarchive.web.access import Access
from coproarchive.web.routes import routes


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_names_of_systems_are_passed_over_by_name(library: Library, tmp_path: Path) -> None:
    """Dotfiles, locks of office programs, what macOS and Windows leave: named, and not read."""
    folder = tmp_path / "loose"
    passed = (".hidden.pdf", ".git/config", "__MACOSX/._talk.md", "Thumbs.db", "~$talk.pptx",
              "sub/desktop.ini", "sub/.DS_Store")  # fmt: skip
    for name in (*passed, "sub/talk.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("# Talk\n\nOf ovens.\n")
    report = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert [added.item.title for added in report.added] == ["Talk"]
    assert {p.path for p in report.problems if p.code == "passed-over"} == {
        ".hidden.pdf", ".git", "__MACOSX", "Thumbs.db", "~$talk.pptx", "sub/desktop.ini",
        "sub/.DS_Store",
    }  # fmt: skip
    assert report.files == report.stored + len(report.problems)


def test_an_empty_file_is_no_talk(library: Library, tmp_path: Path) -> None:
    """It was once added under the title of its name."""
    folder = tmp_path / "loose"
    folder.mkdir()
    empty = folder / "empty.md"
    empty.touch()
    place = (library.store, library.catalogue(), library.reader)
    with pytest.raises(IngestError, match="empty"):
        add_files(*place, [empty], ItemDraft())
    report = add_folder(*place, folder, ItemDraft())
    assert [(p.code, p.message) for p in report.problems] == [("not-added", "this file is empty.")]
    assert not report.added


@pytest.mark.parametrize("ending", ["md", "html", "txt", "vtt"])
def test_bytes_named_as_a_text_are_none(library: Library, tmp_path: Path, ending: str) -> None:
    """Zero bytes are in no text but UTF-16, which says so first."""
    folder = tmp_path / "loose"
    folder.mkdir()
    (folder / f"program.{ending}").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(50) + b"words")
    assert media_type_of_file(folder / f"program.{ending}") == "application/octet-stream"
    report = add_folder(library.store, library.catalogue(), library.reader, folder, ItemDraft())
    assert [p.code for p in report.problems] == ["not-added"]
    text = folder / f"text.{ending}"
    text.write_bytes("# Ovens of Leeds".encode("utf-16"))
    assert media_type_of_file(text).startswith("text/")


def test_the_next_command_is_of_the_same_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`add` says `index` with the folders that it was given, quoted."""
    archive, index = tmp_path / "my talks", tmp_path / "index"
    given = ("--archive", archive, "--index", index)
    _, out, _ = run(capsys, *given, "init")
    assert f"coproarchive add FILE... --archive '{archive}' --index {index}" in out
    post = tmp_path / "post.md"
    post.write_text("# Rye\n\nBread.\n")
    _, out, _ = run(capsys, *given, "add", post)
    assert f"coproarchive index --archive '{archive}' --index {index}" in out


def test_a_search_for_an_unknown_topic_says_so(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a near one that readers may see; in JSON it is a note."""
    given = ("--archive", library.settings.archive, "--index", library.settings.index)
    for option, value, said in (
        ("--topic", "sourdoh", 'There is no topic "sourdoh". Did you mean "sourdough"?'),
        ("--speaker", "Ada Bakr", 'There is no speaker "Ada Bakr". Did you mean "ada-baker"?'),
        ("--seminar", "1-bakin", 'There is no seminar "1-bakin". Did you mean "1-baking"?'),
        ("--topic", "hidden-topi", 'There is no topic "hidden-topi".'),
    ):
        _, out, err = run(capsys, *given, "search", "bread", option, value)
        assert said in out + err
        _, out, _ = run(capsys, *given, "search", "bread", option, value, "--json")
        (note,) = (n for n in json.loads(out)["notes"] if "There is no" in n)
        assert note == said
    _, out, err = run(capsys, *given, "search", "bread", "--topic", "sourdough")
    assert "There is no" not in out + err


def test_twenty_thousand_mistakes_are_told_in_a_few_lines(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    """In text and JSON: the first, and how many more; of the references of a record too."""
    archive = library.settings.archive
    (archive / "broken").mkdir()
    keys = "".join(f"key{n}: x\n" for n in range(20_000))
    (archive / "broken" / "item.yaml").write_text(f"title: Broken\nkind: post\n{keys}")
    (archive / "unknown").mkdir()
    topics = "".join(f"  - topic-{n}\n" for n in range(5_000))
    (archive / "unknown" / "item.yaml").write_text(f"title: U\nkind: post\ntopics:\n{topics}")
    given = ("--archive", archive, "--index", library.settings.index)
    for words in (("check",), ("check", "--json")):
        code, out, _ = run(capsys, *given, *words)
        assert code == 1
        assert len(out) < 60_000
        assert "19,98" in out
        assert "4,980 more of this kind" in " ".join(out.split())


def test_nobody_is_asked_to_cite_what_was_taken_back(library: Library) -> None:
    """Its notice stays, so that what cites it finds why it is gone."""
    pages = TestClient(Starlette(routes=routes(library, Access(library.settings))))
    shown, withdrawn = pages.get("/item/a-post"), pages.get("/item/withdrawn")
    assert "Cite this" in shown.text
    assert withdrawn.status_code == 410
    assert "Cite" not in withdrawn.text
