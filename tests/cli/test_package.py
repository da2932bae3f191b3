"""What the installed package promises: version, completion, a free port, absolute folders."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import coproarchive
from coproarchive.cli.options import HIDDEN
from coproarchive.ingest.wordpress.source import INCLUDES
from coproarchive.settings import Settings

PACKAGE = Path(coproarchive.__file__).parent


def command(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The finished command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "coproarchive", *words],
        cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )  # fmt: skip


def test_the_version_is_the_package_s() -> None:
    """`--version` says what is installed."""
    assert command("--version").stdout == f"coproarchive {version('coproarchive')}\n"


def test_shells_complete_the_commands() -> None:
    """`--show-completion` prints a script for the shell."""
    shown = command("--show-completion", "bash")
    assert shown.returncode == 0, shown.stderr
    assert "_COPROARCHIVE_COMPLETE" in shown.stdout


def test_a_busy_port_is_said_first(archive: Path) -> None:
    """Before any work: which port, and the command that helps."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("serve", "--port", str(port), "--archive", str(archive))
    assert done.returncode == 70
    assert f"Port {port} is in use" in done.stderr
    assert "coproarchive serve --port" in done.stderr
    assert "Serving on" not in done.stderr
    assert not (archive.parent / "index").exists()


def test_serve_in_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    """No archive: one sentence and the command that makes one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = command("serve", "--port", str(port), cwd=tmp_path)
    assert done.returncode == 10
    assert "coproarchive init" in done.stderr
    assert "Traceback" not in done.stderr


def test_folders_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative ones are those of the folder where the command was given."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(archive=Path("talks"), office="bin/soffice")
    assert settings.archive == tmp_path / "talks"
    assert settings.index == tmp_path / "talks-index"
    assert settings.office == str(tmp_path / "bin" / "soffice")
    assert Settings().archive == tmp_path / "archive"
    assert Settings(office="off").office == "off"
    assert Settings(office="soffice").office == "soffice"


def test_the_environment_is_overruled_by_what_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """COPROARCHIVE_* variables stand in for what a caller leaves out."""
    monkeypatch.setenv("COPROARCHIVE_PORT", "9001")
    monkeypatch.setenv("COPROARCHIVE_ARCHIVE", "/srv/talks")
    settings = Settings()
    assert (settings.port, settings.archive) == (9001, Path("/srv/talks"))
    assert settings.index == Path("/srv/talks-index")
    assert Settings(port=9002, archive=Path("/srv/b")).port == 9002


def test_messages_name_paths_as_typed(tmp_path: Path) -> None:
    """Paths are absolute inside, and short in what a person reads."""
    assert command("init", "--archive", "talks", cwd=tmp_path).stdout.startswith("Made talks/")
    assert "Error: nowhere: " in command("check", "--archive", "nowhere", cwd=tmp_path).stderr


def test_help_names_what_the_import_can_include() -> None:
    """The command line names it without importing the importer."""
    assert HIDDEN == INCLUDES


def test_the_app_s_limits_and_theme_are_in_the_package() -> None:
    """A clone's `streamlit run app.py` reads the same file."""
    packaged = PACKAGE / "ui" / "server" / ".streamlit" / "config.toml"
    clone = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
    assert clone.resolve() == packaged.resolve()
    assert "maxUploadSize" in packaged.read_text()


def test_a_relative_archive_is_read(tmp_path: Path) -> None:
    """Reading processes work in folders of their own, and find the files all the same."""
    named = ("--archive", "talks", "--index", "derived")
    (tmp_path / "rye.md").write_text("# Rye\n\nThe sourdough rises slowly.\n", encoding="utf-8")
    for words in (("init",), ("add", "rye.md"), ("index",)):
        done = command(*words, *named, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "Rye" in command("search", "sourdough", *named, cwd=tmp_path).stdout
    assert (tmp_path / "derived").is_dir()
